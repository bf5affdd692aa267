//! References that fields own: [`Slot`], which may be empty and changes in place, [`Lasting`], which is filled once, and
//! [`Strong`], which does neither.
//!
//! `Py` asks a thread-local variable at each clone and each drop whether the thread is attached to the interpreter, and
//! puts the drop off if that says no. An entry has up to two references; without those questions its creation and its
//! eviction cost some 40 instructions less.

#![allow(
    unsafe_code,
    reason = "counting references without asking for the thread"
)]

#[cfg(Py_GIL_DISABLED)]
use super::lock::Pause;
use pyo3::{Borrowed, Bound, Py, PyAny, Python, ffi};
#[cfg(not(Py_GIL_DISABLED))]
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

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
///
/// Without a global lock, another thread may empty the field between the moment that one reads it and counts the reference
/// up. So the lowest bit of the word, which no address has, is a lock.
#[repr(transparent)]
pub(crate) struct Slot(Word);

#[cfg(not(Py_GIL_DISABLED))]
type Word = Cell<*mut ffi::PyObject>;
#[cfg(Py_GIL_DISABLED)]
type Word = AtomicPtr<ffi::PyObject>;

#[cfg(not(Py_GIL_DISABLED))]
impl Slot {
    /// What is there, for as long as the caller sees to it that it stays.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.get()
    }

    /// Does `work` with what is there, which stays so meanwhile.
    #[inline(always)]
    fn held<R>(&self, work: impl FnOnce(*mut ffi::PyObject) -> R) -> R {
        work(self.0.get())
    }

    #[inline]
    fn exchange(&self, new: *mut ffi::PyObject) -> *mut ffi::PyObject {
        self.0.replace(new)
    }
}

#[cfg(Py_GIL_DISABLED)]
impl Slot {
    /// What is there, for as long as the caller sees to it that it stays.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.load(Ordering::Acquire).map_addr(|word| word & !1)
    }

    /// Does `work` with what is there, which stays so meanwhile.
    #[inline]
    fn held<R>(&self, work: impl FnOnce(*mut ffi::PyObject) -> R) -> R {
        let object = self.change(|object| object.map_addr(|word| word | 1));
        let result = work(object);
        self.0.store(object, Ordering::Release);
        result
    }

    #[inline]
    fn exchange(&self, new: *mut ffi::PyObject) -> *mut ffi::PyObject {
        self.change(|_| new)
    }

    /// Changes the word, once it is not locked.
    #[inline]
    fn change(&self, new: impl Fn(*mut ffi::PyObject) -> *mut ffi::PyObject) -> *mut ffi::PyObject {
        let mut pause = Pause::new();
        loop {
            let object = self.0.load(Ordering::Relaxed);
            if object.addr() & 1 == 0
                && self
                    .0
                    .compare_exchange_weak(object, new(object), Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok()
            {
                return object;
            }
            pause.take();
        }
    }
}

impl Slot {
    pub(crate) const fn empty() -> Self {
        Self(Word::new(ptr::null_mut()))
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.as_ptr().is_null()
    }

    #[inline]
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: null, or a pointer whose reference count this field has part in.
        self.held(|object| unsafe { Bound::from_borrowed_ptr_or_opt(py, object) })
    }

    /// Does `work` with what is there, which stays so meanwhile. `work` runs nothing: it counts references up.
    #[inline(always)]
    pub(crate) fn with<'py, R>(
        &self,
        py: Python<'py>,
        work: impl FnOnce(Option<Borrowed<'_, 'py, PyAny>>) -> R,
    ) -> R {
        // SAFETY: as in `get`.
        self.held(|object| work(unsafe { Borrowed::from_ptr_or_opt(py, object) }))
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
        unsafe { Bound::from_owned_ptr_or_opt(py, self.exchange(new)) }
    }

    #[inline]
    pub(crate) fn take<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.replace(py, None)
    }

    /// Gives up what is there. The field is empty before any destructor runs.
    #[inline]
    pub(crate) fn clear(&self, _py: Python<'_>) {
        // SAFETY: null, or a reference that has left the field.
        unsafe { ffi::Py_XDECREF(self.exchange(ptr::null_mut())) }
    }
}

/// A field that is filled once, and then as it is until its object dies: whoever has the object may look without a count.
/// Zeroed memory is an empty one; it has no destructor.
#[repr(transparent)]
pub(crate) struct Lasting(AtomicPtr<ffi::PyObject>);

impl Lasting {
    pub(crate) const fn empty() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// What is there, or null.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.as_ptr().is_null()
    }

    #[inline]
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> Option<Borrowed<'_, 'py, PyAny>> {
        // SAFETY: null, or a pointer whose reference count this field has part in, for as long as it can be borrowed.
        unsafe { Borrowed::from_ptr_or_opt(py, self.as_ptr()) }
    }

    /// Puts `value` in, unless it is filled: then `value` comes back, for the caller to drop. Gives what is there.
    pub(crate) fn fill<'py>(
        &self,
        value: Bound<'py, PyAny>,
    ) -> (Borrowed<'_, 'py, PyAny>, Option<Bound<'py, PyAny>>) {
        let (py, new) = (value.py(), value.as_ptr());
        let present = self
            .0
            .compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire)
            .unwrap_or_else(|present| present);
        // SAFETY: as in `get`; the reference of `value` is the field's, if that was empty.
        unsafe {
            if present.is_null() {
                return (Borrowed::from_ptr(py, value.into_ptr()), None);
            }
            (Borrowed::from_ptr(py, present), Some(value))
        }
    }

    /// Gives up what is there, when its object dies.
    #[inline]
    pub(crate) fn clear(&self, _py: Python<'_>) {
        let object = self.as_ptr();
        self.0.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: null, or a reference that has left the field.
        unsafe { ffi::Py_XDECREF(object) }
    }
}
