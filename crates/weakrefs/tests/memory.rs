//! Nothing grows without bound (S34), and the dead keep no memory: measured by a counting allocator.

#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use support::{Colliding, Item, item, items};
use weakrefs::{
    PtrWeakKeyMap, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakSet, WeakValueMap, count, lazy, rc,
};

/// Counts the bytes that each thread owns; the tests below do not pass memory between threads.
struct Counting;

thread_local! {
    static OWNED: Cell<isize> = const { Cell::new(0) };
}

fn add(bytes: isize) {
    // A thread that ends may have no thread-locals left.
    let _ = OWNED.try_with(|owned| owned.set(owned.get() + bytes));
}

// SAFETY: all is done by `System`, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-(layout.size() as isize));
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` leaves allocated, in bytes.
fn growth(work: impl FnOnce()) -> isize {
    let before = OWNED.get();
    work();
    OWNED.get() - before
}

/// "A small constant": what the shards of three emptied containers keep, and a few slots and lists.
const SMALL: isize = 24 * 1024;

#[track_caller]
fn assert_returns(work: impl FnOnce()) {
    let growth = growth(work);
    assert!(growth.abs() <= SMALL, "{growth} bytes are left");
}

/// Far more than a small constant.
type Big = Tracked<[u8; 1 << 16]>;

fn big() -> Arc<Big> {
    Arc::new(Tracked::new([0; 1 << 16]))
}

/// S34: a dead reference, whatever its kind, does not pin the allocation of its referent.
#[test]
fn dead_references_do_not_pin_their_referents() {
    let mut kept = Vec::new();
    assert_returns(|| {
        let object = big();
        kept.push(Ref::new(&object));
        kept.push(Ref::with_callback(&object, |_| ()));
        kept.push(kept[0].clone());
        kept.push(Ref::empty());
        drop(object);
        // One that is older than its object, and has met it.
        let object = Arc::new_cyclic(|this| {
            kept.push(Ref::from_weak(this));
            Tracked::new([0; 1 << 16])
        });
        assert!(kept.last().is_some_and(|early| early.upgrade().is_some()));
        drop(object);
    });
    assert!(kept.iter().all(|reference| !reference.is_alive()));
}

/// S34: nor do containers that it was in, nor their open iterators once they are gone.
#[test]
fn containers_do_not_pin_the_dead() {
    let set: PtrWeakSet<Big> = PtrWeakSet::default();
    let keys: PtrWeakKeyMap<Big, [u8; 1 << 16]> = PtrWeakKeyMap::default();
    let values = WeakValueMap::new();
    assert_returns(|| {
        let object = big();
        set.insert(&object);
        keys.insert(&object, [0; 1 << 16]);
        values.insert("key", &object);
        let open = (set.iter(), keys.iter(), values.iter());
        drop(object);
        drop(open);
    });
}

/// S34: where nobody tells of deaths, the dead keep memory until they are taken out, by a sweep or on request.
#[test]
fn lazy_containers_let_go_of_the_dead() {
    let set: lazy::PtrWeakSet<[u8; 1 << 12]> = lazy::PtrWeakSet::new();
    let values: rc::lazy::WeakValueMap<usize, [u8; 1 << 12]> = rc::lazy::WeakValueMap::new();
    assert_returns(|| {
        let churned = growth(|| {
            for number in 0..1000 {
                set.insert(&Arc::new([0; 1 << 12]));
                values.insert(number, &Rc::new([0; 1 << 12]));
            }
        });
        assert!(churned < 200 << 12, "{churned} bytes are left");
        set.remove_expired();
        values.remove_expired();
    });
}

/// S29, S34: finalizers of one thread that end in one way or another.
#[test]
fn finalizers_of_one_thread_come_and_go() {
    let object = Rc::new(rc::Tracked::new(1));
    rc::finalize(&object, || ()).call();
    assert_returns(|| {
        for number in 0..30_000 {
            let called = rc::finalize(&object, move || number);
            let detached = rc::finalize(&object, move || number);
            assert!(called.call() == Some(number) && detached.detach().is_some());
            rc::finalize(&Rc::new(rc::Tracked::new(2)), move || number);
        }
    });
}

/// S34: all of what refers to objects in `Rc`s, dropped before them and after.
#[test]
fn what_is_of_one_thread_leaves_nothing() {
    assert_returns(|| {
        let set = rc::WeakSet::new();
        let notes = rc::PtrWeakKeyMap::new();
        let mut kept = Vec::new();
        for number in 0..30_000 {
            let object = Rc::new(rc::Tracked::new(number));
            set.insert(&object);
            notes.insert(&object, [number; 16]);
            drop((
                rc::Ref::new(&object),
                rc::Proxy::with_callback(&object, |_| ()),
            ));
            let owned = vec![number; 16];
            let reference = rc::Ref::with_callback(&object, move |_| drop(owned));
            if number % 1000 == 0 {
                kept.push((object, reference));
            }
        }
        assert_eq!((set.len(), notes.len(), kept.len()), (30, 30, 30));
    });
}

/// S34: a value that moves out leaves its old memory pinned by its watchers at most until it dies.
#[test]
fn a_moved_value_unpins_its_old_memory_when_it_dies() {
    let mut kept = Vec::new();
    let set: PtrWeakSet<Big> = PtrWeakSet::default();
    assert_returns(|| {
        let object = big();
        kept.push(Ref::new(&object));
        set.insert(&object);
        drop(Arc::into_inner(object));
    });
}

/// S34: a million references made and dropped, to one object.
#[test]
fn references_come_and_go() {
    let object = item(1);
    let kept = Ref::with_callback(&object, |_| ());
    assert_returns(|| {
        for _ in 0..450_000 {
            drop((Ref::new(&object), Ref::with_callback(&object, |_| ())));
        }
        let many: Vec<_> = (0..100_000)
            .map(|_| Ref::with_callback(&object, |_| ()))
            .collect();
        assert_eq!(count(&object), 100_001);
        drop(many);
    });
    assert_eq!(count(&object), 1);
    drop(kept);
}

/// S34: one object in and out of containers.
#[test]
fn entries_come_and_go() {
    let (object, other) = (item(1), item(2));
    let set = WeakSet::new();
    let keys = WeakKeyMap::new();
    let values = WeakValueMap::new();
    values.insert(0, &other);
    assert_returns(|| {
        for number in 0..100_000 {
            set.insert(&object);
            keys.insert(&object, number);
            keys.insert(&object, number + 1);
            // Replacement, too: S16.
            values.insert(0, if number % 2 == 0 { &object } else { &other });
            set.replace(&object);
            keys.update(&object, |old| old.map(|old| *old + 1));
            assert!(set.remove(&object) && keys.remove(&object).is_some());
        }
    });
}

/// S34: a long-lived object, and containers that come and go.
#[test]
fn containers_come_and_go() {
    let objects = items(0..3);
    assert_returns(|| {
        for number in 0..20_000 {
            let set: WeakSet<Item> = objects.iter().collect();
            let keys = WeakKeyMap::new();
            keys.insert(&objects[0], number);
            let values = WeakValueMap::new();
            values.insert(number, &objects[1]);
            assert_eq!(set.iter().count(), 3);
        }
    });
    assert!(objects.iter().all(|object| Arc::weak_count(object) == 0));
}

/// S34: a container that held many entries and lost them is as small as a new one, in whatever order
/// they went, also under an open iterator once that is closed.
#[test]
fn mass_death_gives_memory_back() {
    let set = WeakSet::new();
    let keys = WeakKeyMap::new();
    let values = WeakValueMap::new();
    for round in 0..4 {
        assert_returns(|| {
            let mut objects = items(0..30_000);
            for object in &objects {
                set.insert(object);
                keys.insert(object, ***object);
                values.insert(***object, object);
            }
            let open = (round == 2).then(|| (set.iter(), keys.iter(), values.iter()));
            match round {
                0 => objects.reverse(),
                1 => objects.sort_by_key(|object| (***object).wrapping_mul(0x9E37_79B9)),
                3 => drop((set.drain(), keys.drain(), values.drain())),
                _ => {}
            }
            drop(objects);
            drop(open);
        });
        assert_eq!((set.len(), keys.len(), values.len()), (0, 0, 0));
    }
}

/// S34: churn in a large container does not grow it.
#[test]
fn churn_does_not_grow() {
    let set = WeakSet::new();
    let mut objects: std::collections::VecDeque<_> = items(0..1000).into();
    set.extend(&objects);
    let mut churn = |rounds| {
        for value in 0..rounds {
            objects.pop_front();
            objects.push_back(item(1000 + value));
            set.insert(objects.back().unwrap());
        }
    };
    churn(3000);
    let growth = growth(|| churn(100_000));
    assert!(growth < 100_000, "{growth} bytes");
    assert_eq!(set.len(), 1000);
}

/// S34, S18: operations that end by a panic of the user's code leave no place on a list behind.
#[test]
fn panicking_comparisons_leave_nothing_behind() {
    #[derive(Debug)]
    struct Bomb;
    impl PartialEq for Bomb {
        fn eq(&self, _: &Self) -> bool {
            std::panic::resume_unwind(Box::new(()))
        }
    }
    impl Eq for Bomb {}
    impl std::hash::Hash for Bomb {
        fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
    }
    let objects = items(0..2);
    let values = WeakValueMap::with_hasher(Colliding::<1>);
    let bombs = [Arc::new(Tracked::new(Bomb)), Arc::new(Tracked::new(Bomb))];
    let set = WeakSet::with_hasher(Colliding::<1>);
    let keys = WeakKeyMap::with_hasher(Colliding::<1>);
    values.insert(Bomb, &objects[0]);
    set.insert(&bombs[0]);
    keys.insert(&bombs[0], 0);
    let fails = |work: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
    let _watched = (Ref::new(&objects[1]), Ref::new(&bombs[1]));
    assert_returns(|| {
        for _ in 0..3000 {
            fails(&|| drop(values.insert(Bomb, &objects[1])));
            fails(&|| drop(values.update(Bomb, |_| Some(objects[1].clone()))));
            fails(&|| drop(set.replace(&bombs[1])));
            fails(&|| assert!(set.insert(&bombs[1])));
            fails(&|| drop(keys.insert(&bombs[1], 1)));
        }
    });
    assert_eq!((values.len(), set.len(), keys.len()), (1, 1, 1));
}

/// S34: values that move back and forth, with dead entries that are swept: the lists do not grow.
#[test]
fn moves_leave_nothing_behind() {
    let set: PtrWeakSet<Item> = PtrWeakSet::default();
    let keys: PtrWeakKeyMap<Item, u32> = PtrWeakKeyMap::default();
    assert_returns(|| {
        let mut object = item(1);
        for number in 0..20_000 {
            set.insert(&object);
            keys.insert(&object, number);
            object = Arc::new(Arc::into_inner(object).unwrap());
            // So that sweeping comes before the old entries learn of it.
            if number % 10 == 0 {
                let others = items(0..100);
                set.extend(&others);
            }
        }
        drop(object);
    });
    assert!(set.is_empty() && keys.is_empty());
}
