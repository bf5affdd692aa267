//! Native subclasses of `weakref.ref` that carry data of their own: the layout, the collector's
//! part, and the way in from the interpreter.
//!
//! PyO3 classes cannot extend `weakref.ref` (its constructor wants arguments), and a Python class
//! could not keep plain numbers beside its references, so the two that are needed,
//! [`KeyedRef`](crate::keyed_ref) and [`WeakMethod`](crate::weak_method), are heap types over this
//! module. An object is the interpreter's `PyWeakReference` followed by a [`Payload`]; zeroed memory
//! is a valid payload, so that an object is complete from its allocation on, whatever the collector
//! does in between.

#![allow(unsafe_code, reason = "the layout of a heap type and its entry points")]

#[cfg(not(Py_GIL_DISABLED))]
use crate::weak_list;
#[cfg(all(Py_3_11, not(Py_GIL_DISABLED)))]
use crate::weak_ref::WeakRef;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::ptr;

/// An owned reference of a payload, or nothing.
#[repr(transparent)]
pub(crate) struct Owned(Cell<*mut ffi::PyObject>);

impl Owned {
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: null, or a pointer whose reference count this field has part in.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.0.get()) }
    }

    pub(crate) fn set(&self, value: Option<Bound<'_, PyAny>>) {
        let new = value.map_or(ptr::null_mut(), Bound::into_ptr);
        // SAFETY: the old pointer's reference leaves the field before it is given up, so code that
        // its destructor runs finds the field consistent.
        unsafe { ffi::Py_XDECREF(self.0.replace(new)) }
    }

    pub(crate) fn take<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: the reference moves from the field to the result.
        unsafe { Bound::from_owned_ptr_or_opt(py, self.0.replace(ptr::null_mut())) }
    }
}

/// The data of a subclass behind the fields of `weakref.ref`.
///
/// # Safety
/// All-zero memory must be a valid value, and the type must have no destructor.
pub(crate) unsafe trait Payload: Sized + 'static {
    /// The references that the object owns: visited and cleared for the collector (S15).
    fn owned(&self) -> &[Owned];

    /// Where the list of weak references to the object itself begins, if it can have any.
    const WEAK_LIST: Option<usize> = None;
}

#[repr(C)]
pub(crate) struct Layout<P> {
    base: ffi::PyWeakReference,
    pub(crate) payload: P,
}

/// The payload of `object`, if it is an instance of `class`, which [`create_type`] made for `P`.
pub(crate) fn payload<'a, P: Payload>(
    object: &'a Bound<'_, PyAny>,
    class: &Bound<'_, PyType>,
) -> Option<&'a P> {
    // SAFETY: valid objects; and it is an instance of the class.
    unsafe {
        let is_instance = ffi::PyObject_TypeCheck(object.as_ptr(), class.as_type_ptr()) != 0;
        is_instance.then(|| payload_unchecked(object))
    }
}

/// The payload of `object`.
///
/// # Safety
/// It is an instance of a class that [`create_type`] made for `P`, or of one that is derived.
#[inline]
pub(crate) unsafe fn payload_unchecked<'a, P: Payload>(object: &'a Bound<'_, PyAny>) -> &'a P {
    // SAFETY: it begins with this layout and lives as long as the borrow of `object`.
    unsafe { &(*object.as_ptr().cast::<Layout<P>>()).payload }
}

fn base_type() -> *mut ffi::PyTypeObject {
    &raw mut ffi::_PyWeakref_RefType
}

/// What a list of members ends with.
pub(crate) const END_OF_MEMBERS: ffi::PyMemberDef = ffi::PyMemberDef {
    name: ptr::null(),
    type_code: 0,
    offset: 0,
    flags: 0,
    doc: ptr::null(),
};

/// Creates the type `name`, a subclass of `weakref.ref` whose objects carry a `P`.
///
/// `slots` are its own slots. It can be subclassed further.
pub(crate) fn create_type<'py, P: Payload>(
    py: Python<'py>,
    name: &'static CStr,
    doc: &'static CStr,
    members: &'static mut [ffi::PyMemberDef],
    mut slots: Vec<ffi::PyType_Slot>,
) -> PyResult<Bound<'py, PyType>> {
    // SAFETY: a load of a field of a static type.
    let base_size = unsafe { (*base_type()).tp_basicsize };
    if usize::try_from(base_size) != Ok(size_of::<ffi::PyWeakReference>()) {
        return Err(PyTypeError::new_err(
            "this interpreter's weak references have another layout",
        ));
    }
    let mut slot = |slot: c_int, pfunc: *mut c_void| slots.push(ffi::PyType_Slot { slot, pfunc });
    slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast());
    slot(ffi::Py_tp_members, members.as_mut_ptr().cast());
    slot(ffi::Py_tp_traverse, traverse::<P> as *mut c_void);
    slot(ffi::Py_tp_clear, clear::<P> as *mut c_void);
    slot(ffi::Py_tp_dealloc, dealloc::<P> as *mut c_void);
    slot(0, ptr::null_mut());
    let flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE | ffi::Py_TPFLAGS_HAVE_GC;
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: size_of::<Layout<P>>() as c_int,
        itemsize: 0,
        flags: flags as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification is complete; name, documentation and members are static, and the
    // interpreter copies the slots.
    unsafe {
        let bases = Bound::from_borrowed_ptr(py, base_type().cast());
        let created = ffi::PyType_FromSpecWithBases(&raw mut spec, bases.as_ptr());
        let class = Bound::from_owned_ptr_or_err(py, created)?.cast_into::<PyType>()?;
        #[cfg(all(Py_3_11, not(Py_GIL_DISABLED)))]
        weak_list::learn_entry(&WeakRef::plain(&class)?);
        Ok(class)
    }
}

/// Creates an object of `class`, which is a type of [`create_type`] or a subclass, as
/// `weakref.ref.__new__` does.
#[inline]
pub(crate) fn create<'py>(
    class: &Bound<'py, PyType>,
    referent: &Bound<'py, PyAny>,
    callback: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    #[cfg(not(Py_GIL_DISABLED))]
    if weak_list::is_at_hand(referent) {
        return weak_list::create(class, referent, callback);
    }
    construct(class, referent, callback)
}

/// Creates an object with `weakref.ref.__new__`.
#[cold]
fn construct<'py>(
    class: &Bound<'py, PyType>,
    referent: &Bound<'py, PyAny>,
    callback: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let arguments = PyTuple::new(py, [referent, callback])?;
    // SAFETY: the base's constructor, called as the interpreter would call it for a subclass; the
    // allocation is zeroed, so the payload is valid.
    unsafe {
        let new = (*base_type())
            .tp_new
            .expect("weakref.ref has a constructor");
        let object = new(class.as_type_ptr(), arguments.as_ptr(), ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, object)
    }
}

/// The hash of `weakref.ref`, for a subclass that defines its own comparison.
pub(crate) fn inherited_hash() -> *mut c_void {
    // SAFETY: a load of a field of a static type.
    unsafe {
        (*base_type())
            .tp_hash
            .map_or(ptr::null_mut(), |hash| hash as *mut c_void)
    }
}

/// For `tp_init` of a subclass: the constructor has done everything.
pub(crate) unsafe extern "C" fn accept_any_arguments(
    _object: *mut ffi::PyObject,
    _args: *mut ffi::PyObject,
    _kwargs: *mut ffi::PyObject,
) -> c_int {
    0
}

/// Sorts the arguments of a call to `function` by the names of its parameters, of which the first
/// `required` must be given.
pub(crate) fn arguments<'py, const N: usize>(
    function: &str,
    names: [&str; N],
    required: usize,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<[Option<Bound<'py, PyAny>>; N]> {
    let wrong = |what: String| Err(PyTypeError::new_err(format!("{function}() {what}")));
    if args.len() > N {
        return wrong(format!(
            "takes {N} positional arguments but {} were given",
            args.len()
        ));
    }
    let mut values = [const { None }; N];
    for (value, argument) in values.iter_mut().zip(args) {
        *value = Some(argument);
    }
    for (name, argument) in kwargs.into_iter().flatten() {
        let name = name.extract::<String>()?;
        match names.iter().position(|known| *known == name) {
            None => return wrong(format!("got an unexpected keyword argument '{name}'")),
            Some(at) if values[at].is_some() => {
                return wrong(format!("got multiple values for argument '{name}'"));
            }
            Some(at) => values[at] = Some(argument),
        }
    }
    match values[..required].iter().position(Option::is_none) {
        Some(at) => wrong(format!("missing required argument: '{}'", names[at])),
        None => Ok(values),
    }
}

/// The arguments of an entry point `(object, args, kwargs)`.
pub(crate) type CallArguments<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyTuple>,
    Option<Bound<'py, PyDict>>,
);

/// Borrows the arguments of `tp_new` or `tp_call`.
///
/// # Safety
/// They are what the interpreter has passed: an object, a tuple, and a dictionary or null.
pub(crate) unsafe fn call_arguments<'py>(
    py: Python<'py>,
    object: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> CallArguments<'py> {
    // SAFETY: the caller's promise.
    unsafe {
        let kwargs = Bound::from_borrowed_ptr_or_opt(py, kwargs);
        (
            Bound::from_borrowed_ptr(py, object),
            Bound::from_borrowed_ptr(py, args).cast_into_unchecked(),
            kwargs.map(|kwargs| kwargs.cast_into_unchecked()),
        )
    }
}

unsafe extern "C" fn traverse<P: Payload>(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: called by the collector on an object of this layout. The instances of a heap type
    // count as references to it.
    unsafe {
        let payload = &(*object.cast::<Layout<P>>()).payload;
        let owned = payload.owned().iter().map(|owned| owned.0.get());
        for pointer in owned.chain([ffi::Py_TYPE(object).cast()]) {
            if !pointer.is_null() {
                let result = visit(pointer, arg);
                if result != 0 {
                    return result;
                }
            }
        }
        (*base_type())
            .tp_traverse
            .map_or(0, |traverse| traverse(object, visit, arg))
    }
}

unsafe extern "C" fn clear<P: Payload>(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: called by the collector on an object of this layout, which it keeps alive meanwhile.
    unsafe {
        let result = leave_referent(object);
        release(&(*object.cast::<Layout<P>>()).payload);
        result
    }
}

unsafe extern "C" fn dealloc<P: Payload>(object: *mut ffi::PyObject) {
    // SAFETY: called once, when the last reference to an object of this layout is gone. Its own weak
    // references are cleared before its contents; the base frees the memory, and the object's
    // reference to its heap type goes last.
    unsafe {
        let class = ffi::Py_TYPE(object);
        ffi::PyObject_GC_UnTrack(object.cast());
        leave_referent(object);
        if P::WEAK_LIST.is_some() {
            ffi::PyObject_ClearWeakRefs(object);
        }
        release(&(*object.cast::<Layout<P>>()).payload);
        if let Some(free) = (*class).tp_free {
            free(object.cast());
        }
        ffi::Py_DECREF(class.cast());
    }
}

/// Takes the reference out of its referent's list, and gives its callback up.
///
/// Before anything else of it is: destructors run then, and may start a collection, which calls the
/// references to its garbage that it finds in those lists, be they on their way out or not.
///
/// # Safety
/// `object` is a weak reference, and the thread is attached to the interpreter.
unsafe fn leave_referent(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: the base's own, on one of its objects; it does so before it gives the callback up.
    unsafe { (*base_type()).tp_clear.map_or(0, |clear| clear(object)) }
}

/// Gives up what a payload owns; the fields are empty before any destructor runs.
///
/// # Safety
/// The thread is attached to the interpreter.
unsafe fn release<P: Payload>(payload: &P) {
    for owned in payload.owned() {
        // SAFETY: the reference leaves the field before it is given up.
        unsafe { ffi::Py_XDECREF(owned.0.replace(ptr::null_mut())) }
    }
}
