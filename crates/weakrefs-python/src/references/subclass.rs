//! Native subclasses of `weakref.ref` that carry data of their own: [`KeyedRef`](super::keyed_ref) and
//! [`WeakMethod`](super::weak_method).
//!
//! PyO3 classes cannot extend `weakref.ref` (its constructor wants arguments), and a Python class could not keep plain
//! numbers beside its references. So an object is the interpreter's `PyWeakReference`, as the [`Head`] of a native
//! class, followed by the data.

#![allow(unsafe_code, reason = "the interpreter's struct as a head")]

#[cfg(Py_GIL_DISABLED)]
use super::list_lock;
#[cfg(not(Py_GIL_DISABLED))]
use super::weak_list;
#[cfg(all(Py_3_11, not(Py_GIL_DISABLED)))]
use super::weak_ref::WeakRef;
use crate::interpreter::class::{self, Head, Object, Payload};
use crate::interpreter::error::{Result, given, import_error};
use crate::interpreter::object::{Argument, tuple};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_ulong, c_void};
use std::ptr;

fn base() -> *mut ffi::PyTypeObject {
    &raw mut ffi::_PyWeakref_RefType
}

// SAFETY: the layout of the base class, whose size [`create`] compares.
unsafe impl Head for ffi::PyWeakReference {
    fn base() -> *mut ffi::PyTypeObject {
        base()
    }

    unsafe fn leave(object: *mut ffi::PyObject) {
        // SAFETY: the base's own, on one of its objects: it takes it out of its referent's list, and gives up the callback,
        // which is put aside meanwhile. It takes no lock for that.
        unsafe {
            let reference = object.cast::<ffi::PyWeakReference>();
            let leave = || {
                let callback = ptr::replace(&raw mut (*reference).wr_callback, ptr::null_mut());
                if let Some(clear) = (*base()).tp_clear {
                    clear(object);
                }
                (*reference).wr_callback = callback;
            };
            #[cfg(not(Py_GIL_DISABLED))]
            leave();
            #[cfg(Py_GIL_DISABLED)]
            list_lock::hold(reference, leave);
        }
    }

    unsafe fn owned(object: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
        // SAFETY: the caller's promise.
        unsafe { &raw mut (*object.cast::<ffi::PyWeakReference>()).wr_callback }
    }
}

impl<P: Payload<Head = ffi::PyWeakReference>> Object<P> {
    /// Makes the class `name`, a subclass of `weakref.ref` whose objects carry a `P`. It can be subclassed further.
    pub(crate) fn create_subclass_of_ref<'py, const N: usize>(
        py: Python<'py>,
        name: &'static CStr,
        flags: c_ulong,
        slots: [ffi::PyType_Slot; N],
    ) -> Result<Bound<'py, PyType>> {
        // SAFETY: a load of a field of a static type.
        let base_size = unsafe { (*base()).tp_basicsize };
        if usize::try_from(base_size) != Ok(size_of::<ffi::PyWeakReference>()) {
            return Err(import_error(
                py,
                format_args!("weakrefs: this interpreter's weak references have another layout"),
            ));
        }
        let class = Self::create_class(py, name, class::OPEN | flags, slots)?;
        #[cfg(all(Py_3_11, not(Py_GIL_DISABLED)))]
        weak_list::learn_entry(&WeakRef::plain(class.as_any())?);
        Ok(class)
    }
}

/// Creates an object of `class`, which is of [`Object::create_subclass_of_ref`] or derived, as `weakref.ref.__new__` does.
#[inline]
pub(crate) fn create<'py>(
    class: Borrowed<'_, 'py, PyType>,
    referent: Argument<'_, 'py>,
    callback: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    #[cfg(not(Py_GIL_DISABLED))]
    if weak_list::is_at_hand(&referent) {
        return weak_list::create(class, referent, callback);
    }
    construct(class, referent, callback)
}

/// Creates an object with `weakref.ref.__new__`.
#[cold]
fn construct<'py>(
    class: Borrowed<'_, 'py, PyType>,
    referent: Argument<'_, 'py>,
    callback: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = class.py();
    let arguments = tuple(py, [referent, callback])?;
    // SAFETY: the base's constructor, called as the interpreter would call it for a subclass; the allocation is zeroed, so
    // the payload is valid.
    unsafe {
        let new = (*base()).tp_new.unwrap_or(ffi::PyType_GenericNew);
        given(
            py,
            new(class.as_ptr().cast(), arguments.as_ptr(), ptr::null_mut()),
        )
    }
}

/// The hash of `weakref.ref`, for a subclass that defines its own comparison.
pub(crate) fn inherited_hash() -> *mut c_void {
    // SAFETY: a load of a field of a static type.
    unsafe {
        (*base())
            .tp_hash
            .map_or(ptr::null_mut(), |hash| hash as *mut c_void)
    }
}
