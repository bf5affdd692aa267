//! Set algebra of [`WeakSet`] with weak sets, standard sets and plain iterables, against the standard
//! sets' own answers (S20, S24).

#![allow(
    clippy::mutable_key_type,
    reason = "a slot takes no part in hash and order"
)]

mod support;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use support::{Item, item, items, values};
use weakrefs::{PtrWeakSet, Tracked, WeakSet};

/// Pairs of operands, as ranges of values: disjoint, overlapping, nested, equal, empty.
const PAIRS: [[std::ops::Range<u32>; 2]; 7] = [
    [0..3, 5..9],
    [0..6, 4..9],
    [0..9, 3..5],
    [3..5, 0..9],
    [2..6, 2..6],
    [0..0, 1..4],
    [1..4, 0..0],
];

fn sorted(set: &WeakSet<Item>) -> Vec<u32> {
    let mut values = values(set);
    values.sort_unstable();
    values
}

/// S24: every operation, in every spelling, on every kind of operand.
#[test]
fn operations_agree_with_the_standard_sets() {
    for [left, right] in PAIRS {
        let (one, two) = (
            left.collect::<BTreeSet<u32>>(),
            right.collect::<BTreeSet<u32>>(),
        );
        // Equal elements are other objects.
        let left: Vec<_> = one.iter().copied().map(item).collect();
        let right: Vec<_> = two.iter().copied().map(item).collect();
        let set: WeakSet<Item> = left.iter().collect();
        let weak: WeakSet<Item> = right.iter().collect();
        let hashed: HashSet<Arc<Item>> = right.iter().cloned().collect();
        let ordered: BTreeSet<Arc<Item>> = right.iter().cloned().collect();

        let union: Vec<u32> = one.union(&two).copied().collect();
        for result in [
            set.union(&right),
            set.union(right.clone()),
            &set | &weak,
            &set | &hashed,
            &set | &ordered,
        ] {
            assert_eq!(sorted(&result), union);
        }
        let intersection: Vec<u32> = one.intersection(&two).copied().collect();
        for result in [
            set.intersection(&right),
            set.intersection(weak.iter()),
            &set & &weak,
            &set & &hashed,
            &set & &ordered,
        ] {
            assert_eq!(sorted(&result), intersection);
            // The elements are those of the left side.
            assert!(
                result
                    .iter()
                    .all(|element| left.iter().any(|one| Arc::ptr_eq(one, &element)))
            );
        }
        let difference: Vec<u32> = one.difference(&two).copied().collect();
        for result in [
            set.difference(&right),
            &set - &weak,
            &set - &hashed,
            &set - &ordered,
        ] {
            assert_eq!(sorted(&result), difference);
        }
        let symmetric: Vec<u32> = one.symmetric_difference(&two).copied().collect();
        for result in [
            set.symmetric_difference(&right),
            &set ^ &weak,
            &set ^ &hashed,
            &set ^ &ordered,
        ] {
            assert_eq!(sorted(&result), symmetric);
        }

        assert_eq!(set.is_disjoint(&right), one.is_disjoint(&two));
        assert_eq!(set.is_subset(&right), one.is_subset(&two));
        assert_eq!(set.is_subset(&weak), one.is_subset(&two));
        assert_eq!(set.is_superset(&right), one.is_superset(&two));
        assert_eq!(set == weak, one == two);
        assert_eq!(
            sorted(&set),
            one.into_iter().collect::<Vec<_>>(),
            "operands stay as they are"
        );
        assert_eq!(sorted(&weak), two.into_iter().collect::<Vec<_>>());
    }
}

/// S24: in place, the handle stays the same set, and an operand may be the set itself.
#[test]
fn operations_in_place() {
    let objects = items(0..10);
    let fresh = || -> WeakSet<Item> { objects[..6].iter().collect() };
    let other: WeakSet<Item> = objects[4..].iter().collect();
    let hashed: HashSet<Arc<Item>> = other.iter().collect();

    let mut set = fresh();
    let handle = set.clone();
    set |= &other;
    assert_eq!(values(&handle), (0..10).collect::<Vec<_>>());
    set &= &hashed;
    assert_eq!(values(&handle), (4..10).collect::<Vec<_>>());
    set -= &fresh();
    assert_eq!(values(&handle), (6..10).collect::<Vec<_>>());
    set ^= &other;
    assert_eq!(values(&handle), [4, 5]);
    assert!(set.ptr_eq(&handle));

    let itself = set.clone();
    set |= &itself;
    set &= &itself;
    assert_eq!(values(&set), [4, 5]);
    set ^= &itself;
    assert!(set.is_empty());
    set.extend(&objects);
    set -= &itself;
    assert!(set.is_empty());
}

/// S24: an iterable that names an element twice toggles it once.
#[test]
fn repeated_elements_count_once() {
    let objects = items(0..3);
    let set: WeakSet<Item> = objects[..1].iter().collect();
    set.toggle_all([&objects[0], &objects[1], &objects[0], &objects[1]]);
    assert_eq!(values(&set), [1]);
    assert_eq!(values(set.union([&objects[2], &objects[2]])), [1, 2]);
}

/// S20: results and what was retained evict at once, unlike 3.14's `&=`.
#[test]
fn results_go_on_evicting() {
    let mut objects = items(0..6);
    let mut set: WeakSet<Item> = objects.iter().collect();
    let other: WeakSet<Item> = objects[..4].iter().collect();
    let results = [&set | &other, &set & &other, set.copy()];
    set &= &other;
    objects.truncate(2);
    assert!(results.iter().all(|result| result.len() == 2));
    assert_eq!((set.len(), other.len()), (2, 2));
    drop(objects);
    assert!(results.iter().all(WeakSet::is_empty) && set.is_empty());
}

/// S24: Operands that nobody else keeps: equal elements of the set stay, the others die with the operation.
#[test]
fn operands_may_be_made_on_the_spot() {
    let objects = items(0..4);
    let set: WeakSet<Item> = objects.iter().collect();
    assert!(set.is_subset(items(0..10)) && set.is_superset(items(1..3)));
    assert!(!set.is_disjoint(items(3..5)));
    assert_eq!(values(set.intersection(items(1..3))), [1, 2]);
    assert_eq!(values(set.difference(items(1..3))), [0, 3]);
    // What nobody else owns cannot stay.
    assert_eq!(values(set.union(items(2..9))), [0, 1, 2, 3]);
    set.retain_all(items(1..9));
    assert_eq!(values(&set), [1, 2, 3]);
    set.toggle_all(items(2..9));
    assert_eq!(values(&set), [1]);
    set.remove_all(items(0..9));
    assert!(set.is_empty());
}

/// S17, S24: identity sets have the same algebra, by identity.
#[test]
fn identity_sets_have_it_too() {
    let numbers: Vec<_> = (0..4).map(|_| Arc::new(Tracked::new(f64::NAN))).collect();
    let mut low: PtrWeakSet<_> = numbers[..3].iter().collect();
    let high: PtrWeakSet<_> = numbers[2..].iter().collect();
    assert_eq!((&low | &high).len(), 4);
    assert_eq!((&low & &high).len(), 1);
    assert_eq!((&low - &high).len(), 2);
    assert_eq!((&low ^ &high).len(), 3);
    assert!(!low.is_subset(&high) && low.is_superset(&numbers[..2]) && low != high);
    low &= &high;
    assert!(low.len() == 1 && low.contains(&numbers[2]) && low.is_subset(&high));
    assert!(low.is_disjoint([Arc::new(Tracked::new(f64::NAN))]));
}
