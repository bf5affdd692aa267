//! [`Walk`]: reading a snapshot of a container, in the order of insertion (S21).
//!
//! A snapshot of each shard is opened while all are locked, which costs the same whatever the size.
//! Each step reads the oldest of the shards' next entries. Nothing is kept alive: what is not yet read
//! is held weakly, or by the table for as long as the snapshot is open.

use super::container::{Container, SHARDS, drop_entries};
use super::entry::{Entry, Payload};
use crate::no_room::no_room;
use crate::slot::WeakReferenceable;
use std::sync::Arc;
use weakrefs_table::{Snapshot, Table};

/// When a shard's next entry was inserted, and then the number of the shard: the least of them says
/// where to read next. (To compare the orders, and keep track of where they are, takes thrice as long.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head(u64);

impl Head {
    /// There is no next entry.
    const END: Self = Self(u64::MAX);

    #[inline]
    fn new<T: ?Sized, P>(entry: &Entry<T, P>, shard: usize) -> Self {
        Self(entry.order * SHARDS as u64 + shard as u64)
    }

    #[inline]
    fn of<T: ?Sized, P>(table: &Table<Entry<T, P>>, snapshot: &Snapshot, shard: usize) -> Self {
        table
            .peek(snapshot)
            .map_or(Self::END, |entry| Self::new(entry, shard))
    }

    #[inline]
    fn shard(self) -> usize {
        self.0 as usize % SHARDS
    }
}

/// A reader of a snapshot.
pub(crate) struct Walk<T: ?Sized + WeakReferenceable, P: Payload> {
    container: Arc<Container<T, P>>,
    snapshots: [Option<Snapshot>; SHARDS],
    heads: [Head; SHARDS],
    remaining: usize,
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Walk<T, P> {
    pub(crate) fn new(container: &Arc<Container<T, P>>) -> Self {
        let mut snapshots = [const { None }; SHARDS];
        let mut heads = [Head::END; SHARDS];
        let mut remaining = 0;
        let mut refused = false;
        let mut tables = container.lock_all();
        for (index, table) in tables.iter_mut().enumerate() {
            if table.is_empty() {
                continue;
            }
            remaining += table.len();
            let Ok(snapshot) = table.snapshot() else {
                refused = true;
                break;
            };
            heads[index] = Head::of(table, &snapshot, index);
            snapshots[index] = Some(snapshot);
        }
        drop(tables);
        let walk = Self {
            container: Arc::clone(container),
            snapshots,
            heads,
            remaining,
        };
        if refused {
            no_room();
        }
        walk
    }

    /// At most how many entries are still to be read.
    pub(crate) fn remaining(&self) -> usize {
        self.remaining
    }

    /// What `read` makes, inside the table, of the next entry for which it makes anything.
    #[inline]
    pub(crate) fn next<R>(
        &mut self,
        mut read: impl FnMut(u64, &Entry<T, P>) -> Option<R>,
    ) -> Option<R> {
        loop {
            let head = self
                .heads
                .into_iter()
                .min()
                .filter(|head| *head != Head::END)?;
            let index = head.shard();
            let snapshot = self.snapshots[index].as_mut()?;
            let table = self.container.lock(index);
            let next = table.next_if(snapshot, |entry| Head::new(entry, index) == head);
            let Some((hash, entry)) = next else {
                // It has been evicted.
                self.heads[index] = Head::of(&table, snapshot, index);
                continue;
            };
            let result = read(hash, entry);
            self.heads[index] = Head::of(&table, snapshot, index);
            drop(table);
            self.remaining = self.remaining.saturating_sub(1);
            if result.is_some() {
                return result;
            }
        }
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Drop for Walk<T, P> {
    fn drop(&mut self) {
        for (index, snapshot) in self.snapshots.iter_mut().enumerate() {
            let Some(snapshot) = snapshot.take() else {
                continue;
            };
            let mut table = self.container.lock(index);
            let kept = table.release(snapshot);
            let mut removed = table.reclaim();
            drop(table);
            drop_entries(kept);
            while let Some(entry) = removed {
                drop_entries([entry]);
                // A statement of its own: the lock ends with it.
                removed = self.container.lock(index).reclaim();
            }
        }
    }
}
