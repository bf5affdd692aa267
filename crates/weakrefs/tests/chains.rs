//! Chains of deaths: each object's entry, callback or finalizer owns the next object, and no length overflows a stack
//! (S35). All has been dropped when the outermost drop returns (S2).

mod support;

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use support::{Log, Noting, reports, rounds};
use weakrefs::{PtrWeakKeyMap, Ref, Tracked, WeakReferenceable, WeakSlot, WeakValueMap, finalize};

/// So long a recursion would need a hundred megabytes of stack, and more.
const LENGTH: usize = 200_000;

/// What threads have here: a fraction of the usual.
const STACK: usize = 256 << 10;

/// An object that counts deaths.
#[derive(WeakReferenceable)]
struct Node {
    slot: WeakSlot,
    dead: Arc<AtomicUsize>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.dead.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes a chain of nodes, each of which `own` makes the owner of the next one, and drops the first in a thread with a
/// small stack.
fn falls(length: usize, mut own: impl FnMut(&Arc<Node>, Arc<Node>)) {
    let dead = Arc::new(AtomicUsize::new(0));
    let node = || {
        Arc::new(Node {
            slot: WeakSlot::new(),
            dead: Arc::clone(&dead),
        })
    };
    let mut first = node();
    for _ in 1..length {
        let owner = node();
        own(&owner, first);
        first = owner;
    }
    let small = thread::Builder::new().stack_size(STACK);
    let count = Arc::clone(&dead);
    let fall = small.spawn(move || {
        drop(first);
        count.load(Ordering::Relaxed)
    });
    assert_eq!(fall.unwrap().join().unwrap(), length, "all of it, at once");
}

fn length() -> usize {
    rounds(LENGTH)
}

/// S2, S35: values of a map by weak keys.
#[test]
fn through_values() {
    let map = PtrWeakKeyMap::default();
    falls(length(), |owner, next| {
        map.insert(owner, next);
    });
    assert_eq!(map.len(), 0);
}

/// A key that owns an object.
struct Owner(usize, #[allow(dead_code, reason = "owned")] Arc<Node>);

impl PartialEq for Owner {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Owner {}

impl Hash for Owner {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// S2, S35: keys of a map of weak values.
#[test]
fn through_keys() {
    let map = WeakValueMap::new();
    let mut number = 0;
    falls(length(), |owner, next| {
        number += 1;
        map.insert(Owner(number, next), owner);
    });
    assert_eq!(map.len(), 0);
}

/// S2, S35: what callbacks own, whether they drop it themselves or it goes with them.
#[test]
fn through_callbacks() {
    let mut references = Vec::new();
    falls(length(), |owner, next| {
        references.push(Ref::with_callback(owner, move |_| drop(next)));
    });
    assert!(references.iter().all(|reference| !reference.is_alive()));
}

/// S2, S35: what finalizers own.
#[test]
fn through_finalizers() {
    falls(length(), |owner, next| {
        finalize(owner, move || drop(next));
    });
}

/// S2, S35: everything at once, several ways from each object to the next.
#[test]
fn through_all_of_them() {
    let (values, keys) = (PtrWeakKeyMap::default(), WeakValueMap::new());
    let mut references = Vec::new();
    let mut number = 0;
    falls(length() / 4, |owner, next| {
        number += 1;
        values.insert(owner, Arc::clone(&next));
        keys.insert(Owner(number, Arc::clone(&next)), owner);
        let shared = Arc::clone(&next);
        references.push(Ref::with_callback(owner, move |_| drop(shared)));
        finalize(owner, move || drop(next));
    });
    assert_eq!((values.len(), keys.len()), (0, 0));
}

/// S4, S35: callbacks that are never called, of references that the objects own.
#[test]
fn through_references_that_go() {
    struct Link {
        _callback: Ref<Tracked<()>>,
        _dead: Noted,
    }
    struct Noted(Arc<AtomicUsize>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (anchor, dead) = (Arc::new(Tracked::new(())), Arc::new(AtomicUsize::new(0)));
    let mut first = None;
    for _ in 0..length() {
        let next: Option<Box<Link>> = first.take();
        first = Some(Box::new(Link {
            _callback: Ref::with_callback(&anchor, move |_| drop(next)),
            _dead: Noted(Arc::clone(&dead)),
        }));
    }
    let small = thread::Builder::new().stack_size(STACK);
    small.spawn(move || drop(first)).unwrap().join().unwrap();
    assert_eq!(dead.load(Ordering::Relaxed), length());
}

/// S35: containers that objects own, whose values own the next object.
#[test]
fn through_containers_that_go() {
    struct Link {
        _notes: PtrWeakKeyMap<Tracked<()>, Mutex<Option<Box<Link>>>>,
    }
    let anchor = Arc::new(Tracked::new(()));
    let mut first = None;
    for _ in 0..length() / 10 {
        let notes = PtrWeakKeyMap::default();
        notes.insert(&anchor, Mutex::new(first.take()));
        first = Some(Box::new(Link { _notes: notes }));
    }
    let small = thread::Builder::new().stack_size(STACK);
    small.spawn(move || drop(first)).unwrap().join().unwrap();
}

/// S5, S35: a panic at each link breaks nothing.
#[test]
fn a_chain_of_panics_falls() {
    let length = rounds(1000);
    let dead = Arc::new(AtomicUsize::new(0));
    let node = |dead: &Arc<AtomicUsize>| Node {
        slot: WeakSlot::new(),
        dead: Arc::clone(dead),
    };
    let mut references = Vec::new();
    let mut first = Arc::new(node(&dead));
    for _ in 1..length {
        let (owner, next) = (Arc::new(node(&dead)), first);
        references.push(Ref::with_callback(&owner, move |_| {
            let _next = next;
            std::panic::resume_unwind(Box::new("expected"));
        }));
        first = owner;
    }
    reports();
    drop(first);
    assert_eq!(reports().len(), length - 1);
    assert_eq!(dead.load(Ordering::Relaxed), length);
}

/// S2: in a callback, too, the death of another object has been told when its drop returns.
#[test]
fn a_nested_death_is_told_at_once() {
    let log = Log::default();
    let inner = Arc::new(Tracked::new(()));
    let outer = Arc::new(Tracked::new(()));
    let told = log.clone();
    let _inner = Ref::with_callback(&inner, move |_| told.note("inner"));
    let told = log.clone();
    let _outer = Ref::with_callback(&outer, move |_| {
        told.note("before");
        drop(inner);
        told.note("after");
    });
    drop(outer);
    assert_eq!(log.take(), ["before", "inner", "after"]);
}

/// S2: deep in a chain, too, references read dead and entries have left when a drop returns; and when what that death sets
/// off has its turn, it is in the usual order.
#[test]
fn the_order_of_a_death_that_waits() {
    let log = Log::default();
    let values = PtrWeakKeyMap::default();
    let last = Arc::new(Tracked::new(()));
    values.insert(&last, Noting("value", log.clone()));
    let mut references = Vec::new();
    for name in ["oldest", "newest"] {
        let told = log.clone();
        references.push(Ref::with_callback(&last, move |_| told.note(name)));
    }
    let (told, seen, plain) = (log.clone(), values.clone(), Ref::new(&last));
    let link = Arc::new(Tracked::new(()));
    references.push(Ref::with_callback(&link, move |_| {
        drop(last);
        let is_gone = seen.is_empty() && !plain.is_alive();
        told.note(if is_gone { "gone" } else { "still there" });
    }));
    let mut first = link;
    for _ in 0..100 {
        let (owner, next) = (Arc::new(Tracked::new(())), first);
        references.push(Ref::with_callback(&owner, move |_| drop(next)));
        first = owner;
    }
    drop(first);
    let told = log.take();
    assert_eq!(told.iter().filter(|event| *event == "gone").count(), 1);
    let others: Vec<_> = told.into_iter().filter(|event| event != "gone").collect();
    assert_eq!(others, ["value", "newest", "oldest"]);
}

/// S35: at the end of a thread, after the destructors of other thread-locals.
#[test]
fn in_the_destructor_of_a_thread_local() {
    use std::cell::RefCell;

    thread_local! {
        static LAST: RefCell<Option<Arc<Node>>> = const { RefCell::new(None) };
    }
    let (dead, map) = (Arc::new(AtomicUsize::new(0)), PtrWeakKeyMap::default());
    let length = length() / 10;
    let mut first: Option<Arc<Node>> = None;
    for _ in 0..length {
        let owner = Arc::new(Node {
            slot: WeakSlot::new(),
            dead: Arc::clone(&dead),
        });
        if let Some(next) = first.take() {
            map.insert(&owner, next);
        }
        first = Some(owner);
    }
    let small = thread::Builder::new().stack_size(STACK);
    let end = small.spawn(move || LAST.set(first));
    end.unwrap().join().unwrap();
    assert_eq!((dead.load(Ordering::Relaxed), map.len()), (length, 0));
}
