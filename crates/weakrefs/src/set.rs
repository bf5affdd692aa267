//! [`WeakSet`]: a set of objects that leave it when they die.

use crate::containers::{
    ByEquivalent, ByIdentity, ByReferent, Container, Drained, Entry, Keying, Walk,
};
use crate::drop_first::drop_first;
use crate::slot::WeakReferenceable;
use equivalent::Equivalent;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::iter::FusedIterator;
use std::sync::Arc;

/// A set of weakly referenced objects, in the order of insertion: an object leaves it the moment it
/// dies (S2, S17).
///
/// Elements are told apart by `Hash` and `Eq`, or by identity in a [`PtrWeakSet`]. All methods take
/// `&self`, and what they return are [`Arc`]s. A clone is another handle to the same set; a set with
/// the same elements is made by [`copy`](Self::copy).
///
/// Cost: O(1) for single elements; two small allocations for an object that is weakly referenced for
/// the first time. `len` is exact (S20).
/// Thread-safety: `Send` and `Sync`; `Hash`, `Eq` and destructors of the elements run outside of the
/// set's locks, and may use the set (S18, S33).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakSet};
///
/// let windows = WeakSet::new();
/// let main = Arc::new(Tracked::new("main"));
/// let dialog = Arc::new(Tracked::new("dialog"));
/// windows.insert(&main);
/// windows.insert(&dialog);
/// assert!(windows.contains(&main));
///
/// drop(dialog);
/// assert_eq!(windows.len(), 1);
/// assert!(windows.iter().all(|window| **window == "main"));
/// ```
pub struct WeakSet<T: ?Sized + WeakReferenceable, S = RandomState> {
    pub(crate) container: Arc<Container<T, ()>>,
    pub(crate) keying: S,
}

/// A [`WeakSet`] that tells its elements apart by identity, for types without `Hash` and `Eq`.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{PtrWeakSet, Tracked};
///
/// let observers: PtrWeakSet<Tracked<fn()>> = PtrWeakSet::default();
/// let observer = Arc::new(Tracked::new((|| ()) as fn()));
/// observers.insert(&observer);
/// assert!(observers.contains(&observer));
/// ```
pub type PtrWeakSet<T> = WeakSet<T, ByIdentity>;

impl<T: ?Sized + WeakReferenceable> WeakSet<T> {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::with_hasher(RandomState::new())
    }

    /// An empty set with room for about `capacity` elements.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let set = Self::new();
        set.reserve(capacity);
        set
    }
}

impl<T: ?Sized + WeakReferenceable, S> WeakSet<T, S> {
    /// An empty set whose elements are hashed by `hasher`, or told apart [`ByIdentity`].
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Self {
            container: Container::new(),
            keying: hasher,
        }
    }

    /// How many elements there are. O(1): it takes each lock of the set once, and so meets all
    /// threads that use it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.container.len()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in the order of insertion, as they are now: later changes and deaths do not show,
    /// except that the dead are passed over (S21).
    ///
    /// The iterator keeps no element alive. To open it costs the same whatever the size, and so does a change of the
    /// set meanwhile (S42).
    ///
    /// As long as it is open, the set keeps for it what has been removed since. One that is
    /// [forgotten](std::mem::forget) leaks that, and the set, for ever
    /// ([details](crate::docs::limitations#iterators-that-stay-open)).
    pub fn iter(&self) -> Iter<T> {
        Iter {
            walk: Walk::new(&self.container),
        }
    }

    /// Takes out the newest element.
    #[must_use = "to drop an element use `clear` or `remove`"]
    pub fn pop(&self) -> Option<Arc<T>> {
        self.container.pop().map(|(element, ())| element)
    }

    /// Removes every element.
    pub fn clear(&self) {
        self.container.clear();
    }

    /// Takes every element out, in the order of insertion. The set is empty at once, whether the
    /// iterator is used or not.
    pub fn drain(&self) -> Drain<T> {
        Drain {
            drained: Drained::new(self.container.take_all()),
        }
    }

    /// Removes the elements for which `keep` is false. `keep` runs outside of all locks.
    pub fn retain(&self, mut keep: impl FnMut(&Arc<T>) -> bool) {
        let mut walk = Walk::new(&self.container);
        while let Some((hash, watch, element)) =
            walk.next(|hash, entry| Some((hash, entry.watch.clone(), entry.referent.upgrade()?)))
        {
            if !keep(&element) {
                self.container.take_watched(hash, &watch, |_| true);
            }
        }
    }

    /// Makes room for `additional` more elements.
    pub fn reserve(&self, additional: usize) {
        self.container.reserve(additional);
    }

    /// Whether both are handles of the same set.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.container, &other.container)
    }
}

impl<T: ?Sized + WeakReferenceable, S: Keying<T>> WeakSet<T, S> {
    /// Adds `element`; gives whether it is new. An equal element that is there stays (S19).
    pub fn insert(&self, element: &Arc<T>) -> bool {
        let query = ByReferent::new(&**element, &self.keying);
        let present = self.container.put(&query, element, (), |_, _| Ok(()));
        present.is_none()
    }

    /// Adds `element` in place of an equal one, which is returned.
    pub fn replace(&self, element: &Arc<T>) -> Option<Arc<T>> {
        let query = ByReferent::new(&**element, &self.keying);
        self.container.replace(&query, element, ())
    }

    /// The element that equals `element`, or `element` itself after adding it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let names = WeakSet::new();
    /// let first = names.get_or_insert(Arc::new(Tracked::new("x")));
    /// let second = names.get_or_insert(Arc::new(Tracked::new("x")));
    /// assert!(Arc::ptr_eq(&first, &second));
    /// ```
    #[must_use = "without a strong reference the element dies"]
    pub fn get_or_insert(&self, element: Arc<T>) -> Arc<T> {
        let query = ByReferent::new(&*element, &self.keying);
        match self.container.put_or_upgrade(&query, &element, &()) {
            None => element,
            Some(present) => drop_first(element, present),
        }
    }

    /// Whether an equal element is there (S22: one that cannot be is a compile error).
    #[inline]
    #[must_use]
    pub fn contains(&self, element: &T) -> bool {
        let query = ByReferent::new(element, &self.keying);
        self.container.get(&query, |_| Some(())).is_some()
    }

    /// The element that equals `element`.
    #[inline]
    #[must_use]
    pub fn get(&self, element: &T) -> Option<Arc<T>> {
        let query = ByReferent::new(element, &self.keying);
        self.container.get(&query, |entry| entry.referent.upgrade())
    }

    /// Removes the element that equals `element`; gives whether it was there.
    pub fn remove(&self, element: &T) -> bool {
        self.take(element).is_some()
    }

    /// Takes out the element that equals `element`.
    pub fn take(&self, element: &T) -> Option<Arc<T>> {
        let query = ByReferent::new(element, &self.keying);
        self.container.take(&query)?.referent.upgrade()
    }

    /// Another set with the same elements.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::with_hasher(self.keying.clone());
        copy.extend(self);
        copy
    }
}

impl<T: ?Sized + WeakReferenceable, S: BuildHasher> WeakSet<T, S> {
    /// The element that `key` is equivalent to: looks for an element without having one.
    ///
    /// `key` must hash as the element does; a `Borrow` implementation makes it equivalent.
    ///
    /// ```
    /// use std::borrow::Borrow;
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakReferenceable, WeakSet, WeakSlot};
    ///
    /// #[derive(WeakReferenceable, PartialEq, Eq, Hash)]
    /// struct Symbol {
    ///     slot: WeakSlot,
    ///     name: String,
    /// }
    ///
    /// impl Borrow<str> for Symbol {
    ///     fn borrow(&self) -> &str {
    ///         &self.name
    ///     }
    /// }
    ///
    /// let symbols = WeakSet::new();
    /// let x = symbols.get_or_insert(Arc::new(Symbol { slot: WeakSlot::new(), name: "x".into() }));
    /// assert!(Arc::ptr_eq(&symbols.find("x").unwrap(), &x));
    /// ```
    #[must_use]
    pub fn find<Q: ?Sized + Hash + Equivalent<T>>(&self, key: &Q) -> Option<Arc<T>> {
        let query = ByEquivalent::new(key, &self.keying);
        self.container.get(&query, |entry| entry.referent.upgrade())
    }

    /// The element that `key` is equivalent to, or else the one that `make` makes, after adding it.
    ///
    /// Threads that want the same element at the same time get the same: `make` is called by one of
    /// them, outside of all locks, while the others wait. If it panics, the next one's is called.
    /// So `make` must not wait for another thread (join it, or receive from it) that wants the same: both would wait for
    /// ever ([details](crate::docs::limitations#factories-that-wait)).
    ///
    /// # Panics
    /// If `make` does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let numbers = WeakSet::new();
    /// let seven = Tracked::new(7);
    /// let first = numbers.get_or_insert_with(&seven, || Arc::new(Tracked::new(7)));
    /// let second = numbers.get_or_insert_with(&seven, || unreachable!());
    /// assert!(Arc::ptr_eq(&first, &second));
    /// ```
    #[must_use = "without a strong reference the element dies"]
    pub fn get_or_insert_with<Q: ?Sized + Hash + Equivalent<T>>(
        &self,
        key: &Q,
        make: impl FnOnce() -> Arc<T>,
    ) -> Arc<T>
    where
        S: Keying<T>,
    {
        let make = || Ok::<_, Infallible>(make());
        let Ok(element) = self.get_or_try_insert_with(key, make);
        element
    }

    /// As [`get_or_insert_with`](Self::get_or_insert_with), with a `make` that may fail: nothing is stored
    /// then, and whoever waits tries its own.
    ///
    /// # Errors
    /// That of `make`.
    ///
    /// # Panics
    /// If `make` does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let numbers: WeakSet<Tracked<i32>> = WeakSet::new();
    /// let parse = |text: &str| text.parse().map(|number| Arc::new(Tracked::new(number)));
    /// assert!(numbers.get_or_try_insert_with(&Tracked::new(7), || parse("seven")).is_err());
    /// let seven = numbers.get_or_try_insert_with(&Tracked::new(7), || parse("7")).unwrap();
    /// assert!(numbers.contains(&seven));
    /// ```
    pub fn get_or_try_insert_with<Q: ?Sized + Hash + Equivalent<T>, E>(
        &self,
        key: &Q,
        make: impl FnOnce() -> Result<Arc<T>, E>,
    ) -> Result<Arc<T>, E>
    where
        S: Keying<T>,
    {
        let query = ByEquivalent::new(key, &self.keying);
        let read = |entry: &Entry<T, ()>| entry.referent.upgrade();
        self.container
            .get_or_make(&query, read, || Ok(self.get_or_insert(make()?)))
    }
}

impl<T: ?Sized + WeakReferenceable, S: Clone> Clone for WeakSet<T, S> {
    fn clone(&self) -> Self {
        Self {
            container: Arc::clone(&self.container),
            keying: self.keying.clone(),
        }
    }
}

impl<T: ?Sized + WeakReferenceable, S: Default> Default for WeakSet<T, S> {
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

/// Prints an element as [`std::sync::Weak`] does, `(Weak)`: an object that knows its set would print itself for ever.
impl<T: ?Sized + WeakReferenceable, S> fmt::Debug for WeakSet<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements = self.iter().map(|element| Arc::downgrade(&element));
        f.debug_set().entries(elements).finish()
    }
}

/// The elements of a [`WeakSet`], as they were when [`iter`](WeakSet::iter) was called.
#[must_use = "iterators are lazy"]
pub struct Iter<T: ?Sized + WeakReferenceable> {
    walk: Walk<T, ()>,
}

impl<T: ?Sized + WeakReferenceable> Iterator for Iter<T> {
    type Item = Arc<T>;

    fn next(&mut self) -> Option<Arc<T>> {
        self.walk.next(|_, entry| entry.referent.upgrade())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.walk.remaining()))
    }
}

impl<T: ?Sized + WeakReferenceable> FusedIterator for Iter<T> {}

impl<T: ?Sized + WeakReferenceable, S> IntoIterator for &WeakSet<T, S> {
    type Item = Arc<T>;
    type IntoIter = Iter<T>;

    fn into_iter(self) -> Iter<T> {
        self.iter()
    }
}

/// What [`WeakSet::drain`] took out.
pub struct Drain<T: ?Sized + WeakReferenceable> {
    drained: Drained<T, ()>,
}

impl<T: ?Sized + WeakReferenceable> Iterator for Drain<T> {
    type Item = Arc<T>;

    fn next(&mut self) -> Option<Arc<T>> {
        self.drained.next().map(|(element, ())| element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.drained.size_hint()
    }
}

impl<T: ?Sized + WeakReferenceable> FusedIterator for Drain<T> {}
