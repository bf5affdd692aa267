//! Snapshots of a table: what a reader sees, and how what was kept for it is given back.

use super::Table;
use crate::attic::Attic;
use crate::entries::{Entries, Slot};
use crate::generation::{Generation, Reads, Snapshot};
use crate::index::Index;
use crate::retired::LAST_EPOCH;
use crate::room::NoRoom;
use crate::storage::Storage;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

impl<E> Table<E> {
    /// The next entry of a snapshot, in insertion order.
    #[inline]
    pub fn next(&self, snapshot: &mut Snapshot) -> Option<&E> {
        let (_, entry) = self.next_if(snapshot, |_| true)?;
        Some(entry)
    }

    /// The next entry of a snapshot, with its hash (if it has been removed, any number), if it is `wanted`; else it stays
    /// the next one.
    #[inline]
    pub fn next_if(
        &self,
        snapshot: &mut Snapshot,
        wanted: impl FnOnce(&E) -> bool,
    ) -> Option<(u64, &E)> {
        let (at, hash, entry) = self.seen_from(snapshot)?;
        if !wanted(entry) {
            return None;
        }
        if at > snapshot.position {
            snapshot.holes = snapshot.holes.saturating_sub(at - snapshot.position);
        }
        snapshot.position = at + 1;
        Some((hash, entry))
    }

    /// The entry that [`next`](Self::next) would give.
    #[inline]
    #[must_use]
    pub fn peek(&self, snapshot: &Snapshot) -> Option<&E> {
        let (_, _, entry) = self.seen_from(snapshot)?;
        Some(entry)
    }

    /// At most how many entries [`next`](Self::next) will still give: exactly so many, unless some have been
    /// [evicted](Self::evict).
    #[must_use]
    pub fn remaining(&self, snapshot: &Snapshot) -> usize {
        let positions = snapshot.end.saturating_sub(snapshot.position);
        positions.saturating_sub(snapshot.holes) as usize
    }

    /// Whether there are open snapshots of the present entries, or removed entries to be [reclaimed](Self::reclaim).
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.has_readers() || !self.storage.retired.is_empty()
    }

    /// The current generation, if it has had readers.
    pub(super) fn current(&self) -> Option<&Generation<E>> {
        let newest = self.generations.back()?;
        (newest.number == self.generation).then_some(newest)
    }

    pub(super) fn has_readers(&self) -> bool {
        self.current().is_some_and(Generation::has_readers)
    }

    /// Gives back the place of a generation that has no readers.
    pub(super) fn forget_unread(&mut self) {
        if self.current().is_some_and(|current| !current.has_readers()) {
            self.generations.pop_back();
        }
        if self.generations.is_empty() {
            self.generations = VecDeque::new();
        }
    }

    fn find_generation(&self, number: u64) -> Option<usize> {
        let found = self
            .generations
            .binary_search_by_key(&number, |generation| generation.number);
        found.ok()
    }

    /// Whether a snapshot sees the slots as they are.
    #[inline]
    fn is_as_seen(&self, snapshot: &Snapshot) -> bool {
        snapshot.generation == self.generation && !self.storage.altered
    }

    /// The first entry that a snapshot sees from its position on, with its position and hash.
    #[inline]
    fn seen_from(&self, snapshot: &Snapshot) -> Option<(u32, u64, &E)> {
        if !self.is_as_seen(snapshot) {
            return self.seen_otherwise(snapshot);
        }
        let mut at = snapshot.position;
        while at < snapshot.end {
            let slot = self.storage.slot(at)?;
            if let Some(entry) = &slot.entry {
                return Some((at, slot.hash, entry));
            }
            at += 1;
        }
        None
    }

    /// The same where that may not be what the table sees.
    #[cold]
    fn seen_otherwise(&self, snapshot: &Snapshot) -> Option<(u32, u64, &E)> {
        let generation = self
            .generations
            .get(self.find_generation(snapshot.generation)?)?;
        let storage = if snapshot.generation == self.generation {
            &self.storage
        } else {
            &generation.storage
        };
        let slots = storage.slots.get(snapshot.position as usize..)?;
        let mut slots = slots.iter().zip(snapshot.position..snapshot.end);
        slots.find_map(|(slot, at)| {
            let set_aside = match snapshot.reads {
                Reads::Entries => generation.attic.get(at, snapshot.epoch),
                Reads::Keys => None,
            };
            let entry = set_aside.or_else(|| visible(storage, slot, at, snapshot.epoch))?;
            Some((at, slot.hash, entry))
        })
    }

    /// Leaves the slots to those who read them.
    pub(super) fn begin_generation(&mut self, storage: Storage<E>) {
        let mut left = core::mem::replace(&mut self.storage, storage);
        if left.retired.is_empty() {
            left.index = Index::new();
        }
        if let Some(generation) = self.generations.back_mut() {
            generation.storage = left;
        }
        self.generation += 1;
        (self.epoch, self.horizon) = (0, 0);
    }
}

/// What a reader that came in this epoch sees in a slot.
fn visible<'a, E>(storage: &Storage<E>, slot: &'a Slot<E>, at: u32, epoch: u32) -> Option<&'a E> {
    let entry = slot.entry.as_ref()?;
    let retired = storage.retired.epoch(&storage.index, at, slot.hash);
    retired
        .is_none_or(|retired| epoch <= retired)
        .then_some(entry)
}

/// Opening and closing.
impl<E: Clone> Table<E> {
    /// Opens a snapshot: a reader that sees the table as it is now, whatever happens to it, but for what is
    /// [evicted](Self::evict). O(1).
    ///
    /// # Errors
    /// [`NoRoom`] if there is no memory for the few bytes that it takes.
    pub fn snapshot(&mut self) -> Result<Snapshot, NoRoom> {
        self.open(Reads::Entries)
    }

    /// Opens a snapshot for whom the identity of entries is enough: entries that are changed [in place](Self::get_mut)
    /// may show as they are then, and nothing is kept of how they were.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot).
    pub fn snapshot_of_keys(&mut self) -> Result<Snapshot, NoRoom> {
        self.open(Reads::Keys)
    }

    fn open(&mut self, reads: Reads) -> Result<Snapshot, NoRoom> {
        if !self.is_read() {
            self.storage.altered = false;
            self.epoch = 0;
        }
        let mut epoch = self.epoch;
        if epoch == 0 || self.epoch_version != self.version {
            epoch += 1;
        }
        if epoch > LAST_EPOCH {
            if !self.compact(&mut 0) {
                return Err(NoRoom);
            }
            epoch = 1;
        }
        if self.current().is_none() {
            if self.generations.is_empty() {
                self.generations.try_reserve_exact(1)?;
            } else {
                self.generations.try_reserve(1)?;
            }
            self.generations.push_back(Generation::new(self.generation));
        }
        let end = self.storage.slots.len() as u32;
        let current = self.generations.back_mut().ok_or(NoRoom)?;
        current.open(reads, epoch, end)?;
        (self.epoch, self.epoch_version) = (epoch, self.version);
        self.horizon = end;
        Ok(Snapshot {
            generation: self.generation,
            epoch,
            reads,
            position: self.storage.oldest,
            end,
            holes: end - self.storage.oldest - self.len() as u32,
        })
    }

    /// Gives a snapshot back, and with it what was kept for it alone and lies in one piece. What lies among the present
    /// entries is to be [reclaimed](Self::reclaim). Needs no memory.
    pub fn release(&mut self, snapshot: Snapshot) -> Entries<E> {
        let is_current = snapshot.generation == self.generation;
        let at = if is_current {
            self.generations.len().checked_sub(1)
        } else {
            self.find_generation(snapshot.generation)
        };
        let generation = at.and_then(|at| self.generations.get_mut(at));
        let Some(generation) = generation.filter(|found| found.number == snapshot.generation)
        else {
            return Entries::none();
        };
        generation.close(snapshot.reads, snapshot.epoch);
        let attic = if generation.of_entries.is_empty() && generation.attic.len() > 0 {
            core::mem::replace(&mut generation.attic, Attic::new())
        } else {
            Attic::new()
        };
        if is_current {
            self.horizon = generation.horizon();
            self.settle();
        } else if !generation.has_readers() {
            if let Some(generation) = at.and_then(|at| self.generations.remove(at)) {
                return Entries::of_both(generation.storage.slots, attic);
            }
        }
        Entries::of_both(Vec::new(), attic)
    }

    /// One of the entries that were removed and kept in their places for readers that are gone now. Call it after
    /// [`release`](Self::release) until there is none, and drop each outside of the table. O(1), needs no memory.
    pub fn reclaim(&mut self) -> Option<E> {
        let storage = &mut self.storage;
        let (at, epoch) = storage.retired.first(&storage.slots)?;
        if self
            .current()
            .is_some_and(|readers| readers.sees(at, epoch))
        {
            return None;
        }
        let storage = &mut self.storage;
        let entry = storage.retired.pop(&mut storage.slots);
        self.settle();
        entry
    }
}
