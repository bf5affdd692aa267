//! `Proxy` and `ReferenceError` (S11).

use std::cmp::Ordering;
use std::error::Error;
use std::sync::{Arc, Mutex};
use weakrefs::{Proxy, Ref, ReferenceError, Tracked, WeakReferenceable, WeakSlot, count};

const DEAD: &str = "weakly-referenced object no longer exists";

/// S11: a proxy forwards while the referent lives, and every use after its death says so.
#[test]
fn forwards_until_death() {
    let object = Arc::new(Tracked::new(String::from("text")));
    let proxy = Proxy::new(&object);
    let clone = proxy.clone();
    assert!(Arc::ptr_eq(&proxy.get().unwrap(), &object));
    assert_eq!(clone.with(|text| text.len()), Ok(4));
    drop(object);
    assert_eq!(clone.with(|text| text.len()), Err(proxy.get().unwrap_err()));
    assert!(!proxy.reference().is_alive());
}

/// S11: what the error says, and that it is an error like others.
#[test]
fn the_error() {
    fn check<E: Error + Send + Sync + Copy + Eq + 'static>(_: E) {}
    let dead = Proxy::new(&Arc::new(Tracked::new(1)));
    let error: ReferenceError = dead.get().unwrap_err();
    check(error);
    assert_eq!(error.to_string(), DEAD);
    assert_eq!(format!("{error:?}"), "ReferenceError");
}

/// S11: it is displayed as its referent, with the options of the format; `Debug` says what it is.
#[test]
fn is_displayed_as_the_referent() {
    let object = Arc::new(Tracked::new(3.25));
    let proxy = Proxy::new(&object);
    let name = std::any::type_name::<Tracked<f64>>();
    let expected = format!("    3.2|Proxy<{name}>(alive)");
    assert_eq!(format!("{proxy:7.1}|{proxy:?}"), expected);
    drop(object);
    let expected = format!("{DEAD}|Proxy<{name}>(dead)");
    assert_eq!(format!("{proxy}|{proxy:?}"), expected);
}

/// S11: it compares as its referent, with proxies and with values; dead, with nothing.
#[test]
fn compares_as_the_referent() {
    let (one, same, two) = (
        Arc::new(Tracked::new(1)),
        Arc::new(Tracked::new(1)),
        Arc::new(Tracked::new(2)),
    );
    let proxy = Proxy::new(&one);
    assert!(proxy == Proxy::new(&same) && proxy != Proxy::new(&two));
    assert!(proxy == *same && proxy != *two && proxy < *two);
    assert!(proxy < Proxy::new(&two) && proxy >= Proxy::new(&same));

    drop(one);
    let itself = proxy.clone();
    assert!(proxy != itself && proxy != *same && Proxy::new(&same) != proxy);
    assert_eq!(proxy.partial_cmp(&itself), None);
    assert_eq!(proxy.partial_cmp(&*two), None);
    assert_eq!(Proxy::new(&same).partial_cmp(&*two), Some(Ordering::Less));
}

/// S11: a callable referent gives a callable proxy, also of a trait object.
#[test]
fn calls() {
    let function = Arc::new(Tracked::new(|a: i32, b: &'static str| format!("{a}{b}")));
    let proxy = Proxy::new(&function);
    assert_eq!(proxy.call((1, "x")).as_deref(), Ok("1x"));
    drop(function);
    assert!(proxy.call((1, "x")).is_err());

    let constant: Arc<Tracked<dyn Fn() -> u8 + Send + Sync>> = Arc::new(Tracked::new(|| 5));
    let proxy = Proxy::new(&constant);
    assert_eq!(proxy.call(()), Ok(5));
}

/// S6, S10: plain proxies share the plain reference; one with a callback is its own.
#[test]
fn shares_the_reference() {
    let object = Arc::new(Tracked::new(1));
    let reference = Ref::new(&object);
    let proxy = Proxy::new(&object);
    assert!(proxy.reference().ptr_eq(&reference));
    assert_eq!(count(&object), 1);
    let watching = Proxy::with_callback(&object, |_| ());
    assert!(!watching.reference().ptr_eq(&reference));
    assert_eq!(count(&object), 2);
    drop(watching);
    assert_eq!(count(&object), 1);
}

/// S3, S4: the callback receives the dead proxy, once.
#[test]
fn calls_back() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let object = Arc::new(Tracked::new(1));
    let _proxy = Proxy::with_callback(&object, move |dead| {
        log.lock().unwrap().push(dead.to_string());
    });
    drop(object);
    assert_eq!(*seen.lock().unwrap(), [DEAD]);
}

/// S11: the object lives through a use that drops its last other `Arc`, and dies at its end.
#[test]
fn dies_at_the_end_of_a_use() {
    let mut object = Some(Arc::new(Tracked::new(1)));
    let proxy = Proxy::new(object.as_ref().unwrap());
    let seen = proxy.with(|value| {
        object = None;
        **value
    });
    assert_eq!(seen, Ok(1));
    assert!(proxy.get().is_err());
}

/// S12: proxies of objects known by a trait.
#[test]
fn trait_objects() {
    trait Named: WeakReferenceable {
        fn name(&self) -> &str;
    }

    #[derive(WeakReferenceable)]
    struct User {
        slot: WeakSlot,
        name: String,
    }

    impl Named for User {
        fn name(&self) -> &str {
            &self.name
        }
    }

    let user: Arc<dyn Named> = Arc::new(User {
        slot: WeakSlot::new(),
        name: "ann".into(),
    });
    let proxy = Proxy::new(&user);
    assert_eq!(
        proxy.with(|user| user.name().to_owned()).as_deref(),
        Ok("ann")
    );
}
