//! S12: an object has one slot.

use weakrefs::{WeakReferenceable, WeakSlot};

#[derive(WeakReferenceable)]
struct Named {
    slot: WeakSlot,
    value: u8,
    other: WeakSlot,
}

#[derive(WeakReferenceable)]
struct Tuple(#[weak_slot] WeakSlot, #[weak_slot] WeakSlot);

fn main() {}
