//! Weak references beside `std`'s `Weak`, of objects in `Arc`s and in `Rc`s. It has neither sharing nor
//! callbacks: those are beside what it has.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use weakrefs::generic::Ref;
use weakrefs_bench::{Face, OURS, Owner, Rcs, Root, STD, beside};

fn upgrade<F: Face>(criterion: &mut Criterion) {
    let object = F::Owner::make(1);
    let (weak, reference) = (object.weak(), Ref::new(&object));
    let mut upgrades = |case| {
        let std = || F::Owner::view(black_box(&weak));
        let ours = || black_box(&reference).upgrade();
        beside(criterion, &F::named(case), STD, std, ours);
    };
    upgrades("Ref: upgrade");
    drop(object);
    upgrades("Ref: upgrade, dead");
}

fn create<F: Face>(criterion: &mut Criterion) {
    let object = &F::Owner::make(1);
    let std = || black_box(object).weak();
    let ours = || Ref::new(black_box(object));
    let mut creations = |case| beside(criterion, &F::named(case), STD, std, ours);
    creations("Ref: create and drop");
    let another = Ref::new(object);
    creations("Ref: create and drop, shared");
    drop(another);
    let case = F::named("Ref: create and drop, callback");
    beside(criterion, &case, STD, std, || black_box(object).watch());
}

fn die<F: Face>(criterion: &mut Criterion) {
    let case = F::named("Ref: an object without, create and drop");
    let std = || F::Owner::of_number(black_box(1));
    beside(criterion, &case, STD, std, || F::Owner::make(black_box(1)));

    let mut group = criterion.benchmark_group(F::named("Ref: death, callback"));
    group.bench_function(STD, |bencher| {
        let make = || with(F::Owner::make(1), Owner::weak);
        bencher.iter_batched(make, end, BatchSize::SmallInput);
    });
    group.bench_function(OURS, |bencher| {
        let make = || with(F::Owner::make(1), Owner::watch);
        bencher.iter_batched(make, end, BatchSize::SmallInput);
    });
}

fn with<O, W>(object: O, refer: impl FnOnce(&O) -> W) -> (O, W) {
    let reference = refer(&object);
    (object, reference)
}

/// Drops an object, while the reference to it stays.
fn end<O, W>((object, reference): (O, W)) -> W {
    drop(object);
    reference
}

criterion_group!(
    references,
    upgrade::<Root>,
    create::<Root>,
    die::<Root>,
    upgrade::<Rcs>,
    create::<Rcs>,
    die::<Rcs>,
);
criterion_main!(references);
