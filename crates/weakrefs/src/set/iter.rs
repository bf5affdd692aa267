//! The iterators of a [`WeakSet`].

use crate::containers::{Drained, Extract, Walk, iterators};
use crate::set::WeakSet;
use crate::slot::WeakReferenceable;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;

iterators! {
    /// The elements of a [`WeakSet`], as they were when [`iter`](WeakSet::iter) was called.
    pub struct Iter[T: ?Sized + WeakReferenceable][T] over Walk<T, ()>;
    |walk| -> Arc<T> { walk.step::<_, BACK>(|_, entry| entry.referent.upgrade()) }

    /// What [`WeakSet::drain`] took out. It keeps no element alive.
    pub struct Drain[T: ?Sized + WeakReferenceable][T] over Drained<T, ()>;
    |drained| -> Arc<T> { drained.step::<BACK>().map(|(element, ())| element) }
}

/// What a set that is consumed gives: its elements, as [`iter`](WeakSet::iter) gives them. They stay in the set, which may
/// have other handles.
pub type IntoIter<T> = Iter<T>;

/// The elements that [`WeakSet::extract_if`] takes out.
#[must_use = "iterators are lazy: nothing is taken out until it is asked for"]
pub struct ExtractIf<T: ?Sized + WeakReferenceable, F> {
    pub(super) extract: Extract<T, ()>,
    pub(super) condition: F,
}

impl<T, F> Iterator for ExtractIf<T, F>
where
    T: ?Sized + WeakReferenceable,
    F: FnMut(&Arc<T>) -> bool,
{
    type Item = Arc<T>;

    fn next(&mut self) -> Option<Arc<T>> {
        let upgrade = |entry: &crate::containers::Entry<T, ()>| entry.referent.upgrade();
        self.extract.next(upgrade, &mut self.condition, |_, _| true)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.remaining()))
    }
}

impl<T, F> FusedIterator for ExtractIf<T, F>
where
    T: ?Sized + WeakReferenceable,
    F: FnMut(&Arc<T>) -> bool,
{
}

impl<T: ?Sized + WeakReferenceable, F> fmt::Debug for ExtractIf<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("remaining", &self.extract.remaining())
            .finish_non_exhaustive()
    }
}

impl<T: ?Sized + WeakReferenceable, S> IntoIterator for &WeakSet<T, S> {
    type Item = Arc<T>;
    type IntoIter = Iter<T>;

    fn into_iter(self) -> Iter<T> {
        self.iter()
    }
}

impl<T: ?Sized + WeakReferenceable, S> IntoIterator for WeakSet<T, S> {
    type Item = Arc<T>;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        self.iter()
    }
}
