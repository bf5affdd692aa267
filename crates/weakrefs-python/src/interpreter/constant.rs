//! [`Constant`]: an object that is made once, when the module is imported, and stays as long as the process.
//!
//! Nothing is made or looked up later (S37): in the middle of an operation, memory may be short, the modules it would
//! come from may be gone, as they are while the interpreter shuts down, and making it could start a collection whose code
//! needs the same object.

#![allow(unsafe_code, reason = "objects in statics")]

use super::error::Result;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// An object of the process's one interpreter. `T` is its type.
pub(crate) struct Constant<T = PyAny>(AtomicPtr<ffi::PyObject>, PhantomData<fn() -> T>);

impl<T> Constant<T> {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()), PhantomData)
    }

    /// Makes it, unless an earlier import, which may have failed afterwards, has done so.
    pub(crate) fn make<'py>(
        &self,
        py: Python<'py>,
        make: impl FnOnce() -> Result<Bound<'py, T>>,
    ) -> Result<Borrowed<'static, 'py, T>> {
        if self.0.load(Ordering::Acquire).is_null() {
            let made = make()?.into_ptr();
            let first =
                self.0
                    .compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire);
            if first.is_err() {
                // SAFETY: a new reference, which is not needed: another thread has imported the module, too.
                unsafe { ffi::Py_DECREF(made) }
            }
        }
        Ok(self.get(py))
    }

    /// The object. Before it is made, which nobody can see who uses the module, it is None.
    #[inline]
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> Borrowed<'static, 'py, T> {
        let object = self.0.load(Ordering::Acquire);
        // SAFETY: a reference that is owned for ever. None is of none of the types that are asked for as such, but valid
        // where objects of any type are.
        unsafe {
            let object = if object.is_null() {
                ffi::Py_None()
            } else {
                object
            };
            Borrowed::from_ptr(py, object).cast_unchecked()
        }
    }

    /// Its address, or null before it is made.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.load(Ordering::Acquire)
    }

    /// Whether it is `object`.
    #[inline]
    pub(crate) fn is(&self, object: *mut ffi::PyObject) -> bool {
        self.0.load(Ordering::Acquire) == object
    }
}
