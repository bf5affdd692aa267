//! The containers under test in the four ways there are, and their elements, keys and values, whose code nests operations.

#[path = "../support/mod.rs"]
mod support;

use super::history::Outcome;
use super::naive::{Entry, Kind};
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use support::Colliding;
use weakrefs::{Ref, WeakReferenceable, WeakSlot, rc};

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
fn calling<R>(object: usize) -> impl FnOnce(&R) + Send {
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

fn probe<S: Default>(class: u32) -> Element<S> {
    Element::new(PROBE, class)
}

fn number<S>(object: Option<impl Deref<Target = Element<S>>>) -> Outcome {
    Outcome::Object(object.map(|object| object.number))
}

fn alone<S>(object: Option<impl Deref<Target = Element<S>>>) -> Outcome {
    Outcome::Pair(object.map(|object| (object.number, 0)))
}

fn value(value: Option<impl Deref<Target = Other>>) -> Outcome {
    Outcome::Value(value.map(|value| value.0))
}

fn pair<S>(pair: Option<(impl Deref<Target = Element<S>>, impl Deref<Target = Other>)>) -> Outcome {
    Outcome::Pair(pair.map(|(object, other)| (object.number, other.0)))
}

/// An open iterator: the numbers of objects, with what is beside them.
pub(crate) type Iter = Box<dyn Iterator<Item = (usize, u32)>>;

/// What a factory gives: an object, or a value.
type Made<C> = (Option<Strong<C>>, u32);

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

/// The containers of one way: `names` is the module that has them.
macro_rules! containers {
    (
        $way:ident: $strong:ident, $slot:ty, $($names:ident)::+;
        told: $is_told:literal, $reference:ty, |$object:ident| $watch:expr;
    ) => {
        pub(crate) mod $way {
            use super::*;

            pub(crate) struct Owned;

            type Object = Element<$slot>;

            impl Way for Owned {
                const IS_TOLD: bool = $is_told;

                type Slot = $slot;
                type Strong = $strong<Object>;
                type Reference = $reference;

                fn own(element: Object) -> $strong<Object> {
                    $strong::new(element)
                }

                fn watch($object: &$strong<Object>) -> Option<$reference> {
                    $watch
                }
            }

            #[derive(Default)]
            pub(crate) struct Set($($names)::+::WeakSet<Object, Colliding<2>>);

            impl Container for Set {
                type Way = Owned;

                const KIND: Kind = Kind::Set;
                const REPLACES: bool = true;
                const MAKES_OBJECTS: bool = true;

                fn len(&self) -> usize {
                    self.0.len()
                }

                fn contents(&self) -> Vec<Entry> {
                    let entry = |object: Strong<Self>| Entry {
                        class: object.class,
                        object: object.number,
                        value: 0,
                    };
                    self.0.iter().map(entry).collect()
                }

                fn insert(&self, element: Strong<Self>, _: u32, _: u32) -> Outcome {
                    Outcome::Flag(self.0.insert(&element))
                }

                fn replace(&self, element: Strong<Self>) -> Outcome {
                    number(self.0.replace(&element))
                }

                fn update(&self, element: Strong<Self>, _: u32) -> Outcome {
                    number(Some(self.0.get_or_insert(element)))
                }

                fn get_or_make(&self, _: Strong<Self>, key: u32, make: impl FnOnce() -> Made<Self>) -> Outcome {
                    let made = || make().0.expect("an object");
                    number(Some(self.0.get_or_insert_with(&probe(key), made)))
                }

                fn get(&self, class: u32) -> Outcome {
                    alone(self.0.get(&probe(class)))
                }

                fn remove(&self, class: u32) -> Outcome {
                    number(self.0.take(&probe(class)))
                }

                fn pop_first(&self) -> Outcome {
                    alone(self.0.pop_first())
                }

                fn pop_last(&self) -> Outcome {
                    alone(self.0.pop_last())
                }

                fn first(&self) -> Outcome {
                    alone(self.0.first())
                }

                fn last(&self) -> Outcome {
                    alone(self.0.last())
                }

                fn clear(&self) {
                    self.0.clear();
                }

                fn drain(&self) -> Outcome {
                    Outcome::List(self.0.drain().map(|object| (object.number, 0)).collect())
                }

                fn retain(&self, parity: u32) {
                    self.0.retain(|object| object.number as u32 % 2 == parity);
                }

                fn remove_expired(&self) -> usize {
                    self.0.remove_expired()
                }

                fn iter(&self) -> Iter {
                    Box::new(self.0.iter().map(|object| (object.number, 0)))
                }
            }

            #[derive(Default)]
            pub(crate) struct Keys($($names)::+::WeakKeyMap<Object, Other, Colliding<2>>);

            impl Container for Keys {
                type Way = Owned;

                const KIND: Kind = Kind::Keys;
                const REPLACES: bool = false;
                const MAKES_OBJECTS: bool = false;

                fn len(&self) -> usize {
                    self.0.len()
                }

                fn contents(&self) -> Vec<Entry> {
                    let entry = |(object, value): (Strong<Self>, $strong<Other>)| Entry {
                        class: object.class,
                        object: object.number,
                        value: value.0,
                    };
                    self.0.iter().map(entry).collect()
                }

                fn insert(&self, element: Strong<Self>, _: u32, new: u32) -> Outcome {
                    value(self.0.insert(&element, Other(new)))
                }

                fn replace(&self, _: Strong<Self>) -> Outcome {
                    Outcome::Impossible
                }

                fn update(&self, element: Strong<Self>, _: u32) -> Outcome {
                    value(self.0.update(&element, |old| {
                        at();
                        Some(Other(old.map_or(1, |old| old.0 + 1)))
                    }))
                }

                fn get_or_make(&self, element: Strong<Self>, _: u32, make: impl FnOnce() -> Made<Self>) -> Outcome {
                    value(Some(
                        self.0.get_or_insert_with(&element, || Other(make().1)),
                    ))
                }

                fn get(&self, class: u32) -> Outcome {
                    pair(self.0.get_key_value(&probe(class)))
                }

                fn remove(&self, class: u32) -> Outcome {
                    value(self.0.remove(&probe(class)))
                }

                fn pop_first(&self) -> Outcome {
                    pair(self.0.pop_first())
                }

                fn pop_last(&self) -> Outcome {
                    pair(self.0.pop_last())
                }

                fn first(&self) -> Outcome {
                    pair(self.0.first())
                }

                fn last(&self) -> Outcome {
                    pair(self.0.last())
                }

                fn clear(&self) {
                    self.0.clear();
                }

                fn drain(&self) -> Outcome {
                    let drained = self.0.drain();
                    Outcome::List(
                        drained
                            .map(|(object, value)| (object.number, value.0))
                            .collect(),
                    )
                }

                fn retain(&self, parity: u32) {
                    self.0
                        .retain(|object, _| object.number as u32 % 2 == parity);
                }

                fn remove_expired(&self) -> usize {
                    self.0.remove_expired()
                }

                fn iter(&self) -> Iter {
                    Box::new(
                        self.0
                            .iter()
                            .map(|(object, value)| (object.number, value.0)),
                    )
                }
            }

            #[derive(Default)]
            pub(crate) struct Values($($names)::+::WeakValueMap<Other, Object, Colliding<2>>);

            impl Container for Values {
                type Way = Owned;

                const KIND: Kind = Kind::Values;
                const REPLACES: bool = false;
                const MAKES_OBJECTS: bool = true;

                fn len(&self) -> usize {
                    self.0.len()
                }

                fn contents(&self) -> Vec<Entry> {
                    let entry = |(key, object): ($strong<Other>, Strong<Self>)| Entry {
                        class: key.0,
                        object: object.number,
                        value: key.0,
                    };
                    self.0.iter().map(entry).collect()
                }

                fn insert(&self, element: Strong<Self>, key: u32, _: u32) -> Outcome {
                    number(self.0.insert(Other(key), &element))
                }

                fn replace(&self, _: Strong<Self>) -> Outcome {
                    Outcome::Impossible
                }

                fn update(&self, element: Strong<Self>, key: u32) -> Outcome {
                    number(self.0.update(Other(key), |old| {
                        at();
                        let is_same = old.is_some_and(|old| $strong::ptr_eq(&old, &element));
                        (!is_same).then(|| element.clone())
                    }))
                }

                fn get_or_make(&self, _: Strong<Self>, key: u32, make: impl FnOnce() -> Made<Self>) -> Outcome {
                    let made = || make().0.expect("an object");
                    number(Some(self.0.get_or_insert_with(Other(key), made)))
                }

                fn get(&self, class: u32) -> Outcome {
                    pair(
                        self.0
                            .get_key_value(&Other(class))
                            .map(|(key, object)| (object, key)),
                    )
                }

                fn remove(&self, class: u32) -> Outcome {
                    number(self.0.remove(&Other(class)))
                }

                fn pop_first(&self) -> Outcome {
                    pair(self.0.pop_first().map(|(key, object)| (object, key)))
                }

                fn pop_last(&self) -> Outcome {
                    pair(self.0.pop_last().map(|(key, object)| (object, key)))
                }

                fn first(&self) -> Outcome {
                    pair(self.0.first().map(|(key, object)| (object, key)))
                }

                fn last(&self) -> Outcome {
                    pair(self.0.last().map(|(key, object)| (object, key)))
                }

                fn clear(&self) {
                    self.0.clear();
                }

                fn drain(&self) -> Outcome {
                    let drained = self.0.drain();
                    Outcome::List(
                        drained
                            .map(|(key, object)| (object.number, key.0))
                            .collect(),
                    )
                }

                fn retain(&self, parity: u32) {
                    self.0
                        .retain(|_, object| object.number as u32 % 2 == parity);
                }

                fn remove_expired(&self) -> usize {
                    self.0.remove_expired()
                }

                fn iter(&self) -> Iter {
                    Box::new(self.0.iter().map(|(key, object)| (object.number, key.0)))
                }
            }
        }
    };
}

containers! {
    arc: Arc, WeakSlot, weakrefs;
    told: true, Ref<Object>, |object| Some(Ref::with_callback(object, calling(object.number)));
}

containers! {
    local: Rc, rc::WeakSlot, weakrefs::rc;
    told: true, rc::Ref<Object>, |object| Some(rc::Ref::with_callback(object, calling(object.number)));
}

containers! {
    lazy: Arc, (), weakrefs::lazy;
    told: false, (), |_object| None;
}

containers! {
    local_lazy: Rc, (), weakrefs::rc::lazy;
    told: false, (), |_object| None;
}
