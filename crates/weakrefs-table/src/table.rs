//! The table: an index of positions over slots in insertion order.
//!
//! `slots` holds the entries in the order of their insertion, with tombstones where entries have
//! left; `index` finds the position of an entry by its hash. Invariants between two calls:
//!
//! - the index holds exactly the positions of the occupied slots, each under its slot's hash;
//! - the last slot is occupied (trailing tombstones go at once), so `pop` is O(1);
//! - at least a quarter of the slots are occupied, or there are at most [`SMALL`] of them: iteration
//!   never walks more than four slots an entry, and memory follows the number of entries down. (At
//!   half, the repeated compactions would double the cost of mass death.)

use crate::entries::{Entries, Slot};
use crate::index::{Index, LIMIT, NOWHERE};
use crate::snapshot::{Readers, Snapshot};
use alloc::vec::Vec;

/// Up to this many slots, tombstones are not worth the work of compaction.
const SMALL: usize = 16;

/// An insertion-ordered hash table for entries that may vanish at any moment.
///
/// See the [crate's documentation](crate) for what it promises and an example. It never compares
/// entries itself: to keep it free of doubles, look before you [insert](Self::insert).
///
/// Cost: two cache misses for a lookup in a large table, and what the closure looks at; 8 bytes and the entry for
/// a slot, 11 to 21 bytes of index for an entry.
/// Thread-safety: plain data, `Send` and `Sync` as `E` is.
#[derive(Debug)]
pub struct Table<E> {
    index: Index,
    slots: Vec<Slot<E>>,
    /// Changes with every change of the table, and names its states for snapshots.
    version: u64,
    readers: Readers<E>,
}

/// Where an entry is in a [`Table`]; good until the table's next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position(u32);

/// A [search](Table::search) that has found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The table's [version](Table::version) at that time. While it lasts, so does the miss.
    pub version: u64,
    /// An entry of equal hash, if there is any, which is likely to be the one sought by an equal key.
    pub candidate: Option<Position>,
    /// Where in the index an entry of this hash belongs, if the search has found that out, or [`NOWHERE`].
    end: usize,
}

impl<E> Table<E> {
    /// An empty table, which owns no memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            index: Index::new(),
            slots: Vec::new(),
            version: 0,
            readers: Readers::new(),
        }
    }

    /// How many entries there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no entry.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.len() == 0
    }

    /// Whether no slot is left, so that the next insertion has to make room: the moment to
    /// [`extract`](Self::extract) what need not be kept.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.slots.len() == self.slots.capacity()
    }

    /// A number that differs from all earlier ones as soon as the table has changed.
    ///
    /// Note it before leaving the table for user code (a comparison, a destructor); if it is the
    /// same afterwards, everything seen before still holds.
    #[inline]
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Finds the entry with this hash for which `same` holds.
    ///
    /// `same` is called on entries of equal hash only. It must decide by identity: it runs inside
    /// the table, where no user code may run.
    #[inline]
    #[must_use]
    pub fn find(&self, hash: u64, same: impl FnMut(&E) -> bool) -> Option<Position> {
        self.search(hash, same).ok()
    }

    /// As [`find`](Self::find), with what there is to know of a miss.
    #[inline]
    pub fn search(&self, hash: u64, mut same: impl FnMut(&E) -> bool) -> Result<Position, Miss> {
        let mut candidate = None;
        let found = self.index.find(hash, |at| {
            let Some(entry) = self.entry(at, hash) else {
                return false;
            };
            if same(entry) {
                return true;
            }
            candidate.get_or_insert(at);
            !self.index.has_twins()
        });
        let end = match found {
            Ok((_, at)) if candidate != Some(at) => return Ok(Position(at)),
            Err(end) if candidate.is_none() => self.index.usable_end(end),
            _ => NOWHERE,
        };
        Err(Miss {
            version: self.version,
            candidate: candidate.map(Position),
            end,
        })
    }

    /// What is known of a miss that was established otherwise.
    #[inline]
    #[must_use]
    pub fn miss(&self) -> Miss {
        Miss {
            version: self.version,
            candidate: None,
            end: NOWHERE,
        }
    }

    /// The entry at `at`, if its hash is `hash`.
    #[inline]
    fn entry(&self, at: u32, hash: u64) -> Option<&E> {
        let slot = self.slots.get(at as usize)?;
        if slot.hash == hash {
            slot.entry.as_ref()
        } else {
            None
        }
    }

    /// All entries with this hash, in no particular order: to be compared outside.
    pub fn candidates(&self, hash: u64) -> impl Iterator<Item = (Position, &E)> {
        let candidates = self.index.candidates(hash);
        let mut candidates =
            candidates.filter_map(move |at| Some((Position(at), self.entry(at, hash)?)));
        let mut more = true;
        // The first is the last where no two can have the same hash.
        core::iter::from_fn(move || {
            let next = more.then(|| candidates.next()).flatten();
            more = self.index.has_twins();
            next
        })
    }

    /// The entry at a position.
    ///
    /// # Panics
    /// If the table has changed since the position was found and no entry is there any more.
    #[inline]
    #[must_use]
    pub fn get(&self, at: Position) -> &E {
        self.slots[at.0 as usize]
            .entry
            .as_ref()
            .expect("the position of an entry")
    }

    /// The newest entry.
    #[must_use]
    pub fn last(&self) -> Option<&E> {
        self.slots.last()?.entry.as_ref()
    }

    /// The entries in insertion order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref())
    }

    /// Every entry that the table owns: the present ones, and those set aside for open snapshots.
    ///
    /// This is what a garbage collector must visit.
    pub fn owned(&self) -> impl Iterator<Item = &E> {
        self.slots
            .iter()
            .chain(self.readers.frozen_slots())
            .filter_map(|slot| slot.entry.as_ref())
    }

    /// The memory that the table owns, in bytes, without what its entries own.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        let slots = self.slots.capacity() + self.readers.capacity();
        slots * size_of::<Slot<E>>() + self.index.allocated_bytes()
    }

    /// Opens a snapshot: a reader that sees the table as it is now, whatever happens to it. O(1).
    pub fn snapshot(&mut self) -> Snapshot {
        self.readers.open(self.version)
    }

    /// The next entry of a snapshot, in insertion order.
    #[inline]
    pub fn next(&self, snapshot: &mut Snapshot) -> Option<&E> {
        let slots = self.slots_of(snapshot);
        while let Some(slot) = slots.get(snapshot.position) {
            snapshot.position += 1;
            if let Some(entry) = &slot.entry {
                return Some(entry);
            }
        }
        None
    }

    /// The entry that [`next`](Self::next) would give, with its hash.
    #[inline]
    #[must_use]
    pub fn peek(&self, snapshot: &Snapshot) -> Option<(u64, &E)> {
        let slots = self.slots_of(snapshot).get(snapshot.position..)?;
        slots
            .iter()
            .find_map(|slot| Some((slot.hash, slot.entry.as_ref()?)))
    }

    /// At most how many entries [`next`](Self::next) will still give.
    #[must_use]
    pub fn remaining(&self, snapshot: &Snapshot) -> usize {
        let slots = self
            .slots_of(snapshot)
            .len()
            .saturating_sub(snapshot.position);
        if snapshot.version == self.version {
            slots.min(self.len())
        } else {
            slots
        }
    }

    /// Gives a snapshot back, and with it the entries that were kept for it alone.
    pub fn release(&mut self, snapshot: Snapshot) -> Entries<E> {
        self.readers.close(snapshot, self.version)
    }

    #[inline]
    fn slots_of(&self, snapshot: &Snapshot) -> &[Slot<E>] {
        if snapshot.version == self.version {
            &self.slots
        } else {
            self.readers.frozen(snapshot.version)
        }
    }

    /// Removes every entry; open snapshots keep theirs.
    pub fn clear(&mut self) -> Entries<E> {
        self.index = Index::new();
        let slots = core::mem::take(&mut self.slots);
        let left = if self.readers.read_current() {
            self.readers.freeze(self.version, slots);
            Vec::new()
        } else {
            slots
        };
        self.version += 1;
        Entries::new(left)
    }
}

/// Changes of single entries. `E: Clone` because open snapshots may need the entries as they were;
/// the clone runs inside the table and must be one that runs no user code (a reference count).
impl<E: Clone> Table<E> {
    /// Makes room for `additional` more entries.
    pub fn reserve(&mut self, additional: usize) {
        self.slots.reserve(additional);
        if self.index.room() < additional {
            self.change();
            self.index_anew(self.len() + additional);
        }
    }

    /// Adds an entry as the newest one. The caller has made sure that no equal one is there.
    ///
    /// # Panics
    /// If there are 2^32 - 2 entries.
    #[inline]
    pub fn insert(&mut self, hash: u64, entry: E) -> Position {
        self.insert_after(self.miss(), hash, entry)
    }

    /// As [`insert`](Self::insert), after a [search](Self::search) of this table for the same hash: if nothing has changed
    /// since, the way through the index is not gone again.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    ///
    /// ```
    /// use weakrefs_table::Table;
    ///
    /// let mut table = Table::new();
    /// let at = match table.search(7, |entry| *entry == "seven") {
    ///     Ok(at) => at,
    ///     Err(miss) => table.insert_after(miss, 7, "seven"),
    /// };
    /// assert_eq!(table.get(at), &"seven");
    /// ```
    #[inline]
    pub fn insert_after(&mut self, miss: Miss, hash: u64, entry: E) -> Position {
        let mut end = if miss.version == self.version {
            miss.end
        } else {
            NOWHERE
        };
        self.change();
        if self.slots.len() == self.slots.capacity() && self.tombstones() * 4 > self.slots.len() {
            self.compact();
            end = NOWHERE;
        }
        if self.index.room() == 0 {
            self.index_anew(self.len() + self.len() / 2 + 1);
            end = NOWHERE;
        }
        let at = u32::try_from(self.slots.len()).unwrap_or(LIMIT);
        assert!(at < LIMIT, "fewer than {LIMIT} slots");
        self.slots.push(Slot {
            hash,
            entry: Some(entry),
        });
        self.index.insert_at(end, hash, at);
        Position(at)
    }

    /// The entry at a position, to be changed in place; its hash and identity must stay.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[inline]
    pub fn get_mut(&mut self, at: Position) -> &mut E {
        self.change();
        self.slots[at.0 as usize]
            .entry
            .as_mut()
            .expect("the position of an entry")
    }

    /// Removes the entry with this hash for which `same` holds (see [`find`](Self::find)).
    #[inline]
    pub fn remove(&mut self, hash: u64, mut same: impl FnMut(&E) -> bool) -> Option<E> {
        let wanted = |at| self.entry(at, hash).is_some_and(&mut same);
        let (place, at) = self.index.find(hash, wanted).ok()?;
        self.remove_indexed(place, at)
    }

    /// Removes the entry at a position.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    pub fn remove_at(&mut self, at: Position) -> E {
        let hash = self.slots[at.0 as usize].hash;
        let found = self.index.find(hash, |other| other == at.0);
        let (place, at) = found.expect("the position of an entry");
        self.remove_indexed(place, at)
            .expect("the position of an entry")
    }

    /// Removes the entry whose position is at a place of the index.
    #[inline]
    fn remove_indexed(&mut self, place: usize, at: u32) -> Option<E> {
        self.change();
        self.index.remove(place);
        let entry = self.slots[at as usize].entry.take();
        self.settle();
        entry
    }

    /// Removes the newest entry.
    pub fn pop(&mut self) -> Option<E> {
        let last = self.slots.len().checked_sub(1)?;
        Some(self.remove_at(Position(last as u32)))
    }

    /// Removes the entries for which `leave` holds, which must run no user code.
    pub fn extract(&mut self, mut leave: impl FnMut(&E) -> bool) -> Entries<E> {
        self.change();
        let mut left = Vec::new();
        for slot in &mut self.slots {
            if slot.entry.as_ref().is_some_and(&mut leave) {
                left.push(Slot {
                    hash: slot.hash,
                    entry: slot.entry.take(),
                });
            }
        }
        if !left.is_empty() {
            self.compact();
        }
        Entries::new(left)
    }

    /// Enters a new version; the old one is set aside if it is being read.
    #[inline]
    fn change(&mut self) {
        if self.readers.read_current() {
            self.freeze();
        }
        self.version += 1;
    }

    #[cold]
    fn freeze(&mut self) {
        self.readers.freeze(self.version, self.slots.clone());
    }

    #[inline]
    fn tombstones(&self) -> usize {
        self.slots.len() - self.index.len()
    }

    /// Restores the invariants after a removal.
    #[inline]
    fn settle(&mut self) {
        while self.slots.last().is_some_and(|slot| slot.entry.is_none()) {
            self.slots.pop();
        }
        let sparse = self.slots.len() > SMALL && self.index.len() * 4 < self.slots.len();
        if sparse || self.wasteful(self.index.len()) {
            self.compact();
        }
    }

    /// Whether `needed` slots are so few that memory should be given back.
    #[inline]
    fn wasteful(&self, needed: usize) -> bool {
        self.slots.capacity() > SMALL && needed * 4 < self.slots.capacity()
    }

    /// Squeezes the tombstones out, and gives memory back if little of it is still needed.
    fn compact(&mut self) {
        self.slots.retain(|slot| slot.entry.is_some());
        if self.wasteful(self.slots.len()) {
            self.slots.shrink_to(self.slots.len() * 2);
        }
        self.index_anew(self.slots.len() + self.slots.len() / 2 + 1);
    }

    /// Builds the index of the slots, with room for `capacity` entries.
    #[cold]
    fn index_anew(&mut self, capacity: usize) {
        let slots = self.slots.iter().zip(0..);
        let occupied = slots.filter(|(slot, _)| slot.entry.is_some());
        self.index
            .rebuild(capacity, occupied.map(|(slot, at)| (slot.hash, at)));
    }
}

impl<E> Default for Table<E> {
    fn default() -> Self {
        Self::new()
    }
}
