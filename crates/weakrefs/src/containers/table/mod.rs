//! [`Table`]: the entries of a shard, by hash and identity, in the order of insertion.
//!
//! An entry lies in a bucket of a `hashbrown::HashTable` itself, so that a lookup reads one place in memory beside the
//! tags. The order is a list of its own ([`Order`]) that says the bucket of each, and that only insertion and iteration
//! touch. (In the table of the Python package it is the other way round, entries in order and an index beside: there,
//! iteration and death count for more.) What is kept for iterators is in [`Readers`].
//!
//! # Protocol
//! - Nothing of the user's runs in here: no hash, no comparison, no drop. What leaves is returned. A clone of an entry
//!   counts references up.
//! - An entry stays in its bucket until the table is built anew, which writes the order anew, too.
//! - A removal leaves the entry's place in the order, which is void then: the bucket is empty, or has an entry with
//!   another number. Void places are passed over. They go at once from both ends, and all of them when they are more
//!   than the others.
//! - What must not fail for want of memory (to remove, to clear, to close an iterator) needs none.

mod order;
mod reader;
mod readers;

use self::order::{Order, Place};
pub(super) use self::reader::Reader;
use self::readers::Readers;
pub(super) use self::readers::Unneeded;
use super::lend::Lend;
use hashbrown::HashTable;
use weakrefs_table::{NoRoom, Refused, Search};

/// Up to so many buckets, memory is not worth giving back.
const SMALL: usize = 32;

/// An insertion-ordered hash table whose entries may vanish at any moment.
pub(crate) struct Table<E: Lend> {
    buckets: HashTable<Bucket<E>>,
    order: Order,
    readers: Readers<E>,
    /// Changes with every change of the table.
    version: u64,
}

/// An entry where lookups find it.
#[derive(Clone, Debug)]
pub(super) struct Bucket<E> {
    pub(super) hash: u64,
    /// Rises with each insertion: the entry's identity, and its rank in the order.
    pub(super) number: u64,
    pub(super) entry: E,
}

/// Where an entry is; good until the table's next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position(usize);

/// A search that has found nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Miss {
    /// The first entry of equal hash.
    candidate: Option<Position>,
}

impl<E: Lend> Table<E> {
    pub(super) fn new() -> Self {
        Self {
            buckets: HashTable::new(),
            order: Order::new(),
            readers: Readers::new(),
            version: 0,
        }
    }

    /// An empty table whose versions come after those of another one.
    pub(super) fn after(other: &Self) -> Self {
        Self {
            version: other.version + 1,
            ..Self::new()
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    /// How many entries there can be before the table has to grow.
    pub(super) fn capacity(&self) -> usize {
        self.buckets.capacity()
    }

    /// How many entries would fill the buckets. The [capacity](Self::capacity) is less where some were removed.
    #[inline]
    fn size(&self) -> usize {
        self.buckets.num_buckets() / 8 * 7
    }

    /// Whether the next insertion has to make room.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.buckets.len() == self.buckets.capacity()
    }

    /// Whether there are iterators.
    pub(super) fn is_read(&self) -> bool {
        !self.readers.is_empty()
    }

    /// The entry with this hash for which `same` holds, to be read.
    #[inline]
    pub(super) fn find_entry(&self, hash: u64, mut same: impl FnMut(&E) -> bool) -> Option<&E> {
        let is_sought = |bucket: &Bucket<E>| bucket.hash == hash && same(&bucket.entry);
        let bucket = self.buckets.find(hash, is_sought)?;
        Some(&bucket.entry)
    }

    /// The entry at a position, if one is there.
    #[inline]
    pub(crate) fn get(&self, at: Position) -> Option<&E> {
        let bucket = self.buckets.get_bucket(at.0)?;
        Some(&bucket.entry)
    }

    /// The entry at a place in the order, unless that is void.
    #[inline]
    fn at_place(&self, place: Place) -> Option<&Bucket<E>> {
        bucket_at(&self.buckets, place)
    }

    /// The number of the oldest entry.
    pub(super) fn oldest(&mut self) -> Option<u64> {
        let at = self.first();
        Some(self.order.get(at)?.number)
    }

    /// The number of the newest entry.
    pub(super) fn newest(&mut self) -> Option<u64> {
        let first = self.first();
        let at = self.last().checked_sub(1).filter(|at| *at >= first)?;
        Some(self.order.get(at)?.number)
    }

    /// Where in the order the oldest entry is, or the end if there is none.
    fn first(&mut self) -> usize {
        let buckets = &self.buckets;
        self.order
            .first(|place| bucket_at(buckets, place).is_none())
    }

    /// Where in the order the newest entry is, plus one.
    fn last(&mut self) -> usize {
        let buckets = &self.buckets;
        self.order.last(|place| bucket_at(buckets, place).is_none())
    }

    /// The entries in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Bucket<E>> {
        self.buckets.iter()
    }

    /// The entries in the order of insertion.
    pub(super) fn into_buckets(mut self) -> impl Iterator<Item = Bucket<E>> {
        let places = self.order.into_places();
        places.filter_map(move |place| take_from(&mut self.buckets, place))
    }

    fn position_of(&self, number: u64) -> Option<Position> {
        let place = self.order.find(number)?;
        self.at_place(place)?;
        Some(Position(place.bucket as usize))
    }
}

#[inline]
fn bucket_at<E>(buckets: &HashTable<Bucket<E>>, place: Place) -> Option<&Bucket<E>> {
    let bucket = buckets.get_bucket(place.bucket as usize)?;
    (bucket.number == place.number).then_some(bucket)
}

fn take_from<E>(buckets: &mut HashTable<Bucket<E>>, place: Place) -> Option<Bucket<E>> {
    let occupied = buckets.get_bucket_entry(place.bucket as usize).ok()?;
    let is_there = occupied.get().number == place.number;
    is_there.then(|| occupied.remove().0)
}

impl<E: Lend> Search for Table<E> {
    type Entry = E;
    type Position = Position;
    type Miss = Miss;

    #[inline]
    fn version(&self) -> u64 {
        self.version
    }

    #[inline]
    fn search(&self, hash: u64, mut same: impl FnMut(&E) -> bool) -> Result<Position, Miss> {
        let mut candidate = None;
        let found = self.buckets.find_bucket_index(hash, |bucket| {
            if bucket.hash != hash {
                return false;
            }
            let is_sought = same(&bucket.entry);
            if !is_sought {
                candidate.get_or_insert(bucket.number);
            }
            is_sought
        });
        found.map(Position).ok_or_else(|| Miss {
            candidate: candidate.and_then(|number| {
                let is_candidate = |bucket: &Bucket<E>| bucket.number == number;
                let at = self.buckets.find_bucket_index(hash, is_candidate)?;
                Some(Position(at))
            }),
        })
    }

    fn candidate(miss: &Miss) -> Option<Position> {
        miss.candidate
    }

    fn miss(&self) -> Miss {
        Miss { candidate: None }
    }

    fn candidates(&self, hash: u64) -> impl Iterator<Item = (Position, &E)> {
        let buckets = self.buckets.iter_hash_buckets(hash);
        buckets.filter_map(move |at| {
            let bucket = self.buckets.get_bucket(at)?;
            (bucket.hash == hash).then_some((Position(at), &bucket.entry))
        })
    }

    #[inline]
    fn get(&self, at: Position) -> Option<&E> {
        self.get(at)
    }
}

/// Changes. `E: Clone` because iterators may need an entry as it was.
impl<E: Lend + Clone> Table<E> {
    /// Adds an entry as the newest one, which is equal to none and whose number is above all.
    #[inline]
    pub(super) fn insert(&mut self, bucket: Bucket<E>) -> Result<(), Refused<E>> {
        if (self.is_full() && self.reserve(1).is_err()) || self.order.reserve(1).is_err() {
            let entry = bucket.entry;
            return Err(Refused { entry });
        }
        self.version += 1;
        let (hash, number) = (bucket.hash, bucket.number);
        let inserted = self.buckets.insert_unique(hash, bucket, |other| other.hash);
        let bucket = inserted.bucket_index() as u32;
        self.order.push(Place { number, bucket });
        Ok(())
    }

    /// Makes room for `additional` more entries.
    pub(super) fn reserve(&mut self, additional: usize) -> Result<(), NoRoom> {
        let wanted = self.len().checked_add(additional).ok_or(NoRoom)?;
        if wanted > self.buckets.capacity() {
            // By half at least: else a table that is filled one by one would be built anew each time.
            let more = self.len() / 2;
            self.rebuild(wanted.max(self.len().saturating_add(more)))?;
        }
        self.order.reserve(additional)
    }

    /// Gives back the memory for more than `capacity` entries.
    pub(super) fn shrink_to(&mut self, capacity: usize) {
        if capacity < self.size() {
            // Where there is no memory for it, the larger one stays.
            _ = self.rebuild(capacity.max(self.len()));
        }
    }

    /// Moves the entries to new buckets, with room for `capacity`.
    #[cold]
    fn rebuild(&mut self, capacity: usize) -> Result<(), NoRoom> {
        let mut buckets = HashTable::<Bucket<E>>::new();
        let reserved = buckets.try_reserve(capacity, |bucket| bucket.hash);
        reserved.map_err(|_| NoRoom)?;
        if buckets.num_buckets() > u32::MAX as usize {
            return Err(NoRoom);
        }
        self.version += 1;
        self.drop_void_places();
        let old = &mut self.buckets;
        self.order.for_each_mut(|place| {
            // One that is void stays, for an iterator, and stays void: no other entry will have its number.
            if let Some(bucket) = take_from(old, *place) {
                let inserted = buckets.insert_unique(bucket.hash, bucket, |other| other.hash);
                place.bucket = inserted.bucket_index() as u32;
            }
        });
        self.buckets = buckets;
        Ok(())
    }

    /// The entry at a position, to be changed in place; its hash and identity must stay.
    ///
    /// Where an iterator needs the entry as it is, that is kept, for which there must be memory.
    #[inline]
    pub(crate) fn get_mut(&mut self, at: Position) -> Result<&mut E, NoRoom> {
        let bucket = self.buckets.get_bucket_mut(at.0).ok_or(NoRoom)?;
        self.version += 1;
        if self.readers.need(bucket.number) {
            self.readers.keep(bucket.clone(), self.version)?;
        }
        Ok(&mut bucket.entry)
    }

    /// Removes the entry at a position, if one is there. Iterators still see it.
    pub(super) fn remove_at(&mut self, at: Position) -> Option<E> {
        let bucket = self.take(at.0)?;
        self.keep_if_seen(&bucket);
        self.settle(bucket.number);
        Some(bucket.entry)
    }

    /// Keeps what has been removed for the iterators that see it. Without memory for that, they pass over it.
    #[inline]
    fn keep_if_seen(&mut self, bucket: &Bucket<E>) {
        let is_seen = self.readers.see(bucket.number);
        if is_seen && self.readers.keep(bucket.clone(), self.version).is_err() {
            self.hold_if_lent(bucket);
        }
    }

    /// Holds what leaves, and is not kept, for those who have been lent it.
    #[inline]
    fn hold_if_lent(&mut self, bucket: &Bucket<E>) {
        if self.readers.lend_any(bucket.number) {
            self.readers.hold(bucket);
        }
    }

    /// Removes the entry with this hash for which `same` holds. Iterators still see it.
    pub(super) fn remove(&mut self, hash: u64, same: impl FnMut(&E) -> bool) -> Option<E> {
        let at = self.search(hash, same).ok()?;
        self.remove_at(at)
    }

    /// Removes the entry with this number, if `condition` holds. Iterators still see it.
    pub(super) fn remove_number_if(
        &mut self,
        number: u64,
        condition: impl FnOnce(&E) -> bool,
    ) -> Option<E> {
        let at = self.position_of(number)?;
        self.get(at).filter(|entry| condition(entry))?;
        self.remove_at(at)
    }

    /// Removes the entry with this number. Iterators still see it.
    pub(super) fn remove_number(&mut self, number: u64) -> Option<E> {
        let at = self.position_of(number)?;
        self.remove_at(at)
    }

    /// Removes the entry with this hash for which `same` holds, and keeps it for nobody: one that is dead, which
    /// iterators pass over.
    #[inline]
    pub(super) fn evict(
        &mut self,
        hash: u64,
        mut same: impl FnMut(&E) -> bool,
    ) -> Option<Bucket<E>> {
        let is_sought = |bucket: &Bucket<E>| bucket.hash == hash && same(&bucket.entry);
        let at = self.buckets.find_bucket_index(hash, is_sought)?;
        let bucket = self.take(at)?;
        self.hold_if_lent(&bucket);
        self.settle(bucket.number);
        Some(bucket)
    }

    #[inline]
    fn take(&mut self, at: usize) -> Option<Bucket<E>> {
        let occupied = self.buckets.get_bucket_entry(at).ok()?;
        self.version += 1;
        Some(occupied.remove().0)
    }

    /// Moves every entry to `taken`, in their order. Iterators still see them.
    pub(super) fn take_all(&mut self, taken: &mut Vec<Bucket<E>>) {
        if !self.is_read() {
            let empty = Self::after(self);
            taken.extend(std::mem::replace(self, empty).into_buckets());
            return;
        }
        let mut at = self.first();
        while let Some(place) = self.order.get(at) {
            at += 1;
            if let Some(bucket) = take_from(&mut self.buckets, place) {
                self.version += 1;
                self.keep_if_seen(&bucket);
                taken.push(bucket);
            }
        }
        self.buckets = HashTable::new();
        self.drop_void_places();
    }

    /// Removes the entries for which `leave` holds, which must run no user code. Iterators still see them. Where there is
    /// no memory to list more of them, the rest stays.
    pub(super) fn extract(&mut self, mut leave: impl FnMut(&E) -> bool) -> Vec<Bucket<E>> {
        let mut left = Vec::new();
        let mut at = self.first();
        while let Some(place) = self.order.get(at) {
            at += 1;
            if self
                .at_place(place)
                .is_some_and(|bucket| leave(&bucket.entry))
            {
                if left.try_reserve(1).is_err() {
                    break;
                }
                if let Some(bucket) = self.take(place.bucket as usize) {
                    self.keep_if_seen(&bucket);
                    left.push(bucket);
                }
            }
        }
        if let Some(first) = left.first() {
            self.settle(first.number);
        }
        left
    }

    /// Makes room in a table that is full by [extracting](Self::extract) the entries for which `leave` holds.
    #[inline]
    pub(super) fn sweep_if_full(&mut self, leave: impl FnMut(&E) -> bool) -> Vec<Bucket<E>> {
        if self.is_full() {
            self.sweep(leave)
        } else {
            Vec::new()
        }
    }

    #[cold]
    fn sweep(&mut self, leave: impl FnMut(&E) -> bool) -> Vec<Bucket<E>> {
        let swept = self.extract(leave);
        if !swept.is_empty() {
            // Were only the room of those few used, the next insertions might have to sweep again. If there is no memory
            // for more, they do.
            _ = self.reserve(self.len() / 2);
        }
        swept
    }

    /// Restores what holds of the order and of memory after the removal of an entry.
    #[inline]
    fn settle(&mut self, number: u64) {
        if self.order.ends_with(number) {
            self.trim();
        }
        self.thin();
        if self.size() > SMALL && self.len() * 8 < self.size() {
            self.shrink_to(self.len() * 2);
        }
    }

    /// Whether somebody needs a place in the order.
    fn is_needed(&self, place: Place) -> bool {
        self.at_place(place).is_some() || self.readers.keep_any(place.number)
    }

    /// Drops void places from both ends.
    fn trim(&mut self) {
        while self
            .order
            .front()
            .is_some_and(|place| !self.is_needed(place))
        {
            self.order.pop_front();
        }
        while self
            .order
            .back()
            .is_some_and(|place| !self.is_needed(place))
        {
            self.order.pop_back();
        }
    }

    /// Drops void places where they are more than the others.
    #[inline]
    fn thin(&mut self) {
        if self.order.len() > 2 * (self.len() + self.readers.kept()) + SMALL {
            self.drop_void_places();
        }
    }

    #[cold]
    fn drop_void_places(&mut self) {
        let mut order = std::mem::replace(&mut self.order, Order::new());
        order.retain(|place| self.is_needed(*place));
        self.order = order;
    }
}

#[cfg(test)]
mod tests;
