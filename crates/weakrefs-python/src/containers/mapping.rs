//! The two mappings: everything but how an entry is made, named and compared.
//!
//! Each operation stands once, over [`Mapped`]; [`Methods`] lists the methods. What Python code can override is called as
//! 3.14's classes call it (S26).

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::container::{self, Container, live, locate};
use super::data::Shown;
use super::entry::Part;
use super::iterator::WeakIterator;
use super::subclassing::{class_of, is_unchanged, new_public};
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{self, OPEN, Table as Static, plain_method, slot};
use crate::interpreter::constant::Constant;
use crate::interpreter::entry::{enter, passed};
use crate::interpreter::error::{Raised, Result, empty, given, kinds, no_memory, type_error};
use crate::interpreter::key_error::key_error;
use crate::interpreter::method::{Function, Name, Native};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, assign_item, attribute, call, call_method, dict, none, optional_attribute,
    tuple,
};
use crate::interpreter::turns::Turns;
use pyo3::types::PyDict;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_int, c_void};

/// An entry of a mapping.
pub(crate) trait Mapped: Shown {
    /// Fails if `key` cannot be one for another reason than its hash.
    fn check_key(key: &Bound<'_, PyAny>) -> Result<()>;

    /// The hash of a key that is to be looked up or stored.
    fn key_hash(key: &Bound<'_, PyAny>) -> Result<isize>;

    /// The same, for `in`: `None` if it cannot be a key.
    fn possible_key_hash(key: &Bound<'_, PyAny>) -> Result<Option<isize>>;

    /// What a `KeyError` names for a key that is not there.
    fn named_missing<'py>(key: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>>;

    /// The key, unless it is dead. Counts a reference up and does nothing else.
    fn key<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>>;

    /// The value, unless it is dead. Counts a reference up and does nothing else.
    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>>;

    /// Whether the value is there: one that is held strongly always is.
    fn has_value(&self, py: Python<'_>) -> bool;

    /// Whether this and `other`, both alive, have the same value.
    fn has_value_of(&self, other: &Self) -> bool;

    /// A new entry for `key`, whose hash is `hash`, in `container`.
    fn make(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        hash: isize,
        value: &Bound<'_, PyAny>,
    ) -> Result<Self>;

    /// The key and the value, of which what is held strongly is copied by `copy`.
    fn copied<'py>(
        key: Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
        copy: impl FnOnce(Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>>,
    ) -> Result<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

    /// `container[key] = value`.
    fn store(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> Result<()>;

    /// The value of `key`, or else `default`, which is stored.
    fn get_or_store<'py>(
        container: &Container<Self>,
        key: &Bound<'py, PyAny>,
        default: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>>;
}

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

/// Calls `store` with each pair of `other`: a mapping, or an iterable of pairs.
pub(crate) fn for_each_pair<'py>(
    other: &Bound<'py, PyAny>,
    mut store: impl FnMut(&Bound<'py, PyAny>, &Bound<'py, PyAny>) -> Result<()>,
) -> Result<()> {
    let py = other.py();
    let mut turns = Turns::default();
    let mut store = |key: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>| {
        store(key, value)?;
        turns.take(py)
    };
    if let Ok(dict) = other.cast_exact() {
        return object::for_each_item(dict, store);
    }
    match optional_attribute(other, name::items(py))? {
        Some(items) => object::iterate(&call(&items, [])?)?.try_for_each(|item| {
            let (key, value) = object::unpack_pair(&item?)?;
            store(&key, &value)
        }),
        None => object::for_each_item(&dict_of(other)?, store),
    }
}

/// A `dict` of what such a one can be made from: item by item, for the interpreter would not let itself be interrupted.
pub(crate) fn dict_of<'py>(other: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    let py = other.py();
    let made = dict(py)?;
    // SAFETY: a type check of a valid object.
    if unsafe { ffi::PyDict_Check(other.as_ptr()) } != 0 {
        // SAFETY: two `dict`s.
        return match unsafe { ffi::PyDict_Update(made.as_ptr(), other.as_ptr()) } {
            0 => Ok(made),
            _ => Err(Raised::by_interpreter()),
        };
    }
    let mut turns = Turns::default();
    if let Some(keys) = optional_attribute(other, name::keys(py))? {
        for key in object::iterate(&call(&keys, [])?)? {
            let key = key?;
            let value = object::item(other, key.as_borrowed())?;
            object::set_item(&made, key.as_borrowed(), value.as_borrowed())?;
            turns.take(py)?;
        }
        return Ok(made);
    }
    // In the interpreter's words.
    for (at, pair) in object::iterate(other)?.enumerate() {
        let (key, value) = object::dict_pair(&pair?, at)?;
        object::set_item(&made, key.as_borrowed(), value.as_borrowed())?;
        turns.take(py)?;
    }
    Ok(made)
}

/// Whether two mappings are equal, as `dict`s of their items would be; `None` if keys would have to be compared by
/// their own code.
///
/// The keys are looked up in one step, inside the two tables. Values that are not the same are compared afterwards.
fn are_equal<M: Mapped>(
    py: Python<'_>,
    one: &Container<M>,
    other: &Container<M>,
) -> Result<Option<bool>> {
    // Outside of the tables, as it is dropped.
    let mut not_same = Vec::new();
    let same_keys = one.beside(py, other, |one, other| {
        if live(py, one).count() != live(py, other).count() {
            return Ok(Some(false));
        }
        for entry in live(py, one) {
            let Some(found) = locate(py, other, entry) else {
                return Ok(None);
            };
            let found = found.and_then(|at| other.get(at));
            let Some(found) = found.filter(|found| found.reference().is_alive(py)) else {
                return Ok(Some(false));
            };
            if !found.has_value_of(entry) {
                not_same.try_reserve(1)?;
                not_same.push((entry.value(py), found.value(py)));
            }
        }
        Ok::<_, std::collections::TryReserveError>(Some(true))
    })?;
    let same_keys = match same_keys.transpose() {
        Ok(same_keys) => same_keys.flatten(),
        Err(_) => return Err(no_memory(py)),
    };
    let Some(same_keys) = same_keys else {
        return Ok(None);
    };
    for pair in not_same {
        if let (Some(one), Some(other)) = pair
            && !object::are_equal(&one, &other)?
        {
            return Ok(Some(false));
        }
    }
    Ok(Some(same_keys))
}

/// Makes the native class of a mapping, which has `methods` beside those that both have.
pub(crate) fn make_class<M: Mapped>(
    py: Python<'_>,
    name: &'static CStr,
    doc: &'static CStr,
    init: ffi::initproc,
    methods: &'static [Native],
) -> Result<()> {
    M::classes()
        .methods
        .get_or_init(|| [Natives::<M>::SHARED, methods]);
    M::classes().container.make(py, || {
        class::create::<Container<M>, _>(
            py,
            name,
            OPEN | ffi::Py_TPFLAGS_IMMUTABLETYPE | ffi::Py_TPFLAGS_MAPPING,
            [
                slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()),
                slot(ffi::Py_tp_init, init as *mut c_void),
                slot(ffi::Py_tp_iter, iterate::<M> as *mut c_void),
                slot(ffi::Py_tp_repr, repr as *mut c_void),
                slot(ffi::Py_mp_subscript, subscript::<M> as *mut c_void),
                slot(ffi::Py_mp_ass_subscript, assign::<M> as *mut c_void),
                slot(ffi::Py_sq_contains, contains::<M> as *mut c_void),
                slot(ffi::Py_sq_length, len::<M> as *mut c_void),
                slot(ffi::Py_mp_length, len::<M> as *mut c_void),
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
pub(crate) const fn native<M: Mapped, F: Function>(name: Name, function: F) -> Native {
    Native::new::<Container<M>, _>(name, function)
}

/// What both mappings have in native code.
pub(crate) struct Natives<M>(M);

impl<M: Mapped> Natives<M> {
    const POPITEM: Native = Native::flat::<Container<M>, _>(name::popitem, popitem::<M>);

    const ALL: [Native; 12] = [
        Native::flat::<Container<M>, _>(name::get, get::<M>),
        Native::flat::<Container<M>, _>(name::setdefault, setdefault::<M>),
        Native::flat::<Container<M>, _>(name::pop, pop::<M>),
        Self::POPITEM,
        native::<M, _>(name::clear, clear::<M>),
        native::<M, _>(name::keys, keys::<M>),
        native::<M, _>(name::values, values::<M>),
        native::<M, _>(name::items, items::<M>),
        native::<M, _>(name::copy, copy::<M>),
        native::<M, _>(name::__copy__, copy::<M>),
        native::<M, _>(name::__deepcopy__, __deepcopy__::<M>),
        native::<M, _>(name::__sizeof__, __sizeof__::<M>),
    ];

    /// The methods of both mappings.
    const SHARED: &'static [Native] = &Self::ALL;

    /// The private methods of the native class: those for `data`, and what `==` asks.
    const PRIVATE: Static<ffi::PyMethodDef, 5> = {
        let [references, replace_references, evictor, last] = M::METHODS.0;
        Static([references, replace_references, evictor, Self::EQUALS, last])
    };

    const EQUALS: ffi::PyMethodDef = plain_method(
        c"_equals",
        equals::<M>,
        ffi::METH_O,
        c"_equals($self, other, /)\n--\n\n\
          Whether the mapping equals another one, if both are of the public class and that takes no comparisons of keys.",
    );
}

// Slots

unsafe extern "C" fn len<M: Mapped>(this: *mut ffi::PyObject) -> ffi::Py_ssize_t {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| Ok(container::of::<M>(passed(py, this)).len(py))) }
}

unsafe extern "C" fn contains<M: Mapped>(
    this: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and another one.
    unsafe {
        enter(|py| {
            let (this, key) = (passed(py, this), passed(py, key));
            let Some(hash) = M::possible_key_hash(&key)? else {
                return Ok(false);
            };
            // An entry whose key equals one that is alive has a live key.
            let found = container::of::<M>(this).find(&key, hash, |table, at| {
                table.get(at).is_some_and(|entry| entry.has_value(py))
            })?;
            Ok(found.unwrap_or(false))
        })
    }
}

unsafe extern "C" fn subscript<M: Mapped>(
    this: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class, and another one.
    unsafe {
        enter(|py| {
            let (this, key) = (passed(py, this), passed(py, key));
            lookup(container::of::<M>(this), &key, |entry| entry.value(py))?
                .ok_or_else(|| missing::<M>(&key))
        })
    }
}

/// `d[key] = value`, or, without a value, `del d[key]`.
unsafe extern "C" fn assign<M: Mapped>(
    this: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and others.
    unsafe {
        enter(|py| {
            let (this, key) = (passed(py, this), passed(py, key));
            let container = container::of::<M>(this);
            if !value.is_null() {
                return M::store(container, &key, &passed(py, value));
            }
            let taken = container.take(&key, M::key_hash(&key)?)?;
            match taken {
                Some(entry) => {
                    drop(entry);
                    Ok(())
                }
                None => Err(missing::<M>(&key)),
            }
        })
    }
}

unsafe extern "C" fn iterate<M: Mapped>(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| WeakIterator::<M>::make(passed(py, this), Part::Key)) }
}

/// `<name at 0x...>`.
unsafe extern "C" fn repr(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object.
    unsafe {
        enter(|py| {
            let class = class_of(&passed(py, this))?;
            let name = attribute(&class, name::name(py))?;
            let text = ffi::PyUnicode_FromFormat(
                c"<%S at %p>".as_ptr(),
                name.as_ptr(),
                this.cast::<c_void>(),
            );
            given(py, text)
        })
    }
}

// Methods

/// A method: what it does with the object, the container in it, and the arguments, which it reads by its signature: its
/// parameters, and how many must be given.
macro_rules! method {
    ($name:ident($this:ident, $container:ident, $arguments:ident: $signature:ident($($parameter:literal),*; $required:literal)) $body:expr) => {
        fn $name<'py, M: Mapped>(
            $this: Argument<'_, 'py>,
            $arguments: Arguments<'_, 'py>,
        ) -> Result<Bound<'py, PyAny>> {
            let $signature = const { &Signature::new(M::CLASS, stringify!($name), &[$($parameter),*], $required) };
            // SAFETY: methods are entered with an object of the class.
            let $container = unsafe { container::of::<M>($this) };
            $body
        }
    };
    ($name:ident($this:ident, $container:ident) $body:expr) => {
        method!($name($this, $container, arguments: signature(; 0)) {
            let [] = arguments.read(signature)?;
            $body
        });
    };
}

method!(get(this, container, arguments: signature("key", "default"; 1)) {
    let (key, default) = arguments.one_or_two(signature)?;
    let py = this.py();
    let value = lookup(container, &key, |entry| entry.value(py))?;
    Ok(value.unwrap_or_else(|| or_none(py, default)))
});

method!(setdefault(this, container, arguments: signature("key", "default"; 1)) {
    let (key, default) = arguments.one_or_two(signature)?;
    let default = or_none(this.py(), default);
    M::get_or_store(container, &key, &default)
});

method!(pop(this, container, arguments: signature("key"; 1)) {
    let py = this.py();
    if arguments.unnamed() > 2 {
        return Err(type_error(
            py,
            format_args!("pop expected at most 2 arguments, got {}", arguments.unnamed()),
        ));
    }
    let default = arguments.get(1);
    let [key] = arguments.up_to(1).all(signature)?;
    let taken = if container.len(py) == 0 {
        // As a `dict`, which does not ask for a hash then.
        M::check_key(&key)?;
        None
    } else {
        container.take(&key, M::key_hash(&key)?)?
    };
    match taken.and_then(|entry| entry.value(py)).or_else(|| default.map(Borrowed::to_owned)) {
        Some(value) => Ok(value),
        None => Err(missing::<M>(&key)),
    }
});

method!(__deepcopy__(this, container, arguments: signature("memo"; 1)) {
    let py = this.py();
    let [memo] = arguments.all(signature)?;
    let copy = call(&class_of(&this)?, [])?;
    for entry in container.collect(py, Clone::clone)? {
        if let (Some(key), Some(value)) = (entry.key(py), entry.value(py)) {
            let (key, value) = M::copied(key, value, |object| {
                call(&DEEPCOPY.get(py), [object.as_borrowed(), memo])
            })?;
            assign_item(&copy, key.as_borrowed(), value.as_borrowed())?;
        }
    }
    Ok(copy)
});

method!(popitem(this, container) {
    loop {
        let Some(entry) = container.pop(this.py()) else {
            return Err(empty(this.py(), "popitem(): dictionary is empty"));
        };
        if let (Some(key), Some(value)) = (entry.key(this.py()), entry.value(this.py())) {
            return tuple(this.py(), [key.as_borrowed(), value.as_borrowed()]);
        }
    }
});

method!(clear(this, container) {
    if !Natives::<M>::POPITEM.is_of(this)? {
        // Another `popitem` than ours: until there is nothing left.
        loop {
            match call_method(name::popitem(this.py()), [this]) {
                Ok(_) => {}
                Err(raised) if raised.is(this.py(), kinds::key_error()) => {
                    raised.clear(this.py());
                    return Ok(none(this.py()));
                }
                Err(raised) => return Err(raised),
            }
        }
    }
    container.drain(this.py());
    Ok(none(this.py()))
});

method!(keys(this, _container) WeakIterator::<M>::make(this, Part::Key));
method!(values(this, _container) WeakIterator::<M>::make(this, Part::Value));
method!(items(this, _container) WeakIterator::<M>::make(this, Part::Item));

method!(copy(this, container) {
    let copy = new_public::<M>(this)?;
    if is_unchanged::<M>(copy.0.as_borrowed())? {
        copy_into(container, copy.container::<M>(), this.py())?;
    } else {
        assign_each(container, &copy.0)?;
    }
    Ok(copy.0)
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
    copy.reserve(py, entries.len())?;
    let mut miss = copy.miss(py)?;
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

method!(__sizeof__(this, container) {
    let own = size_of::<class::Object<Container<M>>>();
    object::integer(this.py(), own + container.allocated_bytes(this.py()))
});

/// Whether the mapping equals `other`, if both are exactly of the same public class; else None.
unsafe extern "C" fn equals<M: Mapped>(
    this: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class, and another one, which is made sure of.
    unsafe {
        enter(|py| {
            let (this, other) = (passed(py, this), passed(py, other));
            let same_class = ffi::Py_TYPE(this.as_ptr()) == ffi::Py_TYPE(other.as_ptr());
            if !same_class || !is_unchanged::<M>(this)? {
                return Ok(none(py));
            }
            let equal = are_equal(py, container::of::<M>(this), container::of::<M>(other))?;
            Ok(equal.map_or_else(|| none(py), |equal| object::boolean(py, equal)))
        })
    }
}

fn or_none<'py>(py: Python<'py>, object: Option<Argument<'_, 'py>>) -> Bound<'py, PyAny> {
    object.map_or_else(|| none(py), Borrowed::to_owned)
}

/// Calls `this.update(other, **named)`, which a subclass has overridden.
pub(crate) fn call_update<'py>(
    this: Argument<'_, 'py>,
    other: Argument<'_, 'py>,
    named: Option<&Bound<'py, PyDict>>,
) -> Result<()> {
    let update = attribute(&this, name::update(this.py()))?;
    let args = tuple(this.py(), [other])?;
    // SAFETY: a tuple was made.
    let args = unsafe { args.cast_into_unchecked() };
    object::call_with(&update, &args, named).map(drop)
}

/// `copy.deepcopy`.
pub(crate) static DEEPCOPY: Constant = Constant::new();
