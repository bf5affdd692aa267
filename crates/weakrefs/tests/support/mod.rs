//! What the tests share: objects to watch, a log, the panics that were reported, and how long and how
//! often tests run.

#![allow(dead_code, reason = "every test binary uses a part")]

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;
use weakrefs::Tracked;

/// An object of a value, with `Hash` and `Eq`.
pub(crate) type Item = Tracked<u32>;

/// A new object.
pub(crate) fn item(value: u32) -> Arc<Item> {
    Arc::new(Tracked::new(value))
}

/// New objects of the values of a range.
pub(crate) fn items(values: std::ops::Range<u32>) -> Vec<Arc<Item>> {
    values.map(item).collect()
}

/// The values of objects.
pub(crate) fn values(items: impl IntoIterator<Item = Arc<Item>>) -> Vec<u32> {
    items.into_iter().map(|item| **item).collect()
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Notes its own drop.
pub(crate) struct Noting(pub(crate) &'static str, pub(crate) Log);

impl Drop for Noting {
    fn drop(&mut self) {
        self.1.note(self.0);
    }
}

/// Runs what it holds when it is dropped.
pub(crate) struct OnDrop(Option<Box<dyn FnOnce() + Send + Sync>>);

impl OnDrop {
    pub(crate) fn new(run: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(run)))
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run();
        }
    }
}

/// What the unraisable hook was told, and in which thread.
static REPORTS: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());

thread_local! {
    static HOOK_PANICS: Cell<bool> = const { Cell::new(false) };
}

fn lock_reports() -> MutexGuard<'static, Vec<(ThreadId, String)>> {
    REPORTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The messages that the unraisable hook got in this thread since it was last asked; installs the hook.
pub(crate) fn reports() -> Vec<String> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        weakrefs::set_unraisable_hook(|unraisable| {
            let message = unraisable.message().unwrap_or("?").to_owned();
            lock_reports().push((thread::current().id(), message));
            assert!(!HOOK_PANICS.get(), "the hook panics");
        });
    });
    reports_of(thread::current().id())
}

/// The messages that the hook got in a thread, which may have ended, since it was last asked.
pub(crate) fn reports_of(thread: ThreadId) -> Vec<String> {
    let mut reports = lock_reports();
    let all = std::mem::take(&mut *reports).into_iter();
    let (of_thread, others) = all.partition(|(told_in, _)| *told_in == thread);
    *reports = others;
    let of_thread: Vec<(ThreadId, String)> = of_thread;
    of_thread.into_iter().map(|(_, message)| message).collect()
}

/// Whether the hook panics in this thread.
pub(crate) fn let_hook_panic(panics: bool) {
    HOOK_PANICS.set(panics);
}

/// The number in a variable of the environment, 1 without.
fn factor(variable: &str) -> usize {
    let value = std::env::var(variable).unwrap_or_else(|_| "1".to_owned());
    let factor = value.parse().ok().filter(|factor| *factor > 0);
    factor.unwrap_or_else(|| panic!("{variable}={value} is not a positive number"))
}

/// How long something may take before it is called a deadlock.
///
/// A tool that watches every access to memory makes programs tens of times slower: all limits are
/// multiplied by `WEAKREFS_TEST_PATIENCE`.
pub(crate) fn limit(seconds: u64) -> Duration {
    Duration::from_secs(seconds * factor("WEAKREFS_TEST_PATIENCE") as u64)
}

/// The tests try one case of this many: `WEAKREFS_TEST_STRIDE`.
///
/// Tools that look for wrong accesses to memory need each kind of case, but not as often as it takes to
/// meet a rare order of events.
pub(crate) fn stride() -> usize {
    factor("WEAKREFS_TEST_STRIDE")
}

/// How often to do what is worth repeating `times` times: less, with a [`stride`].
pub(crate) fn rounds(times: usize) -> usize {
    times.div_ceil(stride())
}

/// Runs `test` in a thread of its own, and fails if it takes longer than the [`limit`] of `seconds`.
pub(crate) fn within(seconds: u64, test: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _sender = sender;
        test();
    });
    let limit = limit(seconds);
    let timed_out = receiver.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!timed_out, "not done after {limit:?}: a deadlock?");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A hasher that maps everything to `N` hashes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Colliding<const N: u64>;

/// The hasher of [`Colliding`].
pub(crate) struct Sum<const N: u64>(u64);

impl<const N: u64> BuildHasher for Colliding<N> {
    type Hasher = Sum<N>;

    fn build_hasher(&self) -> Sum<N> {
        Sum(0)
    }
}

impl<const N: u64> Hasher for Sum<N> {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0 % N
    }
}
