//! What the native classes ask about the Python classes derived from them: which one is the public class, and which
//! methods a subclass has overridden.
//!
//! The public class of an object is the one in its class's line of bases that is derived from the native class at once. It
//! is found in the object, not by name: the package can be imported anew, or under another name, and each object keeps to
//! the classes that it came with (S37).

#![allow(unsafe_code, reason = "the line of bases")]

use super::container::{self, Container};
use super::entry::Entry;
use crate::interpreter::class::{self, Table as Static};
use crate::interpreter::entry::passed;
use crate::interpreter::error::{Result, type_error};
use crate::interpreter::names::name;
use crate::interpreter::object::{Argument, attribute, call, given};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, ffi};
use std::ffi::c_int;

/// The public class of `object`, a container. An object of the native class itself has that one.
pub(crate) fn public_class<'a, 'py, E: Entry>(
    object: Argument<'a, 'py>,
) -> Borrowed<'a, 'py, PyAny> {
    let native = E::classes()
        .container
        .get(object.py())
        .as_ptr()
        .cast::<ffi::PyTypeObject>();
    // SAFETY: a class lives as long as its objects, and its bases as long as it.
    unsafe {
        let mut class = ffi::Py_TYPE(object.as_ptr());
        while class != native && !(*class).tp_base.is_null() && (*class).tp_base != native {
            class = (*class).tp_base;
        }
        passed(object.py(), class.cast())
    }
}

/// Whether `object` is exactly of its public class, none of whose methods is overridden.
#[inline]
pub(crate) fn is_public<E: Entry>(object: Argument<'_, '_>) -> bool {
    // SAFETY: the class of a valid object.
    unsafe { public_class::<E>(object).as_ptr() == ffi::Py_TYPE(object.as_ptr()).cast() }
}

/// Whether the class of `object` has a `name` of its own in place of the public class's.
pub(crate) fn overrides<E: Entry>(
    object: Argument<'_, '_>,
    name: Argument<'_, '_>,
) -> Result<bool> {
    let py = object.py();
    let public = public_class::<E>(object);
    // SAFETY: the class of a valid object.
    let class = unsafe { passed(py, ffi::Py_TYPE(object.as_ptr()).cast()) };
    if class.as_ptr() == public.as_ptr() {
        return Ok(false);
    }
    let (own, inherited) = (attribute(&class, name)?, attribute(&public, name)?);
    Ok(own.as_ptr() != inherited.as_ptr())
}

/// A new, empty container of the public class of `object`.
pub(crate) fn new_public<'py, E: Entry>(object: Argument<'_, 'py>) -> Result<New<'py>> {
    let made = call(&public_class::<E>(object), [])?;
    checked::<E>(made)
}

/// A container that was just made by a class, which may be anything by now.
pub(crate) struct New<'py>(pub(crate) Bound<'py, PyAny>);

impl New<'_> {
    pub(crate) fn container<E: Entry>(&self) -> &Container<E> {
        // SAFETY: `checked` has made sure of it.
        unsafe { container::of(self.0.as_borrowed()) }
    }
}

/// Makes sure that `object` is a container of the kind.
pub(crate) fn checked<E: Entry>(object: Bound<'_, PyAny>) -> Result<New<'_>> {
    if is_container::<E>(object.as_borrowed()) {
        return Ok(New(object));
    }
    Err(type_error(
        object.py(),
        format_args!("the class made something else than a container"),
    ))
}

/// Whether `object` is a container of the kind, of whatever class.
pub(crate) fn is_container<E: Entry>(object: Argument<'_, '_>) -> bool {
    // SAFETY: the class was made for such containers.
    unsafe { class::checked_payload::<Container<E>>(object, &E::classes().container).is_some() }
}

/// Puts methods on `class`, as far as it is derived from the native class of the kind at once; gives whether it is.
///
/// From 3.11 on, the interpreter takes its shortest way into a native method only if the object is exactly of the class
/// that the method was made for: 150 of the 600 instructions of a loop over `d.get(key)`.
pub(crate) fn put_methods<E: Entry, const N: usize>(
    class: &Bound<'_, PyType>,
    methods: &'static Static<ffi::PyMethodDef, N>,
) -> Result<bool> {
    let py = class.py();
    let native = E::classes()
        .container
        .get(py)
        .as_ptr()
        .cast::<ffi::PyTypeObject>();
    let raw = class.as_ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: a load of a field of a valid type.
    if unsafe { (*raw).tp_base } != native {
        return Ok(false);
    }
    for definition in methods
        .0
        .iter()
        .filter(|definition| !definition.ml_name.is_null())
    {
        // SAFETY: the definition is complete, and static; the interpreter calls the function with objects of the class
        // only, which are of the native class, too. The result is a new reference, or null with an error set.
        let method = unsafe {
            given(
                py,
                ffi::PyDescr_NewMethod(raw, std::ptr::from_ref(definition).cast_mut()),
            )?
        };
        // SAFETY: a valid object and a text that ends with zero.
        let done: c_int = unsafe {
            ffi::PyObject_SetAttrString(class.as_ptr(), definition.ml_name, method.as_ptr())
        };
        if done != 0 {
            return Err(crate::interpreter::error::Raised::by_interpreter());
        }
    }
    Ok(true)
}

/// `object.__class__`, which a subclass may say to be another one.
pub(crate) fn class_of<'py>(object: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    attribute(object, name::class(object.py()))
}
