//! What users of the standard containers expect beside the essentials: conversions, names of iterators, conditions.

mod support;

use std::cell::Cell;

use std::fmt::Debug;
use std::iter::FusedIterator;
use std::sync::Arc;
use support::{Item, Log, Noting, item, items, values};
use weakrefs::{
    PtrWeakKeyMap, PtrWeakSet, RandomState, Tracked, WeakKeyMap, WeakSet, WeakValueMap,
    weak_key_map, weak_set, weak_value_map,
};

/// Arrays, owned handles, and iterators of owned and of borrowed `Arc`s.
#[test]
fn containers_are_made_of_what_there_is() {
    let objects = [1, 2, 3].map(item);
    let set = WeakSet::from(objects.each_ref());
    assert!(set == WeakSet::from(objects.clone()) && set == objects.iter().collect());
    let keys = WeakKeyMap::from([(&objects[0], 1), (&objects[1], 2)]);
    assert!(keys == objects[..2].iter().cloned().zip(1..).collect());
    let map = WeakValueMap::from([(1, &objects[0]), (2, &objects[1])]);
    assert!(map == (1..).zip(objects[..2].iter().cloned()).collect());

    set.extend(items(4..5)); // which dies
    set.extend([item(5)]);
    Extend::extend(&mut &set, &[item(6)]);
    assert_eq!(set.len(), 3);
    keys.extend([(&objects[2], 3)]);
    map.extend([(3, &objects[2])]);
    Extend::extend(&mut &keys, [(objects[0].clone(), 10)]);
    Extend::extend(&mut &map, [(1, objects[2].clone())]);
    assert_eq!(
        keys.values().map(|value| *value).collect::<Vec<_>>(),
        [10, 2, 3]
    );
    assert_eq!(values(map.values()), [3, 2, 3]);
}

/// S21: an owned handle gives a snapshot, and leaves the elements to the other handles.
#[test]
fn a_consumed_handle_takes_nothing_along() {
    let objects = [1, 2].map(item);
    let set = WeakSet::from(objects.each_ref());
    let other = set.clone();
    let iterator: weak_set::IntoIter<Item> = set.into_iter();
    other.clear();
    assert_eq!(values(iterator), [1, 2]);
    let keys: PtrWeakKeyMap<_, _> = objects.iter().zip(1..).collect();
    assert_eq!(
        keys.clone()
            .into_iter()
            .map(|(_, value)| *value)
            .sum::<i32>(),
        3
    );
    assert_eq!(keys.len(), 2);
    let map = WeakValueMap::from([(1, &objects[0])]);
    assert_eq!(map.clone().into_iter().count(), map.len());
}

/// Every iterator has a name, can be printed, and ends once.
#[test]
fn iterators_can_be_named() {
    fn check<I: FusedIterator + Debug + Send + Sync + 'static>(iterator: I, text: &str) {
        assert_eq!(format!("{iterator:?}"), text);
        assert_eq!(iterator.size_hint(), (0, Some(1)));
        assert_eq!(iterator.count(), 1);
    }

    struct Open {
        set: weak_set::Iter<Item>,
        keys: weak_key_map::Keys<Item, u32>,
        values: weak_value_map::Values<&'static str, Item>,
    }

    let object = item(1);
    let set = WeakSet::from([&object]);
    let keys = WeakKeyMap::from([(&object, 1u32)]);
    let map = WeakValueMap::from([("one", &object)]);
    let open = Open {
        set: set.iter(),
        keys: keys.keys(),
        values: map.values(),
    };
    check(open.set, "Iter { remaining: 1 }");
    check(open.keys, "Keys { remaining: 1 }");
    check(open.values, "Values { remaining: 1 }");
    check::<weak_key_map::Iter<_, _>>(keys.iter(), "Iter { remaining: 1 }");
    check::<weak_key_map::Values<_, _>>(keys.values(), "Values { remaining: 1 }");
    check::<weak_value_map::Iter<_, _>>(map.iter(), "Iter { remaining: 1 }");
    check::<weak_value_map::Keys<_, _>>(map.keys(), "Keys { remaining: 1 }");
    check(set.extract_if(|_| true), "ExtractIf { remaining: 1, .. }");
    check(
        keys.extract_if(|_, _| true),
        "ExtractIf { remaining: 1, .. }",
    );
    check(
        map.extract_if(|_, _| true),
        "ExtractIf { remaining: 1, .. }",
    );
    set.insert(&object);
    keys.insert(&object, 1);
    map.insert("one", &object);
    check::<weak_set::Drain<_>>(set.drain(), "Drain { remaining: 1 }");
    check::<weak_key_map::Drain<_, _>>(keys.drain(), "Drain { remaining: 1 }");
    check::<weak_value_map::Drain<_, _>>(map.drain(), "Drain { remaining: 1 }");
}

/// S20: keys and values of the dead are passed over, also where the other half lives.
#[test]
fn keys_and_values_are_of_the_living() {
    let objects = [1, 2].map(item);
    let keys: WeakKeyMap<_, _> = objects.iter().zip(1..).collect();
    let map: WeakValueMap<_, _> = (1..).zip(&objects).collect();
    let open = (keys.values(), map.keys(), keys.keys(), map.values());
    let [first, second] = objects;
    drop(second);
    assert_eq!(open.0.map(|value| *value).collect::<Vec<_>>(), [1]);
    assert_eq!(open.1.map(|key| *key).collect::<Vec<_>>(), [1]);
    assert_eq!((values(open.2), values(open.3)), (vec![1], vec![1]));
    drop(first);
}

/// The hasher that was given, and room.
#[test]
fn hashers_and_room() {
    use std::hash::BuildHasher;

    let state = RandomState::new();
    let same = |hasher: &RandomState| hasher.hash_one(1) == state.hash_one(1);
    assert!(same(WeakSet::<Item>::with_hasher(state.clone()).hasher()));
    let set: WeakSet<Item> = WeakSet::with_capacity_and_hasher(10, state.clone());
    let keys: WeakKeyMap<Item, u8> = WeakKeyMap::with_capacity_and_hasher(10, state.clone());
    let map: WeakValueMap<u8, Item> = WeakValueMap::with_capacity_and_hasher(10, state.clone());
    assert!(same(set.hasher()) && same(keys.hasher()) && same(map.hasher()));
    assert!(set.is_empty() && keys.is_empty() && map.is_empty());
    assert!(set.capacity() >= 10 && keys.capacity() >= 10 && map.capacity() >= 10);
    let _: (PtrWeakSet<Item>, PtrWeakKeyMap<Item, u8>) = (PtrWeakSet::new(), PtrWeakKeyMap::new());
}

/// S34: memory is given back on request; entries, their order and open iterators stay.
#[test]
fn containers_shrink() {
    let objects = items(0..100);
    let set: WeakSet<Item> = WeakSet::with_capacity(10_000);
    set.extend(&objects);
    assert!(set.capacity() >= 10_000);
    let open = set.iter();
    set.shrink_to_fit();
    assert_eq!(values(open), (0..100).collect::<Vec<_>>());
    set.shrink_to_fit();
    assert!((100..1000).contains(&set.capacity()));
    assert!(
        values(&set) == (0..100).collect::<Vec<_>>()
            && objects.iter().all(|object| set.contains(object))
    );
    drop(objects);
    assert!(set.is_empty());
    let keys: WeakKeyMap<Item, u8> = WeakKeyMap::with_capacity(100);
    let map: WeakValueMap<u8, Item> = WeakValueMap::with_capacity(100);
    keys.shrink_to_fit();
    map.shrink_to_fit();
    assert_eq!((keys.capacity(), map.capacity()), (0, 0));
}

/// S18: a condition is of the entry that it has seen: one that has been changed meanwhile stays.
#[test]
fn what_has_been_changed_is_not_removed() {
    let (object, other) = (item(1), item(2));
    let keys = WeakKeyMap::from([(&object, 1)]);
    let change = |_: &_, _: &_| keys.insert(&object, 2).is_some();
    assert!(keys.remove_if(&object, change).is_none());
    assert_eq!(keys.extract_if(change).count(), 0);
    keys.retain(|key, value| !change(key, value));
    assert_eq!(keys.get(&object).as_deref(), Some(&2));

    let map = WeakValueMap::from([(1, &object)]);
    assert!(
        map.remove_if(&1, |_, _| map.insert(1, &other).is_some())
            .is_none()
    );
    assert!(Arc::ptr_eq(&map.get(&1).unwrap(), &other));
    assert_eq!(
        map.extract_if(|_, _| map.insert(1, &object).is_some())
            .count(),
        0
    );
    assert!(Arc::ptr_eq(&map.get(&1).unwrap(), &object));

    let set = WeakSet::from([&object]);
    let again = |_: &_| set.remove(&object) && set.insert(&object);
    assert!(set.remove_if(&object, again).is_none());
    assert_eq!((set.extract_if(again).count(), set.len()), (0, 1));
}

/// An extraction that is given up leaves the rest.
#[test]
fn an_extraction_may_end_early() {
    let objects = items(0..6);
    let set: WeakSet<_> = objects.iter().collect();
    let mut even = set.extract_if(|object| ***object % 2 == 0);
    assert_eq!(even.next().map(|object| **object), Some(0));
    assert_eq!(even.size_hint(), (0, Some(5)));
    drop(even);
    assert_eq!(values(&set), [1, 2, 3, 4, 5]);
}

/// S18: what an extracted or popped entry owned is given, and dropped where that is.
#[test]
fn what_is_taken_out_is_dropped_by_whom_it_was_given_to() {
    let log = Log::default();
    let objects = items(0..4);
    let keys: PtrWeakKeyMap<_, _> = objects
        .iter()
        .zip(["a", "b", "c", "d"].map(|name| Noting(name, log.clone())))
        .collect();
    let (_, first) = keys.pop_first().unwrap();
    let (_, last) = keys.pop_last().unwrap();
    let (_, third) = keys.extract_if(|_, value| value.0 == "c").next().unwrap();
    assert!(log.take().is_empty());
    drop((first, last, third));
    assert_eq!(log.take(), ["a", "d", "c"]);
    drop(keys.remove_if(&objects[1], |_, _| true));
    assert_eq!(log.take(), ["b"]);
}

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// A key that counts how often it was made.
#[derive(PartialEq, Eq, Hash)]
struct Name(String);

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        MADE.set(MADE.get() + 1);
        Self(name.to_owned())
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// No key is made where one is there, and none is kept where the factory fails.
#[test]
fn a_key_is_made_when_it_is_needed() {
    let map: WeakValueMap<Name, Item> = WeakValueMap::new();
    let object = map.get_or_insert_with_ref("a", || item(1));
    for _ in 0..3 {
        let same = map.get_or_insert_with_ref("a", || unreachable!());
        assert!(Arc::ptr_eq(&same, &object));
        assert!(map.get_or_try_insert_with_ref("a", || Err(())).is_ok());
    }
    assert_eq!(MADE.get(), 1);
    assert_eq!(map.get_or_try_insert_with_ref("b", || Err(7)), Err(7));
    assert_eq!(map.len(), 1);
    drop(object);
    drop(map.get_or_insert_with_ref("a", || item(2)));
    assert_eq!((MADE.get(), map.len()), (3, 0));
}

/// S19: what is there stays, and both are given back.
#[test]
fn an_occupied_entry_is_not_touched() {
    let (object, equal) = (item(1), item(1));
    let keys = WeakKeyMap::new();
    assert_eq!(
        keys.try_insert(&object, "a").map(|value| *value).ok(),
        Some("a")
    );
    let error = keys.try_insert(&equal, "b").unwrap_err();
    assert_eq!((*error.current, *error.not_inserted), ("a", "b"));
    assert!(Arc::ptr_eq(&keys.first().unwrap().0, &object));

    let map = WeakValueMap::new();
    assert!(map.try_insert("key".to_owned(), &object).is_ok());
    let error = map.try_insert("key".to_owned(), &equal).unwrap_err();
    assert!(Arc::ptr_eq(&error.current, &object) && *error.not_inserted == "key");
    assert_eq!(error.to_string(), "an equal key is already there");
    drop((error, object));
    assert!(map.try_insert("key".to_owned(), &equal).is_ok());
    let boxed: Box<dyn std::error::Error> =
        Box::new(map.try_insert("key".into(), &equal).unwrap_err());
    assert!(boxed.source().is_none());
}

/// `Tracked` lends what it holds, by reference as by `Borrow`.
#[test]
fn a_set_of_strings_is_asked_by_text() {
    let words: WeakSet<Tracked<String>> = WeakSet::new();
    let kept: Vec<_> = ["a", "b", "a"]
        .map(|word| words.get_or_insert_with(word, || Arc::new(word.into())))
        .into();
    assert!(Arc::ptr_eq(&kept[0], &kept[2]) && words.len() == 2);
    assert!(words.remove_if("a", |word| word.starts_with('b')).is_none());
    assert!(words.remove_if("a", |word| word.starts_with('a')).is_some());
    assert!(!words.contains("a") && words.contains("b"));
}
