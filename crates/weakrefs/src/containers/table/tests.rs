//! The table against a list, with iterators open that see the past (S21, S34, S42).

#![allow(unsafe_code, reason = "entries that can be lent")]

use super::{Bucket, Reader, Table};
use crate::containers::lend::Lend;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
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
    Clone(usize),
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
        1 => at.clone().prop_map(Action::Clone),
        1 => at.prop_map(Action::Close),
    ];
    prop::collection::vec(action, 0..400)
}

/// An entry: a name of its own, what can be changed, and whether it is alive.
#[derive(Clone, Debug)]
struct Entry {
    value: (u32, u32),
    life: Weak<()>,
}

// SAFETY: it is like a real one.
unsafe impl Lend for Entry {
    type Weak = Weak<()>;
    type Strong = Arc<()>;
    type Payload = (u32, u32);

    fn weak(&self) -> &Weak<()> {
        &self.life
    }

    fn payload(&self) -> &(u32, u32) {
        &self.value
    }

    fn upgrade(weak: &Weak<()>) -> Option<Arc<()>> {
        weak.upgrade()
    }

    fn is_dead(weak: &Weak<()>) -> bool {
        weak.strong_count() == 0
    }

    fn address(weak: &Weak<()>) -> *const () {
        weak.as_ptr()
    }
}

/// Lives for ever.
// SAFETY: nothing can be dropped.
unsafe impl Lend for u64 {
    type Weak = ();
    type Strong = ();
    type Payload = u64;

    fn weak(&self) -> &() {
        &()
    }

    fn payload(&self) -> &u64 {
        self
    }

    fn upgrade(&(): &()) -> Option<()> {
        Some(())
    }

    fn is_dead(&(): &()) -> bool {
        false
    }

    fn address((): &()) -> *const () {
        std::ptr::null()
    }
}

/// The next entry that is alive, from the front or from the back.
fn step<E: Lend<Payload: Copy> + Clone, const BACK: bool>(
    table: &mut Table<E>,
    reader: &mut Reader<E>,
) -> Option<E::Payload> {
    loop {
        if let Some(lent) = reader.next::<BACK>() {
            if let Some((_, value)) = lent.read(|_, value| *value) {
                return Some(value);
            }
        } else if reader.is_read() {
            return None;
        } else {
            count(table.lend::<BACK>(reader));
        }
    }
}

fn count<E: Lend>(unneeded: Option<super::Unneeded<E>>) -> usize {
    unneeded.map_or(0, |unneeded| unneeded.into_entries().count())
}

type Values = Vec<(u32, u32)>;

/// A table, what must be in it, and what its iterators must still give.
struct Pair {
    table: Table<Entry>,
    model: Vec<Bucket<(u32, u32)>>,
    lives: HashMap<u32, Arc<()>>,
    readers: Vec<(Reader<Entry>, Values)>,
    number: u64,
}

impl Pair {
    fn new() -> Self {
        Self {
            table: Table::new(),
            model: Vec::new(),
            lives: HashMap::new(),
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
                let (number, value) = (self.number, (self.number as u32, 0));
                let life = Arc::new(());
                let entry = Entry {
                    value,
                    life: Arc::downgrade(&life),
                };
                self.lives.insert(value.0, life);
                let bucket = Bucket {
                    hash,
                    number,
                    entry,
                };
                assert!(self.table.insert(bucket).is_ok());
                self.model.push(Bucket {
                    hash,
                    number,
                    entry: value,
                });
            }
            Action::Remove(at) => {
                if let Some((at, hash, name)) = self.chosen(at) {
                    let removed = self.table.remove(hash, |entry| entry.value.0 == name);
                    assert_eq!(value(removed), Some(self.model.remove(at).entry));
                }
            }
            Action::Evict(at) => {
                if let Some((at, hash, name)) = self.chosen(at) {
                    drop(self.lives.remove(&name));
                    let evicted = self.table.evict(hash, |entry| entry.value.0 == name);
                    let evicted = value(evicted.map(|bucket| bucket.entry)).unwrap();
                    assert_eq!(evicted, self.model.remove(at).entry);
                    for (_, rest) in &mut self.readers {
                        rest.retain(|entry| entry.0 != evicted.0);
                    }
                }
            }
            Action::Change(at) => {
                if let Some((at, hash, name)) = self.chosen(at) {
                    let found = self.table.search(hash, |entry| entry.value.0 == name);
                    self.table.get_mut(found.unwrap()).unwrap().value.1 += 1;
                    self.model[at].entry.1 += 1;
                }
            }
            Action::PopOldest => {
                let oldest = self.table.oldest();
                assert_eq!(oldest, self.model.first().map(|bucket| bucket.number));
                if let Some(oldest) = oldest {
                    let removed = self.table.remove_number(oldest);
                    assert_eq!(value(removed), Some(self.model.remove(0).entry));
                }
            }
            Action::PopNewest => {
                let newest = self.table.newest();
                assert_eq!(newest, self.model.last().map(|bucket| bucket.number));
                if let Some(newest) = newest {
                    let removed = self.table.remove_number(newest);
                    assert_eq!(value(removed), self.model.pop().map(|bucket| bucket.entry));
                }
            }
            Action::Extract { modulus } => {
                let leaves = |entry: &(u32, u32)| entry.0 % 4 == modulus;
                let extracted = self.table.extract(|entry| leaves(&entry.value)).into_iter();
                let (left, stay) = self
                    .model
                    .drain(..)
                    .partition(|bucket| leaves(&bucket.entry));
                self.model = stay;
                let left: Vec<Bucket<(u32, u32)>> = left;
                assert!(
                    extracted
                        .map(|bucket| bucket.entry.value)
                        .eq(left.into_iter().map(|bucket| bucket.entry))
                );
            }
            Action::TakeAll => {
                let mut taken = Vec::new();
                self.table.take_all(&mut taken);
                let taken = taken.iter().map(|bucket| bucket.entry.value);
                assert!(taken.eq(self.model.drain(..).map(|bucket| bucket.entry)));
            }
            Action::Reserve(additional) => {
                self.table.reserve(additional).unwrap();
                assert!(self.table.capacity() >= self.model.len() + additional);
            }
            Action::Shrink => self.table.shrink_to(0),
            Action::Open => {
                let seen = self.model.iter().map(|bucket| bucket.entry).collect();
                self.readers.push((self.table.open().unwrap(), seen));
            }
            Action::Next(at) => {
                if let Some(at) = at.checked_rem(self.readers.len()) {
                    let (reader, rest) = &mut self.readers[at];
                    let next = step::<_, false>(&mut self.table, reader);
                    assert_eq!(next, rest.first().copied());
                    rest.drain(..rest.len().min(1));
                }
            }
            Action::NextBack(at) => {
                if let Some(at) = at.checked_rem(self.readers.len()) {
                    let (reader, rest) = &mut self.readers[at];
                    assert_eq!(step::<_, true>(&mut self.table, reader), rest.pop());
                }
            }
            Action::Clone(at) => {
                if let Some(at) = at.checked_rem(self.readers.len()) {
                    let (reader, rest) = &self.readers[at];
                    let again = self.table.open_again(reader).unwrap();
                    self.readers.push((again, rest.clone()));
                }
            }
            Action::Close(at) => {
                if let Some(at) = at.checked_rem(self.readers.len()) {
                    let (mut reader, mut rest) = self.readers.swap_remove(at);
                    while let Some(next) = step::<_, false>(&mut self.table, &mut reader) {
                        assert_eq!(next, rest.remove(0));
                    }
                    assert!(rest.is_empty());
                    count(self.table.close(&mut reader));
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
                .search(bucket.hash, |entry| entry.value.0 == bucket.entry.0);
            let found = self.table.get(found.unwrap()).cloned();
            assert_eq!(value(found), Some(bucket.entry));
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
            assert!(self.table.readers.hold_nothing());
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
        let table = pair.table.into_buckets().map(|bucket| bucket.entry.value);
        prop_assert_eq!(table.collect::<Vec<_>>(), model);
    }
}

fn value(entry: Option<Entry>) -> Option<(u32, u32)> {
    entry.map(|entry| entry.value)
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
        let mut reader = table.open().unwrap();
        let next = step::<_, false>(&mut table, &mut reader);
        assert_eq!(next, Some(number));
        count(table.close(&mut reader));
        assert_eq!(remove(&mut table, number), Some(number));
    }
    assert_eq!(table.len(), 0);
    assert!(table.size() <= super::SMALL && table.order.len() == 0);
}

/// S42: what an older iterator still sees is not walked over again and again.
#[test]
fn both_ends_are_at_hand() {
    let mut table = filled(100_000);
    let mut older = table.open().unwrap();
    for number in 0..50_000 {
        let mut reader = table.open().unwrap();
        let next = step::<_, false>(&mut table, &mut reader);
        assert_eq!(next, Some(number));
        let last = 99_999 - number;
        let next = step::<_, true>(&mut table, &mut reader);
        assert_eq!(next, Some(last));
        count(table.close(&mut reader));
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
    assert_eq!(count(table.close(&mut older)), 100_000);
}

/// S42: with an iterator open, too, and that sees them all.
#[test]
fn a_change_under_an_iterator_costs_the_change() {
    let mut table = filled(100_000);
    let mut reader = table.open().unwrap();
    for number in (0..100_000).rev() {
        assert_eq!(remove(&mut table, number), Some(number));
    }
    for number in 0..100_000 {
        let next = step::<_, false>(&mut table, &mut reader);
        assert_eq!(next, Some(number));
    }
    assert_eq!(count(table.close(&mut reader)), 100_000);
    assert_eq!(table.order.len(), 0);
}

/// S34: where one iterator is always open, what the earlier ones needed goes nevertheless.
#[test]
fn overlapping_iterators_keep_little() {
    let mut table = filled(0);
    let mut open = table.open().unwrap();
    let mut dropped = 0;
    for number in 0..10_000u64 {
        insert(&mut table, number);
        let next = table.open().unwrap();
        let mut last = std::mem::replace(&mut open, next);
        dropped += count(table.close(&mut last));
        assert_eq!(remove(&mut table, number), Some(number));
        assert!(table.readers.kept() <= 2 * super::readers::FEW);
    }
    dropped += count(table.close(&mut open));
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
        let mut reader = is_read.then(|| table.open().unwrap());
        for number in 1..SIZE - 1 {
            assert_eq!(remove(&mut table, number), Some(number));
        }
        if let Some(reader) = &mut reader {
            assert_eq!(table.order.len(), SIZE as usize);
            count(table.close(reader));
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
