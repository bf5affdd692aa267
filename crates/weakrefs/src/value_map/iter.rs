//! The iterators of a [`WeakValueMap`].

use crate::containers::{Drained, Entry, Eviction, Extract, Walk, iterators};
use crate::drop_first::drop_first;
use crate::owner::{Owner, Shared};
use crate::value_map::WeakValueMap;
use std::fmt;
use std::iter::FusedIterator;

iterators! {
    /// The entries of a [`WeakValueMap`], as they were when [`iter`](WeakValueMap::iter) was called.
    pub struct Iter[K, O: Owner, E: Eviction<O, Shared<O, K>>][K, O, E] over Walk<O, Shared<O, K>, E>;
    |walk| -> (Shared<O, K>, O) { walk.step::<_, BACK>(|_, key| key.clone()).map(|(value, key)| (key, value)) }

    /// The keys of a [`WeakValueMap`], as they were when [`keys`](WeakValueMap::keys) was called.
    pub struct Keys[K, O: Owner, E: Eviction<O, Shared<O, K>>][K, O, E] over Walk<O, Shared<O, K>, E>;
    |walk| -> Shared<O, K> { walk.step::<_, BACK>(|_, key| key.clone()).map(|(referent, key)| drop_first(referent, key)) }

    /// The objects of a [`WeakValueMap`], as they were when [`values`](WeakValueMap::values) was called.
    pub struct Values[K, O: Owner, E: Eviction<O, Shared<O, K>>][K, O, E] over Walk<O, Shared<O, K>, E>;
    |walk| -> O { walk.step::<_, BACK>(|_, _| ()).map(|(value, ())| value) }

    /// What [`WeakValueMap::drain`] took out. It keeps no object alive.
    pub struct Drain[K, O: Owner, E: Eviction<O, Shared<O, K>>][K, O, E] over Drained<O, Shared<O, K>, E>;
    |drained| -> (Shared<O, K>, O) { drained.step::<BACK>().map(|(value, key)| (key, value)) }
}

/// What a map that is consumed gives: its entries, as [`iter`](WeakValueMap::iter) gives them. They stay in the map, which
/// may have other handles.
pub type IntoIter<K, O, E> = Iter<K, O, E>;

/// The entries that [`WeakValueMap::extract_if`] takes out.
#[must_use = "iterators are lazy: nothing is taken out until it is asked for"]
pub struct ExtractIf<K, O: Owner, E: Eviction<O, Shared<O, K>>, F> {
    pub(super) extract: Extract<O, Shared<O, K>, E>,
    pub(super) condition: F,
}

impl<K, O, E, F> Iterator for ExtractIf<K, O, E, F>
where
    O: Owner,
    E: Eviction<O, Shared<O, K>>,
    F: FnMut(&Shared<O, K>, &O) -> bool,
{
    type Item = (Shared<O, K>, O);

    fn next(&mut self) -> Option<Self::Item> {
        let condition = &mut self.condition;
        self.extract.next(
            |value, key| (key, value),
            |(key, value)| condition(key, value),
            |_: &Entry<O, Shared<O, K>, E>, _| true,
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.remaining()))
    }
}

impl<K, O, E, F> FusedIterator for ExtractIf<K, O, E, F>
where
    O: Owner,
    E: Eviction<O, Shared<O, K>>,
    F: FnMut(&Shared<O, K>, &O) -> bool,
{
}

impl<K, O: Owner, E: Eviction<O, Shared<O, K>>, F> fmt::Debug for ExtractIf<K, O, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("remaining", &self.extract.remaining())
            .finish_non_exhaustive()
    }
}

impl<K, O: Owner, S, E: Eviction<O, Shared<O, K>>> IntoIterator for &WeakValueMap<K, O, S, E> {
    type Item = (Shared<O, K>, O);
    type IntoIter = Iter<K, O, E>;

    fn into_iter(self) -> Iter<K, O, E> {
        self.iter()
    }
}

impl<K, O: Owner, S, E: Eviction<O, Shared<O, K>>> IntoIterator for WeakValueMap<K, O, S, E> {
    type Item = (Shared<O, K>, O);
    type IntoIter = IntoIter<K, O, E>;

    fn into_iter(self) -> IntoIter<K, O, E> {
        self.iter()
    }
}
