//! [`Container`]: the entries of a weak container, behind one lock or, where threads meet, several.
//!
//! # Protocol
//! A container begins with one [`Shard`]. When a thread has had to wait for that, and the table is not small, its entries
//! are [spread](Shard::spread) over [`SHARDS`] by their hashes, for good: so threads mostly meet only over the same keys,
//! and who is alone pays for one lock and one table. The first shard is empty from then on, and sends on whoever comes to it.
//!
//! - *Lookup and insertion* are in [`super::lookup`].
//! - *Removal* takes the entry out, then leaves the list of watchers, and only then lets go of the referent's
//!   memory (see [`crate::watchers`] for why).
//! - *Eviction* comes from the list: it takes out the entry that has the place on the list, if it still
//!   is there. Reads pass over the dead, and growth sweeps those that no list told of, so correctness does
//!   not depend on a slot's drop.
//! - *Several shards* are locked only together, all of them, in their order, the first one before.

use super::entry::Entry;
use super::eviction::Eviction;
use super::eviction::sealed::Identity;
use super::listener::{ListenerCell, RemovalCause, tell};
use super::shard::{Locked, SHARDS, Shard, shard_of};
use super::table::{Bucket, Table};
use crate::no_room::no_room;
use crate::owner::Shared;
use crate::owner::sealed::{Counter, Kind, Lock, OnceOwner, Owner, Turns, Weak};
use crate::sync::yield_point;
use smallvec::SmallVec;
use weakrefs_table::NoRoom;

/// The entries of a weak container.
pub(crate) struct Container<O: Owner, P: Clone, E: Eviction<O, P>> {
    first: Shared<O, Shard<O, P, E>>,
    pub(super) next_number: <O::Kind as Kind>::Counter,
    pub(super) factories: <O::Kind as Kind>::Turns,
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Container<O, P, E> {
    pub(crate) fn new() -> Shared<O, Self> {
        Owner::new(Self {
            first: Shard::<O, P, E>::new(Table::new()),
            next_number: Counter::new(0),
            factories: Turns::new(),
        })
    }

    /// The shard to which an entry with this hash goes now.
    #[inline]
    pub(super) fn shard(&self, hash: u64) -> &Shared<O, Shard<O, P, E>> {
        match self.first.others() {
            Some(shards) => &shards[shard_of(hash)],
            None => &self.first,
        }
    }

    /// The table of the entries with this hash.
    #[inline]
    pub(super) fn lock(&self, hash: u64) -> Locked<'_, O, P, E> {
        yield_point();
        if self.first.others().is_none() {
            if let Some(table) = self.first.try_lock() {
                if self.first.others().is_none() {
                    return table;
                }
            }
        }
        self.lock_of_many(hash)
    }

    #[inline(never)]
    fn lock_of_many(&self, hash: u64) -> Locked<'_, O, P, E> {
        if self.first.others().is_none() {
            self.first.spread(self.first.lock());
        }
        loop {
            let shard = self.shard(hash);
            let table = shard.lock();
            if shard.ptr_eq(self.shard(hash)) {
                return table;
            }
        }
    }

    /// The shard that has all entries, as long as the container is not spread.
    #[inline]
    pub(super) fn only_shard(&self) -> &Shard<O, P, E> {
        &self.first
    }

    /// The shards that have entries.
    pub(super) fn shards(&self) -> &[Shared<O, Shard<O, P, E>>] {
        match self.first.others() {
            Some(shards) => shards,
            None => std::slice::from_ref(&self.first),
        }
    }

    /// Locks everything: for what must see one moment of the whole. The shards are those of [`shards`](Self::shards).
    pub(super) fn lock_all(&self) -> SmallVec<[Locked<'_, O, P, E>; SHARDS]> {
        loop {
            let shards = self.shards();
            let tables = shards.iter().map(|shard| shard.lock()).collect();
            if shards.len() == self.shards().len() {
                return tables;
            }
        }
    }

    /// Where the listener is, which from now on has a place.
    pub(super) fn listeners(&self) -> Shared<O, ListenerCell<O::Kind, P>> {
        // Nobody spreads the container meanwhile.
        let _first = self.first.lock();
        let make = || Shared::<O, _>::new(Lock::new(None));
        let listeners = self.first.listeners.get_or_init(make).clone();
        for shard in self.shards() {
            shard.listeners.get_or_init(|| listeners.clone());
        }
        listeners
    }

    pub(super) fn has_listener(&self) -> bool {
        self.first.has_listener()
    }

    /// Tells the listener, if there is one, that something has left, and why. Outside of all locks.
    #[inline]
    pub(crate) fn tell(&self, payload: &P, cause: RemovalCause) {
        if self.first.has_listener() {
            if let Some(listener) = self.first.listener() {
                tell::<O::Kind, P>(listener, payload, cause);
            }
        }
    }

    /// Tells that entries have left: if they live, because they were removed.
    fn tell_all(&self, entries: &[Entry<O, P, E>]) {
        if self.first.has_listener() {
            for entry in entries {
                let cause = if entry.is_alive() {
                    RemovalCause::Removed
                } else {
                    RemovalCause::Died
                };
                self.tell(&entry.payload, cause);
            }
        }
    }

    /// How many entries there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let len = |shard: &Shared<O, Shard<O, P, E>>| shard.len();
        self.shards().iter().map(len).sum()
    }

    /// Takes out the entry with this place on its referent's list, if `condition` holds inside the table.
    pub(crate) fn take_watched(
        &self,
        hash: u64,
        watch: &E::Watch<O::Kind>,
        condition: impl Fn(&Entry<O, P, E>) -> bool,
    ) -> Option<Entry<O, P, E>> {
        let is_wanted = |entry: &Entry<O, P, E>| entry.watch.same(watch) && condition(entry);
        // A statement of its own: the lock ends with it.
        let entry = self.lock(hash).remove(hash, is_wanted)?;
        entry.watch.cancel();
        self.tell(&entry.payload, RemovalCause::Removed);
        Some(entry)
    }

    /// Takes out the oldest entry whose referent is alive.
    pub(crate) fn pop_first(&self) -> Option<(O, P)> {
        self.pop(|tables| {
            let number = |table: &mut Locked<'_, O, P, E>| table.oldest();
            let oldest = tables.iter_mut().filter_map(number).min()?;
            tables
                .iter_mut()
                .find_map(|table| table.remove_number(oldest))
        })
    }

    /// Takes out the newest entry whose referent is alive.
    pub(crate) fn pop_last(&self) -> Option<(O, P)> {
        self.pop(|tables| {
            let number = |table: &mut Locked<'_, O, P, E>| table.newest();
            let newest = tables.iter_mut().filter_map(number).max()?;
            tables
                .iter_mut()
                .find_map(|table| table.remove_number(newest))
        })
    }

    fn pop(
        &self,
        take: impl Fn(&mut [Locked<'_, O, P, E>]) -> Option<Entry<O, P, E>>,
    ) -> Option<(O, P)> {
        loop {
            // A statement of its own: the locks end with it.
            let entry = take(&mut self.lock_all())?;
            entry.watch.cancel();
            if let Some(referent) = entry.referent.upgrade() {
                self.tell(&entry.payload, RemovalCause::Removed);
                return Some((referent, entry.payload));
            }
            self.tell(&entry.payload, RemovalCause::Died);
            drop_entries([entry]);
        }
    }

    /// Takes everything out, in the order of insertion.
    pub(crate) fn take_all(&self) -> Vec<Entry<O, P, E>> {
        let mut tables = self.lock_all();
        let mut taken: Vec<Bucket<Entry<O, P, E>>> = Vec::new();
        for table in &mut tables {
            table.take_all(&mut taken);
        }
        drop(tables);
        taken.sort_by_key(|bucket| bucket.number);
        let taken: Vec<_> = taken.into_iter().map(|bucket| bucket.entry).collect();
        for entry in &taken {
            entry.watch.cancel();
        }
        self.tell_all(&taken);
        taken
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        drop_entries(self.take_all());
    }

    /// Takes out the entries whose referents are dead, of one shard after the other. Gives how many.
    pub(crate) fn remove_expired(&self) -> usize {
        let expired = self.shards().iter().map(|shard| {
            // A statement of its own: the lock ends with it.
            let expired = shard.lock().extract(|entry| !entry.is_alive());
            let count = expired.len();
            self.drop_expired(expired);
            count
        });
        expired.sum()
    }

    /// Drops entries of the dead, which nobody else takes off their lists, outside of every lock.
    #[cold]
    pub(super) fn drop_expired(&self, expired: Vec<Bucket<Entry<O, P, E>>>) {
        for Bucket { entry, .. } in expired {
            entry.watch.cancel();
            self.tell(&entry.payload, RemovalCause::Died);
            drop_entries([entry]);
        }
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

impl<O: Owner, P: Clone, E: Eviction<O, P>> Drop for Container<O, P, E> {
    fn drop(&mut self) {
        self.drop_listener();
        self.clear();
    }
}

/// Drops entries that have left a table, outside of every lock.
pub(crate) fn drop_entries<O: Owner, P: Clone, E: Eviction<O, P>>(
    entries: impl IntoIterator<Item = Entry<O, P, E>>,
) {
    for entry in entries {
        E::discard(entry.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Eager, Handle};
    use super::{Container, SHARDS};
    use crate::{Tracked, WeakSet};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
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

    fn spread(container: &Container<Arc<Tracked<u32>>, (), Eager>) -> usize {
        container.first.spread(container.first.lock());
        container.shards().len()
    }

    /// S18, S20, S21: entries that are moved to several shards stay what and where they were, and die as before.
    #[test]
    fn a_container_is_spread() {
        let mut objects: Vec<_> = (0..100).map(|n| Arc::new(Tracked::new(n))).collect();
        let set: WeakSet<_> = objects.iter().take(50).collect();
        let container = Arc::clone(&set.container.get());
        let read = set.iter();
        assert_eq!(spread(&container), 1, "it is being read");
        drop(read);
        let version = container.first.lock().version();
        assert_eq!(spread(&container), SHARDS);
        let is_later = |shard: &Arc<super::Shard<_, _, _>>| shard.lock().version() > version;
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

    /// S20: a listener hears of all shards, whether it was there before the container was spread, or came after.
    #[test]
    fn all_shards_tell() {
        for is_before in [true, false] {
            let mut objects: Vec<_> = (0..100).map(|n| Arc::new(Tracked::new(n))).collect();
            let set: WeakSet<_> = objects.iter().take(50).collect();
            let told = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&told);
            let listener = move |_| _ = count.fetch_add(1, Ordering::Relaxed);
            if is_before {
                set.set_removal_listener(listener);
                assert_eq!(spread(&set.container.get()), SHARDS);
            } else {
                assert_eq!(spread(&set.container.get()), SHARDS);
                set.set_removal_listener(listener);
            }
            set.extend(&objects);
            objects.clear();
            assert_eq!(told.load(Ordering::Relaxed), 100);
        }
    }

    /// An unused container owns nothing, and its clones are nevertheless the same.
    #[test]
    fn a_handle_is_made_when_it_is_used() {
        static HANDLE: Handle<Arc<Tracked<u32>>, (), Eager> = Handle::new();
        assert!(size_of_val(&HANDLE) <= 2 * size_of::<usize>());
        let clone = HANDLE.clone();
        assert!(clone.ptr_eq(&HANDLE));
        assert!(!clone.ptr_eq(&Handle::new()));
    }
}
