//! Referents of a table's entries without the interpreter's lock, on a free-threaded interpreter.
//!
//! To take its referent, a weak reference has the lock of the list that it is in, which all references to the object
//! share, and some to others. What that lock is for is that the object's memory stays while its count is looked at. Inside the
//! table, whose callback the reference has, the table's own lock sees to that:
//!
//! *The memory of what an entry's reference leads to stays until whoever is inside the table, to read or to change, has
//! left it.* For a reference leads to its referent until one of these:
//! - The referent dies by its count. The interpreter first has all its references lead to None. Then it calls their callbacks,
//!   and frees the memory after the last one has returned. That of an entry is the evictor, which is never refused, and takes the
//!   table's lock before it returns, whether the entry still is there or is kept for a reader.
//! - The collector finds the referent unreachable. It has the references lead to None while it has stopped all threads, and
//!   nobody is stopped inside a table.
//! - The reference itself goes, or the collector clears it. The table owns its entries, and so does what a reader sees of removed
//!   ones; a container that the collector clears was unreachable when all threads were stopped, so nobody is inside its table.
//!
//! (A type written in C may have a `tp_del`, which was given up for finalizers in Python 3.4. What that stores of its dying
//! object is cleared without a callback, too. Nothing is known to do so.)

#![allow(unsafe_code, reason = "counts of objects that others may be giving up")]

use pyo3::{Bound, PyAny, Python, ffi};
use std::sync::atomic::Ordering::Relaxed;

/// The shared count of an object that is about to be freed: zero, and no other thread has a count of its own.
pub(super) const MERGED_ZERO: isize = 3;

/// The object, unless it is dead or None.
///
/// # Safety
/// None, or what the reference of an entry leads to, inside the entry's table.
#[inline]
pub(super) unsafe fn take(py: Python<'_>, object: *mut ffi::PyObject) -> Option<Bound<'_, PyAny>> {
    // SAFETY: the memory is an object's (see above). It has a weak reference, so its count may be asked like this.
    unsafe {
        if object == ffi::Py_None() || ffi::PyUnstable_TryIncRef(object) == 0 {
            return None;
        }
        Some(Bound::from_owned_ptr(py, object))
    }
}

/// Whether the object is neither None nor about to be freed.
///
/// # Safety
/// The memory is that of an object.
#[inline]
pub(super) unsafe fn is_alive(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { object != ffi::Py_None() && (*object).ob_ref_shared.load(Relaxed) != MERGED_ZERO }
}
