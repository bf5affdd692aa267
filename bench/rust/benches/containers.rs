//! The containers beside weak-table and dashmap, with one thread.
//!
//! `WEAKREFS_BENCH_SIZES=1000,10000000` sets the sizes.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dashmap::DashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex, Weak};
use weak_table::{WeakHashSet, WeakKeyHashMap};
use weakrefs::{WeakKeyMap, WeakSet, WeakValueMap};
use weakrefs_bench::{LockedWeakTable, Object, PlainWeakTable, Registry, key, shuffled};

fn sizes() -> Vec<u64> {
    let sizes = std::env::var("WEAKREFS_BENCH_SIZES").unwrap_or_else(|_| "1000,100000".into());
    sizes
        .split(',')
        .map(|size| size.parse().expect("a list of sizes"))
        .collect()
}

/// A number after the other from `numbers`, for ever.
fn cycle(numbers: &[u64]) -> impl FnMut() -> u64 {
    let mut numbers = numbers.iter().copied().cycle();
    move || numbers.next().expect("not empty")
}

fn lookup_by_key<R: Registry>(criterion: &mut Criterion) {
    for size in sizes() {
        let registry = R::default();
        let objects: Vec<_> = (0..size).map(Object::new).collect();
        for object in &objects {
            registry.insert(key(object.number), object);
        }
        let hits: Vec<String> = shuffled(size).into_iter().map(key).collect();
        let misses: Vec<String> = hits.iter().map(|key| format!("no {key}")).collect();
        for (name, keys) in [("get &str, hit", &hits), ("get &str, miss", &misses)] {
            let mut keys = keys.iter().cycle();
            let id = BenchmarkId::new(R::NAME, size);
            criterion.benchmark_group(name).bench_function(id, |bencher| {
                bencher.iter(|| registry.get(black_box(keys.next().expect("not empty"))));
            });
        }
    }
}

fn insert_and_evict<R: Registry>(criterion: &mut Criterion) {
    for size in sizes() {
        let registry = R::default();
        let objects: Vec<_> = (0..size).map(Object::new).collect();
        for object in &objects {
            registry.insert(key(object.number), object);
        }
        let new = key(size);
        let id = BenchmarkId::new(R::NAME, size);
        let mut group = criterion.benchmark_group("insert under a key, death, expiry");
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                let object = Object::new(size);
                registry.insert(new.clone(), &object);
                drop(object);
                registry.expire(&new);
            });
        });
    }
}

fn elements(criterion: &mut Criterion) {
    for size in sizes() {
        let objects: Vec<_> = (0..size).map(Object::new).collect();
        let equals: Vec<_> = (0..size).map(Object::new).collect();
        let order = shuffled(size);
        let set: WeakSet<Object> = objects.iter().collect();
        let map = WeakKeyMap::new();
        let mut table = WeakHashSet::<Weak<Object>>::new();
        let mut keyed = WeakKeyHashMap::<Weak<Object>, u64>::new();
        for object in &objects {
            map.insert(object, object.number);
            table.insert(Arc::clone(object));
            keyed.insert(Arc::clone(object), object.number);
        }
        let table = Mutex::new(table);
        for (name, asked) in [("contains, identical", &objects), ("contains, equal", &equals)] {
            let mut group = criterion.benchmark_group(name);
            let mut next = cycle(&order);
            group.bench_function(BenchmarkId::new("weakrefs", size), |bencher| {
                bencher.iter(|| set.contains(black_box(&asked[next() as usize])));
            });
            group.bench_function(BenchmarkId::new("Mutex<weak-table>", size), |bencher| {
                bencher.iter(|| {
                    let element: &Object = &asked[next() as usize];
                    table.lock().unwrap().contains(black_box(element))
                });
            });
        }
        let mut group = criterion.benchmark_group("map of keys, get");
        let mut next = cycle(&order);
        group.bench_function(BenchmarkId::new("weakrefs", size), |bencher| {
            bencher.iter(|| map.get(black_box(&objects[next() as usize])));
        });
        let keyed = Mutex::new(keyed);
        group.bench_function(BenchmarkId::new("Mutex<weak-table>", size), |bencher| {
            bencher.iter(|| {
                let key: &Object = &objects[next() as usize];
                keyed.lock().unwrap().get(black_box(key)).copied()
            });
        });
        group.finish();

        let mut group = criterion.benchmark_group("add an element, death, expiry");
        group.bench_function(BenchmarkId::new("weakrefs", size), |bencher| {
            bencher.iter(|| set.insert(&Object::new(size)));
        });
        group.bench_function(BenchmarkId::new("Mutex<weak-table>", size), |bencher| {
            bencher.iter(|| {
                let object = Object::new(size);
                table.lock().unwrap().insert(Arc::clone(&object));
                // weak-table has no name for a dead element: this removes it while alive.
                table.lock().unwrap().remove(&*object);
            });
        });
        group.finish();

        let mut group = criterion.benchmark_group("iterate, whole");
        group.bench_function(BenchmarkId::new("weakrefs", size), |bencher| {
            bencher.iter(|| set.iter().map(|object| object.number).sum::<u64>());
        });
        group.bench_function(BenchmarkId::new("Mutex<weak-table>", size), |bencher| {
            bencher.iter(|| {
                let table = table.lock().unwrap();
                table.iter().map(|object| object.number).sum::<u64>()
            });
        });
    }
}

fn handles(criterion: &mut Criterion) {
    let map: WeakValueMap<String, Object> = WeakValueMap::new();
    let mut group = criterion.benchmark_group("handles");
    group.bench_function("clone", |bencher| bencher.iter(|| map.clone()));
    group.bench_function("len", |bencher| bencher.iter(|| map.len()));
}

criterion_group!(
    containers,
    lookup_by_key::<WeakValueMap<String, Object>>,
    lookup_by_key::<PlainWeakTable>,
    lookup_by_key::<LockedWeakTable>,
    lookup_by_key::<DashMap<String, Weak<Object>>>,
    insert_and_evict::<WeakValueMap<String, Object>>,
    insert_and_evict::<PlainWeakTable>,
    insert_and_evict::<LockedWeakTable>,
    insert_and_evict::<DashMap<String, Weak<Object>>>,
    elements,
    handles,
);
criterion_main!(containers);
