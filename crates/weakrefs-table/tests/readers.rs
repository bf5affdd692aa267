//! What open readers cost: each change the change, not the size, and memory that is bounded by what has changed.

use std::cell::Cell;
use std::rc::Rc;
use weakrefs_table::Table;

/// An entry that counts its copies.
#[derive(Debug)]
struct Counted {
    id: u64,
    value: u64,
    copies: Rc<Cell<u64>>,
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.copies.set(self.copies.get() + 1);
        Self {
            copies: Rc::clone(&self.copies),
            ..*self
        }
    }
}

fn filled(size: u64) -> (Table<Counted>, Rc<Cell<u64>>) {
    let (mut table, copies) = (Table::new(), Rc::new(Cell::new(0)));
    for id in 0..size {
        insert(&mut table, id, &copies);
    }
    (table, copies)
}

fn insert(table: &mut Table<Counted>, id: u64, copies: &Rc<Cell<u64>>) {
    let (value, copies) = (0, Rc::clone(copies));
    table
        .insert(id, Counted { id, value, copies })
        .expect("memory");
}

fn remove(table: &mut Table<Counted>, id: u64) {
    assert!(table.remove(id, |entry| entry.id == id).is_some());
}

/// S42: with an open reader, the first change of each kind copies one entry at most, at any size.
#[test]
fn a_change_costs_the_change() {
    for size in [10, 1000, 100_000] {
        let (mut table, copies) = filled(size);
        let keys = table.snapshot_of_keys().expect("memory");
        let whole = table.snapshot().expect("memory");
        remove(&mut table, 3);
        assert_eq!(copies.replace(0), 1);
        let at = table.find(4, |entry| entry.id == 4).expect("present");
        table.get_mut(at).expect("memory").value = 1;
        assert_eq!(copies.replace(0), 1);
        table.get_mut(at).expect("memory").value = 2;
        assert!(table.evict(5, |entry| entry.id == 5).is_some());
        assert_eq!(copies.replace(0), 0);
        drop((table.clear(), table.release(keys), table.release(whole)));
        assert_eq!(copies.replace(0), 0);
    }
}

/// S42: a reader of keys does not make changes in place dearer.
#[test]
fn readers_of_keys_keep_nothing_of_what_changes_in_place() {
    let (mut table, copies) = filled(100);
    let mut snapshot = table.snapshot_of_keys().expect("memory");
    for id in 0..100 {
        let at = table.find(id, |entry| entry.id == id).expect("present");
        table.get_mut(at).expect("memory").value = id + 1;
    }
    assert_eq!((copies.get(), table.owned().count()), (0, 100));
    assert_eq!(table.next(&mut snapshot).map(|entry| entry.value), Some(1));
    drop(table.release(snapshot));
}

/// S42: in the long run, too: the table grows, shrinks and is compacted at a constant price for a change, while a reader
/// stays open and others come and go.
#[test]
fn changes_cost_a_constant_in_the_long_run() {
    for size in [100, 10_000] {
        let (mut table, copies) = filled(size);
        let first = table.snapshot().expect("memory");
        let mut changes = 0;
        for id in 0..3 * size {
            let snapshot = table.snapshot().expect("memory");
            remove(&mut table, id);
            insert(&mut table, size + id, &copies);
            let at = table.find(size + id, |entry| entry.id == size + id);
            table.get_mut(at.expect("present")).expect("memory").value = 1;
            drop(table.release(snapshot));
            while table.reclaim().is_some() {}
            changes += 3;
        }
        for id in 3 * size..4 * size {
            remove(&mut table, id);
            changes += 1;
        }
        assert!(copies.get() < changes * 3, "{} copies", copies.get());
        drop(table.release(first));
        while table.reclaim().is_some() {}
        assert_eq!(table.owned().count(), 0);
    }
}

/// S42: what is removed while a reader is open goes with it, at a price that does not depend on the size: none of the
/// other entries is looked at, or one of these would take seconds.
#[test]
fn to_open_remove_and_release_again_and_again_is_cheap() {
    let (mut table, copies) = filled(200_000);
    for id in 0..100_000 {
        let mut snapshot = table.snapshot().expect("memory");
        // The oldest, as from a queue.
        assert_eq!(table.next(&mut snapshot).map(|entry| entry.id), Some(id));
        remove(&mut table, id);
        assert_eq!(table.release(snapshot).count(), 0);
        assert_eq!(table.reclaim().map(|entry| entry.id), Some(id));
        assert!(table.reclaim().is_none());
    }
    assert_eq!(copies.get(), 100_000);
}

/// S21: what is removed goes as soon as no reader sees it, whoever else reads.
#[test]
fn what_no_reader_sees_is_not_kept() {
    let (mut table, copies) = filled(10);
    let early = table.snapshot().expect("memory");
    insert(&mut table, 10, &copies);
    // Beyond what the reader sees.
    remove(&mut table, 10);
    assert_eq!(table.owned().count(), 10);
    insert(&mut table, 11, &copies);
    let brief = table.snapshot().expect("memory");
    remove(&mut table, 11);
    assert!(table.reclaim().is_none(), "it has come after the insertion");
    drop(table.release(brief));
    assert_eq!(table.reclaim().map(|entry| entry.id), Some(11));
    let later = table.snapshot().expect("memory");
    remove(&mut table, 5);
    assert!(table.reclaim().is_none());
    let latest = table.snapshot().expect("memory");
    drop(table.release(early));
    assert!(table.reclaim().is_none(), "the later one sees it");
    drop(table.release(later));
    assert_eq!(table.reclaim().map(|entry| entry.id), Some(5));
    // What is evicted is kept for nobody.
    assert!(table.evict(6, |entry| entry.id == 6).is_some());
    assert_eq!(table.owned().count(), 8);
    drop(table.release(latest));
}

/// S34, S42: many suspended readers of a table that changes all the time hold no more than has changed.
#[test]
fn suspended_readers_hold_what_has_changed() {
    const READERS: u64 = 5000;
    const SIZE: u64 = 1000;
    for evict in [false, true] {
        let (mut table, copies) = filled(SIZE);
        let mut snapshots = Vec::new();
        for id in 0..READERS {
            snapshots.push(table.snapshot().expect("memory"));
            if evict {
                assert!(table.evict(id, |entry| entry.id == id).is_some());
            } else {
                remove(&mut table, id);
            }
            insert(&mut table, SIZE + id, &copies);
        }
        // Copied for each, the entries would be five million.
        assert!(table.owned().count() as u64 <= 5 * READERS + 2 * SIZE);
        assert!(
            table.allocated_bytes() < 4 << 20,
            "{}",
            table.allocated_bytes()
        );
        // In an order that is neither theirs nor its reverse.
        while !snapshots.is_empty() {
            let snapshot = snapshots.swap_remove(snapshots.len() / 3);
            drop(table.release(snapshot));
            while table.reclaim().is_some() {}
        }
        assert_eq!(table.owned().count() as u64, SIZE);
        assert!(
            table.allocated_bytes() < 1 << 18,
            "{}",
            table.allocated_bytes()
        );
    }
}

/// S34: nor do changes in place pile up, however often they are made and read.
#[test]
fn replaced_entries_do_not_pile_up() {
    let (mut table, _) = filled(100);
    let suspended = table.snapshot().expect("memory");
    for round in 0..10_000 {
        let snapshot = table.snapshot().expect("memory");
        let id = round % 100;
        let at = table.find(id, |entry| entry.id == id).expect("present");
        table.get_mut(at).expect("memory").value += 1;
        drop(table.release(snapshot));
        while table.reclaim().is_some() {}
    }
    assert!(table.owned().count() <= 400, "{}", table.owned().count());
    drop(table.release(suspended));
    assert_eq!(table.owned().count(), 100);
}
