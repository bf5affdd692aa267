//! [`Storage`]: slots in insertion order, and the index that finds them.
//!
//! A slot is *present* (it holds an entry whose position is in the index), *retired* (it holds an entry that has been
//! removed, for readers that may still see it), or a tombstone. Invariants between two calls of the table:
//!
//! - the index holds exactly the positions of the present, each under its slot's hash;
//! - all present slots are between `oldest` and `newest`, and none is in the `gap`.

use crate::entries::Slot;
use crate::index::Index;
use crate::retired::Retired;
use crate::room::{NoRoom, shrink};
use alloc::vec::Vec;
use core::ops::Range;

#[derive(Debug)]
pub(crate) struct Storage<E> {
    pub(crate) index: Index,
    pub(crate) slots: Vec<Slot<E>>,
    pub(crate) retired: Retired,
    /// No slot before it is present: whoever always removes the oldest entry does not look for it again and again.
    pub(crate) oldest: u32,
    /// Neither is it, nor one after it.
    pub(crate) newest: u32,
    /// A long stretch, if one is known, in which no slot is present: whoever takes the newest entries does not walk over it
    /// again and again, however many come and go after it.
    gap: Range<u32>,
    /// Whether a slot may look otherwise to an open reader than to the table.
    pub(crate) altered: bool,
}

impl<E> Storage<E> {
    pub(crate) const fn new() -> Self {
        Self {
            index: Index::new(),
            slots: Vec::new(),
            retired: Retired::new(),
            oldest: 0,
            newest: 0,
            gap: 0..0,
            altered: false,
        }
    }

    #[inline]
    pub(crate) fn slot(&self, at: u32) -> Option<&Slot<E>> {
        self.slots.get(at as usize)
    }

    /// The entry at a position, if it is present.
    #[inline]
    pub(crate) fn present(&self, at: u32) -> Option<&E> {
        let slot = self.slot(at)?;
        let entry = slot.entry.as_ref()?;
        let retired = self.retired.epoch(&self.index, at, slot.hash);
        retired.is_none().then_some(entry)
    }

    /// The present entries from a position on, in the order of insertion, each with its position.
    fn present_from(&self, from: u32) -> impl Iterator<Item = (u32, &E)> {
        let slots = self.slots.get(from as usize..).unwrap_or_default();
        slots.iter().zip(from..).filter_map(|(slot, at)| {
            let entry = slot.entry.as_ref()?;
            let retired = self.retired.epoch(&self.index, at, slot.hash);
            retired.is_none().then_some((at, entry))
        })
    }

    /// The present entries in the order of insertion.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.present_from(self.oldest).map(|(_, entry)| entry)
    }

    /// The position of the first present entry from a position on that is wanted.
    pub(crate) fn find_from(&self, from: u32, mut wanted: impl FnMut(&E) -> bool) -> Option<u32> {
        let found = self.present_from(from).find(|(_, entry)| wanted(entry));
        found.map(|(at, _)| at)
    }

    /// The position of the newest present entry.
    #[inline]
    pub(crate) fn last(&self) -> Option<u32> {
        let mut end = self.newest;
        while end > 0 {
            if self.gap.end == end && !self.gap.is_empty() {
                end = self.gap.start;
                continue;
            }
            end -= 1;
            if self.present(end).is_some() {
                return Some(end);
            }
        }
        None
    }

    /// Notes what has been walked over: what comes after a position, that of the [last](Self::last) one, is not present.
    #[inline]
    pub(crate) fn end_after(&mut self, last: u32) {
        let gap = last + 1..self.newest;
        if gap.len() > self.gap.len() {
            self.gap = gap;
        }
        self.newest = last + 1;
    }

    /// Every entry that is in a slot.
    pub(crate) fn owned(&self) -> impl Iterator<Item = &E> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref())
    }

    /// Those of them that are not present.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &E> {
        let slots = if self.retired.is_empty() {
            &[]
        } else {
            self.slots.as_slice()
        };
        slots.iter().zip(0..).filter_map(|(slot, at)| {
            let entry = slot.entry.as_ref()?;
            self.present(at).is_none().then_some(entry)
        })
    }

    pub(crate) fn allocated_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<E>>() + self.index.allocated_bytes()
    }

    #[inline]
    pub(crate) fn tombstones(&self) -> usize {
        self.slots.len() - self.index.len()
    }

    /// Takes out what is at a position that has left the index.
    #[inline]
    pub(crate) fn take(&mut self, at: u32) -> Option<E> {
        self.slots.get_mut(at as usize)?.entry.take()
    }

    /// Moves the ends on after the entry at a position has gone.
    #[inline]
    pub(crate) fn narrow(&mut self, at: u32) {
        if at == self.oldest {
            self.oldest += 1;
            while self.oldest < self.newest && self.present(self.oldest).is_none() {
                self.oldest += 1;
            }
        }
        if at + 1 == self.newest {
            self.newest = at;
        }
    }

    /// Drops the tombstones at the end down to a position.
    #[inline]
    pub(crate) fn trim(&mut self, down_to: u32) {
        while self.slots.len() > down_to as usize
            && self.slots.last().is_some_and(|slot| slot.entry.is_none())
        {
            self.slots.pop();
        }
        let end = self.slots.len() as u32;
        self.newest = self.newest.min(end);
        self.oldest = self.oldest.min(end);
        self.gap.end = self.gap.end.min(end);
    }

    /// Squeezes the tombstones out in place, where nothing is retired. Needs no memory.
    pub(crate) fn squeeze(&mut self) {
        self.slots.retain(|slot| slot.entry.is_some());
        (self.oldest, self.newest) = (0, self.slots.len() as u32);
        self.gap = 0..0;
        self.reindex_in_place(self.fitting());
    }

    /// Gives memory back that is not needed, where nothing is retired. Needs none.
    pub(crate) fn shrink(&mut self) {
        let capacity = self.slots.len() * 2;
        shrink(&mut self.slots, capacity);
        if self.index.is_larger_than_for(self.fitting()) {
            self.reindex_in_place(self.fitting());
        }
    }

    /// For how many positions an index has room that is neither full soon nor empty mostly.
    fn fitting(&self) -> usize {
        let len = self.index.len();
        len + len / 2 + 1
    }

    /// Builds the index anew, with room for `capacity` entries.
    #[cold]
    pub(crate) fn reindex(&mut self, capacity: usize) -> Result<(), NoRoom> {
        if self.retired.is_empty() {
            self.reindex_in_place(capacity);
            return Ok(());
        }
        // What is retired the old index knows.
        let mut index = Index::with_room(capacity)?;
        for (slot, at) in self.slots.iter().zip(0..) {
            if self.present(at).is_some() {
                index.insert(slot.hash, at);
            }
        }
        self.index = index;
        Ok(())
    }

    fn reindex_in_place(&mut self, capacity: usize) {
        let slots = self.slots.iter().zip(0..);
        let present = slots.filter(|(slot, _)| slot.entry.is_some());
        self.index
            .rebuild(capacity, present.map(|(slot, at)| (slot.hash, at)));
    }

    /// A storage of their own for copies of the present entries. Keeps track of where what was at `tracked` goes.
    pub(crate) fn copied(&self, tracked: &mut u32) -> Result<Self, NoRoom>
    where
        E: Clone,
    {
        let mut slots = Vec::new();
        slots.try_reserve_exact(self.index.len().checked_mul(2).ok_or(NoRoom)?)?;
        let mut index = Index::with_room(self.fitting())?;
        let from = *tracked;
        for (slot, at) in self.slots.iter().zip(0u32..) {
            if self.present(at).is_none() {
                continue;
            }
            let to = slots.len() as u32;
            if at == from {
                *tracked = to;
            }
            index.insert(slot.hash, to);
            slots.push(Slot {
                hash: slot.hash,
                entry: slot.entry.clone(),
            });
        }
        Ok(Self {
            newest: slots.len() as u32,
            index,
            slots,
            ..Self::new()
        })
    }
}
