//! [`Walk`]: reading a snapshot of a container, in the order of insertion, from both ends (S21).
//!
//! A snapshot of each shard is opened while all are locked, which costs the same whatever the size. Each step reads
//! one entry: the next one of the only shard, or the oldest or newest of the shards' next ones. Nothing is kept alive:
//! what is not yet read is held weakly, or by the table for as long as the snapshot is open.

use super::container::{Container, SHARDS, drop_entries};
use super::entry::Entry;
use super::eviction::Eviction;
use super::table::{Snapshot, Table};
use crate::no_room::no_room;
use crate::owner::Shared;
use crate::owner::sealed::Owner;
use smallvec::SmallVec;
use weakrefs_table::NoRoom;

/// Where to read next: the number of a shard's next entry, and then that of the shard. (To compare the numbers, and keep
/// track of where they are, takes thrice as long.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head(u64);

impl Head {
    /// After all, of a shard without a next entry from the front.
    const END: Self = Self(u64::MAX);

    /// Before all, of a shard without a next entry from the back.
    const BEGIN: Self = Self(0);

    fn of<B: Clone, const BACK: bool>(
        table: &Table<B>,
        snapshot: &mut Snapshot,
        shard: usize,
    ) -> Self {
        let last = if BACK { Self::BEGIN } else { Self::END };
        table.peek::<BACK>(snapshot).map_or(last, |bucket| {
            Self((bucket.number + 1) * SHARDS as u64 + shard as u64)
        })
    }

    fn shard(self) -> Option<usize> {
        let is_one = self != Self::END && self != Self::BEGIN;
        is_one.then_some(self.0 as usize % SHARDS)
    }
}

/// A reader of a snapshot.
pub(crate) struct Walk<O: Owner, P: Clone, E: Eviction<O, P>> {
    container: Shared<O, Container<O, P, E>>,
    /// Of each shard: there will be no others as long as they are being read.
    snapshots: SmallVec<[Snapshot; 1]>,
    /// From the front and from the back, where there are several shards.
    heads: [Option<[Head; SHARDS]>; 2],
    remaining: usize,
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Walk<O, P, E> {
    pub(crate) fn new(container: &Shared<O, Container<O, P, E>>) -> Self {
        let mut walk = Self {
            container: container.clone(),
            snapshots: SmallVec::new(),
            heads: [None; 2],
            remaining: 0,
        };
        let mut tables = container.lock_all();
        let mut opened = walk.snapshots.try_reserve(tables.len()).map_err(|_| NoRoom);
        for table in &mut tables {
            opened = opened.and_then(|()| {
                walk.remaining += table.len();
                walk.snapshots.push(table.snapshot()?);
                Ok(())
            });
        }
        drop(tables);
        opened.unwrap_or_else(|NoRoom| no_room());
        walk
    }

    /// At most how many entries are still to be read.
    pub(crate) fn remaining(&self) -> usize {
        self.remaining
    }

    /// What `read` makes, inside the table, of the next entry for which it makes anything, from the front.
    #[inline]
    pub(crate) fn next<R>(
        &mut self,
        read: impl FnMut(u64, &Entry<O, P, E>) -> Option<R>,
    ) -> Option<R> {
        self.step::<R, false>(read)
    }

    /// The same from the front or from the back.
    #[inline]
    pub(crate) fn step<R, const BACK: bool>(
        &mut self,
        mut read: impl FnMut(u64, &Entry<O, P, E>) -> Option<R>,
    ) -> Option<R> {
        let [snapshot] = &mut *self.snapshots else {
            return self.step_of_many::<R, BACK>(read);
        };
        let shard = self.container.only_shard();
        loop {
            let table = shard.lock();
            let bucket = table.next::<BACK>(snapshot)?;
            self.remaining = self.remaining.saturating_sub(1);
            let result = read(bucket.hash, &bucket.entry);
            if result.is_some() {
                return result;
            }
        }
    }

    fn step_of_many<R, const BACK: bool>(
        &mut self,
        mut read: impl FnMut(u64, &Entry<O, P, E>) -> Option<R>,
    ) -> Option<R> {
        let shards = self.container.shards();
        let snapshots = &mut self.snapshots;
        let heads = self.heads[usize::from(BACK)].get_or_insert_with(|| {
            std::array::from_fn(|shard| {
                Head::of::<_, BACK>(&shards[shard].lock(), &mut snapshots[shard], shard)
            })
        });
        loop {
            let next = if BACK {
                heads.iter().max()
            } else {
                heads.iter().min()
            };
            let head = *next?;
            let shard = head.shard()?;
            let snapshot = &mut snapshots[shard];
            let table = shards[shard].lock();
            let now = Head::of::<_, BACK>(&table, snapshot, shard);
            if now != head {
                // It has been evicted, or read from the other end.
                heads[shard] = now;
                continue;
            }
            let bucket = table.next::<BACK>(snapshot)?;
            let result = read(bucket.hash, &bucket.entry);
            heads[shard] = Head::of::<_, BACK>(&table, snapshot, shard);
            drop(table);
            self.remaining = self.remaining.saturating_sub(1);
            if result.is_some() {
                return result;
            }
        }
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Clone for Walk<O, P, E> {
    fn clone(&self) -> Self {
        // As long as this one reads, nothing that it sees is given up.
        let shards = self.container.shards().iter().zip(&self.snapshots);
        let snapshots = shards.map(|(shard, snapshot)| shard.lock().snapshot_again(snapshot));
        Self {
            container: self.container.clone(),
            snapshots: snapshots.collect(),
            heads: self.heads,
            remaining: self.remaining,
        }
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Drop for Walk<O, P, E> {
    fn drop(&mut self) {
        for (shard, snapshot) in self.container.shards().iter().zip(self.snapshots.drain(..)) {
            // A statement of its own: the lock ends with it.
            let unneeded = shard.lock().release(snapshot);
            drop_entries(unneeded.into_entries());
        }
    }
}
