//! The interpreter's operations on objects: each gives its result, or says that an exception is [raised](Raised).
//!
//! PyO3's own panic where the interpreter has no memory for a small object (a `dict`, a tuple of arguments, an interned
//! name), and make errors that own memory. These do neither (S36). Arguments go through an array on the stack, never
//! through a tuple.

#![allow(unsafe_code, reason = "calls of the C API")]

use super::entry::{passed, recursively};
use super::error::{
    Raised, Result, TypeName, attribute_error, done, given, kinds, type_error, value_error,
};
use super::field;
use super::names::name;
use pyo3::types::{PyDict, PyList, PyTuple};
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::{ptr, slice};

/// An argument: something that the caller holds.
pub(crate) type Argument<'a, 'py> = Borrowed<'a, 'py, PyAny>;

/// None.
#[inline]
pub(crate) fn none(py: Python<'_>) -> Bound<'_, PyAny> {
    // SAFETY: None is never freed.
    unsafe { Bound::from_borrowed_ptr(py, ffi::Py_None()) }
}

/// True or False.
#[inline]
pub(crate) fn boolean(py: Python<'_>, value: bool) -> Bound<'_, PyAny> {
    // SAFETY: neither is ever freed.
    unsafe {
        let value = if value {
            ffi::Py_True()
        } else {
            ffi::Py_False()
        };
        Bound::from_borrowed_ptr(py, value)
    }
}

/// `NotImplemented`.
pub(crate) fn not_implemented(py: Python<'_>) -> Bound<'_, PyAny> {
    // SAFETY: it is never freed.
    unsafe { Bound::from_borrowed_ptr(py, ffi::Py_NotImplemented()) }
}

/// `hash(object)`: one level of recursion deeper, for the object may come back to where it is hashed, if it has not the hash
/// of most objects, or of strings.
#[inline]
pub(crate) fn hash(object: &Bound<'_, PyAny>) -> Result<isize> {
    // SAFETY: fields of the class of a valid object, and of the interpreter's own classes; the slot is called with an object
    // of its class, as `PyObject_Hash` would call it.
    unsafe {
        let Some(hash) = field::word(&raw const (*ffi::Py_TYPE(object.as_ptr())).tp_hash) else {
            return done(ffi::PyObject_Hash(object.as_ptr()));
        };
        let is_of = |class: *const ffi::PyTypeObject| {
            (*class)
                .tp_hash
                .is_some_and(|own| own as usize == hash as usize)
        };
        let ask = || done(hash(object.as_ptr()));
        if is_of(&raw const ffi::PyBaseObject_Type) || is_of(&raw const ffi::PyUnicode_Type) {
            ask()
        } else {
            recursively(object.py(), ask)
        }
    }
}

/// Whether an object is hashed and compared as most are, by its identity, which runs no code and cannot fail.
#[inline]
pub(crate) fn is_told_by_identity(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: fields of the class of a valid object, and of the interpreter's own class.
    unsafe {
        let (class, most) = (
            ffi::Py_TYPE(object.as_ptr()),
            &raw const ffi::PyBaseObject_Type,
        );
        field::address(&raw const (*class).tp_hash) == field::address(&raw const (*most).tp_hash)
            && field::address(&raw const (*class).tp_richcompare)
                == field::address(&raw const (*most).tp_richcompare)
    }
}

/// The result of a comparison; `op` is one of the interpreter's numbers.
pub(crate) fn compare<'py>(
    one: &Bound<'py, PyAny>,
    other: &Bound<'py, PyAny>,
    op: i32,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: valid objects.
    unsafe {
        given(
            one.py(),
            ffi::PyObject_RichCompare(one.as_ptr(), other.as_ptr(), op),
        )
    }
}

/// Whether `one == other`, asked of the objects even where they are the same.
pub(crate) fn are_equal(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> Result<bool> {
    is_true(&compare(one, other, ffi::Py_EQ)?)
}

/// `bool(object)`.
pub(crate) fn is_true(object: &Bound<'_, PyAny>) -> Result<bool> {
    // SAFETY: a valid object.
    done(unsafe { ffi::PyObject_IsTrue(object.as_ptr()) }).map(|answer| answer != 0)
}

/// `isinstance(object, class)`.
pub(crate) fn is_instance(object: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>) -> Result<bool> {
    // SAFETY: valid objects.
    done(unsafe { ffi::PyObject_IsInstance(object.as_ptr(), class.as_ptr()) })
        .map(|answer| answer != 0)
}

/// `len(object)`.
pub(crate) fn len(object: &Bound<'_, PyAny>) -> Result<usize> {
    // SAFETY: a valid object.
    let len = unsafe { ffi::PyObject_Size(object.as_ptr()) };
    usize::try_from(len).map_err(|_| Raised::by_interpreter())
}

/// `object.name`.
pub(crate) fn attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: a valid object and a string.
    unsafe {
        given(
            object.py(),
            ffi::PyObject_GetAttr(object.as_ptr(), name.as_ptr()),
        )
    }
}

/// `object.name`, if it has such an attribute.
pub(crate) fn optional_attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: Argument<'_, 'py>,
) -> Result<Option<Bound<'py, PyAny>>> {
    match attribute(object, name) {
        Ok(value) => Ok(Some(value)),
        Err(raised) if raised.is(object.py(), kinds::attribute_error()) => {
            raised.clear(object.py());
            Ok(None)
        }
        Err(raised) => Err(raised),
    }
}

/// `object.name = value`.
pub(crate) fn set_attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: Argument<'_, 'py>,
    value: Argument<'_, 'py>,
) -> Result<()> {
    // SAFETY: valid objects, and a string.
    done(unsafe { ffi::PyObject_SetAttr(object.as_ptr(), name.as_ptr(), value.as_ptr()) }).map(drop)
}

/// Calls `callable` with positional arguments.
///
/// Whether it can be called is asked here: what stands for the interpreter's function on 3.10 panics where it cannot.
pub(crate) fn call<'py, const N: usize>(
    callable: &Bound<'py, PyAny>,
    arguments: [Argument<'_, 'py>; N],
) -> Result<Bound<'py, PyAny>> {
    let arguments = arguments.map(|argument| argument.as_ptr());
    // SAFETY: a valid object, and as many others as it says.
    unsafe {
        if ffi::PyCallable_Check(callable.as_ptr()) == 0 {
            let callable = callable.as_borrowed();
            let name = TypeName::of(&callable);
            return Err(type_error(
                callable.py(),
                format_args!("'{name}' object is not callable"),
            ));
        }
        let result =
            ffi::PyObject_Vectorcall(callable.as_ptr(), arguments.as_ptr(), N, ptr::null_mut());
        given(callable.py(), result)
    }
}

/// Calls `callable(*args, **kwargs)`.
pub(crate) fn call_with<'py>(
    callable: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Result<Bound<'py, PyAny>> {
    let kwargs = kwargs.map_or(ptr::null_mut(), Bound::as_ptr);
    // SAFETY: a callable, a tuple, and a `dict` or null.
    unsafe {
        given(
            callable.py(),
            ffi::PyObject_Call(callable.as_ptr(), args.as_ptr(), kwargs),
        )
    }
}

/// Calls the method `name` of the first argument with the others.
pub(crate) fn call_method<'py, const N: usize>(
    name: Argument<'_, 'py>,
    arguments: [Argument<'_, 'py>; N],
) -> Result<Bound<'py, PyAny>> {
    let arguments = arguments.map(|argument| argument.as_ptr());
    // SAFETY: a string, and as many valid objects as it says, one at least.
    unsafe {
        let result =
            ffi::PyObject_VectorcallMethod(name.as_ptr(), arguments.as_ptr(), N, ptr::null_mut());
        given(name.py(), result)
    }
}

/// The iterator of an iterable; each item may be an exception, which ends it.
pub(crate) struct Items<'py>(Bound<'py, PyAny>);

/// `iter(iterable)`.
pub(crate) fn iterate<'py>(iterable: &Bound<'py, PyAny>) -> Result<Items<'py>> {
    // SAFETY: a valid object.
    unsafe { given(iterable.py(), ffi::PyObject_GetIter(iterable.as_ptr())) }.map(Items)
}

impl<'py> Iterator for Items<'py> {
    type Item = Result<Bound<'py, PyAny>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: an iterator; null means its end, or, if one is set, an exception.
        unsafe {
            let next = ffi::PyIter_Next(self.0.as_ptr());
            match Bound::from_owned_ptr_or_opt(self.0.py(), next) {
                Some(next) => Some(Ok(next)),
                None if ffi::PyErr_Occurred().is_null() => None,
                None => Some(Err(Raised::by_interpreter())),
            }
        }
    }
}

/// A new tuple.
pub(crate) fn tuple<'py, const N: usize>(
    py: Python<'py>,
    items: [Argument<'_, 'py>; N],
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: a new tuple, whose places are filled with new references before anybody sees it.
    unsafe {
        let tuple = given(py, ffi::PyTuple_New(N as _))?;
        for (at, item) in (0..).zip(items) {
            ffi::PyTuple_SET_ITEM(tuple.as_ptr(), at, item.to_owned().into_ptr());
        }
        Ok(tuple)
    }
}

/// A new list of as many items as `items` has, which are taken from it by `each`: code that counts references up and
/// does nothing else.
pub(crate) fn list<'py, T>(
    py: Python<'py>,
    items: Vec<T>,
    each: impl Fn(T) -> Bound<'py, PyAny>,
) -> Result<Bound<'py, PyList>> {
    // SAFETY: a new list, whose places are filled with new references before anybody sees it. (The allocation may run
    // the collector, which does not find it before its places are valid: null or an object.)
    unsafe {
        let list = given(py, ffi::PyList_New(items.len() as _))?;
        for (at, item) in (0..).zip(items) {
            ffi::PyList_SET_ITEM(list.as_ptr(), at, each(item).into_ptr());
        }
        Ok(list.cast_into_unchecked())
    }
}

/// A new, empty `dict`.
pub(crate) fn dict(py: Python<'_>) -> Result<Bound<'_, PyDict>> {
    // SAFETY: a new reference, or null with an exception set.
    unsafe { Ok(given(py, ffi::PyDict_New())?.cast_into_unchecked()) }
}

/// `dict[key] = value`.
pub(crate) fn set_item<'py>(
    dict: &Bound<'py, PyDict>,
    key: Argument<'_, 'py>,
    value: Argument<'_, 'py>,
) -> Result<()> {
    // SAFETY: a `dict` and two valid objects.
    done(unsafe { ffi::PyDict_SetItem(dict.as_ptr(), key.as_ptr(), value.as_ptr()) }).map(drop)
}

/// `object[key]`.
pub(crate) fn item<'py>(
    object: &Bound<'py, PyAny>,
    key: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: two valid objects.
    unsafe {
        given(
            object.py(),
            ffi::PyObject_GetItem(object.as_ptr(), key.as_ptr()),
        )
    }
}

/// `object[key] = value`.
pub(crate) fn assign_item<'py>(
    object: &Bound<'py, PyAny>,
    key: Argument<'_, 'py>,
    value: Argument<'_, 'py>,
) -> Result<()> {
    // SAFETY: three valid objects.
    done(unsafe { ffi::PyObject_SetItem(object.as_ptr(), key.as_ptr(), value.as_ptr()) }).map(drop)
}

/// The class of an object, whatever its `__class__` says.
pub(crate) fn type_of<'a, 'py>(object: Argument<'a, 'py>) -> Argument<'a, 'py> {
    // SAFETY: a valid object, whose class lives as long as it.
    unsafe { passed(object.py(), ffi::Py_TYPE(object.as_ptr()).cast()) }
}

/// Whether both are exactly of the same class.
pub(crate) fn have_same_class(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> bool {
    // SAFETY: loads of a field of valid objects.
    unsafe { ffi::Py_TYPE(one.as_ptr()) == ffi::Py_TYPE(other.as_ptr()) }
}

/// A new integer.
pub(crate) fn integer(py: Python<'_>, value: usize) -> Result<Bound<'_, PyAny>> {
    // SAFETY: a new reference, or null with an exception set.
    unsafe { given(py, ffi::PyLong_FromSize_t(value)) }
}

/// Does `work` while no other thread changes `object`, in the interpreter's way. It runs nothing, and comes back at once.
#[inline]
pub(crate) fn alone_with<R>(object: &Bound<'_, PyAny>, work: impl FnOnce() -> R) -> R {
    #[cfg(not(Py_GIL_DISABLED))]
    {
        _ = object;
        work()
    }
    #[cfg(Py_GIL_DISABLED)]
    // SAFETY: a section that ends where it began, of a valid object, with a place of its own on the stack.
    unsafe {
        let mut section = std::mem::MaybeUninit::<ffi::PyCriticalSection>::zeroed();
        ffi::PyCriticalSection_Begin(section.as_mut_ptr(), object.as_ptr());
        let result = work();
        ffi::PyCriticalSection_End(section.as_mut_ptr());
        result
    }
}

/// The items of a `dict`, as `for key, value in dict.items()` gives them, and with its errors if the `dict` changes
/// meanwhile; but without an iterator, which 3.13 does not survive making when memory is short.
pub(crate) fn for_each_item<'py>(
    dict: &Bound<'py, PyDict>,
    mut visit: impl FnMut(&Bound<'py, PyAny>, &Bound<'py, PyAny>) -> Result<()>,
) -> Result<()> {
    let py = dict.py();
    let changed =
        |how| super::error::runtime_error(py, format_args!("dictionary {how} during iteration"));
    let (mut at, mut key, mut value) = (0, ptr::null_mut(), ptr::null_mut());
    // SAFETY: a `dict`. What it gives is held before anything else can run, and a place beyond its end is no item.
    unsafe {
        let mut next = || {
            let next = ffi::PyDict_Next(dict.as_ptr(), &raw mut at, &raw mut key, &raw mut value);
            (next != 0).then(|| {
                (
                    Bound::from_borrowed_ptr(py, key),
                    Bound::from_borrowed_ptr(py, value),
                )
            })
        };
        let size = ffi::PyDict_Size(dict.as_ptr());
        let mut left = size;
        while let Some((key, value)) = alone_with(dict, &mut next) {
            if left == 0 {
                return Err(changed("keys changed"));
            }
            left -= 1;
            visit(&key, &value)?;
            if ffi::PyDict_Size(dict.as_ptr()) != size {
                return Err(changed("changed size"));
            }
        }
    }
    Ok(())
}

/// The items of a tuple of two.
#[inline]
fn pair_of_tuple<'py>(item: &Bound<'py, PyAny>) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    // SAFETY: a tuple of two, whose items are held before anything else can run.
    unsafe {
        let part =
            |at| Bound::from_borrowed_ptr(item.py(), ffi::PyTuple_GET_ITEM(item.as_ptr(), at));
        let is_pair = ffi::PyTuple_CheckExact(item.as_ptr()) != 0
            && ffi::PyTuple_GET_SIZE(item.as_ptr()) == 2;
        is_pair.then(|| (part(0), part(1)))
    }
}

/// Unpacks an item of `update`'s argument into key and value, as an assignment to two names does.
pub(crate) fn unpack_pair<'py>(
    item: &Bound<'py, PyAny>,
) -> Result<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let py = item.py();
    if let Some(pair) = pair_of_tuple(item) {
        return Ok(pair);
    }
    let mut parts = iterate(item).map_err(|raised| {
        if !raised.is(py, kinds::type_error()) {
            return raised;
        }
        raised.clear(py);
        let item = item.as_borrowed();
        let name = TypeName::of(&item);
        type_error(py, format_args!("cannot unpack non-iterable {name} object"))
    })?;
    let mut part = |got: usize| match parts.next() {
        Some(part) => part,
        None => Err(value_error(
            py,
            format_args!("not enough values to unpack (expected 2, got {got})"),
        )),
    };
    let pair = (part(0)?, part(1)?);
    match parts.next() {
        None => Ok(pair),
        Some(Err(raised)) => Err(raised),
        Some(Ok(_)) => Err(value_error(
            py,
            format_args!("too many values to unpack (expected 2)"),
        )),
    }
}

/// Takes the item at `at` of what a `dict` is made from apart, as `dict` does.
pub(crate) fn dict_pair<'py>(
    item: &Bound<'py, PyAny>,
    at: usize,
) -> Result<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let py = item.py();
    if let Some(pair) = pair_of_tuple(item) {
        return Ok(pair);
    }
    // SAFETY: a valid object; the result is a new list or tuple, or null with an error set.
    let sequence = unsafe { given(py, ffi::PySequence_Fast(item.as_ptr(), c"".as_ptr())) };
    let sequence = sequence.map_err(|raised| {
        if !raised.is(py, kinds::type_error()) {
            return raised;
        }
        raised.clear(py);
        type_error(
            py,
            format_args!("cannot convert dictionary update sequence element #{at} to a sequence"),
        )
    })?;
    let length = len(&sequence)?;
    if length != 2 {
        return Err(value_error(
            py,
            format_args!(
                "dictionary update sequence element #{at} has length {length}; 2 is required"
            ),
        ));
    }
    // SAFETY: a sequence; each result is a new reference, or null with an error set.
    let part = |at| unsafe { given(py, ffi::PySequence_GetItem(sequence.as_ptr(), at)) };
    Ok((part(0)?, part(1)?))
}

/// A new string.
pub(crate) fn string<'py>(py: Python<'py>, text: &str) -> Result<Bound<'py, PyAny>> {
    // SAFETY: as many bytes of UTF-8 as the text has; the result is a new reference, or null with an error set.
    unsafe {
        let string = ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as _);
        given(py, string)
    }
}

/// The text of a string, for as long as that lives.
pub(crate) fn text<'a>(string: Argument<'a, '_>) -> Result<&'a str> {
    let mut size = 0;
    // SAFETY: the string keeps the text, as UTF-8, of as many bytes as it says; null comes with an error set.
    unsafe {
        let text = ffi::PyUnicode_AsUTF8AndSize(string.as_ptr(), &raw mut size);
        if text.is_null() {
            return Err(Raised::by_interpreter());
        }
        Ok(std::str::from_utf8_unchecked(slice::from_raw_parts(
            text.cast(),
            size as usize,
        )))
    }
}

/// The name of the class of `object`, with its module unless that is `builtins` or `__main__`.
pub(crate) fn full_name<'py>(object: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let py = object.py();
    // SAFETY: a valid object has a class.
    let class = unsafe { Bound::from_borrowed_ptr(py, ffi::Py_TYPE(object.as_ptr()).cast()) };
    let (module, name) = (
        attribute(&class, name::module(py))?,
        attribute(&class, name::qualname(py))?,
    );
    let known = text(module.as_borrowed()).map(|module| matches!(module, "builtins" | "__main__"));
    match known {
        Ok(false) => {}
        Ok(true) => return Ok(name),
        Err(raised) => {
            // A module that is no string.
            raised.clear(py);
            return Ok(name);
        }
    }
    // SAFETY: a format and two objects; the result is a new reference, or null with an error set.
    unsafe {
        let full = ffi::PyUnicode_FromFormat(c"%S.%S".as_ptr(), module.as_ptr(), name.as_ptr());
        given(py, full)
    }
}

/// That `object` has no attribute `name`.
#[cold]
pub(crate) fn lacks(object: Argument<'_, '_>, name: &str) -> Raised {
    attribute_error(
        object.py(),
        format_args!(
            "'{}' object has no attribute '{name}'",
            TypeName::of(&object)
        ),
    )
}

/// That the property `name` of `object` has no `missing`, in the words that 3.14 has for a property.
#[cold]
pub(crate) fn property_lacks(object: Argument<'_, '_>, name: &str, missing: &str) -> Raised {
    let py = object.py();
    let class_name = match attribute(&type_of(object), name::qualname(py)) {
        Ok(class_name) => class_name,
        Err(raised) => return raised,
    };
    match text(class_name.as_borrowed()) {
        Ok(class_name) => attribute_error(
            py,
            format_args!("property '{name}' of '{class_name}' object has no {missing}"),
        ),
        Err(raised) => raised,
    }
}
