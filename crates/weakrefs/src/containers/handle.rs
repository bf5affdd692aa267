//! [`Handle`]: what a container is to its user, made when it is first used.
//!
//! So a container that stays empty owns no memory, and a `static` can hold one.

use super::container::Container;
use super::entry::Payload;
use crate::slot::WeakReferenceable;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A container, shared with the handle's clones.
pub(crate) struct Handle<T: ?Sized + WeakReferenceable, P: Payload> {
    container: OnceLock<Arc<Container<T, P>>>,
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Handle<T, P> {
    pub(crate) const fn new() -> Self {
        Self {
            container: OnceLock::new(),
        }
    }

    /// Whether both are of the same container.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other)
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Deref for Handle<T, P> {
    type Target = Arc<Container<T, P>>;

    #[inline]
    fn deref(&self) -> &Arc<Container<T, P>> {
        self.container.get_or_init(Container::new)
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Clone for Handle<T, P> {
    fn clone(&self) -> Self {
        Self {
            container: OnceLock::from(Arc::clone(self)),
        }
    }
}
