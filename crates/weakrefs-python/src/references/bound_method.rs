//! The parts of a bound method: its object and its function.
//!
//! Nearly all are exactly of `types.MethodType`. Its fields are not in the headers that every platform links, so they are
//! read where a sample, made at import, shows them in the places that all versions have had; otherwise, and of every
//! other type, the attributes are looked up, which takes 400 instructions more.

#![allow(unsafe_code, reason = "reading the fields of bound methods")]

use crate::interpreter::error::{Raised, Result, given, kinds, type_error};
use crate::interpreter::field;
use crate::interpreter::method::METHOD_TYPE;
use crate::interpreter::names::name;
use crate::interpreter::object::{Argument, attribute, call, text};
use pyo3::types::PyString;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether its objects have the fields of [`Layout`].
static READABLE: AtomicBool = AtomicBool::new(false);

/// How an object of `types.MethodType` begins.
#[repr(C)]
struct Layout {
    head: ffi::PyObject,
    function: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
}

/// Looks at a sample.
pub(crate) fn learn(function: Argument<'_, '_>) -> Result<()> {
    let py = function.py();
    let object = name::func(py);
    let sample = call(&METHOD_TYPE.get(py), [function, object])?;
    // SAFETY: loads of two words of an object that has, on every version, at least as many.
    let readable = unsafe {
        let layout = sample.as_ptr().cast::<Layout>();
        (*layout).function == function.as_ptr() && (*layout).object == object.as_ptr()
    };
    READABLE.store(readable, Ordering::Relaxed);
    Ok(())
}

/// `types.MethodType`.
pub(crate) fn method_type(py: Python<'_>) -> Borrowed<'_, '_, PyAny> {
    METHOD_TYPE.get(py)
}

/// What a bound method is made of.
pub(crate) struct Parts<'py> {
    pub(crate) object: Bound<'py, PyAny>,
    pub(crate) function: Bound<'py, PyAny>,
    /// Whether it is a `types.MethodType` of a Python function, as nearly all methods are.
    pub(crate) ordinary: bool,
}

/// The parts of `method`; `TypeError` if it is no bound method.
pub(crate) fn parts<'py>(method: &Bound<'py, PyAny>) -> Result<Parts<'py>> {
    let py = method.py();
    // SAFETY: the type of a valid object.
    let exact = METHOD_TYPE.is(unsafe { ffi::Py_TYPE(method.as_ptr()) }.cast());
    if exact && READABLE.load(Ordering::Relaxed) {
        // SAFETY: a valid object of that type, which holds both.
        unsafe {
            let layout = method.as_ptr().cast::<Layout>();
            let object = Bound::from_borrowed_ptr(py, (*layout).object);
            let function = Bound::from_borrowed_ptr(py, (*layout).function);
            let ordinary = ffi::PyFunction_Check(function.as_ptr()) != 0;
            return Ok(Parts {
                object,
                function,
                ordinary,
            });
        }
    }
    let part = |name| {
        attribute(method, name).map_err(|raised| {
            if !raised.is(py, kinds::attribute_error()) {
                return raised;
            }
            raised.clear(py);
            not_a_method(method)
        })
    };
    let (object, function) = (part(name::own(py))?, part(name::func(py))?);
    Ok(Parts {
        object,
        function,
        ordinary: false,
    })
}

/// In the words of the standard module.
#[cold]
fn not_a_method(method: &Bound<'_, PyAny>) -> Raised {
    let py = method.py();
    // SAFETY: the representation of a valid type: a new reference, or null with an error set.
    let class = unsafe {
        let class = ffi::PyObject_Repr(ffi::Py_TYPE(method.as_ptr()).cast());
        given(py, class)
    };
    let class = match class {
        // SAFETY: a representation is a string.
        Ok(class) => unsafe { class.cast_into_unchecked::<PyString>() },
        Err(raised) => return raised,
    };
    match text(class.as_any().as_borrowed()) {
        Ok(class) => type_error(
            py,
            format_args!("argument should be a bound method, not {class}"),
        ),
        Err(raised) => raised,
    }
}

/// Binds `function` to `object` again: a `types.MethodType`, without a look at the type.
pub(crate) fn bind<'py>(
    function: &Bound<'py, PyAny>,
    object: &Bound<'py, PyAny>,
    py: Python<'py>,
) -> Option<Result<Bound<'py, PyAny>>> {
    // SAFETY: the descriptor slot of a valid function, called with it and a valid object; the result is a new reference,
    // or null with an error set.
    unsafe {
        let bind = field::word(&raw const (*ffi::Py_TYPE(function.as_ptr())).tp_descr_get)?;
        let method = bind(function.as_ptr(), object.as_ptr(), std::ptr::null_mut());
        Some(given(py, method))
    }
}
