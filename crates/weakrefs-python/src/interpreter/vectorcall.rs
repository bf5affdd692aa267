//! Calls of a class, and of its objects, that need no tuple of arguments (PEP 590).
//!
//! The interpreter makes one for `__new__` and `__init__`, and one for `__call__`, each of which takes it apart: 270 of
//! the 2800 instructions that a `WeakMethod` costs, and 700 of the 3470 of a finalizer. [`Direct`] gives a class a way in of
//! its own for the usual arguments. All else goes on to those methods, and so does a class of which one was exchanged, or
//! that is derived.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::arguments::Arguments;
use super::class::Payload;
use super::entry::{enter, passed, recursively};
use super::error::{Result, TypeName, type_error};
use super::field;
use super::slots::{self, Instance};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The functions that an ordinary call of a class or of an object of it goes through, by their addresses, as they were
/// when the class was made.
pub(crate) struct Original {
    class: AtomicUsize,
    new: AtomicUsize,
    init: AtomicUsize,
    call: AtomicUsize,
}

impl Original {
    pub(crate) const fn new() -> Self {
        Self {
            class: AtomicUsize::new(0),
            new: AtomicUsize::new(0),
            init: AtomicUsize::new(0),
            call: AtomicUsize::new(0),
        }
    }

    /// # Safety
    /// `class` is a class.
    unsafe fn note(&self, class: *mut ffi::PyTypeObject) {
        // SAFETY: loads of fields of a valid type.
        unsafe {
            self.class.store(class.addr(), Ordering::Relaxed);
            self.new.store(
                field::address(&raw const (*class).tp_new),
                Ordering::Relaxed,
            );
            self.init.store(
                field::address(&raw const (*class).tp_init),
                Ordering::Relaxed,
            );
            self.call.store(
                field::address(&raw const (*class).tp_call),
                Ordering::Relaxed,
            );
        }
    }

    /// Whether a call of `class` would make an object as the original does.
    #[inline]
    unsafe fn makes(&self, class: *mut ffi::PyTypeObject) -> bool {
        // SAFETY: as above.
        unsafe {
            self.class.load(Ordering::Relaxed) == class.addr()
                && self.new.load(Ordering::Relaxed) == field::address(&raw const (*class).tp_new)
                && self.init.load(Ordering::Relaxed) == field::address(&raw const (*class).tp_init)
        }
    }

    /// Whether a call of an object of `class` would do what the original does.
    #[inline]
    unsafe fn calls(&self, class: *mut ffi::PyTypeObject) -> bool {
        // SAFETY: as above.
        unsafe { self.call.load(Ordering::Relaxed) == field::address(&raw const (*class).tp_call) }
    }
}

/// A class that is called directly.
pub(crate) trait Direct {
    fn original() -> &'static Original;

    /// What a call of `class` gives; `None` if the arguments are other than usual.
    fn construct<'py>(
        class: Borrowed<'_, 'py, PyType>,
        arguments: Arguments<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>>;
}

/// One whose objects are, too. (Those of a class derived from `ref` cannot be: `ref.__call__` asks the class of its object
/// for the function that it calls.)
pub(crate) trait DirectObjects: Direct + Payload {
    /// What a call of `this` gives; `None` if the arguments are other than usual.
    fn call<'py>(
        this: Instance<'_, 'py, Self>,
        arguments: Arguments<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>>;

    /// The function that an object of the class is called by.
    const ENTRY: ffi::vectorcallfunc = slots::vectorcall(call_object::<Self>);
}

/// Has calls of `class` itself go to `T::construct`. (Calls of its objects go to
/// [`ENTRY`](DirectObjects::ENTRY) where they have it in the place that the class names.)
pub(crate) fn construct_directly<T: Direct>(class: &Bound<'_, PyType>) {
    let raw = class.as_ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: the class has just been made. The interpreter has no derived class inherit the field.
    unsafe {
        T::original().note(raw);
        (*raw).tp_vectorcall = Some(call_class::<T>);
    }
}

unsafe extern "C" fn call_class<T: Direct>(
    class: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    flagged_count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a class and the arguments of a call.
    unsafe {
        enter(|py| {
            let unchanged = T::original().makes(class.cast());
            let this = passed(py, class);
            let arguments = Arguments::in_array(py, args, flagged_count, names);
            recursively(py, || {
                if unchanged {
                    if let Some(object) = T::construct(this.cast_unchecked(), arguments)? {
                        return Ok(object);
                    }
                }
                call_slot(py, &raw mut ffi::PyType_Type, this, arguments)
            })
        })
    }
}

fn call_object<'py, T: DirectObjects>(
    this: Instance<'_, 'py, T>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let object = this.as_object();
    // SAFETY: the class of a valid object.
    unsafe {
        let class = ffi::Py_TYPE(object.as_ptr());
        recursively(this.py(), || {
            if T::original().calls(class) {
                if let Some(result) = T::call(this, arguments)? {
                    return Ok(result);
                }
            }
            call_slot(this.py(), class, object, arguments)
        })
    }
}

/// Calls `callable`, an object of `class`, by the class's slot.
///
/// # Safety
/// It is one.
#[cold]
unsafe fn call_slot<'py>(
    py: Python<'py>,
    class: *mut ffi::PyTypeObject,
    callable: Borrowed<'_, 'py, PyAny>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: a load of a field of a valid type, and its slot, called with an object of it.
    unsafe {
        match field::word(&raw const (*class).tp_call) {
            Some(call) => arguments.pass_to(call, callable),
            None => {
                let name = TypeName::of(&callable);
                Err(type_error(
                    py,
                    format_args!("'{name}' object is not callable"),
                ))
            }
        }
    }
}
