//! `WeakKeyDictionary`: a mapping that lets go of an entry when its key dies.
//!
//! The native base of the public class. An entry is found by the hash and the identity of its key;
//! the reference to the key keeps that hash, so that an eviction calls no `__hash__`.

use crate::container::{Container, Entry};
use crate::direct::{self, Direct, DirectMapping};
use crate::dispatch::{address_repr, overrides, public_class};
use crate::errors::{empty, missing, unpack_pair};
use crate::guarded::Lazy;
use crate::iterator::{Iterable, Part, Taken, Walked, WeakIterator};
use crate::mapping::{self, Mapped};
use crate::names::name;
use crate::strong::Strong;
use crate::weak_ref::{WeakRef, supports_weak_references, weak_key_hash};
use pyo3::PyTraverseError;
use pyo3::exceptions::PyTypeError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMappingProxy, PyTuple, PyType};
use std::mem;
use std::ops::Deref;

/// A weakly held key with its value.
#[derive(Clone)]
pub(crate) struct KeyEntry {
    key: WeakRef,
    value: Strong,
}

impl Entry for KeyEntry {
    fn reference(&self) -> &WeakRef {
        &self.key
    }

    fn identity(&self) -> &Strong {
        self.key.object()
    }

    #[inline]
    fn is_for(&self, key: &Bound<'_, PyAny>) -> bool {
        self.key.refers_to(key)
    }

    #[inline]
    fn has_key_of(&self, _py: Python<'_>, other: &Self) -> bool {
        self.key.has_referent_of(&other.key)
    }

    #[inline]
    fn hash(&self, _py: Python<'_>) -> isize {
        self.key.remembered_hash()
    }

    fn key_of<'py>(identity: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        WeakRef::view(identity).ok()?.upgrade(identity.py())
    }

    fn hash_of(reference: &Bound<'_, PyAny>) -> PyResult<isize> {
        Ok(WeakRef::view(reference)?.remembered_hash())
    }

    fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.key.object().deref())?;
        visit.call(self.value.deref())
    }
}

impl Iterable for KeyEntry {
    #[inline]
    fn take<'py>(&self, py: Python<'py>, part: Part) -> Option<Taken<'py>> {
        if !self.key.is_alive(py) {
            return None;
        }
        Some(match part {
            Part::Key => Taken::One(self.key.upgrade(py)?),
            Part::Value => Taken::One(self.value.bind(py).clone()),
            Part::Item => Taken::Pair(self.key.upgrade(py)?, self.value.bind(py).clone()),
            Part::Reference => Taken::One(self.key.object().bind(py).clone()),
        })
    }
}

impl Mapped for KeyEntry {
    #[inline]
    fn has_value_of(&self, other: &Self) -> bool {
        self.value.is(&*other.value)
    }

    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        Some(self.value.bind(py).clone())
    }
}

/// The native base of `weakrefs.WeakKeyDictionary`.
#[pyclass(frozen, subclass, mapping, module = "weakrefs._weakrefs")]
pub(crate) struct WeakKeyDictionary {
    pub(crate) container: Container<KeyEntry>,
}

impl Container<KeyEntry> {
    /// A new entry for `key`, whose hash is `hash`.
    fn entry(&self, key: &Bound<'_, PyAny>, hash: isize, value: Strong) -> PyResult<KeyEntry> {
        let key = WeakRef::new(key, &self.evictor(key.py())?)?;
        key.remember_hash(hash);
        Ok(KeyEntry { key, value })
    }
}

impl WeakKeyDictionary {
    /// An empty one of the public class.
    fn new_public(py: Python<'_>) -> PyResult<Bound<'_, Self>> {
        Ok(Self::public(py)?.call0()?.cast_into()?)
    }

    fn merge_from(&self, other: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        match other {
            Some(other) => mapping::for_each_pair(other, |key, value| self.store(key, value)),
            None => Ok(()),
        }
    }

    fn iterate(slf: &Bound<'_, Self>, part: Part) -> WeakIterator {
        WeakIterator::new(Walked::Keys(slf.clone().into()), part)
    }
}

impl Direct for WeakKeyDictionary {
    fn class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
        static CLASS: Lazy<PyType> = Lazy::new();
        CLASS.get_or_make(py, || direct::mapping_class::<Self>(py))
    }

    fn public(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
        static PUBLIC: Lazy<PyType> = Lazy::new();
        public_class::<Self>(py, &PUBLIC)
    }

    fn len(&self, py: Python<'_>) -> usize {
        self.container.len(py)
    }

    fn contains(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        if !supports_weak_references(key) {
            return Ok(false);
        }
        self.container.contains(key, key.hash()?)
    }

    fn named_missing<'py>(key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        WeakRef::plain(key)
    }
}

impl DirectMapping for WeakKeyDictionary {
    fn store(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let hash = weak_key_hash(key)?;
        let mut new = Some(Strong::from(value.clone()));
        let replaced = self.container.put(
            key,
            hash,
            |table, at| {
                new.take()
                    .map(|new| mem::replace(&mut table.get_mut(at).value, new))
            },
            || self.container.entry(key, hash, value.clone().into()),
        )?;
        drop(replaced);
        Ok(())
    }

    fn lookup<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let hash = weak_key_hash(key)?;
        self.container.find(key, hash, |table, at| {
            table.get(at).value.bind(key.py()).clone()
        })
    }

    fn delete(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let entry = self.container.take(key, weak_key_hash(key)?)?;
        Ok(entry.is_some())
    }

    fn take<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let entry = self.container.take(key, weak_key_hash(key)?)?;
        Ok(entry.map(|entry| entry.value.into_bound(key.py())))
    }

    fn take_newest<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        loop {
            let entry = self.container.pop(py);
            let entry = entry.ok_or_else(|| empty("popitem(): dictionary is empty"))?;
            if let Some(key) = entry.key.upgrade(py) {
                return Ok((key, entry.value.into_bound(py)));
            }
        }
    }

    fn get_or_store<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let hash = weak_key_hash(key)?;
        let present = self.container.put(
            key,
            hash,
            |table, at| table.get(at).value.bind(py).clone(),
            || self.container.entry(key, hash, default.clone().into()),
        )?;
        Ok(present.unwrap_or(default))
    }
}

#[pymethods]
impl WeakKeyDictionary {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(dict=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            container: Container::new(),
        }
    }

    #[pyo3(signature = (dict=None))]
    fn __init__(slf: &Bound<'_, Self>, dict: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        slf.get().container.clear(slf.py());
        let Some(dict) = dict else { return Ok(()) };
        let update = name!(slf.py(), "update");
        if overrides(slf, &update)? {
            return slf.call_method1(update, (dict,)).map(drop);
        }
        slf.get().merge_from(Some(dict))
    }

    fn __iter__(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Key)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        address_repr(slf.as_any())
    }

    /// Return the value for key if it is alive and present, else default.
    ///
    /// Raises TypeError if key cannot be weakly referenced or hashed. O(1).
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.lookup(key)?.or(default))
    }

    /// Return the value for key; if it is missing, store default there and return it.
    ///
    /// One step: of several threads that call it for the same key, all get the same value.
    /// Raises TypeError if key cannot be weakly referenced or hashed. O(1).
    #[pyo3(signature = (key, default=None))]
    fn setdefault<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let default = default.unwrap_or_else(|| key.py().None().into_bound(key.py()));
        self.get_or_store(key, default)
    }

    /// Remove the entry of key and return its value.
    ///
    /// If it is missing, return the second argument, or raise KeyError (with a weak reference to
    /// the key) without one. Raises TypeError if key cannot be weakly referenced or hashed. O(1).
    #[pyo3(signature = (key, *args))]
    fn pop<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let default = mapping::optional_default("pop", args)?;
        self.take(key)?
            .or(default)
            .ok_or_else(|| missing(Self::named_missing(key)))
    }

    /// Remove the newest entry and return it as a tuple of key and value.
    ///
    /// Raises KeyError if nothing is left. O(1).
    fn popitem<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        self.take_newest(py)
    }

    /// Remove every entry, newest first, until nothing is left. O(n).
    fn clear(slf: &Bound<'_, Self>) -> PyResult<()> {
        if overrides(slf, &name!(slf.py(), "popitem"))? {
            return mapping::clear_by_popping(slf.as_any());
        }
        slf.get().container.drain(slf.py());
        Ok(())
    }

    /// Store the pairs of a mapping, or of an iterable of pairs, in the order they come in.
    ///
    /// Raises TypeError for a key that cannot be weakly referenced or hashed; what was stored before
    /// stays. Keyword arguments are refused: strings cannot be weakly referenced.
    #[pyo3(signature = (dict=None, /, **kwargs))]
    fn update(
        &self,
        dict: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(PyTypeError::new_err(
                "Keyword arguments are not supported: cannot create weak reference to 'str' object",
            ));
        }
        self.merge_from(dict)
    }

    /// Return an iterator over the keys that are alive, in the order of their insertion.
    ///
    /// It walks the mapping as it is when the first key is asked for: changes and deaths meanwhile
    /// raise nothing. It keeps no key alive.
    fn keys(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Key)
    }

    /// Return an iterator over the values of the keys that are alive. See keys().
    fn values(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Value)
    }

    /// Return an iterator over the keys that are alive, each in a tuple with its value. See keys().
    fn items(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Item)
    }

    /// Return a list of the weak references to the keys.
    ///
    /// They need not be alive any more when they are used; unlike the keys, they keep none alive.
    fn keyrefs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(
            py,
            self.container
                .collect(py, |entry| entry.key.object().bind(py).clone()),
        )
    }

    /// Return a shallow copy, which is a WeakKeyDictionary also for a subclass. O(n).
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Self>> {
        let copy = Self::new_public(py)?;
        let container = &copy.get().container;
        let entries = self.container.collect(py, Clone::clone);
        container.reserve(py, entries.len());
        let mut miss = container.miss(py);
        for entry in entries {
            let Some(key) = entry.key.upgrade(py) else {
                continue;
            };
            let hash = entry.key.remembered_hash();
            let entry = container.entry(&key, hash, entry.value)?;
            container.append(&key, hash, entry, &mut miss)?;
        }
        Ok(copy)
    }

    fn __copy__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Self>> {
        self.copy(py)
    }

    /// Return a copy of the same class with copied values; the keys are the same.
    #[pyo3(signature = (memo))]
    fn __deepcopy__<'py>(
        slf: &Bound<'py, Self>,
        memo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let deepcopy = py.import("copy")?.getattr("deepcopy")?;
        let copy = slf.getattr(name!(py, "__class__"))?.call0()?;
        for entry in slf.get().container.collect(py, Clone::clone) {
            if let Some(key) = entry.key.upgrade(py) {
                copy.set_item(key, deepcopy.call1((entry.value.bind(py), memo))?)?;
            }
        }
        Ok(copy)
    }

    /// A read-only picture of the weak references to the keys, with the values.
    ///
    /// A mapping of such references that is assigned takes the place of all entries.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        let data = PyDict::new(py);
        for entry in self.container.collect(py, Clone::clone) {
            data.set_item(entry.key.object().bind(py), entry.value.bind(py))?;
        }
        Ok(PyMappingProxy::new(py, data.as_mapping()))
    }

    #[setter]
    fn set_data(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = data.py();
        let evictor = self.container.evictor(py)?;
        // With the keys themselves, so that none can die before its entry is in place.
        let mut entries = Vec::new();
        // A `dict` of its own, whatever the mapping is: no key comes twice.
        for item in mapping::dict_of(data)?.items() {
            let (reference, value) = unpack_pair(&item)?;
            let reference = WeakRef::view(&reference)?;
            if let Some(key) = reference.upgrade(py) {
                let hash = reference.referent_hash(&key)?;
                let value = value.into();
                let entry = if reference.calls(&evictor) {
                    let key = reference.clone();
                    KeyEntry { key, value }
                } else {
                    self.container.entry(&key, hash, value)?
                };
                entries.push((key, hash, entry));
            }
        }
        self.container.replace(
            py,
            entries
                .iter()
                .map(|(_, hash, entry)| (*hash, entry.clone())),
        );
        Ok(())
    }

    /// Whether the mapping equals another one of the same class; None if that takes comparisons of keys.
    fn _equals(&self, other: &Bound<'_, Self>) -> PyResult<Option<bool>> {
        mapping::are_equal(other.py(), &self.container, &other.get().container)
    }

    /// The size in memory, in bytes, without the keys and values.
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
