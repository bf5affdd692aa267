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

use crate::exit::{AtExit, Locking};
use crate::owner::sealed::{Counter, ExitLock, Kind, Owner, Weak};
use crate::owner::{Shared, Watchable};
use crate::reference::home_of;
use crate::slot::WeakReferenceable;
use crate::sync::yield_point;
use crate::unraisable::caught;
use crate::watchers::{Mortal, Mortality, Watch, Watcher, Watchers};
use std::fmt;
use std::sync::Arc;

/// What a finalizer runs: a box with a function of the same auto traits as its kind of owners.
type Function<O, R> = <<O as Owner>::Kind as Kind>::Function<R>;

/// A handle of a finalizer: [`crate::Finalizer`], or [`crate::rc::Finalizer`].
pub struct Finalizer<O: Watchable, R: 'static = ()> {
    object: Shared<O, FinalizerObject<O, R>>,
}

pub struct FinalizerObject<O: Watchable, R: 'static> {
    /// `None`: the finalizer is dead.
    task: <O::Kind as Kind>::ExitMutex<Option<Task<O, R>>>,
    /// One or zero: whether to run it at exit.
    atexit: <O::Kind as Kind>::Counter,
    watch: Watch<O::Kind>,
}

struct Task<O: Watchable, R: 'static> {
    /// `None` from the death of the object until the function is called.
    referent: Option<O::Weak>,
    function: Function<O, R>,
}

/// What a finalizer that has ended had to do.
struct Ended<F> {
    function: F,
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
) -> Finalizer<Arc<T>, R> {
    Finalizer::new(referent, Box::new(function))
}

impl<O: Watchable, R: 'static> Finalizer<O, R> {
    /// One that is registered.
    pub(crate) fn new(referent: &O, function: Function<O, R>) -> Self {
        let finalizer = Self::watching(referent, function);
        yield_point();
        finalizer.keep();
        finalizer
    }

    /// One that is on the list of its object.
    fn watching(referent: &O, function: Function<O, R>) -> Self {
        Watchers::register(
            &*referent.slot().watchers_or_init(),
            home_of(referent),
            |watch| {
                let object = Shared::<O, _>::new(FinalizerObject {
                    task: ExitLock::new(Some(Task {
                        referent: Some(referent.downgrade()),
                        function,
                    })),
                    atexit: Counter::new(1),
                    watch,
                });
                (
                    Watcher::Mortal(O::finalizer_watcher(&object)),
                    Self { object },
                )
            },
        )
    }

    /// Enters it into the registry, unless it has ended meanwhile.
    fn keep(&self) {
        O::register(self.object.clone());
        if !self.alive() {
            self.object.unregister();
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
        self.object.atexit.set(atexit.into());
    }

    /// The object, if it and the finalizer are alive (S30).
    #[must_use]
    pub fn peek(&self) -> Option<O> {
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
    pub fn detach(&self) -> Option<(O, Function<O, R>)> {
        let referent = self.peek()?;
        let ended = self.object.end(Locking::Normal)?;
        Some((referent, ended.function))
    }

    /// Whether both are the same finalizer.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.object.ptr_eq(&other.object)
    }
}

impl<O: Watchable, R: 'static> FinalizerObject<O, R> {
    fn unregister(&self) {
        O::Kind::unregister(std::ptr::from_ref(self).cast());
    }

    fn is_alive(&self) -> bool {
        self.task.lock().is_some()
    }

    /// Takes the task, if there is one, and with it the right and the duty to run the function.
    fn end(&self, locking: Locking) -> Option<Ended<Function<O, R>>> {
        let may_run = !O::Kind::is_shut_down();
        let task = self.task.lock_as(locking)?.take()?;
        yield_point();
        if locking == Locking::Normal {
            if task.referent.is_some() {
                // While the object's memory is still held: its address is what the list goes by.
                self.watch.cancel();
            }
            self.unregister();
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

impl<O: Watchable, R: 'static> Mortality for FinalizerObject<O, R> {
    fn die(&self) -> bool {
        let mut task = self.task.lock();
        let Some(alive) = task.as_mut() else {
            return false;
        };
        let referent = alive.referent.take();
        drop(task);
        drop(referent);
        true
    }

    fn is_reference(&self) -> bool {
        false
    }
}

impl<O: Watchable, R: 'static> Mortal<O::Kind> for FinalizerObject<O, R> {
    fn notify(object: Shared<O, Self>) {
        object.run_if_alive(Locking::Normal);
    }
}

impl<O: Watchable, R: 'static> AtExit for FinalizerObject<O, R> {
    fn atexit(&self) -> bool {
        self.atexit.get() != 0
    }

    fn run(&self, locking: Locking) {
        self.run_if_alive(locking);
    }
}

impl<O: Watchable, R: 'static> Clone for Finalizer<O, R> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
        }
    }
}

impl<O: Watchable, R: 'static> fmt::Debug for Finalizer<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.alive() { "alive" } else { "dead" };
        write!(
            f,
            "Finalizer<{}>({state})",
            std::any::type_name::<O::Target>()
        )
    }
}

#[cfg(test)]
mod tests;
