//! [`name!`](name): the names of attributes, interned.
//!
//! As `pyo3::intern!`, but over [`Lazy`]. That macro's once-cell lets go of the interpreter's lock while it
//! makes the name: a process that another thread forks just then has the cell, and not the thread that
//! would fill it.

use crate::guarded::Lazy;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::convert::Infallible;

/// `name!(py, "text")`: the interned string, made at the first use of this place.
macro_rules! name {
    ($py:expr, $text:literal) => {{
        static NAME: $crate::guarded::Lazy<::pyo3::types::PyString> = $crate::guarded::Lazy::new();
        $crate::names::interned($py, &NAME, $text)
    }};
}
pub(crate) use name;

#[inline]
pub(crate) fn interned<'py>(
    py: Python<'py>,
    cell: &'static Lazy<PyString>,
    text: &str,
) -> Bound<'py, PyString> {
    let Ok(name) = cell.get_or_make(py, || Ok::<_, Infallible>(PyString::intern(py, text)));
    name
}
