//! S12: what a container refers to weakly has opted in; what it owns need not have.

use weakrefs::{WeakKeyMap, WeakSet, WeakValueMap};

struct Plain;

fn weak(_: WeakSet<Plain>, _: WeakKeyMap<Plain, u8>, _: WeakValueMap<u8, Plain>) {}

fn owned(_: WeakKeyMap<weakrefs::Tracked<u8>, Plain>) {}

fn main() {}
