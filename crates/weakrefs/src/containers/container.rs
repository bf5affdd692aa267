//! [`Container`]: the entries of a weak container, behind one lock or, where threads meet, several.
//!
//! # Protocol
//! A container begins with one [`Shard`], a table behind a lock. When a thread has had to wait for that, and the table
//! is not small, its entries are spread over [`SHARDS`] shards by their hashes, for good: so threads mostly meet only
//! over the same keys, and who is alone pays for one lock and one table. The first shard is empty from then on, and
//! sends on whoever comes to it. Under a lock run table operations, comparisons of pointers and counts of references,
//! nothing of the user's (S18, S33).
//!
//! - *Lookup and insertion* are in [`super::lookup`].
//! - *Removal* takes the entry out, then leaves the list of watchers, and only then lets go of the referent's
//!   memory (see [`crate::watchers`] for why).
//! - *Eviction* comes from the list: it takes out the entry that has the place on the list, if it still
//!   is there. Reads pass over the dead, and growth sweeps those that no list told of, so correctness does
//!   not depend on a slot's drop.
//! - *Several shards* are locked only together, all of them, in their order, the first one before.
//! - *The number of entries* is noted by each shard when its lock is given back, to be read without.

use super::entry::{Entry, Payload};
use super::factories::Factories;
use super::table::{Bucket, Table};
use crate::chains::step;
use crate::no_room::no_room;
use crate::slot::WeakReferenceable;
use crate::sync::{AtomicU64, Mutex, MutexGuard, yield_point};
use crate::unraisable::caught;
use crate::watchers::{Evict, Remains, Watch, Watchers};
use smallvec::SmallVec;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use weakrefs_table::NoRoom;

/// Shards of a container that is spread.
pub(super) const SHARDS: usize = 8;

/// With fewer entries a container is not spread: to wait costs less.
const MANY: usize = if cfg!(any(test, shuttle)) { 2 } else { 64 };

/// The entries of a weak container.
pub(crate) struct Container<T: ?Sized + WeakReferenceable, P: Payload> {
    first: Arc<Shard<T, P>>,
    pub(super) next_number: AtomicU64,
    pub(super) factories: Factories,
}

/// A table behind a lock, as lists of watchers know it. Threads that insert and evict at the same time
/// count references to different ones, and they share no cache line.
#[repr(align(64))]
pub(super) struct Shard<T: ?Sized, P> {
    table: Mutex<Table<Entry<T, P>>>,
    /// How many entries there were when the lock was last given back.
    len: AtomicUsize,
    /// Where the entries of the first shard have gone. Set under its lock.
    spread: OnceLock<Shards<T, P>>,
}

type Shards<T, P> = Box<[Arc<Shard<T, P>>; SHARDS]>;

/// A shard's table, locked.
pub(super) struct Locked<'a, T: ?Sized, P> {
    table: MutexGuard<'a, Table<Entry<T, P>>>,
    len: &'a AtomicUsize,
}

impl<T: ?Sized, P> Deref for Locked<'_, T, P> {
    type Target = Table<Entry<T, P>>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.table
    }
}

impl<T: ?Sized, P> DerefMut for Locked<'_, T, P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.table
    }
}

impl<T: ?Sized, P> Drop for Locked<'_, T, P> {
    #[inline]
    fn drop(&mut self) {
        // A lookup leaves other threads' copy of the line as it is.
        let len = self.table.len();
        if self.len.load(Ordering::Relaxed) != len {
            self.len.store(len, Ordering::Relaxed);
        }
    }
}

/// The shard in which a hash belongs.
#[inline]
fn shard_of(hash: u64) -> usize {
    // By the high bits of a product with the golden ratio: the table uses others.
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    (hash.wrapping_mul(GOLDEN) >> (u64::BITS - SHARDS.ilog2())) as usize
}

impl<T: ?Sized, P: Payload> Shard<T, P> {
    fn new(table: Table<Entry<T, P>>) -> Arc<Self> {
        Arc::new(Self {
            table: Mutex::new(table),
            len: AtomicUsize::new(0),
            spread: OnceLock::new(),
        })
    }

    fn locked<'a>(&'a self, table: MutexGuard<'a, Table<Entry<T, P>>>) -> Locked<'a, T, P> {
        Locked {
            table,
            len: &self.len,
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, T, P> {
        yield_point();
        self.locked(self.table.lock())
    }

    /// Moves the entries of the first shard to others, if that is worth it. While somebody iterates over them, they stay.
    #[cold]
    fn spread(&self, mut table: Locked<'_, T, P>) {
        if self.spread.get().is_some() || table.len() < MANY || table.is_read() {
            return;
        }
        let shards: Shards<T, P> =
            Box::new(std::array::from_fn(|_| Self::new(Table::after(&table))));
        let mut sizes = [0; SHARDS];
        for bucket in table.iter() {
            sizes[shard_of(bucket.hash)] += 1;
        }
        for (shard, size) in shards.iter().zip(sizes) {
            if shard.lock().reserve(size).is_err() {
                return;
            }
        }
        let empty = Table::after(&table);
        for bucket in mem::replace(&mut *table, empty).into_buckets() {
            // There is room for it.
            _ = shards[shard_of(bucket.hash)].lock().insert(bucket);
        }
        _ = self.spread.set(shards);
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Container<T, P> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            first: Shard::new(Table::new()),
            next_number: AtomicU64::new(0),
            factories: Factories::new(),
        })
    }

    /// The shard to which an entry with this hash goes now.
    #[inline]
    pub(super) fn shard(&self, hash: u64) -> &Arc<Shard<T, P>> {
        match self.first.spread.get() {
            Some(shards) => &shards[shard_of(hash)],
            None => &self.first,
        }
    }

    /// The table of the entries with this hash.
    #[inline]
    pub(super) fn lock(&self, hash: u64) -> Locked<'_, T, P> {
        yield_point();
        if self.first.spread.get().is_none() {
            if let Some(table) = self.first.table.try_lock() {
                if self.first.spread.get().is_none() {
                    return self.first.locked(table);
                }
            }
        }
        self.lock_of_many(hash)
    }

    #[inline(never)]
    fn lock_of_many(&self, hash: u64) -> Locked<'_, T, P> {
        if self.first.spread.get().is_none() {
            self.first.spread(self.first.lock());
        }
        loop {
            let shard = self.shard(hash);
            let table = shard.lock();
            if Arc::ptr_eq(shard, self.shard(hash)) {
                return table;
            }
        }
    }

    /// The shard that has all entries, as long as the container is not spread.
    #[inline]
    pub(super) fn only_shard(&self) -> &Shard<T, P> {
        &self.first
    }

    /// The shards that have entries.
    pub(super) fn shards(&self) -> &[Arc<Shard<T, P>>] {
        match self.first.spread.get() {
            Some(shards) => &**shards,
            None => std::slice::from_ref(&self.first),
        }
    }

    /// Locks everything: for what must see one moment of the whole. The shards are those of [`shards`](Self::shards).
    pub(super) fn lock_all(&self) -> SmallVec<[Locked<'_, T, P>; SHARDS]> {
        loop {
            let shards = self.shards();
            let tables = shards.iter().map(|shard| shard.lock()).collect();
            if shards.len() == self.shards().len() {
                return tables;
            }
        }
    }

    /// How many entries there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let len = |shard: &Arc<Shard<T, P>>| shard.len.load(Ordering::Relaxed);
        self.shards().iter().map(len).sum()
    }

    /// Takes out the entry with this place on its referent's list, if `condition` holds inside the table.
    pub(crate) fn take_watched(
        &self,
        hash: u64,
        watch: &Watch,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Option<Entry<T, P>> {
        let is_wanted = |entry: &Entry<T, P>| entry.watch.same(watch) && condition(entry);
        // A statement of its own: the lock ends with it.
        let entry = self.lock(hash).remove(hash, is_wanted)?;
        entry.watch.cancel();
        Some(entry)
    }

    /// Takes out the oldest entry whose referent is alive.
    pub(crate) fn pop_first(&self) -> Option<(Arc<T>, P)> {
        self.pop(|tables| {
            let number = |table: &mut Locked<'_, T, P>| table.oldest();
            let oldest = tables.iter_mut().filter_map(number).min()?;
            tables
                .iter_mut()
                .find_map(|table| table.remove_number(oldest))
        })
    }

    /// Takes out the newest entry whose referent is alive.
    pub(crate) fn pop_last(&self) -> Option<(Arc<T>, P)> {
        self.pop(|tables| {
            let number = |table: &mut Locked<'_, T, P>| table.newest();
            let newest = tables.iter_mut().filter_map(number).max()?;
            tables
                .iter_mut()
                .find_map(|table| table.remove_number(newest))
        })
    }

    fn pop(
        &self,
        take: impl Fn(&mut [Locked<'_, T, P>]) -> Option<Entry<T, P>>,
    ) -> Option<(Arc<T>, P)> {
        loop {
            // A statement of its own: the locks end with it.
            let entry = take(&mut self.lock_all())?;
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
        let mut taken: Vec<Bucket<Entry<T, P>>> = Vec::new();
        for table in &mut tables {
            table.take_all(&mut taken);
        }
        drop(tables);
        taken.sort_by_key(|bucket| bucket.number);
        let taken: Vec<_> = taken.into_iter().map(|bucket| bucket.entry).collect();
        for entry in &taken {
            entry.watch.cancel();
        }
        taken
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        drop_entries(self.take_all());
    }

    /// How many entries there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.lock_all().iter().map(|table| table.capacity()).sum()
    }

    /// Makes room for `additional` more entries.
    pub(crate) fn reserve(&self, additional: usize) {
        let mut tables = self.lock_all();
        let each = additional.div_ceil(tables.len());
        let reserved = tables.iter_mut().try_for_each(|table| table.reserve(each));
        drop(tables);
        reserved.unwrap_or_else(|NoRoom| no_room());
    }

    /// Gives back what memory is not needed, of one shard after the other.
    pub(crate) fn shrink_to_fit(&self) {
        for shard in self.shards() {
            shard.lock().shrink_to(0);
        }
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Evict for Shard<T, P> {
    fn evict(&self, hash: u64, watchers: &Watchers, number: u64) -> Option<Remains> {
        let is_wanted = |entry: &Entry<T, P>| entry.watch.is(watchers, number);
        // A statement of its own: the lock ends with it.
        let evicted = self.lock().evict(hash, is_wanted);
        let entry = match (evicted, self.spread.get()) {
            (Some(entry), _) => entry,
            (None, Some(shards)) => shards[shard_of(hash)].lock().evict(hash, is_wanted)?,
            (None, None) => return None,
        };
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
    use super::super::Handle;
    use super::{Container, SHARDS};
    use crate::{Tracked, WeakSet};
    use std::sync::Arc;
    use weakrefs_table::Search;

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

    fn spread(container: &Container<Tracked<u32>, ()>) -> usize {
        container.first.spread(container.first.lock());
        container.shards().len()
    }

    /// S18, S20, S21: entries that are moved to several shards stay what and where they were, and die as before.
    #[test]
    fn a_container_is_spread() {
        let mut objects: Vec<_> = (0..100).map(|n| Arc::new(Tracked::new(n))).collect();
        let set: WeakSet<_> = objects.iter().take(50).collect();
        let container = Arc::clone(&set.container);
        let read = set.iter();
        assert_eq!(spread(&container), 1, "it is being read");
        drop(read);
        let version = container.first.lock().version();
        assert_eq!(spread(&container), SHARDS);
        let is_later = |shard: &Arc<super::Shard<_, _>>| shard.lock().version() > version;
        assert!(
            container.shards().iter().all(is_later),
            "what a lookup has noted is out of date"
        );
        assert_eq!(spread(&container), SHARDS, "once");
        set.extend(&objects);
        assert!(set.iter().eq(objects.iter().cloned()));
        assert_eq!(set.len(), 100);
        let mut read = set.iter();
        for n in [0, 10, 60, 89] {
            drop(objects.remove(n));
        }
        assert_eq!(set.len(), 96);
        assert!(read.by_ref().take(40).eq(objects.iter().take(40).cloned()));
        assert!(read.rev().eq(objects[40..].iter().rev().cloned()));
        assert!(objects.iter().all(|object| set.contains(object)));
        assert_eq!(
            container.pop_first().map(|(object, ())| object),
            Some(objects.remove(0))
        );
        assert_eq!(
            container.pop_last().map(|(object, ())| object),
            objects.pop()
        );
        assert!(set.drain().eq(objects));
    }

    /// An unused container owns nothing, and its clones are nevertheless the same.
    #[test]
    fn a_handle_is_made_when_it_is_used() {
        static HANDLE: Handle<Tracked<u32>, ()> = Handle::new();
        assert!(size_of_val(&HANDLE) <= 2 * size_of::<usize>());
        let clone = HANDLE.clone();
        assert!(clone.ptr_eq(&HANDLE));
        assert!(!clone.ptr_eq(&Handle::new()));
    }
}
