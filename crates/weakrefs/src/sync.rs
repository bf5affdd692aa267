//! The locks of the crate: parking_lot's, or those of `shuttle` when its models explore the orders of
//! events (`--cfg shuttle`; `tests/models.rs`).
//!
//! Nothing of the user's ever runs under one of them (S33), and no thread holds a lock of one kind
//! (a list of watchers, a reference, a container, the registry of finalizers) while it takes one of
//! another.

#[cfg(not(target_has_atomic = "64"))]
pub(crate) use portable_atomic::AtomicU64;
#[cfg(target_has_atomic = "64")]
pub(crate) use std::sync::atomic::AtomicU64;

#[cfg(not(shuttle))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
#[cfg(not(shuttle))]
pub(crate) use std::thread::ThreadId;
#[cfg(not(shuttle))]
pub(crate) use std::thread_local;

#[cfg(shuttle)]
pub(crate) use self::models::{Condvar, Mutex, MutexGuard, Static};
#[cfg(shuttle)]
pub(crate) use shuttle::thread::ThreadId;
#[cfg(shuttle)]
pub(crate) use shuttle::thread_local;

/// Declares statics that hold what threads change.
#[cfg(not(shuttle))]
macro_rules! statics {
    ($($item:item)*) => {
        $($item)*
    };
}

/// Declares statics that hold what threads change: each execution of a model has its own.
#[cfg(shuttle)]
macro_rules! statics {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)*) => {$(
        $(#[$attribute])*
        static $name: $crate::sync::Static<$type> = $crate::sync::Static::new(|| $value);
    )*};
}

pub(crate) use statics;

/// The thread that asks. A model's threads take turns in one thread of the process.
#[inline]
pub(crate) fn current_thread() -> ThreadId {
    #[cfg(not(shuttle))]
    use std::thread;

    #[cfg(shuttle)]
    use shuttle::thread;

    thread::current().id()
}

/// Where a model may switch to another thread, beside each lock: between operations of `Arc`, which
/// it cannot see.
#[inline(always)]
pub(crate) fn yield_point() {
    // Not `yield_now`, after which the thread that yields would come last.
    #[cfg(shuttle)]
    shuttle::sync::atomic::AtomicBool::new(false).load(std::sync::atomic::Ordering::SeqCst);
}

/// `shuttle`'s locks with parking_lot's interface.
#[cfg(shuttle)]
mod models {
    use shuttle::current::{self, TaskId};
    use shuttle::sync;
    use std::any::Any;
    use std::collections::HashMap;
    use std::ops::{Deref, DerefMut};
    use std::sync::{PoisonError, TryLockError};

    #[derive(Default)]
    pub struct Mutex<T: ?Sized>(sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(sync::Mutex::new(value))
        }
    }

    impl<T: ?Sized> Mutex<T> {
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(unpoisoned(self.0.lock())))
        }

        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            match self.0.try_lock() {
                Ok(guard) => Some(MutexGuard(Some(guard))),
                Err(TryLockError::Poisoned(guard)) => Some(MutexGuard(Some(guard.into_inner()))),
                Err(TryLockError::WouldBlock) => None,
            }
        }

        pub(crate) fn get_mut(&mut self) -> &mut T {
            unpoisoned(self.0.get_mut())
        }
    }

    /// A thread that unwinds poisons what others have locked meanwhile: for `std`, they are all one.
    fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
        result.unwrap_or_else(PoisonError::into_inner)
    }

    /// Is only empty during [`Condvar::wait`].
    pub struct MutexGuard<'a, T: ?Sized>(Option<sync::MutexGuard<'a, T>>);

    impl<T: ?Sized> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("the lock is held")
        }
    }

    impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("the lock is held")
        }
    }

    #[derive(Default)]
    pub(crate) struct Condvar(sync::Condvar);

    impl Condvar {
        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            if let Some(held) = guard.0.take() {
                guard.0 = Some(unpoisoned(self.0.wait(held)));
            }
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }

    /// A static of which each execution of a model has its own, made when it is first used, and, like
    /// any static, never dropped.
    pub(crate) struct Static<T: 'static> {
        make: fn() -> T,
    }

    impl<T> Static<T> {
        pub(crate) const fn new(make: fn() -> T) -> Self {
            Self { make }
        }
    }

    impl<T: Send + Sync> Deref for Static<T> {
        type Target = T;

        fn deref(&self) -> &T {
            let at = std::ptr::from_ref(self).addr();
            let value = current::with_labels_for_task(TaskId::from(0), |labels| {
                let statics = labels.get_or_insert_with(Statics::default);
                let make = || &*Box::leak(Box::new((self.make)()));
                *statics.0.entry(at).or_insert_with(|| make())
            });
            value.downcast_ref().expect("only made here")
        }
    }

    /// The statics in use by address: a label of the first thread of an execution.
    #[derive(Clone, Default)]
    struct Statics(HashMap<usize, &'static (dyn Any + Send + Sync)>);
}
