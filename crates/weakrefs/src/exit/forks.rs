//! Forks at the worst moment, for tests: while another thread holds one of our locks.
#![allow(unsafe_code, reason = "to fork is C's")]

use super::REGISTRY;
use crate::{Tracked, finalize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

/// Whether this process was forked here.
static IS_FORK: AtomicBool = AtomicBool::new(false);

/// LeakSanitizer asks this when a process ends. A fork has all memory of its parent, but the stack of one
/// thread only: what the other threads owned would look lost.
// SAFETY: the name is LeakSanitizer's, for a function of this type; nobody else defines it.
#[unsafe(no_mangle)]
extern "C" fn __lsan_is_turned_off() -> libc::c_int {
    IS_FORK.load(Ordering::Relaxed).into()
}

/// A process, by its number.
#[derive(Clone, Copy)]
pub(crate) struct Process(libc::pid_t);

impl Process {
    pub(crate) fn current() -> Self {
        // SAFETY: no requirements.
        Self(unsafe { libc::getpid() })
    }

    pub(crate) fn is_not_here(self) -> bool {
        self.0 != Self::current().0
    }

    /// Ends this process without running anything.
    pub(crate) fn end(code: i32) {
        // SAFETY: no requirements.
        unsafe { libc::_exit(code) }
    }

    /// Forks a child that runs `work` and ends.
    pub(crate) fn fork(work: impl FnOnce()) -> Self {
        // SAFETY: no requirements of its own. The child does little more than to exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            IS_FORK.store(true, Ordering::Relaxed);
            work();
            Self::end(100);
        }
        assert!(child > 0);
        Self(child)
    }

    /// Forks while no other thread holds the registry.
    pub(crate) fn fork_unlocked(work: impl FnOnce()) -> Self {
        let held = REGISTRY.lock();
        Self::fork(move || {
            drop(held);
            work();
        })
    }

    /// Waits for the child to exit; kills it when it does not.
    pub(crate) fn exit_code(self) -> i32 {
        let start = Instant::now();
        let mut status = 0;
        // SAFETY: `status` can be written.
        while unsafe { libc::waitpid(self.0, &mut status, libc::WNOHANG) } == 0 {
            if start.elapsed() > Duration::from_secs(60) {
                // SAFETY: it is our child, and not yet waited for.
                unsafe { libc::kill(self.0, libc::SIGKILL) };
                panic!("a fork hangs");
            }
            thread::sleep(Duration::from_millis(2));
        }
        assert!(libc::WIFEXITED(status));
        libc::WEXITSTATUS(status)
    }
}

/// Does `work` while another thread holds what `hold` gives.
pub(crate) fn holding<G, R>(hold: impl Fn() -> G + Sync, work: impl FnOnce() -> R) -> R {
    let (held, done) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = hold();
            held.wait();
            done.wait();
        });
        held.wait();
        let result = work();
        done.wait();
        result
    })
}

/// S31, S33: a fork that cannot have the registry exits all the same, and runs no finalizer.
#[test]
fn a_fork_without_the_registry_exits() {
    let parent = Process::current();
    let object = Arc::new(Tracked::new(1));
    finalize(&object, move || {
        if parent.is_not_here() {
            Process::end(1);
        }
    });
    let child = holding(
        || REGISTRY.lock(),
        || Process::fork(|| std::process::exit(3)),
    );
    assert_eq!(child.exit_code(), 3);
}
