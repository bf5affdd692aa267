//! The errors: the use of a dead proxy, and an insertion where an equal key is.

use std::error::Error;
use std::fmt;

/// The object that a [`Proxy`](crate::Proxy) stands for is dead (S11).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Proxy, Tracked};
///
/// let proxy = Proxy::new(&Arc::new(Tracked::new(1))); // dies at once
/// let error = proxy.get().unwrap_err();
/// assert_eq!(error.to_string(), "weakly-referenced object no longer exists");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReferenceError(());

impl ReferenceError {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl fmt::Debug for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReferenceError")
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("weakly-referenced object no longer exists")
    }
}

impl Error for ReferenceError {}

/// `try_insert` has found an equal key, and changed nothing.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakKeyMap};
///
/// let map = WeakKeyMap::new();
/// let key = Arc::new(Tracked::new("key"));
/// assert!(map.try_insert(&key, 1).is_ok());
/// let error = map.try_insert(&key, 2).unwrap_err();
/// assert_eq!(error.to_string(), "an equal key is already there");
/// ```
pub struct OccupiedError<V, N> {
    /// The value that is there.
    pub current: V,
    /// What was not stored: the value of a [`WeakKeyMap`](crate::WeakKeyMap), the key of a
    /// [`WeakValueMap`](crate::WeakValueMap).
    pub not_inserted: N,
}

impl<V, N> fmt::Debug for OccupiedError<V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedError").finish_non_exhaustive()
    }
}

impl<V, N> fmt::Display for OccupiedError<V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an equal key is already there")
    }
}

impl<V, N> Error for OccupiedError<V, N> {}
