//! Weak references beside `std::sync::Weak`. It has neither sharing nor callbacks: those are beside
//! what it has.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::{Arc, Weak};
use weakrefs::Ref;
use weakrefs_bench::{OURS, Object, STD, beside};

fn upgrade(criterion: &mut Criterion) {
    let object = Object::new(1);
    let (weak, reference) = (Arc::downgrade(&object), Ref::new(&object));
    let mut upgrades = |case| {
        let std = || black_box(&weak).upgrade();
        let ours = || black_box(&reference).upgrade();
        beside(criterion, case, STD, std, ours);
    };
    upgrades("Ref: upgrade");
    drop(object);
    upgrades("Ref: upgrade, dead");
}

fn create(criterion: &mut Criterion) {
    let object = &Object::new(1);
    let std = || Arc::downgrade(black_box(object));
    let ours = || Ref::new(black_box(object));
    beside(criterion, "Ref: create and drop", STD, std, ours);
    let calling = || Ref::with_callback(black_box(object), |_| ());
    beside(
        criterion,
        "Ref: create and drop, callback",
        STD,
        std,
        calling,
    );
    let _another = Ref::new(object);
    beside(criterion, "Ref: create and drop, shared", STD, std, ours);
}

fn die(criterion: &mut Criterion) {
    let case = "Ref: an object without, create and drop";
    let std = || Arc::new(black_box(1u64));
    beside(criterion, case, STD, std, || Object::new(black_box(1)));

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
