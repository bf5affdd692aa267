//! `WeakValueDictionary`: a mapping that lets go of an entry when its value dies.
//!
//! The native base of the public class. The reference to a value is a [`KeyedRef`](keyed_ref) that
//! keeps the hash of the key, so that an eviction calls no `__hash__`; and it removes an entry only
//! if it still is that entry's reference, so that the death of a replaced value removes nothing
//! (S16).

use super::builtin_keys;
use super::container::{Container, This};
use super::data::Shown;
use super::entry::{Classes, Entry, Part, Taken};
use super::hashing;
use super::iterator::WeakIterator;
use super::mapped::Mapped;
use super::mapping::{self, native};
use super::pairs;
use crate::ephemerons::rule::Rule;
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{Stop, Visit};
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::method::Native;
use crate::interpreter::names::name;
use crate::interpreter::object::{self, Argument, none, tuple};
use crate::interpreter::owned::Strong;
use crate::interpreter::slots;
use crate::references::keyed_ref;
use crate::references::layout::supports_weak_references;
use crate::references::weak_ref::WeakRef;
use pyo3::types::PyDict;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::CStr;
use std::mem;
use weakrefs_table::{NoRoom, Position, Table};

/// A key with its weakly held value.
#[derive(Clone)]
pub(crate) struct ValueEntry {
    key: Strong,
    value: WeakRef,
}

impl Entry for ValueEntry {
    const CLASS: &'static str = "WeakValueDictionary";

    fn classes() -> &'static Classes {
        static CLASSES: Classes = Classes::new();
        &CLASSES
    }

    /// By `itervaluerefs`.
    const SHOWN_DEAD: bool = true;

    fn reference(&self) -> &WeakRef {
        &self.value
    }

    fn identity(&self) -> &Strong {
        &self.key
    }

    #[inline]
    fn is_for(&self, key: &Bound<'_, PyAny>) -> bool {
        self.key.as_ptr() == key.as_ptr() || builtin_keys::are_equal(self.key.bind(key.py()), key)
    }

    #[inline]
    fn has_key_of(&self, py: Python<'_>, other: &Self) -> bool {
        self.is_for(other.key.bind(py))
    }

    #[inline]
    fn hash(&self, py: Python<'_>) -> isize {
        let of_reference = || Self::hash_of(py, &self.value);
        builtin_keys::known_hash(self.key.bind(py))
            .or_else(of_reference)
            .unwrap_or(-1)
    }

    fn key_of<'py>(identity: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        Some(identity.clone())
    }

    fn hash_of(py: Python<'_>, reference: &WeakRef) -> Option<isize> {
        keyed_ref::hash(reference.object().bind(py).as_borrowed())
    }

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.key.as_ptr())?;
        visit.one(self.value.object().as_ptr())
    }

    #[inline]
    fn held(&self) -> *mut ffi::PyObject {
        self.key.as_ptr()
    }

    const REFERENCE_HOLDS: bool = true;

    const RULE: Rule = Rule::ByClass;

    #[inline]
    fn take<'py>(&self, py: Python<'py>, part: Part) -> Option<Taken<'py>> {
        Some(match part {
            Part::Reference => Taken::One(self.value.object().bind(py).clone()),
            Part::Value => Taken::One(self.value.upgrade_inside(py)?),
            Part::Item => Taken::Pair(self.key.bind(py).clone(), self.value.upgrade_inside(py)?),
            Part::Key => {
                if !self.value.is_alive_inside(py) {
                    return None;
                }
                Taken::One(self.key.bind(py).clone())
            }
        })
    }

    /// The key goes with the reference that carries it, too, whose death puts what it sets off off.
    fn give_up(self, _py: Python<'_>) {
        let Self { key, value } = self;
        drop(key);
        drop(value);
    }
}

impl Mapped for ValueEntry {
    fn check_key(_key: &Bound<'_, PyAny>) -> Result<()> {
        Ok(())
    }

    #[inline(always)]
    fn key_hash(key: &Bound<'_, PyAny>) -> Result<isize> {
        match builtin_keys::known_hash(key) {
            Some(hash) => Ok(hash),
            None => hashing::key_hash(key),
        }
    }

    #[inline(always)]
    fn possible_key_hash(key: &Bound<'_, PyAny>) -> Result<Option<isize>> {
        Self::key_hash(key).map(Some)
    }

    #[inline]
    fn is_plain(key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> bool {
        builtin_keys::is_known(key) && supports_weak_references(value)
    }

    fn named_missing<'py>(key: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        Ok(key.clone())
    }

    fn key<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        Some(self.key.bind(py).clone())
    }

    #[inline]
    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.value.upgrade(py)
    }

    #[inline]
    fn value_inside<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.value.upgrade_inside(py)
    }

    #[inline]
    fn has_value_at(table: &Table<Self>, at: Position, py: Python<'_>) -> bool {
        table
            .get(at)
            .is_some_and(|entry| entry.value.is_alive_inside(py))
    }

    #[inline]
    fn has_value_of(&self, other: &Self) -> bool {
        self.value.has_referent_of(&other.value)
    }

    #[inline]
    fn is_inert(&self) -> bool {
        keyed_ref::is_inert(&self.key, &self.value)
    }

    fn make(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        hash: isize,
        value: &Bound<'_, PyAny>,
    ) -> Result<Self> {
        let (evictor, _) = container.evictor(key.py())?;
        Self::calling(evictor, key, hash, value)
    }

    fn copied<'py>(
        key: Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
        copy: impl FnOnce(Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>>,
    ) -> Result<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((copy(key)?, value))
    }

    fn store(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> Result<()> {
        store_unless(container, key, value, |_| None::<()>).map(drop)
    }

    fn get_or_store<'py>(
        container: &Container<Self>,
        key: &Bound<'py, PyAny>,
        default: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>> {
        let py = key.py();
        let hash = Self::key_hash(key)?;
        let value = container.find(key, hash, |table, at| table.get(at)?.value_inside(py))?;
        if let Some(value) = value.flatten() {
            return Ok(value);
        }
        let present = store_unless(container, key, default, |entry| entry.value_inside(py))?;
        Ok(present.unwrap_or_else(|| default.clone()))
    }
}

impl ValueEntry {
    /// A new entry, whose reference calls `evictor`.
    #[inline]
    fn calling<'py>(
        evictor: Argument<'_, 'py>,
        key: &Bound<'py, PyAny>,
        hash: isize,
        value: &Bound<'py, PyAny>,
    ) -> Result<Self> {
        Ok(Self {
            value: keyed_ref::create(value.as_borrowed(), evictor, key, hash)?,
            key: key.clone().into(),
        })
    }
}

/// What was done with an entry that was already there.
enum Present<'py, R> {
    Kept(R),
    /// It has the value now. This was replaced.
    Replaced(WeakRef),
    /// The same, by the reference that it had, which has owned this.
    Reused(Option<Bound<'py, PyAny>>),
    /// Nothing: somebody else has its reference.
    InUse,
}

/// Stores `value` under `key`, unless `keep` gives something for an entry that is already there: that is given.
#[inline]
fn store_unless<R>(
    container: &Container<ValueEntry>,
    key: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
    keep: impl Fn(&ValueEntry) -> Option<R>,
) -> Result<Option<R>> {
    if !supports_weak_references(value) {
        // The interpreter's own words, before any code of the key runs (S22).
        WeakRef::plain(value)?;
    }
    let hash = ValueEntry::key_hash(key)?;
    if !keyed_ref::REUSABLE {
        return store_new_unless(container, key, hash, value, keep);
    }
    let (evictor, _) = container.evictor(key.py())?;
    let present = container.put(
        key,
        hash,
        |table, at| {
            if let Some(kept) = table.get(at).and_then(&keep) {
                return Ok(Present::Kept(kept));
            }
            // Under an equal key, the old key stays (S19).
            let reference = &table.get_mut(at)?.value;
            let reused = keyed_ref::reuse(reference, value.as_borrowed(), evictor, key);
            Ok(reused.map_or(Present::InUse, Present::Reused))
        },
        || ValueEntry::calling(evictor, key, hash, value),
    )?;
    match present {
        Some(Ok(Present::InUse)) => store_new_unless(container, key, hash, value, keep),
        present => done(key.py(), present),
    }
}

/// The same, with a new reference in any case.
#[cold]
fn store_new_unless<R>(
    container: &Container<ValueEntry>,
    key: &Bound<'_, PyAny>,
    hash: isize,
    value: &Bound<'_, PyAny>,
    keep: impl Fn(&ValueEntry) -> Option<R>,
) -> Result<Option<R>> {
    let new = ValueEntry::make(container, key, hash, value)?;
    let replacing = new.value.clone();
    let present = container.put(
        key,
        hash,
        |table, at| {
            if let Some(kept) = table.get(at).and_then(keep) {
                return Ok(Present::Kept(kept));
            }
            let entry = table.get_mut(at)?;
            Ok(Present::Replaced(mem::replace(&mut entry.value, replacing)))
        },
        || Ok(new),
    )?;
    done(key.py(), present)
}

/// What comes of a store. What has left the table goes here.
#[inline]
fn done<R>(
    py: Python<'_>,
    present: Option<std::result::Result<Present<'_, R>, NoRoom>>,
) -> Result<Option<R>> {
    match present {
        Some(Ok(Present::Kept(kept))) => return Ok(Some(kept)),
        Some(Ok(Present::Replaced(reference))) => drop(reference),
        Some(Ok(Present::Reused(key))) => drop(key),
        Some(Err(NoRoom { .. })) => return Err(no_memory(py)),
        Some(Ok(Present::InUse)) | None => {}
    }
    Ok(None)
}

impl Shown for ValueEntry {
    fn references<'py>(container: &Container<Self>, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        let data = object::dict(py)?;
        for entry in container.collect(py, Clone::clone)? {
            let (key, value) = (entry.key.bind(py), entry.value.object().bind(py));
            object::set_item(&data, key.as_borrowed(), value.as_borrowed())?;
        }
        Ok(data.into_any())
    }

    fn replace(container: &Container<Self>, references: Borrowed<'_, '_, PyAny>) -> Result<()> {
        let py = references.py();
        // With the values themselves, so that none can die before its entry is in place.
        let mut entries = Vec::new();
        // A `dict` of its own, whatever the mapping is: no key comes twice.
        object::for_each_item(&pairs::dict_of(&references)?, |key, reference| {
            let Some(value) = WeakRef::view(reference)?.upgrade(py) else {
                return Ok(());
            };
            let hash = ValueEntry::key_hash(key)?;
            let entry = ValueEntry::make(container, key, hash, &value)?;
            entries.try_reserve(1).map_err(|_| no_memory(py))?;
            entries.push((value, hash, entry));
            Ok(())
        })?;
        container.replace(
            py,
            entries
                .iter()
                .map(|(_, hash, entry)| (*hash, entry.clone())),
        )
    }
}

const INIT: Signature = Signature::new(ValueEntry::CLASS, "__init__", &["other"], 0);
const UPDATE_SIGNATURE: Signature = Signature::new(ValueEntry::CLASS, "update", &["other"], 0);

const UPDATE: Native = native(name::update, update);

/// The methods that only this mapping has.
static NATIVES: [Native; 3] = [
    UPDATE,
    native(name::itervaluerefs, itervaluerefs),
    native(name::valuerefs, valuerefs),
];

const DOC: &CStr =
    c"WeakValueDictionary(other=(), /, **kw)\n--\n\nThe native base of weakrefs.WeakValueDictionary.";

/// Makes the native class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    mapping::make_class::<ValueEntry>(
        py,
        c"weakrefs._weakrefs.WeakValueDictionary",
        DOC,
        slots::call(ffi::Py_tp_init, init),
        &NATIVES,
    )
}

fn merge<'py>(
    container: &Container<ValueEntry>,
    other: Option<Argument<'_, 'py>>,
    named: Option<&Bound<'py, PyDict>>,
) -> Result<()> {
    if let Some(other) = other.filter(|other| other.as_ptr() != none(other.py()).as_ptr()) {
        pairs::store_all(container, &other)?;
    }
    match named {
        Some(named) => {
            object::for_each_item(named, |key, value| ValueEntry::store(container, key, value))
        }
        None => Ok(()),
    }
}

fn init<'py>(this: This<'_, 'py, ValueEntry>, arguments: Arguments<'_, 'py>) -> Result<()> {
    arguments.at_most(&INIT)?;
    let (other, named) = (arguments.get(0), arguments.named()?);
    this.clear_entries(this.py());
    if !UPDATE.is_of(this.as_object())? {
        let nothing = tuple(this.py(), [])?;
        let other = other.unwrap_or_else(|| nothing.as_borrowed());
        return mapping::call_update(this, other, named.as_ref());
    }
    merge(&this, other, named.as_ref())
}

fn update<'py>(
    this: This<'_, 'py, ValueEntry>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    arguments.at_most(&UPDATE_SIGNATURE)?;
    let named = arguments.named()?;
    merge(&this, arguments.get(0), named.as_ref())?;
    Ok(none(this.py()))
}

fn itervaluerefs<'py>(
    this: This<'_, 'py, ValueEntry>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    const SIGNATURE: Signature = Signature::new(ValueEntry::CLASS, "itervaluerefs", &[], 0);
    let [] = arguments.read(&SIGNATURE)?;
    WeakIterator::make(this, Part::Reference)
}

fn valuerefs<'py>(
    this: This<'_, 'py, ValueEntry>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    const SIGNATURE: Signature = Signature::new(ValueEntry::CLASS, "valuerefs", &[], 0);
    let py = this.py();
    let [] = arguments.read(&SIGNATURE)?;
    let references = this.collect(py, |entry| entry.value.object().clone())?;
    Ok(object::list(py, references, |reference| reference.into_bound(py))?.into_any())
}
