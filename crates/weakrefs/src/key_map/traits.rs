//! The traits of the standard library that a [`WeakKeyMap`] has, but for its iterators.

use super::WeakKeyMap;
use crate::containers::{ByValue, Eviction, Keying};
use crate::hashing::RandomState;
use crate::owner::{Owner, Shared};
use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;

impl<O: Owner, V, S: Clone, E: Eviction<O, Shared<O, V>>> Clone for WeakKeyMap<O, V, S, E> {
    fn clone(&self) -> Self {
        Self {
            container: self.container.clone(),
            keying: self.keying.clone(),
        }
    }
}

impl<O: Owner, V, S: Default, E: Eviction<O, Shared<O, V>>> Default for WeakKeyMap<O, V, S, E> {
    fn default() -> Self {
        Self::keyed(S::default())
    }
}

/// Prints a key as [`std::sync::Weak`] does, `(Weak)`: an object that knows its map would print itself for ever. The
/// values, which the map owns, are printed as they are.
impl<O: Owner, V: fmt::Debug, S, E: Eviction<O, Shared<O, V>>> fmt::Debug
    for WeakKeyMap<O, V, S, E>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in self {
            map.entry(&key.downgrade(), &&*value);
        }
        map.finish()
    }
}

/// Maps are equal if they have equal keys with equal values.
impl<O: Owner, V: PartialEq, S: Keying<O::Target>, E: Eviction<O, Shared<O, V>>> PartialEq
    for WeakKeyMap<O, V, S, E>
{
    fn eq(&self, other: &Self) -> bool {
        // Not by `len`, which may count the dead of whom nobody told.
        self.iter().count() == other.iter().count()
            && self
                .iter()
                .all(|(key, value)| other.get(&key).is_some_and(|other| *other == *value))
    }
}

impl<O: Owner, V: Eq, S: Keying<O::Target>, E: Eviction<O, Shared<O, V>>> Eq
    for WeakKeyMap<O, V, S, E>
{
}

impl<O, V, S, E, A> Extend<(A, V)> for WeakKeyMap<O, V, S, E>
where
    O: Owner,
    E: Eviction<O, Shared<O, V>>,
    S: Keying<O::Target>,
    A: Borrow<O>,
{
    fn extend<I: IntoIterator<Item = (A, V)>>(&mut self, entries: I) {
        Self::extend(self, entries);
    }
}

impl<O, V, S, E, A> Extend<(A, V)> for &WeakKeyMap<O, V, S, E>
where
    O: Owner,
    E: Eviction<O, Shared<O, V>>,
    S: Keying<O::Target>,
    A: Borrow<O>,
{
    fn extend<I: IntoIterator<Item = (A, V)>>(&mut self, entries: I) {
        WeakKeyMap::extend(self, entries);
    }
}

impl<O, V, S, E, A> FromIterator<(A, V)> for WeakKeyMap<O, V, S, E>
where
    O: Owner,
    E: Eviction<O, Shared<O, V>>,
    S: Keying<O::Target> + Default,
    A: Borrow<O>,
{
    fn from_iter<I: IntoIterator<Item = (A, V)>>(entries: I) -> Self {
        let map = Self::default();
        map.extend(entries);
        map
    }
}

impl<O, V, E, A, const N: usize> From<[(A, V); N]> for WeakKeyMap<O, V, ByValue<RandomState>, E>
where
    O: Owner<Target: Hash + Eq>,
    E: Eviction<O, Shared<O, V>>,
    A: Borrow<O>,
{
    fn from(entries: [(A, V); N]) -> Self {
        entries.into_iter().collect()
    }
}
