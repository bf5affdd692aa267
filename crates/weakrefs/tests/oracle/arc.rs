//! Containers of objects in `Arc`s, whose entries leave at once.

use super::container::{Element, Way, calling};
use std::sync::Arc as Strong;
use weakrefs::{Ref, WeakKeyMap, WeakSet, WeakSlot, WeakValueMap};

#[path = "containers.rs"]
mod containers;

pub(crate) use containers::{Keys, Set, Values};

pub(crate) struct Owned;

type Object = Element<WeakSlot>;

impl Way for Owned {
    const IS_TOLD: bool = true;

    type Slot = WeakSlot;
    type Strong = Strong<Object>;
    type Reference = Ref<Object>;

    fn own(element: Object) -> Strong<Object> {
        Strong::new(element)
    }

    fn watch(object: &Strong<Object>) -> Option<Self::Reference> {
        Some(Ref::with_callback(object, calling(object.number)))
    }
}
