//! The list of the weak references to an object: its first one, and a new one of a subclass of `weakref.ref`.
//!
//! Whether an object is the key of an entry is told by the [first](first) of its list, which is beside the object itself:
//! in a `WeakSet` of three million elements, `in` took 700 ns as long as it looked into the reference, and takes 430.
//!
//! `weakref.ref.__new__` wants a tuple of arguments, which is made, taken apart and freed: 300 of the 1360
//! instructions of `d[key] = value` in a `WeakValueDictionary`. [`create`] does what it does with them. [`lead_to`] makes a
//! reference that was there as a new one, where a value is replaced.
//!
//! The fields of `PyWeakReference` and the order of the list are the same from 3.10 to 3.15; a free-threaded interpreter
//! guards the list by locks that are not at hand.

#![allow(
    unsafe_code,
    reason = "reading and writing the lists of the interpreter's weak references"
)]

use super::layout::supports_weak_references;
use crate::interpreter::error::{Result, given};
#[cfg(Py_3_11)]
use crate::interpreter::guarded::Guarded;
use crate::interpreter::object::Argument;
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, ffi};
use std::ptr;

/// The function that a reference is called by, which is in each since 3.11.
#[cfg(Py_3_11)]
static ENTRY: Guarded<Option<ffi::vectorcallfunc>> = Guarded::new(None);

/// Learns that function from `sample`, a reference.
#[cfg(Py_3_11)]
pub(crate) fn learn_entry(sample: &Bound<'_, PyAny>) {
    // SAFETY: a load of a field of a weak reference object.
    let entry = unsafe { (*sample.as_ptr().cast::<ffi::PyWeakReference>()).vectorcall };
    ENTRY.with(sample.py(), |known| *known = entry);
}

/// Whether the list of `referent` begins where its type says.
///
/// That of a class that is built in does not from 3.12 on.
#[inline]
pub(crate) fn is_at_hand(referent: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a type check of a valid object.
    supports_weak_references(referent) && unsafe { ffi::PyType_Check(referent.as_ptr()) } == 0
}

/// The first reference in the list of `referent`, or null: also where the list is not [at hand](is_at_hand).
#[inline]
pub(crate) fn first(referent: &Bound<'_, PyAny>) -> *mut ffi::PyWeakReference {
    if !supports_weak_references(referent) {
        return ptr::null_mut();
    }
    // SAFETY: the type of a valid object says where its list begins. What is there is compared, not followed.
    unsafe { *beginning(referent.as_ptr()) }
}

/// Where the list of `referent` begins.
///
/// # Safety
/// The type of `referent` [supports weak references](supports_weak_references).
#[inline]
unsafe fn beginning(referent: *mut ffi::PyObject) -> *mut *mut ffi::PyWeakReference {
    // SAFETY: the caller's promise. The offset is negative where the interpreter manages the list.
    unsafe {
        let offset = (*ffi::Py_TYPE(referent)).tp_weaklistoffset;
        referent.byte_offset(offset).cast()
    }
}

/// A new reference of `class`, a subclass of `weakref.ref`, to `referent`, whose list [is at hand](is_at_hand).
#[inline]
pub(crate) fn create<'py>(
    class: Borrowed<'_, 'py, PyType>,
    referent: Argument<'_, 'py>,
    callback: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = class.py();
    // SAFETY: the allocation gives an object of the class, which begins with the fields of `PyWeakReference`, all zero,
    // or null with an error set. It may run anything, but comes first. Whatever looks at the list finds the fields set.
    unsafe {
        let class = class.as_ptr().cast::<ffi::PyTypeObject>();
        let allocate = (*class).tp_alloc.unwrap_or(ffi::PyType_GenericAlloc);
        let object = given(py, allocate(class, 0))?;
        let new = object.as_ptr().cast::<ffi::PyWeakReference>();
        (*new).wr_object = referent.as_ptr();
        if callback.as_ptr() != ffi::Py_None() {
            (*new).wr_callback = callback.to_owned().into_ptr();
        }
        (*new).hash = -1;
        #[cfg(Py_3_11)]
        {
            (*new).vectorcall = ENTRY.with(py, |entry| *entry);
        }
        insert(new, referent.as_ptr());
        Ok(object)
    }
}

/// Has `reference` refer to `referent`, whose list [is at hand](is_at_hand), as a new one would. Runs nothing.
///
/// # Safety
/// `reference` refers to an object, whose list is at hand, too.
pub(crate) unsafe fn lead_to(reference: *mut ffi::PyWeakReference, referent: &Bound<'_, PyAny>) {
    // SAFETY: the caller's promise; the references of a list are valid, and point to one another.
    unsafe {
        let first = beginning((*reference).wr_object);
        let (previous, next) = ((*reference).wr_prev, (*reference).wr_next);
        if *first == reference {
            *first = next;
        }
        if !previous.is_null() {
            (*previous).wr_next = next;
        }
        if !next.is_null() {
            (*next).wr_prev = previous;
        }
        (*reference).wr_object = referent.as_ptr();
        (*reference).hash = -1;
        insert(reference, referent.as_ptr());
    }
}

/// Puts `new` into the list of `referent`, behind the shared references, which have to be first.
///
/// # Safety
/// `new` is in no list; that of `referent` begins where its type says.
unsafe fn insert(new: *mut ffi::PyWeakReference, referent: *mut ffi::PyObject) {
    let is_plain = |reference: *mut ffi::PyWeakReference| {
        // SAFETY: null, or a valid reference of the list.
        !reference.is_null() && unsafe { (*reference).wr_callback.is_null() }
    };
    // SAFETY: the references of a list are valid, and point to one another; a null pointer ends it.
    unsafe {
        let first = beginning(referent);
        let (mut previous, mut next) = (ptr::null_mut(), *first);
        if is_plain(next) && ffi::PyWeakref_CheckRefExact(next.cast()) != 0 {
            (previous, next) = (next, (*next).wr_next);
        }
        if is_plain(next) && ffi::PyWeakref_CheckProxy(next.cast()) != 0 {
            (previous, next) = (next, (*next).wr_next);
        }
        (*new).wr_prev = previous;
        (*new).wr_next = next;
        if !next.is_null() {
            (*next).wr_prev = new;
        }
        match previous.is_null() {
            true => *first = new,
            false => (*previous).wr_next = new,
        }
    }
}
