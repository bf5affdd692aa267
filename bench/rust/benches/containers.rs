//! The containers beside weak-table, dashmap and `std`'s map, with one thread.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use weakrefs_bench::keyed_by_objects::{
    self, Elements, LockedMap, LockedPtrSet, LockedSet, OurLazyPtrSet, OurMap, OurRcMap, OurRcSet,
    OurSet, PlainMap, PlainSet,
};
use weakrefs_bench::values_by_key::{
    Dash, Key, Locked, OurLazy, OurRcs, Ours, OwnerOf, Plain, Registry, Std,
};
use weakrefs_bench::{
    Cases, Face, LOCKED, Lazy, Owner, Rcs, Root, beside, measure_small, objects, shuffled, sizes,
};

/// The entries of a small container.
const FEW: u64 = 10;

fn registry_cases<'a, K: Key, R: Registry<K>>(
    criterion: &'a mut Criterion,
    size: u64,
) -> Cases<'a> {
    Cases::new(criterion, R::Face::named("WeakValueMap"), R::WAY, size)
}

fn element_cases<E: Elements>(criterion: &mut Criterion, size: u64) -> Cases<'_> {
    Cases::new(criterion, E::Face::named(E::GROUP), E::WAY, size)
}

/// Looks up keys of which all are there, or none.
fn look_up<K: Key, R: Registry<K>>(
    cases: &mut Cases<'_>,
    registry: &R,
    kind: &str,
    first: u64,
    size: u64,
) {
    let numbers = shuffled(size).into_iter();
    let keys: Vec<K> = numbers.map(|number| K::of(first + number)).collect();
    let mut keys = keys.iter().cycle();
    cases.measure(&format!("{}, {kind}", K::LOOKUP), |bencher| {
        bencher.iter(|| registry.get(black_box(keys.next().expect("not empty")).borrow()));
    });
}

fn values_by_number<R: Registry<u64>>(criterion: &mut Criterion) {
    for size in sizes::<R::Face>() {
        // Dropped after the registry: a death costs nothing then.
        let objects = objects(0..size);
        let registry = R::of(&objects);
        let mut cases = registry_cases::<u64, R>(criterion, size);
        look_up(&mut cases, &registry, "hit", 0, size);
        look_up(&mut cases, &registry, "miss", size, size);
    }
}

fn values_by_string<R: Registry<String>>(criterion: &mut Criterion) {
    for size in sizes::<R::Face>() {
        let objects = objects(0..size);
        let registry = R::of(&objects);
        let mut cases = registry_cases::<String, R>(criterion, size);
        look_up(&mut cases, &registry, "hit", 0, size);
        look_up(&mut cases, &registry, "miss", size, size);

        cases.measure_life(
            |batch| -> Vec<(String, OwnerOf<String, R>)> {
                let numbers = size..size + batch as u64;
                numbers
                    .map(|number| (String::of(number), Owner::make(number)))
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
                let object = Owner::make(size);
                registry.insert(new.clone(), &object);
                drop(object);
                registry.expire(&new);
            });
        });
        cases.measure_pass("iterate", || registry.total());
        cases.measure("len", |bencher| bencher.iter(|| registry.count()));
    }
}

/// A few cases of a map that is not told of the dead, nor is its peer: insertions rid them of these in time.
fn untold_values<R: Registry<String>>(criterion: &mut Criterion) {
    for size in sizes::<R::Face>() {
        let objects = objects(0..size);
        let registry = R::of(&objects);
        let mut cases = registry_cases::<String, R>(criterion, size);
        look_up(&mut cases, &registry, "hit", 0, size);

        let new: Vec<String> = (size..2 * size).map(String::of).collect();
        let mut new = new.iter().cycle();
        cases.measure("insert, death and expiry", |bencher| {
            bencher.iter(|| {
                let key = new.next().expect("not empty").clone();
                registry.insert(key, &Owner::make(size));
            });
        });
        cases.measure_pass("iterate", || registry.total());
    }
}

/// Looks up each of some objects.
fn find<E: Elements>(
    cases: &mut Cases<'_>,
    container: &E,
    kind: &str,
    asked: &[keyed_by_objects::OwnerOf<E>],
) {
    let order = shuffled(asked.len() as u64);
    let mut order = order.iter().cycle();
    cases.measure(&format!("{}, {kind}", E::LOOKUP), |bencher| {
        bencher.iter(|| {
            let at = *order.next().expect("not empty") as usize;
            container.find(black_box(&asked[at]))
        });
    });
}

fn keyed_by_objects<E: Elements>(criterion: &mut Criterion) {
    for size in sizes::<E::Face>() {
        let elements = objects(0..size);
        let container = E::of(&elements);
        let mut cases = element_cases::<E>(criterion, size);
        find(&mut cases, &container, "identical", &elements);
        find(&mut cases, &container, "equal", &objects(0..size));
        find(&mut cases, &container, "miss", &objects(size..2 * size));

        cases.measure_life(
            |batch| objects(2 * size..2 * size + batch as u64),
            |new| new.iter().for_each(|object| container.insert(object)),
            |new| new.into_iter().for_each(|object| container.end(object)),
        );
        cases.measure("insert, death and expiry", |bencher| {
            bencher.iter(|| {
                let object = Owner::make(2 * size);
                container.insert(&object);
                container.end(object);
            });
        });
        cases.measure_pass("iterate", || container.total());
        cases.measure("len", |bencher| bencher.iter(|| container.count()));
    }
}

fn identities<E: Elements>(criterion: &mut Criterion) {
    for size in sizes::<E::Face>() {
        let elements = objects(0..size);
        let container = E::of(&elements);
        let mut cases = element_cases::<E>(criterion, size);
        find(&mut cases, &container, "identical", &elements);
    }
}

fn small_registries<R: Registry<String>>(criterion: &mut Criterion) {
    let (name, objects) = (R::Face::named("WeakValueMap"), objects(0..FEW));
    measure_small(criterion, &name, R::WAY, &R::of(&objects), R::total);
}

fn small_containers<E: Elements>(criterion: &mut Criterion) {
    let (name, elements) = (E::Face::named(E::GROUP), objects(0..FEW));
    measure_small(criterion, &name, E::WAY, &E::of(&elements), E::total);
}

fn handles(criterion: &mut Criterion) {
    let (handle, locked) = (
        Ours::<String>::default(),
        Arc::new(Locked::<String, Root>::default()),
    );
    let other = || Arc::clone(black_box(&locked));
    let ours = || black_box(&handle).clone();
    beside(criterion, "handle: clone", LOCKED, other, ours);
}

criterion_group!(
    containers,
    values_by_number::<Ours<u64>>,
    values_by_number::<Plain<u64, Root>>,
    values_by_number::<Locked<u64, Root>>,
    values_by_number::<Dash<u64>>,
    values_by_string::<Ours<String>>,
    values_by_string::<Plain<String, Root>>,
    values_by_string::<Locked<String, Root>>,
    values_by_string::<Dash<String>>,
    keyed_by_objects::<OurSet>,
    keyed_by_objects::<PlainSet<Root>>,
    keyed_by_objects::<LockedSet<Root>>,
    keyed_by_objects::<OurMap>,
    keyed_by_objects::<PlainMap<Root>>,
    keyed_by_objects::<LockedMap<Root>>,
    small_registries::<Ours<String>>,
    small_registries::<Plain<String, Root>>,
    small_registries::<Locked<String, Root>>,
    small_registries::<Dash<String>>,
    small_containers::<OurSet>,
    small_containers::<PlainSet<Root>>,
    small_containers::<LockedSet<Root>>,
    small_containers::<OurMap>,
    small_containers::<PlainMap<Root>>,
    small_containers::<LockedMap<Root>>,
    handles,
);
criterion_group!(
    in_one_thread,
    values_by_number::<OurRcs<u64>>,
    values_by_number::<Plain<u64, Rcs>>,
    values_by_number::<Std<u64>>,
    values_by_string::<OurRcs<String>>,
    values_by_string::<Plain<String, Rcs>>,
    values_by_string::<Std<String>>,
    keyed_by_objects::<OurRcSet>,
    keyed_by_objects::<PlainSet<Rcs>>,
    keyed_by_objects::<OurRcMap>,
    keyed_by_objects::<PlainMap<Rcs>>,
    small_registries::<OurRcs<String>>,
    small_registries::<Plain<String, Rcs>>,
    small_registries::<Std<String>>,
    small_containers::<OurRcSet>,
    small_containers::<PlainSet<Rcs>>,
    small_containers::<OurRcMap>,
    small_containers::<PlainMap<Rcs>>,
);
criterion_group!(
    lazy,
    untold_values::<OurLazy<String>>,
    untold_values::<Locked<String, Lazy>>,
    identities::<OurLazyPtrSet>,
    identities::<LockedPtrSet<Lazy>>,
);
criterion_main!(containers, in_one_thread, lazy);
