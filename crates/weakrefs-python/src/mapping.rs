//! What the methods of the two mappings have in common: the reading of other mappings and of
//! optional arguments, and equality.

use crate::container::{Container, Entry, live, locate};
use crate::errors::unpack_pair;
use crate::names::name;
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Calls `store` with each pair of `other`: a mapping, or an iterable of pairs.
pub(crate) fn for_each_pair<'py>(
    other: &Bound<'py, PyAny>,
    mut store: impl FnMut(&Bound<'py, PyAny>, &Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<()> {
    let py = other.py();
    let items = match other.getattr_opt(name!(py, "items"))? {
        Some(items) => items.call0()?,
        None => dict_of(other)?.items().into_any(),
    };
    for item in items.try_iter()? {
        let (key, value) = unpack_pair(&item?)?;
        store(&key, &value)?;
    }
    Ok(())
}

/// A `dict` of what such a one can be made from.
pub(crate) fn dict_of<'py>(other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let dict = other.py().get_type::<PyDict>().call1((other,))?;
    Ok(dict.cast_into::<PyDict>()?)
}

/// `clear` for a subclass with a `popitem` of its own: pops until there is nothing left.
pub(crate) fn clear_by_popping(this: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = this.py();
    loop {
        match this.call_method0(name!(py, "popitem")) {
            Ok(_) => {}
            Err(error) if error.is_instance_of::<PyKeyError>(py) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// The one optional positional argument `other` of a method called as `name(key[, other])`.
pub(crate) fn optional_default<'py>(
    name: &str,
    args: &Bound<'py, PyTuple>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match args.len() {
        0 => Ok(None),
        1 => args.get_item(0).map(Some),
        more => Err(PyTypeError::new_err(format!(
            "{name} expected at most 2 arguments, got {}",
            more + 1
        ))),
    }
}

/// An entry of a mapping.
pub(crate) trait Mapped: Entry {
    /// Whether this and `other`, both alive, have the same value.
    fn has_value_of(&self, other: &Self) -> bool;

    /// The value of an entry that is alive. Counts a reference up and does nothing else.
    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>>;
}

/// Whether two mappings are equal, as `dict`s of their items would be; `None` if keys would have to be compared by
/// their own code.
///
/// The keys are looked up in one step, inside the two tables. Values that are not the same are compared afterwards.
pub(crate) fn are_equal<E: Mapped>(
    py: Python<'_>,
    one: &Container<E>,
    other: &Container<E>,
) -> PyResult<Option<bool>> {
    // Outside of the tables, as it is dropped.
    let mut not_same = Vec::new();
    let same_keys = one.beside(py, other, |one, other| {
        if live(py, one).count() != live(py, other).count() {
            return Some(false);
        }
        for entry in live(py, one) {
            let Some(at) = locate(py, other, entry)? else {
                return Some(false);
            };
            let found = other.get(at);
            if !found.reference().is_alive(py) {
                return Some(false);
            }
            if !found.has_value_of(entry) {
                not_same.push((entry.value(py), found.value(py)));
            }
        }
        Some(true)
    });
    let Some(same_keys) = same_keys.flatten() else {
        return Ok(None);
    };
    for pair in not_same {
        if let (Some(one), Some(other)) = pair
            && !one.eq(other)?
        {
            return Ok(Some(false));
        }
    }
    Ok(Some(same_keys))
}
