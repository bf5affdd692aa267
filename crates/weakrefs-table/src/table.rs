//! The table: entries by hash and identity, in insertion order.
//!
//! What it holds is in a [`Storage`], and what it keeps for its readers in [`Generation`]s. Invariants between two calls,
//! beside theirs:
//!
//! - the last slot is occupied, or below the horizon (the first position that no open reader may see): trailing
//!   tombstones go at once, so `pop` is O(1);
//! - at least a quarter of the slots are present, or there are at most [`SMALL`] of them, unless memory for moving them
//!   was refused: iteration never walks more than four slots an entry, and memory follows the number of entries down.
//!   (At half, the repeated compactions would double the cost of mass death.)

mod change;
mod read;

use crate::generation::Generation;
use crate::index::{LIMIT, NOWHERE, Verdict};
use crate::storage::Storage;
use alloc::collections::VecDeque;

/// Up to this many slots, tombstones are not worth the work of compaction.
const SMALL: usize = 16;

/// So many slots there can be.
const MOST: usize = if cfg!(test) { 1000 } else { LIMIT as usize };

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
    storage: Storage<E>,
    /// Changes with every change of the table.
    version: u64,
    /// Those that have readers, oldest first: also the current one, once it has had any.
    generations: VecDeque<Generation<E>>,
    /// The number of the current generation.
    generation: u64,
    /// The version at which the current epoch of readers began, and its number.
    epoch_version: u64,
    epoch: u32,
    /// No open reader sees the slots from here on.
    horizon: u32,
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
            storage: Storage::new(),
            version: 0,
            generations: VecDeque::new(),
            generation: 0,
            epoch_version: 0,
            epoch: 0,
            horizon: 0,
        }
    }

    /// How many entries there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.storage.index.len()
    }

    /// Whether there is no entry.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.storage.index.len() == 0
    }

    /// Whether no slot is left, so that the next insertion has to make room: the moment to
    /// [`extract`](Self::extract) what need not be kept.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        let slots = &self.storage.slots;
        slots.len() == slots.capacity() || slots.len() >= MOST
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
        let found = self.storage.index.search(hash, |at| {
            let Some(entry) = self.entry(at, hash) else {
                return Verdict::Continue;
            };
            if same(entry) {
                return Verdict::Match;
            }
            candidate.get_or_insert(at);
            if self.storage.index.has_twins() {
                Verdict::Continue
            } else {
                Verdict::Stop
            }
        });
        let end = match found {
            Ok((_, at)) => return Ok(Position(at)),
            Err(Some(end)) if candidate.is_none() => self.storage.index.usable_end(end),
            Err(_) => NOWHERE,
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
        let slot = self.storage.slot(at)?;
        if slot.hash == hash {
            slot.entry.as_ref()
        } else {
            None
        }
    }

    /// All entries with this hash, in no particular order: to be compared outside.
    pub fn candidates(&self, hash: u64) -> impl Iterator<Item = (Position, &E)> {
        let candidates = self.storage.index.candidates(hash);
        let mut candidates =
            candidates.filter_map(move |at| Some((Position(at), self.entry(at, hash)?)));
        let mut more = true;
        // The first is the last where no two can have the same hash.
        core::iter::from_fn(move || {
            let next = more.then(|| candidates.next()).flatten();
            more = self.storage.index.has_twins();
            next
        })
    }

    /// The entry at a position, if one is there.
    #[inline]
    #[must_use]
    pub fn get(&self, at: Position) -> Option<&E> {
        self.storage.slot(at.0)?.entry.as_ref()
    }

    /// The newest entry.
    #[must_use]
    pub fn last(&self) -> Option<&E> {
        self.storage.present(self.storage.last()?)
    }

    /// The entries in insertion order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.storage.iter()
    }

    /// Every entry that the table owns: the present ones, and those kept for open snapshots.
    ///
    /// This is what a garbage collector must visit.
    pub fn owned(&self) -> impl Iterator<Item = &E> {
        let kept = self.generations.iter().flat_map(Generation::owned);
        self.storage.owned().chain(kept)
    }

    /// What the table owns beside the present entries: those kept for open snapshots.
    pub fn kept(&self) -> impl Iterator<Item = &E> {
        let kept = self.generations.iter().flat_map(Generation::owned);
        self.storage.kept().chain(kept)
    }

    /// The memory that the table owns, in bytes, without what its entries own.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        let generations = self.generations.iter().map(Generation::allocated_bytes);
        self.storage.allocated_bytes()
            + self.generations.capacity() * size_of::<Generation<E>>()
            + generations.sum::<usize>()
    }
}

impl<E> Default for Table<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
