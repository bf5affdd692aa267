//! `Hash`, `Eq` and `Drop` that use the container in whose operation they run, and that panic (S5, S18): where `Arc` has
//! locks there are borrows, and none of them lasts while such code runs.

use crate::support::{Colliding, reports};
use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use weakrefs::rc::{Ref, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap};

/// Runs its thread's [`HOOK`] in all that it does.
#[derive(WeakReferenceable)]
struct Hostile {
    slot: WeakSlot,
    class: u32,
}

/// A key or value that does.
struct Other(u32);

type Hook = Rc<dyn Fn()>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

/// What a hook does makes more of what runs it.
const MOST_RUNS: usize = 300;

/// The user's code: not within itself.
fn run_hook() {
    let hook = HOOK.take();
    if let Some(hook) = hook.filter(|_| RUNS.get() < MOST_RUNS) {
        RUNS.set(RUNS.get() + 1);
        /// Also after a panic.
        struct Again(Hook);
        impl Drop for Again {
            fn drop(&mut self) {
                HOOK.set(Some(Rc::clone(&self.0)));
            }
        }
        let again = Again(hook);
        (again.0)();
    }
}

macro_rules! hostile {
    ($type:ty: $class:tt) => {
        impl Hash for $type {
            fn hash<H: Hasher>(&self, state: &mut H) {
                run_hook();
                self.$class.hash(state);
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                run_hook();
                self.$class == other.$class
            }
        }

        impl Eq for $type {}

        impl Drop for $type {
            fn drop(&mut self) {
                run_hook();
            }
        }
    };
}

hostile!(Hostile: class);
hostile!(Other: 0);

fn object(class: u32) -> Rc<Hostile> {
    Rc::new(Hostile {
        slot: WeakSlot::new(),
        class,
    })
}

/// Containers in which everything collides, and who keeps their objects.
#[derive(Default)]
struct World {
    set: WeakSet<Hostile, Colliding<2>>,
    keys: WeakKeyMap<Hostile, Other, Colliding<2>>,
    values: WeakValueMap<Other, Hostile, Colliding<2>>,
    kept: RefCell<Vec<(Rc<Hostile>, Ref<Hostile>)>>,
}

impl World {
    fn put(&self, class: u32) {
        let object = object(class);
        let reference = Ref::with_callback(&object, |_| run_hook());
        self.kept.borrow_mut().push((Rc::clone(&object), reference));
        self.set.insert(&object);
        self.keys.insert(&object, Other(class));
        self.values.insert(Other(class), &object);
    }

    fn kill(&self, is_kept: impl Fn(u32) -> bool) {
        let (kept, dead): (Vec<_>, Vec<_>) = self
            .kept
            .take()
            .into_iter()
            .partition(|(object, _)| is_kept(object.class));
        self.kept.borrow_mut().extend(kept);
        drop(dead);
    }

    /// Each operation once.
    fn use_everything(&self) {
        self.put(1);
        self.put(7);
        let probe = object(3);
        drop((
            self.set.get(&probe),
            self.set.take(&probe),
            self.set.insert(&probe),
        ));
        drop((self.keys.get(&probe), self.values.get(&Other(3))));
        drop(self.keys.update(&probe, |old| old.map(|_| Other(8))));
        drop(self.values.update(Other(4), |old| old));
        drop(self.values.get_or_insert_with(Other(9), || object(9)));
        drop((self.set.copy(), self.set == self.set.copy()));
        drop((self.set.replace(&object(2)), self.keys.remove(&object(2))));
        self.set.retain(|object| object.class != 5);
        drop((
            self.keys.pop_first(),
            self.values.pop_last(),
            self.values.first(),
        ));
        self.kill(|class| class % 3 != 1);
        self.keys.drain().for_each(drop);
    }

    /// What is listed is found, once, and counted; nobody else is watched.
    fn check(&self) {
        let (set, keys, values) = (&self.set, &self.keys, &self.values);
        assert_eq!(set.iter().count(), set.len());
        assert_eq!(keys.iter().count(), keys.len());
        assert_eq!(values.iter().count(), values.len());
        assert!(
            set.iter()
                .all(|one| set.get(&*one).is_some_and(|found| Rc::ptr_eq(&found, &one)))
        );
        assert!(keys.keys().all(|one| keys.contains_key(&*one)));
        assert!(values.keys().all(|key| values.contains_key(&*key)));
        for (object, reference) in &*self.kept.borrow() {
            assert!(reference.is_alive());
            let entries = usize::from(set.iter().any(|one| Rc::ptr_eq(&one, object)))
                + usize::from(keys.keys().any(|one| Rc::ptr_eq(&one, object)))
                + values
                    .values()
                    .filter(|one| Rc::ptr_eq(one, object))
                    .count();
            assert_eq!(Rc::weak_count(object), 1 + entries);
        }
    }
}

/// Has `hook` run wherever code of the user's can while everything is used, and gives how often that was.
fn play(hook: impl Fn(&World) + 'static) -> usize {
    let world = Rc::new(World::default());
    (0..6).for_each(|class| world.put(class));
    RUNS.set(0);
    let inner = Rc::clone(&world);
    HOOK.set(Some(Rc::new(move || hook(&inner))));
    for _ in 0..3 {
        // Only panics of the hook come out.
        _ = catch_unwind(AssertUnwindSafe(|| world.use_everything()));
    }
    HOOK.set(None);
    world.check();
    world.kill(|_| false);
    assert!(world.set.is_empty() && world.keys.is_empty() && world.values.is_empty());
    RUNS.get()
}

/// S18: all of the user's code looks up, changes and empties the containers.
#[test]
fn everything_is_used_within_everything() {
    let actions: [fn(&World); 5] = [
        World::use_everything,
        |world| (0..10).for_each(|class| world.put(class)),
        |world| world.kill(|class| class % 2 == 0),
        |world| {
            world.set.clear();
            world.keys.clear();
            world.values.clear();
        },
        |world| {
            let open = (world.set.iter(), world.keys.iter(), world.values.iter());
            world.kill(|class| class != 2);
            world.put(2);
            assert!(open.0.count() + open.1.count() + open.2.count() < 10_000);
        },
    ];
    for action in actions {
        assert!(play(action) > 20);
    }
}

/// S5, S18: all of the user's code panics, now and then.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no unwinding")]
fn everything_panics() {
    for often in [1, 2, 3, 5, 7, 11, 20, 50] {
        let count = Cell::new(0);
        let runs = play(move |_| {
            count.set(count.get() + 1);
            // Not while a panic unwinds: that would be the end of any program.
            if count.get() % often == 0 && !std::thread::panicking() {
                resume_unwind(Box::new("hostile"));
            }
        });
        assert!(runs > 0);
        assert!(reports().iter().all(|report| report == "hostile"));
    }
}
