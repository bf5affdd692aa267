//! [`Turns`]: loops over what the user gives, which can be interrupted, and let other threads run (S42).
//!
//! The interpreter looks for signals and for threads that wait between two instructions of Python code. A loop over a
//! native iterator runs none, and may be endless.

#![allow(unsafe_code, reason = "the interpreter's lock")]

use super::error::{Raised, Result};
use pyo3::{Python, ffi};

/// After so many elements, some 50 microseconds, others get their turn.
const ELEMENTS: u32 = 1024;

/// Counts the elements of a loop.
#[derive(Default)]
pub(crate) struct Turns(u32);

impl Turns {
    /// One more element. Nothing may be held: every 1024th time, signal handlers and other threads run.
    #[inline]
    pub(crate) fn take(&mut self, py: Python<'_>) -> Result<()> {
        self.0 = self.0.wrapping_add(1);
        if self.0.is_multiple_of(ELEMENTS) {
            let_others_run(py)
        } else {
            Ok(())
        }
    }
}

#[cold]
fn let_others_run(_py: Python<'_>) -> Result<()> {
    // SAFETY: the thread is attached; it is again when the second call returns. (Until 3.13 that call does not return to
    // a daemon thread whose interpreter has ended: nothing is held, and the frames up to here have no landing pads.)
    unsafe {
        if ffi::PyErr_CheckSignals() != 0 {
            return Err(Raised::by_interpreter());
        }
        ffi::PyEval_RestoreThread(ffi::PyEval_SaveThread());
    }
    Ok(())
}
