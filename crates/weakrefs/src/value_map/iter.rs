//! The iterators of a [`WeakValueMap`].

use super::key_and_value;
use crate::containers::{Drained, Entry, Extract, Walk, iterators};
use crate::slot::WeakReferenceable;
use crate::value_map::WeakValueMap;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;

iterators! {
    /// The entries of a [`WeakValueMap`], as they were when [`iter`](WeakValueMap::iter) was called.
    pub struct Iter[K: Send + Sync + 'static, V: ?Sized + WeakReferenceable][K, V] over Walk<V, Arc<K>>;
    |walk| -> (Arc<K>, Arc<V>) { walk.step::<_, BACK>(|_, entry| key_and_value(entry)) }

    /// The keys of a [`WeakValueMap`], as they were when [`keys`](WeakValueMap::keys) was called.
    pub struct Keys[K: Send + Sync + 'static, V: ?Sized + WeakReferenceable][K, V] over Walk<V, Arc<K>>;
    |walk| -> Arc<K> {
        walk.step::<_, BACK>(|_, entry| entry.is_alive().then(|| Arc::clone(&entry.payload)))
    }

    /// The objects of a [`WeakValueMap`], as they were when [`values`](WeakValueMap::values) was called.
    pub struct Values[K: Send + Sync + 'static, V: ?Sized + WeakReferenceable][K, V] over Walk<V, Arc<K>>;
    |walk| -> Arc<V> { walk.step::<_, BACK>(|_, entry| entry.referent.upgrade()) }

    /// What [`WeakValueMap::drain`] took out. It keeps no object alive.
    pub struct Drain[K: Send + Sync + 'static, V: ?Sized + WeakReferenceable][K, V] over Drained<V, Arc<K>>;
    |drained| -> (Arc<K>, Arc<V>) { drained.step::<BACK>().map(|(value, key)| (key, value)) }
}

/// What a map that is consumed gives: its entries, as [`iter`](WeakValueMap::iter) gives them. They stay in the map, which
/// may have other handles.
pub type IntoIter<K, V> = Iter<K, V>;

/// The entries that [`WeakValueMap::extract_if`] takes out.
#[must_use = "iterators are lazy: nothing is taken out until it is asked for"]
pub struct ExtractIf<K: Send + Sync + 'static, V: ?Sized + WeakReferenceable, F> {
    pub(super) extract: Extract<V, Arc<K>>,
    pub(super) condition: F,
}

impl<K, V, F> Iterator for ExtractIf<K, V, F>
where
    K: Send + Sync + 'static,
    V: ?Sized + WeakReferenceable,
    F: FnMut(&Arc<K>, &Arc<V>) -> bool,
{
    type Item = (Arc<K>, Arc<V>);

    fn next(&mut self) -> Option<Self::Item> {
        let condition = &mut self.condition;
        self.extract.next(
            key_and_value,
            |(key, value)| condition(key, value),
            // An entry whose object has been replaced has another place on another list.
            |_: &Entry<V, Arc<K>>, _| true,
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.remaining()))
    }
}

impl<K, V, F> FusedIterator for ExtractIf<K, V, F>
where
    K: Send + Sync + 'static,
    V: ?Sized + WeakReferenceable,
    F: FnMut(&Arc<K>, &Arc<V>) -> bool,
{
}

impl<K: Send + Sync + 'static, V: ?Sized + WeakReferenceable, F> fmt::Debug for ExtractIf<K, V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("remaining", &self.extract.remaining())
            .finish_non_exhaustive()
    }
}

impl<K: Send + Sync + 'static, V: ?Sized + WeakReferenceable, S> IntoIterator
    for &WeakValueMap<K, V, S>
{
    type Item = (Arc<K>, Arc<V>);
    type IntoIter = Iter<K, V>;

    fn into_iter(self) -> Iter<K, V> {
        self.iter()
    }
}

impl<K: Send + Sync + 'static, V: ?Sized + WeakReferenceable, S> IntoIterator
    for WeakValueMap<K, V, S>
{
    type Item = (Arc<K>, Arc<V>);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        self.iter()
    }
}
