//! Comparing two mappings of the same public class: inside both tables, where identity decides over the keys.

use super::container::{Container, This, live, locate};
use super::mapped::Mapped;
use super::subclassing::is_unchanged;
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::object::{self, Argument, boolean, none};
use crate::interpreter::slots;
use pyo3::{Bound, PyAny, Python, ffi};
use std::collections::TryReserveError;

/// The private method by which the public class compares.
pub(crate) const fn method<M: Mapped>() -> ffi::PyMethodDef {
    slots::method_of_one(
        c"_equals",
        equals::<M>,
        c"_equals($self, other, /)\n--\n\n\
          Whether the mapping equals another one, if both are of the public class and that takes no comparisons of keys.",
    )
}

/// None unless `other` is exactly of the same public class.
fn equals<'py, M: Mapped>(
    this: This<'_, 'py, M>,
    other: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = this.py();
    let same_class = object::have_same_class(&this.as_object(), &other);
    let Some(other) = This::of(other).filter(|_| same_class) else {
        return Ok(none(py));
    };
    if !is_unchanged(this)? {
        return Ok(none(py));
    }
    let equal = are_equal(py, &this, &other)?;
    Ok(equal.map_or_else(|| none(py), |equal| boolean(py, equal)))
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
            let Some(found) = found.filter(|found| found.reference().is_alive_inside(py)) else {
                return Ok(Some(false));
            };
            if !found.has_value_of(entry) {
                not_same.try_reserve(1)?;
                not_same.push((entry.value_inside(py), found.value_inside(py)));
            }
        }
        Ok::<_, TryReserveError>(Some(true))
    })?;
    let same_keys = match same_keys.transpose() {
        Ok(same_keys) => same_keys.flatten(),
        Err(_) => return Err(no_memory(py)),
    };
    let Some(same_keys) = same_keys else {
        return Ok(None);
    };
    for pair in not_same {
        if let (Some(one), Some(other)) = pair {
            if !object::are_equal(&one, &other)? {
                return Ok(Some(false));
            }
        }
    }
    Ok(Some(same_keys))
}
