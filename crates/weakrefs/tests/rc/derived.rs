//! `#[derive(weakrefs::rc::WeakReferenceable)]` (S2, S12).

use crate::{Log, OnDrop};
use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::{Rc, Weak};
use weakrefs::rc::{PtrWeakSet, Ref, Tracked};

/// Watches `object`, drops it and asserts that a reference dies with it, after its callback has run.
fn assert_dies<T: ?Sized + weakrefs::rc::WeakReferenceable>(object: Rc<T>) {
    let log = Log::default();
    let plain = Ref::new(&object);
    let _watching = Ref::with_callback(&object, log.noting("callback"));
    assert!(
        plain
            .upgrade()
            .is_some_and(|again| Rc::ptr_eq(&again, &object))
    );
    drop(object);
    assert!(plain.upgrade().is_none());
    assert_eq!(log.take(), ["callback"]);
}

/// S2, S12: a struct dies in the order that the position of the slot promises: its own `Drop`, callbacks, the other fields.
#[test]
fn a_struct_dies_in_order() {
    #[derive(weakrefs::rc::WeakReferenceable)]
    struct Image {
        slot: weakrefs::rc::WeakSlot,
        _part: OnDrop,
        log: Log,
    }

    impl Drop for Image {
        fn drop(&mut self) {
            self.log.note("drop");
        }
    }

    let log = Log::default();
    let noted = log.clone();
    let image = Rc::new(Image {
        slot: weakrefs::rc::WeakSlot::new(),
        _part: OnDrop::new(move || noted.note("field")),
        log: log.clone(),
    });
    let _watching = Ref::with_callback(&image, log.noting("callback"));
    drop(image);
    assert_eq!(log.take(), ["drop", "callback", "field"]);
}

/// S12: a tuple struct, an enum, a slot under another name.
#[test]
fn structs_and_enums() {
    use weakrefs::rc::{WeakReferenceable, WeakSlot as Life};

    #[derive(WeakReferenceable)]
    struct Name(weakrefs::rc::WeakSlot, Rc<str>);

    #[derive(WeakReferenceable)]
    enum Shape {
        Circle {
            #[weak_slot]
            life: Life,
            radius: Rc<f64>,
        },
        Point(#[weak_slot] Life),
    }

    let name = Name(Life::new(), "a".into());
    assert_eq!(&*name.1, "a");
    assert_dies(Rc::new(name));
    let circle = Shape::Circle {
        life: Life::new(),
        radius: Rc::new(1.0),
    };
    assert!(matches!(&circle, Shape::Circle { radius, .. } if **radius > 0.0));
    assert_dies(Rc::new(circle));
    assert_dies(Rc::new(Shape::Point(Life::new())));
}

/// S12: parameters of all kinds, of which nothing is asked but to be `'static`.
#[test]
fn parameters() {
    use weakrefs::rc::{WeakReferenceable, WeakSlot};

    #[derive(WeakReferenceable)]
    struct Node<K: Ord, V: ?Sized = str, const N: usize = 2>
    where
        V: Debug,
    {
        slot: WeakSlot,
        keys: [K; N],
        value: Rc<V>,
    }

    #[derive(WeakReferenceable)]
    struct Tree<T: 'static> {
        slot: WeakSlot,
        parent: RefCell<Weak<Self>>,
        children: PtrWeakSet<Self>,
        _value: Rc<T>,
    }

    let node: Rc<Node<Rc<u8>>> = Rc::new(Node {
        slot: WeakSlot::new(),
        keys: [Rc::new(1), Rc::new(2)],
        value: "a".into(),
    });
    assert!(node.keys[0] < node.keys[1] && &*node.value == "a");
    assert_dies(node);

    fn tree<T: 'static>(value: T) -> Rc<Tree<T>> {
        Rc::new(Tree {
            slot: WeakSlot::new(),
            parent: RefCell::default(),
            children: PtrWeakSet::new(),
            _value: Rc::new(value),
        })
    }
    let (root, leaf) = (tree(Log::default()), tree(Log::default()));
    root.children.insert(&leaf);
    *leaf.parent.borrow_mut() = Rc::downgrade(&root);
    assert_dies(leaf);
    assert!(root.children.is_empty());
    assert_dies(root);
}

/// S12: objects known by a trait, of several types, wrapped or derived.
#[test]
fn trait_objects() {
    use weakrefs::rc::{WeakReferenceable, WeakSlot};

    trait Named: WeakReferenceable {
        fn name(&self) -> String;
    }

    #[derive(WeakReferenceable)]
    struct User(WeakSlot, Rc<str>);

    impl Named for User {
        fn name(&self) -> String {
            self.1.to_string()
        }
    }

    impl Named for Tracked<&'static str> {
        fn name(&self) -> String {
            self.to_string()
        }
    }

    let user: Rc<dyn Named> = Rc::new(User(WeakSlot::new(), "user".into()));
    let wrapped: Rc<dyn Named> = Rc::new(Tracked::new("wrapped"));
    let set = PtrWeakSet::from_iter([&user, &wrapped]);
    assert_eq!(
        set.iter().map(|one| one.name()).collect::<Vec<_>>(),
        ["user", "wrapped"]
    );
    assert_dies(user);
    assert_dies::<dyn Named>(wrapped);
    assert!(set.is_empty());
    assert_dies::<dyn WeakReferenceable>(Rc::new(User(WeakSlot::new(), "".into())));
}

/// S12: where the crate is, as to the derive at the root.
#[test]
fn the_crate_under_another_name() {
    mod facade {
        pub(super) use weakrefs as inner;
    }

    #[derive(facade::inner::rc::WeakReferenceable)]
    #[weak_slot(crate = "facade::inner")]
    struct Image {
        slot: facade::inner::rc::WeakSlot,
    }

    assert_dies(Rc::new(Image {
        slot: facade::inner::rc::WeakSlot::new(),
    }));
}
