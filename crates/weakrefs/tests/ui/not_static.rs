//! S12: callbacks and containers outlive every scope, so that objects borrow from none.

use std::sync::Arc;
use weakrefs::{Ref, WeakReferenceable, WeakSlot};

#[derive(WeakReferenceable)]
struct Text<'a> {
    slot: WeakSlot,
    text: &'a str,
}

fn main() {
    let owner = String::from("borrowed");
    let text = Arc::new(Text { slot: WeakSlot::new(), text: &owner });
    let _ = Ref::new(&text);
}
