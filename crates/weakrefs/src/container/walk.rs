//! [`Walk`]: reading a snapshot of a store, in the order of insertion (S21).
//!
//! A snapshot of each shard is opened while all are locked, which costs the same whatever the size.
//! Each step reads the oldest of the shards' next entries. Nothing is kept alive: what is not yet read
//! is held weakly, or by the table for as long as the snapshot is open.

use super::entry::{Entry, Payload};
use super::store::{SHARDS, Store, discard};
use crate::no_room::no_room;
use crate::slot::WeakReferenceable;
use std::sync::Arc;
use weakrefs_table::{Snapshot, Table};

/// A shard's next entry: when it was inserted, and its hash.
#[derive(Clone, Copy)]
struct Head {
    order: u64,
    hash: u64,
}

/// There is no next entry.
const END: Head = Head {
    order: u64::MAX,
    hash: 0,
};

/// A reader of a snapshot.
pub(crate) struct Walk<T: ?Sized + WeakReferenceable, P: Payload> {
    store: Arc<Store<T, P>>,
    snapshots: [Option<Snapshot>; SHARDS],
    heads: [Head; SHARDS],
    remaining: usize,
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Walk<T, P> {
    pub(crate) fn new(store: &Arc<Store<T, P>>) -> Self {
        let mut snapshots = [const { None }; SHARDS];
        let mut heads = [END; SHARDS];
        let mut remaining = 0;
        let mut refused = false;
        let mut shards = store.lock_all();
        for (index, shard) in shards.iter_mut().enumerate() {
            if shard.table.is_empty() {
                continue;
            }
            remaining += shard.table.len();
            let Ok(snapshot) = shard.table.snapshot() else {
                refused = true;
                break;
            };
            heads[index] = head(&shard.table, &snapshot);
            snapshots[index] = Some(snapshot);
        }
        drop(shards);
        let walk = Self {
            store: Arc::clone(store),
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
            let heads = self.heads.iter().enumerate();
            let (index, &Head { order, hash }) = heads.min_by_key(|(_, head)| head.order)?;
            if order == END.order {
                return None;
            }
            let snapshot = self.snapshots[index].as_mut()?;
            let shard = self.store.shard_at(index);
            let now = head(&shard.table, snapshot);
            if now.order != order {
                // It has been evicted.
                self.heads[index] = now;
                continue;
            }
            let entry = shard.table.next(snapshot)?;
            let result = read(hash, entry);
            self.heads[index] = head(&shard.table, snapshot);
            drop(shard);
            self.remaining = self.remaining.saturating_sub(1);
            if result.is_some() {
                return result;
            }
        }
    }
}

fn head<T: ?Sized, P>(table: &Table<Entry<T, P>>, snapshot: &Snapshot) -> Head {
    table.peek(snapshot).map_or(END, |(hash, entry)| Head {
        order: entry.order,
        hash,
    })
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Drop for Walk<T, P> {
    fn drop(&mut self) {
        for (index, snapshot) in self.snapshots.iter_mut().enumerate() {
            let Some(snapshot) = snapshot.take() else {
                continue;
            };
            let mut shard = self.store.shard_at(index);
            let kept = shard.table.release(snapshot);
            let mut removed = shard.table.reclaim();
            drop(shard);
            discard(kept);
            while let Some(entry) = removed {
                discard([entry]);
                // A statement of its own: the lock ends with it.
                removed = self.store.shard_at(index).table.reclaim();
            }
        }
    }
}
