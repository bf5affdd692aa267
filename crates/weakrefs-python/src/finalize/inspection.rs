//! The functions behind `finalize._registry`, a mapping in Python: which finalizers are alive, what they have, and the end
//! of one without a call.
//!
//! Each checks what it is given (S37). A list of all is made while nothing else runs, so the chain does not change
//! meanwhile.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::finalizer::{CLASS, Finalizer};
use super::registry;
use crate::interpreter::class::{self, LAST_METHOD, Table as Static, plain_method};
use crate::interpreter::entry::{enter, passed};
use crate::interpreter::error::{Raised, Result, given};
use crate::interpreter::object::{Argument, boolean, integer, none};
use pyo3::ffi;

static FUNCTIONS: Static<ffi::PyMethodDef, 5> = Static([
    plain_method(
        c"_finalizers",
        finalizers,
        ffi::METH_NOARGS,
        c"_finalizers()\n--\n\nReturn a list of the finalizers that are alive, the oldest first. O(n).",
    ),
    plain_method(
        c"_count_finalizers",
        count_finalizers,
        ffi::METH_NOARGS,
        c"_count_finalizers()\n--\n\nReturn how many finalizers are alive. O(1).",
    ),
    plain_method(
        c"_finalizer_contents",
        finalizer_contents,
        ffi::METH_O,
        c"_finalizer_contents(finalizer, /)\n--\n\n\
          Return (weakref, func, args, kwargs, index), or None if it is not a finalizer that is alive. O(1).",
    ),
    plain_method(
        c"_end_finalizer",
        end_finalizer,
        ffi::METH_O,
        c"_end_finalizer(finalizer, /)\n--\n\n\
          End a finalizer without a call; return whether it was one that was alive. O(1).",
    ),
    LAST_METHOD,
]);

/// Puts the functions into the module.
pub(crate) fn add_functions(module: Argument<'_, '_>) -> Result<()> {
    // SAFETY: a module, and a table that is complete and static.
    match unsafe { ffi::PyModule_AddFunctions(module.as_ptr(), FUNCTIONS.pointer().cast()) } {
        0 => Ok(()),
        _ => Err(Raised::by_interpreter()),
    }
}

/// The finalizer that `object` is, if it is one.
fn finalizer<'a>(object: Argument<'a, '_>) -> Option<&'a Finalizer> {
    // SAFETY: the class was made for this payload.
    unsafe { class::checked_payload(object, &CLASS) }
}

unsafe extern "C" fn finalizers(
    _module: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter; the list is new, and gets valid objects.
    unsafe {
        enter(|py| {
            // Making it may start a collection, which may end finalizers. To append runs nothing.
            let list = given(py, ffi::PyList_New(0))?;
            let mut next = registry::newest(py);
            while let Some(finalizer) = next {
                if ffi::PyList_Append(list.as_ptr(), finalizer.as_ptr()) != 0 {
                    return Err(Raised::by_interpreter());
                }
                next = registry::older(finalizer.as_borrowed());
            }
            if ffi::PyList_Reverse(list.as_ptr()) != 0 {
                return Err(Raised::by_interpreter());
            }
            Ok(list)
        })
    }
}

unsafe extern "C" fn count_finalizers(
    _module: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter.
    unsafe { enter(|py| integer(py, registry::count())) }
}

unsafe extern "C" fn finalizer_contents(
    _module: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object.
    unsafe {
        enter(|py| {
            let contents = finalizer(passed(py, object)).map(|own| own.contents(py));
            Ok(contents.transpose()?.flatten().unwrap_or_else(|| none(py)))
        })
    }
}

unsafe extern "C" fn end_finalizer(
    _module: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object.
    unsafe {
        enter(|py| {
            let object = passed(py, object);
            let task = finalizer(object).and_then(|own| own.end(object));
            Ok(boolean(py, task.is_some()))
        })
    }
}
