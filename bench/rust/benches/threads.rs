//! Lookups and insertions by two threads at a time, over the same keys and over keys of their own.

use criterion::{Criterion, criterion_group, criterion_main};
use std::array;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;
use weakrefs_bench::values_by_key::{Dash, Locked, Ours, Registry};
use weakrefs_bench::{BATCH, Cases, Object, key, objects, shuffled, sizes};

const THREADS: usize = 2;

/// Measures an operation of which each thread does so many, all at the same time. It is given the
/// thread's number, and how many came before.
fn together(cases: &mut Cases<'_>, case: &str, operation: impl Fn(usize, usize) + Sync) {
    let work = |barrier: &Barrier, thread, rounds| {
        barrier.wait();
        let start = Instant::now();
        (0..rounds).for_each(|round| operation(thread, round as usize));
        start.elapsed()
    };
    cases.measure(case, |bencher| {
        bencher.iter_custom(|rounds| {
            let barrier = Barrier::new(THREADS);
            thread::scope(|scope| {
                let (barrier, work) = (&barrier, &work);
                let threads = array::from_fn::<_, THREADS, _>(|thread| {
                    scope.spawn(move || work(barrier, thread, rounds))
                });
                let times = threads.map(|thread| thread.join().expect("no thread panics"));
                times.into_iter().max().unwrap_or_default()
            })
        });
    });
}

fn two_threads<R: Registry + Sync>(criterion: &mut Criterion) {
    for size in sizes() {
        let objects = objects(0..size);
        let registry = R::default();
        for object in &objects {
            registry.insert(key(object.number), object);
        }
        let mut cases = Cases::new(criterion, "two threads", R::WAY, size);

        let keys: Vec<String> = shuffled(size).into_iter().map(key).collect();
        let half = keys.len() / THREADS;
        together(&mut cases, "get(&str), the same keys", |thread, round| {
            black_box(registry.get(&keys[(round + thread * half) % keys.len()]));
        });
        together(
            &mut cases,
            "get(&str), keys of their own",
            |thread, round| {
                black_box(registry.get(&keys[round % half + thread * half]));
            },
        );

        let new: Vec<String> = (size..size + (THREADS * BATCH) as u64).map(key).collect();
        together(&mut cases, "insert, death and expiry", |thread, round| {
            let key = &new[round % BATCH + thread * BATCH];
            let object = Object::new(size);
            registry.insert(key.clone(), &object);
            drop(object);
            registry.expire(key);
        });
    }
}

criterion_group!(
    threads,
    two_threads::<Ours>,
    two_threads::<Locked>,
    two_threads::<Dash>,
);
criterion_main!(threads);
