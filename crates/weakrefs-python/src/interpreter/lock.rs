//! [`Lock`]: what keeps threads apart where the interpreter does not. With a global lock it is nothing.
//!
//! Whoever holds one runs no Python code, calls nothing that could, and never lets go of the interpreter: it moves pointers
//! and counts references. So
//! - it is held for a moment, and who waits stays attached: while the interpreter stops its threads, to collect garbage or
//!   to fork, none is held, and a forked process finds all of them free;
//! - no thread waits for one that it holds. Locks nest in one order: that of an iterator before that of a table, two tables
//!   by their addresses, that of a finalizer before that of the registry; and in any of them a [`Slot`](super::owned::Slot),
//!   or the interpreter's own lock of a list of weak references, in which nothing else is taken.
//!
//! Zeroed memory is a free one.

#[cfg(Py_GIL_DISABLED)]
pub(crate) use threads::Pause;

use pyo3::Python;

/// Held by one thread at a time.
#[derive(Default)]
pub(crate) struct Lock(#[cfg(Py_GIL_DISABLED)] threads::Raw);

impl Lock {
    pub(crate) const fn new() -> Self {
        #[cfg(not(Py_GIL_DISABLED))]
        return Self();
        #[cfg(Py_GIL_DISABLED)]
        return Self(threads::Raw::new());
    }

    /// Does `work` while no other thread does anything under this lock.
    #[inline(always)]
    pub(crate) fn hold<R>(&self, _py: Python<'_>, work: impl FnOnce() -> R) -> R {
        #[cfg(Py_GIL_DISABLED)]
        self.0.take();
        // It does not unwind: a panic aborts.
        let result = work();
        #[cfg(Py_GIL_DISABLED)]
        self.0.give();
        result
    }

    /// The same, without a token; `None` if the lock is held.
    #[cfg(Py_GIL_DISABLED)]
    pub(crate) fn try_hold<R>(&self, work: impl FnOnce() -> R) -> Option<R> {
        self.0.try_take().then(|| {
            let result = work();
            self.0.give();
            result
        })
    }
}

#[cfg(Py_GIL_DISABLED)]
mod threads {
    use std::hint::spin_loop;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
    use std::thread;
    use std::time::Duration;

    /// Whether it is held.
    #[derive(Default)]
    pub(super) struct Raw(AtomicBool);

    impl Raw {
        pub(super) const fn new() -> Self {
            Self(AtomicBool::new(false))
        }

        #[inline]
        pub(super) fn try_take(&self) -> bool {
            self.0
                .compare_exchange(false, true, Acquire, Relaxed)
                .is_ok()
        }

        #[inline]
        pub(super) fn take(&self) {
            if !self.try_take() {
                self.wait();
            }
        }

        #[cold]
        fn wait(&self) {
            let mut pause = Pause::new();
            while self.0.load(Relaxed) || !self.try_take() {
                pause.take();
            }
        }

        #[inline]
        pub(super) fn give(&self) {
            self.0.store(false, Release);
        }
    }

    /// What a thread does again and again while it waits: longer and longer, for another one holds what it wants.
    pub(crate) struct Pause(u32);

    impl Pause {
        pub(crate) const fn new() -> Self {
            Self(0)
        }

        #[cold]
        pub(crate) fn take(&mut self) {
            match self.0 {
                // Mostly it is a matter of a few instructions,
                0..32 => spin_loop(),
                // or the other one has no processor,
                32..96 => thread::yield_now(),
                // or goes through a large table.
                _ => thread::sleep(Duration::from_micros(50)),
            }
            self.0 = self.0.saturating_add(1);
        }
    }
}
