//! The one way to make a native class: a heap type whose objects are a [`Head`] of the interpreter's and a [`Payload`].
//!
//! # How it protects itself
//! - Zeroed memory is a valid, empty payload, so an object is complete from its allocation on, whatever fails or is
//!   collected in between (S15, S36).
//! - A payload has no destructor: an object that dies [gives up](Payload::release) what it owns, field by field, each empty
//!   before what it held goes.
//! - A reference leaves its referent before anything of it is given up. Destructors run then, and may start a collection,
//!   which calls the references to its garbage that it finds in the lists of their referents, be they on their way out or
//!   not.
//! - Deaths in a chain are [put off](super::remains) where the stack would not bear them (S35).

#![allow(
    unsafe_code,
    reason = "the layout of heap types and their entry points"
)]

use super::constant::Constant;
use super::error::{Raised, Result, given, kinds};
use super::remains::{self, Link};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_int, c_ulong, c_void};
use std::mem::offset_of;
use std::ptr;
#[cfg(Py_GIL_DISABLED)]
use std::sync::atomic::Ordering::Relaxed;

/// What the objects of a class begin with.
///
/// # Safety
/// It is the layout of the base class.
pub(crate) unsafe trait Head: 'static {
    /// The base class; null for `object`.
    fn base() -> *mut ffi::PyTypeObject;

    /// Takes the object out of what knows it by address. Gives nothing up, so runs nothing.
    ///
    /// # Safety
    /// `object` has this head, and the thread is attached.
    unsafe fn leave(object: *mut ffi::PyObject);

    /// What the head owns, to be visited and given up.
    ///
    /// # Safety
    /// As [`leave`](Self::leave).
    unsafe fn owned(object: *mut ffi::PyObject) -> *mut *mut ffi::PyObject;
}

// SAFETY: it is the layout of `object`.
unsafe impl Head for ffi::PyObject {
    fn base() -> *mut ffi::PyTypeObject {
        ptr::null_mut()
    }

    unsafe fn leave(_object: *mut ffi::PyObject) {}

    unsafe fn owned(_object: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
        ptr::null_mut()
    }
}

/// The data of an object behind its head.
///
/// # Safety
/// All-zero memory must be a valid value, unless all objects are [hidden](allocate_hidden) ones; and the type must have no
/// destructor that does anything once it has been [released](Self::release).
pub(crate) unsafe trait Payload: Sized + 'static {
    type Head: Head;

    /// Visits every reference that the payload owns, once (S15).
    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop>;

    /// Gives up all that it owns, once and for all. Allocates nothing.
    fn release(&self, py: Python<'_>);

    /// Gives up what may close a cycle, for the collector. The object may still be used.
    fn clear(&self, py: Python<'_>) {
        self.release(py);
    }

    /// Whether giving it up may set off the death of another object.
    fn sets_off(&self) -> bool {
        true
    }

    /// Where in the object there is a place for it to wait in, before it gives up what it owns: in its payload, or in its
    /// head, once that has [left](Head::leave).
    const LINK: usize;

    /// That place.
    fn link(object: *mut Object<Self>) -> *mut Link {
        object.wrapping_byte_add(Self::LINK).cast()
    }

    /// Back from that place to the object.
    fn of_link(link: *mut Link) -> *mut Object<Self> {
        link.wrapping_byte_sub(Self::LINK).cast()
    }

    /// Where the list of weak references to the object itself begins, if it can have any.
    const WEAK_LIST: Option<usize> = None;
}

#[repr(C)]
pub(crate) struct Object<P: Payload> {
    pub(crate) head: P::Head,
    pub(crate) payload: P,
}

/// Where a field of a payload is in its object.
macro_rules! offset_in_object {
    ($payload:ty, $field:ident) => {
        std::mem::offset_of!($crate::interpreter::class::Object<$payload>, payload)
            + std::mem::offset_of!($payload, $field)
    };
}

pub(crate) use offset_in_object;

/// How the collector, or somebody else, visits a reference.
#[derive(Clone, Copy)]
pub(crate) struct Visit {
    visit: ffi::visitproc,
    argument: *mut c_void,
}

/// The same function, called with the same argument.
impl PartialEq for Visit {
    fn eq(&self, other: &Self) -> bool {
        self.visit as usize == other.visit as usize && self.argument == other.argument
    }
}

/// The collector has seen enough.
pub(crate) struct Stop(c_int);

impl Visit {
    pub(crate) const fn new(visit: ffi::visitproc, argument: *mut c_void) -> Self {
        Self { visit, argument }
    }

    pub(crate) fn argument(self) -> *mut c_void {
        self.argument
    }

    /// Visits an object, or nothing.
    #[inline]
    pub(crate) fn one(self, object: *mut ffi::PyObject) -> std::result::Result<(), Stop> {
        if object.is_null() {
            return Ok(());
        }
        // SAFETY: a valid object, and the argument that came with the function.
        match unsafe { (self.visit)(object, self.argument) } {
            0 => Ok(()),
            stop => Err(Stop(stop)),
        }
    }
}

/// The payload of `object`.
///
/// # Safety
/// It is an instance of a class that was [made](create) for `P`, or of one that is derived.
#[inline]
pub(crate) unsafe fn payload<'a, P: Payload>(object: Borrowed<'a, '_, PyAny>) -> &'a P {
    // SAFETY: the caller's promise: it begins with this layout, and lives as long as the borrow of `object`.
    unsafe { &(*object.as_ptr().cast::<Object<P>>()).payload }
}

/// The payload of `object`, if it is an instance of `class`, which was [made](create) for `P`.
///
/// # Safety
/// The class was.
pub(crate) unsafe fn checked_payload<'a, P: Payload>(
    object: Borrowed<'a, '_, PyAny>,
    class: &Constant<PyType>,
) -> Option<&'a P> {
    let class = class.get(object.py()).as_ptr().cast();
    // SAFETY: valid objects; and it is an instance of the class.
    unsafe {
        let is_instance = ffi::PyObject_TypeCheck(object.as_ptr(), class) != 0;
        is_instance.then(|| payload(object))
    }
}

/// A slot of a class.
pub(crate) fn slot(slot: c_int, function: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot {
        slot,
        pfunc: function,
    }
}

/// Tables that the interpreter reads for ever: methods, members, computed attributes. It does not change them.
#[repr(transparent)]
pub(crate) struct Table<T, const N: usize>(pub(crate) [T; N]);

// SAFETY: see the type.
unsafe impl<T, const N: usize> Sync for Table<T, N> {}

impl<T, const N: usize> Table<T, N> {
    /// As slots take it.
    pub(crate) const fn pointer(&'static self) -> *mut c_void {
        (&raw const self.0).cast_mut().cast()
    }
}

/// What a list of methods ends with.
pub(crate) const LAST_METHOD: ffi::PyMethodDef = ffi::PyMethodDef::zeroed();

/// What a list of members ends with.
pub(crate) const LAST_MEMBER: ffi::PyMemberDef = ffi::PyMemberDef {
    name: ptr::null(),
    type_code: 0,
    offset: 0,
    flags: 0,
    doc: ptr::null(),
};

/// What a list of computed attributes ends with.
pub(crate) const LAST_ATTRIBUTE: ffi::PyGetSetDef = ffi::PyGetSetDef {
    name: ptr::null(),
    get: None,
    set: None,
    doc: ptr::null(),
    closure: ptr::null_mut(),
};

/// A member that tells the interpreter an offset: `__weaklistoffset__` or `__vectorcalloffset__`.
pub(crate) const fn offset_member(name: &'static CStr, offset: usize) -> ffi::PyMemberDef {
    ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code: ffi::Py_T_PYSSIZET,
        offset: offset as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: ptr::null(),
    }
}

/// Takes a [member](offset_member) out of the attributes of `class`, which is not immutable, if it is there: it was for the
/// interpreter.
pub(crate) fn hide_member(class: &Bound<'_, PyType>, name: &'static CStr) -> Result<()> {
    // SAFETY: a class, and a text that ends with zero. Null, for a value, deletes.
    let done =
        unsafe { ffi::PyObject_SetAttrString(class.as_ptr(), name.as_ptr(), ptr::null_mut()) };
    if done == 0 {
        return Ok(());
    }
    let raised = Raised::by_interpreter();
    if raised.is(class.py(), kinds::attribute_error()) {
        raised.clear(class.py());
        return Ok(());
    }
    Err(raised)
}

/// A class that takes part in garbage collection, from which others can be derived.
pub(crate) const OPEN: c_ulong = ffi::Py_TPFLAGS_BASETYPE | ffi::Py_TPFLAGS_HAVE_GC;

/// One that nobody can derive from, make objects of, or change.
pub(crate) const HIDDEN: c_ulong = ffi::Py_TPFLAGS_HAVE_GC
    | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION
    | ffi::Py_TPFLAGS_IMMUTABLETYPE;

/// So many slots a class may have.
const SLOTS: usize = 48;

impl<P: Payload> Object<P> {
    /// The object of a payload.
    pub(crate) fn of_payload(payload: &P) -> *mut ffi::PyObject {
        ptr::from_ref(payload)
            .wrapping_byte_sub(offset_of!(Self, payload))
            .cast_mut()
            .cast()
    }

    /// Makes the class `name`, whose objects carry a `P`.
    ///
    /// Without a `tp_new` of its own, it has the one of `object`: whoever makes objects of the standard class without
    /// `__init__`, as `copyreg` does, makes objects of this one (S40).
    pub(crate) fn create_class<'py, const N: usize>(
        py: Python<'py>,
        name: &'static CStr,
        flags: c_ulong,
        own: [ffi::PyType_Slot; N],
    ) -> Result<Bound<'py, PyType>> {
        const { assert!(N + 4 <= SLOTS, "room for all slots") };
        let collected = flags & ffi::Py_TPFLAGS_HAVE_GC != 0;
        let shared = [
            slot(ffi::Py_tp_dealloc, dealloc::<P> as *mut c_void),
            slot(
                if collected { ffi::Py_tp_traverse } else { 0 },
                traverse::<P> as *mut c_void,
            ),
            slot(
                if collected { ffi::Py_tp_clear } else { 0 },
                clear::<P> as *mut c_void,
            ),
        ];
        let mut slots = [const {
            ffi::PyType_Slot {
                slot: 0,
                pfunc: ptr::null_mut(),
            }
        }; SLOTS];
        for (place, slot) in slots.iter_mut().zip(own.into_iter().chain(shared)) {
            *place = slot;
        }
        let mut spec = ffi::PyType_Spec {
            name: name.as_ptr(),
            basicsize: size_of::<Object<P>>() as c_int,
            itemsize: 0,
            flags: (flags | ffi::Py_TPFLAGS_DEFAULT) as _,
            slots: slots.as_mut_ptr(),
        };
        // SAFETY: the specification is complete; name and tables are static, and the interpreter copies the slots.
        unsafe { create(py, &mut spec, P::Head::base().cast()) }
    }
}

/// Makes a class.
///
/// # Safety
/// The specification is right, and its texts are static. `base` is a class, or null for `object`.
pub(crate) unsafe fn create<'py>(
    py: Python<'py>,
    spec: &mut ffi::PyType_Spec,
    base: *mut ffi::PyObject,
) -> Result<Bound<'py, PyType>> {
    // SAFETY: the caller's promise.
    unsafe {
        let created = ffi::PyType_FromSpecWithBases(spec, base);
        if created.is_null() {
            // There was no memory, for the specification is right. The interpreter does not always say so.
            ffi::PyErr_NoMemory();
        }
        let class = given(py, created)?;
        #[cfg(Py_GIL_DISABLED)]
        stop_counting(created);
        Ok(class.cast_into_unchecked())
    }
}

/// Makes a class immortal, which lives as long as the process anyway. Else every thread would change the one count that all
/// have of it, at each death of an instance.
///
/// # Safety
/// The class has just been made, so no other thread knows it.
#[cfg(Py_GIL_DISABLED)]
unsafe fn stop_counting(class: *mut ffi::PyObject) {
    unsafe extern "C" {
        fn PyUnstable_IsImmortal(object: *mut ffi::PyObject) -> c_int;
    }
    // SAFETY: the caller's promise: nobody else changes the thread's own count.
    unsafe {
        let own = &(*class).ob_ref_local;
        let count = own.load(Relaxed);
        own.store(u32::MAX, Relaxed);
        if PyUnstable_IsImmortal(class) == 0 {
            // Another interpreter's mark: it is counted, then.
            own.store(count, Relaxed);
        }
    }
}

/// A new object of `class`, as `object.__new__` makes it.
///
/// # Safety
/// `class` was [made](Object::create_class) over the head of `object`, or is derived from such a class.
pub(crate) unsafe fn allocate<'py>(
    py: Python<'py>,
    class: *mut ffi::PyTypeObject,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: the base's constructor, which has one, called as the interpreter would for a subclass without arguments.
    unsafe {
        let arguments = given(py, ffi::PyTuple_New(0))?;
        let new = ffi::PyBaseObject_Type
            .tp_new
            .unwrap_or(ffi::PyType_GenericNew);
        given(py, new(class, arguments.as_ptr(), ptr::null_mut()))
    }
}

/// A new object of a [hidden](HIDDEN) class, which nobody has seen yet.
///
/// # Safety
/// `class` was [made](create) for `P`.
pub(crate) unsafe fn allocate_hidden<'py, P: Payload>(
    class: &Constant<PyType>,
    py: Python<'py>,
    payload: P,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: the class's memory, zeroed; nothing can run before the payload is in place.
    unsafe {
        let object = given(
            py,
            ffi::PyType_GenericAlloc(class.get(py).as_ptr().cast(), 0),
        )?;
        (&raw mut (*object.as_ptr().cast::<Object<P>>()).payload).write(payload);
        Ok(object)
    }
}

unsafe extern "C" fn traverse<P: Payload>(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: called by the collector on an object of this layout. The instances of a heap type count as references to it.
    unsafe {
        let visit = Visit { visit, argument };
        let of_head = P::Head::owned(object);
        let of_head = if of_head.is_null() {
            of_head.cast()
        } else {
            *of_head
        };
        let visited = (*object.cast::<Object<P>>())
            .payload
            .visit(visit)
            .and_then(|()| visit.one(of_head))
            .and_then(|()| visit.one(ffi::Py_TYPE(object).cast()));
        match visited {
            Ok(()) => 0,
            Err(Stop(stop)) => stop,
        }
    }
}

unsafe extern "C" fn clear<P: Payload>(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: called by the collector on an object of this layout, which it keeps alive meanwhile.
    unsafe {
        P::Head::leave(object);
        (*object.cast::<Object<P>>())
            .payload
            .clear(Python::assume_attached());
        release_head::<P>(object);
    }
    0
}

unsafe extern "C" fn dealloc<P: Payload>(object: *mut ffi::PyObject) {
    // SAFETY: called once, when the last reference to an object of this layout is gone.
    unsafe {
        if ffi::PyType_IS_GC(ffi::Py_TYPE(object)) != 0 {
            ffi::PyObject_GC_UnTrack(object.cast());
        }
        P::Head::leave(object);
        let of_head = P::Head::owned(object);
        let sets_off = (*object.cast::<Object<P>>()).payload.sets_off()
            || !of_head.is_null() && remains::may_set_off(*of_head);
        if !sets_off {
            free::<P>(object);
        } else if remains::too_many() {
            remains::put_off(P::link(object.cast()), free_later::<P>);
        } else {
            remains::one_deeper(|| free::<P>(object));
        }
    }
}

/// For an object whose death was put off.
unsafe fn free_later<P: Payload>(link: *mut Link) {
    // SAFETY: the object has waited, and nobody else knows it.
    unsafe { free::<P>(P::of_link(link).cast()) }
}

/// What is left to do of a death. The object's own weak references are cleared before its contents; its reference to its
/// heap type goes last.
unsafe fn free<P: Payload>(object: *mut ffi::PyObject) {
    // SAFETY: the object is dead, and has left what knows it by address.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if P::WEAK_LIST.is_some() {
            ffi::PyObject_ClearWeakRefs(object);
        }
        release::<P>(object);
        if let Some(free) = (*class).tp_free {
            free(object.cast());
        }
        ffi::Py_DECREF(class.cast());
    }
}

/// Gives up what an object owns, its class apart.
unsafe fn release<P: Payload>(object: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls with the thread attached, on an object of this layout.
    unsafe {
        let py = Python::assume_attached();
        (*object.cast::<Object<P>>()).payload.release(py);
        release_head::<P>(object);
    }
}

unsafe fn release_head<P: Payload>(object: *mut ffi::PyObject) {
    // SAFETY: as above; the field is empty before what it held goes.
    unsafe {
        let of_head = P::Head::owned(object);
        if !of_head.is_null() {
            ffi::Py_XDECREF(ptr::replace(of_head, ptr::null_mut()));
        }
    }
}
