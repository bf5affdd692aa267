//! `weakrefs::rc::lazy`: any objects in `Rc`s. What is the same as for `Arc` is in `lazy.rs`, and in `oracle/`.

use crate::support::rounds;
use crate::{Log, OnDrop};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use weakrefs::rc::lazy::{PtrWeakKeyMap, PtrWeakSet, WeakKeyMap, WeakSet, WeakValueMap};

/// S12, S17, S20: objects of types that are not `Send` and have no slot, in each container.
#[test]
fn objects_of_any_type() {
    let cell = Rc::new(RefCell::new(vec![1]));
    let cells: PtrWeakSet<RefCell<Vec<u8>>> = [&cell].into_iter().collect();
    let owner: Rc<dyn Any> = cell.clone();
    let notes: PtrWeakKeyMap<dyn Any, Rc<str>> = PtrWeakKeyMap::new();
    notes.insert(&owner, "first".into());
    assert!(cells.contains(&cell) && notes.get(&owner).is_some_and(|note| **note == *"first"));

    let names: WeakSet<str> = WeakSet::new();
    let name = names.get_or_insert_with("name", || "name".into());
    let lengths: WeakKeyMap<str, Cell<usize>> = WeakKeyMap::new();
    lengths.insert(&name, Cell::new(4));
    assert!(names.contains("name") && lengths.get("name").is_some_and(|length| length.get() == 4));

    let handlers: WeakValueMap<Rc<str>, dyn Fn() -> usize> = WeakValueMap::new();
    let counted = Rc::clone(&name);
    let handler: Rc<dyn Fn() -> usize> = Rc::new(move || Rc::strong_count(&counted));
    handlers.insert(name.clone(), &handler);
    assert_eq!(handlers.get("name").unwrap()(), 3);

    cell.borrow_mut().push(2);
    drop((cell, owner, handler));
    assert!(cells.iter().next().is_none() && notes.keys().next().is_none());
    assert!(!handlers.contains_key("name") && handlers.len() == 1);
    assert_eq!(
        (
            cells.remove_expired(),
            notes.remove_expired(),
            handlers.remove_expired()
        ),
        (1, 1, 1)
    );
    assert_eq!((handlers.len(), Rc::strong_count(&name)), (0, 1));
}

/// S18, S34: what is swept uses the container; what comes and goes leaves no more than hundreds.
#[test]
fn what_is_swept_may_use_the_container() {
    let log = Log::default();
    let map: PtrWeakKeyMap<u32, OnDrop> = PtrWeakKeyMap::new();
    let kept = Rc::new(7);
    let total = rounds(5000);
    let mut longest = 0;
    for number in 0..total as u32 {
        let (inner, log, kept) = (map.clone(), log.clone(), kept.clone());
        let swept = move || {
            inner.insert(&kept, OnDrop::new(|| ()));
            assert!(inner.contains_key(&kept));
            log.note("");
        };
        map.insert(&Rc::new(number), OnDrop::new(swept));
        longest = longest.max(map.len());
    }
    assert!(longest < 100, "{longest}");
    map.remove_expired();
    assert_eq!((log.take().len(), map.len()), (total, 1));
}
