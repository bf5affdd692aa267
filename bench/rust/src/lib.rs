//! What the benchmarks have in common: the objects and their owners, the keys, how a case is named, and
//! one interface over weakrefs and its peers.
//!
//! `measure.py` runs them and reads what criterion has written. A benchmark is named
//! `<group>: <case>/<way>/<entries>`, without the entries where nothing has any.

pub mod keyed_by_objects;
pub mod owners;
pub mod values_by_key;

pub use owners::{Face, Lazy, Object, Owner, Rcs, Root, objects};

use criterion::measurement::WallTime;
use criterion::{Bencher, BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};
use std::cell::RefCell;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The ways to do the same.
pub const OURS: &str = "ours";
pub const STD: &str = "std";
pub const PLAIN: &str = "weak-table";
pub const LOCKED: &str = "Mutex<weak-table>";
pub const DASHMAP: &str = "DashMap<K, Weak>";
pub const HASHMAP: &str = "HashMap<K, Weak>";

/// How many entries come or go between two looks at the clock: so few that the container stays as
/// large as it is, so many that the clock hardly counts.
pub const BATCH: usize = 100;

/// From so many entries on a pass over all of them takes long, and averages over much by itself.
const MANY: u64 = 1_000_000;

/// `0..size` in an order that neither the processor nor an allocator foresees.
pub fn shuffled(size: u64) -> Vec<u64> {
    let mut numbers: Vec<u64> = (0..size).collect();
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for at in (1..numbers.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        numbers.swap(at, (state % (at as u64 + 1)) as usize);
    }
    numbers
}

/// The numbers of entries to measure a face with: of `WEAKREFS_BENCH_SIZES=1000,10000000` those that it
/// is measured with.
pub fn sizes<F: Face>() -> Vec<u64> {
    let sizes = std::env::var("WEAKREFS_BENCH_SIZES").unwrap_or_else(|_| "1000".into());
    sizes
        .split(',')
        .map(|size| size.parse().expect("a list of sizes"))
        .filter(|&size| size <= F::MOST)
        .collect()
}

/// The cases of a group, done in one way with so many entries.
pub struct Cases<'a> {
    criterion: &'a mut Criterion,
    group: String,
    way: &'static str,
    size: u64,
}

impl<'a> Cases<'a> {
    pub fn new(criterion: &'a mut Criterion, group: String, way: &'static str, size: u64) -> Self {
        Self {
            criterion,
            group,
            way,
            size,
        }
    }

    pub fn measure(&mut self, case: &str, run: impl FnMut(&mut Bencher<'_, WallTime>)) {
        let id = BenchmarkId::new(self.way, self.size);
        self.open(case).bench_function(id, run);
    }

    /// A pass over all entries, for the time of each.
    pub fn measure_pass<T>(&mut self, case: &str, mut pass: impl FnMut() -> T) {
        let (id, size) = (BenchmarkId::new(self.way, self.size), self.size);
        let mut group = self.open(case);
        group.throughput(Throughput::Elements(size));
        if size >= MANY {
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
        }
        group.bench_function(id, |bencher| bencher.iter(&mut pass));
    }

    /// How entries come and how they go: those that `make` is asked for, so many at a time.
    pub fn measure_life<T>(
        &mut self,
        make: impl Fn(usize) -> T,
        insert: impl Fn(&T),
        end: impl Fn(T),
    ) {
        let inserted = |things| {
            insert(&things);
            things
        };
        self.measure("insert", |bencher| {
            bencher.iter_custom(|rounds| in_batches(rounds, &make, inserted, &end));
        });
        self.measure("death and expiry", |bencher| {
            bencher.iter_custom(|rounds| {
                in_batches(rounds, |batch| inserted(make(batch)), &end, drop)
            });
        });
    }

    fn open(&mut self, case: &str) -> BenchmarkGroup<'_, WallTime> {
        let name = format!("{}: {case}", self.group);
        self.criterion.benchmark_group(name)
    }
}

/// A case without entries, done in another way and in ours.
pub fn beside<A, B>(
    criterion: &mut Criterion,
    case: &str,
    way: &str,
    mut other: impl FnMut() -> A,
    mut ours: impl FnMut() -> B,
) {
    let mut group = criterion.benchmark_group(case);
    group.bench_function(way, |bencher| bencher.iter(&mut other));
    group.bench_function(OURS, |bencher| bencher.iter(&mut ours));
}

/// A container that is made and dropped empty, and a whole pass over one with few entries.
pub fn measure_small<C: Default>(
    criterion: &mut Criterion,
    container: &str,
    way: &str,
    few: &C,
    total: impl Fn(&C) -> u64,
) {
    let mut measure = |case, run: &mut dyn FnMut(&mut Bencher<'_, WallTime>)| {
        let name = format!("small container: {container}, {case}");
        criterion.benchmark_group(name).bench_function(way, run);
    };
    measure("create and drop", &mut |bencher| bencher.iter(C::default));
    measure("iterate 10", &mut |bencher| bencher.iter(|| total(few)));
}

/// How long `rounds` times of `work` take, in batches; what comes before and after is not timed.
fn in_batches<T, R>(
    rounds: u64,
    before: impl Fn(usize) -> T,
    work: impl Fn(T) -> R,
    after: impl Fn(R),
) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = rounds;
    while left > 0 {
        let batch = left.min(BATCH as u64);
        left -= batch;
        let things = before(batch as usize);
        let start = Instant::now();
        let remains = work(things);
        spent += start.elapsed();
        after(remains);
    }
    spent
}

/// What a peer without a lock of its own is put in: for one thread, or for several.
pub trait Place<T>: Default {
    const WAY: &'static str;

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R;
}

impl<T: Default> Place<T> for RefCell<T> {
    const WAY: &'static str = PLAIN;

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.borrow_mut())
    }
}

impl<T: Default> Place<T> for Mutex<T> {
    const WAY: &'static str = LOCKED;

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.lock().expect("nothing panics"))
    }
}
