//! What elements and keys are looked up by: their `Arc`, what is equivalent, the object itself.

mod support;

use std::cell::Cell;

use std::ffi::{CStr, CString, OsStr, OsString};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::Colliding;
use weakrefs::generic::{self, Eviction, Owner};
use weakrefs::{
    Equivalent, LookupKey, PtrWeakKeyMap, PtrWeakSet, RandomState, Tracked, WeakKeyMap,
    WeakReferenceable, WeakSet, WeakSlot,
};

/// S19: every lookup takes an `Arc`, the object, its value, and what the value lends.
#[test]
fn a_key_has_many_forms() {
    let name = Arc::new(Tracked::new(String::from("logo")));
    let set = WeakSet::from([&name]);
    assert!(set.contains(&name) && set.contains(&*name));
    assert!(set.contains(&String::from("logo")) && set.contains("logo"));
    assert!(!set.contains("other") && set.get("other").is_none());
    assert!(
        set.get("logo")
            .is_some_and(|found| Arc::ptr_eq(&found, &name))
    );
    assert!(set.take("logo").is_some() && set.insert(&name) && set.remove("logo"));
    assert!(set.is_empty());

    let map = WeakKeyMap::from([(&name, 1)]);
    assert!(map.contains_key(&name) && map.contains_key(&*name) && map.contains_key("logo"));
    assert_eq!(map.get("logo").as_deref(), Some(&1));
    assert!(
        map.get_key_value("logo")
            .is_some_and(|(key, _)| Arc::ptr_eq(&key, &name))
    );
    assert!(map.remove_entry("other").is_none());
    assert!(
        map.remove_entry("logo")
            .is_some_and(|(key, value)| Arc::ptr_eq(&key, &name) && *value == 1)
    );
    map.insert(&name, 2);
    assert_eq!(map.remove("logo").as_deref(), Some(&2));
}

/// S19: an equal object is found by an `Arc` of another one.
#[test]
fn an_equal_object_names_the_element() {
    let (one, other) = (Arc::new(Tracked::new(7)), Arc::new(Tracked::new(7)));
    let set = WeakSet::from([&one]);
    assert!(Arc::ptr_eq(&set.get(&other).unwrap(), &one));
    assert!(Arc::ptr_eq(&set.get(&7).unwrap(), &one));
    let same = set.get_or_insert_with(&other, || unreachable!());
    assert!(Arc::ptr_eq(&same, &one));
    let map = PtrWeakKeyMap::new();
    map.insert(&one, "one");
    assert!(map.contains_key(&one) && map.contains_key(&*one));
    assert!(!map.contains_key(&other) && !map.contains_key(&*other));
}

/// What strings, paths and slices lend finds them.
#[test]
fn the_usual_owners_lend() {
    macro_rules! found {
        ($($owner:ty: $from:expr, $by:expr;)*) => {$(
            let object = Arc::new(Tracked::<$owner>::new($from.into()));
            let set = WeakSet::from([&object]);
            assert!(set.contains($by), stringify!($owner));
        )*};
    }
    let text = CString::new("a").unwrap();
    found! {
        String: "a", "a"; Box<str>: "a", "a"; Arc<str>: "a", "a"; &'static str: "a", "a";
        Vec<u8>: [1], &[1][..]; Box<[u8]>: [1], &[1][..]; Arc<[u8]>: [1], &[1][..];
        &'static [u8]: &[1][..], &[1][..];
        PathBuf: "a", Path::new("a"); Box<Path>: Path::new("a"), Path::new("a");
        Arc<Path>: Path::new("a"), Path::new("a"); &'static Path: Path::new("a"), Path::new("a");
        OsString: "a", OsStr::new("a"); Box<OsStr>: OsStr::new("a"), OsStr::new("a");
        Arc<OsStr>: OsStr::new("a"), OsStr::new("a"); &'static OsStr: OsStr::new("a"), OsStr::new("a");
        CString: text.clone(), text.as_c_str(); Box<CStr>: text.clone(), text.as_c_str();
        Arc<CStr>: text.clone(), text.as_c_str(); &'static CStr: c"a", text.as_c_str();
    }
    let names: WeakSet<Tracked<Box<str>>> = WeakSet::new();
    let name = names.get_or_insert_with("a", || Arc::new("a".into()));
    assert!(names.contains("a") && name.len() == 1);
    let (owned, shared): (Tracked<String>, Tracked<Arc<str>>) = ("a".into(), "a".into());
    assert_eq!(**owned, **shared);

    let slice: Arc<Tracked<[u8]>> = Arc::new(Tracked::new([1, 2]));
    let slices = WeakSet::from([&slice]);
    assert!(slices.contains(&[1, 2][..]) && slices.contains(&slice) && slices.contains(&*slice));
}

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// Equals nothing, and counts how often it was asked.
#[derive(WeakReferenceable)]
struct Lonely {
    slot: WeakSlot,
}

impl PartialEq for Lonely {
    fn eq(&self, _: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        false
    }
}

impl Eq for Lonely {}

impl Hash for Lonely {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// S17, S18: the object itself is recognised without a comparison, in whatever form it is given.
#[test]
fn identity_comes_before_equality() {
    let objects: Vec<_> = (0..3)
        .map(|_| {
            Arc::new(Lonely {
                slot: WeakSlot::new(),
            })
        })
        .collect();
    let set: WeakSet<_> = objects.iter().collect();
    let map: WeakKeyMap<_, _> = objects.iter().zip(0..).collect();
    COMPARED.set(0);
    for (object, number) in objects.iter().zip(0..) {
        assert!(set.contains(object) && set.contains(&**object));
        assert_eq!(map.get(&**object).as_deref(), Some(&number));
        assert_eq!(map.remove(object).as_deref(), Some(&number));
        assert!(set.remove(&**object));
    }
    assert_eq!(COMPARED.get(), 0);
}

/// S17: a trait object, too. A part of an object that has its address is not the object.
#[test]
fn a_part_is_not_the_whole() {
    trait Named: WeakReferenceable {
        fn name(&self) -> &'static str;
    }

    impl PartialEq for dyn Named {
        fn eq(&self, other: &Self) -> bool {
            COMPARED.set(COMPARED.get() + 1);
            self.name() == other.name()
        }
    }

    impl Eq for dyn Named {}

    impl Hash for dyn Named {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }

    #[derive(WeakReferenceable)]
    struct Part {
        slot: WeakSlot,
    }

    impl Named for Part {
        fn name(&self) -> &'static str {
            "part"
        }
    }

    #[repr(C)]
    struct Whole(Part, WeakSlot);

    impl WeakReferenceable for Whole {
        fn weak_slot(&self) -> &WeakSlot {
            &self.1
        }
    }

    impl Named for Whole {
        fn name(&self) -> &'static str {
            "whole"
        }
    }

    let part = Part {
        slot: WeakSlot::new(),
    };
    let whole = Arc::new(Whole(part, WeakSlot::new()));
    let object: Arc<dyn Named> = whole.clone();
    let set: WeakSet<dyn Named> = WeakSet::from([&object]);
    COMPARED.set(0);
    assert!(set.contains(&object) && set.contains(&*object));
    assert_eq!(COMPARED.get(), 0);
    let part: &dyn Named = &whole.0;
    assert!(std::ptr::addr_eq(part, Arc::as_ptr(&object)));
    assert!(!set.contains(part));
}

/// A key that borrows, and is of no type of an element.
#[derive(Hash)]
struct Pair<'a>(&'a str, u32);

#[derive(WeakReferenceable, PartialEq, Eq, Hash)]
struct OwnedPair {
    slot: WeakSlot,
    name: String,
    number: u32,
}

impl Equivalent<OwnedPair> for Pair<'_> {
    fn equivalent(&self, pair: &OwnedPair) -> bool {
        self.0 == pair.name && self.1 == pair.number
    }
}

/// `Equivalent` is enough, also among many of equal hash.
#[test]
fn keys_may_borrow() {
    let pairs: Vec<_> = (0..5)
        .map(|number| {
            let name = String::from("a");
            let slot = WeakSlot::new();
            Arc::new(OwnedPair { slot, name, number })
        })
        .collect();
    let set = WeakSet::with_hasher(Colliding::<1>);
    set.extend(&pairs);
    let name = String::from("a");
    for (number, pair) in (0..).zip(&pairs) {
        assert!(Arc::ptr_eq(&set.get(&Pair(&name, number)).unwrap(), pair));
    }
    assert!(!set.contains(&Pair(&name, 5)) && !set.contains(&Pair("b", 1)));
}

/// Functions over containers can name what they look up by.
#[test]
fn generic_code_looks_up() {
    fn has<O, S, E, Q, By>(set: &generic::WeakSet<O, S, E>, key: &Q) -> bool
    where
        O: Owner,
        E: Eviction<O, ()>,
        Q: ?Sized + LookupKey<O::Target, S, By>,
    {
        set.contains(key)
    }

    fn has_equivalent<T, Q>(set: &WeakSet<T>, key: &Q) -> bool
    where
        T: WeakReferenceable,
        Q: ?Sized + Hash + Equivalent<T>,
    {
        set.contains(key)
    }

    fn has_owned<O: Owner, S: weakrefs::Keying<O::Target>, E: Eviction<O, ()>>(
        set: &generic::WeakSet<O, S, E>,
        key: &O,
    ) -> bool {
        set.contains(key)
    }

    let name = Arc::new(Tracked::new("a"));
    let set: WeakSet<_, RandomState> = WeakSet::from([&name]);
    let identities: PtrWeakSet<_> = [&name].into_iter().collect();
    assert!(
        has(&set, "a") && has(&set, &name) && has(&identities, &name) && has(&identities, &*name)
    );
    assert!(has_equivalent(&set, "a") && has_owned(&set, &name) && has_owned(&identities, &name));
}
