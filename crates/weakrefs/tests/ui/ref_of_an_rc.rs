//! S12: the names at the root are for `Arc`s.

use std::rc::Rc;
use weakrefs::{Ref, Tracked};

fn main() {
    let _ = Ref::new(&Rc::new(Tracked::new(1)));
}
