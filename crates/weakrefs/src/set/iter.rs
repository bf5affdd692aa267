//! The iterators of a [`WeakSet`].

use crate::containers::{Drained, Eviction, Extract, Walk, iterators};
use crate::owner::Owner;
use crate::set::WeakSet;
use std::fmt;
use std::iter::FusedIterator;

iterators! {
    /// The elements of a [`WeakSet`], as they were when [`iter`](WeakSet::iter) was called.
    pub struct Iter[O: Owner, E: Eviction<O, ()>][O, E] over Walk<O, (), E>;
    |walk| -> O { walk.step::<_, BACK>(|_, ()| ()).map(|(element, ())| element) }

    /// What [`WeakSet::drain`] took out. It keeps no element alive.
    pub struct Drain[O: Owner, E: Eviction<O, ()>][O, E] over Drained<O, (), E>;
    |drained| -> O { drained.step::<BACK>().map(|(element, ())| element) }
}

/// What a set that is consumed gives: its elements, as [`iter`](WeakSet::iter) gives them. They stay in the set, which may
/// have other handles.
pub type IntoIter<O, E> = Iter<O, E>;

/// The elements that [`WeakSet::extract_if`] takes out.
#[must_use = "iterators are lazy: nothing is taken out until it is asked for"]
pub struct ExtractIf<O: Owner, E: Eviction<O, ()>, F> {
    pub(super) extract: Extract<O, (), E>,
    pub(super) condition: F,
}

impl<O, E, F> Iterator for ExtractIf<O, E, F>
where
    O: Owner,
    E: Eviction<O, ()>,
    F: FnMut(&O) -> bool,
{
    type Item = O;

    fn next(&mut self) -> Option<O> {
        self.extract
            .next(|element, ()| element, &mut self.condition, |_, _| true)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.remaining()))
    }
}

impl<O, E, F> FusedIterator for ExtractIf<O, E, F>
where
    O: Owner,
    E: Eviction<O, ()>,
    F: FnMut(&O) -> bool,
{
}

impl<O: Owner, E: Eviction<O, ()>, F> fmt::Debug for ExtractIf<O, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("remaining", &self.extract.remaining())
            .finish_non_exhaustive()
    }
}

impl<O: Owner, S, E: Eviction<O, ()>> IntoIterator for &WeakSet<O, S, E> {
    type Item = O;
    type IntoIter = Iter<O, E>;

    fn into_iter(self) -> Iter<O, E> {
        self.iter()
    }
}

impl<O: Owner, S, E: Eviction<O, ()>> IntoIterator for WeakSet<O, S, E> {
    type Item = O;
    type IntoIter = IntoIter<O, E>;

    fn into_iter(self) -> IntoIter<O, E> {
        self.iter()
    }
}
