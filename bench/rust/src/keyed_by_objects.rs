//! Sets of weakly referenced objects, and maps that have such as their keys.

use crate::{Face, Lazy, OURS, Object, Owner, Place, Rcs, Root};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Mutex;
use weak_table::{PtrWeakHashSet, WeakHashSet, WeakKeyHashMap};

pub trait Elements: Default {
    type Face: Face;
    const GROUP: &'static str;
    const WAY: &'static str;
    /// How a lookup is called.
    const LOOKUP: &'static str;

    fn insert(&self, object: &OwnerOf<Self>);

    /// Whether the object is found, with its value if it has one.
    fn find(&self, object: &OwnerOf<Self>) -> bool;

    /// Drops the object, and rids the container of it if it does not do so by itself. weak-table
    /// has no name for a dead element: there it is removed while it is alive.
    fn end(&self, _object: OwnerOf<Self>) {}

    /// Sums up the objects' numbers.
    fn total(&self) -> u64;

    /// What `len` says; that of the peers includes the dead.
    fn count(&self) -> usize;

    /// With an entry for each object.
    fn of(objects: &[OwnerOf<Self>]) -> Self {
        let container = Self::default();
        for object in objects {
            container.insert(object);
        }
        container
    }
}

/// What owns a container's objects.
pub type OwnerOf<E> = <<E as Elements>::Face as Face>::Owner;

/// What a container is asked for: by identity an owner, else the object.
macro_rules! asked {
    ("PtrWeakSet", $owner:expr) => {
        $owner
    };
    ($group:tt, $owner:expr) => {
        &**$owner
    };
}

/// A container of weakrefs. `$value` is for maps: the field that is stored with an object, and how it is seen that a
/// lookup has found it.
macro_rules! ours {
    ($ours:ident: $face:ident, $container:ty; $group:tt, $lookup:ident, $objects:ident $(, $value:ident $found:ident)?) => {
        pub type $ours = $container;

        impl Elements for $ours {
            type Face = $face;
            const GROUP: &'static str = $group;
            const WAY: &'static str = OURS;
            const LOOKUP: &'static str = stringify!($lookup);

            fn insert(&self, object: &OwnerOf<Self>) {
                self.insert(object $(, object.$value)?);
            }

            fn find(&self, object: &OwnerOf<Self>) -> bool {
                self.$lookup(asked!($group, object))$(.$found())?
            }

            fn total(&self) -> u64 {
                self.$objects().map(|object| object.number).sum()
            }

            fn count(&self) -> usize {
                self.len()
            }
        }
    };
}

/// Its peer of weak-table's, in a place of its own.
macro_rules! weak_table {
    ($placed:ident: $table:ident; $group:tt, $lookup:ident, $objects:ident $(, $value:ident $found:ident)?) => {
        #[derive(Default)]
        pub struct $placed<F, P>(P, PhantomData<F>);

        impl<F: Face, P: Place<$table<F>>> Elements for $placed<F, P> {
            type Face = F;
            const GROUP: &'static str = $group;
            const WAY: &'static str = P::WAY;
            const LOOKUP: &'static str = stringify!($lookup);

            fn insert(&self, object: &F::Owner) {
                self.0.with(|table| table.insert(object.clone() $(, object.$value)?));
            }

            fn find(&self, object: &F::Owner) -> bool {
                self.0.with(|table| table.$lookup(asked!($group, object))$(.$found())?)
            }

            fn end(&self, object: F::Owner) {
                self.0.with(|table| table.remove(asked!($group, &object)));
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

type Slot<F> = <<F as Face>::Owner as Owner>::Slot;
type Weak<F> = <<F as Face>::Owner as Owner>::StdWeak;

pub type SetTable<F> = WeakHashSet<Weak<F>>;
pub type PlainSet<F> = WeakTableSet<F, RefCell<SetTable<F>>>;
pub type LockedSet<F> = WeakTableSet<F, Mutex<SetTable<F>>>;
ours!(OurSet: Root, weakrefs::WeakSet<Object<Slot<Root>>>; "WeakSet", contains, iter);
ours!(OurRcSet: Rcs, weakrefs::rc::WeakSet<Object<Slot<Rcs>>>; "WeakSet", contains, iter);
weak_table!(WeakTableSet: SetTable; "WeakSet", contains, iter);

pub type MapTable<F> = WeakKeyHashMap<Weak<F>, u64>;
pub type PlainMap<F> = WeakTableMap<F, RefCell<MapTable<F>>>;
pub type LockedMap<F> = WeakTableMap<F, Mutex<MapTable<F>>>;
ours!(OurMap: Root, weakrefs::WeakKeyMap<Object<Slot<Root>>, u64>; "WeakKeyMap", get, keys, number is_some);
ours!(OurRcMap: Rcs, weakrefs::rc::WeakKeyMap<Object<Slot<Rcs>>, u64>; "WeakKeyMap", get, keys, number is_some);
weak_table!(WeakTableMap: MapTable; "WeakKeyMap", get, keys, number is_some);

pub type PtrSetTable<F> = PtrWeakHashSet<Weak<F>>;
pub type LockedPtrSet<F> = WeakTablePtrSet<F, Mutex<PtrSetTable<F>>>;
ours!(OurLazyPtrSet: Lazy, weakrefs::lazy::PtrWeakSet<Object<Slot<Lazy>>>; "PtrWeakSet", contains, iter);
weak_table!(WeakTablePtrSet: PtrSetTable; "PtrWeakSet", contains, iter);
