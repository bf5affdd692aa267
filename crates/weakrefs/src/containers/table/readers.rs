//! [`Readers`]: the iterators of a table, and what is kept for them of what has been removed or changed since.
//!
//! An iterator sees the entries of one version of the table (S21). What it reads are the table's own entries, by the
//! order, and instead of one that was removed or changed in the meantime, what is kept under its number: so to open an
//! iterator costs the same whatever the size, and so does a change while it is open (S42). What nobody can see any more
//! is given up with the last iterator, or when it is as much as all that was needed when last looked at.

use super::order::{Cursor, Place};
use super::{Bucket, Table};
use crate::containers::lend::{Lend, fetch};
use hashbrown::HashTable;
use smallvec::SmallVec;
use std::mem;
use std::ops::Range;
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

impl Snapshot {
    /// Those that may still be read.
    #[inline]
    pub(super) fn numbers(&self) -> Range<u64> {
        self.from..self.to
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// The same version, of which other numbers may be read.
    pub(super) fn again(&self, numbers: Range<u64>) -> Self {
        Self {
            version: self.version,
            from: numbers.start,
            front: Cursor::UNKNOWN,
            to: numbers.end,
            back: Cursor::UNKNOWN,
        }
    }
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

/// What is held of an entry that left the table while it was lent.
enum Remnant<E: Lend> {
    Entry(E),
    /// Of one that is dead.
    Weak(E::Weak),
}

/// The iterators of a table, and what is kept for them.
pub(super) struct Readers<E: Lend> {
    /// The versions that are being read, and by how many. Rising.
    open: SmallVec<[(u64, usize); 1]>,
    /// No open iterator sees numbers from here on.
    end: u64,
    kept: HashTable<Kept<E>>,
    /// With so many, it is time to look who still needs them.
    many: usize,
    /// The numbers that are lent, of each reader up to twice. There is room for that.
    lent: SmallVec<[Range<u64>; 2]>,
    /// By number.
    held: Vec<(u64, Remnant<E>)>,
}

/// With fewer entries, the processor has them at hand in any case.
const LARGE: usize = 4096;

/// With less than that, looking for what nobody needs is not worth it.
pub(super) const FEW: usize = 32;

impl<E: Lend> Readers<E> {
    pub(super) fn new() -> Self {
        Self {
            open: SmallVec::new(),
            end: 0,
            kept: HashTable::new(),
            many: FEW,
            lent: SmallVec::new(),
            held: Vec::new(),
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

    #[cfg(test)]
    pub(super) fn hold_nothing(&self) -> bool {
        self.lent.is_empty() && self.held.is_empty()
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
        self.make_room_to_lend()?;
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
    fn open_again(&mut self, version: u64) -> Result<(), NoRoom> {
        self.make_room_to_lend()?;
        let same = self.open.iter_mut().find(|(open, _)| *open == version);
        if let Some((_, count)) = same {
            *count += 1;
        }
        Ok(())
    }

    /// For one more reader, which then needs no memory to read on.
    fn make_room_to_lend(&mut self) -> Result<(), NoRoom> {
        let readers: usize = self.open.iter().map(|(_, count)| count).sum();
        let additional = 2 * (readers + 1) - self.lent.len();
        self.lent.try_reserve(additional).map_err(|_| NoRoom)
    }

    /// Ends the reading of a version; gives what then nobody needs.
    fn close(&mut self, version: u64) -> Option<Unneeded<E>> {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == version) {
            if let Some((_, count)) = self.open.get_mut(at) {
                *count -= 1;
                if *count == 0 {
                    self.open.remove(at);
                }
            }
        }
        if self.open.is_empty() {
            self.end = 0;
            self.many = FEW;
            if self.lent.spilled() {
                self.lent = SmallVec::new();
            }
        }
        if self.kept.is_empty() {
            return self.let_go();
        }
        let mut unneeded = self.let_go().unwrap_or_else(Unneeded::nothing);
        let Some(&(oldest, _)) = self.open.first() else {
            unneeded.all = mem::replace(&mut self.kept, HashTable::new());
            return Some(unneeded);
        };
        if self.kept.len() >= self.many && unneeded.some.try_reserve(self.kept.len()).is_ok() {
            let is_unneeded = |kept: &mut Kept<E>| kept.until <= oldest;
            unneeded.some.extend(self.kept.extract_if(is_unneeded));
            self.many = (2 * self.kept.len()).max(FEW);
        }
        Some(unneeded)
    }

    /// Notes that a reader has copies of the entries with these numbers.
    #[inline]
    pub(super) fn lend(&mut self, numbers: Range<u64>) {
        self.lent.push(numbers);
    }

    /// Whether a reader may have a copy of the entry with this number.
    #[inline]
    pub(super) fn lend_any(&self, number: u64) -> bool {
        self.lent.iter().any(|numbers| numbers.contains(&number))
    }

    /// Holds an entry that leaves, and is lent.
    #[cold]
    pub(super) fn hold(&mut self, bucket: &Bucket<E>)
    where
        E: Clone,
    {
        let weak = bucket.entry.weak();
        let remnant = if E::is_dead(weak) {
            Remnant::Weak(weak.clone())
        } else {
            Remnant::Entry(bucket.entry.clone())
        };
        if self.held.try_reserve(1).is_ok() {
            self.held.push((bucket.number, remnant));
        } else {
            // Nobody could tell when it is not lent any more.
            mem::forget(remnant);
        }
    }

    /// Ends what [`lend`](Self::lend) began.
    #[inline]
    pub(super) fn give_back(&mut self, numbers: &Range<u64>) {
        if let Some(at) = self.lent.iter().position(|lent| lent == numbers) {
            self.lent.swap_remove(at);
        }
    }

    /// Gives what was held, and nobody needs any more.
    #[inline]
    pub(super) fn let_go(&mut self) -> Option<Unneeded<E>> {
        if self.held.is_empty() {
            return None;
        }
        self.let_go_of_some()
    }

    #[cold]
    fn let_go_of_some(&mut self) -> Option<Unneeded<E>> {
        let mut unneeded = Unneeded::nothing();
        if self.lent.is_empty() {
            unneeded.held = mem::take(&mut self.held);
        } else if unneeded.held.try_reserve(self.held.len()).is_ok() {
            let mut at = 0;
            while let Some((number, _)) = self.held.get(at) {
                if self.lend_any(*number) {
                    at += 1;
                } else {
                    unneeded.held.push(self.held.swap_remove(at));
                }
            }
        }
        Some(unneeded)
    }
}

/// What was kept or held for iterators and is not needed any more, to be dropped outside of locks.
pub(in super::super) struct Unneeded<E: Lend> {
    all: HashTable<Kept<E>>,
    some: Vec<Kept<E>>,
    held: Vec<(u64, Remnant<E>)>,
}

impl<E: Lend> Unneeded<E> {
    fn nothing() -> Self {
        Self {
            all: HashTable::new(),
            some: Vec::new(),
            held: Vec::new(),
        }
    }

    pub(in super::super) fn into_entries(self) -> impl Iterator<Item = E> {
        let kept = self.all.into_iter().chain(self.some);
        let held = self.held.into_iter().filter_map(|(_, held)| match held {
            Remnant::Entry(entry) => Some(entry),
            Remnant::Weak(_) => None,
        });
        kept.map(|kept| kept.bucket.entry).chain(held)
    }
}

impl<E: Lend + Clone> Table<E> {
    /// A ticket for reading the entries as they are now.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot, NoRoom> {
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

    /// Another ticket, of the same version.
    pub(super) fn snapshot_again(
        &mut self,
        snapshot: &Snapshot,
        numbers: Range<u64>,
    ) -> Result<Snapshot, NoRoom> {
        self.readers.open_again(snapshot.version)?;
        Ok(snapshot.again(numbers))
    }

    /// Gives a ticket back; gives what then nobody needs.
    pub(super) fn release(&mut self, snapshot: &Snapshot) -> Option<Unneeded<E>> {
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

    /// Gives `read` the next `most` entries, from the front or from the back, which takes them all.
    #[inline]
    pub(super) fn read<'a, const BACK: bool>(
        &'a self,
        snapshot: &mut Snapshot,
        most: usize,
        read: impl Read<'a, E>,
    ) {
        if BACK {
            self.read_back(snapshot, most, read);
        } else {
            self.read_front(snapshot, most, read);
        }
    }

    #[inline]
    fn read_front<'a>(&'a self, snapshot: &mut Snapshot, most: usize, read: impl Read<'a, E>) {
        let at = self.order.resume(snapshot.front, snapshot.from);
        let all = self.order.slice(at..usize::MAX);
        let mut places = all.iter();
        let seen = places.by_ref();
        let seen = seen.take_while(|place| place.number < snapshot.to);
        let seen = seen.filter_map(|place| self.seen_at(*place, snapshot.version));
        read.read(seen.take(most));
        let next = places.as_slice().first();
        if let Some(next) = next.filter(|next| next.number < snapshot.to) {
            snapshot.from = next.number;
            snapshot.front = self.order.cursor(at + all.len() - places.len());
        } else {
            snapshot.from = snapshot.to;
        }
    }

    #[inline]
    fn read_back<'a>(&'a self, snapshot: &mut Snapshot, most: usize, read: impl Read<'a, E>) {
        let at = self.order.resume(snapshot.back, snapshot.to);
        let mut places = self.order.slice(0..at).iter();
        // Others may have come to where places have gone from the back.
        while places
            .as_slice()
            .last()
            .is_some_and(|place| place.number >= snapshot.to)
        {
            places.next_back();
        }
        let seen = places.by_ref().rev();
        let seen = seen.take_while(|place| place.number >= snapshot.from);
        let seen = seen.filter_map(|place| self.seen_at(*place, snapshot.version));
        read.read(seen.take(most));
        let next = places.as_slice().last();
        if let Some(next) = next.filter(|next| next.number >= snapshot.from) {
            snapshot.to = next.number + 1;
            snapshot.back = self.order.cursor(places.len());
        } else {
            snapshot.to = snapshot.from;
        }
    }

    /// Fetches the next `most` entries. They are anywhere in memory.
    #[inline]
    pub(super) fn fetch<const BACK: bool>(&self, snapshot: &Snapshot, most: usize) {
        if snapshot.is_empty() || self.len() < LARGE {
            return;
        }
        let places = if BACK {
            let end = self.order.resume(snapshot.back, snapshot.to);
            self.order.slice(end.saturating_sub(most)..end)
        } else {
            let start = self.order.resume(snapshot.front, snapshot.from);
            self.order.slice(start..start + most)
        };
        for place in places {
            if let Some(bucket) = self.buckets.get_bucket(place.bucket as usize) {
                // It may lie in two lines of memory.
                fetch(&bucket.number);
                fetch(bucket.entry.weak());
            }
        }
    }
}

/// What takes up the entries that are read.
pub(super) trait Read<'a, E: 'a> {
    fn read(self, entries: impl Iterator<Item = &'a Bucket<E>>);
}
