//! [`Store`]: the entries of a container, in shards.
//!
//! # Protocol
//! An entry is in the shard that its hash names; each shard is a table behind a lock of its own, so
//! that threads mostly meet only over the same keys. Under a lock run table operations, comparisons of
//! pointers and counts of references, nothing of the user's (S18, S33).
//!
//! - *Lookup* ([`locate`](Store::locate)) first recognises an entry inside the table. Only if that
//!   misses, the keys of equal hash are taken out, compared outside, and the table is asked again: an
//!   equal entry counts if it still is there, and a miss if no other entry of equal hash has come. An
//!   entry that has been compared is not compared again, so every lookup ends.
//! - *Insertion* ([`put`](Store::put)) first puts the container on the referent's list of watchers,
//!   then the entry into the table; the caller holds the referent, so it cannot die in between.
//! - *Removal* takes the entry out, then leaves the list, and only then lets go of the referent's
//!   memory (see [`crate::watchers`] for why).
//! - *Eviction* comes from the list: it takes out the entry that has the place on the list, if it still
//!   is there. Reads pass over the dead, and growth [sweeps](Shard::sweep) those that no list told
//!   of, so correctness does not depend on a slot's drop.
//! - Several shards are locked only together, all of them, in their order.

use super::entry::{Entry, Payload, Watched};
use super::in_flight::Factories;
use super::probe::Probe;
use crate::reference::home_of;
use crate::slot::WeakReferenceable;
use crate::sync::{Mutex, MutexGuard, yield_point};
use crate::unraisable::caught;
use crate::watchers::{Evict, Remains, Watch, Watcher, Watchers};
use crossbeam_utils::CachePadded;
use smallvec::SmallVec;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use weakrefs_table::{Entries, Position, Table};

/// So many shards has each container.
pub(crate) const SHARDS: usize = 8;

/// A shard with fewer entries is not swept.
const SWEEP_FROM: usize = 16;

/// The entries of a container.
pub(crate) struct Store<T: ?Sized + WeakReferenceable, P: Payload> {
    shards: Box<[CachePadded<Mutex<Shard<T, P>>>; SHARDS]>,
    next_order: AtomicU64,
    this: Weak<Self>,
    factories: Factories,
}

/// One of the tables.
pub(crate) struct Shard<T: ?Sized, P> {
    pub(crate) table: Table<Entry<T, P>>,
    /// The number of entries from which on the next insertion sweeps.
    sweep_at: usize,
}

/// What [`Store::put`] did inside the table.
enum Step<R, E> {
    Hit(R),
    Inserted(Option<Entries<E>>),
    /// The referent must be watched first.
    Unwatched,
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Store<T, P> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            shards: Box::new(std::array::from_fn(|_| {
                CachePadded::new(Mutex::new(Shard {
                    table: Table::new(),
                    sweep_at: SWEEP_FROM,
                }))
            })),
            next_order: AtomicU64::new(0),
            this: Weak::clone(this),
            factories: Factories::new(),
        })
    }

    #[inline]
    fn index_of(hash: u64) -> usize {
        // By the high bits of a product with the golden ratio: the table uses others.
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        (hash.wrapping_mul(GOLDEN) >> (u64::BITS - SHARDS.ilog2())) as usize
    }

    #[inline]
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard<T, P>> {
        self.shard_at(Self::index_of(hash))
    }

    #[inline]
    pub(crate) fn shard_at(&self, index: usize) -> MutexGuard<'_, Shard<T, P>> {
        yield_point();
        self.shards[index].lock()
    }

    /// Locks everything: for what must see one moment of the whole.
    pub(crate) fn lock_all(&self) -> SmallVec<[MutexGuard<'_, Shard<T, P>>; SHARDS]> {
        yield_point();
        self.shards.iter().map(|shard| shard.lock()).collect()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        let shards = self.lock_all();
        shards.iter().map(|shard| shard.table.len()).sum()
    }

    /// Does `act` inside the table, at the place of the entry that `probe` looks for if there is one.
    #[inline]
    pub(crate) fn locate<R, Q: Probe<T, P>>(
        &self,
        probe: &Q,
        mut act: impl FnMut(&mut Shard<T, P>, Option<Position>) -> R,
    ) -> R {
        let hash = probe.hash();
        let mut shard = self.shard(hash);
        let mut same_hash = false;
        let found = shard.table.find(hash, |entry| {
            same_hash = true;
            probe.is_same(entry)
        });
        if found.is_some() || !same_hash {
            return act(&mut shard, found);
        }
        drop(shard);
        self.compare(probe, act)
    }

    /// The second step of [`locate`](Self::locate).
    #[inline(never)]
    fn compare<R, Q: Probe<T, P>>(
        &self,
        probe: &Q,
        mut act: impl FnMut(&mut Shard<T, P>, Option<Position>) -> R,
    ) -> R {
        let hash = probe.hash();
        let mut unequal = SmallVec::<[Watch; 2]>::new();
        let mut equal = None::<Watch>;
        loop {
            let candidates = {
                let mut shard = self.shard(hash);
                let table = &shard.table;
                let found = table.find(hash, |entry| {
                    probe.is_same(entry)
                        || equal
                            .as_ref()
                            .is_some_and(|equal| equal.same(&entry.watch) && entry.is_alive())
                });
                if found.is_some() {
                    return act(&mut shard, found);
                }
                let candidates: SmallVec<[(Watch, Arc<Q::Key>); 2]> = table
                    .candidates(hash)
                    .filter(|(_, entry)| !unequal.iter().any(|other| other.same(&entry.watch)))
                    .filter_map(|(_, entry)| Some((entry.watch.clone(), probe.key_of(entry)?)))
                    .collect();
                if candidates.is_empty() {
                    return act(&mut shard, None);
                }
                candidates
            };
            equal = None;
            for (watch, key) in candidates {
                if probe.is_equal(&key) {
                    equal = Some(watch);
                    break;
                }
                unequal.push(watch);
            }
        }
    }

    /// What `read` makes, inside the table, of the entry that `probe` looks for.
    #[inline]
    pub(crate) fn get<R>(
        &self,
        probe: &impl Probe<T, P>,
        read: impl Fn(&Entry<T, P>) -> Option<R>,
    ) -> Option<R> {
        self.locate(probe, |shard, at| read(shard.table.get(at?)))
    }

    /// As [`get`](Self::get), but if there is nothing, what `make` returns after inserting it: one
    /// thread's at a time for the same hash.
    pub(crate) fn get_or_make<R>(
        &self,
        probe: &impl Probe<T, P>,
        read: impl Fn(&Entry<T, P>) -> Option<R>,
        make: impl FnOnce() -> R,
    ) -> R {
        loop {
            if let Some(present) = self.get(probe, &read) {
                return present;
            }
            let Some(_turn) = self.factories.turn(probe.hash()) else {
                continue;
            };
            // Another turn may have ended since.
            return self.get(probe, &read).unwrap_or_else(make);
        }
    }

    /// Inserts an entry, or does `hit` on the one that is there, inside the table.
    ///
    /// `hit` may move the payload and, if `watch` is set, the watched referent into the entry; what it
    /// leaves is dropped. Gives what `hit` returns, or `None` after an insertion.
    pub(crate) fn put<R>(
        &self,
        probe: &impl Probe<T, P>,
        referent: &Arc<T>,
        payload: P,
        watch: bool,
        mut hit: impl FnMut(&mut Entry<T, P>, &mut Option<Watched<T>>, &mut Option<P>) -> R,
    ) -> Option<R> {
        let mut payload = Some(payload);
        // Nobody watches a new object, so it is not here: it will most likely be inserted.
        let is_new = referent.weak_slot().watchers().is_none();
        let mut watched = (watch || is_new).then(|| self.watch(probe.hash(), referent));
        loop {
            let step = self.locate(probe, |shard, at| match at {
                Some(at) => Step::Hit(hit(shard.table.get_mut(at), &mut watched, &mut payload)),
                None => match (watched.take(), payload.take()) {
                    (Some(watched), Some(payload)) => {
                        let swept = shard.sweep();
                        shard.table.insert(
                            probe.hash(),
                            Entry {
                                order: self.next_order.fetch_add(1, Ordering::Relaxed),
                                watch: watched.watch,
                                referent: watched.referent,
                                payload,
                            },
                        );
                        Step::Inserted(swept)
                    }
                    (_, owned) => {
                        payload = owned;
                        Step::Unwatched
                    }
                },
            });
            match step {
                Step::Inserted(swept) => {
                    discard(swept.into_iter().flatten());
                    return None;
                }
                Step::Hit(result) => {
                    if let Some(unused) = watched {
                        unused.watch.cancel();
                    }
                    return Some(result);
                }
                Step::Unwatched => watched = Some(self.watch(probe.hash(), referent)),
            }
        }
    }

    /// Puts `referent` in place of the one in the entry that `probe` looks for, if `condition` holds
    /// inside the table.
    pub(crate) fn exchange_if(
        &self,
        probe: &impl Probe<T, P>,
        referent: &Arc<T>,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Option<()> {
        let mut watched = Some(self.watch(probe.hash(), referent));
        let replaced = self.locate(probe, |shard, at| {
            shard.entry_if(at, &condition)?.exchange(&mut watched)
        });
        let exchanged = replaced.is_some();
        if let Some(left) = replaced.or(watched) {
            left.watch.cancel();
        }
        exchanged.then_some(())
    }

    fn watch(&self, hash: u64, referent: &Arc<T>) -> Watched<T> {
        let watchers = referent.weak_slot().watchers_or_init();
        let watch = watchers.register(home_of(referent), |watch| {
            let container: Weak<dyn Evict> = self.this.clone();
            (Watcher::Container { container, hash }, watch)
        });
        Watched {
            watch,
            referent: Arc::downgrade(referent),
        }
    }

    /// Takes out the entry that `probe` looks for.
    pub(crate) fn remove(&self, probe: &impl Probe<T, P>) -> Option<Entry<T, P>> {
        self.remove_if(probe, |_| true)
    }

    /// Takes out the entry that `probe` looks for, if `condition` holds inside the table.
    pub(crate) fn remove_if(
        &self,
        probe: &impl Probe<T, P>,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Option<Entry<T, P>> {
        let entry = self.locate(probe, |shard, at| {
            let at = at.filter(|&at| condition(shard.table.get(at)))?;
            Some(shard.table.remove_at(at))
        })?;
        entry.watch.cancel();
        Some(entry)
    }

    /// Takes out the entry with this place on its referent's list.
    pub(crate) fn remove_watch(&self, hash: u64, watch: &Watch) -> Option<Entry<T, P>> {
        let mut shard = self.shard(hash);
        let entry = shard.table.remove(hash, |entry| entry.watch.same(watch))?;
        drop(shard);
        entry.watch.cancel();
        Some(entry)
    }

    /// Takes out the newest entry whose referent is alive.
    pub(crate) fn pop(&self) -> Option<(Arc<T>, P)> {
        loop {
            let entry = {
                let mut shards = self.lock_all();
                let newest = shards
                    .iter_mut()
                    .max_by_key(|shard| shard.table.last().map(|entry| entry.order))?;
                newest.table.pop()?
            };
            entry.watch.cancel();
            if let Some(referent) = entry.referent.upgrade() {
                return Some((referent, entry.payload));
            }
            discard([entry]);
        }
    }

    /// Takes everything out, in the order of insertion.
    pub(crate) fn take_all(&self) -> Vec<Entry<T, P>> {
        let mut shards = self.lock_all();
        let taken: SmallVec<[Entries<Entry<T, P>>; SHARDS]> = shards
            .iter_mut()
            .map(|shard| {
                shard.sweep_at = SWEEP_FROM;
                shard.table.clear()
            })
            .collect();
        drop(shards);
        let mut taken: Vec<_> = taken.into_iter().flatten().collect();
        taken.sort_by_key(|entry| entry.order);
        for entry in &taken {
            entry.watch.cancel();
        }
        taken
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        discard(self.take_all());
    }

    /// Makes room for `additional` more entries.
    pub(crate) fn reserve(&self, additional: usize) {
        for shard in self.lock_all().iter_mut() {
            shard.table.reserve(additional.div_ceil(SHARDS));
        }
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Shard<T, P> {
    /// The entry at a position, to be changed, if there is one for which `condition` holds.
    pub(crate) fn entry_if(
        &mut self,
        at: Option<Position>,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Option<&mut Entry<T, P>> {
        let at = at.filter(|&at| condition(self.table.get(at)))?;
        Some(self.table.get_mut(at))
    }

    /// Takes the dead out when the number of entries has doubled: those whose slot was never dropped.
    fn sweep(&mut self) -> Option<Entries<Entry<T, P>>> {
        if self.table.len() < self.sweep_at {
            return None;
        }
        let swept = self.table.extract(|entry| !entry.is_alive());
        self.sweep_at = (self.table.len() * 2).max(SWEEP_FROM);
        Some(swept)
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Evict for Store<T, P> {
    fn evict(&self, hash: u64, watchers: &Watchers, number: u64) -> Option<Remains> {
        let mut shard = self.shard(hash);
        let entry = shard
            .table
            .remove(hash, |entry| entry.watch.is(watchers, number))?;
        drop(shard);
        entry.payload.into_remains()
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Drop for Store<T, P> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Drops entries that have left a table, outside of every lock.
pub(crate) fn discard<T: ?Sized, P: Payload>(entries: impl IntoIterator<Item = Entry<T, P>>) {
    for entry in entries {
        if let Some(remains) = entry.payload.into_remains() {
            caught("dropping an entry of a container", || drop(remains));
        }
    }
}
