//! `WeakMethod`: a weak reference to a bound method (S28).
//!
//! The object is itself the weak reference to the method's instance. It owns a second one, to the
//! function, which carries a weak reference back, so that the death of either reaches the same
//! [`died`]; no part keeps another alive in a circle.

#![allow(unsafe_code, reason = "a heap type over `ref_subclass`")]

use crate::calls::{self, Arguments, Construct, Slots};
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
    weak_list: *mut ffi::PyObject,
}

impl Method {
    /// The weak reference to the function.
    fn function(&self) -> &Owned {
        &self.owned[0]
    }

    /// The type of the method: called to bind the function again.
    fn method_type(&self) -> &Owned {
        &self.owned[1]
    }

    /// What to call when the method dies, until then.
    fn callback(&self) -> &Owned {
        &self.owned[2]
    }
}

// SAFETY: null pointers and false; no destructor.
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
        calls::construct_directly::<Constructor>(&class);
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

struct Constructor;

impl Construct for Constructor {
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

/// A new `WeakMethod` of `class`.
fn make<'py>(
    class: &Bound<'py, PyType>,
    method: &Bound<'py, PyAny>,
    callback: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (object, function) = parts(method)?;
    let died = died_function(class.py())?;
    let reference = ref_subclass::create(class, &object, &died)?;
    let own = own_payload(&reference)?;
    // Set before the function's reference exists, whose callback may come at any moment.
    own.method_type().set(Some(method.get_type().into_any()));
    own.callback()
        .set(callback.filter(|callback| !callback.is_none()));
    own.alive.set(true);
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

/// The object and the function of a bound method.
///
/// Of one of the usual type without a look for the attributes, which takes 400 instructions.
fn parts<'py>(method: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let py = method.py();
    if method.get_type().is(&method_type(py)?) {
        // SAFETY: what the attributes are of such a method, which is valid and holds them.
        return unsafe {
            let object = PyMethod_Self(method.as_ptr());
            let function = PyMethod_Function(method.as_ptr());
            Ok((
                Bound::from_borrowed_ptr(py, object),
                Bound::from_borrowed_ptr(py, function),
            ))
        };
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
    Ok((part(name!(py, "__self__"))?, part(name!(py, "__func__"))?))
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
            let arguments = ref_subclass::call_arguments(py, object, args, kwargs);
            Ok(bind(arguments)?.into_ptr())
        })
    }
}

/// The method again, or None once it is dead.
fn bind((reference, args, kwargs): CallArguments<'_>) -> PyResult<Bound<'_, PyAny>> {
    let py = reference.py();
    let [] = ref_subclass::arguments("WeakMethod.__call__", [], 0, &args, kwargs.as_ref())?;
    let own = own_payload(&reference)?;
    let Some(object) = WeakRef::view(&reference)?.upgrade(py) else {
        return Ok(py.None().into_bound(py));
    };
    let Some(function) = function_of(own, py)? else {
        return Ok(py.None().into_bound(py));
    };
    match own.method_type().get(py) {
        Some(method_type) => bind_as(&method_type, &function, &object),
        None => Ok(py.None().into_bound(py)),
    }
}

/// `method_type(function, object)`.
///
/// For what nearly all methods are, `types.MethodType` of a Python function, the function binds
/// itself: 139 instructions instead of the 555 of a call.
fn bind_as<'py>(
    method_type: &Bound<'py, PyAny>,
    function: &Bound<'py, PyAny>,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    if function.is_exact_instance_of::<PyFunction>() && method_type.is(&self::method_type(py)?) {
        // SAFETY: the descriptor slot of a valid function, called with it and a valid object; the
        // result is a new reference, or null with an error set.
        unsafe {
            if let Some(bind) = (*ffi::Py_TYPE(function.as_ptr())).tp_descr_get {
                let method = bind(function.as_ptr(), object.as_ptr(), ptr::null_mut());
                return Bound::from_owned_ptr_or_err(py, method);
            }
        }
    }
    method_type.call1((function, object))
}

fn function_of<'py>(own: &Method, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match own.function().get(py) {
        Some(reference) => Ok(WeakRef::view(&reference)?.upgrade(py)),
        None => Ok(None),
    }
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
    compare(function_of(own, py)?, function_of(theirs, py)?)
}
