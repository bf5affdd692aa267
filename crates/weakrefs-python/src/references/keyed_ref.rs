//! `KeyedRef`: a weak reference to a value that carries the key of the value's entry.
//!
//! Beside the key, which users see, it carries the hash under which a `WeakValueDictionary` keeps
//! the entry: an eviction calls no `__hash__`.

#![allow(unsafe_code, reason = "a native class")]

use super::layout::LINK_OF_HEAD;
use super::subclass;
#[cfg(not(Py_GIL_DISABLED))]
use super::weak_list;
use super::weak_ref::WeakRef;
use crate::ephemerons::engine;
use crate::interpreter::arguments::{Arguments, Signature};
#[cfg(Py_GIL_DISABLED)]
use crate::interpreter::class::LAST_ATTRIBUTE;
use crate::interpreter::class::{self, Object, Payload, Stop, Table, Visit, slot};
#[cfg(not(Py_GIL_DISABLED))]
use crate::interpreter::class::{LAST_MEMBER, offset_in_object};
use crate::interpreter::constant::Constant;
#[cfg(not(Py_GIL_DISABLED))]
use crate::interpreter::entry::passed;
use crate::interpreter::error::Result;
use crate::interpreter::guarded::Number;
#[cfg(Py_GIL_DISABLED)]
use crate::interpreter::object;
use crate::interpreter::object::Argument;
use crate::interpreter::owned::{Slot, Strong};
use crate::interpreter::remains;
use crate::interpreter::slots::{self, Instance};
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::c_int;

#[repr(C)]
struct Keyed {
    key: Slot,
    hash: Number,
}

// SAFETY: an empty slot and the number zero; no destructor.
unsafe impl Payload for Keyed {
    type Head = ffi::PyWeakReference;

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        let reference = Object::of_payload(self).cast::<ffi::PyWeakReference>();
        // SAFETY: the collector calls, with a valid reference.
        if unsafe { engine::has_not_found((*reference).wr_object, visit) } {
            // Visited for its callback alone, if not from elsewhere before (S43).
            return Ok(());
        }
        visit.one(self.key.as_ptr())
    }

    fn release(&self, py: Python<'_>) {
        self.key.clear(py);
    }

    fn sets_off(&self) -> bool {
        // SAFETY: the collector or the interpreter calls, with the thread attached; the field owns what it holds.
        unsafe { remains::may_set_off(self.key.as_ptr()) }
    }

    const LINK: usize = LINK_OF_HEAD;
}

/// The class `KeyedRef`.
pub(crate) static CLASS: Constant<PyType> = Constant::new();

const KEY_DOC: &std::ffi::CStr = c"The key that belongs to the referent.";

/// `key`: a member, which the interpreter reads and writes by itself where that is safe.
#[cfg(not(Py_GIL_DISABLED))]
static MEMBERS: Table<ffi::PyMemberDef, 2> = Table([
    ffi::PyMemberDef {
        name: c"key".as_ptr(),
        type_code: ffi::Py_T_OBJECT_EX,
        offset: (offset_in_object!(Keyed, key)) as ffi::Py_ssize_t,
        flags: 0,
        doc: KEY_DOC.as_ptr(),
    },
    LAST_MEMBER,
]);

#[cfg(Py_GIL_DISABLED)]
static MEMBERS: Table<ffi::PyGetSetDef, 2> = Table([
    slots::settable_attribute(c"key", get_key, set_key, KEY_DOC),
    LAST_ATTRIBUTE,
]);

#[cfg(Py_GIL_DISABLED)]
fn get_key<'py>(this: Instance<'_, 'py, Keyed>) -> Result<Bound<'py, PyAny>> {
    let key = this.key.get(this.py());
    key.ok_or_else(|| object::lacks(this.as_object(), "key"))
}

#[cfg(Py_GIL_DISABLED)]
fn set_key<'py>(this: Instance<'_, 'py, Keyed>, value: Option<Argument<'_, 'py>>) -> Result<()> {
    let is_deleted = value.is_none();
    let replaced = this.key.replace(this.py(), value.map(Borrowed::to_owned));
    if is_deleted && replaced.is_none() {
        return Err(object::lacks(this.as_object(), "key"));
    }
    drop(replaced);
    Ok(())
}

const DOC: &std::ffi::CStr = c"KeyedRef(ob, callback, key)\n--\n\n\
    A weak reference that carries a key.\n\n\
    A WeakValueDictionary holds one for each of its values; `keyrefs` and its kin return\n\
    them. `callback` is called with the reference when `ob` dies (None: nothing is);\n\
    `key` is any object, readable and writable as the attribute `key`.\n\n\
    Raises TypeError if `ob` cannot be weakly referenced. Never shared.\n\n\
    >>> import weakrefs\n\
    >>> class Record: pass\n\
    >>> record = Record()\n\
    >>> reference = weakrefs.KeyedRef(record, None, 'first')\n\
    >>> reference() is record, reference.key\n\
    (True, 'first')\n";

const MEMBERS_SLOT: c_int = if cfg!(Py_GIL_DISABLED) {
    ffi::Py_tp_getset
} else {
    ffi::Py_tp_members
};

/// Makes the class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    CLASS.make(py, || {
        Object::<Keyed>::create_subclass_of_ref(
            py,
            c"weakrefs.KeyedRef",
            0,
            [
                slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
                slot(MEMBERS_SLOT, MEMBERS.pointer()),
                slots::constructor(new),
                slots::call(ffi::Py_tp_init, init),
            ],
        )
    })?;
    Ok(())
}

fn payload<'a>(object: Borrowed<'a, '_, PyAny>) -> Option<&'a Keyed> {
    // SAFETY: the class was made for this payload.
    unsafe { class::checked_payload(object, &CLASS) }
}

/// A new `KeyedRef` to `referent` for the entry of `key`, whose hash is `hash`.
#[inline]
pub(crate) fn create<'py>(
    referent: Argument<'_, 'py>,
    callback: Argument<'_, 'py>,
    key: &Bound<'py, PyAny>,
    hash: isize,
) -> Result<WeakRef> {
    let py = referent.py();
    let object = subclass::create(CLASS.get(py), referent, callback)?;
    // SAFETY: it has just been made, of the class.
    let keyed: &Keyed = unsafe { class::payload(object.as_borrowed()) };
    let none = keyed.key.replace(py, Some(key.clone()));
    debug_assert!(none.is_none(), "a new one");
    keyed.hash.set(hash);
    // SAFETY: the class is a subclass of `ref`.
    Ok(unsafe { WeakRef::from_unchecked(object) })
}

/// Whether a reference can be [used again](reuse). Without a global lock it is not known who has it, nor are the lists
/// of two referents changed at once.
pub(crate) const REUSABLE: bool = cfg!(not(Py_GIL_DISABLED));

/// Makes of `reference`, which was [created](create) for the entry that owns it, the one that would be created for
/// `referent`, with the same hash: if nobody else has it, so that nobody can tell. Runs nothing; gives what it owned, which is
/// to be dropped.
#[cfg(not(Py_GIL_DISABLED))]
#[inline]
pub(crate) fn reuse<'py>(
    reference: &WeakRef,
    referent: Argument<'_, 'py>,
    callback: Argument<'_, 'py>,
    key: &Bound<'py, PyAny>,
) -> Option<Option<Bound<'py, PyAny>>> {
    let py = referent.py();
    let object = reference.object().as_ptr();
    let raw = object.cast::<ffi::PyWeakReference>();
    // SAFETY: fields of a valid reference and a valid referent. Of one that is dead, or about to tell, there is no referent
    // or no callback, and others may have it without a count.
    unsafe {
        let is_own = ffi::Py_REFCNT(object) == 1
            && CLASS.is(ffi::Py_TYPE(object).cast())
            && (*raw).wr_callback == callback.as_ptr()
            && (*raw).wr_object != ffi::Py_None();
        if !is_own
            || !weak_list::is_at_hand(&passed(py, (*raw).wr_object))
            || !weak_list::is_at_hand(&referent)
        {
            return None;
        }
        weak_list::lead_to(raw, &referent);
        let keyed = &(*object.cast::<Object<Keyed>>()).payload;
        Some(if keyed.key.as_ptr() == key.as_ptr() {
            None
        } else {
            keyed.key.replace(py, Some(key.clone()))
        })
    }
}

#[cfg(Py_GIL_DISABLED)]
pub(crate) fn reuse<'py>(
    _reference: &WeakRef,
    _referent: Argument<'_, 'py>,
    _callback: Argument<'_, 'py>,
    _key: &Bound<'py, PyAny>,
) -> Option<Option<Bound<'py, PyAny>>> {
    None
}

/// Whether nothing runs when an entry of `key` and `reference` is given up.
#[inline]
pub(crate) fn is_inert(key: &Strong, reference: &WeakRef) -> bool {
    let object = reference.object().as_ptr();
    // SAFETY: valid objects, looked at with the thread attached. If the reference is of the class, it has the payload.
    unsafe {
        let is_inert =
            |key: Option<Argument<'_, '_>>| key.is_none_or(|key| remains::is_inert(key.as_ptr()));
        remains::is_inert(key.as_ptr())
            && CLASS.is(ffi::Py_TYPE(object).cast())
            && (*object.cast::<Object<Keyed>>())
                .payload
                .key
                .with(Python::assume_attached(), is_inert)
    }
}

/// The key of `object`, if it is a `KeyedRef` that has one.
pub(crate) fn key<'py>(object: Argument<'_, 'py>) -> Option<Bound<'py, PyAny>> {
    payload(object)?.key.get(object.py())
}

/// The hash that belongs to the key of `object`, if it is a `KeyedRef`.
pub(crate) fn hash(object: Argument<'_, '_>) -> Option<isize> {
    Some(payload(object)?.hash.get())
}

static NEW: Signature = Signature::new("KeyedRef", "__new__", PARAMETERS, 3).receiver("type");
static INIT: Signature = Signature::new("KeyedRef", "__init__", PARAMETERS, 3);
const PARAMETERS: &[&str] = &["ob", "callback", "key"];

/// The constructor has done everything; what it was given may have been other arguments, by a subclass.
fn init<'py>(_this: Instance<'_, 'py, Keyed>, arguments: Arguments<'_, 'py>) -> Result<()> {
    arguments.all::<3>(&INIT).map(drop)
}

fn new<'py>(
    class: Borrowed<'_, 'py, PyType>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let [referent, callback, key] = arguments.all(&NEW)?;
    let object = subclass::create(class, referent, callback)?;
    // SAFETY: it has just been made, of the class or a derived one.
    let keyed: &Keyed = unsafe { class::payload(object.as_borrowed()) };
    // Nobody has it yet: it is empty.
    drop(keyed.key.replace(class.py(), Some(key.to_owned())));
    Ok(object)
}
