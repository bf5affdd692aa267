//! S12: a container of any objects takes one without a slot; a callback of that does not exist.

use std::sync::{Arc, Mutex};
use weakrefs::{Ref, lazy};

fn main() {
    let object = Arc::new(Mutex::new(1));
    lazy::PtrWeakSet::new().insert(&object);
    let _ = Ref::with_callback(&object, |_| ());
}
