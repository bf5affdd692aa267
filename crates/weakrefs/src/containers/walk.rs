//! [`Walk`]: reading a snapshot of a container, in the order of insertion, from both ends (S21).
//!
//! A snapshot of each shard is opened while all are locked, which costs the same whatever the size. Each step gives one
//! entry, the next one of the only shard, or the oldest or newest of the shards' next ones: a reader has them in batches.
//! Nothing is kept alive: what is not yet read is held weakly, or by the table for as long as the snapshot is open.

use super::container::{Container, drop_entries};
use super::entry::Entry;
use super::eviction::Eviction;
use super::eviction::sealed::Identity;
use super::listener::RemovalCause;
use super::table::{Reader, Unneeded};
use crate::no_room::no_room;
use crate::owner::Shared;
use crate::owner::sealed::Owner;
use smallvec::SmallVec;
use weakrefs_table::NoRoom;

/// A reader of a snapshot.
pub(crate) struct Walk<O: Owner, P: Clone, E: Eviction<O, P>> {
    container: Shared<O, Container<O, P, E>>,
    /// Of each shard: there will be no others as long as they are being read.
    readers: SmallVec<[Reader<Entry<O, P, E>>; 1]>,
    /// Of which shard the last step was.
    last: usize,
    remaining: usize,
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Walk<O, P, E> {
    pub(crate) fn new(container: &Shared<O, Container<O, P, E>>) -> Self {
        let mut walk = Self {
            container: container.clone(),
            readers: SmallVec::new(),
            last: 0,
            remaining: 0,
        };
        let opened = walk.open(container);
        opened.unwrap_or_else(|NoRoom| no_room());
        walk
    }

    fn open(&mut self, container: &Container<O, P, E>) -> Result<(), NoRoom> {
        let mut table = container.only_shard().lock();
        if let [_] = container.shards() {
            self.remaining = table.len();
            let mut reader = table.open()?;
            let unneeded = table.lend::<false>(&mut reader);
            drop(table);
            self.readers.push(reader);
            drop_unneeded(unneeded);
            return Ok(());
        }
        drop(table);
        self.open_many(container)
    }

    #[cold]
    fn open_many(&mut self, container: &Container<O, P, E>) -> Result<(), NoRoom> {
        let mut tables = container.lock_all();
        let reserved = self.readers.try_reserve(tables.len());
        reserved.map_err(|_| NoRoom)?;
        for table in &mut tables {
            self.remaining += table.len();
            self.readers.push(table.open()?);
        }
        Ok(())
    }

    /// At most how many entries are still to be read.
    pub(crate) fn remaining(&self) -> usize {
        self.remaining
    }

    /// The next living referent from the front, with what `read` makes of the entry's number and payload.
    #[inline]
    pub(crate) fn next<R>(&mut self, read: impl Fn(u64, &P) -> R) -> Option<(O, R)> {
        self.step::<R, false>(read)
    }

    /// The same from the front or from the back.
    #[inline]
    pub(crate) fn step<R, const BACK: bool>(
        &mut self,
        read: impl Fn(u64, &P) -> R,
    ) -> Option<(O, R)> {
        loop {
            let shard = match &*self.readers {
                [_] => 0,
                _ => self.shard::<BACK>()?,
            };
            let reader = self.readers.get_mut(shard)?;
            let Some(lent) = reader.next::<BACK>() else {
                if reader.is_read() {
                    return None;
                }
                self.lend::<BACK>(shard);
                continue;
            };
            self.remaining = self.remaining.saturating_sub(1);
            let result = lent.read(&read);
            if result.is_some() {
                self.last = shard;
                return result;
            }
        }
    }

    /// Takes out the entry with this number, which the last step gave, if `condition` holds inside the table.
    pub(crate) fn take(
        &self,
        number: u64,
        condition: impl FnOnce(&Entry<O, P, E>) -> bool,
    ) -> Option<Entry<O, P, E>> {
        let shard = self.container.shards().get(self.last)?;
        // A statement of its own: the lock ends with it.
        let entry = shard.lock().remove_number_if(number, condition)?;
        entry.watch.cancel();
        self.container.tell(&entry.payload, RemovalCause::Removed);
        Some(entry)
    }

    /// Has a shard lend its next entries.
    #[inline(never)]
    fn lend<const BACK: bool>(&mut self, shard: usize) {
        let lender = self.container.shards().get(shard);
        if let (Some(lender), Some(reader)) = (lender, self.readers.get_mut(shard)) {
            // A statement of its own: the lock ends with it.
            let unneeded = lender.lock().lend::<BACK>(reader);
            drop_unneeded(unneeded);
        }
    }

    /// Of several shards, the one that has the next entry.
    fn shard<const BACK: bool>(&mut self) -> Option<usize> {
        let mut next: Option<(u64, usize)> = None;
        for shard in 0..self.readers.len() {
            let number = loop {
                let reader = &self.readers[shard];
                let number = reader.number::<BACK>();
                if number.is_some() || reader.is_read() {
                    break number;
                }
                self.lend::<BACK>(shard);
            };
            if let Some(number) = number {
                let is_next = |(next, _)| if BACK { number > next } else { number < next };
                if next.is_none_or(is_next) {
                    next = Some((number, shard));
                }
            }
        }
        next.map(|(_, shard)| shard)
    }
}

#[inline]
fn drop_unneeded<O: Owner, P: Clone, E: Eviction<O, P>>(
    unneeded: Option<Unneeded<Entry<O, P, E>>>,
) {
    if let Some(unneeded) = unneeded {
        drop_entries(unneeded.into_entries());
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Clone for Walk<O, P, E> {
    fn clone(&self) -> Self {
        let mut walk = Self {
            container: self.container.clone(),
            readers: SmallVec::new(),
            last: 0,
            remaining: self.remaining,
        };
        let reserved = walk.readers.try_reserve(self.readers.len());
        reserved.unwrap_or_else(|_| no_room());
        // As long as this one reads, nothing that it sees is given up.
        for (shard, reader) in self.container.shards().iter().zip(&self.readers) {
            // A statement of its own: the lock ends with it.
            let again = shard.lock().open_again(reader);
            walk.readers.push(again.unwrap_or_else(|NoRoom| no_room()));
        }
        walk
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Drop for Walk<O, P, E> {
    fn drop(&mut self) {
        for (shard, reader) in self.container.shards().iter().zip(&mut self.readers) {
            // A statement of its own: the lock ends with it.
            let unneeded = shard.lock().close(reader);
            drop_unneeded(unneeded);
        }
    }
}
