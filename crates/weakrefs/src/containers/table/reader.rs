//! [`Reader`]: an iterator over a table, that reads a batch of entries at once.
//!
//! The steps in a batch need no lock (see [`Lent`] for what keeps its entries). Each entry is anywhere in memory, and so is
//! its referent: a batch has the processor fetch all its referents, and the entries of the next batch, so that they are at
//! hand when it is their turn. The first batch is of one entry, for those who only want that, unless all are few: then it is of
//! all, and the lock that opens the reader is the only one to read.

use super::readers::{Read, Snapshot, Unneeded};
use super::{Bucket, Table};
use crate::containers::lend::{Lend, Lent};
use smallvec::SmallVec;
use std::ops::Range;
use weakrefs_table::NoRoom;

/// The entries of the first batch from an end, for which there is room in the reader itself.
const FEW: usize = 1;

/// The entries of the others, and of the first one if there are no more. Tests have few entries, and several batches.
const MANY: usize = if cfg!(any(test, shuttle)) { 4 } else { 32 };

/// Reads a version of a table, from both ends. It is given back with [`Table::close`].
#[must_use = "a reader must be given back"]
pub(in super::super) struct Reader<E: Lend> {
    snapshot: Snapshot,
    /// From the front and from the back.
    batches: [Batch<E>; 2],
}

/// Entries that have been lent.
struct Batch<E: Lend> {
    /// In the order in which they are to be read.
    lent: SmallVec<[Lent<E>; FEW]>,
    /// Which of them are still to be read.
    left: Range<u32>,
}

impl<E: Lend> Batch<E> {
    fn new() -> Self {
        Self {
            lent: SmallVec::new(),
            left: 0..0,
        }
    }

    #[inline]
    fn number(&self, at: u32) -> Option<u64> {
        self.lent.get(at as usize).map(Lent::number)
    }

    /// From the lowest to the highest number of some of them.
    fn numbers(&self, some: &Range<u32>) -> Option<Range<u64>> {
        let last = some.end.checked_sub(1).filter(|last| *last >= some.start)?;
        let (one, other) = (self.number(some.start)?, self.number(last)?);
        Some(one.min(other)..one.max(other) + 1)
    }

    /// The numbers that are lent.
    #[inline]
    fn all(&self) -> Option<Range<u64>> {
        self.numbers(&(0..self.lent.len() as u32))
    }

    /// Makes room for the next entries; says for how many, as of `all`.
    fn start(&mut self, all: u64) -> usize {
        let all = usize::try_from(all).unwrap_or(usize::MAX);
        let most = if self.lent.is_empty() && all > MANY {
            FEW
        } else {
            all.min(MANY)
        };
        self.lent.clear();
        // Without memory, they are fewer.
        _ = self.lent.try_reserve_exact(most);
        most.min(self.lent.capacity())
    }
}

impl<E: Lend> Reader<E> {
    fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            batches: [Batch::new(), Batch::new()],
        }
    }

    /// Where the next entry from an end is: in which batch, and where there.
    #[inline]
    fn at<const BACK: bool>(&self) -> Option<(usize, u32)> {
        let (own, other) = (usize::from(BACK), usize::from(!BACK));
        if !self.batches[own].left.is_empty() {
            return Some((own, self.batches[own].left.start));
        }
        // Between the two batches there may be others.
        if !self.is_read() || self.batches[other].left.is_empty() {
            return None;
        }
        Some((other, self.batches[other].left.end - 1))
    }

    /// Whether everything is in the batches.
    #[inline]
    pub(in super::super) fn is_read(&self) -> bool {
        self.snapshot.is_empty()
    }

    /// The number of the next entry that is in a batch.
    #[inline]
    pub(in super::super) fn number<const BACK: bool>(&self) -> Option<u64> {
        let (batch, at) = self.at::<BACK>()?;
        self.batches[batch].number(at)
    }

    /// Takes the next entry that is in a batch.
    #[inline]
    pub(in super::super) fn next<const BACK: bool>(&mut self) -> Option<&Lent<E>> {
        let (batch, at) = self.at::<BACK>()?;
        let batch = &mut self.batches[batch];
        if batch.left.start == at {
            batch.left.start += 1;
        } else {
            batch.left.end = at;
        }
        batch.lent.get(at as usize)
    }

    /// The numbers of what is still to be read, in batches or not.
    fn numbers(&self) -> Range<u64> {
        let [front, back] = &self.batches;
        let between = (!self.is_read()).then(|| self.snapshot.numbers());
        let all = [
            front.numbers(&front.left),
            between,
            back.numbers(&back.left),
        ];
        let all = all.into_iter().flatten();
        all.reduce(|all, next| all.start..next.end).unwrap_or(0..0)
    }
}

impl<E: Lend + Clone> Table<E> {
    /// A reader of the entries as they are now.
    pub(in super::super) fn open(&mut self) -> Result<Reader<E>, NoRoom> {
        Ok(Reader::new(self.snapshot()?))
    }

    /// Another reader, that goes on where this one is.
    pub(in super::super) fn open_again(&mut self, reader: &Reader<E>) -> Result<Reader<E>, NoRoom> {
        let snapshot = self.snapshot_again(&reader.snapshot, reader.numbers())?;
        Ok(Reader::new(snapshot))
    }

    /// Ends a reader; gives what then nobody needs.
    pub(in super::super) fn close(&mut self, reader: &mut Reader<E>) -> Option<Unneeded<E>> {
        for batch in &mut reader.batches {
            if let Some(numbers) = batch.all() {
                self.readers.give_back(&numbers);
            }
            batch.left = 0..0;
        }
        self.release(&reader.snapshot)
    }

    /// Lends a reader the next entries from one end, for those that it has read from there. Gives what then nobody needs.
    pub(in super::super) fn lend<const BACK: bool>(
        &mut self,
        reader: &mut Reader<E>,
    ) -> Option<Unneeded<E>> {
        let snapshot = &mut reader.snapshot;
        let batch = &mut reader.batches[usize::from(BACK)];
        let last = batch.all();
        if let Some(numbers) = &last {
            self.readers.give_back(numbers);
        }
        let numbers = snapshot.numbers();
        let most = batch.start(numbers.end.saturating_sub(numbers.start));
        self.read::<BACK>(snapshot, most, &mut batch.lent);
        batch.left = 0..batch.lent.len() as u32;
        if let Some(numbers) = batch.all() {
            self.readers.lend(numbers);
        }
        if last.is_some() {
            self.fetch::<BACK>(snapshot, MANY);
        }
        self.readers.let_go()
    }
}

impl<'a, E: Lend + 'a> Read<'a, E> for &mut SmallVec<[Lent<E>; FEW]> {
    #[inline]
    fn read(self, entries: impl Iterator<Item = &'a Bucket<E>>) {
        self.extend(entries.map(|bucket| {
            // SAFETY: `lend` notes its number, and gives that back before another one is read.
            #[allow(unsafe_code, reason = "the protocol of `Lent`")]
            let lent = unsafe { Lent::new(bucket) };
            lent.fetch();
            lent
        }));
    }
}
