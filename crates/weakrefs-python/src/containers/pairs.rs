//! What a mapping is filled from: a mapping, or an iterable of pairs.
//!
//! Of an iterable, 3.14's classes first make a `dict`, so an error in the middle of it changes nothing, and of equal keys
//! the last value counts. Where that would find no error and ask no key, it makes no difference, and the pairs are only
//! collected.

#![allow(unsafe_code, reason = "the interpreter's `dict`")]

use super::container::Container;
use super::filling::{Filling, known_len};
use super::mapped::Mapped;
use crate::interpreter::error::{Raised, Result, no_memory};
use crate::interpreter::names::name;
use crate::interpreter::object::{self, call, dict, optional_attribute};
use crate::interpreter::turns::Turns;
use pyo3::types::PyDict;
use pyo3::{Bound, PyAny, ffi};

/// Stores each pair of `other`: a mapping, or an iterable of pairs.
pub(super) fn store_all<M: Mapped>(
    container: &Container<M>,
    other: &Bound<'_, PyAny>,
) -> Result<()> {
    let py = other.py();
    let mut storing = Storing {
        filling: Filling::new(container),
        turns: Turns::default(),
    };
    if let Ok(dict) = other.cast_exact() {
        return storing.store_dict(dict);
    }
    if let Some(items) = optional_attribute(other, name::items(py))? {
        return object::iterate(&call(&items, [])?)?.try_for_each(|item| {
            let (key, value) = object::unpack_pair(&item?)?;
            storing.store(&key, &value)
        });
    }
    match collected::<M>(other)? {
        Collected::Pairs(pairs) => {
            storing.filling.expect(py, pairs.len());
            let stored = pairs
                .iter()
                .try_for_each(|(key, value)| storing.store(key, value));
            // They may have been fewer than there were pairs.
            container.fit(py);
            stored
        }
        Collected::Dict(dict) => storing.store_dict(&dict),
    }
}

/// The storing of many pairs.
struct Storing<'a, M: Mapped> {
    filling: Filling<'a, M>,
    turns: Turns,
}

impl<M: Mapped> Storing<'_, M> {
    #[inline(always)]
    fn store(&mut self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> Result<()> {
        let py = key.py();
        M::store(self.filling.container, key, value)?;
        self.filling.go_on(py);
        self.turns.take(py)
    }

    fn store_dict(&mut self, dict: &Bound<'_, PyDict>) -> Result<()> {
        self.filling.expect(dict.py(), known_len(dict));
        object::for_each_item(dict, |key, value| self.store(key, value))
    }
}

/// A `dict` of what such a one can be made from: item by item, for the interpreter would not let itself be interrupted.
pub(super) fn dict_of<'py>(other: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    let made = dict(other.py())?;
    if !add_mapping(&made, other)? {
        // In the interpreter's words.
        add_pairs(&made, object::iterate(other)?.enumerate())?;
    }
    Ok(made)
}

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// With more pairs, a `dict` is made in any case: it needs no memory for a key that comes again and again.
const MANY: usize = 1 << 16;

/// What an iterable has given.
enum Collected<'py> {
    /// Pairs of which a `dict` says nothing else.
    Pairs(Vec<Pair<'py>>),
    Dict(Bound<'py, PyDict>),
}

/// The pairs that a `dict` made from `other` would have.
fn collected<'py, M: Mapped>(other: &Bound<'py, PyAny>) -> Result<Collected<'py>> {
    let py = other.py();
    let made = dict(py)?;
    if add_mapping(&made, other)? {
        return Ok(Collected::Dict(made));
    }
    let mut turns = Turns::default();
    let mut pairs = Vec::new();
    let mut items = object::iterate(other)?.enumerate();
    while let Some((at, item)) = items.next() {
        let (key, value) = object::dict_pair(&item?, at)?;
        let is_plain = M::is_plain(&key, &value);
        pairs.try_reserve(1).map_err(|_| no_memory(py))?;
        pairs.push((key, value));
        if !is_plain || pairs.len() == MANY {
            for (key, value) in pairs {
                object::set_item(&made, key.as_borrowed(), value.as_borrowed())?;
            }
            add_pairs(&made, items)?;
            return Ok(Collected::Dict(made));
        }
        turns.take(py)?;
    }
    Ok(Collected::Pairs(pairs))
}

/// Adds what a mapping has to `made`; says whether `other` is one, in the eyes of `dict`.
fn add_mapping(made: &Bound<'_, PyDict>, other: &Bound<'_, PyAny>) -> Result<bool> {
    let py = made.py();
    // SAFETY: a type check of a valid object.
    if unsafe { ffi::PyDict_Check(other.as_ptr()) } != 0 {
        // SAFETY: two `dict`s.
        return match unsafe { ffi::PyDict_Update(made.as_ptr(), other.as_ptr()) } {
            0 => Ok(true),
            _ => Err(Raised::by_interpreter()),
        };
    }
    let Some(keys) = optional_attribute(other, name::keys(py))? else {
        return Ok(false);
    };
    let mut turns = Turns::default();
    for key in object::iterate(&call(&keys, [])?)? {
        let key = key?;
        let value = object::item(other, key.as_borrowed())?;
        object::set_item(made, key.as_borrowed(), value.as_borrowed())?;
        turns.take(py)?;
    }
    Ok(true)
}

/// Adds pairs, which come with their numbers.
fn add_pairs<'py>(
    made: &Bound<'py, PyDict>,
    items: impl Iterator<Item = (usize, Result<Bound<'py, PyAny>>)>,
) -> Result<()> {
    let mut turns = Turns::default();
    for (at, item) in items {
        let (key, value) = object::dict_pair(&item?, at)?;
        object::set_item(made, key.as_borrowed(), value.as_borrowed())?;
        turns.take(made.py())?;
    }
    Ok(())
}
