//! Sets of weakly referenced objects, and maps that have such as their keys.

use crate::{OURS, Object, Place};
use std::cell::RefCell;
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
    fn end(&self, _object: Arc<Object>) {}

    /// Sums up the objects' numbers.
    fn total(&self) -> u64;

    /// What `len` says; that of the peers includes the dead.
    fn count(&self) -> usize;

    /// With an entry for each object.
    fn of(objects: &[Arc<Object>]) -> Self {
        let container = Self::default();
        for object in objects {
            container.insert(object);
        }
        container
    }
}

/// A container of weakrefs, and its peer of weak-table's in a place of its own. `$value` is for maps: the field that is
/// stored with an object, and how it is seen that a lookup has found it.
macro_rules! elements {
    ($group:literal, $ours:ty, $placed:ident of $table:ty, $lookup:ident, $objects:ident $(, $value:ident $found:ident)?) => {
        impl Elements for $ours {
            const GROUP: &'static str = $group;
            const WAY: &'static str = OURS;
            const LOOKUP: &'static str = stringify!($lookup);

            fn insert(&self, object: &Arc<Object>) {
                self.insert(object $(, object.$value)?);
            }

            fn find(&self, object: &Object) -> bool {
                self.$lookup(object)$(.$found())?
            }

            fn total(&self) -> u64 {
                self.$objects().map(|object| object.number).sum()
            }

            fn count(&self) -> usize {
                self.len()
            }
        }

        #[derive(Default)]
        pub struct $placed<P>(P);

        impl<P: Place<$table>> Elements for $placed<P> {
            const GROUP: &'static str = $group;
            const WAY: &'static str = P::WAY;
            const LOOKUP: &'static str = stringify!($lookup);

            fn insert(&self, object: &Arc<Object>) {
                self.0.with(|table| table.insert(Arc::clone(object) $(, object.$value)?));
            }

            fn find(&self, object: &Object) -> bool {
                self.0.with(|table| table.$lookup(object)$(.$found())?)
            }

            fn end(&self, object: Arc<Object>) {
                self.0.with(|table| table.remove(&*object));
            }

            fn total(&self) -> u64 {
                self.0.with(|table| table.$objects().map(|object| object.number).sum())
            }

            fn count(&self) -> usize {
                self.0.with(|table| table.len())
            }
        }
    };
}

pub type OurSet = WeakSet<Object>;
pub type SetTable = WeakHashSet<Weak<Object>>;
pub type PlainSet = WeakTableSet<RefCell<SetTable>>;
pub type LockedSet = WeakTableSet<Mutex<SetTable>>;
elements!("WeakSet", OurSet, WeakTableSet of SetTable, contains, iter);

pub type OurMap = WeakKeyMap<Object, u64>;
pub type MapTable = WeakKeyHashMap<Weak<Object>, u64>;
pub type PlainMap = WeakTableMap<RefCell<MapTable>>;
pub type LockedMap = WeakTableMap<Mutex<MapTable>>;
elements!("WeakKeyMap", OurMap, WeakTableMap of MapTable, get, keys, number is_some);
