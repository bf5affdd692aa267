//! Containers of objects in `Rc`s: elements, keys and values that are not `Send`, eviction, snapshots, set algebra, factories
//! that want their own key (S16 to S24).

use crate::{Item, Log, OnDrop, item, items, values};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use weakrefs::rc::{
    PtrWeakKeyMap, PtrWeakSet, Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot,
    WeakValueMap,
};

/// Told apart by a name, with a state that no other thread could have.
#[derive(WeakReferenceable, Default)]
struct Widget {
    slot: WeakSlot,
    name: String,
    clicks: Rc<Cell<u32>>,
}

impl Widget {
    fn new(name: &str) -> Rc<Self> {
        let name = name.into();
        Rc::new(Self {
            name,
            ..Self::default()
        })
    }
}

impl PartialEq for Widget {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Widget {}

impl Hash for Widget {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// S16, S17, S19: what each container does with what is not `Send`, and that all of it leaves with the object.
#[test]
fn elements_keys_and_values_may_be_of_one_thread() {
    let (ok, same) = (Widget::new("ok"), Widget::new("ok"));

    let set = WeakSet::new();
    assert!(set.insert(&ok) && !set.insert(&same));
    assert!(Rc::ptr_eq(&set.get(&same).unwrap(), &ok));
    set.get(&ok).unwrap().clicks.set(3);

    let identities = PtrWeakSet::new();
    assert!(identities.insert(&ok) && identities.insert(&same) && !identities.insert(&ok));

    type Handler = Box<dyn Fn(&Widget) -> u32>;
    let handlers: WeakKeyMap<Widget, Handler> = WeakKeyMap::new();
    let seen = Rc::new(Cell::new(0));
    let counter = Rc::clone(&seen);
    let handler = move |widget: &Widget| {
        counter.set(counter.get() + 1);
        widget.clicks.get()
    };
    assert!(handlers.insert(&ok, Box::new(handler)).is_none());
    assert_eq!((handlers.get(&same).unwrap()(&ok), seen.get()), (3, 1));

    let notes: PtrWeakKeyMap<Widget, Rc<Cell<u32>>> = PtrWeakKeyMap::new();
    notes.insert(&ok, Rc::clone(&seen));
    assert!(notes.get(&ok).is_some() && notes.get(&same).is_none());
    let old: Option<Rc<Rc<Cell<u32>>>> = notes.insert_arc(&ok, Rc::new(Rc::clone(&seen)));
    assert!(old.is_some());

    let names: WeakValueMap<Rc<str>, Widget> = WeakValueMap::new();
    names.insert("first".into(), &ok);
    assert!(Rc::ptr_eq(&names.get("first").unwrap(), &ok));
    assert!(
        names
            .insert("first".into(), &same)
            .is_some_and(|old| Rc::ptr_eq(&old, &ok))
    );

    drop(old);
    assert_eq!(Rc::strong_count(&seen), 3);
    drop(ok);
    assert_eq!(Rc::strong_count(&seen), 1, "what the entries owned is gone");
    assert!(set.is_empty() && handlers.is_empty() && notes.is_empty());
    assert_eq!((identities.len(), names.len()), (1, 1));
    drop(same);
    assert!(identities.is_empty() && names.is_empty() && !names.contains_key("first"));
}

/// S17, S20: all ways to look up, change and take out.
#[test]
fn entries_come_and_go() {
    let objects = items(0..6);
    let map: WeakKeyMap<Item, RefCell<u32>> =
        objects.iter().map(|o| (o, RefCell::new(***o))).collect();
    assert_eq!(map.len(), 6);
    *map.get(&objects[1]).unwrap().borrow_mut() = 10;
    let total: u32 = map.values().map(|value| *value.borrow()).sum();
    assert_eq!(total, 24);
    assert!(map.try_insert(&objects[1], RefCell::new(1)).is_err());
    assert!(
        map.remove_if(&objects[1], |_, value| *value.borrow() == 1)
            .is_none()
    );
    let (key, value) = map.remove_entry(&Tracked::new(1)).unwrap();
    assert!(Rc::ptr_eq(&key, &objects[1]) && *value.borrow() == 10);
    assert_eq!(map.update(&objects[2], |_| None), None);
    assert_eq!(
        map.get_or_insert_with(&objects[2], || RefCell::new(7))
            .take(),
        7
    );
    assert_eq!(values(map.keys()), [0, 3, 4, 5, 2]);
    assert_eq!(map.first().map(|(key, _)| **key), Some(0));
    assert_eq!(map.pop_last().map(|(key, _)| **key), Some(2));
    map.retain(|key, _| ***key != 4);
    let taken = map.extract_if(|key, _| ***key == 5);
    assert_eq!(taken.map(|(key, _)| **key).collect::<Vec<_>>(), [5]);
    assert_eq!(map, map.copy());
    assert_eq!(values(map.drain().map(|(key, _)| key)), [0, 3]);
    assert!(map.is_empty() && map.capacity() < 100);

    let names: WeakValueMap<String, Item> = WeakValueMap::with_capacity(100);
    names.extend(objects.iter().map(|object| (object.to_string(), object)));
    assert_eq!(
        names.get_or_insert_with_ref("7", || objects[0].clone()),
        objects[0]
    );
    assert!(
        names
            .get_or_try_insert_with("8".into(), || Err(()))
            .is_err()
    );
    assert_eq!(
        names.update("1".into(), |old| old),
        Some(objects[1].clone())
    );
    assert_eq!(names.remove("7").map(|object| **object), Some(0));
    assert_eq!(
        names
            .iter()
            .rev()
            .map(|(key, _)| key.to_string())
            .next()
            .as_deref(),
        Some("5")
    );
    names.clear();
    names.shrink_to_fit();
    assert_eq!((names.len(), names.capacity()), (0, 0));
}

/// S2, S34: a container that held many gives the memory back, and its objects are watched by nobody.
#[test]
fn mass_death_gives_memory_back() {
    let objects = items(0..20_000);
    let set: WeakSet<Item> = objects.iter().collect();
    let map: PtrWeakKeyMap<Item, ()> = objects.iter().map(|object| (object, ())).collect();
    assert!(set.capacity() >= 20_000 && Rc::weak_count(&objects[7]) == 2);
    drop(map);
    assert_eq!(Rc::weak_count(&objects[7]), 1);
    drop(objects);
    assert!(set.is_empty() && set.capacity() < 100, "{}", set.capacity());
}

/// S21: an iterator walks what was there, without what has died since, from both ends; it keeps one object alive at most.
#[test]
fn iterators_walk_a_snapshot_while_objects_die() {
    let mut objects = items(0..50);
    let map: PtrWeakKeyMap<Item, Rc<Cell<u32>>> = PtrWeakKeyMap::new();
    for object in &objects {
        map.insert(object, Rc::default());
    }
    let mut seen = Vec::new();
    for (key, value) in &map {
        value.set(1);
        seen.push(**key);
        // The next one dies, and a new one comes.
        objects.retain(|object| ***object != **key + 1);
        let new = item(**key + 1000);
        map.insert(&new, Rc::default());
        objects.push(new);
    }
    assert!(seen.into_iter().eq((0..50).step_by(2)));
    let new = (1000..1050).step_by(2);
    assert!(
        values(map.keys())
            .into_iter()
            .eq((0..50).step_by(2).chain(new))
    );

    let mut walk = map.keys();
    let (first, last) = (walk.next(), walk.next_back());
    assert_eq!(
        (first, last),
        (Some(objects[0].clone()), objects.last().cloned())
    );
    let clone = walk.clone();
    assert_eq!(Rc::strong_count(&objects[1]), 1);
    map.clear();
    objects.truncate(3);
    assert_eq!((values(walk), values(clone)), (vec![2, 4], vec![2, 4]));
}

/// S18: what an evicted entry owned may use the container, from which the entry has left.
#[test]
fn what_is_evicted_may_use_the_container() {
    let log = Log::default();
    let map: PtrWeakKeyMap<Item, OnDrop> = PtrWeakKeyMap::new();
    let objects = items(0..3);
    for object in &objects {
        let (inner, log, other) = (map.clone(), log.clone(), item(***object + 10));
        let drop_value = move || {
            let len = inner.len();
            inner.insert(&other, OnDrop::new(|| ()));
            log.note(format!("{} of {len}", inner.len()));
        };
        map.insert(object, OnDrop::new(drop_value));
    }
    drop(objects);
    assert_eq!(log.take(), ["3 of 2", "2 of 1", "1 of 0"]);
    assert!(map.is_empty());
}

/// S24: with weak sets, standard sets of `Rc`s, and whatever gives `Rc`s.
#[test]
#[allow(clippy::mutable_key_type, reason = "a slot hashes to nothing")]
fn set_algebra() {
    let objects = items(0..6);
    let low: WeakSet<Item> = objects[..4].iter().collect();
    let high: HashSet<Rc<Item>> = objects[2..].iter().cloned().collect();
    let sorted: BTreeSet<Rc<Item>> = objects[3..4].iter().cloned().collect();
    assert_eq!((&low | &high).len(), 6);
    assert_eq!(values(&(&low - &high)), [0, 1]);
    assert_eq!((&low & &high).len(), 2);
    assert_eq!((&low ^ &high).len(), 4);
    assert_eq!(values(&(&low & &sorted)), [3]);
    assert!(low.is_superset(&sorted) && !low.is_disjoint(&high) && low.is_subset(&objects));
    let mut changed = low.copy();
    changed -= &sorted;
    changed |= &WeakSet::from([&objects[5]]);
    assert_eq!(values(&changed), [0, 1, 2, 5]);
    assert!(changed != low && low == objects[..4].iter().rev().collect());
    drop((objects, high, sorted));
    assert!(low.is_empty() && changed.is_empty());
}

/// S18: a factory that wants its own key runs another one, as nobody else could end the first; the first result that is
/// stored wins. (Between threads, with `Arc`, it is the same.)
#[test]
fn a_factory_may_want_its_own_key() {
    let objects: WeakValueMap<u32, Item> = WeakValueMap::new();
    let outer = objects.get_or_insert_with(1, || {
        let inner = objects.get_or_insert_with(1, || item(10));
        assert_eq!(**inner, 10);
        // It dies with `inner`, unless the outer call finds it.
        drop(inner);
        assert!(objects.is_empty());
        let inner = objects.get_or_insert_with(1, || item(11));
        let again = objects.get_or_insert_with(1, || unreachable!());
        assert!(Rc::ptr_eq(&inner, &again));
        inner
    });
    assert_eq!((**outer, objects.len()), (11, 1));

    let kept = RefCell::new(Vec::new());
    let words: WeakSet<Tracked<String>> = WeakSet::new();
    let word = words.get_or_insert_with("a", || {
        let inner = words.get_or_insert_with("a", || Rc::new("a".into()));
        kept.borrow_mut().push(inner);
        Rc::new("a".into())
    });
    assert!(Rc::ptr_eq(&word, &kept.borrow()[0]) && words.len() == 1);

    let sizes: WeakKeyMap<Item, u32> = WeakKeyMap::new();
    let size = sizes.get_or_insert_with(&outer, || {
        assert_eq!(*sizes.get_or_insert_with(&outer, || 1), 1);
        2
    });
    assert_eq!((*size, sizes.len()), (1, 1));
}

/// S18: the code of `update` may change the entry that it changes: it is asked again, with what is there now.
#[test]
fn an_update_may_be_overtaken_by_itself() {
    let map: PtrWeakKeyMap<Item, u32> = PtrWeakKeyMap::new();
    let key = item(1);
    map.insert(&key, 1);
    let mut olds = Vec::new();
    let new = map.update(&key, |old| {
        olds.push(old.as_deref().copied());
        if olds.len() == 1 {
            map.insert(&key, 5);
        }
        old.map(|old| *old + 1)
    });
    assert_eq!((new.as_deref(), olds), (Some(&6), vec![Some(1), Some(5)]));
}
