//! What the three weak containers have in common: a table of entries, each with a weak reference,
//! that loses an entry the moment its referent dies.
//!
//! # Lookup (S18)
//! A key is found in two steps. First by identity, inside the table, where no user code runs; that
//! is one borrow for a hit. Only if that misses, entries of equal hash are taken out one by one and
//! compared outside. The comparison may do anything, so afterwards the table is asked again: an
//! equal entry counts only if it still is there, and if the table has changed, the comparisons begin
//! anew, as `dict`'s do. A [miss](Miss) knows the version of the table at which it was established,
//! so that an insertion can tell whether it still holds. Code that changes the table from its own
//! `__eq__` cannot keep a lookup from ending: after [`PATIENCE`] new beginnings it remembers what it
//! has compared, and compares nothing twice.
//!
//! # Eviction (S2, S15, S17)
//! All references of a container call the same [`Evictor`]. It shares the table but not the
//! container, so a container does not keep itself alive; and finds the entry by the hash and the
//! identity of the reference that died. What is evicted is dropped after the table has been
//! released. Table, references and evictor own each other in a circle, which the container cuts by
//! emptying the table when it goes.
//!
//! # What the collector forgets (S20, S34)
//! What a destructor stores in the middle of a collection, and is garbage itself, the collector may clear
//! without calling anybody. Such an entry is invisible as all dead ones, but nothing comes to evict it. So
//! all of them are swept out when an iterator that has come upon one ends, and when the table is to grow.

use crate::eviction::{Evict, Evictor};
use crate::guarded::{Guarded, Lazy};
use crate::strong::Strong;
use crate::weak_ref::WeakRef;
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;
use weakrefs_table::{Entries, Miss, Position, Snapshot, Table};

/// An entry of a container. Cloning it counts references up and does nothing else.
pub(crate) trait Entry: Clone + Send + Sync + 'static {
    /// The weak reference that decides over the entry's life.
    fn reference(&self) -> &WeakRef;

    /// The object that stays the same as long as this is the same entry: the key, or the reference
    /// to it.
    fn identity(&self) -> &Strong;

    /// Whether `key`, which is alive, is the key of this entry beyond doubt: decided without running
    /// any code.
    fn is_for(&self, key: &Bound<'_, PyAny>) -> bool;

    /// Whether this and `other`, which is alive, have the same key beyond doubt: as [`is_for`](Self::is_for).
    fn has_key_of(&self, py: Python<'_>, other: &Self) -> bool;

    /// The hash under which the entry is in the table.
    fn hash(&self, py: Python<'_>) -> isize;

    /// The key behind an entry's [`identity`](Self::identity), unless it is dead.
    fn key_of<'py>(identity: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>>;

    /// The hash under which the entry of `reference` is in the table.
    fn hash_of(reference: &Bound<'_, PyAny>) -> PyResult<isize>;

    /// Visits the objects that the entry owns.
    fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError>;
}

type Shared<E> = Guarded<Table<E>>;

/// The table of a container, and the callback that evicts from it.
pub(crate) struct Container<E: Entry> {
    table: Arc<Shared<E>>,
    /// Made when the first reference is.
    evictor: Lazy<PyAny>,
}

/// How often the comparisons of a lookup begin anew before it remembers what it has compared. Not from
/// the first one on: what is remembered is kept alive, and a key may be meant to die in `__eq__`.
const PATIENCE: usize = 8;

/// An entry of equal hash, to be compared outside of the table.
struct Candidate {
    at: Position,
    identity: Strong,
}

impl<E: Entry> Container<E> {
    pub(crate) fn new() -> Self {
        Self {
            table: Arc::new(Guarded::new(Table::new())),
            evictor: Lazy::new(),
        }
    }

    /// The callback for the references of this container.
    ///
    /// It owns nothing that the collector would have to know of.
    pub(crate) fn evictor<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.evictor.get_or_make(py, || {
            Evictor::callback(py, Arc::clone(&self.table) as Arc<dyn Evict>)
        })
    }

    /// How many entries there are, counting those that are dead but not yet evicted (S20).
    #[inline]
    pub(crate) fn len(&self, py: Python<'_>) -> usize {
        self.table.with(py, |table| table.len())
    }

    /// Looks `key` up and, if it is there, does `act` on its entry inside the table.
    #[inline]
    pub(crate) fn find<R>(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        act: impl FnMut(&mut Table<E>, Position) -> R,
    ) -> PyResult<Option<R>> {
        self.seek(key, hash, act).map(Result::ok)
    }

    /// As [`find`](Self::find), with what is known of a miss.
    #[inline]
    fn seek<R>(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        mut act: impl FnMut(&mut Table<E>, Position) -> R,
    ) -> PyResult<Result<R, Miss>> {
        // By identity. A miss comes with an entry to be compared, if there is any of equal hash.
        let step = self.table.with(key.py(), |table| {
            match table.search(hash as u64, |entry| entry.is_for(key)) {
                Ok(at) => Ok(act(table, at)),
                Err(miss) => Err((miss, miss.candidate.map(|at| candidate(table, at)))),
            }
        });
        match step {
            Ok(result) => Ok(Ok(result)),
            Err((miss, None)) => Ok(Err(miss)),
            Err((miss, Some(first))) => self.compare(key, hash, miss, first, act),
        }
    }

    /// The second step of a lookup: comparisons, outside of the table.
    #[inline(never)]
    fn compare<R>(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        mut miss: Miss,
        first: Candidate,
        mut act: impl FnMut(&mut Table<E>, Position) -> R,
    ) -> PyResult<Result<R, Miss>> {
        let py = key.py();
        // What is still to be compared: the first, then the others, listed when they are needed.
        let mut compared_first = Some(first.at);
        let mut next = Some(first);
        let mut others = None::<Vec<Position>>;
        let mut changes = 0;
        let mut rejected = Vec::new();
        loop {
            let Some(Candidate { at, identity }) = next.take() else {
                let step = self.table.with(py, |table| {
                    if table.version() != miss.version {
                        miss = table.miss();
                        compared_first = None;
                        others = None;
                    }
                    let others = others.get_or_insert_with(|| {
                        let mut others = others_of_equal_hash(table, hash, &rejected);
                        others.retain(|at| Some(*at) != compared_first);
                        others
                    });
                    others.pop().map(|at| candidate(table, at))
                });
                match step {
                    Some(candidate) => next = Some(candidate),
                    None => return Ok(Err(miss)),
                }
                continue;
            };
            let equal = match E::key_of(identity.bind(py)) {
                Some(other) => other.eq(key)?,
                None => false,
            };
            let (result, changed) = self.table.with(py, |table| {
                let changed = table.version() != miss.version;
                if !equal {
                    return (None, changed);
                }
                let at = if changed {
                    // The comparison changed the table: the entry may be elsewhere, or gone.
                    table.find(hash as u64, |entry| entry.identity().is(&*identity))
                } else {
                    Some(at)
                };
                (at.map(|at| act(table, at)), changed)
            });
            if let Some(result) = result {
                return Ok(Ok(result));
            }
            changes += usize::from(changed);
            if changes > PATIENCE {
                rejected.push(identity);
            }
        }
    }

    /// Whether `key` is in the container.
    #[inline]
    pub(crate) fn contains(&self, key: &Bound<'_, PyAny>, hash: isize) -> PyResult<bool> {
        Ok(self.find(key, hash, |_, _| ())?.is_some())
    }

    /// Does `hit` on the entry of an equal key, inside the table, or else inserts what `make` returns.
    ///
    /// `make` runs outside of the table, at most once, and may run anything. `None`: inserted.
    #[inline]
    pub(crate) fn put<R>(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        mut hit: impl FnMut(&mut Table<E>, Position) -> R,
        make: impl FnOnce() -> PyResult<E>,
    ) -> PyResult<Option<R>> {
        let py = key.py();
        let mut miss = match self.seek(key, hash, &mut hit)? {
            Ok(result) => return Ok(Some(result)),
            Err(miss) => miss,
        };
        let mut entry = make()?;
        loop {
            match self.insert_if(py, hash, entry, &mut miss) {
                Ok(_swept) => return Ok(None),
                Err(refused) => entry = refused,
            }
            // Something was changed while the entry was made: an equal one may be there now.
            match self.seek(key, hash, &mut hit)? {
                Ok(result) => return Ok(Some(result)),
                Err(again) => miss = again,
            }
        }
    }

    /// Inserts `entry` if the miss still holds, or else gives it back. What has to make room for it is
    /// the caller's to drop.
    #[inline]
    fn insert_if(
        &self,
        py: Python<'_>,
        hash: isize,
        entry: E,
        miss: &mut Miss,
    ) -> Result<Option<Entries<E>>, E> {
        self.table.with(py, |table| {
            if table.version() != miss.version {
                return Err(entry);
            }
            let swept = if table.is_full() {
                make_room(py, table)
            } else {
                None
            };
            table.insert_after(*miss, hash as u64, entry);
            *miss = table.miss();
            Ok(swept)
        })
    }

    /// Inserts an entry whose key is known to equal none of those inserted since `miss`, which is
    /// brought up to date: copies need no comparisons.
    pub(crate) fn append(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        entry: E,
        miss: &mut Miss,
    ) -> PyResult<()> {
        let py = key.py();
        match self.insert_if(py, hash, entry, miss) {
            Ok(swept) => drop(swept),
            Err(entry) => {
                // An eviction from the copy, or somebody who found and changed it: look as ever.
                self.put(key, hash, |_, _| (), || Ok(entry))?;
                *miss = self.miss(py);
            }
        }
        Ok(())
    }

    /// What holds of a container before anything is [appended](Self::append).
    pub(crate) fn miss(&self, py: Python<'_>) -> Miss {
        self.table.with(py, |table| table.miss())
    }

    /// Makes room for `additional` more entries.
    pub(crate) fn reserve(&self, py: Python<'_>, additional: usize) {
        self.table.with(py, |table| table.reserve(additional));
    }

    /// Takes out the entry of a key equal to `key`.
    pub(crate) fn take(&self, key: &Bound<'_, PyAny>, hash: isize) -> PyResult<Option<E>> {
        self.find(key, hash, Table::remove_at)
    }

    /// Takes out the newest entry, alive or dead.
    pub(crate) fn pop(&self, py: Python<'_>) -> Option<E> {
        self.table.with(py, Table::pop)
    }

    /// Removes everything.
    pub(crate) fn clear(&self, py: Python<'_>) {
        let entries = self.table.with(py, Table::clear);
        drop(entries);
    }

    /// Removes one entry after the other, newest first, until nothing is left: whoever looks from a
    /// destructor sees those that are still to go, and what it inserts goes, too.
    pub(crate) fn drain(&self, py: Python<'_>) {
        while let Some(entry) = self.pop(py) {
            drop(entry);
        }
    }

    /// Removes the entries that the collector has forgotten.
    pub(crate) fn sweep(&self, py: Python<'_>) {
        let swept = self.table.with(py, |table| extract_forgotten(py, table));
        drop(swept);
    }

    /// Replaces everything by `entries`, which come with their hashes. The caller holds what they
    /// refer to, lest one die before its entry is in place.
    pub(crate) fn replace(&self, py: Python<'_>, entries: impl Iterator<Item = (isize, E)>) {
        let replaced = self.table.with(py, |table| {
            let replaced = table.clear();
            for (hash, entry) in entries {
                table.insert(hash as u64, entry);
            }
            replaced
        });
        drop(replaced);
    }

    /// The present entries, each as what `read` makes of it inside the table.
    pub(crate) fn collect<R>(&self, py: Python<'_>, read: impl FnMut(&E) -> R) -> Vec<R> {
        self.table
            .with(py, |table| table.iter().map(read).collect())
    }

    /// Whether `holds` holds of all present entries, inside the table.
    pub(crate) fn all(&self, py: Python<'_>, holds: impl FnMut(&E) -> bool) -> bool {
        self.table.with(py, |table| table.iter().all(holds))
    }

    /// Does `work` inside the tables of this container and another one. `None`: they are the same.
    pub(crate) fn beside<R>(
        &self,
        py: Python<'_>,
        other: &Self,
        work: impl FnOnce(&mut Table<E>, &mut Table<E>) -> R,
    ) -> Option<R> {
        let (one, other) = (&self.table, &other.table);
        // The lower address first, lest two threads wait for each other.
        match Arc::as_ptr(one).cmp(&Arc::as_ptr(other)) {
            Ordering::Less => Some(one.with(py, |one| other.with(py, |other| work(one, other)))),
            Ordering::Equal => None,
            Ordering::Greater => Some(other.with(py, |other| one.with(py, |one| work(one, other)))),
        }
    }

    /// Opens a snapshot of the table for an iterator.
    pub(crate) fn snapshot(&self, py: Python<'_>) -> Snapshot {
        self.table.with(py, Table::snapshot)
    }

    /// The next entry of a snapshot for which `read`, which runs inside the table, gives something.
    ///
    /// `forgotten` is set if one was skipped that has to be [swept](Self::sweep) out.
    #[inline]
    pub(crate) fn next<R>(
        &self,
        py: Python<'_>,
        snapshot: &mut Snapshot,
        forgotten: &mut bool,
        mut read: impl FnMut(&E) -> Option<R>,
    ) -> Option<R> {
        self.table.with(py, |table| {
            loop {
                let entry = table.next(snapshot)?;
                if let Some(result) = read(entry) {
                    return Some(result);
                }
                *forgotten |= entry.reference().is_forgotten(py);
            }
        })
    }

    pub(crate) fn remaining(&self, py: Python<'_>, snapshot: &Snapshot) -> usize {
        self.table.with(py, |table| table.remaining(snapshot))
    }

    /// Gives a snapshot back.
    pub(crate) fn release(&self, py: Python<'_>, snapshot: Snapshot) {
        let entries = self.table.with(py, |table| table.release(snapshot));
        drop(entries);
    }

    pub(crate) fn allocated_bytes(&self, py: Python<'_>) -> usize {
        self.table.with(py, |table| table.allocated_bytes())
    }

    /// For the garbage collector: every object that the container owns, once (S15).
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.table
            .inspect(|table| table.owned().try_for_each(|entry| entry.visit(visit)))
            .unwrap_or(Ok(()))
    }
}

impl<E: Entry> Drop for Container<E> {
    fn drop(&mut self) {
        Python::attach(|py| self.clear(py));
    }
}

/// The entries of a table that are alive.
pub(crate) fn live<'a, E: Entry>(
    py: Python<'a>,
    table: &'a Table<E>,
) -> impl Iterator<Item = &'a E> {
    table
        .iter()
        .filter(move |entry| entry.reference().is_alive(py))
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

fn extract_forgotten<E: Entry>(py: Python<'_>, table: &mut Table<E>) -> Entries<E> {
    table.extract(|entry| entry.reference().is_forgotten(py))
}

/// Sweeps a table that is full.
#[cold]
fn make_room<E: Entry>(py: Python<'_>, table: &mut Table<E>) -> Option<Entries<E>> {
    let full = table.len();
    let swept = extract_forgotten(py, table);
    if table.len() == full {
        return None;
    }
    // Were only the room of those few used, the next insertions might have to sweep again.
    table.reserve(table.len() / 2);
    Some(swept)
}

fn candidate<E: Entry>(table: &Table<E>, at: Position) -> Candidate {
    Candidate {
        at,
        identity: table.get(at).identity().clone(),
    }
}

/// Where the entries of equal hash are that have not been rejected, the first one last.
fn others_of_equal_hash<E: Entry>(
    table: &Table<E>,
    hash: isize,
    rejected: &[Strong],
) -> Vec<Position> {
    let rejected: HashSet<_> = rejected.iter().map(|key| key.as_ptr()).collect();
    let mut others: Vec<_> = table
        .candidates(hash as u64)
        .filter(|(_, entry)| !rejected.contains(&entry.identity().as_ptr()))
        .map(|(at, _)| at)
        .collect();
    others.reverse();
    others
}

impl<E: Entry> Evict for Shared<E> {
    fn evict(&self, reference: &Bound<'_, PyAny>) -> PyResult<()> {
        let hash = E::hash_of(reference)?;
        let evicted = self.with(reference.py(), |table| {
            table.remove(hash as u64, |entry| {
                entry.reference().object().is(reference)
            })
        });
        drop(evicted);
        Ok(())
    }
}
