//! Containers of objects in `Rc`s, whose entries leave at once.

use super::container::{Element, Way, calling};
use std::rc::Rc as Strong;
use weakrefs::rc::{Ref, WeakKeyMap, WeakSet, WeakSlot, WeakValueMap};

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
