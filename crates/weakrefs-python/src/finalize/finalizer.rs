//! The class `finalize`.
//!
//! A finalizer that is alive has its task in itself and itself in the [`registry`], which keeps it alive however few know
//! of it. [`end`](Finalizer::end) is what every way of ending it does (a call, the death of the object, `detach`), in one
//! step that runs nothing: whatever threads race, one of them gets the task. A finalizer without a task is dead, owns
//! nothing and closes no cycle.

#![allow(unsafe_code, reason = "a native class")]

use super::{exit, holder, registry};
use crate::ephemerons::engine::{self, Marked};
use crate::ephemerons::rule;
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{
    self, LAST_ATTRIBUTE, LAST_MEMBER, LAST_METHOD, OPEN, Object, Payload, Stop, Table as Static,
    Visit, offset_in_object, offset_member, slot,
};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::{Result, given};
use crate::interpreter::guarded::Flag;
use crate::interpreter::lock::{Hold, Lock};
use crate::interpreter::method::{self, Native};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, attribute, boolean, call_with, dict, none, property_lacks, tuple, type_of,
};
use crate::interpreter::owned::Slot;
use crate::interpreter::remains::{self, Link};
use crate::interpreter::slots::{self, Instance, Receiver};
use crate::interpreter::vectorcall::{Direct, DirectObjects, Original, construct_directly};
use crate::references::weak_ref::WeakRef;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// What a finalizer holds. Zeroed memory is a dead one, as `object.__new__` makes it: such is a copy, too (S40).
#[repr(C)]
pub(crate) struct Finalizer {
    /// Without it, as in one that was never to be alive, the interpreter calls by `tp_call`.
    entry: AtomicPtr<c_void>,
    /// Held while the task and what says whether there is one are read or changed.
    lock: Lock,
    /// The weak reference to the object, which calls the finalizer.
    pub(super) object: Slot,
    function: Slot,
    /// A tuple.
    args: Slot,
    /// A `dict`, or empty.
    kwargs: Slot,
    alive: Flag,
    atexit: Flag,
    /// Whether it waits to give up what it has done.
    pub(super) waits: Flag,
    /// Whether the function is a method of the object, or the object among the arguments.
    pub(super) refers_to_object: Flag,
    pub(super) marked: Marked,
    pub(super) place: registry::Place,
    pub(super) link: UnsafeCell<Link>,
}

/// A finalizer object.
type This<'a, 'py> = Instance<'a, 'py, Finalizer>;

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
        holder::report(self, visit)
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

    const LINK: usize = offset_in_object!(Self, link);
}

impl Finalizer {
    /// Visits what the task consists of, beside the object.
    pub(super) fn visit_task(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.function.as_ptr())?;
        visit.one(self.args.as_ptr())?;
        visit.one(self.kwargs.as_ptr())
    }

    pub(super) fn is_alive(&self) -> bool {
        self.alive.get()
    }

    pub(super) fn runs_at_exit(&self) -> bool {
        self.alive.get() && self.atexit.get()
    }

    /// Takes the task, if there is one: the finalizer is dead then. O(1).
    pub(super) fn end<'py>(&self, this: Argument<'_, 'py>) -> Option<Task<'py>> {
        self.lock.hold(this.py(), || self.end_inside(this))
    }

    /// The same, under the lock.
    fn end_inside<'py>(&self, this: Argument<'_, 'py>) -> Option<Task<'py>> {
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
        if !remains::too_many() || self.waits.replace(true) {
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
        let parts = (object, function, args, kwargs);
        let kept = self.lock.hold(py, || {
            if self.alive.get() {
                // It was initialised anew.
                return Err(parts);
            }
            let (object, function, args, kwargs) = parts;
            // What a dead finalizer has is nothing.
            Ok((
                self.object.replace(py, object),
                self.function.replace(py, function),
                self.args.replace(py, args),
                self.kwargs.replace(py, kwargs),
            ))
        });
        if let Err(parts) = kept {
            self.waits.set(false);
            remains::one_deeper(|| drop((parts, finalizer)));
            return;
        }
        // SAFETY: the link is in no list, as it did not wait, and it is kept alive.
        unsafe { remains::put_off(Self::link(finalizer.into_ptr().cast()), give_up_later) }
    }

    /// `(obj, func, args, kwargs)`, if the finalizer is alive and so is the object.
    fn describe<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        let Some([reference, function, args, kwargs]) = self.parts(py) else {
            return Ok(None);
        };
        let (Some(reference), Some(function), Some(args)) = (reference, function, args) else {
            return Ok(None);
        };
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
        let index = object::integer(py, registry::index(py, self))?;
        let Some(parts) = self.parts(py) else {
            return Ok(None);
        };
        let parts = parts.map(|part| part.unwrap_or_else(|| none(py)));
        let [reference, function, args, kwargs] = &parts;
        tuple(
            py,
            [reference, function, args, kwargs, &index].map(Bound::as_borrowed),
        )
        .map(Some)
    }

    /// The reference, the function and the arguments of a finalizer that is alive.
    fn parts<'py>(&self, py: Python<'py>) -> Option<[Option<Bound<'py, PyAny>>; 4]> {
        self.lock.hold(py, || {
            let parts = [&self.object, &self.function, &self.args, &self.kwargs];
            self.alive.get().then(|| parts.map(|part| part.get(py)))
        })
    }

    /// The object, if it and the finalizer are alive.
    fn object<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        match self.parts(py).and_then(|[reference, ..]| reference) {
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
        let parts = own.lock.hold(py, || {
            own.waits.set(false);
            let parts = [&own.object, &own.function, &own.args, &own.kwargs];
            (!own.alive.get()).then(|| parts.map(|part| part.take(py)))
        });
        drop(parts);
    }
}

/// The class `finalize`.
pub(crate) static CLASS: Constant<PyType> = Constant::new();

const DOC: &CStr = c"finalize(obj, func, /, *args, **kwargs)\n--\n\n\
    finalize(obj, func, /, *args, **kwargs): call func(*args, **kwargs) when obj dies.\n\n\
    It is called once: when obj dies, at the call of the finalizer, or at exit (unless `atexit` was\n\
    set to False), whichever comes first. The finalizer need not be kept.\n\n\
    func may be a method of obj, and obj may be among the arguments: then it is called at the first\n\
    full collection that finds obj unreachable, on the intact object, before its __del__, as far as\n\
    ephemerons() is active. In longer ways, func, args and kwargs must not own obj, or it will\n\
    never die.\n\n\
    An error in func goes to sys.unraisablehook when obj dies, to sys.excepthook at exit, and to the\n\
    caller of a call. Raises TypeError if obj cannot be weakly referenced. Creation and every method\n\
    are O(1); safe under threads.\n\n\
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
    offset_member(c"__vectorcalloffset__", offset_in_object!(Finalizer, entry)),
    LAST_MEMBER,
]);

static METHODS: Static<ffi::PyMethodDef, 2> = Static([
    slots::method(
        c"__getnewargs__",
        new_args,
        c"__getnewargs__($self)\n--\n\n\
          Return (): a copy is a dead finalizer of the same class, with the same attributes.",
    ),
    LAST_METHOD,
]);

/// The methods that the class describes.
static NATIVES: [Native; 2] = [
    Native::new(name::detach, detach),
    Native::new(name::peek, peek),
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
    slots::settable_attribute(
        c"alive",
        alive,
        refuse_alive,
        c"Whether the finalizer is alive.",
    ),
    slots::settable_attribute(
        c"atexit",
        atexit,
        set_atexit,
        c"Whether the finalizer is alive and is to be called at exit. Writable while it is alive.",
    ),
    LAST_ATTRIBUTE,
]);

/// Makes the class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    CLASS.make(py, || {
        let class = Object::<Finalizer>::create_class(
            py,
            c"weakrefs.finalize",
            OPEN | ffi::Py_TPFLAGS_HAVE_VECTORCALL,
            [
                slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
                slot(ffi::Py_tp_members, MEMBERS.pointer()),
                slot(ffi::Py_tp_methods, METHODS.pointer()),
                slot(ffi::Py_tp_getset, ATTRIBUTES.pointer()),
                slots::call(ffi::Py_tp_init, begin),
                slots::call(ffi::Py_tp_call, call_with_tuple),
                slots::unary(ffi::Py_tp_repr, repr),
            ],
        )?;
        class::hide_member(&class, c"__vectorcalloffset__")?;
        exit::put_names(&class)?;
        construct_directly::<Finalizer>(&class);
        Ok(class)
    })?;
    holder::register(py);
    Ok(())
}

static INIT: Signature =
    Signature::new("finalize", "__init__", &["obj", "func"], 2).positional_only();
static CALL: Signature = Signature::new("finalize", "__call__", &["_"], 0);

/// Gives `this` the task that `arguments` say, and makes it alive. Initialised anew, it forgets what it had to do, and
/// becomes the newest.
fn begin<'py>(own: This<'_, 'py>, arguments: Arguments<'_, 'py>) -> Result<()> {
    let this = own.as_object();
    let py = this.py();
    let [object, function] = arguments.up_to(2).positional().all(&INIT)?;
    let (args, kwargs) = (arguments.rest(2)?, arguments.named()?);
    exit::register(py)?;
    let refers_to_object = engine::IS_POSSIBLE
        && (rule::is_method_of(function, object)
            || rule::refers_to(args.as_any().as_borrowed(), object)
            || kwargs
                .as_ref()
                .is_some_and(|kwargs| rule::refers_to(kwargs.as_any().as_borrowed(), object)));
    // The interpreter reads it without a lock: it is there before a reference calls, and stays as it is.
    if own.entry.load(Ordering::Relaxed).is_null() {
        own.entry
            .store(Finalizer::ENTRY as *mut c_void, Ordering::Relaxed);
    }
    let reference = WeakRef::new(&object, this)?;
    // From here on nothing runs, nor fails, until all is in place.
    let forgotten = own.lock.hold(py, || {
        let task = own.end_inside(this);
        let waiting = (
            own.object
                .replace(py, Some(reference.object().bind(py).clone())),
            own.function.replace(py, Some(function.to_owned())),
            own.args.replace(py, Some(args.into_any())),
            own.kwargs.replace(py, kwargs.map(Bound::into_any)),
        );
        own.alive.set(true);
        own.atexit.set(true);
        own.refers_to_object.set(refers_to_object);
        // SAFETY: a finalizer that has just become alive.
        unsafe { registry::add(this) };
        (task, waiting)
    });
    if refers_to_object && registry::index(py, &own) % engine::SOME == 0 {
        engine::has_news(py);
    }
    drop(forgotten);
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
        // SAFETY: the class itself, and its object.
        unsafe {
            let finalizer = class::allocate(class.py(), class.as_ptr().cast())?;
            begin(This::new(finalizer.as_borrowed()), arguments)?;
            Ok(Some(finalizer))
        }
    }
}

impl DirectObjects for Finalizer {
    fn call<'py>(
        this: This<'_, 'py>,
        arguments: Arguments<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        if arguments.unnamed() > 1 || arguments.has_named() {
            return Ok(None);
        }
        this.run(this.as_object(), arguments.get(0)).map(Some)
    }
}

fn call_with_tuple<'py>(
    this: This<'_, 'py>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let [_reference] = arguments.read(&CALL)?;
    this.run(this.as_object(), None)
}

/// With arguments for `__new__`, `object.__reduce_ex__` does not ask whether an object has more contents than it knows of.
fn new_args<'py>(this: This<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    tuple(this.py(), [])
}

fn detach<'py>(this: This<'_, 'py>, arguments: Arguments<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    const SIGNATURE: Signature = Signature::new(Finalizer::CLASS, "detach", &[], 0);
    let py = this.py();
    let [] = arguments.read(&SIGNATURE)?;
    // First what may fail. (An object that is being destroyed keeps its finalizer: it is about to be called.)
    let Some(description) = this.describe(py)? else {
        return Ok(none(py));
    };
    let task = this.end(this.as_object());
    Ok(task.map_or_else(|| none(py), |_task| description))
}

fn peek<'py>(this: This<'_, 'py>, arguments: Arguments<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    const SIGNATURE: Signature = Signature::new(Finalizer::CLASS, "peek", &[], 0);
    let [] = arguments.read(&SIGNATURE)?;
    let description = this.describe(this.py())?;
    Ok(description.unwrap_or_else(|| none(this.py())))
}

fn alive<'py>(this: This<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    Ok(boolean(this.py(), this.is_alive()))
}

/// In the words that 3.14 has for a property.
fn refuse_alive<'py>(this: This<'_, 'py>, value: Option<Argument<'_, 'py>>) -> Result<()> {
    let missing = if value.is_none() { "deleter" } else { "setter" };
    Err(property_lacks(this.as_object(), "alive", missing))
}

fn atexit<'py>(this: This<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    Ok(boolean(this.py(), this.runs_at_exit()))
}

fn set_atexit<'py>(this: This<'_, 'py>, value: Option<Argument<'_, 'py>>) -> Result<()> {
    let Some(value) = value else {
        return Err(property_lacks(this.as_object(), "atexit", "deleter"));
    };
    let atexit = object::is_true(&value)?;
    this.payload().atexit.set(atexit);
    Ok(())
}

fn repr<'py>(this: This<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    let py = this.py();
    let at = |object: Argument<'_, '_>| object.as_ptr().cast::<c_void>();
    let name_of = |object: Argument<'_, 'py>| attribute(&type_of(object), name::name(py));
    let name = name_of(this.as_object())?;
    // SAFETY: the formats take what they are given; each result is a new reference, or null with an error set.
    unsafe {
        let (this, name, object) = (at(this.as_object()), name.as_ptr(), this.object(py)?);
        let Some(object) = object else {
            let format = c"<%S object at %p; dead>".as_ptr();
            return given(py, ffi::PyUnicode_FromFormat(format, name, this));
        };
        let of = name_of(object.as_borrowed())?;
        let (format, object) = (
            c"<%S object at %p; for '%S' at %p>".as_ptr(),
            at(object.as_borrowed()),
        );
        given(
            py,
            ffi::PyUnicode_FromFormat(format, name, this, of.as_ptr(), object),
        )
    }
}
