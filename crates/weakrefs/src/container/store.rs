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
//!   is there. Reads pass over the dead, and growth [sweeps](Store::sweep) those that no list told
//!   of, so correctness does not depend on a slot's drop.
//! - Several shards are locked only together, all of them, in their order.

use super::entry::{Entry, Payload};
use super::in_flight::Factories;
use super::offer::Offer;
use super::probe::Probe;
use crate::drop_first::drop_first;
use crate::no_room::no_room;
use crate::reference::home_of;
use crate::slot::WeakReferenceable;
use crate::sync::{Mutex, MutexGuard, yield_point};
use crate::unraisable::caught;
use crate::watchers::{Evict, Remains, Watch, Watcher, Watchers};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use weakrefs_table::{Entries, Miss, NoRoom, Position, Table};

/// So many shards has each container.
pub(crate) const SHARDS: usize = 8;

/// A shard with fewer entries is not swept.
const SWEEP_FROM: usize = 16;

/// The entries of a container.
pub(crate) struct Store<T: ?Sized + WeakReferenceable, P: Payload> {
    shards: [Arc<Shard<T, P>>; SHARDS],
    next_order: AtomicU64,
    factories: Factories,
}

/// One of the shards, as lists of watchers know it. Threads that insert and evict at the same time
/// count references to different ones.
struct Shard<T: ?Sized, P> {
    contents: Mutex<Contents<T, P>>,
}

/// The table of a shard.
pub(crate) struct Contents<T: ?Sized, P> {
    pub(crate) table: Table<Entry<T, P>>,
    /// The number of entries from which on the next insertion sweeps.
    sweep_at: usize,
}

/// What [`Store::put`] did inside the table.
enum Step<R> {
    Hit(R),
    Inserted,
    /// The referent must be watched first.
    Unwatched,
    /// The dead must be taken out first.
    Full,
    /// There is no room. Nothing has changed.
    Refused,
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Store<T, P> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            shards: std::array::from_fn(|_| {
                Arc::new(Shard {
                    contents: Mutex::new(Contents {
                        table: Table::new(),
                        sweep_at: SWEEP_FROM,
                    }),
                })
            }),
            next_order: AtomicU64::new(0),
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
    fn shard(&self, hash: u64) -> MutexGuard<'_, Contents<T, P>> {
        self.shard_at(Self::index_of(hash))
    }

    #[inline]
    pub(crate) fn shard_at(&self, index: usize) -> MutexGuard<'_, Contents<T, P>> {
        yield_point();
        self.shards[index].contents.lock()
    }

    /// Locks everything: for what must see one moment of the whole.
    pub(crate) fn lock_all(&self) -> SmallVec<[MutexGuard<'_, Contents<T, P>>; SHARDS]> {
        yield_point();
        let shards = self.shards.iter();
        shards.map(|shard| shard.contents.lock()).collect()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        let shards = self.lock_all();
        shards.iter().map(|shard| shard.table.len()).sum()
    }

    /// Does `act` inside the table, at the place of the entry that `probe` looks for, or with its miss.
    #[inline]
    pub(crate) fn locate<R, Q: Probe<T, P>>(
        &self,
        probe: &Q,
        mut act: impl FnMut(&mut Contents<T, P>, Result<Position, Miss>) -> R,
    ) -> R {
        let hash = probe.hash();
        let mut shard = self.shard(hash);
        match shard.table.search(hash, |entry| probe.is_same(entry)) {
            Err(miss) if miss.candidate.is_some() => {
                drop(shard);
                self.compare(probe, act)
            }
            found => act(&mut shard, found),
        }
    }

    /// The second step of [`locate`](Self::locate).
    #[inline(never)]
    fn compare<R, Q: Probe<T, P>>(
        &self,
        probe: &Q,
        mut act: impl FnMut(&mut Contents<T, P>, Result<Position, Miss>) -> R,
    ) -> R {
        let hash = probe.hash();
        let mut unequal = SmallVec::<[Watch; 2]>::new();
        let mut equal = None::<Watch>;
        loop {
            let candidates = {
                let mut shard = self.shard(hash);
                let table = &shard.table;
                let found = table.search(hash, |entry| {
                    probe.is_same(entry)
                        || equal
                            .as_ref()
                            .is_some_and(|equal| equal.same(&entry.watch) && entry.is_alive())
                });
                if found.is_ok() {
                    return act(&mut shard, found);
                }
                let candidates: SmallVec<[(Watch, Arc<Q::Key>); 2]> = table
                    .candidates(hash)
                    .filter(|(_, entry)| !unequal.iter().any(|other| other.same(&entry.watch)))
                    .filter_map(|(_, entry)| Some((entry.watch.clone(), probe.key_of(entry)?)))
                    .collect();
                if candidates.is_empty() {
                    return act(&mut shard, found);
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
    ///
    /// What is compared outside is all of equal hash that is there at one moment, and so is what was
    /// read of the one that is equal: the answer is that of this moment. Mostly there is one, if any.
    #[inline]
    pub(crate) fn get<R, Q: Probe<T, P>>(
        &self,
        probe: &Q,
        read: impl Fn(&Entry<T, P>) -> Option<R>,
    ) -> Option<R> {
        let hash = probe.hash();
        let shard = self.shard(hash);
        let mut candidates = shard.table.candidates(hash).map(|(_, entry)| entry);
        let first = candidates.next()?;
        if probe.is_same(first) {
            return read(first);
        }
        let several = candidates.next().is_some();
        drop(candidates);
        if several {
            return Self::get_of_many(shard, probe, read);
        }
        let key = probe.key_of(first)?;
        let result = read(first);
        drop(shard);
        let equal = probe.is_equal(&key);
        drop_first(key, if equal { result } else { None })
    }

    /// The same if there are several of equal hash.
    #[cold]
    fn get_of_many<R, Q: Probe<T, P>>(
        shard: MutexGuard<'_, Contents<T, P>>,
        probe: &Q,
        read: impl Fn(&Entry<T, P>) -> Option<R>,
    ) -> Option<R> {
        let hash = probe.hash();
        if let Some(at) = shard.table.find(hash, |entry| probe.is_same(entry)) {
            return shard.table.get(at).and_then(read);
        }
        let candidates: SmallVec<[_; 1]> = shard
            .table
            .candidates(probe.hash())
            .filter_map(|(_, entry)| Some((probe.key_of(entry)?, read(entry))))
            .collect();
        drop(shard);
        let mut candidates = candidates.into_iter();
        let (key, result) = candidates.find(|(key, _)| probe.is_equal(key))?;
        drop_first((key, candidates), result)
    }

    /// As [`get`](Self::get), but if there is nothing, what `make` returns after inserting it: one
    /// thread's at a time for the same hash.
    pub(crate) fn get_or_make<R, E>(
        &self,
        probe: &impl Probe<T, P>,
        read: impl Fn(&Entry<T, P>) -> Option<R>,
        make: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        loop {
            if let Some(present) = self.get(probe, &read) {
                return Ok(present);
            }
            let Some(_turn) = self.factories.turn(probe.hash()) else {
                continue;
            };
            // Another turn may have ended since.
            return self.get(probe, &read).map_or_else(make, Ok);
        }
    }

    /// Inserts an entry, or reads the one that is there, inside the table. Gives what `read` makes and what is left of
    /// the offer, or `None` after an insertion.
    pub(crate) fn put<R>(
        &self,
        probe: &impl Probe<T, P>,
        referent: &Arc<T>,
        payload: P,
        mut read: impl FnMut(&Entry<T, P>) -> R,
    ) -> Option<(R, Offer<T, P>)> {
        self.put_or(probe, referent, payload, false, |table, at, _| {
            table.get(at).map(&mut read).ok_or(NoRoom)
        })
    }

    /// Inserts an entry, or has `exchange` exchange parts of the one that is there with what is offered, which is always
    /// watched if `watch` is set. Gives what is left of the offer, or `None` after an insertion.
    pub(crate) fn put_over(
        &self,
        probe: &impl Probe<T, P>,
        referent: &Arc<T>,
        payload: P,
        watch: bool,
        exchange: impl Fn(&mut Offer<T, P>, &mut Entry<T, P>),
    ) -> Option<Offer<T, P>> {
        let hit = self.put_or(probe, referent, payload, watch, |table, at, offer| {
            exchange(offer, table.get_mut(at)?);
            Ok(())
        });
        hit.map(|((), offer)| offer)
    }

    /// Inserts an entry, or does `hit` with the position of the one that is there.
    fn put_or<R>(
        &self,
        probe: &impl Probe<T, P>,
        referent: &Arc<T>,
        payload: P,
        watch: bool,
        mut hit: impl FnMut(&mut Table<Entry<T, P>>, Position, &mut Offer<T, P>) -> Result<R, NoRoom>,
    ) -> Option<(R, Offer<T, P>)> {
        let hash = probe.hash();
        let mut offer = Offer::unwatched(payload);
        // Nobody watches a new object, so it is not here: it will most likely be inserted.
        if watch || referent.weak_slot().watchers().is_none() {
            self.watch(hash, referent, &mut offer);
        }
        loop {
            let step = self.locate(probe, |contents, found| {
                let miss = match found {
                    Ok(at) => {
                        let hit = hit(&mut contents.table, at, &mut offer);
                        return hit.map_or(Step::Refused, Step::Hit);
                    }
                    Err(miss) => miss,
                };
                if contents.table.len() >= contents.sweep_at {
                    return Step::Full;
                }
                let Some(mut entry) = offer.take() else {
                    return Step::Unwatched;
                };
                entry.order = self.next_order.fetch_add(1, Ordering::Relaxed);
                if let Err(refused) = contents.table.insert_after(miss, hash, entry) {
                    offer = Offer::watched(refused.entry);
                    return Step::Refused;
                }
                Step::Inserted
            });
            match step {
                Step::Inserted => return None,
                Step::Hit(result) => return Some((result, offer)),
                Step::Unwatched => self.watch(hash, referent, &mut offer),
                Step::Full => self.sweep(hash),
                Step::Refused => no_room(),
            }
        }
    }

    /// Puts `referent` in place of the one in the entry that `probe` looks for, if `condition` holds
    /// inside the table.
    pub(crate) fn exchange_if(
        &self,
        probe: &impl Probe<T, P>,
        referent: &Arc<T>,
        payload: P,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Option<()> {
        let mut offer = Offer::unwatched(payload);
        self.watch(probe.hash(), referent, &mut offer);
        let exchanged = self.locate(probe, |contents, found| {
            let entry = contents.entry_if(found, &condition)?;
            Ok(entry.map(|entry| offer.exchange_referent(entry)))
        });
        exchanged.unwrap_or_else(|NoRoom| no_room())
    }

    /// Has the referent watched for an entry with this hash.
    fn watch(&self, hash: u64, referent: &Arc<T>, offer: &mut Offer<T, P>) {
        let shard: Arc<dyn Evict> = self.shards[Self::index_of(hash)].clone();
        let watchers = referent.weak_slot().watchers_or_init();
        let watch = watchers.watch(home_of(referent), Watcher::Container { shard, hash });
        let referent = Arc::downgrade(referent);
        offer.watch(|payload| Entry {
            order: 0,
            watch,
            referent,
            payload,
        });
    }

    /// Takes the dead out of the shard of `hash`: those whose slot was never dropped, as nobody tells of
    /// them. Done whenever the number of entries has doubled.
    #[cold]
    fn sweep(&self, hash: u64) {
        let mut contents = self.shard(hash);
        let swept = contents.table.extract(|entry| !entry.is_alive());
        contents.sweep_at = (contents.table.len() * 2).max(SWEEP_FROM);
        drop(contents);
        for entry in swept {
            entry.watch.cancel();
            discard([entry]);
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
        let entry = self.locate(probe, |shard, found| {
            let is_wanted = |at: &Position| shard.table.get(*at).is_some_and(&condition);
            let at = found.ok().filter(is_wanted)?;
            shard.table.remove_at(at)
        })?;
        entry.watch.cancel();
        Some(entry)
    }

    /// Takes out the entry with this place on its referent's list, if `condition` holds inside the table.
    pub(crate) fn remove_watch(
        &self,
        hash: u64,
        watch: &Watch,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Option<Entry<T, P>> {
        let mut shard = self.shard(hash);
        let entry = shard
            .table
            .remove(hash, |entry| entry.watch.same(watch) && condition(entry))?;
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
                if shard.table.is_read() {
                    // What a snapshot keeps `clear` would not give to us.
                    shard.table.extract(|_| true)
                } else {
                    shard.table.clear()
                }
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
        let mut shards = self.lock_all();
        let each = additional.div_ceil(SHARDS);
        let reserved = shards
            .iter_mut()
            .try_for_each(|shard| shard.table.reserve(each));
        drop(shards);
        reserved.unwrap_or_else(|NoRoom| no_room());
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Contents<T, P> {
    /// The entry that was found, to be changed, if there is one and `condition` holds for it.
    pub(crate) fn entry_if(
        &mut self,
        found: Result<Position, Miss>,
        condition: impl Fn(&Entry<T, P>) -> bool,
    ) -> Result<Option<&mut Entry<T, P>>, NoRoom> {
        let is_wanted = |at: &Position| self.table.get(*at).is_some_and(condition);
        match found.ok().filter(is_wanted) {
            Some(at) => self.table.get_mut(at).map(Some),
            None => Ok(None),
        }
    }
}

impl<T: ?Sized + WeakReferenceable, P: Payload> Evict for Shard<T, P> {
    fn evict(&self, hash: u64, watchers: &Watchers, number: u64) -> Option<Remains> {
        let mut contents = self.contents.lock();
        let entry = contents
            .table
            .evict(hash, |entry| entry.watch.is(watchers, number))?;
        drop(contents);
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

#[cfg(test)]
mod tests {
    use crate::{Tracked, WeakSet};
    use std::hash::{Hash, Hasher};
    use std::sync::Arc;

    /// Hashes as all others do, and equals nothing, not even itself.
    struct Lonely;

    impl PartialEq for Lonely {
        fn eq(&self, _: &Self) -> bool {
            false
        }
    }

    impl Eq for Lonely {}

    impl Hash for Lonely {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }

    /// S18: identity is enough, whatever else has the same hash.
    #[test]
    fn each_of_many_with_the_same_hash_is_found() {
        let objects: Vec<_> = (0..5).map(|_| Arc::new(Tracked::new(Lonely))).collect();
        let set: WeakSet<_> = objects.iter().collect();
        assert_eq!(set.len(), 5);
        for object in &objects {
            assert!(set.contains(object));
            assert!(
                set.get(object)
                    .is_some_and(|found| Arc::ptr_eq(&found, object))
            );
        }
        assert!(!set.contains(&Tracked::new(Lonely)));
    }

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
