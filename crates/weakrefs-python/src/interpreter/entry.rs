//! Functions that the interpreter calls: slots, methods, callbacks.
//!
//! [`enter`] gives the body the proof that its thread is attached, and turns a [`Raised`](super::error::Raised) into what
//! the interpreter takes for it. There is nothing else between the interpreter and the body. In particular nothing catches
//! panics, for the package is built to abort on one: until 3.13 the interpreter ends the daemon threads that are left at
//! exit by unwinding their stacks, out of any call that waits for its lock. What catches panics would stop that, which ends
//! the process; and destructors would run without the lock. Frames without landing pads are passed over (S35). In turn
//! nothing here panics: the lints of the crate forbid what could.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::error::Result;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::c_int;
use std::ptr;

/// What an entry point returns to the interpreter.
pub(crate) trait Answer {
    type Raw;

    /// Says that an exception is set.
    const RAISED: Self::Raw;

    fn into_raw(self) -> Self::Raw;
}

impl<T> Answer for Bound<'_, T> {
    type Raw = *mut ffi::PyObject;
    const RAISED: Self::Raw = ptr::null_mut();

    #[inline]
    fn into_raw(self) -> Self::Raw {
        self.into_ptr()
    }
}

/// The next item of an iterator: without one and without an exception, it is at its end.
impl Answer for Option<Bound<'_, PyAny>> {
    type Raw = *mut ffi::PyObject;
    const RAISED: Self::Raw = ptr::null_mut();

    #[inline]
    fn into_raw(self) -> Self::Raw {
        self.map_or(ptr::null_mut(), Bound::into_ptr)
    }
}

impl Answer for () {
    type Raw = c_int;
    const RAISED: Self::Raw = -1;

    #[inline]
    fn into_raw(self) -> Self::Raw {
        0
    }
}

impl Answer for bool {
    type Raw = c_int;
    const RAISED: Self::Raw = -1;

    #[inline]
    fn into_raw(self) -> Self::Raw {
        self.into()
    }
}

impl Answer for usize {
    type Raw = ffi::Py_ssize_t;
    const RAISED: Self::Raw = -1;

    #[inline]
    fn into_raw(self) -> Self::Raw {
        self as ffi::Py_ssize_t
    }
}

/// The body of an entry point.
///
/// # Safety
/// The thread is attached to the interpreter, as it is whenever the interpreter calls.
#[inline]
pub(crate) unsafe fn enter<'py, A: Answer>(body: impl FnOnce(Python<'py>) -> Result<A>) -> A::Raw {
    // SAFETY: the caller's promise; the token does not outlive the call.
    let py = unsafe { Python::assume_attached() };
    match body(py) {
        Ok(answer) => answer.into_raw(),
        Err(_raised) => A::RAISED,
    }
}

/// An object that the interpreter has passed.
///
/// # Safety
/// It is one, and lives as long as the result is used.
#[inline]
pub(crate) unsafe fn passed<'a, 'py>(
    py: Python<'py>,
    object: *mut ffi::PyObject,
) -> Borrowed<'a, 'py, PyAny> {
    // SAFETY: the caller's promise.
    unsafe { Borrowed::from_ptr_or_opt(py, object).unwrap_unchecked() }
}

/// Does `body` one level of recursion deeper, as every call does that may come back to itself, or fails if that is too
/// deep.
#[inline]
pub(crate) fn recursively<R>(py: Python<'_>, body: impl FnOnce() -> Result<R>) -> Result<R> {
    _ = py;
    // SAFETY: the thread is attached. If it fails, an error is set; if not, it is undone.
    unsafe {
        if ffi::Py_EnterRecursiveCall(c" while calling a Python object".as_ptr()) != 0 {
            return Err(super::error::Raised::by_interpreter());
        }
        let result = body();
        ffi::Py_LeaveRecursiveCall();
        result
    }
}
