//! `WeakSet`: a set that lets go of an element when it dies.
//!
//! The native base of the public class: elements, iteration, copies, and the way to each operation. Combining sets is in
//! [`set_algebra`], comparing them in [`set_comparison`].

use super::container::{Container, This};
use super::data::Shown;
use super::element::{Element, copy_of};
use super::entry::{Entry, Part};
use super::hashing::{element_hash, possible_element_hash};
use super::iterator::WeakIterator;
use super::set_algebra;
use super::set_comparison::{self, Relation};
use super::subclassing::class_of;
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{OPEN, Object, slot};
use crate::interpreter::error::{Result, empty};
use crate::interpreter::key_error::key_error;
use crate::interpreter::method::{Function, Name, Native};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, boolean, call_method, is_instance, none, not_implemented,
};
use crate::interpreter::slots;
use crate::interpreter::turns::Turns;
use crate::references::weak_ref::WeakRef;
use pyo3::{Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_int};

const INIT: Signature = Signature::new(Element::CLASS, "__init__", &["data"], 0);

const DOC: &CStr = c"WeakSet(data=None)\n--\n\nThe native base of weakrefs.WeakSet.";

/// Makes the native class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    Element::classes().methods.get_or_init(|| [&NATIVES, &[]]);
    Element::classes().container.make(py, || {
        Object::<Container<Element>>::create_class(
            py,
            c"weakrefs._weakrefs.WeakSet",
            OPEN | ffi::Py_TPFLAGS_IMMUTABLETYPE,
            [
                slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
                slots::call(ffi::Py_tp_init, init),
                slots::unary(ffi::Py_tp_iter, iterate),
                slots::comparison(compare),
                slots::binary(ffi::Py_sq_contains, contains),
                slots::unary(ffi::Py_sq_length, len),
                slots::unary(ffi::Py_mp_length, len),
                slots::operator(ffi::Py_nb_or, set_algebra::union),
                slots::operator(ffi::Py_nb_and, set_algebra::intersection),
                slots::operator(ffi::Py_nb_subtract, subtract),
                slots::operator(ffi::Py_nb_xor, xor),
                slots::operator(ffi::Py_nb_inplace_or, inplace_or),
                slots::operator(ffi::Py_nb_inplace_and, inplace_and),
                slots::operator(ffi::Py_nb_inplace_subtract, inplace_subtract),
                slots::operator(ffi::Py_nb_inplace_xor, inplace_xor),
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

const fn native(name: Name, function: impl Function<Container<Element>>) -> Native {
    Native::new(name, function)
}

const fn flat(name: Name, function: impl Function<Container<Element>>) -> Native {
    Native::flat(name, function)
}

// Slots

fn init<'py>(this: This<'_, 'py, Element>, arguments: Arguments<'_, 'py>) -> Result<()> {
    let [data] = arguments.read(&INIT)?;
    this.clear_entries(this.py());
    match data.filter(|data| data.as_ptr() != none(this.py()).as_ptr()) {
        None => Ok(()),
        Some(data) if !UPDATE.is_of(this.as_object())? => {
            call_method(name::update(this.py()), [this.as_object(), data]).map(drop)
        }
        Some(data) => add_each(this, data),
    }
}

fn len(this: This<'_, '_, Element>) -> Result<usize> {
    Ok(Container::len(&this, this.py()))
}

#[inline(always)]
fn contains<'py>(this: This<'_, 'py, Element>, item: Argument<'_, 'py>) -> Result<bool> {
    match possible_element_hash(&item)? {
        Some(hash) => Ok(this.find(&item, hash, |_, _| ())?.is_some()),
        None => Ok(false),
    }
}

fn iterate<'py>(this: This<'_, 'py, Element>) -> Result<Bound<'py, PyAny>> {
    WeakIterator::make(this, Part::Key)
}

fn compare<'py>(
    this: This<'_, 'py, Element>,
    other: Argument<'_, 'py>,
    kind: c_int,
) -> Result<Bound<'py, PyAny>> {
    let py = this.py();
    let relation = match kind {
        ffi::Py_LE => Relation::Subset,
        ffi::Py_LT => Relation::ProperSubset,
        ffi::Py_GE => Relation::Superset,
        ffi::Py_GT => Relation::ProperSuperset,
        ffi::Py_EQ if !is_instance(&other, &class_of(&this.as_object())?)? => {
            return Ok(not_implemented(py));
        }
        ffi::Py_EQ => Relation::Equal,
        _ => {
            // The opposite of `==`, which a subclass may have overridden.
            let equal = call_method(name::eq(py), [this.as_object(), other])?;
            if equal.as_ptr() == not_implemented(py).as_ptr() {
                return Ok(equal);
            }
            return Ok(boolean(py, !object::is_true(&equal)?));
        }
    };
    holds(relation, this, other)
}

/// A function of a set and something else: an operator, or what a method does.
macro_rules! with_other {
    ($($name:ident($this:ident, $other:ident) $body:expr;)*) => {$(
        fn $name<'py>(
            $this: This<'_, 'py, Element>,
            $other: Argument<'_, 'py>,
        ) -> Result<Bound<'py, PyAny>> {
            $body
        }
    )*};
}

with_other! {
    subtract(this, other) set_algebra::changed_copy(this, name::difference_update(this.py()), other);
    xor(this, other) set_algebra::changed_copy(this, name::symmetric_difference_update(this.py()), other);
    inplace_or(this, other) {
        call_method(name::update(this.py()), [this.as_object(), other])?;
        Ok(this.as_object().to_owned())
    };
    inplace_and(this, other) {
        set_algebra::keep(&this, &other)?;
        Ok(this.as_object().to_owned())
    };
    inplace_subtract(this, other) {
        set_algebra::remove(&this, &other)?;
        Ok(this.as_object().to_owned())
    };
    inplace_xor(this, other) {
        set_algebra::toggle(&this, &other)?;
        Ok(this.as_object().to_owned())
    };
}

// Methods

/// A method: what it does with the set and the arguments, all of which must be given.
macro_rules! method {
    ($name:ident($this:ident $(, $argument:ident)*) $body:expr) => {
        fn $name<'py>(
            $this: This<'_, 'py, Element>,
            arguments: Arguments<'_, 'py>,
        ) -> Result<Bound<'py, PyAny>> {
            const PARAMETERS: &[&str] = &[$(stringify!($argument)),*];
            const SIGNATURE: Signature =
                Signature::new(Element::CLASS, stringify!($name), PARAMETERS, PARAMETERS.len());
            let [$($argument),*] = arguments.all(&SIGNATURE)?;
            $body
        }
    };
}

method!(add(this, item) {
    this.payload().add(&item, element_hash(&item)?)?;
    Ok(none(this.py()))
});

method!(discard(this, item) {
    let element = this.take(&item, element_hash(&item)?)?;
    drop(element);
    Ok(none(this.py()))
});

method!(remove(this, item) {
    match this.take(&item, element_hash(&item)?)? {
        Some(element) => {
            drop(element);
            Ok(none(this.py()))
        }
        None => Err(key_error(this.py(), WeakRef::plain(&item))),
    }
});

method!(pop(this) {
    loop {
        let Some(entry) = Container::pop(&this, this.py()) else {
            return Err(empty(this.py(), "pop from empty WeakSet"));
        };
        if let Some(element) = entry.reference().upgrade(this.py()) {
            return Ok(element);
        }
    }
});

method!(clear(this) {
    this.clear_entries(this.py());
    Ok(none(this.py()))
});

method!(update(this, other) {
    add_each(this, other)?;
    Ok(none(this.py()))
});

/// Adds each element of `other`: by `add`, if the class has another one than the native.
fn add_each<'py>(this: This<'_, 'py, Element>, other: Argument<'_, 'py>) -> Result<()> {
    let py = this.py();
    if !ADD.is_of(this.as_object())? {
        let mut turns = Turns::default();
        for element in object::iterate(&other)? {
            call_method(name::add(py), [this.as_object(), element?.as_borrowed()])?;
            turns.take(py)?;
        }
        return Ok(());
    }
    set_algebra::add_all(&this, &other)
}

method!(copy(this) copy_of(this));
method!(issubset(this, other) holds(Relation::Subset, this, other));
method!(issuperset(this, other) holds(Relation::Superset, this, other));

fn holds<'py>(
    relation: Relation,
    this: This<'_, 'py, Element>,
    other: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let holds = set_comparison::holds(relation, &this, &other)?;
    Ok(boolean(this.py(), holds))
}

method!(isdisjoint(this, other) Ok(boolean(this.py(), set_comparison::is_disjoint(this, other)?)));
method!(union(this, other) set_algebra::union(this, other));
method!(intersection(this, other) set_algebra::intersection(this, other));
method!(difference(this, other) subtract(this, other));
method!(symmetric_difference(this, other) xor(this, other));
method!(intersection_update(this, other) {
    call_method(name::iand(this.py()), [this.as_object(), other]).map(|_set| none(this.py()))
});
method!(difference_update(this, other) {
    call_method(name::isub(this.py()), [this.as_object(), other]).map(|_set| none(this.py()))
});
method!(symmetric_difference_update(this, other) {
    call_method(name::ixor(this.py()), [this.as_object(), other]).map(|_set| none(this.py()))
});

method!(__sizeof__(this) {
    let own = size_of::<Object<Container<Element>>>();
    object::integer(this.py(), own + this.allocated_bytes(this.py()))
});
