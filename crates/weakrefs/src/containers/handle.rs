//! [`Handle`]: what a container is to its user, made when it is first used.
//!
//! So a container that stays empty owns no memory, and a `static` can hold one.

use super::container::Container;
use super::eviction::Eviction;
use crate::owner::Shared;
use crate::owner::sealed::{Kind, OnceOwner, Owner};
use std::ops::Deref;

/// A container, shared with the handle's clones.
pub(crate) struct Handle<O: Owner, P: Clone, E: Eviction<O, P>> {
    container: Slot<O, P, E>,
}

type Slot<O, P, E> = <<O as Owner>::Kind as Kind>::OnceOwner<Container<O, P, E>>;

impl<O: Owner, P: Clone, E: Eviction<O, P>> Handle<O, P, E> {
    pub(crate) const fn new() -> Self {
        Self {
            container: OnceOwner::EMPTY,
        }
    }

    /// The container.
    #[inline(always)]
    pub(crate) fn get(&self) -> impl Deref<Target = Shared<O, Container<O, P, E>>> + '_ {
        self.container.get_or_init(Container::<O, P, E>::new)
    }

    /// Whether both are of the same container.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        self.get().ptr_eq(&other.get())
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Clone for Handle<O, P, E> {
    fn clone(&self) -> Self {
        Self {
            container: OnceOwner::of(self.get().clone()),
        }
    }
}
