//! `WeakSet`: a set that lets go of an element when it dies.
//!
//! The native base of the public class: elements, iteration, copies, and the way to each operation. Combining sets is in
//! [`set_algebra`], comparing them in [`set_comparison`].

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::container::{self, Container};
use super::data::Shown;
use super::element::{Element, copy_of};
use super::entry::{Entry, Part};
use super::hashing::{element_hash, possible_element_hash};
use super::iterator::WeakIterator;
use super::set_algebra;
use super::set_comparison::{self, Relation};
use super::subclassing::{class_of, is_container};
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{self, OPEN, slot};
use crate::interpreter::entry::{enter, passed};
use crate::interpreter::error::{Result, empty};
use crate::interpreter::key_error::key_error;
use crate::interpreter::method::{Function, Name, Native};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, boolean, call_method, is_instance, none, not_implemented,
};
use crate::interpreter::turns::Turns;
use crate::references::weak_ref::WeakRef;
use pyo3::{Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_int, c_void};

const INIT: Signature = Signature::new(Element::CLASS, "__init__", &["data"], 0);

const DOC: &CStr = c"WeakSet(data=None)\n--\n\nThe native base of weakrefs.WeakSet.";

/// Makes the native class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    Element::classes().methods.get_or_init(|| [&NATIVES, &[]]);
    Element::classes().container.make(py, || {
        class::create::<Container<Element>, _>(
            py,
            c"weakrefs._weakrefs.WeakSet",
            OPEN | ffi::Py_TPFLAGS_IMMUTABLETYPE,
            [
                slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
                slot(ffi::Py_tp_init, init as *mut c_void),
                slot(ffi::Py_tp_iter, iterate as *mut c_void),
                slot(ffi::Py_tp_richcompare, compare as *mut c_void),
                slot(ffi::Py_sq_contains, contains as *mut c_void),
                slot(ffi::Py_sq_length, len as *mut c_void),
                slot(ffi::Py_mp_length, len as *mut c_void),
                slot(ffi::Py_nb_or, or as *mut c_void),
                slot(ffi::Py_nb_and, and as *mut c_void),
                slot(ffi::Py_nb_subtract, subtract as *mut c_void),
                slot(ffi::Py_nb_xor, xor as *mut c_void),
                slot(ffi::Py_nb_inplace_or, inplace_or as *mut c_void),
                slot(ffi::Py_nb_inplace_and, inplace_and as *mut c_void),
                slot(ffi::Py_nb_inplace_subtract, inplace_subtract as *mut c_void),
                slot(ffi::Py_nb_inplace_xor, inplace_xor as *mut c_void),
                slot(
                    ffi::Py_tp_methods,
                    const { &<Element as Shown>::METHODS }.pointer(),
                ),
            ],
        )
    })?;
    Ok(())
}

const ADD: Native = flat(name::add, add);
const UPDATE: Native = native(name::update, update);

/// The methods that the public class describes.
static NATIVES: [Native; 18] = [
    ADD,
    flat(name::discard, discard),
    flat(name::remove, remove),
    flat(name::pop, pop),
    native(name::clear, clear),
    UPDATE,
    native(name::copy, copy),
    native(name::issubset, issubset),
    native(name::issuperset, issuperset),
    native(name::isdisjoint, isdisjoint),
    native(name::union, union),
    native(name::intersection, intersection),
    native(name::difference, difference),
    native(name::symmetric_difference, symmetric_difference),
    native(name::intersection_update, intersection_update),
    native(name::difference_update, difference_update),
    native(
        name::symmetric_difference_update,
        symmetric_difference_update,
    ),
    native(name::__sizeof__, __sizeof__),
];

const fn native(name: Name, function: impl Function) -> Native {
    Native::new::<Container<Element>, _>(name, function)
}

const fn flat(name: Name, function: impl Function) -> Native {
    Native::flat::<Container<Element>, _>(name, function)
}

// Slots

unsafe extern "C" fn init(
    this: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and the arguments of a call.
    unsafe {
        enter(|py| {
            let this = passed(py, this);
            let [data] = Arguments::in_tuple(py, args, kwargs).read(&INIT)?;
            container::of::<Element>(this).clear_entries(py);
            match data.filter(|data| data.as_ptr() != ffi::Py_None()) {
                None => Ok(()),
                Some(data) if !UPDATE.is_of(this)? => {
                    call_method(name::update(py), [this, data]).map(drop)
                }
                Some(data) => add_each(this, data),
            }
        })
    }
}

unsafe extern "C" fn len(this: *mut ffi::PyObject) -> ffi::Py_ssize_t {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| Ok(container::of::<Element>(passed(py, this)).len(py))) }
}

unsafe extern "C" fn contains(this: *mut ffi::PyObject, item: *mut ffi::PyObject) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and another one.
    unsafe {
        enter(|py| {
            let (this, item) = (passed(py, this), passed(py, item));
            let Some(hash) = possible_element_hash(&item)? else {
                return Ok(false);
            };
            let found = container::of::<Element>(this).find(&item, hash, |_, _| ())?;
            Ok(found.is_some())
        })
    }
}

unsafe extern "C" fn iterate(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| WeakIterator::<Element>::make(passed(py, this), Part::Key)) }
}

unsafe extern "C" fn compare(
    this: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    op: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class, and another one.
    unsafe {
        enter(|py| {
            let (this, other) = (passed(py, this), passed(py, other));
            let relation = match op {
                ffi::Py_LE => Relation::Subset,
                ffi::Py_LT => Relation::ProperSubset,
                ffi::Py_GE => Relation::Superset,
                ffi::Py_GT => Relation::ProperSuperset,
                ffi::Py_EQ if !is_instance(&other, &class_of(&this)?)? => {
                    return Ok(not_implemented(py));
                }
                ffi::Py_EQ => Relation::Equal,
                _ => {
                    // The opposite of `==`, which a subclass may have overridden.
                    let equal = call_method(name::eq(py), [this, other])?;
                    if equal.as_ptr() == ffi::Py_NotImplemented() {
                        return Ok(equal);
                    }
                    return Ok(boolean(py, !object::is_true(&equal)?));
                }
            };
            let holds = set_comparison::holds(relation, container::of(this), &other)?;
            Ok(boolean(py, holds))
        })
    }
}

/// A binary operator: what it does with a set on its left.
macro_rules! operator {
    ($name:ident($this:ident, $other:ident) $body:expr) => {
        unsafe extern "C" fn $name(
            this: *mut ffi::PyObject,
            other: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            // SAFETY: called by the interpreter with two objects, one of which is of the class.
            unsafe {
                enter(|py| {
                    let ($this, $other) = (passed(py, this), passed(py, other));
                    if !is_container::<Element>($this) {
                        return Ok(not_implemented(py));
                    }
                    $body
                })
            }
        }
    };
}

operator!(or(this, other) set_algebra::union(this, other));
operator!(and(this, other) set_algebra::intersection(this, other));
operator!(subtract(this, other) {
    set_algebra::changed_copy(this, name::difference_update(this.py()), other)
});
operator!(xor(this, other) {
    set_algebra::changed_copy(this, name::symmetric_difference_update(this.py()), other)
});
operator!(inplace_or(this, other) {
    call_method(name::update(this.py()), [this, other])?;
    Ok(this.to_owned())
});
operator!(inplace_and(this, other) {
    set_algebra::keep(container::of(this), &other)?;
    Ok(this.to_owned())
});
operator!(inplace_subtract(this, other) {
    set_algebra::remove(container::of(this), &other)?;
    Ok(this.to_owned())
});
operator!(inplace_xor(this, other) {
    set_algebra::toggle(container::of(this), &other)?;
    Ok(this.to_owned())
});

// Methods

/// A method: what it does with the object, the container in it, and the arguments, all of which must be given.
macro_rules! method {
    ($name:ident($this:ident, $container:ident $(, $argument:ident)*) $body:expr) => {
        fn $name<'py>(
            $this: Argument<'_, 'py>,
            arguments: Arguments<'_, 'py>,
        ) -> Result<Bound<'py, PyAny>> {
            const PARAMETERS: &[&str] = &[$(stringify!($argument)),*];
            const SIGNATURE: Signature =
                Signature::new(Element::CLASS, stringify!($name), PARAMETERS, PARAMETERS.len());
            // SAFETY: methods are entered with an object of the class.
            let $container = unsafe { container::of::<Element>($this) };
            let [$($argument),*] = arguments.all(&SIGNATURE)?;
            $body
        }
    };
}

method!(add(this, container, item) {
    container.add(&item, element_hash(&item)?)?;
    Ok(none(this.py()))
});

method!(discard(this, container, item) {
    let element = container.take(&item, element_hash(&item)?)?;
    drop(element);
    Ok(none(this.py()))
});

method!(remove(this, container, item) {
    match container.take(&item, element_hash(&item)?)? {
        Some(element) => {
            drop(element);
            Ok(none(this.py()))
        }
        None => Err(key_error(this.py(), WeakRef::plain(&item))),
    }
});

method!(pop(this, container) {
    loop {
        let Some(entry) = container.pop(this.py()) else {
            return Err(empty(this.py(), "pop from empty WeakSet"));
        };
        if let Some(element) = entry.reference().upgrade(this.py()) {
            return Ok(element);
        }
    }
});

method!(clear(this, container) {
    container.clear_entries(this.py());
    Ok(none(this.py()))
});

method!(update(this, _container, other) {
    add_each(this, other)?;
    Ok(none(this.py()))
});

/// Adds each element of `other`: by `add`, if that is not ours.
fn add_each<'py>(this: Argument<'_, 'py>, other: Argument<'_, 'py>) -> Result<()> {
    let py = this.py();
    if !ADD.is_of(this)? {
        let mut turns = Turns::default();
        for element in object::iterate(&other)? {
            call_method(name::add(py), [this, element?.as_borrowed()])?;
            turns.take(py)?;
        }
        return Ok(());
    }
    // SAFETY: the caller's object is of the class.
    set_algebra::add_all(unsafe { container::of(this) }, &other)
}

method!(copy(this, _container) copy_of(this));

method!(issubset(this, _container, other) relation(Relation::Subset, this, other));
method!(issuperset(this, _container, other) relation(Relation::Superset, this, other));

fn relation<'py>(
    relation: Relation,
    this: Argument<'_, 'py>,
    other: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: the caller's object is of the class.
    let holds = set_comparison::holds(relation, unsafe { container::of(this) }, &other)?;
    Ok(boolean(this.py(), holds))
}

method!(isdisjoint(this, _container, other) {
    Ok(boolean(this.py(), set_comparison::is_disjoint(this, other)?))
});
method!(union(this, _container, other) set_algebra::union(this, other));
method!(intersection(this, _container, other) set_algebra::intersection(this, other));
method!(difference(this, _container, other) {
    set_algebra::changed_copy(this, name::difference_update(this.py()), other)
});
method!(symmetric_difference(this, _container, other) {
    set_algebra::changed_copy(this, name::symmetric_difference_update(this.py()), other)
});
method!(intersection_update(this, _container, other) {
    call_method(name::iand(this.py()), [this, other]).map(|_set| none(this.py()))
});
method!(difference_update(this, _container, other) {
    call_method(name::isub(this.py()), [this, other]).map(|_set| none(this.py()))
});
method!(symmetric_difference_update(this, _container, other) {
    call_method(name::ixor(this.py()), [this, other]).map(|_set| none(this.py()))
});

method!(__sizeof__(this, container) {
    let own = size_of::<class::Object<Container<Element>>>();
    object::integer(this.py(), own + container.allocated_bytes(this.py()))
});
