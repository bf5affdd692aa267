//! S12: `#[weak_slot]` marks a field, once, and says nothing more.

use weakrefs::{WeakReferenceable, WeakSlot as Slot};

#[derive(WeakReferenceable)]
struct Arguments {
    #[weak_slot(first)]
    slot: Slot,
}

#[derive(WeakReferenceable)]
struct Value {
    #[weak_slot = "slot"]
    slot: Slot,
}

#[derive(WeakReferenceable)]
struct Twice {
    #[weak_slot]
    #[weak_slot]
    slot: Slot,
}

#[derive(WeakReferenceable)]
#[weak_slot]
struct OnStruct {
    #[weak_slot]
    slot: Slot,
}

#[derive(WeakReferenceable)]
enum OnVariant {
    #[weak_slot]
    Only(Slot),
}

#[derive(WeakReferenceable)]
struct Unmarked {
    slot: Slot,
}

#[derive(WeakReferenceable)]
#[weak_slot(create = "weakrefs")]
struct Misspelt {
    slot: weakrefs::WeakSlot,
}

#[derive(WeakReferenceable)]
#[weak_slot(crate = "weakrefs", crate = "weakrefs")]
struct Elsewhere {
    slot: weakrefs::WeakSlot,
}

fn main() {}
