//! Snapshots: reading a table as it was, at the cost of a copy only if it changes meanwhile.
//!
//! A [`Snapshot`] is a ticket: the version of the table that it reads, and how far it has read.
//! While the table still is at that version, reading goes to the table's own slots. The first change
//! of a version that has readers sets those slots aside as [`Frozen`] (a clone of the entries, or
//! the slots themselves when the table is emptied); later changes cost nothing more. The frozen
//! slots belong to the table, so that a garbage collector which visits the table sees every entry
//! exactly once, and leave it when their last reader has been released.

use crate::entries::{Entries, Slot};
use alloc::vec::Vec;

/// A ticket for reading a [`Table`](crate::Table) as it was when the ticket was taken.
///
/// Read with [`Table::next`](crate::Table::next) and give back with
/// [`Table::release`](crate::Table::release); a ticket that is dropped instead keeps the entries it
/// may still read alive for as long as the table lives.
#[derive(Debug)]
#[must_use = "a snapshot must be given back with `Table::release`"]
pub struct Snapshot {
    pub(crate) version: u64,
    pub(crate) position: usize,
}

/// The slots of a version that the table has left behind.
#[derive(Debug)]
struct Frozen<E> {
    version: u64,
    readers: usize,
    slots: Vec<Slot<E>>,
}

/// Who reads the current version, and the versions that are still read.
#[derive(Debug)]
pub(crate) struct Readers<E> {
    /// Open snapshots of the current version.
    current: usize,
    /// Oldest version first.
    frozen: Vec<Frozen<E>>,
}

impl<E> Readers<E> {
    pub(crate) const fn new() -> Self {
        Self {
            current: 0,
            frozen: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn read_current(&self) -> bool {
        self.current > 0
    }

    pub(crate) fn open(&mut self, version: u64) -> Snapshot {
        self.current += 1;
        Snapshot {
            version,
            position: 0,
        }
    }

    /// Sets `slots` aside for those who read `version`, which has been the current one until now.
    pub(crate) fn freeze(&mut self, version: u64, slots: Vec<Slot<E>>) {
        let readers = core::mem::take(&mut self.current);
        self.frozen.push(Frozen {
            version,
            readers,
            slots,
        });
    }

    /// The slots of a version that is not the current one.
    pub(crate) fn frozen(&self, version: u64) -> &[Slot<E>] {
        self.find(version).map_or(&[], |at| &self.frozen[at].slots)
    }

    fn find(&self, version: u64) -> Option<usize> {
        self.frozen
            .binary_search_by_key(&version, |frozen| frozen.version)
            .ok()
    }

    pub(crate) fn close(&mut self, snapshot: Snapshot, current: u64) -> Entries<E> {
        if snapshot.version == current {
            self.current = self.current.saturating_sub(1);
        } else if let Some(at) = self.find(snapshot.version) {
            self.frozen[at].readers -= 1;
            if self.frozen[at].readers == 0 {
                return Entries::new(self.frozen.remove(at).slots);
            }
        }
        Entries::new(Vec::new())
    }

    pub(crate) fn frozen_slots(&self) -> impl Iterator<Item = &Slot<E>> {
        self.frozen.iter().flat_map(|frozen| &frozen.slots)
    }

    pub(crate) fn capacity(&self) -> usize {
        self.frozen
            .iter()
            .map(|frozen| frozen.slots.capacity())
            .sum()
    }
}
