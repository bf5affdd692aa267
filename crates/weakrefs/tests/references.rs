//! [`Ref`]: aliveness, sharing, callbacks and their panics, hash and equality, listing (S1 to S10).

mod support;

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Arc, Mutex};
use std::thread;
use support::{Item, Log, OnDrop, item, let_hook_panic, reports};
use weakrefs::{PtrWeakSet, Ref, Tracked, WeakReferenceable, WeakSet, WeakSlot, count, refs};

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

/// S2, S4: newest first, each once, in a list long enough to be a table.
#[test]
fn callbacks_run_newest_first_and_once() {
    let log = Log::default();
    let object = item(1);
    let mut references: Vec<_> = (0..100)
        .map(|number| noting(&object, &log, &number.to_string()))
        .collect();
    // Those that went before leave no gap in the order.
    references.swap_remove(50);
    references.swap_remove(0);
    drop(object);
    let expected = (1..100).rev().filter(|number| *number != 50);
    let expected: Vec<_> = expected.map(|number| number.to_string()).collect();
    assert_eq!(log.take(), expected);
    drop(references);
    assert!(log.take().is_empty());
}

/// S3: synchronously, in the thread that drops the last `Arc`, with the dead reference itself.
#[test]
fn a_callback_gets_the_dead_reference_in_the_dropping_thread() {
    let object = item(1);
    let seen = Arc::new(Mutex::new(None));
    let log = Arc::clone(&seen);
    let reference = Ref::with_callback(&object, move |dead| {
        assert!(!dead.is_alive() && dead.upgrade().is_none() && !dead.has_callback());
        *log.lock().unwrap() = Some((dead.clone(), thread::current().id()));
    });
    let thread = thread::spawn(move || {
        drop(object);
        thread::current().id()
    });
    let thread = thread.join().unwrap();
    let (dead, in_thread) = seen.lock().unwrap().take().unwrap();
    assert!(dead.ptr_eq(&reference));
    assert_eq!(in_thread, thread);
}

/// S4: no callback of a reference that went first; its clones are the same reference.
#[test]
fn the_callback_of_a_reference_that_died_first_never_runs() {
    let log = Log::default();
    let object = item(1);
    drop(noting(&object, &log, "dropped"));
    let kept = noting(&object, &log, "clone kept").clone();
    let closure_dropped = log.clone();
    let on_drop = OnDrop::new(move || closure_dropped.note("closure dropped"));
    drop(Ref::with_callback(&object, move |_| drop(on_drop)));
    assert_eq!(log.take(), ["closure dropped"]);
    drop(object);
    assert_eq!(log.take(), ["clone kept"]);
    drop(kept);
}

/// S4: all references that were alive at the death are told, as in 3.14, even if a callback drops them.
#[test]
fn a_callback_cannot_silence_an_older_one() {
    let log = Log::default();
    let object = item(1);
    let older = noting(&object, &log, "older");
    let note = log.clone();
    let _newer = Ref::with_callback(&object, move |_| {
        drop(older);
        note.note("newer");
    });
    drop(object);
    assert_eq!(log.take(), ["newer", "older"]);
}

/// S5: a panic reaches the hook, not the code that dropped the object, and the others still run.
#[test]
fn panics_of_callbacks_are_reported_and_the_rest_run() {
    reports();
    let log = Log::default();
    let object = item(1);
    let _references = [
        noting(&object, &log, "first"),
        Ref::with_callback(&object, |_| panic!("static message")),
        noting(&object, &log, "second"),
        Ref::with_callback(&object, |_| panic!("message {}", 2)),
        Ref::with_callback(&object, |_| panic_any(7)),
    ];
    drop(object);
    assert_eq!(log.take(), ["second", "first"]);
    assert_eq!(reports(), ["?", "message 2", "static message"]);
}

/// S5: neither a hook that panics nor a payload whose destructor does gets in the way.
#[test]
fn panicking_hooks_and_payloads_do_not_get_out() {
    reports();
    let log = Log::default();
    let object = item(1);
    let _references = [
        noting(&object, &log, "first"),
        Ref::with_callback(&object, |_| {
            panic_any(OnDrop::new(|| panic!("payload dropped")));
        }),
        noting(&object, &log, "second"),
    ];
    let_hook_panic(true);
    drop(object);
    let_hook_panic(false);
    assert_eq!(log.take(), ["second", "first"]);
    assert_eq!(reports(), ["?"]);
}

/// S5: what a callback owns may panic when it is dropped unused.
#[test]
fn a_panicking_drop_of_a_callback_is_reported() {
    reports();
    let object = item(1);
    let bomb = OnDrop::new(|| panic!("closure"));
    drop(Ref::with_callback(&object, move |_| drop(bomb)));
    assert_eq!(reports(), ["closure"]);
}

/// S5: an object may die while its thread unwinds, also when its own destructor is what panics.
#[test]
fn callbacks_run_and_may_panic_during_unwinding() {
    reports();
    let log = Log::default();
    let object = item(1);
    let bomb = Arc::new(Tracked::new(OnDrop::new(|| panic!("own drop"))));
    let note = log.clone();
    let _references = (
        noting(&object, &log, "first"),
        Ref::with_callback(&object, |_| panic!("in unwinding")),
        Ref::with_callback(&bomb, move |_| note.note("bomb")),
    );
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _object = object;
        panic!("outer");
    }));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"outer"));
    assert_eq!(log.take(), ["first"]);
    assert_eq!(reports(), ["in unwinding"]);

    assert!(catch_unwind(AssertUnwindSafe(|| drop(bomb))).is_err());
    assert_eq!(log.take(), ["bomb"]);
}

/// S2, S33: a callback may use everything: make and drop references, kill other objects, change sets.
#[test]
fn callbacks_may_re_enter_everything() {
    let log = Log::default();
    let set = WeakSet::new();
    let (object, other, third) = (item(1), item(2), item(3));
    set.insert(&object);
    let _of_other = noting(&other, &log, "other died");
    let doomed = noting(&third, &log, "never");
    let (note, inner_set) = (log.clone(), set.clone());
    let third_again = Arc::clone(&third);
    let _reference = Ref::with_callback(&object, move |dead| {
        drop(doomed);
        drop(other);
        let plain = Ref::new(&third_again);
        assert!(plain.ptr_eq(&Ref::new(&third_again)) && *dead != plain);
        inner_set.insert(&third_again);
        assert_eq!(inner_set.len(), 1);
        note.note("object died");
    });
    drop(object);
    assert_eq!(log.take(), ["other died", "object died"]);
    assert!(set.contains(&third));
    drop((set, third));
    assert!(log.take().is_empty());
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
    assert!(plain != of_equal && of_equal != plain);
    assert!(of_equal == of_equal.clone());
    drop(object);
    assert!(plain != called && plain == plain.clone() && plain != of_equal);
}

/// S9.
#[test]
fn the_state_of_the_callback_is_readable_until_death() {
    let object = item(1);
    let plain = Ref::new(&object);
    let called = Ref::with_callback(&object, |_| ());
    assert!(!plain.has_callback() && called.has_callback());
    drop(object);
    assert!(!plain.has_callback() && !called.has_callback());
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

/// S5: without a hook, a panic is printed to the standard error output. In a process of its own, since
/// the hook is the process's.
#[test]
fn without_a_hook_panics_are_printed() {
    const CHILD: &str = "WEAKREFS_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        weakrefs::set_unraisable_hook(|_| unreachable!("it has been reset"));
        weakrefs::reset_unraisable_hook();
        let object = item(1);
        let _reference = Ref::with_callback(&object, |_| panic!("oh"));
        let _other = Ref::with_callback(&object, |_| panic_any(Box::new(1) as Box<dyn Any + Send>));
        drop(object);
        return;
    }
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new(this)
        .args([
            "--exact",
            "without_a_hook_panics_are_printed",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}");
    let context = "weakrefs: panic ignored while calling the callback of a weak reference";
    assert!(printed.contains(&format!("{context}: oh")), "{printed}");
    assert!(
        printed.contains(&format!("{context}: Box<dyn Any>")),
        "{printed}"
    );
}
