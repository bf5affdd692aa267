//! The containers beside weak-table and dashmap, with one thread.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use weakrefs_bench::keyed_by_objects::{
    Elements, LockedMap, LockedSet, OurMap, OurSet, PlainMap, PlainSet,
};
use weakrefs_bench::values_by_key::{Dash, Locked, Ours, Plain, Registry};
use weakrefs_bench::{Cases, LOCKED, Object, beside, key, objects, shuffled, sizes};

fn values_by_key<R: Registry>(criterion: &mut Criterion) {
    for size in sizes() {
        // Dropped after the registry: a death costs nothing then.
        let objects = objects(0..size);
        let registry = R::default();
        for object in &objects {
            registry.insert(key(object.number), object);
        }
        let mut cases = Cases::new(criterion, "WeakValueMap", R::WAY, size);

        for (case, prefix) in [("get(&str), hit", ""), ("get(&str), miss", "no ")] {
            let named = |number| format!("{prefix}{}", key(number));
            let keys: Vec<String> = shuffled(size).into_iter().map(named).collect();
            let mut keys = keys.iter().cycle();
            cases.measure(case, |bencher| {
                bencher.iter(|| registry.get(black_box(keys.next().expect("not empty"))));
            });
        }

        cases.measure_life(
            |batch| -> Vec<(String, Arc<Object>)> {
                let numbers = size..size + batch as u64;
                numbers
                    .map(|number| (key(number), Object::new(number)))
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
        let new = key(size);
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
        let container = E::default();
        for object in &elements {
            container.insert(object);
        }
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

fn handles(criterion: &mut Criterion) {
    let (handle, locked) = (Ours::default(), Arc::new(Locked::default()));
    let other = || Arc::clone(black_box(&locked));
    let ours = || black_box(&handle).clone();
    beside(criterion, "handle: clone", LOCKED, other, ours);
}

criterion_group!(
    containers,
    values_by_key::<Ours>,
    values_by_key::<Plain>,
    values_by_key::<Locked>,
    values_by_key::<Dash>,
    keyed_by_objects::<OurSet>,
    keyed_by_objects::<PlainSet>,
    keyed_by_objects::<LockedSet>,
    keyed_by_objects::<OurMap>,
    keyed_by_objects::<PlainMap>,
    keyed_by_objects::<LockedMap>,
    handles,
);
criterion_main!(containers);
