//! Weak references beside `std::sync::Weak`. It has neither sharing nor callbacks: those are beside
//! what it has.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::{Arc, Weak};
use weakrefs::Ref;
use weakrefs_bench::{OURS, Object, STD};

fn upgrade(criterion: &mut Criterion) {
    let object = Object::new(1);
    let (weak, reference) = (Arc::downgrade(&object), Ref::new(&object));
    upgrades(criterion, "Ref: upgrade", &weak, &reference);
    drop(object);
    upgrades(criterion, "Ref: upgrade, dead", &weak, &reference);
}

fn upgrades(criterion: &mut Criterion, case: &str, weak: &Weak<Object>, reference: &Ref<Object>) {
    let mut group = criterion.benchmark_group(case);
    group.bench_function(STD, |bencher| bencher.iter(|| black_box(weak).upgrade()));
    group.bench_function(OURS, |bencher| {
        bencher.iter(|| black_box(reference).upgrade());
    });
}

fn create(criterion: &mut Criterion) {
    let object = Object::new(1);
    creations(criterion, "Ref: create and drop", &object, Ref::new);
    creations(
        criterion,
        "Ref: create and drop, callback",
        &object,
        |object| Ref::with_callback(object, |_| ()),
    );
    let _another = Ref::new(&object);
    creations(criterion, "Ref: create and drop, shared", &object, Ref::new);
}

fn creations(
    criterion: &mut Criterion,
    case: &str,
    object: &Arc<Object>,
    create: impl Fn(&Arc<Object>) -> Ref<Object>,
) {
    let mut group = criterion.benchmark_group(case);
    group.bench_function(STD, |bencher| {
        bencher.iter(|| Arc::downgrade(black_box(object)));
    });
    group.bench_function(OURS, |bencher| bencher.iter(|| create(black_box(object))));
}

fn die(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("Ref: an object without, create and drop");
    group.bench_function(STD, |bencher| {
        bencher.iter(|| Arc::new(black_box(1u64)));
    });
    group.bench_function(OURS, |bencher| bencher.iter(|| Object::new(black_box(1))));
    group.finish();

    let mut group = criterion.benchmark_group("Ref: death, callback");
    group.bench_function(STD, |bencher| {
        let make = || {
            let object = Object::new(1);
            let weak = Arc::downgrade(&object);
            (object, weak)
        };
        let die = |(object, weak)| -> Weak<Object> {
            drop(object);
            weak
        };
        bencher.iter_batched(make, die, BatchSize::SmallInput);
    });
    group.bench_function(OURS, |bencher| {
        let make = || {
            let object = Object::new(1);
            let reference = Ref::with_callback(&object, |_| ());
            (object, reference)
        };
        let die = |(object, reference)| -> Ref<Object> {
            drop(object);
            reference
        };
        bencher.iter_batched(make, die, BatchSize::SmallInput);
    });
}

criterion_group!(references, upgrade, create, die);
criterion_main!(references);
