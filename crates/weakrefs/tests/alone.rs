//! Everything in one thread, without a panic and at last without finalizers: what there is on WebAssembly, too, where
//! nothing says which process it is (S31, S35).

mod support;

use support::{Log, item, rounds};
use weakrefs::{
    Ref, WeakKeyMap, WeakSet, WeakValueMap, finalize, run_exit_finalizers, set_unraisable_hook,
};

/// S2, S31, S35: a death, a long chain of deaths, an exit that is called, and what is inert afterwards.
#[test]
fn from_the_first_reference_to_the_exit() {
    let log = Log::default();
    set_unraisable_hook(|unraisable| panic!("{unraisable}"));
    let (set, keys, values) = (WeakSet::new(), WeakKeyMap::new(), WeakValueMap::new());
    let object = item(1);
    set.insert(&object);
    keys.insert(&object, "value");
    values.insert("key", &object);
    let told = log.clone();
    let reference = Ref::with_callback(&object, move |_| told.note("callback"));
    let told = log.clone();
    finalize(&object, move || told.note("finalizer"));
    assert!(values.get_or_insert_with("key", || item(2)) == object);
    drop(object);
    assert_eq!(log.take(), ["finalizer", "callback"]);
    assert!(!reference.is_alive());
    assert_eq!((set.len(), keys.len(), values.len()), (0, 0, 0));

    let mut first = item(0);
    for number in 1..rounds(10_000) as u32 {
        let (owner, next) = (item(number), first);
        finalize(&owner, move || drop(next));
        first = owner;
    }
    drop(first);

    let object = item(3);
    let told = log.clone();
    let finalizer = finalize(&object, move || told.note("exit"));
    run_exit_finalizers();
    assert_eq!(log.take(), ["exit"]);
    let late = finalize(&object, || unreachable!("shut down"));
    assert!(!finalizer.alive() && late.call().is_none());
}
