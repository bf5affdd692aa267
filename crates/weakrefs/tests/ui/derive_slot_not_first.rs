//! S2, S12: the order of the fields is the order of their drops, so that the slot comes first.

use weakrefs::{WeakReferenceable, WeakSlot};

#[derive(WeakReferenceable)]
struct Named {
    value: u8,
    pub(crate) slot: WeakSlot,
}

#[derive(WeakReferenceable)]
struct Tuple(u8, weakrefs::WeakSlot);

#[derive(WeakReferenceable)]
enum Either {
    Left { value: u8, slot: WeakSlot },
    Right(u8, WeakSlot),
}

fn main() {}
