//! [`WeakValueMap`]: objects by key, as long as somebody else keeps them alive.

mod iter;
mod traits;

pub use self::iter::{Drain, ExtractIf, IntoIter, Iter, Keys, Values};

use crate::containers::{
    ATTEMPTS, ByKey, Drained, Entry, Eviction, Extract, Handle, Query, Walk, drop_entries,
};
use crate::drop_first::drop_first;
use crate::error::OccupiedError;
use crate::hashing::RandomState;
use crate::owner::sealed::{Owner as _, Weak as _};
use crate::owner::{Owner, Shared};
use crate::reference::home_of;
use equivalent::Equivalent;
use std::borrow::Borrow;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hash};

/// A map from keys to weakly referenced objects, in the order of insertion: [`crate::WeakValueMap`], or [`crate::rc::WeakValueMap`].
pub struct WeakValueMap<K, O: Owner, S, E: Eviction<O, Shared<O, K>>> {
    pub(crate) container: Handle<O, Shared<O, K>, E>,
    pub(crate) hasher: S,
}

impl<K, O: Owner, E: Eviction<O, Shared<O, K>>> WeakValueMap<K, O, RandomState, E> {
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

impl<K, O: Owner, S, E: Eviction<O, Shared<O, K>>> WeakValueMap<K, O, S, E> {
    /// An empty map whose keys are hashed by `hasher`.
    #[must_use]
    pub const fn with_hasher(hasher: S) -> Self {
        Self {
            container: Handle::new(),
            hasher,
        }
    }

    /// As [`with_hasher`](Self::with_hasher), with room for about `capacity` entries.
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        let map = Self::with_hasher(hasher);
        map.reserve(capacity);
        map
    }

    /// What hashes the keys.
    #[must_use]
    pub fn hasher(&self) -> &S {
        &self.hasher
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
    /// except that the dead are passed over (S21).
    ///
    /// The iterator keeps no object alive. To open it costs the same whatever the size, and so does a change of the
    /// map meanwhile (S42).
    ///
    /// As long as it is open, the map keeps for it what has been removed since, keys included. One that is
    /// [forgotten](std::mem::forget) leaks that, and the map, for ever
    /// ([details](crate::docs::limitations#iterators-that-stay-open)).
    pub fn iter(&self) -> Iter<K, O, E> {
        Iter(Walk::new(&*self.container.get()))
    }

    /// The keys, as [`iter`](Self::iter) gives them: each an owner of its own.
    pub fn keys(&self) -> Keys<K, O, E> {
        Keys(Walk::new(&*self.container.get()))
    }

    /// The objects, as [`iter`](Self::iter) gives them: each an owner of its own.
    pub fn values(&self) -> Values<K, O, E> {
        Values(Walk::new(&*self.container.get()))
    }

    /// The oldest entry. O(1).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let objects = ["a", "b", "c"].map(|name| Arc::new(Tracked::new(name)));
    /// let map: WeakValueMap<_, _> = (1..).zip(&objects).collect();
    /// let key = |entry: Option<(Arc<i32>, _)>| entry.map(|(key, _)| *key);
    /// assert_eq!((key(map.first()), key(map.last())), (Some(1), Some(3)));
    /// assert_eq!((key(map.pop_first()), key(map.pop_last())), (Some(1), Some(3)));
    /// assert_eq!(map.len(), 1);
    /// ```
    #[must_use]
    pub fn first(&self) -> Option<(Shared<O, K>, O)> {
        self.iter().next()
    }

    /// The newest entry. O(1).
    #[must_use]
    pub fn last(&self) -> Option<(Shared<O, K>, O)> {
        self.iter().next_back()
    }

    /// Takes out the oldest entry. O(1).
    pub fn pop_first(&self) -> Option<(Shared<O, K>, O)> {
        let (value, key) = self.container.get().pop_first()?;
        Some((key, value))
    }

    /// Takes out the newest entry. O(1).
    pub fn pop_last(&self) -> Option<(Shared<O, K>, O)> {
        let (value, key) = self.container.get().pop_last()?;
        Some((key, value))
    }

    /// Removes every entry.
    pub fn clear(&self) {
        self.container.get().clear();
    }

    /// Takes every entry out, in the order of insertion. The map is empty at once, whether the iterator
    /// is used or not.
    pub fn drain(&self) -> Drain<K, O, E> {
        Drain(Drained::new(self.container.get().take_all()))
    }

    /// Removes the entries for which `keep` is false. `keep` runs outside of all locks; an entry whose
    /// object has been changed meanwhile stays.
    pub fn retain(&self, mut keep: impl FnMut(&Shared<O, K>, &O) -> bool) {
        self.extract_if(|key, value| !keep(key, value))
            .for_each(drop);
    }

    /// Takes out, one by one as the iterator is asked, the entries for which `condition` holds, among those that are there
    /// now. `condition` runs outside of all locks; an entry whose object has been changed meanwhile stays. Where the
    /// iterator is dropped, the others stay.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let objects = ["a", "b", "c"].map(|name| Arc::new(Tracked::new(name)));
    /// let map: WeakValueMap<_, _> = (1..).zip(&objects).collect();
    /// let odd: Vec<_> = map.extract_if(|key, _| **key % 2 == 1).collect();
    /// assert_eq!((odd.len(), map.len()), (2, 1));
    /// ```
    pub fn extract_if<F>(&self, condition: F) -> ExtractIf<K, O, E, F>
    where
        F: FnMut(&Shared<O, K>, &O) -> bool,
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

impl<K, O, S, E> WeakValueMap<K, O, S, E>
where
    K: Hash + Eq,
    O: Owner,
    S: BuildHasher,
    E: Eviction<O, Shared<O, K>>,
{
    /// Stores `value` under `key`; gives the object that it replaces, if that is still alive. An equal
    /// key that is there stays (S19), and the death of the replaced object removes nothing (S16).
    pub fn insert(&self, key: K, value: &O) -> Option<O> {
        let key = Shared::<O, K>::new(key);
        let replaced = self.store_under(&key, value);
        drop_first(key, replaced)
    }

    /// As [`insert`](Self::insert), but an entry that is there stays.
    ///
    /// # Errors
    /// If there is an object under an equal key: with that, and the key that was not stored.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let map = WeakValueMap::new();
    /// let (one, other) = (Arc::new(Tracked::new(1)), Arc::new(Tracked::new(2)));
    /// assert!(map.try_insert("key", &one).is_ok());
    /// let error = map.try_insert("key", &other).unwrap_err();
    /// assert!(Arc::ptr_eq(&error.current, &one) && *error.not_inserted == "key");
    /// ```
    pub fn try_insert(&self, key: K, value: &O) -> Result<(), OccupiedError<O, Shared<O, K>>> {
        let key = Shared::<O, K>::new(key);
        let query = ByKey::new(&*key, &self.hasher);
        match self.container.get().put_or_upgrade(&query, value, &key) {
            None => Ok(()),
            Some(current) => Err(OccupiedError {
                current,
                not_inserted: key,
            }),
        }
    }

    /// The object under `key`.
    #[inline]
    #[must_use]
    pub fn get<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<O> {
        let query = ByKey::new(key, &self.hasher);
        self.container
            .get()
            .get(&query, |entry| entry.referent.upgrade())
    }

    /// The stored key that `key` is equivalent to, and its object.
    #[must_use]
    pub fn get_key_value<Q: ?Sized + Hash + Equivalent<K>>(
        &self,
        key: &Q,
    ) -> Option<(Shared<O, K>, O)> {
        let query = ByKey::new(key, &self.hasher);
        self.container.get().get(&query, key_and_value)
    }

    /// Whether there is a living object under `key`.
    #[inline]
    #[must_use]
    pub fn contains_key<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> bool {
        let query = ByKey::new(key, &self.hasher);
        self.container.get().get(&query, |_| Some(())).is_some()
    }

    /// Removes the entry of `key`; gives its object.
    pub fn remove<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<O> {
        let (key, value) = self.remove_entry(key)?;
        Some(drop_first(key, value))
    }

    /// Removes the entry of `key`; gives the stored key and the object.
    pub fn remove_entry<Q: ?Sized + Hash + Equivalent<K>>(
        &self,
        key: &Q,
    ) -> Option<(Shared<O, K>, O)> {
        let query = ByKey::new(key, &self.hasher);
        let entry = self.container.get().take(&query)?;
        entry.referent.upgrade().map(|value| (entry.payload, value))
    }

    /// Removes the entry of `key` if `condition` holds for it; gives the stored key and the object.
    ///
    /// `condition` runs outside of all locks: if the object has been changed meanwhile, the entry stays.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let map = WeakValueMap::new();
    /// let object = Arc::new(Tracked::new(1));
    /// map.insert("key", &object);
    /// assert!(map.remove_if("key", |_, object| ***object > 1).is_none());
    /// assert!(map.remove_if("key", |_, object| ***object == 1).is_some());
    /// ```
    pub fn remove_if<Q: ?Sized + Hash + Equivalent<K>>(
        &self,
        key: &Q,
        condition: impl FnOnce(&Shared<O, K>, &O) -> bool,
    ) -> Option<(Shared<O, K>, O)> {
        let query = ByKey::new(key, &self.hasher);
        let read =
            |entry: &Entry<O, Shared<O, K>, E>| Some((entry.watch.clone(), key_and_value(entry)?));
        let (watch, (key, value)) = self.container.get().get(&query, read)?;
        if !condition(&key, &value) {
            return None;
        }
        let hash = Query::<O, Shared<O, K>, E>::hash(&query);
        // An entry whose object has been replaced has another place on another list. What this one owned is `key`: this
        // is not the last one of it.
        self.container.get().take_watched(hash, &watch, |_| true)?;
        Some((key, value))
    }

    /// The object under `key`, or else the one that `make` makes, after storing it there.
    ///
    /// Threads that want the object of the same key at the same time get the same: `make` is called by
    /// one of them, outside of all locks, while the others wait. If it panics, the next one's is called.
    /// So `make` must not wait for another thread (join it, or receive from it) that wants the same: both would wait for
    /// ever ([details](crate::docs::limitations#factories-that-wait)).
    ///
    /// # Panics
    /// If `make` does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let numbers = WeakValueMap::new();
    /// let one = numbers.get_or_insert_with(1, || Arc::new(Tracked::new("one")));
    /// let same = numbers.get_or_insert_with(1, || unreachable!());
    /// assert!(Arc::ptr_eq(&one, &same));
    /// ```
    #[must_use = "without a strong reference the object dies"]
    pub fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> O) -> O {
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
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let texts: WeakValueMap<&str, Tracked<String>> = WeakValueMap::new();
    /// let read = || std::fs::read_to_string("no such file").map(|text| Arc::new(text.into()));
    /// assert!(texts.get_or_try_insert_with("no such file", read).is_err());
    /// assert!(texts.is_empty());
    /// ```
    pub fn get_or_try_insert_with<X>(
        &self,
        key: K,
        make: impl FnOnce() -> Result<O, X>,
    ) -> Result<O, X> {
        if let Some(present) = self.get(&key) {
            return Ok(drop_first(key, present));
        }
        let key = Shared::<O, K>::new(key);
        let query = ByKey::new(&*key, &self.hasher);
        let read = |entry: &Entry<O, Shared<O, K>, E>| entry.referent.upgrade();
        let result = self.container.get().get_or_make(&query, read, || {
            let made = make()?;
            Ok(
                match self.container.get().put_or_upgrade(&query, &made, &key) {
                    None => made,
                    Some(present) => drop_first(made, present),
                },
            )
        });
        drop_first(key, result)
    }

    /// As [`get_or_insert_with`](Self::get_or_insert_with), with a key that is made only where there is no object: by
    /// `From<&Q>`, as a `String` or an `Arc<str>` is made from a `&str`.
    ///
    /// # Panics
    /// If `make` does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let files: WeakValueMap<String, Tracked<usize>> = WeakValueMap::new();
    /// let first = files.get_or_insert_with_ref("a.txt", || Arc::new(Tracked::new(11)));
    /// let second = files.get_or_insert_with_ref("a.txt", || unreachable!()); // no `String` is made
    /// assert!(Arc::ptr_eq(&first, &second));
    /// ```
    #[must_use = "without a strong reference the object dies"]
    pub fn get_or_insert_with_ref<'a, Q>(&self, key: &'a Q, make: impl FnOnce() -> O) -> O
    where
        Q: ?Sized + Hash + Equivalent<K>,
        K: From<&'a Q>,
    {
        let make = || Ok::<_, Infallible>(make());
        let Ok(value) = self.get_or_try_insert_with_ref(key, make);
        value
    }

    /// As [`get_or_insert_with_ref`](Self::get_or_insert_with_ref), with a `make` that may fail.
    ///
    /// # Errors
    /// That of `make`.
    ///
    /// # Panics
    /// If `make` does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let texts: WeakValueMap<String, Tracked<String>> = WeakValueMap::new();
    /// let read = |path: &str| std::fs::read_to_string(path).map(|text| Arc::new(text.into()));
    /// assert!(texts.get_or_try_insert_with_ref("no such file", || read("no such file")).is_err());
    /// ```
    pub fn get_or_try_insert_with_ref<'a, Q, X>(
        &self,
        key: &'a Q,
        make: impl FnOnce() -> Result<O, X>,
    ) -> Result<O, X>
    where
        Q: ?Sized + Hash + Equivalent<K>,
        K: From<&'a Q>,
    {
        match self.get(key) {
            Some(present) => Ok(present),
            None => self.get_or_try_insert_with(K::from(key), make),
        }
    }

    /// Stores every object under its key, as [`insert`](Self::insert) does.
    pub fn extend<I: IntoIterator<Item = (K, A)>, A: Borrow<O>>(&self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value.borrow());
        }
    }

    /// Computes the object under `key` from the present one: `change` gets it, if there is one, and
    /// gives the new one, or `None` to remove the entry. Returns the new one.
    ///
    /// `change` runs outside of all locks. If the entry has been changed meanwhile, by another thread
    /// or by `change` itself, it is called again with what is there then: nothing is lost. Where that does not end, because
    /// `change` itself changes the entry each time, the result of its thousand and first call counts.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakValueMap};
    ///
    /// let settings = WeakValueMap::new();
    /// let next = |old: Option<Arc<Tracked<u32>>>| {
    ///     Some(Arc::new(Tracked::new(old.map_or(1, |old| **old + 1))))
    /// };
    /// let first = settings.update("revision", next);
    /// let second = settings.update("revision", next);
    /// assert_eq!((**first.unwrap(), **second.unwrap()), (1, 2));
    /// ```
    pub fn update(&self, key: K, mut change: impl FnMut(Option<O>) -> Option<O>) -> Option<O> {
        let key = Shared::<O, K>::new(key);
        let query = ByKey::new(&*key, &self.hasher);
        let read = |entry: &Entry<O, Shared<O, K>, E>| entry.referent.upgrade();
        for _ in 0..ATTEMPTS {
            let Some(present) = self.container.get().get(&query, read) else {
                let value = change(None)?;
                let payload = key.clone();
                match self
                    .container
                    .get()
                    .put(&query, &value, payload, |_, _| Ok(()))
                {
                    None => return Some(drop_first(key, value)),
                    Some(_) => continue,
                }
            };
            let new = change(Some(present.clone()));
            let is_present = |entry: &Entry<O, Shared<O, K>, E>| {
                entry.referent.as_ptr().addr() == home_of(&present)
            };
            let changed = match &new {
                Some(new) => self
                    .container
                    .get()
                    .replace_if(&query, new, key.clone(), is_present),
                None => {
                    let taken = self.container.get().take_if(&query, is_present);
                    let is_taken = taken.is_some();
                    drop_entries(taken);
                    is_taken
                }
            };
            if changed {
                return drop_first((key, present), new);
            }
        }
        let new = change(self.container.get().get(&query, read));
        let replaced = match &new {
            Some(new) => self.store_under(&key, new),
            None => self.remove(&*key),
        };
        drop_first((key, replaced), new)
    }

    /// Another map with the same entries; it shares the keys.
    #[must_use]
    pub fn copy(&self) -> Self
    where
        S: Clone,
    {
        let copy = Self::with_hasher(self.hasher.clone());
        for (key, value) in self {
            copy.store_under(&key, &value);
        }
        copy
    }

    fn store_under(&self, key: &Shared<O, K>, value: &O) -> Option<O> {
        let query = ByKey::new(&**key, &self.hasher);
        self.container.get().replace(&query, value, key.clone())
    }
}

fn key_and_value<K, O: Owner, E: Eviction<O, Shared<O, K>>>(
    entry: &Entry<O, Shared<O, K>, E>,
) -> Option<(Shared<O, K>, O)> {
    Some((entry.payload.clone(), entry.referent.upgrade()?))
}
