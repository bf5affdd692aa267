//! Weak references beside `std::sync::Weak`.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::{Arc, Weak};
use weakrefs::Ref;
use weakrefs_bench::Object;

fn upgrade(criterion: &mut Criterion) {
    let object = Object::new(1);
    let weak = Arc::downgrade(&object);
    let reference = Ref::new(&object);
    let mut group = criterion.benchmark_group("upgrade");
    group.bench_function("std", |bencher| bencher.iter(|| black_box(&weak).upgrade()));
    group.bench_function("weakrefs", |bencher| {
        bencher.iter(|| black_box(&reference).upgrade());
    });
    group.finish();

    drop(object);
    let mut group = criterion.benchmark_group("upgrade dead");
    group.bench_function("std", |bencher| bencher.iter(|| black_box(&weak).upgrade()));
    group.bench_function("weakrefs", |bencher| {
        bencher.iter(|| black_box(&reference).upgrade());
    });
}

fn create(criterion: &mut Criterion) {
    let object = Object::new(1);
    let mut group = criterion.benchmark_group("create and drop a reference");
    group.bench_function("std", |bencher| {
        bencher.iter(|| Arc::downgrade(black_box(&object)));
    });
    group.bench_function("weakrefs", |bencher| {
        bencher.iter(|| Ref::new(black_box(&object)));
    });
    let _shared = Ref::new(&object);
    group.bench_function("weakrefs, shared", |bencher| {
        bencher.iter(|| Ref::new(black_box(&object)));
    });
    group.bench_function("weakrefs, with callback", |bencher| {
        bencher.iter(|| Ref::with_callback(black_box(&object), |_| ()));
    });
}

fn die(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("create and drop an object");
    group.bench_function("Arc", |bencher| {
        bencher.iter(|| Arc::new(black_box(1u64)));
    });
    group.bench_function("with an unused slot", |bencher| {
        bencher.iter(|| Object::new(black_box(1)));
    });
    group.finish();

    let mut group = criterion.benchmark_group("death");
    group.bench_function("std, Weak kept", |bencher| {
        let make = || {
            let object = Object::new(1);
            let weak = Arc::downgrade(&object);
            (object, weak)
        };
        bencher.iter_batched(
            make,
            |(object, weak)| -> Weak<Object> {
                drop(object);
                weak
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("weakrefs, with callback", |bencher| {
        let make = || {
            let object = Object::new(1);
            let reference = Ref::with_callback(&object, |_| ());
            (object, reference)
        };
        bencher.iter_batched(
            make,
            |(object, reference)| {
                drop(object);
                reference
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(references, upgrade, create, die);
criterion_main!(references);
