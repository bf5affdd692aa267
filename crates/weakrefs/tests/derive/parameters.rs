//! Types with parameters, and what is asked of these.

use crate::assert_dies;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, Weak};
use weakrefs::{
    Finalizer, Proxy, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakMethod, WeakReferenceable, WeakSet,
    WeakSlot, WeakValueMap,
};

/// S12: type parameters, with bounds, defaults and a where-clause.
#[test]
fn type_parameters() {
    #[derive(WeakReferenceable)]
    struct Node<K: Ord, V = String>
    where
        V: Debug,
    {
        slot: WeakSlot,
        key: K,
        value: V,
    }

    let node: Arc<Node<u8>> = Arc::new(Node {
        slot: WeakSlot::new(),
        key: 1,
        value: "one".into(),
    });
    assert!(node.key < 2);
    assert_eq!(node.value, "one");
    assert_dies(node);

    fn generic<K: Ord + Send + Sync + 'static>(key: K) {
        assert_dies(Arc::new(Node {
            slot: WeakSlot::new(),
            key,
            value: (),
        }));
    }
    generic("key");
}

/// S12: of its parameters a type needs what makes it `Send + Sync + 'static`, no more and no less.
#[test]
fn parameters_need_no_more_than_the_type_does() {
    #[derive(WeakReferenceable)]
    struct Locked<T>(WeakSlot, Mutex<T>);

    #[derive(WeakReferenceable)]
    struct Typed<T>(WeakSlot, PhantomData<fn() -> T>);

    #[derive(WeakReferenceable)]
    struct First<I: Iterator>(WeakSlot, Option<I::Item>);

    // `Cell` is not `Sync`, but in a `Mutex` it need not be.
    assert_dies(Arc::new(Locked(WeakSlot::new(), Mutex::new(Cell::new(1)))));
    assert_dies(Arc::new(Typed::<std::rc::Rc<u8>>(
        WeakSlot::new(),
        PhantomData,
    )));
    assert_dies(Arc::new(First::<std::ops::Range<u8>>(
        WeakSlot::new(),
        (1..3).next(),
    )));
}

/// S12: a parameter without `Sized`.
#[test]
fn unsized_parameters() {
    #[derive(WeakReferenceable)]
    struct Buffer<T: ?Sized> {
        slot: WeakSlot,
        bytes: T,
    }

    let buffer: Arc<Buffer<[u8]>> = Arc::new(Buffer {
        slot: WeakSlot::new(),
        bytes: [1, 2, 3],
    });
    assert_eq!(buffer.bytes.len(), 3);
    assert_dies(buffer);
}

/// S12: constant parameters, with a default.
#[test]
fn constant_parameters() {
    #[derive(WeakReferenceable)]
    struct Block<T, const N: usize = 4>(WeakSlot, [T; N]);

    #[derive(WeakReferenceable)]
    enum Page<const N: usize> {
        Loaded(WeakSlot, [u8; N]),
    }

    let block: Block<u8> = Block(WeakSlot::new(), [0; 4]);
    assert_eq!(block.1.len(), 4);
    assert_dies(Arc::new(block));

    let page = Page::Loaded(WeakSlot::new(), [7; 2]);
    let Page::Loaded(_, bytes) = &page;
    assert_eq!(bytes, &[7; 2]);
    assert_dies(Arc::new(page));
}

/// S12: a type with a lifetime can be referenced where the lifetime is `'static`.
#[test]
fn static_lifetimes() {
    #[derive(WeakReferenceable)]
    struct Text<'a>(WeakSlot, Cow<'a, str>);

    let local = String::from("local");
    let borrowed = Text(WeakSlot::new(), Cow::Borrowed(&local));
    assert_eq!(borrowed.1, "local");
    assert_dies(Arc::new(Text(WeakSlot::new(), Cow::Borrowed("static"))));
}

/// S12: types that hold others of themselves, strongly, weakly and in weak containers.
#[test]
fn recursive_types() {
    #[derive(WeakReferenceable)]
    struct Tree<T> {
        slot: WeakSlot,
        parent: Mutex<Weak<Self>>,
        children: Mutex<Vec<Arc<Self>>>,
        _value: T,
    }

    #[derive(WeakReferenceable)]
    struct Peer {
        slot: WeakSlot,
        peers: PtrWeakSet<Self>,
    }

    #[derive(WeakReferenceable)]
    struct Linked<T: Send + Sync + 'static> {
        slot: WeakSlot,
        next: Mutex<Option<Ref<Linked<T>>>>,
        _value: T,
    }

    let tree = |value| {
        Arc::new(Tree {
            slot: WeakSlot::new(),
            parent: Mutex::default(),
            children: Mutex::default(),
            _value: value,
        })
    };
    let (root, leaf) = (tree("root"), tree("leaf"));
    *leaf.parent.lock().unwrap() = Arc::downgrade(&root);
    root.children.lock().unwrap().push(leaf.clone());
    let reference = Ref::new(&leaf);
    drop(leaf);
    assert_dies(root);
    assert!(!reference.is_alive());

    let peer = || {
        Arc::new(Peer {
            slot: WeakSlot::new(),
            peers: PtrWeakSet::default(),
        })
    };
    let (one, other) = (peer(), peer());
    one.peers.insert(&other);
    other.peers.insert(&one);
    assert_dies(one);
    assert!(other.peers.is_empty());

    let link = |next| {
        Arc::new(Linked {
            slot: WeakSlot::new(),
            next: Mutex::new(next),
            _value: 1,
        })
    };
    let last = link(None);
    let first = link(Some(Ref::new(&last)));
    assert_dies(last);
    assert!(
        first
            .next
            .lock()
            .unwrap()
            .as_ref()
            .is_some_and(|next| !next.is_alive())
    );
}

/// S8, S33: what `ui/not_send_sync.rs` and `ui/no_ordering.rs` refuse, in the forms that are right.
#[test]
fn references_and_containers_go_anywhere() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    fn compared<T: Eq + Hash>() {}

    type Object = Tracked<Mutex<Cell<u8>>>;
    shared::<Ref<Object>>();
    shared::<Ref<dyn WeakReferenceable>>();
    shared::<Proxy<Object>>();
    shared::<Finalizer<Object, String>>();
    shared::<WeakMethod<Object, (u8,), String>>();
    shared::<WeakSet<Object>>();
    shared::<WeakSet<dyn WeakReferenceable>>();
    shared::<WeakKeyMap<Object, String>>();
    shared::<WeakValueMap<String, Object>>();
    compared::<Ref<Tracked<u8>>>();
}
