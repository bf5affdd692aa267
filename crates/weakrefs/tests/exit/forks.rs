//! Forked processes: they inherit the finalizers, and their exit never hangs.

use self::process::{assert_exit, fork};
use super::{Case, at_exit};
use std::process::exit;
use std::sync::{Arc, mpsc};
use std::thread;
use weakrefs::{Tracked, finalize, run_exit_finalizers};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "a_fork_runs_what_it_inherited",
            scenario: a_fork_runs_what_it_inherited,
            check: |outcome| outcome.assert(0, &["fresh", "run", "run"]),
            times: 1,
        },
        Case {
            name: "forks_of_a_process_with_busy_threads",
            scenario: forks_of_a_process_with_busy_threads,
            check: |outcome| {
                let lines: Vec<&str> = outcome.stdout.lines().collect();
                assert_eq!(lines.last(), Some(&"run"));
                assert!(lines.len() <= FORKS + 1 && lines.iter().all(|line| *line == "run"));
                assert_eq!(outcome.status.code(), Some(0));
            },
            times: 1,
        },
        Case {
            name: "a_fork_within_a_run",
            scenario: a_fork_within_a_run,
            check: |outcome| outcome.assert(0, &["rest", "rest"]),
            times: 1,
        },
        Case {
            name: "a_fork_while_another_thread_runs",
            scenario: a_fork_while_another_thread_runs,
            check: |outcome| outcome.assert(0, &["rest", "ended", "rest"]),
            times: 1,
        },
    ]
}

const FORKS: usize = 40;

/// S31: parent and child both run them, and what the child created the child.
fn a_fork_runs_what_it_inherited() {
    at_exit(|| println!("run"));
    match fork() {
        Some(child) => assert_exit(&[child]),
        None => {
            at_exit(|| println!("fresh"));
            exit(0);
        }
    }
}

/// S31, S33: a lock that another thread held at the fork may cost the child its finalizers, but does
/// not keep it from exiting.
fn forks_of_a_process_with_busy_threads() {
    at_exit(|| println!("run"));
    for _ in 0..2 {
        thread::spawn(|| {
            loop {
                let object = Arc::new(Tracked::new(0));
                let finalizer = finalize(&object, || ());
                finalize(&object, || ());
                finalizer.call();
            }
        });
    }
    let mut children = Vec::new();
    for _ in 0..FORKS {
        match fork() {
            Some(child) => children.push(child),
            None => exit(0),
        }
    }
    assert_exit(&children);
}

/// S31: a finalizer that forks; the child exits and runs what is left, so does the parent.
fn a_fork_within_a_run() {
    at_exit(|| println!("rest"));
    at_exit(|| match fork() {
        Some(child) => assert_exit(&[child]),
        None => exit(0),
    });
    run_exit_finalizers();
}

/// S31, S33: the child does not wait for the thread that runs the finalizers in the parent.
fn a_fork_while_another_thread_runs() {
    let (begin, begun) = mpsc::channel();
    let (resume, resumed) = mpsc::channel();
    at_exit(|| println!("rest"));
    at_exit(move || {
        begin.send(()).unwrap();
        resumed.recv().unwrap();
        println!("ended");
    });
    let runner = thread::spawn(run_exit_finalizers);
    begun.recv().unwrap();
    match fork() {
        Some(child) => assert_exit(&[child]),
        None => exit(0),
    }
    resume.send(()).unwrap();
    runner.join().unwrap();
}

pub(super) mod process {
    #![allow(unsafe_code, reason = "to fork is C's")]

    use crate::support::limit;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    /// Longer than a child may take, shorter than its parent.
    const SECONDS: u64 = 30;

    /// Whether this process was forked here.
    static IS_FORK: AtomicBool = AtomicBool::new(false);

    /// LeakSanitizer asks this when a process ends. A fork has all memory of its parent, but the stack of
    /// one thread only: what the other threads owned would look lost.
    // SAFETY: the name is LeakSanitizer's, for a function of this type; nobody else defines it.
    #[unsafe(no_mangle)]
    extern "C" fn __lsan_is_turned_off() -> libc::c_int {
        IS_FORK.load(Ordering::Relaxed).into()
    }

    /// Forks; gives the child to the parent.
    pub(crate) fn fork() -> Option<libc::pid_t> {
        // SAFETY: no requirements of its own. The child may do little before it exits, and that is the
        // test: of what other threads of the parent may have locked, it touches only what is this crate's.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        IS_FORK.fetch_or(child == 0, Ordering::Relaxed);
        (child > 0).then_some(child)
    }

    /// Waits for the children to exit with code 0; kills those that do not.
    pub(crate) fn assert_exit(children: &[libc::pid_t]) {
        let (start, limit) = (Instant::now(), limit(SECONDS));
        let statuses: Vec<i32> = children
            .iter()
            .map(|&child| {
                let mut status = 0;
                // SAFETY: `status` can be written.
                while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == 0 {
                    if start.elapsed() > limit {
                        // SAFETY: it is our child, and not yet waited for.
                        unsafe { libc::kill(child, libc::SIGKILL) };
                    }
                    thread::sleep(Duration::from_millis(2));
                }
                status
            })
            .collect();
        assert!(statuses.iter().all(|status| *status == 0), "{statuses:?}");
    }
}
