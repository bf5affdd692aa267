//! The algebra of `WeakSet`: comparisons and combinations with any iterable (S24).
//!
//! Every element of the other side must be one that can be weakly referenced and hashed, as if the
//! other side were made a set of references first; else `TypeError`. Where the outcome depends on
//! all of it (`keep`, `toggle`), nothing is changed before all of it has been read.
//!
//! Another `WeakSet` is not iterated, unless its class says how: its elements come with the hashes that their
//! references remember. And where identity decides about all of them, which is nearly always, the work is done in one
//! step inside the two tables, with 70 instructions an element for a comparison instead of 250 to 930.

use crate::container::{Container, Entry, live, locate};
use crate::direct::Direct;
use crate::dispatch::overrides;
use crate::names::name;
use crate::strong::Strong;
use crate::weak_ref::{supports_weak_references, weak_key_hash};
use crate::weak_set::{Element, WeakSet};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use std::ops::ControlFlow::{self, Break, Continue};
use weakrefs_table::Table;

/// `other`, if it is a `WeakSet` that iterates as the public class does.
fn weak_set<'a, 'py>(other: &'a Bound<'py, PyAny>) -> PyResult<Option<&'a Bound<'py, WeakSet>>> {
    match other.cast::<WeakSet>() {
        Ok(set) if !overrides(set, &name!(other.py(), "__iter__"))? => Ok(Some(set)),
        _ => Ok(None),
    }
}

/// Calls `visit` with each element of `other` and its hash, as `hash` gives it (`None`: it is left out), until
/// that says that it has seen enough.
fn each<'py>(
    other: &Bound<'py, PyAny>,
    hash: impl Fn(&Bound<'py, PyAny>) -> PyResult<Option<isize>>,
    mut visit: impl FnMut(Bound<'py, PyAny>, isize) -> PyResult<ControlFlow<()>>,
) -> PyResult<()> {
    let py = other.py();
    if let Some(set) = weak_set(other)? {
        for element in set.get().container.collect(py, Clone::clone) {
            if let Some(object) = element.reference().upgrade(py)
                && visit(object, element.hash(py))?.is_break()
            {
                break;
            }
        }
        return Ok(());
    }
    for element in other.try_iter()? {
        let element = element?;
        if let Some(hash) = hash(&element)?
            && visit(element, hash)?.is_break()
        {
            break;
        }
    }
    Ok(())
}

/// For [`each`]: every element must be one that can be weakly referenced.
fn strictly(element: &Bound<'_, PyAny>) -> PyResult<Option<isize>> {
    weak_key_hash(element).map(Some)
}

/// For [`each`]: what cannot be weakly referenced is not in the set, and of no interest.
fn leniently(element: &Bound<'_, PyAny>) -> PyResult<Option<isize>> {
    match supports_weak_references(element) {
        true => element.hash().map(Some),
        false => Ok(None),
    }
}

/// The elements of a set that were met in another iterable: their references, which are held lest another
/// object take their addresses.
struct Met(Table<Strong>);

impl Met {
    fn new() -> Self {
        Self(Table::new())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn has(&self, reference: &Strong) -> bool {
        let same = |met: &Strong| met.is(&**reference);
        self.0.find(reference.as_ptr() as u64, same).is_some()
    }

    /// Gives whether it was met for the first time.
    fn add(&mut self, reference: Strong) -> bool {
        let first = !self.has(&reference);
        if first {
            self.0.insert(reference.as_ptr() as u64, reference);
        }
        first
    }
}

/// Looks every element of `other` up; gives those of the set that were met, and whether `other` has
/// any that is not in the set.
fn meet(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<(Met, bool)> {
    let mut met = Met::new();
    let mut foreign = false;
    each(other, strictly, |element, hash| {
        match reference_of(set, &element, hash)? {
            Some(reference) => drop(met.add(reference)),
            None => foreign = true,
        }
        Ok(Continue(()))
    })?;
    Ok((met, foreign))
}

/// The set's reference to the element that is equal to `element`.
fn reference_of(
    set: &Container<Element>,
    element: &Bound<'_, PyAny>,
    hash: isize,
) -> PyResult<Option<Strong>> {
    set.find(element, hash, |table, at| table.get(at).identity().clone())
}

/// Whether every live element of the set has been met.
fn all_met(set: &Container<Element>, py: Python<'_>, met: &Met) -> bool {
    set.all(py, |element| {
        !element.reference().is_alive(py) || met.has(element.identity())
    })
}

/// What `work` gives inside the tables of both, if `other` is a `WeakSet` and identity decides.
fn by_identity<R>(
    set: &Container<Element>,
    other: &Bound<'_, PyAny>,
    work: impl FnOnce(&mut Table<Element>, &mut Table<Element>) -> Option<R>,
) -> PyResult<Option<R>> {
    Ok(match weak_set(other)? {
        Some(weak) => set
            .beside(other.py(), &weak.get().container, work)
            .flatten(),
        None => None,
    })
}

/// Whether every live element of `part` is in `whole`, if identity decides.
fn are_in(py: Python<'_>, part: &Table<Element>, whole: &Table<Element>) -> Option<bool> {
    for element in live(py, part) {
        if locate(py, whole, element)?.is_none() {
            return Some(false);
        }
    }
    Some(true)
}

/// Lists the live elements of `other` that are not in `set`, if identity decides. What is listed is dropped by the
/// caller, outside of the tables.
fn list_foreign(
    py: Python<'_>,
    set: &Table<Element>,
    other: &Table<Element>,
    foreign: &mut Vec<Element>,
) -> Option<()> {
    for element in live(py, other) {
        if locate(py, set, element)?.is_none() {
            foreign.push(element.clone());
        }
    }
    Some(())
}

/// Ends when the last element of the set has been met.
pub(crate) fn is_subset(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = other.py();
    if let Some(subset) = by_identity(set, other, |set, other| are_in(py, set, other))? {
        return Ok(subset);
    }
    let mut met = Met::new();
    each(other, strictly, |element, hash| {
        if let Some(reference) = reference_of(set, &element, hash)?
            && met.add(reference)
            && met.len() >= set.len(py)
        {
            return Ok(Break(()));
        }
        Ok(Continue(()))
    })?;
    Ok(all_met(set, py, &met))
}

pub(crate) fn is_proper_subset(
    set: &Container<Element>,
    other: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = other.py();
    let smaller = by_identity(set, other, |set, other| {
        Some(are_in(py, set, other)? && live(py, set).count() < live(py, other).count())
    })?;
    if let Some(smaller) = smaller {
        return Ok(smaller);
    }
    let (met, foreign) = meet(set, other)?;
    Ok(foreign && all_met(set, py, &met))
}

/// Ends with the first element that is not in the set.
pub(crate) fn is_superset(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = other.py();
    if let Some(superset) = by_identity(set, other, |set, other| are_in(py, other, set))? {
        return Ok(superset);
    }
    let mut superset = true;
    each(other, strictly, |element, hash| {
        superset = set.contains(&element, hash)?;
        Ok(if superset { Continue(()) } else { Break(()) })
    })?;
    Ok(superset)
}

pub(crate) fn is_proper_superset(
    set: &Container<Element>,
    other: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = other.py();
    let larger = by_identity(set, other, |set, other| {
        Some(are_in(py, other, set)? && live(py, other).count() < live(py, set).count())
    })?;
    if let Some(larger) = larger {
        return Ok(larger);
    }
    let (met, foreign) = meet(set, other)?;
    Ok(!foreign && !all_met(set, py, &met))
}

pub(crate) fn is_equal(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = other.py();
    let equal = by_identity(set, other, |set, other| {
        Some(live(py, set).count() == live(py, other).count() && are_in(py, set, other)?)
    })?;
    if let Some(equal) = equal {
        return Ok(equal);
    }
    let (met, foreign) = meet(set, other)?;
    Ok(!foreign && all_met(set, py, &met))
}

pub(crate) fn is_disjoint(set: &Bound<'_, WeakSet>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = set.py();
    if !is_public(set)? {
        let common = set.call_method1(name!(py, "intersection"), (other,))?;
        return Ok(common.len()? == 0);
    }
    let set = &set.get().container;
    let disjoint = by_identity(set, other, |set, other| {
        let (few, many) = if set.len() < other.len() {
            (set, other)
        } else {
            (other, set)
        };
        for element in live(py, few) {
            if locate(py, many, element)?.is_some() {
                return Some(false);
            }
        }
        Some(true)
    })?;
    if let Some(disjoint) = disjoint {
        return Ok(disjoint);
    }
    // All of it is read, as for the intersection.
    let mut disjoint = true;
    each(other, leniently, |element, hash| {
        disjoint &= !set.contains(&element, hash)?;
        Ok(Continue(()))
    })?;
    Ok(disjoint)
}

/// Whether the set is exactly of the public class, none of whose methods is overridden.
fn is_public(set: &Bound<'_, WeakSet>) -> PyResult<bool> {
    Ok(set.get_type().is(&WeakSet::public(set.py())?))
}

/// Adds the elements of `other`, one by one as they come.
pub(crate) fn add_all(set: &Container<Element>, other: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = other.py();
    let mut foreign = Vec::new();
    let listed = by_identity(set, other, |set, other| {
        list_foreign(py, set, other, &mut foreign)
    })?;
    if listed.is_some() {
        return add_listed(py, set, foreign);
    }
    each(other, strictly, |element, hash| {
        set.add(&element, hash)?;
        Ok(Continue(()))
    })
}

/// Adds elements of another set, in their order.
fn add_listed(py: Python<'_>, set: &Container<Element>, elements: Vec<Element>) -> PyResult<()> {
    for element in elements {
        if let Some(object) = element.reference().upgrade(py) {
            set.add(&object, element.hash(py))?;
        }
    }
    Ok(())
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
    if is_public(set)? {
        let union = WeakSet::copy(set)?;
        add_all(&union.cast::<WeakSet>()?.get().container, other)?;
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
    if is_public(set)? {
        let intersection = WeakSet::public(set.py())?.call0()?.cast_into::<WeakSet>()?;
        each(other, leniently, |element, hash| {
            if set.get().container.contains(&element, hash)? {
                intersection.get().container.add(&element, hash)?;
            }
            Ok(Continue(()))
        })?;
        return Ok(intersection.into_any());
    }
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
    let replaced = by_identity(set, other, |set, other| {
        let mut kept = Vec::with_capacity(other.len());
        for element in live(py, other) {
            kept.extend(locate(py, set, element)?);
        }
        let kept: Vec<_> = kept.into_iter().map(|at| set.get(at).clone()).collect();
        let replaced = set.clear();
        set.reserve(kept.len());
        for element in kept {
            set.insert(element.hash(py) as u64, element);
        }
        Some(replaced)
    })?;
    if replaced.is_some() {
        return Ok(());
    }
    let mut met = Met::new();
    // With the elements themselves, so that none can die before its entry is in place.
    let mut kept = Vec::new();
    each(other, strictly, |element, hash| {
        let present = set.find(&element, hash, |table, at| table.get(at).clone())?;
        if let Some(entry) = present
            && met.add(entry.identity().clone())
        {
            let same = entry.reference().refers_to(&element);
            let entry = if same {
                entry
            } else {
                set.element(&element, hash)?
            };
            kept.push((element, hash, entry));
            if met.len() >= set.len(py) {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    })?;
    set.replace(
        py,
        kept.iter().map(|(_, hash, entry)| (*hash, entry.clone())),
    );
    Ok(())
}

/// Removes the elements of `other`, one by one as they come.
pub(crate) fn remove(set: &Bound<'_, WeakSet>, other: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = set.py();
    let container = &set.get().container;
    if set.is(other) {
        container.clear(py);
        return Ok(());
    }
    let mut removed = Vec::new();
    let all = by_identity(container, other, |set, other| {
        for element in live(py, other) {
            if let Some(at) = locate(py, set, element)? {
                removed.push(set.remove_at(at));
            }
        }
        Some(())
    })?;
    drop(removed);
    if all.is_some() {
        return Ok(());
    }
    each(other, strictly, |element, hash| {
        let taken = container.take(&element, hash)?;
        drop(taken);
        Ok(Continue(()))
    })
}

/// Removes the elements of `other` that are in the set, and adds the others.
pub(crate) fn toggle(set: &Bound<'_, WeakSet>, other: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = set.py();
    let container = &set.get().container;
    if set.is(other) {
        container.clear(py);
        return Ok(());
    }
    let elements = match weak_set(other)? {
        Some(other) => other.get().container.collect(py, Clone::clone),
        None => {
            // Each element counts once, however often it comes.
            let distinct = Container::new();
            add_all(&distinct, other)?;
            distinct.collect(py, Clone::clone)
        }
    };
    for element in elements {
        let Some(object) = element.reference().upgrade(py) else {
            continue;
        };
        let hash = element.hash(py);
        if container.take(&object, hash)?.is_none() {
            container.add(&object, hash)?;
        }
    }
    Ok(())
}
