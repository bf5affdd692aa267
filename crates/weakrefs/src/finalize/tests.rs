//! What finalizers leave behind: in the registry, on the list of watchers, in a fork.

use super::*;
use crate::{Ref, Tracked, WeakSlot};
use std::sync::atomic::{AtomicBool, Ordering};

fn is_watching<T: ?Sized + WeakReferenceable>(object: &Arc<T>) -> bool {
    let watchers = object.weak_slot().watchers().unwrap();
    !watchers.mortals(home_of(object)).is_empty()
}

fn is_registered<T: ?Sized + WeakReferenceable, R: 'static>(
    finalizer: &Finalizer<Arc<T>, R>,
) -> bool {
    // One in the handle, one in the registry.
    Arc::strong_count(&finalizer.object) > 1
}

/// S34: who is called or detached leaves registry and list at once.
#[test]
fn the_ended_leave() {
    let object = Arc::new(Tracked::new(1));
    let (called, detached) = (finalize(&object, || ()), finalize(&object, || ()));
    assert!(is_registered(&called) && is_registered(&detached));
    called.call();
    assert!(!is_registered(&called) && is_watching(&object));
    drop(detached.detach());
    assert!(!is_registered(&detached) && !is_watching(&object));
}

/// S1, S34: at death it gives the object's memory up before a callback runs, and leaves the
/// registry.
#[test]
fn the_dead_keep_no_memory() {
    let object = Arc::new(Tracked::new(1));
    let finalizer = finalize(&object, || ());
    let (handle, given_up) = (finalizer.clone(), Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&given_up);
    let _newer = Ref::with_callback(&object, move |_| {
        let task = handle.object.task.lock();
        let referent = &task.as_ref().unwrap().referent;
        seen.store(referent.is_none(), Ordering::Relaxed);
    });
    drop(object);
    assert!(given_up.load(Ordering::Relaxed));
    assert!(!finalizer.alive() && !is_registered(&finalizer));
}

/// S34: a finalizer that was told of a death before it was registered does not stay there.
#[test]
fn the_ended_do_not_register() {
    struct Shares(Arc<Tracked<i32>>);

    impl WeakReferenceable for Shares {
        fn weak_slot(&self) -> &WeakSlot {
            self.0.weak_slot()
        }
    }

    let inner = Arc::new(Tracked::new(1));
    let outer = Arc::new(Shares(Arc::clone(&inner)));
    let finalizer = Finalizer::watching(&outer, Box::new(|| ()));
    let _elsewhere = Ref::new(&inner);
    assert!(!finalizer.alive());
    finalizer.keep();
    assert!(!is_registered(&finalizer));
}

/// S31, S33: a fork does not run the finalizer that another thread was just ending, but the rest.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_fork_runs_what_it_can_lock() {
    use crate::exit::forks::{Process, holding};

    let parent = Process::current();
    let object = Arc::new(Tracked::new(1));
    finalize(&object, move || {
        if parent.is_not_here() {
            Process::end(1);
        }
    });
    let blocked = finalize(&object, move || {
        if parent.is_not_here() {
            Process::end(2);
        }
    });
    let child = holding(
        || blocked.object.task.lock(),
        || Process::fork_unlocked(|| std::process::exit(3)),
    );
    assert_eq!(child.exit_code(), 1);
}
