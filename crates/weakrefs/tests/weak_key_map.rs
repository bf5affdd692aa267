//! [`WeakKeyMap`] and [`PtrWeakKeyMap`]: every method, in Rust's meaning of S16 to S24.

mod support;

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use support::{Colliding, Item, Log, Noting, OnDrop, item, items, reports, rounds};
use weakrefs::{PtrWeakKeyMap, Tracked, WeakKeyMap, WeakReferenceable, WeakSlot};

fn pairs(map: &WeakKeyMap<Item, u32>) -> Vec<(u32, u32)> {
    map.iter().map(|(key, value)| (**key, *value)).collect()
}

/// S2, S17: an entry leaves, and its value is dropped, when its key dies; other keys' deaths are nothing.
#[test]
fn entries_leave_when_their_keys_die() {
    let log = Log::default();
    let map = WeakKeyMap::new();
    let (key, equal) = (item(1), item(1));
    assert!(map.insert(&key, Noting("value", log.clone())).is_none());
    drop(equal);
    assert!(map.contains_key(&key) && map.contains_key(&Tracked::new(1)) && map.len() == 1);
    assert!(log.take().is_empty());
    drop(key);
    assert_eq!(log.take(), ["value"]);
    assert!(map.is_empty() && map.get(&Tracked::new(1)).is_none());
}

/// S19: the old key stays, the new value comes; the entry lives as long as the old key.
#[test]
fn an_equal_key_keeps_the_old_one() {
    let map = WeakKeyMap::new();
    let (first, second) = (item(1), item(1));
    map.insert(&first, 10);
    map.insert(&item(2), 0);
    assert_eq!(map.insert(&second, 20).as_deref(), Some(&10));
    let (key, value) = map.get_key_value(&second).unwrap();
    assert!(Arc::ptr_eq(&key, &first) && *value == 20);
    drop((key, second));
    assert_eq!(pairs(&map), [(1, 20)]);
    let again = item(1);
    drop(first);
    assert!(map.get(&again).is_none() && map.is_empty());
}

/// S18: A replaced or removed value is given, and dropped by nobody else.
#[test]
fn values_are_given_back() {
    let log = Log::default();
    let map = WeakKeyMap::new();
    let key = item(1);
    map.insert(&key, Noting("first", log.clone()));
    let first = map.insert(&key, Noting("second", log.clone())).unwrap();
    let held = map.get(&key).unwrap();
    let second = map.remove(&Tracked::new(1)).unwrap();
    assert!(Arc::ptr_eq(&held, &second) && map.remove(&key).is_none());
    assert_eq!(Arc::weak_count(&key), 0);
    assert!(log.take().is_empty());
    drop((first, held, second));
    assert_eq!(log.take(), ["first", "second"]);
    let shared = Arc::new(Noting("shared", log.clone()));
    map.insert_arc(&key, Arc::clone(&shared));
    assert!(Arc::ptr_eq(
        &map.insert_arc(&key, Arc::clone(&shared)).unwrap(),
        &shared
    ));
    drop((key, shared));
    assert_eq!(log.take(), ["shared"]);
}

/// Each key with its own value.
fn fill(map: &WeakKeyMap<Item, u32>, keys: &[Arc<Item>]) {
    for key in keys {
        map.insert(key, ***key);
    }
}

/// Clones are handles of one map; a copy is another one, which shares the values (S23).
#[test]
fn clones_share_and_copies_do_not() {
    let keys = items(0..3);
    let map = WeakKeyMap::new();
    fill(&map, &keys);
    let (handle, copy) = (map.clone(), map.copy());
    assert!(handle.ptr_eq(&map) && !copy.ptr_eq(&map) && copy == map);
    assert!(Arc::ptr_eq(
        &copy.get(&keys[0]).unwrap(),
        &map.get(&keys[0]).unwrap()
    ));
    handle.remove(&keys[0]);
    assert!(map.len() == 2 && copy.len() == 3 && copy != map);
    drop(keys);
    assert!(map.is_empty() && copy.is_empty());
}

/// S34: `retain`, `drain`, `clear`, `pop`: what leaves is not watched any more.
#[test]
fn removals_in_bulk() {
    let keys = items(0..100);
    let map = WeakKeyMap::new();
    fill(&map, &keys);
    map.retain(|key, value| ***key == *value.as_ref() && **value % 10 == 0);
    assert_eq!(map.len(), 10);
    let mut drained = map.drain();
    assert!(map.is_empty());
    let (key, value) = drained.next().unwrap();
    assert_eq!((**key, *value, drained.size_hint().1), (0, 0, Some(9)));
    assert_eq!(drained.map(|(_, value)| *value).sum::<u32>(), 450);
    fill(&map, &keys);
    map.clear();
    assert!(map.is_empty() && map.pop_last().is_none());
    assert!(keys.iter().all(|key| Arc::weak_count(key) == 0));
}

/// S18: `retain` removes what it judged: a value that came meanwhile is not lost.
#[test]
fn retain_does_not_remove_a_value_that_it_has_not_seen() {
    let map = WeakKeyMap::new();
    let keys = items(0..4);
    fill(&map, &keys);
    map.retain(|key, value| {
        if ***key == 2 {
            map.insert(key, 100);
        }
        **value == 0
    });
    assert_eq!(pairs(&map), [(0, 0), (2, 100)]);
}

/// `drain` without reading, and values whose drop panics or uses the map (S5, S18).
#[test]
fn hostile_values_may_leave() {
    reports();
    let map: WeakKeyMap<Item, OnDrop> = WeakKeyMap::new();
    let keys = items(0..3);
    let fill = || {
        for key in &keys {
            let (handle, key_again) = (map.clone(), Arc::clone(key));
            let hostile = OnDrop::new(move || {
                assert!(handle.get(&key_again).is_none());
                handle.insert(&key_again, OnDrop::new(|| ()));
                assert!(handle.remove(&key_again).is_some());
                panic!("value");
            });
            assert!(map.insert(key, hostile).is_none());
        }
    };
    fill();
    map.clear();
    assert_eq!(reports().len(), 3);
    fill();
    drop(map.drain());
    assert_eq!(reports().len(), 3);
    fill();
    map.retain(|_, _| false);
    assert_eq!(reports().len(), 3);
    assert!(map.is_empty());
}

/// S18, S19: `update` creates, changes and removes; the place stays.
#[test]
fn update_computes_values() {
    let map = WeakKeyMap::new();
    let keys = items(0..2);
    fill(&map, &keys);
    assert_eq!(
        map.update(&keys[0], |old| old.map(|old| *old + 7))
            .as_deref(),
        Some(&7)
    );
    assert_eq!(pairs(&map), [(0, 7), (1, 1)]);
    assert!(map.update(&keys[0], |_| None).is_none());
    assert!(
        map.update(&keys[0], |old| {
            assert!(old.is_none());
            None
        })
        .is_none()
    );
    assert_eq!(Arc::weak_count(&keys[0]), 0);
    assert_eq!(
        map.update(&keys[0], |old| Some(old.map_or(3, |_| 4)))
            .as_deref(),
        Some(&3)
    );
    assert_eq!(pairs(&map), [(1, 1), (0, 3)]);
    // An entry that `change` itself changes is not lost: it is asked again.
    let mut calls = 0;
    let result = map.update(&keys[1], |old| {
        calls += 1;
        if calls == 1 {
            map.insert(&keys[1], 50);
        }
        old.map(|old| *old + 1)
    });
    assert_eq!((result.as_deref(), calls), (Some(&51), 2));
}

#[derive(WeakReferenceable, PartialEq, Eq)]
struct File {
    slot: WeakSlot,
    path: String,
}

impl Hash for File {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.hash(state);
    }
}

impl Borrow<str> for File {
    fn borrow(&self) -> &str {
        &self.path
    }
}

/// S19: A key is found by a borrowed form of it.
#[test]
fn keys_are_found_by_what_is_equivalent() {
    let map = WeakKeyMap::new();
    let file = Arc::new(File {
        slot: WeakSlot::new(),
        path: "a".into(),
    });
    map.insert(&file, 1);
    let (key, value) = map.get_key_value("a").unwrap();
    assert!(Arc::ptr_eq(&key, &file) && *value == 1 && map.get_key_value("b").is_none());
}

/// S17: identity needs neither `Hash` nor `Eq`.
#[test]
fn identity_tells_equal_keys_apart() {
    let map: PtrWeakKeyMap<Tracked<f64>, usize> = PtrWeakKeyMap::default();
    let mut keys: Vec<_> = [f64::NAN, 0.0, 0.0, -0.0]
        .map(|key| Arc::new(Tracked::new(key)))
        .into();
    for (value, key) in keys.iter().enumerate() {
        assert!(map.insert(key, value).is_none());
    }
    assert_eq!(map.insert(&keys[0], 10).as_deref(), Some(&0));
    assert_eq!(map.get(&keys[0]).as_deref(), Some(&10));
    assert!(map.get(&Tracked::new(0.0)).is_none());
    assert_eq!(
        map.update(&keys[1], |old| Some(*old? + 1)).as_deref(),
        Some(&2)
    );
    keys.remove(2);
    assert_eq!(
        map.values().map(|value| *value).collect::<Vec<_>>(),
        [10, 2, 3]
    );
    assert!(map.copy() == map);
}

/// S12: trait objects as keys.
#[test]
fn trait_objects_are_keys() {
    trait Any: WeakReferenceable {}
    impl Any for Item {}
    impl Any for Tracked<&'static str> {}
    let map: PtrWeakKeyMap<dyn Any, u32> = PtrWeakKeyMap::default();
    let (one, two): (Arc<dyn Any>, Arc<dyn Any>) = (item(1), Arc::new(Tracked::new("two")));
    map.insert(&one, 1);
    map.insert(&two, 2);
    drop(one);
    assert_eq!(map.get(&*two).as_deref(), Some(&2));
    assert_eq!(map.len(), 1);
}

/// S17: Few hashes make everything a comparison, and change nothing else.
#[test]
fn colliding_hashes_work() {
    let map = WeakKeyMap::with_hasher(Colliding::<2>);
    let mut keys = items(0..200);
    for key in &keys {
        map.insert(key, ***key);
    }
    assert!(
        keys.iter()
            .all(|key| map.get(&Tracked::new(***key)).as_deref() == Some(&***key))
    );
    assert!(map.get(&Tracked::new(200)).is_none());
    keys.truncate(20);
    assert!(map.values().map(|value| *value).eq(0..20));
    assert!(
        keys.iter()
            .all(|key| map.remove(&Tracked::new(***key)).is_some())
    );
    assert!(map.is_empty());
}

/// S24: The traits that collections have.
#[test]
fn conversions_equality_and_debug() {
    let keys = items(0..3);
    let entries = || keys.iter().map(|key| (Arc::clone(key), ***key * 2));
    let map: WeakKeyMap<Item, u32> = entries().collect();
    let other: WeakKeyMap<Item, u32> = WeakKeyMap::default();
    other.extend(entries().rev().take(2));
    assert!(map != other);
    other.extend(entries());
    assert!(map == other && pairs(&other) == [(2, 4), (1, 2), (0, 0)]);
    other.insert(&keys[0], 1);
    assert!(map != other);
    // Keys that nobody keeps are gone at once.
    map.extend([(item(9), 9)]);
    assert_eq!(format!("{map:?}"), "{(Weak): 0, (Weak): 2, (Weak): 4}");
}

/// S20, S34: a hundred thousand and back, with the values.
#[test]
fn many_entries_come_and_go() {
    let token = Arc::new(());
    let map = WeakKeyMap::new();
    let mut keys = items(0..rounds(100_000) as u32);
    for key in &keys {
        map.insert_arc(key, Arc::clone(&token));
    }
    while keys.len() > 10 {
        keys.truncate(keys.len() / 2);
        assert_eq!(
            (map.len(), Arc::strong_count(&token)),
            (keys.len(), keys.len() + 1)
        );
    }
}

/// S34: room made in advance is no obstacle, and goes when it is not needed.
#[test]
fn capacity_is_only_room() {
    let map: WeakKeyMap<Item, u32> = WeakKeyMap::with_capacity(10_000);
    assert!(map.is_empty() && map.iter().next().is_none());
    let object = item(1);
    map.insert(&object, 1);
    map.reserve(10_000);
    assert_eq!(map.len(), 1);
    drop(object);
    assert!(map.is_empty());
}

/// S35: an `update` ends whatever its function does to the entry; then the last result counts.
#[test]
fn an_update_ends_that_always_changes_its_entry() {
    let map: WeakKeyMap<Item, u32> = WeakKeyMap::new();
    let key = item(0);
    let mut calls = 0;
    let mut interfere = |present: bool| {
        calls += 1;
        match present {
            true => drop(map.insert(&key, calls)),
            false => drop(map.remove(&key)),
        }
        calls
    };
    // The entry is another one, is gone, or has come, each time.
    let last = map.update(&key, |_| Some(interfere(true) * 10));
    let calls_of_one = *last.unwrap() / 10;
    assert!((2..100_000).contains(&calls_of_one));
    assert_eq!(map.get(&key).as_deref(), Some(&(calls_of_one * 10)));
    let last = map.update(&key, |present| Some(interfere(present.is_none())));
    assert_eq!(map.get(&key), last);
    let none = map.update(&key, |_| {
        interfere(true);
        None
    });
    assert!(none.is_none() && map.is_empty());
}
