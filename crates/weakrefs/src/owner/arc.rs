//! [`Atomic`]: the kind of [`Arc`], whose objects any thread may use, and drop.

use super::kind::owner;
use super::sealed::{self, Counter, ExitLock, Kind, Lock, Once, OnceOwner};
use crate::callable::Arguments;
use crate::containers::{Factories, RemovalCause};
use crate::exit::{self, Locking};
use crate::finalize::FinalizerObject;
use crate::method::Function;
use crate::once_arc::{Borrowed, OnceArc};
use crate::reference::ReferenceObject;
use crate::slot::{WeakReferenceable, WeakSlot};
use crate::sync::{self, AtomicU64};
use crate::watchers::{Evict, Mortal, Mortality};
use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, Weak};

/// The kind of owners that threads share: [`Arc`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atomic;

owner! {
    Atomic: Arc, Weak of WeakReferenceable, exit::register;
    objects: [+ Send + Sync];
}

impl Kind for Atomic {
    type Strong<T: ?Sized> = Arc<T>;
    type Mutex<T> = sync::Mutex<T>;
    type ExitMutex<T> = exit::Mutex<T>;
    type Counter = AtomicU64;
    type Once<T> = OnceLock<T>;
    type OnceOwner<T> = OnceArc<T>;
    type Turns = Factories;
    type Mortal = dyn AnyMortal;
    type Evict = dyn Evict<Self> + Send + Sync;
    type Remains = Arc<dyn Any + Send + Sync>;
    type Method<T: ?Sized, Args: Arguments, R> = dyn Function<T, Args, R> + Send + Sync;
    type Callback<R: 'static> = Box<dyn FnOnce(&R) + Send>;
    type Listening<P> = dyn Fn(&P, RemovalCause) + Send + Sync;
    type Function<R: 'static> = Box<dyn FnOnce() -> R + Send>;

    fn notify(mortal: Arc<dyn AnyMortal>) {
        mortal.notify();
    }

    fn unregister(at: *const ()) {
        exit::unregister(at);
    }

    fn is_shut_down() -> bool {
        exit::is_shut_down()
    }
}

impl<T> Lock<T> for sync::Mutex<T> {
    type Guard<'a>
        = sync::MutexGuard<'a, T>
    where
        Self: 'a;

    #[inline]
    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn lock(&self) -> sync::MutexGuard<'_, T> {
        self.lock()
    }

    #[inline]
    fn try_lock(&self) -> Option<sync::MutexGuard<'_, T>> {
        self.try_lock()
    }

    #[inline]
    fn get_mut(&mut self) -> &mut T {
        self.get_mut()
    }
}

impl<T> ExitLock<T> for exit::Mutex<T> {
    type Guard<'a>
        = exit::MutexGuard<'a, T>
    where
        Self: 'a;

    #[inline]
    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn lock(&self) -> exit::MutexGuard<'_, T> {
        self.lock()
    }

    #[inline]
    fn lock_as(&self, locking: Locking) -> Option<exit::MutexGuard<'_, T>> {
        self.lock_as(locking)
    }
}

impl Counter for AtomicU64 {
    #[inline]
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    #[inline]
    fn get(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    #[inline]
    fn set(&self, value: u64) {
        self.store(value, Ordering::Relaxed);
    }

    #[inline]
    fn next(&self) -> u64 {
        self.fetch_add(1, Ordering::Relaxed)
    }
}

impl<T> Once<T> for OnceLock<T> {
    fn new() -> Self {
        Self::new()
    }

    #[inline]
    fn get(&self) -> Option<&T> {
        self.get()
    }

    fn set(&self, value: T) {
        _ = self.set(value);
    }
}

impl<T> OnceOwner for OnceArc<T> {
    const EMPTY: Self = Self::new();
    type Strong = Arc<T>;
    type Borrowed<'a>
        = Borrowed<'a, T>
    where
        Self: 'a;

    fn of(owner: Arc<T>) -> Self {
        Self::from(owner)
    }

    #[inline]
    fn get(&self) -> Option<Borrowed<'_, T>> {
        self.get()
    }

    #[inline(always)]
    fn get_or_init(&self, make: impl FnOnce() -> Arc<T>) -> Borrowed<'_, T> {
        self.get_or_init(make)
    }
}
