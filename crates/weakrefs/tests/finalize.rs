//! Finalizers of objects that die, are called or detached (S29, S30, S32). What happens at exit is in
//! `exit/`.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use support::rounds;
use weakrefs::{Finalizer, Ref, Tracked, WeakReferenceable, WeakSlot, finalize};

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, event: &'static str) {
        self.0.lock().unwrap().push(event);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A function that notes `event`.
    fn noting(&self, event: &'static str) -> impl FnOnce() + Send + 'static {
        let log = self.clone();
        move || log.note(event)
    }
}

/// Runs `work` and gives the messages of the panics that it made the hook see.
fn unraisables(work: impl FnOnce()) -> Vec<String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard: MutexGuard<'_, ()> = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    weakrefs::set_unraisable_hook(move |unraisable| {
        log.lock().unwrap().push(unraisable.to_string());
    });
    work();
    weakrefs::reset_unraisable_hook();
    std::mem::take(&mut *seen.lock().unwrap())
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

/// S32: it fires in the thread of the last drop, though nobody keeps it.
#[test]
fn fires_at_death_unkept() {
    let fired_in = Arc::new(OnceLock::new());
    let object = Arc::new(Tracked::new(1));
    let cell = Arc::clone(&fired_in);
    finalize(&object, move || cell.set(thread::current().id()).unwrap());
    let dropper = thread::spawn(move || {
        drop(object);
        thread::current().id()
    });
    let dropped_in = dropper.join().unwrap();
    assert_eq!(fired_in.get(), Some(&dropped_in));
}

/// S29, S30: a call runs the function and gives its result; then the finalizer is dead for all ends.
#[test]
fn a_call_ends_it() {
    let log = Log::default();
    let object = Arc::new(Tracked::new(1));
    let note = log.noting("run");
    let finalizer = finalize(&object, move || {
        note();
        "result"
    });
    let clone = finalizer.clone();
    assert!(clone.ptr_eq(&finalizer));
    assert!(finalizer.alive() && finalizer.atexit());
    assert_eq!(
        format!("{finalizer:?}"),
        "Finalizer<weakrefs::tracked::Tracked<i32, weakrefs::owner::arc::Atomic>>(alive)"
    );

    assert_eq!(clone.call(), Some("result"));
    assert_eq!(finalizer.call(), None);
    assert!(!finalizer.alive() && !finalizer.atexit());
    assert!(finalizer.peek().is_none() && finalizer.detach().is_none());
    drop(object);
    assert_eq!(log.take(), ["run"]);
}

/// S30: what `peek` and `detach` give, and that a detached finalizer never runs.
#[test]
fn peek_and_detach() {
    let log = Log::default();
    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, log.noting("run"));
    assert!(Arc::ptr_eq(&finalizer.peek().unwrap(), &object));
    assert!(finalizer.alive());

    let (detached, function) = finalizer.detach().unwrap();
    assert!(Arc::ptr_eq(&detached, &object));
    assert!(!finalizer.alive() && finalizer.peek().is_none() && finalizer.call().is_none());
    drop((object, detached));
    assert_eq!(log.take(), [""; 0]);
    function();
    assert_eq!(log.take(), ["run"]);
}

/// S30: `atexit` can be changed while the finalizer is alive, and reads false after.
#[test]
fn atexit_can_be_changed() {
    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, || ());
    finalizer.set_atexit(false);
    assert!(finalizer.alive() && !finalizer.atexit());
    finalizer.set_atexit(true);
    assert!(finalizer.atexit());
    drop(object);
    finalizer.set_atexit(true);
    assert!(!finalizer.alive() && !finalizer.atexit());
}

/// S1, S34: it keeps its object neither alive nor, once that is dead, in memory.
#[test]
fn keeps_nothing() {
    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, || ());
    assert_eq!(
        (Arc::strong_count(&object), Arc::weak_count(&object)),
        (1, 1)
    );
    finalizer.call();
    assert_eq!(Arc::weak_count(&object), 0);
}

/// S2: callbacks and finalizers are called together, newest first, when all references read dead.
#[test]
fn newest_first_with_callbacks() {
    let log = Log::default();
    let object = Arc::new(Tracked::new(1));
    let plain = Ref::new(&object);
    finalize(&object, log.noting("first"));
    let (callback, reference) = (log.noting("second"), plain.clone());
    let _second = Ref::with_callback(&object, move |_| {
        assert!(!reference.is_alive());
        callback();
    });
    let gone = finalize(&object, log.noting("called"));
    finalize(&object, log.noting("third"));
    gone.call();
    drop(object);
    assert_eq!(log.take(), ["called", "third", "second", "first"]);
}

/// S29, S30: from the start of the object's death until its turn, a finalizer is alive without an
/// object: it cannot be detached, and can be called.
#[test]
fn between_death_and_its_turn() {
    struct Dying {
        slot: WeakSlot,
        finalizer: Arc<OnceLock<Finalizer<Dying, u8>>>,
    }

    impl WeakReferenceable for Dying {
        fn weak_slot(&self) -> &WeakSlot {
            &self.slot
        }
    }

    fn assert_undetachable(finalizer: &Finalizer<Dying, u8>) {
        assert!(finalizer.alive() && finalizer.atexit());
        assert!(finalizer.peek().is_none() && finalizer.detach().is_none());
    }

    impl Drop for Dying {
        fn drop(&mut self) {
            assert_undetachable(self.finalizer.get().unwrap());
        }
    }

    let finalizer = Arc::new(OnceLock::new());
    let object = Arc::new(Dying {
        slot: WeakSlot::new(),
        finalizer: Arc::clone(&finalizer),
    });
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let made = finalize(&object, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        7
    });
    assert!(finalizer.set(made.clone()).is_ok());
    let result = Arc::new(OnceLock::new());
    let cell = Arc::clone(&result);
    let _newer = Ref::with_callback(&object, move |_| {
        assert_undetachable(&made);
        cell.set(made.call()).unwrap();
    });

    drop(object);
    assert_eq!(result.get(), Some(&Some(7)));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

/// S5: panics of the function, of its result's drop and of a capture's reach the hook; the others run.
#[test]
fn panics_are_reported() {
    let log = Log::default();
    let object = Arc::new(Tracked::new(1));
    finalize(&object, log.noting("oldest"));
    finalize(&object, || panic!("function"));
    finalize(&object, || Bomb("result"));
    let captured = Bomb("capture");
    finalize(&object, move || {
        let _captured = &captured;
    });
    finalize(&object, log.noting("newest"));

    let seen = unraisables(|| drop(object));
    let context = "panic ignored while running a finalizer: ";
    let messages: Vec<_> = seen
        .iter()
        .filter_map(|s| s.strip_prefix(context))
        .collect();
    assert_eq!(messages, ["capture", "result", "function"]);
    assert_eq!(log.take(), ["newest", "oldest"]);
}

/// S29: a panic in a call is the caller's, and ends the finalizer.
#[test]
fn a_call_panics_into_the_caller() {
    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, || panic!("mine"));
    let panicked: Result<Option<()>, _> = catch_unwind(AssertUnwindSafe(|| finalizer.call()));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"mine"));
    assert!(!finalizer.alive());
    assert_eq!(unraisables(|| drop(object)), [""; 0]);
}

/// S29, S33: a function that calls its own finalizer, creates others, and drops the last `Arc`s of
/// other objects.
#[test]
fn functions_may_do_anything() {
    let log = Log::default();
    let object = Arc::new(Tracked::new(1));
    let other = Arc::new(Tracked::new(2));
    finalize(&other, log.noting("other"));
    let own = Arc::new(OnceLock::<Finalizer<Tracked<i32>>>::new());
    let (cell, inner_log) = (Arc::clone(&own), log.clone());
    let finalizer = finalize(&object, move || {
        let own = cell.get().unwrap();
        assert!(!own.alive() && own.call().is_none() && own.peek().is_none());
        let fresh = Arc::new(Tracked::new(3));
        finalize(&fresh, inner_log.noting("fresh"));
        drop(fresh);
        drop(other);
        inner_log.note("end");
    });
    own.set(finalizer).unwrap();
    drop(object);
    assert_eq!(log.take(), ["fresh", "other", "end"]);
}

/// S12: objects known by a trait.
#[test]
fn trait_objects() {
    let log = Log::default();
    let object: Arc<dyn WeakReferenceable> = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, log.noting("run"));
    assert!(Arc::ptr_eq(&finalizer.peek().unwrap(), &object));
    drop(object);
    assert_eq!(log.take(), ["run"]);
}

/// S29: an object that leaves its `Arc` alive takes the finalizer along, and it fires once: at the
/// object's death, or when it is watched in another `Arc`.
#[test]
fn objects_that_move() {
    let log = Log::default();
    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, log.noting("dropped"));
    let value = Arc::into_inner(object).unwrap();
    assert!(finalizer.alive() && finalizer.peek().is_none());
    drop(value);
    assert_eq!(log.take(), ["dropped"]);

    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, log.noting("moved"));
    let moved = Arc::new(Arc::into_inner(object).unwrap());
    finalize(&moved, log.noting("second"));
    assert!(!finalizer.alive());
    assert_eq!(log.take(), ["moved"]);
    drop(moved);
    assert_eq!(log.take(), ["second"]);
}

/// S29, S33: calls, detachments and the death race; the function runs once, or was detached once.
#[test]
fn exactly_once_under_races() {
    let runs = Arc::new(AtomicUsize::new(0));
    let returned = AtomicUsize::new(0);
    let detached = AtomicUsize::new(0);
    for round in 0..rounds(2000) {
        let object = Arc::new(Tracked::new(round));
        let counter = Arc::clone(&runs);
        let finalizer = finalize(&object, move || counter.fetch_add(1, Ordering::Relaxed));
        let start = Barrier::new(3);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                if finalizer.call().is_some() {
                    returned.fetch_add(1, Ordering::Relaxed);
                }
            });
            scope.spawn(|| {
                start.wait();
                if finalizer.detach().is_some() {
                    detached.fetch_add(1, Ordering::Relaxed);
                }
            });
            start.wait();
            drop(object);
        });
        assert!(!finalizer.alive());
        let ends = runs.load(Ordering::Relaxed) + detached.load(Ordering::Relaxed);
        assert_eq!(ends, round + 1);
    }
    assert!(returned.into_inner() <= runs.load(Ordering::Relaxed));
}

/// S33: handles are `Send` and `Sync` whatever the function returns.
#[test]
fn handles_are_send_and_sync() {
    fn check<T: Send + Sync>(_: &T) {}
    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, || std::rc::Rc::new(5));
    check(&finalizer);
    assert_eq!(finalizer.call().as_deref(), Some(&5));
}
