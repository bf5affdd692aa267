//! [`WeakSet`]: a set of objects that leave it when they die.

mod iter;

pub use self::iter::{Drain, ExtractIf, IntoIter, Iter};

use crate::containers::{
    ByIdentity, ByReferent, ByValue, Drained, Entry, Eviction, Extract, Handle, Keying, LookupKey,
    Query, Walk,
};
use crate::drop_first::drop_first;
use crate::hashing::RandomState;
use crate::owner::Owner;
use crate::owner::sealed::Weak as _;
use std::convert::Infallible;
use std::fmt;

/// A set of weakly referenced objects, in the order of insertion: [`crate::WeakSet`], or [`crate::rc::WeakSet`].
pub struct WeakSet<O: Owner, S, E: Eviction<O, ()>> {
    pub(crate) container: Handle<O, (), E>,
    pub(crate) keying: S,
}

impl<O: Owner, E: Eviction<O, ()>> WeakSet<O, ByValue<RandomState>, E> {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::with_hasher(RandomState::new())
    }

    /// An empty set with room for about `capacity` elements.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<O: Owner, H, E: Eviction<O, ()>> WeakSet<O, ByValue<H>, E> {
    /// An empty set whose elements are hashed by `hasher`.
    #[must_use]
    pub const fn with_hasher(hasher: H) -> Self {
        Self::keyed(ByValue(hasher))
    }

    /// As [`with_hasher`](Self::with_hasher), with room for about `capacity` elements.
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: H) -> Self {
        let set = Self::with_hasher(hasher);
        set.reserve(capacity);
        set
    }

    /// What hashes the elements.
    #[must_use]
    pub fn hasher(&self) -> &H {
        &self.keying.0
    }
}

impl<O: Owner, E: Eviction<O, ()>> WeakSet<O, ByIdentity, E> {
    /// An empty set that tells its elements apart by identity.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{PtrWeakSet, Tracked};
    ///
    /// let set = PtrWeakSet::new();
    /// let (one, other) = (Arc::new(Tracked::new(1)), Arc::new(Tracked::new(1)));
    /// assert!(set.insert(&one) && set.insert(&other));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self::keyed(ByIdentity)
    }

    /// The same with room for about `capacity` elements.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let set = Self::new();
        set.reserve(capacity);
        set
    }
}

impl<O: Owner, S, E: Eviction<O, ()>> WeakSet<O, S, E> {
    pub(crate) const fn keyed(keying: S) -> Self {
        Self {
            container: Handle::new(),
            keying,
        }
    }

    /// How many elements there are. O(1): it adds up what is noted, and takes no lock.
    #[must_use]
    pub fn len(&self) -> usize {
        self.container.get().len()
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
    pub fn iter(&self) -> Iter<O, E> {
        Iter(Walk::new(&*self.container.get()))
    }

    /// The oldest element. O(1).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let objects = [1, 2, 3].map(|n| Arc::new(Tracked::new(n)));
    /// let set = WeakSet::from(objects.each_ref());
    /// assert_eq!((**set.first().unwrap(), **set.last().unwrap()), (1, 3));
    /// assert_eq!((**set.pop_first().unwrap(), **set.pop_last().unwrap()), (1, 3));
    /// assert!(set.iter().eq([objects[1].clone()]));
    /// ```
    #[must_use]
    pub fn first(&self) -> Option<O> {
        self.iter().next()
    }

    /// The newest element. O(1).
    #[must_use]
    pub fn last(&self) -> Option<O> {
        self.iter().next_back()
    }

    /// Takes out the oldest element. O(1).
    #[must_use = "to drop an element use `clear` or `remove`"]
    pub fn pop_first(&self) -> Option<O> {
        self.container
            .get()
            .pop_first()
            .map(|(element, ())| element)
    }

    /// Takes out the newest element. O(1).
    #[must_use = "to drop an element use `clear` or `remove`"]
    pub fn pop_last(&self) -> Option<O> {
        self.container.get().pop_last().map(|(element, ())| element)
    }

    /// Removes every element.
    pub fn clear(&self) {
        self.container.get().clear();
    }

    /// Takes every element out, in the order of insertion. The set is empty at once, whether the
    /// iterator is used or not.
    pub fn drain(&self) -> Drain<O, E> {
        Drain(Drained::new(self.container.get().take_all()))
    }

    /// Removes the elements for which `keep` is false. `keep` runs outside of all locks.
    pub fn retain(&self, mut keep: impl FnMut(&O) -> bool) {
        self.extract_if(|element| !keep(element)).for_each(drop);
    }

    /// Takes out, one by one as the iterator is asked, the elements for which `condition` holds, among those that are there
    /// now. `condition` runs outside of all locks. Where the iterator is dropped, the others stay.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let objects = [1, 2, 3, 4].map(|n| Arc::new(Tracked::new(n)));
    /// let set = WeakSet::from(objects.each_ref());
    /// let even: Vec<_> = set.extract_if(|n| ***n % 2 == 0).collect();
    /// assert_eq!((even.len(), set.len()), (2, 2));
    /// ```
    pub fn extract_if<F: FnMut(&O) -> bool>(&self, condition: F) -> ExtractIf<O, E, F> {
        ExtractIf {
            extract: Extract::new(&*self.container.get()),
            condition,
        }
    }

    /// Takes out the elements of the dead, and gives how many that were. O(n).
    ///
    /// Where entries leave at once, there are none, but for objects that died without their slot being dropped. A
    /// [lazy](crate::lazy) container does it by itself before it grows; this is for what they still own.
    pub fn remove_expired(&self) -> usize {
        self.container.get().remove_expired()
    }

    /// Makes room for `additional` more elements.
    pub fn reserve(&self, additional: usize) {
        self.container.get().reserve(additional);
    }

    /// For about how many elements there is memory. The set has parts, among which hashes spread the elements: one part may
    /// grow earlier.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.container.get().capacity()
    }

    /// Gives back the memory that the elements do not need. Most of it is given back by itself (S34): when a quarter of it is
    /// enough. Where an iterator is open, nothing is done. O(n).
    pub fn shrink_to_fit(&self) {
        self.container.get().shrink_to_fit();
    }

    /// Whether both are handles of the same set.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.container.ptr_eq(&other.container)
    }
}

impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>> WeakSet<O, S, E> {
    /// Adds `element`; gives whether it is new. An equal element that is there stays (S19).
    pub fn insert(&self, element: &O) -> bool {
        let query = ByReferent::new(element, &self.keying);
        let present = self.container.get().put(&query, element, (), |_, _| Ok(()));
        present.is_none()
    }

    /// Adds `element` in place of an equal one, which is returned.
    pub fn replace(&self, element: &O) -> Option<O> {
        let query = ByReferent::new(element, &self.keying);
        self.container.get().replace(&query, element, ())
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
    pub fn get_or_insert(&self, element: O) -> O {
        let query = ByReferent::new(&element, &self.keying);
        match self.container.get().put_or_upgrade(&query, &element, &()) {
            None => element,
            Some(present) => drop_first(element, present),
        }
    }
}

impl<O: Owner, S, E: Eviction<O, ()>> WeakSet<O, S, E> {
    /// Whether the element that `key` names is there (S22: a key that names none is a compile error).
    #[inline]
    #[must_use]
    pub fn contains<Q: ?Sized + LookupKey<O::Target, S, By>, By>(&self, key: &Q) -> bool {
        let query = ByReferent::new(key, &self.keying);
        self.container.get().get(&query, |_| Some(())).is_some()
    }

    /// The element that `key` names.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let words = WeakSet::new();
    /// let word = Arc::new(Tracked::new(String::from("word")));
    /// words.insert(&word);
    /// assert!(words.get("word").is_some_and(|found| Arc::ptr_eq(&found, &word)));
    /// assert!(words.contains(&word) && !words.contains("other"));
    /// ```
    #[inline]
    #[must_use]
    pub fn get<Q: ?Sized + LookupKey<O::Target, S, By>, By>(&self, key: &Q) -> Option<O> {
        let query = ByReferent::new(key, &self.keying);
        self.container
            .get()
            .get(&query, |entry| entry.referent.upgrade())
    }

    /// Removes the element that `key` names; gives whether it was there.
    pub fn remove<Q: ?Sized + LookupKey<O::Target, S, By>, By>(&self, key: &Q) -> bool {
        self.take(key).is_some()
    }

    /// Takes out the element that `key` names.
    pub fn take<Q: ?Sized + LookupKey<O::Target, S, By>, By>(&self, key: &Q) -> Option<O> {
        let query = ByReferent::new(key, &self.keying);
        self.container.get().take(&query)?.referent.upgrade()
    }

    /// Takes out the element that `key` names if `condition` holds for it.
    ///
    /// `condition` runs outside of all locks: if another thread removes the element meanwhile, nothing is taken.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let set = WeakSet::new();
    /// let object = Arc::new(Tracked::new(1));
    /// set.insert(&object);
    /// assert!(set.remove_if(&object, |found| Arc::strong_count(found) > 2).is_none());
    /// assert!(set.remove_if(&object, |found| Arc::strong_count(found) == 2).is_some());
    /// ```
    pub fn remove_if<Q: ?Sized + LookupKey<O::Target, S, By>, By>(
        &self,
        key: &Q,
        condition: impl FnOnce(&O) -> bool,
    ) -> Option<O> {
        let query = ByReferent::new(key, &self.keying);
        let read = |entry: &Entry<O, (), E>| Some((entry.watch.clone(), entry.referent.upgrade()?));
        let (watch, element) = self.container.get().get(&query, read)?;
        if !condition(&element) {
            return None;
        }
        let hash = Query::<O, (), E>::hash(&query);
        self.container.get().take_watched(hash, &watch, |_| true)?;
        Some(element)
    }
}

impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>> WeakSet<O, S, E> {
    /// Another set with the same elements.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::keyed(self.keying.clone());
        copy.extend(self);
        copy
    }

    /// The element that `key` names, or else the one that `make` makes, after adding it.
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
    /// let names: WeakSet<Tracked<Box<str>>> = WeakSet::new();
    /// let first = names.get_or_insert_with("seven", || Arc::new("seven".into()));
    /// let second = names.get_or_insert_with("seven", || unreachable!());
    /// assert!(Arc::ptr_eq(&first, &second));
    /// ```
    #[must_use = "without a strong reference the element dies"]
    pub fn get_or_insert_with<Q: ?Sized + LookupKey<O::Target, S, By>, By>(
        &self,
        key: &Q,
        make: impl FnOnce() -> O,
    ) -> O {
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
    /// assert!(numbers.get_or_try_insert_with(&7, || parse("seven")).is_err());
    /// let seven = numbers.get_or_try_insert_with(&7, || parse("7")).unwrap();
    /// assert!(numbers.contains(&seven));
    /// ```
    pub fn get_or_try_insert_with<Q: ?Sized + LookupKey<O::Target, S, By>, By, X>(
        &self,
        key: &Q,
        make: impl FnOnce() -> Result<O, X>,
    ) -> Result<O, X> {
        let query = ByReferent::new(key, &self.keying);
        let read = |entry: &Entry<O, (), E>| entry.referent.upgrade();
        self.container
            .get()
            .get_or_make(&query, read, || Ok(self.get_or_insert(make()?)))
    }
}

impl<O: Owner, S: Clone, E: Eviction<O, ()>> Clone for WeakSet<O, S, E> {
    fn clone(&self) -> Self {
        Self {
            container: self.container.clone(),
            keying: self.keying.clone(),
        }
    }
}

impl<O: Owner, S: Default, E: Eviction<O, ()>> Default for WeakSet<O, S, E> {
    fn default() -> Self {
        Self::keyed(S::default())
    }
}

/// Prints an element as [`std::sync::Weak`] does, `(Weak)`: an object that knows its set would print itself for ever.
impl<O: Owner, S, E: Eviction<O, ()>> fmt::Debug for WeakSet<O, S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements = self.iter().map(|element| element.downgrade());
        f.debug_set().entries(elements).finish()
    }
}
