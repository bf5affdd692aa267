//! S12, S33: an object dies in whatever thread drops it last, so that its type is `Send + Sync`.

use std::cell::Cell;
use std::rc::Rc;
use weakrefs::{WeakReferenceable, WeakSlot};

#[derive(WeakReferenceable)]
struct HoldsRc {
    slot: WeakSlot,
    value: Rc<u8>,
}

#[derive(WeakReferenceable)]
enum HoldsCell {
    Only(WeakSlot, Cell<u8>),
}

// Where the type has parameters, it is the use that decides.
#[derive(WeakReferenceable)]
struct Node<T> {
    slot: WeakSlot,
    value: T,
}

fn refer<T: WeakReferenceable>() {}

fn main() {
    refer::<Node<Cell<u8>>>();
}

fn unbounded<T: Send + 'static>() {
    refer::<Node<T>>();
}
