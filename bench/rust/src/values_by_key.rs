//! Maps from strings or numbers to weakly referenced objects.

use crate::{DASHMAP, Face, HASHMAP, Lazy, OURS, Object, Owner, Place, Rcs, Root};
use dashmap::DashMap;
use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc;
use std::sync::Mutex;
use weak_table::WeakValueHashMap;

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
    type Face: Face;
    const WAY: &'static str;

    fn insert(&self, key: K, object: &OwnerOf<K, Self>);
    fn get(&self, key: &K::Asked) -> Option<OwnerOf<K, Self>>;

    /// Rids the map of `key`, whose object has died, if it does not do so by itself.
    fn expire(&self, _key: &K::Asked) {}

    /// Sums up the objects' numbers.
    fn total(&self) -> u64;

    /// What `len` says; that of the peers includes the dead.
    fn count(&self) -> usize;

    /// With an entry for each object, by its number.
    fn of(objects: &[OwnerOf<K, Self>]) -> Self {
        let registry = Self::default();
        for object in objects {
            registry.insert(K::of(object.number), object);
        }
        registry
    }
}

/// What owns a registry's objects.
pub type OwnerOf<K, R> = <<R as Registry<K>>::Face as Face>::Owner;

/// The maps of weakrefs.
macro_rules! ours {
    ($name:ident: $face:ident, $($module:ident)::+) => {
        pub type $name<K> =
            $($module)::+::WeakValueMap<K, Object<<<$face as Face>::Owner as Owner>::Slot>>;

        impl<K: Key> Registry<K> for $name<K> {
            type Face = $face;
            const WAY: &'static str = OURS;

            fn insert(&self, key: K, object: &<$face as Face>::Owner) {
                self.insert(key, object);
            }

            fn get(&self, key: &K::Asked) -> Option<<$face as Face>::Owner> {
                self.get(key)
            }

            fn total(&self) -> u64 {
                self.values().map(|object| object.number).sum()
            }

            fn count(&self) -> usize {
                self.len()
            }
        }
    };
}

ours!(Ours: Root, weakrefs);
ours!(OurRcs: Rcs, weakrefs::rc);
ours!(OurLazy: Lazy, weakrefs::lazy);

pub type Table<K, F> = WeakValueHashMap<K, <<F as Face>::Owner as Owner>::StdWeak>;

/// weak-table's map, beside a face.
#[derive(Default)]
pub struct WeakTable<F, P>(P, PhantomData<F>);

pub type Plain<K, F> = WeakTable<F, RefCell<Table<K, F>>>;
pub type Locked<K, F> = WeakTable<F, Mutex<Table<K, F>>>;

impl<K: Key, F: Face, P: Place<Table<K, F>>> Registry<K> for WeakTable<F, P> {
    type Face = F;
    const WAY: &'static str = P::WAY;

    fn insert(&self, key: K, object: &F::Owner) {
        self.0.with(|table| table.insert(key, object.clone()));
    }

    fn get(&self, key: &K::Asked) -> Option<F::Owner> {
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

pub type Dash<K> = DashMap<K, <<Root as Face>::Owner as Owner>::StdWeak>;

impl<K: Key> Registry<K> for Dash<K> {
    type Face = Root;
    const WAY: &'static str = DASHMAP;

    fn insert(&self, key: K, object: &<Root as Face>::Owner) {
        self.insert(key, object.weak());
    }

    fn get(&self, key: &K::Asked) -> Option<<Root as Face>::Owner> {
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

/// `std`'s map, as one thread has it.
pub type Std<K> = RefCell<HashMap<K, <<Rcs as Face>::Owner as Owner>::StdWeak>>;

impl<K: Key> Registry<K> for Std<K> {
    type Face = Rcs;
    const WAY: &'static str = HASHMAP;

    fn insert(&self, key: K, object: &<Rcs as Face>::Owner) {
        self.borrow_mut().insert(key, object.weak());
    }

    fn get(&self, key: &K::Asked) -> Option<<Rcs as Face>::Owner> {
        HashMap::get(&self.borrow(), key)?.upgrade()
    }

    fn expire(&self, key: &K::Asked) {
        self.borrow_mut().remove(key);
    }

    fn total(&self) -> u64 {
        let map = self.borrow();
        map.values()
            .filter_map(rc::Weak::upgrade)
            .map(|object| object.number)
            .sum()
    }

    fn count(&self) -> usize {
        self.borrow().len()
    }
}
