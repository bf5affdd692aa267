//! [`Order`]: in which bucket each entry is, by the order of insertion.

use std::collections::VecDeque;
use weakrefs_table::NoRoom;

/// Where in the table the entry with a number was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u64,
    pub(super) bucket: u32,
}

/// The places of a table's entries, by rising numbers.
pub(super) struct Order {
    places: VecDeque<Place>,
    /// How many have gone from the front since places in the middle were last dropped.
    gone: u64,
    /// How often places in the middle have been dropped.
    epoch: u64,
}

/// Where a reader of an [`Order`] is. While places go from the ends only, that needs no search.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    epoch: u64,
    /// Counted from where the front was when the epoch began.
    at: u64,
}

impl Cursor {
    /// To the next place.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// To the place before.
    pub(super) fn retreat(&mut self) {
        self.at = self.at.saturating_sub(1);
    }
}

impl Order {
    pub(super) fn new() -> Self {
        Self {
            places: VecDeque::new(),
            gone: 0,
            epoch: 0,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Place> {
        self.places.iter()
    }

    pub(super) fn into_places(self) -> impl Iterator<Item = Place> {
        self.places.into_iter()
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<Place> {
        self.places.get(at).copied()
    }

    pub(super) fn front(&self) -> Option<Place> {
        self.places.front().copied()
    }

    pub(super) fn back(&self) -> Option<Place> {
        self.places.back().copied()
    }

    /// Whether the place of this number is the first or the last one.
    #[inline]
    pub(super) fn ends_with(&self, number: u64) -> bool {
        let is_it = |place: &Place| place.number == number;
        self.places.back().is_some_and(is_it) || self.places.front().is_some_and(is_it)
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
        self.places.push_back(place);
    }

    pub(super) fn pop_front(&mut self) {
        if self.places.pop_front().is_some() {
            self.gone += 1;
        }
    }

    pub(super) fn pop_back(&mut self) {
        self.places.pop_back();
    }

    pub(super) fn for_each_mut(&mut self, change: impl FnMut(&mut Place)) {
        self.places.iter_mut().for_each(change);
    }

    /// Drops the places for which `keep` is false, and memory that is not needed any more.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Place) -> bool) {
        self.places.retain(keep);
        self.epoch += 1;
        self.gone = 0;
        if self.places.len() * 4 < self.places.capacity() {
            let mut smaller = VecDeque::new();
            // Where there is no memory for it, the larger one stays.
            if smaller.try_reserve_exact(self.places.len() * 2).is_ok() {
                smaller.extend(self.places.iter().copied());
                self.places = smaller;
            }
        }
    }

    /// Where the first number that is not below `number` is.
    fn first_from(&self, number: u64) -> usize {
        self.places.partition_point(|place| place.number < number)
    }

    /// Where a reader goes on: at the first number that is not below `number`, which was at `cursor`.
    #[inline]
    pub(super) fn resume(&self, cursor: Cursor, number: u64) -> usize {
        if cursor.epoch == self.epoch {
            cursor.at.saturating_sub(self.gone) as usize
        } else {
            self.first_from(number)
        }
    }

    /// Says where `at` is.
    #[inline]
    pub(super) fn cursor(&self, at: usize) -> Cursor {
        Cursor {
            epoch: self.epoch,
            at: self.gone + at as u64,
        }
    }
}
