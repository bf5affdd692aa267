//! Objects whose slot is never dropped, so that nobody learns of their death: reads pass over them, and
//! growth sweeps them (S20, S34).

mod support;

use std::mem::ManuallyDrop;
use std::sync::Arc;
use support::{Colliding, Item};
use weakrefs::{Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap};

/// Objects whose slots are never dropped.
#[derive(Clone)]
struct Leaky(ManuallyDrop<Item>);

impl WeakReferenceable for Leaky {
    fn weak_slot(&self) -> &WeakSlot {
        self.0.weak_slot()
    }
}

impl PartialEq for Leaky {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl Eq for Leaky {}

impl std::hash::Hash for Leaky {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

fn leaky(value: u32) -> Arc<Leaky> {
    Arc::new(Leaky(ManuallyDrop::new(Tracked::new(value))))
}

/// S20: reads do not depend on a slot's drop: the dead are invisible, equal ones take their place.
#[test]
fn reads_pass_over_entries_whose_slot_was_never_dropped() {
    let set = WeakSet::with_hasher(Colliding::<2>);
    let keys = WeakKeyMap::with_hasher(Colliding::<2>);
    let objects = WeakValueMap::with_hasher(Colliding::<2>);
    for value in 0..8 {
        let object = leaky(value);
        set.insert(&object);
        keys.insert(&object, value);
        objects.insert(value, &object);
    }
    let probe = leaky(3);
    assert!(!set.contains(&probe) && set.get(&probe).is_none() && set.iter().next().is_none());
    assert!(keys.get(&probe).is_none() && keys.get_key_value(&*probe).is_none());
    assert!(!objects.contains_key(&3) && objects.get(&3).is_none());
    assert!(!set.remove(&probe) && keys.remove(&probe).is_none() && objects.remove(&3).is_none());
    assert!(set.first().is_none() && set.pop_first().is_none() && keys.last().is_none());
    assert!(set.insert(&probe));
    assert!(
        [set.first(), set.last()]
            .iter()
            .flatten()
            .all(|found| Arc::ptr_eq(found, &probe))
    );
    assert!(keys.insert(&probe, 30).is_none() && objects.insert(3, &probe).is_none());
    assert!(Arc::ptr_eq(&set.get(&probe).unwrap(), &probe));
    assert_eq!(
        (
            set.iter().count(),
            keys.iter().count(),
            objects.iter().count()
        ),
        (1, 1, 1)
    );
    assert!(
        Arc::ptr_eq(&set.pop_last().unwrap(), &probe) && set.pop_last().is_none() && set.is_empty()
    );
    assert_eq!(
        keys.drain().map(|(_, value)| *value).collect::<Vec<_>>(),
        [30]
    );
    let kept: WeakValueMap<u32, Leaky, _> = objects.copy();
    assert_eq!(
        (kept.len(), objects.pop_last().map(|(key, _)| *key)),
        (1, Some(3))
    );
}

/// S20: equality is that of the living.
#[test]
fn equality_passes_over_entries_whose_slot_was_never_dropped() {
    let (object, other) = (leaky(1), leaky(2));
    let (set, same): (WeakSet<Leaky>, WeakSet<Leaky>) = (
        [&object].into_iter().collect(),
        [&object].into_iter().collect(),
    );
    set.insert(&other);
    let keys: WeakKeyMap<Leaky, u32> = [(object.clone(), 1), (other.clone(), 2)]
        .into_iter()
        .collect();
    let same_keys: WeakKeyMap<Leaky, u32> = [(object.clone(), 1)].into_iter().collect();
    let objects: WeakValueMap<u32, Leaky> = [(1, object.clone()), (2, other.clone())]
        .into_iter()
        .collect();
    let same_objects: WeakValueMap<u32, Leaky> = [(1, object.clone())].into_iter().collect();
    assert!(set != same && keys != same_keys && objects != same_objects);
    drop(other);
    assert!(set == same);
    assert!(same == set);
    assert!(keys == same_keys);
    assert!(same_keys == keys);
    assert!(objects == same_objects);
    assert!(same_objects == objects);
}

/// S34: growth sweeps the dead that no list told of, with what they owned; the living stay in order.
#[test]
fn growth_sweeps_entries_whose_slot_was_never_dropped() {
    let set = WeakSet::new();
    let keys = WeakKeyMap::new();
    let token = Arc::new(());
    let living: Vec<_> = (0..100).map(leaky).collect();
    for value in 0..20_000 {
        let object = leaky(1000 + value);
        set.insert(&object);
        keys.insert_arc(&object, Arc::clone(&token));
        if value % 200 == 0 {
            set.insert(&living[value as usize / 200]);
            keys.insert_arc(&living[value as usize / 200], Arc::new(()));
        }
    }
    assert!(set.len() < 800, "{}", set.len());
    assert!(keys.len() < 800, "{}", keys.len());
    assert!(Arc::strong_count(&token) < 800);
    let expected: Vec<u32> = (0..100).collect();
    assert_eq!(set.iter().map(|one| **one.0).collect::<Vec<_>>(), expected);
    assert_eq!(keys.keys().map(|one| **one.0).collect::<Vec<_>>(), expected);
}
