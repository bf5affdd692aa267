//! [`Order`]: in which bucket each entry is, by the order of insertion.

use std::ops::Range;
use weakrefs_table::NoRoom;

/// So many places are not worth moving.
const FEW: usize = 32;

/// Where in the table the entry with a number was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u64,
    pub(super) bucket: u32,
}

/// The places of a table's entries, by rising numbers.
///
/// A place that is void stays so, and may have to stay for iterators. Those who look for the first or the last that is not
/// walk over such places once: it is remembered that there are none before `void_before`, nor in one stretch, `gap`.
pub(super) struct Order {
    /// Those before `start` have gone.
    places: Vec<Place>,
    start: usize,
    void_before: usize,
    gap: Range<usize>,
    /// How often places have been moved.
    epoch: u64,
}

/// Where a reader of an [`Order`] is. Until places are moved, that needs no search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    epoch: u64,
    at: usize,
}

impl Cursor {
    /// That of one who has to search.
    pub(super) const UNKNOWN: Self = Self {
        epoch: u64::MAX,
        at: 0,
    };
}

impl Order {
    pub(super) fn new() -> Self {
        Self {
            places: Vec::new(),
            start: 0,
            void_before: 0,
            gap: 0..0,
            epoch: 0,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.start
    }

    pub(super) fn into_places(self) -> impl Iterator<Item = Place> {
        self.places.into_iter().skip(self.start)
    }

    /// The place at an index, which is nowhere before [`start`](Self::start).
    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<Place> {
        self.places.get(at).copied()
    }

    /// The places with these indices, as far as there are any.
    #[inline]
    pub(super) fn slice(&self, at: Range<usize>) -> &[Place] {
        let end = at.end.min(self.places.len());
        self.places.get(at.start..end).unwrap_or_default()
    }

    /// The index of the first place that is not void, or else that behind the last place.
    pub(super) fn first(&mut self, is_void: impl Fn(Place) -> bool) -> usize {
        let mut at = self.void_before.max(self.start);
        while self.get(at).is_some_and(&is_void) {
            at += 1;
        }
        self.void_before = at;
        at
    }

    /// The index behind the last place that is not void, or else that of the first place.
    pub(super) fn last(&mut self, is_void: impl Fn(Place) -> bool) -> usize {
        let end = self.places.len();
        let mut at = end;
        loop {
            if at == self.gap.end {
                at = self.gap.start.min(at);
            }
            let before = at.checked_sub(1).filter(|before| *before >= self.start);
            let Some(before) = before.filter(|before| self.get(*before).is_some_and(&is_void))
            else {
                break;
            };
            at = before;
        }
        if at < end {
            self.gap = at..end;
        }
        at.max(self.start)
    }

    pub(super) fn front(&self) -> Option<Place> {
        self.get(self.start)
    }

    pub(super) fn back(&self) -> Option<Place> {
        self.get(self.places.len().checked_sub(1)?)
            .filter(|_| self.len() > 0)
    }

    /// Whether the place of this number is the first or the last one.
    #[inline]
    pub(super) fn ends_with(&self, number: u64) -> bool {
        let is_it = |place: Place| place.number == number;
        self.places.last().copied().is_some_and(is_it) || self.front().is_some_and(is_it)
    }

    /// The place of a number.
    pub(super) fn find(&self, number: u64) -> Option<Place> {
        let place = self.get(self.first_from(number))?;
        (place.number == number).then_some(place)
    }

    #[inline]
    pub(super) fn reserve(&mut self, additional: usize) -> Result<(), NoRoom> {
        Ok(self.places.try_reserve(additional)?)
    }

    /// Adds a place, for which there must be room.
    #[inline]
    pub(super) fn push(&mut self, place: Place) {
        self.places.push(place);
    }

    pub(super) fn pop_front(&mut self) {
        self.start += 1;
        if self.start * 2 > self.places.len() + FEW {
            self.places.drain(..self.start);
            self.moved();
        }
    }

    pub(super) fn pop_back(&mut self) {
        self.places.pop();
        let end = self.places.len();
        self.start = self.start.min(end);
        self.void_before = self.void_before.min(end);
        self.gap.end = self.gap.end.min(end);
    }

    pub(super) fn for_each_mut(&mut self, change: impl FnMut(&mut Place)) {
        self.places.iter_mut().skip(self.start).for_each(change);
    }

    /// Drops the places for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Place) -> bool) {
        self.places.drain(..self.start);
        self.places.retain(keep);
        self.moved();
    }

    /// The first place is where the memory begins. Gives back what is not needed of that.
    fn moved(&mut self) {
        self.start = 0;
        self.void_before = 0;
        self.gap = 0..0;
        self.epoch += 1;
        if self.places.capacity() > FEW && self.places.len() * 4 < self.places.capacity() {
            let mut smaller = Vec::new();
            // Where there is no memory for it, the larger one stays.
            if smaller.try_reserve_exact(self.places.len() * 2).is_ok() {
                smaller.append(&mut self.places);
                self.places = smaller;
            }
        }
    }

    /// The index of the first number that is not below `number`.
    fn first_from(&self, number: u64) -> usize {
        let places = self.places.get(self.start..).unwrap_or_default();
        self.start + places.partition_point(|place| place.number < number)
    }

    /// Where a reader goes on: at the first number that is not below `number`, which was at `cursor`.
    #[inline]
    pub(super) fn resume(&self, cursor: Cursor, number: u64) -> usize {
        if cursor.epoch == self.epoch {
            cursor.at.max(self.start)
        } else {
            self.first_from(number)
        }
    }

    /// Says where `at` is.
    #[inline]
    pub(super) fn cursor(&self, at: usize) -> Cursor {
        Cursor {
            epoch: self.epoch,
            at,
        }
    }
}
