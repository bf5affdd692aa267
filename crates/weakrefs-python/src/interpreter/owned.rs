//! References that fields own: [`Slot`], which may be empty and changes in place, and [`Strong`], which does neither.
//!
//! `Py` asks a thread-local variable at each clone and each drop whether the thread is attached to the interpreter, and
//! puts the drop off if that says no. An entry has up to two references; without those questions its creation and its
//! eviction cost some 40 instructions less.

#![allow(
    unsafe_code,
    reason = "counting references without asking for the thread"
)]

use pyo3::{Borrowed, Bound, Py, PyAny, Python, ffi};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;

/// A reference that an entry owns. Wherever those may be cloned or dropped, the thread is attached: inside the table a
/// token proves it, and what has left a table is dropped by the one who had the token.
#[repr(transparent)]
pub(crate) struct Strong<T = PyAny>(ManuallyDrop<Py<T>>);

impl<T> Strong<T> {
    /// Gives the reference up.
    #[inline]
    pub(crate) fn into_bound(self, py: Python<'_>) -> Bound<'_, T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the count that `self` had part in becomes that of the result.
        unsafe { ptr::read(&raw const *this.0).into_bound(py) }
    }
}

impl<T> From<Bound<'_, T>> for Strong<T> {
    #[inline]
    fn from(object: Bound<'_, T>) -> Self {
        Self(ManuallyDrop::new(object.unbind()))
    }
}

impl<T> Deref for Strong<T> {
    type Target = Py<T>;

    #[inline]
    fn deref(&self) -> &Py<T> {
        &self.0
    }
}

impl<T> Clone for Strong<T> {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: the thread is attached (see the type). The new count becomes that of the result.
        unsafe {
            ffi::Py_INCREF(self.as_ptr());
            Self(ManuallyDrop::new(ptr::read(&raw const *self.0)))
        }
    }
}

impl<T> Drop for Strong<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the thread is attached (see the type), and the reference is not used afterwards.
        unsafe { ffi::Py_DECREF(self.0.as_ptr()) }
    }
}

/// A field of a native object that owns a reference, or nothing. Zeroed memory is an empty one; it has no destructor, for
/// the object gives up what it owns when it goes.
#[repr(transparent)]
pub(crate) struct Slot(Cell<*mut ffi::PyObject>);

impl Slot {
    pub(crate) const fn empty() -> Self {
        Self(Cell::new(ptr::null_mut()))
    }

    /// What is there, for as long as the caller sees to it that it stays.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.get()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_null()
    }

    #[inline]
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: null, or a pointer whose reference count this field has part in.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.0.get()) }
    }

    /// As [`get`](Self::get), for as long as the slot is not changed: until anything else can run.
    #[inline]
    pub(crate) fn peek<'py>(&self, py: Python<'py>) -> Option<Borrowed<'_, 'py, PyAny>> {
        // SAFETY: null, or a pointer whose reference count this field has part in.
        unsafe { Borrowed::from_ptr_or_opt(py, self.0.get()) }
    }

    /// Puts `value` in; gives what was there, for the caller to drop.
    #[inline]
    pub(crate) fn replace<'py>(
        &self,
        py: Python<'py>,
        value: Option<Bound<'py, PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        let new = value.map_or(ptr::null_mut(), Bound::into_ptr);
        // SAFETY: the old reference moves from the field to the result.
        unsafe { Bound::from_owned_ptr_or_opt(py, self.0.replace(new)) }
    }

    #[inline]
    pub(crate) fn take<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.replace(py, None)
    }

    /// Gives up what is there. The field is empty before any destructor runs.
    #[inline]
    pub(crate) fn clear(&self, _py: Python<'_>) {
        // SAFETY: null, or a reference that has left the field.
        unsafe { ffi::Py_XDECREF(self.0.replace(ptr::null_mut())) }
    }
}
