//! [`Shard`]: a table behind a lock, as lists of watchers know it.
//!
//! # Protocol
//! - Under the lock run table operations, comparisons of pointers and counts of references, nothing of the user's (S18, S33).
//! - *The number of entries* is noted when the lock is given back, to be read without.
//! - A container's first shard can be [spread](Shard::spread), under its lock and for good. An eviction that comes to it goes
//!   on to where the entry has gone.

use super::entry::Entry;
use super::eviction::Eviction;
use super::listener::{Listener, ListenerSlot, Told, listener};
use super::table::Table;
use crate::owner::Shared;
use crate::owner::sealed::{Counter, Kind, Lock, Once, OnceOwner, Owner};
use crate::sync::yield_point;
use std::mem;
use std::ops::{Deref, DerefMut};

/// Shards of a container that is spread.
pub(super) const SHARDS: usize = 8;

/// With fewer entries a container is not spread: to wait costs less.
const MANY: usize = if cfg!(any(test, shuttle)) { 2 } else { 64 };

/// A table behind a lock, as lists of watchers know it. Threads that insert and evict at the same time
/// count references to different ones, and they share no cache line.
#[repr(align(64))]
pub struct Shard<O: Owner, P: Clone, E: Eviction<O, P>> {
    table: <O::Kind as Kind>::Mutex<Entries<O, P, E>>,
    /// How many entries there were when the lock was last given back.
    len: <O::Kind as Kind>::Counter,
    /// Who is told of evictions: the same in all shards. Set in several only under the first one's lock.
    pub(super) listeners: ListenerSlot<O::Kind, P>,
    /// Where the entries of the first shard have gone. Set under its lock.
    spread: <O::Kind as Kind>::Once<Shards<O, P, E>>,
}

pub(super) type Entries<O, P, E> = Table<Entry<O, P, E>>;

type Shards<O, P, E> = Box<[Shared<O, Shard<O, P, E>>; SHARDS]>;

/// A lock of a table.
type Guard<'a, O, P, E> =
    <<<O as Owner>::Kind as Kind>::Mutex<Entries<O, P, E>> as Lock<Entries<O, P, E>>>::Guard<'a>;

/// A shard's table, locked.
pub(super) struct Locked<'a, O: Owner + 'a, P: Clone + 'a, E: Eviction<O, P> + 'a> {
    table: Guard<'a, O, P, E>,
    len: &'a <O::Kind as Kind>::Counter,
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Deref for Locked<'_, O, P, E> {
    type Target = Entries<O, P, E>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.table
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> DerefMut for Locked<'_, O, P, E> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.table
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Drop for Locked<'_, O, P, E> {
    #[inline]
    fn drop(&mut self) {
        // A lookup leaves other threads' copy of the line as it is.
        let len = self.table.len() as u64;
        if self.len.get() != len {
            self.len.set(len);
        }
    }
}

/// The shard in which a hash belongs.
#[inline]
pub(super) fn shard_of(hash: u64) -> usize {
    // By the high bits of a product with the golden ratio: the table uses others.
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    (hash.wrapping_mul(GOLDEN) >> (u64::BITS - SHARDS.ilog2())) as usize
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Shard<O, P, E> {
    pub(super) fn new(table: Entries<O, P, E>) -> Shared<O, Self> {
        Owner::new(Self {
            table: Lock::new(table),
            len: Counter::new(0),
            listeners: OnceOwner::EMPTY,
            spread: Once::new(),
        })
    }

    fn locked<'a>(&'a self, table: Guard<'a, O, P, E>) -> Locked<'a, O, P, E> {
        Locked {
            table,
            len: &self.len,
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, O, P, E> {
        yield_point();
        self.locked(self.table.lock())
    }

    /// The same, unless somebody else has it.
    #[inline]
    pub(super) fn try_lock(&self) -> Option<Locked<'_, O, P, E>> {
        Some(self.locked(self.table.try_lock()?))
    }

    /// How many entries there were when the lock was last given back.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len.get() as usize
    }

    /// Of the first shard, those to which its entries have gone.
    #[inline]
    pub(super) fn others(&self) -> Option<&[Shared<O, Self>; SHARDS]> {
        self.spread.get().map(|shards| &**shards)
    }

    /// Moves the entries of the first shard to others, if that is worth it. While somebody iterates over them, they stay.
    #[cold]
    pub(super) fn spread(&self, mut table: Locked<'_, O, P, E>) {
        if self.spread.get().is_some() || table.len() < MANY || table.is_read() {
            return;
        }
        let shards: Shards<O, P, E> =
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
        if let Some(listeners) = self.listeners.get() {
            for shard in shards.iter() {
                shard.listeners.get_or_init(|| listeners.clone());
            }
        }
        self.spread.set(shards);
    }

    /// Takes out the entry with this hash whose referent, which is dead, was watched for it by `is_its`.
    pub(super) fn take_evicted(
        &self,
        hash: u64,
        is_its: impl Fn(&E::Watch<O::Kind>) -> bool,
    ) -> Option<Entry<O, P, E>> {
        let is_wanted = |entry: &Entry<O, P, E>| is_its(&entry.watch);
        // A statement of its own: the lock ends with it.
        let evicted = self.lock().evict(hash, is_wanted);
        match (evicted, self.spread.get()) {
            (Some(bucket), _) => Some(bucket.entry),
            (None, Some(shards)) => {
                let evicted = shards[shard_of(hash)].lock().evict(hash, is_wanted);
                Some(evicted?.entry)
            }
            (None, None) => None,
        }
    }

    /// Whether somebody may be told of evictions.
    #[inline]
    pub(super) fn has_listener(&self) -> bool {
        self.listeners.get().is_some()
    }

    /// What an evicted entry owned, as what tells the listener when it is dropped.
    #[cold]
    pub(super) fn told(&self, payload: P) -> Told<O::Kind, P> {
        Told::new(payload, self.listener())
    }

    /// Who is told of evictions.
    pub(super) fn listener(&self) -> Listener<O::Kind, P> {
        listener::<O::Kind, P>(&self.listeners)
    }
}
