//! Sets of weakly referenced objects, and maps that have such as their keys.

use crate::{OURS, Object, Place};
use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::sync::{Arc, Mutex, Weak};
use weak_table::{WeakHashSet, WeakKeyHashMap};
use weakrefs::{WeakKeyMap, WeakSet};

pub trait Elements: Default {
    const GROUP: &'static str;
    const WAY: &'static str;
    /// How a lookup is called.
    const LOOKUP: &'static str;

    fn insert(&self, object: &Arc<Object>);

    /// Whether the object is found, with its value if it has one.
    fn find(&self, object: &Object) -> bool;

    /// Drops the object, and rids the container of it if it does not do so by itself. weak-table
    /// has no name for a dead element: there it is removed while it is alive.
    fn end(&self, object: Arc<Object>);

    /// Sums up the objects' numbers.
    fn total(&self) -> u64;

    /// What `len` says; that of the peers includes the dead.
    fn count(&self) -> usize;
}

pub type OurSet = WeakSet<Object>;

impl Elements for OurSet {
    const GROUP: &'static str = "WeakSet";
    const WAY: &'static str = OURS;
    const LOOKUP: &'static str = "contains";

    fn insert(&self, object: &Arc<Object>) {
        self.insert(object);
    }

    fn find(&self, object: &Object) -> bool {
        self.contains(object)
    }

    fn end(&self, _: Arc<Object>) {}

    fn total(&self) -> u64 {
        self.iter().map(|object| object.number).sum()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

pub type SetTable = WeakHashSet<Weak<Object>, RandomState>;

/// weak-table's set.
#[derive(Default)]
pub struct WeakTableSet<P>(P);

pub type PlainSet = WeakTableSet<RefCell<SetTable>>;
pub type LockedSet = WeakTableSet<Mutex<SetTable>>;

impl<P: Place<SetTable>> Elements for WeakTableSet<P> {
    const GROUP: &'static str = OurSet::GROUP;
    const WAY: &'static str = P::WAY;
    const LOOKUP: &'static str = OurSet::LOOKUP;

    fn insert(&self, object: &Arc<Object>) {
        self.0.with(|table| table.insert(Arc::clone(object)));
    }

    fn find(&self, object: &Object) -> bool {
        self.0.with(|table| table.contains(object))
    }

    fn end(&self, object: Arc<Object>) {
        self.0.with(|table| table.remove(&*object));
    }

    fn total(&self) -> u64 {
        self.0
            .with(|table| table.iter().map(|object| object.number).sum())
    }

    fn count(&self) -> usize {
        self.0.with(|table| table.len())
    }
}

pub type OurMap = WeakKeyMap<Object, u64>;

impl Elements for OurMap {
    const GROUP: &'static str = "WeakKeyMap";
    const WAY: &'static str = OURS;
    const LOOKUP: &'static str = "get";

    fn insert(&self, object: &Arc<Object>) {
        self.insert(object, object.number);
    }

    fn find(&self, object: &Object) -> bool {
        self.get(object).is_some()
    }

    fn end(&self, _: Arc<Object>) {}

    fn total(&self) -> u64 {
        self.keys().map(|object| object.number).sum()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

pub type MapTable = WeakKeyHashMap<Weak<Object>, u64, RandomState>;

/// weak-table's map.
#[derive(Default)]
pub struct WeakTableMap<P>(P);

pub type PlainMap = WeakTableMap<RefCell<MapTable>>;
pub type LockedMap = WeakTableMap<Mutex<MapTable>>;

impl<P: Place<MapTable>> Elements for WeakTableMap<P> {
    const GROUP: &'static str = OurMap::GROUP;
    const WAY: &'static str = P::WAY;
    const LOOKUP: &'static str = OurMap::LOOKUP;

    fn insert(&self, object: &Arc<Object>) {
        self.0
            .with(|table| table.insert(Arc::clone(object), object.number));
    }

    fn find(&self, object: &Object) -> bool {
        self.0.with(|table| table.get(object).copied()).is_some()
    }

    fn end(&self, object: Arc<Object>) {
        self.0.with(|table| table.remove(&*object));
    }

    fn total(&self) -> u64 {
        self.0
            .with(|table| table.keys().map(|object| object.number).sum())
    }

    fn count(&self) -> usize {
        self.0.with(|table| table.len())
    }
}
