//! Hash and equality of objects of built-in types, which run no code of anybody's.
//!
//! Most keys of a `WeakValueDictionary` are strings, numbers, or tuples of them that were computed, equal to the stored
//! ones but not the same objects. Comparing those is comparing memory, so a lookup can do it inside the
//! table, as part of its first step, which takes some 200 instructions less.

#![allow(unsafe_code, reason = "reading strings and numbers")]

use crate::interpreter::field;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString, PyTuple};
use std::iter;
use std::slice;

/// Whether `key` is of a type whose hash and equality are known here.
#[inline]
pub(crate) fn is_known(key: &Bound<'_, PyAny>) -> bool {
    is_scalar(key) || items(key).is_some_and(|items| items.iter().all(is_scalar))
}

/// What is in an object that is exactly a tuple.
#[inline]
fn items<'a, 'py>(key: &'a Bound<'py, PyAny>) -> Option<&'a [Bound<'py, PyAny>]> {
    // SAFETY: a tuple, if it is one.
    key.is_exact_instance_of::<PyTuple>()
        .then(|| unsafe { key.cast_unchecked::<PyTuple>() }.as_slice())
}

#[inline]
fn is_scalar(key: &Bound<'_, PyAny>) -> bool {
    key.is_exact_instance_of::<PyString>() || is_compared_by_slot(key)
}

/// Whether it is of a type whose own comparison of two such objects allocates nothing and cannot fail.
#[inline]
fn is_compared_by_slot(key: &Bound<'_, PyAny>) -> bool {
    key.is_exact_instance_of::<PyInt>()
        || key.is_exact_instance_of::<PyBytes>()
        || key.is_exact_instance_of::<PyFloat>()
}

/// Whether both are of exactly the same type (a subclass may define equality), one that [is known](is_known), and are
/// equal.
#[inline(never)]
pub(crate) fn are_equal(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> bool {
    if one.is_exact_instance_of::<PyString>() && other.is_exact_instance_of::<PyString>() {
        // SAFETY: two strings, which are immutable and outlive the comparison.
        return unsafe { same_text(one.as_ptr(), other.as_ptr()) };
    }
    if one.is_exact_instance_of::<PyInt>() && other.is_exact_instance_of::<PyInt>() {
        return same_by_slot(one, other);
    }
    are_equal_others(one, other)
}

/// The same, of other types than most keys have: apart, so that those need fewer registers.
#[inline(never)]
fn are_equal_others(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> bool {
    if is_compared_by_slot(one) && one.get_type_ptr() == other.get_type_ptr() {
        return same_by_slot(one, other);
    }
    let (Some(one), Some(other)) = (items(one), items(other)) else {
        return false;
    };
    // Not deeper: the length of the stack is the caller's.
    let is_equal = |(one, other): (&Bound<'_, PyAny>, _)| {
        one.is(other) || (items(one).is_none() && are_equal(one, other))
    };
    one.len() == other.len() && iter::zip(one, other).all(is_equal)
}

/// Whether two objects of one type are equal, which [is compared so](is_compared_by_slot).
///
/// The interpreter's function for any two objects looks at the depth of recursion first, and would make an exception
/// inside the table.
fn same_by_slot(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> bool {
    let py = one.py();
    // SAFETY: the comparison of a valid object's type, called with two objects of that type; the result is a new reference
    // to True or False.
    let equal = unsafe {
        let Some(compare) = (*ffi::Py_TYPE(one.as_ptr())).tp_richcompare else {
            return false;
        };
        Bound::from_owned_ptr_or_opt(py, compare(one.as_ptr(), other.as_ptr(), ffi::Py_EQ))
    };
    equal.is_some_and(|equal| equal.is(PyBool::new(py, true)))
}

/// Whether two strings hold the same text. One that an interpreter before 3.12 has not made ready, which its
/// hash would have done, equals none.
#[inline]
unsafe fn same_text(one: *mut ffi::PyObject, other: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller gives two strings. Of one that is ready, the data are as many characters as its length says,
    // each of as many bytes as its kind says. Equal texts have the same kind, since it is the narrowest possible.
    unsafe {
        #[cfg(not(Py_3_12))]
        if ffi::PyUnicode_IS_READY(one) == 0 || ffi::PyUnicode_IS_READY(other) == 0 {
            return false;
        }
        let length = ffi::PyUnicode_GET_LENGTH(one);
        let kind = ffi::PyUnicode_KIND(one);
        if length != ffi::PyUnicode_GET_LENGTH(other) || kind != ffi::PyUnicode_KIND(other) {
            return false;
        }
        let size = length as usize * kind as usize;
        let bytes = |text| slice::from_raw_parts(ffi::PyUnicode_DATA(text).cast::<u8>(), size);
        bytes(one) == bytes(other)
    }
}

/// The hash of an object that is exactly a `str`, if it has been asked for before: it is kept there.
#[inline]
pub(crate) fn known_hash(object: &Bound<'_, PyAny>) -> Option<isize> {
    if !object.is_exact_instance_of::<PyString>() {
        return None;
    }
    // SAFETY: every string begins with these fields; the hash is -1 until it is known.
    let hash =
        unsafe { field::hash(&raw const (*object.as_ptr().cast::<ffi::PyASCIIObject>()).hash) };
    (hash != -1).then_some(hash)
}
