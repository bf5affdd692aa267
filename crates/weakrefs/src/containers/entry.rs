//! [`Entry`]: what a container stores of one referent.

use super::eviction::sealed::Policy;
use crate::owner::sealed::{Owner, Weak};

/// A weak reference to a referent, what identifies the entry, and what the container owns beside the weak reference: nothing,
/// a value, or a key.
///
/// A clone counts references up and does nothing else, as open snapshots of the table need it.
pub(crate) struct Entry<O: Owner, P, E: Policy> {
    pub(crate) watch: E::Watch<O::Kind>,
    pub(crate) referent: O::Weak,
    pub(crate) payload: P,
}

impl<O: Owner, P, E: Policy> Entry<O, P, E> {
    #[inline]
    pub(crate) fn is_alive(&self) -> bool {
        self.referent.is_alive()
    }
}

impl<O: Owner, P: Clone, E: Policy> Clone for Entry<O, P, E> {
    fn clone(&self) -> Self {
        Self {
            watch: self.watch.clone(),
            referent: self.referent.clone(),
            payload: self.payload.clone(),
        }
    }
}
