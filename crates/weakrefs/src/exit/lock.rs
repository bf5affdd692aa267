//! [`Mutex`]: the lock of the registry, of each finalizer and of the unraisable hook, which the exit of a
//! fork can do without.
//!
//! A forked process has one thread. A lock that another one held at the fork stays held there, and what
//! it covers may be half changed. So the fork tries for a while, and then gives up.
//!
//! The locks are those of the standard library (or `shuttle`'s), not those of [`crate::sync`]: to
//! release one of parking_lot's that somebody waits for takes further locks, of a table that all share,
//! and those cannot be tried.

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Condvar, MutexGuard};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Condvar, MutexGuard};

use super::hook;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

/// How locks are taken.
#[allow(
    unreachable_pub,
    reason = "sealed traits speak of it, which Rust 1.85 does not see"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    /// As always.
    Normal,
    /// By the exit of a forked process.
    Forked,
}

impl Locking {
    /// What suits the process that asks.
    pub(crate) fn current() -> Self {
        if hook::is_fork() {
            Self::Forked
        } else {
            Self::Normal
        }
    }
}

/// A lock that is never poisoned, as nothing that panics runs under it.
pub struct Mutex<T>(
    #[cfg(not(shuttle))] std::sync::Mutex<T>,
    #[cfg(shuttle)] shuttle::sync::Mutex<T>,
);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        #[cfg(not(shuttle))]
        let mutex = std::sync::Mutex::new(value);
        #[cfg(shuttle)]
        let mutex = shuttle::sync::Mutex::new(value);
        Self(mutex)
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lock, or gives up if the fork seems to have left the thread behind that holds it.
    #[inline]
    pub(crate) fn lock_as(&self, locking: Locking) -> Option<MutexGuard<'_, T>> {
        match locking {
            Locking::Normal => Some(self.lock()),
            Locking::Forked => self.try_for_a_second(),
        }
    }

    #[cold]
    fn try_for_a_second(&self) -> Option<MutexGuard<'_, T>> {
        for _ in 0..1000 {
            if let Ok(guard) = self.0.try_lock() {
                return Some(guard);
            }
            thread::sleep(Duration::from_millis(1));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// S33: what is never released is given up.
    #[test]
    fn a_fork_gives_up() {
        let mutex = Mutex::new(1);
        let held = mutex.lock();
        let start = Instant::now();
        assert!(mutex.lock_as(Locking::Forked).is_none());
        assert!(start.elapsed() < Duration::from_secs(30));
        drop(held);
        assert_eq!(mutex.lock_as(Locking::Forked).as_deref(), Some(&1));
    }
}
