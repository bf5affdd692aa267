//! Finding and inserting: what may run user code, and the table in between (S18).
//!
//! A key is found in two steps. First by identity, inside the table, where no user code runs; that
//! is one borrow for a hit. Only if that misses, entries of equal hash are taken out one by one and
//! compared outside. The comparison may do anything, so afterwards the table is asked again: an
//! equal entry counts only if it still is there, and if the table has changed, the comparisons begin
//! anew, as `dict`'s do. A [miss](Miss) knows the version of the table at which it was established,
//! so that an insertion can tell whether it still holds.
//!
//! Code that changes the table from its own `__eq__` cannot keep a lookup from ending: after [`PATIENCE`] changes it does not
//! begin anew any more, but ends with the keys that it has listed.
//!
//! What a lookup does by identity is to be one function with its caller, without calls in between: 30 to 40 fewer
//! instructions. The compiler makes it so as long as the action is a closure of that one place.

use super::container::{Container, extract_dead};
use super::entry::Entry;
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::guarded::Guarded;
use crate::interpreter::object::are_equal;
use crate::interpreter::owned::Strong;
use pyo3::{Bound, PyAny, Python};
use std::collections::TryReserveError;
use weakrefs_table::{Entries, Miss, Position, Refused, Table};

/// After how many changes a lookup stops to begin anew.
const PATIENCE: usize = 8;

/// An entry of equal hash, to be compared outside of the table.
struct Candidate {
    at: Position,
    identity: Strong,
}

impl Candidate {
    fn at<E: Entry>(table: &Table<E>, at: Position) -> Option<Self> {
        let identity = table.get(at)?.identity().clone();
        Some(Self { at, identity })
    }
}

/// What came of a lookup: what the action gave, or what is known of the miss, and the action back.
type Sought<R, F> = std::result::Result<R, (Miss, F)>;

impl<E: Entry> Container<E> {
    /// Looks `key` up and, if it is there, does `act` on its entry inside the table.
    #[inline(always)]
    pub(crate) fn find<R>(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        act: impl FnOnce(&mut Table<E>, Position) -> R,
    ) -> Result<Option<R>> {
        match self.table(key.py()) {
            Some(table) => Ok(seek(table, key, hash, act)?.ok()),
            None => Ok(None),
        }
    }

    /// Whether `key` is in the container.
    #[inline]
    pub(crate) fn contains(&self, key: &Bound<'_, PyAny>, hash: isize) -> Result<bool> {
        Ok(self.find(key, hash, |_, _| ())?.is_some())
    }

    /// Takes out the entry of a key equal to `key`.
    pub(crate) fn take(&self, key: &Bound<'_, PyAny>, hash: isize) -> Result<Option<E>> {
        Ok(self.find(key, hash, Table::remove_at)?.flatten())
    }

    /// Does `hit` on the entry of an equal key, inside the table, or else inserts what `make` returns.
    ///
    /// `make` runs outside of the table, at most once, and may run anything. `None`: inserted.
    #[inline]
    pub(crate) fn put<R>(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        hit: impl FnOnce(&mut Table<E>, Position) -> R,
        make: impl FnOnce() -> Result<E>,
    ) -> Result<Option<R>> {
        let py = key.py();
        let (_, table) = self.evictor(py)?;
        let (mut miss, hit) = match seek(table, key, hash, hit)? {
            Ok(result) => return Ok(Some(result)),
            Err(miss) => miss,
        };
        // Another type, so that looking again is compiled apart.
        let mut hit = |table: &mut Table<E>, at| hit(table, at);
        let mut entry = make()?;
        loop {
            match insert_if(py, table, hash, entry, &mut miss) {
                Insertion::Done => return Ok(None),
                Insertion::Swept(swept) => {
                    drop(swept);
                    return Ok(None);
                }
                Insertion::Refused(entry) => {
                    drop(entry);
                    return Err(no_memory(py));
                }
                Insertion::Stale(back) => entry = back,
            }
            // Something was changed while the entry was made: an equal one may be there now.
            match seek(table, key, hash, hit)? {
                Ok(result) => return Ok(Some(result)),
                Err(again) => (miss, hit) = again,
            }
        }
    }

    /// Inserts an entry whose key is known to equal none of those inserted since `miss`, which is
    /// brought up to date: copies need no comparisons.
    pub(crate) fn append(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        entry: E,
        miss: &mut Miss,
    ) -> Result<()> {
        let py = key.py();
        let (_, table) = self.evictor(py)?;
        match insert_if(py, table, hash, entry, miss) {
            Insertion::Done => {}
            Insertion::Swept(swept) => drop(swept),
            Insertion::Refused(entry) => {
                drop(entry);
                return Err(no_memory(py));
            }
            Insertion::Stale(entry) => {
                // An eviction from the copy, or somebody who found and changed it: look as ever.
                self.put(key, hash, |_, _| (), || Ok(entry))?;
                *miss = self.miss(py)?;
            }
        }
        Ok(())
    }
}

/// What came of an insertion.
enum Insertion<E> {
    /// It is in.
    Done,
    /// It is in, and what had to make room for it is the caller's to drop.
    Swept(Entries<E>),
    /// The table has changed since the miss.
    Stale(E),
    /// There is no memory.
    Refused(E),
}

/// Inserts `entry` if the miss still holds.
#[inline]
fn insert_if<E: Entry>(
    py: Python<'_>,
    table: &Guarded<Table<E>>,
    hash: isize,
    entry: E,
    miss: &mut Miss,
) -> Insertion<E> {
    table.with(py, |table| {
        if table.version() != miss.version {
            return Insertion::Stale(entry);
        }
        let swept = if table.is_full() {
            make_room(py, table)
        } else {
            None
        };
        match table.insert_after(*miss, hash as u64, entry) {
            Ok(_) => {
                *miss = table.miss();
                swept.map_or(Insertion::Done, Insertion::Swept)
            }
            // Were anything swept, there would be room.
            Err(Refused { entry, .. }) => Insertion::Refused(entry),
        }
    })
}

/// Sweeps a table that is full.
#[cold]
fn make_room<E: Entry>(py: Python<'_>, table: &mut Table<E>) -> Option<Entries<E>> {
    let full = table.len();
    let swept = extract_dead(py, table);
    if table.len() == full {
        return None;
    }
    // Were only the room of those few used, the next insertions might have to sweep again. If there is no memory for more,
    // they do.
    _ = table.reserve(table.len() / 2);
    Some(swept)
}

/// Looks `key` up.
#[inline(always)]
fn seek<E: Entry, R, F: FnOnce(&mut Table<E>, Position) -> R>(
    table: &Guarded<Table<E>>,
    key: &Bound<'_, PyAny>,
    hash: isize,
    act: F,
) -> Result<Sought<R, F>> {
    // By identity. A miss comes with the place of an entry to be compared, if there is any of equal hash.
    let step = table.with(key.py(), |table| {
        match table.search(hash as u64, |entry| entry.is_for(key)) {
            Ok(at) => Ok(act(table, at)),
            Err(miss) => Err((miss, act)),
        }
    });
    match step {
        Ok(result) => Ok(Ok(result)),
        Err((miss, act)) if miss.candidate.is_none() => Ok(Err((miss, act))),
        Err((miss, act)) => compare(table, key, hash, miss, act),
    }
}

/// The second step of a lookup: comparisons, outside of the table.
#[inline(never)]
fn compare<E: Entry, R, F: FnOnce(&mut Table<E>, Position) -> R>(
    table: &Guarded<Table<E>>,
    key: &Bound<'_, PyAny>,
    hash: isize,
    miss: Miss,
    mut act: F,
) -> Result<Sought<R, F>> {
    let py = key.py();
    let mut candidates = Candidates::after(miss, hash);
    let first = table.with(py, |table| candidates.first(table));
    let mut next = first.map_err(|_: TryReserveError| no_memory(py))?;
    while let Some(Candidate { at, identity }) = next {
        let before = candidates.miss.version;
        let equal = match E::key_of(identity.bind(py)) {
            Some(other) if are_equal(&other, key)? => table.with(py, |table| {
                if !candidates.follow(table) {
                    return Some(identity);
                }
                // The comparison changed the table: the key may be in another entry, or gone.
                let at = table.find(hash as u64, |entry| entry.is_for(&other))?;
                Some(table.get(at)?.identity().clone())
            }),
            _ => None,
        };
        // The key that was compared has been let go of, and may have died with that: the entry counts if it still is there.
        if let Some(identity) = equal {
            let step = table.with(py, |table| {
                candidates.follow(table);
                let at = if table.version() == before {
                    Some(at)
                } else {
                    table.find(hash as u64, |entry| {
                        entry.identity().as_ptr() == identity.as_ptr()
                    })
                };
                match at {
                    Some(at) => Ok(act(table, at)),
                    None => Err(act),
                }
            });
            act = match step {
                Ok(result) => return Ok(Ok(result)),
                Err(act) => act,
            };
        }
        let listed = table.with(py, |table| candidates.next(table));
        next = listed.map_err(|_no_room| no_memory(py))?;
    }
    Ok(Err((candidates.miss, act)))
}

/// What a lookup has still to compare.
struct Candidates {
    hash: isize,
    /// The last state of the table that is known, and the miss if nothing is left.
    miss: Miss,
    /// The one that was compared before the others were listed.
    first: Option<Position>,
    /// The others, the next one last, once they are listed.
    others: Option<Vec<Candidate>>,
    /// How often a comparison has changed the table.
    changes: usize,
}

impl Candidates {
    fn after(miss: Miss, hash: isize) -> Self {
        Self {
            hash,
            miss,
            first: miss.candidate,
            others: None,
            changes: 0,
        }
    }

    /// The one that the search has come upon.
    fn first<E: Entry>(
        &mut self,
        table: &Table<E>,
    ) -> std::result::Result<Option<Candidate>, TryReserveError> {
        if table.version() != self.miss.version {
            // Another thread.
            return self.next(table);
        }
        Ok(self.first.and_then(|at| Candidate::at(table, at)))
    }

    /// Begins anew if the table has changed, unless the lookup has lost its patience: then those that are listed are the
    /// last ones. Gives whether the table has changed.
    fn follow<E: Entry>(&mut self, table: &Table<E>) -> bool {
        let changed = table.version() != self.miss.version;
        if changed {
            self.changes += 1;
            self.miss = table.miss();
            if self.changes <= PATIENCE {
                self.first = None;
                self.others = None;
            }
        }
        changed
    }

    /// The next one.
    fn next<E: Entry>(
        &mut self,
        table: &Table<E>,
    ) -> std::result::Result<Option<Candidate>, TryReserveError> {
        self.follow(table);
        let others = match &mut self.others {
            Some(others) => others,
            none => {
                let first = self.first;
                let others = || {
                    table
                        .candidates(self.hash as u64)
                        .filter(|(at, _)| Some(*at) != first)
                };
                let mut listed = Vec::new();
                listed.try_reserve_exact(others().count())?;
                listed.extend(others().map(|(at, entry)| Candidate {
                    at,
                    identity: entry.identity().clone(),
                }));
                listed.reverse();
                none.insert(listed)
            }
        };
        Ok(others.pop())
    }
}
