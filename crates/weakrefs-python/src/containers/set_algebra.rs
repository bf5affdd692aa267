//! Combining a `WeakSet` with another set or any iterable.
//!
//! With another `WeakSet` it is done without iteration: both tables are entered at once, and the entries of one looked up
//! in the other by identity, with the hashes on record. Only if an entry of equal hash but another identity turns up,
//! which only user code can tell from an equal one, is the general way gone from the start; nothing has been changed
//! before, but for what `-=` has removed. A subclass that overrides what would have been called gets it called.

use super::container::{Container, Scratch, This, live, locate};
use super::element::Element;
use super::entry::Entry;
use super::filling::{Filling, known_len};
use super::hashing::{element_hash, possible_element_hash};
use super::subclassing::{class_of, is_unchanged, iterated_natively, new_public};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::names::name;
use crate::interpreter::object::{self, Argument, attribute, call, call_method};
use crate::interpreter::owned::Strong;
use crate::interpreter::turns::Turns;
use pyo3::{Bound, PyAny, Python};
use std::collections::TryReserveError;
use std::ops::ControlFlow::{self, Break, Continue};
use std::ptr;
use weakrefs_table::Table;

/// What comes of work inside two tables: `None` if identity does not decide.
pub(crate) type Inside<R> = std::result::Result<Option<R>, TryReserveError>;

/// What `work` gives inside the tables of both, if `other` is a `WeakSet` that iterates as the public class does, and
/// identity decides.
pub(crate) fn by_identity<R>(
    set: &Container<Element>,
    other: &Bound<'_, PyAny>,
    work: impl FnOnce(&mut Table<Element>, &mut Table<Element>) -> Inside<R>,
) -> Result<Option<R>> {
    let py = other.py();
    let Some(other) = iterated_natively(other.as_borrowed()) else {
        return Ok(None);
    };
    match set.beside(py, &other, work)? {
        Some(Ok(result)) => Ok(result),
        Some(Err(_)) => Err(no_memory(py)),
        None => Ok(None),
    }
}

/// Calls `visit` with each element of `other` and its hash, as `hash` gives it (`None`: it is left out), until
/// that says that it has seen enough.
pub(crate) fn each<'py>(
    other: &Bound<'py, PyAny>,
    hash: impl Fn(&Bound<'py, PyAny>) -> Result<Option<isize>>,
    mut visit: impl FnMut(Bound<'py, PyAny>, isize) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let py = other.py();
    let mut turns = Turns::default();
    if let Some(set) = iterated_natively::<Element>(other.as_borrowed()) {
        for element in set.collect(py, Clone::clone)? {
            if let Some(object) = element.reference().upgrade(py) {
                if visit(object, element.hash(py))?.is_break() {
                    break;
                }
            }
            turns.take(py)?;
        }
        return Ok(());
    }
    for element in object::iterate(other)? {
        let element = element?;
        if let Some(hash) = hash(&element)? {
            if visit(element, hash)?.is_break() {
                break;
            }
        }
        turns.take(py)?;
    }
    Ok(())
}

/// For [`each`]: every element must be one that can be weakly referenced.
pub(crate) fn strictly(element: &Bound<'_, PyAny>) -> Result<Option<isize>> {
    element_hash(element).map(Some)
}

/// For [`each`]: what cannot be weakly referenced is not in the set, and of no interest.
pub(crate) fn leniently(element: &Bound<'_, PyAny>) -> Result<Option<isize>> {
    possible_element_hash(element)
}

/// The elements of a set that were met in another iterable: their references, which are held lest another
/// object take their addresses.
pub(crate) struct Met(Table<Strong>);

impl Met {
    pub(crate) fn new() -> Self {
        Self(Table::new())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has(&self, reference: &Strong) -> bool {
        let same = |met: &Strong| met.as_ptr() == reference.as_ptr();
        self.0.find(reference.as_ptr() as u64, same).is_some()
    }

    /// Gives whether it was met for the first time.
    pub(crate) fn add(&mut self, py: Python<'_>, reference: Strong) -> Result<bool> {
        if self.has(&reference) {
            return Ok(false);
        }
        match self.0.insert(reference.as_ptr() as u64, reference) {
            Ok(_) => Ok(true),
            Err(_) => Err(no_memory(py)),
        }
    }
}

/// Adds the elements of `other`, one by one as they come.
pub(crate) fn add_all(set: &Container<Element>, other: &Bound<'_, PyAny>) -> Result<()> {
    let py = other.py();
    let foreign = by_identity(set, other, |set, other| {
        let mut foreign = Vec::new();
        for element in live(py, other) {
            match locate(py, set, element) {
                None => return Ok(None),
                Some(Some(_)) => {}
                Some(None) => {
                    foreign.try_reserve(1)?;
                    foreign.push(element.clone());
                }
            }
        }
        // If there is no memory for all of them, some may still fit.
        _ = set.reserve(foreign.len());
        Ok(Some((foreign, Some(set.miss()))))
    })?;
    if let Some((foreign, miss)) = foreign {
        return set.append_all(py, foreign, miss);
    }
    let mut filling = Filling::new(set);
    filling.expect(py, known_len(other));
    let added = each(other, strictly, |element, hash| {
        set.add(&element, hash)?;
        filling.go_on(py);
        Ok(Continue(()))
    });
    // They may have been fewer than `other` has.
    set.fit(py);
    added
}

/// `itertools.chain` and `filter`: a subclass gets what is to be in its new set as an iterator, as from 3.14's generators.
pub(crate) static CHAIN: Constant = Constant::new();
pub(crate) static FILTER: Constant = Constant::new();

/// A new set of the class of another one, with `elements`.
fn of_same_class<'py>(
    this: This<'_, 'py, Element>,
    elements: &Bound<'py, PyAny>,
) -> Result<Bound<'py, PyAny>> {
    call(&class_of(&this.as_object())?, [elements.as_borrowed()])
}

pub(crate) fn union<'py>(
    this: This<'_, 'py, Element>,
    other: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = this.py();
    if is_unchanged(this)? {
        let union = new_public(this)?;
        union.this().copy_from(py, &this)?;
        add_all(&union.this(), &other)?;
        return Ok(union.into_object());
    }
    let elements = call(&CHAIN.get(py), [this.as_object(), other])?;
    of_same_class(this, &elements)
}

pub(crate) fn intersection<'py>(
    this: This<'_, 'py, Element>,
    other: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = this.py();
    if is_unchanged(this)? {
        let intersection = new_public(this)?;
        each(&other, leniently, |element, hash| {
            if this.contains(&element, hash)? {
                intersection.this().add(&element, hash)?;
            }
            Ok(Continue(()))
        })?;
        return Ok(intersection.into_object());
    }
    let contains = attribute(&this.as_object(), name::contains(py))?;
    let elements = call(&FILTER.get(py), [contains.as_borrowed(), other])?;
    of_same_class(this, &elements)
}

/// A copy of a set, changed by its method `change` with `other`.
pub(crate) fn changed_copy<'py>(
    this: This<'_, 'py, Element>,
    change: Argument<'_, 'py>,
    other: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let copy = call_method(name::copy(this.py()), [this.as_object()])?;
    call_method(change, [copy.as_borrowed(), other])?;
    Ok(copy)
}

/// Keeps what `other` has of the set: the elements as `other` has them, in its order. Ends when the
/// last element of the set has been met.
pub(crate) fn keep(set: &Container<Element>, other: &Bound<'_, PyAny>) -> Result<()> {
    let py = other.py();
    let replaced = by_identity(set, other, |set, other| {
        let mut kept = Table::new();
        for element in live(py, other) {
            let Some(found) = locate(py, set, element) else {
                return Ok(None);
            };
            let Some(own) = found.and_then(|at| set.get(at)) else {
                continue;
            };
            if kept.insert(own.hash(py) as u64, own.clone()).is_err() {
                return Ok(Some(Err(kept)));
            }
        }
        Ok(Some(Ok(set.exchange(kept))))
    })?;
    match replaced {
        Some(Ok(replaced)) => {
            drop(replaced);
            return Ok(());
        }
        Some(Err(kept)) => {
            drop(kept);
            return Err(no_memory(py));
        }
        None => {}
    }
    let mut met = Met::new();
    // With the elements themselves, so that none can die before its entry is in place.
    let mut kept = Vec::new();
    each(other, strictly, |element, hash| {
        let present = set
            .find(&element, hash, |table, at| table.get(at).cloned())?
            .flatten();
        if let Some(entry) = present {
            if met.add(py, entry.identity().clone())? {
                let same = entry.reference().refers_to(&element);
                let entry = if same {
                    entry
                } else {
                    set.element(&element, hash)?
                };
                kept.try_reserve(1).map_err(|_| no_memory(py))?;
                kept.push((element, hash, entry));
                if met.len() >= set.len(py) {
                    return Ok(Break(()));
                }
            }
        }
        Ok(Continue(()))
    })?;
    set.replace(
        py,
        kept.iter().map(|(_, hash, entry)| (*hash, entry.clone())),
    )
}

/// Whether `other` is the object that holds `set`.
fn is_itself(set: &Container<Element>, other: &Bound<'_, PyAny>) -> bool {
    This::of(other.as_borrowed()).is_some_and(|other| ptr::eq(set, other.payload()))
}

/// Removes the elements of `other`, one by one as they come.
pub(crate) fn remove(set: &Container<Element>, other: &Bound<'_, PyAny>) -> Result<()> {
    let py = other.py();
    if is_itself(set, other) {
        set.clear_entries(py);
        return Ok(());
    }
    let mut removed = Vec::new();
    let all = by_identity(set, other, |set, other| {
        for element in live(py, other) {
            let Some(found) = locate(py, set, element) else {
                return Ok(None);
            };
            if let Some(at) = found {
                removed.try_reserve(1)?;
                removed.extend(set.remove_at(at));
            }
        }
        Ok(Some(()))
    });
    drop(removed);
    if all?.is_some() {
        return Ok(());
    }
    each(other, strictly, |element, hash| {
        let taken = set.take(&element, hash)?;
        drop(taken);
        Ok(Continue(()))
    })
}

/// Removes the elements of `other` that are in the set, and adds the others.
pub(crate) fn toggle(set: &Container<Element>, other: &Bound<'_, PyAny>) -> Result<()> {
    let py = other.py();
    if is_itself(set, other) {
        set.clear_entries(py);
        return Ok(());
    }
    let elements = match iterated_natively::<Element>(other.as_borrowed()) {
        Some(other) => other.collect(py, Clone::clone)?,
        None => {
            // Each element counts once, however often it comes.
            let distinct = Scratch::new(py)?;
            add_all(&distinct, other)?;
            distinct.collect(py, Clone::clone)?
        }
    };
    let mut turns = Turns::default();
    for element in elements {
        turns.take(py)?;
        let Some(object) = element.reference().upgrade(py) else {
            continue;
        };
        let hash = element.hash(py);
        if set.take(&object, hash)?.is_none() {
            set.add(&object, hash)?;
        }
    }
    Ok(())
}
