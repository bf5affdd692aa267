//! Models of references: their referent's death, their own, sharing, moves, and panics.

use crate::{Count, Counted, Flag, Witness, explore, fail, in_threads, object, pause};
use std::sync::{Arc, Mutex};
use weakrefs::{Ref, Tracked, count, refs, reset_unraisable_hook, set_unraisable_hook};

/// S1: a reference gives its referent until that begins to die, and never after.
#[test]
fn upgrade_and_the_last_drop() {
    explore(|| {
        let referent = Arc::new(Witness::default());
        let dying = referent.dying.clone();
        let reference = Ref::new(&referent);
        let same = reference.clone();
        let read = move || {
            for _ in 0..2 {
                let was_dying = dying.get();
                match same.upgrade() {
                    Some(referent) => {
                        assert!(!was_dying && !referent.dying.get(), "given while dying");
                        pause();
                        assert!(same.is_alive());
                        assert!(!referent.dying.get(), "dead though referenced");
                    }
                    None => assert!(!same.is_alive()),
                }
            }
        };
        in_threads!(move || drop(referent), read);
        assert!(reference.upgrade().is_none());
        assert!(!reference.is_alive());
    });
}

/// S2 to S4: whichever of two threads drops the last strong reference, every callback has run once
/// when both have, newest first, and saw all references dead.
#[test]
fn two_last_drops() {
    explore(|| {
        let referent = object(1);
        let log = Arc::new(Mutex::new(Vec::new()));
        let plain = Ref::new(&referent);
        let callback = |name| {
            let log = Arc::clone(&log);
            let plain = plain.clone();
            Ref::with_callback(&referent, move |dead| {
                assert!(!dead.is_alive() && !plain.is_alive());
                pause();
                log.lock().unwrap().push(name);
            })
        };
        let references = [callback("old"), callback("new")];
        let other = Arc::clone(&referent);
        let done = Count::default();
        let drop_one = |referent: Arc<Tracked<i32>>| {
            let (log, done) = (Arc::clone(&log), done.clone());
            move || {
                drop(referent);
                if done.up() == 1 {
                    assert_eq!(*log.lock().unwrap(), ["new", "old"]);
                }
            }
        };
        in_threads!(drop_one(referent), drop_one(other));
        assert_eq!(log.lock().unwrap().len(), 2);
        drop(references);
    });
}

/// S4: a reference that goes while its referent dies calls back at most once, and not at all if it
/// has gone before; its callback is dropped once.
#[test]
fn a_reference_and_its_referent_go() {
    explore(|| {
        let referent = object(1);
        let (calls, drops, gone) = (Count::default(), Count::default(), Flag::default());
        let (called, owned) = (calls.clone(), Counted(drops.clone()));
        let reference = Ref::with_callback(&referent, move |dead| {
            let _owned = &owned;
            assert!(dead.upgrade().is_none());
            called.up();
        });
        let same = reference.clone();
        let (seen, was_gone) = (calls.clone(), gone.clone());
        let half = Count::default();
        let drop_handle = |reference: Ref<Tracked<i32>>| {
            let (gone, half) = (gone.clone(), half.clone());
            move || {
                drop(reference);
                if half.up() == 1 {
                    gone.set();
                }
            }
        };
        in_threads!(
            move || {
                let was_gone = was_gone.get();
                drop(referent);
                assert!(
                    seen.get() <= usize::from(!was_gone),
                    "called after it had gone"
                );
            },
            drop_handle(reference),
            drop_handle(same),
        );
        assert!(calls.get() <= 1);
        assert_eq!(drops.get(), 1);
    });
}

/// S3, S5: a reference made in a callback of a dying referent, and dropped elsewhere.
#[test]
fn callbacks_use_other_objects() {
    explore(|| {
        let (referent, other) = (object(1), object(2));
        let shared = Arc::new(Mutex::new(None));
        let (made, kept) = (Arc::clone(&shared), Arc::clone(&other));
        let reference = Ref::with_callback(&referent, move |_| {
            let new = Ref::new(&kept);
            pause();
            *made.lock().unwrap() = Some(new);
        });
        let handed = Arc::clone(&shared);
        in_threads!(move || drop(referent), move || {
            let taken = handed.lock().unwrap().take();
            drop(taken);
            drop(other);
        },);
        drop(reference);
        let left = shared.lock().unwrap().take();
        assert!(left.is_none_or(|left| !left.is_alive()));
    });
}

/// S6: threads that ask for the plain reference get the same, also the first two of all, and one that
/// goes meanwhile is replaced.
#[test]
fn plain_references_are_shared() {
    explore(|| {
        let referent = object(1);
        let ask = |referent: &Arc<Tracked<i32>>| {
            let referent = Arc::clone(referent);
            move || {
                let first = Ref::new(&referent);
                assert_eq!(count(&referent), 1);
                drop(first);
                let second = Ref::new(&referent);
                assert!(Ref::new(&referent).ptr_eq(&second));
                second
            }
        };
        let (one, other) = in_threads!(ask(&referent), ask(&referent));
        assert!(one.ptr_eq(&other));
        assert_eq!(count(&referent), 1);
        assert_eq!(refs(&referent).len(), 1);
        drop((one, other));
        assert_eq!(count(&referent), 0);
    });
}

/// S6, S10: what dies while it is being counted.
#[test]
fn references_are_counted_while_they_go() {
    explore(|| {
        let referent = object(1);
        let (plain, own) = (Ref::new(&referent), Ref::with_callback(&referent, |_| ()));
        let counted = Arc::clone(&referent);
        in_threads!(move || drop(plain), move || drop(own), move || {
            let before = count(&counted);
            let after = refs(&counted).len();
            assert!(before <= 2 && after <= before);
        },);
        assert_eq!(count(&referent), 0);
    });
}

/// S1, S4: a value that leaves its `Arc` alive and is watched at another place is dead for those that
/// watched it at the old one, and their callbacks run once.
#[test]
fn a_value_moves() {
    explore(|| {
        let referent = object(1);
        let calls = Count::default();
        let called = calls.clone();
        let reference = Ref::with_callback(&referent, move |_| {
            called.up();
        });
        let (same, other) = (reference.clone(), Arc::clone(&referent));
        let take = |referent: Arc<Tracked<i32>>| {
            move || {
                let moved = Arc::new(Arc::into_inner(referent)?);
                let reference = Ref::new(&moved);
                assert!(reference.is_alive());
                Some((moved, reference))
            }
        };
        let (one, two, ()) = in_threads!(take(referent), take(other), move || {
            drop(same.upgrade());
        });
        assert!(!reference.is_alive());
        assert!(one.is_none() || two.is_none());
        if let Some((moved, new)) = one.or(two) {
            assert_eq!(calls.get(), 1);
            assert!(Arc::ptr_eq(&new.upgrade().unwrap(), &moved));
            drop(moved);
            assert!(!new.is_alive());
        }
        assert_eq!(calls.get(), 1);
    });
}

/// S5: the hook that is set gets every panic exactly once, whoever sets another one.
#[test]
fn the_hook_is_set_while_callbacks_panic() {
    explore(|| {
        let (first, second) = (Count::default(), Count::default());
        let told = first.clone();
        set_unraisable_hook(move |_| {
            pause();
            told.up();
        });
        let objects = [object(1), object(2)];
        let references = objects
            .each_ref()
            .map(|referent| Ref::with_callback(referent, |_| fail()));
        let [one, other] = objects;
        let told = second.clone();
        in_threads!(move || drop(one), move || drop(other), move || {
            set_unraisable_hook(move |_| {
                told.up();
            });
        });
        assert_eq!(first.get() + second.get(), 2);
        drop(references);
        reset_unraisable_hook();
    });
}

/// S2, S10: a reference that is older than its object enters its list once, whichever threads it meets it in, and is told
/// of a death at any moment.
#[test]
fn an_early_reference_meets_its_object() {
    explore(|| {
        let early = Mutex::new(None);
        let referent = Arc::new_cyclic(|this| {
            *early.lock().unwrap() = Some(Ref::from_weak(this));
            Tracked::new(1)
        });
        let early = early.into_inner().unwrap().unwrap();
        let meet = |reference: Ref<Tracked<i32>>| {
            move || {
                if let Some(referent) = reference.upgrade() {
                    pause();
                    assert!(count(&referent) >= 1);
                }
            }
        };
        let kept = Arc::clone(&referent);
        in_threads!(meet(early.clone()), meet(early.clone()), move || drop(
            referent
        ));
        assert!(early.upgrade().is_some());
        assert_eq!((count(&kept), refs(&kept).len()), (1, 1));
        in_threads!(meet(early.clone()), move || drop(kept));
        assert!(!early.is_alive() && early.upgrade().is_none());
    });
}
