//! Entry points of our own: functions that the interpreter calls without PyO3 in between.
//!
//! For slots and methods where PyO3's way in is a good part of the cost, and for types that it cannot
//! make. [`enter`] turns errors and panics into exceptions. It does not tell PyO3 that the thread is attached, so a
//! `Py` dropped inside would be released only later: what is dropped inside is a `Bound`, a
//! [`Strong`](crate::strong::Strong), or an error that is raised.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

#[cfg(Py_3_12)]
use pyo3::exceptions::PyKeyError;
use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
#[cfg(not(Py_3_12))]
use pyo3::types::PyTuple;
use std::ffi::{CStr, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// What an entry point returns to the interpreter.
pub(crate) trait Answer {
    /// Says that an exception is set.
    const FAILED: Self;
}

impl Answer for *mut ffi::PyObject {
    const FAILED: Self = ptr::null_mut();
}

impl Answer for c_int {
    const FAILED: Self = -1;
}

impl Answer for ffi::Py_ssize_t {
    const FAILED: Self = -1;
}

/// The body of an entry point: errors are raised, and panics too.
///
/// # Safety
/// The thread is attached to the interpreter, as it is whenever the interpreter calls.
#[inline]
pub(crate) unsafe fn enter<A: Answer>(body: impl FnOnce(Python<'_>) -> PyResult<A>) -> A {
    // SAFETY: the caller's promise; the token does not outlive the call.
    let py = unsafe { Python::assume_attached() };
    match catch_unwind(AssertUnwindSafe(|| body(py))) {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => raise(py, error),
        Err(_) => raise(py, PanicException::new_err("panic in weakrefs")),
    }
}

/// Sets the exception. What the error has owned to make it from goes at once, if PyO3 can be told so: not
/// any more while the interpreter shuts down.
#[cold]
fn raise<A: Answer>(py: Python<'_>, error: PyErr) -> A {
    let mut error = Some(error);
    Python::try_attach(|py| error.take().map(|error| error.restore(py)));
    if let Some(error) = error {
        error.restore(py);
    }
    A::FAILED
}

/// Raises `KeyError(key)`. By way of a `PyErr`, a lookup that fails takes 2,500 instead of 2,000 instructions.
#[cold]
#[inline(never)]
pub(crate) fn raise_key_error<A: Answer>(py: Python<'_>, key: PyResult<Bound<'_, PyAny>>) -> A {
    // Before 3.12 the exception is made when somebody looks at it, from a tuple of its arguments: of one, so that a key
    // that is a tuple does not become the arguments.
    #[cfg(not(Py_3_12))]
    let value = key.and_then(|key| PyTuple::new(py, [key]));
    #[cfg(Py_3_12)]
    let value = key.and_then(|key| py.get_type::<PyKeyError>().call1((key,)));
    match value {
        Ok(value) => {
            // SAFETY: both are valid objects.
            unsafe { ffi::PyErr_SetObject(ffi::PyExc_KeyError, value.as_ptr()) }
            A::FAILED
        }
        Err(error) => raise(py, error),
    }
}

/// The definition of a function that the interpreter calls with one argument.
pub(crate) struct Definition(ffi::PyMethodDef);

// SAFETY: the interpreter only reads it.
unsafe impl Sync for Definition {}

impl Definition {
    pub(crate) const fn new(
        name: &'static CStr,
        function: ffi::PyCFunction,
        doc: &'static CStr,
    ) -> Self {
        Self(ffi::PyMethodDef {
            ml_name: name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer {
                PyCFunction: function,
            },
            ml_flags: ffi::METH_O,
            ml_doc: doc.as_ptr(),
        })
    }

    /// The function, bound to an object if one is given.
    pub(crate) fn function<'py>(
        &'static self,
        py: Python<'py>,
        this: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the definition is valid and static; the result is a new reference, or null with an error
        // set, and owns `this`.
        unsafe {
            let definition = (&raw const self.0).cast_mut();
            let this = this.map_or(ptr::null_mut(), Bound::as_ptr);
            let function = ffi::PyCFunction_NewEx(definition, this, ptr::null_mut());
            Bound::from_owned_ptr_or_err(py, function)
        }
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
    unsafe { Borrowed::from_ptr(py, object) }
}
