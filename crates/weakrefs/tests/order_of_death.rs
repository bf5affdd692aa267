//! What happens at the death of an object, in which order (S2): its own `Drop`, references dead,
//! entries out of the containers, what the entries owned dropped, callbacks newest first, its other
//! fields.

mod support;

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use support::{Item, Log, Noting, OnDrop, item};
use weakrefs::{
    PtrWeakKeyMap, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot,
    WeakValueMap,
};

/// Notes every stage of its death.
#[derive(WeakReferenceable)]
struct Whole {
    slot: WeakSlot,
    _first: Noting,
    _second: Noting,
    on_drop: Mutex<Option<OnDrop>>,
    log: Log,
}

impl Whole {
    fn new(log: &Log) -> Arc<Self> {
        Arc::new(Self {
            slot: WeakSlot::new(),
            _first: Noting("first field", log.clone()),
            _second: Noting("second field", log.clone()),
            on_drop: Mutex::new(None),
            log: log.clone(),
        })
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.log.note("own drop");
        let on_drop = self.on_drop.get_mut().unwrap().take();
        drop(on_drop);
    }
}

impl PartialEq for Whole {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Whole {}

impl Hash for Whole {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// S2: the whole order, with entries and callbacks registered in turns.
#[test]
fn the_stages_of_a_death_come_in_order() {
    let log = Log::default();
    let object = Whole::new(&log);
    let call = |event: &'static str| {
        let log = log.clone();
        Ref::with_callback(&object, move |_| log.note(event))
    };
    let by_key = WeakKeyMap::new();
    let by_identity: PtrWeakKeyMap<Whole, Noting> = PtrWeakKeyMap::default();
    let by_value = WeakValueMap::new();
    let _oldest = call("oldest callback");
    by_key.insert(&object, Noting("value of a WeakKeyMap", log.clone()));
    let _middle = call("middle callback");
    by_identity.insert(&object, Noting("value of a PtrWeakKeyMap", log.clone()));
    let key = Keyed(Noting("key of a WeakValueMap", log.clone()));
    by_value.insert(key, &object);
    let _newest = call("newest callback");
    drop(object);
    let expected = [
        "own drop",
        "value of a WeakKeyMap",
        "value of a PtrWeakKeyMap",
        "key of a WeakValueMap",
        "newest callback",
        "middle callback",
        "oldest callback",
        "first field",
        "second field",
    ];
    assert_eq!(log.take(), expected);
    assert_eq!((by_key.len(), by_identity.len(), by_value.len()), (0, 0, 0));
}

struct Keyed(#[allow(dead_code, reason = "for its drop")] Noting);

impl PartialEq for Keyed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Keyed {}

impl Hash for Keyed {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// S1, S20: in its own `Drop` an object already reads dead everywhere.
#[test]
fn in_its_own_drop_an_object_is_dead() {
    let log = Log::default();
    let object = Whole::new(&log);
    let reference = Ref::new(&object);
    let called = Ref::with_callback(&object, |_| ());
    let set = WeakSet::new();
    let map = WeakValueMap::new();
    set.insert(&object);
    map.insert("key", &object);
    let (inner_set, inner_map, note) = (set.clone(), map.clone(), log.clone());
    *object.on_drop.lock().unwrap() = Some(OnDrop::new(move || {
        assert!(!reference.is_alive() && !called.is_alive());
        assert!(inner_set.iter().next().is_none() && inner_set.pop_last().is_none());
        assert!(inner_map.get("key").is_none() && !inner_map.contains_key("key"));
        note.note("checked");
    }));
    drop(object);
    assert_eq!(
        log.take(),
        ["own drop", "checked", "first field", "second field"]
    );
    assert_eq!((set.len(), map.len()), (0, 0));
}

/// S2: a callback never sees the object in a container, not even in one that came after the callback.
#[test]
fn a_callback_never_sees_the_object_in_a_container() {
    let log = Log::default();
    let object = item(1);
    let set = WeakSet::new();
    let identities: PtrWeakSet<Item> = PtrWeakSet::default();
    let keys = WeakKeyMap::new();
    let objects = WeakValueMap::new();
    let (a, b, c, d) = (
        set.clone(),
        identities.clone(),
        keys.clone(),
        objects.clone(),
    );
    let note = log.clone();
    let check = move || {
        assert!(a.is_empty() && b.is_empty() && c.is_empty() && d.is_empty());
        assert!(a.iter().next().is_none() && d.get("key").is_none());
        note.note("callback");
    };
    let again = check.clone();
    let _before = Ref::with_callback(&object, move |_| check());
    set.insert(&object);
    identities.insert(&object);
    keys.insert(&object, ());
    objects.insert("key", &object);
    objects.insert("other", &object);
    let _after = Ref::with_callback(&object, move |_| again());
    drop(object);
    assert_eq!(log.take(), ["callback", "callback"]);
}

/// S2, S18: when what an entry owned is dropped, the object has left every container, not just that one.
#[test]
fn evicted_values_are_dropped_after_all_evictions() {
    let log = Log::default();
    let object = item(1);
    let reference = Ref::new(&object);
    let maps: Vec<WeakKeyMap<Item, OnDrop>> = (0..3).map(|_| WeakKeyMap::new()).collect();
    for map in &maps {
        let (maps, reference, note) = (maps.clone(), reference.clone(), log.clone());
        let check = move || {
            assert!(maps.iter().all(WeakKeyMap::is_empty) && !reference.is_alive());
            // What re-enters finds it usable.
            maps[0].insert(&item(1), OnDrop::new(|| ()));
            assert!(maps[0].is_empty());
            note.note("value");
        };
        map.insert(&object, OnDrop::new(check));
    }
    drop(object);
    assert_eq!(log.take(), ["value", "value", "value"]);
}

/// S2: the death of an object that an evicted value kept is complete before the callbacks of the first.
#[test]
fn deaths_nest() {
    let log = Log::default();
    let (first, second) = (item(1), item(2));
    let map = WeakKeyMap::new();
    let note = |event: &'static str| {
        let log = log.clone();
        move |_: &Ref<Item>| log.note(event)
    };
    let _references = [
        Ref::with_callback(&first, note("first")),
        Ref::with_callback(&second, note("second")),
    ];
    let third = Arc::new(Tracked::new(Noting("third", log.clone())));
    map.insert(&first, second.clone() as Arc<dyn Send + Sync>);
    map.insert(&second, third as Arc<dyn Send + Sync>);
    drop(second);
    assert_eq!(map.len(), 2);
    drop(first);
    assert_eq!(log.take(), ["third", "second", "first"]);
    assert!(map.is_empty());
}

/// S5: a value whose drop panics is reported; the other values, the callbacks and the fields follow.
#[test]
fn a_panicking_value_stops_nothing() {
    support::reports();
    let log = Log::default();
    let object = Whole::new(&log);
    let bombs = WeakKeyMap::new();
    bombs.insert(&object, OnDrop::new(|| panic!("value")));
    let values = WeakKeyMap::new();
    values.insert(&object, Noting("value", log.clone()));
    let note = log.clone();
    let _reference = Ref::with_callback(&object, move |_| note.note("callback"));
    drop(object);
    assert_eq!(
        log.take(),
        [
            "own drop",
            "value",
            "callback",
            "first field",
            "second field"
        ]
    );
    assert_eq!(support::reports(), ["value"]);
    assert!(bombs.is_empty() && values.is_empty());
}

/// S2: a container whose last handle is what an evicted value owned dies in the middle, where that is
/// dropped, and takes what it holds along.
#[test]
fn a_container_may_die_of_its_own_eviction() {
    let log = Log::default();
    let (object, other) = (item(1), item(2));
    let map: WeakKeyMap<Item, OnDrop> = WeakKeyMap::new();
    let (own_handle, note) = (map.clone(), log.clone());
    map.insert(
        &object,
        OnDrop::new(move || {
            drop(own_handle);
            note.note("handle dropped");
        }),
    );
    let note = log.clone();
    map.insert(&other, OnDrop::new(move || note.note("other value")));
    let note = log.clone();
    let _reference = Ref::with_callback(&object, move |_| note.note("callback"));
    drop(map);
    assert!(log.take().is_empty());
    drop(object);
    assert_eq!(log.take(), ["other value", "handle dropped", "callback"]);
    drop(other);
    assert!(log.take().is_empty());
}

/// S2, S12: a slot that is not the first field is noticed when it is dropped, after the fields before it.
#[test]
fn a_later_slot_announces_later() {
    struct Late {
        _before: Noting,
        slot: WeakSlot,
        _after: Noting,
    }
    impl WeakReferenceable for Late {
        fn weak_slot(&self) -> &WeakSlot {
            &self.slot
        }
    }
    let log = Log::default();
    let object = Arc::new(Late {
        _before: Noting("before", log.clone()),
        slot: WeakSlot::new(),
        _after: Noting("after", log.clone()),
    });
    let note = log.clone();
    let _reference = Ref::with_callback(&object, move |_| note.note("callback"));
    drop(object);
    assert_eq!(log.take(), ["before", "callback", "after"]);
}
