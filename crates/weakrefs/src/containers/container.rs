//! [`Container`]: the entries of a weak container, in shards.
//!
//! # Protocol
//! An entry is in the shard that its hash names; each shard is a table behind a lock of its own, so
//! that threads mostly meet only over the same keys. Under a lock run table operations, comparisons of
//! pointers and counts of references, nothing of the user's (S18, S33).
//!
//! - *Lookup and insertion* are in [`super::lookup`].
//! - *Removal* takes the entry out, then leaves the list of watchers, and only then lets go of the referent's
//!   memory (see [`crate::watchers`] for why).
//! - *Eviction* comes from the list: it takes out the entry that has the place on the list, if it still
//!   is there. Reads pass over the dead, and growth sweeps those that no list told of, so correctness does
//!   not depend on a slot's drop.
//! - Several shards are locked only together, all of them, in their order.

use super::entry::{Entry, Payload};
use super::factories::Factories;
use crate::chains::step;
use crate::no_room::no_room;
use crate::slot::WeakReferenceable;
use crate::sync::{AtomicU64, Mutex, MutexGuard, yield_point};
use crate::unraisable::caught;
use crate::watchers::{Evict, Remains, Watch, Watchers};
use smallvec::SmallVec;
use std::sync::Arc;
use weakrefs_table::{Entries, NoRoom, Table};

/// Shards per container.
pub(super) const SHARDS: usize = 8;

/// The entries of a weak container.
pub(crate) struct Container<T: ?Sized + WeakReferenceable, P: Payload> {
    shards: [Arc<Shard<T, P>>; SHARDS],
    pub(super) next_order: AtomicU64,
    pub(super) factories: Factories,
}

/// One of the shards, as lists of watchers know it. Threads that insert and evict at the same time
/// count references to different ones.
pub(super) struct Shard<T: ?Sized, P> {
    table: Mutex<Table<Entry<T, P>>>,
}

/// The table of a locked shard.
pub(super) type Locked<'a, T, P> = MutexGuard<'a, Table<Entry<T, P>>>;

impl<T: ?Sized, P> Shard<T, P> {
    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, T, P> {
        yield_point();
        self.table.lock()
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Container<T, P> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            shards: std::array::from_fn(|_| {
                Arc::new(Shard {
                    table: Mutex::new(Table::new()),
                })
            }),
            next_order: AtomicU64::new(0),
            factories: Factories::new(),
        })
    }

    /// The shard of the entries with a hash.
    #[inline]
    pub(super) fn shard_of(&self, hash: u64) -> &Arc<Shard<T, P>> {
        // By the high bits of a product with the golden ratio: the table uses others.
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        &self.shards[(hash.wrapping_mul(GOLDEN) >> (u64::BITS - SHARDS.ilog2())) as usize]
    }

    #[inline]
    pub(super) fn lock(&self, shard: usize) -> Locked<'_, T, P> {
        self.shards[shard].lock()
    }

    /// Locks everything: for what must see one moment of the whole.
    pub(super) fn lock_all(&self) -> SmallVec<[Locked<'_, T, P>; SHARDS]> {
        yield_point();
        let shards = self.shards.iter();
        shards.map(|shard| shard.table.lock()).collect()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        let tables = self.lock_all();
        tables.iter().map(|table| table.len()).sum()
    }

    /// Takes out the entry with this place on its referent's list, if `condition` holds inside the table.
    pub(crate) fn take_watched(
        &self,
        hash: u64,
        watch: &Watch,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Option<Entry<T, P>> {
        let is_wanted = |entry: &Entry<T, P>| entry.watch.same(watch) && condition(entry);
        let entry = self.shard_of(hash).lock().remove(hash, is_wanted)?;
        entry.watch.cancel();
        Some(entry)
    }

    /// Takes out the newest entry whose referent is alive.
    pub(crate) fn pop(&self) -> Option<(Arc<T>, P)> {
        loop {
            let entry = {
                let mut tables = self.lock_all();
                let newest = tables
                    .iter_mut()
                    .max_by_key(|table| table.last().map(|entry| entry.order))?;
                newest.pop()?
            };
            entry.watch.cancel();
            if let Some(referent) = entry.referent.upgrade() {
                return Some((referent, entry.payload));
            }
            drop_entries([entry]);
        }
    }

    /// Takes everything out, in the order of insertion.
    pub(crate) fn take_all(&self) -> Vec<Entry<T, P>> {
        let mut tables = self.lock_all();
        let taken: SmallVec<[Entries<Entry<T, P>>; SHARDS]> = tables
            .iter_mut()
            .map(|table| {
                if table.is_read() {
                    // What a snapshot keeps `clear` would not give to us.
                    table.extract(|_| true)
                } else {
                    table.clear()
                }
            })
            .collect();
        drop(tables);
        let mut taken: Vec<_> = taken.into_iter().flatten().collect();
        taken.sort_by_key(|entry| entry.order);
        for entry in &taken {
            entry.watch.cancel();
        }
        taken
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        drop_entries(self.take_all());
    }

    /// Makes room for `additional` more entries.
    pub(crate) fn reserve(&self, additional: usize) {
        let mut tables = self.lock_all();
        let each = additional.div_ceil(SHARDS);
        let reserved = tables.iter_mut().try_for_each(|table| table.reserve(each));
        drop(tables);
        reserved.unwrap_or_else(|NoRoom| no_room());
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Evict for Shard<T, P> {
    fn evict(&self, hash: u64, watchers: &Watchers, number: u64) -> Option<Remains> {
        let is_wanted = |entry: &Entry<T, P>| entry.watch.is(watchers, number);
        // A statement of its own: the lock ends with it.
        let entry = self.table.lock().evict(hash, is_wanted)?;
        entry.payload.into_remains()
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Drop for Container<T, P> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Drops entries that have left a table, outside of every lock.
pub(crate) fn drop_entries<T: ?Sized, P: Payload>(entries: impl IntoIterator<Item = Entry<T, P>>) {
    for entry in entries {
        if let Some(remains) = entry.payload.into_remains() {
            step(|| {
                caught("dropping an entry of a container", || drop(remains));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Tracked, WeakSet};
    use std::sync::Arc;

    /// S21: a snapshot keeps what is taken out, and so does whoever takes it.
    #[test]
    fn what_is_being_read_can_be_taken_out() {
        let objects: Vec<_> = (0..20).map(|n| Arc::new(Tracked::new(n))).collect();
        let set: WeakSet<_> = objects.iter().collect();
        let read = set.iter();
        let drained: Vec<_> = set.drain().collect();
        assert_eq!(drained, objects);
        assert_eq!(set.len(), 0);
        assert_eq!(read.count(), 20);
    }
}
