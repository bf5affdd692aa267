//! Maps from strings to weakly referenced objects.

use crate::{DASHMAP, OURS, Object, Place};
use dashmap::DashMap;
use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::sync::{Arc, Mutex, Weak};
use weak_table::WeakValueHashMap;
use weakrefs::WeakValueMap;

pub trait Registry: Default {
    const WAY: &'static str;

    fn insert(&self, key: String, object: &Arc<Object>);
    fn get(&self, key: &str) -> Option<Arc<Object>>;

    /// Rids the map of `key`, whose object has died, if it does not do so by itself.
    fn expire(&self, _key: &str) {}

    /// Sums up the objects' numbers.
    fn total(&self) -> u64;

    /// What `len` says; that of the peers includes the dead.
    fn count(&self) -> usize;
}

pub type Ours = WeakValueMap<String, Object>;

impl Registry for Ours {
    const WAY: &'static str = OURS;

    fn insert(&self, key: String, object: &Arc<Object>) {
        self.insert(key, object);
    }

    fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.get(key)
    }

    fn total(&self) -> u64 {
        self.values().map(|object| object.number).sum()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

pub type Table = WeakValueHashMap<String, Weak<Object>, RandomState>;

/// weak-table's map.
#[derive(Default)]
pub struct WeakTable<P>(P);

pub type Plain = WeakTable<RefCell<Table>>;
pub type Locked = WeakTable<Mutex<Table>>;

impl<P: Place<Table>> Registry for WeakTable<P> {
    const WAY: &'static str = P::WAY;

    fn insert(&self, key: String, object: &Arc<Object>) {
        self.0.with(|table| table.insert(key, Arc::clone(object)));
    }

    fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.0.with(|table| table.get(key))
    }

    fn expire(&self, key: &str) {
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

pub type Dash = DashMap<String, Weak<Object>>;

impl Registry for Dash {
    const WAY: &'static str = DASHMAP;

    fn insert(&self, key: String, object: &Arc<Object>) {
        self.insert(key, Arc::downgrade(object));
    }

    fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.get(key)?.upgrade()
    }

    fn expire(&self, key: &str) {
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
