//! The class `finalize`.
//!
//! A finalizer that is alive has its task in itself and itself in the [`registry`], which keeps it alive however few know
//! of it. [`end`](Finalizer::end) is what every way of ending it does (a call, the death of the object, `detach`), in one
//! step that runs nothing: whatever threads race, one of them gets the task. A finalizer without a task is dead, owns
//! nothing and closes no cycle.

#![allow(unsafe_code, reason = "a native class")]

use super::{exit, registry};
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{
    self, LAST_ATTRIBUTE, LAST_MEMBER, LAST_METHOD, OPEN, Object, Payload, Stop, Table as Static,
    Visit, offset_member, plain_method, slot,
};
use crate::interpreter::constant::Constant;
use crate::interpreter::entry::{enter, passed};
use crate::interpreter::error::{Result, given};
use crate::interpreter::method::{self, Native, Receiver};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, attribute, boolean, call_with, dict, none, tuple,
};
use crate::interpreter::owned::Slot;
use crate::interpreter::remains::{self, Link};
use crate::interpreter::vectorcall::{
    Direct, DirectObjects, Original, call_object, construct_directly,
};
use crate::references::weak_ref::WeakRef;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::cell::{Cell, UnsafeCell};
use std::ffi::{CStr, c_int, c_void};
use std::mem::offset_of;
use std::ptr;

/// What a finalizer holds. Zeroed memory is a dead one, as `object.__new__` makes it: such is a copy, too (S40).
#[repr(C)]
pub(crate) struct Finalizer {
    /// Without it, as in one that was never alive, the interpreter calls by `tp_call`.
    entry: Cell<Option<ffi::vectorcallfunc>>,
    /// The weak reference to the object, which calls the finalizer.
    object: Slot,
    function: Slot,
    /// A tuple.
    args: Slot,
    /// A `dict`, or empty.
    kwargs: Slot,
    alive: Cell<bool>,
    atexit: Cell<bool>,
    /// Whether it waits to give up what it has done.
    waits: Cell<bool>,
    pub(super) place: registry::Place,
    link: UnsafeCell<Link>,
}

/// A task that a finalizer has given away, with the reference by which the registry kept it.
pub(super) struct Task<'py> {
    object: Option<Bound<'py, PyAny>>,
    function: Option<Bound<'py, PyAny>>,
    args: Option<Bound<'py, PyAny>>,
    kwargs: Option<Bound<'py, PyAny>>,
    finalizer: Bound<'py, PyAny>,
}

// SAFETY: empty slots, no neighbours, false and no entry; no destructor.
unsafe impl Payload for Finalizer {
    type Head = ffi::PyObject;

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.object.as_ptr())?;
        visit.one(self.function.as_ptr())?;
        visit.one(self.args.as_ptr())?;
        visit.one(self.kwargs.as_ptr())
    }

    /// Only of one that is dead: the registry keeps the others.
    fn release(&self, py: Python<'_>) {
        self.object.clear(py);
        self.function.clear(py);
        self.args.clear(py);
        self.kwargs.clear(py);
    }

    fn sets_off(&self) -> bool {
        !self.function.is_empty()
    }

    const LINK: usize = offset_of!(Object<Self>, payload) + offset_of!(Self, link);
}

impl Finalizer {
    pub(super) fn is_alive(&self) -> bool {
        self.alive.get()
    }

    pub(super) fn runs_at_exit(&self) -> bool {
        self.alive.get() && self.atexit.get()
    }

    /// Takes the task, if there is one: the finalizer is dead then. O(1).
    pub(super) fn end<'py>(&self, this: Argument<'_, 'py>) -> Option<Task<'py>> {
        let py = this.py();
        if !self.alive.replace(false) {
            return None;
        }
        Some(Task {
            object: self.object.take(py),
            function: self.function.take(py),
            args: self.args.take(py),
            kwargs: self.kwargs.take(py),
            // SAFETY: a finalizer that has been alive until now.
            finalizer: unsafe { registry::remove(this) },
        })
    }

    /// Does the task, if there is one, and gives what its function returned. `caller` is the reference by
    /// which the interpreter calls, if it does so itself: not by way of a subclass, which may want the result.
    fn run<'py>(
        &self,
        this: Argument<'_, 'py>,
        caller: Option<Argument<'_, 'py>>,
    ) -> Result<Bound<'py, PyAny>> {
        let py = this.py();
        let Some(task) = self.end(this) else {
            return Ok(none(py));
        };
        let is_death = caller.zip(task.object.as_ref());
        let is_death = is_death.is_some_and(|(caller, own)| caller.as_ptr() == own.as_ptr());
        let result = match (&task.function, &task.args) {
            (Some(function), Some(args)) if !exit::is_shut_down() => {
                // SAFETY: what `begin` has put in: a tuple, and a `dict` or nothing.
                let (args, kwargs) = unsafe {
                    (
                        args.cast_unchecked::<PyTuple>(),
                        task.kwargs
                            .as_ref()
                            .map(|kwargs| kwargs.cast_unchecked::<PyDict>()),
                    )
                };
                call_with(function, args, kwargs)
            }
            _ => Ok(none(py)),
        };
        // At the death of the object nobody wants the result. It may own the next object: it goes first, while the task
        // still does.
        let result = if is_death {
            result.map(|result| {
                drop(result);
                none(py)
            })
        } else {
            result
        };
        self.give_up(task);
        result
    }

    /// Gives up a task that is done. Its arguments may own the object of the next finalizer, and so on without end: then
    /// the finalizer keeps them, and is kept itself, until its turn comes.
    fn give_up(&self, task: Task<'_>) {
        if !remains::too_many() || self.waits.get() || self.alive.get() {
            remains::one_deeper(|| drop(task));
            return;
        }
        let py = task.finalizer.py();
        let Task {
            object,
            function,
            args,
            kwargs,
            finalizer,
        } = task;
        // What a dead finalizer has is nothing.
        drop(self.object.replace(py, object));
        drop(self.function.replace(py, function));
        drop(self.args.replace(py, args));
        drop(self.kwargs.replace(py, kwargs));
        self.waits.set(true);
        // SAFETY: the link is in no list, as it did not wait, and it is kept alive.
        unsafe { remains::put_off(Self::link(finalizer.into_ptr().cast()), give_up_later) }
    }

    /// `(obj, func, args, kwargs)`, if the finalizer is alive and so is the object.
    fn describe<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        if !self.alive.get() {
            return Ok(None);
        }
        let (Some(reference), Some(function), Some(args)) = (
            self.object.get(py),
            self.function.get(py),
            self.args.get(py),
        ) else {
            return Ok(None);
        };
        let kwargs = self.kwargs.get(py);
        let Some(object) = WeakRef::view(&reference)?.upgrade(py) else {
            return Ok(None);
        };
        let kwargs = match kwargs {
            Some(kwargs) => kwargs,
            None => dict(py)?.into_any(),
        };
        tuple(
            py,
            [&object, &function, &args, &kwargs].map(Bound::as_borrowed),
        )
        .map(Some)
    }

    /// `(weakref, func, args, kwargs, index)`, if the finalizer is alive: what it has, and its number.
    pub(super) fn contents<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        // The number is made first: what follows is read in one step.
        let index = object::integer(py, registry::index(self))?;
        let parts = [&self.object, &self.function, &self.args, &self.kwargs]
            .map(|part| part.get(py).unwrap_or_else(|| none(py)));
        if !self.alive.get() {
            return Ok(None);
        }
        let [reference, function, args, kwargs] = &parts;
        tuple(
            py,
            [reference, function, args, kwargs, &index].map(Bound::as_borrowed),
        )
        .map(Some)
    }

    /// The object, if it and the finalizer are alive.
    fn object<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        match self.object.get(py).filter(|_| self.alive.get()) {
            Some(reference) => Ok(WeakRef::view(&reference)?.upgrade(py)),
            None => Ok(None),
        }
    }
}

unsafe fn give_up_later(link: *mut Link) {
    // SAFETY: a finalizer that was kept. One that has been initialised anew has given up what it had then.
    unsafe {
        let py = Python::assume_attached();
        let finalizer = Bound::from_owned_ptr(py, Finalizer::of_link(link).cast());
        let this = finalizer.as_borrowed();
        let own: &Finalizer = class::payload(this);
        own.waits.set(false);
        if !own.alive.get() {
            own.release(py);
        }
    }
}

/// The class `finalize`.
pub(crate) static CLASS: Constant<PyType> = Constant::new();

const DOC: &CStr = c"finalize(obj, func, /, *args, **kwargs)\n--\n\n\
    finalize(obj, func, /, *args, **kwargs): call func(*args, **kwargs) when obj dies.\n\n\
    It is called once: when obj dies, at the call of the finalizer, or at exit (unless `atexit` was\n\
    set to False), whichever comes first. The finalizer need not be kept.\n\n\
    func, args and kwargs must not own obj, or it will never die. An error in func goes to\n\
    sys.unraisablehook when obj dies, to sys.excepthook at exit, and to the caller of a call.\n\
    Raises TypeError if obj cannot be weakly referenced. Creation and every method are O(1); safe\n\
    under threads.\n\n\
    >>> import weakrefs\n\
    >>> class Resource: pass\n\
    >>> resource = Resource()\n\
    >>> finalizer = weakrefs.finalize(resource, print, 'closed')\n\
    >>> finalizer.alive\n\
    True\n\
    >>> del resource\n\
    closed\n\
    >>> finalizer.alive\n\
    False\n";

static MEMBERS: Static<ffi::PyMemberDef, 2> = Static([
    offset_member(
        c"__vectorcalloffset__",
        offset_of!(Object<Finalizer>, payload) + offset_of!(Finalizer, entry),
    ),
    LAST_MEMBER,
]);

static METHODS: Static<ffi::PyMethodDef, 2> = Static([
    plain_method(
        c"__getnewargs__",
        new_args,
        ffi::METH_NOARGS,
        c"__getnewargs__($self)\n--\n\n\
          Return (): a copy is a dead finalizer of the same class, with the same attributes.",
    ),
    LAST_METHOD,
]);

/// The methods that the class describes.
static NATIVES: [Native; 2] = [
    Native::new::<Finalizer, _>(name::detach, detach),
    Native::new::<Finalizer, _>(name::peek, peek),
];

/// Puts them on `class`, if it is the class; gives whether it is.
pub(crate) fn put_methods(class: &Bound<'_, PyType>) -> Result<bool> {
    if !CLASS.is(class.as_ptr()) {
        return Ok(false);
    }
    method::put(class, &NATIVES)?;
    Ok(true)
}

impl Receiver for Finalizer {
    const CLASS: &'static str = "finalize";

    fn class() -> &'static Constant<PyType> {
        &CLASS
    }
}

static ATTRIBUTES: Static<ffi::PyGetSetDef, 3> = Static([
    ffi::PyGetSetDef {
        name: c"alive".as_ptr(),
        get: Some(alive),
        set: Some(refuse_alive),
        doc: c"Whether the finalizer is alive.".as_ptr(),
        closure: ptr::null_mut(),
    },
    ffi::PyGetSetDef {
        name: c"atexit".as_ptr(),
        get: Some(atexit),
        set: Some(set_atexit),
        doc: c"Whether the finalizer is alive and is to be called at exit. Writable while it is alive.".as_ptr(),
        closure: ptr::null_mut(),
    },
    LAST_ATTRIBUTE,
]);

/// Makes the class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    CLASS.make(py, || {
        let class = class::create::<Finalizer, _>(
            py,
            c"weakrefs.finalize",
            OPEN | ffi::Py_TPFLAGS_HAVE_VECTORCALL,
            [
                slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
                slot(ffi::Py_tp_members, MEMBERS.pointer()),
                slot(ffi::Py_tp_methods, METHODS.pointer()),
                slot(ffi::Py_tp_getset, ATTRIBUTES.pointer()),
                slot(ffi::Py_tp_init, init as *mut c_void),
                slot(ffi::Py_tp_call, call_with_tuple as *mut c_void),
                slot(ffi::Py_tp_repr, repr as *mut c_void),
            ],
        )?;
        class::hide_member(&class, c"__vectorcalloffset__")?;
        exit::put_names(&class)?;
        construct_directly::<Finalizer>(&class);
        Ok(class)
    })?;
    Ok(())
}

static INIT: Signature =
    Signature::new("finalize", "__init__", &["obj", "func"], 2).positional_only();
static CALL: Signature = Signature::new("finalize", "__call__", &["_"], 0);

/// Gives `this` the task that `arguments` say, and makes it alive. Initialised anew, it forgets what it had to do, and
/// becomes the newest.
fn begin(this: Argument<'_, '_>, arguments: Arguments<'_, '_>) -> Result<()> {
    let py = this.py();
    let [object, function] = arguments.up_to(2).positional().all(&INIT)?;
    let (args, kwargs) = (arguments.rest(2)?, arguments.named()?);
    exit::register(py)?;
    let reference = WeakRef::new(&object, this)?;
    // SAFETY: the callers' object is a finalizer.
    let own: &Finalizer = unsafe { class::payload(this) };
    // From here on nothing runs, nor fails, until all is in place.
    let forgotten = own.end(this);
    let waiting = (
        own.object
            .replace(py, Some(reference.object().bind(py).clone())),
        own.function.replace(py, Some(function.to_owned())),
        own.args.replace(py, Some(args.into_any())),
        own.kwargs.replace(py, kwargs.map(Bound::into_any)),
    );
    own.entry.set(Some(call_object::<Finalizer>));
    own.alive.set(true);
    own.atexit.set(true);
    // SAFETY: a finalizer that has just become alive.
    unsafe { registry::add(this) };
    drop((forgotten, waiting));
    Ok(())
}

impl Direct for Finalizer {
    fn original() -> &'static Original {
        static ORIGINAL: Original = Original::new();
        &ORIGINAL
    }

    fn construct<'py>(
        class: Borrowed<'_, 'py, PyType>,
        arguments: Arguments<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        if arguments.unnamed() < 2 {
            return Ok(None);
        }
        // SAFETY: the class itself.
        let finalizer = unsafe { class::allocate(class.py(), class.as_ptr().cast())? };
        begin(finalizer.as_borrowed(), arguments)?;
        Ok(Some(finalizer))
    }
}

impl DirectObjects for Finalizer {
    unsafe fn call<'py>(
        object: Borrowed<'_, 'py, PyAny>,
        arguments: Arguments<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        if arguments.unnamed() > 1 || arguments.has_named() {
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        unsafe { class::payload::<Self>(object) }
            .run(object, arguments.get(0))
            .map(Some)
    }
}

unsafe extern "C" fn init(
    this: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and the arguments of a call.
    unsafe { enter(|py| begin(passed(py, this), Arguments::in_tuple(py, args, kwargs))) }
}

unsafe extern "C" fn call_with_tuple(
    this: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class, and the arguments of a call.
    unsafe {
        enter(|py| {
            let [_reference] = Arguments::in_tuple(py, args, kwargs).read(&CALL)?;
            let this = passed(py, this);
            class::payload::<Finalizer>(this).run(this, None)
        })
    }
}

/// With arguments for `__new__`, `object.__reduce_ex__` does not ask whether an object has more contents than it knows of.
unsafe extern "C" fn new_args(
    _this: *mut ffi::PyObject,
    _no_arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| tuple(py, [])) }
}

fn detach<'py>(
    this: Argument<'_, 'py>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    const SIGNATURE: Signature = Signature::new(Finalizer::CLASS, "detach", &[], 0);
    let py = this.py();
    let [] = arguments.read(&SIGNATURE)?;
    // SAFETY: methods are entered with an object of the class.
    let own: &Finalizer = unsafe { class::payload(this) };
    // First what may fail. (An object that is being destroyed keeps its finalizer: it is about to be called.)
    let Some(description) = own.describe(py)? else {
        return Ok(none(py));
    };
    Ok(own.end(this).map_or_else(|| none(py), |_task| description))
}

fn peek<'py>(this: Argument<'_, 'py>, arguments: Arguments<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    const SIGNATURE: Signature = Signature::new(Finalizer::CLASS, "peek", &[], 0);
    let py = this.py();
    let [] = arguments.read(&SIGNATURE)?;
    // SAFETY: as above.
    let description = unsafe { class::payload::<Finalizer>(this) }.describe(py)?;
    Ok(description.unwrap_or_else(|| none(py)))
}

unsafe extern "C" fn alive(this: *mut ffi::PyObject, _closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe {
        enter(|py| {
            Ok(boolean(
                py,
                class::payload::<Finalizer>(passed(py, this)).is_alive(),
            ))
        })
    }
}

/// In the words that 3.14 has for a property.
unsafe extern "C" fn refuse_alive(
    this: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe {
        enter(|py| {
            let missing = if value.is_null() { "deleter" } else { "setter" };
            Err::<(), _>(object::property_lacks(passed(py, this), "alive", missing))
        })
    }
}

unsafe extern "C" fn atexit(this: *mut ffi::PyObject, _closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe {
        enter(|py| {
            Ok(boolean(
                py,
                class::payload::<Finalizer>(passed(py, this)).runs_at_exit(),
            ))
        })
    }
}

unsafe extern "C" fn set_atexit(
    this: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and another one, or null.
    unsafe {
        enter(|py| {
            let this = passed(py, this);
            let Some(value) = Borrowed::from_ptr_or_opt(py, value) else {
                return Err(object::property_lacks(this, "atexit", "deleter"));
            };
            let atexit = object::is_true(&value)?;
            class::payload::<Finalizer>(this).atexit.set(atexit);
            Ok(())
        })
    }
}

unsafe extern "C" fn repr(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class. The formats take what they are given.
    unsafe {
        enter(|py| {
            let class = passed(py, ffi::Py_TYPE(this).cast());
            let name = attribute(&class, name::name(py))?;
            let object = class::payload::<Finalizer>(passed(py, this)).object(py)?;
            let (at, name) = (this.cast::<c_void>(), name.as_ptr());
            let Some(object) = object else {
                return given(
                    py,
                    ffi::PyUnicode_FromFormat(c"<%S object at %p; dead>".as_ptr(), name, at),
                );
            };
            let class = passed(py, ffi::Py_TYPE(object.as_ptr()).cast());
            let of = attribute(&class, name::name(py))?;
            let format = c"<%S object at %p; for '%S' at %p>".as_ptr();
            given(
                py,
                ffi::PyUnicode_FromFormat(
                    format,
                    name,
                    at,
                    of.as_ptr(),
                    object.as_ptr().cast::<c_void>(),
                ),
            )
        })
    }
}
