//! S12: the slot is a part of the object. One behind a pointer could be shared by many.

use std::sync::Arc;
use weakrefs::{WeakReferenceable, WeakSlot};

#[derive(WeakReferenceable)]
struct Borrowed {
    #[weak_slot]
    slot: &'static WeakSlot,
}

#[derive(WeakReferenceable)]
struct Shared {
    #[weak_slot]
    slot: Arc<WeakSlot>,
}

#[derive(WeakReferenceable)]
enum Other {
    Only(#[weak_slot] u8),
}

fn main() {}
