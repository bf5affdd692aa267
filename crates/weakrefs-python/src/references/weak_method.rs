//! `WeakMethod`: a weak reference to a bound method (S28).
//!
//! The object is itself the weak reference to the method's instance. It owns a second one, to the
//! function, which carries a weak reference back, so that the death of either reaches the same
//! [`died`]; no part keeps another alive in a circle.

#![allow(unsafe_code, reason = "a native class")]

use super::bound_method::{self, Parts};
use super::keyed_ref;
use super::subclass;
use super::weak_ref::WeakRef;
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{
    self, LAST_ATTRIBUTE, LAST_MEMBER, Object, Payload, Stop, Table, Visit, offset_in_object,
    offset_member, slot,
};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::{Result, given, type_error};
use crate::interpreter::guarded::Flag;
use crate::interpreter::object::{self, Argument, boolean, call, none, not_implemented, type_of};
use crate::interpreter::owned::Slot;
use crate::interpreter::remains::{self, Link};
use crate::interpreter::slots::{self, Instance, Receiver};
use crate::interpreter::vectorcall::{Direct, Original, construct_directly};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int};
use std::ptr;

#[repr(C)]
struct WeakMethod {
    /// The weak reference to the function.
    function: Slot,
    /// The type of a method that is not ordinary: called to bind the function again.
    method_type: Slot,
    /// What to call when the method dies, until then.
    callback: Slot,
    alive: Flag,
    /// Whether it was a `types.MethodType` of a Python function, as nearly all methods are.
    ordinary: Flag,
    weak_list: *mut ffi::PyObject,
    link: UnsafeCell<Link>,
}

// SAFETY: empty slots, false and null; no destructor.
unsafe impl Payload for WeakMethod {
    type Head = ffi::PyWeakReference;

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.function.as_ptr())?;
        visit.one(self.method_type.as_ptr())?;
        visit.one(self.callback.as_ptr())
    }

    fn release(&self, py: Python<'_>) {
        self.function.clear(py);
        self.method_type.clear(py);
        self.callback.clear(py);
    }

    fn sets_off(&self) -> bool {
        // SAFETY: the interpreter calls, with the thread attached; the field owns what it holds. (The function's reference
        // carries the way back, a plain reference.)
        unsafe { remains::may_set_off(self.callback.as_ptr()) }
    }

    const LINK: usize = offset_in_object!(WeakMethod, link);

    const WEAK_LIST: Option<usize> = Some(offset_in_object!(WeakMethod, weak_list));
}

/// A `WeakMethod` object.
type This<'a, 'py> = Instance<'a, 'py, WeakMethod>;

impl Receiver for WeakMethod {
    const CLASS: &'static str = "WeakMethod";

    fn class() -> &'static Constant<PyType> {
        &CLASS
    }
}

/// The class `WeakMethod`.
pub(crate) static CLASS: Constant<PyType> = Constant::new();

/// The callback of both references of every `WeakMethod`.
static DIED: Constant = Constant::new();

static DIED_DEFINITION: Table<ffi::PyMethodDef, 1> = Table([slots::function_of_one(
    c"died",
    died,
    c"died(reference, /)\n--\n\nTells its WeakMethod.",
)]);

/// Beside what the interpreter asks for, the names that subclasses of the standard class reach for. They are not writable:
/// an answer that does not change is what `died` relies on.
static MEMBERS: Table<ffi::PyMemberDef, 3> = Table([
    ffi::PyMemberDef {
        name: c"_alive".as_ptr(),
        type_code: ffi::Py_T_BOOL,
        offset: offset_in_object!(WeakMethod, alive) as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: c"Whether neither the object nor the function has died.".as_ptr(),
    },
    offset_member(
        c"__weaklistoffset__",
        offset_in_object!(WeakMethod, weak_list),
    ),
    LAST_MEMBER,
]);

static ATTRIBUTES: Table<ffi::PyGetSetDef, 3> = Table([
    slots::attribute(
        c"_func_ref",
        function,
        c"The weak reference to the function.",
    ),
    slots::attribute(c"_meth_type", method_type, c"The type of the method."),
    LAST_ATTRIBUTE,
]);

const DOC: &CStr = c"WeakMethod(meth, callback=None)\n--\n\n\
    A weak reference to a bound method, which dies with its object or its function.\n\n\
    A plain weak reference to a bound method is dead at once, because each access to the\n\
    attribute makes a new bound method. This one lives as long as the method could still\n\
    be got again; calling it gives the method, of the same type, or None.\n\n\
    `meth` is a bound method, else TypeError. `callback` is called once, with this\n\
    object, when it dies; its errors go to sys.unraisablehook. Equal to another one if\n\
    both are alive and their objects and functions are equal.\n\n\
    >>> import weakrefs\n\
    >>> class Button:\n\
    ...     def click(self): return 'clicked'\n\
    >>> button = Button()\n\
    >>> click = weakrefs.WeakMethod(button.click)\n\
    >>> click()()\n\
    'clicked'\n\
    >>> del button\n\
    >>> click() is None\n\
    True\n";

/// Makes the class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    DIED.make(py, || {
        // SAFETY: the definition is complete and static; the result is a new reference, or null with an error set.
        unsafe {
            let definition = DIED_DEFINITION.pointer().cast();
            given(
                py,
                ffi::PyCFunction_NewEx(definition, ptr::null_mut(), ptr::null_mut()),
            )
        }
    })?;
    CLASS.make(py, || {
        let class = Object::<WeakMethod>::create_subclass_of_ref(
            py,
            c"weakrefs.WeakMethod",
            0,
            [
                slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
                slot(ffi::Py_tp_members, MEMBERS.pointer()),
                slot(ffi::Py_tp_getset, ATTRIBUTES.pointer()),
                slots::constructor(new),
                slots::call(ffi::Py_tp_init, init),
                slots::call(ffi::Py_tp_call, call_with_tuple),
                slots::comparison(compare),
                slot(ffi::Py_tp_hash, subclass::inherited_hash()),
            ],
        )?;
        class::hide_member(&class, c"__weaklistoffset__")?;
        construct_directly::<WeakMethod>(&class);
        Ok(class)
    })?;
    Ok(())
}

static NEW: Signature =
    Signature::new("WeakMethod", "__new__", &["meth", "callback"], 1).receiver("cls");
static INIT: Signature = Signature::new("WeakMethod", "__init__", &["meth", "callback"], 1);
static CALL: Signature = Signature::new("WeakMethod", "__call__", &[], 0);

fn new<'py>(
    class: Borrowed<'_, 'py, PyType>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let [method, callback] = arguments.read(&NEW)?;
    let method = method.map_or_else(|| none(class.py()), Borrowed::to_owned);
    make(class, &method, callback)
}

/// The constructor has done everything; what it was given may have been other arguments, by a subclass.
fn init<'py>(_this: This<'_, 'py>, arguments: Arguments<'_, 'py>) -> Result<()> {
    arguments.read::<2>(&INIT).map(drop)
}

impl Direct for WeakMethod {
    fn original() -> &'static Original {
        static ORIGINAL: Original = Original::new();
        &ORIGINAL
    }

    fn construct<'py>(
        class: Borrowed<'_, 'py, PyType>,
        arguments: Arguments<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        match (arguments.get(0), arguments.unnamed(), arguments.has_named()) {
            (Some(method), 1 | 2, false) => {
                make(class, &method.to_owned(), arguments.get(1)).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// A new `WeakMethod` of `class`.
fn make<'py>(
    class: Borrowed<'_, 'py, PyType>,
    method: &Bound<'py, PyAny>,
    callback: Option<Argument<'_, 'py>>,
) -> Result<Bound<'py, PyAny>> {
    let py = class.py();
    let Parts {
        object,
        function,
        ordinary,
    } = bound_method::parts(method)?;
    let died = DIED.get(py);
    let reference = subclass::create(class, object.as_borrowed(), died)?;
    let this = reference.as_borrowed();
    // SAFETY: the class is `WeakMethod` or derived from it.
    let own: &WeakMethod = unsafe { class::payload(this) };
    // Set before the function's reference exists, whose callback may come at any moment. It is new: nothing is replaced.
    if ordinary {
        own.ordinary.set(true);
    } else {
        let class = type_of(method.as_borrowed());
        drop(own.method_type.replace(py, Some(class.to_owned())));
    }
    let callback = callback.filter(|callback| callback.as_ptr() != none(py).as_ptr());
    drop(own.callback.replace(py, callback.map(Borrowed::to_owned)));
    own.alive.set(true);
    let back = WeakRef::plain(&reference)?;
    let of_function = keyed_ref::create(function.as_borrowed(), died, &back, 0)?;
    drop(own.function.replace(py, Some(of_function.into_object(py))));
    Ok(reference)
}

fn died<'py>(reference: Argument<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    tell(reference)?;
    Ok(none(reference.py()))
}

/// Tells the `WeakMethod` to which `reference` belongs that it is dead.
fn tell(reference: Borrowed<'_, '_, PyAny>) -> Result<()> {
    let py = reference.py();
    let method = match keyed_ref::key(reference) {
        // The function's reference: the way back may be dead, too.
        Some(back) => WeakRef::view(&back)?.upgrade(py),
        None => Some(reference.to_owned()),
    };
    let Some(method) = method else { return Ok(()) };
    let this = method.as_borrowed();
    let own =
        This::of(this).ok_or_else(|| type_error(py, format_args!("expected a WeakMethod")))?;
    if own.alive.replace(false) {
        if let Some(callback) = own.callback.take(py) {
            // What it gives may own the next one, too: it goes first, while the callback still does.
            let result = call(&callback, [this]).map(drop);
            give_up(callback, &method);
            return result;
        }
    }
    Ok(())
}

/// Gives up the callback that `method` has called. It may own what owns the next method, and so on without end: then the
/// method keeps it, and is kept itself, until its turn comes.
fn give_up<'py>(callback: Bound<'py, PyAny>, method: &Bound<'py, PyAny>) {
    // SAFETY: the thread is attached. The link is in no list, for a method dies once, and it is kept alive.
    unsafe {
        if !remains::may_set_off(callback.as_ptr()) {
            return;
        }
        if !remains::too_many() {
            remains::one_deeper(|| drop(callback));
            return;
        }
        let this = method.as_borrowed();
        let own: &WeakMethod = class::payload(this);
        drop(own.callback.replace(method.py(), Some(callback)));
        let object = method.clone().into_ptr();
        remains::put_off(WeakMethod::link(object.cast()), give_up_later);
    }
}

unsafe fn give_up_later(link: *mut Link) {
    // SAFETY: the object that was kept; its callback is given up, then it.
    unsafe {
        let py = Python::assume_attached();
        let method = Bound::from_owned_ptr(py, WeakMethod::of_link(link).cast());
        let this = method.as_borrowed();
        class::payload::<WeakMethod>(this).callback.clear(py);
    }
}

fn call_with_tuple<'py>(
    this: This<'_, 'py>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let [] = arguments.read(&CALL)?;
    bind(&this, WeakRef::view(&this.as_object())?, this.py())
}

/// The method again, or None once it is dead.
fn bind<'py>(own: &WeakMethod, reference: &WeakRef, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
    let (Some(object), Some(function)) = (reference.upgrade(py), function_of(own, py)) else {
        return Ok(none(py));
    };
    // The function binds itself: 139 instructions instead of the 555 of a call of the type.
    if own.ordinary.get() {
        if let Some(method) = bound_method::bind(&function, &object, py) {
            return method;
        }
    }
    match own.method_type.get(py) {
        Some(method_type) => call(&method_type, [function.as_borrowed(), object.as_borrowed()]),
        None => Ok(none(py)),
    }
}

fn function_of<'py>(own: &WeakMethod, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
    own.function.with(py, |reference| {
        // SAFETY: set by `make` to a weak reference, or to nothing.
        reference.and_then(|reference| unsafe { WeakRef::view_unchecked(&reference) }.upgrade(py))
    })
}

fn function<'py>(this: This<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    let function = this.function.get(this.py());
    function.ok_or_else(|| object::lacks(this.as_object(), "_func_ref"))
}

fn method_type<'py>(this: This<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    let unusual = this.method_type.get(this.py());
    Ok(unusual.unwrap_or_else(|| bound_method::method_type(this.py()).to_owned()))
}

fn compare<'py>(
    this: This<'_, 'py>,
    other: Argument<'_, 'py>,
    kind: c_int,
) -> Result<Bound<'py, PyAny>> {
    match (kind, This::of(other)) {
        (ffi::Py_EQ | ffi::Py_NE, Some(other)) => {
            Ok(boolean(this.py(), compare_methods(this, other, kind)?))
        }
        _ => Ok(not_implemented(this.py())),
    }
}

/// `this == other` or `this != other`, by `kind`.
fn compare_methods<'py>(this: This<'_, 'py>, other: This<'_, 'py>, kind: c_int) -> Result<bool> {
    let py = this.py();
    let equal = kind == ffi::Py_EQ;
    let same = this.as_object().as_ptr() == other.as_object().as_ptr();
    let by_identity = same == equal;
    if !this.alive.get() || !other.alive.get() {
        return Ok(by_identity);
    }
    let compare =
        |own: Option<Bound<'_, PyAny>>, theirs: Option<Bound<'_, PyAny>>| match (own, theirs) {
            (Some(own), Some(theirs)) => object::is_true(&object::compare(&own, &theirs, kind)?),
            _ => Ok(by_identity),
        };
    let objects = compare(
        WeakRef::view(&this.as_object())?.upgrade(py),
        WeakRef::view(&other.as_object())?.upgrade(py),
    )?;
    // Equal if both parts are equal, unequal if either is unequal.
    if objects != equal {
        return Ok(objects);
    }
    compare(function_of(&this, py), function_of(&other, py))
}
