//! S12: the derive on structs without a slot, each told how to get one.

use weakrefs::WeakReferenceable;

#[derive(WeakReferenceable)]
struct Named {
    value: u8,
}

#[derive(WeakReferenceable)]
struct Tuple(u8);

#[derive(WeakReferenceable)]
struct Empty {}

#[derive(WeakReferenceable)]
struct Unit;

#[derive(WeakReferenceable)]
union Either {
    byte: u8,
    word: u16,
}

fn main() {
    // A type whose derive failed is not reported again where it is used.
    let _ = weakrefs::Ref::new(&std::sync::Arc::new(Unit));
}
