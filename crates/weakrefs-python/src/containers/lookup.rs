//! Finding and inserting: what may run user code, and the table in between (S18).
//!
//! A lookup has two steps, and [`look_up`] is their driver and explains them: by identity inside the table, one borrow
//! for a hit; then, if entries of equal hash are there, by comparisons outside.
//!
//! An insertion is a lookup that has missed. Its entry is made outside of the table, which may run anything; the
//! [miss](Miss) knows the version of the table at which it was established, and so tells whether it still holds.
//!
//! What a lookup does by identity is to be one function with its caller, without calls in between: 30 to 40 fewer
//! instructions. The compiler makes it so as long as the action is a closure of that one place.

use super::container::Container;
use super::entry::Entry;
use crate::interpreter::error::{Raised, Result, no_memory};
#[cfg(Py_GIL_DISABLED)]
use crate::interpreter::guarded::Reader;
use crate::interpreter::guarded::Shared;
use crate::interpreter::object::are_equal;
use crate::interpreter::owned::Strong;
use pyo3::{Bound, PyAny, Python};
use std::marker::PhantomData;
use weakrefs_table::{Entries, Lookup, Miss, NoRoom, Position, Refused, Search, Table, look_up};

/// What the action of a lookup does with the table.
trait Access {
    /// The table, as the action has it.
    type Table<'a, E: Entry>: Search<Entry = E, Position = Position, Miss = Miss>;

    fn enter<'a, E: Entry, R>(
        py: Python<'a>,
        table: &'a Shared<Table<E>>,
        work: impl FnOnce(&mut Self::Table<'a, E>) -> R,
    ) -> R;
}

/// It may change something.
struct Changes;

impl Access for Changes {
    type Table<'a, E: Entry> = Table<E>;

    #[inline(always)]
    fn enter<'a, E: Entry, R>(
        py: Python<'a>,
        table: &'a Shared<Table<E>>,
        work: impl FnOnce(&mut Self::Table<'a, E>) -> R,
    ) -> R {
        table.with(py, work)
    }
}

/// It reads, beside others where threads run at once.
#[cfg(not(Py_GIL_DISABLED))]
type Reads = Changes;
#[cfg(Py_GIL_DISABLED)]
struct Reads;

#[cfg(Py_GIL_DISABLED)]
impl Access for Reads {
    type Table<'a, E: Entry> = Reader<'a, Table<E>>;

    #[inline(always)]
    fn enter<'a, E: Entry, R>(
        py: Python<'a>,
        table: &'a Shared<Table<E>>,
        work: impl FnOnce(&mut Self::Table<'a, E>) -> R,
    ) -> R {
        work(&mut table.read(py))
    }
}

/// A key that is looked for in a table.
struct Sought<'a, 'py, E, A> {
    table: &'a Shared<Table<E>>,
    key: &'a Bound<'py, PyAny>,
    hash: isize,
    access: PhantomData<A>,
}

impl<'a, 'py, E, A> Sought<'a, 'py, E, A> {
    #[inline(always)]
    fn new(table: &'a Shared<Table<E>>, key: &'a Bound<'py, PyAny>, hash: isize) -> Self {
        Self {
            table,
            key,
            hash,
            access: PhantomData,
        }
    }
}

impl<'a, E: Entry, A: Access> Lookup for Sought<'a, '_, E, A> {
    type Table = A::Table<'a, E>;
    type Candidate = Strong;
    type Error = Raised;

    #[inline(always)]
    fn enter<R>(&self, work: impl FnOnce(&mut Self::Table) -> R) -> R {
        A::enter(self.key.py(), self.table, work)
    }

    #[inline(always)]
    fn hash(&self) -> u64 {
        self.hash as u64
    }

    #[inline(always)]
    fn is_same(&self, entry: &E) -> bool {
        entry.is_for(self.key)
    }

    #[inline]
    fn candidate(&self, entry: &E) -> Option<Strong> {
        Some(entry.identity().clone())
    }

    #[inline]
    fn is_of(&self, identity: &Strong, entry: &E) -> bool {
        entry.identity().as_ptr() == identity.as_ptr()
    }

    /// Lets go of the key that was compared, which may die with that.
    fn is_equal(&self, identity: &Strong) -> Result<bool> {
        match E::key_of(identity.bind(self.key.py())) {
            Some(other) => are_equal(&other, self.key),
            None => Ok(false),
        }
    }

    fn refused(&self, NoRoom: NoRoom) -> Raised {
        no_memory(self.key.py())
    }
}

impl<E: Entry> Container<E> {
    /// Looks `key` up and, if it is there, reads its entry inside the table.
    #[inline(always)]
    pub(crate) fn find<R>(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        read: impl FnOnce(&Table<E>, Position) -> R,
    ) -> Result<Option<R>> {
        match self.table(key.py()) {
            Some(table) => look_up(
                &Sought::<_, Reads>::new(table, key, hash),
                |table, found| Some(read(table, found.ok()?)),
            ),
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
        match self.table(key.py()) {
            Some(table) => look_up(
                &Sought::<_, Changes>::new(table, key, hash),
                |table, found| table.remove_at(found.ok()?),
            ),
            None => Ok(None),
        }
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
        let sought = Sought::<_, Changes>::new(table, key, hash);
        let (mut miss, hit) = match look_up(&sought, hit_or_miss(hit))? {
            Ok(result) => return Ok(Some(result)),
            Err(missed) => missed,
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
            match look_up(&sought, hit_or_miss(hit))? {
                Ok(result) => return Ok(Some(result)),
                Err(missed) => (miss, hit) = missed,
            }
        }
    }

    /// Inserts an entry whose key is known to equal none that the container has had since `miss`, which is brought up to
    /// date: nothing is compared, until somebody else changes the container. From then on the miss is gone, for what they
    /// stored may be any of what is still to come.
    pub(crate) fn append(
        &self,
        key: &Bound<'_, PyAny>,
        hash: isize,
        entry: E,
        miss: &mut Option<Miss>,
    ) -> Result<()> {
        let py = key.py();
        let (_, table) = self.evictor(py)?;
        let Some(known) = miss else {
            return self.put_unless_there(key, hash, entry);
        };
        match insert_if(py, table, hash, entry, known) {
            Insertion::Done => {}
            Insertion::Swept(swept) => drop(swept),
            Insertion::Refused(entry) => {
                drop(entry);
                return Err(no_memory(py));
            }
            Insertion::Stale(entry) => {
                *miss = None;
                return self.put_unless_there(key, hash, entry);
            }
        }
        Ok(())
    }

    /// Apart, for the sake of the registers of copies.
    #[cold]
    fn put_unless_there(&self, key: &Bound<'_, PyAny>, hash: isize, entry: E) -> Result<()> {
        self.put(key, hash, |_, _| (), || Ok(entry)).map(drop)
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

/// What came of looking for a place to insert: what the action gave, or the miss, and the action back.
type Hit<R, H> = std::result::Result<R, (Miss, H)>;

/// Does `hit` on what was found.
#[inline(always)]
fn hit_or_miss<E, R, H: FnOnce(&mut Table<E>, Position) -> R>(
    hit: H,
) -> impl FnOnce(&mut Table<E>, std::result::Result<Position, Miss>) -> Hit<R, H> {
    move |table, found| match found {
        Ok(at) => Ok(hit(table, at)),
        Err(miss) => Err((miss, hit)),
    }
}

/// Inserts `entry` if the miss still holds.
#[inline]
fn insert_if<E: Entry>(
    py: Python<'_>,
    table: &Shared<Table<E>>,
    hash: isize,
    entry: E,
    miss: &mut Miss,
) -> Insertion<E> {
    table.with(py, |table| {
        if table.version() != miss.version {
            return Insertion::Stale(entry);
        }
        let swept = table.sweep_if_full(|entry| !entry.reference().is_alive_inside(py));
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
