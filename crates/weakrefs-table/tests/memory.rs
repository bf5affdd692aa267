//! Memory follows the number of entries down (S34), in whatever order they leave, and what leaves
//! is never dropped inside the table.

use std::cell::Cell;
use std::rc::Rc;
use weakrefs_table::Table;

const MANY: u64 = 100_000;
/// "A small constant": what a table may keep once it has become empty.
const SMALL_CONSTANT: usize = 1024;

fn filled() -> Table<u64> {
    let mut table = Table::new();
    for i in 0..MANY {
        table.insert(i, i).expect("memory");
    }
    assert!(table.allocated_bytes() > MANY as usize * 16);
    table
}

/// S34: in whatever order entries leave.
#[test]
fn mass_death_gives_memory_back_in_every_order() {
    let orders: [fn(u64) -> u64; 3] = [|i| i, |i| MANY - 1 - i, |i| i * 7919 % MANY];
    for order in orders {
        let mut table = filled();
        for i in 0..MANY {
            let key = order(i);
            assert_eq!(table.remove(key, |entry| *entry == key), Some(key));
            // Four slots for each entry, and sixteen words of the index.
            let bound = (table.len() + 16) * (4 * 24 + 16 * 8);
            assert!(table.allocated_bytes() <= bound, "{} entries", table.len());
        }
        assert!(table.is_empty());
        assert!(table.allocated_bytes() <= SMALL_CONSTANT);
    }
}

/// S34: however they leave.
#[test]
fn clear_and_extract_give_memory_back() {
    let mut table = filled();
    assert!(table.clear().rev().eq((0..MANY).rev()));
    assert!(table.allocated_bytes() <= SMALL_CONSTANT);

    let mut table = filled();
    assert_eq!(
        table.extract(|entry| *entry != 5).count(),
        MANY as usize - 1
    );
    assert!(table.iter().eq([&5]));
    assert!(table.allocated_bytes() <= SMALL_CONSTANT);
}

/// S34: tombstones do not pile up.
#[test]
fn churn_does_not_grow() {
    let mut table = Table::new();
    for i in 0..MANY {
        table.insert(i, i).expect("memory");
        if i >= 100 {
            assert!(table.remove(i - 100, |entry| *entry == i - 100).is_some());
        }
    }
    assert!(
        table.allocated_bytes() <= 16 * SMALL_CONSTANT,
        "{}",
        table.allocated_bytes()
    );
}

/// S34: whoever removes what it need not keep whenever the table is full has memory follow what it keeps.
#[test]
fn extracting_from_a_full_table_bounds_it() {
    let mut table = Table::new();
    for i in 0..MANY {
        if table.is_full() {
            drop(table.extract(|entry| *entry % 1000 != 0));
        }
        table.insert(i, i).expect("memory");
    }
    assert!((100..1000).contains(&table.len()), "{}", table.len());
    assert!(table.allocated_bytes() <= 1000 * 24);
}

/// S34: a reader that has gone leaves nothing behind.
#[test]
fn abandoned_readers_of_an_unchanged_table_cost_nothing() {
    let mut table = filled();
    let before = table.allocated_bytes();
    // The first leaves the place where readers are noted.
    for _ in 0..1000 {
        let snapshot = table.snapshot().expect("memory");
        drop(table.release(snapshot));
    }
    assert!(table.allocated_bytes() <= before + SMALL_CONSTANT / 2);
}

/// Counts the entries that are dropped while the table is working.
#[derive(Clone, Debug)]
struct Guarded {
    id: u64,
    inside: Rc<Cell<bool>>,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        assert!(
            !self.inside.get(),
            "entry {} was dropped inside the table",
            self.id
        );
    }
}

/// S18: not in any operation.
#[test]
fn entries_are_never_dropped_inside() {
    let inside = Rc::new(Cell::new(false));
    let mut table = Table::new();
    let mut within = |work: &mut dyn FnMut(&mut Table<Guarded>) -> Vec<Guarded>| {
        inside.set(true);
        let left = work(&mut table);
        inside.set(false);
        left.len()
    };
    let entry = |id| Guarded {
        id,
        inside: Rc::clone(&inside),
    };

    for id in 0..1000 {
        let mut entry = Some(entry(id));
        within(&mut |table| {
            let inserted = table.insert(id % 10, entry.take().expect("once"));
            inserted.expect("memory");
            Vec::new()
        });
    }
    let mut snapshots = Vec::new();
    for id in 0..500 {
        let removed = within(&mut |table| {
            if id % 100 == 0 {
                snapshots.push(table.snapshot().expect("memory"));
            }
            table
                .remove(id % 10, |entry| entry.id == id)
                .into_iter()
                .collect()
        });
        assert_eq!(removed, 1);
    }
    assert_eq!(within(&mut |table| table.pop().into_iter().collect()), 1);
    let extracted = within(&mut |table| table.extract(|entry| entry.id % 2 == 0).collect());
    assert_eq!(extracted, 250);
    let released = within(&mut |table| {
        let mut released = Vec::new();
        for snapshot in snapshots.drain(..) {
            released.extend(table.release(snapshot));
            released.extend(std::iter::from_fn(|| table.reclaim()));
        }
        released
    });
    assert!(released >= 500, "{released}");
    assert_eq!(within(&mut |table| table.clear().collect()), 249);
}
