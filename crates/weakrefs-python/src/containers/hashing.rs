//! The hashes of keys and elements, and the words for what has none.
//!
//! The standard containers ask `dict` and `set`, whose words from 3.14 on say what the object was to be used for. The words here
//! say the same on every version (S25): of a weakly held key or element, that its reference cannot be used.

#![allow(unsafe_code, reason = "the text of an exception")]

use crate::interpreter::error::{Raised, Result, given, kinds, no_memory, type_error};
use crate::interpreter::object;
use crate::references::layout::supports_weak_references;
use crate::references::weak_ref::WeakRef;
use pyo3::{Bound, PyAny, ffi};

/// What the standard container uses the object, or the reference to it, for.
#[derive(Clone, Copy)]
enum Purpose {
    Key,
    WeakKey,
    Element,
}

/// The hash of a key that is held.
#[inline]
pub(crate) fn key_hash(key: &Bound<'_, PyAny>) -> Result<isize> {
    object::hash(key).map_err(|raised| unhashable(key, Purpose::Key, raised))
}

/// The hash of a key that is to be weakly referenced. To have it inlined everywhere is a tenth of a lookup.
///
/// Fails as creating a reference would if it cannot be (S22), before any of the key's own code runs.
#[inline(always)]
pub(crate) fn weak_key_hash(key: &Bound<'_, PyAny>) -> Result<isize> {
    weak_hash(key, Purpose::WeakKey)
}

/// The same; `None` if the key cannot be weakly referenced.
#[inline(always)]
pub(crate) fn possible_weak_key_hash(key: &Bound<'_, PyAny>) -> Result<Option<isize>> {
    possible_weak_hash(key, Purpose::WeakKey)
}

/// As [`weak_key_hash`], of an element.
#[inline(always)]
pub(crate) fn element_hash(element: &Bound<'_, PyAny>) -> Result<isize> {
    weak_hash(element, Purpose::Element)
}

/// As [`possible_weak_key_hash`], of an element.
#[inline(always)]
pub(crate) fn possible_element_hash(element: &Bound<'_, PyAny>) -> Result<Option<isize>> {
    possible_weak_hash(element, Purpose::Element)
}

/// Fails if `object` cannot be weakly referenced.
#[inline]
pub(crate) fn check_weak(object: &Bound<'_, PyAny>) -> Result<()> {
    if supports_weak_references(object) {
        Ok(())
    } else {
        refuse(object)
    }
}

#[inline(always)]
fn weak_hash(object: &Bound<'_, PyAny>, purpose: Purpose) -> Result<isize> {
    check_weak(object)?;
    object::hash(object).map_err(|raised| unhashable(object, purpose, raised))
}

#[inline(always)]
fn possible_weak_hash(object: &Bound<'_, PyAny>, purpose: Purpose) -> Result<Option<isize>> {
    if !supports_weak_references(object) {
        return Ok(None);
    }
    let hash = object::hash(object).map_err(|raised| unhashable(object, purpose, raised))?;
    Ok(Some(hash))
}

/// Fails in the interpreter's own words.
#[cold]
fn refuse(object: &Bound<'_, PyAny>) -> Result<()> {
    WeakRef::plain(object).map(drop)
}

/// Says of a `TypeError` from hashing `object` what that was to be used for. Other errors are the object's own business.
#[cold]
fn unhashable(object: &Bound<'_, PyAny>, purpose: Purpose, raised: Raised) -> Raised {
    let py = object.py();
    if !raised.is(py, kinds::type_error()) {
        return raised;
    }
    let Some(cause) = raised.take(py) else {
        return no_memory(py);
    };
    // SAFETY: an exception, which was just raised.
    if unsafe { ffi::Py_TYPE(cause.as_ptr()).cast() } != kinds::type_error() {
        return Raised::set(&cause);
    }
    match worded(object, purpose, &cause) {
        Ok(()) => Raised::set(&cause),
        Err(raised) => raised.caused_by(py, cause),
    }
}

/// Raises the error, or another one where memory is short.
fn worded(object: &Bound<'_, PyAny>, purpose: Purpose, cause: &Bound<'_, PyAny>) -> Result<()> {
    let py = object.py();
    // SAFETY: the representation of an exception: a new reference, or null with an error set.
    let said = unsafe { given(py, ffi::PyObject_Str(cause.as_ptr()))? };
    let said = object::text(said.as_borrowed())?;
    let name;
    let (name, purpose) = match purpose {
        Purpose::Key => {
            name = object::full_name(object)?;
            (object::text(name.as_borrowed())?, "a dict key")
        }
        Purpose::WeakKey => ("weakref.ReferenceType", "a dict key"),
        Purpose::Element => ("weakref.ReferenceType", "a set element"),
    };
    Err(type_error(
        py,
        format_args!("cannot use '{name}' as {purpose} ({said})"),
    ))
}
