//! Maps from strings or numbers to weakly referenced objects.

use crate::{DASHMAP, OURS, Object, Place};
use dashmap::DashMap;
use std::borrow::Borrow;
use std::cell::RefCell;
use std::hash::Hash;
use std::sync::{Arc, Mutex, Weak};
use weak_table::WeakValueHashMap;
use weakrefs::WeakValueMap;

pub trait Key: Borrow<<Self as Key>::Asked> + Hash + Eq + Clone + Send + Sync + 'static {
    /// What is asked for.
    type Asked: ?Sized + Hash + Eq;

    /// How a lookup is called.
    const LOOKUP: &'static str;

    fn of(number: u64) -> Self;
}

impl Key for String {
    type Asked = str;
    const LOOKUP: &'static str = "get(&str)";

    fn of(number: u64) -> Self {
        format!("key number {number}")
    }
}

impl Key for u64 {
    type Asked = Self;
    const LOOKUP: &'static str = "get(&u64)";

    fn of(number: u64) -> Self {
        number
    }
}

pub trait Registry<K: Key>: Default {
    const WAY: &'static str;

    fn insert(&self, key: K, object: &Arc<Object>);
    fn get(&self, key: &K::Asked) -> Option<Arc<Object>>;

    /// Rids the map of `key`, whose object has died, if it does not do so by itself.
    fn expire(&self, _key: &K::Asked) {}

    /// Sums up the objects' numbers.
    fn total(&self) -> u64;

    /// What `len` says; that of the peers includes the dead.
    fn count(&self) -> usize;

    /// With an entry for each object, by its number.
    fn of(objects: &[Arc<Object>]) -> Self {
        let registry = Self::default();
        for object in objects {
            registry.insert(K::of(object.number), object);
        }
        registry
    }
}

pub type Ours<K> = WeakValueMap<K, Object>;

impl<K: Key> Registry<K> for Ours<K> {
    const WAY: &'static str = OURS;

    fn insert(&self, key: K, object: &Arc<Object>) {
        self.insert(key, object);
    }

    fn get(&self, key: &K::Asked) -> Option<Arc<Object>> {
        self.get(key)
    }

    fn total(&self) -> u64 {
        self.values().map(|object| object.number).sum()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

pub type Table<K> = WeakValueHashMap<K, Weak<Object>>;

/// weak-table's map.
#[derive(Default)]
pub struct WeakTable<P>(P);

pub type Plain<K> = WeakTable<RefCell<Table<K>>>;
pub type Locked<K> = WeakTable<Mutex<Table<K>>>;

impl<K: Key, P: Place<Table<K>>> Registry<K> for WeakTable<P> {
    const WAY: &'static str = P::WAY;

    fn insert(&self, key: K, object: &Arc<Object>) {
        self.0.with(|table| table.insert(key, Arc::clone(object)));
    }

    fn get(&self, key: &K::Asked) -> Option<Arc<Object>> {
        self.0.with(|table| table.get(key))
    }

    fn expire(&self, key: &K::Asked) {
        self.0.with(|table| table.remove(key));
    }

    fn total(&self) -> u64 {
        self.0
            .with(|table| table.values().map(|object| object.number).sum())
    }

    fn count(&self) -> usize {
        self.0.with(|table| table.len())
    }
}

pub type Dash<K> = DashMap<K, Weak<Object>>;

impl<K: Key> Registry<K> for Dash<K> {
    const WAY: &'static str = DASHMAP;

    fn insert(&self, key: K, object: &Arc<Object>) {
        self.insert(key, Arc::downgrade(object));
    }

    fn get(&self, key: &K::Asked) -> Option<Arc<Object>> {
        self.get(key)?.upgrade()
    }

    fn expire(&self, key: &K::Asked) {
        self.remove_if(key, |_, object| object.strong_count() == 0);
    }

    fn total(&self) -> u64 {
        self.iter()
            .filter_map(|entry| entry.value().upgrade())
            .map(|object| object.number)
            .sum()
    }

    fn count(&self) -> usize {
        self.len()
    }
}
