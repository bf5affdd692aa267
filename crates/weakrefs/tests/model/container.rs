//! The containers under test, and their elements, keys and values, whose code nests operations.

#[path = "../support/mod.rs"]
mod support;

use super::history::Outcome;
use super::naive::{Entry, Kind};
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use support::Colliding;
use weakrefs::{WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap};

/// The run to which code of elements belongs.
pub(crate) trait Outer {
    /// May perform further operations.
    fn nest(&self);
    /// The last `Arc` of an object is gone.
    fn die(&self, object: usize);
    /// The callback of an object is called.
    fn call(&self, object: usize);
}

thread_local! {
    static OUTER: RefCell<Option<Rc<dyn Outer>>> = const { RefCell::new(None) };
}

pub(crate) fn enter(outer: Option<Rc<dyn Outer>>) {
    OUTER.set(outer);
}

fn outer() -> Option<Rc<dyn Outer>> {
    OUTER.with_borrow(Option::clone)
}

/// An occasion to nest operations.
pub(crate) fn at() {
    if let Some(outer) = outer() {
        outer.nest();
    }
}

pub(crate) fn called(object: usize) {
    if let Some(outer) = outer() {
        outer.call(object);
    }
}

/// Told apart by its class; the number names the object.
#[derive(WeakReferenceable, Debug)]
pub(crate) struct Element {
    slot: WeakSlot,
    pub(crate) number: usize,
    pub(crate) class: u32,
}

/// The number of what is only there for comparison.
const PROBE: usize = usize::MAX;

impl Element {
    pub(crate) fn new(number: usize, class: u32) -> Self {
        Self { slot: WeakSlot::new(), number, class }
    }
}

impl Hash for Element {
    fn hash<H: Hasher>(&self, state: &mut H) {
        at();
        self.class.hash(state);
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        at();
        self.class == other.class
    }
}

impl Eq for Element {}

impl Drop for Element {
    fn drop(&mut self) {
        if self.number != PROBE
            && let Some(outer) = outer()
        {
            outer.die(self.number);
        }
    }
}

/// A key of a map to objects, or a value of a map by objects.
#[derive(Debug)]
pub(crate) struct Other(u32);

impl Hash for Other {
    fn hash<H: Hasher>(&self, state: &mut H) {
        at();
        self.0.hash(state);
    }
}

impl PartialEq for Other {
    fn eq(&self, other: &Self) -> bool {
        at();
        self.0 == other.0
    }
}

impl Eq for Other {}

impl Drop for Other {
    fn drop(&mut self) {
        at();
    }
}

fn probe(class: u32) -> Element {
    Element::new(PROBE, class)
}

fn number(object: Option<Arc<Element>>) -> Outcome {
    Outcome::Object(object.map(|object| object.number))
}

fn value(value: Option<Arc<Other>>) -> Outcome {
    Outcome::Value(value.map(|value| value.0))
}

fn pair(pair: Option<(Arc<Element>, Arc<Other>)>) -> Outcome {
    Outcome::Pair(pair.map(|(object, other)| (object.number, other.0)))
}

/// What a factory gives: an object, or a value.
type Made = (Option<Arc<Element>>, u32);

pub(crate) trait Container: Default + 'static {
    const KIND: Kind;
    /// Whether an object can be replaced by an equal one.
    const REPLACES: bool;
    /// Whether factories make objects, not values.
    const MAKES_OBJECTS: bool;
    type Iter;

    fn len(&self) -> usize;
    fn contents(&self) -> Vec<Entry>;
    fn insert(&self, element: Arc<Element>, key: u32, value: u32) -> Outcome;
    fn replace(&self, element: Arc<Element>) -> Outcome;
    fn update(&self, element: Arc<Element>, key: u32) -> Outcome;
    fn get_or_make(&self, element: Arc<Element>, key: u32, make: impl FnOnce() -> Made) -> Outcome;
    fn get(&self, class: u32) -> Outcome;
    fn remove(&self, class: u32) -> Outcome;
    fn pop(&self) -> Outcome;
    fn clear(&self);
    fn drain(&self) -> Outcome;
    fn retain(&self, parity: u32);
    fn iter(&self) -> Self::Iter;
    fn next(iterator: &mut Self::Iter) -> Outcome;
}
