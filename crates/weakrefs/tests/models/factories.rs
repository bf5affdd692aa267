//! Models of what computes the content of a container: factories and updates.

use crate::{Count, KeyMap, Set, ValueMap, explore, fail, in_threads, object, pause};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use weakrefs::Tracked;

type Map = ValueMap<u32, Tracked<u32>>;

/// A thread that wants the object of a key, made by a factory that counts its calls.
fn want(map: &Map, key: u32, calls: &Count) -> impl FnOnce() -> Arc<Tracked<u32>> + Send + use<> {
    let (map, calls) = (map.clone(), calls.clone());
    move || {
        map.get_or_insert_with(key, || {
            calls.up();
            pause();
            object(key)
        })
    }
}

/// S33: threads that want the object of the same key at the same time get the same; its factory runs
/// once.
#[test]
fn one_factory_for_each_key() {
    explore(|| {
        let (map, calls) = (Map::default(), Count::default());
        let (one, two, three) = in_threads!(
            want(&map, 1, &calls),
            want(&map, 1, &calls),
            want(&map, 1, &calls),
        );
        assert_eq!(calls.get(), 1);
        assert!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&two, &three));
        drop((one, two, three));
        assert_eq!(map.len(), 0);
    });
}

/// S33: the same in a set, and for the values of a key.
#[test]
fn one_factory_in_the_other_containers() {
    explore(|| {
        let (set, map, calls) = (Set::default(), KeyMap::default(), Count::default());
        let want = || {
            let (set, map, calls) = (set.clone(), map.clone(), calls.clone());
            move || {
                let key = set.get_or_insert_with(&Tracked::new(1), || {
                    calls.up();
                    object(1)
                });
                let value = map.get_or_insert_with(&key, || {
                    calls.up();
                    pause();
                    2
                });
                (key, value)
            }
        };
        let (one, two) = in_threads!(want(), want());
        assert_eq!(calls.get(), 2);
        assert!(Arc::ptr_eq(&one.0, &two.0) && Arc::ptr_eq(&one.1, &two.1));
    });
}

/// S20: an object that dies as soon as it has been made is made again for whoever waited.
#[test]
fn what_was_made_dies() {
    explore(|| {
        let (map, calls) = (Map::default(), Count::default());
        let forget = || {
            let want = want(&map, 1, &calls);
            move || assert_eq!(**want(), 1)
        };
        in_threads!(forget(), forget(), forget());
        assert!((1..=3).contains(&calls.get()));
        assert_eq!(map.len(), 0);
    });
}

/// S5, S33: if a factory panics, that of the next one runs, and nobody waits for ever.
#[test]
fn a_factory_panics() {
    explore(|| {
        let (map, calls) = (Map::default(), Count::default());
        let failing = map.clone();
        let (failed, one, two) = in_threads!(
            move || {
                let want = || failing.get_or_insert_with(1, || fail());
                catch_unwind(AssertUnwindSafe(want)).ok()
            },
            want(&map, 1, &calls),
            want(&map, 1, &calls),
        );
        assert_eq!(calls.get(), 1);
        assert!(Arc::ptr_eq(&one, &two));
        assert!(failed.is_none_or(|found| Arc::ptr_eq(&found, &one)));
    });
}

/// S33: factories that want each other's objects, and a third in a ring with them, do not wait for
/// each other for ever; for each key all get the same.
#[test]
fn factories_want_each_other() {
    explore(|| {
        let map = Map::default();
        // Each makes `key`, and meanwhile wants `next`; that one's own factory wants nothing.
        let want = |key: u32, next: u32| {
            let map = map.clone();
            move || {
                let mut found = None;
                let made = map.get_or_insert_with(key, || {
                    pause();
                    found = Some(map.get_or_insert_with(next, || object(next)));
                    object(key)
                });
                (made, found)
            }
        };
        let (one, two, three) = in_threads!(want(1, 2), want(2, 3), want(3, 1));
        for (key, (made, _)) in [(1, &one), (2, &two), (3, &three)] {
            let present = map.get(&key).unwrap();
            assert!(Arc::ptr_eq(&present, made), "another one of {key}");
        }
        for (_, found) in [&one, &two, &three] {
            if let Some(found) = found {
                assert!(Arc::ptr_eq(&map.get(&***found).unwrap(), found));
            }
        }
        assert_eq!(map.len(), 3);
    });
}

/// S33: a factory that wants its own object makes it itself, while another thread waits for it.
#[test]
fn a_factory_wants_its_own() {
    explore(|| {
        let (map, calls) = (Map::default(), Count::default());
        let nested = map.clone();
        let (outer, other) = in_threads!(
            move || {
                let inner = nested.clone();
                nested.get_or_insert_with(1, move || {
                    let made = inner.get_or_insert_with(1, || object(1));
                    pause();
                    // Lost: the first to be inserted wins.
                    drop(made.clone());
                    made
                })
            },
            want(&map, 1, &calls),
        );
        assert!(Arc::ptr_eq(&outer, &other));
        assert_eq!(map.len(), 1);
    });
}

/// S33: nothing that one thread adds to a value is lost to another one's addition.
#[test]
fn updates_of_values() {
    explore(|| {
        let map = KeyMap::default();
        let key = object(1);
        let add = || {
            let (map, key) = (map.clone(), Arc::clone(&key));
            move || {
                for _ in 0..2 {
                    map.update(&key, |old| {
                        pause();
                        Some(old.map_or(1, |old| *old + 1))
                    });
                }
            }
        };
        in_threads!(add(), add());
        assert_eq!(map.get(&key).as_deref(), Some(&4));
    });
}

/// S33: the same where the values are objects, which die when they are replaced.
#[test]
fn updates_of_objects() {
    explore(|| {
        let map = Map::default();
        let first = object(0);
        map.insert(1, &first);
        let add = || {
            let map = map.clone();
            move || {
                let next = |old: Option<Arc<Tracked<u32>>>| {
                    pause();
                    Some(object(old.map_or(0, |old| **old) + 1))
                };
                [map.update(1, next), map.update(1, next)]
            }
        };
        let (one, other) = in_threads!(add(), add());
        let mut numbers: Vec<u32> = one.iter().chain(&other).flatten().map(|n| ***n).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4]);
        assert_eq!(map.get(&1).map(|last| **last), Some(4));
    });
}

/// S33: an update that removes, and one that adds.
#[test]
fn updates_that_remove() {
    explore(|| {
        let map = KeyMap::default();
        let key = object(1);
        map.insert(&key, 1);
        let (adding, removing, dying) = (map.clone(), map.clone(), Arc::clone(&key));
        let (added, removed) = in_threads!(
            move || adding.update(&key, |old| Some(old.map_or(10, |old| *old + 1))),
            move || {
                let mut seen = None;
                removing.update(&dying, |old| {
                    seen = old.map(|old| *old);
                    None
                });
                (dying, seen)
            },
        );
        let (key, seen) = removed;
        match added.as_deref() {
            // The removal came second, or first.
            Some(2) => assert_eq!((seen, map.len()), (Some(2), 0)),
            Some(10) => {
                assert_eq!((seen, map.len()), (Some(1), 1));
                assert_eq!(map.get(&key).as_deref(), Some(&10));
            }
            other => panic!("{other:?}"),
        }
    });
}
