//! What the attribute `data` of the public classes stands on: the weak references of a container, and new ones in the place
//! of all; and its callback, which they call `_remove`.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::container::{self, Container};
use super::entry::Entry;
use crate::interpreter::class::{LAST_METHOD, Table as Static, plain_method};
use crate::interpreter::entry::{enter, passed};
use crate::interpreter::error::Result;
use crate::interpreter::object::none;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};

/// An entry of a container whose references are shown.
pub(crate) trait Shown: Entry {
    /// The references: in a list, or a `dict` in which they stand for the objects.
    fn references<'py>(container: &Container<Self>, py: Python<'py>) -> Result<Bound<'py, PyAny>>;

    /// Puts what `references` lead to in the place of all entries, or changes nothing.
    fn replace(container: &Container<Self>, references: Borrowed<'_, '_, PyAny>) -> Result<()>;

    /// The private methods of the native class.
    const METHODS: Static<ffi::PyMethodDef, 4> = Static([
        plain_method(
            c"_references",
            references::<Self>,
            ffi::METH_NOARGS,
            c"_references($self, /)\n--\n\n\
              The weak references, in a list, or in a dict with what they belong to.",
        ),
        plain_method(
            c"_replace_references",
            replace_references::<Self>,
            ffi::METH_O,
            c"_replace_references($self, references, /)\n--\n\n\
              Puts what the references of an iterable or a mapping lead to in the place of all entries.",
        ),
        plain_method(
            c"_evictor",
            evictor::<Self>,
            ffi::METH_NOARGS,
            c"_evictor($self, /)\n--\n\nThe callback of the references.",
        ),
        LAST_METHOD,
    ]);
}

unsafe extern "C" fn references<E: Shown>(
    this: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| E::references(container::of(passed(py, this)), py)) }
}

unsafe extern "C" fn replace_references<E: Shown>(
    this: *mut ffi::PyObject,
    references: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class, and another one.
    unsafe {
        enter(|py| {
            let (this, references) = (passed(py, this), passed(py, references));
            E::replace(container::of(this), references)?;
            Ok(none(py))
        })
    }
}

unsafe extern "C" fn evictor<E: Shown>(
    this: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe {
        enter(|py| {
            let (evictor, _) = container::of::<E>(passed(py, this)).evictor(py)?;
            Ok(evictor.to_owned())
        })
    }
}
