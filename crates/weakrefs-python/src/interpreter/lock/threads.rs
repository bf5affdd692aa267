//! Threads: which one this is, and how it waits for another one.

use std::cell::Cell;
use std::hint::spin_loop;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

/// The number of the calling thread: they are numbered in the order in which they first ask, from one on.
#[inline]
pub(super) fn number() -> usize {
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            static LAST: AtomicUsize = AtomicUsize::new(0);
            number.set(LAST.fetch_add(1, Relaxed) + 1);
        }
        number.get()
    })
}

/// What a thread does again and again while it waits: longer and longer, for another one holds what it wants.
pub(crate) struct Pause(u32);

impl Pause {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    #[cold]
    pub(crate) fn take(&mut self) {
        match self.0 {
            // Mostly it is a matter of a few instructions,
            0..32 => spin_loop(),
            // or the other one has no processor,
            32..96 => thread::yield_now(),
            // or goes through a large table.
            _ => thread::sleep(Duration::from_micros(50)),
        }
        self.0 = self.0.saturating_add(1);
    }
}
