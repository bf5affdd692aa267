//! Models of the lock of the Python package's tables, which becomes wide where readers meet: its own files, over the atomics and
//! threads of `shuttle`.

#[path = "../../../weakrefs-python/src/interpreter/lock/raw.rs"]
#[allow(dead_code)]
mod raw;
#[path = "../../../weakrefs-python/src/interpreter/lock/wide.rs"]
#[allow(dead_code)]
mod wide;

use crate::{Count, explore, in_threads, pause};
use shuttle::sync::atomic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use wide::Wide;

/// So rarely readers meet in an order of events.
const ENOUGH: u8 = 1;

/// Threads, which wait by letting others run.
mod threads {
    use shuttle::current::me;
    use shuttle::thread;

    pub(super) fn number() -> usize {
        me().into()
    }

    pub(super) struct Pause;

    impl Pause {
        pub(super) const fn new() -> Self {
            Self
        }

        pub(super) fn take(&mut self) {
            thread::yield_now();
        }
    }
}

/// Who is at what the lock guards. Counting adds no order to be tried.
#[derive(Default)]
struct Guarded {
    lock: Wide,
    readers: AtomicUsize,
    writers: AtomicUsize,
    /// How many readers were there at once, at most.
    most: AtomicUsize,
}

impl Guarded {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    fn read(&self) {
        let held = self.lock.read();
        let readers = self.readers.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(readers, SeqCst);
        for _ in 0..2 {
            assert_eq!(self.writers.load(SeqCst), 0, "changed while it is read");
            pause();
        }
        self.readers.fetch_sub(1, SeqCst);
        drop(held);
    }

    fn write(&self) {
        let held = self.lock.write();
        assert_eq!(
            self.writers.fetch_add(1, SeqCst),
            0,
            "changed twice at once"
        );
        for _ in 0..2 {
            assert_eq!(self.readers.load(SeqCst), 0, "read while it is changed");
            pause();
        }
        self.writers.fetch_sub(1, SeqCst);
        drop(held);
    }

    fn is_wide(&self) -> bool {
        self.lock.allocated_bytes() > 0
    }
}

/// What happens in some of the orders, not in all.
fn happens_in_some(what: &str, model: impl Fn() -> bool + Send + Sync + 'static) {
    let (seen, count) = (Count::default(), Count::default());
    let (also_seen, also_count) = (seen.clone(), count.clone());
    explore(move || {
        also_count.up();
        if model() {
            also_seen.up();
        }
    });
    assert!(seen.get() > 0, "{what} never");
    assert!(seen.get() < count.get(), "{what} always");
}

/// S45: nobody is beside a writer, whether the lock becomes wide meanwhile or not.
#[test]
fn readers_and_a_writer() {
    happens_in_some("it became wide", || {
        let guarded = Guarded::new();
        let (one, other, writer) = (guarded.clone(), guarded.clone(), guarded.clone());
        in_threads!(
            move || (one.read(), one.read()),
            move || (other.read(), other.read()),
            move || (writer.write(), writer.write()),
        );
        guarded.is_wide()
    });
}

/// S45: two writers, of whom one may have taken the gate before there were lanes.
#[test]
fn writers_and_a_reader() {
    happens_in_some("it became wide", || {
        let guarded = Guarded::new();
        let (one, other, reader) = (guarded.clone(), guarded.clone(), guarded.clone());
        in_threads!(
            move || (one.write(), one.write()),
            move || other.write(),
            move || (reader.read(), reader.read()),
        );
        guarded.is_wide()
    });
}

/// Once it is wide, readers do not wait for each other.
#[test]
fn readers_at_once() {
    happens_in_some("two read at once", || {
        let guarded = Guarded::new();
        let (one, other) = (guarded.clone(), guarded.clone());
        in_threads!(move || (one.read(), one.read(), one.read()), move || (
            other.read(),
            other.read(),
            other.read()
        ),);
        let most = guarded.most.load(SeqCst);
        assert!(most == 1 || guarded.is_wide(), "at once through one gate");
        most == 2
    });
}

/// S45: who does not wait, as the collector, is let in beside readers alone.
#[test]
fn a_look_without_waiting() {
    happens_in_some("it was let in", || {
        let guarded = Guarded::new();
        let (reader, writer, looking) = (guarded.clone(), guarded.clone(), guarded);
        let (_, _, looked) = in_threads!(
            move || (reader.read(), reader.read()),
            move || writer.write(),
            move || {
                let held = looking.lock.try_read_alone();
                if held.is_some() {
                    assert_eq!(looking.writers.load(SeqCst), 0, "looked at while changed");
                    pause();
                    assert_eq!(looking.writers.load(SeqCst), 0, "changed while looked at");
                }
                held.is_some()
            },
        );
        looked
    });
}

/// The lock goes with what it guards, wide or not, and one that has been narrowed can be dropped.
#[test]
fn the_end() {
    explore(|| {
        let guarded = Guarded::new();
        let (one, other) = (guarded.clone(), guarded.clone());
        in_threads!(move || one.read(), move || other.read());
        #[allow(unsafe_code)]
        // SAFETY: nobody else is left.
        unsafe {
            guarded.lock.narrow();
        }
        assert!(!guarded.is_wide());
        guarded.write();
    });
}
