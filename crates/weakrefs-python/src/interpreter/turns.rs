//! [`Turns`]: loops over what the user gives, which can be interrupted, and let other threads run (S42).
//!
//! The interpreter looks for signals, and for threads that have waited long enough, when it begins a function in Python. A
//! loop over a native iterator runs none, and may be endless. So it calls one now and then, which does nothing. (To let go of
//! the interpreter's lock and take it again would not do: who waits for it would be woken each time, and mostly be too
//! late.)

use super::constant::Constant;
use super::error::Result;
use super::object::call;
use pyo3::{Bound, PyAny, Python};

/// After so many elements, some 50 microseconds, others get their turn.
const ELEMENTS: u32 = 1024;

/// `copyreg.constructor`: of the standard library's functions, one that is written in Python, is loaded anyway, and does
/// nothing to what can be called. One of our own would have to be compiled, which 3.13 does not survive if memory is short.
static NOTHING: Constant = Constant::new();

/// Learns that function.
pub(crate) fn learn(constructor: Bound<'_, PyAny>) -> Result<()> {
    let py = constructor.py();
    NOTHING.make(py, || Ok(constructor))?;
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
        if self.0 % ELEMENTS == 0 {
            let nothing = NOTHING.get(py);
            call(&nothing, [nothing.as_borrowed()]).map(drop)
        } else {
            Ok(())
        }
    }
}
