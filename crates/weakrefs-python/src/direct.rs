//! The ways in that are called most, straight from the interpreter.
//!
//! PyO3's way into a slot counts attachments in a thread-local variable and looks for references whose
//! release was put off: 60 of the 400 instructions of a loop over `d[key]`. Its way into a method sorts
//! the arguments by a description of the parameters: 330 of the 730 of `d.get(key)`. So each container
//! is two native classes: the one that PyO3 makes, and one derived from it, by [`create`], whose slots
//! are entered directly. The methods below are [put](put_methods) on the public class itself: from 3.11 on, the
//! interpreter takes its shortest way into a native method only if the object is exactly of the class that the method
//! was made for, which saves a further 150 instructions of a loop over `d.get(key)`. A method called in any but the usual
//! way goes on to PyO3's of the same name, which knows how to read or to refuse the arguments.
//!
//! The ways in are those of [`entry_point`](crate::entry_point), with its rules.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use crate::entry_point::{Answer, enter, passed, raise_key_error};
use pyo3::PyClass;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::PyType;
use std::ffi::{CString, c_int, c_void};
use std::ptr;

/// A container as PyO3 makes it, from which the class with the direct ways in is derived.
pub(crate) trait Direct: PyClass<Frozen = True> + Sync {
    /// The derived class, which is the base of the public one.
    fn class(py: Python<'_>) -> PyResult<Bound<'_, PyType>>;

    /// The public class, which is what users get.
    fn public(py: Python<'_>) -> PyResult<Bound<'_, PyType>>;

    fn len(&self, py: Python<'_>) -> usize;

    fn contains(&self, key: &Bound<'_, PyAny>) -> PyResult<bool>;

    /// What a `KeyError` names for a key that is not there: a weak key by a reference, which does not keep it alive.
    fn named_missing<'py>(key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>;
}

/// One that maps keys to values.
pub(crate) trait DirectMapping: Direct {
    fn lookup<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>>;

    fn store(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()>;

    /// Removes the entry of `key`; gives whether there was one.
    fn delete(&self, key: &Bound<'_, PyAny>) -> PyResult<bool>;

    /// Removes the entry of `key`; gives its value.
    fn take<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>>;

    /// Removes the newest entry that is alive; gives its key and value.
    fn take_newest<'py>(&self, py: Python<'py>)
    -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

    fn get_or_store<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>>;
}

/// One of elements.
pub(crate) trait DirectSet: Direct {
    fn insert(&self, element: &Bound<'_, PyAny>) -> PyResult<()>;

    /// Removes `element`; gives whether it was there.
    fn delete(&self, element: &Bound<'_, PyAny>) -> PyResult<bool>;

    /// Removes the newest element that is alive.
    fn take_newest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
}

/// Derives the class of a mapping.
pub(crate) fn mapping_class<T: DirectMapping>(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let slots = vec![
        slot(ffi::Py_mp_subscript, subscript::<T> as *mut c_void),
        slot(ffi::Py_mp_ass_subscript, assign::<T> as *mut c_void),
    ];
    create::<T>(py, slots)
}

/// Derives the class of a set.
pub(crate) fn set_class<T: DirectSet>(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    create::<T>(py, Vec::new())
}

/// Puts the methods of a mapping on the public class.
pub(crate) fn put_mapping_methods<T: DirectMapping>(class: &Bound<'_, PyType>) -> PyResult<()> {
    put_methods::<T, _>(
        class,
        [
            ("get", Way::Arguments(get::<T>)),
            ("setdefault", Way::Arguments(setdefault::<T>)),
            ("pop", Way::Arguments(pop::<T>)),
            ("popitem", Way::NoArguments(popitem::<T>)),
        ],
    )
}

/// Puts the methods of a set on the public class.
pub(crate) fn put_set_methods<T: DirectSet>(class: &Bound<'_, PyType>) -> PyResult<()> {
    put_methods::<T, _>(
        class,
        [
            ("add", Way::Arguments(add::<T>)),
            ("discard", Way::Arguments(discard::<T>)),
            ("remove", Way::Arguments(remove::<T>)),
            ("pop", Way::NoArguments(pop_element::<T>)),
        ],
    )
}

fn slot(slot: c_int, pfunc: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot, pfunc }
}

/// Derives a class from `T`, of the same name and with the same memory.
fn create<T: Direct>(
    py: Python<'_>,
    mut slots: Vec<ffi::PyType_Slot>,
) -> PyResult<Bound<'_, PyType>> {
    let base = py.get_type::<T>();
    let name = CString::new(base.fully_qualified_name()?.to_cow()?.as_ref())?;
    let doc = CString::new(
        base.getattr("__doc__")?
            .extract::<String>()
            .unwrap_or_default(),
    )?;
    slots.extend([
        slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()),
        slot(ffi::Py_sq_contains, contains::<T> as *mut c_void),
        slot(ffi::Py_sq_length, len::<T> as *mut c_void),
        slot(ffi::Py_mp_length, len::<T> as *mut c_void),
        slot(0, ptr::null_mut()),
    ]);
    let mut spec = ffi::PyType_Spec {
        // Until 3.12 the class keeps a pointer into it.
        name: CString::into_raw(name),
        basicsize: 0,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification is complete. The interpreter copies the slots and the documentation; the name
    // is leaked. The base stays as long as the class.
    unsafe {
        let created = ffi::PyType_FromSpecWithBases(&raw mut spec, base.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(py, created)?.cast_into::<PyType>()?)
    }
}

/// How a method is entered.
enum Way {
    Arguments(ffi::PyCFunctionFastWithKeywords),
    NoArguments(ffi::PyCFunction),
}

/// Puts methods on `class`, which is derived from `T`, with the signature and documentation that `T`'s have.
fn put_methods<T: Direct, const N: usize>(
    class: &Bound<'_, PyType>,
    methods: [(&str, Way); N],
) -> PyResult<()> {
    let py = class.py();
    for (name, way) in methods {
        let inherited = py.get_type::<T>().getattr(name)?;
        let signature = inherited.getattr("__text_signature__")?;
        let doc = inherited.getattr("__doc__")?;
        let doc = CString::new(format!("{name}{signature}\n--\n\n{doc}"))?;
        let (ml_meth, ml_flags) = match way {
            Way::Arguments(function) => (
                ffi::PyMethodDefPointer {
                    PyCFunctionFastWithKeywords: function,
                },
                ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ),
            Way::NoArguments(function) => (
                ffi::PyMethodDefPointer {
                    PyCFunction: function,
                },
                ffi::METH_NOARGS,
            ),
        };
        // The method keeps a pointer to it: for ever.
        let definition = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: CString::into_raw(CString::new(name)?),
            ml_meth,
            ml_flags,
            ml_doc: CString::into_raw(doc),
        }));
        // SAFETY: the definition is complete, and leaked; the interpreter calls the function with objects of the class
        // only. The result is a new reference, or null with an error set.
        let method = unsafe {
            let method = ffi::PyDescr_NewMethod(class.as_type_ptr(), definition);
            Bound::from_owned_ptr_or_err(py, method)?
        };
        class.setattr(name, method)?;
    }
    Ok(())
}

/// The container behind an object of a class that is derived from `T`.
///
/// # Safety
/// It is one, as the interpreter has made sure before it calls a slot or method of the class.
#[inline]
unsafe fn container<'a, T: Direct>(this: &'a Borrowed<'_, '_, PyAny>) -> &'a T {
    // SAFETY: the caller's promise.
    unsafe { this.cast_unchecked::<T>() }.get()
}

/// Says that `key` is not there.
#[cold]
fn missing<T: Direct, A: Answer>(key: &Bound<'_, PyAny>) -> A {
    raise_key_error(key.py(), T::named_missing(key))
}

unsafe extern "C" fn subscript<T: DirectMapping>(
    this: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class and another one.
    unsafe {
        enter(|py| {
            let (this, key) = (passed(py, this), passed(py, key));
            match container::<T>(&this).lookup(&key)? {
                Some(value) => Ok(value.into_ptr()),
                None => Ok(missing::<T, _>(&key)),
            }
        })
    }
}

unsafe extern "C" fn assign<T: DirectMapping>(
    this: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class and one or two others: without a
    // value, `del` is meant.
    unsafe {
        enter(|py| {
            let (this, key) = (passed(py, this), passed(py, key));
            if !value.is_null() {
                container::<T>(&this).store(&key, &passed(py, value))?;
            } else if !container::<T>(&this).delete(&key)? {
                return Ok(missing::<T, _>(&key));
            }
            Ok(0)
        })
    }
}

unsafe extern "C" fn contains<T: Direct>(
    this: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class and another one.
    unsafe {
        enter(|py| {
            let this = passed(py, this);
            Ok(container::<T>(&this).contains(&passed(py, key))?.into())
        })
    }
}

unsafe extern "C" fn len<T: Direct>(this: *mut ffi::PyObject) -> ffi::Py_ssize_t {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| Ok(container::<T>(&passed(py, this)).len(py) as ffi::Py_ssize_t)) }
}

/// The arguments of a call of a method.
struct Call {
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
}

/// Does `body` with the arguments of a call as most are, which is without names: one, and up to `most`
/// in all. Any other goes to `T`'s own method `name`. If `body` gives `None`, the first argument is missing.
///
/// # Safety
/// The arguments are what the interpreter has passed to a method of the class.
#[inline]
unsafe fn call<T: Direct>(
    name: &str,
    most: ffi::Py_ssize_t,
    call: Call,
    body: impl for<'py> FnOnce(
        &T,
        &Bound<'py, PyAny>,
        Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>>,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        enter(|py| {
            let positional = call.positional;
            if positional == 0 || positional > most || !call.names.is_null() {
                return call_inherited::<T>(py, name, &call);
            }
            let this = passed(py, call.this);
            let other = (positional == 2).then(|| passed(py, *call.args.add(1)).to_owned());
            let first = passed(py, *call.args);
            match body(container::<T>(&this), &first, other)? {
                Some(result) => Ok(result.into_ptr()),
                None => Ok(missing::<T, _>(&first)),
            }
        })
    }
}

/// Calls `T`'s own method `name`.
///
/// # Safety
/// As [`call`].
#[cold]
unsafe fn call_inherited<T: Direct>(
    py: Python<'_>,
    name: &str,
    call: &Call,
) -> PyResult<*mut ffi::PyObject> {
    let method = py.get_type::<T>().getattr(name)?;
    // SAFETY: the arguments follow one another, those with names last; the method takes `self` before
    // them. The result is a new reference, or null with an error set.
    unsafe {
        let named = match call.names.is_null() {
            true => 0,
            false => ffi::PyTuple_GET_SIZE(call.names),
        };
        let mut args = vec![call.this];
        args.extend((0..call.positional + named).map(|at| *call.args.offset(at)));
        let positional = call.positional as usize + 1;
        let result =
            ffi::PyObject_Vectorcall(method.as_ptr(), args.as_ptr(), positional, call.names);
        Ok(Bound::from_owned_ptr_or_err(py, result)?.into_ptr())
    }
}

/// A method that is entered directly: its name, how many arguments it takes, and what it does.
macro_rules! method {
    ($name:ident<T: $bound:ident>(1..=$most:literal) $body:expr) => {
        unsafe extern "C" fn $name<T: $bound>(
            this: *mut ffi::PyObject,
            args: *const *mut ffi::PyObject,
            positional: ffi::Py_ssize_t,
            names: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            let arguments = Call {
                this,
                args,
                positional,
                names,
            };
            // SAFETY: called by the interpreter with an object of the class and the arguments of a call.
            unsafe { call::<T>(stringify!($name), $most, arguments, $body) }
        }
    };
}

method!(get<T: DirectMapping>(1..=2) |this, key, default| {
    let value = this.lookup(key)?;
    Ok(value.or(default).or_else(|| Some(none(key.py()))))
});

method!(setdefault<T: DirectMapping>(1..=2) |this, key, default| {
    this.get_or_store(key, default.unwrap_or_else(|| none(key.py()))).map(Some)
});

method!(pop<T: DirectMapping>(1..=2) |this, key, default| {
    Ok(this.take(key)?.or(default))
});

method!(add<T: DirectSet>(1..=1) |this, element, _| {
    this.insert(element)?;
    Ok(Some(none(element.py())))
});

method!(discard<T: DirectSet>(1..=1) |this, element, _| {
    this.delete(element)?;
    Ok(Some(none(element.py())))
});

method!(remove<T: DirectSet>(1..=1) |this, element, _| {
    Ok(this.delete(element)?.then(|| none(element.py())))
});

unsafe extern "C" fn popitem<T: DirectMapping>(
    this: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe {
        enter(|py| {
            let item = container::<T>(&passed(py, this)).take_newest(py)?;
            Ok(item.into_pyobject(py)?.into_ptr())
        })
    }
}

unsafe extern "C" fn pop_element<T: DirectSet>(
    this: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe {
        enter(|py| {
            Ok(container::<T>(&passed(py, this))
                .take_newest(py)?
                .into_ptr())
        })
    }
}

fn none(py: Python<'_>) -> Bound<'_, PyAny> {
    py.None().into_bound(py)
}
