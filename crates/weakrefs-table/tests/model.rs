//! The table against a naive model: a vector of entries, and a copy of it for every snapshot.
//!
//! Hashes are drawn from a few values, so that entries of equal hash, tombstones, compaction and
//! shrinking all happen in short scripts.

use proptest::prelude::*;
use weakrefs_table::{Miss, Snapshot, Table};

type Entry = (u64, u32);

#[derive(Clone, Debug)]
enum Operation {
    Insert(u64),
    Search(u64),
    /// After one of the searches, which may be long ago.
    InsertAfter(prop::sample::Index),
    Remove(prop::sample::Index),
    Touch(prop::sample::Index),
    Pop,
    /// Mass death: all but every n-th entry.
    Extract(u32),
    Clear,
    Reserve(usize),
    Open,
    Read(prop::sample::Index, usize),
    Release(prop::sample::Index),
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        30 => (0u64..12).prop_map(Insert),
        15 => (0u64..12).prop_map(Search),
        15 => any::<prop::sample::Index>().prop_map(InsertAfter),
        20 => any::<prop::sample::Index>().prop_map(Remove),
        5 => any::<prop::sample::Index>().prop_map(Touch),
        5 => Just(Pop),
        2 => (1u32..5).prop_map(Extract),
        1 => Just(Clear),
        2 => (0usize..100).prop_map(Reserve),
        4 => Just(Open),
        10 => (any::<prop::sample::Index>(), 0usize..8).prop_map(|(at, n)| Read(at, n)),
        3 => any::<prop::sample::Index>().prop_map(Release),
    ]
}

/// A snapshot beside what it must still give.
struct Open {
    snapshot: Snapshot,
    expected: std::vec::IntoIter<Entry>,
}

impl Open {
    fn read(&mut self, table: &Table<Entry>, steps: usize) {
        for _ in 0..steps {
            assert!(table.remaining(&self.snapshot) >= self.expected.len());
            assert_eq!(
                table.next(&mut self.snapshot).copied(),
                self.expected.next()
            );
        }
    }
}

fn check(table: &Table<Entry>, model: &[Entry]) {
    assert_eq!(table.len(), model.len());
    assert_eq!(table.is_empty(), model.is_empty());
    assert!(table.iter().eq(model));
    for entry in model {
        let at = table
            .find(entry.0, |other| other == entry)
            .expect("an entry of the model");
        assert_eq!(table.get(at), entry);
        assert_eq!(table.search(entry.0, |other| other == entry), Ok(at));
    }
    for hash in 0..12 {
        match table.search(hash, |_| false) {
            Ok(_) => unreachable!("nothing is the same"),
            Err(Miss {
                candidate: Some(at),
                ..
            }) => assert_eq!(table.get(at).0, hash),
            Err(_) => assert!(model.iter().all(|entry| entry.0 != hash)),
        }
        let mut candidates = Vec::new();
        for (at, entry) in table.candidates(hash) {
            assert_eq!(table.get(at), entry);
            candidates.push(*entry);
        }
        candidates.sort_unstable();
        let mut expected: Vec<Entry> = model.iter().copied().filter(|e| e.0 == hash).collect();
        expected.sort_unstable();
        assert_eq!(candidates, expected);
    }
}

fn run(operations: Vec<Operation>) {
    let mut table = Table::new();
    let mut model: Vec<Entry> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut searches: Vec<(u64, Miss)> = Vec::new();
    let mut serial = 0;
    for operation in operations {
        let version = table.version();
        let before = model.clone();
        match operation {
            Operation::Insert(hash) => {
                serial += 1;
                let at = table.insert(hash, (hash, serial));
                assert_eq!(table.get(at), &(hash, serial));
                model.push((hash, serial));
            }
            Operation::Search(hash) => {
                let miss = table.search(hash, |_| false).expect_err("nothing");
                searches.push((hash, miss));
            }
            Operation::InsertAfter(index) if !searches.is_empty() => {
                // The newer ones are more likely to hold.
                let at = searches.len() - 1 - index.index(searches.len().min(3));
                let (hash, miss) = searches[at];
                serial += 1;
                let at = table.insert_after(miss, hash, (hash, serial));
                assert_eq!(table.get(at), &(hash, serial));
                model.push((hash, serial));
            }
            Operation::Remove(index) if !model.is_empty() => {
                let entry = model.remove(index.index(model.len()));
                assert_eq!(table.remove(entry.0, |other| *other == entry), Some(entry));
                assert_eq!(table.remove(entry.0, |other| *other == entry), None);
            }
            Operation::Touch(index) if !model.is_empty() => {
                let entry = &mut model[index.index(before.len())];
                serial += 1;
                let at = table
                    .find(entry.0, |other| other == entry)
                    .expect("present");
                table.get_mut(at).1 = serial;
                entry.1 = serial;
            }
            Operation::Pop => assert_eq!(table.pop(), model.pop()),
            Operation::Extract(n) => {
                let (left, stay) = model.into_iter().partition(|entry| entry.1 % n != 0);
                model = stay;
                assert_eq!(
                    table.extract(|entry| entry.1 % n != 0).collect::<Vec<_>>(),
                    left
                );
            }
            Operation::Clear => {
                let left: Vec<Entry> = table.clear().collect();
                assert!(left.is_empty() || left == model);
                model.clear();
            }
            Operation::Reserve(additional) => table.reserve(additional),
            Operation::Open => {
                let snapshot = table.snapshot();
                open.push(Open {
                    snapshot,
                    expected: model.clone().into_iter(),
                });
            }
            Operation::Read(index, steps) if !open.is_empty() => {
                let at = index.index(open.len());
                open[at].read(&table, steps);
            }
            Operation::Release(index) if !open.is_empty() => {
                let closed = open.swap_remove(index.index(open.len()));
                drop(table.release(closed.snapshot));
            }
            _ => {}
        }
        assert!(
            model == before || table.version() != version,
            "a change has a new version"
        );
        check(&table, &model);
    }
    for mut reader in open {
        reader.read(&table, reader.expected.len() + 1);
        drop(table.release(reader.snapshot));
    }
    // Nothing is kept for snapshots any more.
    assert_eq!(table.owned().count(), model.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_model(operations in prop::collection::vec(operation(), 0..400)) {
        run(operations);
    }
}
