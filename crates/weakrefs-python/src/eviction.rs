//! The callback that evicts: one for all references of a container.
//!
//! It shares the table, not the container, so a container does not keep itself alive (S15). Being a
//! method of a native object, it is called without a tuple of arguments.

use crate::weak_ref::WeakRef;
use pyo3::prelude::*;
use std::sync::Arc;

/// A table that can lose the entry of a dead reference.
pub(crate) trait Evict: Send + Sync {
    fn evict(&self, reference: &Bound<'_, PyAny>) -> PyResult<()>;
}

/// The callback of a container's references: evicts the entry of the reference that died.
#[pyclass(frozen, module = "weakrefs._weakrefs")]
pub(crate) struct Evictor {
    table: Arc<dyn Evict>,
}

impl Evictor {
    /// The callback for the references of `table`.
    pub(crate) fn callback(py: Python<'_>, table: Arc<dyn Evict>) -> PyResult<Bound<'_, PyAny>> {
        Bound::new(py, Self { table })?.getattr("evict")
    }
}

#[pymethods]
impl Evictor {
    /// Evicts the entry of `reference`, if its referent is dead.
    #[pyo3(signature = (reference, /))]
    fn evict(&self, reference: &Bound<'_, PyAny>) -> PyResult<()> {
        if WeakRef::view(reference)?.is_alive(reference.py()) {
            return Ok(());
        }
        self.table.evict(reference)
    }
}
