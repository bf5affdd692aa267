//! The cases over `Arc`.

use std::sync::Arc as Strong;
use weakrefs::{
    PtrWeakKeyMap, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot,
    WeakValueMap, count, refs,
};

#[path = "cases.rs"]
mod cases;
