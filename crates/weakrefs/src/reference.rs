//! [`Ref`]: a weak reference with an identity, a callback and a hash.
//!
//! A `Ref` is a handle of a *reference object*, which its clones share. The reference object owns the
//! `std::sync::Weak` to the referent behind a lock, so that death can take it out: a dead reference
//! keeps no memory of its referent. The lock covers a handful of instructions, none of the user's.

use crate::chains::step;
use crate::drop_first::drop_first;
use crate::slot::WeakReferenceable;
use crate::sync::{Mutex, MutexGuard, yield_point};
use crate::unraisable::caught;
use crate::watchers::{Mortal, Watch, Watcher};
use std::any::Any;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock, OnceLock, Weak};

type Callback<T> = Box<dyn FnOnce(&Ref<T>) + Send>;

/// A weak reference to an object in an [`Arc`], which can say when the object dies.
///
/// It does not keep the object alive (S1), nor, once the object is dead, its memory. Clones are the
/// same reference: they share callback, hash and [identity](Self::ptr_eq).
///
/// Two references are equal if their referents are, as long as both are alive; once one is dead, only
/// a reference and its clones are equal (S8). The hash is the referent's, computed when it is first
/// asked for and kept (S7). There is no order.
///
/// Cost: [`upgrade`](Self::upgrade) takes an uncontended lock more than `std::sync::Weak::upgrade`;
/// creation is two small allocations, sharing an existing one none.
/// Thread-safety: `Send` and `Sync`; a callback runs in the thread that drops the last `Arc`.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Ref, Tracked};
///
/// let object = Arc::new(Tracked::new("value"));
/// let reference = Ref::new(&object);
/// assert_eq!(**reference.upgrade().unwrap(), "value");
/// assert!(reference.ptr_eq(&Ref::new(&object))); // shared
///
/// drop(object);
/// assert!(reference.upgrade().is_none());
/// ```
pub struct Ref<T: ?Sized + WeakReferenceable> {
    object: Arc<ReferenceObject<T>>,
}

pub(crate) struct ReferenceObject<T: ?Sized + WeakReferenceable> {
    state: Mutex<State<T>>,
    hash: OnceLock<u64>,
}

/// Referent and callback are `None` once the referent is dead, the callback also if there never was one.
struct State<T: ?Sized + WeakReferenceable> {
    referent: Option<Weak<T>>,
    callback: Option<Callback<T>>,
    /// Its place on the referent's list. One that was made before its referent has none until they first meet.
    watch: Option<Watch>,
}

/// The address of an object, by which its list of watchers knows it.
pub(crate) fn home_of<T: ?Sized>(referent: &Arc<T>) -> usize {
    Arc::as_ptr(referent).cast::<()>().addr()
}

impl<T: ?Sized + WeakReferenceable> Ref<T> {
    /// The weak reference to `referent` that has no callback. It is shared: as long as one exists,
    /// asking again for the same object gives the same reference (S6).
    #[must_use]
    pub fn new(referent: &Arc<T>) -> Self {
        let watchers = referent.weak_slot().watchers_or_init();
        watchers.shared(
            home_of(referent),
            |mortal| Self::from_mortal(mortal),
            |watch| Self::make(referent, None, watch),
        )
    }

    /// A new weak reference to `referent`, which calls `callback` when the referent dies (S2 to S6).
    ///
    /// The callback runs once, in the thread that drops the last `Arc`, and receives the dead
    /// reference; never if the reference and all its clones are gone before. If it panics, the
    /// [unraisable hook](crate::set_unraisable_hook) is told and the others run nevertheless.
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    /// use weakrefs::{Ref, Tracked};
    ///
    /// let (sender, receiver) = mpsc::channel();
    /// let object = Arc::new(Tracked::new(1));
    /// let _reference = Ref::with_callback(&object, move |dead| {
    ///     assert!(!dead.is_alive());
    ///     sender.send("died").unwrap();
    /// });
    /// drop(object);
    /// assert_eq!(receiver.try_recv(), Ok("died"));
    /// ```
    #[must_use = "the callback goes with the reference"]
    pub fn with_callback(referent: &Arc<T>, callback: impl FnOnce(&Self) + Send + 'static) -> Self {
        let callback: Callback<T> = Box::new(callback);
        let watchers = referent.weak_slot().watchers_or_init();
        watchers.register(home_of(referent), |watch| {
            Self::make(referent, Some(callback), watch)
        })
    }

    /// The weak reference to the object of a [`Weak`], also where that does not exist yet: in
    /// [`Arc::new_cyclic`], an object can thus own references to itself.
    ///
    /// If the object is alive, it is the shared one, as [`new`](Self::new) gives it. Else it is one of its own. Until the
    /// object exists it reads dead, as the `Weak` does. When it is first [upgraded](Self::upgrade), it becomes one of the
    /// object's references, which [`count`] and [`refs`] see; an object that dies before leaves its memory to it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Ref, WeakReferenceable, WeakSlot};
    ///
    /// #[derive(WeakReferenceable)]
    /// struct Node {
    ///     slot: WeakSlot,
    ///     this: Ref<Node>,
    /// }
    ///
    /// let node = Arc::new_cyclic(|this| Node { slot: WeakSlot::new(), this: Ref::from_weak(this) });
    /// assert!(Arc::ptr_eq(&node.this.upgrade().unwrap(), &node));
    /// ```
    #[must_use]
    pub fn from_weak(referent: &Weak<T>) -> Self {
        match referent.upgrade() {
            Some(referent) => {
                let reference = Self::new(&referent);
                drop_first(referent, reference)
            }
            None => Self::of(State {
                referent: Some(Weak::clone(referent)),
                callback: None,
                watch: None,
            }),
        }
    }

    /// A weak reference to nothing, dead from the beginning, as [`Weak::new`] makes it. It is no other reference's equal.
    ///
    /// ```
    /// use weakrefs::{Ref, Tracked};
    ///
    /// let mut selected = Ref::<Tracked<u8>>::empty();
    /// assert!(selected.upgrade().is_none());
    /// # let object = std::sync::Arc::new(Tracked::new(1));
    /// selected = Ref::new(&object);
    /// assert!(selected.is_alive());
    /// ```
    #[must_use]
    pub fn empty() -> Self {
        Self::of(State {
            referent: None,
            callback: None,
            watch: None,
        })
    }

    /// The weak reference to the same object under another type: `coerce` is given the object, and returns it, as a trait
    /// object for example. It is the [shared](Self::new) one of that type, without callback; of a dead reference,
    /// an [empty](Self::empty) one.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Ref, WeakReferenceable, WeakSlot};
    ///
    /// trait Shape: WeakReferenceable {}
    ///
    /// #[derive(WeakReferenceable)]
    /// struct Square { slot: WeakSlot }
    ///
    /// impl Shape for Square {}
    ///
    /// let square = Arc::new(Square { slot: WeakSlot::new() });
    /// let reference = Ref::new(&square);
    /// let shape: Ref<dyn Shape> = reference.coerce(|square| square as Arc<dyn Shape>);
    /// assert!(shape.is_alive());
    /// drop(square);
    /// assert!(!shape.is_alive());
    /// ```
    #[must_use]
    pub fn coerce<U: ?Sized + WeakReferenceable>(
        &self,
        coerce: impl FnOnce(Arc<T>) -> Arc<U>,
    ) -> Ref<U> {
        match self.upgrade() {
            Some(referent) => {
                let referent = coerce(referent);
                let reference = Ref::new(&referent);
                drop_first(referent, reference)
            }
            None => Ref::empty(),
        }
    }

    fn of(state: State<T>) -> Self {
        let object = Arc::new(ReferenceObject {
            state: Mutex::new(state),
            hash: OnceLock::new(),
        });
        Self { object }
    }

    fn make(referent: &Arc<T>, callback: Option<Callback<T>>, watch: Watch) -> (Watcher, Self) {
        let reference = Self::of(State {
            referent: Some(Arc::downgrade(referent)),
            callback,
            watch: Some(watch),
        });
        (reference.watcher(), reference)
    }

    fn watcher(&self) -> Watcher {
        let mortal = Arc::downgrade(&self.object);
        Watcher::Mortal(mortal)
    }

    /// Views a watcher as a reference to a `T`, if it is one.
    fn from_mortal(mortal: Arc<dyn Mortal>) -> Option<Self> {
        let object = mortal.into_any().downcast().ok()?;
        Some(Self { object })
    }

    /// The referent, or `None` once it is dead (S1).
    #[inline]
    #[must_use]
    pub fn upgrade(&self) -> Option<Arc<T>> {
        yield_point();
        let state = self.object.state.lock();
        if state.watch.is_none() {
            return self.upgrade_early(state);
        }
        state.referent.as_ref()?.upgrade()
    }

    /// The same of a reference that was made before its referent: when they first meet, it enters the referent's list.
    #[cold]
    fn upgrade_early(&self, state: MutexGuard<'_, State<T>>) -> Option<Arc<T>> {
        let referent = state.referent.as_ref()?.upgrade()?;
        drop(state);
        self.meet(&referent);
        Some(referent)
    }

    fn meet(&self, referent: &Arc<T>) {
        let watchers = referent.weak_slot().watchers_or_init();
        let watch = watchers.register(home_of(referent), |watch| (self.watcher(), watch));
        yield_point();
        let mut state = self.object.state.lock();
        let unneeded = match state.watch {
            // Another thread was faster. Both hold the referent, so it has not died in between.
            Some(_) => Some(watch),
            None => state.watch.replace(watch),
        };
        drop(state);
        if let Some(unneeded) = unneeded {
            unneeded.cancel();
        }
    }

    /// Whether the referent is alive. It may die at any moment: to use it, [`upgrade`](Self::upgrade).
    #[inline]
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let state = self.object.state.lock();
        state
            .referent
            .as_ref()
            .is_some_and(|referent| referent.strong_count() > 0)
    }

    /// Whether there is a callback that is still to be called (S9).
    #[must_use]
    pub fn has_callback(&self) -> bool {
        self.is_alive() && self.object.state.lock().callback.is_some()
    }

    /// Whether both are the same reference, be they alive or dead.
    #[inline]
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.object, &other.object)
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.object).addr()
    }
}

impl<T: ?Sized + WeakReferenceable> Mortal for ReferenceObject<T> {
    fn die(self: Arc<Self>) -> Option<Arc<dyn Mortal>> {
        let mut state = self.state.lock();
        let referent = state.referent.take();
        let waits = state.callback.is_some();
        drop(state);
        drop(referent);
        if waits { Some(self) } else { None }
    }

    fn notify(self: Arc<Self>) {
        let callback = self.state.lock().callback.take();
        let reference = Ref { object: self };
        if let Some(callback) = callback {
            caught("calling the callback of a weak reference", || {
                callback(&reference);
            });
        }
    }

    fn is_reference(&self) -> bool {
        true
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<T: ?Sized + WeakReferenceable> Drop for ReferenceObject<T> {
    fn drop(&mut self) {
        // While the referent's memory is still held: its address is what the list goes by.
        let state = self.state.get_mut();
        if let Some(watch) = &state.watch {
            watch.cancel();
        }
        if let Some(callback) = state.callback.take() {
            step(|| {
                caught("dropping the callback of a weak reference", || {
                    drop(callback);
                });
            });
        }
    }
}

/// The [empty](Ref::empty) reference.
impl<T: ?Sized + WeakReferenceable> Default for Ref<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: ?Sized + WeakReferenceable> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self {
            object: Arc::clone(&self.object),
        }
    }
}

impl<T: ?Sized + WeakReferenceable> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_alive() { "alive" } else { "dead" };
        write!(f, "Ref<{}>({state})", std::any::type_name::<T>())
    }
}

impl<T: ?Sized + WeakReferenceable + PartialEq> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self.upgrade(), other.upgrade()) {
            (Some(one), Some(other)) => Arc::ptr_eq(&one, &other) || *one == *other,
            _ => self.ptr_eq(other),
        }
    }
}

impl<T: ?Sized + WeakReferenceable + Eq> Eq for Ref<T> {}

impl<T: ?Sized + WeakReferenceable + Hash> Hash for Ref<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        /// One for the process, so that equal referents have equal hashes whoever asks.
        static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

        let hash = match self.object.hash.get() {
            Some(hash) => *hash,
            None => {
                let hash = match self.upgrade() {
                    Some(referent) => HASHER.hash_one(&*referent),
                    None => HASHER.hash_one(self.identity()),
                };
                *self.object.hash.get_or_init(|| hash)
            }
        };
        state.write_u64(hash);
    }
}

/// How many weak reference objects to `referent` there are, whatever their type, with and without
/// callback (S10). Entries of containers and finalizers are not reference objects.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Ref, Tracked};
///
/// let object = Arc::new(Tracked::new(1));
/// let plain = Ref::new(&object);
/// let _same = Ref::new(&object);
/// let other = Ref::with_callback(&object, |_| ());
/// assert_eq!(weakrefs::count(&object), 2);
/// assert_eq!(weakrefs::refs(&object).len(), 2);
/// ```
#[must_use]
pub fn count<T: ?Sized + WeakReferenceable>(referent: &Arc<T>) -> usize {
    let mortals = mortals(referent);
    mortals
        .iter()
        .filter(|mortal| mortal.is_reference())
        .count()
}

/// The weak reference objects to `referent`, seen as a `T`, oldest first (S10).
///
/// References that were made from an `Arc` of another type (`Arc<dyn Trait>` where `T` is the
/// object's own, or the other way round) are counted by [`count`], but not listed here.
#[must_use]
pub fn refs<T: ?Sized + WeakReferenceable>(referent: &Arc<T>) -> Vec<Ref<T>> {
    let mortals = mortals(referent).into_iter();
    mortals.filter_map(Ref::from_mortal).collect()
}

/// How many watch `referent`, entries of containers included: for the models.
#[cfg(shuttle)]
#[must_use]
pub fn watcher_count<T: ?Sized + WeakReferenceable>(referent: &Arc<T>) -> usize {
    let watchers = referent.weak_slot().watchers();
    watchers.map_or(0, |watchers| watchers.len())
}

fn mortals<T: ?Sized + WeakReferenceable>(referent: &Arc<T>) -> Vec<Arc<dyn Mortal>> {
    let watchers = referent.weak_slot().watchers();
    watchers.map_or_else(Vec::new, |watchers| watchers.mortals(home_of(referent)))
}
