//! What the benchmarks have in common: the objects, the keys, and one interface over the containers
//! that map keys to weakly referenced objects.

use dashmap::DashMap;
use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, Weak};
use weak_table::WeakValueHashMap;
use weakrefs::{WeakReferenceable, WeakSlot, WeakValueMap};

/// An object with an identity, and a number to hash and compare.
#[derive(WeakReferenceable)]
pub struct Object {
    slot: WeakSlot,
    pub number: u64,
}

impl Object {
    pub fn new(number: u64) -> Arc<Self> {
        Arc::new(Self {
            slot: WeakSlot::new(),
            number,
        })
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Object {}

impl Hash for Object {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// `0..size` in an order that neither the processor nor an allocator foresees.
pub fn shuffled(size: u64) -> Vec<u64> {
    let mut numbers: Vec<u64> = (0..size).collect();
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for at in (1..numbers.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        numbers.swap(at, (state % (at as u64 + 1)) as usize);
    }
    numbers
}

pub fn key(number: u64) -> String {
    format!("key number {number}")
}

/// A map from strings to weakly referenced objects.
pub trait Registry: Default {
    const NAME: &'static str;

    fn insert(&self, key: String, object: &Arc<Object>);
    fn get(&self, key: &str) -> Option<Arc<Object>>;

    /// Rids the map of `key`, whose object has died, if it does not do so by itself.
    fn expire(&self, key: &str);
}

impl Registry for WeakValueMap<String, Object> {
    const NAME: &'static str = "weakrefs";

    fn insert(&self, key: String, object: &Arc<Object>) {
        self.insert(key, object);
    }

    fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.get(key)
    }

    fn expire(&self, _: &str) {}
}

type WeakTable = WeakValueHashMap<String, Weak<Object>, RandomState>;

/// weak-table's map, for one thread.
#[derive(Default)]
pub struct PlainWeakTable(RefCell<WeakTable>);

impl Registry for PlainWeakTable {
    const NAME: &'static str = "weak-table";

    fn insert(&self, key: String, object: &Arc<Object>) {
        self.0.borrow_mut().insert(key, Arc::clone(object));
    }

    fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.0.borrow().get(key)
    }

    fn expire(&self, key: &str) {
        self.0.borrow_mut().remove(key);
    }
}

/// weak-table's map, with the lock that sharing it takes.
#[derive(Default)]
pub struct LockedWeakTable(Mutex<WeakTable>);

impl Registry for LockedWeakTable {
    const NAME: &'static str = "Mutex<weak-table>";

    fn insert(&self, key: String, object: &Arc<Object>) {
        self.0.lock().unwrap().insert(key, Arc::clone(object));
    }

    fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.0.lock().unwrap().get(key)
    }

    fn expire(&self, key: &str) {
        self.0.lock().unwrap().remove(key);
    }
}

impl Registry for DashMap<String, Weak<Object>> {
    const NAME: &'static str = "DashMap<K, Weak>";

    fn insert(&self, key: String, object: &Arc<Object>) {
        self.insert(key, Arc::downgrade(object));
    }

    fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.get(key)?.upgrade()
    }

    fn expire(&self, key: &str) {
        self.remove_if(key, |_, object| object.strong_count() == 0);
    }
}
