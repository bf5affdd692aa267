//! `WeakKeyDictionary`: a mapping that lets go of an entry when its key dies.
//!
//! The native base of the public class. An entry is found by the hash and the identity of its key;
//! the reference to the key keeps that hash, so that an eviction calls no `__hash__`.

#![allow(
    unsafe_code,
    reason = "entry points from the interpreter, and what waits in a dead reference"
)]

use super::container::{Container, Scratch, This};
use super::data::Shown;
use super::entry::{Classes, Entry, Part, Taken};
use super::hashing::{check_weak, possible_weak_key_hash, weak_key_hash};
use super::mapped::Mapped;
use super::mapping::{self, native};
use super::pairs;
use crate::ephemerons::rule::Rule;
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{Stop, Visit};
use crate::interpreter::error::{Raised, Result, no_memory, type_error};
use crate::interpreter::method::Native;
use crate::interpreter::names::name;
use crate::interpreter::object::{self, none};
use crate::interpreter::owned::Strong;
use crate::interpreter::remains;
use crate::interpreter::slots;
use crate::references::weak_ref::WeakRef;
use pyo3::types::PyDict;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::CStr;
use std::mem;
use weakrefs_table::{NoRoom, Position, Table};

/// A weakly held key with its value.
#[derive(Clone)]
pub(crate) struct KeyEntry {
    key: WeakRef,
    value: Strong,
}

impl Entry for KeyEntry {
    const CLASS: &'static str = "WeakKeyDictionary";

    fn classes() -> &'static Classes {
        static CLASSES: Classes = Classes::new();
        &CLASSES
    }

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
        // SAFETY: the identity of an entry is its reference.
        unsafe { WeakRef::view_unchecked(identity) }.upgrade(identity.py())
    }

    fn hash_of(_py: Python<'_>, reference: &WeakRef) -> Option<isize> {
        Some(reference.remembered_hash())
    }

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.key.object().as_ptr())?;
        visit.one(self.value.as_ptr())
    }

    #[inline]
    fn held(&self) -> *mut ffi::PyObject {
        self.value.as_ptr()
    }

    const RULE: Rule = Rule::BySwitch;

    #[inline]
    fn take<'py>(&self, py: Python<'py>, part: Part) -> Option<Taken<'py>> {
        if !self.key.is_alive_inside(py) {
            return None;
        }
        Some(match part {
            Part::Key => Taken::One(self.key.upgrade_inside(py)?),
            Part::Value => Taken::One(self.value.bind(py).clone()),
            Part::Item => Taken::Pair(self.key.upgrade_inside(py)?, self.value.bind(py).clone()),
            Part::Reference => Taken::One(self.key.object().bind(py).clone()),
        })
    }

    fn give_up(self, py: Python<'_>) {
        // SAFETY: the thread is attached, and the entry owns both.
        unsafe {
            if !remains::may_set_off(self.value.as_ptr()) {
                drop(self);
            } else if remains::too_many() {
                let Self { key, value } = self;
                if let Err(both) = key.carry(py, value) {
                    remains::one_deeper(|| drop(both));
                }
            } else {
                remains::one_deeper(|| drop(self));
            }
        }
    }
}

impl Mapped for KeyEntry {
    fn check_key(key: &Bound<'_, PyAny>) -> Result<()> {
        check_weak(key)
    }

    #[inline(always)]
    fn key_hash(key: &Bound<'_, PyAny>) -> Result<isize> {
        weak_key_hash(key)
    }

    #[inline(always)]
    fn possible_key_hash(key: &Bound<'_, PyAny>) -> Result<Option<isize>> {
        possible_weak_key_hash(key)
    }

    #[inline]
    fn is_plain(key: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> bool {
        object::is_told_by_identity(key)
    }

    /// By a reference, which does not keep the key alive.
    fn named_missing<'py>(key: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        WeakRef::plain(key)
    }

    fn key<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.key.upgrade(py)
    }

    #[inline]
    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        Some(self.value.bind(py).clone())
    }

    #[inline]
    fn value_inside<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.value(py)
    }

    #[inline]
    fn has_value_at(_table: &Table<Self>, _at: Position, _py: Python<'_>) -> bool {
        true
    }

    #[inline]
    fn has_value_of(&self, other: &Self) -> bool {
        self.value.as_ptr() == other.value.as_ptr()
    }

    /// A reference that calls the evictor gives nothing up.
    #[inline]
    fn is_inert(&self) -> bool {
        // SAFETY: the entry owns the value, and is looked at with the thread attached.
        unsafe { remains::is_inert(self.value.as_ptr()) }
    }

    fn make(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        hash: isize,
        value: &Bound<'_, PyAny>,
    ) -> Result<Self> {
        let key = WeakRef::new(key, container.callback(key.py())?)?;
        key.remember_hash(hash);
        Ok(Self {
            key,
            value: value.clone().into(),
        })
    }

    fn copied<'py>(
        key: Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
        copy: impl FnOnce(Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>>,
    ) -> Result<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((key, copy(value)?))
    }

    fn store(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> Result<()> {
        let hash = weak_key_hash(key)?;
        let new = Strong::from(value.clone());
        let replaced = container.put(
            key,
            hash,
            |table, at| Ok(mem::replace(&mut table.get_mut(at)?.value, new)),
            || Self::make(container, key, hash, value),
        )?;
        match replaced.transpose() {
            Ok(replaced) => {
                drop::<Option<Strong>>(replaced);
                Ok(())
            }
            Err(NoRoom { .. }) => Err(no_memory(key.py())),
        }
    }

    fn get_or_store<'py>(
        container: &Container<Self>,
        key: &Bound<'py, PyAny>,
        default: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>> {
        let py = key.py();
        let hash = weak_key_hash(key)?;
        let present = container.put(
            key,
            hash,
            |table, at| table.get(at).and_then(|entry| entry.value(py)),
            || Self::make(container, key, hash, default),
        )?;
        Ok(present.flatten().unwrap_or_else(|| default.clone()))
    }
}

impl Shown for KeyEntry {
    fn references<'py>(container: &Container<Self>, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        let data = object::dict(py)?;
        for entry in container.collect(py, Clone::clone)? {
            let (key, value) = (entry.key.object().bind(py), entry.value.bind(py));
            object::set_item(&data, key.as_borrowed(), value.as_borrowed())?;
        }
        Ok(data.into_any())
    }

    fn replace(container: &Container<Self>, references: Borrowed<'_, '_, PyAny>) -> Result<()> {
        let py = references.py();
        let (evictor, _) = container.evictor(py)?;
        // With the keys themselves, so that none can die before its entry is in place.
        let mut entries = Vec::new();
        let references = pairs::dict_of(&references)?;
        // References to equal keys, which a `ref` subclass may call unequal, count once.
        let distinct = if are_distinct(&references)? {
            None
        } else {
            Some(Scratch::<Self>::new(py)?)
        };
        object::for_each_item(&references, |reference, value| {
            let reference = WeakRef::view(reference)?;
            let Some(key) = reference.upgrade(py) else {
                return Ok(());
            };
            let hash = reference.referent_hash(&key)?;
            if let Some(distinct) = &distinct {
                let make = || Self::make(distinct, &key, hash, value);
                if distinct.put(&key, hash, |_, _| (), make)?.is_some() {
                    return Ok(());
                }
            }
            let entry = if reference.calls(evictor) {
                reference.remember_hash(hash);
                KeyEntry {
                    key: reference.clone(),
                    value: value.clone().into(),
                }
            } else {
                KeyEntry::make(container, &key, hash, value)?
            };
            entries.try_reserve(1).map_err(|_| no_memory(py))?;
            entries.push((key, hash, entry));
            Ok::<_, Raised>(())
        })?;
        container.replace(
            py,
            entries
                .iter()
                .map(|(_, hash, entry)| (*hash, entry.clone())),
        )
    }
}

/// Whether no two of the references that are the keys of `references` can lead to equal objects: the `dict` has seen to
/// that, since each is exactly a `ref`, and its referent is told by identity.
fn are_distinct(references: &Bound<'_, PyDict>) -> Result<bool> {
    let mut distinct = true;
    object::for_each_item(references, |reference, _| {
        distinct = distinct
            && WeakRef::view_exact(reference).is_some_and(|reference| {
                let referent = reference.upgrade(references.py());
                referent.is_none_or(|referent| object::is_told_by_identity(&referent))
            });
        Ok(())
    })?;
    Ok(distinct)
}

const INIT: Signature = Signature::new(KeyEntry::CLASS, "__init__", &["dict"], 0);
const UPDATE_SIGNATURE: Signature = Signature::new(KeyEntry::CLASS, "update", &["dict"], 0);

const UPDATE: Native = native(name::update, update);

/// The methods that only this mapping has.
static NATIVES: [Native; 2] = [UPDATE, native(name::keyrefs, keyrefs)];

const DOC: &CStr =
    c"WeakKeyDictionary(dict=None)\n--\n\nThe native base of weakrefs.WeakKeyDictionary.";

/// Makes the native class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    mapping::make_class::<KeyEntry>(
        py,
        c"weakrefs._weakrefs.WeakKeyDictionary",
        DOC,
        slots::call(ffi::Py_tp_init, init),
        &NATIVES,
    )
}

fn merge(container: &Container<KeyEntry>, other: Option<&Bound<'_, PyAny>>) -> Result<()> {
    match other.filter(|other| other.as_ptr() != none(other.py()).as_ptr()) {
        Some(other) => pairs::store_all(container, other),
        None => Ok(()),
    }
}

fn init<'py>(this: This<'_, 'py, KeyEntry>, arguments: Arguments<'_, 'py>) -> Result<()> {
    let [other] = arguments.read(&INIT)?;
    this.clear_entries(this.py());
    match other.filter(|other| other.as_ptr() != none(this.py()).as_ptr()) {
        Some(other) if !UPDATE.is_of(this.as_object())? => mapping::call_update(this, other, None),
        other => merge(&this, other.as_deref()),
    }
}

fn update<'py>(
    this: This<'_, 'py, KeyEntry>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    arguments.at_most(&UPDATE_SIGNATURE)?;
    if arguments.has_named() {
        return Err(type_error(
            this.py(),
            format_args!(
                "Keyword arguments are not supported: cannot create weak reference to 'str' object"
            ),
        ));
    }
    merge(&this, arguments.get(0).as_deref())?;
    Ok(none(this.py()))
}

fn keyrefs<'py>(
    this: This<'_, 'py, KeyEntry>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    const SIGNATURE: Signature = Signature::new(KeyEntry::CLASS, "keyrefs", &[], 0);
    let py = this.py();
    let [] = arguments.read(&SIGNATURE)?;
    let references = this.collect(py, |entry| entry.key.object().clone())?;
    Ok(object::list(py, references, |reference| reference.into_bound(py))?.into_any())
}
