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
use crate::room::NoRoom;
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

    /// Finds the position under `hash` that `wanted` recognises, and its place; or the place where the search has ended.
    ///
    /// `wanted` is asked about all those under `hash`, and maybe about others, some of them beyond all slots.
    #[inline]
    pub(crate) fn find(
        &self,
        hash: u64,
        wanted: impl FnMut(u32) -> bool,
    ) -> Result<(usize, u32), usize> {
        let mut probe = self.probe(hash);
        let found = self.find_from(&mut probe, hash, wanted);
        found.ok_or(probe.place)
    }

    #[inline]
    fn find_from(
        &self,
        probe: &mut Probe,
        hash: u64,
        mut wanted: impl FnMut(u32) -> bool,
    ) -> Option<(usize, u32)> {
        loop {
            let word = *self.words.get(probe.place)?;
            if word.fits(hash) && wanted(word.position()) {
                return Some((probe.place, word.position()));
            }
            if word == Word::EMPTY {
                return None;
            }
            probe.advance();
        }
    }

    /// The positions of which [`find`](Self::find) would ask, each once.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> {
        let mut probe = self.probe(hash);
        core::iter::from_fn(move || {
            let (_, position) = self.find_from(&mut probe, hash, |position| position < LIMIT)?;
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

    /// Builds the index anew from what it is to hold, with room for `capacity` positions. Where memory is refused, it
    /// keeps its words, among which there is room for all that it holds now.
    pub(crate) fn rebuild(&mut self, capacity: usize, slots: impl Iterator<Item = (u64, u32)>) {
        let keeps_its_size = Self::words_for(capacity) == Ok(self.words.len());
        let other = (!keeps_its_size).then(|| Self::with_room(capacity));
        if let Some(Ok(index)) = other {
            *self = index;
        } else {
            self.words.fill(Word::EMPTY);
            (self.len, self.removed, self.twins) = (0, 0, false);
        }
        for (hash, position) in slots {
            self.insert(hash, position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, LIMIT, LINE, Word};
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::vec::Vec;

    /// An index and what it should hold, position to hash.
    struct Pair {
        index: Index,
        model: BTreeMap<u32, u64>,
    }

    impl Pair {
        fn new() -> Self {
            let (index, model) = (Index::new(), BTreeMap::new());
            Self { index, model }
        }

        fn rebuild(&mut self, capacity: usize) {
            let model = self.model.iter();
            self.index
                .rebuild(capacity, model.map(|(at, hash)| (*hash, *at)));
        }

        fn insert(&mut self, hash: u64, position: u32) {
            if self.index.room() == 0 {
                self.rebuild(self.model.len() * 3 / 2 + 1);
            }
            self.index.insert(hash, position);
            self.model.insert(position, hash);
        }

        fn remove(&mut self, position: u32) {
            let hash = self.model.remove(&position).expect("in the model");
            let found = self.index.find(hash, |at| at == position);
            self.index.remove(found.expect("in the index").0);
            assert!(self.index.find(hash, |at| at == position).is_err());
        }

        fn check(&self) {
            assert_eq!(self.index.len(), self.model.len());
            for (position, hash) in &self.model {
                let found = self.index.find(*hash, |at| at == *position);
                assert_eq!(found.map(|(_, at)| at).ok(), Some(*position));
                let candidates = self.index.candidates(*hash);
                assert_eq!(candidates.filter(|at| at == position).count(), 1);
            }
            let words = &self.index.words;
            let count = |sought: Word| words.iter().filter(|word| **word == sought).count();
            assert_eq!(count(Word::REMOVED), self.index.removed);
            assert!(count(Word::EMPTY) * 4 >= words.len(), "probes end");
        }
    }

    /// What Python gives to numbers and addresses, what differs in its high half only, and all the same.
    const PATTERNS: [fn(u64) -> u64; 7] = [
        |i| i,
        |i| i * 3,
        |i| i << 8,
        |i| i << 32,
        |i| (i + 1) << 48,
        |i| i.wrapping_mul(0xD1B5_4A32_D192_ED03),
        |_| 0,
    ];

    #[test]
    fn agrees_with_a_map_while_positions_come_and_go() {
        for pattern in PATTERNS {
            let mut pair = Pair::new();
            for i in 0..300 {
                pair.insert(pattern(i), i as u32);
            }
            pair.check();
            for i in (0..300).step_by(2).chain((1..300).step_by(4)) {
                pair.remove(i);
            }
            pair.check();
            for i in 300..700 {
                pair.insert(pattern(i), i as u32);
                if i % 3 != 0 {
                    pair.remove(i as u32);
                }
            }
            pair.check();
            pair.rebuild(1000);
            pair.check();
        }
    }

    #[test]
    fn an_empty_one_finds_nothing() {
        let index = Index::new();
        for hash in [0, 1, u64::MAX, u64::from(LIMIT)] {
            assert!(index.find(hash, |_| true).is_err());
            assert_eq!(index.candidates(hash).count(), 0);
        }
        assert_eq!((index.room(), index.allocated_bytes()), (0, 0));
    }

    /// To none twice, or user code would be asked about the same key again.
    #[test]
    fn a_probe_comes_to_every_word_once() {
        for lines in [1, 2, 4, 32, 1024] {
            let mut index = Index::new();
            index.rebuild(lines * LINE / 4 * 3, core::iter::empty());
            for hash in PATTERNS.into_iter().flat_map(|pattern| (0..9).map(pattern)) {
                let mut probe = index.probe(hash);
                let places = (0..lines * LINE).map(|_| (probe.place, probe.advance()).0);
                let places: BTreeSet<usize> = places.collect();
                assert_eq!(places.len(), lines * LINE);
            }
        }
    }

    /// Words without a position fit the hashes that end in zeros.
    #[test]
    fn candidates_are_positions() {
        let mut pair = Pair::new();
        for position in 0..5 {
            pair.insert(0, position);
        }
        pair.remove(1);
        pair.remove(3);
        let mut candidates: Vec<u32> = pair.index.candidates(0).collect();
        candidates.sort_unstable();
        assert_eq!(candidates, [0, 2, 4]);
    }

    /// The marks of what was removed do not pile up where they are not needed.
    #[test]
    fn the_last_of_a_line_takes_the_marks_before_it_along() {
        let mut pair = Pair::new();
        pair.rebuild(LINE);
        for position in 0..4 {
            pair.insert(0, position);
        }
        for (position, marks) in [(0, 1), (2, 2), (3, 1), (1, 0)] {
            pair.remove(position);
            assert_eq!(pair.index.removed, marks);
            pair.check();
        }
    }

    /// Steps of the probes for so many hashes up to what ends them, on average.
    fn average_steps(
        index: &Index,
        hashes: impl Iterator<Item = u64>,
        end: impl Fn(Word) -> bool,
    ) -> f64 {
        let (mut steps, mut probes) = (0, 0);
        for hash in hashes {
            let mut probe = index.probe(hash);
            while !end(index.words[probe.place]) {
                probe.advance();
            }
            steps += probe.steps;
            probes += 1;
        }
        f64::from(u32::try_from(steps).expect("few")) / f64::from(probes)
    }

    /// Few words are looked at, however the hashes are patterned, in an index that is nearly as full as can be.
    #[test]
    fn probes_are_short() {
        for pattern in &PATTERNS[..6] {
            let mut pair = Pair::new();
            for i in 0..49_000 {
                pair.insert(pattern(i), i as u32);
            }
            assert!(pair.index.room() < 300);
            let steps: f64 = (0..49_000)
                .map(|i| {
                    let sought = Word::new(pattern(i), i as u32);
                    average_steps(&pair.index, [pattern(i)].into_iter(), |word| word == sought)
                })
                .sum();
            assert!(steps < 49e3 * 4.0, "{} a lookup", steps / 49e3);
        }
    }

    /// Nor on the way to the end, where a lookup for an equal key goes, and one for a key that is not there.
    #[test]
    fn probes_end_soon() {
        for (at, pattern) in PATTERNS[..6].iter().enumerate() {
            for number in [100, 300, 1000, 3000] {
                let mut pair = Pair::new();
                for i in 0..number {
                    pair.insert(pattern(i), i as u32);
                }
                for hashes in [0..number, number..2 * number] {
                    let ends = |word| word == Word::EMPTY;
                    let steps = average_steps(&pair.index, hashes.clone().map(pattern), ends);
                    assert!(steps < 30.0, "pattern {at}, {hashes:?}: {steps} steps");
                }
            }
        }
    }
}
