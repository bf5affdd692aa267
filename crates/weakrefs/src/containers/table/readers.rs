//! [`Readers`]: the iterators of a table, and what is kept for them of what has been removed or changed since.
//!
//! An iterator sees the entries of one version of the table (S21). What it reads are the table's own entries, by the
//! order, and instead of one that was removed or changed in the meantime, what is kept under its number: so to open an
//! iterator costs the same whatever the size, and so does a change while it is open (S42). What nobody can see any more
//! is given up with the last iterator, or when it is as much as all that was needed when last looked at.

use super::order::{Cursor, Place};
use super::{Bucket, Table};
use hashbrown::HashTable;
use smallvec::SmallVec;
use std::hint::black_box;
use weakrefs_table::NoRoom;

/// A ticket for reading a table as it was when the ticket was taken, from both ends. It is given back with
/// [`Table::release`].
#[derive(Debug)]
#[must_use = "a snapshot must be given back"]
pub(in super::super) struct Snapshot {
    version: u64,
    /// The first number that may still be read.
    from: u64,
    front: Cursor,
    /// The first number beyond those.
    to: u64,
    back: Cursor,
}

/// An entry as it was until a version of the table.
pub(super) struct Kept<E> {
    pub(super) bucket: Bucket<E>,
    pub(super) until: u64,
}

/// Numbers in a row differ in a few low bits only.
fn place_of(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32)
}

/// The iterators of a table, and what is kept for them.
pub(super) struct Readers<E> {
    /// The versions that are being read, and by how many. Rising.
    open: SmallVec<[(u64, usize); 1]>,
    /// No open iterator sees numbers from here on.
    end: u64,
    kept: HashTable<Kept<E>>,
    /// With so many, it is time to look who still needs them.
    many: usize,
}

/// So many buckets are brought to the processor's cache at once.
const AHEAD: usize = 16;

/// With less than that, looking for what nobody needs is not worth it.
pub(super) const FEW: usize = 32;

impl<E> Readers<E> {
    pub(super) fn new() -> Self {
        Self {
            open: SmallVec::new(),
            end: 0,
            kept: HashTable::new(),
            many: FEW,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// How much is kept.
    #[inline]
    pub(super) fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Whether an iterator sees the present entry of this number.
    #[inline]
    pub(super) fn see(&self, number: u64) -> bool {
        number < self.end
    }

    /// Whether an iterator needs the present entry of this number as it is: whether one has come since it was last kept.
    pub(super) fn need(&self, number: u64) -> bool {
        let newest = self.open.last().map_or(0, |(newest, _)| *newest);
        self.see(number) && self.find(number, newest).is_none()
    }

    /// Whether something is kept under this number.
    #[inline]
    pub(super) fn keep_any(&self, number: u64) -> bool {
        !self.kept.is_empty() && self.find(number, 0).is_some()
    }

    /// Keeps an entry as it was until this version.
    #[cold]
    pub(super) fn keep(&mut self, bucket: Bucket<E>, until: u64) -> Result<(), NoRoom> {
        let place = |kept: &Kept<E>| place_of(kept.bucket.number);
        let reserved = self.kept.try_reserve(1, place);
        reserved.map_err(|_| NoRoom)?;
        let kept = Kept { bucket, until };
        self.kept.insert_unique(place(&kept), kept, place);
        Ok(())
    }

    /// What a version has under this number, if that has been kept: of several, what was changed first.
    fn find(&self, number: u64, version: u64) -> Option<&Bucket<E>> {
        let kept = self.kept.iter_hash(place_of(number));
        let seen = kept.filter(|kept| kept.bucket.number == number && kept.until > version);
        Some(&seen.min_by_key(|kept| kept.until)?.bucket)
    }

    fn open(&mut self, version: u64, end: u64) -> Result<(), NoRoom> {
        match self.open.last_mut() {
            Some((newest, count)) if *newest == version => *count += 1,
            _ => {
                self.open.try_reserve(1).map_err(|_| NoRoom)?;
                self.open.push((version, 1));
            }
        }
        self.end = self.end.max(end);
        Ok(())
    }

    /// Counts another reader of a version that is being read.
    fn open_again(&mut self, version: u64) {
        let same = self.open.iter_mut().find(|(open, _)| *open == version);
        if let Some((_, count)) = same {
            *count += 1;
        }
    }

    /// Ends the reading of a version; gives what then nobody needs.
    fn close(&mut self, version: u64) -> Unneeded<E> {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == version) {
            if let Some((_, count)) = self.open.get_mut(at) {
                *count -= 1;
                if *count == 0 {
                    self.open.remove(at);
                }
            }
        }
        let mut unneeded = Unneeded {
            all: HashTable::new(),
            some: Vec::new(),
        };
        let Some(&(oldest, _)) = self.open.first() else {
            self.end = 0;
            self.many = FEW;
            unneeded.all = std::mem::replace(&mut self.kept, HashTable::new());
            return unneeded;
        };
        if self.kept.len() >= self.many && unneeded.some.try_reserve(self.kept.len()).is_ok() {
            let is_unneeded = |kept: &mut Kept<E>| kept.until <= oldest;
            unneeded.some.extend(self.kept.extract_if(is_unneeded));
            self.many = (2 * self.kept.len()).max(FEW);
        }
        unneeded
    }
}

/// What was kept for iterators and is not needed any more, to be dropped outside of locks.
pub(in super::super) struct Unneeded<E> {
    all: HashTable<Kept<E>>,
    some: Vec<Kept<E>>,
}

impl<E> Unneeded<E> {
    pub(in super::super) fn into_entries(self) -> impl Iterator<Item = E> {
        self.all
            .into_iter()
            .chain(self.some)
            .map(|kept| kept.bucket.entry)
    }
}

impl<E: Clone> Table<E> {
    /// A ticket for reading the entries as they are now.
    pub(in super::super) fn snapshot(&mut self) -> Result<Snapshot, NoRoom> {
        let (first, last) = (self.first(), self.last());
        let from = self.order.get(first).map_or(0, |place| place.number);
        let to = self.newest().map_or(from, |newest| newest + 1);
        self.readers.open(self.version, to)?;
        Ok(Snapshot {
            version: self.version,
            from,
            front: self.order.cursor(first),
            to,
            back: self.order.cursor(last),
        })
    }

    /// Another ticket, of one that goes on from the same place.
    pub(in super::super) fn snapshot_again(&mut self, snapshot: &Snapshot) -> Snapshot {
        self.readers.open_again(snapshot.version);
        Snapshot { ..*snapshot }
    }

    /// Gives a ticket back; gives what then nobody needs.
    pub(in super::super) fn release(&mut self, snapshot: Snapshot) -> Unneeded<E> {
        let unneeded = self.readers.close(snapshot.version);
        self.trim();
        self.thin();
        unneeded
    }

    /// What a version has at a place in the order.
    #[inline]
    fn seen_at(&self, place: Place, version: u64) -> Option<&Bucket<E>> {
        if self.readers.kept() > 0 {
            if let Some(kept) = self.readers.find(place.number, version) {
                return Some(kept);
            }
        }
        self.at_place(place)
    }

    /// The next entry, from the front or from the back.
    #[inline]
    pub(in super::super) fn peek<const BACK: bool>(
        &self,
        snapshot: &mut Snapshot,
    ) -> Option<&Bucket<E>> {
        if BACK {
            self.peek_back(snapshot)
        } else {
            self.peek_front(snapshot)
        }
    }

    #[inline]
    fn peek_front(&self, snapshot: &mut Snapshot) -> Option<&Bucket<E>> {
        let mut at = self.order.resume(snapshot.front, snapshot.from);
        loop {
            let place = self.order.get(at);
            let place = place.filter(|place| place.number < snapshot.to)?;
            if at % AHEAD == 0 {
                self.look_ahead(at);
            }
            if let Some(bucket) = self.seen_at(place, snapshot.version) {
                snapshot.front = self.order.cursor(at);
                snapshot.from = place.number;
                return Some(bucket);
            }
            at += 1;
        }
    }

    /// Reads the buckets of some places one after the other. They are anywhere in memory, and the locks and counts of a
    /// step keep the processor from waiting for several at once, as it does here: a pass over 100,000 entries takes
    /// about half of the time.
    #[inline(never)]
    fn look_ahead(&self, at: usize) {
        for place in (at..at + AHEAD).map_while(|at| self.order.get(at)) {
            black_box(self.at_place(place).is_some());
        }
    }

    fn peek_back(&self, snapshot: &mut Snapshot) -> Option<&Bucket<E>> {
        if snapshot.from >= snapshot.to {
            return None;
        }
        let mut at = self.order.resume(snapshot.back, snapshot.to);
        loop {
            at = at.checked_sub(1)?;
            // Others may have come to where places have gone from the back.
            let place = self.order.get(at);
            let Some(place) = place.filter(|place| place.number < snapshot.to) else {
                continue;
            };
            if place.number < snapshot.from {
                return None;
            }
            if let Some(bucket) = self.seen_at(place, snapshot.version) {
                snapshot.back = self.order.cursor(at + 1);
                snapshot.to = place.number + 1;
                return Some(bucket);
            }
        }
    }

    /// Reads the next entry, from the front or from the back.
    #[inline]
    pub(in super::super) fn next<const BACK: bool>(
        &self,
        snapshot: &mut Snapshot,
    ) -> Option<&Bucket<E>> {
        let bucket = self.peek::<BACK>(snapshot)?;
        if BACK {
            snapshot.back.retreat();
            snapshot.to = bucket.number;
        } else {
            snapshot.front.advance();
            snapshot.from = bucket.number + 1;
        }
        Some(bucket)
    }
}
