//! Models of containers: insertion, removal and iteration against death.

use crate::{
    Count, Counted, KeyMap, Set, Slow, ValueMap, Witness, explore, in_threads, object, pause,
};
use std::sync::Arc;
use weakrefs::{Tracked, watcher_count};

/// S2, S17, S20: an object that dies while it is inserted again and again, by one or by two threads, has
/// left when its last drop returns.
#[test]
fn insertion_and_death_of_the_same() {
    explore(|| {
        let set = Set::default();
        let element = object(1);
        let insert = |element: &Arc<Tracked<u32>>| {
            let (set, element) = (set.clone(), Arc::clone(element));
            move || {
                set.insert(&element);
                assert!(set.contains(&element));
                assert_eq!(set.len(), 1);
                drop(element);
            }
        };
        let threads = (insert(&element), insert(&element));
        in_threads!(threads.0, threads.1, move || drop(element));
        assert_eq!(set.len(), 0);
        assert!(set.iter().next().is_none());
    });
}

/// S17 to S20: of an element that dies and an equal one that is inserted, the second is there
/// afterwards if and only if it was new; user code compares them.
#[test]
fn insertion_and_death_of_an_equal() {
    explore(|| {
        let set = Set::default();
        let (old, new) = (object(Slow(1)), object(Slow(1)));
        set.insert(&old);
        let (inserting, element) = (set.clone(), Arc::clone(&new));
        let ((), inserted) = in_threads!(move || drop(old), move || inserting.insert(&element));
        assert_eq!(set.len(), usize::from(inserted));
        assert_eq!(set.contains(&new), inserted);
    });
}

/// S18, S19: of equal elements that are inserted at the same time one stays, whatever else dies or
/// changes while they are compared.
#[test]
fn insertion_of_equals() {
    explore(|| {
        let set = Set::default();
        let other = object(Slow(0));
        set.insert(&other);
        let insert = || {
            let set = set.clone();
            move || {
                let element = object(Slow(1));
                let canonical = set.get_or_insert(Arc::clone(&element));
                assert!(*canonical == *element);
                (element, canonical)
            }
        };
        let ((_one, first), (_two, second), ()) =
            in_threads!(insert(), insert(), move || drop(other));
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(set.len(), 1);
    });
}

/// S18: what is upgraded in order to be compared may be the last of its kind by the time it has been:
/// it dies in the thread that looks something else up.
#[test]
fn death_of_what_is_compared() {
    explore(|| {
        let map = KeyMap::default();
        let drops = Count::default();
        let (old, new) = (object(Slow(1)), object(Slow(2)));
        map.insert(&old, Counted(drops.clone()));
        let (reading, kept) = (map.clone(), Arc::clone(&new));
        in_threads!(move || drop(old), move || {
            assert!(reading.get(&kept).is_none());
            reading.insert(&kept, Counted(Count::default()));
        },);
        assert_eq!(drops.get(), 1);
        assert_eq!(map.len(), 1);
        assert!(map.contains_key(&new));
    });
}

/// S16: the death of a replaced object, before, while and after it is replaced, does not remove the one
/// that took its place.
#[test]
fn replacement_and_death_of_the_old() {
    explore(|| {
        let map: ValueMap<u32, _> = ValueMap::default();
        let objects = [object(1), object(2), object(3)];
        map.insert(1, &objects[0]);
        let [first, second, third] = objects;
        let replace = |value: &Arc<Tracked<i32>>| {
            let (map, value) = (map.clone(), Arc::clone(value));
            move || {
                let replaced = map.insert(1, &value);
                assert!(replaced.is_none_or(|replaced| !Arc::ptr_eq(&replaced, &value)));
            }
        };
        let threads = (replace(&second), replace(&third));
        in_threads!(move || drop(first), threads.0, threads.1);
        let present = map.get(&1).unwrap();
        assert_eq!(map.len(), 1);
        assert!(Arc::ptr_eq(&present, &second) || Arc::ptr_eq(&present, &third));
        assert_eq!(watcher_count(&second) + watcher_count(&third), 1);
        drop((second, third, present));
        assert_eq!(map.len(), 0);
    });
}

/// S16, S19: the same where user code compares the keys, and each key is dropped once.
#[test]
fn replacement_under_equal_keys() {
    explore(|| {
        let map: ValueMap<Slow, _> = ValueMap::default();
        let (first, second) = (object(1), object(2));
        map.insert(Slow(1), &first);
        let (replacing, value) = (map.clone(), Arc::clone(&second));
        let removing = map.clone();
        let ((), (), removed) = in_threads!(
            move || drop(first),
            move || {
                replacing.insert(Slow(1), &value);
            },
            move || removing.remove(&Slow(1)),
        );
        let was_second = removed.is_some_and(|removed| Arc::ptr_eq(&removed, &second));
        assert_eq!(map.len(), usize::from(!was_second));
        assert_eq!(map.get(&Slow(1)).is_some(), !was_second);
    });
}

/// S17: an equal element in place of another one, while either dies.
#[test]
fn an_element_is_replaced() {
    explore(|| {
        let set = Set::default();
        let (old, new) = (object(Slow(1)), object(Slow(1)));
        set.insert(&old);
        let (replacing, element) = (set.clone(), Arc::clone(&new));
        in_threads!(move || drop(old), move || {
            replacing.replace(&element);
            assert!(Arc::ptr_eq(&replacing.get(&element).unwrap(), &element));
        },);
        assert_eq!(set.len(), 1);
        drop(new);
        assert_eq!(set.len(), 0);
    });
}

/// S2, S15: a container goes while its keys die: each value is dropped once, and no thread waits for
/// the other.
#[test]
fn the_container_and_a_key_go() {
    explore(|| {
        let map = KeyMap::default();
        let drops = Count::default();
        let keys = [object(1), object(2)];
        for key in &keys {
            map.insert(key, Counted(drops.clone()));
        }
        let [one, two] = keys;
        in_threads!(move || drop(map), move || drop(one), move || drop(two));
        assert_eq!(drops.get(), 2);
    });
}

/// A value that owns a handle of the container it is in, and uses it when it is dropped.
struct Owner {
    _counted: Counted,
    map: KeyMap<Tracked<u32>, Owner>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        assert!(self.map.len() < 2);
        assert!(!self.map.contains_key(&Tracked::new(0)));
    }
}

/// S2, S18: values own the last handles of their container and use it as they are evicted.
#[test]
fn values_own_the_container() {
    explore(|| {
        let map = KeyMap::default();
        let drops = Count::default();
        let keys = [object(1), object(2)];
        for key in &keys {
            let value = Owner {
                _counted: Counted(drops.clone()),
                map: map.clone(),
            };
            map.insert(key, value);
        }
        let [one, two] = keys;
        in_threads!(move || drop(map), move || drop(one), move || drop(two));
        assert_eq!(drops.get(), 2);
    });
}

/// S2, S20: of a removal and a death one takes the entry, its value is dropped once, and the length is
/// exact.
#[test]
fn removal_and_death() {
    explore(|| {
        let map = KeyMap::default();
        let drops = Count::default();
        let (key, other) = (object(1), object(2));
        map.insert(&key, Counted(drops.clone()));
        map.insert(&other, Counted(Count::default()));
        let (removing, same) = (map.clone(), Tracked::new(1));
        let counting = map.clone();
        in_threads!(
            move || drop(key),
            move || drop(removing.remove(&same)),
            move || {
                let lengths = [counting.len(), counting.len()];
                assert!(lengths.is_sorted_by(|one, next| one >= next));
                assert!((1..=2).contains(&lengths[0]), "{lengths:?}");
            },
        );
        assert_eq!(map.len(), 1);
        assert_eq!(drops.get(), 1);
    });
}

/// S17, S34: an element that is taken out while it is being inserted is watched for what is there, and
/// for nothing else.
#[test]
fn removal_during_insertion() {
    explore(|| {
        let set = Set::default();
        let element = object(1);
        let (inserting, removing, draining) = (set.clone(), set.clone(), set.clone());
        let (inserted, same) = (Arc::clone(&element), Arc::clone(&element));
        in_threads!(
            move || {
                inserting.insert(&inserted);
                inserting.replace(&inserted);
            },
            move || drop(removing.take(&same)),
            move || draining.drain().for_each(drop),
        );
        assert_eq!(watcher_count(&element), set.len());
        set.clear();
        assert_eq!(watcher_count(&element), 0);
    });
}

/// S20: two threads that pop, and a death: nothing is popped twice, nothing stays.
#[test]
fn popping_and_death() {
    explore(|| {
        let set = Set::default();
        let elements = [object(1), object(2), object(3)];
        set.extend(&elements);
        let (front, back) = (set.clone(), set.clone());
        let pop_first = move || front.pop_first().map(|element| **element);
        let pop_last = move || back.pop_last().map(|element| **element);
        let [one, two, three] = elements;
        let (first, second, ()) = in_threads!(pop_first, pop_last, move || drop(three));
        assert!(first != second || first.is_none());
        assert!(first.is_some() && second.is_some());
        let left = set.len();
        drop((one, two));
        assert!(left <= 1);
        assert_eq!(set.len(), 0);
    });
}

/// S21, S27: an iterator gives what was there when it was opened and is still alive, once and in the
/// order of insertion, whatever is inserted, removed or dies.
#[test]
fn iteration_and_changes() {
    explore(|| {
        let set = Set::default();
        let elements: Vec<_> = (1..=4).map(object).collect();
        set.extend(&elements[..3]);
        let (reading, inserting) = (set.clone(), set.clone());
        let [first, second, third, fourth] = <[_; 4]>::try_from(elements).unwrap();
        let kept = (Arc::clone(&first), Arc::clone(&fourth));
        let (seen, (), ()) = in_threads!(
            move || {
                let seen: Vec<u32> = reading.iter().map(|element| **element).collect();
                let next: Vec<u32> = reading.iter().map(|element| **element).collect();
                (seen, next)
            },
            move || {
                drop(second);
                drop(third);
            },
            move || {
                inserting.remove(&first);
                inserting.insert(&fourth);
            },
        );
        for seen in [&seen.0, &seen.1] {
            assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
        }
        assert!(seen.0.contains(&1) || !seen.1.contains(&1));
        assert!(seen.1.contains(&4) || !seen.0.contains(&4));
        let left: Vec<u32> = set.iter().map(|element| **element).collect();
        assert_eq!(left, [4]);
        drop(kept);
        assert_eq!(set.len(), 0);
    });
}

/// S21: an iterator walks one moment of the whole: of two elements that are never both absent it gives
/// one. In which order their shards are read depends on the hasher, so both orders are tried.
#[test]
fn a_snapshot_is_of_one_moment() {
    for (first, second) in [(1, 2), (2, 1)] {
        explore(move || {
            let set = Set::default();
            let (old, new) = (object(first), object(second));
            set.insert(&old);
            let (reading, changing) = (set.clone(), set.clone());
            let (removed, inserted) = (Arc::clone(&old), Arc::clone(&new));
            in_threads!(move || assert_ne!(reading.iter().count(), 0), move || {
                changing.insert(&inserted);
                changing.remove(&removed);
            });
            assert!(set.iter().eq([new]));
        });
    }
}

/// S21, S34: what an open iterator keeps of an entry that has left is dropped once, by whoever is last.
#[test]
fn iteration_keeps_values() {
    explore(|| {
        let map = KeyMap::default();
        let drops = Count::default();
        let (key, other) = (object(1), object(2));
        map.insert(&key, Counted(drops.clone()));
        map.insert(&other, Counted(drops.clone()));
        let (reading, draining) = (map.clone(), map.clone());
        in_threads!(
            move || {
                let mut iter = reading.iter();
                drop(iter.next());
                pause();
                drop(iter.next());
            },
            move || drop(key),
            move || {
                for (_key, value) in draining.drain() {
                    drop(value);
                }
            },
        );
        assert_eq!(map.len(), 0);
        assert_eq!(drops.get(), 2);
        drop(other);
    });
}

/// S21, S34: what iterators have copied of an entry stays good, whatever dies or is removed meanwhile, and each value is
/// dropped once.
#[test]
fn iteration_reads_ahead() {
    explore(|| {
        let map = KeyMap::default();
        let drops = Count::default();
        let keys = [1, 2, 3, 4].map(object);
        for key in &keys {
            map.insert(key, Counted(drops.clone()));
        }
        let [one, two, three, four] = keys;
        let (reading, from_the_back, removing) = (map.clone(), map.clone(), map.clone());
        in_threads!(
            move || {
                for value in reading.values() {
                    pause();
                    value.0.get();
                }
            },
            move || {
                for (key, value) in from_the_back.iter().rev() {
                    pause();
                    assert!(**key > 0);
                    value.0.get();
                }
            },
            move || {
                drop(two);
                drop(removing.remove(&three));
                drop(three);
                drop(four);
            },
        );
        assert_eq!((map.len(), drops.get()), (1, 3));
        drop(one);
        assert_eq!(drops.get(), 4);
    });
}

/// S2, S20: emptying, retaining and death: each value goes once.
#[test]
fn retaining_and_death() {
    explore(|| {
        let map = KeyMap::default();
        let drops = Count::default();
        let keys = [object(1), object(2)];
        for key in &keys {
            map.insert(key, Counted(drops.clone()));
        }
        let [one, two] = keys;
        let (retaining, clearing) = (map.clone(), map.clone());
        in_threads!(
            move || retaining.retain(|key, _| {
                pause();
                ***key == 1
            }),
            move || drop(one),
            move || clearing.clear(),
        );
        assert_eq!(map.len(), 0);
        assert_eq!(drops.get(), 2);
        drop(two);
    });
}

/// S1, S20: no lookup gives an object that has begun to die.
#[test]
fn lookup_and_the_last_drop() {
    explore(|| {
        let map: ValueMap<u32, _> = ValueMap::default();
        let value = Arc::new(Witness::default());
        let dying = value.dying.clone();
        map.insert(1, &value);
        let reading = map.clone();
        in_threads!(move || drop(value), move || {
            let was_dying = dying.get();
            let found = reading.get(&1);
            assert!(found.is_none() || !was_dying);
            drop(found);
            let was_dying = dying.get();
            assert!(!(was_dying && reading.contains_key(&1)));
        });
        assert!(map.is_empty());
    });
}

/// S2: an object in several containers has left all of them, and its callbacks find it in none.
#[test]
fn several_containers() {
    explore(|| {
        let (set, map) = (Set::default(), KeyMap::default());
        let element = object(1);
        set.insert(&element);
        let (seen_set, seen_map) = (set.clone(), map.clone());
        let reference = weakrefs::Ref::with_callback(&element, move |_| {
            assert_eq!((seen_set.len(), seen_map.len()), (0, 0));
        });
        let (inserting, same) = (map.clone(), Arc::clone(&element));
        in_threads!(move || drop(element), move || {
            inserting.insert(&same, 1);
            drop(same);
        });
        assert_eq!((set.len(), map.len()), (0, 0));
        drop(reference);
    });
}

/// S17, S18, S20, S21: where threads meet, a container is spread over several shards. What is inserted, looked for or
/// dies meanwhile is where it belongs, and the order stays.
#[test]
fn threads_meet() {
    explore(|| {
        let set = Set::default();
        let mut elements: Vec<_> = (0..4).map(object).collect();
        elements.iter().for_each(|element| _ = set.insert(element));
        let dying = elements.remove(1);
        let insert = |number: u32| {
            let (set, present) = (set.clone(), Arc::clone(&elements[0]));
            move || {
                let element = object(number);
                assert!(set.insert(&element));
                assert!(set.contains(&present) && set.contains(&element));
                element
            }
        };
        let (one, other, ()) = in_threads!(insert(4), insert(5), move || drop(dying));
        assert_eq!(set.len(), 5);
        assert!(set.iter().take(3).eq(elements.iter().cloned()));
        drop(one);
        assert_eq!(set.len(), 4);
        assert!(
            set.iter()
                .nth(3)
                .is_some_and(|last| Arc::ptr_eq(&last, &other))
        );
        drop((elements, other));
        assert_eq!(set.len(), 0);
    });
}
