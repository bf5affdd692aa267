//! [`Method`]: the methods of the public classes, which are functions to whoever looks, and native code to whoever calls.
//!
//! What programs do with a method of a class they do with a function: bind it, keep it in a `WeakMethod`, ask for its
//! signature, have a mock stand in for it (S39). The interpreter's own native methods are none. So a class describes each
//! method by a function in Python, without a body, and [`put`] puts in its place a `Method`: a call goes to native code,
//! and every question to the function, even which class it is of.
//!
//! A call `object.name()` makes no bound method: the interpreter takes the way of functions (`METHOD_DESCRIPTOR`), and
//! passes the object first.

#![allow(unsafe_code, reason = "a native class, and the functions behind it")]

use super::arguments::Arguments;
use super::class::{
    self, HIDDEN, LAST_ATTRIBUTE, LAST_MEMBER, LAST_METHOD, Object, Payload, Stop, Table, Visit,
    offset_in_object, offset_member, slot,
};
use super::constant::Constant;
use super::entry::{Answer, enter, passed, recursively};
use super::error::{Raised, Result, TypeName, attribute_error, done, given, kinds, type_error};
use super::names::name;
use super::object::{Argument, attribute, call, set_attribute, text, type_of};
use super::owned::Lasting;
use super::remains::Link;
use super::slots::{self, Call, Instance, Receiver, item};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_void};
use std::ptr;

/// What a `Method` holds.
#[repr(C)]
struct Method {
    entry: Option<ffi::vectorcallfunc>,
    /// The function that describes it.
    function: Lasting,
    /// The class that it was put on.
    class: Lasting,
    weak_list: *mut ffi::PyObject,
    link: UnsafeCell<Link>,
}

// SAFETY: no entry, empty slots, null and an empty link; no destructor.
unsafe impl Payload for Method {
    type Head = ffi::PyObject;

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.function.as_ptr())?;
        visit.one(self.class.as_ptr())
    }

    fn release(&self, py: Python<'_>) {
        self.function.clear(py);
        self.class.clear(py);
    }

    /// It may still be called.
    fn clear(&self, _py: Python<'_>) {}

    const LINK: usize = offset_in_object!(Method, link);

    const WEAK_LIST: Option<usize> = Some(offset_in_object!(Method, weak_list));
}

static CLASS: Constant<PyType> = Constant::new();

/// `types.MethodType`.
pub(crate) static METHOD_TYPE: Constant = Constant::new();

static MEMBERS: Table<ffi::PyMemberDef, 3> = Table([
    offset_member(c"__weaklistoffset__", offset_in_object!(Method, weak_list)),
    offset_member(c"__vectorcalloffset__", offset_in_object!(Method, entry)),
    LAST_MEMBER,
]);

static METHODS: Table<ffi::PyMethodDef, 2> = Table([
    slots::method(
        c"__reduce__",
        reduce,
        c"__reduce__($self, /)\n--\n\nIts name: it is pickled as functions are.",
    ),
    LAST_METHOD,
]);

/// What the interpreter itself looks for in the class of an object.
static ATTRIBUTES: Table<ffi::PyGetSetDef, 3> = Table([
    attribute_of_function(c"__class__"),
    attribute_of_function(c"__doc__"),
    LAST_ATTRIBUTE,
]);

const fn attribute_of_function(name: &'static CStr) -> ffi::PyGetSetDef {
    ffi::PyGetSetDef {
        name: name.as_ptr(),
        get: Some(get_from_function),
        set: None,
        doc: ptr::null(),
        closure: name.as_ptr().cast_mut().cast(),
    }
}

/// Makes the class of such methods. Their bound methods are of `method_type`, `types.MethodType`.
pub(crate) fn make_class<'py>(method_type: Bound<'py, PyAny>) -> Result<()> {
    let py = method_type.py();
    METHOD_TYPE.make(py, || Ok(method_type))?;
    CLASS.make(py, || {
        Object::<Method>::create_class(
            py,
            c"weakrefs._weakrefs.method",
            HIDDEN | ffi::Py_TPFLAGS_HAVE_VECTORCALL | ffi::Py_TPFLAGS_METHOD_DESCRIPTOR,
            [
                slot(ffi::Py_tp_members, MEMBERS.pointer()),
                slot(ffi::Py_tp_methods, METHODS.pointer()),
                slot(ffi::Py_tp_getset, ATTRIBUTES.pointer()),
                slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
                slot(ffi::Py_tp_descr_get, bind as *mut c_void),
                slots::binary(ffi::Py_tp_getattro, get_attribute),
                slots::assignment(ffi::Py_tp_setattro, set_or_delete_attribute),
                slots::unary(ffi::Py_tp_repr, repr),
            ],
        )
    })?;
    Ok(())
}

/// Gives an [interned name](super::names): other strings would fill the interpreter's cache of attributes.
pub(crate) type Name = for<'py> fn(Python<'py>) -> Borrowed<'static, 'py, PyAny>;

/// A method in native code.
pub(crate) struct Native {
    name: Name,
    entry: ffi::vectorcallfunc,
}

impl Native {
    /// `function` is called with an object of `R`'s class and the other arguments, one level of recursion deeper.
    pub(crate) const fn new<R: Receiver, F: Function<R>>(name: Name, _function: F) -> Self {
        Self {
            name,
            entry: slots::vectorcall(enter_method::<R, F, true>),
        }
    }

    /// The same, of one that runs no more of the user's than hashes and comparisons, each of which is a level of recursion
    /// by itself.
    pub(crate) const fn flat<R: Receiver, F: Function<R>>(name: Name, _function: F) -> Self {
        Self {
            name,
            entry: slots::vectorcall(enter_method::<R, F, false>),
        }
    }

    /// Whether the class of `object` has this method, neither overridden nor replaced.
    pub(crate) fn is_of(&self, object: Argument<'_, '_>) -> Result<bool> {
        self.is_in(type_of(object))
    }

    /// Whether `class` has it.
    pub(crate) fn is_in(&self, class: Argument<'_, '_>) -> Result<bool> {
        let found = attribute(&class, (self.name)(class.py()))?;
        Ok(own(found.as_borrowed()).is_some_and(|own| {
            let entry = own.entry.map(|entry| entry as usize);
            entry == Some(self.entry as usize)
        }))
    }
}

/// What a method is: a function item of an object and the other arguments.
pub(crate) trait Function<R>:
    for<'a, 'b, 'py> Call<(Instance<'a, 'py, R>, Arguments<'b, 'py>), *mut ffi::PyObject>
{
}

impl<R, F> Function<R> for F where
    F: for<'a, 'b, 'py> Call<(Instance<'a, 'py, R>, Arguments<'b, 'py>), *mut ffi::PyObject>
{
}

fn enter_method<'py, R: Receiver, F: Function<R>, const DEEPER: bool>(
    method: Instance<'_, 'py, Method>,
    arguments: Arguments<'_, 'py>,
) -> Result<impl Answer<Raw = *mut ffi::PyObject>> {
    match arguments.split_first() {
        Some((this, others)) if is_receiver::<R>(this) => {
            // SAFETY: that has been made sure of.
            let this = unsafe { Instance::new(this) };
            let call = || item::<F>().call((this, others));
            if DEEPER {
                recursively(this.py(), call)
            } else {
                call()
            }
        }
        split => Err(refused::<R>(
            method.as_object(),
            split.map(|(this, _)| this),
        )),
    }
}

/// Whether `object` is of the native class or derived: mostly at once.
#[inline]
fn is_receiver<R: Receiver>(object: Argument<'_, '_>) -> bool {
    let native = R::class().get(object.py()).as_ptr().cast();
    // SAFETY: the class of a valid object, and its base.
    unsafe {
        let class = ffi::Py_TYPE(object.as_ptr());
        (*class).tp_base == native || ffi::PyType_IsSubtype(class, native) != 0
    }
}

#[cold]
fn refused<R: Receiver>(method: Argument<'_, '_>, receiver: Option<Argument<'_, '_>>) -> Raised {
    let py = method.py();
    let worded = attribute(&method, name::name(py)).and_then(|name| {
        let (class, method) = (R::CLASS, text(name.as_borrowed())?);
        Ok(match receiver {
            Some(receiver) => type_error(
                py,
                format_args!(
                    "{class}.{method}() requires a '{class}' object but received a '{}'",
                    TypeName::of(&receiver)
                ),
            ),
            None => type_error(
                py,
                format_args!("{class}.{method}() missing 1 required positional argument: 'self'"),
            ),
        })
    });
    worded.unwrap_or_else(|raised| raised)
}

/// Puts `natives` on `class` in the place of the functions of the same names, which it has or inherits.
///
/// # Errors
/// `TypeError` if there is no such function.
pub(crate) fn put(class: &Bound<'_, PyType>, natives: &[Native]) -> Result<()> {
    // All are looked at before the first one is put.
    for native in natives {
        description(class, native)?;
    }
    for native in natives {
        let method = describe(class, native)?;
        set_attribute(class, (native.name)(class.py()), method.as_borrowed())?;
    }
    Ok(())
}

/// The function that describes `native` in `class`.
fn description<'py>(class: &Bound<'py, PyType>, native: &Native) -> Result<Bound<'py, PyAny>> {
    let py = class.py();
    let found = attribute(class, (native.name)(py))?;
    // SAFETY: a valid object.
    if unsafe { ffi::PyFunction_Check(found.as_ptr()) } != 0 {
        return Ok(found);
    }
    let found = found.as_borrowed();
    let name = TypeName::of(&found);
    Err(type_error(
        py,
        format_args!("expected a function to describe the method, not '{name}'"),
    ))
}

/// A `Method` of `class`. A class that inherits the description has one of its own, for its name is in it.
fn describe<'py>(class: &Bound<'py, PyType>, native: &Native) -> Result<Bound<'py, PyAny>> {
    let py = class.py();
    // SAFETY: valid objects and texts that end with zero; each result is a new reference, or null with an error set, but
    // for the parts of a function, which it owns (it may have no defaults).
    unsafe {
        let found = description(class, native)?;
        let class_name = attribute(class, name::qualname(py))?;
        let qualname = ffi::PyUnicode_FromFormat(
            c"%S.%S".as_ptr(),
            class_name.as_ptr(),
            (native.name)(py).as_ptr(),
        );
        let qualname = given(py, qualname)?;
        let function = ffi::PyFunction_NewWithQualName(
            ffi::PyFunction_GetCode(found.as_ptr()),
            ffi::PyFunction_GetGlobals(found.as_ptr()),
            qualname.as_ptr(),
        );
        let function = given(py, function)?;
        let defaults = ffi::PyFunction_GetDefaults(found.as_ptr());
        if !defaults.is_null() {
            done(ffi::PyFunction_SetDefaults(function.as_ptr(), defaults))?;
        }
        let method = class::allocate_hidden(
            &CLASS,
            py,
            Method {
                entry: Some(native.entry),
                function: Lasting::empty(),
                class: Lasting::empty(),
                weak_list: ptr::null_mut(),
                link: UnsafeCell::new(Link::default()),
            },
        )?;
        if let Some(own) = own(method.as_borrowed()) {
            drop(own.function.fill(function));
            drop(own.class.fill(class.clone().into_any()));
        }
        Ok(method)
    }
}

/// What `object` holds, if it is a `Method`.
fn own<'a>(object: Borrowed<'a, '_, PyAny>) -> Option<&'a Method> {
    // SAFETY: the class was made for this payload.
    unsafe { class::checked_payload(object, &CLASS) }
}

/// A field of a `Method`. Only `gc.get_objects` shows one in which it is still empty.
fn part<'py>(method: Instance<'_, 'py, Method>, part: &Lasting) -> Result<Bound<'py, PyAny>> {
    part.get(method.py())
        .map(Borrowed::to_owned)
        .ok_or_else(|| type_error(method.py(), format_args!("expected a method")))
}

unsafe extern "C" fn bind(
    method: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
    _class: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a `Method`, and an object or null.
    unsafe {
        enter(|py| {
            let method = passed(py, method);
            match Borrowed::from_ptr_or_opt(py, object) {
                Some(object) if object.as_ptr() != ffi::Py_None() => {
                    call(&METHOD_TYPE.get(py), [method, object])
                }
                _ => Ok(method.to_owned()),
            }
        })
    }
}

/// Its own attributes are how it is called, bound, compared and pickled. All else is the function's, but for the module:
/// that is the class's, which may change.
fn get_attribute<'py>(
    this: Instance<'_, 'py, Method>,
    wanted: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = this.py();
    if is_one_of(wanted, &[c"__module__"]) {
        return attribute(&part(this, &this.class)?, wanted);
    }
    // SAFETY: two valid objects; the result is a new reference, or null with an error set.
    let found = unsafe {
        given(
            py,
            ffi::PyObject_GenericGetAttr(this.as_object().as_ptr(), wanted.as_ptr()),
        )
    };
    match found {
        Err(raised) if raised.is(py, kinds::attribute_error()) => raised.clear(py),
        found => return found,
    }
    attribute(&part(this, &this.function)?, wanted)
}

unsafe extern "C" fn get_from_function(
    method: *mut ffi::PyObject,
    name: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a `Method` and the text of the definition, which ends with zero.
    unsafe {
        enter(|py| {
            let this = Instance::<Method>::new(passed(py, method));
            let function = part(this, &this.function)?;
            let name = given(py, ffi::PyUnicode_InternFromString(name.cast()))?;
            attribute(&function, name.as_borrowed())
        })
    }
}

/// Sets an attribute of the function. What would change what a function does is refused, for the method would not follow.
fn set_or_delete_attribute<'py>(
    this: Instance<'_, 'py, Method>,
    wanted: Argument<'_, 'py>,
    value: Option<Argument<'_, 'py>>,
) -> Result<()> {
    let fixed = [
        c"__class__",
        c"__code__",
        c"__defaults__",
        c"__kwdefaults__",
        c"__module__",
    ];
    if is_one_of(wanted, &fixed) {
        return Err(attribute_error(
            this.py(),
            format_args!("'{}' of a native method is read-only", text(wanted)?),
        ));
    }
    let function = part(this, &this.function)?;
    let value = value.map_or(ptr::null_mut(), |value| value.as_ptr());
    // SAFETY: valid objects, or null for the value, which deletes.
    done(unsafe { ffi::PyObject_SetAttr(function.as_ptr(), wanted.as_ptr(), value) }).map(drop)
}

fn is_one_of(text: Argument<'_, '_>, others: &[&CStr]) -> bool {
    // SAFETY: a string, and texts that end with zero.
    others
        .iter()
        .any(|other| unsafe { ffi::PyUnicode_CompareWithASCIIString(text.as_ptr(), other.as_ptr()) } == 0)
}

fn repr<'py>(this: Instance<'_, 'py, Method>) -> Result<Bound<'py, PyAny>> {
    let name = attribute(&this.as_object(), name::qualname(this.py()))?;
    // SAFETY: the format takes what it is given; the result is a new reference, or null with an error set.
    unsafe {
        let text = ffi::PyUnicode_FromFormat(
            c"<function %S at %p>".as_ptr(),
            name.as_ptr(),
            this.as_object().as_ptr().cast::<c_void>(),
        );
        given(this.py(), text)
    }
}

fn reduce<'py>(this: Instance<'_, 'py, Method>) -> Result<Bound<'py, PyAny>> {
    attribute(&this.as_object(), name::qualname(this.py()))
}
