//! Elements, keys and values whose code runs a hook, the containers that they are in, and what must hold
//! of these.

use crate::support::Colliding;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use weakrefs::{Ref, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap};

/// Where code of the user's runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    Hash,
    Eq,
    Drop,
    DropOther,
    Callback,
    Given,
}

/// What to do there, when.
pub(crate) struct Hook {
    pub(crate) place: Place,
    /// The how-manieth time.
    pub(crate) countdown: usize,
    pub(crate) run: Box<dyn FnOnce()>,
}

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Sets what is to be done where, or nothing.
pub(crate) fn set_hook(hook: Option<Hook>) {
    HOOK.set(hook);
}

/// Runs the hook if it is meant for here and now. Once, so that it does not recur.
pub(crate) fn at(place: Place) {
    let due = HOOK.with_borrow_mut(|hook| {
        let waiting = hook.as_mut().filter(|hook| hook.place == place)?;
        waiting.countdown -= 1;
        if waiting.countdown == 0 {
            hook.take()
        } else {
            None
        }
    });
    if let Some(hook) = due {
        (hook.run)();
    }
}

/// An element, key or object: told apart by its class.
#[derive(WeakReferenceable, Debug)]
pub(crate) struct Hostile {
    slot: WeakSlot,
    pub(crate) class: u32,
}

impl Hash for Hostile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        at(Place::Hash);
        self.class.hash(state);
    }
}

impl PartialEq for Hostile {
    fn eq(&self, other: &Self) -> bool {
        at(Place::Eq);
        self.class == other.class
    }
}

impl Eq for Hostile {}

impl Drop for Hostile {
    fn drop(&mut self) {
        at(Place::Drop);
    }
}

thread_local! {
    static OTHERS: Cell<usize> = const { Cell::new(0) };
}

/// A value of a `WeakKeyMap`, or a key of a `WeakValueMap`; counted.
#[derive(Debug)]
pub(crate) struct Other(u32);

pub(crate) fn other(class: u32) -> Other {
    OTHERS.set(OTHERS.get() + 1);
    Other(class)
}

impl Other {
    pub(crate) fn class(&self) -> u32 {
        self.0
    }
}

impl Hash for Other {
    fn hash<H: Hasher>(&self, state: &mut H) {
        at(Place::Hash);
        self.0.hash(state);
    }
}

impl PartialEq for Other {
    fn eq(&self, other: &Self) -> bool {
        at(Place::Eq);
        self.0 == other.0
    }
}

impl Eq for Other {}

impl Drop for Other {
    fn drop(&mut self) {
        OTHERS.set(OTHERS.get() - 1);
        at(Place::DropOther);
    }
}

/// An object for comparison, which hashes by itself.
pub(crate) fn probe(class: u32) -> Hostile {
    Hostile {
        slot: WeakSlot::new(),
        class,
    }
}

pub(crate) type Hasher2 = Colliding<2>;
pub(crate) const CLASSES: u32 = 6;

/// The containers and who keeps the objects alive.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) set: WeakSet<Hostile, Hasher2>,
    pub(crate) keys: WeakKeyMap<Hostile, Other, Hasher2>,
    pub(crate) values: WeakValueMap<Other, Hostile, Hasher2>,
    objects: RefCell<Vec<Arc<Hostile>>>,
    references: RefCell<Vec<Ref<Hostile>>>,
}

impl World {
    pub(crate) fn new() -> Rc<Self> {
        let world = Self::default();
        for class in 0..CLASSES {
            world.put(&world.add(class));
        }
        Rc::new(world)
    }

    /// A new object.
    pub(crate) fn add(&self, class: u32) -> Arc<Hostile> {
        let object = Arc::new(probe(class));
        self.objects.borrow_mut().push(Arc::clone(&object));
        object
    }

    /// Into all containers; and watched with a callback.
    pub(crate) fn put(&self, object: &Arc<Hostile>) {
        self.set.insert(object);
        self.keys.insert(object, other(object.class));
        self.values.insert(other(object.class), object);
        let reference = Ref::with_callback(object, |dead| {
            assert!(!dead.is_alive());
            at(Place::Callback);
        });
        self.references.borrow_mut().push(reference);
    }

    pub(crate) fn object(&self, at: usize) -> Arc<Hostile> {
        let object = self.objects.borrow().get(at).cloned();
        object.unwrap_or_else(|| self.add(at as u32))
    }

    pub(crate) fn kill(&self, which: impl Fn(&Arc<Hostile>) -> bool) {
        let (dead, alive) = self
            .objects
            .take()
            .into_iter()
            .partition::<Vec<_>, _>(which);
        self.objects.borrow_mut().extend(alive);
        drop(dead);
    }

    pub(crate) fn clear(&self) {
        self.set.clear();
        self.keys.clear();
        self.values.clear();
    }

    /// What is listed: found, once, alive. In the order of the containers.
    pub(crate) fn listed(&self) -> [Vec<Arc<Hostile>>; 3] {
        let elements: Vec<_> = self.set.iter().collect();
        let entries: Vec<_> = self.keys.iter().collect();
        let objects: Vec<_> = self.values.iter().collect();
        for element in &elements {
            let found = self.set.get(&probe(element.class)).expect("listed");
            assert!(Arc::ptr_eq(&found, element));
        }
        for (key, value) in &entries {
            let (found, its) = self.keys.get_key_value(&probe(key.class)).expect("listed");
            assert!(Arc::ptr_eq(&found, key) && Arc::ptr_eq(&its, value));
        }
        for (key, value) in &objects {
            let found = self.values.get(&**key).expect("listed");
            assert!(Arc::ptr_eq(&found, value));
        }
        let keys: BTreeSet<_> = objects.iter().map(|(key, _)| key.class()).collect();
        assert_eq!(keys.len(), objects.len());
        let listed = [
            elements,
            entries.into_iter().map(|(key, _)| key).collect(),
            objects.into_iter().map(|(_, value)| value).collect(),
        ];
        for all in &listed[..2] {
            let classes: BTreeSet<_> = all.iter().map(|object| object.class).collect();
            assert_eq!(classes.len(), all.len());
        }
        listed
    }

    /// Consistent: what is listed is what is counted, and every object is watched for its entries only.
    pub(crate) fn check(&self) {
        let listed = self.listed();
        let sizes = [self.set.len(), self.keys.len(), self.values.len()];
        assert_eq!(sizes, [0, 1, 2].map(|at| listed[at].len()));
        let all = listed.concat();
        for object in self.objects.borrow().iter() {
            let entries = all.iter().filter(|one| Arc::ptr_eq(one, object));
            let watchers = entries.count() + weakrefs::count(object);
            assert_eq!(Arc::weak_count(object), watchers, "{object:?}");
        }
    }

    /// Nothing is there and everything dead, also what the containers owned.
    pub(crate) fn is_empty(&self) -> bool {
        let references = self.references.borrow();
        let is_dead = references.iter().all(|reference| !reference.is_alive());
        is_dead
            && OTHERS.get() == 0
            && self.set.is_empty()
            && self.keys.is_empty()
            && self.values.is_empty()
    }
}
