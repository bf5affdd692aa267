//! For which objects the rule holds, and whether the engine is active.
//!
//! It is where the collector is known to be the one that [the room](super) describes, and in this copy of the package, if it
//! was the first in the process to ask: the first leaves a capsule in the interpreter's dictionary.

#![allow(
    unsafe_code,
    reason = "the interpreter's state, and the traversal of a function"
)]

use super::{engine, header, poll};
use crate::interpreter::class::{self, LAST_METHOD, Table as Static};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::{Raised, Result, done, given, value_error};
use crate::interpreter::object::{self, Argument, none};
use crate::interpreter::slots;
use pyo3::types::PyType;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

/// For which containers of a kind the rule holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Never,
    /// Those whose class says so.
    ByClass,
    /// Those, and all while the [switch](holds_for_all) is on.
    BySwitch,
}

/// The class that others derive from to say so. It has nothing in it.
static CLASS: Constant<PyType> = Constant::new();

/// Whether the rule holds wherever it can.
static FOR_ALL: AtomicBool = AtomicBool::new(false);

impl Rule {
    /// Whether the rule holds for `object`, a container of the kind.
    #[inline]
    pub(crate) fn holds_for(self, object: *mut ffi::PyObject) -> bool {
        match self {
            Self::Never => false,
            // SAFETY: a valid object, asked for its class.
            Self::ByClass => unsafe { has_rule(ffi::Py_TYPE(object)) },
            // SAFETY: as above.
            Self::BySwitch => FOR_ALL.load(Relaxed) || unsafe { has_rule(ffi::Py_TYPE(object)) },
        }
    }
}

/// Whether the containers of a class have the rule by it.
///
/// # Safety
/// `class` is valid.
#[inline]
pub(crate) unsafe fn has_rule(class: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: two valid classes.
    unsafe { ffi::PyType_IsSubtype(class, CLASS.as_ptr().cast()) != 0 }
}

/// Whether the rule holds wherever it can.
#[inline]
pub(crate) fn holds_for_all() -> bool {
    FOR_ALL.load(Relaxed)
}

/// Whether `callable` is a method of `object`: one of the interpreter's own callables, but no function, that refers to it.
pub(crate) fn is_method_of(callable: Argument<'_, '_>, object: Argument<'_, '_>) -> bool {
    // SAFETY: a valid object, asked for its class.
    let may_be = unsafe {
        ffi::PyFunction_Check(callable.as_ptr()) == 0
            && ffi::PyType_HasFeature(ffi::Py_TYPE(callable.as_ptr()), ffi::Py_TPFLAGS_HEAPTYPE)
                == 0
    };
    may_be && refers_to(callable, object)
}

/// Whether `holder` itself refers to `object`, as its class tells the collector.
pub(crate) fn refers_to(holder: Argument<'_, '_>, object: Argument<'_, '_>) -> bool {
    unsafe extern "C" fn compare(object: *mut ffi::PyObject, sought: *mut c_void) -> c_int {
        (object.cast() == sought).into()
    }
    // SAFETY: a valid object, asked by the function that its class has for that, if it is one of the collector's.
    unsafe {
        let traverse = (*ffi::Py_TYPE(holder.as_ptr())).tp_traverse;
        header::has_header(holder.as_ptr())
            && traverse.is_some_and(|traverse| {
                traverse(holder.as_ptr(), compare, object.as_ptr().cast()) != 0
            })
    }
}

/// Why the engine is not active.
#[derive(Clone, Copy)]
enum Reason {
    None,
    NoLock,
    Incremental,
    Unknown,
    AnotherCopy,
    Distrust,
}

impl Reason {
    const ALL: [(Self, &'static str); 6] = [
        (Self::None, ""),
        (
            Self::NoLock,
            "an interpreter without a global lock collects otherwise",
        ),
        (
            Self::Incremental,
            "Python 3.14.0 to 3.14.4 collect garbage in increments",
        ),
        (
            Self::Unknown,
            "the garbage collector of this Python is not known yet",
        ),
        (
            Self::AnotherCopy,
            "another copy of weakrefs in this process has the engine",
        ),
        (
            Self::Distrust,
            "in the last full collection something was not as expected, or the engine's objects were referred to",
        ),
    ];
}

static REASON: AtomicU8 = AtomicU8::new(Reason::Unknown as u8);

/// The name of the capsule.
const ENGINE: &CStr = c"weakrefs.ephemerons";

/// Makes what the engine needs, and starts it, if it may.
pub(crate) fn start(py: Python<'_>) -> Result<()> {
    CLASS.make(py, || {
        let doc = c"A base of the containers that are ephemerons.";
        let mut slots = [
            ffi::PyType_Slot {
                slot: ffi::Py_tp_doc,
                pfunc: doc.as_ptr().cast_mut().cast(),
            },
            ffi::PyType_Slot {
                slot: 0,
                pfunc: ptr::null_mut(),
            },
        ];
        let mut spec = ffi::PyType_Spec {
            name: c"weakrefs._weakrefs.Ephemerons".as_ptr(),
            basicsize: size_of::<ffi::PyObject>() as c_int,
            itemsize: 0,
            flags: (ffi::Py_TPFLAGS_DEFAULT
                | ffi::Py_TPFLAGS_BASETYPE
                | ffi::Py_TPFLAGS_IMMUTABLETYPE) as _,
            slots: slots.as_mut_ptr(),
        };
        // SAFETY: a complete specification, whose texts are static.
        unsafe { class::create(py, &mut spec, ptr::null_mut()) }
    })?;
    let reason = reason(py)?;
    REASON.store(reason as u8, Relaxed);
    if let Reason::None = reason {
        poll::make(py)?;
        engine::start(py, poll::all());
    }
    Ok(())
}

fn reason(py: Python<'_>) -> Result<Reason> {
    if !engine::IS_POSSIBLE {
        return Ok(Reason::NoLock);
    }
    // SAFETY: the dictionary of the interpreter lives as long as it; what is in it is valid. A version is a number.
    unsafe {
        let version = ffi::PySys_GetObject(c"hexversion".as_ptr());
        let version = if version.is_null() {
            0
        } else {
            ffi::PyLong_AsLong(version)
        };
        match version {
            0x030e_0000..0x030e_0500 => return Ok(Reason::Incremental),
            // Some early ones of 3.13 and 3.15 collected in increments, too.
            0x030a_0000..0x030d_0000
            | 0x030d_00f0..0x030e_0000
            | 0x030e_0500..0x030f_0000
            | 0x030f_00c1..0x0310_0000 => {}
            _ => return Ok(Reason::Unknown),
        }
        let engines = ffi::PyInterpreterState_GetDict(ffi::PyInterpreterState_Get());
        let Some(engines) = Borrowed::from_ptr_or_opt(py, engines) else {
            return Ok(Reason::Unknown);
        };
        let name = given(py, ffi::PyUnicode_FromString(ENGINE.as_ptr()))?;
        let found = ffi::PyDict_GetItemWithError(engines.as_ptr(), name.as_ptr());
        if found.is_null() && !ffi::PyErr_Occurred().is_null() {
            return Err(Raised::by_interpreter());
        }
        if !found.is_null() {
            let is_own = ffi::PyCapsule_IsValid(found, ENGINE.as_ptr()) != 0
                && ffi::PyCapsule_GetPointer(found, ENGINE.as_ptr()) == own();
            return Ok(if is_own {
                Reason::None
            } else {
                Reason::AnotherCopy
            });
        }
        let capsule = given(py, ffi::PyCapsule_New(own(), ENGINE.as_ptr(), None))?;
        let set = ffi::PyDict_SetItem(engines.as_ptr(), name.as_ptr(), capsule.as_ptr());
        done(set)?;
        Ok(Reason::None)
    }
}

/// What tells this copy of the package from others.
fn own() -> *mut c_void {
    (&raw const FOR_ALL).cast_mut().cast()
}

static FUNCTIONS: Static<ffi::PyMethodDef, 4> = Static([
    slots::function(
        c"ephemerons",
        ephemerons,
        c"ephemerons()\n--\n\nReturn None if the engine of ephemerons is active, else why it is not. O(1).",
    ),
    slots::function_of_one(
        c"rule_for_all",
        rule_for_all,
        c"rule_for_all(flag, /)\n--\n\n\
          Whether all WeakKeyDictionaries are ephemerons from now on, and all finalizers may refer to their objects.",
    ),
    slots::function_of_one(
        c"assume_header",
        assume_header,
        c"assume_header(layout, /)\n--\n\n\
          For tests: believe in another layout of the collector's headers, a wrong one, or 0, the right one.",
    ),
    LAST_METHOD,
]);

/// Puts the class and the functions into the module.
pub(crate) fn add_to(module: Argument<'_, '_>) -> Result<()> {
    let class = CLASS.get(module.py());
    // SAFETY: a module, a class, and a table that is complete and static.
    unsafe {
        done(ffi::PyModule_AddObjectRef(
            module.as_ptr(),
            c"Ephemerons".as_ptr(),
            class.as_ptr(),
        ))?;
        done(ffi::PyModule_AddFunctions(
            module.as_ptr(),
            FUNCTIONS.pointer().cast(),
        ))
        .map(drop)
    }
}

fn ephemerons(py: Python<'_>) -> Result<Bound<'_, PyAny>> {
    let known = REASON.load(Relaxed);
    let reason = if known == Reason::None as u8 && !engine::is_trusted(py) {
        Reason::Distrust as u8
    } else {
        known
    };
    let why = Reason::ALL.iter().find(|(other, _)| *other as u8 == reason);
    match why {
        Some((_, why)) if !why.is_empty() => object::string(py, why),
        _ => Ok(none(py)),
    }
}

fn rule_for_all<'py>(flag: Argument<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    FOR_ALL.store(object::is_true(&flag)?, Relaxed);
    Ok(none(flag.py()))
}

fn assume_header<'py>(layout: Argument<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    // SAFETY: a valid object; a negative number may say that an exception is set.
    let number = unsafe { ffi::PyLong_AsSsize_t(layout.as_ptr()) };
    let known = usize::try_from(number).is_ok_and(header::assume);
    // SAFETY: the thread is attached.
    match unsafe { ffi::PyErr_Occurred().is_null() } {
        false => Err(Raised::by_interpreter()),
        true if known => Ok(none(layout.py())),
        true => Err(value_error(
            layout.py(),
            format_args!("there is no such layout"),
        )),
    }
}
