//! Calls of a class, and of its objects, that need no tuple of arguments (PEP 590).
//!
//! The interpreter makes one for `__new__` and `__init__`, and one for `__call__`, each of which takes it apart: 270 of
//! the 2800 instructions that a `WeakMethod` costs, and 700 of the 3470 of a finalizer. [`construct_directly`] and
//! [`call_directly`] give a class a way in of its own for the usual arguments. All else goes on to those methods, and so
//! does a class of which one was exchanged, or that is derived.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use crate::entry_point::{enter, passed};
use crate::guarded::Guarded;
use pyo3::PyClass;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::{PyDict, PyTuple, PyType};
use std::marker::PhantomData;
use std::{array, ptr};

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a, 'py> {
    py: Python<'py>,
    first: *const *mut ffi::PyObject,
    /// How many there are without a name.
    unnamed: usize,
    /// The tuple of the names of those that follow, or null.
    names: *mut ffi::PyObject,
    call: PhantomData<&'a ()>,
}

impl<'a, 'py> Arguments<'a, 'py> {
    /// # Safety
    /// They are what the interpreter has passed, and live as long as the result is used.
    #[inline]
    unsafe fn passed(
        py: Python<'py>,
        first: *const *mut ffi::PyObject,
        flagged_count: usize,
        names: *mut ffi::PyObject,
    ) -> Self {
        Self {
            py,
            first,
            // SAFETY: arithmetic.
            unnamed: unsafe { ffi::PyVectorcall_NARGS(flagged_count) } as usize,
            names,
            call: PhantomData,
        }
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.py
    }

    /// The only ones, if none has a name.
    #[inline]
    pub(crate) fn unnamed<const N: usize>(&self) -> Option<[Option<Borrowed<'a, 'py, PyAny>>; N]> {
        let only = self.names.is_null() && self.unnamed <= N;
        only.then(|| array::from_fn(|at| self.get(at)))
    }

    /// The one at `at` of those without a name.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<Borrowed<'a, 'py, PyAny>> {
        // SAFETY: the interpreter has passed as many, which live as long as the call.
        (at < self.unnamed).then(|| unsafe { passed(self.py, *self.first.add(at)) })
    }

    /// Those without a name from `at` on.
    #[inline]
    pub(crate) fn rest(&self, at: usize) -> PyResult<Bound<'py, PyTuple>> {
        if self.unnamed <= at {
            return Ok(PyTuple::empty(self.py));
        }
        PyTuple::new(self.py, (at..self.unnamed).map(|at| self.get(at)))
    }

    /// Those with a name, if there are any.
    #[inline]
    pub(crate) fn named(&self) -> PyResult<Option<Bound<'py, PyDict>>> {
        if self.names.is_null() {
            return Ok(None);
        }
        let named = PyDict::new(self.py);
        // SAFETY: the interpreter has passed a tuple, and the arguments with these names after those without.
        unsafe {
            let names = passed(self.py, self.names);
            let values = self.first.add(self.unnamed);
            for (at, name) in names.cast_unchecked::<PyTuple>().iter().enumerate() {
                named.set_item(name, passed(self.py, *values.add(at)))?;
            }
        }
        Ok(Some(named))
    }
}

/// The functions that an ordinary call of a class or of an object of it goes through, by their addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slots {
    class: usize,
    new: usize,
    init: usize,
    call: usize,
}

impl Slots {
    /// # Safety
    /// `class` is a class.
    #[inline]
    unsafe fn of(class: *mut ffi::PyTypeObject) -> Self {
        // SAFETY: loads of fields of a valid type.
        unsafe {
            Self {
                class: class as usize,
                new: (*class).tp_new.map_or(0, |slot| slot as usize),
                init: (*class).tp_init.map_or(0, |slot| slot as usize),
                call: (*class).tp_call.map_or(0, |slot| slot as usize),
            }
        }
    }
}

/// A class whose calls are entered directly.
pub(crate) trait Construct {
    /// What the slots were when it was made.
    fn made_with() -> &'static Guarded<Option<Slots>>;

    /// What a call of `class` gives; `None` if the arguments are other than usual.
    fn construct<'py>(
        class: &Bound<'py, PyType>,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>>;
}

/// Has calls of `class` itself go to `T::construct`.
pub(crate) fn construct_directly<T: Construct>(class: &Bound<'_, PyType>) {
    let raw = class.as_type_ptr();
    // SAFETY: the class has just been made. The interpreter has no derived class inherit the field.
    unsafe {
        T::made_with().with(class.py(), |slots| *slots = Some(Slots::of(raw)));
        (*raw).tp_vectorcall = Some(construct::<T>);
    }
}

unsafe extern "C" fn construct<T: Construct>(
    class: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    flagged_count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a class and the arguments of a call.
    unsafe {
        enter(|py| {
            let now = Slots::of(class.cast());
            let made_with = T::made_with().with(py, |slots| *slots);
            let unchanged = made_with.is_some_and(|made| {
                made.class == now.class && made.new == now.new && made.init == now.init
            });
            let class = passed(py, class);
            let arguments = Arguments::passed(py, args, flagged_count, names);
            let object = one_deeper(py, || {
                if unchanged && let Some(object) = T::construct(&class.cast_unchecked(), arguments)?
                {
                    return Ok(object);
                }
                call_slot(&raw mut ffi::PyType_Type, &class, arguments)
            })?;
            Ok(object.into_ptr())
        })
    }
}

/// Does `body` one level of recursion deeper, as every call does that may come back to itself, or fails if that is too
/// deep.
#[inline]
fn one_deeper<R>(py: Python<'_>, body: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    // SAFETY: the thread is attached. If it fails, an error is set; if not, it is undone.
    unsafe {
        if ffi::Py_EnterRecursiveCall(c" while calling a Python object".as_ptr()) != 0 {
            return Err(PyErr::fetch(py));
        }
        let result = body();
        ffi::Py_LeaveRecursiveCall();
        result
    }
}

/// Calls `callable`, an object of `class`, by the class's slot.
///
/// # Safety
/// The class has one.
#[cold]
unsafe fn call_slot<'py>(
    class: *mut ffi::PyTypeObject,
    callable: &Bound<'py, PyAny>,
    arguments: Arguments<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let (unnamed, named) = (arguments.rest(0)?, arguments.named()?);
    let named = named.as_ref().map_or(ptr::null_mut(), Bound::as_ptr);
    // SAFETY: the slot is called as the interpreter would; it gives a new reference, or null with an error set.
    unsafe {
        let call = (*class).tp_call.expect("what was called can be called");
        let result = call(callable.as_ptr(), unnamed.as_ptr(), named);
        Bound::from_owned_ptr_or_err(arguments.py(), result)
    }
}

/// The function that an object is called by: a field of each object whose calls are entered directly.
#[repr(transparent)]
pub(crate) struct Entry(ffi::vectorcallfunc);

impl Entry {
    pub(crate) const fn of<T: CallDirectly>() -> Self {
        Self(call::<T>)
    }
}

/// A class whose objects are called directly.
pub(crate) trait CallDirectly: Construct {
    /// What a call of `object` gives; `None` if the arguments are other than usual.
    ///
    /// # Safety
    /// `object` is of the class, or of one that is derived from it.
    unsafe fn call<'py>(
        object: &Bound<'py, PyAny>,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>>;
}

/// One that PyO3 makes.
pub(crate) trait CallNative: Construct + PyClass<Frozen = True> + Sync {
    /// What a call gives; `None` if the arguments are other than usual.
    fn call<'py>(&self, arguments: Arguments<'_, 'py>) -> PyResult<Option<Bound<'py, PyAny>>>;
}

impl<T: CallNative> CallDirectly for T {
    unsafe fn call<'py>(
        object: &Bound<'py, PyAny>,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        // SAFETY: the caller's promise.
        unsafe { object.cast_unchecked::<T>() }
            .get()
            .call(arguments)
    }
}

/// Has calls of objects of `class` go to `T::call`.
///
/// # Safety
/// Objects of `class`, which is `T`'s and has just been made, have an [`Entry`] of `T`, or zero, at `offset`.
pub(crate) unsafe fn call_directly<T: CallDirectly>(class: &Bound<'_, PyType>, offset: usize) {
    let class = class.as_type_ptr();
    // SAFETY: the caller's promise, which objects of derived classes keep, too. Without an entry, the interpreter calls
    // the slot.
    unsafe {
        (*class).tp_vectorcall_offset = offset as ffi::Py_ssize_t;
        (*class).tp_flags |= ffi::Py_TPFLAGS_HAVE_VECTORCALL;
    }
}

/// As [`call_directly`], for the class of `sample`, in which PyO3 has put `entry` somewhere.
pub(crate) fn call_native_directly<T: CallNative>(
    sample: &Bound<'_, T>,
    entry: impl FnOnce(&T) -> &Entry,
) {
    let entry = ptr::from_ref(entry(sample.get())).addr();
    let offset = entry - sample.as_ptr().addr();
    // SAFETY: the field is where it is in the sample in all objects of the class.
    unsafe { call_directly::<T>(&sample.as_any().get_type(), offset) }
}

unsafe extern "C" fn call<T: CallDirectly>(
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    flagged_count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class and the arguments of a call.
    unsafe {
        enter(|py| {
            let class = ffi::Py_TYPE(this);
            let made_with = T::made_with().with(py, |slots| *slots);
            let unchanged = made_with.is_some_and(|made| made.call == Slots::of(class).call);
            let this = passed(py, this);
            let arguments = Arguments::passed(py, args, flagged_count, names);
            let result = one_deeper(py, || {
                if unchanged && let Some(result) = T::call(&this, arguments)? {
                    return Ok(result);
                }
                call_slot(class, &this, arguments)
            })?;
            Ok(result.into_ptr())
        })
    }
}
