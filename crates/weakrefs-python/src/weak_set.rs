//! `WeakSet`: a set that lets go of an element when it dies.
//!
//! The native base of the public class: elements, iteration, copies. The algebra is in
//! [`set_algebra`](crate::set_algebra).

use crate::container::{Container, Entry};
use crate::direct::{self, Direct, DirectSet};
use crate::dispatch::{overrides, public_class};
use crate::errors::{empty, missing};
use crate::guarded::Lazy;
use crate::iterator::{Iterable, Part, Taken, Walked, WeakIterator};
use crate::names::name;
use crate::set_algebra;
use crate::strong::Strong;
use crate::weak_ref::{WeakRef, supports_weak_references, weak_key_hash};
use pyo3::PyTraverseError;
use pyo3::basic::CompareOp;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use std::ops::Deref;

/// A weakly held element.
#[derive(Clone)]
pub(crate) struct Element(WeakRef);

impl Entry for Element {
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
        WeakRef::view(identity).ok()?.upgrade(identity.py())
    }

    fn hash_of(reference: &Bound<'_, PyAny>) -> PyResult<isize> {
        Ok(WeakRef::view(reference)?.remembered_hash())
    }

    fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.0.object().deref())
    }
}

impl Iterable for Element {
    #[inline]
    fn take<'py>(&self, py: Python<'py>, _part: Part) -> Option<Taken<'py>> {
        self.0.upgrade(py).map(Taken::One)
    }
}

impl Container<Element> {
    /// A new entry for `element`, whose hash is `hash`.
    pub(crate) fn element(&self, element: &Bound<'_, PyAny>, hash: isize) -> PyResult<Element> {
        let reference = WeakRef::new(element, &self.evictor(element.py())?)?;
        reference.remember_hash(hash);
        Ok(Element(reference))
    }

    /// Adds `element`, whose hash is `hash`, unless an equal one is there, which stays (S19).
    pub(crate) fn add(&self, element: &Bound<'_, PyAny>, hash: isize) -> PyResult<()> {
        self.put(element, hash, |_, _| (), || self.element(element, hash))
            .map(drop)
    }

    /// Adds the live elements of `other`, none of which is in this new container yet.
    pub(crate) fn copy_from(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        let elements = other.collect(py, Clone::clone);
        self.reserve(py, elements.len());
        let mut miss = self.miss(py);
        for Element(reference) in elements {
            let Some(element) = reference.upgrade(py) else {
                continue;
            };
            let hash = reference.remembered_hash();
            self.append(&element, hash, self.element(&element, hash)?, &mut miss)?;
        }
        Ok(())
    }
}

/// The native base of `weakrefs.WeakSet`.
#[pyclass(frozen, subclass, module = "weakrefs._weakrefs")]
pub(crate) struct WeakSet {
    pub(crate) container: Container<Element>,
}

impl Direct for WeakSet {
    fn class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
        static CLASS: Lazy<PyType> = Lazy::new();
        CLASS.get_or_make(py, || direct::set_class::<Self>(py))
    }

    fn public(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
        static PUBLIC: Lazy<PyType> = Lazy::new();
        public_class::<Self>(py, &PUBLIC)
    }

    fn len(&self, py: Python<'_>) -> usize {
        self.container.len(py)
    }

    fn contains(&self, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        if !supports_weak_references(item) {
            return Ok(false);
        }
        self.container.contains(item, item.hash()?)
    }

    fn named_missing<'py>(item: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        WeakRef::plain(item)
    }
}

impl DirectSet for WeakSet {
    fn insert(&self, item: &Bound<'_, PyAny>) -> PyResult<()> {
        self.container.add(item, weak_key_hash(item)?)
    }

    fn delete(&self, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        let element = self.container.take(item, weak_key_hash(item)?)?;
        Ok(element.is_some())
    }

    fn take_newest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        loop {
            let element = self.container.pop(py);
            let Element(reference) = element.ok_or_else(|| empty("pop from empty WeakSet"))?;
            if let Some(element) = reference.upgrade(py) {
                return Ok(element);
            }
        }
    }
}

#[pymethods]
impl WeakSet {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(data=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            container: Container::new(),
        }
    }

    #[pyo3(signature = (data=None))]
    fn __init__(slf: &Bound<'_, Self>, data: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        slf.get().container.clear(slf.py());
        let Some(data) = data else { return Ok(()) };
        let update = name!(slf.py(), "update");
        if overrides(slf, &update)? {
            return slf.call_method1(update, (data,)).map(drop);
        }
        Self::update(slf, data)
    }

    fn __iter__(slf: &Bound<'_, Self>) -> WeakIterator {
        WeakIterator::new(Walked::Set(slf.clone().into()), Part::Key)
    }

    /// Add item, unless an equal element is there.
    ///
    /// Raises TypeError if item cannot be weakly referenced or hashed. O(1).
    #[pyo3(signature = (item))]
    fn add(&self, item: &Bound<'_, PyAny>) -> PyResult<()> {
        self.insert(item)
    }

    /// Remove item if it is there.
    ///
    /// Raises TypeError if item cannot be weakly referenced or hashed. O(1).
    #[pyo3(signature = (item))]
    fn discard(&self, item: &Bound<'_, PyAny>) -> PyResult<()> {
        self.delete(item).map(drop)
    }

    /// Remove item.
    ///
    /// Raises KeyError (with a weak reference to item) if it is not there, and TypeError if it cannot
    /// be weakly referenced or hashed. O(1).
    #[pyo3(signature = (item))]
    fn remove(&self, item: &Bound<'_, PyAny>) -> PyResult<()> {
        match self.delete(item)? {
            true => Ok(()),
            false => Err(missing(Self::named_missing(item))),
        }
    }

    /// Remove the newest element that is alive, and return it.
    ///
    /// Raises KeyError if there is none. O(1).
    fn pop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.take_newest(py)
    }

    /// Remove every element. O(n).
    fn clear(&self, py: Python<'_>) {
        self.container.clear(py);
    }

    /// Add the elements of an iterable, in the order they come in.
    ///
    /// Raises TypeError for an element that cannot be weakly referenced or hashed; what was added
    /// before stays.
    #[pyo3(signature = (other))]
    fn update(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        let add = name!(slf.py(), "add");
        if overrides(slf, &add)? {
            for element in other.try_iter()? {
                slf.call_method1(&add, (element?,))?;
            }
            return Ok(());
        }
        set_algebra::add_all(&slf.get().container, other)
    }

    /// Return a shallow copy of the same class. O(n).
    pub(crate) fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if !slf.get_type().is(&Self::public(py)?) {
            return slf.getattr(name!(py, "__class__"))?.call1((slf,));
        }
        let copy = Self::public(py)?.call0()?;
        copy.cast::<Self>()?
            .get()
            .container
            .copy_from(py, &slf.get().container)?;
        Ok(copy)
    }

    /// The weak references to the elements.
    fn _references<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(
            py,
            self.container
                .collect(py, |element| element.0.object().bind(py).clone()),
        )
    }

    /// Puts the elements to which the references of an iterable lead in the place of all elements.
    fn _replace_references(&self, references: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = references.py();
        let evictor = self.container.evictor(py)?;
        // With the elements themselves, so that none can die before its entry is in place.
        let mut entries = Vec::new();
        for reference in references.try_iter()? {
            let reference = reference?;
            let reference = WeakRef::view(&reference)?;
            if let Some(element) = reference.upgrade(py) {
                let hash = reference.referent_hash(&element)?;
                let entry = if reference.calls(&evictor) {
                    Element(reference.clone())
                } else {
                    self.container.element(&element, hash)?
                };
                entries.push((entry, hash, element));
            }
        }
        self.container.replace(
            py,
            entries
                .iter()
                .map(|(entry, hash, _)| (*hash, entry.clone())),
        );
        Ok(())
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let container = &slf.get().container;
        let result = match op {
            CompareOp::Le => set_algebra::is_subset(container, other)?,
            CompareOp::Lt => set_algebra::is_proper_subset(container, other)?,
            CompareOp::Ge => set_algebra::is_superset(container, other)?,
            CompareOp::Gt => set_algebra::is_proper_superset(container, other)?,
            CompareOp::Eq => {
                if !other.is_instance(&slf.getattr(name!(py, "__class__"))?)? {
                    return Ok(py.NotImplemented().into_bound(py));
                }
                set_algebra::is_equal(container, other)?
            }
            // The opposite of `==`, which a subclass may have overridden.
            CompareOp::Ne => {
                let equal = slf.call_method1(name!(py, "__eq__"), (other,))?;
                if equal.is(py.NotImplemented()) {
                    return Ok(equal);
                }
                !equal.is_truthy()?
            }
        };
        Ok(result.into_pyobject(py)?.to_owned().into_any())
    }

    /// Return whether every element is in other, an iterable.
    #[pyo3(signature = (other))]
    fn issubset(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        set_algebra::is_subset(&self.container, other)
    }

    /// Return whether every element of other, an iterable, is in the set.
    #[pyo3(signature = (other))]
    fn issuperset(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        set_algebra::is_superset(&self.container, other)
    }

    /// Return whether no element of other, an iterable, is in the set.
    #[pyo3(signature = (other))]
    fn isdisjoint(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        set_algebra::is_disjoint(slf, other)
    }

    /// Return a new set, of the same class, with the elements of the set and of other, an iterable.
    #[pyo3(signature = (other))]
    fn union<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::union(slf, other)
    }

    fn __or__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::union(slf, other)
    }

    /// Return a new set, of the same class, with those elements of other, an iterable, that are in the set.
    #[pyo3(signature = (other))]
    fn intersection<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::intersection(slf, other)
    }

    fn __and__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::intersection(slf, other)
    }

    /// Return a copy without the elements of other, an iterable.
    #[pyo3(signature = (other))]
    fn difference<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::changed_copy(slf, &name!(slf.py(), "difference_update"), other)
    }

    fn __sub__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::changed_copy(slf, &name!(slf.py(), "difference_update"), other)
    }

    /// Return a new set, of the same class, with the elements that are in either the set or other,
    /// an iterable, but not in both.
    #[pyo3(signature = (other))]
    fn symmetric_difference<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::changed_copy(slf, &name!(slf.py(), "symmetric_difference_update"), other)
    }

    fn __xor__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        set_algebra::changed_copy(slf, &name!(slf.py(), "symmetric_difference_update"), other)
    }

    fn __ior__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1(name!(slf.py(), "update"), (other,))
            .map(drop)
    }

    /// Keep only the elements that are in other, an iterable.
    #[pyo3(signature = (other))]
    fn intersection_update(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1(name!(slf.py(), "__iand__"), (other,))
            .map(drop)
    }

    fn __iand__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        set_algebra::keep(&self.container, other)
    }

    /// Remove the elements of other, an iterable.
    #[pyo3(signature = (other))]
    fn difference_update(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1(name!(slf.py(), "__isub__"), (other,))
            .map(drop)
    }

    fn __isub__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        set_algebra::remove(slf, other)
    }

    /// Remove the elements that are in other, an iterable, and add those of other that were not.
    #[pyo3(signature = (other))]
    fn symmetric_difference_update(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        slf.call_method1(name!(slf.py(), "__ixor__"), (other,))
            .map(drop)
    }

    fn __ixor__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        set_algebra::toggle(slf, other)
    }

    /// The size in memory, in bytes, without the elements.
    fn __sizeof__(&self, py: Python<'_>) -> usize {
        size_of::<Self>() + self.container.allocated_bytes(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.container.traverse(&visit)
    }

    fn __clear__(&self, py: Python<'_>) {
        self.container.clear(py);
    }
}
