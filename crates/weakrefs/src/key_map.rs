//! [`WeakKeyMap`]: what belongs to objects, kept beside them until they die.

mod iter;
mod traits;

pub use self::iter::{Drain, ExtractIf, IntoIter, Iter, Keys, Values};

use crate::containers::{
    ATTEMPTS, ByIdentity, ByReferent, ByValue, Drained, Entry, Eviction, Extract, Handle, Keying,
    LookupKey, Query, RemovalCause, Walk,
};
use crate::drop_first::drop_first;
use crate::error::OccupiedError;
use crate::hashing::RandomState;
use crate::owner::sealed::{Owner as _, Weak as _};
use crate::owner::{Owner, Shared};
use std::borrow::Borrow;
use std::convert::Infallible;
use std::mem;
use weakrefs_table::NoRoom;

/// A map from weakly referenced objects to values, in the order of insertion: [`crate::WeakKeyMap`], or [`crate::rc::WeakKeyMap`].
pub struct WeakKeyMap<O: Owner, V, S, E: Eviction<O, Shared<O, V>>> {
    pub(crate) container: Handle<O, Shared<O, V>, E>,
    pub(crate) keying: S,
}

impl<O: Owner, V, E: Eviction<O, Shared<O, V>>> WeakKeyMap<O, V, ByValue<RandomState>, E> {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::with_hasher(RandomState::new())
    }

    /// An empty map with room for about `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<O: Owner, V, H, E: Eviction<O, Shared<O, V>>> WeakKeyMap<O, V, ByValue<H>, E> {
    /// An empty map whose keys are hashed by `hasher`.
    #[must_use]
    pub const fn with_hasher(hasher: H) -> Self {
        Self::keyed(ByValue(hasher))
    }

    /// As [`with_hasher`](Self::with_hasher), with room for about `capacity` entries.
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: H) -> Self {
        let map = Self::with_hasher(hasher);
        map.reserve(capacity);
        map
    }

    /// What hashes the keys.
    #[must_use]
    pub fn hasher(&self) -> &H {
        &self.keying.0
    }
}

impl<O: Owner, V, E: Eviction<O, Shared<O, V>>> WeakKeyMap<O, V, ByIdentity, E> {
    /// An empty map that tells its keys apart by identity.
    #[must_use]
    pub const fn new() -> Self {
        Self::keyed(ByIdentity)
    }

    /// The same with room for about `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let map = Self::new();
        map.reserve(capacity);
        map
    }
}

impl<O: Owner, V, S, E: Eviction<O, Shared<O, V>>> WeakKeyMap<O, V, S, E> {
    const fn keyed(keying: S) -> Self {
        Self {
            container: Handle::new(),
            keying,
        }
    }

    /// How many entries there are. O(1): it adds up what is noted, and takes no lock.
    #[must_use]
    pub fn len(&self) -> usize {
        self.container.get().len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries in the order of insertion, as they are now: later changes and deaths do not show,
    /// except that those with dead keys are passed over (S21).
    ///
    /// The iterator keeps no key alive. To open it costs the same whatever the size, and so does a change of the
    /// map meanwhile (S42).
    ///
    /// As long as it is open, the map keeps for it what has been removed since, values included. One that is
    /// [forgotten](std::mem::forget) leaks that, and the map, for ever
    /// ([details](crate::docs::limitations#iterators-that-stay-open)).
    pub fn iter(&self) -> Iter<O, V, E> {
        Iter(Walk::new(&*self.container.get()))
    }

    /// The keys, as [`iter`](Self::iter) gives them: each an owner of its own.
    pub fn keys(&self) -> Keys<O, V, E> {
        Keys(Walk::new(&*self.container.get()))
    }

    /// The values, as [`iter`](Self::iter) gives them: each an owner of its own.
    pub fn values(&self) -> Values<O, V, E> {
        Values(Walk::new(&*self.container.get()))
    }

    /// The oldest entry. O(1).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let objects = ["a", "b", "c"].map(|name| Arc::new(Tracked::new(name)));
    /// let map: WeakKeyMap<_, _> = objects.iter().zip(1..).collect();
    /// let value = |entry: Option<(_, Arc<i32>)>| entry.map(|(_, value)| *value);
    /// assert_eq!((value(map.first()), value(map.last())), (Some(1), Some(3)));
    /// assert_eq!((value(map.pop_first()), value(map.pop_last())), (Some(1), Some(3)));
    /// assert_eq!(map.len(), 1);
    /// ```
    #[must_use]
    pub fn first(&self) -> Option<(O, Shared<O, V>)> {
        self.iter().next()
    }

    /// The newest entry. O(1).
    #[must_use]
    pub fn last(&self) -> Option<(O, Shared<O, V>)> {
        self.iter().next_back()
    }

    /// Takes out the oldest entry. O(1).
    pub fn pop_first(&self) -> Option<(O, Shared<O, V>)> {
        self.container.get().pop_first()
    }

    /// Takes out the newest entry. O(1).
    pub fn pop_last(&self) -> Option<(O, Shared<O, V>)> {
        self.container.get().pop_last()
    }

    /// Removes every entry.
    pub fn clear(&self) {
        self.container.get().clear();
    }

    /// Takes every entry out, in the order of insertion. The map is empty at once, whether the iterator
    /// is used or not.
    pub fn drain(&self) -> Drain<O, V, E> {
        Drain(Drained::new(self.container.get().take_all()))
    }

    /// Removes the entries for which `keep` is false. `keep` runs outside of all locks; an entry whose
    /// value has been changed meanwhile stays.
    pub fn retain(&self, mut keep: impl FnMut(&O, &Shared<O, V>) -> bool) {
        self.extract_if(|key, value| !keep(key, value))
            .for_each(drop);
    }

    /// Takes out, one by one as the iterator is asked, the entries for which `condition` holds, among those that are there
    /// now. `condition` runs outside of all locks; an entry whose value has been changed meanwhile stays. Where the
    /// iterator is dropped, the others stay.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let objects = ["a", "b", "c"].map(|name| Arc::new(Tracked::new(name)));
    /// let map: WeakKeyMap<_, _> = objects.iter().zip(1..).collect();
    /// let odd: Vec<_> = map.extract_if(|_, value| **value % 2 == 1).collect();
    /// assert_eq!((odd.len(), map.len()), (2, 1));
    /// ```
    pub fn extract_if<F>(&self, condition: F) -> ExtractIf<O, V, E, F>
    where
        F: FnMut(&O, &Shared<O, V>) -> bool,
    {
        ExtractIf {
            extract: Extract::new(&*self.container.get()),
            condition,
        }
    }

    /// Takes out the entries of the dead, and gives how many that were. O(n).
    ///
    /// Where entries leave at once, there are none, but for objects that died without their slot being dropped. A
    /// [lazy](crate::lazy) container does it by itself before it grows; this is for what they still own.
    pub fn remove_expired(&self) -> usize {
        self.container.get().remove_expired()
    }

    /// Makes room for `additional` more entries.
    pub fn reserve(&self, additional: usize) {
        self.container.get().reserve(additional);
    }

    /// For about how many entries there is memory. The map has parts, among which hashes spread the entries: one part may
    /// grow earlier.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.container.get().capacity()
    }

    /// Gives back the memory that the entries do not need. Most of it is given back by itself (S34): when a quarter of it is
    /// enough. Where an iterator is open, nothing is done. O(n).
    pub fn shrink_to_fit(&self) {
        self.container.get().shrink_to_fit();
    }

    /// Whether both are handles of the same map.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.container.ptr_eq(&other.container)
    }
}

impl<O: Owner, V, S, E: Eviction<O, Shared<O, V>>> WeakKeyMap<O, V, S, E> {
    /// The value of the key that `key` names.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let sizes = WeakKeyMap::new();
    /// let file = Arc::new(Tracked::new(String::from("a.txt")));
    /// sizes.insert(&file, 11);
    /// assert_eq!(sizes.get("a.txt").as_deref(), Some(&11));
    /// assert_eq!(sizes.get(&file).as_deref(), Some(&11));
    /// ```
    #[inline]
    #[must_use]
    pub fn get<Q: ?Sized + LookupKey<O::Target, S, By>, By>(
        &self,
        key: &Q,
    ) -> Option<Shared<O, V>> {
        let query = ByReferent::new(key, &self.keying);
        self.container
            .get()
            .get(&query, |entry| Some(entry.payload.clone()))
    }

    /// The stored key that `key` names, and its value.
    #[must_use]
    pub fn get_key_value<Q: ?Sized + LookupKey<O::Target, S, By>, By>(
        &self,
        key: &Q,
    ) -> Option<(O, Shared<O, V>)> {
        self.container
            .get()
            .get(&ByReferent::new(key, &self.keying), key_and_value)
    }

    /// Whether the key that `key` names is there.
    #[inline]
    #[must_use]
    pub fn contains_key<Q: ?Sized + LookupKey<O::Target, S, By>, By>(&self, key: &Q) -> bool {
        let query = ByReferent::new(key, &self.keying);
        self.container.get().get(&query, |_| Some(())).is_some()
    }

    /// Removes the entry of the key that `key` names; gives its value.
    pub fn remove<Q: ?Sized + LookupKey<O::Target, S, By>, By>(
        &self,
        key: &Q,
    ) -> Option<Shared<O, V>> {
        let query = ByReferent::new(key, &self.keying);
        self.container.get().take(&query).map(|entry| entry.payload)
    }

    /// Removes the entry of the key that `key` names; gives the stored key and the value.
    pub fn remove_entry<Q: ?Sized + LookupKey<O::Target, S, By>, By>(
        &self,
        key: &Q,
    ) -> Option<(O, Shared<O, V>)> {
        let entry = self
            .container
            .get()
            .take(&ByReferent::new(key, &self.keying))?;
        entry.referent.upgrade().map(|key| (key, entry.payload))
    }

    /// Removes the entry of the key that `key` names if `condition` holds for it; gives the stored key and the value.
    ///
    /// `condition` runs outside of all locks: if the value has been changed meanwhile, the entry stays.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let map = WeakKeyMap::new();
    /// let key = Arc::new(Tracked::new("key"));
    /// map.insert(&key, 1);
    /// assert!(map.remove_if(&key, |_, value| **value > 1).is_none());
    /// assert!(map.remove_if(&key, |_, value| **value == 1).is_some());
    /// ```
    pub fn remove_if<Q: ?Sized + LookupKey<O::Target, S, By>, By>(
        &self,
        key: &Q,
        condition: impl FnOnce(&O, &Shared<O, V>) -> bool,
    ) -> Option<(O, Shared<O, V>)> {
        let query = ByReferent::new(key, &self.keying);
        let read =
            |entry: &Entry<O, Shared<O, V>, E>| Some((entry.watch.clone(), key_and_value(entry)?));
        let (watch, (key, value)) = self.container.get().get(&query, read)?;
        if !condition(&key, &value) {
            return None;
        }
        let hash = Query::<O, Shared<O, V>, E>::hash(&query);
        let is_judged = |entry: &Entry<O, Shared<O, V>, E>| entry.payload.ptr_eq(&value);
        // What it owned is `value`: this is not the last one of it.
        self.container.get().take_watched(hash, &watch, is_judged)?;
        Some((key, value))
    }
}

impl<O: Owner, V, S: Keying<O::Target>, E: Eviction<O, Shared<O, V>>> WeakKeyMap<O, V, S, E> {
    /// Stores `value` for `key`; gives the value that it replaces. An equal key that is there stays,
    /// and the entry lives as long as that (S19).
    pub fn insert(&self, key: &O, value: V) -> Option<Shared<O, V>> {
        self.insert_arc(key, Shared::<O, V>::new(value))
    }

    /// As [`insert`](Self::insert), for a value that is shared.
    pub fn insert_arc(&self, key: &O, value: Shared<O, V>) -> Option<Shared<O, V>> {
        let query = ByReferent::new(key, &self.keying);
        let new = value.clone();
        let replaced = self.container.get().put(&query, key, value, |table, at| {
            Ok(mem::replace(&mut table.get_mut(at)?.payload, new))
        })?;
        self.container.get().tell(&replaced, RemovalCause::Replaced);
        Some(replaced)
    }

    /// As [`insert`](Self::insert), but an entry that is there stays.
    ///
    /// # Errors
    /// If an equal key is there: with its value, and the one that was not stored.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let map = WeakKeyMap::new();
    /// let key = Arc::new(Tracked::new("key"));
    /// assert!(map.try_insert(&key, 1).is_ok());
    /// let error = map.try_insert(&key, 2).unwrap_err();
    /// assert_eq!((*error.current, *error.not_inserted), (1, 2));
    /// ```
    pub fn try_insert(&self, key: &O, value: V) -> Result<Shared<O, V>, Occupied<O, V>> {
        let value = Shared::<O, V>::new(value);
        match self.put_or_get(key, &value) {
            None => Ok(value),
            Some(current) => Err(OccupiedError {
                current,
                not_inserted: value,
            }),
        }
    }

    /// Stores a value unless an equal key is there: gives the value of that.
    fn put_or_get(&self, key: &O, value: &Shared<O, V>) -> Option<Shared<O, V>> {
        let query = ByReferent::new(key, &self.keying);
        self.container
            .get()
            .put(&query, key, value.clone(), |table, at| {
                Ok(table.get(at).ok_or(NoRoom)?.payload.clone())
            })
    }

    /// The value of an equal key, or else the one that `make` makes, after storing it for `key`.
    ///
    /// Threads that want the value of the same key at the same time get the same: `make` is called by
    /// one of them, outside of all locks, while the others wait. If it panics, the next one's is called.
    /// So `make` must not wait for another thread (join it, or receive from it) that wants the same: both would wait for
    /// ever ([details](crate::docs::limitations#factories-that-wait)).
    ///
    /// # Panics
    /// If `make` does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let lengths = WeakKeyMap::new();
    /// let text = Arc::new(Tracked::new("some text"));
    /// assert_eq!(*lengths.get_or_insert_with(&text, || text.len()), 9);
    /// assert_eq!(*lengths.get_or_insert_with(&text, || unreachable!()), 9);
    /// ```
    pub fn get_or_insert_with(&self, key: &O, make: impl FnOnce() -> V) -> Shared<O, V> {
        let make = || Ok::<_, Infallible>(make());
        let Ok(value) = self.get_or_try_insert_with(key, make);
        value
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
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let numbers = WeakKeyMap::new();
    /// let text = Arc::new(Tracked::new("seven"));
    /// let parse = || text.parse::<i32>();
    /// assert!(numbers.get_or_try_insert_with(&text, parse).is_err());
    /// assert!(numbers.is_empty());
    /// ```
    pub fn get_or_try_insert_with<X>(
        &self,
        key: &O,
        make: impl FnOnce() -> Result<V, X>,
    ) -> Result<Shared<O, V>, X> {
        let query = ByReferent::new(key, &self.keying);
        let read = |entry: &Entry<O, Shared<O, V>, E>| Some(entry.payload.clone());
        self.container.get().get_or_make(&query, read, || {
            let value = Shared::<O, V>::new(make()?);
            Ok(match self.put_or_get(key, &value) {
                None => value,
                Some(present) => drop_first(value, present),
            })
        })
    }

    /// Computes the value of `key` from the present one: `change` gets it, if there is one, and gives
    /// the new one, or `None` to remove the entry. Returns the new value.
    ///
    /// `change` runs outside of all locks. If the entry has been changed meanwhile, by another thread
    /// or by `change` itself, it is called again with what is there then: nothing is lost. Where that does not end, because
    /// `change` itself changes the entry each time, the result of its thousand and first call counts.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakKeyMap};
    ///
    /// let visits = WeakKeyMap::new();
    /// let page = Arc::new(Tracked::new("index"));
    /// for _ in 0..3 {
    ///     visits.update(&page, |count| Some(count.map_or(1, |count| *count + 1)));
    /// }
    /// assert_eq!(visits.get(&page).as_deref(), Some(&3));
    /// assert_eq!(visits.update(&page, |_| None), None);
    /// assert!(visits.is_empty());
    /// ```
    pub fn update(
        &self,
        key: &O,
        mut change: impl FnMut(Option<Shared<O, V>>) -> Option<V>,
    ) -> Option<Shared<O, V>> {
        let query = ByReferent::new(key, &self.keying);
        for _ in 0..ATTEMPTS {
            let Some(present) = self.get(key) else {
                let value = Shared::<O, V>::new(change(None)?);
                let shared = value.clone();
                match self.container.get().put(&query, key, shared, |_, _| Ok(())) {
                    None => return Some(value),
                    Some(_) => continue,
                }
            };
            let new = change(Some(present.clone())).map(Shared::<O, V>::new);
            let is_present = |entry: &Entry<O, Shared<O, V>, E>| entry.payload.ptr_eq(&present);
            // What is replaced or removed is `present`: this is not the last one of it.
            let changed = match &new {
                Some(new) => self.container.get().change_if(&query, is_present, |entry| {
                    entry.payload = new.clone();
                }),
                None => self.container.get().take_if(&query, is_present).is_some(),
            };
            if changed {
                if new.is_some() {
                    self.container.get().tell(&present, RemovalCause::Replaced);
                }
                return drop_first(present, new);
            }
        }
        let new = change(self.get(key)).map(Shared::<O, V>::new);
        let replaced = match &new {
            Some(new) => self.insert_arc(key, new.clone()),
            None => self.remove(key),
        };
        drop_first(replaced, new)
    }

    /// Stores every value for its key, as [`insert`](Self::insert) does.
    pub fn extend<I: IntoIterator<Item = (A, V)>, A: Borrow<O>>(&self, entries: I) {
        for (key, value) in entries {
            self.insert(key.borrow(), value);
        }
    }

    /// Another map with the same entries; it shares the values.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::keyed(self.keying.clone());
        for (key, value) in self {
            copy.insert_arc(&key, value);
        }
        copy
    }
}

/// What refuses a value: the one that is there.
type Occupied<O, V> = OccupiedError<Shared<O, V>, Shared<O, V>>;

fn key_and_value<O: Owner, V, E: Eviction<O, Shared<O, V>>>(
    entry: &Entry<O, Shared<O, V>, E>,
) -> Option<(O, Shared<O, V>)> {
    Some((entry.referent.upgrade()?, entry.payload.clone()))
}
