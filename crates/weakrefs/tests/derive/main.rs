//! What derives `WeakReferenceable`, and that it lives and dies as S2 and S12 say.
//!
//! The counterparts that must not compile are in `ui/`.

mod names;
mod parameters;

use std::sync::{Arc, Mutex};
use weakrefs::{Ref, WeakReferenceable, WeakSlot};

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, event: &'static str) {
        self.0.lock().unwrap().push(event);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A field that notes its drop.
struct Part(Log);

impl Drop for Part {
    fn drop(&mut self) {
        self.0.note("field");
    }
}

/// Watches `object`, drops it and asserts that a reference dies with it, after its callback has run.
fn assert_dies<T: ?Sized + WeakReferenceable>(object: Arc<T>) {
    let log = Log::default();
    let callback_log = log.clone();
    let plain = Ref::new(&object);
    let _watching = Ref::with_callback(&object, move |_| callback_log.note("callback"));
    let again = plain.upgrade().expect("the referent is alive");
    assert!(Arc::ptr_eq(&again, &object));
    drop(again);

    drop(object);
    assert!(plain.upgrade().is_none());
    assert_eq!(log.take(), ["callback"]);
}

/// S2, S12: a struct with named fields dies in the order that the position of the slot promises.
#[test]
fn a_struct_dies_in_order() {
    #[derive(WeakReferenceable)]
    struct Image {
        slot: WeakSlot,
        _part: Part,
        log: Log,
    }

    impl Drop for Image {
        fn drop(&mut self) {
            self.log.note("drop");
        }
    }

    let log = Log::default();
    let image = Arc::new(Image {
        slot: WeakSlot::new(),
        _part: Part(log.clone()),
        log: log.clone(),
    });
    let plain = Ref::new(&image);
    let callback_log = log.clone();
    let _watching = Ref::with_callback(&image, move |dead| {
        assert!(!dead.is_alive() && !plain.is_alive());
        callback_log.note("callback");
    });
    drop(image);
    assert_eq!(log.take(), ["drop", "callback", "field"]);
}

/// S12: a tuple struct.
#[test]
fn a_tuple_struct() {
    #[derive(WeakReferenceable)]
    struct Name(weakrefs::WeakSlot, String);

    let name = Arc::new(Name(WeakSlot::new(), "logo".into()));
    assert_eq!(Ref::new(&name).upgrade().unwrap().1, "logo");
    assert_dies(name);
}

/// S2, S12: an enum dies with the slot of the variant that it is.
#[test]
fn an_enum() {
    #[derive(WeakReferenceable)]
    enum Shape {
        Circle { slot: WeakSlot, _part: Part },
        Square(WeakSlot, [f64; 2]),
        Point(WeakSlot),
    }

    let square = Shape::Square(WeakSlot::new(), [2.0, 2.0]);
    assert!(matches!(square, Shape::Square(_, [width, height]) if width == height));
    assert_dies(Arc::new(square));
    assert_dies(Arc::new(Shape::Point(WeakSlot::new())));

    let log = Log::default();
    let circle = Arc::new(Shape::Circle {
        slot: WeakSlot::new(),
        _part: Part(log.clone()),
    });
    let callback_log = log.clone();
    let _watching = Ref::with_callback(&circle, move |_| callback_log.note("callback"));
    drop(circle);
    assert_eq!(log.take(), ["callback", "field"]);
}

/// S12: trait objects, where the trait asks for it, of one type or several.
#[test]
fn trait_objects() {
    trait Widget: WeakReferenceable {
        fn label(&self) -> String;
    }

    #[derive(WeakReferenceable)]
    struct Button {
        slot: WeakSlot,
    }

    #[derive(WeakReferenceable)]
    enum Field<T> {
        Filled(WeakSlot, T),
    }

    impl Widget for Button {
        fn label(&self) -> String {
            "button".into()
        }
    }

    impl<T: ToString + Send + Sync + 'static> Widget for Field<T> {
        fn label(&self) -> String {
            let Self::Filled(_, value) = self;
            value.to_string()
        }
    }

    let button = Arc::new(Button {
        slot: WeakSlot::new(),
    });
    let widgets: [Arc<dyn Widget>; 2] = [button, Arc::new(Field::Filled(WeakSlot::new(), 7))];
    let references = widgets.each_ref().map(Ref::new);
    assert_eq!(references[1].upgrade().unwrap().label(), "7");
    assert_eq!(references[0].upgrade().unwrap().label(), "button");
    widgets.into_iter().for_each(assert_dies);
    assert!(references.iter().all(|reference| !reference.is_alive()));

    assert_dies::<dyn WeakReferenceable>(Arc::new(Button {
        slot: WeakSlot::new(),
    }));
}
