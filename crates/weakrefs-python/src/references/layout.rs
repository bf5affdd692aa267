//! What is known of the interpreter's weak references and of what they refer to, by the layout of its structs, on every build.

#![allow(unsafe_code, reason = "reading the interpreter's structs")]

use crate::interpreter::remains::Link;
use pyo3::{Bound, PyAny, ffi};
use std::mem::offset_of;

/// The place for a reference that has left its referent: where its neighbours were in that one's list.
pub(crate) const LINK_OF_HEAD: usize = {
    assert!(
        offset_of!(ffi::PyWeakReference, wr_prev) + size_of::<Link>()
            == offset_of!(ffi::PyWeakReference, wr_next) + size_of::<usize>()
    );
    offset_of!(ffi::PyWeakReference, wr_prev)
};

/// Whether objects of the type of `object` can be weakly referenced (S12).
#[inline]
pub(crate) fn supports_weak_references(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a load of a field of the type of a valid object. The offset is negative where the
    // interpreter itself manages the list of references.
    unsafe { (*ffi::Py_TYPE(object.as_ptr())).tp_weaklistoffset != 0 }
}
