//! Comparing a `WeakSet` with another set or any iterable: as in [`set_algebra`](super::set_algebra), inside both tables
//! where identity decides, and else by looking every element of the other one up.

use super::container::{Container, This, live, locate};
use super::element::Element;
use super::entry::Entry;
use super::set_algebra::{Inside, Met, by_identity, each, leniently, strictly};
use super::subclassing::is_unchanged;
use crate::interpreter::error::Result;
use crate::interpreter::names::name;
use crate::interpreter::object::{self, Argument, call_method};
use pyo3::{Bound, PyAny, Python};
use std::ops::ControlFlow::{Break, Continue};
use weakrefs_table::Table;

/// What a set may be to another one.
#[derive(Clone, Copy)]
pub(crate) enum Relation {
    Subset,
    ProperSubset,
    Superset,
    ProperSuperset,
    Equal,
}

/// Whether the set is that to `other`. A subset is one as soon as its last element has been met, a superset none as soon as
/// one is missing; all of `other` is read for the other relations.
pub(crate) fn holds(
    relation: Relation,
    set: &Container<Element>,
    other: &Bound<'_, PyAny>,
) -> Result<bool> {
    let py = other.py();
    if let Some(holds) = by_identity(set, other, |set, other| relation.of_tables(py, set, other))? {
        return Ok(holds);
    }
    let mut met = Met::new();
    let mut foreign = false;
    each(other, strictly, |element, hash| {
        let found = set.find(&element, hash, |table, at| {
            table.get(at).map(|element| element.identity().clone())
        })?;
        match found.flatten() {
            Some(reference) => _ = met.add(py, reference)?,
            None => foreign = true,
        }
        let enough = match relation {
            Relation::Subset => met.len() >= set.len(py),
            Relation::Superset => foreign,
            _ => false,
        };
        Ok(if enough { Break(()) } else { Continue(()) })
    })?;
    let all_met = || {
        set.all(py, |element| {
            !element.reference().is_alive_inside(py) || met.has(element.identity())
        })
    };
    Ok(match relation {
        Relation::Subset => all_met(),
        Relation::ProperSubset => foreign && all_met(),
        Relation::Superset => !foreign,
        Relation::ProperSuperset => !foreign && !all_met(),
        Relation::Equal => !foreign && all_met(),
    })
}

impl Relation {
    fn of_tables(
        self,
        py: Python<'_>,
        set: &Table<Element>,
        other: &Table<Element>,
    ) -> Inside<bool> {
        let count = |table| live(py, table).count();
        Ok(match self {
            Self::Subset => are_in(py, set, other),
            Self::ProperSubset => {
                are_in(py, set, other).map(|all| all && count(set) < count(other))
            }
            Self::Superset => are_in(py, other, set),
            Self::ProperSuperset => {
                are_in(py, other, set).map(|all| all && count(other) < count(set))
            }
            Self::Equal if count(set) != count(other) => Some(false),
            Self::Equal => are_in(py, set, other),
        })
    }
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

pub(crate) fn is_disjoint<'py>(
    this: This<'_, 'py, Element>,
    other: Argument<'_, 'py>,
) -> Result<bool> {
    let py = this.py();
    if !is_unchanged(this)? {
        let common = call_method(name::intersection(py), [this.as_object(), other])?;
        return Ok(object::len(&common)? == 0);
    }
    let disjoint = by_identity(&this, &other, |set, other| {
        let (few, many) = if set.len() < other.len() {
            (set, other)
        } else {
            (other, set)
        };
        for element in live(py, few) {
            match locate(py, many, element) {
                None => return Ok(None),
                Some(Some(_)) => return Ok(Some(false)),
                Some(None) => {}
            }
        }
        Ok(Some(true))
    })?;
    if let Some(disjoint) = disjoint {
        return Ok(disjoint);
    }
    // All of it is read, as for the intersection.
    let mut disjoint = true;
    each(&other, leniently, |element, hash| {
        disjoint &= !this.contains(&element, hash)?;
        Ok(Continue(()))
    })?;
    Ok(disjoint)
}
