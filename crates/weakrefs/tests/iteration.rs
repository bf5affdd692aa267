//! Iteration: the order of insertion across shards, and snapshots under changes and deaths (S21).

mod support;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use support::{Item, Log, Noting, OnDrop, item, items, reports, rounds, values, within};
use weakrefs::{
    PtrWeakKeyMap, Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap,
};

/// Several batches of each shard; for Miri a few.
const MANY: u32 = if cfg!(miri) { 150 } else { 3000 };

fn key_pairs(map: &WeakKeyMap<Item, u32>) -> Vec<(u32, u32)> {
    map.iter().map(|(key, value)| (**key, *value)).collect()
}

fn value_pairs(map: &WeakValueMap<u32, Item>) -> Vec<(u32, u32)> {
    map.iter().map(|(key, value)| (*key, **value)).collect()
}

/// Each key with its own value.
fn fill(map: &WeakKeyMap<Item, u32>, keys: &[Arc<Item>]) {
    for key in keys {
        map.insert(key, ***key);
    }
}

fn filled(values: &[Arc<Item>]) -> WeakValueMap<u32, Item> {
    let entries = values.iter().map(|value| (***value, Arc::clone(value)));
    entries.collect()
}

/// S21: the order of insertion across shards, whatever left in between.
#[test]
fn a_set_is_read_in_the_order_of_insertion() {
    let set = WeakSet::new();
    let mut objects = items(0..MANY);
    set.reserve(MANY as usize);
    set.extend(&objects);
    assert_eq!(values(&set), (0..MANY).collect::<Vec<_>>());
    objects.retain(|object| ***object % 3 != 0);
    assert_eq!(values(&set), values(objects.clone()));
    assert_eq!(set.len(), objects.len());
    let again = item(0);
    set.insert(&again);
    assert_eq!(set.iter().last().map(|last| **last), Some(0));
    let newest: Vec<_> = std::iter::from_fn(|| set.pop_last()).take(10).collect();
    let left = (0..MANY).rev().filter(|value| value % 3 != 0);
    assert_eq!(
        values(newest),
        [0].into_iter().chain(left.take(9)).collect::<Vec<_>>()
    );
}

/// S21: an iterator sees the moment it was opened, without what has died since, and keeps nothing alive.
#[test]
fn iterators_of_a_set_walk_a_snapshot() {
    let set = WeakSet::new();
    let mut objects = items(0..100);
    set.extend(&objects);
    let mut iterator = set.iter();
    assert_eq!(iterator.size_hint(), (0, Some(100)));
    let first = iterator.next().unwrap();
    assert_eq!(Arc::strong_count(&objects[1]), 1);
    let late = item(1000);
    set.insert(&late);
    set.remove(&objects[1]);
    objects.truncate(4);
    assert_eq!(set.len(), 4);
    assert_eq!(values(iterator.by_ref()), [1, 2, 3]);
    assert!(iterator.next().is_none() && iterator.next().is_none());
    assert_eq!(values(&set), [0, 2, 3, 1000]);
    drop((first, objects, late));
    assert!(set.is_empty());

    let mut objects = items(0..10);
    set.extend(&objects);
    let iterator = set.iter();
    set.clear();
    objects.remove(5);
    assert_eq!(values(iterator), [0, 1, 2, 3, 4, 6, 7, 8, 9]);
}

/// S21: where the next entry of a shard has died, the others are read in the order of insertion all the same.
#[test]
fn deaths_do_not_change_the_order_of_what_is_left() {
    let set = WeakSet::new();
    let mut objects = items(0..1000);
    set.extend(&objects);
    let mut iterator = set.iter();
    for left in [900, 500] {
        // Of each shard, the next entries are among them.
        objects.drain(..objects.len() - left);
        let first = iterator.next();
        assert_eq!(first.map(|first| **first), Some(1000 - left as u32));
    }
    assert_eq!(values(iterator), (501..1000).collect::<Vec<_>>());
}

/// S21: changing the set in a loop over it repeats nothing.
#[test]
fn a_set_may_be_changed_while_it_is_iterated() {
    let set = WeakSet::new();
    let mut objects = items(0..50);
    set.extend(&objects);
    let mut seen = Vec::new();
    for object in &set {
        let new = item(**object + 1000);
        set.insert(&new);
        objects.push(new);
        set.remove(&Tracked::new(**object + 1));
        seen.push(**object);
    }
    assert_eq!(seen, (0..50).collect::<Vec<_>>());
    assert_eq!(
        values(&set),
        [0].into_iter().chain(1000..1050).collect::<Vec<_>>()
    );
}

/// S21: an iterator outlives every handle of its set.
#[test]
fn an_iterator_outlives_its_set() {
    let objects = items(0..3);
    let set: WeakSet<_> = objects.iter().collect();
    let iterator = set.iter();
    drop(set);
    assert_eq!(values(iterator), [0, 1, 2]);
    assert_eq!(Arc::weak_count(&objects[0]), 0);
}

/// S21: the order of insertion across shards; replacing a value keeps its place.
#[test]
fn a_key_map_is_read_in_the_order_of_insertion() {
    let map = WeakKeyMap::new();
    let mut keys = items(0..MANY);
    map.reserve(MANY as usize);
    for key in &keys {
        map.insert(key, ***key);
    }
    for key in keys.iter().rev().step_by(5) {
        map.insert(key, ***key + 5000);
    }
    keys.retain(|key| ***key % 3 != 0);
    let value = |key: u32| {
        if (MANY - 1 - key) % 5 == 0 {
            key + 5000
        } else {
            key
        }
    };
    let expected: Vec<_> = keys.iter().map(|key| (***key, value(***key))).collect();
    assert_eq!(key_pairs(&map), expected);
    assert!(
        map.keys()
            .map(|key| **key)
            .eq(expected.iter().map(|pair| pair.0))
    );
    assert!(
        map.values()
            .map(|value| *value)
            .eq(expected.iter().map(|pair| pair.1))
    );
    let (key, value) = map.pop_last().unwrap();
    assert_eq!((**key, *value), (MANY - 1, MANY + 4999));
    assert_eq!(map.len(), keys.len() - 1);
}

/// S21: a snapshot has the values of its moment, passes over the dead, and keeps no key alive.
#[test]
fn iterators_of_a_key_map_walk_a_snapshot() {
    let map = WeakKeyMap::new();
    let mut keys = items(0..10);
    fill(&map, &keys);
    let mut iterator = map.iter();
    assert_eq!(iterator.size_hint().1, Some(10));
    assert_eq!(iterator.next().map(|(_, value)| *value), Some(0));
    map.insert(&keys[1], 100);
    map.remove(&keys[2]);
    let late = item(11);
    map.insert(&late, 11);
    keys.remove(3);
    assert!(keys.iter().all(|key| Arc::strong_count(key) == 1));
    assert_eq!(
        iterator.map(|(_, value)| *value).collect::<Vec<_>>(),
        [1, 2, 4, 5, 6, 7, 8, 9]
    );
    let now = [
        (0, 0),
        (1, 100),
        (4, 4),
        (5, 5),
        (6, 6),
        (7, 7),
        (8, 8),
        (9, 9),
        (11, 11),
    ];
    assert_eq!(key_pairs(&map), now);
}

/// S21: what a snapshot keeps of removed values goes with the iterator, wherever that stopped.
#[test]
fn a_snapshot_lets_go_of_its_values() {
    let log = Log::default();
    let map = WeakKeyMap::new();
    let keys = items(0..3);
    for key in &keys {
        map.insert(key, Noting("value", log.clone()));
    }
    let mut iterator = map.iter();
    iterator.next();
    map.clear();
    drop(map);
    drop(iterator);
    assert_eq!(log.take().len(), 3);
}

/// S21: the order of insertion across shards, with anything in between.
#[test]
fn a_value_map_is_read_in_the_order_of_insertion() {
    let mut objects = items(0..MANY);
    let map = filled(&objects);
    map.reserve(10);
    objects.retain(|object| ***object % 3 != 0);
    let expected: Vec<_> = objects
        .iter()
        .map(|object| (***object, ***object))
        .collect();
    assert_eq!(value_pairs(&map), expected);
    assert!(
        map.keys()
            .map(|key| *key)
            .eq(expected.iter().map(|pair| pair.0))
    );
    assert_eq!(
        values(map.values()),
        expected.iter().map(|pair| pair.1).collect::<Vec<_>>()
    );
    let (key, value) = map.pop_last().unwrap();
    assert_eq!((*key, **value), (MANY - 1, MANY - 1));
    assert_eq!(map.len(), objects.len() - 1);
}

/// S21: a snapshot has the objects of its moment, passes over the dead, and keeps nothing alive.
#[test]
fn iterators_of_a_value_map_walk_a_snapshot() {
    let mut objects = items(0..8);
    let map = filled(&objects);
    let mut iterator = map.iter();
    assert_eq!(
        (iterator.size_hint().1, iterator.next().map(|(key, _)| *key)),
        (Some(8), Some(0))
    );
    let late = item(100);
    map.insert(1, &late);
    map.insert(9, &late);
    map.remove(&2);
    objects.remove(3);
    assert!(objects.iter().all(|object| Arc::strong_count(object) == 1));
    let seen: Vec<_> = iterator.map(|(key, value)| (*key, **value)).collect();
    assert_eq!(seen, [(1, 1), (2, 2), (4, 4), (5, 5), (6, 6), (7, 7)]);
    let now = [(0, 0), (1, 100), (4, 4), (5, 5), (6, 6), (7, 7), (9, 100)];
    assert_eq!(value_pairs(&map), now);
}

/// S42: the first element is at hand whatever has left before it. (If a step walked over that, this would not end.)
#[test]
fn the_first_is_at_hand() {
    let size = rounds(200_000) as u32 / 20 * 20;
    let set = WeakSet::new();
    let mut objects = std::collections::VecDeque::from(items(0..size));
    set.extend(&objects);
    // The oldest out, the newest in; the oldest dies, or is removed.
    for value in size..2 * size {
        let oldest = set.iter().next().unwrap();
        assert_eq!(**oldest, value - size);
        if value % 2 == 0 {
            assert!(set.remove(&oldest));
        }
        objects.pop_front();
        drop(oldest);
        objects.push_back(item(value));
        set.insert(&objects[size as usize - 1]);
    }
    // Mass death, then a reader that is open while the first is removed.
    objects.drain(..size as usize / 10 * 7);
    let mut left = 0;
    while let Some(first) = set.iter().next() {
        set.remove(&first);
        left += 1;
    }
    assert_eq!(left, size / 10 * 3);
}

/// S21: from both ends at once, each entry is given once, and the dead by neither.
#[test]
fn iterators_have_two_ends() {
    let mut objects = items(0..100);
    let set: WeakSet<_> = objects.iter().collect();
    let keys = WeakKeyMap::new();
    fill(&keys, &objects);
    let map = filled(&objects);
    let (mut elements, mut entries, mut backwards) = (set.iter(), keys.iter(), map.iter());
    assert_eq!(elements.next().map(|element| **element), Some(0));
    assert_eq!(elements.next_back().map(|element| **element), Some(99));
    assert_eq!(entries.next_back().map(|(_, value)| *value), Some(99));
    assert_eq!(backwards.next_back().map(|(key, _)| *key), Some(99));
    // Some die, one is taken out, one comes: of these, only the one that was taken out is still seen.
    objects.retain(|object| ***object % 3 != 0);
    let taken = objects.remove(0);
    assert!(set.remove(&taken) && keys.remove(&taken).is_some() && map.remove(&1).is_some());
    let late = item(1000);
    assert!(set.insert(&late));
    let numbers: Vec<u32> = (1..99).filter(|number| number % 3 != 0).collect();
    let (front, back) = numbers.split_at(20);
    assert!(values(elements.by_ref().take(20)).iter().eq(front));
    assert!(values(elements.by_ref().rev()).iter().rev().eq(back));
    assert!(elements.next().is_none() && elements.next_back().is_none());
    assert!(
        entries
            .rev()
            .map(|(_, value)| *value)
            .eq(numbers.iter().rev().copied())
    );
    assert!(
        backwards
            .rev()
            .map(|(key, _)| *key)
            .eq(numbers.iter().rev().copied())
    );
    assert!(keys.keys().rev().eq(objects.iter().rev().cloned()));
    assert!(map.values().rev().eq(objects.iter().rev().cloned()));
    assert!(set.last().is_some_and(|last| Arc::ptr_eq(&last, &late)));
    let mut drained = set.drain();
    assert!(
        drained
            .next_back()
            .is_some_and(|last| Arc::ptr_eq(&last, &late))
    );
    assert!(drained.rev().eq(objects.iter().rev().cloned()));
}

/// S21: the clone of an iterator goes on from the same place, and sees the same moment.
#[test]
fn a_clone_of_an_iterator_sees_the_same() {
    let objects = items(0..10);
    let map = filled(&objects);
    let mut read = map.iter();
    assert_eq!(read.next().map(|(key, _)| *key), Some(0));
    assert_eq!(read.next_back().map(|(key, _)| *key), Some(9));
    map.remove(&5);
    let again = read.clone();
    map.remove(&6);
    drop(map.iter());
    assert!(read.map(|(key, _)| *key).eq(1..9));
    map.remove(&7);
    assert!(again.clone().map(|(key, _)| *key).eq(1..9));
    assert_eq!(again.size_hint(), (0, Some(8)));
    assert!(again.rev().map(|(key, _)| *key).eq((1..9).rev()));
    assert!(map.keys().map(|key| *key).eq([0, 1, 2, 3, 4, 8, 9]));
}

/// S21: whoever reads ahead gives nothing that dies before its turn, from neither end, and keeps nothing alive.
#[test]
fn what_dies_before_its_turn_is_passed_over() {
    let (sizes, reads): (&[u32], &[u32]) = if cfg!(miri) {
        (&[3, 34], &[0, 5])
    } else {
        (&[1, 2, 3, 20, 33, 34, 70, 200], &[0, 1, 2, 5, 40, 100])
    };
    for &size in sizes {
        for &read in reads {
            let mut objects: HashMap<u32, Arc<Item>> = (0..size).map(|n| (n, item(n))).collect();
            let set = WeakSet::new();
            set.extend((0..size).map(|n| &objects[&n]));
            let mut iterator = set.iter();
            let mut seen = BTreeSet::new();
            for n in 0..read {
                let next = if n % 3 == 0 {
                    iterator.next_back()
                } else {
                    iterator.next()
                };
                assert!(next.is_none_or(|next| seen.insert(**next)));
            }
            assert!(
                objects
                    .values()
                    .all(|object| Arc::strong_count(object) == 1)
            );
            let mut expected: BTreeSet<_> = (0..size).filter(|n| !seen.contains(n)).collect();
            // Each death comes when what is next has been read ahead.
            while let Some(next) = iterator.next() {
                assert_eq!(expected.pop_first(), Some(**next));
                for dead in [**next + 1, **next + 4, size - 1 - **next] {
                    if dead > **next {
                        objects.remove(&dead);
                        expected.remove(&dead);
                    }
                }
                if let Some(last) = iterator.next_back() {
                    assert_eq!(expected.pop_last(), Some(**last));
                }
            }
            assert!(expected.is_empty(), "of {size} after {read}: {expected:?}");
            drop(objects);
            assert!(set.is_empty());
        }
    }
}

/// S21: however the two ends share what is there, each entry is given once.
#[test]
fn two_ends_meet() {
    let objects = items(0..80);
    let (sizes, patterns) = if cfg!(miri) { (45, 3) } else { (1, 1) };
    for size in (0..80).step_by(sizes) {
        let set: WeakSet<_> = objects[..size].iter().collect();
        for pattern in (0..7).step_by(patterns) {
            let mut iterator = set.iter();
            let (mut front, mut back) = (Vec::new(), Vec::new());
            for n in 0.. {
                let from_back = [
                    n % 2 == 0,
                    n % 3 == 0,
                    n % 3 != 0,
                    n < 40,
                    n > 1,
                    n == 1,
                    n > 33,
                ];
                let next = if from_back[pattern] {
                    iterator.next_back().map(|next| back.push(**next))
                } else {
                    iterator.next().map(|next| front.push(**next))
                };
                if next.is_none() {
                    break;
                }
                // A clone has the same left, wherever in a batch that is.
                if n % 8 == 0 {
                    let left = front.len() as u32..(size - back.len()) as u32;
                    assert_eq!(iterator.size_hint().1, Some(left.len()));
                    assert!(values(iterator.clone()).into_iter().eq(left.clone()));
                    assert!(values(iterator.clone().rev()).into_iter().eq(left.rev()));
                }
            }
            assert!(iterator.next().is_none() && iterator.next_back().is_none());
            front.extend(back.iter().rev());
            assert!(front.into_iter().eq(0..size as u32));
        }
    }
}

/// S21: what was removed or replaced after it was read ahead is given as it was, also by a clone; what was put in its place
/// is not.
#[test]
fn what_changes_before_its_turn_is_given_as_it_was() {
    let keys = items(0..100);
    let (map, by_value) = (WeakKeyMap::new(), filled(&keys));
    fill(&map, &keys);
    let (mut entries, mut backwards) = (map.iter(), by_value.iter());
    for n in 0..2 {
        assert_eq!(entries.next().map(|(_, value)| *value), Some(n));
        assert_eq!(backwards.next_back().map(|(key, _)| *key), Some(99 - n));
    }
    let others = items(1000..1100);
    for (n, key) in keys.iter().enumerate() {
        map.insert(key, 1);
        map.insert(key, 2);
        if n % 2 == 0 {
            map.remove(key);
            map.insert(key, 3);
        }
        by_value.insert(**key.as_ref(), &others[n]);
        by_value.remove(&(n as u32 / 2));
    }
    map.clear();
    let again = entries.clone();
    assert!(
        entries
            .map(|(key, value)| (**key, *value))
            .eq((2..100).map(|n| (n, n)))
    );
    assert!(
        again
            .map(|(key, value)| (**key, *value))
            .eq((2..100).map(|n| (n, n)))
    );
    let given = backwards.rev().map(|(key, value)| (*key, **value));
    assert!(given.eq((0..98).rev().map(|n| (n, n))));
    assert!(keys.iter().all(|key| Arc::strong_count(key) == 1));
}

/// S2, S21: what a dead entry owned goes at once, even if an iterator has read ahead.
#[test]
fn what_the_dead_owned_goes_at_once() {
    let log = Log::default();
    let map = WeakKeyMap::new();
    let mut keys = items(0..10);
    for key in &keys {
        map.insert(key, Noting("value", log.clone()));
    }
    let (mut iterator, mut values) = (map.iter(), map.values());
    drop((
        iterator.next(),
        iterator.next(),
        values.next(),
        values.next_back(),
    ));
    for left in (2..10).rev() {
        keys.pop();
        assert_eq!(log.take(), ["value"]);
        assert_eq!(map.len(), left);
    }
    assert_eq!((iterator.count(), values.count()), (0, 1));
    drop(keys);
    assert_eq!(log.take().len(), 2);
}

/// S33, S5: what an iterator kept is dropped without a lock, and its panics are caught, wherever the iterator stopped.
#[test]
fn what_was_kept_may_do_anything_when_it_is_dropped() {
    reports();
    for steps in [0, 1, 2, 10, 60] {
        let map: PtrWeakKeyMap<Item, OnDrop> = PtrWeakKeyMap::default();
        let keys = items(0..50);
        for key in &keys {
            let (again, new) = (map.clone(), Arc::clone(key));
            let value = OnDrop::new(move || {
                again.remove(&new);
                again.insert(&new, OnDrop::new(|| {}));
                assert_eq!(again.iter().take(3).count(), again.len().min(3));
                panic!("dropped");
            });
            map.insert(key, value);
        }
        let mut iterator = map.iter();
        assert_eq!(iterator.by_ref().take(steps).count(), steps.min(50));
        map.clear();
        assert!(reports().is_empty());
        drop(iterator);
        assert_eq!(reports(), vec!["dropped"; 50]);
    }
}

/// Lends its slot, which is also that of others.
struct Sharing(Arc<WeakSlot>);

impl WeakReferenceable for Sharing {
    fn weak_slot(&self) -> &WeakSlot {
        &self.0
    }
}

/// S21: an object whose slot is not its own may be told dead while it is alive. Whoever has read ahead can still use it.
#[test]
fn an_entry_that_leaves_by_mistake_can_be_used() {
    let log = Log::default();
    let map: PtrWeakKeyMap<Sharing, Noting> = PtrWeakKeyMap::default();
    let keys: Vec<_> = (0..10).map(|_| Arc::new(Sharing(Arc::default()))).collect();
    for key in &keys {
        map.insert(key, Noting("value", log.clone()));
    }
    let mut iterator = map.iter();
    drop((iterator.next(), iterator.next()));
    let other: PtrWeakKeyMap<Sharing, u32> = PtrWeakKeyMap::default();
    for key in &keys {
        other.insert(&Arc::new(Sharing(Arc::clone(&key.0))), 1);
    }
    assert!(map.is_empty());
    let given: Vec<_> = iterator.by_ref().map(|(_, value)| value).collect();
    assert_eq!(given.len(), 8);
    assert!(given.iter().all(|value| value.0 == "value"));
    drop(iterator);
    log.take();
    drop(given);
    assert_eq!(log.take().len(), 8);
}

/// S18, S33: and what only whoever had read ahead kept of it is dropped without a lock.
#[test]
fn what_left_by_mistake_may_do_anything_when_it_is_dropped() {
    within(60, || {
        let map: PtrWeakKeyMap<Sharing, OnDrop> = PtrWeakKeyMap::default();
        let keys: Vec<_> = (0..50).map(|_| Arc::new(Sharing(Arc::default()))).collect();
        for key in &keys {
            let again = map.clone();
            map.insert(
                key,
                OnDrop::new(move || assert!(again.iter().count() <= 50)),
            );
        }
        let mut iterator = map.iter();
        let mut read = 0;
        while iterator.next().is_some() {
            read += 1;
            let Some(key) = keys.get(read + 1) else {
                continue;
            };
            // Its list of watchers sees it elsewhere.
            PtrWeakKeyMap::default().insert(&Arc::new(Sharing(Arc::clone(&key.0))), 1);
        }
        assert!((26..=50).contains(&read), "{read}");
    });
}

/// S21, S27: threads that read, while others let objects die, replace, remove and insert.
#[test]
fn threads_read_what_others_change() {
    let map: WeakKeyMap<Item, Arc<u32>> = WeakKeyMap::new();
    let done = AtomicBool::new(false);
    let shared: Mutex<Vec<Arc<Item>>> = Mutex::new(items(0..100));
    for key in shared.lock().unwrap().iter() {
        map.insert(key, Arc::new(***key));
    }
    thread::scope(|scope| {
        for reader in 0..2 {
            let (map, done) = (&map, &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let seen: Vec<u32> = if reader == 0 {
                        map.iter()
                            .map(|(key, value)| (**key, **value))
                            .map(same)
                            .collect()
                    } else {
                        map.iter()
                            .rev()
                            .map(|(key, value)| (**key, **value))
                            .map(same)
                            .collect()
                    };
                    let kept: usize = map
                        .values()
                        .map(|value| usize::from(**value < u32::MAX))
                        .sum();
                    assert!(
                        kept < 1000 && seen.iter().collect::<BTreeSet<_>>().len() == seen.len()
                    );
                }
            });
        }
        for round in 0..rounds(3000) as u32 {
            let mut keys = shared.lock().unwrap();
            let at = (round * 7 % 100) as usize;
            let old = std::mem::replace(&mut keys[at], item(100 + round));
            drop(old);
            let new = &keys[at];
            map.insert(new, Arc::new(***new));
            let other = &keys[(at + 13) % 100];
            map.insert(other, Arc::new(***other));
            if round % 5 == 0 {
                map.remove(other);
                map.insert(other, Arc::new(***other));
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(map.len(), 100);
}

/// The key, if its value is its own.
fn same((key, value): (u32, u32)) -> u32 {
    assert_eq!(key, value);
    key
}
