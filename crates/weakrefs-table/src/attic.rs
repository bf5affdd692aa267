//! [`Attic`]: entries as they were before they were changed in place, for those who read whole entries.
//!
//! Records are only added. Each names its position, the epoch in which the entry was changed (the number of the newest
//! reader at that time), and the record before it of the same position. A reader takes the oldest record that is not
//! older than itself. Whoever adds one has made sure that there is a reader who needs it.

use crate::index::{Index, LIMIT};
use crate::room::NoRoom;
use alloc::vec::Vec;

#[derive(Debug)]
pub(crate) struct Attic<E> {
    records: Vec<Record<E>>,
    /// The newest record of each position. Its hash is the position itself, which a word of the index holds whole.
    newest: Index,
}

/// An entry as it was.
#[derive(Debug)]
pub(crate) struct Record<E> {
    position: u32,
    epoch: u32,
    /// The record of this position before this one, or [`LIMIT`].
    older: u32,
    pub(crate) entry: E,
}

impl<E> Attic<E> {
    pub(crate) const fn new() -> Self {
        Self {
            records: Vec::new(),
            newest: Index::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn allocated_bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record<E>>() + self.newest.allocated_bytes()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &E> {
        self.records.iter().map(|record| &record.entry)
    }

    pub(crate) fn into_records(self) -> Vec<Record<E>> {
        self.records
    }

    /// Where in the index the newest record of a position is, and its number.
    fn find_newest(&self, position: u32) -> Option<(usize, u32)> {
        let is_record = |at| (at as usize) < self.records.len();
        self.newest.find(u64::from(position), is_record)
    }

    /// The epoch of the newest record of a position.
    pub(crate) fn newest_epoch(&self, position: u32) -> Option<u32> {
        let (_, newest) = self.find_newest(position)?;
        Some(self.records.get(newest as usize)?.epoch)
    }

    /// The entry that was at a position when a reader of this epoch came, if it has been changed since.
    pub(crate) fn get(&self, position: u32, epoch: u32) -> Option<&E> {
        let (_, mut at) = self.find_newest(position)?;
        let mut found = None;
        while let Some(record) = self.records.get(at as usize)
            && record.epoch >= epoch
        {
            found = Some(&record.entry);
            at = record.older;
        }
        found
    }

    /// Makes room for one more record.
    pub(crate) fn reserve(&mut self) -> Result<(), NoRoom> {
        if self.records.len() >= LIMIT as usize {
            return Err(NoRoom);
        }
        self.records.try_reserve(1)?;
        if self.newest.room() == 0 {
            let mut newest = Index::with_room(self.records.len() * 2 + 1)?;
            for (record, at) in self.records.iter().zip(0..) {
                if self.find_newest(record.position).map(|(_, at)| at) == Some(at) {
                    newest.insert(u64::from(record.position), at);
                }
            }
            self.newest = newest;
        }
        Ok(())
    }

    /// Adds a record, for which there must be room.
    pub(crate) fn push(&mut self, position: u32, epoch: u32, entry: E) {
        let at = self.records.len() as u32;
        let older = match self.find_newest(position) {
            Some((place, older)) => {
                self.newest.replace(place, at);
                older
            }
            None => {
                self.newest.insert(u64::from(position), at);
                LIMIT
            }
        };
        self.records.push(Record {
            position,
            epoch,
            older,
            entry,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Attic;

    /// S21: of several records, each reader gets the one of its time.
    #[test]
    fn a_reader_gets_the_oldest_record_that_is_not_older_than_itself() {
        let mut attic = Attic::new();
        for epoch in [2, 3, 7] {
            for position in 0..100 {
                attic.reserve().expect("memory");
                attic.push(position, epoch, (position, epoch));
            }
        }
        for position in 0..100 {
            assert_eq!(attic.newest_epoch(position), Some(7));
            for (reader, record) in [(1, 2), (2, 2), (3, 3), (4, 7), (7, 7)] {
                assert_eq!(attic.get(position, reader), Some(&(position, record)));
            }
            assert_eq!(attic.get(position, 8), None);
        }
        assert_eq!((attic.get(100, 1), attic.newest_epoch(100)), (None, None));
    }
}
