//! [`Guarded`]: the one type that makes state behind a shared reference changeable, and [`Lazy`], an
//! object that is made when it is first needed.
//!
//! Every class of this module is `frozen`; what changes in it is in a `Guarded`. On an interpreter
//! with a global lock that lock serialises the threads, and a borrow flag turns re-entry (a bug of
//! ours) into a panic instead of corruption; on a free-threaded one a mutex does both.
//!
//! The rule for all callers: the closure given to [`Guarded::with`] runs no code that could run
//! Python. It does not drop, hash, compare, call or allocate Python objects; it moves pointers and
//! counts references up. What it takes out is dropped after it has returned.

#![allow(
    unsafe_code,
    reason = "sharing a `RefCell` between threads that hold the GIL"
)]

use pyo3::prelude::*;
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
    #[inline]
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

/// A Python object that is made when it is first needed.
///
/// Not a once-cell: making an object may start a garbage collection, and with it code that needs the
/// same object, or let another thread fork the process. Both would wait for the cell for ever. Here
/// nothing is held meanwhile; of two that are made, the first stays.
pub(crate) struct Lazy<T>(Guarded<Option<Py<T>>>);

impl<T> Lazy<T> {
    pub(crate) const fn new() -> Self {
        Self(Guarded::new(None))
    }

    #[inline]
    pub(crate) fn get_or_make<'py, E>(
        &self,
        py: Python<'py>,
        make: impl FnOnce() -> Result<Bound<'py, T>, E>,
    ) -> Result<Bound<'py, T>, E> {
        let present = self.0.with(py, |object| {
            object.as_ref().map(|object| object.bind(py).clone())
        });
        match present {
            Some(object) => Ok(object),
            None => self.make(py, make),
        }
    }

    #[cold]
    fn make<'py, E>(
        &self,
        py: Python<'py>,
        make: impl FnOnce() -> Result<Bound<'py, T>, E>,
    ) -> Result<Bound<'py, T>, E> {
        let made = make()?;
        let first = self.0.with(py, |object| {
            object
                .get_or_insert_with(|| made.clone().unbind())
                .bind(py)
                .clone()
        });
        Ok(first)
    }
}
