//! The containers under test, by the names that `super` has.

use super::{Object, Owned, Strong, WeakKeyMap, WeakSet, WeakValueMap};
use crate::container::{Container, Iter, Made, Other, alone, at, number, pair, probe, value};
use crate::history::Outcome;
use crate::naive::{Entry, Kind};
use crate::support::Colliding;

#[derive(Default)]
pub(crate) struct Set(WeakSet<Object, Colliding<2>>);

impl Container for Set {
    type Way = Owned;

    const KIND: Kind = Kind::Set;
    const REPLACES: bool = true;
    const MAKES_OBJECTS: bool = true;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn contents(&self) -> Vec<Entry> {
        let entry = |object: Strong<Object>| Entry {
            class: object.class,
            object: object.number,
            value: 0,
        };
        self.0.iter().map(entry).collect()
    }

    fn insert(&self, element: Strong<Object>, _: u32, _: u32) -> Outcome {
        Outcome::Flag(self.0.insert(&element))
    }

    fn replace(&self, element: Strong<Object>) -> Outcome {
        number(self.0.replace(&element))
    }

    fn update(&self, element: Strong<Object>, _: u32) -> Outcome {
        number(Some(self.0.get_or_insert(element)))
    }

    fn get_or_make(
        &self,
        _: Strong<Object>,
        key: u32,
        make: impl FnOnce() -> Made<Self>,
    ) -> Outcome {
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
pub(crate) struct Keys(WeakKeyMap<Object, Other, Colliding<2>>);

impl Container for Keys {
    type Way = Owned;

    const KIND: Kind = Kind::Keys;
    const REPLACES: bool = false;
    const MAKES_OBJECTS: bool = false;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn contents(&self) -> Vec<Entry> {
        let entry = |(object, value): (Strong<Object>, Strong<Other>)| Entry {
            class: object.class,
            object: object.number,
            value: value.0,
        };
        self.0.iter().map(entry).collect()
    }

    fn insert(&self, element: Strong<Object>, _: u32, new: u32) -> Outcome {
        value(self.0.insert(&element, Other(new)))
    }

    fn replace(&self, _: Strong<Object>) -> Outcome {
        Outcome::Impossible
    }

    fn update(&self, element: Strong<Object>, _: u32) -> Outcome {
        value(self.0.update(&element, |old| {
            at();
            Some(Other(old.map_or(1, |old| old.0 + 1)))
        }))
    }

    fn get_or_make(
        &self,
        element: Strong<Object>,
        _: u32,
        make: impl FnOnce() -> Made<Self>,
    ) -> Outcome {
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
pub(crate) struct Values(WeakValueMap<Other, Object, Colliding<2>>);

impl Container for Values {
    type Way = Owned;

    const KIND: Kind = Kind::Values;
    const REPLACES: bool = false;
    const MAKES_OBJECTS: bool = true;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn contents(&self) -> Vec<Entry> {
        let entry = |(key, object): (Strong<Other>, Strong<Object>)| Entry {
            class: key.0,
            object: object.number,
            value: key.0,
        };
        self.0.iter().map(entry).collect()
    }

    fn insert(&self, element: Strong<Object>, key: u32, _: u32) -> Outcome {
        number(self.0.insert(Other(key), &element))
    }

    fn replace(&self, _: Strong<Object>) -> Outcome {
        Outcome::Impossible
    }

    fn update(&self, element: Strong<Object>, key: u32) -> Outcome {
        number(self.0.update(Other(key), |old| {
            at();
            let is_same = old.is_some_and(|old| Strong::ptr_eq(&old, &element));
            (!is_same).then(|| element.clone())
        }))
    }

    fn get_or_make(
        &self,
        _: Strong<Object>,
        key: u32,
        make: impl FnOnce() -> Made<Self>,
    ) -> Outcome {
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
