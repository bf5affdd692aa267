//! [`Finalizer`]: a function that runs when an object dies, or at exit (S29 to S32).
//!
//! # Protocol
//! - A finalizer that is alive has a [`Task`]. Every way of ending it (the death of the object, a call,
//!   `detach`, exit) takes the task, under the finalizer's lock: whatever threads race, one gets it.
//!   Who got it leaves the object's list of watchers and the registry, and runs the function with no
//!   lock held.
//! - The [registry](crate::exit) holds the finalizer strongly, the list weakly. The finalizer holds the
//!   object weakly, and gives that up when told of the death, before any callback runs.
//! - It enters the list first, then the registry; so it looks after that whether it has ended
//!   meanwhile, and had nothing there to leave. (The caller holds the object, so that takes a slot
//!   that is shared by two objects.)

use crate::exit::{self, AtExit, Locking, Mutex};
use crate::reference::home_of;
use crate::slot::WeakReferenceable;
use crate::sync::yield_point;
use crate::unraisable::caught;
use crate::watchers::{Mortal, Watch, Watcher};
use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

type Function<R> = Box<dyn FnOnce() -> R + Send>;

/// A handle of a finalizer: what [`finalize`] gives.
///
/// The finalizer is alive until its object dies, it is [called](Self::call), it is
/// [detached](Self::detach), or it runs at exit. Its function runs exactly once over all of these,
/// whatever threads race (S29); detached, never. Clones are the same finalizer. The handle need not
/// be kept (S32), and keeps neither the object nor its memory.
///
/// Cost: every method is O(1).
/// Thread-safety: `Send` and `Sync`; no lock is held while the function runs.
pub struct Finalizer<T: ?Sized + WeakReferenceable, R = ()> {
    object: Arc<FinalizerObject<T, R>>,
}

struct FinalizerObject<T: ?Sized + WeakReferenceable, R> {
    /// `None`: the finalizer is dead.
    task: Mutex<Option<Task<T, R>>>,
    atexit: AtomicBool,
    watch: Watch,
}

struct Task<T: ?Sized + WeakReferenceable, R> {
    /// `None` from the death of the object until the function is called.
    referent: Option<Weak<T>>,
    function: Function<R>,
}

/// What a finalizer that has ended had to do.
struct Ended<R> {
    function: Function<R>,
    /// Whether the finalizers have not been shut down.
    may_run: bool,
}

/// Has `function` called when `referent` dies, or when the process exits (S29 to S32).
///
/// It is called once, in the thread that drops the last `Arc`, in turn with the callbacks of
/// references: newest first (S2). If the object is still alive at exit, it is called
/// [then](crate::run_exit_finalizers), unless [`set_atexit(false)`](Finalizer::set_atexit) was called.
/// The finalizer that is returned can be dropped: a registry keeps it alive.
///
/// `function` must not own the object (by an `Arc`), or the object never dies before the exit.
///
/// A panic in `function`, when its result is dropped, or when what it has captured is, goes to the
/// [unraisable hook](crate::set_unraisable_hook); the others run nevertheless (S5). But a panic in
/// [`Finalizer::call`] is the caller's.
///
/// After the finalizers have run at exit all are inert, also those that are created then: they can be
/// asked, but nothing runs.
///
/// Cost: two allocations beside those of the object's list of watchers, and a handful of uncontended
/// locks; O(1) whatever the number of finalizers. All threads share the registry's lock.
/// Thread-safety: any thread may create a finalizer, also a callback or finalizer.
///
/// ```
/// use std::sync::{Arc, mpsc};
/// use weakrefs::{Tracked, finalize};
///
/// let (sender, receiver) = mpsc::channel();
/// let object = Arc::new(Tracked::new("temporary file"));
/// let finalizer = finalize(&object, move || sender.send("removed").unwrap());
/// assert!(finalizer.alive());
///
/// drop(object);
/// assert_eq!(receiver.try_recv(), Ok("removed"));
/// assert!(!finalizer.alive());
/// ```
pub fn finalize<T: ?Sized + WeakReferenceable, R: 'static>(
    referent: &Arc<T>,
    function: impl FnOnce() -> R + Send + 'static,
) -> Finalizer<T, R> {
    let finalizer = Finalizer::watching(referent, Box::new(function));
    yield_point();
    finalizer.keep();
    finalizer
}

impl<T: ?Sized + WeakReferenceable, R: 'static> Finalizer<T, R> {
    /// One that is on the list of its object.
    fn watching(referent: &Arc<T>, function: Function<R>) -> Self {
        let watchers = referent.weak_slot().watchers_or_init();
        watchers.register(home_of(referent), |watch| {
            let object = Arc::new(FinalizerObject {
                task: Mutex::new(Some(Task {
                    referent: Some(Arc::downgrade(referent)),
                    function,
                })),
                atexit: AtomicBool::new(true),
                watch,
            });
            let mortal: Weak<FinalizerObject<T, R>> = Arc::downgrade(&object);
            (Watcher::Mortal(mortal), Self { object })
        })
    }

    /// Enters it into the registry, unless it has ended meanwhile.
    fn keep(&self) {
        exit::register(Arc::clone(&self.object) as Arc<dyn AtExit>);
        if !self.alive() {
            exit::unregister(&*self.object);
        }
    }

    /// Calls the function now and gives its result, or `None` if the finalizer is dead (S30).
    ///
    /// # Panics
    /// If the function does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, finalize};
    ///
    /// let object = Arc::new(Tracked::new(1));
    /// let finalizer = finalize(&object, || "closed");
    /// assert_eq!(finalizer.call(), Some("closed"));
    /// assert_eq!(finalizer.call(), None);
    /// drop(object); // nothing is called any more
    /// ```
    pub fn call(&self) -> Option<R> {
        let ended = self.object.end(Locking::Normal)?;
        ended.may_run.then(ended.function)
    }

    /// Whether the finalizer is alive: its function has not been called, and may be.
    #[must_use]
    pub fn alive(&self) -> bool {
        self.object.is_alive()
    }

    /// Whether the finalizer is alive and is to run at exit.
    #[must_use]
    pub fn atexit(&self) -> bool {
        self.alive() && self.object.atexit()
    }

    /// Says whether the finalizer is to run at exit, if it is alive then. At first it is.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, finalize};
    ///
    /// let object = Arc::new(Tracked::new(1));
    /// let finalizer = finalize(&object, || println!("never printed"));
    /// finalizer.set_atexit(false);
    /// assert!(finalizer.alive() && !finalizer.atexit());
    /// std::mem::forget(object);
    /// ```
    pub fn set_atexit(&self, atexit: bool) {
        self.object.atexit.store(atexit, Ordering::Relaxed);
    }

    /// The object, if it and the finalizer are alive (S30).
    #[must_use]
    pub fn peek(&self) -> Option<Arc<T>> {
        let task = self.object.task.lock();
        task.as_ref()?.referent.as_ref()?.upgrade()
    }

    /// Ends the finalizer without calling its function: gives that and the object, if both were
    /// alive (S30).
    ///
    /// The function of an object that is already being dropped cannot be detached any more.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, finalize};
    ///
    /// let object = Arc::new(Tracked::new(1));
    /// let finalizer = finalize(&object, || "closed");
    /// let (detached, close) = finalizer.detach().unwrap();
    /// assert!(Arc::ptr_eq(&detached, &object));
    /// assert!(!finalizer.alive() && finalizer.detach().is_none());
    /// assert_eq!(close(), "closed");
    /// ```
    #[must_use = "to drop the function is to give up what it was to do"]
    #[allow(clippy::type_complexity, reason = "the pair that the name promises")]
    pub fn detach(&self) -> Option<(Arc<T>, Box<dyn FnOnce() -> R + Send>)> {
        let referent = self.peek()?;
        let ended = self.object.end(Locking::Normal)?;
        Some((referent, ended.function))
    }

    /// Whether both are the same finalizer.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.object, &other.object)
    }
}

impl<T: ?Sized + WeakReferenceable, R: 'static> FinalizerObject<T, R> {
    fn is_alive(&self) -> bool {
        self.task.lock().is_some()
    }

    /// Takes the task, if there is one, and with it the right and the duty to run the function.
    fn end(&self, locking: Locking) -> Option<Ended<R>> {
        let may_run = !exit::is_shut_down();
        let task = self.task.lock_as(locking)?.take()?;
        yield_point();
        if locking == Locking::Normal {
            if task.referent.is_some() {
                // While the object's memory is still held: its address is what the list goes by.
                self.watch.cancel();
            }
            exit::unregister(self);
        } // The exit of a fork has taken it out of the registry. The list's lock it may never get.
        Some(Ended {
            function: task.function,
            may_run,
        })
    }

    fn run_if_alive(&self, locking: Locking) {
        if let Some(Ended { function, may_run }) = self.end(locking) {
            if may_run {
                caught("running a finalizer", || drop(function()));
            } else {
                caught("dropping a finalizer", || drop(function));
            }
        }
    }
}

impl<T: ?Sized + WeakReferenceable, R: 'static> Mortal for FinalizerObject<T, R> {
    fn die(self: Arc<Self>) -> Option<Arc<dyn Mortal>> {
        let mut task = self.task.lock();
        let referent = task.as_mut()?.referent.take();
        drop(task);
        drop(referent);
        Some(self)
    }

    fn notify(self: Arc<Self>) {
        self.run_if_alive(Locking::Normal);
    }

    fn is_reference(&self) -> bool {
        false
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<T: ?Sized + WeakReferenceable, R: 'static> AtExit for FinalizerObject<T, R> {
    fn atexit(&self) -> bool {
        self.atexit.load(Ordering::Relaxed)
    }

    fn run(&self, locking: Locking) {
        self.run_if_alive(locking);
    }
}

impl<T: ?Sized + WeakReferenceable, R> Clone for Finalizer<T, R> {
    fn clone(&self) -> Self {
        Self {
            object: Arc::clone(&self.object),
        }
    }
}

impl<T: ?Sized + WeakReferenceable, R: 'static> fmt::Debug for Finalizer<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.alive() { "alive" } else { "dead" };
        write!(f, "Finalizer<{}>({state})", std::any::type_name::<T>())
    }
}

#[cfg(test)]
mod tests;
