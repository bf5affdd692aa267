//! [`Guarded`]: the one type that makes state behind a shared reference changeable, but for single
//! [slots](super::owned::Slot) and numbers.
//!
//! On an interpreter with a global lock that lock serialises the threads, and a borrow flag turns re-entry (a bug of
//! this package) into an abort instead of corruption; on a free-threaded one a mutex does both.
//!
//! The rule for all callers: the closure given to [`Guarded::with`] runs no code that could run
//! Python. It does not drop, hash, compare, call or allocate Python objects; it moves pointers and
//! counts references up. What it takes out is dropped after it has returned.

#![allow(
    unsafe_code,
    reason = "sharing a `RefCell` between threads that hold the GIL"
)]

use pyo3::Python;
#[cfg(not(Py_GIL_DISABLED))]
use std::cell::RefCell;
#[cfg(Py_GIL_DISABLED)]
use std::sync::Mutex;

/// State that is changed only while the thread is attached to the interpreter.
pub(crate) struct Guarded<T> {
    #[cfg(not(Py_GIL_DISABLED))]
    state: RefCell<T>,
    #[cfg(Py_GIL_DISABLED)]
    state: Mutex<T>,
}

// SAFETY: the state is reached through `with`, whose caller proves with a `Python` token that its
// thread holds the GIL, and through `inspect`, which the garbage collector calls while it holds the
// GIL. The closures do not release it, because they run no Python code. So the accesses of two
// threads never overlap; `T: Send` lets them take turns.
#[cfg(not(Py_GIL_DISABLED))]
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    pub(crate) const fn new(state: T) -> Self {
        #[cfg(not(Py_GIL_DISABLED))]
        return Self {
            state: RefCell::new(state),
        };
        #[cfg(Py_GIL_DISABLED)]
        return Self {
            state: Mutex::new(state),
        };
    }

    /// Runs `work` on the state. `work` must not run Python code (see the module's rule).
    #[inline(always)]
    pub(crate) fn with<R>(&self, _py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(not(Py_GIL_DISABLED))]
        return work(&mut self.state.borrow_mut());
        #[cfg(Py_GIL_DISABLED)]
        return work(
            &mut self
                .state
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        );
    }

    /// Looks at the state during a garbage collection, which has no token.
    ///
    /// `None` if the state is in use: its objects then count as referenced from outside, and stay.
    pub(crate) fn inspect<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        #[cfg(not(Py_GIL_DISABLED))]
        return self.state.try_borrow().ok().map(|state| look(&state));
        #[cfg(Py_GIL_DISABLED)]
        return self.state.try_lock().ok().map(|state| look(&state));
    }
}
