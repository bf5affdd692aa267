//! The index against a map, and how far its probes go.

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
        assert_eq!(self.index.find(hash, |at| at == position), None);
    }

    fn check(&self) {
        assert_eq!(self.index.len(), self.model.len());
        for (position, hash) in &self.model {
            let found = self.index.find(*hash, |at| at == *position);
            assert_eq!(found.map(|(_, at)| at), Some(*position));
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
#[cfg_attr(miri, ignore = "takes minutes")]
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
        assert_eq!(index.find(hash, |_| true), None);
        assert_eq!(index.candidates(hash).count(), 0);
    }
    assert_eq!((index.room(), index.allocated_bytes()), (0, 0));
}

/// To none twice, or user code would be asked about the same key again.
#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
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
#[cfg_attr(miri, ignore = "takes minutes")]
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
#[cfg_attr(miri, ignore = "takes minutes")]
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
