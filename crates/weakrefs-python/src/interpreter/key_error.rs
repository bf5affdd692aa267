//! [`key_error`]: a `KeyError` that names a key.

#![allow(unsafe_code, reason = "the interpreter's error indicator")]

use super::error::{Raised, Result, raise_value};
#[cfg(Py_3_12)]
use super::object::call;
#[cfg(not(Py_3_12))]
use super::object::tuple;
#[cfg(Py_3_12)]
use pyo3::Borrowed;
use pyo3::{Bound, PyAny, Python, ffi};

/// `KeyError(key)`, where `key` is what it is to name.
#[cold]
#[inline(never)]
pub(crate) fn key_error(py: Python<'_>, key: Result<Bound<'_, PyAny>>) -> Raised {
    // Before 3.12 the exception is made when somebody looks at it, from a tuple of its arguments: of one, so that a key
    // that is a tuple does not become the arguments.
    #[cfg(not(Py_3_12))]
    let value = key.and_then(|key| tuple(py, [key.as_borrowed()]));
    #[cfg(Py_3_12)]
    let value = key.and_then(|key| {
        // SAFETY: a load of a static that is set as long as the interpreter runs.
        let kind = unsafe { Borrowed::from_ptr(py, ffi::PyExc_KeyError) };
        call(&kind, [key.as_borrowed()])
    });
    match value {
        // SAFETY: as above.
        Ok(value) => raise_value(unsafe { ffi::PyExc_KeyError }, &value),
        Err(raised) => raised,
    }
}
