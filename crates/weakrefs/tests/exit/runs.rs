//! Runs that are asked for: once more, in several threads, from within, and what is left after them.

use super::{Case, at_exit};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, OnceLock, mpsc};
use std::thread;
use std::time::Duration;
use weakrefs::{Finalizer, Tracked, finalize, run_exit_finalizers};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "inert_after_the_exit",
            scenario: inert_after_the_exit,
            check: |outcome| outcome.assert(0, &["run", "detached"]),
            times: 1,
        },
        Case {
            name: "runs_at_once",
            scenario: runs_at_once,
            check: |outcome| outcome.assert(0, &["100 after each run"]),
            times: 20,
        },
        Case {
            name: "exit_waits_for_a_run",
            scenario: exit_waits_for_a_run,
            check: |outcome| outcome.assert(3, &["begun", "ended", "oldest"]),
            times: 5,
        },
        Case {
            name: "run_within_a_run",
            scenario: run_within_a_run,
            check: |outcome| {
                let lines = ["2 begins", "fresh", "1", "2 ends", "0 was late", "end"];
                outcome.assert(0, &lines);
            },
            times: 1,
        },
        Case {
            name: "exit_within_a_run",
            scenario: exit_within_a_run,
            check: |outcome| outcome.assert(3, &["exiting", "rest"]),
            times: 1,
        },
        Case {
            name: "a_thread_creates_without_end",
            scenario: a_thread_creates_without_end,
            check: |outcome| outcome.assert(0, &["run"]),
            times: 5,
        },
        Case {
            name: "a_thread_creates_meanwhile",
            scenario: a_thread_creates_meanwhile,
            check: |outcome| {
                let lines = ["asks", "old", "allowed", "late", "of the late"];
                outcome.assert(0, &lines);
            },
            times: 1,
        },
        Case {
            name: "deaths_race_with_the_exit",
            scenario: deaths_race_with_the_exit,
            check: |outcome| outcome.assert(0, &["all once"]),
            times: 20,
        },
    ]
}

/// S31: after the exit nothing runs, of old finalizers and of new ones; they can still be asked and
/// detached.
fn inert_after_the_exit() {
    let object = Arc::new(Tracked::new(1));
    at_exit(|| println!("run"));
    let excluded = finalize(&object, || println!("called"));
    excluded.set_atexit(false);
    run_exit_finalizers();
    assert!(excluded.alive() && excluded.peek().is_some());
    let fresh = finalize(&object, || println!("called"));
    finalize(&object, || println!("fired"));
    let detached = finalize(&object, || println!("detached"));
    assert!(fresh.alive() && fresh.atexit());

    assert_eq!(excluded.call(), None);
    assert!(!excluded.alive());
    detached.detach().unwrap().1();
    drop(object);
    assert!(!fresh.alive());
    at_exit(|| println!("exit"));
    run_exit_finalizers();
}

/// S29, S31, S33: of several runs at once, none returns before all have run, each once.
fn runs_at_once() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..100 {
        at_exit(|| {
            thread::sleep(Duration::from_micros(20));
            RUNS.fetch_add(1, Ordering::Relaxed)
        });
    }
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                run_exit_finalizers();
                assert_eq!(RUNS.load(Ordering::Relaxed), 100);
            });
        }
    });
    println!("{} after each run", RUNS.load(Ordering::Relaxed));
}

/// S31: the process does not end in the middle of a run by another thread.
fn exit_waits_for_a_run() {
    let (sender, receiver) = mpsc::channel();
    at_exit(|| println!("oldest"));
    at_exit(move || {
        println!("begun");
        sender.send(()).unwrap();
        thread::sleep(Duration::from_millis(100));
        println!("ended");
    });
    thread::spawn(run_exit_finalizers);
    receiver.recv().unwrap();
    process::exit(3);
}

/// S31, S33: a finalizer that runs the finalizers.
fn run_within_a_run() {
    let object = Arc::new(Tracked::new(1));
    let late = finalize(&object, || println!("0 was late"));
    late.set_atexit(false);
    at_exit(|| println!("1"));
    at_exit(move || {
        println!("2 begins");
        at_exit(|| println!("fresh"));
        run_exit_finalizers();
        println!("2 ends");
        late.set_atexit(true);
    });
    run_exit_finalizers();
    println!("end");
}

/// S31: a finalizer that exits: the handler runs what is left.
fn exit_within_a_run() {
    at_exit(|| println!("rest"));
    at_exit(|| {
        println!("exiting");
        process::exit(3)
    });
    run_exit_finalizers();
}

/// S31: another thread that does not stop creating finalizers does not stop the exit.
fn a_thread_creates_without_end() {
    static RUN: AtomicBool = AtomicBool::new(false);
    at_exit(|| println!("run"));
    thread::spawn(|| {
        loop {
            at_exit(|| RUN.store(true, Ordering::Relaxed));
        }
    });
    thread::sleep(Duration::from_millis(5));
}

/// S31: what another thread creates while the finalizers run, and what was passed over and may run now,
/// come last, the newest first, and then what those create.
fn a_thread_creates_meanwhile() {
    let passed_over = Arc::new(OnceLock::<Finalizer<Tracked<()>>>::new());
    let (ask, asked) = mpsc::channel();
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || {
        asked.recv().unwrap();
        at_exit(|| println!("allowed"));
        answer.send(()).unwrap();
    });
    at_exit(|| println!("old"));
    let later = Arc::clone(&passed_over);
    at_exit(move || {
        println!("asks");
        ask.send(()).unwrap();
        answered.recv().unwrap();
        later.get().unwrap().set_atexit(true);
    });
    let late = at_exit(|| {
        println!("late");
        at_exit(|| println!("of the late"));
    });
    late.set_atexit(false);
    passed_over.set(late).unwrap();
}

/// S29, S31: objects die in other threads while the finalizers run: each function runs once.
fn deaths_race_with_the_exit() {
    const OBJECTS: usize = 3000;
    static RUNS: [AtomicUsize; OBJECTS] = [const { AtomicUsize::new(0) }; OBJECTS];
    let objects: Vec<_> = (0..OBJECTS)
        .map(|index| {
            let object = Arc::new(Tracked::new(index));
            finalize(&object, move || RUNS[index].fetch_add(1, Ordering::Relaxed));
            object
        })
        .collect();
    let start = Arc::new(Barrier::new(2));
    let other = Arc::clone(&start);
    let dying = thread::spawn(move || {
        other.wait();
        drop(objects);
    });
    start.wait();
    run_exit_finalizers();
    dying.join().unwrap();
    assert!(RUNS.iter().all(|runs| runs.load(Ordering::Relaxed) == 1));
    println!("all once");
}
