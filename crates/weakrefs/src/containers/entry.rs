//! [`Entry`]: what a container stores of one referent.

use crate::watchers::{Remains, Watch};
use std::sync::{Arc, Weak};

/// What a container owns beside the weak reference: nothing, a value, or a key.
pub(crate) trait Payload: Clone + Send + Sync + 'static {
    /// What of it is the user's, and must be dropped outside of locks.
    fn into_remains(self) -> Option<Remains>;
}

impl Payload for () {
    fn into_remains(self) -> Option<Remains> {
        None
    }
}

impl<V: Send + Sync + 'static> Payload for Arc<V> {
    fn into_remains(self) -> Option<Remains> {
        Some(self)
    }
}

/// A weak reference to a referent, its place on the referent's list of watchers, and the payload.
///
/// A clone counts references up and does nothing else, as open snapshots of the table need it.
pub(crate) struct Entry<T: ?Sized, P> {
    /// Identifies the entry: nothing else has this place, ever.
    pub(crate) watch: Watch,
    pub(crate) referent: Weak<T>,
    pub(crate) payload: P,
}

impl<T: ?Sized, P> Entry<T, P> {
    #[inline]
    pub(crate) fn is_alive(&self) -> bool {
        self.referent.strong_count() > 0
    }
}

impl<T: ?Sized, P: Clone> Clone for Entry<T, P> {
    fn clone(&self) -> Self {
        Self {
            watch: self.watch.clone(),
            referent: Weak::clone(&self.referent),
            payload: self.payload.clone(),
        }
    }
}
