//! Finalizers of objects that stay in one thread: those of the thread that exits, or asks for it, run before those of all
//! threads, and those of other threads that are still there do not.

#[cfg(unix)]
use super::forks::process::{assert_exit, fork};
use super::{Case, at_exit};
use std::cell::Cell;
use std::mem;
use std::process;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use weakrefs::rc::{Finalizer, Ref, Tracked, finalize};
use weakrefs::{exit_guard, run_exit_finalizers};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case {
            name: "locals_when_main_returns",
            scenario: locals_when_main_returns,
            check: |outcome| outcome.assert(0, &["main ends", "2", "fresh", "1", "shared"]),
            times: 1,
        },
        Case {
            name: "locals_when_exit_is_called",
            scenario: locals_when_exit_is_called,
            check: |outcome| outcome.assert(7, &["2", "1", "shared"]),
            times: 1,
        },
        Case {
            name: "locals_when_exit_is_called_in_a_thread",
            scenario: locals_when_exit_is_called_in_a_thread,
            check: |outcome| outcome.assert(7, &["of the exiting", "shared"]),
            times: 5,
        },
        Case {
            name: "locals_when_main_panics",
            scenario: locals_when_main_panics,
            check: |outcome| outcome.assert(101, &["run"]),
            times: 1,
        },
        Case {
            name: "locals_of_a_main_with_a_guard",
            scenario: locals_of_a_main_with_a_guard,
            check: |outcome| outcome.assert(0, &["object dropped", "local", "shared"]),
            times: 1,
        },
        Case {
            name: "locals_are_run_on_request",
            scenario: locals_are_run_on_request,
            check: |outcome| {
                let lines = [
                    "2 begins", "fresh", "1", "shared", "2 ends", "late", "detached", "callback",
                ];
                outcome.assert(0, &lines);
            },
            times: 1,
        },
        Case {
            name: "a_local_asks_for_a_run",
            scenario: a_local_asks_for_a_run,
            check: |outcome| outcome.assert(0, &["shared", "asked", "local", "created", "end"]),
            times: 1,
        },
        Case {
            name: "locals_are_run_in_another_thread",
            scenario: locals_are_run_in_another_thread,
            check: |outcome| {
                outcome.assert(
                    0,
                    &[
                        "of the thread",
                        "shared",
                        "thread ends",
                        "main ends",
                        "of main",
                    ],
                )
            },
            times: 1,
        },
        Case {
            name: "locals_panic_at_exit",
            scenario: locals_panic_at_exit,
            check: |outcome| {
                let report = "weakrefs: panic ignored while running a finalizer: oops";
                assert!(outcome.stderr.contains(report));
                outcome.assert(0, &["newest", "oldest", "shared"]);
            },
            times: 1,
        },
    ];
    #[cfg(unix)]
    cases.push(Case {
        name: "a_fork_runs_its_locals",
        scenario: a_fork_runs_its_locals,
        check: |outcome| outcome.assert(0, &["fresh", "run", "run"]),
        times: 1,
    });
    cases
}

/// A finalizer, of an object of this thread that never dies.
#[inline(never)]
fn at_the_end<R: 'static>(function: impl FnOnce() -> R + 'static) -> Finalizer<Tracked<()>, R> {
    let object = Rc::new(Tracked::new(()));
    let finalizer = finalize(&object, function);
    mem::forget(object);
    finalizer
}

/// S31: newest first, those that they create too, without those that are excluded.
fn locals_when_main_returns() {
    at_exit(|| println!("shared"));
    at_the_end(|| println!("1"));
    at_the_end(|| {
        println!("2");
        at_the_end(|| println!("fresh"));
    });
    at_the_end(|| println!("excluded")).set_atexit(false);
    println!("main ends");
}

/// S31: where no thread-local is dropped before.
fn locals_when_exit_is_called() {
    at_the_end(|| println!("1"));
    at_exit(|| println!("shared"));
    at_the_end(|| println!("2"));
    process::exit(7);
}

/// S31, S33: those of a thread that goes on, or waits, do not run: nobody else may touch their objects.
fn locals_when_exit_is_called_in_a_thread() {
    at_the_end(|| println!("of main"));
    at_exit(|| println!("shared"));
    let (begin, begun) = mpsc::channel();
    thread::spawn(move || {
        at_the_end(|| println!("of another"));
        begin.send(()).unwrap();
        let moving = Rc::new(Cell::new(0));
        loop {
            moving.set(moving.get() + 1);
            let inner = Rc::clone(&moving);
            at_the_end(move || inner.set(0)).call();
        }
    });
    begun.recv().unwrap();
    thread::spawn(|| {
        at_the_end(|| println!("of the exiting"));
        process::exit(7);
    });
    loop {
        thread::park();
    }
}

/// S31: a panic of the main thread is an exit.
fn locals_when_main_panics() {
    at_the_end(|| println!("run"));
    panic!("main's own");
}

/// S31: the guard of `main` runs them, after the other locals of `main`, of which some die.
fn locals_of_a_main_with_a_guard() {
    let _guard = exit_guard();
    at_exit(|| println!("shared"));
    at_the_end(|| println!("local"));
    let object = Rc::new(Tracked::new(()));
    finalize(&object, || println!("object dropped"));
}

/// S29, S31, S33: a run that is asked for, also by one of them; after it all of the thread are inert.
fn locals_are_run_on_request() {
    at_exit(|| println!("shared"));
    let late = at_the_end(|| println!("late"));
    late.set_atexit(false);
    at_the_end(|| println!("1"));
    at_the_end(move || {
        println!("2 begins");
        at_the_end(|| println!("fresh"));
        run_exit_finalizers();
        println!("2 ends");
        late.set_atexit(true);
    });
    let excluded = at_the_end(|| println!("never"));
    excluded.set_atexit(false);
    run_exit_finalizers();

    assert!(excluded.alive() && excluded.call().is_none() && !excluded.alive());
    let object = Rc::new(Tracked::new(1));
    let fresh = finalize(&object, || println!("never"));
    assert!(fresh.alive() && fresh.atexit() && fresh.peek().is_some());
    finalize(&object, || println!("detached"))
        .detach()
        .unwrap()
        .1();
    let _reference = Ref::with_callback(&object, |_| println!("callback"));
    drop(object);
    assert!(!fresh.alive() && fresh.call().is_none());
    at_the_end(|| println!("never"));
    run_exit_finalizers();
}

/// S31: the run that one of them asks for is a part of the run that it is in: what they create after it has its turn.
fn a_local_asks_for_a_run() {
    at_exit(|| println!("shared"));
    at_the_end(|| {
        run_exit_finalizers();
        println!("asked");
        at_exit(|| println!("created"));
        at_the_end(|| println!("local"));
    });
    run_exit_finalizers();
    println!("end");
}

/// S31: the run of one thread is not that of another one's objects, which have their turn when that ends.
fn locals_are_run_in_another_thread() {
    at_the_end(|| println!("of main"));
    at_exit(|| println!("shared"));
    let thread = thread::spawn(|| {
        at_the_end(|| println!("of the thread"));
        run_exit_finalizers();
        at_the_end(|| println!("never"));
        println!("thread ends");
    });
    thread.join().unwrap();
    println!("main ends");
}

/// S5, S31: a panic is reported, and the rest still run.
fn locals_panic_at_exit() {
    at_exit(|| println!("shared"));
    at_the_end(|| println!("oldest"));
    at_the_end(|| panic!("oops"));
    at_the_end(|| println!("newest"));
}

/// S31: parent and child both run them, and what the child created the child.
#[cfg(unix)]
fn a_fork_runs_its_locals() {
    at_the_end(|| println!("run"));
    match fork() {
        Some(child) => assert_exit(&[child]),
        None => {
            at_the_end(|| println!("fresh"));
            process::exit(0);
        }
    }
}
