//! The iterators of a [`WeakKeyMap`].

use super::key_and_value;
use crate::containers::{Drained, Entry, Extract, Walk, iterators};
use crate::key_map::WeakKeyMap;
use crate::slot::WeakReferenceable;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;

iterators! {
    /// The entries of a [`WeakKeyMap`], as they were when [`iter`](WeakKeyMap::iter) was called.
    pub struct Iter[K: ?Sized + WeakReferenceable, V: Send + Sync + 'static][K, V] over Walk<K, Arc<V>>;
    |walk| -> (Arc<K>, Arc<V>) { walk.step::<_, BACK>(|_, entry| key_and_value(entry)) }

    /// The keys of a [`WeakKeyMap`], as they were when [`keys`](WeakKeyMap::keys) was called.
    pub struct Keys[K: ?Sized + WeakReferenceable, V: Send + Sync + 'static][K, V] over Walk<K, Arc<V>>;
    |walk| -> Arc<K> { walk.step::<_, BACK>(|_, entry| entry.referent.upgrade()) }

    /// The values of a [`WeakKeyMap`], as they were when [`values`](WeakKeyMap::values) was called.
    pub struct Values[K: ?Sized + WeakReferenceable, V: Send + Sync + 'static][K, V] over Walk<K, Arc<V>>;
    |walk| -> Arc<V> {
        walk.step::<_, BACK>(|_, entry| entry.is_alive().then(|| Arc::clone(&entry.payload)))
    }

    /// What [`WeakKeyMap::drain`] took out. It keeps no key alive.
    pub struct Drain[K: ?Sized + WeakReferenceable, V: Send + Sync + 'static][K, V] over Drained<K, Arc<V>>;
    |drained| -> (Arc<K>, Arc<V>) { drained.step::<BACK>() }
}

/// What a map that is consumed gives: its entries, as [`iter`](WeakKeyMap::iter) gives them. They stay in the map, which
/// may have other handles.
pub type IntoIter<K, V> = Iter<K, V>;

/// The entries that [`WeakKeyMap::extract_if`] takes out.
#[must_use = "iterators are lazy: nothing is taken out until it is asked for"]
pub struct ExtractIf<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, F> {
    pub(super) extract: Extract<K, Arc<V>>,
    pub(super) condition: F,
}

impl<K, V, F> Iterator for ExtractIf<K, V, F>
where
    K: ?Sized + WeakReferenceable,
    V: Send + Sync + 'static,
    F: FnMut(&Arc<K>, &Arc<V>) -> bool,
{
    type Item = (Arc<K>, Arc<V>);

    fn next(&mut self) -> Option<Self::Item> {
        let condition = &mut self.condition;
        self.extract.next(
            key_and_value,
            |(key, value)| condition(key, value),
            |entry: &Entry<K, Arc<V>>, (_, value)| Arc::ptr_eq(&entry.payload, value),
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.remaining()))
    }
}

impl<K, V, F> FusedIterator for ExtractIf<K, V, F>
where
    K: ?Sized + WeakReferenceable,
    V: Send + Sync + 'static,
    F: FnMut(&Arc<K>, &Arc<V>) -> bool,
{
}

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, F> fmt::Debug for ExtractIf<K, V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("remaining", &self.extract.remaining())
            .finish_non_exhaustive()
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

impl<K: ?Sized + WeakReferenceable, V: Send + Sync + 'static, S> IntoIterator
    for WeakKeyMap<K, V, S>
{
    type Item = (Arc<K>, Arc<V>);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        self.iter()
    }
}
