//! [`Turns`]: loops over what the user gives, which can be interrupted, and let other threads run (S42).
//!
//! The interpreter looks for signals, and for threads that have waited long enough, when it begins a function in Python. A
//! loop over a native iterator runs none, and may be endless. So it calls one now and then, which does nothing. (To let go of
//! the interpreter's lock and take it again would not do: who waits for it would be woken each time, and mostly be too
//! late.)

#![allow(unsafe_code, reason = "a text")]

use super::constant::Constant;
use super::error::Result;
use super::object::{call, dict, given};
use pyo3::{Bound, PyAny, Python, ffi};

/// After so many elements, some 50 microseconds, others get their turn.
const ELEMENTS: u32 = 1024;

/// `lambda: None`.
static NOTHING: Constant = Constant::new();

/// Makes that function with `eval`, the built-in one.
pub(crate) fn make(eval: &Bound<'_, PyAny>) -> Result<()> {
    let py = eval.py();
    NOTHING.make(py, || {
        // SAFETY: a text that ends with zero; the result is a new reference, or null with an error set.
        let text = unsafe { given(py, ffi::PyUnicode_FromString(c"lambda: None".as_ptr()))? };
        let namespace = dict(py)?;
        call(eval, [text.as_borrowed(), namespace.as_any().as_borrowed()])
    })?;
    Ok(())
}

/// Counts the elements of a loop.
#[derive(Default)]
pub(crate) struct Turns(u32);

impl Turns {
    /// One more element. Nothing may be held: every 1024th time, signal handlers and other threads run.
    #[inline]
    pub(crate) fn take(&mut self, py: Python<'_>) -> Result<()> {
        self.0 = self.0.wrapping_add(1);
        if self.0.is_multiple_of(ELEMENTS) {
            call(&NOTHING.get(py), []).map(drop)
        } else {
            Ok(())
        }
    }
}
