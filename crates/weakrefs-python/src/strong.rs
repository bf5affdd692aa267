//! [`Strong`]: an owned reference that is cloned and dropped only while the thread is attached.
//!
//! `Py` asks a thread-local variable at each clone and each drop whether the thread is attached to the
//! interpreter, and puts the drop off if that says no. An entry has up to two references; without those
//! questions its creation and its eviction cost some 40 instructions less.

#![allow(
    unsafe_code,
    reason = "counting references without asking for the thread"
)]

use pyo3::ffi;
use pyo3::prelude::*;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;

/// A reference that an entry or an iterator owns. Wherever those may be cloned or dropped, the thread is
/// attached: inside the table a token proves it, and what has left a table is dropped by the one who had
/// the token.
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
