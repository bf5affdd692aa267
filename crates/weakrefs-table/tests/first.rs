//! The first entry is at hand whatever has left before it: none of these tests ends if a step walks over what has left.
//!
//! That would be some 10^10 steps and more, of which an unoptimised build makes a hundred million a second.

use weakrefs_table::Table;

const SIZE: u64 = 1 << 18;

fn filled() -> Table<u64> {
    let mut table = Table::new();
    for id in 0..SIZE {
        table.insert(id, id).expect("memory");
    }
    table
}

fn evict(table: &mut Table<u64>, id: u64) {
    assert_eq!(table.evict(id, |other| *other == id), Some(id));
}

/// Opens a reader, takes the first entry and closes it again.
fn first(table: &mut Table<u64>) -> Option<u64> {
    let mut snapshot = table.snapshot().expect("memory");
    let first = table.next(&mut snapshot).copied();
    close(table, snapshot);
    first
}

fn close(table: &mut Table<u64>, snapshot: weakrefs_table::Snapshot) {
    drop(table.release(snapshot));
    while table.reclaim().is_some() {}
}

/// S42: the first step does not look at what has left, in whatever order it has.
#[test]
fn the_first_step_costs_the_same_after_mass_death() {
    let gone = SIZE / 10 * 7;
    let forwards: Vec<u64> = (0..gone).collect();
    let backwards = forwards.iter().rev().copied().collect();
    let (even, odd): (Vec<_>, Vec<_>) = forwards.iter().partition(|id| *id % 2 == 0);
    for order in [forwards, backwards, [odd, even].concat()] {
        let mut table = filled();
        for id in order {
            evict(&mut table, id);
        }
        for _ in 0..SIZE {
            assert_eq!(first(&mut table), Some(gone));
            assert_eq!(table.iter().next(), Some(&gone));
        }
        assert_eq!(table.len() as u64, SIZE - gone);
    }
}

/// S42: a queue, out of which the oldest goes and into which the newest comes, with a reader for each step.
#[test]
fn a_queue_is_linear() {
    for evicts in [true, false] {
        let mut table = filled();
        for id in 0..2 * SIZE {
            assert_eq!(first(&mut table), Some(id));
            if evicts {
                evict(&mut table, id);
            } else {
                assert_eq!(table.remove(id, |other| *other == id), Some(id));
            }
            table.insert(SIZE + id, SIZE + id).expect("memory");
        }
        assert_eq!(table.len() as u64, SIZE);
    }
}

/// S42: the first is removed while the reader that has found it is still open, as in
/// `while let Some(x) = set.iter().next() { set.remove(&x); }`.
#[test]
fn to_remove_the_first_until_none_is_left_is_linear() {
    let mut table = filled();
    for id in 0..SIZE {
        let mut snapshot = table.snapshot().expect("memory");
        assert_eq!(table.next(&mut snapshot), Some(&id));
        assert_eq!(table.remove(id, |other| *other == id), Some(id));
        close(&mut table, snapshot);
    }
    assert_eq!(first(&mut table), None);
}

/// S42: and while another reader stays open all the time, before the first or in the middle.
#[test]
fn a_reader_that_stays_open_does_not_make_it_quadratic() {
    for read in [0, SIZE / 2] {
        let mut table = filled();
        let mut open = table.snapshot().expect("memory");
        for _ in 0..read {
            table.next(&mut open);
        }
        for id in 0..SIZE {
            assert_eq!(first(&mut table), Some(id));
            assert_eq!(table.remove(id, |other| *other == id), Some(id));
        }
        assert_eq!(table.next(&mut open), Some(&read));
        close(&mut table, open);
        assert!(table.is_empty());
    }
}

/// S42: the newest, too, is found without a walk, also where a reader keeps the places of those that have left after it.
#[test]
fn to_take_the_newest_is_linear() {
    for is_read in [false, true] {
        let mut table = filled();
        // Else the next insertion would squeeze what has left out.
        table.reserve(1).expect("memory");
        let open = is_read.then(|| table.snapshot().expect("memory"));
        let left = SIZE / 4 * 3;
        for id in left..SIZE {
            evict(&mut table, id);
        }
        for round in 0..SIZE / 8 {
            table.insert(SIZE + round, SIZE + round).expect("memory");
            assert_eq!(table.last(), Some(&(SIZE + round)));
            assert_eq!(table.pop(), Some(SIZE + round));
            assert_eq!(table.last(), Some(&(left - 1 - round)));
            assert_eq!(table.pop(), Some(left - 1 - round));
        }
        if let Some(open) = open {
            close(&mut table, open);
        }
    }
}
