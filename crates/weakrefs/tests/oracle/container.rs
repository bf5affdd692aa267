//! What a container under test can do, and its elements, keys and values, whose code nests operations.

use super::history::Outcome;
use super::naive::{Entry, Kind};
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;
use weakrefs::{WeakReferenceable, WeakSlot, rc};

/// The run to which code of elements belongs.
pub(crate) trait Outer {
    /// May perform further operations.
    fn nest(&self);
    /// The last owner of an object is gone.
    fn die(&self, object: usize);
    /// The callback of an object is called.
    fn call(&self, object: usize);
}

thread_local! {
    static OUTER: RefCell<Option<Rc<dyn Outer>>> = const { RefCell::new(None) };
}

/// Makes the code of elements belong to a run, or to none.
pub(crate) fn enter(outer: Option<Rc<dyn Outer>>) {
    // What a run that failed has left behind is dropped outside.
    drop(OUTER.replace(outer));
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

/// The callback of an object.
pub(crate) fn calling<R>(object: usize) -> impl FnOnce(&R) + Send {
    move |_| {
        if let Some(outer) = outer() {
            outer.call(object);
        }
    }
}

/// Told apart by its class; the number names the object. `S` is a slot, or nothing.
#[derive(Debug)]
pub(crate) struct Element<S> {
    slot: S,
    pub(crate) number: usize,
    pub(crate) class: u32,
}

/// The number of what is only there for comparison.
const PROBE: usize = usize::MAX;

impl<S: Default> Element<S> {
    pub(crate) fn new(number: usize, class: u32) -> Self {
        Self {
            slot: S::default(),
            number,
            class,
        }
    }
}

impl WeakReferenceable for Element<WeakSlot> {
    fn weak_slot(&self) -> &WeakSlot {
        &self.slot
    }
}

impl rc::WeakReferenceable for Element<rc::WeakSlot> {
    fn weak_slot(&self) -> &rc::WeakSlot {
        &self.slot
    }
}

impl<S> Hash for Element<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        at();
        self.class.hash(state);
    }
}

impl<S> PartialEq for Element<S> {
    fn eq(&self, other: &Self) -> bool {
        at();
        self.class == other.class
    }
}

impl<S> Eq for Element<S> {}

impl<S> Drop for Element<S> {
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
pub(crate) struct Other(pub(crate) u32);

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

pub(crate) fn probe<S: Default>(class: u32) -> Element<S> {
    Element::new(PROBE, class)
}

pub(crate) fn number<S>(object: Option<impl Deref<Target = Element<S>>>) -> Outcome {
    Outcome::Object(object.map(|object| object.number))
}

pub(crate) fn alone<S>(object: Option<impl Deref<Target = Element<S>>>) -> Outcome {
    Outcome::Pair(object.map(|object| (object.number, 0)))
}

pub(crate) fn value(value: Option<impl Deref<Target = Other>>) -> Outcome {
    Outcome::Value(value.map(|value| value.0))
}

pub(crate) fn pair<S>(
    pair: Option<(impl Deref<Target = Element<S>>, impl Deref<Target = Other>)>,
) -> Outcome {
    Outcome::Pair(pair.map(|(object, other)| (object.number, other.0)))
}

/// An open iterator: the numbers of objects, with what is beside them.
pub(crate) type Iter = Box<dyn Iterator<Item = (usize, u32)>>;

/// What a factory gives: an object, or a value.
pub(crate) type Made<C> = (Option<Strong<C>>, u32);

/// By what objects are owned, and how their entries leave.
pub(crate) trait Way: 'static {
    /// Whether deaths are told: to containers, whose entries leave at once, and to callbacks.
    const IS_TOLD: bool;
    /// What an object has so that its death is told.
    type Slot: Default;
    type Strong: Clone + Deref<Target = Element<Self::Slot>>;
    /// What calls back.
    type Reference;

    fn own(element: Element<Self::Slot>) -> Self::Strong;
    /// The reference whose callback tells the run of the death, if there is one.
    fn watch(object: &Self::Strong) -> Option<Self::Reference>;
}

/// An owner of an object in a container.
pub(crate) type Strong<C> = <<C as Container>::Way as Way>::Strong;

pub(crate) trait Container: Default + 'static {
    type Way: Way;
    const KIND: Kind;
    /// Whether an object can be replaced by an equal one.
    const REPLACES: bool;
    /// Whether factories make objects, not values.
    const MAKES_OBJECTS: bool;

    fn len(&self) -> usize;
    fn contents(&self) -> Vec<Entry>;
    fn insert(&self, element: Strong<Self>, key: u32, value: u32) -> Outcome;
    fn replace(&self, element: Strong<Self>) -> Outcome;
    fn update(&self, element: Strong<Self>, key: u32) -> Outcome;
    fn get_or_make(
        &self,
        element: Strong<Self>,
        key: u32,
        make: impl FnOnce() -> Made<Self>,
    ) -> Outcome;
    fn get(&self, class: u32) -> Outcome;
    fn remove(&self, class: u32) -> Outcome;
    fn pop_first(&self) -> Outcome;
    fn pop_last(&self) -> Outcome;
    fn first(&self) -> Outcome;
    fn last(&self) -> Outcome;
    fn clear(&self);
    fn drain(&self) -> Outcome;
    fn retain(&self, parity: u32);
    fn remove_expired(&self) -> usize;
    fn iter(&self) -> Iter;
}
