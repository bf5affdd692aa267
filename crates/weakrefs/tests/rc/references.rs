//! [`Ref`], [`count`] and [`refs`] of objects in `Rc`s (S1 to S10).

use crate::support::reports;
use crate::{Item, Log, OnDrop, item};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::{Rc, Weak};
use weakrefs::rc::{PtrWeakSet, Ref, Tracked, WeakReferenceable, WeakSlot, count, refs};

/// S1, S3, S6: it is shared, keeps nothing alive, and its object need not be `Send`.
#[test]
fn a_reference_is_shared_and_keeps_nothing() {
    let object = Rc::new(Tracked::new(Cell::new(1)));
    let reference = Ref::new(&object);
    assert!(reference.ptr_eq(&Ref::new(&object)) && reference.ptr_eq(&reference.clone()));
    reference.upgrade().unwrap().set(2);
    assert_eq!((object.get(), Rc::strong_count(&object)), (2, 1));
    assert!(reference.is_alive() && !reference.has_callback());
    let kept = reference.upgrade();
    drop(object);
    assert!(reference.is_alive());
    drop(kept);
    assert!(!reference.is_alive() && reference.upgrade().is_none());
}

/// S2, S4, S9: every reference reads dead and containers have no entry before the first callback; newest first, each once,
/// with the dead reference; none of one that went before.
#[test]
fn callbacks_run_newest_first_and_once() {
    let log = Log::default();
    let object = item(1);
    let set = PtrWeakSet::new();
    set.insert(&object);
    let plain = Ref::new(&object);
    let mut references: Vec<_> = (0..100)
        .map(|number| {
            let (log, plain, set) = (log.clone(), plain.clone(), set.clone());
            Ref::with_callback(&object, move |dead| {
                assert!(!dead.is_alive() && !dead.has_callback() && !plain.is_alive());
                assert!(set.is_empty());
                log.note(number.to_string());
            })
        })
        .collect();
    assert!(references.iter().all(Ref::has_callback));
    references.swap_remove(50);
    references.swap_remove(0);
    drop(object);
    let expected = (1..100).rev().filter(|number| *number != 50);
    assert!(
        log.take()
            .into_iter()
            .eq(expected.map(|number| number.to_string()))
    );
    drop(references);
    assert!(log.take().is_empty());
}

/// S4: what a callback owns goes with a reference that goes first.
#[test]
fn an_unused_callback_is_dropped() {
    let log = Log::default();
    let object = item(1);
    let dropped = log.clone();
    let owned = OnDrop::new(move || dropped.note("dropped"));
    drop(Ref::with_callback(&object, move |_| drop(owned)));
    assert_eq!(log.take(), ["dropped"]);
}

/// S4, S18: a callback may drop the other references of its object, the older of which call back all the same.
#[test]
fn a_callback_may_drop_the_other_references() {
    let log = Log::default();
    let object = item(1);
    let plain = Ref::new(&object);
    let older = Ref::with_callback(&object, log.noting("older"));
    let noted = log.clone();
    let _newer = Ref::with_callback(&object, move |_| {
        drop((plain, older));
        noted.note("newer");
    });
    drop(object);
    assert_eq!(log.take(), ["newer", "older"]);
}

/// S5: panics reach the hook, not the code that drops the object, nor one that unwinds; the others still run.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no unwinding")]
fn panics_of_callbacks_are_reported() {
    reports();
    let log = Log::default();
    let object = item(1);
    let bomb = OnDrop::new(|| panic!("owned"));
    drop(Ref::with_callback(&object, move |_| drop(bomb)));
    assert_eq!(reports(), ["owned"]);
    let _references = [
        Ref::with_callback(&object, log.noting("first")),
        Ref::with_callback(&object, |_| panic!("one")),
        Ref::with_callback(&object, log.noting("second")),
        Ref::with_callback(&object, |_| panic!("two")),
    ];
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _object = object;
        resume_unwind(Box::new("outer"));
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"outer"));
    assert_eq!(log.take(), ["second", "first"]);
    assert_eq!(reports(), ["two", "one"]);
}

/// S7, S8: hash and equality are the referents' while they live, and identity after; a hash is kept.
#[test]
#[allow(clippy::mutable_key_type, reason = "the hash is kept")]
fn hash_and_equality() {
    let hasher = RandomState::new();
    let (one, equal, two) = (item(1), item(1), item(2));
    let (first, second, other) = (Ref::new(&one), Ref::new(&equal), Ref::new(&two));
    assert!(first == second && first != other && first == Ref::with_callback(&one, |_| ()));
    assert_eq!(hasher.hash_one(&first), hasher.hash_one(&second));
    let set = HashSet::from([first.clone(), second.clone(), other.clone()]);
    assert_eq!(set.len(), 2);
    let hash = hasher.hash_one(&first);
    drop((one, two));
    assert_eq!(hasher.hash_one(&first), hash);
    assert!(first != second && first == first.clone() && other != first);
    let late = Ref::new(&item(3));
    assert_eq!(hasher.hash_one(&late), hasher.hash_one(late.clone()));
    assert_ne!(hasher.hash_one(&late), hasher.hash_one(Ref::new(&item(3))));
}

trait Shape: WeakReferenceable {
    fn side(&self) -> u32;
}

impl Shape for Item {
    fn side(&self) -> u32 {
        **self
    }
}

/// S6, S10, S12: trait objects have references of their own, which are counted with the others.
#[test]
fn references_to_trait_objects() {
    let object = item(2);
    let reference = Ref::new(&object);
    let shape: Ref<dyn Shape> = reference.coerce(|item| item as Rc<dyn Shape>);
    assert_eq!(shape.upgrade().unwrap().side(), 2);
    let owner: Rc<dyn Shape> = object.clone();
    assert!(shape.ptr_eq(&Ref::new(&owner)));
    assert_eq!((count(&object), count(&owner)), (2, 2));
    assert!(refs(&owner)[0].ptr_eq(&shape) && refs(&object)[0].ptr_eq(&reference));
    assert_eq!((refs(&owner).len(), refs(&object).len()), (1, 1));
    drop((owner, object));
    assert!(!shape.is_alive());
    assert!(!reference.coerce(|item| item as Rc<dyn Shape>).is_alive());
}

/// S10: reference objects only, oldest first.
#[test]
fn references_are_counted_and_listed() {
    let object = item(1);
    assert_eq!((count(&object), refs(&object).len()), (0, 0));
    let set = PtrWeakSet::from_iter([&object]);
    let references = [1, 2].map(|_| Ref::with_callback(&object, |_| ()));
    let plain = Ref::new(&object);
    assert_eq!(count(&object), 3);
    let listed = refs(&object);
    let expected = references.iter().chain([&plain]);
    assert!(
        listed
            .iter()
            .zip(expected)
            .all(|(one, two)| one.ptr_eq(two))
    );
    drop((listed, references, plain));
    assert_eq!((count(&object), set.len()), (0, 1));
}

/// An object that owns a reference to itself.
#[derive(WeakReferenceable)]
struct Node {
    slot: WeakSlot,
    this: Ref<Node>,
    _parts: RefCell<Vec<Rc<Node>>>,
}

/// S1, S2, S10: a reference is made before its object, becomes one of the object's when they meet, and is told.
#[test]
fn a_reference_may_be_older_than_its_object() {
    let object = Rc::new_cyclic(|this: &Weak<Node>| {
        let this = Ref::from_weak(this);
        assert!(!this.is_alive() && this.upgrade().is_none());
        Node {
            slot: WeakSlot::new(),
            this,
            _parts: RefCell::default(),
        }
    });
    assert_eq!(count(&object), 0);
    let this = object.this.clone();
    assert!(this.is_alive() && Rc::ptr_eq(&this.upgrade().unwrap(), &object));
    assert_eq!((count(&object), refs(&object).len()), (1, 1));
    assert!(Rc::ptr_eq(&this.upgrade().unwrap(), &object) && count(&object) == 1);
    assert!(Ref::from_weak(&Rc::downgrade(&object)).ptr_eq(&Ref::new(&object)));
    drop(object);
    assert!(!this.is_alive() && this.upgrade().is_none());
    assert!(!Ref::<Node>::from_weak(&Weak::new()).is_alive());
}

/// S8: an empty reference is dead, and equal to its clones alone.
#[test]
fn an_empty_reference_is_dead() {
    let empty = Ref::<Item>::empty();
    assert!(!empty.is_alive() && empty.upgrade().is_none());
    assert!(empty == empty.clone() && empty != Ref::default() && empty != Ref::new(&item(1)));
}

/// S2, S18: a callback may use everything, its own object's other references and containers included.
#[test]
fn callbacks_may_re_enter_everything() {
    let log = Log::default();
    let set = PtrWeakSet::new();
    let (object, other, third) = (item(1), item(2), item(3));
    set.extend([&object, &other]);
    let _of_other = Ref::with_callback(&other, log.noting("other died"));
    let doomed = Ref::with_callback(&third, log.noting("never"));
    let (noted, inner, kept) = (log.clone(), set.clone(), third.clone());
    let _reference = Ref::with_callback(&object, move |dead| {
        drop((doomed, other));
        assert!(inner.is_empty() && inner.insert(&kept));
        assert!(Ref::new(&kept).ptr_eq(&Ref::new(&kept)) && *dead != Ref::new(&kept));
        noted.note("object died");
    });
    drop(object);
    assert_eq!(log.take(), ["other died", "object died"]);
    assert!(set.contains(&third));
}

/// What is printed says what it is, and that it is weak.
#[test]
fn references_are_printed() {
    let object = item(1);
    let (reference, set) = (Ref::new(&object), PtrWeakSet::from_iter([&object]));
    assert!(format!("{reference:?}").ends_with("(alive)"));
    assert_eq!(
        format!("{set:?} {:?}", WeakSlot::new()),
        "{(Weak)} WeakSlot"
    );
    drop(object);
    assert!(format!("{reference:?}").ends_with("(dead)"));
    assert_eq!(format!("{set:?}"), "{}");
}
