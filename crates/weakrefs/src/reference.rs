//! [`Ref`]: a weak reference with an identity, a callback and a hash.
//!
//! A `Ref` is a handle of a *reference object*, which its clones share. The reference object owns the
//! `std::sync::Weak` to the referent behind a lock, so that death can take it out: a dead reference
//! keeps no memory of its referent. The lock covers a handful of instructions, none of the user's.

use crate::chains::step;
use crate::drop_first::drop_first;
use crate::owner::sealed::{Kind, Lock, Once, Owner, Weak};
use crate::owner::{Shared, Watchable};
use crate::rc;
use crate::slot::WeakReferenceable;
use crate::sync::yield_point;
use crate::unraisable::caught;
use crate::watchers::{Mortal, Mortality, Watch, Watcher, Watchers};
use std::any::type_name;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// A weak reference to an object, which can say when it dies: [`crate::Ref`], or [`crate::rc::Ref`].
pub struct Ref<O: Watchable> {
    object: Shared<O, ReferenceObject<O>>,
}

pub struct ReferenceObject<O: Watchable> {
    state: <O::Kind as Kind>::Mutex<State<O>>,
    hash: <O::Kind as Kind>::Once<u64>,
}

/// Referent and callback are `None` once the referent is dead, the callback also if there never was one.
struct State<O: Watchable> {
    referent: Option<O::Weak>,
    callback: Option<Callback<O>>,
    /// Its place on the referent's list. One that was made before its referent has none until they first meet.
    watch: Option<Watch<O::Kind>>,
}

/// A box with a function of the same auto traits as its kind of owners.
type Callback<O> = <<O as Owner>::Kind as Kind>::Callback<Ref<O>>;

/// The state, locked.
type Guard<'a, O> = <<<O as Owner>::Kind as Kind>::Mutex<State<O>> as Lock<State<O>>>::Guard<'a>;

/// The address of an object, by which its list of watchers knows it.
pub(crate) fn home_of<O: Owner>(referent: &O) -> usize {
    referent.as_ptr().cast::<()>().addr()
}

impl<O: Watchable> Ref<O> {
    /// The weak reference to `referent` that has no callback. It is shared: as long as one exists,
    /// asking again for the same object gives the same reference (S6).
    #[must_use]
    pub fn new(referent: &O) -> Self {
        Watchers::shared(
            &*referent.slot().watchers_or_init(),
            home_of(referent),
            |mortal| Self::from_mortal(mortal),
            |watch| Self::make(referent, None, watch),
        )
    }

    /// A new weak reference that calls `callback`.
    pub(crate) fn calling(referent: &O, callback: Callback<O>) -> Self {
        Watchers::register(
            &*referent.slot().watchers_or_init(),
            home_of(referent),
            |watch| Self::make(referent, Some(callback), watch),
        )
    }

    /// The weak reference to the object of a [`Weak`](std::sync::Weak), also where that does not exist yet: in
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
    pub fn from_weak(referent: &O::Weak) -> Self {
        match referent.upgrade() {
            Some(referent) => {
                let reference = Self::new(&referent);
                drop_first(referent, reference)
            }
            None => Self::of(State {
                referent: Some(referent.clone()),
                callback: None,
                watch: None,
            }),
        }
    }

    /// A weak reference to nothing, dead from the beginning, as [`Weak::new`](std::sync::Weak::new) makes it. It is no other reference's equal.
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
    pub fn coerce<U: Watchable>(&self, coerce: impl FnOnce(O) -> U) -> Ref<U> {
        match self.upgrade() {
            Some(referent) => {
                let referent = coerce(referent);
                let reference = Ref::new(&referent);
                drop_first(referent, reference)
            }
            None => Ref::empty(),
        }
    }

    fn of(state: State<O>) -> Self {
        let object = Shared::<O, _>::new(ReferenceObject {
            state: Lock::new(state),
            hash: Once::new(),
        });
        Self { object }
    }

    fn make(
        referent: &O,
        callback: Option<Callback<O>>,
        watch: Watch<O::Kind>,
    ) -> (Watcher<O::Kind>, Self) {
        let reference = Self::of(State {
            referent: Some(referent.downgrade()),
            callback,
            watch: Some(watch),
        });
        (reference.watcher(), reference)
    }

    fn watcher(&self) -> Watcher<O::Kind> {
        Watcher::Mortal(O::reference_watcher(&self.object))
    }

    /// Views a watcher as a reference of this type, if it is one.
    fn from_mortal(mortal: AMortal<O>) -> Option<Self> {
        let object = O::reference_object(mortal)?;
        Some(Self { object })
    }

    /// The referent, or `None` once it is dead (S1).
    #[inline]
    #[must_use]
    pub fn upgrade(&self) -> Option<O> {
        yield_point();
        let state = self.object.state.lock();
        if state.watch.is_none() {
            return self.upgrade_early(state);
        }
        state.referent.as_ref()?.upgrade()
    }

    /// The same of a reference that was made before its referent: when they first meet, it enters the referent's list.
    #[cold]
    fn upgrade_early(&self, state: Guard<'_, O>) -> Option<O> {
        let referent = state.referent.as_ref()?.upgrade()?;
        drop(state);
        self.meet(&referent);
        Some(referent)
    }

    fn meet(&self, referent: &O) {
        let watch = Watchers::register(
            &*referent.slot().watchers_or_init(),
            home_of(referent),
            |watch| (self.watcher(), watch),
        );
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
        state.referent.as_ref().is_some_and(Weak::is_alive)
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
        self.object.ptr_eq(&other.object)
    }

    fn identity(&self) -> usize {
        self.object.as_ptr().addr()
    }
}

impl<T: ?Sized + WeakReferenceable> Ref<Arc<T>> {
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
        Self::calling(referent, Box::new(callback))
    }
}

impl<T: ?Sized + rc::WeakReferenceable> Ref<Rc<T>> {
    /// A new weak reference to `referent`, which calls `callback` when the referent dies (S2 to S6).
    ///
    /// The callback runs once and receives the dead reference; never if the reference and all its clones are gone before. If
    /// it panics, the [unraisable hook](crate::set_unraisable_hook) is told and the others run nevertheless.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    /// use weakrefs::rc::{Ref, Tracked};
    ///
    /// let is_gone = Rc::new(Cell::new(false));
    /// let object = Rc::new(Tracked::new(1));
    /// let flag = Rc::clone(&is_gone);
    /// let _reference = Ref::with_callback(&object, move |_| flag.set(true));
    /// drop(object);
    /// assert!(is_gone.get());
    /// ```
    #[must_use = "the callback goes with the reference"]
    pub fn with_callback(referent: &Rc<T>, callback: impl FnOnce(&Self) + 'static) -> Self {
        Self::calling(referent, Box::new(callback))
    }
}

impl<O: Watchable> Mortality for ReferenceObject<O> {
    fn die(&self) -> bool {
        let mut state = self.state.lock();
        let referent = state.referent.take();
        let waits = state.callback.is_some();
        drop(state);
        drop(referent);
        waits
    }

    fn is_reference(&self) -> bool {
        true
    }
}

impl<O: Watchable> Mortal<O::Kind> for ReferenceObject<O> {
    fn notify(object: Shared<O, Self>) {
        let callback = object.state.lock().callback.take();
        let reference = Ref { object };
        if let Some(callback) = callback {
            caught("calling the callback of a weak reference", || {
                callback(&reference);
            });
        }
    }
}

impl<O: Watchable> Drop for ReferenceObject<O> {
    fn drop(&mut self) {
        // While the referent's memory is still held: its address is what the list goes by.
        let state = self.state.get_mut();
        if let Some(watch) = &state.watch {
            watch.cancel();
        }
        if let Some(callback) = state.callback.take() {
            step(move || {
                caught("dropping the callback of a weak reference", || {
                    drop(callback);
                });
            });
        }
    }
}

/// The [empty](Ref::empty) reference.
impl<O: Watchable> Default for Ref<O> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<O: Watchable> Clone for Ref<O> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
        }
    }
}

impl<O: Watchable> fmt::Debug for Ref<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_alive() { "alive" } else { "dead" };
        write!(f, "Ref<{}>({state})", type_name::<O::Target>())
    }
}

impl<O: Watchable<Target: PartialEq>> PartialEq for Ref<O> {
    fn eq(&self, other: &Self) -> bool {
        match (self.upgrade(), other.upgrade()) {
            (Some(one), Some(other)) => one.ptr_eq(&other) || *one == *other,
            _ => self.ptr_eq(other),
        }
    }
}

impl<O: Watchable<Target: Eq>> Eq for Ref<O> {}

impl<O: Watchable<Target: Hash>> Hash for Ref<O> {
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
                self.object.hash.set(hash);
                // Another thread's, if that was faster.
                *self.object.hash.get().unwrap_or(&hash)
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
pub fn count<O: Watchable>(referent: &O) -> usize {
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
pub fn refs<O: Watchable>(referent: &O) -> Vec<Ref<O>> {
    let mortals = mortals(referent).into_iter();
    mortals.filter_map(Ref::from_mortal).collect()
}

/// How many watch `referent`, entries of containers included: for the models.
#[cfg(shuttle)]
#[must_use]
pub fn watcher_count<O: Watchable>(referent: &O) -> usize {
    let watchers = referent.slot().watchers();
    watchers.map_or(0, |watchers| watchers.len())
}

/// A reference object or finalizer of an object.
type AMortal<O> = Shared<O, <<O as Owner>::Kind as Kind>::Mortal>;

fn mortals<O: Watchable>(referent: &O) -> Vec<AMortal<O>> {
    let watchers = referent.slot().watchers();
    watchers.map_or_else(Vec::new, |watchers| watchers.mortals(home_of(referent)))
}
