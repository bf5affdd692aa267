//! [`Element`]: the entry of a `WeakSet`, and how elements get into a set and into a copy of it.

#![allow(unsafe_code, reason = "views of references and containers")]

use super::container::{Container, Scratch, This};
use super::data::Shown;
use super::entry::{Classes, Entry, Part, Taken};
use super::subclassing::{class_of, is_unchanged, new_public};
use crate::ephemerons::rule::Rule;
use crate::interpreter::class::{Stop, Visit};
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::object::{self, call};
use crate::interpreter::owned::Strong;
use crate::interpreter::turns::Turns;
use crate::references::weak_ref::WeakRef;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ptr;
use weakrefs_table::Miss;

/// A weakly held element.
#[derive(Clone)]
pub(crate) struct Element(WeakRef);

impl Entry for Element {
    const CLASS: &'static str = "WeakSet";

    fn classes() -> &'static Classes {
        static CLASSES: Classes = Classes::new();
        &CLASSES
    }

    fn reference(&self) -> &WeakRef {
        &self.0
    }

    fn identity(&self) -> &Strong {
        self.0.object()
    }

    #[inline]
    fn is_for(&self, key: &Bound<'_, PyAny>) -> bool {
        self.0.refers_to(key)
    }

    #[inline]
    fn has_key_of(&self, _py: Python<'_>, other: &Self) -> bool {
        self.0.has_referent_of(&other.0)
    }

    #[inline]
    fn hash(&self, _py: Python<'_>) -> isize {
        self.0.remembered_hash()
    }

    fn key_of<'py>(identity: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: the identity of an entry is its reference.
        unsafe { WeakRef::view_unchecked(identity) }.upgrade(identity.py())
    }

    fn hash_of(_py: Python<'_>, reference: &WeakRef) -> Option<isize> {
        Some(reference.remembered_hash())
    }

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.0.object().as_ptr())
    }

    fn held(&self) -> *mut ffi::PyObject {
        ptr::null_mut()
    }

    const RULE: Rule = Rule::Never;

    #[inline]
    fn take<'py>(&self, py: Python<'py>, _part: Part) -> Option<Taken<'py>> {
        self.0.upgrade_inside(py).map(Taken::One)
    }

    /// A dead reference owns nothing.
    fn give_up(self, _py: Python<'_>) {
        drop(self);
    }
}

impl Container<Element> {
    /// A new entry for `element`, whose hash is `hash`.
    pub(crate) fn element(&self, element: &Bound<'_, PyAny>, hash: isize) -> Result<Element> {
        let (evictor, _) = self.evictor(element.py())?;
        let reference = WeakRef::new(element, evictor)?;
        reference.remember_hash(hash);
        Ok(Element(reference))
    }

    /// Adds `element`, whose hash is `hash`, unless an equal one is there, which stays (S19). Gives whether it was added.
    pub(crate) fn add(&self, element: &Bound<'_, PyAny>, hash: isize) -> Result<bool> {
        let present = self.put(element, hash, |_, _| (), || self.element(element, hash))?;
        Ok(present.is_none())
    }

    /// Adds the live elements of `other`, none of which is in this new container yet.
    pub(super) fn copy_from(&self, py: Python<'_>, other: &Self) -> Result<()> {
        let elements = other.collect(py, Clone::clone)?;
        let miss = self.reserve(py, elements.len())?;
        self.append_all(py, elements, miss)
    }

    /// Adds the live ones of elements that another container has and this one had not at the time of `miss`, in their order.
    pub(super) fn append_all(
        &self,
        py: Python<'_>,
        elements: Vec<Element>,
        mut miss: Option<Miss>,
    ) -> Result<()> {
        let mut turns = Turns::default();
        for Element(reference) in elements {
            if let Some(element) = reference.upgrade(py) {
                let hash = reference.remembered_hash();
                self.append(&element, hash, self.element(&element, hash)?, &mut miss)?;
            }
            turns.take(py)?;
        }
        Ok(())
    }
}

impl Shown for Element {
    fn references<'py>(container: &Container<Self>, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        let references = container.collect(py, |element| element.0.object().clone())?;
        Ok(object::list(py, references, |reference| reference.into_bound(py))?.into_any())
    }

    fn replace(container: &Container<Self>, references: Borrowed<'_, '_, PyAny>) -> Result<()> {
        let py = references.py();
        let (evictor, _) = container.evictor(py)?;
        // With the elements themselves, so that none can die before its entry is in place.
        let mut entries = Vec::new();
        // Of equal elements, the first one counts.
        let distinct = Scratch::<Element>::new(py)?;
        for reference in object::iterate(&references)? {
            let reference = reference?;
            let reference = WeakRef::view(&reference)?;
            let Some(element) = reference.upgrade(py) else {
                continue;
            };
            let hash = reference.referent_hash(&element)?;
            if !distinct.add(&element, hash)? {
                continue;
            }
            let entry = if reference.calls(evictor) {
                reference.remember_hash(hash);
                Element(reference.clone())
            } else {
                container.element(&element, hash)?
            };
            entries.try_reserve(1).map_err(|_| no_memory(py))?;
            entries.push((element, hash, entry));
        }
        container.replace(
            py,
            entries
                .iter()
                .map(|(_, hash, entry)| (*hash, entry.clone())),
        )
    }
}

/// A shallow copy of the same class.
pub(crate) fn copy_of<'py>(this: This<'_, 'py, Element>) -> Result<Bound<'py, PyAny>> {
    if !is_unchanged(this)? {
        return call(&class_of(&this.as_object())?, [this.as_object()]);
    }
    let copy = new_public(this)?;
    copy.this().copy_from(this.py(), &this)?;
    Ok(copy.into_object())
}
