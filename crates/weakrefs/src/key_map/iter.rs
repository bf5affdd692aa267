//! The iterators of a [`WeakKeyMap`].

use crate::containers::{Drained, Entry, Eviction, Extract, Walk, iterators};
use crate::drop_first::drop_first;
use crate::key_map::WeakKeyMap;
use crate::owner::sealed::Owner as _;
use crate::owner::{Owner, Shared};
use std::fmt;
use std::iter::FusedIterator;

iterators! {
    /// The entries of a [`WeakKeyMap`], as they were when [`iter`](WeakKeyMap::iter) was called.
    pub struct Iter[O: Owner, V, E: Eviction<O, Shared<O, V>>][O, V, E] over Walk<O, Shared<O, V>, E>;
    |walk| -> (O, Shared<O, V>) { walk.step::<_, BACK>(|_, value| value.clone()) }

    /// The keys of a [`WeakKeyMap`], as they were when [`keys`](WeakKeyMap::keys) was called.
    pub struct Keys[O: Owner, V, E: Eviction<O, Shared<O, V>>][O, V, E] over Walk<O, Shared<O, V>, E>;
    |walk| -> O { walk.step::<_, BACK>(|_, _| ()).map(|(key, ())| key) }

    /// The values of a [`WeakKeyMap`], as they were when [`values`](WeakKeyMap::values) was called.
    pub struct Values[O: Owner, V, E: Eviction<O, Shared<O, V>>][O, V, E] over Walk<O, Shared<O, V>, E>;
    |walk| -> Shared<O, V> { walk.step::<_, BACK>(|_, value| value.clone()).map(|(referent, value)| drop_first(referent, value)) }

    /// What [`WeakKeyMap::drain`] took out. It keeps no key alive.
    pub struct Drain[O: Owner, V, E: Eviction<O, Shared<O, V>>][O, V, E] over Drained<O, Shared<O, V>, E>;
    |drained| -> (O, Shared<O, V>) { drained.step::<BACK>() }
}

/// What a map that is consumed gives: its entries, as [`iter`](WeakKeyMap::iter) gives them. They stay in the map, which
/// may have other handles.
pub type IntoIter<O, V, E> = Iter<O, V, E>;

/// The entries that [`WeakKeyMap::extract_if`] takes out.
#[must_use = "iterators are lazy: nothing is taken out until it is asked for"]
pub struct ExtractIf<O: Owner, V, E: Eviction<O, Shared<O, V>>, F> {
    pub(super) extract: Extract<O, Shared<O, V>, E>,
    pub(super) condition: F,
}

impl<O, V, E, F> Iterator for ExtractIf<O, V, E, F>
where
    O: Owner,
    E: Eviction<O, Shared<O, V>>,
    F: FnMut(&O, &Shared<O, V>) -> bool,
{
    type Item = (O, Shared<O, V>);

    fn next(&mut self) -> Option<Self::Item> {
        let condition = &mut self.condition;
        self.extract.next(
            |key, value| (key, value),
            |(key, value)| condition(key, value),
            |entry: &Entry<O, Shared<O, V>, E>, (_, value)| entry.payload.ptr_eq(value),
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.remaining()))
    }
}

impl<O, V, E, F> FusedIterator for ExtractIf<O, V, E, F>
where
    O: Owner,
    E: Eviction<O, Shared<O, V>>,
    F: FnMut(&O, &Shared<O, V>) -> bool,
{
}

impl<O: Owner, V, E: Eviction<O, Shared<O, V>>, F> fmt::Debug for ExtractIf<O, V, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("remaining", &self.extract.remaining())
            .finish_non_exhaustive()
    }
}

impl<O: Owner, V, S, E: Eviction<O, Shared<O, V>>> IntoIterator for &WeakKeyMap<O, V, S, E> {
    type Item = (O, Shared<O, V>);
    type IntoIter = Iter<O, V, E>;

    fn into_iter(self) -> Iter<O, V, E> {
        self.iter()
    }
}

impl<O: Owner, V, S, E: Eviction<O, Shared<O, V>>> IntoIterator for WeakKeyMap<O, V, S, E> {
    type Item = (O, Shared<O, V>);
    type IntoIter = IntoIter<O, V, E>;

    fn into_iter(self) -> IntoIter<O, V, E> {
        self.iter()
    }
}
