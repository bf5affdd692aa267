//! What is alive is serialized.

mod support;

use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use support::item;
use weakrefs::{
    PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap,
};

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// S20: the living, in the order of insertion.
#[test]
fn containers_are_sequences_and_maps() {
    let objects = [3, 1, 2].map(item);
    let [_, first, _] = &objects;
    let set = WeakSet::from(objects.each_ref());
    let keys = WeakKeyMap::from([(&objects[0], "c"), (&objects[1], "a")]);
    let values = WeakValueMap::from([("c", &objects[0]), ("a", first)]);
    assert_eq!(json(&set), "[3,1,2]");
    assert_eq!(json(&keys), r#"{"3":"c","1":"a"}"#);
    assert_eq!(json(&values), r#"{"c":3,"a":1}"#);

    let identities: PtrWeakSet<_> = objects[..1].iter().collect();
    let reference = Ref::new(&objects[0]);
    assert_eq!(
        (json(&identities), json(&reference)),
        ("[3]".into(), "3".into())
    );
    drop(objects);
    assert_eq!(json(&(&set, &keys, &values)), "[[],{},{}]");
    assert_eq!(json(&reference), "null");
}

/// S20: the same of objects in `Rc`s, and of those whose entries leave later.
#[test]
fn owners_and_containers_of_any_kind() {
    use weakrefs::{lazy, rc};

    let object = Rc::new(rc::Tracked::new(Cell::new(3)));
    let set = rc::PtrWeakSet::from_iter([&object]);
    let keys = rc::PtrWeakKeyMap::from_iter([(&object, vec![1])]);
    let values = rc::WeakValueMap::from([("c", &object)]);
    let reference = rc::Ref::new(&object);
    let all = (&set, &values, &reference);
    assert_eq!(json(&all), r#"[[3],{"c":3},3]"#);
    assert!(serde_json::to_string(&keys).is_ok_and(|json| json == r#"{"3":[1]}"#));
    drop(object);
    assert_eq!(json(&all), "[[],{},null]");

    let word: Arc<str> = "word".into();
    let set = lazy::WeakSet::from([&word, &"dead".into()]);
    let keys = lazy::WeakKeyMap::from([(&word, 1), (&"dead".into(), 2)]);
    let values = rc::lazy::WeakValueMap::from([(1, Rc::new(5))]);
    assert_eq!(json(&(&set, &keys, &values)), r#"[["word"],{"word":1},{}]"#);

    let tracked: rc::Tracked<Vec<u8>> = serde_json::from_str("[1,2]").unwrap();
    assert_eq!((tracked.len(), json(&tracked)), (2, "[1,2]".into()));
}

/// An object is read into an owner, from which containers are filled.
#[test]
fn owners_are_read_and_containers_filled() {
    #[derive(WeakReferenceable, Serialize, Deserialize, PartialEq, Debug)]
    struct Image {
        #[serde(skip)]
        slot: WeakSlot,
        width: u32,
    }

    let text = r#"{"logo":{"width":64}}"#;
    let owners: HashMap<String, Image> = serde_json::from_str(text).unwrap();
    let owners: HashMap<String, Arc<Image>> = owners
        .into_iter()
        .map(|(key, image)| (key, Arc::new(image)))
        .collect();
    let images: WeakValueMap<_, _> = owners
        .iter()
        .map(|(key, image)| (key.clone(), image))
        .collect();
    assert_eq!(images.get("logo").unwrap().width, 64);
    assert_eq!(json(&images), text);

    let tracked: Tracked<Vec<u8>> = serde_json::from_str("[1,2]").unwrap();
    assert_eq!((tracked.len(), json(&tracked)), (2, "[1,2]".into()));
}

/// S18: `Serialize` is the user's code, and may change the container that is being written.
#[test]
fn the_container_may_change_meanwhile() {
    thread_local! {
        static SET: PtrWeakSet<Hostile> = const { PtrWeakSet::new() };
    }

    #[derive(WeakReferenceable)]
    struct Hostile(WeakSlot);

    impl Serialize for Hostile {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            SET.with(|set| {
                set.clear();
                serializer.serialize_u32(set.len() as u32)
            })
        }
    }

    let objects = [0; 3].map(|_| Arc::new(Hostile(WeakSlot::new())));
    SET.with(|set| {
        set.extend(&objects);
        assert_eq!(json(set), "[0,0,0]");
    });
}
