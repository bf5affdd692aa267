//! [`Proxy`], [`WeakMethod`] and [`BoundMethod`] of objects in `Rc`s (S11, S28).

use crate::{Log, item};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use weakrefs::rc::{
    BoundMethod, Proxy, Ref, Tracked, WeakMethod, WeakReferenceable, WeakSlot, count,
};

/// S3, S6, S11: a proxy forwards until the death, shares the plain reference, and is called back with.
#[test]
fn a_proxy_forwards_until_the_death() {
    let log = Log::default();
    let object = Rc::new(Tracked::new(Rc::new(5)));
    let proxy = Proxy::new(&object);
    assert!(proxy.reference().ptr_eq(&Ref::new(&object)) && count(&object) == 1);
    assert_eq!(proxy.with(|value| ***value), Ok(5));
    assert_eq!(
        (proxy.to_string(), Rc::strong_count(&object)),
        ("5".into(), 1)
    );
    assert!(Rc::ptr_eq(&proxy.get().unwrap(), &object));
    assert!(
        proxy == *object
            && proxy < Tracked::new(Rc::new(6))
            && proxy == Proxy::from(Ref::new(&object))
    );
    let noted = log.clone();
    let _watching = Proxy::with_callback(&object, move |dead| noted.note(dead.to_string()));
    assert!(format!("{proxy:?}").ends_with("(alive)"));
    drop(object);
    let message = "weakly-referenced object no longer exists";
    assert_eq!(
        (log.take(), proxy.to_string()),
        (vec![message.into()], message.into())
    );
    assert!(proxy.get().is_err() && proxy != proxy.clone());
}

/// S11: a callable object that is of one thread.
#[test]
fn a_proxy_is_called() {
    let total = Rc::new(Cell::new(0));
    let sum = Rc::clone(&total);
    let function: Rc<Tracked<dyn Fn(u32) -> u32>> = Rc::new(Tracked::new(move |more| {
        sum.set(sum.get() + more);
        sum.get()
    }));
    let proxy = Proxy::new(&function);
    assert_eq!((proxy.call((2,)), proxy.call((3,))), (Ok(2), Ok(5)));
    drop(function);
    assert!(proxy.call((1,)).is_err());
    assert_eq!(total.get(), 5);
}

#[derive(WeakReferenceable, PartialEq, Eq, Hash)]
struct Button {
    slot: WeakSlot,
    name: &'static str,
}

impl Button {
    fn named(name: &'static str) -> Rc<Self> {
        let slot = WeakSlot::new();
        Rc::new(Self { slot, name })
    }

    fn clicked(&self, log: &Log) -> usize {
        log.note(self.name);
        self.name.len()
    }
}

type Listener = WeakMethod<Button, fn(&Log), usize>;

/// S28: methods and closures that are not `Send` go into one list, and none keeps its object.
#[test]
#[allow(clippy::mutable_key_type, reason = "the hash is kept")]
fn a_list_of_methods() {
    let log = Log::default();
    let (ok, same) = (Button::named("ok"), Button::named("ok"));
    let counted = Rc::new(Cell::new(0));
    let counter = Rc::clone(&counted);
    let closure = move |button: &Button, _: &Log| {
        counter.set(counter.get() + button.name.len());
        counter.get()
    };
    let listeners: Vec<Listener> = vec![
        WeakMethod::new(&ok, Button::clicked),
        WeakMethod::new(&ok, closure),
        WeakMethod::new(&same, Button::clicked),
    ];
    let call = || {
        listeners
            .iter()
            .map(|listener| listener.call((&log,)))
            .collect::<Vec<_>>()
    };
    assert_eq!(call(), [Some(2), Some(2), Some(2)]);
    assert_eq!((log.take(), counted.get()), (vec!["ok".to_owned(); 2], 2));
    assert!(listeners[0] == listeners[2] && !listeners[0].is_same(&listeners[2]));
    assert!(listeners[0] != listeners[1] && listeners[0].reference().ptr_eq(&Ref::new(&ok)));
    assert_eq!(listeners.iter().cloned().collect::<HashSet<_>>().len(), 2);
    drop(ok);
    assert_eq!(call(), [None, None, Some(2)]);
    assert!(!listeners[0].is_alive() && listeners[0].upgrade().is_none());
    assert!(listeners[0] != listeners[2] && listeners[0] == listeners[0].clone());
    drop(listeners);
    assert_eq!(Rc::strong_count(&counted), 1);
}

/// S4, S28: one callback, with the dead method; upgraded, it keeps the object, which may die in its own method.
#[test]
fn bound_methods_and_callbacks() {
    let log = Log::default();
    let holder = Rc::new(RefCell::new(Some(Button::named("ok"))));
    let inside = Rc::clone(&holder);
    let button = holder.borrow().clone().unwrap();
    let kill = move |button: &Button, log: &Log| {
        drop(inside.take());
        button.clicked(log)
    };
    let noted = log.clone();
    let weak: Listener = WeakMethod::with_callback(&button, kill, move |dead: &Listener| {
        noted.note(format!("dead {:?}", dead.call((&noted,))));
    });
    let bound: BoundMethod<Button, fn(&Log), usize> = weak.upgrade().unwrap();
    assert!(Rc::ptr_eq(bound.object(), &button));
    drop((button, bound));
    assert_eq!(weak.call((&log,)), Some(2));
    assert_eq!(log.take(), ["ok", "dead None"]);
    assert_eq!(weak.call((&log,)), None);
}

/// S28: methods of a trait.
#[test]
fn methods_of_traits() {
    trait Shape: WeakReferenceable {
        fn area(&self, times: u32) -> u32;
    }

    impl Shape for Tracked<u32> {
        fn area(&self, times: u32) -> u32 {
            **self * times
        }
    }

    let shape: Rc<dyn Shape> = item(3);
    let method = WeakMethod::new(&shape, <dyn Shape>::area);
    assert_eq!(method.call((2,)), Some(6));
    drop(shape);
    assert_eq!(method.call((2,)), None);
}
