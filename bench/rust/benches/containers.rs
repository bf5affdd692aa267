//! The containers beside weak-table and dashmap, with one thread.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use weakrefs_bench::keyed_by_objects::{
    Elements, LockedMap, LockedSet, OurMap, OurSet, PlainMap, PlainSet,
};
use weakrefs_bench::values_by_key::{Dash, Key, Locked, Ours, Plain, Registry};
use weakrefs_bench::{Cases, LOCKED, Object, beside, measure_small, objects, shuffled, sizes};

/// The entries of a small container.
const FEW: u64 = 10;

fn lookups<K: Key, R: Registry<K>>(cases: &mut Cases<'_>, registry: &R, size: u64) {
    for (kind, first) in [("hit", 0), ("miss", size)] {
        let numbers = shuffled(size).into_iter();
        let keys: Vec<K> = numbers.map(|number| K::of(first + number)).collect();
        let mut keys = keys.iter().cycle();
        cases.measure(&format!("{}, {kind}", K::LOOKUP), |bencher| {
            bencher.iter(|| registry.get(black_box(keys.next().expect("not empty")).borrow()));
        });
    }
}

fn values_by_number<R: Registry<u64>>(criterion: &mut Criterion) {
    for size in sizes() {
        // Dropped after the registry: a death costs nothing then.
        let objects = objects(0..size);
        let registry = R::of(&objects);
        let mut cases = Cases::new(criterion, "WeakValueMap", R::WAY, size);
        lookups(&mut cases, &registry, size);
    }
}

fn values_by_string<R: Registry<String>>(criterion: &mut Criterion) {
    for size in sizes() {
        let objects = objects(0..size);
        let registry = R::of(&objects);
        let mut cases = Cases::new(criterion, "WeakValueMap", R::WAY, size);
        lookups(&mut cases, &registry, size);

        cases.measure_life(
            |batch| -> Vec<(String, Arc<Object>)> {
                let numbers = size..size + batch as u64;
                numbers
                    .map(|number| (String::of(number), Object::new(number)))
                    .collect()
            },
            |new| {
                for (key, object) in new {
                    registry.insert(key.clone(), object);
                }
            },
            |new| {
                for (key, object) in new {
                    drop(object);
                    registry.expire(&key);
                }
            },
        );
        let new = String::of(size);
        cases.measure("insert, death and expiry", |bencher| {
            bencher.iter(|| {
                let object = Object::new(size);
                registry.insert(new.clone(), &object);
                drop(object);
                registry.expire(&new);
            });
        });
        cases.measure_pass("iterate", || registry.total());
        cases.measure("len", |bencher| bencher.iter(|| registry.count()));
    }
}

fn keyed_by_objects<E: Elements>(criterion: &mut Criterion) {
    for size in sizes() {
        let elements = objects(0..size);
        let container = E::of(&elements);
        let mut cases = Cases::new(criterion, E::GROUP, E::WAY, size);

        let mut lookups = |kind: &str, asked: &[Arc<Object>]| {
            let order = shuffled(size);
            let mut order = order.iter().cycle();
            cases.measure(&format!("{}, {kind}", E::LOOKUP), |bencher| {
                bencher.iter(|| {
                    let at = *order.next().expect("not empty") as usize;
                    container.find(black_box(&asked[at]))
                });
            });
        };
        lookups("identical", &elements);
        lookups("equal", &objects(0..size));
        lookups("miss", &objects(size..2 * size));

        cases.measure_life(
            |batch| objects(2 * size..2 * size + batch as u64),
            |new| new.iter().for_each(|object| container.insert(object)),
            |new| new.into_iter().for_each(|object| container.end(object)),
        );
        cases.measure("insert, death and expiry", |bencher| {
            bencher.iter(|| {
                let object = Object::new(2 * size);
                container.insert(&object);
                container.end(object);
            });
        });
        cases.measure_pass("iterate", || container.total());
        cases.measure("len", |bencher| bencher.iter(|| container.count()));
    }
}

fn small_registries<R: Registry<String>>(criterion: &mut Criterion) {
    let objects = objects(0..FEW);
    measure_small(
        criterion,
        "WeakValueMap",
        R::WAY,
        &R::of(&objects),
        R::total,
    );
}

fn small_containers<E: Elements>(criterion: &mut Criterion) {
    let elements = objects(0..FEW);
    measure_small(criterion, E::GROUP, E::WAY, &E::of(&elements), E::total);
}

fn handles(criterion: &mut Criterion) {
    let (handle, locked) = (
        Ours::<String>::default(),
        Arc::new(Locked::<String>::default()),
    );
    let other = || Arc::clone(black_box(&locked));
    let ours = || black_box(&handle).clone();
    beside(criterion, "handle: clone", LOCKED, other, ours);
}

criterion_group!(
    containers,
    values_by_number::<Ours<u64>>,
    values_by_number::<Plain<u64>>,
    values_by_number::<Locked<u64>>,
    values_by_number::<Dash<u64>>,
    values_by_string::<Ours<String>>,
    values_by_string::<Plain<String>>,
    values_by_string::<Locked<String>>,
    values_by_string::<Dash<String>>,
    keyed_by_objects::<OurSet>,
    keyed_by_objects::<PlainSet>,
    keyed_by_objects::<LockedSet>,
    keyed_by_objects::<OurMap>,
    keyed_by_objects::<PlainMap>,
    keyed_by_objects::<LockedMap>,
    small_registries::<Ours<String>>,
    small_registries::<Plain<String>>,
    small_registries::<Locked<String>>,
    small_registries::<Dash<String>>,
    small_containers::<OurSet>,
    small_containers::<PlainSet>,
    small_containers::<LockedSet>,
    small_containers::<OurMap>,
    small_containers::<PlainMap>,
    small_containers::<LockedMap>,
    handles,
);
criterion_main!(containers);
