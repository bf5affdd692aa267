//! The table against a list, with iterators open that see the past (S21, S34, S42).

use super::{Bucket, Snapshot, Table};
use proptest::prelude::*;
use weakrefs_table::Search;

/// What is done to a table; the numbers choose among what is there.
#[derive(Clone, Debug)]
enum Action {
    Insert { hash: u64 },
    Remove(usize),
    Evict(usize),
    Change(usize),
    PopOldest,
    PopNewest,
    Extract { modulus: u32 },
    TakeAll,
    Reserve(usize),
    Shrink,
    Open,
    Next(usize),
    NextBack(usize),
    Close(usize),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let at = 0..1000usize;
    let action = prop_oneof![
        // Few hashes, so that several share one; those of a row are what a table is made of.
        8 => (0..40u64).prop_map(|hash| Action::Insert { hash: hash << 57 | hash }),
        4 => at.clone().prop_map(Action::Remove),
        3 => at.clone().prop_map(Action::Evict),
        3 => at.clone().prop_map(Action::Change),
        1 => Just(Action::PopOldest),
        1 => Just(Action::PopNewest),
        1 => (1..4u32).prop_map(|modulus| Action::Extract { modulus }),
        1 => Just(Action::TakeAll),
        1 => (0..100usize).prop_map(Action::Reserve),
        1 => Just(Action::Shrink),
        1 => Just(Action::Open),
        6 => at.clone().prop_map(Action::Next),
        3 => at.clone().prop_map(Action::NextBack),
        1 => at.prop_map(Action::Close),
    ];
    prop::collection::vec(action, 0..400)
}

/// An entry: a name of its own, and what can be changed.
type Entry = (u32, u32);

/// A table, what must be in it, and what its iterators must still give.
struct Pair {
    table: Table<Entry>,
    model: Vec<Bucket<Entry>>,
    readers: Vec<(Snapshot, Vec<Entry>)>,
    number: u64,
}

impl Pair {
    fn new() -> Self {
        Self {
            table: Table::new(),
            model: Vec::new(),
            readers: Vec::new(),
            number: 0,
        }
    }

    fn chosen(&self, at: usize) -> Option<(usize, u64, u32)> {
        let at = at.checked_rem(self.model.len())?;
        let bucket = self.model.get(at)?;
        Some((at, bucket.hash, bucket.entry.0))
    }

    fn act(&mut self, action: &Action) {
        match *action {
            Action::Insert { hash } => {
                // Numbers have gaps, where other shards' are.
                self.number += 1 + self.number % 3;
                let bucket = Bucket {
                    hash,
                    number: self.number,
                    entry: (self.number as u32, 0),
                };
                assert!(self.table.insert(bucket.clone()).is_ok());
                self.model.push(bucket);
            }
            Action::Remove(at) => {
                if let Some((at, hash, name)) = self.chosen(at) {
                    let removed = self.table.remove(hash, |entry| entry.0 == name);
                    assert_eq!(removed, Some(self.model.remove(at).entry));
                }
            }
            Action::Evict(at) => {
                if let Some((at, hash, name)) = self.chosen(at) {
                    let evicted = self.table.evict(hash, |entry| entry.0 == name);
                    assert_eq!(evicted, Some(self.model.remove(at).entry));
                    for (_, rest) in &mut self.readers {
                        // What it was before it was changed is dead as well, but the table does not know.
                        rest.retain(|entry| *entry != evicted.unwrap());
                    }
                }
            }
            Action::Change(at) => {
                if let Some((at, hash, name)) = self.chosen(at) {
                    let found = self.table.search(hash, |entry| entry.0 == name);
                    self.table.get_mut(found.unwrap()).unwrap().1 += 1;
                    self.model[at].entry.1 += 1;
                }
            }
            Action::PopOldest => {
                let oldest = self.table.oldest();
                assert_eq!(oldest, self.model.first().map(|bucket| bucket.number));
                if let Some(oldest) = oldest {
                    let removed = self.table.remove_number(oldest);
                    assert_eq!(removed, Some(self.model.remove(0).entry));
                }
            }
            Action::PopNewest => {
                let newest = self.table.newest();
                assert_eq!(newest, self.model.last().map(|bucket| bucket.number));
                if let Some(newest) = newest {
                    let removed = self.table.remove_number(newest);
                    assert_eq!(removed, self.model.pop().map(|bucket| bucket.entry));
                }
            }
            Action::Extract { modulus } => {
                let leaves = |entry: &Entry| entry.0 % 4 == modulus;
                let extracted = self.table.extract(leaves).into_iter();
                let (left, stay) = self
                    .model
                    .drain(..)
                    .partition(|bucket| leaves(&bucket.entry));
                self.model = stay;
                let left: Vec<Bucket<Entry>> = left;
                assert!(
                    extracted
                        .map(|bucket| bucket.entry)
                        .eq(left.into_iter().map(|bucket| bucket.entry))
                );
            }
            Action::TakeAll => {
                let mut taken = Vec::new();
                self.table.take_all(&mut taken);
                let taken = taken.iter().map(|bucket| bucket.entry);
                assert!(taken.eq(self.model.drain(..).map(|bucket| bucket.entry)));
            }
            Action::Reserve(additional) => {
                self.table.reserve(additional).unwrap();
                assert!(self.table.capacity() >= self.model.len() + additional);
            }
            Action::Shrink => self.table.shrink_to(0),
            Action::Open => {
                let seen = self.model.iter().map(|bucket| bucket.entry).collect();
                self.readers.push((self.table.snapshot().unwrap(), seen));
            }
            Action::Next(at) => {
                if let Some(at) = at.checked_rem(self.readers.len()) {
                    let (snapshot, rest) = &mut self.readers[at];
                    let next = self
                        .table
                        .next::<false>(snapshot)
                        .map(|bucket| bucket.entry);
                    assert_eq!(next, rest.first().copied());
                    rest.drain(..rest.len().min(1));
                }
            }
            Action::NextBack(at) => {
                if let Some(at) = at.checked_rem(self.readers.len()) {
                    let (snapshot, rest) = &mut self.readers[at];
                    let next = self.table.next::<true>(snapshot).map(|bucket| bucket.entry);
                    assert_eq!(next, rest.pop());
                }
            }
            Action::Close(at) => {
                if let Some(at) = at.checked_rem(self.readers.len()) {
                    let (mut snapshot, mut rest) = self.readers.swap_remove(at);
                    while let Some(next) = self.table.next::<false>(&mut snapshot) {
                        assert_eq!(next.entry, rest.remove(0));
                    }
                    assert!(rest.is_empty());
                    self.table.release(snapshot).into_entries().for_each(drop);
                }
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.table.len(), self.model.len());
        assert_eq!(self.table.is_read(), !self.readers.is_empty());
        for bucket in &self.model {
            let found = self
                .table
                .search(bucket.hash, |entry| entry.0 == bucket.entry.0);
            assert_eq!(self.table.get(found.unwrap()), Some(&bucket.entry));
            let candidates = self.table.candidates(bucket.hash).count();
            let twins = self.model.iter().filter(|other| other.hash == bucket.hash);
            assert_eq!(candidates, twins.count());
        }
        let places = self.table.order.len();
        let needed = self.model.len() + self.table.readers.kept();
        assert!(
            places <= 2 * needed + super::SMALL,
            "{places} places for {needed}"
        );
        if self.readers.is_empty() {
            assert_eq!(self.table.readers.kept(), 0);
        }
    }
}

proptest! {
    #[test]
    fn as_a_list_that_remembers(actions in actions()) {
        let mut pair = Pair::new();
        for action in &actions {
            pair.act(action);
            pair.check();
        }
        let model = pair.model.iter().map(|bucket| bucket.entry);
        let model: Vec<_> = model.collect();
        let table = pair.table.into_buckets().map(|bucket| bucket.entry);
        prop_assert_eq!(table.collect::<Vec<_>>(), model);
    }
}

fn filled(size: u64) -> Table<u64> {
    let mut table = Table::new();
    for number in 0..size {
        insert(&mut table, number);
    }
    table
}

fn insert(table: &mut Table<u64>, number: u64) {
    let bucket = Bucket {
        hash: number << 57 | number,
        number,
        entry: number,
    };
    assert!(table.insert(bucket).is_ok());
}

fn remove(table: &mut Table<u64>, number: u64) -> Option<u64> {
    table.remove(number << 57 | number, |entry| *entry == number)
}

/// S34, S42: opening an iterator looks at the first entry, not at those that were before it. Were it otherwise, this
/// would not end.
#[test]
fn a_queue_costs_what_changes() {
    let mut table = filled(100_000);
    for number in 0..100_000 {
        let mut snapshot = table.snapshot().unwrap();
        let next = table.next::<false>(&mut snapshot);
        assert_eq!(next.map(|bucket| bucket.entry), Some(number));
        table.release(snapshot).into_entries().for_each(drop);
        assert_eq!(remove(&mut table, number), Some(number));
    }
    assert_eq!(table.len(), 0);
    assert!(table.size() <= super::SMALL && table.order.len() == 0);
}

/// S42: what an older iterator still sees is not walked over again and again.
#[test]
fn both_ends_are_at_hand() {
    let mut table = filled(100_000);
    let older = table.snapshot().unwrap();
    for number in 0..50_000 {
        let mut snapshot = table.snapshot().unwrap();
        let next = table.next::<false>(&mut snapshot);
        assert_eq!(next.map(|bucket| bucket.entry), Some(number));
        let last = 99_999 - number;
        let next = table.next::<true>(&mut snapshot);
        assert_eq!(next.map(|bucket| bucket.entry), Some(last));
        table.release(snapshot).into_entries().for_each(drop);
        assert_eq!((table.oldest(), table.newest()), (Some(number), Some(last)));
        assert_eq!(remove(&mut table, number), Some(number));
        assert_eq!(remove(&mut table, last), Some(last));
    }
    // A new one comes and goes behind all those.
    for number in 100_000..150_000 {
        insert(&mut table, number);
        assert_eq!(
            (table.oldest(), table.newest()),
            (Some(number), Some(number))
        );
        assert_eq!(remove(&mut table, number), Some(number));
        assert_eq!((table.oldest(), table.newest()), (None, None));
    }
    assert_eq!(table.release(older).into_entries().count(), 100_000);
}

/// S42: with an iterator open, too, and that sees them all.
#[test]
fn a_change_under_an_iterator_costs_the_change() {
    let mut table = filled(100_000);
    let mut snapshot = table.snapshot().unwrap();
    for number in (0..100_000).rev() {
        assert_eq!(remove(&mut table, number), Some(number));
    }
    for number in 0..100_000 {
        let next = table.next::<false>(&mut snapshot);
        assert_eq!(next.map(|bucket| bucket.entry), Some(number));
    }
    assert_eq!(table.release(snapshot).into_entries().count(), 100_000);
    assert_eq!(table.order.len(), 0);
}

/// S34: where one iterator is always open, what the earlier ones needed goes nevertheless.
#[test]
fn overlapping_iterators_keep_little() {
    let mut table = filled(0);
    let mut open = table.snapshot().unwrap();
    let mut dropped = 0;
    for number in 0..10_000u64 {
        insert(&mut table, number);
        let next = table.snapshot().unwrap();
        let last = std::mem::replace(&mut open, next);
        dropped += table.release(last).into_entries().count();
        assert_eq!(remove(&mut table, number), Some(number));
        assert!(table.readers.kept() <= 2 * super::readers::FEW);
    }
    dropped += table.release(open).into_entries().count();
    assert_eq!(dropped, 10_000);
}

/// S34: places in the middle do not stay, whether an iterator needed them or not.
#[test]
fn void_places_are_few() {
    // As many as there is room for: then most of what is removed leaves a mark in its bucket.
    const SIZE: u64 = 14_336;
    for is_read in [false, true] {
        let mut table = filled(SIZE);
        assert_eq!(table.capacity(), table.len());
        let snapshot = is_read.then(|| table.snapshot().unwrap());
        for number in 1..SIZE - 1 {
            assert_eq!(remove(&mut table, number), Some(number));
        }
        if let Some(snapshot) = snapshot {
            assert_eq!(table.order.len(), SIZE as usize);
            table.release(snapshot).into_entries().for_each(drop);
        }
        assert!(table.order.len() <= 2 * 2 + super::SMALL);
        assert!(table.size() <= super::SMALL);
    }
}

/// S34: nor where entries come and go between two that stay, with room for all.
#[test]
fn churn_leaves_few_places() {
    let mut table = filled(1000);
    table.reserve(10_000).unwrap();
    for number in 1000..50_000 {
        insert(&mut table, number);
        assert_eq!(remove(&mut table, number - 1), Some(number - 1));
        assert!(table.order.len() <= 2 * table.len() + super::SMALL);
    }
}
