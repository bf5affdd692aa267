//! `WeakValueDictionary`: a mapping that lets go of an entry when its value dies.
//!
//! The native base of the public class. The reference to a value is a [`KeyedRef`](keyed_ref) that
//! keeps the hash of the key, so that an eviction calls no `__hash__`; and it removes an entry only
//! if it still is that entry's reference, so that the death of a replaced value removes nothing
//! (S16).

use crate::container::{Container, Entry};
use crate::direct::{self, Direct, DirectMapping};
use crate::dispatch::{address_repr, overrides, public_class};
use crate::errors::{empty, missing, unhashable_key, unpack_pair};
use crate::exact;
use crate::guarded::Lazy;
use crate::iterator::{Iterable, Part, Taken, Walked, WeakIterator};
use crate::keyed_ref;
use crate::mapping::{self, Mapped};
use crate::names::name;
use crate::strong::Strong;
use crate::weak_ref::{WeakRef, supports_weak_references};
use pyo3::PyTraverseError;
use pyo3::exceptions::PyTypeError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMappingProxy, PyTuple, PyType};
use std::cell::Cell;
use std::mem;
use std::ops::Deref;

/// A key with its weakly held value.
#[derive(Clone)]
pub(crate) struct ValueEntry {
    key: Strong,
    value: WeakRef,
}

impl Entry for ValueEntry {
    fn reference(&self) -> &WeakRef {
        &self.value
    }

    fn identity(&self) -> &Strong {
        &self.key
    }

    #[inline]
    fn is_for(&self, key: &Bound<'_, PyAny>) -> bool {
        self.key.is(key) || exact::are_equal(self.key.bind(key.py()), key)
    }

    #[inline]
    fn has_key_of(&self, py: Python<'_>, other: &Self) -> bool {
        self.is_for(other.key.bind(py))
    }

    #[inline]
    fn hash(&self, py: Python<'_>) -> isize {
        exact::known_hash(self.key.bind(py))
            .unwrap_or_else(|| keyed_ref::hash(self.value.object().bind(py)).unwrap_or(-1))
    }

    fn key_of<'py>(identity: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        Some(identity.clone())
    }

    fn hash_of(reference: &Bound<'_, PyAny>) -> PyResult<isize> {
        keyed_ref::hash(reference)
    }

    fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.key.deref())?;
        visit.call(self.value.object().deref())
    }
}

impl Iterable for ValueEntry {
    #[inline]
    fn take<'py>(&self, py: Python<'py>, part: Part) -> Option<Taken<'py>> {
        Some(match part {
            Part::Reference => Taken::One(self.value.object().bind(py).clone()),
            Part::Value => Taken::One(self.value.upgrade(py)?),
            Part::Item => Taken::Pair(self.key.bind(py).clone(), self.value.upgrade(py)?),
            Part::Key => {
                if !self.value.is_alive(py) {
                    return None;
                }
                Taken::One(self.key.bind(py).clone())
            }
        })
    }
}

impl Mapped for ValueEntry {
    #[inline]
    fn has_value_of(&self, other: &Self) -> bool {
        self.value.has_referent_of(&other.value)
    }

    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.value.upgrade(py)
    }
}

/// The hash of a key, which is held strongly.
#[inline]
fn key_hash(key: &Bound<'_, PyAny>) -> PyResult<isize> {
    match exact::known_hash(key) {
        Some(hash) => Ok(hash),
        None => key.hash().map_err(|error| unhashable_key(key, error)),
    }
}

/// The native base of `weakrefs.WeakValueDictionary`.
#[pyclass(frozen, subclass, mapping, module = "weakrefs._weakrefs")]
pub(crate) struct WeakValueDictionary {
    pub(crate) container: Container<ValueEntry>,
}

impl Container<ValueEntry> {
    /// A new entry for `key`, whose hash is `hash`.
    fn entry(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<ValueEntry> {
        let reference = keyed_ref::create(value, &self.evictor(key.py())?, key, hash)?;
        Ok(ValueEntry {
            key: key.clone().into(),
            value: WeakRef::view(&reference)?.clone(),
        })
    }
}

impl WeakValueDictionary {
    /// Stores `value` under `key`, unless `keep` gives something for an entry that is already there.
    fn store_unless<R>(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        mut keep: impl FnMut(&ValueEntry) -> Option<R>,
    ) -> PyResult<Option<R>> {
        if !supports_weak_references(value) {
            // The interpreter's own words, before any code of the key runs (S22).
            WeakRef::plain(value)?;
        }
        let hash = key_hash(key)?;
        let reference = keyed_ref::create(value, &self.container.evictor(key.py())?, key, hash)?;
        let new = Cell::new(Some(WeakRef::view(&reference)?.clone()));
        let result = self.container.put(
            key,
            hash,
            |table, at| match keep(table.get(at)) {
                Some(kept) => Err(Some(kept)),
                // Under an equal key, the old key stays (S19).
                None => Ok(new
                    .take()
                    .map(|new| mem::replace(&mut table.get_mut(at).value, new))),
            },
            || {
                let value = new
                    .take()
                    .ok_or_else(|| missing(Self::named_missing(key)))?;
                Ok(ValueEntry {
                    key: key.clone().into(),
                    value,
                })
            },
        )?;
        match result {
            Some(Err(kept)) => Ok(kept),
            Some(Ok(_replaced)) => Ok(None),
            None => Ok(None),
        }
    }

    /// An empty one of the public class.
    fn new_public(py: Python<'_>) -> PyResult<Bound<'_, Self>> {
        Ok(Self::public(py)?.call0()?.cast_into()?)
    }

    fn merge_from(
        &self,
        other: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        if let Some(other) = other {
            mapping::for_each_pair(other, |key, value| self.store(key, value))?;
        }
        for (key, value) in kwargs.into_iter().flatten() {
            self.store(&key, &value)?;
        }
        Ok(())
    }

    fn iterate(slf: &Bound<'_, Self>, part: Part) -> WeakIterator {
        WeakIterator::new(Walked::Values(slf.clone().into()), part)
    }
}

impl Direct for WeakValueDictionary {
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
        let py = key.py();
        let found = self.container.find(key, key_hash(key)?, |table, at| {
            table.get(at).value.is_alive(py)
        })?;
        Ok(found.unwrap_or(false))
    }

    fn named_missing<'py>(key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Ok(key.clone())
    }
}

impl DirectMapping for WeakValueDictionary {
    fn lookup<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = key.py();
        let found = self.container.find(key, key_hash(key)?, |table, at| {
            table.get(at).value.upgrade(py)
        })?;
        Ok(found.flatten())
    }

    fn store(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.store_unless(key, value, |_| None::<()>).map(drop)
    }

    fn delete(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let entry = self.container.take(key, key_hash(key)?)?;
        Ok(entry.is_some())
    }

    fn take<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let entry = self.container.take(key, key_hash(key)?)?;
        Ok(entry.and_then(|entry| entry.value.upgrade(key.py())))
    }

    fn take_newest<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        loop {
            let entry = self.container.pop(py);
            let entry = entry.ok_or_else(|| empty("popitem(): dictionary is empty"))?;
            if let Some(value) = entry.value.upgrade(py) {
                return Ok((entry.key.into_bound(py), value));
            }
        }
    }

    fn get_or_store<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        if let Some(value) = self.lookup(key)? {
            return Ok(value);
        }
        let present = self.store_unless(key, &default, |entry| entry.value.upgrade(py))?;
        Ok(present.unwrap_or(default))
    }
}

#[pymethods]
impl WeakValueDictionary {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(other=(), /, **kw)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            container: Container::new(),
        }
    }

    #[pyo3(signature = (*args, **kw))]
    fn __init__(
        slf: &Bound<'_, Self>,
        args: &Bound<'_, PyTuple>,
        kw: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        if args.len() > 1 {
            return Err(PyTypeError::new_err(format!(
                "WeakValueDictionary() takes at most 1 positional argument ({} given)",
                args.len()
            )));
        }
        let py = slf.py();
        slf.get().container.clear(py);
        let other = args.iter().next();
        let update = name!(py, "update");
        if overrides(slf, &update)? {
            let other = other.unwrap_or_else(|| PyTuple::empty(py).into_any());
            return slf.getattr(update)?.call((other,), kw).map(drop);
        }
        slf.get()
            .merge_from(other.filter(|other| !other.is_none()).as_ref(), kw)
    }

    fn __iter__(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Key)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        address_repr(slf.as_any())
    }

    /// Return the value for key if it is present and alive, else default.
    ///
    /// Raises TypeError if key cannot be hashed. O(1).
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.lookup(key)?.or(default))
    }

    /// Return the value for key; if it is missing or dead, store default there and return it.
    ///
    /// One step: of several threads that call it for the same key, all get the same value.
    /// Raises TypeError if key cannot be hashed, or default is to be stored and cannot be weakly
    /// referenced. O(1).
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
    /// If it is missing or dead, return the second argument, or raise KeyError without one. Raises
    /// TypeError if key cannot be hashed. O(1).
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

    /// Store the pairs of a mapping, or of an iterable of pairs, then those of the keyword arguments.
    ///
    /// Raises TypeError for a key that cannot be hashed or a value that cannot be weakly referenced;
    /// what was stored before stays.
    #[pyo3(signature = (other=None, /, **kwargs))]
    fn update(
        &self,
        other: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        self.merge_from(other, kwargs)
    }

    /// Return an iterator over the keys whose values are alive, in the order of their insertion.
    ///
    /// It walks the mapping as it is when the first key is asked for: changes and deaths meanwhile
    /// raise nothing. It keeps no value alive.
    fn keys(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Key)
    }

    /// Return an iterator over the values that are alive. See keys().
    fn values(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Value)
    }

    /// Return an iterator over the values that are alive, each in a tuple after its key. See keys().
    fn items(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Item)
    }

    /// Return an iterator over the weak references to the values. See valuerefs().
    fn itervaluerefs(slf: &Bound<'_, Self>) -> WeakIterator {
        Self::iterate(slf, Part::Reference)
    }

    /// Return a list of the weak references to the values, each a KeyedRef.
    ///
    /// They need not be alive any more when they are used; unlike the values, they keep none alive.
    fn valuerefs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(
            py,
            self.container
                .collect(py, |entry| entry.value.object().bind(py).clone()),
        )
    }

    /// Return a shallow copy, which is a WeakValueDictionary also for a subclass. O(n).
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Self>> {
        let copy = Self::new_public(py)?;
        let container = &copy.get().container;
        let entries = self.container.collect(py, Clone::clone);
        container.reserve(py, entries.len());
        let mut miss = container.miss(py);
        for entry in entries {
            let Some(value) = entry.value.upgrade(py) else {
                continue;
            };
            let key = entry.key.bind(py);
            let hash = keyed_ref::hash(entry.value.object().bind(py))?;
            let new = container.entry(key, hash, &value)?;
            container.append(key, hash, new, &mut miss)?;
        }
        Ok(copy)
    }

    fn __copy__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Self>> {
        self.copy(py)
    }

    /// Return a copy of the same class with copied keys; the values are the same.
    #[pyo3(signature = (memo))]
    fn __deepcopy__<'py>(
        slf: &Bound<'py, Self>,
        memo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let deepcopy = py.import("copy")?.getattr("deepcopy")?;
        let copy = slf.getattr(name!(py, "__class__"))?.call0()?;
        for entry in slf.get().container.collect(py, Clone::clone) {
            if let Some(value) = entry.value.upgrade(py) {
                copy.set_item(deepcopy.call1((entry.key.bind(py), memo))?, value)?;
            }
        }
        Ok(copy)
    }

    /// A read-only picture of the keys with the weak references to their values, each a KeyedRef.
    ///
    /// A mapping of keys to weak references that is assigned takes the place of all entries.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        let data = PyDict::new(py);
        for entry in self.container.collect(py, Clone::clone) {
            data.set_item(entry.key.bind(py), entry.value.object().bind(py))?;
        }
        Ok(PyMappingProxy::new(py, data.as_mapping()))
    }

    #[setter]
    fn set_data(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = data.py();
        // With the values themselves, so that none can die before its entry is in place.
        let mut entries = Vec::new();
        // A `dict` of its own, whatever the mapping is: no key comes twice.
        for item in mapping::dict_of(data)?.items() {
            let (key, reference) = unpack_pair(&item)?;
            if let Some(value) = WeakRef::view(&reference)?.upgrade(py) {
                let hash = key_hash(&key)?;
                entries.push((self.container.entry(&key, hash, &value)?, hash, value));
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
