//! Lookups and insertions by two threads at a time, over the same keys and over keys of their own.

use criterion::{Criterion, criterion_group, criterion_main};
use std::array;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;
use weakrefs_bench::keyed_by_objects::{Elements, LockedMap, LockedSet, OurMap, OurSet};
use weakrefs_bench::values_by_key::{Dash, Key, Locked, Ours, Registry};
use weakrefs_bench::{BATCH, Cases, Owner, Root, objects, shuffled, sizes};

const GROUP: &str = "two threads";
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

/// Looks up, by their places, so many keys that are all there.
fn lookups(cases: &mut Cases<'_>, names: [String; 2], count: usize, lookup: impl Fn(usize) + Sync) {
    let half = count / THREADS;
    let [same, own] = names;
    together(cases, &same, |thread, round| {
        lookup((round + thread * half) % count);
    });
    together(cases, &own, |thread, round| {
        lookup(round % half + thread * half);
    });
}

fn lookups_by_key<K: Key, R: Registry<K, Face = Root> + Sync>(
    cases: &mut Cases<'_>,
    registry: &R,
    size: u64,
) {
    let keys: Vec<K> = shuffled(size).into_iter().map(K::of).collect();
    let names =
        ["the same keys", "keys of their own"].map(|which| format!("{}, {which}", K::LOOKUP));
    lookups(cases, names, keys.len(), |at| {
        black_box(registry.get(keys[at].borrow()));
    });
}

fn values_by_number<R: Registry<u64, Face = Root> + Sync>(criterion: &mut Criterion) {
    for size in sizes::<Root>() {
        let objects = objects(0..size);
        let registry = R::of(&objects);
        let mut cases = Cases::new(criterion, GROUP.into(), R::WAY, size);
        lookups_by_key(&mut cases, &registry, size);
    }
}

fn values_by_string<R: Registry<String, Face = Root> + Sync>(criterion: &mut Criterion) {
    for size in sizes::<Root>() {
        let objects = objects(0..size);
        let registry = R::of(&objects);
        let mut cases = Cases::new(criterion, GROUP.into(), R::WAY, size);
        lookups_by_key(&mut cases, &registry, size);

        let new: Vec<String> = (size..size + (THREADS * BATCH) as u64)
            .map(String::of)
            .collect();
        together(&mut cases, "insert, death and expiry", |thread, round| {
            let key = &new[round % BATCH + thread * BATCH];
            let object = Owner::make(size);
            registry.insert(key.clone(), &object);
            drop(object);
            registry.expire(key);
        });
    }
}

fn keyed_by_objects<E: Elements<Face = Root> + Sync>(criterion: &mut Criterion) {
    for size in sizes::<Root>() {
        let elements = objects(0..size);
        let container = E::of(&elements);
        let mut cases = Cases::new(criterion, GROUP.into(), E::WAY, size);

        let order = shuffled(size);
        let names =
            ["the same", "their own"].map(|which| format!("{}, identical, {which}", E::LOOKUP));
        lookups(&mut cases, names, order.len(), |at| {
            black_box(container.find(&elements[order[at] as usize]));
        });
    }
}

criterion_group!(
    threads,
    values_by_number::<Ours<u64>>,
    values_by_number::<Locked<u64, Root>>,
    values_by_number::<Dash<u64>>,
    values_by_string::<Ours<String>>,
    values_by_string::<Locked<String, Root>>,
    values_by_string::<Dash<String>>,
    keyed_by_objects::<OurSet>,
    keyed_by_objects::<LockedSet<Root>>,
    keyed_by_objects::<OurMap>,
    keyed_by_objects::<LockedMap<Root>>,
);
criterion_main!(threads);
