//! What the native classes ask about the Python classes derived from them: which one is the public class, and whether
//! methods have been overridden in a subclass, or replaced on the public class itself.
//!
//! The public class of an object is the one in its class's line of bases that is derived from the native class at once. It
//! is found in the object, not by name: the package can be imported anew, or under another name, and each object keeps to
//! the classes that it came with (S37).

#![allow(unsafe_code, reason = "the line of bases")]

use super::container::This;
use super::entry::Entry;
use crate::ephemerons::rule::has_rule;
use crate::interpreter::entry::passed;
use crate::interpreter::error::{Result, type_error};
use crate::interpreter::field;
use crate::interpreter::method;
use crate::interpreter::names::name;
use crate::interpreter::object::{Argument, attribute, call};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, ffi};
use std::marker::PhantomData;
use std::sync::atomic::Ordering;

/// The public class of a container. An object of the native class itself has that one.
fn public_class<'a, 'py, E: Entry>(this: This<'a, 'py, E>) -> Borrowed<'a, 'py, PyAny> {
    let object = this.as_object();
    let native = E::classes()
        .container
        .get(object.py())
        .as_ptr()
        .cast::<ffi::PyTypeObject>();
    // SAFETY: a class lives as long as its objects, and its bases as long as it.
    unsafe {
        let mut class = ffi::Py_TYPE(object.as_ptr());
        let is_public = |class: *mut ffi::PyTypeObject| {
            let base = field::word(&raw const (*class).tp_base);
            // The ephemerons are derived from the other public class of the kind.
            base.is_null() || base == native || has_rule(class) && !has_rule(base)
        };
        while class != native && !is_public(class) {
            class = field::word(&raw const (*class).tp_base);
        }
        passed(object.py(), class.cast())
    }
}

/// Whether a container is exactly of its public class, and nothing of that has been replaced: neither a method, nor a special
/// method that another one may go through. Else those are called (S26, S39).
#[inline]
pub(crate) fn is_unchanged<E: Entry>(this: This<'_, '_, E>) -> Result<bool> {
    let (py, object) = (this.py(), this.as_object());
    let public = public_class(this);
    // SAFETY: the class of a valid object, and fields of valid classes.
    unsafe {
        let class = ffi::Py_TYPE(object.as_ptr());
        let native = E::classes()
            .container
            .get(py)
            .as_ptr()
            .cast::<ffi::PyTypeObject>();
        if public.as_ptr() != class.cast() || special_methods(class) != special_methods(native) {
            return Ok(false);
        }
        // A class gets another number when it changes, which no class has had before; zero is none.
        let version = field::version(class);
        if version != 0 && version == E::classes().unchanged.load(Ordering::Relaxed) {
            return Ok(true);
        }
        for method in E::classes().methods().flatten() {
            if !method.is_in(public)? {
                return Ok(false);
            }
        }
        if field::version(class) == version {
            E::classes().unchanged.store(version, Ordering::Relaxed);
        }
        Ok(true)
    }
}

/// What `class` does for the special methods that others go through, by the addresses.
///
/// # Safety
/// It is a class derived from a native container, which has the tables of a sequence and of a mapping.
unsafe fn special_methods(class: *const ffi::PyTypeObject) -> [usize; 6] {
    // SAFETY: the caller's promise.
    unsafe {
        let (sequence, mapping) = ((*class).tp_as_sequence, (*class).tp_as_mapping);
        [
            field::address(&raw const (*class).tp_new),
            field::address(&raw const (*class).tp_init),
            field::address(&raw const (*class).tp_iter),
            field::address(&raw const (*sequence).sq_contains),
            field::address(&raw const (*mapping).mp_subscript),
            field::address(&raw const (*mapping).mp_ass_subscript),
        ]
    }
}

/// `object`, if it is a container of the kind that iterates as the native class does.
pub(crate) fn iterated_natively<'a, 'py, E: Entry>(
    object: Argument<'a, 'py>,
) -> Option<This<'a, 'py, E>> {
    let native = E::classes().container.get(object.py());
    // SAFETY: fields of the classes of valid objects.
    let iterates_natively = unsafe {
        let native = native.as_ptr().cast::<ffi::PyTypeObject>();
        let slot = |class: *const ffi::PyTypeObject| field::address(&raw const (*class).tp_iter);
        slot(ffi::Py_TYPE(object.as_ptr())) == slot(native)
    };
    This::of(object).filter(|_| iterates_natively)
}

/// A new, empty container of the public class of another one.
pub(crate) fn new_public<'py, E: Entry>(this: This<'_, 'py, E>) -> Result<New<'py, E>> {
    New::checked(call(&public_class(this), [])?)
}

/// A container that was just made by a class, which may be anything by now.
pub(crate) struct New<'py, E> {
    object: Bound<'py, PyAny>,
    entries: PhantomData<E>,
}

impl<'py, E: Entry> New<'py, E> {
    /// Makes sure that `object` is a container of the kind.
    fn checked(object: Bound<'py, PyAny>) -> Result<Self> {
        if This::<E>::of(object.as_borrowed()).is_some() {
            return Ok(Self {
                object,
                entries: PhantomData,
            });
        }
        Err(type_error(
            object.py(),
            format_args!("the class made something else than a container"),
        ))
    }

    pub(crate) fn this(&self) -> This<'_, 'py, E> {
        // SAFETY: `checked` has made sure of it.
        unsafe { This::new(self.object.as_borrowed()) }
    }

    pub(crate) fn into_object(self) -> Bound<'py, PyAny> {
        self.object
    }
}

/// Puts the native methods on `class`, as far as it is derived from the native class of the kind at once; gives whether it
/// is.
pub(crate) fn put_methods<E: Entry>(class: &Bound<'_, PyType>) -> Result<bool> {
    let native = E::classes().container.get(class.py());
    // SAFETY: a load of a field of a valid type.
    if unsafe { (*class.as_ptr().cast::<ffi::PyTypeObject>()).tp_base.cast() } != native.as_ptr() {
        return Ok(false);
    }
    for methods in E::classes().methods() {
        method::put(class, methods)?;
    }
    Ok(true)
}

/// `object.__class__`, which a subclass may say to be another one.
pub(crate) fn class_of<'py>(object: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    attribute(object, name::class(object.py()))
}
