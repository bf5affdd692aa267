//! [`WeakValueMap`]: every method, in Rust's meaning of S16 to S24.

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::{Colliding, Item, Log, Noting, OnDrop, item, items, reports, rounds, values};
use weakrefs::{Tracked, WeakReferenceable, WeakValueMap};

fn pairs(map: &WeakValueMap<u32, Item>) -> Vec<(u32, u32)> {
    map.iter().map(|(key, value)| (*key, **value)).collect()
}

fn filled(values: &[Arc<Item>]) -> WeakValueMap<u32, Item> {
    values
        .iter()
        .map(|value| (***value, Arc::clone(value)))
        .collect()
}

/// S2: an entry leaves, and its key is dropped, when its object dies.
#[test]
fn entries_leave_when_their_objects_die() {
    let token = Arc::new("key");
    let map = WeakValueMap::new();
    let object = item(1);
    assert!(map.insert(Arc::clone(&token), &object).is_none());
    assert!(map.contains_key(&token) && Arc::strong_count(&token) == 2);
    drop(object);
    assert!(map.is_empty() && !map.contains_key(&token) && map.get(&token).is_none());
    assert_eq!(Arc::strong_count(&token), 1);
}

/// S16: the death of a replaced object removes nothing; its entry's place stays.
#[test]
fn the_death_of_a_replaced_object_removes_nothing() {
    let map = WeakValueMap::new();
    let (first, second, other) = (item(1), item(2), item(3));
    map.insert("key", &first);
    map.insert("other", &other);
    assert!(Arc::ptr_eq(&map.insert("key", &second).unwrap(), &first));
    assert_eq!((Arc::weak_count(&first), Arc::weak_count(&second)), (0, 1));
    drop(first);
    assert!(Arc::ptr_eq(&map.get("key").unwrap(), &second));
    assert_eq!(values(map.values()), [2, 3]);
    assert!(Arc::ptr_eq(&map.insert("key", &second).unwrap(), &second));
    assert_eq!(Arc::weak_count(&second), 1);
    drop(second);
    assert_eq!(values(map.values()), [3]);
    assert!(map.insert("key", &other).is_none());
    assert_eq!((map.len(), Arc::weak_count(&other)), (2, 2));
    drop(other);
    assert!(map.is_empty());
}

/// S19: storing under an equal key keeps the old key.
#[test]
fn an_equal_key_keeps_the_old_one() {
    let map = WeakValueMap::new();
    let object = item(1);
    let (first, second) = (Arc::new("key"), Arc::new("key"));
    map.insert(Arc::clone(&first), &object);
    map.insert(Arc::clone(&second), &object);
    assert_eq!(
        (Arc::strong_count(&first), Arc::strong_count(&second)),
        (2, 1)
    );
    let (key, value) = map.remove_entry(&second).unwrap();
    assert!(Arc::ptr_eq(key.as_ref(), &first) && Arc::ptr_eq(&value, &object));
    assert!(map.remove_entry(&second).is_none() && Arc::weak_count(&object) == 0);
}

/// S19: Keys of all kinds are found by their borrowed forms, whether compared inside or outside.
#[test]
fn keys_are_found_by_what_is_equivalent() {
    let object = item(1);
    let strings: WeakValueMap<String, Item> = WeakValueMap::new();
    strings.insert("a".into(), &object);
    assert!(strings.get("a").is_some() && strings.get(&"a".to_owned()).is_some());
    assert!(strings.get("b").is_none() && strings.remove("b").is_none());
    let (key, value) = strings.get_key_value("a").unwrap();
    assert!(*key == "a" && Arc::ptr_eq(&value, &object));
    let paths: WeakValueMap<PathBuf, Item> = WeakValueMap::new();
    paths.insert("a/b".into(), &object);
    assert!(paths.contains_key(Path::new("a/b")) && !paths.contains_key(Path::new("a")));
    let bytes: WeakValueMap<Vec<u8>, Item> = WeakValueMap::new();
    bytes.insert(vec![1], &object);
    assert!(bytes.remove(&[1][..]).is_some() && bytes.is_empty());
    let pairs: WeakValueMap<(String, u8), Item> = WeakValueMap::new();
    pairs.insert(("a".into(), 1), &object);
    assert!(pairs.contains_key(&("a".to_owned(), 1)) && !pairs.contains_key(&("a".to_owned(), 2)));
}

/// Clones are handles of one map; a copy is another one, which shares the keys (S23).
#[test]
fn clones_share_and_copies_do_not() {
    let objects = items(0..3);
    let map = filled(&objects);
    let (handle, copy) = (map.clone(), map.copy());
    assert!(handle.ptr_eq(&map) && !copy.ptr_eq(&map) && copy == map);
    let key = |map: &WeakValueMap<u32, Item>| map.get_key_value(&1).unwrap().0;
    assert!(Arc::ptr_eq(&key(&map), &key(&copy)));
    handle.remove(&0);
    assert!(map.len() == 2 && copy.len() == 3 && copy != map);
    drop(objects);
    assert!(map.is_empty() && copy.is_empty());
}

/// S34: `retain`, `drain`, `clear`: what leaves is not watched any more.
#[test]
fn removals_in_bulk() {
    let objects = items(0..100);
    let map = filled(&objects);
    map.retain(|key, value| **key == ***value && **key % 10 == 0);
    assert_eq!(map.len(), 10);
    let mut drained = map.drain();
    assert!(map.is_empty());
    let (key, value) = drained.next().unwrap();
    assert_eq!((*key, **value, drained.size_hint().1), (0, 0, Some(9)));
    assert_eq!(drained.map(|(key, _)| *key).sum::<u32>(), 450);
    for object in &objects {
        map.insert(***object, object);
    }
    map.clear();
    assert!(map.is_empty() && map.pop_last().is_none());
    assert!(objects.iter().all(|object| Arc::weak_count(object) == 0));
}

/// S18: `retain` removes what it judged: an object that came meanwhile stays.
#[test]
fn retain_does_not_remove_an_object_that_it_has_not_seen() {
    let objects = items(0..4);
    let map = filled(&objects);
    let new = item(100);
    map.retain(|key, value| {
        if **key == 2 {
            map.insert(2, &new);
        }
        ***value == 0
    });
    assert_eq!(pairs(&map), [(0, 0), (2, 100)]);
}

/// S16, S18: `update` creates, replaces and removes; the place stays.
#[test]
fn update_computes_objects() {
    let map = WeakValueMap::new();
    let (one, two) = (item(1), item(2));
    assert!(
        map.update("a", |old| {
            assert!(old.is_none());
            None
        })
        .is_none()
    );
    assert!(Arc::ptr_eq(
        &map.update("a", |_| Some(one.clone())).unwrap(),
        &one
    ));
    map.insert("b", &one);
    let replaced = map.update("a", |old| {
        assert!(Arc::ptr_eq(&old.unwrap(), &one));
        Some(two.clone())
    });
    assert!(Arc::ptr_eq(&replaced.unwrap(), &two));
    assert_eq!(values(map.values()), [2, 1]);
    assert_eq!((Arc::weak_count(&one), Arc::weak_count(&two)), (1, 1));
    let mut calls = 0;
    map.update("a", |old| {
        calls += 1;
        if calls == 1 {
            map.insert("a", &one);
        }
        assert!(Arc::ptr_eq(
            &old.unwrap(),
            if calls == 1 { &two } else { &one }
        ));
        None
    });
    assert_eq!(calls, 2);
    assert_eq!(
        (map.len(), Arc::weak_count(&one), Arc::weak_count(&two)),
        (1, 1, 0)
    );
}

/// S16: one object under many keys leaves from under all.
#[test]
fn an_object_may_be_stored_under_many_keys() {
    let map = WeakValueMap::new();
    let (object, other) = (item(1), item(2));
    for key in 0..1000 {
        map.insert(key, if key % 10 == 0 { &other } else { &object });
    }
    for key in 0..500 {
        map.remove(&key);
    }
    assert_eq!(Arc::weak_count(&object), 450);
    drop(object);
    assert_eq!(
        map.keys().map(|key| *key).collect::<Vec<_>>(),
        (500..1000).step_by(10).collect::<Vec<_>>()
    );
}

/// S12: objects of several types behind a trait.
#[test]
fn trait_objects_are_values() {
    trait Shape: WeakReferenceable {
        fn area(&self) -> u32;
    }
    impl Shape for Item {
        fn area(&self) -> u32 {
            **self
        }
    }
    impl Shape for Tracked<(u32, u32)> {
        fn area(&self) -> u32 {
            self.0 * self.1
        }
    }
    let map: WeakValueMap<&str, dyn Shape> = WeakValueMap::new();
    let (line, square): (Arc<dyn Shape>, Arc<dyn Shape>) =
        (item(5), Arc::new(Tracked::new((2, 3))));
    map.insert("line", &line);
    map.insert("square", &square);
    assert_eq!(map.get("square").map(|shape| shape.area()), Some(6));
    drop(square);
    assert_eq!(
        map.values().map(|shape| shape.area()).collect::<Vec<_>>(),
        [5]
    );
}

/// S17: Few hashes make everything a comparison, inside for plain keys, outside for others.
#[test]
fn colliding_hashes_work() {
    let plain = WeakValueMap::with_hasher(Colliding::<2>);
    let other = WeakValueMap::with_hasher(Colliding::<2>);
    let mut objects = items(0..200);
    for object in &objects {
        plain.insert(***object, object);
        other.insert(Some(***object), object);
    }
    for key in 0..201 {
        assert_eq!(
            plain.get(&key).map(|object| **object),
            Some(key).filter(|key| *key < 200)
        );
        assert_eq!(
            other.get(&Some(key)).map(|object| **object),
            Some(key).filter(|key| *key < 200)
        );
    }
    objects.truncate(20);
    assert_eq!(values(plain.values()), (0..20).collect::<Vec<_>>());
    assert_eq!(values(other.values()), (0..20).collect::<Vec<_>>());
    assert!((0..20).all(|key| plain.remove(&key).is_some() && other.remove(&Some(key)).is_some()));
    assert!(plain.is_empty() && other.is_empty());
}

#[derive(PartialEq, Eq, Hash)]
struct Key(u32);

/// S5, S18: keys whose drop panics or uses the map.
#[test]
fn hostile_keys_may_leave() {
    struct Hostile(u32, #[allow(dead_code, reason = "for its drop")] OnDrop);
    impl PartialEq for Hostile {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Hostile {}
    impl std::hash::Hash for Hostile {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }
    reports();
    let map: WeakValueMap<Hostile, Item> = WeakValueMap::new();
    let fill = |objects: &[Arc<Item>]| {
        for object in objects {
            let handle = map.clone();
            let value = ***object;
            let hostile = OnDrop::new(move || {
                let probe = Hostile(value, OnDrop::new(|| ()));
                assert!(handle.get(&probe).is_none());
                panic!("key");
            });
            map.insert(Hostile(value, hostile), object);
        }
    };
    let objects = items(0..3);
    fill(&objects);
    map.clear();
    fill(&objects);
    drop(map.drain());
    fill(&objects);
    map.retain(|_, _| false);
    fill(&objects);
    drop(objects);
    assert_eq!(reports(), ["key"; 12]);
    assert!(map.is_empty());
}

/// S24: The traits that collections have.
#[test]
fn conversions_equality_and_debug() {
    let objects = items(0..3);
    let map = filled(&objects);
    let other: WeakValueMap<u32, Item> = WeakValueMap::default();
    other.extend(
        objects
            .iter()
            .rev()
            .map(|object| (***object, object.clone())),
    );
    assert!(map == other);
    // Equal objects are equal, the same or not.
    let equal = item(0);
    other.insert(0, &equal);
    assert!(map == other);
    other.insert(1, &equal);
    assert!(map != other);
    map.insert(9, &item(9));
    assert_eq!(format!("{map:?}"), "{0: (Weak), 1: (Weak), 2: (Weak)}");
    let unhashed: WeakValueMap<Key, Tracked<f64>> = WeakValueMap::new();
    assert!(unhashed.get(&Key(1)).is_none() && unhashed == unhashed.copy());
}

/// S18, S21: What a map owned of keys is dropped outside of it, once.
#[test]
fn keys_are_dropped_once() {
    struct Logged(u32, #[allow(dead_code, reason = "for its drop")] Noting);
    impl PartialEq for Logged {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Logged {}
    impl std::hash::Hash for Logged {
        fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
    }
    let log = Log::default();
    let map = WeakValueMap::new();
    let object = item(1);
    let key = |value, name| Logged(value, Noting(name, log.clone()));
    map.insert(key(1, "old"), &object);
    map.insert(key(1, "unused"), &object);
    map.insert(key(2, "other"), &object);
    assert_eq!(log.take(), ["unused"]);
    let iterator = map.iter();
    drop(object);
    assert!(map.is_empty() && iterator.size_hint().1 == Some(2));
    drop(iterator);
    assert_eq!(log.take(), ["old", "other"]);
}

/// S20, S34: a hundred thousand and back.
#[test]
fn many_entries_come_and_go() {
    let mut objects = items(0..rounds(100_000) as u32);
    let map = filled(&objects);
    while objects.len() > 10 {
        objects.truncate(objects.len() / 2);
        assert_eq!(map.len(), objects.len());
    }
    assert_eq!(values(map.values()), values(objects.clone()));
}

/// S34: room made in advance is no obstacle, and goes when it is not needed.
#[test]
fn capacity_is_only_room() {
    let map: WeakValueMap<u32, Item> = WeakValueMap::with_capacity(10_000);
    assert!(map.is_empty() && map.iter().next().is_none());
    let object = item(1);
    map.insert(1, &object);
    map.reserve(10_000);
    assert_eq!(map.len(), 1);
    drop(object);
    assert!(map.is_empty());
}

/// S35: an `update` ends whatever its function does to the entry; then the last result counts.
#[test]
fn an_update_ends_that_always_changes_its_entry() {
    let map: WeakValueMap<&str, Item> = WeakValueMap::new();
    let mut others = Vec::new();
    let mut interfere = || {
        let other = item(others.len() as u32);
        map.insert("key", &other);
        others.push(other);
        others.len()
    };
    let mut calls = 0;
    let last = map.update("key", |_| {
        calls = interfere();
        Some(item(1_000_000))
    });
    assert!((2..100_000).contains(&calls));
    assert_eq!((map.get("key"), map.len()), (last.clone(), 1));
    assert_eq!(last.as_ref().map(|last| ***last), Some(1_000_000));
    let none = map.update("key", |_| {
        interfere();
        None
    });
    assert!(none.is_none() && map.is_empty());
}
