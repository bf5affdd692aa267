//! Containers of objects in `Rc`s, whose entries leave some time later.

use super::container::{Element, Way};
use std::rc::Rc as Strong;
use weakrefs::rc::lazy::{WeakKeyMap, WeakSet, WeakValueMap};

#[path = "containers.rs"]
mod containers;

pub(crate) use containers::{Keys, Set, Values};

pub(crate) struct Owned;

type Object = Element<()>;

impl Way for Owned {
    const IS_TOLD: bool = false;

    type Slot = ();
    type Strong = Strong<Object>;
    type Reference = ();

    fn own(element: Object) -> Strong<Object> {
        Strong::new(element)
    }

    fn watch(_: &Strong<Object>) -> Option<Self::Reference> {
        None
    }
}
