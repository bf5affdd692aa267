//! Chains of deaths in a thread with a small stack (S2, S35): each object's entry, callback or finalizer owns the next object.

use crate::support::rounds;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::thread;
use weakrefs::rc::{PtrWeakKeyMap, Ref, WeakReferenceable, WeakSlot, WeakValueMap, finalize};

/// So long a recursion would need a hundred megabytes of stack, and more.
const LENGTH: usize = 200_000;

/// What threads have here: a fraction of the usual.
const STACK: usize = 256 << 10;

/// An object that counts deaths.
#[derive(WeakReferenceable)]
struct Node {
    slot: WeakSlot,
    dead: Rc<Cell<usize>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.dead.set(self.dead.get() + 1);
    }
}

/// Makes a chain of nodes, each of which `own` makes the owner of the next one, and drops the first: in a thread with a
/// small stack.
fn falls(own: impl Fn(&Rc<Node>, Rc<Node>, &RefCell<Vec<Ref<Node>>>) + Send + 'static) {
    let small = thread::Builder::new().stack_size(STACK);
    let fall = small.spawn(move || {
        let length = rounds(LENGTH);
        let dead = Rc::new(Cell::new(0));
        let node = || {
            let dead = Rc::clone(&dead);
            let slot = WeakSlot::new();
            Rc::new(Node { slot, dead })
        };
        let references = RefCell::default();
        let mut first = node();
        for _ in 1..length {
            let owner = node();
            own(&owner, first, &references);
            first = owner;
        }
        drop(first);
        assert_eq!(dead.get(), length, "all of it, at once");
        assert!(
            references
                .take()
                .iter()
                .all(|reference| !reference.is_alive())
        );
    });
    fall.unwrap().join().unwrap();
}

thread_local! {
    static VALUES: PtrWeakKeyMap<Node, Rc<Node>> = const { PtrWeakKeyMap::new() };
    static KEYS: WeakValueMap<usize, Node> = WeakValueMap::new();
}

/// S2, S35: values of a map by weak keys.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn through_values() {
    falls(|owner, next, _| VALUES.with(|values| drop(values.insert(owner, next))));
}

/// S2, S35: what callbacks own, whether they drop it themselves or it goes with them.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn through_callbacks() {
    falls(|owner, next, references| {
        let reference = Ref::with_callback(owner, move |_| drop(next));
        references.borrow_mut().push(reference);
    });
}

/// S2, S35: what finalizers own.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn through_finalizers() {
    falls(|owner, next, _| drop(finalize(owner, move || drop(next))));
}

/// S2, S35: several ways from each object to the next.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn through_all_of_them() {
    falls(|owner, next, references| {
        VALUES.with(|values| drop(values.insert(owner, Rc::clone(&next))));
        let (noted, shared) = (Rc::as_ptr(owner).addr(), Rc::clone(&next));
        KEYS.with(|keys| drop(keys.insert(noted, owner)));
        let reference = Ref::with_callback(owner, move |dead| {
            assert!(!dead.is_alive() && !KEYS.with(|keys| keys.contains_key(&noted)));
            drop(shared);
        });
        references.borrow_mut().push(reference);
        finalize(owner, move || drop(next));
    });
}

/// S35: at the end of a thread, in the destructor of another thread-local.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn at_the_end_of_a_thread() {
    struct Told(std::sync::mpsc::Sender<usize>, Rc<Cell<usize>>);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send(self.1.get()).unwrap();
        }
    }

    thread_local! {
        static LAST: RefCell<Option<(Rc<Node>, Told)>> = const { RefCell::new(None) };
    }

    let (tell, told) = std::sync::mpsc::channel();
    let length = rounds(LENGTH / 10);
    let small = thread::Builder::new().stack_size(STACK);
    let end = small.spawn(move || {
        let dead = Rc::new(Cell::new(0));
        let map = PtrWeakKeyMap::new();
        let mut first: Option<Rc<Node>> = None;
        for _ in 0..length {
            let owner = Rc::new(Node {
                slot: WeakSlot::new(),
                dead: Rc::clone(&dead),
            });
            if let Some(next) = first.take() {
                map.insert(&owner, next);
            }
            first = Some(owner);
        }
        // The fields of a pair are dropped in their order.
        LAST.set(first.map(|first| (first, Told(tell, dead))));
    });
    end.unwrap().join().unwrap();
    assert_eq!(told.try_recv(), Ok(length));
}
