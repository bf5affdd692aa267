//! [`ReferenceError`]: what the use of a dead proxy gives.

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
