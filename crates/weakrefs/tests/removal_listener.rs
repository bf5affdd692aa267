//! Who is told of what leaves a container, and why.

mod support;

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use support::reports;
use weakrefs::RemovalCause::{self, Died, Removed, Replaced};
use weakrefs::{Tracked, WeakKeyMap, WeakSet, WeakValueMap, lazy, rc};

/// What was told.
type Told<T> = Arc<Mutex<Vec<(T, RemovalCause)>>>;

fn take<T>(told: &Told<T>) -> Vec<(T, RemovalCause)> {
    std::mem::take(&mut *told.lock().unwrap())
}

fn objects<const N: usize>() -> [Arc<Tracked<usize>>; N] {
    std::array::from_fn(|n| Arc::new(Tracked::new(n)))
}

fn listened_values() -> (WeakValueMap<usize, Tracked<usize>>, Told<usize>) {
    let (map, told) = (WeakValueMap::new(), Told::default());
    let log = Arc::clone(&told);
    map.set_removal_listener(move |key: &Arc<usize>, cause| {
        log.lock().unwrap().push((**key, cause));
    });
    (map, told)
}

/// S16, S20: whatever way an entry of a value map takes, its key is told once, with the cause.
#[test]
fn keys_of_a_value_map() {
    let (map, told) = listened_values();
    let [a, b, c, d, e] = objects();
    map.insert(0, &a);
    assert!(map.try_insert(0, &b).is_err());
    assert_eq!(map.get_or_insert_with(0, || unreachable!()), a);
    assert!(take(&told).is_empty(), "nothing has left");

    map.insert(0, &b);
    assert_eq!(take(&told), [(0, Replaced)]);
    drop(a);
    assert!(take(&told).is_empty(), "it had left before");
    map.update(0, |_| Some(Arc::clone(&c)));
    assert_eq!(take(&told), [(0, Replaced)]);
    map.update(0, |_| None);
    assert_eq!(take(&told), [(0, Removed)]);

    for (key, object) in [(1, &b), (2, &c), (3, &d), (4, &e)] {
        map.insert(key, object);
    }
    assert!(map.remove_if(&1, |_, _| false).is_none());
    assert!(take(&told).is_empty(), "it stays");
    assert!(map.remove_if(&1, |_, _| true).is_some());
    assert!(map.remove(&1).is_none());
    assert_eq!(take(&told), [(1, Removed)]);
    map.retain(|key, _| **key != 2);
    assert_eq!(take(&told), [(2, Removed)]);
    drop(map.pop_last());
    assert_eq!(take(&told), [(4, Removed)]);
    drop(d);
    assert_eq!(take(&told), [(3, Died)]);

    map.extend([(5, &b), (6, &c)]);
    let drained = map.drain();
    assert_eq!(take(&told), [(5, Removed), (6, Removed)], "at once");
    drop(drained);
    map.insert(7, &b);
    map.clear();
    assert_eq!(take(&told), [(7, Removed)]);
}

/// S19, S20: the same of a key map, whose values are told: also the one that is replaced.
#[test]
fn values_of_a_key_map() {
    let (map, told) = (WeakKeyMap::new(), Told::default());
    let log = Arc::clone(&told);
    map.set_removal_listener(move |value: &Arc<&str>, cause| {
        log.lock().unwrap().push((**value, cause));
    });
    let [a, b, c] = objects();
    map.insert(&a, "a");
    map.insert(&a, "new a");
    assert_eq!(take(&told), [("a", Replaced)]);
    map.update(&a, |_| Some("newest a"));
    assert_eq!(take(&told), [("new a", Replaced)]);
    drop(a);
    assert_eq!(take(&told), [("newest a", Died)]);
    map.insert(&b, "b");
    map.insert(&c, "c");
    map.update(&c, |_| None);
    map.remove(&b);
    assert_eq!(take(&told), [("c", Removed), ("b", Removed)]);
    let copy = map.copy();
    copy.insert(&b, "b");
    copy.clear();
    assert!(take(&told).is_empty(), "a copy has no listener");
}

/// S20: of a set, what happens to an element.
#[test]
fn causes_of_a_set() {
    let (set, told) = (WeakSet::new(), Told::default());
    let log = Arc::clone(&told);
    set.set_removal_listener(move |cause| log.lock().unwrap().push(((), cause)));
    let [one, other] = [1, 1].map(|n| Arc::new(Tracked::new(n)));
    set.insert(&one);
    set.insert(&other);
    assert!(take(&told).is_empty());
    set.replace(&other);
    set.remove(&one);
    set.insert(&one);
    drop(one);
    let causes: Vec<_> = take(&told).into_iter().map(|((), cause)| cause).collect();
    assert_eq!(causes, [Replaced, Removed, Died]);
}

/// S18: the listener may use its container, exchange itself, and take the last of what it is told of.
#[test]
fn it_may_use_the_container() {
    let (map, told) = listened_values();
    let keeper = Arc::new(Tracked::new(100));
    let (inner, log, kept) = (map.clone(), Arc::clone(&told), Arc::clone(&keeper));
    map.set_removal_listener(move |key: &Arc<usize>, cause| {
        assert!(!inner.contains_key(&**key), "it has left");
        inner.insert(**key + 10, &kept);
        let last = Arc::clone(&log);
        inner.set_removal_listener(move |key, cause| last.lock().unwrap().push((**key, cause)));
        log.lock().unwrap().push((**key, cause));
    });
    let [a, b] = objects();
    map.insert(0, &a);
    map.insert(1, &b);
    drop(a);
    assert_eq!(take(&told), [(0, Died)]);
    assert!(map.contains_key(&10));
    drop(b);
    assert_eq!(take(&told), [(1, Died)]);
    assert!(!map.contains_key(&11), "another listener");
    map.clear();
    assert_eq!(take(&told), [(10, Removed)]);
}

/// S5: a listener that panics keeps nobody from anything.
#[test]
fn a_panic_is_reported() {
    assert!(reports().is_empty());
    let map = WeakValueMap::new();
    map.set_removal_listener(|_: &Arc<usize>, _| resume_unwind(Box::new("expected")));
    let [a, b] = objects();
    map.insert(1, &a);
    map.insert(2, &b);
    drop(a);
    assert!(map.remove(&2).is_some());
    assert!(map.is_empty());
    assert_eq!(reports(), ["expected", "expected"]);
}

/// Panics when it is dropped.
struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        resume_unwind(Box::new("dropped"));
    }
}

/// S5: nor does what a listener owns, be it dropped by who has just called it, after a panic of its own, or with the
/// container.
#[test]
fn what_it_owns_may_panic() {
    assert!(reports().is_empty());
    let (map, owned) = (WeakValueMap::new(), Panics);
    let inner = map.clone();
    map.set_removal_listener(move |_: &Arc<usize>, _| {
        let _ = &owned;
        inner.set_removal_listener(|_, _| ());
        resume_unwind(Box::new("called"));
    });
    let [a, b] = objects();
    map.insert(1, &a);
    drop(a);
    assert_eq!(reports(), ["called", "dropped"]);

    let owned = Panics;
    map.set_removal_listener(move |_: &Arc<usize>, _| _ = &owned);
    map.insert(2, &b);
    drop(map);
    assert_eq!(reports(), ["dropped"]);
}

/// S34: when the container goes, its listener goes, and is told nothing of what is left.
#[test]
fn it_goes_with_the_container() {
    let (map, told) = listened_values();
    let listening = Arc::new(());
    let (held, log) = (Arc::clone(&listening), Arc::clone(&told));
    map.set_removal_listener(move |key: &Arc<usize>, cause| {
        let _ = &held;
        log.lock().unwrap().push((**key, cause));
    });
    let [a] = objects();
    map.insert(1, &a);
    assert_eq!(Arc::strong_count(&listening), 2);
    drop(map);
    assert_eq!(Arc::strong_count(&listening), 1);
    drop(a);
    assert!(take(&told).is_empty());
}

/// S20, S33: threads that make the container spread, before and after it has a listener, lose no telling.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn threads_are_told_of_too() {
    let count = if cfg!(miri) { 50 } else { 5_000 };
    let map: WeakValueMap<usize, Tracked<usize>> = WeakValueMap::new();
    let told = Told::default();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (map, told) = (&map, &told);
            scope.spawn(move || {
                for n in 0..count {
                    if thread == 0 && n == count / 2 {
                        let log = Arc::clone(told);
                        map.set_removal_listener(move |key: &Arc<usize>, cause| {
                            log.lock().unwrap().push((**key, cause));
                        });
                    }
                    let object = Arc::new(Tracked::new(n));
                    map.insert(thread * count + n, &object);
                }
            });
        }
    });
    let mut told = take(&told);
    assert!(told.iter().all(|(_, cause)| *cause == Died));
    told.sort_unstable_by_key(|(key, _)| *key);
    let of_the_first: Vec<_> = told
        .iter()
        .map(|(key, _)| *key)
        .take(count - count / 2)
        .collect();
    assert!(of_the_first.into_iter().eq(count / 2..count));
    assert!(map.is_empty());
}

/// Of objects that nobody tells of, it hears when they are found dead.
#[test]
fn a_lazy_container_tells_later() {
    let map = lazy::WeakValueMap::new();
    let told: Told<usize> = Told::default();
    let log = Arc::clone(&told);
    map.set_removal_listener(move |key: &Arc<usize>, cause| {
        log.lock().unwrap().push((**key, cause));
    });
    let (one, other) = (Arc::new("one"), Arc::new("other"));
    map.insert(1, &one);
    map.insert(2, &other);
    drop(one);
    assert!(take(&told).is_empty());
    assert_eq!(map.remove_expired(), 1);
    assert_eq!(take(&told), [(1, Died)]);
    drop(other);
    map.insert(2, &Arc::new("new"));
    assert_eq!(take(&told), [(2, Died)], "an equal key finds it");
}

/// In one thread, neither listener nor what it is told of is `Send`.
#[test]
fn it_may_stay_in_its_thread() {
    let map = rc::WeakValueMap::new();
    let told = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&told);
    map.set_removal_listener(move |key: &Rc<Rc<str>>, cause| {
        log.borrow_mut().push((Rc::clone(key), cause));
    });
    let object = Rc::new(rc::Tracked::new(RefCell::new(1)));
    map.insert(Rc::from("key"), &object);
    drop(object);
    assert_eq!(*told.borrow(), [(Rc::new(Rc::from("key")), Died)]);
}
