//! The locks of the crate: parking_lot's, or those of `shuttle` when its models explore the orders of
//! events (`--cfg shuttle`).
//!
//! Nothing of the user's ever runs under one of them (S33), and no thread holds a lock of one kind
//! (a list of watchers, a reference, a container, the registry of finalizers) while it takes one of
//! another.

#[cfg(not(shuttle))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

#[cfg(shuttle)]
pub(crate) use self::models::{Condvar, Mutex, MutexGuard};

/// Where a model may switch to another thread: beside the operations of `Arc`, which it cannot see.
#[inline(always)]
pub(crate) fn yield_point() {
    #[cfg(shuttle)]
    shuttle::thread::yield_now();
}

/// `shuttle`'s locks with parking_lot's interface.
#[cfg(shuttle)]
mod models {
    pub(crate) use shuttle::sync::MutexGuard;

    #[derive(Default)]
    pub(crate) struct Mutex<T: ?Sized>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }
    }

    impl<T: ?Sized> Mutex<T> {
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0
                .lock()
                .expect("no code that panics runs under a lock")
        }

        pub(crate) fn get_mut(&mut self) -> &mut T {
            self.0
                .get_mut()
                .expect("no code that panics runs under a lock")
        }
    }

    #[derive(Default)]
    pub(crate) struct Condvar(shuttle::sync::Condvar);

    impl Condvar {
        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            replace_with(guard, |guard| {
                self.0
                    .wait(guard)
                    .expect("no code that panics runs under a lock")
            });
        }
    }
}
