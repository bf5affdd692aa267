//! The module `_weakrefs`. Everything that the package ever needs is made when it is imported, and nothing afterwards (S37).

#![allow(unsafe_code, reason = "the entry point of the module")]

use crate::containers::element::Element;
use crate::containers::entry::Entry;
use crate::containers::evictor::Evictor;
use crate::containers::holder;
use crate::containers::iterator::WeakIterator;
use crate::containers::mapping;
use crate::containers::set_algebra;
use crate::containers::subclassing;
use crate::containers::weak_key_dictionary::{self, KeyEntry};
use crate::containers::weak_set;
use crate::containers::weak_value_dictionary::{self, ValueEntry};
use crate::ephemerons::rule;
use crate::finalize::{exit, finalizer, inspection};
use crate::interpreter::class::{LAST_METHOD, Table as Static};
use crate::interpreter::entry::{enter, passed};
use crate::interpreter::error::{Raised, Result, given, type_error};
use crate::interpreter::object::{self, Argument};
use crate::interpreter::{home, method, names, slots, turns};
use crate::references::{bound_method, keyed_ref, weak_method};
use pyo3::types::PyType;
use pyo3::{Bound, PyAny, Python, ffi};
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int, c_void};
use std::ptr;

struct Module(UnsafeCell<ffi::PyModuleDef>);

// SAFETY: the interpreter alone changes it.
unsafe impl Sync for Module {}

static MODULE: Module = Module(UnsafeCell::new(ffi::PyModuleDef {
    m_base: ffi::PyModuleDef_HEAD_INIT,
    m_name: c"_weakrefs".as_ptr(),
    m_doc: c"The native part of the package weakrefs.".as_ptr(),
    m_size: 0,
    m_methods: METHODS.pointer().cast(),
    m_slots: SLOTS.pointer().cast(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
}));

static METHODS: Static<ffi::PyMethodDef, 2> = Static([
    slots::function_of_one(
        c"put_methods",
        put_methods,
        c"put_methods(cls, /)\n--\n\n\
          Puts native methods on cls, a public class, in the place of the functions that describe them; returns cls.\n\n\
          Raises TypeError if cls is neither finalize nor derived from one of the native containers at once, or describes not\n\
          all.",
    ),
    LAST_METHOD,
]);

#[cfg(Py_3_13)]
const SLOT_COUNT: usize = 4;
#[cfg(all(Py_3_12, not(Py_3_13)))]
const SLOT_COUNT: usize = 3;
#[cfg(not(Py_3_12))]
const SLOT_COUNT: usize = 2;

static SLOTS: Static<ffi::PyModuleDef_Slot, SLOT_COUNT> = Static([
    ffi::PyModuleDef_Slot {
        slot: ffi::Py_mod_exec,
        value: execute as *mut c_void,
    },
    #[cfg(Py_3_12)]
    ffi::PyModuleDef_Slot {
        slot: ffi::Py_mod_multiple_interpreters,
        value: ffi::Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED,
    },
    #[cfg(Py_3_13)]
    ffi::PyModuleDef_Slot {
        slot: ffi::Py_mod_gil,
        value: ffi::Py_MOD_GIL_NOT_USED,
    },
    ffi::PyModuleDef_Slot {
        slot: 0,
        value: ptr::null_mut(),
    },
]);

/// What the interpreter calls to import the module.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the interpreter looks for this name")]
unsafe extern "C" fn PyInit__weakrefs() -> *mut ffi::PyObject {
    // SAFETY: the definition is complete and static.
    unsafe { ffi::PyModuleDef_Init(MODULE.0.get()) }
}

unsafe extern "C" fn execute(module: *mut ffi::PyObject) -> c_int {
    // SAFETY: called by the interpreter with the module.
    unsafe { enter(|py| fill(passed(py, module))) }
}

/// Makes everything, and puts what has a name into the module.
fn fill(module: Argument<'_, '_>) -> Result<()> {
    let py = module.py();
    home::take(py)?;
    names::make(py)?;
    let method_type = member_of(py, c"types", c"MethodType")?;
    let function = member_of(py, c"copy", c"deepcopy")?;
    method::make_class(method_type)?;
    bound_method::learn(function.as_borrowed())?;
    mapping::DEEPCOPY.make(py, || Ok(function))?;
    exit::learn(imported(py, c"atexit")?, imported(py, c"sys")?)?;
    turns::learn(member_of(py, c"copyreg", c"constructor")?)?;
    set_algebra::CHAIN.make(py, || member_of(py, c"itertools", c"chain"))?;
    set_algebra::FILTER.make(py, || member_of(py, c"builtins", c"filter"))?;

    rule::start(py)?;
    keyed_ref::make_class(py)?;
    weak_method::make_class(py)?;
    finalizer::make_class(py)?;
    make_helpers::<Element>(py)?;
    make_helpers::<KeyEntry>(py)?;
    make_helpers::<ValueEntry>(py)?;
    weak_set::make_class(py)?;
    weak_key_dictionary::make_class(py)?;
    weak_value_dictionary::make_class(py)?;

    add(
        module,
        c"WeakSet",
        Element::classes().container.get(py).as_any(),
    )?;
    add(
        module,
        c"WeakKeyDictionary",
        KeyEntry::classes().container.get(py).as_any(),
    )?;
    add(
        module,
        c"WeakValueDictionary",
        ValueEntry::classes().container.get(py).as_any(),
    )?;
    add(module, c"KeyedRef", keyed_ref::CLASS.get(py).as_any())?;
    add(module, c"WeakMethod", weak_method::CLASS.get(py).as_any())?;
    add(module, c"finalize", finalizer::CLASS.get(py).as_any())?;
    inspection::add_functions(module)?;
    rule::add_to(module)?;
    let version = object::string(py, env!("CARGO_PKG_VERSION"))?;
    add(module, c"__version__", &version)
}

/// Makes the classes that belong to a kind of container.
fn make_helpers<E: Entry>(py: Python<'_>) -> Result<()> {
    Evictor::<E>::make_class(py)?;
    holder::register::<E>(py);
    WeakIterator::<E>::make_class(py)
}

fn add(module: Argument<'_, '_>, name: &CStr, object: &Bound<'_, PyAny>) -> Result<()> {
    // SAFETY: a module, a text that ends with zero, and a valid object.
    match unsafe { ffi::PyModule_AddObjectRef(module.as_ptr(), name.as_ptr(), object.as_ptr()) } {
        0 => Ok(()),
        _ => Err(Raised::by_interpreter()),
    }
}

/// `import name`.
fn imported<'py>(py: Python<'py>, name: &CStr) -> Result<Bound<'py, PyAny>> {
    // SAFETY: a text that ends with zero; the result is a new reference, or null with an error set.
    unsafe { given(py, ffi::PyImport_ImportModule(name.as_ptr())) }
}

/// `from module import name`.
fn member_of<'py>(py: Python<'py>, module: &CStr, name: &CStr) -> Result<Bound<'py, PyAny>> {
    let module = imported(py, module)?;
    // SAFETY: as above.
    unsafe {
        given(
            py,
            ffi::PyObject_GetAttrString(module.as_ptr(), name.as_ptr()),
        )
    }
}

fn put_methods<'py>(class: Argument<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    if let Ok(class) = class.cast::<PyType>() {
        let known = subclassing::put_methods::<Element>(&class)?
            || subclassing::put_methods::<KeyEntry>(&class)?
            || subclassing::put_methods::<ValueEntry>(&class)?
            || finalizer::put_methods(&class)?;
        if known {
            return Ok(class.to_owned().into_any());
        }
    }
    Err(type_error(
        class.py(),
        format_args!("expected a class with native methods"),
    ))
}
