//! Hash and equality of objects of built-in types, which run no code of anybody's.
//!
//! Most keys of a `WeakValueDictionary` are strings or numbers that were computed, equal to the stored
//! ones but not the same objects. Comparing those is comparing memory, so a lookup can do it inside the
//! table, as part of its first step: 510 instructions for a loop over `d[key]` instead of 710.

#![allow(unsafe_code, reason = "reading strings and numbers")]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

/// Whether both are of exactly the same type, which is `str` or `int` (a subclass may define equality), and
/// are equal.
#[inline(never)]
pub(crate) fn are_equal(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> bool {
    if let (Ok(one), Ok(other)) = (one.cast_exact::<PyString>(), other.cast_exact::<PyString>()) {
        // SAFETY: strings are immutable, and both outlive the comparison. Equal texts have the same
        // representation, since it is the narrowest possible.
        return unsafe {
            matches!((one.data(), other.data()), (Ok(one), Ok(other)) if one == other)
        };
    }
    if one.is_exact_instance_of::<PyInt>() && other.is_exact_instance_of::<PyInt>() {
        // SAFETY: two numbers: the comparison allocates nothing, runs nothing else, and cannot fail.
        return unsafe { ffi::PyObject_RichCompareBool(one.as_ptr(), other.as_ptr(), ffi::Py_EQ) }
            == 1;
    }
    false
}

/// The hash of an object that is exactly a `str`, if it has been asked for before: it is kept there.
#[inline]
pub(crate) fn known_hash(object: &Bound<'_, PyAny>) -> Option<isize> {
    if !object.is_exact_instance_of::<PyString>() {
        return None;
    }
    // SAFETY: every string begins with these fields; the hash is -1 until it is known.
    let hash = unsafe { (*object.as_ptr().cast::<ffi::PyASCIIObject>()).hash };
    (hash != -1).then_some(hash)
}
