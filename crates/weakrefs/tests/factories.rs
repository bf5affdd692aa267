//! `get_or_insert_with` calls one factory for each key, whatever races, panics or recurs; `update` loses
//! nothing (S33).

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;
use support::{Colliding, Item, item, rounds, within};
use weakrefs::{Tracked, WeakKeyMap, WeakSet, WeakValueMap};

const THREADS: usize = 4;

/// Runs `work` in several threads at once; their results.
fn race<R: Send>(work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let spawn = |number| {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(number)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(spawn).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn all_same<T>(all: &[Arc<T>]) -> bool {
    all.iter().all(|one| Arc::ptr_eq(one, &all[0]))
}

/// S33: of threads that want the same key at once, one makes it, and all get it.
#[test]
fn one_factory_runs_for_each_key() {
    within(20, || {
        let calls = AtomicUsize::new(0);
        let values = WeakValueMap::new();
        let set = WeakSet::new();
        let keys = WeakKeyMap::new();
        for round in 0..rounds(50) as u32 {
            let key = item(round);
            let made = race(|_| {
                let make = || {
                    calls.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_micros(100));
                };
                let value = values.get_or_insert_with(round, || {
                    make();
                    item(round)
                });
                let element = set.get_or_insert_with(&Tracked::new(round), || {
                    make();
                    item(round)
                });
                let belonging = keys.get_or_insert_with(&key, make);
                (value, element, belonging)
            });
            let (made, belonging): (Vec<_>, Vec<_>) = made
                .into_iter()
                .map(|(value, element, belonging)| ((value, element), belonging))
                .unzip();
            let (made, elements): (Vec<_>, Vec<_>) = made.into_iter().unzip();
            assert!(all_same(&made) && all_same(&elements) && all_same(&belonging));
            assert_eq!(calls.swap(0, Ordering::Relaxed), 3);
        }
        assert!(values.is_empty() && set.is_empty() && keys.is_empty());
    });
}

/// S33: different keys do not wait for each other: each factory waits until the others run.
#[test]
fn factories_of_different_keys_run_at_once() {
    within(20, || {
        let values = WeakValueMap::new();
        let barrier = Barrier::new(THREADS);
        let made = race(|number| {
            values.get_or_insert_with(number, || {
                barrier.wait();
                item(number as u32)
            })
        });
        assert_eq!(values.len(), made.len());
    });
}

/// S33: keys of equal hash take turns, and each gets its own.
#[test]
fn keys_of_equal_hash_take_turns() {
    within(20, || {
        let values = WeakValueMap::with_hasher(Colliding::<1>);
        let made = race(|number| {
            values.get_or_insert_with(number, || {
                thread::sleep(Duration::from_millis(2));
                item(number as u32)
            })
        });
        assert!(
            made.iter()
                .enumerate()
                .all(|(number, made)| ***made as usize == number)
        );
    });
}

/// S33: A factory that panics hands over to the next thread's; those who have the object are not concerned.
#[test]
fn a_panicking_factory_hands_over() {
    within(20, || {
        for _ in 0..rounds(20) {
            let values = WeakValueMap::new();
            let calls = AtomicUsize::new(0);
            let results = race(|_| {
                let get = || {
                    values.get_or_insert_with("key", || {
                        thread::sleep(Duration::from_micros(200));
                        assert!(calls.fetch_add(1, Ordering::Relaxed) >= 2, "not yet");
                        item(7)
                    })
                };
                catch_unwind(AssertUnwindSafe(get)).ok()
            });
            let made: Vec<_> = results.into_iter().flatten().collect();
            assert!(made.len() == THREADS - 2 && all_same(&made));
            assert_eq!(calls.into_inner(), 3);
            assert_eq!(values.len(), 1);
        }
    });
}

/// S33: A factory that fails stores nothing, and hands over to the next thread's.
#[test]
fn a_failing_factory_hands_over() {
    within(20, || {
        let (values, set, keys) = (WeakValueMap::new(), WeakSet::new(), WeakKeyMap::new());
        let (seven, key) = (Tracked::new(7), item(1));
        let failed = values.get_or_try_insert_with("key", || Err::<Arc<Item>, _>("no"));
        assert_eq!(failed, Err("no"));
        assert_eq!(set.get_or_try_insert_with(&seven, || Err("no")), Err("no"));
        assert_eq!(
            keys.get_or_try_insert_with(&key, || Err::<u32, _>("no")),
            Err("no")
        );
        assert!(values.is_empty() && set.is_empty() && keys.is_empty());

        let calls = AtomicUsize::new(0);
        let results = race(|_| {
            values.get_or_try_insert_with("key", || {
                thread::sleep(Duration::from_micros(200));
                let call = calls.fetch_add(1, Ordering::Relaxed);
                if call < 2 { Err(call) } else { Ok(item(7)) }
            })
        });
        let made: Vec<_> = results.into_iter().flatten().collect();
        assert!(made.len() == THREADS - 2 && all_same(&made));
        assert_eq!(calls.into_inner(), 3);
        let made = set.get_or_try_insert_with(&seven, || Ok::<_, ()>(item(7)));
        assert!(set.get_or_try_insert_with(&seven, || Err(())) == made);
        let value = keys.get_or_try_insert_with(&key, || Ok::<_, ()>(7));
        assert!(keys.get_or_try_insert_with(&key, || Err(())) == value);
    });
}

/// S18, S33: A factory may ask for its own key: the inner one makes it, and both get the same.
#[test]
fn a_factory_may_ask_for_its_own_key() {
    within(20, || {
        let values = WeakValueMap::new();
        let mut inner = None;
        let outer = values.get_or_insert_with("key", || {
            inner = Some(values.get_or_insert_with("key", || item(1)));
            item(2)
        });
        assert!(Arc::ptr_eq(&inner.unwrap(), &outer) && **outer == 1);

        let set = WeakSet::new();
        let seven = Tracked::new(7);
        let outer = set.get_or_insert_with(&seven, || {
            set.get_or_insert_with(&seven, || set.get_or_insert(item(7)))
        });
        assert!(Arc::ptr_eq(&set.get(&seven).unwrap(), &outer));

        let keys = WeakKeyMap::new();
        let key = item(1);
        let outer = keys.get_or_insert_with(&key, || *keys.get_or_insert_with(&key, || 1) + 1);
        assert_eq!((*outer, keys.get(&key).as_deref()), (1, Some(&1)));
    });
}

/// S33: Factories that ask for each other's keys in other threads do not wait for ever.
#[test]
fn factories_may_ask_for_each_others_keys() {
    within(30, || {
        for _ in 0..rounds(30) {
            // Different containers, too: the wait goes around through all of them.
            let maps: Vec<WeakValueMap<usize, Item>> =
                (0..THREADS).map(|_| WeakValueMap::new()).collect();
            let barrier = Barrier::new(THREADS);
            let kept = Mutex::new(Vec::new());
            let made = race(|number| {
                let next = (number + 1) % THREADS;
                maps[number].get_or_insert_with(number, || {
                    barrier.wait();
                    let other = maps[next].get_or_insert_with(next, || item(next as u32));
                    kept.lock().unwrap().push(other);
                    item(number as u32)
                })
            });
            for (number, made) in made.iter().enumerate() {
                assert!(Arc::ptr_eq(&maps[number].get(&number).unwrap(), made));
                assert!(***made == number as u32);
            }
            assert!(maps.iter().all(|map| map.len() == 1));
        }
    });
}

/// S20: an object that dies is made again: nobody gets a dead one or waits for it.
#[test]
fn what_has_died_is_made_again() {
    within(20, || {
        let values = WeakValueMap::new();
        let calls = AtomicUsize::new(0);
        race(|_| {
            for _ in 0..rounds(2000) {
                let made = values.get_or_insert_with("key", || {
                    calls.fetch_add(1, Ordering::Relaxed);
                    item(7)
                });
                assert_eq!(**made, 7);
            }
        });
        assert!(values.is_empty() && calls.into_inner() > 0);
    });
}

/// S33: updates in several threads lose nothing, of values and of objects.
#[test]
fn updates_lose_nothing() {
    within(30, || {
        let times = rounds(500) as u32;
        let key = item(1);
        let keys = WeakKeyMap::new();
        let values = WeakValueMap::new();
        // Whoever stores an object keeps it until it is kept here, and the last one is.
        let kept: Mutex<Option<Arc<Item>>> = Mutex::new(None);
        race(|_| {
            for _ in 0..times {
                keys.update(&key, |old| Some(old.map_or(1, |old| *old + 1)));
                let new = values.update("key", |old: Option<Arc<Item>>| {
                    Some(item(old.map_or(1, |old| **old + 1)))
                });
                let new = new.unwrap();
                let mut kept = kept.lock().unwrap();
                if kept.as_ref().is_none_or(|kept| ***kept < **new) {
                    *kept = Some(new);
                }
            }
        });
        assert_eq!(keys.get(&key).as_deref(), Some(&(times * THREADS as u32)));
        assert_eq!((keys.len(), values.len()), (1, 1));
        assert_eq!(
            values.get("key").map(|last| **last),
            Some(times * THREADS as u32)
        );
    });
}

/// S33: threads that create and remove an entry by `update` agree on who did what.
#[test]
fn updates_that_remove_lose_nothing() {
    within(30, || {
        let key = item(1);
        let keys = WeakKeyMap::new();
        let counts = race(|_| {
            let mut made = 0isize;
            for _ in 0..rounds(1000) {
                let new = keys.update(&key, |old| if old.is_none() { Some(()) } else { None });
                made += if new.is_some() { 1 } else { -1 };
            }
            made
        });
        assert_eq!(counts.into_iter().sum::<isize>(), keys.len() as isize);
    });
}
