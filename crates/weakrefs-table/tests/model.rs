//! The table against a naive model: a vector of entries, and a copy of it for every snapshot.
//!
//! Hashes are drawn from a few values, some of which look like the words of retired entries, so that entries of equal
//! hash, tombstones, compaction and shrinking all happen in short scripts, under any number of readers.

use proptest::prelude::*;
use std::collections::HashSet;
use std::rc::Rc;
use weakrefs_table::{Miss, Snapshot, Table};

const HASHES: [u64; 12] = [
    0,
    1,
    2,
    3,
    0xA700_0001_0000_0000,
    0xA700_0001_0000_0001,
    0xA700_0002_FFFF_FFFE,
    0xA7FF_FFFF_FFFF_FFFF,
    8,
    1 << 32,
    2 << 32,
    u64::MAX,
];

/// What the model knows of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    hash: u64,
    id: u32,
    value: u32,
}

/// An entry in the table; the counts tell how many of them there are.
#[derive(Clone, Debug)]
struct Entry {
    known: Known,
    _alive: Rc<()>,
}

#[derive(Clone, Debug)]
enum Operation {
    Insert(usize),
    Search(usize),
    /// After one of the searches, which may be long ago.
    InsertAfter(prop::sample::Index),
    Remove(prop::sample::Index),
    RemoveOldest,
    Evict(prop::sample::Index),
    Touch(prop::sample::Index),
    Pop,
    /// Mass death: all but every n-th entry.
    Extract(u32),
    Clear,
    Reserve(usize),
    Open {
        keys: bool,
    },
    Read(prop::sample::Index, usize),
    Release(prop::sample::Index),
    Reclaim,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        30 => (0..HASHES.len()).prop_map(Insert),
        15 => (0..HASHES.len()).prop_map(Search),
        15 => any::<prop::sample::Index>().prop_map(InsertAfter),
        12 => any::<prop::sample::Index>().prop_map(Remove),
        4 => Just(RemoveOldest),
        8 => any::<prop::sample::Index>().prop_map(Evict),
        15 => any::<prop::sample::Index>().prop_map(Touch),
        5 => Just(Pop),
        2 => (1u32..5).prop_map(Extract),
        1 => Just(Clear),
        2 => (0usize..100).prop_map(Reserve),
        6 => any::<bool>().prop_map(|keys| Open { keys }),
        12 => (any::<prop::sample::Index>(), 0usize..8).prop_map(|(at, n)| Read(at, n)),
        4 => any::<prop::sample::Index>().prop_map(Release),
        3 => Just(Reclaim),
    ]
}

/// A snapshot beside what it must still give.
struct Open {
    snapshot: Snapshot,
    keys: bool,
    expected: std::vec::IntoIter<Known>,
    /// How many entries had been evicted when it was opened.
    evicted: usize,
}

impl Open {
    fn read(&mut self, table: &Table<Entry>, evicted: &HashSet<u32>, steps: usize) {
        for _ in 0..steps {
            let remaining = table.remaining(&self.snapshot);
            if self.evicted == evicted.len() {
                assert_eq!(remaining, self.expected.len(), "exact");
            }
            let peeked = table.peek(&self.snapshot).map(|entry| entry.known);
            assert!(
                table.next_if(&mut self.snapshot, |_| false).is_none(),
                "it stays the next one"
            );
            // Whoever reads passes over the dead.
            let is_alive = |known: &Known| !evicted.contains(&known.id);
            let left = self.expected.clone().filter(is_alive).count();
            assert!(remaining >= left, "an upper bound");
            let mut first = true;
            let seen = std::iter::from_fn(|| {
                let seen = table.next(&mut self.snapshot).map(|entry| entry.known);
                if std::mem::take(&mut first) {
                    assert_eq!(seen, peeked);
                }
                seen
            })
            .find(is_alive);
            let expected = self.expected.find(is_alive);
            if self.keys {
                let key = |known: Known| (known.hash, known.id);
                assert_eq!(seen.map(key), expected.map(key));
            } else {
                assert_eq!(seen, expected);
            }
        }
    }
}

fn check(table: &Table<Entry>, model: &[Known]) {
    assert_eq!(table.len(), model.len());
    assert_eq!(table.is_empty(), model.is_empty());
    assert!(table.iter().map(|entry| &entry.known).eq(model));
    assert_eq!(table.last().map(|entry| &entry.known), model.last());
    let known = |at| table.get(at).map(|entry| entry.known);
    for entry in model {
        let at = table
            .find(entry.hash, |other| other.known == *entry)
            .expect("an entry of the model");
        assert_eq!(known(at), Some(*entry));
        let found = table.search(entry.hash, |other| other.known == *entry);
        assert_eq!(found, Ok(at));
    }
    for hash in HASHES {
        match table.search(hash, |_| false) {
            Ok(_) => unreachable!("nothing is the same"),
            Err(Miss {
                candidate: Some(at),
                ..
            }) => assert_eq!(known(at).map(|known| known.hash), Some(hash)),
            Err(_) => assert!(model.iter().all(|entry| entry.hash != hash)),
        }
        let mut candidates = Vec::new();
        for (at, entry) in table.candidates(hash) {
            assert_eq!(known(at), Some(entry.known));
            candidates.push(entry.known);
        }
        candidates.sort_unstable();
        let mut expected: Vec<Known> = model.iter().copied().filter(|e| e.hash == hash).collect();
        expected.sort_unstable();
        assert_eq!(candidates, expected);
    }
}

fn run(operations: Vec<Operation>) {
    let mut table = Table::new();
    let alive = Rc::new(());
    let mut model: Vec<Known> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut searches: Vec<(u64, Miss)> = Vec::new();
    let mut evicted = HashSet::new();
    let mut serial = 0;
    let mut new = |hash| {
        serial += 1;
        let (id, value) = (serial, serial);
        let known = Known { hash, id, value };
        let _alive = Rc::clone(&alive);
        (known, Entry { known, _alive })
    };
    let known = |entry: Option<Entry>| entry.map(|entry| entry.known);
    for operation in operations {
        let version = table.version();
        let before = model.clone();
        match operation {
            Operation::Insert(hash) => {
                let (known, entry) = new(HASHES[hash]);
                let at = table.insert(known.hash, entry).expect("memory");
                assert_eq!(table.get(at).map(|entry| entry.known), Some(known));
                model.push(known);
            }
            Operation::Search(hash) => {
                let hash = HASHES[hash];
                let miss = table.search(hash, |_| false).expect_err("nothing");
                searches.push((hash, miss));
            }
            Operation::InsertAfter(index) if !searches.is_empty() => {
                // The newer ones are more likely to hold.
                let at = searches.len() - 1 - index.index(searches.len().min(3));
                let (hash, miss) = searches[at];
                let (known, entry) = new(hash);
                let at = table.insert_after(miss, hash, entry).expect("memory");
                assert_eq!(table.get(at).map(|entry| entry.known), Some(known));
                model.push(known);
            }
            Operation::Remove(index) if !model.is_empty() => {
                let entry = model.remove(index.index(model.len()));
                let same = |other: &Entry| other.known == entry;
                assert_eq!(known(table.remove(entry.hash, same)), Some(entry));
                assert_eq!(known(table.remove(entry.hash, same)), None);
            }
            Operation::RemoveOldest if !model.is_empty() => {
                let entry = model.remove(0);
                let at = table.find(entry.hash, |other| other.known == entry);
                let at = at.expect("present");
                assert_eq!(known(table.remove_at(at)), Some(entry));
            }
            Operation::Evict(index) if !model.is_empty() => {
                let entry = model.remove(index.index(model.len()));
                let same = |other: &Entry| other.known == entry;
                assert_eq!(known(table.evict(entry.hash, same)), Some(entry));
                evicted.insert(entry.id);
            }
            Operation::Touch(index) if !model.is_empty() => {
                let entry = &mut model[index.index(before.len())];
                let at = table
                    .find(entry.hash, |other| other.known == *entry)
                    .expect("present");
                entry.value += 1;
                let changed = table.get_mut(at).expect("memory");
                changed.known.value += 1;
                assert_eq!(changed.known, *entry);
            }
            Operation::Pop => assert_eq!(known(table.pop()), model.pop()),
            Operation::Extract(n) => {
                let (left, stay) = model.into_iter().partition(|entry| entry.id % n != 0);
                model = stay;
                let extracted = table.extract(|entry| entry.known.id % n != 0);
                let extracted: Vec<_> = extracted.map(|entry| entry.known).collect();
                assert_eq!(extracted, left);
            }
            Operation::Clear => {
                let is_read = table.is_read();
                let left: Vec<_> = table.clear().map(|entry| entry.known).collect();
                assert!(is_read || left == model);
                model.clear();
            }
            Operation::Reserve(additional) => table.reserve(additional).expect("memory"),
            Operation::Open { keys } => {
                let snapshot = if keys {
                    table.snapshot_of_keys()
                } else {
                    table.snapshot()
                };
                open.push(Open {
                    snapshot: snapshot.expect("memory"),
                    keys,
                    expected: model.clone().into_iter(),
                    evicted: evicted.len(),
                });
            }
            Operation::Read(index, steps) if !open.is_empty() => {
                let at = index.index(open.len());
                open[at].read(&table, &evicted, steps);
            }
            Operation::Release(index) if !open.is_empty() => {
                let closed = open.swap_remove(index.index(open.len()));
                drop(table.release(closed.snapshot));
            }
            Operation::Reclaim => while table.reclaim().is_some() {},
            _ => {}
        }
        assert!(
            model == before || table.version() != version,
            "a change has a new version"
        );
        check(&table, &model);
        // A garbage collector sees what there is, each once.
        assert_eq!(table.owned().count(), Rc::strong_count(&alive) - 1);
        assert_eq!(table.owned().count() - table.kept().count(), model.len());
    }
    for mut reader in open {
        reader.read(&table, &evicted, reader.expected.len() + 1);
        drop(table.release(reader.snapshot));
        while table.reclaim().is_some() {}
        check(&table, &model);
    }
    while table.reclaim().is_some() {}
    // Nothing is kept for snapshots any more.
    assert_eq!(table.owned().count(), model.len());
    assert_eq!(Rc::strong_count(&alive) - 1, model.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// S20, S21, S42: whatever happens to it, the table has what it should, and every reader sees its own moment.
    #[test]
    fn agrees_with_the_model(operations in prop::collection::vec(operation(), 0..400)) {
        run(operations);
    }
}
