//! Comparisons that change the container each time: what compares ends all the same (S35).

mod support;

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use support::{Colliding, within};
use weakrefs::{WeakReferenceable, WeakSet, WeakSlot};

type Set = WeakSet<Endless, Colliding<1>>;

thread_local! {
    static SET: RefCell<Set> = RefCell::default();
    static ELEMENTS: RefCell<Vec<Arc<Endless>>> = const { RefCell::new(Vec::new()) };
    static ADDS: Cell<bool> = const { Cell::new(false) };
}

/// Adds another one of equal hash whenever it is compared.
#[derive(WeakReferenceable)]
struct Endless {
    slot: WeakSlot,
    number: usize,
}

fn endless(number: usize) -> Arc<Endless> {
    let slot = WeakSlot::new();
    Arc::new(Endless { slot, number })
}

fn add() {
    let number = ELEMENTS.with_borrow(Vec::len);
    let new = endless(number);
    SET.with_borrow(Clone::clone).insert(&new);
    ELEMENTS.with_borrow_mut(|elements| elements.push(new));
}

impl PartialEq for Endless {
    fn eq(&self, other: &Self) -> bool {
        if ADDS.replace(false) {
            add();
            ADDS.set(true);
        }
        self.number == other.number
    }
}

impl Eq for Endless {}

impl Hash for Endless {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// S18, S35: a lookup, an insertion and a removal.
#[test]
fn what_compares_ends() {
    within(60, || {
        let set = SET.with_borrow(Clone::clone);
        let comparing = |work: &dyn Fn(&Arc<Endless>)| {
            ELEMENTS.take();
            add();
            ADDS.set(true);
            work(&endless(usize::MAX));
            ADDS.set(false);
            assert_eq!(set.len(), ELEMENTS.with_borrow(Vec::len));
        };
        comparing(&|sought| assert!(set.insert(sought)));
        comparing(&|sought| assert!(set.replace(sought).is_none()));
        comparing(&|sought| assert!(!set.contains(sought)));
        comparing(&|sought| assert!(!set.remove(sought)));
        comparing(&|sought| drop(set.get_or_insert_with(&**sought, || endless(0))));
    });
}
