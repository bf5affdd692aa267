//! What may be used after a panic: whatever `Arc<Mutex<HashSet<_>>>` may, and the types that have a slot.

mod support;

use std::collections::HashSet;
use std::panic::{RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use support::{Item, item};
use weakrefs::{
    Finalizer, Proxy, PtrWeakKeyMap, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakReferenceable,
    WeakSet, WeakSlot, WeakValueMap, weak_key_map, weak_set, weak_value_map,
};

#[derive(WeakReferenceable)]
struct Plain {
    slot: WeakSlot,
    #[allow(dead_code, reason = "a type with contents")]
    name: String,
}

const fn is_safe<T: ?Sized + UnwindSafe + RefUnwindSafe>() {}

type Object = Tracked<Box<dyn Fn() + Send + Sync>>;

/// The compiler proves it. `Object` itself is neither.
#[test]
fn whatever_has_a_lock_is_unwind_safe() {
    type Function = Box<dyn Fn() + Send + Sync>;

    is_safe::<Arc<Mutex<HashSet<Function>>>>();
    is_safe::<WeakSet<Object>>();
    is_safe::<PtrWeakSet<Object>>();
    is_safe::<WeakKeyMap<Object, Function>>();
    is_safe::<PtrWeakKeyMap<Object, Function>>();
    is_safe::<WeakValueMap<Function, Object>>();
    is_safe::<Ref<Object>>();
    is_safe::<Proxy<Object>>();
    is_safe::<Finalizer<Object, Function>>();
    is_safe::<weak_set::Iter<Object>>();
    is_safe::<weak_key_map::Iter<Object, Function>>();
    is_safe::<weak_key_map::Keys<Object, Function>>();
    is_safe::<weak_key_map::Values<Object, Function>>();
    is_safe::<weak_value_map::Iter<Function, Object>>();
    is_safe::<weak_value_map::Keys<Function, Object>>();
    is_safe::<weak_value_map::Values<Function, Object>>();
}

/// A slot takes nothing away; a type is what its other fields are.
#[test]
fn a_slot_takes_nothing() {
    is_safe::<WeakSlot>();
    is_safe::<Plain>();
    is_safe::<Tracked<String>>();
    is_safe::<weak_set::Drain<Plain>>();
}

/// S18: after a panic of the user's the container is whole, without any assertion at the place.
#[test]
fn a_container_is_used_after_a_panic() {
    let set: WeakSet<Item> = WeakSet::new();
    let kept = item(1);
    let panicked = catch_unwind(|| {
        set.insert(&kept);
        set.retain(|_| panic!("expected"));
    });
    assert!(panicked.is_err() && set.contains(&kept));
}
