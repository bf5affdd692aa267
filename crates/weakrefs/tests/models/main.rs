//! What threads may do to each other, modelled: `shuttle` runs each model under thousands of orders
//! of events (`RUSTFLAGS="--cfg shuttle" cargo test --test models`, which `cargo xtask prove` does).
//!
//! A model is a few threads that each do two or three things to the same objects, and then what must
//! hold whatever the order was; that no thread waits for ever is checked by `shuttle` itself. A
//! failure prints its order of events, for `shuttle::replay`, and `SHUTTLE_RANDOM_SEED` repeats a run.

#![cfg(shuttle)]

mod containers;
mod factories;
mod finalizers;
mod references;
mod wide_lock;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner, thread};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use weakrefs::{Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap};

/// Orders tried of each model, by each of the two schedulers.
const ORDERS: usize = 400;

/// With so few switches of threads at the wrong moment the second scheduler looks for a failure.
const SWITCHES: usize = 3;

/// Hashes the same each time: an order of events can be repeated only if nothing else is random.
type Hasher = BuildHasherDefault<DefaultHasher>;
type Set<T> = WeakSet<T, Hasher>;
type KeyMap<K, V> = WeakKeyMap<K, V, Hasher>;
type ValueMap<K, V> = WeakValueMap<K, V, Hasher>;

/// Runs a model under many orders of events.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let model = Arc::new(model);
    explore_with(RandomScheduler::new(ORDERS), Arc::clone(&model));
    explore_with(PctScheduler::new(SWITCHES, ORDERS), model);
}

fn explore_with(
    scheduler: impl Scheduler + 'static,
    model: Arc<impl Fn() + Send + Sync + 'static>,
) {
    let mut config = Config::new();
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || model());
}

/// Runs every closure in a thread of its own, and gives what they return.
macro_rules! in_threads {
    ($($run:expr),+ $(,)?) => {{
        let threads = ($(shuttle::thread::spawn($run),)+);
        $crate::joined!(threads; $($run),+)
    }};
}

/// One for each thread of the tuple.
macro_rules! joined {
    ($threads:ident; $a:expr, $b:expr) => {
        ($threads.0.join().unwrap(), $threads.1.join().unwrap())
    };
    ($threads:ident; $a:expr, $b:expr, $c:expr) => {
        (
            $threads.0.join().unwrap(),
            $threads.1.join().unwrap(),
            $threads.2.join().unwrap(),
        )
    };
}

use {in_threads, joined};

/// Lets other threads run: as user code that does something does.
fn pause() {
    shuttle::sync::atomic::AtomicBool::new(false).load(Ordering::SeqCst);
}

/// A panic without a message, and without the report of `shuttle` that the model has failed.
fn fail() -> ! {
    resume_unwind(Box::new("as the model wants it"))
}

/// Counts, in any thread. Unlike a counter of `shuttle`'s adds no order to be tried.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn up(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Whether something has happened.
#[derive(Clone, Default)]
struct Flag(Arc<AtomicBool>);

impl Flag {
    fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// An object that takes its time to die, and shows when it has begun to.
#[derive(WeakReferenceable, Default)]
struct Witness {
    slot: WeakSlot,
    dying: Flag,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.dying.set();
        pause();
    }
}

/// Counts its drops, which take their time.
struct Counted(Count);

impl Drop for Counted {
    fn drop(&mut self) {
        pause();
        self.0.up();
    }
}

/// A value with user code in its equality, which takes its time: containers compare it outside of
/// their locks. All have the same hash.
#[derive(Clone, Debug)]
struct Slow(u32);

impl PartialEq for Slow {
    fn eq(&self, other: &Self) -> bool {
        pause();
        self.0 == other.0
    }
}

impl Eq for Slow {}

impl std::hash::Hash for Slow {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u32(0);
    }
}

fn object<T>(value: T) -> Arc<Tracked<T>> {
    Arc::new(Tracked::new(value))
}

/// The model's own check: an assertion that never fails proves nothing about the models.
#[test]
#[should_panic(expected = "lost")]
fn a_wrong_protocol_is_found() {
    explore(|| {
        let number = Arc::new(AtomicUsize::new(0));
        let add = |number: &Arc<AtomicUsize>| {
            let number = Arc::clone(number);
            move || {
                let read = number.load(Ordering::SeqCst);
                pause();
                number.store(read + 1, Ordering::SeqCst);
            }
        };
        let _: ((), ()) = in_threads!(add(&number), add(&number));
        assert_eq!(number.load(Ordering::SeqCst), 2, "an addition was lost");
    });
}

/// Tells the threads of a model apart, though they are one for the standard library.
#[test]
fn threads_are_told_apart() {
    explore(|| {
        let (one, other) = in_threads!(|| thread::current().id(), || thread::current().id());
        assert_ne!(one, other);
    });
}
