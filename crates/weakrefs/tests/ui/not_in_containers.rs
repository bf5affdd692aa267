//! S12: what a container refers to weakly has opted in; what it owns need not have.

use weakrefs::{WeakKeyMap, WeakSet, WeakValueMap};

struct Owned;

fn hold(_: WeakSet<u8>, _: WeakKeyMap<u16, Owned>, _: WeakValueMap<Owned, u32>) {}

fn main() {}
