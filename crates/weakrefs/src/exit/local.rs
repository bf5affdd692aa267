//! The finalizers of objects that stay in one thread, and their running at its end (S31).
//!
//! # Protocol
//! - Each thread has a registry of its own, which nothing tears down, and beside it a [`Guard`], which is made with the
//!   first finalizer, and whose destructor runs what is alive when the thread ends. The thread that exits the process runs
//!   its own as well, before those of all threads.
//! - The newest is taken out and run, and then looked again, until none is left; nothing is borrowed while one runs. After
//!   the outermost run the registry is shut down: no finalizer of the thread runs from then on, and none is kept.

use super::registry::Registry;
use super::{AtExit, Locking, hook};
use crate::no_room::no_room;
use crate::sync::thread_local;
use crate::unraisable::caught;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Running,
    ShutDown,
}

struct Finalizers {
    phase: Cell<Phase>,
    registry: ManuallyDrop<RefCell<Registry<Rc<dyn AtExit>>>>,
}

/// Runs the finalizers when the thread ends.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        run();
    }
}

thread_local! {
    static FINALIZERS: Finalizers = const {
        Finalizers {
            phase: Cell::new(Phase::Open),
            registry: ManuallyDrop::new(RefCell::new(Registry::new())),
        }
    };

    static GUARD: Guard = const { Guard };
}

/// Keeps a finalizer that has just been created.
pub(crate) fn register(finalizer: Rc<dyn AtExit>) {
    if cfg!(not(shuttle)) {
        hook::install();
    }
    // In a thread that is ending there is no guard any more: the run that is under way takes it along.
    _ = GUARD.try_with(|_| ());
    let registered = FINALIZERS.try_with(|finalizers| {
        if finalizers.phase.get() == Phase::ShutDown {
            return Ok(());
        }
        finalizers.registry.borrow_mut().add(finalizer, true)
    });
    if let Ok(Err(refused)) = registered {
        drop(refused);
        no_room();
    }
}

/// Lets go of a finalizer that has ended.
pub(crate) fn unregister(at: *const ()) {
    let entry = FINALIZERS.try_with(|finalizers| finalizers.registry.borrow_mut().remove(at));
    drop(entry);
}

/// Whether no finalizer of this thread is to run any more.
pub(crate) fn is_shut_down() -> bool {
    let phase = FINALIZERS.try_with(|finalizers| finalizers.phase.get());
    phase.unwrap_or(Phase::ShutDown) == Phase::ShutDown
}

/// Runs the finalizers of this thread.
pub(super) fn run() {
    let begun = FINALIZERS.try_with(|finalizers| match finalizers.phase.get() {
        Phase::ShutDown => None,
        _ => Some(finalizers.phase.replace(Phase::Running) == Phase::Open),
    });
    let Ok(Some(is_outermost)) = begun else {
        return;
    };
    let mut recalled = false;
    let mut next =
        || FINALIZERS.try_with(|finalizers| finalizers.registry.borrow_mut().next(&mut recalled));
    while let Ok(Some(finalizer)) = next() {
        finalizer.run(Locking::Normal);
    }
    if is_outermost {
        let left = FINALIZERS.try_with(|finalizers| {
            finalizers.phase.set(Phase::ShutDown);
            finalizers.registry.replace(Registry::new())
        });
        // Those that were not to run: what they own goes now, of each whatever the others do.
        for finalizer in left.into_iter().flat_map(Registry::into_finalizers) {
            caught("dropping a finalizer", || drop(finalizer));
        }
    }
}
