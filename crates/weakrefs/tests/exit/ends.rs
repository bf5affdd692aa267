//! The ways in which a process ends.

use super::{Case, at_exit};
use std::cell::RefCell;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use weakrefs::{Tracked, exit_guard, finalize, set_unraisable_hook};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "main_returns",
            scenario: main_returns,
            check: |outcome| outcome.assert(0, &["main ends", "3", "1"]),
            times: 1,
        },
        Case {
            name: "exit_is_called",
            scenario: exit_is_called,
            check: |outcome| outcome.assert(7, &["run"]),
            times: 1,
        },
        Case {
            name: "exit_is_called_in_a_thread",
            scenario: exit_is_called_in_a_thread,
            check: |outcome| outcome.assert(7, &["run"]),
            times: 20,
        },
        Case {
            name: "exit_is_called_in_many_threads",
            scenario: exit_is_called_in_many_threads,
            check: |outcome| outcome.assert(7, &["second", "first"]),
            times: 20,
        },
        Case {
            name: "main_panics",
            scenario: main_panics,
            check: |outcome| {
                assert!(outcome.stderr.contains("main's own"));
                outcome.assert(101, &["run"]);
            },
            times: 1,
        },
        Case {
            name: "main_panics_with_a_guard",
            scenario: main_panics_with_a_guard,
            check: |outcome| outcome.assert(101, &["newest", "reported oops", "has locals"]),
            times: 1,
        },
        Case {
            name: "main_returns_with_a_guard",
            scenario: main_returns_with_a_guard,
            check: |outcome| outcome.assert(0, &["local dropped", "run"]),
            times: 1,
        },
        Case {
            name: "abort",
            scenario: abort,
            check: |outcome| {
                assert_eq!(outcome.stdout, "");
                assert_eq!(outcome.status.code(), None);
            },
            times: 1,
        },
        Case {
            name: "thread_locals_are_gone",
            scenario: thread_locals_are_gone,
            check: |outcome| {
                let report = "weakrefs: panic ignored while running a finalizer: \
                              cannot access a Thread Local Storage value";
                assert!(outcome.stderr.contains(report));
                outcome.assert(0, &["gone: true", "nested", "run"]);
            },
            times: 1,
        },
        Case {
            name: "finalizers_panic",
            scenario: finalizers_panic,
            check: |outcome| {
                let lines = ["newest", "function", "result", "hook", "oldest"];
                outcome.assert(0, &lines);
                assert!(
                    outcome
                        .stderr
                        .contains("while calling the unraisable hook: of the hook")
                );
            },
            times: 1,
        },
        Case {
            name: "finalizers_create_finalizers",
            scenario: finalizers_create_finalizers,
            check: |outcome| {
                let lines = ["2", "2.3", "2.3.3", "2.3.2", "2.2", "2.2.3", "2.2.2", "1"];
                outcome.assert(0, &lines);
            },
            times: 1,
        },
    ]
}

/// S31: newest first, without those that are excluded, ended or detached.
fn main_returns() {
    at_exit(|| println!("1"));
    at_exit(|| println!("excluded")).set_atexit(false);
    let back = at_exit(|| println!("3"));
    back.set_atexit(false);
    back.set_atexit(true);
    at_exit(|| ()).call();
    drop(at_exit(|| println!("detached")).detach());
    println!("main ends");
}

/// S31: `exit` in the main thread.
fn exit_is_called() {
    at_exit(|| println!("run"));
    process::exit(7);
}

/// S31, S33: `exit` in a thread while others create, call and fire finalizers.
fn exit_is_called_in_a_thread() {
    at_exit(|| println!("run"));
    let work = || {
        loop {
            let object = Arc::new(Tracked::new(0));
            let finalizer = finalize(&object, || ());
            finalize(&object, || ());
            finalizer.call();
        }
    };
    thread::spawn(work);
    thread::spawn(|| {
        thread::sleep(Duration::from_millis(5));
        process::exit(7);
    });
    work();
}

/// S29, S31: several threads exit at once.
fn exit_is_called_in_many_threads() {
    at_exit(|| println!("first"));
    at_exit(|| println!("second"));
    for _ in 0..4 {
        thread::spawn(|| process::exit(7));
    }
    loop {
        thread::park();
    }
}

/// S31: a panic of the main thread is an exit.
fn main_panics() {
    at_exit(|| println!("run"));
    panic!("main's own");
}

thread_local! {
    /// With a destructor.
    static LOCAL: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// S5, S31: the guard runs them while `main` unwinds, catches panics, and thread-locals are there.
fn main_panics_with_a_guard() {
    LOCAL.with_borrow_mut(|local| local.push(1));
    set_unraisable_hook(|unraisable| println!("reported {}", unraisable.message().unwrap()));
    let _guard = exit_guard();
    at_exit(|| LOCAL.with_borrow(|local| println!("has locals{}", &"!"[local.len()..])));
    at_exit(|| panic!("oops"));
    at_exit(|| println!("newest"));
    panic!("main's own");
}

/// S31: a guard made first runs the finalizers last, and the handler does not again.
fn main_returns_with_a_guard() {
    struct Local;

    impl Drop for Local {
        fn drop(&mut self) {
            println!("local dropped");
        }
    }

    let _guard = exit_guard();
    at_exit(|| println!("run"));
    let _local = Local;
}

/// S31: after an abort nothing runs, and nothing hangs.
fn abort() {
    let _guard = exit_guard();
    at_exit(|| println!("run"));
    process::abort();
}

/// S31: where thread-locals are gone, a finalizer that needs one panics, and all of the crate works:
/// creating, firing, calling, reporting.
fn thread_locals_are_gone() {
    LOCAL.with_borrow_mut(|local| local.push(1));
    at_exit(|| println!("run"));
    at_exit(|| LOCAL.with_borrow(Vec::len));
    at_exit(|| {
        println!("gone: {}", LOCAL.try_with(|_| ()).is_err());
        let object = Arc::new(Tracked::new(1));
        finalize(&object, || println!("nested"));
        assert_eq!(finalize(&object, || 5).call(), Some(5));
    });
}

/// S5, S31: panics of the function, of the drop of its result, and of the hook that hears of them: the rest
/// still run.
fn finalizers_panic() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("of the result");
        }
    }

    static REPORTS: AtomicUsize = AtomicUsize::new(0);

    set_unraisable_hook(|_| {
        if REPORTS.fetch_add(1, Ordering::Relaxed) == 2 {
            panic!("of the hook");
        }
    });
    at_exit(|| println!("oldest"));
    at_exit(|| {
        println!("hook");
        panic!("of the function");
    });
    at_exit(|| {
        println!("result");
        Bomb
    });
    at_exit(|| {
        println!("function");
        panic!("of the function");
    });
    at_exit(|| println!("newest"));
}

/// S31: finalizers that finalizers create run, too, each as the newest.
fn finalizers_create_finalizers() {
    fn create(name: String) {
        at_exit(move || {
            println!("{name}");
            if name.len() < 4 {
                create(format!("{name}.2"));
                create(format!("{name}.3"));
            }
        });
    }

    at_exit(|| println!("1"));
    create("2".into());
}
