//! The algebra of `WeakSet`: comparisons and combinations with any iterable (S24).
//!
//! Every element of the other side must be one that can be weakly referenced and hashed, as if the
//! other side were made a set of references first; else `TypeError`. Where the outcome depends on
//! all of it (`keep`, `toggle`), nothing is changed before all of it has been read.

use crate::container::{Container, Entry};
use crate::direct::Direct;
use crate::names::name;
use crate::strong::Strong;
use crate::weak_ref::weak_key_hash;
use crate::weak_set::{Element, WeakSet};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use std::collections::HashMap;

/// The elements of a set that were met in another iterable, by the identity of their references,
/// which are held lest another object take their addresses.
type Met = HashMap<usize, Strong>;

fn is_met(met: &Met, element: &Element) -> bool {
    met.contains_key(&(element.identity().as_ptr() as usize))
}

/// Looks every element of `other` up; gives those of the set that were met, and whether `other` has
/// any that is not in the set.
fn meet(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<(Met, bool)> {
    let mut met = Met::new();
    let mut foreign = false;
    for element in other.try_iter()? {
        match reference_of(set, &element?)? {
            Some(reference) => drop(met.insert(reference.as_ptr() as usize, reference)),
            None => foreign = true,
        }
    }
    Ok((met, foreign))
}

/// The set's reference to the element that is equal to `element`.
fn reference_of(set: &Container<Element>, element: &Bound<'_, PyAny>) -> PyResult<Option<Strong>> {
    set.find(element, weak_key_hash(element)?, |table, at| {
        table.get(at).identity().clone()
    })
}

/// Whether every live element of the set has been met.
fn all_met(set: &Container<Element>, py: Python<'_>, met: &Met) -> bool {
    let missed = set.collect(py, |element| {
        element.reference().is_alive(py) && !is_met(met, element)
    });
    !missed.contains(&true)
}

/// Ends when the last element of the set has been met.
pub(crate) fn is_subset(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = other.py();
    let mut met = Met::new();
    for element in other.try_iter()? {
        if let Some(reference) = reference_of(set, &element?)? {
            met.insert(reference.as_ptr() as usize, reference);
            if met.len() >= set.len(py) {
                break;
            }
        }
    }
    Ok(all_met(set, py, &met))
}

pub(crate) fn is_proper_subset(
    set: &Container<Element>,
    other: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let (met, foreign) = meet(set, other)?;
    Ok(foreign && all_met(set, other.py(), &met))
}

/// Ends with the first element that is not in the set.
pub(crate) fn is_superset(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    for element in other.try_iter()? {
        if reference_of(set, &element?)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) fn is_proper_superset(
    set: &Container<Element>,
    other: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let (met, foreign) = meet(set, other)?;
    Ok(!foreign && !all_met(set, other.py(), &met))
}

pub(crate) fn is_equal(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    let (met, foreign) = meet(set, other)?;
    Ok(!foreign && all_met(set, other.py(), &met))
}

pub(crate) fn is_disjoint(set: &Bound<'_, WeakSet>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(set
        .call_method1(name!(set.py(), "intersection"), (other,))?
        .len()?
        == 0)
}

/// A new set of the class of `set` with `elements`.
fn of_same_class<'py>(
    set: &Bound<'py, WeakSet>,
    elements: Bound<'py, PyList>,
) -> PyResult<Bound<'py, PyAny>> {
    set.getattr(name!(set.py(), "__class__"))?
        .call1((elements,))
}

pub(crate) fn union<'py>(
    set: &Bound<'py, WeakSet>,
    other: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if set.get_type().is(&WeakSet::public(set.py())?) {
        let union = WeakSet::copy(set)?;
        for element in other.try_iter()? {
            let element = element?;
            union
                .cast::<WeakSet>()?
                .get()
                .container
                .add(&element, weak_key_hash(&element)?)?;
        }
        return Ok(union);
    }
    let elements = PyList::empty(set.py());
    for side in [set.as_any(), other] {
        for element in side.try_iter()? {
            elements.append(element?)?;
        }
    }
    of_same_class(set, elements)
}

pub(crate) fn intersection<'py>(
    set: &Bound<'py, WeakSet>,
    other: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let elements = PyList::empty(set.py());
    for element in other.try_iter()? {
        let element = element?;
        if set.contains(&element)? {
            elements.append(element)?;
        }
    }
    of_same_class(set, elements)
}

/// A copy of the set, changed by its method `change` with `other`.
pub(crate) fn changed_copy<'py>(
    set: &Bound<'py, WeakSet>,
    change: &Bound<'py, PyString>,
    other: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let copy = set.call_method0(name!(set.py(), "copy"))?;
    copy.call_method1(change, (other,))?;
    Ok(copy)
}

/// Keeps what `other` has of the set: the elements as `other` has them, in its order. Ends when the
/// last element of the set has been met.
pub(crate) fn keep(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = other.py();
    let mut met = Met::new();
    // With the elements themselves, so that none can die before its entry is in place.
    let mut kept = Vec::new();
    for element in other.try_iter()? {
        let element = element?;
        let hash = weak_key_hash(&element)?;
        let present = set.find(&element, hash, |table, at| table.get(at).clone())?;
        let Some(entry) = present else { continue };
        let reference = entry.identity().clone();
        if met.insert(reference.as_ptr() as usize, reference).is_none() {
            let same = entry.reference().refers_to(element.as_ptr());
            let entry = if same {
                entry
            } else {
                set.element(&element, hash)?
            };
            kept.push((element, hash, entry));
            if met.len() >= set.len(py) {
                break;
            }
        }
    }
    set.replace(
        py,
        kept.iter().map(|(_, hash, entry)| (*hash, entry.clone())),
    );
    Ok(())
}

/// Removes the elements of `other`, one by one as they come.
pub(crate) fn remove(set: &Bound<'_, WeakSet>, other: &Bound<'_, PyAny>) -> PyResult<()> {
    if set.is(other) {
        set.get().container.clear(set.py());
        return Ok(());
    }
    for element in other.try_iter()? {
        set.get().discard(&element?)?;
    }
    Ok(())
}

/// Removes the elements of `other` that are in the set, and adds the others.
pub(crate) fn toggle(set: &Bound<'_, WeakSet>, other: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = set.py();
    if set.is(other) {
        set.get().container.clear(py);
        return Ok(());
    }
    // Each element counts once, however often it comes.
    let distinct = Container::new();
    for element in other.try_iter()? {
        let element = element?;
        distinct.add(&element, weak_key_hash(&element)?)?;
    }
    for element in distinct.collect(py, Clone::clone) {
        let Some(element_object) = element.reference().upgrade(py) else {
            continue;
        };
        let hash = element.reference().remembered_hash();
        if set.get().container.take(&element_object, hash)?.is_none() {
            set.get().container.add(&element_object, hash)?;
        }
    }
    Ok(())
}
