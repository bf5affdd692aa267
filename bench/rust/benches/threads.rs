//! Lookups and insertions by two threads at a time, over the same keys and over keys of their own.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dashmap::DashMap;
use std::hint::black_box;
use std::sync::{Barrier, Weak};
use std::thread;
use std::time::{Duration, Instant};
use weakrefs::WeakValueMap;
use weakrefs_bench::{LockedWeakTable, Object, Registry, key, shuffled};

const SIZE: u64 = 10_000;
const THREADS: usize = 2;

/// How long `rounds` operations of each thread take, when all do theirs at the same time.
fn together(rounds: u64, operation: impl Fn(usize, u64) + Sync) -> Duration {
    let barrier = Barrier::new(THREADS);
    let longest = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (barrier, operation) = (&barrier, &operation);
                scope.spawn(move || {
                    barrier.wait();
                    let start = Instant::now();
                    for round in 0..rounds {
                        operation(thread, round);
                    }
                    start.elapsed()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no thread panics"))
            .max()
    });
    longest.unwrap_or_default()
}

fn lookups<R: Registry + Sync>(criterion: &mut Criterion) {
    let registry = R::default();
    let objects: Vec<_> = (0..SIZE).map(Object::new).collect();
    for object in &objects {
        registry.insert(key(object.number), object);
    }
    let keys: Vec<String> = shuffled(SIZE).into_iter().map(key).collect();
    let half = keys.len() / THREADS;
    let mut group = criterion.benchmark_group("get &str, two threads");
    group.bench_function(BenchmarkId::new(R::NAME, "shared keys"), |bencher| {
        bencher.iter_custom(|rounds| {
            together(rounds, |thread, round| {
                let at = (round as usize + thread * half) % keys.len();
                black_box(registry.get(&keys[at]));
            })
        });
    });
    group.bench_function(BenchmarkId::new(R::NAME, "own keys"), |bencher| {
        bencher.iter_custom(|rounds| {
            together(rounds, |thread, round| {
                let at = round as usize % half + thread * half;
                black_box(registry.get(&keys[at]));
            })
        });
    });
}

fn insertions<R: Registry + Sync>(criterion: &mut Criterion) {
    let registry = R::default();
    let keys: Vec<String> = (0..SIZE).map(key).collect();
    let half = keys.len() / THREADS;
    let mut group = criterion.benchmark_group("insert, death, expiry, two threads");
    group.bench_function(BenchmarkId::new(R::NAME, "own keys"), |bencher| {
        bencher.iter_custom(|rounds| {
            together(rounds, |thread, round| {
                let key = &keys[round as usize % half + thread * half];
                let object = Object::new(round);
                registry.insert(key.clone(), &object);
                drop(object);
                registry.expire(key);
            })
        });
    });
}

criterion_group!(
    threads,
    lookups::<WeakValueMap<String, Object>>,
    lookups::<LockedWeakTable>,
    lookups::<DashMap<String, Weak<Object>>>,
    insertions::<WeakValueMap<String, Object>>,
    insertions::<LockedWeakTable>,
    insertions::<DashMap<String, Weak<Object>>>,
);
criterion_main!(threads);
