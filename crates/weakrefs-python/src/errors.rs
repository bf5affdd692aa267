//! The exceptions of the containers, in the words of the standard library.

use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;

/// `KeyError(key)`, where `key` is what it is to [name](crate::direct::Direct::named_missing).
#[cold]
pub(crate) fn missing(key: PyResult<Bound<'_, PyAny>>) -> PyErr {
    match key {
        // In a tuple of one, so that a key that is a tuple does not become the arguments.
        Ok(key) => PyKeyError::new_err((key.unbind(),)),
        Err(error) => error,
    }
}

#[cold]
pub(crate) fn empty(what: &'static str) -> PyErr {
    PyKeyError::new_err(what)
}

/// Says of a `TypeError` from hashing `key` what the key was to be used for, as `dict` does.
#[cold]
pub(crate) fn unhashable_key(key: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    let py = key.py();
    if !error.get_type(py).is(py.get_type::<PyTypeError>()) {
        return error;
    }
    match key.get_type().fully_qualified_name() {
        Ok(name) => {
            let wrapped = PyTypeError::new_err(format!(
                "cannot use '{name}' as a dict key ({})",
                error.value(py)
            ));
            wrapped.set_cause(py, Some(error));
            wrapped
        }
        Err(_) => error,
    }
}

/// Unpacks an item of `update`'s argument into key and value, as an assignment to two names does.
pub(crate) fn unpack_pair<'py>(
    item: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    if let Ok(pair) = item.extract::<(Bound<'py, PyAny>, Bound<'py, PyAny>)>() {
        return Ok(pair);
    }
    let Ok(mut parts) = item.try_iter() else {
        let name = item.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "cannot unpack non-iterable {name} object"
        )));
    };
    let mut part = |got: usize| match parts.next() {
        Some(part) => part,
        None => Err(PyValueError::new_err(format!(
            "not enough values to unpack (expected 2, got {got})"
        ))),
    };
    let pair = (part(0)?, part(1)?);
    match parts.next() {
        None => Ok(pair),
        Some(Err(error)) => Err(error),
        Some(Ok(_)) => Err(PyValueError::new_err(
            "too many values to unpack (expected 2)",
        )),
    }
}
