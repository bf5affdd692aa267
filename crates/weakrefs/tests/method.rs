//! `WeakMethod` (S28).

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use weakrefs::{Arguments, BoundMethod, Tracked, WeakMethod, WeakReferenceable, WeakSlot, count};

#[derive(WeakReferenceable, Debug, PartialEq, Eq, Hash)]
struct Button {
    slot: WeakSlot,
    name: &'static str,
}

#[derive(Clone, Copy)]
struct Event(u32);

impl Button {
    fn named(name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            slot: WeakSlot::new(),
            name,
        })
    }

    fn clicked(&self, event: Event) -> String {
        format!("{} clicked {}", self.name, event.0)
    }

    fn hovered(&self, event: Event) -> String {
        format!("{} hovered {}", self.name, event.0)
    }
}

type Listener = WeakMethod<Button, (Event,), String>;

/// S28: methods of equal signature go into one list; each lives as long as its object.
#[test]
fn a_list_of_different_methods() {
    let ok = Button::named("ok");
    let cancel = Button::named("cancel");
    let listeners: Vec<Listener> = vec![
        WeakMethod::new(&ok, Button::clicked),
        WeakMethod::new(&cancel, Button::hovered),
        WeakMethod::new(&ok, |button: &Button, event: Event| {
            format!("{} {}", button.name, event.0)
        }),
    ];
    let call = || -> Vec<String> {
        listeners
            .iter()
            .filter_map(|listener| listener.call((Event(1),)))
            .collect()
    };
    assert_eq!(call(), ["ok clicked 1", "cancel hovered 1", "ok 1"]);
    assert_eq!(
        format!("{:?}", listeners[0]),
        "WeakMethod<method::Button>(alive)"
    );
    drop(ok);
    assert_eq!(call(), ["cancel hovered 1"]);
    assert!(!listeners[0].is_alive() && listeners[0].upgrade().is_none());
    assert_eq!(
        format!("{:?}", listeners[0]),
        "WeakMethod<method::Button>(dead)"
    );
}

/// S28: any number of arguments from none to eight, of any type, with any result.
#[test]
fn signatures() {
    let object = Arc::new(Tracked::new(1));
    let none = WeakMethod::new(&object, |object: &Tracked<i32>| **object);
    assert_eq!(none.call(()), Some(1));
    let two = WeakMethod::new(&object, |_: &Tracked<i32>, a: &'static str, b: Vec<u8>| {
        a.len() + b.len()
    });
    assert_eq!(two.call(("ab", vec![1])), Some(3));
    #[allow(clippy::too_many_arguments, reason = "that is what is tested")]
    fn sum(
        object: &Tracked<i32>,
        a: i32,
        b: i32,
        c: i32,
        d: i32,
        e: i32,
        f: i32,
        g: i32,
        h: i32,
    ) -> i32 {
        **object + a + b + c + d + e + f + g + h
    }
    let eight = WeakMethod::new(&object, sum);
    assert_eq!(eight.call((1, 2, 3, 4, 5, 6, 7, 8)), Some(37));
    let unit: WeakMethod<Tracked<i32>, ()> = WeakMethod::new(&object, |_: &Tracked<i32>| ());
    assert_eq!(unit.call(()), Some(()));
}

/// S28, S12: methods of a trait, by the trait and by the type.
#[test]
fn methods_of_traits() {
    trait Shape: WeakReferenceable {
        fn area(&self) -> f64;
    }

    impl Shape for Button {
        fn area(&self) -> f64 {
            2.0
        }
    }

    let button = Button::named("a");
    let by_type = WeakMethod::new(&button, <Button as Shape>::area);
    let shape: Arc<dyn Shape> = button;
    let by_trait = WeakMethod::new(&shape, <dyn Shape>::area);
    assert_eq!(
        (by_type.call(()), by_trait.call(())),
        (Some(2.0), Some(2.0))
    );
    drop(shape);
    assert_eq!((by_type.call(()), by_trait.call(())), (None, None));
}

/// S28: upgraded, it gives the method, which keeps the object alive and no callback.
#[test]
fn bound_methods() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let button = Button::named("ok");
    let weak = WeakMethod::with_callback(&button, Button::clicked, move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let bound: BoundMethod<Button, (Event,), String> = weak.upgrade().unwrap();
    assert!(Arc::ptr_eq(bound.object(), &button));
    assert_eq!(format!("{bound:?}"), "BoundMethod<method::Button>");
    drop((button, weak));
    assert_eq!(bound.clone().call((Event(2),)), "ok clicked 2");
    drop(bound);
    // The weak method died first (S4).
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}

/// S4, S28: one callback, once, with the dead weak method itself.
#[test]
fn one_callback_once() {
    let seen = Arc::new(Mutex::new(Vec::<Listener>::new()));
    let list = Arc::clone(&seen);
    let button = Button::named("ok");
    let weak = WeakMethod::with_callback(&button, Button::clicked, move |dead| {
        assert!(!dead.is_alive() && dead.call((Event(1),)).is_none());
        list.lock().unwrap().push(dead.clone());
    });
    let clone = weak.clone();
    drop(button);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert!(seen[0] == weak && seen[0] == clone && seen[0].is_same(&weak));
}

/// S28: equal if alive with equal objects and the same function; dead, equal only to itself.
#[test]
fn equality() {
    let (one, other) = (Button::named("a"), Button::named("a"));
    let click: Listener = WeakMethod::new(&one, Button::clicked);
    let again = WeakMethod::with_callback(&one, Button::clicked, |_| ());
    let equal = WeakMethod::new(&other, Button::clicked);
    let hover = WeakMethod::new(&one, Button::hovered);
    assert_eq!(click, again);
    assert_eq!(click, equal);
    assert_ne!(click, hover);
    assert_ne!(click, WeakMethod::new(&Button::named("b"), Button::clicked));
    assert!(click.is_same(&again) && !click.is_same(&equal) && !click.is_same(&hover));

    // The same signature without the same type: captured state makes every one its own.
    let make = |add: u32| {
        WeakMethod::new(&one, move |button: &Button, event: Event| {
            button.clicked(Event(event.0 + add))
        })
    };
    let (first, second) = (make(1), make(1));
    assert_ne!(first, second);
    assert_eq!(first, first.clone());
    let pointer: fn(&Button, Event) -> String = Button::clicked;
    assert_ne!(
        WeakMethod::new(&one, pointer),
        WeakMethod::new(&one, pointer)
    );

    let clone = click.clone();
    drop(one);
    assert_eq!(click, clone);
    assert_ne!(click, again);
    assert_ne!(click, equal);
    assert!(!click.is_same(&again));
    assert_eq!(first, first.clone());
    assert_ne!(first, second);
    // Two dead ones that shared the plain reference of the object.
    assert_ne!(click, hover);
}

/// S7, S28: the hash agrees with equality, and is kept.
#[test]
#[allow(
    clippy::mutable_key_type,
    reason = "the hash is kept, and equality holds as long as both are alive"
)]
fn hashes() {
    let (one, other) = (Button::named("a"), Button::named("a"));
    let hasher = RandomState::new();
    let click: Listener = WeakMethod::new(&one, Button::clicked);
    let equal: Listener = WeakMethod::new(&other, Button::clicked);
    let hash = hasher.hash_one(&click);
    assert_eq!(hash, hasher.hash_one(&equal));
    let set: HashSet<Listener> =
        [click.clone(), equal, WeakMethod::new(&one, Button::hovered)].into();
    assert_eq!(set.len(), 2);
    drop(one);
    assert_eq!(hash, hasher.hash_one(&click));
    assert!(set.contains(&click));
}

/// S10: it is one more holder of the plain reference, or a reference of its own with a callback.
#[test]
fn counts() {
    let button = Button::named("a");
    let _click: Listener = WeakMethod::new(&button, Button::clicked);
    let _hover: Listener = WeakMethod::new(&button, Button::hovered);
    assert_eq!(count(&button), 1);
    let _watching: Listener = WeakMethod::with_callback(&button, Button::clicked, |_| ());
    assert_eq!(count(&button), 2);
}

/// S33: the object may die inside its own method, by the hand of a listener.
#[test]
fn dies_in_its_method() {
    let holder = Arc::new(Mutex::new(Some(Button::named("ok"))));
    let inside = Arc::clone(&holder);
    let button = holder.lock().unwrap().clone().unwrap();
    let weak = WeakMethod::new(&button, move |button: &Button, event: Event| {
        inside.lock().unwrap().take();
        button.clicked(event)
    });
    drop(button);
    assert_eq!(weak.call((Event(1),)).as_deref(), Some("ok clicked 1"));
    assert_eq!(weak.call((Event(1),)), None);
}

impl Button {
    fn renamed(&self, name: &str) -> usize {
        self.name.len() + name.len()
    }
}

/// S28: an argument that lives no longer than the call, also behind a trait object, and with a callback.
#[test]
fn an_argument_may_be_borrowed() {
    type Renamed = WeakMethod<Button, fn(&str), usize>;

    let ok = Button::named("ok");
    let (sender, receiver) = std::sync::mpsc::channel();
    let methods: Vec<Renamed> = vec![
        WeakMethod::new(&ok, Button::renamed),
        WeakMethod::with_callback(
            &ok,
            |_: &Button, name: &str| name.len(),
            move |dead: &Renamed| sender.send(dead.is_alive()).unwrap(),
        ),
    ];
    for name in ["cancel", "no"] {
        let name = name.to_owned(); // lives for one round
        assert_eq!(methods[0].call((&name,)), Some(2 + name.len()));
        assert_eq!(methods[1].upgrade().unwrap().call((&name,)), name.len());
    }
    let same: Renamed = WeakMethod::new(&ok, Button::renamed);
    assert!(same == methods[0] && same != methods[1]);
    drop(ok);
    assert_eq!(receiver.try_recv(), Ok(false));
    assert_eq!(methods[0].call(("",)), None);
}

/// S28: code for any arguments.
#[test]
fn generic_code_calls() {
    fn call_all<Args: Arguments + 'static, R>(
        methods: &[WeakMethod<Button, Args, R>],
        args: impl Fn() -> Args::Of<'static>,
    ) -> usize {
        methods
            .iter()
            .filter_map(|method| method.call(args()))
            .count()
    }

    let ok = Button::named("ok");
    assert_eq!(
        call_all::<fn(&str), _>(&[WeakMethod::new(&ok, Button::renamed)], || ("x",)),
        1
    );
    assert_eq!(
        call_all(&[WeakMethod::new(&ok, Button::clicked)], || (Event(1),)),
        1
    );
}
