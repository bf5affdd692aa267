//! [`Container`]: the table of a weak container, and the callback that evicts from it.
//!
//! # Ownership (S15)
//! The table lives in the [`Evictor`](super::evictor), an object that all references of the container call when their
//! referents die. It is made with the first entry: an empty container owns nothing. The evictor knows the table but not
//! the container, so a container does not keep itself alive through its callbacks. Table, references and evictor own each
//! other in a circle, which the collector does not see (it sees the entries through the container), and which the
//! container cuts by emptying the table when it goes.
//!
//! The evictor stays as long as the container, so the table can be borrowed from it.
//!
//! # What nobody evicts (S20, S34)
//! What a destructor stores in the middle of a collection, and is garbage itself, the collector may clear without calling
//! anybody, from 3.14 on. Such an entry is invisible as all dead ones, but nothing comes to evict it. So all dead ones are
//! swept out when an iterator that has come upon one ends, and when the table is to grow.
//!
//! # Memory (S36)
//! What is asked of the table for the sake of the dead, or of the collector, allocates nothing. All else that needs memory
//! says so before anything has changed.

#![allow(unsafe_code, reason = "a payload, and the table in another one")]

use super::entry::Entry;
use super::evictor::Evictor;
use super::holder;
use crate::interpreter::class::{self, Object, Payload, Stop, Visit, offset_in_object};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::guarded::Shared;
use crate::interpreter::object::Argument;
use crate::interpreter::owned::Lasting;
use crate::interpreter::remains::Link;
use crate::interpreter::slots::{Instance, Receiver};
use pyo3::types::PyType;
use pyo3::{Bound, PyAny, Python, ffi};
use std::cell::UnsafeCell;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr;
use weakrefs_table::{Miss, NoRoom, Position, Table};

/// What a container object holds. Zeroed memory is an empty one.
#[repr(C)]
pub(crate) struct Container<E: Entry> {
    evictor: Lasting,
    link: UnsafeCell<Link>,
    entries: PhantomData<fn() -> E>,
}

// SAFETY: an empty slot and an empty link; no destructor.
unsafe impl<E: Entry> Payload for Container<E> {
    type Head = ffi::PyObject;

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        // SAFETY: the collector calls, with the thread attached.
        let py = unsafe { Python::assume_attached() };
        let Some(evictor) = self.evicting(py) else {
            return Ok(());
        };
        holder::report(Object::of_payload(self), evictor, visit)
    }

    fn release(&self, py: Python<'_>) {
        if let Some(evictor) = self.evicting(py) {
            evictor.container.set(ptr::null_mut());
        }
        self.clear_entries(py);
        self.evictor.clear(py);
    }

    fn clear(&self, py: Python<'_>) {
        self.clear_entries(py);
    }

    fn sets_off(&self) -> bool {
        !self.evictor.is_empty()
    }

    const LINK: usize = offset_in_object!(Self, link);
}

/// A container object.
pub(crate) type This<'a, 'py, E> = Instance<'a, 'py, Container<E>>;

impl<E: Entry> Receiver for Container<E> {
    const CLASS: &'static str = E::CLASS;

    fn class() -> &'static Constant<PyType> {
        &E::classes().container
    }
}

impl<E: Entry> Container<E> {
    /// The evictor, if there has ever been an entry.
    #[inline]
    pub(super) fn evicting<'a>(&'a self, py: Python<'a>) -> Option<&'a Evictor<E>> {
        let evictor = self.evictor.get(py)?;
        // SAFETY: an evictor for such entries. It stays as long as the container, so it outlives the borrow.
        Some(unsafe { class::payload::<Evictor<E>>(evictor) })
    }

    /// The table, if there has ever been an entry.
    #[inline]
    pub(crate) fn table<'a>(&'a self, py: Python<'a>) -> Option<&'a Shared<Table<E>>> {
        self.evicting(py).map(|evictor| &evictor.table)
    }

    /// The callback for the references of this container, and the table.
    #[inline]
    pub(crate) fn evictor<'a, 'py: 'a>(
        &'a self,
        py: Python<'py>,
    ) -> Result<(Argument<'a, 'py>, &'a Shared<Table<E>>)> {
        let evictor = match self.evictor.get(py) {
            Some(evictor) => evictor,
            None => self.make_evictor(py)?,
        };
        // SAFETY: as above.
        let own = unsafe { class::payload::<Evictor<E>>(evictor) };
        Ok((evictor, &own.table))
    }

    #[cold]
    fn make_evictor<'a, 'py: 'a>(&'a self, py: Python<'py>) -> Result<Argument<'a, 'py>> {
        let evictor = Evictor::<E>::make(py, Object::of_payload(self))?;
        // Another thread may have been quicker.
        let (evictor, refused) = self.evictor.fill(evictor);
        if refused.is_none() {
            holder::begin::<E>(Object::of_payload(self), py);
        }
        Ok(evictor)
    }

    /// The callback for a new entry.
    #[inline]
    pub(crate) fn callback<'a, 'py: 'a>(&'a self, py: Python<'py>) -> Result<Argument<'a, 'py>> {
        let (callback, _) = self.evictor(py)?;
        // SAFETY: an evictor for such entries.
        holder::keep_up::<E>(unsafe { class::payload(callback) }, py);
        Ok(callback)
    }

    /// How many entries there are, counting those that are dead but not yet evicted (S20).
    #[inline]
    pub(crate) fn len(&self, py: Python<'_>) -> usize {
        self.table(py).map_or(0, |table| table.read(py).len())
    }

    /// Makes room for so many entries in a new container, and gives what holds of it before any is
    /// [appended](Self::append): nothing, if somebody has found it and stored in it by now.
    pub(crate) fn reserve(&self, py: Python<'_>, entries: usize) -> Result<Option<Miss>> {
        let (_, table) = self.evictor(py)?;
        let reserved = table.with(py, |table| {
            table.reserve(entries)?;
            Ok(table.is_empty().then(|| table.miss()))
        });
        reserved.map_err(|_: NoRoom| no_memory(py))
    }

    /// Makes room for as many more entries, if there is memory for them: without it, they may still fit.
    pub(crate) fn expect(&self, py: Python<'_>, additional: usize) {
        if let Some(table) = self.table(py) {
            _ = table.with(py, |table| table.reserve(additional));
        }
    }

    /// Gives back memory that was [expected](Self::expect) to be needed, if most of it is not.
    pub(crate) fn fit(&self, py: Python<'_>) {
        if let Some(table) = self.table(py) {
            table.with(py, Table::fit);
        }
    }

    /// Takes out the newest entry, alive or dead.
    pub(crate) fn pop(&self, py: Python<'_>) -> Option<E> {
        self.table(py)?.with(py, Table::pop)
    }

    /// Removes everything.
    pub(crate) fn clear_entries(&self, py: Python<'_>) {
        if let Some(table) = self.table(py) {
            let entries = table.with(py, Table::clear);
            drop(entries);
        }
    }

    /// Removes one entry after the other, newest first, until nothing is left: whoever looks from a
    /// destructor sees those that are still to go, and what it inserts goes, too. Where all `are_inert`, so that none
    /// runs a destructor, nobody looks, and they go at once.
    pub(crate) fn drain(&self, py: Python<'_>, are_inert: impl FnMut(&E) -> bool) {
        let Some(table) = self.table(py) else {
            return;
        };
        let entries = table.with(py, |table| {
            let nobody_looks = table.iter().all(are_inert);
            nobody_looks.then(|| table.clear())
        });
        if entries.is_some() {
            drop(entries);
            return;
        }
        while let Some(entry) = self.pop(py) {
            drop(entry);
        }
    }

    /// Removes the entries that are dead and that nobody has evicted.
    pub(crate) fn sweep(&self, py: Python<'_>) {
        if let Some(table) = self.table(py) {
            let swept = table.with(py, |table| {
                table.extract(|entry| !entry.reference().is_alive_inside(py))
            });
            drop(swept);
        }
    }

    /// Replaces everything by `entries`, which come with their hashes, or changes nothing. The caller holds what they
    /// refer to, lest one die before its entry is in place.
    pub(crate) fn replace(
        &self,
        py: Python<'_>,
        entries: impl ExactSizeIterator<Item = (isize, E)>,
    ) -> Result<()> {
        let (_, table) = self.evictor(py)?;
        let new = table_of(py, entries)?;
        let replaced = table.with(py, |table| table.exchange(new));
        drop(replaced);
        Ok(())
    }

    /// The present entries, each as what `read` makes of it inside the table.
    pub(crate) fn collect<R>(
        &self,
        py: Python<'_>,
        mut read: impl FnMut(&E) -> R,
    ) -> Result<Vec<R>> {
        let mut collected = Vec::new();
        let Some(table) = self.table(py) else {
            return Ok(collected);
        };
        let table = table.read(py);
        if collected.try_reserve_exact(table.len()).is_err() {
            drop(table);
            return Err(no_memory(py));
        }
        collected.extend(table.iter().take(table.len()).map(&mut read));
        Ok(collected)
    }

    /// Whether `holds` holds of all present entries, inside the table.
    pub(crate) fn all(&self, py: Python<'_>, holds: impl FnMut(&E) -> bool) -> bool {
        self.table(py)
            .is_none_or(|table| table.read(py).iter().all(holds))
    }

    /// Does `work` inside the tables of this container and another one. `None`: they are the same.
    pub(crate) fn beside<R>(
        &self,
        py: Python<'_>,
        other: &Self,
        work: impl FnOnce(&mut Table<E>, &mut Table<E>) -> R,
    ) -> Result<Option<R>> {
        let (_, one) = self.evictor(py)?;
        let (_, other) = other.evictor(py)?;
        // The lower address first, lest two threads wait for each other.
        Ok(match ptr::from_ref(one).cmp(&ptr::from_ref(other)) {
            Ordering::Less => Some(one.with(py, |one| other.with(py, |other| work(one, other)))),
            Ordering::Equal => None,
            Ordering::Greater => Some(other.with(py, |other| one.with(py, |one| work(one, other)))),
        })
    }

    /// The memory that the container owns, in bytes, beside the object itself.
    pub(crate) fn allocated_bytes(&self, py: Python<'_>) -> usize {
        self.table(py).map_or(0, |table| {
            let entries = table.read(py).allocated_bytes();
            size_of::<Object<Evictor<E>>>() + table.allocated_bytes() + entries
        })
    }
}

/// A container that nobody else knows, for the time of an operation.
pub(crate) struct Scratch<'py, E: Entry> {
    object: Bound<'py, PyAny>,
    entries: PhantomData<E>,
}

impl<'py, E: Entry> Scratch<'py, E> {
    pub(crate) fn new(py: Python<'py>) -> Result<Self> {
        // SAFETY: the class was made for containers of such entries, over the head of `object`.
        let object = unsafe { class::allocate(py, E::classes().container.as_ptr().cast())? };
        Ok(Self {
            object,
            entries: PhantomData,
        })
    }
}

impl<E: Entry> Deref for Scratch<'_, E> {
    type Target = Container<E>;

    fn deref(&self) -> &Container<E> {
        // SAFETY: it was made so.
        unsafe { class::payload(self.object.as_borrowed()) }
    }
}

/// A table of `entries`, which come with their hashes.
pub(crate) fn table_of<E: Entry>(
    py: Python<'_>,
    entries: impl ExactSizeIterator<Item = (isize, E)>,
) -> Result<Table<E>> {
    let mut table = Table::new();
    let mut full = table.reserve(entries.len()).is_err();
    for (hash, entry) in entries {
        full |= table.insert(hash as u64, entry).is_err();
    }
    if full { Err(no_memory(py)) } else { Ok(table) }
}

/// The entries of a table that are alive.
pub(crate) fn live<'a, E: Entry>(
    py: Python<'a>,
    table: &'a Table<E>,
) -> impl Iterator<Item = &'a E> {
    table
        .iter()
        .filter(move |entry| entry.reference().is_alive_inside(py))
}

/// Where in `table` the key is of `entry`, which is alive and in another table; `None` if user code would have
/// to be asked.
#[inline]
pub(crate) fn locate<E: Entry>(
    py: Python<'_>,
    table: &Table<E>,
    entry: &E,
) -> Option<Option<Position>> {
    let mut same_hash = false;
    let found = table.find(entry.hash(py) as u64, |other| {
        same_hash = true;
        other.has_key_of(py, entry)
    });
    (found.is_some() || !same_hash).then_some(found)
}
