//! S12: what an `Rc` owns opts in by the names of `rc`, and so does what containers of it hold.

use std::rc::Rc;
use weakrefs::rc::{Ref, WeakSet};

struct Plain;

fn main() {
    let _ = Ref::new(&Rc::new(Plain));
}

fn hold(_: WeakSet<u8>) {}
