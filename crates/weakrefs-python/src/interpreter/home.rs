//! The one interpreter in which the package runs: the first of the process (S38).
//!
//! Its classes and constants are the process's. Another interpreter, a sub-interpreter or one that is started after the
//! first has ended, would get objects of the first; so importing the package there raises `ImportError`.

#![allow(unsafe_code, reason = "states of interpreters")]

use super::error::{Result, given, import_error};
use super::object::boolean;
use pyo3::{Borrowed, Python, ffi};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether some interpreter has been taken as home. Its address is the mark in the interpreter's own dictionary.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes this interpreter as home, or refuses it.
pub(crate) fn take(py: Python<'_>) -> Result<()> {
    // SAFETY: the thread is attached. The dictionary of an interpreter lives and dies with it, and is nobody else's.
    unsafe {
        let interpreter = ffi::PyInterpreterState_Get();
        if interpreter != ffi::PyInterpreterState_Main() {
            return Err(refused(py));
        }
        let marks = Borrowed::from_ptr_or_opt(py, ffi::PyInterpreterState_GetDict(interpreter));
        let Some(marks) = marks else {
            return Err(refused(py));
        };
        let mark = given(
            py,
            ffi::PyLong_FromVoidPtr((&raw const TAKEN).cast_mut().cast()),
        )?;
        if TAKEN.load(Ordering::Acquire) {
            return match ffi::PyDict_Contains(marks.as_ptr(), mark.as_ptr()) {
                1 => Ok(()),
                0 => Err(refused(py)),
                _ => Err(super::error::Raised::by_interpreter()),
            };
        }
        let yes = boolean(py, true);
        if ffi::PyDict_SetItem(marks.as_ptr(), mark.as_ptr(), yes.as_ptr()) != 0 {
            return Err(super::error::Raised::by_interpreter());
        }
        TAKEN.store(true, Ordering::Release);
        Ok(())
    }
}

fn refused(py: Python<'_>) -> super::error::Raised {
    import_error(
        py,
        format_args!(
            "weakrefs does not run in sub-interpreters, only in the first interpreter of a process"
        ),
    )
}
