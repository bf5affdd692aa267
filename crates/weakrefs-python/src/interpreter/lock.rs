//! What keeps threads apart where the interpreter does not: [`Lock`], and [`Wide`] for what is mostly read. With a global
//! lock both are nothing.
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

#![allow(unsafe_code, reason = "memory that is given back before the lock goes")]

#[cfg(Py_GIL_DISABLED)]
mod raw;
#[cfg(Py_GIL_DISABLED)]
mod threads;
#[cfg(Py_GIL_DISABLED)]
mod wide;

#[cfg(Py_GIL_DISABLED)]
pub(crate) use threads::Pause;

use pyo3::Python;
#[cfg(Py_GIL_DISABLED)]
use std::sync::atomic;

/// So often readers must have met others before a [`Wide`] lock becomes wide.
#[cfg(Py_GIL_DISABLED)]
const ENOUGH: u8 = 8;

/// What can be held by one thread alone.
pub(crate) trait Hold {
    /// Does `work` while no other thread does anything under this lock.
    fn hold<R>(&self, py: Python<'_>, work: impl FnOnce() -> R) -> R;

    /// Does `look`, which changes nothing, while no other thread changes anything under this lock; without a token. `None` if
    /// one does so now.
    #[cfg(Py_GIL_DISABLED)]
    fn try_look<R>(&self, look: impl FnOnce() -> R) -> Option<R>;
}

/// Held by one thread at a time.
#[derive(Default)]
pub(crate) struct Lock(#[cfg(Py_GIL_DISABLED)] raw::Raw);

impl Lock {
    pub(crate) const fn new() -> Self {
        #[cfg(not(Py_GIL_DISABLED))]
        return Self();
        #[cfg(Py_GIL_DISABLED)]
        return Self(raw::Raw::new());
    }
}

impl Hold for Lock {
    #[inline(always)]
    fn hold<R>(&self, _py: Python<'_>, work: impl FnOnce() -> R) -> R {
        // None of these unwinds: a panic aborts.
        #[cfg(Py_GIL_DISABLED)]
        let _held = self.0.take();
        work()
    }

    #[cfg(Py_GIL_DISABLED)]
    fn try_look<R>(&self, look: impl FnOnce() -> R) -> Option<R> {
        let _held = self.0.try_take()?;
        Some(look())
    }
}

/// Held by one thread that changes something, or by any number that read.
#[derive(Default)]
pub(crate) struct Wide(#[cfg(Py_GIL_DISABLED)] wide::Wide);

/// What a reader has for as long as it reads.
#[cfg(Py_GIL_DISABLED)]
pub(crate) type Reading<'a> = raw::Held<'a>;

impl Wide {
    pub(crate) const fn new() -> Self {
        #[cfg(not(Py_GIL_DISABLED))]
        return Self();
        #[cfg(Py_GIL_DISABLED)]
        return Self(wide::Wide::new());
    }

    /// Keeps out who would change something, until the result is dropped.
    #[cfg(Py_GIL_DISABLED)]
    #[inline(always)]
    pub(crate) fn read(&self, _py: Python<'_>) -> Reading<'_> {
        self.0.read()
    }

    /// Gives its memory back.
    ///
    /// # Safety
    /// Nobody holds it, and nobody will.
    pub(crate) unsafe fn narrow(&self) {
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: the caller's promise.
        unsafe {
            self.0.narrow();
        }
    }

    /// The memory that it owns, in bytes.
    pub(crate) fn allocated_bytes(&self) -> usize {
        #[cfg(not(Py_GIL_DISABLED))]
        return 0;
        #[cfg(Py_GIL_DISABLED)]
        return self.0.allocated_bytes();
    }
}

impl Hold for Wide {
    #[inline(always)]
    fn hold<R>(&self, _py: Python<'_>, work: impl FnOnce() -> R) -> R {
        #[cfg(Py_GIL_DISABLED)]
        let _held = self.0.write();
        work()
    }

    #[cfg(Py_GIL_DISABLED)]
    fn try_look<R>(&self, look: impl FnOnce() -> R) -> Option<R> {
        let _held = self.0.try_read_alone()?;
        Some(look())
    }
}
