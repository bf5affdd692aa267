//! [`Ref`]: aliveness, sharing, hash and equality, listing (S1, S6 to S8, S10, S12).

mod support;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use support::{Item, Log, item};
use weakrefs::{PtrWeakSet, Ref, WeakReferenceable, WeakSlot, count, refs};

/// A reference whose callback notes `event`.
fn noting(object: &Arc<Item>, log: &Log, event: &str) -> Ref<Item> {
    let (log, event) = (log.clone(), event.to_owned());
    Ref::with_callback(object, move |_| log.note(event))
}

/// S1.
#[test]
fn a_reference_gives_its_referent_and_does_not_keep_it() {
    let object = item(1);
    let reference = Ref::new(&object);
    assert!(Arc::ptr_eq(&reference.upgrade().unwrap(), &object));
    assert_eq!(Arc::strong_count(&object), 1);
    assert!(reference.is_alive());
    drop(object);
    assert!(!reference.is_alive());
    assert!(reference.upgrade().is_none());
}

/// S1, S2: an upgraded referent lives on, and dies where that is dropped.
#[test]
fn an_upgraded_referent_outlives_its_first_owner() {
    let log = Log::default();
    let object = item(1);
    let reference = noting(&object, &log, "died");
    let strong = reference.upgrade().unwrap();
    drop(object);
    assert!(reference.is_alive() && log.take().is_empty());
    drop(strong);
    assert_eq!(log.take(), ["died"]);
}

/// S6: the plain reference is shared as long as one exists; those with callback never are.
#[test]
fn plain_references_are_shared_and_others_are_not() {
    let object = item(1);
    let plain = Ref::new(&object);
    let called = Ref::with_callback(&object, |_| ());
    let other = Ref::with_callback(&object, |_| ());
    assert!(plain.ptr_eq(&Ref::new(&object)));
    assert!(plain.ptr_eq(&plain.clone()));
    assert!(!called.ptr_eq(&plain) && !called.ptr_eq(&other));
    assert_eq!(count(&object), 3);
    drop(plain);
    assert_eq!(count(&object), 2);
    let plain = Ref::new(&object);
    assert!(plain.ptr_eq(&Ref::new(&object)));
    assert!(!plain.ptr_eq(&Ref::new(&item(1))));
}

trait Shape: WeakReferenceable {}
impl Shape for Item {}

/// S6, S10: an object known under several types has one plain reference for each; all are counted, and
/// listed under their own type.
#[test]
fn each_type_of_an_object_has_a_shared_reference() {
    let object = item(1);
    let shape: Arc<dyn Shape> = object.clone();
    let one = Ref::new(&object);
    let two = Ref::new(&shape);
    assert!(one.ptr_eq(&Ref::new(&object)) && two.ptr_eq(&Ref::new(&shape)));
    assert_eq!((count(&object), count(&shape)), (2, 2));
    let listed = refs(&shape);
    assert!(listed.len() == 1 && listed[0].ptr_eq(&two));
    let listed = refs(&object);
    assert!(listed.len() == 1 && listed[0].ptr_eq(&one));
    drop(object);
    assert!(one.is_alive());
    drop(shape);
    assert!(!one.is_alive() && !two.is_alive());
}

fn hash_of<T: std::hash::Hash>(state: &RandomState, value: &T) -> u64 {
    state.hash_one(value)
}

/// S7: the hash is the referent's, computed while alive and kept.
#[test]
fn the_hash_is_kept_after_death() {
    let state = RandomState::new();
    let (object, equal) = (item(1), item(1));
    let (reference, other) = (Ref::new(&object), Ref::new(&equal));
    let hash = hash_of(&state, &reference);
    assert_eq!(hash, hash_of(&state, &other));
    drop(object);
    assert_eq!(hash, hash_of(&state, &reference));
}

/// S7, S8: one that is asked first after death hashes by identity, for good.
#[test]
fn a_dead_reference_hashes_by_identity() {
    let state = RandomState::new();
    let (object, equal) = (item(1), item(1));
    let dead = Ref::with_callback(&object, |_| ());
    let other = Ref::with_callback(&equal, |_| ());
    drop((object, equal));
    assert_eq!(hash_of(&state, &dead), hash_of(&state, &dead.clone()));
    assert_ne!(hash_of(&state, &dead), hash_of(&state, &other));
}

/// S8: alive, referents compare; dead, identity counts.
#[test]
fn references_are_equal_as_their_referents_are_while_alive() {
    let (object, equal, other) = (item(1), item(1), item(2));
    let plain = Ref::new(&object);
    let called = Ref::with_callback(&object, |_| ());
    let of_equal = Ref::new(&equal);
    let of_other = Ref::new(&other);
    assert!(plain == called && plain == of_equal && plain != of_other);
    drop(equal);
    assert_ne!(plain, of_equal);
    assert_ne!(of_equal, plain);
    assert!(of_equal == of_equal.clone());
    drop(object);
    assert!(plain != called && plain == plain.clone() && plain != of_equal);
}

/// S10: reference objects only, oldest first; neither dead ones nor containers.
#[test]
fn counting_and_listing_see_living_reference_objects() {
    let object = item(1);
    assert_eq!((count(&object), refs(&object).len()), (0, 0));
    let set = PtrWeakSet::default();
    set.insert(&object);
    let references: Vec<_> = (0..40)
        .map(|_| Ref::with_callback(&object, |_| ()))
        .collect();
    let plain = Ref::new(&object);
    let clone = plain.clone();
    assert_eq!(count(&object), 41);
    let listed = refs(&object);
    let expected = references.iter().chain([&plain]);
    assert!(
        listed
            .iter()
            .zip(expected)
            .all(|(one, two)| one.ptr_eq(two))
    );
    drop((references, plain, listed));
    assert_eq!(count(&object), 1);
    drop(clone);
    assert_eq!(count(&object), 0);
}

/// S12: the slot does not take part in what a type derives, and a clone has no watchers.
#[test]
fn a_slot_is_neutral_and_its_clone_is_empty() {
    #[derive(WeakReferenceable, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Named {
        slot: WeakSlot,
        name: &'static str,
    }
    let log = Log::default();
    let object = Arc::new(Named {
        name: "a",
        ..Named::default()
    });
    let note = log.clone();
    let _reference = Ref::with_callback(&object, move |_| note.note("died"));
    let clone = Named::clone(&object);
    let state = RandomState::new();
    assert!(clone == *object && clone <= *object);
    assert_eq!(hash_of(&state, &clone), hash_of(&state, &*object));
    assert_eq!(
        format!("{clone:?}"),
        r#"Named { slot: WeakSlot, name: "a" }"#
    );
    drop(clone);
    assert!(log.take().is_empty());
    drop(object);
    assert_eq!(log.take(), ["died"]);
}

/// An object that owns a reference to itself.
#[derive(WeakReferenceable)]
struct Node {
    slot: WeakSlot,
    this: Ref<Node>,
}

fn node(seen: impl FnOnce(&Ref<Node>)) -> Arc<Node> {
    Arc::new_cyclic(|this| {
        let this = Ref::from_weak(this);
        seen(&this);
        Node {
            slot: WeakSlot::new(),
            this,
        }
    })
}

/// S1, S10: a reference is made before its object, and then is one of the object's.
#[test]
fn a_reference_may_be_older_than_its_object() {
    let object = node(|early| {
        assert!(!early.is_alive() && early.upgrade().is_none());
        assert!(!early.has_callback());
    });
    assert_eq!(count(&object), 0);
    let this = object.this.clone();
    assert!(this.is_alive());
    assert!(Arc::ptr_eq(&this.upgrade().unwrap(), &object));
    assert_eq!((count(&object), refs(&object).len()), (1, 1));
    assert!(Arc::ptr_eq(&this.upgrade().unwrap(), &object));
    assert_eq!(count(&object), 1);
    assert!(!this.ptr_eq(&Ref::new(&object)));
    drop(object);
    assert!(!this.is_alive() && this.upgrade().is_none());
}

/// S2: once it has met its object it is told of the death.
#[test]
fn an_early_reference_is_told_of_the_death() {
    let object = node(|_| ());
    let this = object.this.clone();
    drop(this.upgrade());
    drop(object);
    assert!(!this.is_alive());
    // One that never was upgraded has nothing to be told.
    let object = node(|_| ());
    let this = object.this.clone();
    drop(object);
    assert!(!this.is_alive() && this.upgrade().is_none());
}

/// S33: two threads that meet the object at once enter its list once.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn an_early_reference_enters_the_list_once() {
    for _ in 0..support::rounds(100) {
        let object = node(|_| ());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| assert!(object.this.upgrade().is_some()));
            }
        });
        assert_eq!(count(&object), 1);
    }
}

/// S6: the `Weak` of a living object leads to its shared reference.
#[test]
fn a_weak_of_a_living_object_gives_the_shared_reference() {
    let object = item(1);
    let shared = Ref::new(&object);
    assert!(Ref::from_weak(&Arc::downgrade(&object)).ptr_eq(&shared));
    assert_eq!(count(&object), 1);
    let weak = Arc::downgrade(&object);
    drop(object);
    assert!(!Ref::from_weak(&weak).is_alive());
    assert!(!Ref::<Item>::from_weak(&std::sync::Weak::new()).is_alive());
}

/// S8: an empty reference is dead from the beginning, and equal to its clones alone.
#[test]
fn an_empty_reference_is_dead() {
    let empty = Ref::<Item>::empty();
    assert!(!empty.is_alive() && empty.upgrade().is_none() && !empty.has_callback());
    assert!(empty == empty.clone() && empty != Ref::default() && empty != Ref::new(&item(1)));
    assert_eq!(
        format!("{:?}", Ref::<Item>::default())
            .matches("dead")
            .count(),
        1
    );
}

/// S6: under another type there is another shared reference; both are told.
#[test]
fn a_reference_is_coerced() {
    let object = item(1);
    let reference = Ref::new(&object);
    let shape = reference.coerce(|item| item as Arc<dyn Shape>);
    assert!(shape.ptr_eq(&reference.coerce(|item| item as Arc<dyn Shape>)));
    assert_eq!(count(&object), 2);
    drop(object);
    assert!(!shape.is_alive());
    assert!(!reference.coerce(|item| item as Arc<dyn Shape>).is_alive());
}
