//! State behind a shared reference: [`Guarded`] for what changes as a whole, [`Flag`] and [`Number`] for what changes by
//! itself. (Single references are in [slots](super::owned::Slot).)
//!
//! On an interpreter with a global lock that lock serialises the threads, and a borrow flag turns re-entry (a bug of
//! this package) into an abort instead of corruption; on a free-threaded one a [`Lock`](super::lock::Lock) serialises
//! them.
//!
//! The rule for all callers: the closure given to [`Guarded::with`] runs no code that could run
//! Python. It does not drop, hash, compare, call or allocate Python objects; it moves pointers and
//! counts references up. What it takes out is dropped after it has returned.

#![allow(unsafe_code, reason = "sharing state between threads")]

#[cfg(Py_GIL_DISABLED)]
use super::lock::Lock;
use pyo3::Python;
#[cfg(not(Py_GIL_DISABLED))]
use std::cell::RefCell;
#[cfg(Py_GIL_DISABLED)]
use std::cell::UnsafeCell;
use std::sync::atomic::{
    AtomicBool, AtomicIsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// State that is changed only while the thread is attached to the interpreter.
pub(crate) struct Guarded<T> {
    #[cfg(not(Py_GIL_DISABLED))]
    state: RefCell<T>,
    #[cfg(Py_GIL_DISABLED)]
    lock: Lock,
    #[cfg(Py_GIL_DISABLED)]
    state: UnsafeCell<T>,
}

// SAFETY: the state is reached through `with`, whose caller proves with a `Python` token that its
// thread holds the GIL, and through `inspect`, which the garbage collector calls while it holds the
// GIL. The closures do not release it, because they run no Python code. So the accesses of two
// threads never overlap; `T: Send` lets them take turns. Without a GIL, both hold the lock.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    pub(crate) const fn new(state: T) -> Self {
        #[cfg(not(Py_GIL_DISABLED))]
        return Self {
            state: RefCell::new(state),
        };
        #[cfg(Py_GIL_DISABLED)]
        return Self {
            lock: Lock::new(),
            state: UnsafeCell::new(state),
        };
    }

    /// Runs `work` on the state. `work` must not run Python code (see the module's rule).
    #[inline(always)]
    pub(crate) fn with<R>(&self, _py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(not(Py_GIL_DISABLED))]
        return work(&mut self.state.borrow_mut());
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: the lock is held, and nothing else reaches the state. By the module's rule `work` does not come back here.
        return self
            .lock
            .hold(_py, || work(unsafe { &mut *self.state.get() }));
    }

    /// Looks at the state during a garbage collection, which has no token.
    ///
    /// `None` if the state is in use: its objects then count as referenced from outside, and stay.
    pub(crate) fn inspect<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        #[cfg(not(Py_GIL_DISABLED))]
        return self.state.try_borrow().ok().map(|state| look(&state));
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: as in `with`.
        return self.lock.try_hold(|| look(unsafe { &*self.state.get() }));
    }
}

/// Yes or no. Zeroed memory is no.
#[derive(Default)]
#[repr(transparent)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    #[inline]
    pub(crate) fn get(&self) -> bool {
        self.0.load(Acquire)
    }

    #[inline]
    pub(crate) fn set(&self, value: bool) {
        self.0.store(value, Release);
    }

    /// Sets it, and gives what it was: of several threads, one gets that.
    #[inline]
    pub(crate) fn replace(&self, value: bool) -> bool {
        if cfg!(Py_GIL_DISABLED) {
            return self.0.swap(value, AcqRel);
        }
        // No other thread is in between.
        let before = self.get();
        self.set(value);
        before
    }
}

/// A number. Zeroed memory is zero.
#[derive(Default)]
#[repr(transparent)]
pub(crate) struct Number(AtomicIsize);

impl Number {
    #[inline]
    pub(crate) fn get(&self) -> isize {
        self.0.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set(&self, value: isize) {
        self.0.store(value, Relaxed);
    }
}
