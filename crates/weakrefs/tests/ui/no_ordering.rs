//! S8: references have no order, whatever their referents have.

use weakrefs::{Ref, Tracked};

fn ordered<T: PartialOrd>() {}

fn main() {
    ordered::<Tracked<u8>>();
    ordered::<Ref<Tracked<u8>>>();
}
