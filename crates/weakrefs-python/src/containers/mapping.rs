//! The two mappings: everything but how an entry is made, named and compared.
//!
//! Each operation stands once, over [`Mapped`]; [`Methods`] lists the methods. What Python code can override is called as
//! 3.14's classes call it (S26).

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::container::{Container, This};
use super::entry::Part;
use super::iterator::WeakIterator;
use super::mapped::Mapped;
use super::mapping_equality;
use super::subclassing::{class_of, is_unchanged, new_public};
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{OPEN, Object, Table as Static, slot};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::{Raised, Result, empty, given, kinds, type_error};
use crate::interpreter::key_error::key_error;
use crate::interpreter::method::{Function, Name, Native};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, assign_item, attribute, call, call_method, none, tuple,
};
use crate::interpreter::slots;
use crate::interpreter::turns::Turns;
use pyo3::types::PyDict;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_void};

#[inline(always)]
fn lookup<'py, M: Mapped>(
    container: &Container<M>,
    key: &Bound<'py, PyAny>,
    value: impl FnOnce(&M) -> Option<Bound<'py, PyAny>>,
) -> Result<Option<Bound<'py, PyAny>>> {
    let hash = M::key_hash(key)?;
    let found = container.find(key, hash, |table, at| value(table.get(at)?))?;
    Ok(found.flatten())
}

fn missing<M: Mapped>(key: &Bound<'_, PyAny>) -> Raised {
    key_error(key.py(), M::named_missing(key))
}

/// Makes the native class of a mapping, which has `init` in its slot `tp_init`, and `methods` beside those that both have.
pub(crate) fn make_class<M: Mapped>(
    py: Python<'_>,
    name: &'static CStr,
    doc: &'static CStr,
    init: ffi::PyType_Slot,
    methods: &'static [Native],
) -> Result<()> {
    M::classes()
        .methods
        .get_or_init(|| [Natives::<M>::SHARED, methods]);
    M::classes().container.make(py, || {
        Object::<Container<M>>::create_class(
            py,
            name,
            OPEN | ffi::Py_TPFLAGS_IMMUTABLETYPE | ffi::Py_TPFLAGS_MAPPING,
            [
                slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()),
                init,
                slots::unary(ffi::Py_tp_iter, iterate::<M>),
                slots::unary(ffi::Py_tp_repr, repr::<M>),
                slots::binary(ffi::Py_mp_subscript, subscript::<M>),
                slots::assignment(ffi::Py_mp_ass_subscript, assign::<M>),
                slots::binary(ffi::Py_sq_contains, contains::<M>),
                slots::unary(ffi::Py_sq_length, len::<M>),
                slots::unary(ffi::Py_mp_length, len::<M>),
                slot(
                    ffi::Py_tp_methods,
                    const { &Natives::<M>::PRIVATE }.pointer(),
                ),
            ],
        )
    })?;
    Ok(())
}

/// A method of the mapping in native code.
pub(crate) const fn native<M: Mapped>(name: Name, function: impl Function<Container<M>>) -> Native {
    Native::new(name, function)
}

/// What both mappings have in native code.
pub(crate) struct Natives<M>(M);

impl<M: Mapped> Natives<M> {
    const POPITEM: Native = Native::flat(name::popitem, popitem::<M>);

    const ALL: [Native; 12] = [
        Native::flat(name::get, get::<M>),
        Native::flat(name::setdefault, setdefault::<M>),
        Native::flat(name::pop, pop::<M>),
        Self::POPITEM,
        native(name::clear, clear::<M>),
        native(name::keys, keys::<M>),
        native(name::values, values::<M>),
        native(name::items, items::<M>),
        native(name::copy, copy::<M>),
        native(name::__copy__, copy::<M>),
        native(name::__deepcopy__, __deepcopy__::<M>),
        native(name::__sizeof__, __sizeof__::<M>),
    ];

    /// The methods of both mappings.
    const SHARED: &'static [Native] = &Self::ALL;

    /// The private methods of the native class: those for `data`, and what `==` asks.
    const PRIVATE: Static<ffi::PyMethodDef, 5> = {
        let [references, replace_references, evictor, last] = M::METHODS.0;
        let equals = mapping_equality::method::<M>();
        Static([references, replace_references, evictor, equals, last])
    };
}

// Slots

fn len<M: Mapped>(this: This<'_, '_, M>) -> Result<usize> {
    Ok(Container::len(&this, this.py()))
}

#[inline(always)]
fn contains<'py, M: Mapped>(this: This<'_, 'py, M>, key: Argument<'_, 'py>) -> Result<bool> {
    let Some(hash) = M::possible_key_hash(&key)? else {
        return Ok(false);
    };
    // An entry whose key equals one that is alive has a live key.
    let found = this.find(&key, hash, |table, at| M::has_value_at(table, at, key.py()))?;
    Ok(found.unwrap_or(false))
}

#[inline(always)]
fn subscript<'py, M: Mapped>(
    this: This<'_, 'py, M>,
    key: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    lookup(&this, &key, |entry| entry.value_inside(this.py()))?.ok_or_else(|| missing::<M>(&key))
}

/// `d[key] = value`, or, without a value, `del d[key]`.
#[inline(always)]
fn assign<'py, M: Mapped>(
    this: This<'_, 'py, M>,
    key: Argument<'_, 'py>,
    value: Option<Argument<'_, 'py>>,
) -> Result<()> {
    if let Some(value) = value {
        return M::store(&this, &key, &value);
    }
    let taken = this.take(&key, M::key_hash(&key)?)?;
    match taken {
        Some(entry) => {
            drop(entry);
            Ok(())
        }
        None => Err(missing::<M>(&key)),
    }
}

fn iterate<'py, M: Mapped>(this: This<'_, 'py, M>) -> Result<Bound<'py, PyAny>> {
    WeakIterator::make(this, Part::Key)
}

/// `<name at 0x...>`.
fn repr<'py, M: Mapped>(this: This<'_, 'py, M>) -> Result<Bound<'py, PyAny>> {
    let (py, object) = (this.py(), this.as_object());
    let name = attribute(&class_of(&object)?, name::name(py))?;
    // SAFETY: the format takes what it is given; the result is a new reference, or null with an error set.
    unsafe {
        let (name, at) = (name.as_ptr(), object.as_ptr().cast::<c_void>());
        given(
            py,
            ffi::PyUnicode_FromFormat(c"<%S at %p>".as_ptr(), name, at),
        )
    }
}

// Methods

/// A method: what it does with the mapping and the arguments, which it reads by its signature: its parameters, and how many
/// must be given.
macro_rules! method {
    ($name:ident($this:ident, $arguments:ident: $signature:ident($($parameter:literal),*; $required:literal)) $body:expr) => {
        fn $name<'py, M: Mapped>(
            $this: This<'_, 'py, M>,
            $arguments: Arguments<'_, 'py>,
        ) -> Result<Bound<'py, PyAny>> {
            let $signature = const { &Signature::new(M::CLASS, stringify!($name), &[$($parameter),*], $required) };
            $body
        }
    };
    ($name:ident($this:ident) $body:expr) => {
        method!($name($this, arguments: signature(; 0)) {
            let [] = arguments.read(signature)?;
            $body
        });
    };
}

method!(get(this, arguments: signature("key", "default"; 1)) {
    let (key, default) = arguments.one_or_two(signature)?;
    let py = this.py();
    let value = lookup(&this, &key, |entry| entry.value_inside(py))?;
    Ok(value.unwrap_or_else(|| or_none(py, default)))
});

method!(setdefault(this, arguments: signature("key", "default"; 1)) {
    let (key, default) = arguments.one_or_two(signature)?;
    let default = or_none(this.py(), default);
    M::get_or_store(&this, &key, &default)
});

method!(pop(this, arguments: signature("key"; 1)) {
    let py = this.py();
    if arguments.unnamed() > 2 {
        return Err(type_error(
            py,
            format_args!("pop expected at most 2 arguments, got {}", arguments.unnamed()),
        ));
    }
    let default = arguments.get(1);
    let [key] = arguments.up_to(1).all(signature)?;
    let taken = if Container::len(&this, py) == 0 {
        // As a `dict`, which does not ask for a hash then.
        M::check_key(&key)?;
        None
    } else {
        this.take(&key, M::key_hash(&key)?)?
    };
    match taken.and_then(|entry| entry.value(py)).or_else(|| default.map(Borrowed::to_owned)) {
        Some(value) => Ok(value),
        None => Err(missing::<M>(&key)),
    }
});

method!(__deepcopy__(this, arguments: signature("memo"; 1)) {
    let py = this.py();
    let [memo] = arguments.all(signature)?;
    let copy = call(&class_of(&this.as_object())?, [])?;
    for entry in this.collect(py, Clone::clone)? {
        if let (Some(key), Some(value)) = (entry.key(py), entry.value(py)) {
            let (key, value) = M::copied(key, value, |object| {
                call(&DEEPCOPY.get(py), [object.as_borrowed(), memo])
            })?;
            assign_item(&copy, key.as_borrowed(), value.as_borrowed())?;
        }
    }
    Ok(copy)
});

method!(popitem(this) {
    loop {
        let Some(entry) = Container::pop(&this, this.py()) else {
            return Err(empty(this.py(), "popitem(): dictionary is empty"));
        };
        if let (Some(key), Some(value)) = (entry.key(this.py()), entry.value(this.py())) {
            return tuple(this.py(), [key.as_borrowed(), value.as_borrowed()]);
        }
    }
});

method!(clear(this) {
    if !Natives::<M>::POPITEM.is_of(this.as_object())? {
        // Another `popitem` than the native one: until there is nothing left.
        loop {
            match call_method(name::popitem(this.py()), [this.as_object()]) {
                Ok(_) => {}
                Err(raised) if raised.is(this.py(), kinds::key_error()) => {
                    raised.clear(this.py());
                    return Ok(none(this.py()));
                }
                Err(raised) => return Err(raised),
            }
        }
    }
    this.drain(this.py(), M::is_inert);
    Ok(none(this.py()))
});

method!(keys(this) WeakIterator::<M>::make(this, Part::Key));
method!(values(this) WeakIterator::<M>::make(this, Part::Value));
method!(items(this) WeakIterator::<M>::make(this, Part::Item));

method!(copy(this) {
    let copy = new_public(this)?;
    if is_unchanged(copy.this())? {
        copy_into(&this, &copy.this(), this.py())?;
    } else {
        assign_each(&this, &copy.this().as_object())?;
    }
    Ok(copy.into_object())
});

/// Assigns the entries that are alive to `copy`, as code in Python would.
fn assign_each<M: Mapped>(container: &Container<M>, copy: &Bound<'_, PyAny>) -> Result<()> {
    let py = copy.py();
    let mut turns = Turns::default();
    for entry in container.collect(py, Clone::clone)? {
        if let (Some(key), Some(value)) = (entry.key(py), entry.value(py)) {
            assign_item(copy, key.as_borrowed(), value.as_borrowed())?;
            turns.take(py)?;
        }
    }
    Ok(())
}

/// Copies the entries that are alive into `copy`, which is new.
fn copy_into<M: Mapped>(
    container: &Container<M>,
    copy: &Container<M>,
    py: Python<'_>,
) -> Result<()> {
    let mut turns = Turns::default();
    let entries = container.collect(py, Clone::clone)?;
    let mut miss = copy.reserve(py, entries.len())?;
    for entry in entries {
        let (Some(key), Some(value)) = (entry.key(py), entry.value(py)) else {
            continue;
        };
        let hash = entry.hash(py);
        copy.append(&key, hash, M::make(copy, &key, hash, &value)?, &mut miss)?;
        turns.take(py)?;
    }
    Ok(())
}

method!(__sizeof__(this) {
    let own = size_of::<Object<Container<M>>>();
    object::integer(this.py(), own + this.allocated_bytes(this.py()))
});

fn or_none<'py>(py: Python<'py>, object: Option<Argument<'_, 'py>>) -> Bound<'py, PyAny> {
    object.map_or_else(|| none(py), Borrowed::to_owned)
}

/// Calls `this.update(other, **named)`, which a subclass has overridden.
pub(crate) fn call_update<'py, M: Mapped>(
    this: This<'_, 'py, M>,
    other: Argument<'_, 'py>,
    named: Option<&Bound<'py, PyDict>>,
) -> Result<()> {
    let update = attribute(&this.as_object(), name::update(this.py()))?;
    let args = tuple(this.py(), [other])?;
    // SAFETY: a tuple was made.
    let args = unsafe { args.cast_into_unchecked() };
    object::call_with(&update, &args, named).map(drop)
}

/// `copy.deepcopy`.
pub(crate) static DEEPCOPY: Constant = Constant::new();
