//! Callbacks of [`Ref`]: when, where and how often they run, what they may do, and where their panics go
//! (S2 to S5, S9).

mod support;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Arc, Mutex};
use std::thread;
use support::{Item, Log, OnDrop, item, let_hook_panic, reports};
use weakrefs::{Ref, Tracked, WeakSet};

/// A reference whose callback notes `event`.
fn noting(object: &Arc<Item>, log: &Log, event: &str) -> Ref<Item> {
    let (log, event) = (log.clone(), event.to_owned());
    Ref::with_callback(object, move |_| log.note(event))
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

/// S4: all references that were alive at the death call back, as in 3.14, even if a callback drops them.
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
#[cfg_attr(miri, ignore = "leaks a payload on purpose")]
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

/// S5: without a hook, a panic is printed to the standard error output. In a process of its own, since
/// the hook is the process's.
#[test]
#[cfg_attr(miri, ignore = "no processes")]
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
