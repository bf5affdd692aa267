//! Containers of any objects, whose entries leave some time after the death (`weakrefs::lazy`): what they give is exact at
//! any time (S16, S17, S20, S21), what they keep is bounded (S34), and what goes with the dead goes outside of locks (S18).

mod support;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;
use support::{Colliding, Log, Noting, OnDrop, reports, rounds, within};
use weakrefs::lazy::{PtrWeakKeyMap, PtrWeakSet, WeakKeyMap, WeakSet, WeakValueMap};

/// Objects of a type that has no slot and can get none.
fn texts(names: std::ops::Range<u32>) -> Vec<Arc<str>> {
    names.map(|name| name.to_string().into()).collect()
}

/// S12, S17: `Arc`s of whatever has no slot, told apart by value or by identity.
#[test]
fn objects_of_any_type() {
    type Function = dyn Fn() -> usize + Send + Sync;

    let words: WeakSet<str> = WeakSet::new();
    let word: Arc<str> = "word".into();
    assert!(words.insert(&word) && !words.insert(&"word".into()));
    assert!(words.contains("word") && words.contains(&word) && !words.contains("other"));
    assert!(Arc::ptr_eq(&words.get("word").unwrap(), &word));

    let sizes: WeakKeyMap<[u8], usize> = WeakKeyMap::new();
    let bytes: Arc<[u8]> = [1, 2].into();
    assert!(sizes.insert(&bytes, 2).is_none());
    assert_eq!(sizes.get(&[1, 2][..]).as_deref(), Some(&2));

    let buffers: PtrWeakKeyMap<Mutex<Vec<u8>>, &str> = PtrWeakKeyMap::new();
    let buffer = Arc::new(Mutex::new(vec![1]));
    buffers.insert(&buffer, "first");
    assert!(!buffers.contains_key(&Arc::new(Mutex::new(vec![1]))));
    assert_eq!(buffers.get(&buffer).as_deref(), Some(&"first"));

    let functions: PtrWeakSet<Function> = PtrWeakSet::new();
    let (length, cloned) = (word.len(), Arc::clone(&word));
    let function: Arc<Function> = Arc::new(move || cloned.len());
    let empty: Arc<Function> = Arc::new(|| 7);
    assert!(functions.insert(&function) && functions.insert(&empty));
    assert_eq!(functions.iter().map(|f| f()).sum::<usize>(), length + 7);

    let named: WeakValueMap<String, Function> = WeakValueMap::new();
    assert!(named.insert("length".into(), &function).is_none());
    assert_eq!(named.get("length").unwrap()(), length);

    drop((word, bytes, buffer, function, empty));
    assert!(!words.contains("word") && !sizes.contains_key(&[1, 2][..]));
    assert!(functions.iter().next().is_none() && named.get("length").is_none());
    assert!(buffers.iter().next().is_none());
}

/// S1, S20: lookups and iterators give no dead, from the moment of the death; `len` counts at least the living, and
/// exactly those once the dead have been taken out.
#[test]
fn what_is_given_is_exact_and_the_length_an_upper_bound() {
    let mut objects = texts(0..100);
    let set: WeakSet<str, Colliding<7>> = objects.iter().collect();
    let values: WeakValueMap<u32, str> = (0..).zip(&objects).collect();
    objects.retain(|text| text.parse::<u32>().unwrap() % 4 == 0);
    for number in 0..100 {
        let is_alive = number % 4 == 0;
        assert_eq!(set.contains(&*number.to_string()), is_alive, "{number}");
        assert_eq!(values.contains_key(&number), is_alive, "{number}");
        assert_eq!(values.get_key_value(&number).is_some(), is_alive);
    }
    assert!(set.iter().eq(objects.iter().cloned()));
    assert!(set.iter().rev().eq(objects.iter().rev().cloned()));
    assert!(values.keys().map(|key| *key).eq((0..100).step_by(4)));
    assert!(
        set.first()
            .is_some_and(|first| Arc::ptr_eq(&first, &objects[0]))
    );
    assert!(set.last().is_some_and(|last| *last == *"96"));
    assert!((25..=100).contains(&set.len()) && (25..=100).contains(&values.len()));
    assert_eq!(set.len() - set.remove_expired(), 25);
    assert_eq!(values.len() - values.remove_expired(), 25);
    assert_eq!((set.len(), values.len()), (25, 25));
    assert_eq!((set.remove_expired(), values.remove_expired()), (0, 0));
    assert!(set.iter().eq(objects.iter().cloned()));
}

/// S1: an upgrade of a dying object's own destructor gives nothing: it is invisible before its fields are dropped.
#[test]
fn an_object_is_invisible_in_its_own_destructor() {
    struct Asks(Arc<OnceLock<PtrWeakSet<Asks>>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            let set = self.0.get().unwrap();
            assert!(set.iter().next().is_none() && set.first().is_none() && !set.contains(self));
        }
    }
    let set = Arc::new(OnceLock::new());
    let object = Arc::new(Asks(Arc::clone(&set)));
    let set = set.get_or_init(PtrWeakSet::new).clone();
    set.insert(&object);
    drop(object);
    assert_eq!(set.remove_expired(), 1);
}

/// S16, S19: a key whose object has died is free: the new entry is the newest, and only that is seen.
#[test]
fn a_key_is_free_after_the_death() {
    let keys: WeakKeyMap<str, u32> = WeakKeyMap::new();
    let values: WeakValueMap<&str, str> = WeakValueMap::new();
    let set: WeakSet<str> = WeakSet::new();
    let other: Arc<str> = "other".into();
    let first: Arc<str> = "a".into();
    for object in [&first, &other] {
        set.insert(object);
        keys.insert(object, 1);
    }
    values.insert("key", &first);
    values.insert("other", &other);
    drop(first);
    assert_eq!(values.remove("key"), None);
    assert_eq!((keys.remove("a"), set.take("a")), (None, None));

    let second: Arc<str> = "a".into();
    assert!(set.insert(&second) && !set.insert(&second));
    assert!(keys.insert(&second, 2).is_none() && values.insert("key", &second).is_none());
    assert!(Arc::ptr_eq(&set.get("a").unwrap(), &second));
    assert_eq!(keys.get("a").as_deref(), Some(&2));
    assert!(Arc::ptr_eq(&values.get("key").unwrap(), &second));
    assert!(set.iter().eq([other.clone(), second.clone()]));
    assert!(keys.values().map(|value| *value).eq([1, 2]));
    assert!(values.keys().map(|key| *key).eq(["other", "key"]));
    assert!(keys.try_insert(&second, 3).is_err() && values.try_insert("key", &other).is_err());
    assert!(Arc::ptr_eq(&set.replace(&"a".into()).unwrap(), &second));
    // What it was replaced by is dead already.
    assert!(set.iter().eq([other]) && !set.contains(&second));
}

/// S16, S17: an object that has the address of a dead one has no entry, be that one's still there or not. (It keeps the
/// address for itself as long as it is.)
#[test]
fn a_reused_address_is_another_object() {
    let notes: PtrWeakKeyMap<[usize; 8], usize> = PtrWeakKeyMap::new();
    let set: PtrWeakSet<[usize; 8]> = PtrWeakSet::new();
    let mut addresses = HashSet::new();
    let mut reused = 0;
    for round in 0..1000 {
        let object = Arc::new([round; 8]);
        assert!(
            !notes.contains_key(&object) && !set.contains(&object),
            "{round}"
        );
        assert!(notes.insert(&object, round).is_none() && set.insert(&object));
        assert_eq!(notes.get(&object).as_deref(), Some(&round));
        reused += usize::from(!addresses.insert(Arc::as_ptr(&object).addr()));
        drop(object);
        if round % 10 == 9 {
            notes.remove_expired();
            set.remove_expired();
        }
    }
    assert!(reused > 0 || !gives_addresses_again());
}

/// Whether the allocator does. One that looks for mistakes keeps what was freed for a while.
fn gives_addresses_again() -> bool {
    let mut addresses = HashSet::new();
    (0..1000).any(|_| !addresses.insert(Arc::as_ptr(&Arc::new([0; 8])).addr()))
}

/// S17: a value that moves to another `Arc` is another object.
#[test]
fn a_moved_value_is_another_object() {
    let set: PtrWeakSet<Vec<u8>> = PtrWeakSet::new();
    let mut object = Arc::new(vec![1]);
    set.insert(&object);
    Arc::make_mut(&mut object).push(2);
    assert!(!set.contains(&object) && set.iter().next().is_none());
    assert!(set.insert(&object) && set.contains(&object));
    let object = Arc::new(Arc::into_inner(object).unwrap());
    assert!(!set.contains(&object) && set.insert(&object));
    assert_eq!((set.remove_expired(), set.len()), (2, 1));
    assert!(set.remove(&object));
    assert_eq!(Arc::weak_count(&object), 0, "nobody knows it any more");
}

/// S34: of a million that come and go, a hundred at a time, a container keeps hundreds: an insertion sweeps before it grows.
/// The living stay, in order.
#[test]
fn a_container_that_is_churned_stays_small() {
    const ALIVE: usize = 100;

    let set: PtrWeakSet<usize> = PtrWeakSet::new();
    let notes: PtrWeakKeyMap<usize, Arc<()>> = PtrWeakKeyMap::new();
    let values: WeakValueMap<usize, usize> = WeakValueMap::new();
    let token = Arc::new(());
    let mut alive: Vec<Arc<usize>> = Vec::new();
    let old = Arc::new(usize::MAX);
    let total = rounds(1_000_000);
    let (mut longest, mut largest) = (0, 0);
    set.insert(&old);
    for number in 0..total {
        let object = Arc::new(number);
        set.insert(&object);
        if number % 4 == 0 {
            notes.insert(&object, Arc::clone(&token));
            values.insert(number, &object);
        }
        if alive.len() < ALIVE {
            alive.push(object);
        } else {
            alive[number % ALIVE] = object;
        }
        longest = longest.max(set.len());
        if number % 1000 == 0 {
            let capacities = [set.capacity(), notes.capacity(), values.capacity()];
            largest = capacities.into_iter().fold(largest, usize::max);
        }
    }
    assert!((ALIVE..8 * ALIVE).contains(&longest), "{longest}");
    assert!(largest < 8 * ALIVE, "{largest}");
    assert!(Arc::strong_count(&token) < 8 * ALIVE);
    let last = total - ALIVE..total;
    assert!(
        set.iter()
            .map(|one| *one)
            .eq([usize::MAX].into_iter().chain(last.clone()))
    );
    assert!(
        values
            .keys()
            .map(|key| *key)
            .eq(last.filter(|number| number % 4 == 0))
    );
    drop(alive);
    set.remove_expired();
    notes.remove_expired();
    assert_eq!((set.len(), Arc::strong_count(&token)), (1, 1));
}

/// S34: where a sweep frees little, the container grows all the same: else each of the next insertions would sweep it again.
#[test]
fn a_sweep_makes_room_for_many() {
    let set: PtrWeakSet<u32> = PtrWeakSet::new();
    let mut alive = Vec::new();
    while alive.len() < 1000 || set.len() < set.capacity() {
        alive.push(Arc::new(0));
        set.insert(&alive[alive.len() - 1]);
    }
    alive.truncate(alive.len() - 5);
    alive.push(Arc::new(1));
    set.insert(&alive[alive.len() - 1]);
    assert_eq!(set.len(), alive.len(), "it was swept");
    assert!(set.capacity() > alive.len() * 5 / 4, "{}", set.capacity());
}

/// S18: what a swept entry owned is dropped when the container can be used again, in the middle of whose insertion that is.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn what_is_swept_is_dropped_outside_of_locks() {
    within(20, || {
        let map: PtrWeakKeyMap<u32, OnDrop> = PtrWeakKeyMap::new();
        let dropped = Arc::new(AtomicUsize::new(0));
        let kept = Arc::new(7);
        let value = || {
            let (map, dropped, kept) = (map.clone(), Arc::clone(&dropped), Arc::clone(&kept));
            OnDrop::new(move || {
                dropped.fetch_add(1, Ordering::Relaxed);
                assert!(map.iter().all(|(key, _)| map.contains_key(&key)));
                drop(map.insert(&kept, OnDrop::new(|| ())));
                assert!(map.contains_key(&kept) && map.remove(&Arc::new(1)).is_none());
            })
        };
        let total = rounds(5000);
        for number in 0..total as u32 {
            map.insert(&Arc::new(number), value());
        }
        let swept = dropped.load(Ordering::Relaxed);
        assert!(swept > total / 2, "{swept}");
        map.remove_expired();
        assert_eq!((dropped.load(Ordering::Relaxed), map.len()), (total, 1));
    });
}

/// S5: what a swept entry owned may panic; the insertion does not notice, and the others go all the same.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no unwinding")]
fn what_is_swept_may_panic() {
    reports();
    let map: PtrWeakKeyMap<u32, OnDrop> = PtrWeakKeyMap::new();
    for number in 0..100 {
        map.insert(&Arc::new(number), OnDrop::new(|| panic!("value")));
    }
    map.remove_expired();
    assert!(map.is_empty());
    assert_eq!(reports(), ["value"; 100]);
}

/// S18, S34: it gives how many went, and may be asked for by what goes.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn the_dead_are_taken_out_on_request() {
    within(20, || {
        let map: PtrWeakKeyMap<u32, OnDrop> = PtrWeakKeyMap::new();
        let counts = Arc::new(Mutex::new(Vec::new()));
        let keys: Vec<_> = (0..10).map(Arc::new).collect();
        for key in &keys {
            let (inner, counts) = (map.clone(), Arc::clone(&counts));
            map.insert(
                key,
                OnDrop::new(move || {
                    // These died after the outer one looked.
                    inner.insert(&Arc::new(100), OnDrop::new(|| ()));
                    let count = inner.remove_expired();
                    counts.lock().unwrap().push(count);
                }),
            );
        }
        assert_eq!(map.remove_expired(), 0);
        drop(keys);
        assert_eq!(map.remove_expired(), 10);
        assert_eq!((&*counts.lock().unwrap(), map.len()), (&vec![1; 10], 0));
    });
}

/// S20: what walks over the container passes over the dead, and what takes out of it takes them out, too.
#[test]
fn what_takes_entries_out_passes_over_the_dead() {
    let log = Log::default();
    let filled = || {
        let map: PtrWeakKeyMap<u32, Noting> = PtrWeakKeyMap::new();
        let mut keys: Vec<_> = (0..6).map(Arc::new).collect();
        for key in &keys {
            map.insert(key, Noting("value", log.clone()));
        }
        keys.retain(|key| **key == 2 || **key == 3);
        (map, keys)
    };
    let judged = |map: &PtrWeakKeyMap<u32, Noting>| {
        let mut judged = Vec::new();
        map.retain(|key, _| {
            judged.push(**key);
            **key == 3
        });
        judged
    };

    let (map, _keys) = filled();
    assert_eq!(judged(&map), [2, 3]);
    assert_eq!(log.take(), ["value"]);
    assert!(map.keys().eq([Arc::new(3)]));

    let (map, _keys) = filled();
    let taken: Vec<_> = map.extract_if(|_, _| true).map(|(key, _)| *key).collect();
    assert_eq!(taken, [2, 3]);
    assert_eq!(log.take().len(), 2);
    assert_eq!((map.remove_expired(), map.len()), (4, 0));
    assert_eq!(log.take(), ["value"; 4]);

    let (map, _keys) = filled();
    assert!(map.drain().map(|(key, _)| *key).eq([2, 3]));
    assert_eq!((map.len(), log.take().len()), (0, 6));

    let (map, _keys) = filled();
    assert_eq!(map.pop_first().map(|(key, _)| *key), Some(2));
    assert_eq!(
        log.take(),
        ["value"; 3],
        "of two dead, and the one that is given"
    );
    assert_eq!(map.pop_last().map(|(key, _)| *key), Some(3));
    assert_eq!((map.len(), log.take().len()), (0, 3));
    assert!(map.pop_first().is_none() && map.pop_last().is_none());

    let (map, _keys) = filled();
    map.clear();
    assert_eq!((map.len(), log.take().len()), (0, 6));

    let (map, _keys) = filled();
    drop(map);
    assert_eq!(log.take().len(), 6);
}

/// S20, S24: copies, comparisons and set algebra are those of the living.
#[test]
fn algebra_is_that_of_the_living() {
    let mut objects = texts(0..10);
    let set: WeakSet<str> = objects.iter().collect();
    let same: WeakSet<str> = objects[..5].iter().collect();
    let keys: WeakKeyMap<str, u32> = objects.iter().map(|object| (object, 1)).collect();
    objects.truncate(5);
    assert!(set.is_subset(&objects) && set.is_superset(&same));
    assert_eq!((&set, &same), (&same, &set));
    assert_eq!((set.copy().len(), keys.copy().len()), (5, 5));
    assert_eq!(keys, keys.copy());
    let others = texts(3..8);
    let standard: HashSet<Arc<str>> = others.iter().cloned().collect();
    let lengths = [
        &set | &standard,
        &set & &standard,
        &set - &standard,
        &set ^ &standard,
    ];
    assert_eq!(lengths.map(|set| set.iter().count()), [8, 2, 3, 6]);
    assert_eq!(
        format!("{same:?}"),
        "{(Weak), (Weak), (Weak), (Weak), (Weak)}"
    );
}

/// S21: an open iterator and its clones see what was alive when it was opened and still is, whatever is swept meanwhile; and
/// what it kept goes with it.
#[test]
fn iterators_walk_a_snapshot_while_the_dead_are_swept() {
    let map: PtrWeakKeyMap<u32, Arc<()>> = PtrWeakKeyMap::new();
    let token = Arc::new(());
    let mut old: Vec<_> = (0..40).map(Arc::new).collect();
    for key in &old {
        map.insert(key, Arc::clone(&token));
    }
    let mut iterator = map.keys();
    assert_eq!(iterator.next().as_deref(), Some(&0));
    old.retain(|key| **key % 2 == 0);
    for number in 0..5000 {
        map.insert(&Arc::new(1000 + number), Arc::clone(&token));
        if number == 2000 {
            map.remove(&old[1]);
            map.remove_expired();
        }
    }
    let late = Arc::new(7);
    map.insert(&late, Arc::clone(&token));
    let clone = iterator.clone();
    old.pop();
    let expected: Vec<u32> = (2..38).step_by(2).collect();
    assert!(clone.map(|key| *key).eq(expected.iter().copied()));
    assert!(
        iterator
            .by_ref()
            .rev()
            .map(|key| *key)
            .eq(expected.iter().rev().copied())
    );
    assert!(iterator.next().is_none());
    drop(iterator);
    let after = [0].into_iter().chain((4..38).step_by(2)).chain([7]);
    assert!(map.keys().map(|key| *key).eq(after));
    map.remove_expired();
    assert_eq!((map.len(), Arc::strong_count(&token)), (19, 20));
}

/// S20: a factory runs where the one that was there has died, once for all who ask.
#[test]
fn factories_make_what_has_died() {
    let values: WeakValueMap<String, Mutex<u32>> = WeakValueMap::new();
    let made = AtomicUsize::new(0);
    let make = || {
        made.fetch_add(1, Ordering::Relaxed);
        Arc::new(Mutex::new(1))
    };
    let first = values.get_or_insert_with("a".into(), make);
    assert!(Arc::ptr_eq(
        &values.get_or_insert_with_ref("a", make),
        &first
    ));
    drop(first);
    let second = values.get_or_insert_with("a".into(), make);
    assert_eq!(made.into_inner(), 2);
    let words: WeakSet<str> = WeakSet::new();
    let word = words.get_or_insert_with("word", || "word".into());
    assert!(Arc::ptr_eq(&words.get_or_insert("word".into()), &word));
    assert!(Arc::ptr_eq(
        &values.update("a".into(), |old| old).unwrap(),
        &second
    ));
}

/// S27, S33, S34: threads that insert, look up, iterate, sweep and drop.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn threads_use_a_container_at_once() {
    const THREADS: u32 = 4;

    within(60, || {
        let set: WeakSet<str> = WeakSet::new();
        let notes: PtrWeakKeyMap<str, Arc<()>> = PtrWeakKeyMap::new();
        let token = Arc::new(());
        let shared = texts(0..50);
        let start = Barrier::new(THREADS as usize);
        let work = |thread: u32| {
            start.wait();
            let mut own: Vec<Arc<str>> = Vec::new();
            for round in 0..rounds(5000) as u32 {
                let object: Arc<str> = format!("{thread} {round}").into();
                assert!(set.insert(&object));
                assert!(notes.insert(&object, Arc::clone(&token)).is_none());
                set.insert(&shared[(round % 50) as usize]);
                own.push(object);
                if own.len() > 20 {
                    drop(own.swap_remove(round as usize % 20));
                }
                let newest = &own[own.len() - 1];
                assert!(set.contains(newest) && notes.contains_key(newest));
                match round % 100 {
                    0 => assert!(set.iter().count() >= own.len()),
                    1 => drop(set.remove_expired()),
                    2 => drop(notes.remove_expired()),
                    3 => set.retain(|object| object.len() > 2 || **object != *"7"),
                    _ => {}
                }
            }
            own
        };
        let own: Vec<_> = thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || work(n))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let own = own.concat();
        set.extend(&shared);
        assert!(own.iter().all(|object| set.contains(object)));
        let len = set.len();
        let expired = set.remove_expired();
        assert_eq!(
            (set.len(), set.iter().count()),
            (len - expired, own.len() + 50)
        );
        notes.remove_expired();
        assert_eq!(Arc::strong_count(&token), 1 + own.len());
    });
}
