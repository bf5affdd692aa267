//! The containers against a naive model, with deaths in the middle of operations (S16 to S21): of objects in `Arc`s and in
//! `Rc`s, whose entries leave at once or some time later.
//!
//! A script of operations runs on one of the containers. Whenever code of an element's, key's or
//! value's runs (`Hash`, `Eq`, `Drop`, a callback, a factory), it may perform the next operations of the
//! script, nested in the one that is under way. What happened is recorded as a tree of operations and
//! deaths. The naive model knows no nesting; the container is right if there is an order of the
//! operations of the tree, each at one moment between its beginning and its end, in which the model
//! gives the same results and ends with the same contents. Where nobody tells containers of deaths, all of it is the same,
//! but for the length: an upper bound, until the dead have been taken out.

#![allow(clippy::duplicate_mod, reason = "the same containers in each way")]

mod arc;
mod container;
mod history;
mod lazy;
mod local;
mod local_lazy;
mod naive;
#[path = "../support/mod.rs"]
mod support;

use container::{Container, enter};
use history::{History, orders};
use naive::Naive;
use proptest::prelude::*;
use proptest::sample::Index;

/// An operation of a script: what it is about is chosen when it runs.
#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    one: Index,
    class: u32,
}

fn step() -> impl Strategy<Value = Step> {
    (0u8..72, any::<Index>(), 0u32..6).prop_map(|(kind, one, class)| Step { kind, one, class })
}

/// What a step does in the present state of a run: objects and open iterators are named by their
/// positions.
enum Plan {
    Make(u32),
    Kill(usize),
    Insert(usize, u32),
    Replace(usize, u32),
    Get(u32),
    Remove(u32),
    PopFirst,
    PopLast,
    First,
    Last,
    Clear,
    Drain,
    Retain(u32),
    RemoveExpired,
    Update(usize, u32),
    GetOrMake(usize, u32),
    Open,
    Next(usize),
    Close(usize),
}

impl Step {
    fn choose(&self, objects: usize, iterators: usize) -> Plan {
        let Self { kind, one, class } = self;
        let class = *class;
        let object = (objects > 0).then(|| one.index(objects));
        let iterator = (iterators > 0).then(|| one.index(iterators));
        match (kind, object, iterator) {
            (0..=8, ..) => Plan::Make(class),
            (9..=16, Some(object), _) => Plan::Kill(object),
            (17..=28, Some(object), _) => Plan::Insert(object, class),
            (29..=32, Some(object), _) => Plan::Replace(object, class),
            (33..=38, ..) => Plan::Get(class),
            (39..=42, ..) => Plan::Remove(class),
            (43..=44, ..) => Plan::PopLast,
            (45, ..) => Plan::Clear,
            (46, ..) => Plan::Drain,
            (47, ..) => Plan::Retain(class % 2),
            (48..=51, Some(object), _) => Plan::Update(object, class),
            (52..=54, Some(object), _) => Plan::GetOrMake(object, class),
            (55..=56, ..) => Plan::Open,
            (57..=62, _, Some(iterator)) => Plan::Next(iterator),
            (63, _, Some(iterator)) => Plan::Close(iterator),
            (64..=65, ..) => Plan::PopFirst,
            (66..=67, ..) => Plan::First,
            (68..=69, ..) => Plan::Last,
            (70..=71, ..) => Plan::RemoveExpired,
            _ => Plan::Get(class),
        }
    }
}

/// Runs a script; each top-level operation and what was nested in it is checked on its own.
fn run<C: Container>(steps: Vec<Step>) {
    /// Also after a failure.
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            enter(None);
        }
    }
    let _leave = Leave;
    let history = History::start(steps, C::default());
    // What may be behind it: an iterator may have been opened at one moment or another.
    let mut states = vec![Naive::new(C::KIND)];
    while let Some(tree) = history.advance() {
        let actual = history.contents();
        let orders = orders(&tree);
        let mut explanations = Vec::new();
        for naive in &states {
            for order in &orders {
                let mut naive = naive.clone();
                let mut events = order.iter();
                let agrees = events.all(|(event, outcome)| naive.apply(event) == **outcome);
                if agrees && naive.contents() == actual && !explanations.contains(&naive) {
                    explanations.push(naive);
                }
            }
        }
        assert!(
            !explanations.is_empty(),
            "no order explains\n{tree:#?}\nfrom one of {states:#?}\nto {actual:?}"
        );
        states = explanations;
        assert_eq!(states[0].alive(), history.alive(), "after {tree:#?}");
    }
    history.end();
}

macro_rules! agree_with_the_model {
    ($($test:ident: $container:ty;)*) => {
        proptest! {$(
            /// S16 to S21.
            #[test]
            fn $test(steps in prop::collection::vec(step(), 0..200)) {
                run::<$container>(steps);
            }
        )*}
    };
}

agree_with_the_model! {
    sets: arc::Set;
    key_maps: arc::Keys;
    value_maps: arc::Values;
    sets_of_one_thread: local::Set;
    key_maps_of_one_thread: local::Keys;
    value_maps_of_one_thread: local::Values;
    lazy_sets: lazy::Set;
    lazy_key_maps: lazy::Keys;
    lazy_value_maps: lazy::Values;
    lazy_sets_of_one_thread: local_lazy::Set;
    lazy_key_maps_of_one_thread: local_lazy::Keys;
    lazy_value_maps_of_one_thread: local_lazy::Values;
}
