//! [`Raw`]: one bit, which one thread at a time has set.
//!
//! This file and `wide.rs` are compiled into the models of concurrency, too, where `atomic` and `threads` are others.

use super::atomic::AtomicBool;
use super::atomic::Ordering::{Acquire, Relaxed, Release};
use super::threads::Pause;

/// Whether it is held.
#[derive(Default)]
pub(crate) struct Raw(AtomicBool);

/// What one thread holds. It is let go when this is dropped.
#[must_use]
pub(crate) struct Held<'a>(&'a Raw);

impl Raw {
    pub(crate) const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    #[inline]
    pub(crate) fn try_take(&self) -> Option<Held<'_>> {
        self.0
            .compare_exchange(false, true, Acquire, Relaxed)
            .is_ok()
            .then(|| Held(self))
    }

    #[inline]
    pub(crate) fn take(&self) -> Held<'_> {
        match self.try_take() {
            Some(held) => held,
            None => self.wait(),
        }
    }

    #[cold]
    fn wait(&self) -> Held<'_> {
        let mut pause = Pause::new();
        loop {
            pause.take();
            if !self.0.load(Relaxed) {
                if let Some(held) = self.try_take() {
                    return held;
                }
            }
        }
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.0.store(false, Release);
    }
}
