//! Slots, methods and attributes of native classes, each made from a plain function.
//!
//! A function takes the object that it is called with as an [`Instance`], and gives a `Result`. Its type, of which there is one
//! value without a size, is a parameter of the entry point, which therefore knows what to call. So the signatures of the
//! interpreter's slots, and the unsafe steps from them, are here and nowhere else.

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::arguments::Arguments;
use super::class::{self, Payload, slot};
use super::constant::Constant;
use super::entry::{Answer, enter, passed};
use super::error::Result;
use super::object::{Argument, not_implemented};
use pyo3::types::PyType;
use pyo3::{Borrowed, Python, ffi};
use std::ffi::{CStr, c_int, c_void};
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::{self, NonNull};

/// An object of a native class, or of a derived one, with its payload.
pub(crate) struct Instance<'a, 'py, P> {
    object: Argument<'a, 'py>,
    payload: PhantomData<&'a P>,
}

impl<P> Clone for Instance<'_, '_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Instance<'_, '_, P> {}

impl<'a, 'py, P: Payload> Instance<'a, 'py, P> {
    /// # Safety
    /// `object` is of a class that was made for `P`, or of a derived one, as the interpreter makes sure before it calls a slot
    /// or a method of that class.
    #[inline]
    pub(crate) unsafe fn new(object: Argument<'a, 'py>) -> Self {
        Self {
            object,
            payload: PhantomData,
        }
    }

    /// Makes sure of it.
    pub(crate) fn of(object: Argument<'a, 'py>) -> Option<Self>
    where
        P: Receiver,
    {
        // SAFETY: the class was made for the payload, and it is asked for.
        unsafe { class::checked_payload::<P>(object, P::class()).map(|_| Self::new(object)) }
    }

    #[inline]
    pub(crate) fn as_object(self) -> Argument<'a, 'py> {
        self.object
    }

    #[inline]
    pub(crate) fn payload(self) -> &'a P {
        // SAFETY: the promise of `new`.
        unsafe { class::payload(self.object) }
    }

    #[inline]
    pub(crate) fn py(self) -> Python<'py> {
        self.object.py()
    }
}

impl<P: Payload> Deref for Instance<'_, '_, P> {
    type Target = P;

    #[inline]
    fn deref(&self) -> &P {
        self.payload()
    }
}

/// What methods are called with first.
pub(crate) trait Receiver: Payload {
    /// The name of the public class.
    const CLASS: &'static str;

    /// The native class.
    fn class() -> &'static Constant<PyType>;
}

/// A function item, called with `A`, the tuple of its arguments, for an answer of which the interpreter takes a `Raw`.
pub(crate) trait Call<A, Raw>: Copy + 'static {
    fn call(self, arguments: A) -> Result<impl Answer<Raw = Raw>>;
}

macro_rules! call {
    ($($argument:ident: $kind:ident),*) => {
        impl<F, R, $($kind),*> Call<($($kind,)*), R::Raw> for F
        where
            F: Fn($($kind),*) -> Result<R> + Copy + 'static,
            R: Answer,
        {
            #[inline(always)]
            fn call(self, ($($argument,)*): ($($kind,)*)) -> Result<impl Answer<Raw = R::Raw>> {
                self($($argument),*)
            }
        }
    };
}

call!(a: A);
call!(a: A, b: B);
call!(a: A, b: B, c: C);

/// The one value of a function item.
#[inline]
pub(crate) fn item<F: Copy + 'static>() -> F {
    const { assert!(size_of::<F>() == 0, "a function item") };
    // SAFETY: a value without a size, of a type that has one.
    unsafe { NonNull::<F>::dangling().read() }
}

/// A slot that takes the object alone: `tp_iter`, `sq_length`.
pub(crate) fn unary<P: Payload, Raw, F>(place: c_int, _function: F) -> ffi::PyType_Slot
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>,), Raw>,
{
    slot(place, enter_unary::<P, Raw, F> as *mut c_void)
}

unsafe extern "C" fn enter_unary<P: Payload, Raw, F>(this: *mut ffi::PyObject) -> Raw
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>,), Raw>,
{
    // SAFETY: called by the interpreter with what the slot takes, of which the first is an object of the class.
    unsafe { enter(|py| item::<F>().call((Instance::new(passed(py, this)),))) }
}

/// One that takes another object, too: `mp_subscript`, `sq_contains`.
pub(crate) fn binary<P: Payload, Raw, F>(place: c_int, _function: F) -> ffi::PyType_Slot
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Argument<'a, 'py>), Raw>,
{
    slot(place, enter_binary::<P, Raw, F> as *mut c_void)
}

unsafe extern "C" fn enter_binary<P: Payload, Raw, F>(
    this: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
) -> Raw
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Argument<'a, 'py>), Raw>,
{
    // SAFETY: called by the interpreter with what the slot takes, of which the first is an object of the class.
    unsafe { enter(|py| item::<F>().call((Instance::new(passed(py, this)), passed(py, other)))) }
}

/// One that sets, or, without a value, deletes: `mp_ass_subscript`.
pub(crate) fn assignment<P: Payload, Raw, F>(place: c_int, _function: F) -> ffi::PyType_Slot
where
    F: for<'a, 'py> Call<
            (
                Instance<'a, 'py, P>,
                Argument<'a, 'py>,
                Option<Argument<'a, 'py>>,
            ),
            Raw,
        >,
{
    slot(place, enter_assignment::<P, Raw, F> as *mut c_void)
}

unsafe extern "C" fn enter_assignment<P: Payload, Raw, F>(
    this: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> Raw
where
    F: for<'a, 'py> Call<
            (
                Instance<'a, 'py, P>,
                Argument<'a, 'py>,
                Option<Argument<'a, 'py>>,
            ),
            Raw,
        >,
{
    // SAFETY: called by the interpreter with what the slot takes, of which the first is an object of the class.
    unsafe {
        enter(|py| {
            item::<F>().call((
                Instance::new(passed(py, this)),
                passed(py, key),
                Borrowed::from_ptr_or_opt(py, value),
            ))
        })
    }
}

/// `tp_richcompare`, with the kind of comparison.
pub(crate) fn comparison<P: Payload, Raw, F>(_function: F) -> ffi::PyType_Slot
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Argument<'a, 'py>, c_int), Raw>,
{
    slot(
        ffi::Py_tp_richcompare,
        enter_comparison::<P, Raw, F> as *mut c_void,
    )
}

unsafe extern "C" fn enter_comparison<P: Payload, Raw, F>(
    this: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    kind: c_int,
) -> Raw
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Argument<'a, 'py>, c_int), Raw>,
{
    // SAFETY: called by the interpreter with what the slot takes, of which the first is an object of the class.
    unsafe {
        enter(|py| item::<F>().call((Instance::new(passed(py, this)), passed(py, other), kind)))
    }
}

/// One that takes the arguments of a call: `tp_init`, `tp_call`.
pub(crate) fn call<P: Payload, Raw, F>(place: c_int, _function: F) -> ffi::PyType_Slot
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Arguments<'a, 'py>), Raw>,
{
    slot(place, enter_call::<P, Raw, F> as *mut c_void)
}

unsafe extern "C" fn enter_call<P: Payload, Raw, F>(
    this: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> Raw
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Arguments<'a, 'py>), Raw>,
{
    // SAFETY: called by the interpreter with what the slot takes, of which the first is an object of the class.
    unsafe {
        enter(|py| {
            item::<F>().call((
                Instance::new(passed(py, this)),
                Arguments::in_tuple(py, args, kwargs),
            ))
        })
    }
}

/// How the objects of a class are called without a tuple of arguments (PEP 590): the function that each carries.
pub(crate) const fn vectorcall<P: Payload, F>(_function: F) -> ffi::vectorcallfunc
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Arguments<'a, 'py>), *mut ffi::PyObject>,
{
    enter_vectorcall::<P, F>
}

unsafe extern "C" fn enter_vectorcall<P: Payload, F>(
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    flagged_count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Arguments<'a, 'py>), *mut ffi::PyObject>,
{
    // SAFETY: called by the interpreter with an object of the class, which has it in its field, and the arguments of a call.
    unsafe {
        enter(|py| {
            let arguments = Arguments::in_array(py, args, flagged_count, names);
            item::<F>().call((Instance::new(passed(py, this)), arguments))
        })
    }
}

/// `tp_new`.
pub(crate) fn constructor<F>(_function: F) -> ffi::PyType_Slot
where
    F: for<'a, 'py> Call<(Borrowed<'a, 'py, PyType>, Arguments<'a, 'py>), *mut ffi::PyObject>,
{
    slot(ffi::Py_tp_new, enter_constructor::<F> as *mut c_void)
}

unsafe extern "C" fn enter_constructor<F>(
    class: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: for<'a, 'py> Call<(Borrowed<'a, 'py, PyType>, Arguments<'a, 'py>), *mut ffi::PyObject>,
{
    // SAFETY: called by the interpreter with a class and the arguments of a call.
    unsafe {
        enter(|py| {
            let class = passed(py, class.cast()).cast_unchecked();
            item::<F>().call((class, Arguments::in_tuple(py, args, kwargs)))
        })
    }
}

/// An operator with an object of the class on its left; else it is not implemented.
pub(crate) fn operator<P: Receiver, F>(place: c_int, _function: F) -> ffi::PyType_Slot
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Argument<'a, 'py>), *mut ffi::PyObject>,
{
    slot(place, enter_operator::<P, F> as *mut c_void)
}

unsafe extern "C" fn enter_operator<P: Receiver, F>(
    this: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Argument<'a, 'py>), *mut ffi::PyObject>,
{
    // SAFETY: called by the interpreter with two objects, one of which is of the class.
    unsafe {
        let py = Python::assume_attached();
        match Instance::of(passed(py, this)) {
            Some(this) => enter(|py| item::<F>().call((this, passed(py, other)))),
            None => not_implemented(py).into_ptr(),
        }
    }
}

/// A method without arguments.
pub(crate) const fn method<P: Payload, F>(
    name: &'static CStr,
    _function: F,
    doc: &'static CStr,
) -> ffi::PyMethodDef
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>,), *mut ffi::PyObject>,
{
    defined(name, enter_method::<P, F>, ffi::METH_NOARGS, doc)
}

unsafe extern "C" fn enter_method<P: Payload, F>(
    this: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>,), *mut ffi::PyObject>,
{
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter_unary::<P, _, F>(this) }
}

/// A method of one argument.
pub(crate) const fn method_of_one<P: Payload, F>(
    name: &'static CStr,
    _function: F,
    doc: &'static CStr,
) -> ffi::PyMethodDef
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Argument<'a, 'py>), *mut ffi::PyObject>,
{
    defined(name, enter_binary::<P, _, F>, ffi::METH_O, doc)
}

/// A function of a module, without arguments.
pub(crate) const fn function<F>(
    name: &'static CStr,
    _function: F,
    doc: &'static CStr,
) -> ffi::PyMethodDef
where
    F: for<'py> Call<(Python<'py>,), *mut ffi::PyObject>,
{
    defined(name, enter_function::<F>, ffi::METH_NOARGS, doc)
}

unsafe extern "C" fn enter_function<F>(
    _module: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: for<'py> Call<(Python<'py>,), *mut ffi::PyObject>,
{
    // SAFETY: called by the interpreter.
    unsafe { enter(|py| item::<F>().call((py,))) }
}

/// A function of a module, of one argument.
pub(crate) const fn function_of_one<F>(
    name: &'static CStr,
    _function: F,
    doc: &'static CStr,
) -> ffi::PyMethodDef
where
    F: for<'a, 'py> Call<(Argument<'a, 'py>,), *mut ffi::PyObject>,
{
    defined(name, enter_function_of_one::<F>, ffi::METH_O, doc)
}

unsafe extern "C" fn enter_function_of_one<F>(
    _module: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: for<'a, 'py> Call<(Argument<'a, 'py>,), *mut ffi::PyObject>,
{
    // SAFETY: called by the interpreter with an object.
    unsafe { enter(|py| item::<F>().call((passed(py, object),))) }
}

const fn defined(
    name: &'static CStr,
    function: ffi::PyCFunction,
    flags: c_int,
    doc: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunction: function,
        },
        ml_flags: flags,
        ml_doc: doc.as_ptr(),
    }
}

/// An attribute that is computed.
pub(crate) const fn attribute<P: Payload, F>(
    name: &'static CStr,
    _get: F,
    doc: &'static CStr,
) -> ffi::PyGetSetDef
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>,), *mut ffi::PyObject>,
{
    ffi::PyGetSetDef {
        name: name.as_ptr(),
        get: Some(enter_get::<P, F>),
        set: None,
        doc: doc.as_ptr(),
        closure: ptr::null_mut(),
    }
}

/// The same, which something happens to when it is set, or, without a value, deleted.
pub(crate) const fn settable_attribute<P: Payload, F, G>(
    name: &'static CStr,
    get: F,
    _set: G,
    doc: &'static CStr,
) -> ffi::PyGetSetDef
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>,), *mut ffi::PyObject>,
    G: for<'a, 'py> Call<(Instance<'a, 'py, P>, Option<Argument<'a, 'py>>), c_int>,
{
    ffi::PyGetSetDef {
        set: Some(enter_set::<P, G>),
        ..attribute(name, get, doc)
    }
}

unsafe extern "C" fn enter_get<P: Payload, F>(
    this: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>,), *mut ffi::PyObject>,
{
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter_unary::<P, _, F>(this) }
}

unsafe extern "C" fn enter_set<P: Payload, F>(
    this: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> c_int
where
    F: for<'a, 'py> Call<(Instance<'a, 'py, P>, Option<Argument<'a, 'py>>), c_int>,
{
    // SAFETY: called by the interpreter with an object of the class, and another one, or null.
    unsafe {
        enter(|py| {
            let value = Borrowed::from_ptr_or_opt(py, value);
            item::<F>().call((Instance::new(passed(py, this)), value))
        })
    }
}
