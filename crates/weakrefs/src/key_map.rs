//! [`WeakKeyMap`]: what belongs to objects, kept beside them until they die.

use crate::containers::{
    ATTEMPTS, ByEquivalent, ByIdentity, ByReferent, Container, Drained, Entry, Keying, Walk,
    drop_entries,
};
use crate::drop_first::drop_first;
use crate::slot::WeakReferenceable;
use equivalent::Equivalent;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::iter::FusedIterator;
use std::mem;
use std::sync::Arc;
use weakrefs_table::NoRoom;

/// A map from weakly referenced objects to values, in the order of insertion: an entry leaves it, and
/// its value is dropped, the moment the key dies (S2, S17).
///
/// Keys are told apart by `Hash` and `Eq`, or by identity in a [`PtrWeakKeyMap`]. All methods take
/// `&self`; values are given as [`Arc`]s. A clone is another handle to the same map. A value that
/// owns its own key keeps it alive for ever (see [limitations](crate::docs::limitations)).
///
/// Cost: O(1) for single entries; two small allocations for a key that is weakly referenced for the
/// first time and one for the value. `len` is exact (S20).
/// Thread-safety: `Send` and `Sync`; `Hash`, `Eq` and destructors run outside of the map's locks, and
/// may use the map (S18, S33).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakKeyMap};
///
/// let sizes = WeakKeyMap::new();
/// let file = Arc::new(Tracked::new("a.txt"));
/// sizes.insert(&file, 11);
/// assert_eq!(sizes.get(&file).as_deref(), Some(&11));
///
/// drop(file);
/// assert!(sizes.is_empty());
/// ```
pub struct WeakKeyMap<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S = RandomState> {
    container: Arc<Container<K, Arc<V>>>,
    keying: S,
}

/// A [`WeakKeyMap`] that tells its keys apart by identity, for types without `Hash` and `Eq`.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{PtrWeakKeyMap, Tracked};
///
/// let notes: PtrWeakKeyMap<Tracked<f64>, &str> = PtrWeakKeyMap::default();
/// let number = Arc::new(Tracked::new(f64::NAN));
/// notes.insert(&number, "not a number");
/// assert!(notes.contains_key(&number));
/// ```
pub type PtrWeakKeyMap<K, V> = WeakKeyMap<K, V, ByIdentity>;

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static> WeakKeyMap<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::with_hasher(RandomState::new())
    }

    /// An empty map with room for about `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let map = Self::new();
        map.reserve(capacity);
        map
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S> WeakKeyMap<K, V, S> {
    /// An empty map whose keys are hashed by `hasher`, or told apart [`ByIdentity`].
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Self {
            container: Container::new(),
            keying: hasher,
        }
    }

    /// How many entries there are. O(1): it takes each lock of the map once, and so meets all
    /// threads that use it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.container.len()
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
    pub fn iter(&self) -> Iter<K, V> {
        Iter {
            walk: Walk::new(&self.container),
        }
    }

    /// The keys, as [`iter`](Self::iter) gives them: each an [`Arc`] of its own, as is the value that is passed over.
    pub fn keys(&self) -> impl FusedIterator<Item = Arc<K>> + use<K, V, S> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, as [`iter`](Self::iter) gives them: each an [`Arc`] of its own, as is the key that is passed over.
    pub fn values(&self) -> impl FusedIterator<Item = Arc<V>> + use<K, V, S> {
        self.iter().map(|(_, value)| value)
    }

    /// Takes out the newest entry.
    pub fn pop(&self) -> Option<(Arc<K>, Arc<V>)> {
        self.container.pop()
    }

    /// Removes every entry.
    pub fn clear(&self) {
        self.container.clear();
    }

    /// Takes every entry out, in the order of insertion. The map is empty at once, whether the iterator
    /// is used or not.
    pub fn drain(&self) -> Drain<K, V> {
        Drain {
            drained: Drained::new(self.container.take_all()),
        }
    }

    /// Removes the entries for which `keep` is false. `keep` runs outside of all locks; an entry whose
    /// value has been changed meanwhile stays.
    pub fn retain(&self, mut keep: impl FnMut(&Arc<K>, &Arc<V>) -> bool) {
        let mut walk = Walk::new(&self.container);
        while let Some((hash, watch, key, value)) = walk.next(|hash, entry| {
            let key = entry.referent.upgrade()?;
            Some((hash, entry.watch.clone(), key, Arc::clone(&entry.payload)))
        }) {
            if !keep(&key, &value) {
                let is_judged = |entry: &Entry<K, Arc<V>>| Arc::ptr_eq(&entry.payload, &value);
                drop_entries(self.container.take_watched(hash, &watch, is_judged));
            }
        }
    }

    /// Makes room for `additional` more entries.
    pub fn reserve(&self, additional: usize) {
        self.container.reserve(additional);
    }

    /// Whether both are handles of the same map.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.container, &other.container)
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S: Keying<K>> WeakKeyMap<K, V, S> {
    /// Containers `value` for `key`; gives the value that it replaces. An equal key that is there stays,
    /// and the entry lives as long as that (S19).
    pub fn insert(&self, key: &Arc<K>, value: V) -> Option<Arc<V>> {
        self.insert_arc(key, Arc::new(value))
    }

    /// As [`insert`](Self::insert), for a value that is shared.
    pub fn insert_arc(&self, key: &Arc<K>, value: Arc<V>) -> Option<Arc<V>> {
        let query = ByReferent::new(&**key, &self.keying);
        let new = Arc::clone(&value);
        self.container.put(&query, key, value, |table, at| {
            Ok(mem::replace(&mut table.get_mut(at)?.payload, new))
        })
    }

    /// The value of an equal key.
    #[inline]
    #[must_use]
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        let query = ByReferent::new(key, &self.keying);
        self.container
            .get(&query, |entry| Some(Arc::clone(&entry.payload)))
    }

    /// The key that equals `key`, and its value.
    #[must_use]
    pub fn get_key_value(&self, key: &K) -> Option<(Arc<K>, Arc<V>)> {
        self.container
            .get(&ByReferent::new(key, &self.keying), key_and_value)
    }

    /// Whether an equal key is there.
    #[inline]
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        let query = ByReferent::new(key, &self.keying);
        self.container.get(&query, |_| Some(())).is_some()
    }

    /// Removes the entry of an equal key; gives its value.
    pub fn remove(&self, key: &K) -> Option<Arc<V>> {
        let query = ByReferent::new(key, &self.keying);
        self.container.take(&query).map(|entry| entry.payload)
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
    pub fn get_or_insert_with(&self, key: &Arc<K>, make: impl FnOnce() -> V) -> Arc<V> {
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
    pub fn get_or_try_insert_with<E>(
        &self,
        key: &Arc<K>,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        let query = ByReferent::new(&**key, &self.keying);
        let read = |entry: &Entry<K, Arc<V>>| Some(Arc::clone(&entry.payload));
        self.container.get_or_make(&query, read, || {
            let value = Arc::new(make()?);
            let shared = Arc::clone(&value);
            let present = self.container.put(&query, key, shared, |table, at| {
                Ok(Arc::clone(&table.get(at).ok_or(NoRoom)?.payload))
            });
            Ok(match present {
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
        key: &Arc<K>,
        mut change: impl FnMut(Option<Arc<V>>) -> Option<V>,
    ) -> Option<Arc<V>> {
        let query = ByReferent::new(&**key, &self.keying);
        for _ in 0..ATTEMPTS {
            let Some(present) = self.get(key) else {
                let value = Arc::new(change(None)?);
                let shared = Arc::clone(&value);
                match self.container.put(&query, key, shared, |_, _| Ok(())) {
                    None => return Some(value),
                    Some(_) => continue,
                }
            };
            let new = change(Some(Arc::clone(&present))).map(Arc::new);
            let is_present = |entry: &Entry<K, Arc<V>>| Arc::ptr_eq(&entry.payload, &present);
            // What is replaced or removed is `present`: this is not the last one of it.
            let changed = match &new {
                Some(new) => self.container.change_if(&query, is_present, |entry| {
                    entry.payload = Arc::clone(new);
                }),
                None => self.container.take_if(&query, is_present).is_some(),
            };
            if changed {
                return drop_first(present, new);
            }
        }
        let new = change(self.get(key)).map(Arc::new);
        let replaced = match &new {
            Some(new) => self.insert_arc(key, Arc::clone(new)),
            None => self.remove(key),
        };
        drop_first(replaced, new)
    }

    /// Another map with the same entries; it shares the values.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::with_hasher(self.keying.clone());
        for (key, value) in self {
            copy.insert_arc(&key, value);
        }
        copy
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S: BuildHasher> WeakKeyMap<K, V, S> {
    /// The key that `key` is equivalent to, and its value: looks for an entry without having its key.
    ///
    /// `key` must hash as the entry's key does; a `Borrow` implementation makes it equivalent.
    #[must_use]
    pub fn find<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<(Arc<K>, Arc<V>)> {
        self.container
            .get(&ByEquivalent::new(key, &self.keying), key_and_value)
    }
}

fn key_and_value<K: ?Sized, V>(entry: &Entry<K, Arc<V>>) -> Option<(Arc<K>, Arc<V>)> {
    Some((entry.referent.upgrade()?, Arc::clone(&entry.payload)))
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S: Clone> Clone
    for WeakKeyMap<K, V, S>
{
    fn clone(&self) -> Self {
        Self {
            container: Arc::clone(&self.container),
            keying: self.keying.clone(),
        }
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S: Default> Default
    for WeakKeyMap<K, V, S>
{
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

/// Prints a key as [`std::sync::Weak`] does, `(Weak)`: an object that knows its map would print itself for ever. The
/// values, which the map owns, are printed as they are.
impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static + fmt::Debug, S> fmt::Debug
    for WeakKeyMap<K, V, S>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self
            .iter()
            .map(|(key, value)| (Arc::downgrade(&key), value));
        f.debug_map().entries(entries).finish()
    }
}

/// Maps are equal if they have equal keys with equal values.
impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static + PartialEq, S: Keying<K>> PartialEq
    for WeakKeyMap<K, V, S>
{
    fn eq(&self, other: &Self) -> bool {
        // Not by `len`, which may count the dead of whom nobody told.
        self.iter().count() == other.iter().count()
            && self
                .iter()
                .all(|(key, value)| other.get(&key).is_some_and(|other| *other == *value))
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static + Eq, S: Keying<K>> Eq
    for WeakKeyMap<K, V, S>
{
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S: Keying<K>> Extend<(Arc<K>, V)>
    for WeakKeyMap<K, V, S>
{
    fn extend<I: IntoIterator<Item = (Arc<K>, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(&key, value);
        }
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S: Keying<K> + Default>
    FromIterator<(Arc<K>, V)> for WeakKeyMap<K, V, S>
{
    fn from_iter<I: IntoIterator<Item = (Arc<K>, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S> IntoIterator
    for &WeakKeyMap<K, V, S>
{
    type Item = (Arc<K>, Arc<V>);
    type IntoIter = Iter<K, V>;

    fn into_iter(self) -> Iter<K, V> {
        self.iter()
    }
}

/// The entries of a [`WeakKeyMap`], as they were when [`iter`](WeakKeyMap::iter) was called.
#[must_use = "iterators are lazy"]
pub struct Iter<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static> {
    walk: Walk<K, Arc<V>>,
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static> Iterator for Iter<K, V> {
    type Item = (Arc<K>, Arc<V>);

    fn next(&mut self) -> Option<Self::Item> {
        self.walk.next(|_, entry| key_and_value(entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.walk.remaining()))
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static> FusedIterator for Iter<K, V> {}

/// What [`WeakKeyMap::drain`] took out.
pub struct Drain<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static> {
    drained: Drained<K, Arc<V>>,
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static> Iterator for Drain<K, V> {
    type Item = (Arc<K>, Arc<V>);

    fn next(&mut self) -> Option<Self::Item> {
        self.drained.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.drained.size_hint()
    }
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static> FusedIterator for Drain<K, V> {}
