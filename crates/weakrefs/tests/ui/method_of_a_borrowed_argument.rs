//! S28: whether an argument is borrowed for each call, or is of one lifetime, must be said.

use std::sync::Arc;
use weakrefs::{Tracked, WeakMethod};

fn main() {
    let object = Arc::new(Tracked::new(String::from("ho")));
    let _ = WeakMethod::new(&object, |object: &Tracked<String>, text: &str| {
        object.len() + text.len()
    });
}
