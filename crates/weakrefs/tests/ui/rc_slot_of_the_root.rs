//! S12: the slot of an object in an `Rc` is `rc::WeakSlot`.

use weakrefs::WeakSlot;
use weakrefs::rc::WeakReferenceable;

#[derive(WeakReferenceable)]
struct Image {
    slot: WeakSlot,
}

fn main() {}
