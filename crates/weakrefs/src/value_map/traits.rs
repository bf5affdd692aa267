//! The traits of the standard library that a [`WeakValueMap`] has, but for its iterators.

use super::WeakValueMap;
use crate::containers::Eviction;
use crate::hashing::RandomState;
use crate::owner::{Owner, Shared};
use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};

impl<K, O: Owner, S: Clone, E: Eviction<O, Shared<O, K>>> Clone for WeakValueMap<K, O, S, E> {
    fn clone(&self) -> Self {
        Self {
            container: self.container.clone(),
            hasher: self.hasher.clone(),
        }
    }
}

impl<K, O: Owner, S: Default, E: Eviction<O, Shared<O, K>>> Default for WeakValueMap<K, O, S, E> {
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

/// Prints an object as [`std::sync::Weak`] does, `(Weak)`: one that knows its map would print itself for ever. The keys,
/// which the map owns, are printed as they are.
impl<K: fmt::Debug, O: Owner, S, E: Eviction<O, Shared<O, K>>> fmt::Debug
    for WeakValueMap<K, O, S, E>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in self {
            map.entry(&&*key, &value.downgrade());
        }
        map.finish()
    }
}

/// Maps are equal if they have equal keys with equal values.
impl<K: Hash + Eq, O: Owner<Target: PartialEq>, S: BuildHasher, E: Eviction<O, Shared<O, K>>>
    PartialEq for WeakValueMap<K, O, S, E>
{
    fn eq(&self, other: &Self) -> bool {
        // Not by `len`, which may count the dead of whom nobody told.
        self.iter().count() == other.iter().count()
            && self
                .iter()
                .all(|(key, value)| other.get(&*key).is_some_and(|other| *other == *value))
    }
}

impl<K: Hash + Eq, O: Owner<Target: Eq>, S: BuildHasher, E: Eviction<O, Shared<O, K>>> Eq
    for WeakValueMap<K, O, S, E>
{
}

impl<K, O, S, E, A> Extend<(K, A)> for WeakValueMap<K, O, S, E>
where
    K: Hash + Eq,
    O: Owner,
    S: BuildHasher,
    E: Eviction<O, Shared<O, K>>,
    A: Borrow<O>,
{
    fn extend<I: IntoIterator<Item = (K, A)>>(&mut self, entries: I) {
        Self::extend(self, entries);
    }
}

impl<K, O, S, E, A> Extend<(K, A)> for &WeakValueMap<K, O, S, E>
where
    K: Hash + Eq,
    O: Owner,
    S: BuildHasher,
    E: Eviction<O, Shared<O, K>>,
    A: Borrow<O>,
{
    fn extend<I: IntoIterator<Item = (K, A)>>(&mut self, entries: I) {
        WeakValueMap::extend(self, entries);
    }
}

impl<K, O, S, E, A> FromIterator<(K, A)> for WeakValueMap<K, O, S, E>
where
    K: Hash + Eq,
    O: Owner,
    S: BuildHasher + Default,
    E: Eviction<O, Shared<O, K>>,
    A: Borrow<O>,
{
    fn from_iter<I: IntoIterator<Item = (K, A)>>(entries: I) -> Self {
        let map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K, O, E, A, const N: usize> From<[(K, A); N]> for WeakValueMap<K, O, RandomState, E>
where
    K: Hash + Eq,
    O: Owner,
    E: Eviction<O, Shared<O, K>>,
    A: Borrow<O>,
{
    fn from(entries: [(K, A); N]) -> Self {
        entries.into_iter().collect()
    }
}
