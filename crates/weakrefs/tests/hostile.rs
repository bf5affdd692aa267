//! Code of the user's that panics, re-enters and changes everything, at every place where it can run
//! (S5, S18, S33): each operation, with each hostile action in its first comparisons, hashes and drops.
//! Afterwards the containers are consistent, nothing is lost or doubled, and everybody still evicts.

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use support::{Colliding, within};
use weakrefs::{Ref, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap};

/// Where code of the user's runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Hash,
    Eq,
    Drop,
    DropOther,
    Callback,
    Given,
}

/// What to do there, when.
struct Hook {
    place: Place,
    /// The how-manieth time.
    countdown: usize,
    run: Box<dyn FnOnce()>,
}

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Runs the hook if it is meant for here and now. Once, so that it does not recur.
fn at(place: Place) {
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
struct Hostile {
    slot: WeakSlot,
    class: u32,
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

/// A value of a `WeakKeyMap`, or a key of a `WeakValueMap`.
#[derive(Debug)]
struct Other(u32);

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
        at(Place::DropOther);
    }
}

/// An object for comparison, which hashes by itself.
fn probe(class: u32) -> Hostile {
    Hostile {
        slot: WeakSlot::new(),
        class,
    }
}

type Hasher2 = Colliding<2>;
const CLASSES: u32 = 6;

/// The containers and who keeps the objects alive.
#[derive(Default)]
struct World {
    set: WeakSet<Hostile, Hasher2>,
    keys: WeakKeyMap<Hostile, Other, Hasher2>,
    values: WeakValueMap<Other, Hostile, Hasher2>,
    objects: RefCell<Vec<Arc<Hostile>>>,
    references: RefCell<Vec<Ref<Hostile>>>,
}

impl World {
    fn new() -> Rc<Self> {
        let world = Self::default();
        for class in 0..CLASSES {
            world.put(&world.add(class));
        }
        Rc::new(world)
    }

    /// A new object.
    fn add(&self, class: u32) -> Arc<Hostile> {
        let object = Arc::new(probe(class));
        self.objects.borrow_mut().push(Arc::clone(&object));
        object
    }

    /// Into all containers; and watched with a callback.
    fn put(&self, object: &Arc<Hostile>) {
        self.set.insert(object);
        self.keys.insert(object, Other(object.class));
        self.values.insert(Other(object.class), object);
        let reference = Ref::with_callback(object, |dead| {
            assert!(!dead.is_alive());
            at(Place::Callback);
        });
        self.references.borrow_mut().push(reference);
    }

    fn object(&self, at: usize) -> Arc<Hostile> {
        let object = self.objects.borrow().get(at).cloned();
        object.unwrap_or_else(|| self.add(at as u32))
    }

    fn kill(&self, which: impl Fn(&Arc<Hostile>) -> bool) {
        let (dead, alive) = self
            .objects
            .take()
            .into_iter()
            .partition::<Vec<_>, _>(which);
        self.objects.borrow_mut().extend(alive);
        drop(dead);
    }

    fn clear(&self) {
        self.set.clear();
        self.keys.clear();
        self.values.clear();
    }

    /// What is listed: found, once, alive. In the order of the containers.
    fn listed(&self) -> [Vec<Arc<Hostile>>; 3] {
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
        let keys: BTreeSet<_> = objects.iter().map(|(key, _)| key.0).collect();
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
    fn check(&self) {
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

    /// Nothing is there and everything dead.
    fn is_empty(&self) -> bool {
        let references = self.references.borrow();
        let is_dead = references.iter().all(|reference| !reference.is_alive());
        is_dead && self.set.is_empty() && self.keys.is_empty() && self.values.is_empty()
    }
}

type Named = (&'static str, fn(&Rc<World>));

/// What may be done meanwhile.
const ACTIONS: [Named; 12] = [
    ("nothing", |_| ()),
    ("panic", |_| resume_unwind(Box::new("hostile"))),
    ("clear", |world| world.clear()),
    ("kill all", |world| world.kill(|_| true)),
    ("kill some", |world| {
        world.kill(|object| object.class % 2 == 0)
    }),
    ("insert equals", |world| {
        for class in 0..CLASSES {
            world.put(&world.add(class));
        }
    }),
    ("replace by equals", |world| {
        for class in 0..CLASSES {
            let object = world.add(class);
            drop(world.set.replace(&object));
            drop(world.keys.remove(&object));
            world.put(&object);
        }
        world.kill(|object| Arc::weak_count(object) == 0);
    }),
    ("take out and put back", |world| {
        for object in world.set.drain() {
            world.put(&object);
        }
    }),
    ("pop", |world| {
        drop((world.set.pop(), world.keys.pop(), world.values.pop()))
    }),
    ("look everything up", |world| drop(world.listed())),
    ("grow", |world| {
        for class in CLASSES..CLASSES + 40 {
            world.put(&world.add(class));
        }
    }),
    ("iterate, change, iterate", |world| {
        let open = (world.set.iter(), world.keys.iter(), world.values.iter());
        world.kill(|object| object.class == 1);
        world.set.retain(|object| object.class != 2);
        let read = open.0.count() + open.1.count() + open.2.count();
        assert!(read <= 9 * CLASSES as usize);
    }),
];

/// During which operations.
const OPERATIONS: [Named; 38] = [
    ("set.insert equal", |world| {
        let _ = world.set.insert(&world.add(3));
    }),
    ("set.insert same", |world| {
        let _ = world.set.insert(&world.object(3));
    }),
    ("set.insert new", |world| {
        let _ = world.set.insert(&world.add(9));
    }),
    ("set.insert dying", |world| {
        let _ = world.set.insert(&Arc::new(probe(9)));
    }),
    ("set.replace", |world| {
        drop(world.set.replace(&world.add(3)))
    }),
    ("set.get_or_insert", |world| {
        drop(world.set.get_or_insert(world.add(3)))
    }),
    ("set.get_or_insert_with", |world| {
        drop(world.set.get_or_insert_with(&probe(9), || {
            at(Place::Given);
            world.add(9)
        }));
    }),
    ("set.contains", |world| {
        let _ = world.set.contains(&probe(4));
    }),
    ("set.get", |world| drop(world.set.get(&probe(5)))),
    ("set.find", |world| drop(world.set.find(&probe(7)))),
    ("set.take", |world| drop(world.set.take(&probe(5)))),
    ("set.retain", |world| {
        world.set.retain(|object| {
            at(Place::Given);
            object.class > 3
        });
    }),
    ("set.copy", |world| drop(world.set.copy())),
    ("set.iter", |world| {
        for object in &world.set {
            at(Place::Given);
            drop(object);
        }
    }),
    ("set.drain", |world| world.set.drain().for_each(drop)),
    ("set == set", |world| {
        assert!(world.set == world.set.copy() || world.set.len() < 100)
    }),
    ("set.symmetric_difference", |world| {
        let others = [2, 3, 9].map(|class| world.add(class));
        drop(world.set.symmetric_difference(others));
    }),
    ("set.retain_all", |world| {
        world
            .set
            .retain_all([2, 3, 9].map(|class| world.add(class)))
    }),
    ("set.is_subset", |world| {
        let _ = world.set.is_subset([1, 2].map(|class| world.add(class)));
    }),
    ("keys.insert equal", |world| {
        drop(world.keys.insert(&world.add(3), Other(30)))
    }),
    ("keys.insert new", |world| {
        drop(world.keys.insert(&world.add(9), Other(9)))
    }),
    ("keys.get", |world| drop(world.keys.get(&probe(5)))),
    ("keys.get_key_value", |world| {
        drop(world.keys.get_key_value(&probe(4)))
    }),
    ("keys.remove", |world| drop(world.keys.remove(&probe(5)))),
    ("keys.update", |world| {
        drop(world.keys.update(&world.add(5), |old| {
            at(Place::Given);
            Some(Other(old.map_or(0, |old| old.0 + 1)))
        }));
    }),
    ("keys.update to remove", |world| {
        drop(world.keys.update(&world.object(4), |_| None))
    }),
    ("keys.get_or_insert_with", |world| {
        drop(world.keys.get_or_insert_with(&world.add(9), || {
            at(Place::Given);
            Other(9)
        }));
    }),
    ("keys.retain", |world| {
        world.keys.retain(|key, _| {
            at(Place::Given);
            key.class < 3
        });
    }),
    ("keys.copy", |world| drop(world.keys.copy())),
    ("keys.drain", |world| drop(world.keys.drain())),
    ("values.insert equal", |world| {
        drop(world.values.insert(Other(3), &world.add(30)))
    }),
    ("values.insert new", |world| {
        drop(world.values.insert(Other(9), &world.object(1)))
    }),
    ("values.get", |world| drop(world.values.get(&Other(5)))),
    ("values.remove", |world| {
        drop(world.values.remove(&Other(4)))
    }),
    ("values.update", |world| {
        drop(world.values.update(Other(5), |_| {
            at(Place::Given);
            Some(world.add(50))
        }));
    }),
    ("values.get_or_insert_with", |world| {
        drop(world.values.get_or_insert_with(Other(9), || {
            at(Place::Given);
            world.add(9)
        }));
    }),
    ("values.clear", |world| world.values.clear()),
    ("kill", |world| world.kill(|object| object.class < 4)),
];

fn run(place: Place) {
    support::reports();
    for (operation_name, operation) in OPERATIONS {
        for (action_name, action) in ACTIONS {
            for countdown in 1..=3 {
                let world = World::new();
                let inner = Rc::clone(&world);
                let run = Box::new(move || action(&inner));
                HOOK.set(Some(Hook {
                    place,
                    countdown,
                    run,
                }));
                let result = catch_unwind(AssertUnwindSafe(|| operation(&world)));
                HOOK.set(None);
                let reports = support::reports();
                let case = format!("{operation_name}, {action_name} in {place:?} {countdown}");
                assert!(result.is_ok() || action_name == "panic", "{case}");
                assert!(
                    reports.iter().all(|report| report == "hostile"),
                    "{case}: {reports:?}"
                );
                // A panic of a destructor makes the compiler leak what is being returned meanwhile
                // (rust-lang/rust#47949): that object is not dead.
                let leaks = result.is_err() && matches!(place, Place::Drop | Place::DropOther);
                let checked = catch_unwind(AssertUnwindSafe(|| {
                    world.check();
                    world.kill(|_| true);
                    assert!(leaks || world.is_empty());
                }));
                assert!(checked.is_ok(), "inconsistent: {case}");
            }
        }
    }
}

/// S18: `Hash`.
#[test]
fn hashes() {
    within(60, || run(Place::Hash));
}

/// S18: `Eq`, of the element, of the keys, of candidates of equal hash.
#[test]
fn comparisons() {
    within(60, || run(Place::Eq));
}

/// S18: `Drop` of an object, which is dead and still in its containers.
#[test]
fn drops_of_objects() {
    within(60, || run(Place::Drop));
}

/// S5, S18: `Drop` of what entries own.
#[test]
fn drops_of_keys_and_values() {
    within(60, || run(Place::DropOther));
}

/// S2, S5: callbacks of the dying.
#[test]
fn callbacks() {
    within(60, || run(Place::Callback));
}

/// Factories, `update`, `retain`, and the body of a loop.
#[test]
fn closures() {
    within(60, || run(Place::Given));
}

/// S18: a comparison that kills the key that it compares: that key is not found, the new one goes in.
#[test]
fn a_key_may_die_of_its_comparison() {
    within(10, || {
        let world = World::new();
        let inner = Rc::clone(&world);
        let kill = Box::new(move || inner.kill(|object| object.class == 2));
        HOOK.set(Some(Hook {
            place: Place::Eq,
            countdown: 1,
            run: kill,
        }));
        let set: WeakSet<_, Colliding<1>> = WeakSet::default();
        set.insert(&world.object(2));
        let new = Arc::new(probe(2));
        assert!(set.insert(&new));
        assert!(Arc::ptr_eq(&set.get(&probe(2)).unwrap(), &new) && set.len() == 1);
    });
}

/// S18: an equal element that comes during the comparison with another one is found, not doubled.
#[test]
fn an_equal_element_may_come_during_a_comparison() {
    within(10, || {
        let set: WeakSet<_, Colliding<1>> = WeakSet::default();
        let (other, rival, ours) = (Arc::new(probe(1)), Arc::new(probe(2)), Arc::new(probe(2)));
        set.insert(&other);
        let (handle, inner) = (set.clone(), Arc::clone(&rival));
        let run = Box::new(move || assert!(handle.insert(&inner)));
        HOOK.set(Some(Hook {
            place: Place::Eq,
            countdown: 1,
            run,
        }));
        assert!(!set.insert(&ours));
        assert!(Arc::ptr_eq(&set.get(&ours).unwrap(), &rival) && set.len() == 2);
        assert_eq!(Arc::weak_count(&ours), 0);
    });
}
