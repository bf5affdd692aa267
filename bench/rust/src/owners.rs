//! The objects, what owns them, and the faces of weakrefs: the crate's root, `rc` and `lazy`.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::{self, Rc};
use std::sync::{self, Arc};
use weak_table::traits::WeakKey;
use weakrefs::generic::{Ref, Watchable};

/// An object with an identity, and a number to hash and compare.
pub struct Object<S> {
    slot: S,
    pub number: u64,
}

impl weakrefs::WeakReferenceable for Object<weakrefs::WeakSlot> {
    fn weak_slot(&self) -> &weakrefs::WeakSlot {
        &self.slot
    }
}

impl weakrefs::rc::WeakReferenceable for Object<weakrefs::rc::WeakSlot> {
    fn weak_slot(&self) -> &weakrefs::rc::WeakSlot {
        &self.slot
    }
}

impl<S> PartialEq for Object<S> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<S> Eq for Object<S> {}

impl<S> Hash for Object<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// `Arc` or `Rc` of an object.
pub trait Owner: Watchable + Clone + Deref<Target = Object<<Self as Owner>::Slot>> {
    type Slot: Default;
    /// `std`'s.
    type StdWeak: WeakKey<Strong = Self, Key = Object<Self::Slot>>;
    /// The same owner of a number without a slot.
    type OfNumber;

    fn make(number: u64) -> Self;
    fn of_number(number: u64) -> Self::OfNumber;
    fn weak(&self) -> Self::StdWeak;
    fn view(weak: &Self::StdWeak) -> Option<Self>;

    /// With a callback that does nothing.
    fn watch(&self) -> Ref<Self>;
}

macro_rules! owner {
    ($owner:ident, $weak:path, $slot:path) => {
        impl Owner for $owner<Object<$slot>> {
            type Slot = $slot;
            type StdWeak = $weak;
            type OfNumber = $owner<u64>;

            fn make(number: u64) -> Self {
                Self::new(Object {
                    slot: <$slot>::new(),
                    number,
                })
            }

            fn of_number(number: u64) -> $owner<u64> {
                $owner::new(number)
            }

            fn weak(&self) -> Self::StdWeak {
                Self::downgrade(self)
            }

            fn view(weak: &Self::StdWeak) -> Option<Self> {
                weak.upgrade()
            }

            fn watch(&self) -> Ref<Self> {
                Ref::<Self>::with_callback(self, |_| ())
            }
        }
    };
}

owner!(
    Arc,
    sync::Weak<Object<weakrefs::WeakSlot>>,
    weakrefs::WeakSlot
);
owner!(
    Rc,
    rc::Weak<Object<weakrefs::rc::WeakSlot>>,
    weakrefs::rc::WeakSlot
);

pub fn objects<O: Owner>(numbers: impl IntoIterator<Item = u64>) -> Vec<O> {
    numbers.into_iter().map(O::make).collect()
}

/// A module that has the containers.
pub trait Face: Default {
    /// What stands before a name, as for those who use the module.
    const MODULE: &'static str;
    /// The most entries that it is measured with.
    const MOST: u64 = 100_000;
    type Owner: Owner;

    /// How something of the module is called.
    fn named(name: &str) -> String {
        format!("{}{name}", Self::MODULE)
    }
}

/// The crate's root.
#[derive(Default)]
pub struct Root;

impl Face for Root {
    const MODULE: &'static str = "";
    const MOST: u64 = u64::MAX;
    type Owner = Arc<Object<weakrefs::WeakSlot>>;
}

/// `rc`.
#[derive(Default)]
pub struct Rcs;

impl Face for Rcs {
    const MODULE: &'static str = "rc::";
    type Owner = Rc<Object<weakrefs::rc::WeakSlot>>;
}

/// `lazy`, of objects in `Arc`s.
#[derive(Default)]
pub struct Lazy;

impl Face for Lazy {
    const MODULE: &'static str = "lazy::";
    type Owner = Arc<Object<weakrefs::WeakSlot>>;
}
