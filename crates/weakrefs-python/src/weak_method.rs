//! `WeakMethod`: a weak reference to a bound method (S28).
//!
//! The object is itself the weak reference to the method's instance. It owns a second one, to the
//! function, which carries a weak reference back, so that the death of either reaches the same
//! [`died`]; no part keeps another alive in a circle.

#![allow(unsafe_code, reason = "a heap type over `ref_subclass`")]

use crate::calls::{self, Arguments, CallDirectly, Construct, Entry, Slots};
use crate::entry_point::{Definition, enter, passed};
use crate::guarded::{Guarded, Lazy};
use crate::keyed_ref;
use crate::names::name;
use crate::ref_subclass::{self, CallArguments, Layout, Owned, Payload};
use crate::weak_ref::WeakRef;
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyFunction, PyType};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr;

#[repr(C)]
struct Method {
    owned: [Owned; 3],
    alive: Cell<bool>,
    /// Whether it was a `types.MethodType` of a Python function, as nearly all methods are.
    ordinary: Cell<bool>,
    weak_list: *mut ffi::PyObject,
    entry: Cell<Option<Entry>>,
}

impl Method {
    /// The weak reference to the function.
    fn function(&self) -> &Owned {
        &self.owned[0]
    }

    /// The type of a method that is not ordinary: called to bind the function again.
    fn method_type(&self) -> &Owned {
        &self.owned[1]
    }

    /// What to call when the method dies, until then.
    fn callback(&self) -> &Owned {
        &self.owned[2]
    }
}

// SAFETY: null pointers, false and no entry; no destructor.
unsafe impl Payload for Method {
    fn owned(&self) -> &[Owned] {
        &self.owned
    }

    const WEAK_LIST: Option<usize> =
        Some(offset_of!(Layout<Method>, payload) + offset_of!(Method, weak_list));
}

/// The type `WeakMethod`.
pub(crate) fn class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    static CLASS: Lazy<PyType> = Lazy::new();
    CLASS.get_or_make(py, || {
        let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
        let weak_list = ffi::PyMemberDef {
            name: c"__weaklistoffset__".as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: Method::WEAK_LIST.unwrap_or_default() as ffi::Py_ssize_t,
            flags: ffi::Py_READONLY,
            doc: ptr::null(),
        };
        let class = ref_subclass::create_type::<Method>(
            py,
            c"weakrefs.WeakMethod",
            c"WeakMethod(meth, callback=None)\n--\n\n\
              A weak reference to a bound method, which dies with its object or its function.\n\n\
              A plain weak reference to a bound method is dead at once, because each access to the\n\
              attribute makes a new bound method. This one lives as long as the method could still\n\
              be got again; calling it gives the method, of the same type, or None.\n\n\
              `meth` is a bound method, else TypeError. `callback` is called once, with this\n\
              object, when it dies; its errors go to sys.unraisablehook. Equal to another one if\n\
              both are alive and their objects and functions are equal (S28).\n\n\
              >>> import weakrefs\n\
              >>> class Button:\n\
              ...     def click(self): return 'clicked'\n\
              >>> button = Button()\n\
              >>> click = weakrefs.WeakMethod(button.click)\n\
              >>> click()()\n\
              'clicked'\n\
              >>> del button\n\
              >>> click() is None\n\
              True\n",
            Box::leak(Box::new([weak_list, ref_subclass::END_OF_MEMBERS])),
            vec![
                slot(ffi::Py_tp_new, new as *mut c_void),
                slot(ffi::Py_tp_init, ref_subclass::accept_any_arguments as *mut c_void),
                slot(ffi::Py_tp_call, call as *mut c_void),
                slot(ffi::Py_tp_richcompare, compare as *mut c_void),
                slot(ffi::Py_tp_hash, ref_subclass::inherited_hash()),
            ],
        )?;
        let entry = offset_of!(Layout<Method>, payload) + offset_of!(Method, entry);
        // SAFETY: there it is.
        unsafe { calls::call_directly::<Calls>(&class, entry) };
        calls::construct_directly::<Calls>(&class);
        Ok(class)
    })
}

fn payload<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Option<&'a Method>> {
    Ok(ref_subclass::payload::<Method>(
        object,
        &class(object.py())?,
    ))
}

/// As [`payload`], of an object that the interpreter has passed to a method of the class.
fn own_payload<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Method> {
    payload(object)?.ok_or_else(|| PyTypeError::new_err("expected a WeakMethod"))
}

unsafe extern "C" fn new(
    class: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with the arguments of `tp_new`.
    unsafe {
        enter(|py| {
            let arguments = ref_subclass::call_arguments(py, class.cast(), args, kwargs);
            Ok(construct(arguments)?.into_ptr())
        })
    }
}

fn construct((class, args, kwargs): CallArguments<'_>) -> PyResult<Bound<'_, PyAny>> {
    let [method, callback] = ref_subclass::arguments(
        "WeakMethod",
        ["meth", "callback"],
        1,
        &args,
        kwargs.as_ref(),
    )?;
    let Some(method) = method else {
        unreachable!("a required argument")
    };
    make(class.cast()?, &method, callback)
}

/// How the class and its objects are called directly.
struct Calls;

impl Construct for Calls {
    fn made_with() -> &'static Guarded<Option<Slots>> {
        static SLOTS: Guarded<Option<Slots>> = Guarded::new(None);
        &SLOTS
    }

    fn construct<'py>(
        class: &Bound<'py, PyType>,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match arguments.unnamed() {
            Some([Some(method), callback]) => {
                make(class, &method, callback.as_deref().cloned()).map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl CallDirectly for Calls {
    unsafe fn call<'py>(
        object: &Bound<'py, PyAny>,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some([]) = arguments.unnamed() else {
            return Ok(None);
        };
        // SAFETY: a `WeakMethod`, by the caller's promise, and so a weak reference.
        let (own, reference) = unsafe {
            (
                ref_subclass::payload_unchecked(object),
                WeakRef::view_unchecked(object),
            )
        };
        bind(own, reference, arguments.py()).map(Some)
    }
}

/// A new `WeakMethod` of `class`.
fn make<'py>(
    class: &Bound<'py, PyType>,
    method: &Bound<'py, PyAny>,
    callback: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (object, function, ordinary) = parts(method)?;
    let died = died_function(class.py())?;
    let reference = ref_subclass::create(class, &object, &died)?;
    // SAFETY: the class is `WeakMethod` or derived from it.
    let own: &Method = unsafe { ref_subclass::payload_unchecked(&reference) };
    // Set before the function's reference exists, whose callback may come at any moment.
    if ordinary {
        own.ordinary.set(true);
    } else {
        own.method_type().set(Some(method.get_type().into_any()));
    }
    own.callback()
        .set(callback.filter(|callback| !callback.is_none()));
    own.alive.set(true);
    own.entry.set(Some(Entry::of::<Calls>()));
    let back = WeakRef::plain(&reference)?;
    own.function()
        .set(Some(keyed_ref::create(&function, &died, &back, 0)?));
    Ok(reference)
}

unsafe extern "C" {
    fn PyMethod_Self(method: *mut ffi::PyObject) -> *mut ffi::PyObject;
    fn PyMethod_Function(method: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

/// What nearly all methods are: `types.MethodType`.
fn method_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static METHOD_TYPE: Lazy<PyAny> = Lazy::new();
    METHOD_TYPE.get_or_make(py, || py.import("types")?.getattr("MethodType"))
}

/// The object and the function of a bound method, and whether it is ordinary.
///
/// Of one of the usual type without a look for the attributes, which takes 400 instructions.
fn parts<'py>(
    method: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, bool)> {
    let py = method.py();
    if method.get_type().is(&method_type(py)?) {
        // SAFETY: what the attributes are of such a method, which is valid and holds them.
        let (object, function) = unsafe {
            let object = PyMethod_Self(method.as_ptr());
            let function = PyMethod_Function(method.as_ptr());
            (
                Bound::from_borrowed_ptr(py, object),
                Bound::from_borrowed_ptr(py, function),
            )
        };
        let ordinary = function.is_exact_instance_of::<PyFunction>();
        return Ok((object, function, ordinary));
    }
    let part = |name| {
        method.getattr(name).map_err(|error| {
            if error.is_instance_of::<PyAttributeError>(py) {
                drop(error.into_value(py).into_bound(py));
                PyTypeError::new_err(format!(
                    "argument should be a bound method, not {}",
                    method.get_type()
                ))
            } else {
                error
            }
        })
    };
    let (object, function) = (part(name!(py, "__self__"))?, part(name!(py, "__func__"))?);
    Ok((object, function, false))
}

/// The callback of both references of every `WeakMethod`.
fn died_function(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static DEFINITION: Definition = Definition::new(
        c"died",
        died,
        c"died(reference, /)\n--\n\nTells its WeakMethod.",
    );
    static DIED: Lazy<PyAny> = Lazy::new();
    DIED.get_or_make(py, || DEFINITION.function(py, None))
}

unsafe extern "C" fn died(
    _module: *mut ffi::PyObject,
    reference: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object.
    unsafe {
        enter(|py| {
            tell(&passed(py, reference))?;
            Ok(py.None().into_ptr())
        })
    }
}

/// Tells the `WeakMethod` to which `reference` belongs that it is dead.
fn tell(reference: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = reference.py();
    let method = match keyed_ref::key(reference)? {
        // The function's reference: the way back may be dead, too.
        Some(back) => WeakRef::view(&back)?.upgrade(py),
        None => Some(reference.clone()),
    };
    let Some(method) = method else { return Ok(()) };
    let own = own_payload(&method)?;
    if own.alive.replace(false)
        && let Some(callback) = own.callback().take(py)
    {
        callback.call1((&method,))?;
    }
    Ok(())
}

unsafe extern "C" fn call(
    object: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with the arguments of `tp_call`.
    unsafe {
        enter(|py| {
            let (reference, args, kwargs) = ref_subclass::call_arguments(py, object, args, kwargs);
            let [] = ref_subclass::arguments("WeakMethod.__call__", [], 0, &args, kwargs.as_ref())?;
            let (own, view) = (own_payload(&reference)?, WeakRef::view(&reference)?);
            Ok(bind(own, view, py)?.into_ptr())
        })
    }
}

/// The method again, or None once it is dead.
fn bind<'py>(own: &Method, reference: &WeakRef, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let (Some(object), Some(function)) = (reference.upgrade(py), function_of(own, py)) else {
        return Ok(py.None().into_bound(py));
    };
    if own.ordinary.get() {
        // The function binds itself: 139 instructions instead of the 555 of a call of the type.
        // SAFETY: the descriptor slot of a valid function, called with it and a valid object; the
        // result is a new reference, or null with an error set.
        unsafe {
            if let Some(bind) = (*ffi::Py_TYPE(function.as_ptr())).tp_descr_get {
                let method = bind(function.as_ptr(), object.as_ptr(), ptr::null_mut());
                return Bound::from_owned_ptr_or_err(py, method);
            }
        }
    }
    match own.method_type().get(py) {
        Some(method_type) => method_type.call1((function, object)),
        None => Ok(py.None().into_bound(py)),
    }
}

fn function_of<'py>(own: &Method, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
    let reference = own.function().get(py)?;
    // SAFETY: set by `make` to a weak reference, or to nothing.
    unsafe { WeakRef::view_unchecked(&reference) }.upgrade(py)
}

unsafe extern "C" fn compare(
    object: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    op: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with the arguments of `tp_richcompare`: two objects.
    unsafe {
        enter(|py| {
            let (this, other) = (passed(py, object), passed(py, other));
            let result = match CompareOp::from_raw(op) {
                Some(op @ (CompareOp::Eq | CompareOp::Ne)) if payload(&other)?.is_some() => {
                    let result = compare_methods(&this, &other, op)?;
                    result.into_pyobject(py)?.to_owned().into_any()
                }
                _ => py.NotImplemented().into_bound(py),
            };
            Ok(result.into_ptr())
        })
    }
}

/// `this == other` or `this != other`, where both are `WeakMethod`s.
fn compare_methods(
    this: &Bound<'_, PyAny>,
    other: &Bound<'_, PyAny>,
    op: CompareOp,
) -> PyResult<bool> {
    let py = this.py();
    let (own, theirs) = (own_payload(this)?, own_payload(other)?);
    let equal = matches!(op, CompareOp::Eq);
    let by_identity = this.is(other) == equal;
    if !own.alive.get() || !theirs.alive.get() {
        return Ok(by_identity);
    }
    let compare =
        |ours: Option<Bound<'_, PyAny>>, theirs: Option<Bound<'_, PyAny>>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours.rich_compare(theirs, op)?.is_truthy(),
            _ => Ok(by_identity),
        };
    let objects = compare(
        WeakRef::view(this)?.upgrade(py),
        WeakRef::view(other)?.upgrade(py),
    )?;
    // Equal if both parts are equal, unequal if either is unequal.
    if objects != equal {
        return Ok(objects);
    }
    compare(function_of(own, py), function_of(theirs, py))
}
