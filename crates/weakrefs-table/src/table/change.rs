//! Changes of a table. What must not fail (to remove, to clear) needs no memory; what needs some asks first, and leaves
//! everything as it was if that is refused.

use super::{MOST, Miss, Position, SMALL, Table};
use crate::entries::{Entries, Slot};
use crate::index::NOWHERE;
use crate::room::{NoRoom, Refused};
use alloc::vec::Vec;

/// `E: Clone` because open snapshots may need the entries as they were; the clone runs inside the table and must be one
/// that runs no user code (a reference count) and does not fail.
impl<E: Clone> Table<E> {
    /// Makes room for `additional` more entries.
    ///
    /// # Errors
    /// [`NoRoom`] if there is none; nothing has changed then.
    pub fn reserve(&mut self, additional: usize) -> Result<(), NoRoom> {
        let slots = &self.storage.slots;
        if slots.capacity().min(MOST).saturating_sub(slots.len()) < additional {
            let is_at_end = MOST.saturating_sub(slots.len()) < additional;
            if self.has_many_tombstones() || (is_at_end && self.storage.tombstones() > 0) {
                self.compact(&mut 0);
            }
            let slots = &mut self.storage.slots;
            if MOST.saturating_sub(slots.len()) < additional {
                return Err(NoRoom);
            }
            slots.try_reserve(additional)?;
        }
        if self.storage.index.room() < additional {
            let more = additional.max(self.len() / 2 + 1);
            self.version += 1;
            self.storage
                .reindex(self.len().checked_add(more).ok_or(NoRoom)?)?;
            if self.storage.index.room() < additional {
                return Err(NoRoom);
            }
        }
        Ok(())
    }

    /// Gives memory back that was [reserved](Self::reserve), if less than a quarter of it is needed. Needs no memory.
    ///
    /// ```
    /// use weakrefs_table::Table;
    ///
    /// let mut table = Table::new();
    /// table.reserve(1000)?;
    /// table.insert(7, "seven")?;
    /// let reserved = table.allocated_bytes();
    /// table.fit();
    /// assert!(table.allocated_bytes() < reserved / 10);
    /// # Ok::<(), weakrefs_table::NoRoom>(())
    /// ```
    pub fn fit(&mut self) {
        self.settle();
    }

    /// Adds an entry as the newest one. The caller has made sure that no equal one is there.
    ///
    /// # Errors
    /// [`Refused`], with the entry, if there is no room for it.
    #[inline]
    pub fn insert(&mut self, hash: u64, entry: E) -> Result<Position, Refused<E>> {
        self.insert_after(self.miss(), hash, entry)
    }

    /// As [`insert`](Self::insert), after a [search](Self::search) of this table for the same hash: if nothing has changed
    /// since, the way through the index is not gone again.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    ///
    /// ```
    /// use weakrefs_table::Table;
    ///
    /// let mut table = Table::new();
    /// let at = match table.search(7, |entry| *entry == "seven") {
    ///     Ok(at) => at,
    ///     Err(miss) => table.insert_after(miss, 7, "seven")?,
    /// };
    /// assert_eq!(table.get(at), Some(&"seven"));
    /// # Ok::<(), weakrefs_table::NoRoom>(())
    /// ```
    #[inline]
    pub fn insert_after(
        &mut self,
        miss: Miss,
        hash: u64,
        entry: E,
    ) -> Result<Position, Refused<E>> {
        let mut end = if miss.version == self.version {
            miss.end
        } else {
            NOWHERE
        };
        if self.is_full() || self.storage.index.room() == 0 {
            if self.reserve(1).is_err() {
                return Err(Refused { entry });
            }
            end = NOWHERE;
        }
        self.version += 1;
        let storage = &mut self.storage;
        let at = storage.slots.len() as u32;
        storage.slots.push(Slot {
            hash,
            entry: Some(entry),
        });
        storage.newest = at + 1;
        storage.index.insert_at(end, hash, at);
        Ok(Position(at))
    }

    /// The entry at a position, to be changed in place; its hash and identity must stay.
    ///
    /// # Errors
    /// [`NoRoom`] if an open snapshot of whole entries needs the entry as it is, and there is no memory to set it aside;
    /// and if no entry is there.
    #[inline]
    pub fn get_mut(&mut self, at: Position) -> Result<&mut E, NoRoom> {
        let mut at = at.0;
        if at < self.horizon {
            self.set_aside(&mut at)?;
        }
        self.version += 1;
        let slot = self.storage.slots.get_mut(at as usize).ok_or(NoRoom)?;
        slot.entry.as_mut().ok_or(NoRoom)
    }

    /// Keeps the entry at a position as it is for the readers that need it so; the position may be another one then.
    #[cold]
    fn set_aside(&mut self, at: &mut u32) -> Result<(), NoRoom> {
        self.storage.present(*at).ok_or(NoRoom)?;
        let Some(generation) = self.generations.back() else {
            return Ok(());
        };
        // If the last reader has a record that is not older than itself, so has every other one.
        let is_needed = generation.number == self.generation
            && generation.of_entries.newest().is_some_and(|reader| {
                let set_aside = generation.attic.newest_epoch(*at);
                *at < reader.end && set_aside.is_none_or(|epoch| epoch < reader.epoch)
            });
        if !is_needed {
            return Ok(());
        }
        // It does not outgrow what it belongs to.
        let is_large = generation.attic.len() >= self.storage.slots.len().max(SMALL);
        if !is_large || !self.compact(at) {
            // As long as there is no memory for that, it may.
            self.keep(*at)?;
        }
        Ok(())
    }

    fn keep(&mut self, at: u32) -> Result<(), NoRoom> {
        let entry = self.storage.present(at).ok_or(NoRoom)?;
        let generation = self.generations.back_mut().ok_or(NoRoom)?;
        generation.attic.reserve()?;
        generation.attic.push(at, self.epoch, entry.clone());
        self.storage.altered = true;
        Ok(())
    }

    /// Removes the entry with this hash for which `same` holds (see [`find`](Self::find)). Open snapshots keep theirs.
    #[inline]
    pub fn remove(&mut self, hash: u64, mut same: impl FnMut(&E) -> bool) -> Option<E> {
        let wanted = |at| self.entry(at, hash).is_some_and(&mut same);
        let (place, at) = self.storage.index.find(hash, wanted)?;
        let entry = self.remove_indexed(place, at);
        self.settle();
        entry
    }

    /// Removes the entry at a position, if one is there. Open snapshots keep theirs.
    pub fn remove_at(&mut self, at: Position) -> Option<E> {
        let entry = self.take_at(at.0)?;
        self.settle();
        Some(entry)
    }

    /// Removes the newest entry. Open snapshots keep it.
    pub fn pop(&mut self) -> Option<E> {
        let last = self.storage.last()?;
        self.storage.end_after(last);
        self.remove_at(Position(last))
    }

    /// Removes the entry with this hash for which `same` holds, and keeps it for nobody: one that is dead, and so is
    /// passed over by readers.
    #[inline]
    pub fn evict(&mut self, hash: u64, mut same: impl FnMut(&E) -> bool) -> Option<E> {
        let wanted = |at| self.entry(at, hash).is_some_and(&mut same);
        let (place, at) = self.storage.index.find(hash, wanted)?;
        self.version += 1;
        self.storage.index.remove(place);
        let entry = self.storage.take(at);
        self.storage.narrow(at);
        self.settle();
        entry
    }

    /// Removes the entries for which `leave` holds, which must run no user code. Open snapshots keep theirs. Where there
    /// is no memory to list more of them, the rest stays.
    pub fn extract(&mut self, mut leave: impl FnMut(&E) -> bool) -> Entries<E> {
        let mut left = Vec::new();
        let mut from = self.storage.oldest;
        while let Some(at) = self.storage.find_from(from, &mut leave) {
            if left.try_reserve(1).is_err() {
                break;
            }
            let entry = self.take_at(at);
            left.push(Slot { hash: 0, entry });
            from = at + 1;
        }
        if !left.is_empty() {
            self.settle();
        }
        Entries::of(left)
    }

    /// Makes room in a table that is [full](Self::is_full) by [extracting](Self::extract) the entries for which `leave`
    /// holds: gives them, if there are any.
    #[inline]
    pub fn sweep_if_full(&mut self, leave: impl FnMut(&E) -> bool) -> Option<Entries<E>> {
        if self.is_full() {
            self.sweep(leave)
        } else {
            None
        }
    }

    #[cold]
    fn sweep(&mut self, leave: impl FnMut(&E) -> bool) -> Option<Entries<E>> {
        let full = self.len();
        let swept = self.extract(leave);
        if self.len() == full {
            return None;
        }
        // Were only the room of those few used, the next insertions might have to sweep again. If there is no memory for
        // more, they do.
        _ = self.reserve(self.len() / 2);
        Some(swept)
    }

    /// Removes every entry. Open snapshots keep theirs: if there are any of the present entries, none is given.
    pub fn clear(&mut self) -> Entries<E> {
        self.exchange(Self::new())
    }

    /// Puts the entries of `with`, which nobody reads, in the place of all; open snapshots keep theirs. Allocates nothing.
    ///
    /// ```
    /// use weakrefs_table::Table;
    ///
    /// let (mut table, mut other) = (Table::new(), Table::new());
    /// table.insert(1, "a")?;
    /// other.insert(2, "b")?;
    /// assert!(table.exchange(other).eq(["a"]));
    /// assert!(table.iter().eq(&["b"]));
    /// # Ok::<(), weakrefs_table::Refused<&str>>(())
    /// ```
    pub fn exchange(&mut self, with: Self) -> Entries<E> {
        self.version += 1;
        if self.has_readers() {
            self.begin_generation(with.storage);
            return Entries::none();
        }
        self.forget_unread();
        let storage = core::mem::replace(&mut self.storage, with.storage);
        Entries::of(storage.slots)
    }

    fn take_at(&mut self, at: u32) -> Option<E> {
        let hash = self.storage.slot(at)?.hash;
        let (place, at) = self.storage.index.find(hash, |other| other == at)?;
        self.remove_indexed(place, at)
    }

    /// Removes the entry whose position is at a place of the index; an entry that a reader may see stays in its slot.
    #[inline(always)]
    fn remove_indexed(&mut self, place: usize, at: u32) -> Option<E> {
        self.version += 1;
        self.storage.index.remove(place);
        let entry = if at < self.horizon {
            self.retire(at)
        } else {
            self.storage.take(at)
        };
        self.storage.narrow(at);
        entry
    }

    #[cold]
    fn retire(&mut self, at: u32) -> Option<E> {
        let storage = &mut self.storage;
        storage.retired.push(&mut storage.slots, at, self.epoch);
        storage.altered = true;
        storage.slot(at)?.entry.clone()
    }

    /// Restores the invariants after a removal.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        self.storage.trim(self.horizon);
        if self.is_wasteful() {
            self.compact(&mut 0);
        }
    }

    /// Whether so few slots are needed that memory should be given back: so it is where too many of them are tombstones.
    #[inline]
    fn is_wasteful(&self) -> bool {
        let capacity = self.storage.slots.capacity();
        capacity > SMALL && self.len() * 4 < capacity
    }

    /// Squeezes the tombstones out, and gives memory back if little of it is still needed. Where readers need the slots as
    /// they are, it takes a copy of the entries; if memory for it is refused, that is left for the next time. Keeps track of
    /// the position `tracked`, and gives whether positions have changed.
    #[cold]
    pub(super) fn compact(&mut self, tracked: &mut u32) -> bool {
        if self.has_readers() {
            let Ok(storage) = self.storage.copied(tracked) else {
                return false;
            };
            self.begin_generation(storage);
            self.version += 1;
            return true;
        }
        self.forget_unread();
        if !self.storage.retired.is_empty() {
            // Until they have been reclaimed.
            return false;
        }
        let are_in_the_way =
            self.has_many_tombstones() || (self.is_full() && self.storage.tombstones() > 0);
        if are_in_the_way {
            self.storage.squeeze();
        }
        if self.is_wasteful() {
            self.storage.shrink();
        }
        self.version += 1;
        are_in_the_way
    }

    /// Whether there are so many that to squeeze them out is worth the work.
    fn has_many_tombstones(&self) -> bool {
        self.storage.tombstones() * 4 > self.storage.slots.len()
    }
}
