//! S33: what refers to an object in an `Rc` stays in its thread.

use std::thread;
use weakrefs::rc::{PtrWeakSet, Ref, Tracked};

fn main() {
    let reference = Ref::<Tracked<u8>>::empty();
    thread::spawn(move || reference.is_alive());
}

fn send<T: Send>(_: T) {}

fn send_a_set(set: PtrWeakSet<Tracked<u8>>) {
    send(set);
}
