//! The limits of a table, which are low in tests.

use super::{MOST, Table};
use crate::retired::LAST_EPOCH;
use alloc::vec::Vec;

fn full() -> Table<u64> {
    let mut table = Table::new();
    for id in 0..MOST as u64 {
        table.insert(id, id).expect("room");
    }
    table
}

/// S36: with all positions in use an insertion is refused, and nothing else changes; tombstones are made use of.
#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
fn positions_run_out() {
    let mut table = full();
    let refused = table.insert(1, u64::MAX).expect_err("no position is left");
    assert_eq!(refused.entry, u64::MAX);
    assert!(table.reserve(1).is_err());
    assert_eq!(table.len(), MOST);
    for round in 0..MOST as u64 {
        assert_eq!(table.remove(round, |id| *id == round), Some(round));
        let new = MOST as u64 + round;
        table.insert(new, new).expect("the place of a tombstone");
        assert!(table.insert(1, u64::MAX).is_err());
        assert_eq!(
            table
                .find(new, |id| *id == new)
                .and_then(|at| table.get(at)),
            Some(&new)
        );
    }
    assert!(table.iter().copied().eq(MOST as u64..2 * MOST as u64));
}

/// S36: and under an open reader, who goes on seeing what there was.
#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
fn positions_run_out_under_a_reader() {
    let mut table = full();
    let mut snapshot = table.snapshot().expect("memory");
    assert!(table.insert(1, u64::MAX).is_err());
    for round in 0..10 {
        assert_eq!(table.remove(round, |id| *id == round), Some(round));
        table
            .insert(round, round)
            .expect("the place of a tombstone");
    }
    let seen: Vec<u64> = core::iter::from_fn(|| table.next(&mut snapshot).copied()).collect();
    assert!(seen.into_iter().eq(0..MOST as u64));
    assert_eq!(table.release(snapshot).count(), MOST);
    assert_eq!(table.owned().count(), MOST);
}

/// S42: readers that overlap for ever use up the epochs, which begin anew.
#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
fn epochs_begin_anew() {
    let mut table = full();
    let mut open = Vec::new();
    for round in 0..5 * u64::from(LAST_EPOCH) {
        open.push((round, table.snapshot_of_keys().expect("memory")));
        assert!(table.epoch <= LAST_EPOCH);
        assert_eq!(table.remove(round, |id| *id == round), Some(round));
        if open.len() == 7 {
            let (first, mut snapshot) = open.remove(3);
            let seen = core::iter::from_fn(|| table.next(&mut snapshot).copied());
            assert!(seen.eq(first..MOST as u64));
            drop(table.release(snapshot));
            while table.reclaim().is_some() {}
        }
    }
    assert!(table.generation >= 4, "nothing else begins one");
    for (first, mut snapshot) in open {
        let seen = core::iter::from_fn(|| table.next(&mut snapshot).copied());
        assert!(seen.eq(first..MOST as u64));
        drop(table.release(snapshot));
    }
    while table.reclaim().is_some() {}
    assert_eq!(table.owned().count(), table.len());
}

/// S37: a ticket of another table, and positions that are out of date, are of no use and do no harm.
#[test]
fn what_is_out_of_date_does_no_harm() {
    let mut table = full();
    let mut other = Table::new();
    let foreign = other.snapshot().expect("memory");
    other.insert(1, 1u64).expect("memory");
    assert_eq!(table.release(foreign).count(), 0);
    let last = table.find(999, |id| *id == 999).expect("present");
    assert_eq!(table.remove_at(last), Some(999));
    assert_eq!(table.get(last), None);
    assert_eq!(table.remove_at(last), None);
    assert!(table.get_mut(last).is_err());
    let snapshot = table.snapshot().expect("memory");
    let first = table.find(0, |id| *id == 0).expect("present");
    assert_eq!(table.remove_at(first), Some(0));
    assert_eq!(table.remove_at(first), None);
    assert!(table.get_mut(first).is_err());
    drop(table.clear());
    assert_eq!(table.get(first), None);
    drop(table.release(snapshot));
}
