//! What a type and its surroundings are called, and what else is derived, makes no difference.

use crate::assert_dies;
use std::collections::HashSet;
use std::sync::Arc;
use weakrefs::{Ref, WeakReferenceable, WeakSlot};

/// S12: the mark finds the slot whose type goes by another name, and beside a namesake.
#[test]
fn marked_fields() {
    use weakrefs::WeakSlot as Life;

    mod elsewhere {
        #[derive(Debug, PartialEq)]
        pub(crate) struct WeakSlot;
    }

    #[derive(WeakReferenceable)]
    struct Session {
        #[weak_slot]
        life: Life,
        other: elsewhere::WeakSlot,
    }

    #[derive(WeakReferenceable)]
    enum Either {
        Left(#[weak_slot] Life),
    }

    let session = Arc::new(Session {
        life: Life::new(),
        other: elsewhere::WeakSlot,
    });
    assert_eq!(session.other, elsewhere::WeakSlot);
    assert_dies(session);
    assert_dies(Arc::new(Either::Left(Life::new())));
}

/// S12: types that a `macro_rules!` writes.
#[test]
fn types_from_macros() {
    macro_rules! referenceable {
        ($name:ident { $slot:ident: $ty:ty }) => {
            #[derive(WeakReferenceable)]
            struct $name {
                $slot: $ty,
            }

            assert_dies(Arc::new($name {
                $slot: <$ty>::default(),
            }));
        };
        ($name:ident) => {
            #[derive(WeakReferenceable)]
            enum $name {
                Only { slot: WeakSlot },
            }

            assert_dies(Arc::new($name::Only {
                slot: WeakSlot::new(),
            }));
        };
    }

    referenceable!(FromOutside {
        slot: weakrefs::WeakSlot
    });
    referenceable!(FromInside);
}

/// S12: the slot is neutral in the derives of the standard library; a clone is another object.
#[test]
fn beside_the_standard_derives() {
    #[derive(WeakReferenceable, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Point {
        slot: WeakSlot,
        x: i32,
    }

    let point = Arc::new(Point::default());
    let reference = Ref::new(&point);
    let clone = Arc::new(Point::clone(&point));
    assert_eq!(clone, point);
    assert!(
        *clone
            < Point {
                x: 1,
                ..Point::default()
            }
    );
    assert_eq!(HashSet::from([point, clone.clone()]).len(), 1);
    assert!(!reference.is_alive());
    assert_dies(clone);
}

/// S12: nothing of what surrounds a type comes into the way of its derive, and no lint complains of it.
mod surroundings {
    #![no_implicit_prelude]
    #![deny(warnings, unsafe_code, unused, unused_qualifications, clippy::pedantic)]
    #![allow(dead_code, reason = "stands in the way")]

    mod core {}
    mod weakrefs {}
    trait Send {}
    trait Sync {}
    struct Option;

    trait Look {
        fn weak_slot(&self) {}
    }
    impl<T> Look for T {}

    #[derive(::weakrefs::WeakReferenceable)]
    pub(super) struct Struct<T> {
        pub(super) r#type: ::weakrefs::WeakSlot,
        pub(super) r#move: T,
    }

    #[derive(::weakrefs::WeakReferenceable)]
    pub(super) enum Enum<T> {
        r#In {
            r#type: ::weakrefs::WeakSlot,
            r#move: T,
        },
        #[deprecated]
        Old(::weakrefs::WeakSlot),
    }

    #[derive(::weakrefs::WeakReferenceable)]
    #[deprecated]
    struct Old(::weakrefs::WeakSlot);
}

/// S12: keywords as names, and a hostile scope.
#[test]
fn in_hostile_surroundings() {
    use surroundings::{Enum, Struct};

    let object = Struct {
        r#type: WeakSlot::new(),
        r#move: 1,
    };
    assert_eq!(object.r#move, 1);
    assert_dies(Arc::new(object));
    assert_dies(Arc::new(Enum::In {
        r#type: WeakSlot::new(),
        r#move: 1,
    }));
}

/// What a crate re-exports that depends on weakrefs under a name of its own.
mod facade {
    pub(crate) mod weak {
        pub(crate) use weakrefs::{WeakReferenceable, WeakSlot};
    }
}

/// S12: the crate may be somewhere else.
#[test]
fn a_renamed_crate() {
    #[derive(WeakReferenceable)]
    #[weak_slot(crate = "crate::names::facade::weak")]
    struct Image<T>(#[weak_slot] facade::weak::WeakSlot, T);

    #[derive(facade::weak::WeakReferenceable)]
    #[weak_slot(crate = "facade::weak")]
    enum Shape {
        Point { slot: WeakSlot },
    }

    assert_dies(Arc::new(Image(WeakSlot::new(), 1)));
    assert_dies(Arc::new(Shape::Point {
        slot: WeakSlot::new(),
    }));
}
