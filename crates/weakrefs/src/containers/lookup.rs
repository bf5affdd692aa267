//! Finding and inserting: what may run user code, and the shards in between (S18).
//!
//! # Protocol
//! - *Lookup* is [`look_up`], which explains its two steps: by identity under the lock, then by comparisons outside.
//!   What a lookup does to the entry, or at the miss, it does under the lock under which that was established. To
//!   [read](Container::get), one lock is enough.
//! - *Insertion* first puts the container on the referent's list of watchers, then the entry into the table; the caller
//!   holds the referent, so it cannot die in between.

use super::container::Container;
use super::entry::Entry;
use super::eviction::Eviction;
use super::eviction::sealed::Identity;
use super::listener::RemovalCause;
use super::pending::Pending;
use super::query::Query;
use super::shard::{Entries, Locked};
use super::table::{Bucket, Position, Table};
use crate::drop_first::drop_first;
use crate::no_room::no_room;
use crate::owner::sealed::{Counter, Owner, Turns, Weak};
use smallvec::SmallVec;
use std::convert::Infallible;
use weakrefs_table::{Found, Lookup, NoRoom, Search, look_up};

/// A lookup in a container.
struct InContainer<'a, O: Owner, P: Clone, E: Eviction<O, P>, Q> {
    container: &'a Container<O, P, E>,
    query: &'a Q,
}

impl<O, P, E, Q> Lookup for InContainer<'_, O, P, E, Q>
where
    O: Owner,
    P: Clone,
    E: Eviction<O, P>,
    Q: Query<O, P, E>,
{
    type Table = Table<Entry<O, P, E>>;
    /// It keeps no key alive: one that dies of its comparison is gone when the table is entered again.
    type Candidate = (E::Watch<O::Kind>, <Q::Key as Owner>::Weak);
    type Error = Infallible;

    #[inline]
    fn enter<R>(&self, work: impl FnOnce(&mut Table<Entry<O, P, E>>) -> R) -> R {
        work(&mut self.container.lock(self.query.hash()))
    }

    #[inline]
    fn hash(&self) -> u64 {
        self.query.hash()
    }

    #[inline]
    fn is_same(&self, entry: &Entry<O, P, E>) -> bool {
        self.query.is_same(entry)
    }

    fn candidate(
        &self,
        entry: &Entry<O, P, E>,
    ) -> Option<(E::Watch<O::Kind>, <Q::Key as Owner>::Weak)> {
        Some((entry.watch.clone(), self.query.weak_key_of(entry)?))
    }

    fn is_of(
        &self,
        (watch, _): &(E::Watch<O::Kind>, <Q::Key as Owner>::Weak),
        entry: &Entry<O, P, E>,
    ) -> bool {
        watch.same(&entry.watch) && entry.is_alive()
    }

    fn is_equal(
        &self,
        (_, key): &(E::Watch<O::Kind>, <Q::Key as Owner>::Weak),
    ) -> Result<bool, Infallible> {
        Ok(key.upgrade().is_some_and(|key| self.query.is_equal(&key)))
    }

    fn refused(&self, NoRoom: NoRoom) -> Infallible {
        no_room()
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Container<O, P, E> {
    /// Does `act` inside the table, at the place of the entry that `query` looks for, or with its miss.
    #[inline]
    fn locate<R, Q: Query<O, P, E>>(
        &self,
        query: &Q,
        act: impl FnOnce(&mut Table<Entry<O, P, E>>, Found<Table<Entry<O, P, E>>>) -> R,
    ) -> R {
        let container = self;
        let Ok(result) = look_up(&InContainer { container, query }, act);
        result
    }

    /// Does `act` inside the table, at the place of the entry that `query` looks for, if it is there.
    #[inline]
    fn find<R>(
        &self,
        query: &impl Query<O, P, E>,
        act: impl FnOnce(&mut Table<Entry<O, P, E>>, Position) -> R,
    ) -> Option<R> {
        self.locate(query, |table, found| Some(act(table, found.ok()?)))
    }

    /// What `read` makes, inside the table, of the entry that `query` looks for.
    ///
    /// What is compared outside is all of equal hash that is there at one moment, and so is what was
    /// read of the one that is equal: the answer is that of this moment. Mostly there is one, if any.
    #[inline]
    pub(crate) fn get<R, Q: Query<O, P, E>>(
        &self,
        query: &Q,
        read: impl Fn(&Entry<O, P, E>) -> Option<R>,
    ) -> Option<R> {
        let hash = query.hash();
        let table = self.lock(hash);
        let mut candidate = None;
        let mut several = false;
        let same = table.find_entry(hash, |entry| {
            let is_same = query.is_same(entry);
            if !is_same {
                several |= candidate.is_some();
                candidate = candidate
                    .take()
                    .or_else(|| Some((query.key_of(entry)?, read(entry))));
            }
            is_same
        });
        if let Some(same) = same {
            let result = read(same);
            drop(table);
            return drop_first(candidate, result);
        }
        let (key, result) = candidate?;
        if several {
            return drop_first((key, result), Self::get_of_many(table, query, read));
        }
        drop(table);
        let equal = query.is_equal(&key);
        drop_first(key, if equal { result } else { None })
    }

    /// The same if there are several of equal hash.
    #[cold]
    fn get_of_many<R, Q: Query<O, P, E>>(
        table: Locked<'_, O, P, E>,
        query: &Q,
        read: impl Fn(&Entry<O, P, E>) -> Option<R>,
    ) -> Option<R> {
        let hash = query.hash();
        let candidates: SmallVec<[_; 1]> = table
            .candidates(hash)
            .filter_map(|(_, entry)| Some((query.key_of(entry)?, read(entry))))
            .collect();
        drop(table);
        let mut candidates = candidates.into_iter();
        let (key, result) = candidates.find(|(key, _)| query.is_equal(key))?;
        drop_first((key, candidates), result)
    }

    /// As [`get`](Self::get), but if there is nothing, what `make` returns after inserting it: one
    /// thread's at a time for the same hash.
    pub(crate) fn get_or_make<R, X>(
        &self,
        query: &impl Query<O, P, E>,
        read: impl Fn(&Entry<O, P, E>) -> Option<R>,
        make: impl FnOnce() -> Result<R, X>,
    ) -> Result<R, X> {
        loop {
            if let Some(present) = self.get(query, &read) {
                return Ok(present);
            }
            let Some(_turn) = self.factories.turn(query.hash()) else {
                continue;
            };
            // Another turn may have ended since.
            return self.get(query, &read).map_or_else(make, Ok);
        }
    }

    /// Inserts an entry, or does `hit` with the one that is there, inside the table. `None`: inserted.
    pub(crate) fn put<R>(
        &self,
        query: &impl Query<O, P, E>,
        referent: &O,
        payload: P,
        hit: impl FnOnce(&mut Table<Entry<O, P, E>>, Position) -> Result<R, NoRoom>,
    ) -> Option<R> {
        // Nobody watches a new object, so it is not here. Any other one may be, and then need not be watched again.
        let hit = if E::is_unwatched(referent) {
            hit
        } else {
            let found = self.locate(query, |table, found| match found {
                Ok(at) => Ok(hit(table, at)),
                Err(_) => Err(hit),
            });
            match found {
                Ok(result) => return Some(result.unwrap_or_else(|NoRoom| no_room())),
                Err(hit) => hit,
            }
        };
        let mut pending = self.watch(query.hash(), referent, payload);
        self.put_pending(query, &mut pending, |table, at, _| hit(table, at))
    }

    /// Inserts an entry, or gives the living referent of the one that is there. `None`: inserted.
    pub(crate) fn put_or_upgrade(
        &self,
        query: &impl Query<O, P, E>,
        referent: &O,
        payload: &P,
    ) -> Option<O> {
        loop {
            let upgrade = |entry: &Entry<O, P, E>| entry.referent.upgrade();
            let present = self.put(query, referent, payload.clone(), |table, at| {
                Ok(table.get(at).and_then(upgrade))
            })?;
            // Else it has died since it was recognised.
            if present.is_some() {
                return present;
            }
        }
    }

    /// Inserts an entry, or puts `referent` in the place of that of the one that is there: gives that, if it is alive.
    pub(crate) fn replace(
        &self,
        query: &impl Query<O, P, E>,
        referent: &O,
        payload: P,
    ) -> Option<O> {
        let mut pending = self.watch(query.hash(), referent, payload);
        self.put_pending(query, &mut pending, |table, at, pending| {
            pending.exchange_referent(table.get_mut(at)?);
            Ok(())
        })?;
        self.tell_replaced(&pending);
        pending.into_referent()
    }

    /// As [`replace`](Self::replace), only where an entry is for which `condition` holds inside the table: gives
    /// whether there is one.
    pub(crate) fn replace_if(
        &self,
        query: &impl Query<O, P, E>,
        referent: &O,
        payload: P,
        condition: impl FnOnce(&Entry<O, P, E>) -> bool,
    ) -> bool {
        let mut pending = self.watch(query.hash(), referent, payload);
        let changed = self.change_if(query, condition, |present| {
            pending.exchange_referent(present);
        });
        if changed {
            self.tell_replaced(&pending);
        }
        changed
    }

    fn tell_replaced(&self, pending: &Pending<O, P, E>) {
        if let Some(payload) = pending.payload() {
            self.tell(payload, RemovalCause::Replaced);
        }
    }

    /// Changes the entry that `query` looks for, if `condition` holds, both inside the table: gives whether it did.
    pub(crate) fn change_if(
        &self,
        query: &impl Query<O, P, E>,
        condition: impl FnOnce(&Entry<O, P, E>) -> bool,
        change: impl FnOnce(&mut Entry<O, P, E>),
    ) -> bool {
        let changed = self.find(query, |table, at| {
            let is_wanted = table.get(at).is_some_and(condition);
            if is_wanted {
                change(table.get_mut(at)?);
            }
            Ok(is_wanted)
        });
        changed.is_some_and(|changed| changed.unwrap_or_else(|NoRoom| no_room()))
    }

    /// Takes out the entry that `query` looks for.
    pub(crate) fn take(&self, query: &impl Query<O, P, E>) -> Option<Entry<O, P, E>> {
        self.take_if(query, |_| true)
    }

    /// Takes out the entry that `query` looks for, if `condition` holds inside the table.
    pub(crate) fn take_if(
        &self,
        query: &impl Query<O, P, E>,
        condition: impl FnOnce(&Entry<O, P, E>) -> bool,
    ) -> Option<Entry<O, P, E>> {
        let taken = self.find(query, |table, at| {
            if table.get(at).is_some_and(condition) {
                table.remove_at(at)
            } else {
                None
            }
        });
        let entry = taken.flatten()?;
        entry.watch.cancel();
        self.tell(&entry.payload, RemovalCause::Removed);
        Some(entry)
    }

    /// Has the referent watched for an entry with this hash.
    fn watch(&self, hash: u64, referent: &O, payload: P) -> Pending<O, P, E> {
        let number = || self.next_number.next();
        Pending::new(Entry {
            watch: E::watch(self.shard(hash), hash, referent, number),
            referent: referent.downgrade(),
            payload,
        })
    }

    /// Inserts an entry, or does `hit` with it and the one that is there, inside the table. `None`: inserted.
    ///
    /// A shard that is full first loses the dead of whom nobody told.
    fn put_pending<R>(
        &self,
        query: &impl Query<O, P, E>,
        pending: &mut Pending<O, P, E>,
        hit: impl FnOnce(
            &mut Table<Entry<O, P, E>>,
            Position,
            &mut Pending<O, P, E>,
        ) -> Result<R, NoRoom>,
    ) -> Option<R> {
        let mut swept = Vec::new();
        let put = self.locate(query, |table, found| {
            if let Ok(at) = found {
                return hit(table, at, pending).map(Some);
            }
            if table.is_full() || !E::IS_TOLD {
                swept = Self::sweep(table, query.hash());
            }
            let number = self.next_number.next();
            pending.enter(table, query.hash(), number)?;
            Ok(None)
        });
        if !swept.is_empty() {
            self.drop_expired(swept);
        }
        put.unwrap_or_else(|NoRoom| no_room())
    }

    /// Takes the dead of whom nobody told out of a table that is full, and where nobody tells, those with the hash of what
    /// is about to be inserted: else an equal key that comes and goes would leave ever more behind, for each search to
    /// pass over.
    #[inline(never)]
    fn sweep(table: &mut Entries<O, P, E>, hash: u64) -> Vec<Bucket<Entry<O, P, E>>> {
        let is_dead = |entry: &Entry<O, P, E>| !entry.is_alive();
        let mut swept = table.sweep_if_full(is_dead);
        if !E::IS_TOLD {
            // Without memory to list more of them, the rest stays.
            while swept.try_reserve(1).is_ok() {
                match table.evict(hash, is_dead) {
                    Some(bucket) => swept.push(bucket),
                    None => break,
                }
            }
        }
        swept
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
}
