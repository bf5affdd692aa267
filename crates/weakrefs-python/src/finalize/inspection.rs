//! The functions behind `finalize._registry`, a mapping in Python: which finalizers are alive, what they have, and the end
//! of one without a call.
//!
//! Each checks what it is given (S37).

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::finalizer::Finalizer;
use super::registry;
use crate::interpreter::class::{LAST_METHOD, Table as Static};
use crate::interpreter::error::{Result, done};
use crate::interpreter::object::{self, Argument, boolean, integer, none};
use crate::interpreter::slots::{self, Instance};
use pyo3::{Bound, PyAny, Python, ffi};

static FUNCTIONS: Static<ffi::PyMethodDef, 5> = Static([
    slots::function(
        c"_finalizers",
        finalizers,
        c"_finalizers()\n--\n\nReturn a list of the finalizers that are alive, the oldest first. O(n).",
    ),
    slots::function(
        c"_count_finalizers",
        count_finalizers,
        c"_count_finalizers()\n--\n\nReturn how many finalizers are alive. O(1).",
    ),
    slots::function_of_one(
        c"_finalizer_contents",
        finalizer_contents,
        c"_finalizer_contents(finalizer, /)\n--\n\n\
          Return (weakref, func, args, kwargs, index), or None if it is not a finalizer that is alive. O(1).",
    ),
    slots::function_of_one(
        c"_end_finalizer",
        end_finalizer,
        c"_end_finalizer(finalizer, /)\n--\n\n\
          End a finalizer without a call; return whether it was one that was alive. O(1).",
    ),
    LAST_METHOD,
]);

/// Puts the functions into the module.
pub(crate) fn add_functions(module: Argument<'_, '_>) -> Result<()> {
    // SAFETY: a module, and a table that is complete and static.
    done(unsafe { ffi::PyModule_AddFunctions(module.as_ptr(), FUNCTIONS.pointer().cast()) })
        .map(drop)
}

fn finalizers(py: Python<'_>) -> Result<Bound<'_, PyAny>> {
    let mut all = registry::all(py)?;
    all.reverse();
    Ok(object::list(py, all, |finalizer| finalizer.into_bound(py))?.into_any())
}

fn count_finalizers(py: Python<'_>) -> Result<Bound<'_, PyAny>> {
    integer(py, registry::count())
}

fn finalizer_contents<'py>(object: Argument<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    let py = object.py();
    let contents = Instance::<Finalizer>::of(object).map(|own| own.contents(py));
    Ok(contents.transpose()?.flatten().unwrap_or_else(|| none(py)))
}

fn end_finalizer<'py>(object: Argument<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    let task = Instance::<Finalizer>::of(object).and_then(|own| own.end(object));
    Ok(boolean(object.py(), task.is_some()))
}
