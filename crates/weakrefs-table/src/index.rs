//! The index: which slot is under a hash, at the price of one cache line.
//!
//! An open-addressed table of words, each the position of a slot with half of its hash as a tag: so the first
//! word that fits is nearly always the one sought, and the slot is the second place in memory to be looked at.
//! (A table with a place of its own for tags, as hashbrown's, is smaller by a third, and takes one place more.)
//!
//! A probe reads a line of words from its home on, and around to its beginning; if none of them is empty it goes on
//! to another line: to five times as far, and by an odd number from the hash more, so that it comes to every line,
//! and to none again before it has been at all (Hull and Dobell). Where a word was removed, a mark stays that makes
//! probes go on, unless they would end at the next word anyway. At least a quarter of the words is empty, so every
//! probe ends.

use crate::hash::spread;
use crate::room::{NoRoom, shrink};
use alloc::vec::Vec;

/// In a line of the processor's cache.
const LINE: usize = 8;

/// Positions are below this: the two beyond mark words without one.
pub(crate) const LIMIT: u32 = u32::MAX - 1;

/// No place of the index.
pub(crate) const NOWHERE: usize = usize::MAX;

/// The positions of slots by their hashes.
#[derive(Debug)]
pub(crate) struct Index {
    /// None, or a power of two of whole lines.
    words: Vec<Word>,
    len: usize,
    /// How many words are marked as removed.
    removed: usize,
    /// Whether two positions may have the same hash. Set when a word is passed that fits the hash of a new one.
    twins: bool,
}

/// The tag in the high half, the position in the low one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word(u64);

impl Word {
    /// Nothing has been here, or nothing that a probe would have to pass.
    const EMPTY: Self = Self(u32::MAX as u64);

    /// Something was here.
    const REMOVED: Self = Self(LIMIT as u64);

    #[inline]
    fn new(hash: u64, position: u32) -> Self {
        Self(hash << 32 | u64::from(position))
    }

    #[inline]
    fn position(self) -> u32 {
        self.0 as u32
    }

    /// Whether it may be one under `hash`. Of those without a position, some may, too.
    #[inline]
    fn fits(self, hash: u64) -> bool {
        (self.0 >> 32) as u32 == hash as u32
    }
}

/// What a search makes of a position that it comes upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the one sought.
    Match,
    /// It is not, and neither is any other.
    Stop,
    /// It is not; another one may be.
    Continue,
}

impl Verdict {
    #[inline]
    fn match_if(is_sought: bool) -> Self {
        if is_sought {
            Self::Match
        } else {
            Self::Continue
        }
    }
}

/// The places that a probe comes to, one after the other.
struct Probe {
    place: usize,
    steps: usize,
    increment: usize,
    mask: usize,
}

impl Probe {
    #[inline]
    fn advance(&mut self) {
        self.steps += 1;
        self.place = (self.place & !(LINE - 1)) | ((self.place + 1) % LINE);
        if self.steps % LINE == 0 {
            let line = (self.place / LINE).wrapping_mul(5);
            let line = line.wrapping_add(self.increment);
            self.place = (line.wrapping_mul(LINE) | (self.place % LINE)) & self.mask;
        }
    }
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self {
            words: Vec::new(),
            len: 0,
            removed: 0,
            twins: false,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether two positions may have the same hash.
    #[inline]
    pub(crate) fn has_twins(&self) -> bool {
        self.twins
    }

    pub(crate) fn allocated_bytes(&self) -> usize {
        self.words.capacity() * size_of::<Word>()
    }

    /// How many positions can be added before the index has to be built [anew](Self::rebuild).
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.words.len() / 4 * 3 - self.len - self.removed
    }

    /// A probe for `hash`, at its home.
    #[inline]
    fn probe(&self, hash: u64) -> Probe {
        let spread = spread(hash);
        let mask = self.words.len().wrapping_sub(1);
        Probe {
            place: spread.home & mask,
            steps: 0,
            increment: spread.increment,
            mask,
        }
    }

    /// Finds the position under `hash` that `wanted` recognises, and its place.
    ///
    /// `wanted` is asked about all those under `hash`, and maybe about others, some of them beyond all slots.
    #[inline]
    pub(crate) fn find(
        &self,
        hash: u64,
        mut wanted: impl FnMut(u32) -> bool,
    ) -> Option<(usize, u32)> {
        let judge = |position| Verdict::match_if(wanted(position));
        self.search(hash, judge).ok()
    }

    /// As [`find`](Self::find), by a verdict on each; or else the place where the search has ended, if not by a verdict.
    #[inline]
    pub(crate) fn search(
        &self,
        hash: u64,
        judge: impl FnMut(u32) -> Verdict,
    ) -> Result<(usize, u32), Option<usize>> {
        self.search_from(&mut self.probe(hash), hash, judge)
    }

    #[inline]
    fn search_from(
        &self,
        probe: &mut Probe,
        hash: u64,
        mut judge: impl FnMut(u32) -> Verdict,
    ) -> Result<(usize, u32), Option<usize>> {
        while let Some(word) = self.words.get(probe.place) {
            if word.fits(hash) {
                match judge(word.position()) {
                    Verdict::Match => return Ok((probe.place, word.position())),
                    Verdict::Stop => return Err(None),
                    Verdict::Continue => {}
                }
            }
            if *word == Word::EMPTY {
                break;
            }
            probe.advance();
        }
        Err(Some(probe.place))
    }

    /// The positions of which [`find`](Self::find) would ask, each once.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> {
        let mut probe = self.probe(hash);
        core::iter::from_fn(move || {
            let judge = |position| Verdict::match_if(position < LIMIT);
            let (_, position) = self.search_from(&mut probe, hash, judge).ok()?;
            probe.advance();
            Some(position)
        })
    }

    /// The place where a search has ended that has come upon nothing under its hash, if a position of that hash belongs
    /// there: not if a mark can be used again.
    #[inline]
    pub(crate) fn usable_end(&self, end: usize) -> usize {
        if self.removed == 0 { end } else { NOWHERE }
    }

    /// As [`insert`](Self::insert), at a [usable end](Self::usable_end) of a search since which nothing has changed, or
    /// [`NOWHERE`].
    #[inline]
    pub(crate) fn insert_at(&mut self, end: usize, hash: u64, position: u32) {
        match self.words.get_mut(end) {
            Some(word) if *word == Word::EMPTY => {
                *word = Word::new(hash, position);
                self.len += 1;
            }
            _ => self.insert(hash, position),
        }
    }

    /// Adds a position, which must be new, and for which there must be room.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, position: u32) {
        let mut probe = self.probe(hash);
        let mut free = None;
        // On to the end, for twins are on the same way.
        loop {
            match self.words.get(probe.place) {
                None | Some(&Word::EMPTY) => break,
                Some(&Word::REMOVED) => _ = free.get_or_insert(probe.place),
                Some(word) => self.twins |= word.fits(hash),
            }
            probe.advance();
        }
        let Some(free) = self.words.get_mut(free.unwrap_or(probe.place)) else {
            return;
        };
        self.removed -= usize::from(*free == Word::REMOVED);
        self.len += 1;
        *free = Word::new(hash, position);
    }

    /// Exchanges the position at a place for another one of the same hash.
    pub(crate) fn replace(&mut self, place: usize, position: u32) {
        if let Some(word) = self.words.get_mut(place) {
            word.0 = word.0 & !u64::from(u32::MAX) | u64::from(position);
        }
    }

    /// Removes the word at a place.
    #[inline]
    pub(crate) fn remove(&mut self, place: usize) {
        let Some(line) = self.words.chunks_exact_mut(LINE).nth(place / LINE) else {
            return;
        };
        self.len -= 1;
        let at = place % LINE;
        if line.get((at + 1) % LINE) != Some(&Word::EMPTY) {
            line.get_mut(at)
                .into_iter()
                .for_each(|word| *word = Word::REMOVED);
            self.removed += 1;
            return;
        }
        // A probe that came here would end at the next word, and those that came to marks before, here.
        line.get_mut(at)
            .into_iter()
            .for_each(|word| *word = Word::EMPTY);
        let mut before = (at + LINE - 1) % LINE;
        let is_mark = |word: &&mut Word| **word == Word::REMOVED;
        while let Some(mark) = line.get_mut(before).filter(is_mark) {
            *mark = Word::EMPTY;
            self.removed -= 1;
            before = (before + LINE - 1) % LINE;
        }
    }

    /// How many words make room for `capacity` positions.
    fn words_for(capacity: usize) -> Result<usize, NoRoom> {
        let words = capacity.checked_mul(4).ok_or(NoRoom)?.div_ceil(3);
        Ok(words.checked_next_power_of_two().ok_or(NoRoom)?.max(LINE))
    }

    /// An empty one with room for `capacity` positions.
    pub(crate) fn with_room(capacity: usize) -> Result<Self, NoRoom> {
        let mut index = Self::new();
        let words = Self::words_for(capacity)?;
        index.words.try_reserve_exact(words)?;
        index.words.resize(words, Word::EMPTY);
        Ok(index)
    }

    /// Whether it has more words than room for `capacity` positions takes.
    pub(crate) fn is_larger_than_for(&self, capacity: usize) -> bool {
        Self::words_for(capacity).is_ok_and(|words| words < self.words.len())
    }

    /// Builds the index anew from what it is to hold, with room for `capacity` positions. Where memory for more is refused,
    /// it keeps its words, among which there is room for all that it holds now. For fewer none is needed.
    pub(crate) fn rebuild(&mut self, capacity: usize, slots: impl Iterator<Item = (u64, u32)>) {
        match Self::words_for(capacity) {
            Ok(words) if words <= self.words.len() => self.empty(words),
            _ => match Self::with_room(capacity) {
                Ok(index) => *self = index,
                Err(NoRoom) => self.empty(self.words.len()),
            },
        }
        for (hash, position) in slots {
            // Mostly nothing is at its home yet.
            self.insert_at(self.probe(hash).place, hash, position);
        }
    }

    /// Forgets all positions, and gives all but so many words back.
    fn empty(&mut self, words: usize) {
        if words < self.words.len() {
            self.words.truncate(words);
            shrink(&mut self.words, words);
        }
        self.words.fill(Word::EMPTY);
        (self.len, self.removed, self.twins) = (0, 0, false);
    }
}

#[cfg(test)]
mod tests;
