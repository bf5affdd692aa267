//! The callback that evicts: one for all references of a container.
//!
//! It shares the table, not the container, so a container does not keep itself alive (S15). Being a
//! method of a native object, it is called without a tuple of arguments.

#![allow(unsafe_code, reason = "an entry point from the interpreter")]

use crate::entry_point::{Definition, enter, passed};
use crate::weak_ref::WeakRef;
use pyo3::ffi;
use pyo3::prelude::*;
use std::sync::Arc;

/// A table that can lose the entry of a dead reference.
pub(crate) trait Evict: Send + Sync {
    fn evict(&self, reference: &Bound<'_, PyAny>) -> PyResult<()>;
}

/// What the callback of a container's references is bound to.
#[pyclass(frozen, module = "weakrefs._weakrefs")]
pub(crate) struct Evictor {
    table: Arc<dyn Evict>,
}

static EVICT: Definition = Definition::new(
    c"evict",
    evict,
    c"evict($self, reference, /)\n--\n\nEvicts the entry of reference, if its referent is dead.",
);

impl Evictor {
    /// The callback for the references of `table`.
    pub(crate) fn callback(py: Python<'_>, table: Arc<dyn Evict>) -> PyResult<Bound<'_, PyAny>> {
        let this = Bound::new(py, Self { table })?;
        EVICT.function(py, Some(this.as_any()))
    }
}

/// Evicts the entry of `reference`, if its referent is dead.
unsafe extern "C" fn evict(
    this: *mut ffi::PyObject,
    reference: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with what the callback is bound to, and another object.
    unsafe {
        enter(|py| {
            let (this, reference) = (passed(py, this), passed(py, reference));
            if !WeakRef::view(&reference)?.is_alive(py) {
                let this = this.cast_unchecked::<Evictor>();
                this.get().table.evict(&reference)?;
            }
            Ok(py.None().into_ptr())
        })
    }
}
