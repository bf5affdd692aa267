//! [`Filling`]: room for all that comes into an empty container, at once.

#![allow(unsafe_code, reason = "the size of a collection")]

use super::container::Container;
use super::entry::Entry;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyTuple};
use std::mem;

/// A container that is being filled. An empty one owns nothing before the first entry is in, and makes room for the others
/// then.
pub(super) struct Filling<'a, E: Entry> {
    pub(super) container: &'a Container<E>,
    /// How many more will be stored at most, until room has been made for them.
    to_come: usize,
}

impl<'a, E: Entry> Filling<'a, E> {
    pub(super) fn new(container: &'a Container<E>) -> Self {
        Self {
            container,
            to_come: 0,
        }
    }

    /// So many will be stored at most.
    pub(super) fn expect(&mut self, py: Python<'_>, entries: usize) {
        if self.container.len(py) == 0 {
            self.to_come = entries.saturating_sub(1);
        }
    }

    /// One has been.
    #[inline]
    pub(super) fn go_on(&mut self, py: Python<'_>) {
        if self.to_come > 0 {
            self.container.expect(py, mem::take(&mut self.to_come));
        }
    }
}

/// How many elements a built-in collection has, which runs no code of anybody's; 0 of anything else.
pub(super) fn known_len(collection: &Bound<'_, PyAny>) -> usize {
    let is_known = collection.is_exact_instance_of::<PyList>()
        || collection.is_exact_instance_of::<PyTuple>()
        || collection.is_exact_instance_of::<PySet>()
        || collection.is_exact_instance_of::<PyFrozenSet>()
        || collection.is_exact_instance_of::<PyDict>();
    if !is_known {
        return 0;
    }
    // SAFETY: a valid object, of a type whose size is a number that it has.
    let len = unsafe { ffi::PyObject_Size(collection.as_ptr()) };
    len as usize
}
