//! [`WeakSet`] and [`PtrWeakSet`]: every method, in Rust's meaning of S16 to S24.

mod support;

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use support::{Colliding, Item, Log, Noting, item, items, rounds, values};
use weakrefs::{PtrWeakSet, Tracked, WeakReferenceable, WeakSet, WeakSlot};

/// S17: elements leave at death, equal ones that are other objects do not.
#[test]
fn elements_leave_when_they_die() {
    let set = WeakSet::new();
    let (object, equal) = (item(1), item(1));
    assert!(set.is_empty() && set.insert(&object) && !set.insert(&object));
    assert!(!set.insert(&equal));
    assert_eq!(set.len(), 1);
    drop(equal);
    assert!(set.contains(&object) && set.contains(&Tracked::new(1)));
    drop(object);
    assert!(set.is_empty() && !set.contains(&Tracked::new(1)));
}

/// S19: an equal element that is there stays; `replace` is how to have the new one.
#[test]
fn an_equal_element_stays_until_it_is_replaced() {
    let set = WeakSet::new();
    let (first, second, last) = (item(1), item(1), item(2));
    set.insert(&first);
    set.insert(&last);
    assert!(!set.insert(&second));
    assert!(Arc::ptr_eq(&set.get(&second).unwrap(), &first));
    assert!(Arc::ptr_eq(&set.replace(&second).unwrap(), &first));
    assert!(Arc::ptr_eq(&set.get(&first).unwrap(), &second));
    // In its place, and its own: S16 for sets.
    assert_eq!(values(&set), [1, 2]);
    drop(first);
    assert_eq!(set.len(), 2);
    assert!(Arc::ptr_eq(&set.replace(&second).unwrap(), &second));
    assert_eq!(Arc::weak_count(&second), 1);
    drop(second);
    assert_eq!(values(&set), [2]);
    assert!(set.replace(&item(3)).is_none());
    assert_eq!(values(&set), [2]);
}

/// S17: what was removed and inserted again is watched as often as it is there.
#[test]
fn removal_ends_the_watch() {
    let set = WeakSet::new();
    let object = item(1);
    for _ in 0..3 {
        assert!(set.insert(&object));
        assert_eq!(Arc::weak_count(&object), 1);
        assert!(set.remove(&Tracked::new(1)) && !set.remove(&object));
        assert_eq!(Arc::weak_count(&object), 0);
    }
    assert!(set.insert(&object));
    assert!(Arc::ptr_eq(&set.take(&object).unwrap(), &object) && set.take(&object).is_none());
    assert!(set.is_empty());
}

/// Clones are handles of one set; a copy is another one of the same elements (S23).
#[test]
fn clones_share_and_copies_do_not() {
    let objects = items(0..3);
    let set: WeakSet<_> = objects.iter().collect();
    let (handle, copy) = (set.clone(), set.copy());
    assert!(handle.ptr_eq(&set) && !copy.ptr_eq(&set) && copy == set && handle == set);
    handle.clear();
    assert!(set.is_empty() && copy != set);
    assert_eq!(values(&copy), [0, 1, 2]);
    assert_eq!(Arc::weak_count(&objects[0]), 1);
}

/// S34: `retain`, `drain`, `clear`: what leaves is not watched any more.
#[test]
fn removals_in_bulk() {
    let objects = items(0..100);
    let set: WeakSet<_> = objects.iter().collect();
    set.retain(|object| ***object % 2 == 0);
    assert_eq!(values(&set), (0..100).step_by(2).collect::<Vec<_>>());
    assert_eq!(
        (Arc::weak_count(&objects[0]), Arc::weak_count(&objects[1])),
        (1, 0)
    );
    let mut drained = set.drain();
    assert!(set.is_empty());
    set.insert(&objects[7]);
    assert_eq!(drained.next().map(|object| **object), Some(0));
    assert_eq!(values(drained), (2..100).step_by(2).collect::<Vec<_>>());
    assert_eq!(values(&set), [7]);
    set.clear();
    assert!(set.is_empty() && set.pop_last().is_none());
    assert!(objects.iter().all(|object| Arc::weak_count(object) == 0));
}

/// S18, S21: `retain` decides on the snapshot: what `keep` inserts stays, what it kills is gone.
#[test]
fn retain_may_re_enter() {
    let set = WeakSet::new();
    let mut objects: Vec<_> = items(0..10).into_iter().map(Some).collect();
    set.extend(objects.iter().flatten());
    let mut new = Vec::new();
    set.retain(|object| {
        new.push(item(***object + 100));
        set.insert(new.last().unwrap());
        objects[9] = None;
        // Another entry, though an equal one: it stays.
        if ***object == 3 {
            set.remove(object);
            set.insert(object);
        }
        ***object % 2 == 0
    });
    let expected = [
        &[0, 2, 4, 6, 8, 100, 101, 102, 103, 3][..],
        &[104, 105, 106, 107, 108],
    ];
    assert_eq!(values(&set), expected.concat());
}

#[derive(WeakReferenceable, PartialEq, Eq)]
struct Symbol {
    slot: WeakSlot,
    name: String,
}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        &self.name
    }
}

fn symbol(name: &str) -> Arc<Symbol> {
    Arc::new(Symbol {
        slot: WeakSlot::new(),
        name: name.into(),
    })
}

/// S17: Interning: by a borrowed form, or by giving the object.
#[test]
fn elements_are_found_by_what_is_equivalent() {
    let set = WeakSet::new();
    let x = set.get_or_insert(symbol("x"));
    assert!(Arc::ptr_eq(&set.get_or_insert(symbol("x")), &x));
    assert!(Arc::ptr_eq(&set.get("x").unwrap(), &x) && set.get("y").is_none());
    let y = set.get_or_insert_with("y", || symbol("y"));
    assert!(Arc::ptr_eq(
        &set.get_or_insert_with("y", || unreachable!()),
        &y
    ));
    drop(y);
    assert!(set.get("y").is_none() && set.len() == 1);
}

trait Shape: WeakReferenceable {
    fn area(&self) -> u32;
}

impl Shape for Item {
    fn area(&self) -> u32 {
        **self
    }
}

impl Shape for Tracked<(u32, u32)> {
    fn area(&self) -> u32 {
        self.0 * self.1
    }
}

impl PartialEq for dyn Shape {
    fn eq(&self, other: &Self) -> bool {
        self.area() == other.area()
    }
}

impl Eq for dyn Shape {}

impl Hash for dyn Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.area().hash(state);
    }
}

/// S12: trait objects of several types in one set, by value and by identity.
#[test]
fn trait_objects_are_elements() {
    let square: Arc<dyn Shape> = Arc::new(Tracked::new((2, 3)));
    let line: Arc<dyn Shape> = item(6);
    let set: WeakSet<dyn Shape> = [&square, &line].into_iter().collect();
    assert_eq!(set.len(), 1);
    let identities: PtrWeakSet<dyn Shape> = [&square, &line].into_iter().collect();
    assert_eq!(identities.len(), 2);
    assert!(identities.contains(&*line) && set.contains(&*line));
    drop(square);
    assert_eq!((set.len(), identities.len()), (0, 1));
    assert_eq!(
        identities
            .iter()
            .map(|shape| shape.area())
            .collect::<Vec<_>>(),
        [6]
    );
}

/// S17: identity needs neither `Hash` nor `Eq`, and takes equal objects for two.
#[test]
fn identity_tells_equal_objects_apart() {
    let set: PtrWeakSet<Tracked<f64>> = PtrWeakSet::default();
    let numbers: Vec<_> = [f64::NAN, 0.0, -0.0, 0.0]
        .map(|number| Arc::new(Tracked::new(number)))
        .into();
    for number in &numbers {
        assert!(set.insert(number) && !set.insert(number));
        assert!(Arc::ptr_eq(&set.get(number).unwrap(), number));
    }
    assert_eq!(set.len(), 4);
    assert!(!set.contains(&Tracked::new(0.0)));
    assert!(set.remove(&numbers[1]) && !set.remove(&numbers[1]));
    let copy = set.copy();
    assert!(copy == set && copy.contains(&numbers[3]));
    drop(numbers);
    assert!(set.is_empty() && copy.is_empty());
}

/// S17: Few hashes make everything a comparison, and change nothing else.
#[test]
fn colliding_hashes_work() {
    let set = WeakSet::with_hasher(Colliding::<3>);
    let mut objects = items(0..300);
    set.extend(&objects);
    assert!(
        objects
            .iter()
            .all(|object| set.contains(&Tracked::new(***object)))
    );
    assert!(!set.contains(&Tracked::new(300)));
    objects.retain(|object| ***object % 7 == 0);
    assert_eq!(values(&set), (0..300).step_by(7).collect::<Vec<_>>());
    assert!(
        objects
            .iter()
            .all(|object| set.remove(&Tracked::new(***object)))
    );
    assert!(set.is_empty());
}

/// S24: The traits that collections have.
#[test]
fn conversions_equality_and_debug() {
    let objects = items(0..3);
    let set: WeakSet<Item> = objects.iter().collect();
    let by_value: WeakSet<Item> = objects.clone().into_iter().collect();
    assert!(set == by_value);
    let mut backwards: WeakSet<Item> = WeakSet::default();
    Extend::extend(&mut backwards, objects.iter().rev());
    assert!(set == backwards);
    let more = item(7);
    backwards.insert(&more);
    assert!(set != backwards);
    assert!(backwards != set);
    set.insert(&item(8));
    assert_eq!(format!("{set:?}"), "{(Weak), (Weak), (Weak)}");
    let strong: Vec<Arc<Item>> = set.iter().collect();
    assert_eq!(strong, objects);
}

/// S20, S34: a hundred thousand and back.
#[test]
fn many_elements_come_and_go() {
    let set = WeakSet::new();
    let mut objects = items(0..rounds(100_000) as u32);
    set.extend(&objects);
    assert_eq!(set.len(), objects.len());
    while objects.len() > 10 {
        objects.truncate(objects.len() / 2);
        assert_eq!(set.len(), objects.len());
    }
    assert_eq!(values(&set), values(objects.clone()));
}

/// S18: What an element owns is dropped by the element, outside of the set.
#[test]
fn destructors_of_elements_may_use_the_set() {
    let log = Log::default();
    let set: PtrWeakSet<Tracked<Noting>> = PtrWeakSet::default();
    let object = Arc::new(Tracked::new(Noting("element", log.clone())));
    set.insert(&object);
    let strong = set.pop_last().unwrap();
    drop(object);
    assert!(log.take().is_empty());
    drop(strong);
    assert_eq!(log.take(), ["element"]);
}

/// S34: room made in advance is no obstacle, and goes when it is not needed.
#[test]
fn capacity_is_only_room() {
    let set: WeakSet<Item> = WeakSet::with_capacity(10_000);
    assert!(set.is_empty() && set.iter().next().is_none());
    let object = item(1);
    assert!(set.insert(&object));
    set.reserve(10_000);
    assert_eq!(set.len(), 1);
    drop(object);
    assert!(set.is_empty());
}
