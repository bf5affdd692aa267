//! `KeyedRef`: a weak reference to a value that carries the key of the value's entry.
//!
//! Beside the key, which users see, it carries the hash under which a `WeakValueDictionary` keeps
//! the entry: an eviction calls no `__hash__`.

#![allow(unsafe_code, reason = "a heap type over `ref_subclass`")]

use crate::entry_point::enter;
use crate::guarded::Lazy;
use crate::ref_subclass::{self, CallArguments, Layout, Owned, Payload};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::offset_of;

#[repr(C)]
struct Keyed {
    key: [Owned; 1],
    hash: Cell<isize>,
}

// SAFETY: a null pointer and the number zero; no destructor.
unsafe impl Payload for Keyed {
    fn owned(&self) -> &[Owned] {
        &self.key
    }
}

/// The type `KeyedRef`.
pub(crate) fn class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    static CLASS: Lazy<PyType> = Lazy::new();
    CLASS.get_or_make(py, || {
        let key = ffi::PyMemberDef {
            name: c"key".as_ptr(),
            type_code: ffi::Py_T_OBJECT_EX,
            offset: (offset_of!(Layout<Keyed>, payload) + offset_of!(Keyed, key)) as ffi::Py_ssize_t,
            flags: 0,
            doc: c"The key that belongs to the referent.".as_ptr(),
        };
        ref_subclass::create_type::<Keyed>(
            py,
            c"weakrefs.KeyedRef",
            c"KeyedRef(ob, callback, key)\n--\n\n\
              A weak reference that carries a key.\n\n\
              A WeakValueDictionary holds one for each of its values; `keyrefs` and its kin return\n\
              them. `callback` is called with the reference when `ob` dies (None: nothing is);\n\
              `key` is any object, readable and writable as the attribute `key`.\n\n\
              Raises TypeError if `ob` cannot be weakly referenced. Never shared (S6, S26).\n\n\
              >>> import weakrefs\n\
              >>> class Record: pass\n\
              >>> record = Record()\n\
              >>> reference = weakrefs.KeyedRef(record, None, 'first')\n\
              >>> reference() is record, reference.key\n\
              (True, 'first')\n",
            Box::leak(Box::new([key, ref_subclass::END_OF_MEMBERS])),
            vec![
                ffi::PyType_Slot { slot: ffi::Py_tp_new, pfunc: new as *mut c_void },
                ffi::PyType_Slot {
                    slot: ffi::Py_tp_init,
                    pfunc: ref_subclass::accept_any_arguments as *mut c_void,
                },
            ],
        )
    })
}

/// A new `KeyedRef` to `referent` for the entry of `key`, whose hash is `hash`.
pub(crate) fn create<'py>(
    referent: &Bound<'py, PyAny>,
    callback: &Bound<'py, PyAny>,
    key: &Bound<'py, PyAny>,
    hash: isize,
) -> PyResult<Bound<'py, PyAny>> {
    let class = class(referent.py())?;
    let object = ref_subclass::create(&class, referent, callback)?;
    if let Some(keyed) = ref_subclass::payload::<Keyed>(&object, &class) {
        keyed.key[0].set(Some(key.clone()));
        keyed.hash.set(hash);
    }
    Ok(object)
}

/// The key of `object`, if it is a `KeyedRef` that has one.
pub(crate) fn key<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let keyed = ref_subclass::payload::<Keyed>(object, &class(object.py())?);
    Ok(keyed.and_then(|keyed| keyed.key[0].get(object.py())))
}

/// The hash that belongs to the key of `object`, which must be a `KeyedRef`.
pub(crate) fn hash(object: &Bound<'_, PyAny>) -> PyResult<isize> {
    ref_subclass::payload::<Keyed>(object, &class(object.py())?)
        .map(|keyed| keyed.hash.get())
        .ok_or_else(|| PyTypeError::new_err("expected a KeyedRef"))
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
    let [referent, callback, key] = ref_subclass::arguments(
        "KeyedRef",
        ["ob", "callback", "key"],
        3,
        &args,
        kwargs.as_ref(),
    )?;
    let (Some(referent), Some(callback)) = (referent, callback) else {
        unreachable!("required arguments");
    };
    let object = ref_subclass::create(class.cast::<PyType>()?, &referent, &callback)?;
    if let Some(keyed) = ref_subclass::payload::<Keyed>(&object, &self::class(object.py())?) {
        keyed.key[0].set(key);
    }
    Ok(object)
}
