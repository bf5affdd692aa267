//! Models of finalizers: whatever ends one, its function runs exactly once.

use crate::{Count, Counted, Flag, explore, fail, in_threads, object, pause};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use weakrefs::{
    Tracked, finalize, reset_unraisable_hook, run_exit_finalizers, set_unraisable_hook,
};

/// S29, S32: of a call, a death and another call one runs the function; when all have returned, it has.
#[test]
fn call_and_death() {
    explore(|| {
        let referent = object(1);
        let calls = Count::default();
        let called = calls.clone();
        let finalizer = finalize(&referent, move || {
            pause();
            called.up()
        });
        let (one, two) = (finalizer.clone(), finalizer.clone());
        let (first, second, ()) =
            in_threads!(move || one.call(), move || two.call(), move || drop(
                referent
            ),);
        assert_eq!(calls.get(), 1);
        assert!(first.is_none() || second.is_none());
        assert!(!finalizer.alive());
        assert_eq!(finalizer.call(), None);
    });
}

/// S29, S30: detached, the function runs only if it is called by whoever got it, and what it has
/// captured is dropped once.
#[test]
fn detach_and_death() {
    explore(|| {
        let referent = object(1);
        let (calls, drops) = (Count::default(), Count::default());
        let (called, owned) = (calls.clone(), Counted(drops.clone()));
        let finalizer = finalize(&referent, move || {
            let _owned = &owned;
            called.up();
        });
        let (one, two) = (finalizer.clone(), finalizer.clone());
        let other = Arc::clone(&referent);
        let (detached, (), again) = in_threads!(
            move || one.detach().is_some(),
            move || drop(referent),
            move || {
                let seen = two.peek().is_some();
                drop(other);
                let again = two.detach();
                assert!(seen || again.is_none());
                again.is_some()
            },
        );
        assert!(!(detached && again));
        assert_eq!(calls.get(), usize::from(!detached && !again));
        assert_eq!(drops.get(), 1);
    });
}

/// S29, S31: of the exit, a call and a death one runs each function, and when the exit has returned all
/// have run or are about to, and none is alive.
#[test]
fn exit_call_and_death() {
    explore(|| {
        let (one, two) = (object(1), object(2));
        let calls = [Count::default(), Count::default()];
        let finalizers = [&one, &two].map(|referent| {
            let called = calls[***referent - 1].clone();
            finalize(referent, move || {
                pause();
                called.up();
            })
        });
        let [first, second] = finalizers.clone();
        in_threads!(
            move || {
                run_exit_finalizers();
                assert!(!first.alive() && !second.alive());
            },
            move || drop(one),
            move || {
                finalizers[1].call();
                drop(two);
            },
        );
        assert_eq!(calls.each_ref().map(Count::get), [1, 1]);
    });
}

/// S31: two threads that run the exit: when either returns, everything has run, once, newest first.
#[test]
fn two_exits() {
    explore(|| {
        let referents = [object(1), object(2), object(3)];
        let log = Arc::new(Mutex::new(Vec::new()));
        for referent in &referents {
            let (log, number) = (Arc::clone(&log), ***referent);
            finalize(referent, move || {
                pause();
                log.lock().unwrap().push(number);
            });
        }
        let exit = || {
            let log = Arc::clone(&log);
            move || {
                run_exit_finalizers();
                assert_eq!(*log.lock().unwrap(), [3, 2, 1]);
            }
        };
        in_threads!(exit(), exit());
        drop(referents);
        assert_eq!(log.lock().unwrap().len(), 3);
    });
}

/// S31: finalizers that are created during the exit, by another finalizer or another thread, run once
/// or are inert, and one that ends the exit's own way does not end it for the others.
#[test]
fn creation_during_the_exit() {
    explore(|| {
        let (referent, other) = (object(1), object(2));
        let (nested, late) = (Count::default(), Count::default());
        let (ran, kept) = (nested.clone(), Arc::clone(&referent));
        finalize(&referent, move || {
            pause();
            let ran = ran.clone();
            finalize(&kept, move || ran.up());
            run_exit_finalizers();
        });
        let called = late.clone();
        let ((), finalizer) = in_threads!(run_exit_finalizers, move || {
            let finalizer = finalize(&other, move || {
                called.up();
            });
            (other, finalizer)
        });
        assert_eq!(nested.get(), 1);
        let (other, finalizer) = finalizer;
        let ran = late.get();
        assert_eq!(finalizer.alive(), ran == 0);
        drop((other, referent));
        assert_eq!(late.get(), ran, "run after the exit");
        assert!(ran <= 1);
    });
}

/// S31: `set_atexit(false)` that comes in time is heeded.
#[test]
fn excluded_from_the_exit() {
    explore(|| {
        let referent = object(1);
        let (calls, excluded) = (Count::default(), Flag::default());
        let (called, in_time) = (calls.clone(), excluded.clone());
        let finalizer = finalize(&referent, move || {
            called.up();
        });
        let (exclude, seen) = (finalizer.clone(), calls.clone());
        in_threads!(
            move || {
                exclude.set_atexit(false);
                excluded.set();
            },
            move || {
                let in_time = in_time.get();
                run_exit_finalizers();
                assert!(!in_time || seen.get() == 0);
            },
        );
        assert_eq!(finalizer.alive(), calls.get() == 0);
    });
}

/// S5: a panic in a finalizer goes to the hook if nobody called it, and to the caller otherwise.
#[test]
fn finalizers_panic() {
    explore(|| {
        let told = Count::default();
        let told_to = told.clone();
        set_unraisable_hook(move |_| {
            told_to.up();
        });
        let referent = object(1);
        let finalizer = finalize(&referent, || -> () { fail() });
        let caller = finalizer.clone();
        let ((), caught) = in_threads!(move || drop(referent), move || catch_unwind(
            AssertUnwindSafe(|| caller.call())
        )
        .is_err(),);
        assert_eq!(told.get(), usize::from(!caught));
        assert!(!finalizer.alive());
        reset_unraisable_hook();
    });
}

/// S2, S29: a finalizer is created while another thread drops what it is of: it runs once.
#[test]
fn creation_and_death() {
    explore(|| {
        let referent = object(1);
        let calls = Count::default();
        let create = |referent: &Arc<Tracked<u32>>| {
            let (referent, calls) = (Arc::clone(referent), calls.clone());
            move || {
                finalize(&referent, move || calls.up());
                drop(referent);
            }
        };
        let threads = (create(&referent), create(&referent));
        in_threads!(threads.0, threads.1, move || drop(referent));
        assert_eq!(calls.get(), 2);
    });
}
