//! [`Generation`]: what a table keeps for its readers.
//!
//! Readers of the current generation read the table's own slots, in which removed entries stay for them. Where the table
//! has to move its slots (compaction, clearing), they go to their readers, and with the next reader a new generation
//! begins. The place for that is made when the first reader of a generation comes, so that to let go of the slots needs
//! no memory.
//!
//! Readers are counted by *epoch*, which rises with each reader that comes after a change. Slots that an open reader may
//! see are never given up, so the later of two readers never ends before the other: of several, the last decides.

use crate::attic::Attic;
use crate::room::NoRoom;
use crate::storage::Storage;
use alloc::collections::VecDeque;

/// A ticket for reading a [`Table`](crate::Table) as it was when the ticket was taken.
///
/// Read with [`Table::next`](crate::Table::next) and give back with
/// [`Table::release`](crate::Table::release); a ticket that is dropped instead keeps the entries it
/// may still read alive for as long as the table lives.
#[derive(Debug)]
#[must_use = "a snapshot must be given back with `Table::release`"]
pub struct Snapshot {
    pub(crate) generation: u64,
    pub(crate) epoch: u32,
    pub(crate) reads: Reads,
    /// The next position.
    pub(crate) position: u32,
    /// Positions from here on are not of this snapshot.
    pub(crate) end: u32,
    /// So many positions before that have no entry for it.
    pub(crate) holes: u32,
}

/// What a reader needs to be as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Which entries there are.
    Keys,
    /// And the whole of each.
    Entries,
}

/// Readers of one generation and kind. Mostly there is one, for which no memory is needed.
#[derive(Debug)]
pub(crate) struct Readers {
    newest: Option<Reader>,
    /// Oldest first.
    older: VecDeque<Reader>,
}

/// Readers that have come without a change in between.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) epoch: u32,
    pub(crate) end: u32,
    count: usize,
}

impl Readers {
    const fn new() -> Self {
        Self {
            newest: None,
            older: VecDeque::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// The last one to come of those who are there.
    pub(crate) fn newest(&self) -> Option<&Reader> {
        self.newest.as_ref()
    }

    fn end(&self) -> u32 {
        self.newest.as_ref().map_or(0, |newest| newest.end)
    }

    fn open(&mut self, epoch: u32, end: u32) -> Result<(), NoRoom> {
        match &mut self.newest {
            Some(newest) if newest.epoch == epoch => newest.count += 1,
            newest => {
                if newest.is_some() {
                    self.older.try_reserve(1)?;
                }
                let count = 1;
                let older = newest.replace(Reader { epoch, end, count });
                self.older.extend(older);
            }
        }
        Ok(())
    }

    fn close(&mut self, epoch: u32) {
        let newest = self.newest.as_mut();
        if let Some(newest) = newest.filter(|newest| newest.epoch == epoch) {
            newest.count -= 1;
            if newest.count == 0 {
                self.newest = self.older.pop_back();
            }
        } else if let Ok(at) = self
            .older
            .binary_search_by_key(&epoch, |reader| reader.epoch)
        {
            if let Some(reader) = self.older.get_mut(at) {
                reader.count -= 1;
                if reader.count == 0 {
                    self.older.remove(at);
                }
            }
        }
        if self.older.is_empty() && self.older.capacity() > 0 {
            self.older = VecDeque::new();
        }
    }

    /// Whether one of them sees what was removed from a position in this epoch.
    fn see(&self, position: u32, epoch: u32) -> bool {
        let came_before = |reader: &&Reader| reader.epoch <= epoch;
        let last = self.newest.as_ref().filter(came_before).or_else(|| {
            let came_later = self.older.partition_point(|reader| came_before(&reader));
            self.older.get(came_later.checked_sub(1)?)
        });
        last.is_some_and(|reader| position < reader.end)
    }

    fn allocated_bytes(&self) -> usize {
        self.older.capacity() * size_of::<Reader>()
    }
}

/// Readers, and what is kept for them.
#[derive(Debug)]
pub(crate) struct Generation<E> {
    pub(crate) number: u64,
    of_keys: Readers,
    pub(crate) of_entries: Readers,
    /// For those who read whole entries.
    pub(crate) attic: Attic<E>,
    /// Empty while this is the current generation, which may have no readers.
    pub(crate) storage: Storage<E>,
}

impl<E> Generation<E> {
    pub(crate) fn new(number: u64) -> Self {
        Self {
            number,
            of_keys: Readers::new(),
            of_entries: Readers::new(),
            attic: Attic::new(),
            storage: Storage::new(),
        }
    }

    fn readers(&mut self, reads: Reads) -> &mut Readers {
        match reads {
            Reads::Keys => &mut self.of_keys,
            Reads::Entries => &mut self.of_entries,
        }
    }

    pub(crate) fn open(&mut self, reads: Reads, epoch: u32, end: u32) -> Result<(), NoRoom> {
        self.readers(reads).open(epoch, end)
    }

    pub(crate) fn close(&mut self, reads: Reads, epoch: u32) {
        self.readers(reads).close(epoch);
    }

    pub(crate) fn has_readers(&self) -> bool {
        !(self.of_keys.is_empty() && self.of_entries.is_empty())
    }

    /// No reader reads positions from here on.
    pub(crate) fn horizon(&self) -> u32 {
        self.of_keys.end().max(self.of_entries.end())
    }

    /// Whether a reader sees what was removed from a position in this epoch.
    pub(crate) fn sees(&self, position: u32, epoch: u32) -> bool {
        self.of_keys.see(position, epoch) || self.of_entries.see(position, epoch)
    }

    pub(crate) fn owned(&self) -> impl Iterator<Item = &E> {
        self.storage.owned().chain(self.attic.entries())
    }

    pub(crate) fn allocated_bytes(&self) -> usize {
        let readers = self.of_keys.allocated_bytes() + self.of_entries.allocated_bytes();
        readers + self.attic.allocated_bytes() + self.storage.allocated_bytes()
    }
}
