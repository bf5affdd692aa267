//! The cases over `Rc`.

use std::rc::Rc as Strong;
use weakrefs::rc::{
    PtrWeakKeyMap, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot,
    WeakValueMap, count, refs,
};

#[path = "cases.rs"]
mod cases;
