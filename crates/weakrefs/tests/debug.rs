//! What is printed of weak references and containers: what they own, and of the rest that it is weakly referenced, as of
//! a `std::sync::Weak`.

mod support;

use std::sync::{Arc, OnceLock};
use support::{Item, item};
use weakrefs::{
    Proxy, PtrWeakKeyMap, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakReferenceable, WeakSet,
    WeakSlot, WeakValueMap,
};

/// S1: what is weak is printed as that, what is owned as it is; what is dead, not at all.
#[test]
fn what_is_weak_is_printed_as_that() {
    let (one, two, dead) = (item(1), item(2), item(3));
    let set: WeakSet<Item> = [&one, &two, &dead].into_iter().collect();
    let keys: WeakKeyMap<Item, &str> = WeakKeyMap::new();
    let values: WeakValueMap<&str, Item> = WeakValueMap::new();
    for (object, name) in [(&one, "one"), (&two, "two"), (&dead, "dead")] {
        keys.insert(object, name);
        values.insert(name, object);
    }
    drop(dead);
    let weak = Arc::downgrade(&one);
    assert_eq!(format!("{set:?}"), format!("{{{weak:?}, {weak:?}}}"));
    assert_eq!(format!("{set:?}"), "{(Weak), (Weak)}");
    assert_eq!(format!("{keys:?}"), r#"{(Weak): "one", (Weak): "two"}"#);
    assert_eq!(format!("{values:?}"), r#"{"one": (Weak), "two": (Weak)}"#);
    assert_eq!(format!("{:#?}", WeakSet::<Item>::new()), "{}");
    // So it takes no `Debug` of what is weak.
    struct Silent;
    let silent = Arc::new(Tracked::new(Silent));
    let set: PtrWeakSet<_> = [&silent].into_iter().collect();
    let values: WeakValueMap<u8, _> = [(1, Arc::clone(&silent))].into_iter().collect();
    assert_eq!(format!("{set:?} {values:?}"), "{(Weak)} {1: (Weak)}");
}

/// A parent and a child that know each other, all ways that one may be known weakly.
#[derive(WeakReferenceable, Debug, Default)]
struct Parent {
    slot: WeakSlot,
    set: PtrWeakSet<Child>,
    notes: PtrWeakKeyMap<Child, &'static str>,
    names: WeakValueMap<&'static str, Child>,
    reference: OnceLock<Ref<Child>>,
    proxy: OnceLock<Proxy<Child>>,
}

#[derive(WeakReferenceable, Debug)]
struct Child {
    slot: WeakSlot,
    #[allow(dead_code, reason = "printed")]
    parent: Arc<Parent>,
}

/// S1, S35: a circle that only weak references close is printed once.
#[test]
fn a_circle_is_printed_once() {
    let parent = Arc::new(Parent::default());
    let child = Arc::new(Child {
        slot: WeakSlot::new(),
        parent: Arc::clone(&parent),
    });
    parent.set.insert(&child);
    parent.notes.insert(&child, "first");
    parent.names.insert("first", &child);
    parent.reference.set(Ref::new(&child)).unwrap();
    parent.proxy.set(Proxy::new(&child)).unwrap();
    let child = format!("{child:?}");
    assert_eq!(child.matches("Child {").count(), 1, "{child}");
    assert_eq!(child.matches("Parent {").count(), 1, "{child}");
    assert!(child.contains(r#"names: {"first": (Weak)}"#), "{child}");
}
