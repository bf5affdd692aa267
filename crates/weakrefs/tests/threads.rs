//! Several threads at once: no data is lost, nobody waits for ever, and the sizes are exact in the end
//! (S3, S27, S33).

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use support::{Item, OnDrop, item, items, rounds, within};
use weakrefs::{PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakSet, WeakValueMap, count};

const THREADS: usize = 4;

/// How many objects a thread, or a test, has at once: for Miri, which interprets every step, few.
const MANY: u32 = if cfg!(miri) { 24 } else { 400 };

/// Runs `work` in several threads at once.
fn race(work: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(number);
            });
        }
    });
}

/// S27: threads that insert, drop, iterate and look up, over shared and own objects.
#[test]
fn threads_use_all_containers_at_once() {
    within(20, || {
        let shared = items(0..64);
        let set = WeakSet::new();
        let keys = WeakKeyMap::new();
        let values = WeakValueMap::new();
        let tokens = Arc::new(());
        race(|number| {
            let mut own = Vec::new();
            for round in 0..rounds(600) as u32 {
                let object = &shared[(round as usize * 7 + number) % 64];
                set.insert(object);
                keys.insert_arc(object, Arc::clone(&tokens));
                values.insert(round % 50, object);
                own.push(item(1000 + round * THREADS as u32 + number as u32));
                let newest = &own[own.len() - 1];
                assert!(set.insert(newest) && set.contains(newest));
                assert!(keys.insert_arc(newest, Arc::clone(&tokens)).is_none());
                values.insert(1000 + ***newest, newest);
                if round % 3 == 0 {
                    // Another thread's iterator may still hold it for a moment.
                    drop(own.swap_remove(round as usize / 3 % own.len()));
                }
                match round % 40 {
                    1 => assert!(set.iter().count() >= own.len()),
                    2 => drop(keys.remove(object)),
                    3 => drop(set.remove(object)),
                    4 => drop(values.remove(&(round % 50))),
                    5 => assert!(set.copy().len() >= own.len()),
                    6 => keys.iter().for_each(|(key, _)| assert!(**key < 4000)),
                    7 => set.retain(|object| ***object % 64 != round % 64 || ***object >= 1000),
                    8 => drop(
                        values
                            .get(&(round % 50))
                            .map(|object| assert!(**object < 64)),
                    ),
                    _ => {}
                }
            }
            for object in own.drain(..) {
                assert!(set.contains(&object) && keys.contains_key(&object));
            }
        });
        assert!(set.iter().all(|object| **object < 64));
        assert_eq!(set.len(), set.iter().count());
        assert_eq!(keys.len(), Arc::strong_count(&tokens) - 1);
        assert!(values.len() <= 50 && values.len() == values.iter().count());
        drop(shared);
        assert_eq!((set.len(), keys.len(), values.len()), (0, 0, 0));
    });
}

/// S1, S2, S3: `upgrade` against the last drop. One thread drops last, the callback runs in that one,
/// once, and nobody upgrades afterwards.
#[test]
fn upgrade_against_the_last_drop() {
    within(20, || {
        for _ in 0..rounds(1500) {
            let calls = Arc::new(Mutex::new(Vec::new()));
            let object = item(1);
            let log = Arc::clone(&calls);
            let reference = Ref::with_callback(&object, move |_| {
                log.lock().unwrap().push(thread::current().id());
            });
            let plain = Ref::new(&object);
            let object = Mutex::new(Some(object));
            race(|number| {
                if number == 0 {
                    let last = object.lock().unwrap().take();
                    drop(last);
                    assert!(calls.lock().unwrap().len() <= 1);
                } else if let Some(strong) = reference.upgrade() {
                    assert!(plain.is_alive() && calls.lock().unwrap().is_empty());
                    drop(strong);
                } else {
                    assert!(!plain.is_alive());
                }
            });
            assert_eq!(calls.lock().unwrap().len(), 1);
            assert!(reference.upgrade().is_none());
        }
    });
}

/// S6, S4: the shared reference, made and dropped by all; callbacks only of references that are kept.
#[test]
fn references_are_made_and_dropped_by_all() {
    within(20, || {
        let object = item(1);
        let calls = Arc::new(AtomicUsize::new(0));
        let kept = Mutex::new(Vec::new());
        let times = rounds(1000);
        race(|_| {
            for round in 0..times {
                let (one, two) = (Ref::new(&object), Ref::new(&object));
                assert!(one.ptr_eq(&two));
                let calls = Arc::clone(&calls);
                let called = Ref::with_callback(&object, move |_| {
                    calls.fetch_add(1, Ordering::Relaxed);
                });
                assert!(count(&object) >= 2);
                if round % 10 == 0 {
                    kept.lock().unwrap().push(called);
                }
            }
        });
        let kept = times.div_ceil(10) * THREADS;
        assert_eq!(count(&object), kept);
        drop(object);
        assert_eq!(calls.load(Ordering::Relaxed), kept);
    });
}

/// S17, S20: the death of an element against the insertion of an equal one: the new one is never lost.
#[test]
fn evict_against_insert() {
    within(20, || {
        let set = WeakSet::new();
        let values = WeakValueMap::new();
        for round in 0..rounds(1500) {
            let old = Mutex::new(Some(item(7)));
            set.insert(old.lock().unwrap().as_ref().unwrap());
            values.insert("key", old.lock().unwrap().as_ref().unwrap());
            let kept = Mutex::new(Vec::new());
            race(|number| match number {
                0 => drop(old.lock().unwrap().take()),
                1 => kept.lock().unwrap().push(set.get_or_insert(item(7))),
                2 => {
                    let new = item(7);
                    drop(values.insert("key", &new));
                    kept.lock().unwrap().push(new);
                }
                _ => {
                    let _ = (
                        set.contains(&Tracked::new(7)),
                        values.get("key"),
                        set.iter().count(),
                    );
                }
            });
            let kept = kept.into_inner().unwrap();
            assert_eq!(set.len(), 1, "round {round}");
            assert!(
                kept.iter()
                    .any(|one| Arc::ptr_eq(one, &set.get(one).unwrap()))
            );
            assert!(
                kept.iter()
                    .any(|one| Arc::ptr_eq(one, &values.get("key").unwrap()))
            );
            assert_eq!((values.len(), values.iter().count()), (1, 1));
            drop(kept);
            assert!(set.is_empty() && values.is_empty());
        }
    });
}

/// S16: the death of a replaced object against its replacement.
#[test]
fn replacement_against_death() {
    within(20, || {
        let values = WeakValueMap::new();
        for _ in 0..rounds(1500) {
            let objects: Vec<_> = (0..THREADS as u32)
                .map(|n| Mutex::new(Some(item(n))))
                .collect();
            let last = item(100);
            race(|number| {
                let object = objects[number].lock().unwrap().take().unwrap();
                values.insert("key", &object);
                drop(object);
                if number == 0 {
                    values.insert("last", &last);
                }
            });
            assert!(values.get("key").is_none() && values.len() == 1);
            drop(last);
            assert!(values.is_empty());
        }
    });
}

/// S33: a container goes while its elements die: values are dropped once, by one side or the other.
#[test]
fn container_drop_against_death() {
    within(20, || {
        let drops = Arc::new(AtomicUsize::new(0));
        for _ in 0..rounds(800) {
            let keys = WeakKeyMap::new();
            let objects = items(0..8);
            for object in &objects {
                let drops = Arc::clone(&drops);
                let value = OnDrop::new(move || {
                    drops.fetch_add(1, Ordering::Relaxed);
                });
                keys.insert(object, value);
            }
            let (keys, objects) = (Mutex::new(Some(keys)), Mutex::new(Some(objects)));
            race(|number| match number {
                0 => {
                    let keys = keys.lock().unwrap().take();
                    drop(keys);
                }
                1 => {
                    let objects = objects.lock().unwrap().take();
                    drop(objects);
                }
                _ => {}
            });
            assert_eq!(drops.swap(0, Ordering::Relaxed), 8);
        }
    });
}

/// S27: everything is removed at once, by all means: each entry leaves through one of them.
#[test]
fn removals_share_the_entries() {
    within(20, || {
        for round in 0..rounds(100) {
            let objects = items(0..MANY);
            let set: PtrWeakSet<Item> = objects.iter().collect();
            let removed = AtomicUsize::new(0);
            race(|number| {
                let mine = match number {
                    0 => objects.iter().filter(|object| set.remove(object)).count(),
                    1 => std::iter::from_fn(|| set.pop_last()).count(),
                    2 if round % 2 == 0 => set.drain().count(),
                    2 => set.extract_if(|_| true).count(),
                    3 if round % 2 == 0 => std::iter::from_fn(|| set.pop_first()).count(),
                    _ => {
                        let taken = objects.iter().rev().filter_map(|object| set.take(object));
                        taken.count()
                    }
                };
                removed.fetch_add(mine, Ordering::Relaxed);
            });
            assert_eq!((removed.into_inner(), set.len()), (MANY as usize, 0));
            assert!(objects.iter().all(|object| Arc::weak_count(object) == 0));
        }
    });
}

/// S21, S27: iterators see every element that was there all the time, once, in order.
#[test]
fn iteration_against_change() {
    within(20, || {
        let stable = items(0..MANY / 4);
        let set: WeakSet<Item> = stable.iter().collect();
        let done = AtomicBool::new(false);
        race(|number| {
            if number == 0 {
                for round in 0..rounds(200) {
                    let seen: Vec<u32> = set.iter().map(|object| **object).collect();
                    let of_stable = seen.iter().copied().filter(|value| *value < MANY / 4);
                    assert!(of_stable.eq(0..MANY / 4), "round {round}");
                }
                done.store(true, Ordering::Relaxed);
            } else {
                let mut value = 1000 * number as u32;
                while !done.load(Ordering::Relaxed) {
                    let few = items(value..value + 5);
                    set.extend(&few);
                    value += 5;
                }
            }
        });
        assert_eq!(set.len(), stable.len());
    });
}

/// S18, S20, S21: while threads fill a container and half of what they insert dies, it is spread over several locks. Each
/// one's survivors are there, in its order.
#[test]
fn a_container_is_filled_by_all() {
    within(20, || {
        for _ in 0..rounds(20) {
            let map: WeakValueMap<u32, Item> = WeakValueMap::new();
            let survivors = Mutex::new(Vec::new());
            race(|number| {
                let first = 1000 * number as u32;
                let mut mine = items(first..first + MANY);
                for object in &mine {
                    assert!(map.insert(***object, object).is_none());
                }
                mine.retain(|object| ***object % 2 == 0);
                assert!(mine.iter().all(|object| map.contains_key(&***object)));
                survivors.lock().unwrap().push(mine);
            });
            let survivors = survivors.into_inner().unwrap();
            assert_eq!(map.len(), THREADS * MANY as usize / 2);
            for mine in &survivors {
                let first = **mine[0];
                let range = first..first + 1000;
                let values = map.values().filter(|object| range.contains(&***object));
                assert!(values.eq(mine.iter().cloned()));
                assert!(mine.iter().all(|object| {
                    map.get(&***object)
                        .is_some_and(|found| Arc::ptr_eq(&found, object))
                }));
            }
            drop(survivors);
            assert_eq!((map.len(), map.iter().count()), (0, 0));
        }
    });
}

/// S2, S4: values that move to new `Arc`s in one thread while others use the containers.
#[test]
fn moves_against_use() {
    within(20, || {
        let set: PtrWeakSet<Item> = PtrWeakSet::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let times = rounds(1000);
        race(|number| {
            let mut object = item(number as u32);
            for _ in 0..times {
                let calls = Arc::clone(&calls);
                let reference = Ref::with_callback(&object, move |_| {
                    calls.fetch_add(1, Ordering::Relaxed);
                });
                assert!(set.insert(&object) && set.contains(&object));
                let _ = set.iter().last();
                // Another thread's iterator may hold it for a moment.
                let value = loop {
                    match Arc::try_unwrap(object) {
                        Ok(value) => break value,
                        Err(again) => object = again,
                    }
                };
                object = Arc::new(value);
                assert!(!reference.is_alive() && !set.contains(&object) && count(&object) == 0);
            }
        });
        assert!(set.is_empty());
        assert_eq!(calls.load(Ordering::Relaxed), times * THREADS);
    });
}
