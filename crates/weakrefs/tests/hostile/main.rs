//! Code of the user's that panics, re-enters and changes everything, at every place where it can run
//! (S5, S18, S33): each operation, with each hostile action in its first comparisons, hashes and drops.
//! Afterwards the containers are consistent, nothing is lost or doubled, and everybody still evicts.

mod cases;
#[path = "../support/mod.rs"]
mod support;
mod world;

use cases::{ACTIONS, Named, OPERATIONS};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use support::{Colliding, within};
use weakrefs::WeakSet;
use world::{Hook, Place, World, probe, set_hook};

fn run(place: Place) {
    support::reports();
    let cases = OPERATIONS
        .iter()
        .flat_map(|operation| ACTIONS.iter().map(move |action| (operation, action)))
        .flat_map(|(operation, action)| {
            (1..=3).map(move |countdown| (operation, action, countdown))
        });
    for (operation, action, countdown) in cases.step_by(support::stride()) {
        check(place, operation, action, countdown);
    }
}

fn check(
    place: Place,
    &(operation_name, operation): &Named,
    &(action_name, action): &Named,
    countdown: usize,
) {
    let world = World::new();
    let inner = Rc::clone(&world);
    let run = Box::new(move || action(&inner));
    set_hook(Some(Hook {
        place,
        countdown,
        run,
    }));
    let result = catch_unwind(AssertUnwindSafe(|| operation(&world)));
    set_hook(None);
    let reports = support::reports();
    let case = format!("{operation_name}, {action_name} in {place:?} {countdown}");
    assert!(result.is_ok() || action_name == "panic", "{case}");
    assert!(
        reports.iter().all(|report| report == "hostile"),
        "{case}: {reports:?}"
    );
    let checked = catch_unwind(AssertUnwindSafe(|| {
        world.check();
        world.kill(|_| true);
        assert!(world.is_empty());
    }));
    assert!(checked.is_ok(), "inconsistent: {case}");
}

/// S18: `Hash`.
#[test]
fn hashes() {
    within(60, || run(Place::Hash));
}

/// S18: `Eq`, of the element, of the keys, of candidates of equal hash.
#[test]
fn comparisons() {
    within(60, || run(Place::Eq));
}

/// S18: `Drop` of an object, which is dead and still in its containers.
#[test]
fn drops_of_objects() {
    within(60, || run(Place::Drop));
}

/// S5, S18: `Drop` of what entries own.
#[test]
fn drops_of_keys_and_values() {
    within(60, || run(Place::DropOther));
}

/// S2, S5: callbacks of the dying.
#[test]
fn callbacks() {
    within(60, || run(Place::Callback));
}

/// S18: Factories, `update`, `retain`, and the body of a loop.
#[test]
fn closures() {
    within(60, || run(Place::Given));
}

/// S18: a comparison that kills the key that it compares: that key is not found, the new one goes in.
#[test]
fn a_key_may_die_of_its_comparison() {
    within(10, || {
        let world = World::new();
        let inner = Rc::clone(&world);
        let kill = Box::new(move || inner.kill(|object| object.class == 2));
        set_hook(Some(Hook {
            place: Place::Eq,
            countdown: 1,
            run: kill,
        }));
        let set: WeakSet<_, Colliding<1>> = WeakSet::default();
        set.insert(&world.object(2));
        let new = Arc::new(probe(2));
        assert!(set.insert(&new));
        assert!(Arc::ptr_eq(&set.get(&probe(2)).unwrap(), &new) && set.len() == 1);
    });
}

/// S18: an equal element that comes during the comparison with another one is found, not doubled.
#[test]
fn an_equal_element_may_come_during_a_comparison() {
    within(10, || {
        let set: WeakSet<_, Colliding<1>> = WeakSet::default();
        let (other, rival, ours) = (Arc::new(probe(1)), Arc::new(probe(2)), Arc::new(probe(2)));
        set.insert(&other);
        let (handle, inner) = (set.clone(), Arc::clone(&rival));
        let run = Box::new(move || assert!(handle.insert(&inner)));
        set_hook(Some(Hook {
            place: Place::Eq,
            countdown: 1,
            run,
        }));
        assert!(!set.insert(&ours));
        assert!(Arc::ptr_eq(&set.get(&ours).unwrap(), &rival) && set.len() == 2);
        assert_eq!(Arc::weak_count(&ours), 0);
    });
}
