//! The cases, for the owner and the names that `super` has.

use super::*;
use crate::support::{Log, OnDrop};
use std::mem;
use std::sync::{Arc, Mutex};

type Item = Tracked<u32>;

fn item(value: u32) -> Strong<Item> {
    Strong::new(Tracked::new(value))
}

/// An object that everybody watches.
struct Watched {
    log: Log,
    called: Ref<Item>,
    plain: Ref<Item>,
    set: WeakSet<Item>,
    identities: PtrWeakSet<Item>,
    keys: WeakKeyMap<Item, OnDrop>,
    objects: WeakValueMap<&'static str, Item>,
}

impl Watched {
    fn new(object: &Strong<Item>) -> Self {
        let log = Log::default();
        let (callback, value) = (log.clone(), log.clone());
        let watched = Self {
            called: Ref::with_callback(object, move |_| callback.note("callback")),
            plain: Ref::new(object),
            set: WeakSet::new(),
            identities: PtrWeakSet::default(),
            keys: WeakKeyMap::new(),
            objects: WeakValueMap::new(),
            log,
        };
        watched.set.insert(object);
        watched.identities.insert(object);
        let value = OnDrop::new(move || value.note("value"));
        watched.keys.insert(object, value);
        watched.objects.insert("key", object);
        watched
    }

    /// Everything reads as after a death, whether or not it has been announced.
    fn assert_reads_dead(&self) {
        assert!(!self.plain.is_alive() && !self.called.is_alive() && !self.called.has_callback());
        assert!(self.plain.upgrade().is_none());
        assert!(self.set.iter().next().is_none() && !self.set.contains(&Tracked::new(1)));
        assert!(self.identities.iter().next().is_none());
        assert!(self.keys.iter().next().is_none() && self.keys.get(&Tracked::new(1)).is_none());
        assert!(self.objects.get("key").is_none() && self.objects.values().next().is_none());
    }

    /// It has been announced: once, completely, and not before.
    fn assert_announced(&self) {
        self.assert_reads_dead();
        assert_eq!(self.log.take(), ["value", "callback"]);
        self.assert_forgotten();
    }

    fn assert_forgotten(&self) {
        let sizes = [
            self.set.len(),
            self.identities.len(),
            self.keys.len(),
            self.objects.len(),
        ];
        assert_eq!(sizes, [0; 4]);
        assert!(self.log.take().is_empty());
    }

    fn assert_not_announced(&self) {
        self.assert_reads_dead();
        assert!(self.log.take().is_empty());
    }
}

/// S2: the value of `into_inner` lives on; its watchers learn of the death when it is dropped.
#[test]
fn into_inner_and_then_drop() {
    let object = item(1);
    let watched = Watched::new(&object);
    let value = Strong::into_inner(object).unwrap();
    watched.assert_not_announced();
    assert_eq!(*value, 1);
    drop(value);
    watched.assert_announced();
}

/// S2: `try_unwrap` is as `into_inner`, and changes nothing if there are other owners.
#[test]
fn try_unwrap_and_then_drop() {
    let object = item(1);
    let watched = Watched::new(&object);
    let other = Strong::clone(&object);
    let object = Strong::try_unwrap(object).unwrap_err();
    assert!(watched.plain.is_alive() && watched.set.contains(&object));
    drop(other);
    let value = Strong::try_unwrap(object).unwrap();
    watched.assert_not_announced();
    assert_eq!(value.into_inner(), 1);
    watched.assert_announced();
}

/// S2, S4: a moved value in a new `Arc` is a new object, once it is watched: the old watchers are told,
/// each once, and never again.
#[test]
fn a_moved_value_that_is_watched_again_flushes_the_old_watchers() {
    let watch: [fn(&Strong<Item>); 6] = [
        |object| drop(Ref::new(object)),
        |object| drop(Ref::with_callback(object, |_| ())),
        |object| assert_eq!(count(object), 0),
        |object| assert!(refs(object).is_empty()),
        |object| assert!(WeakSet::new().insert(object)),
        |object| assert!(WeakValueMap::new().insert((), object).is_none()),
    ];
    for watch in watch {
        let object = item(1);
        let watched = Watched::new(&object);
        let object = Strong::new(Strong::into_inner(object).unwrap());
        watched.assert_not_announced();
        assert!(!watched.identities.contains(&object) && !watched.set.contains(&object));
        watch(&object);
        watched.assert_announced();
        drop(object);
        watched.assert_forgotten();
    }
}

/// S4, S17: in the same containers, too: the old entries leave, the new ones stay until the new death.
#[test]
fn a_moved_value_may_return_to_its_containers() {
    let object = item(1);
    let watched = Watched::new(&object);
    let object = Strong::new(Strong::into_inner(object).unwrap());
    assert!(watched.set.insert(&object));
    assert_eq!(watched.log.take(), ["value", "callback"]);
    assert!(watched.identities.insert(&object));
    let log = watched.log.clone();
    let new_value = OnDrop::new(move || log.note("new value"));
    assert!(watched.keys.insert(&object, new_value).is_none());
    assert!(watched.objects.insert("key", &object).is_none());
    let sizes = [
        watched.set.len(),
        watched.identities.len(),
        watched.keys.len(),
        watched.objects.len(),
    ];
    assert_eq!(sizes, [1; 4]);
    assert!(Strong::ptr_eq(
        &watched.objects.get("key").unwrap(),
        &object
    ));
    let log = watched.log.clone();
    let reference = Ref::with_callback(&object, move |_| log.note("new callback"));
    assert_eq!(refs(&object).len(), 1);
    drop(object);
    assert!(!reference.is_alive());
    assert_eq!(watched.log.take(), ["new value", "new callback"]);
    watched.assert_forgotten();
}

/// S2: `make_mut` of a watched object with one owner moves the value: its watchers see it die when it
/// is watched again or dropped.
#[test]
fn make_mut_of_the_only_owner_moves() {
    let mut object = item(1);
    let watched = Watched::new(&object);
    **Strong::make_mut(&mut object) = 2;
    watched.assert_not_announced();
    assert!(!watched.identities.contains(&object));
    drop(object);
    watched.assert_announced();

    let mut object = item(1);
    let watched = Watched::new(&object);
    **Strong::make_mut(&mut object) = 2;
    let plain = Ref::new(&object);
    watched.assert_announced();
    assert!(!plain.ptr_eq(&watched.plain));
    drop(object);
    watched.assert_forgotten();
}

/// S2: `make_mut` of a shared object clones it: the original is watched as before, the clone is not.
#[test]
fn make_mut_of_a_shared_object_clones() {
    let object = item(1);
    let watched = Watched::new(&object);
    let mut clone = Strong::clone(&object);
    **Strong::make_mut(&mut clone) = 2;
    assert!(watched.plain.is_alive() && watched.set.contains(&object));
    assert_eq!((count(&object), count(&clone)), (2, 0));
    drop(clone);
    assert!(watched.log.take().is_empty());
    drop(object);
    watched.assert_announced();
}

/// S1: `get_mut` is impossible while weakly referenced, and possible again when nobody watches.
#[test]
fn get_mut_needs_an_unwatched_object() {
    let mut object = item(1);
    let reference = Ref::new(&object);
    assert!(Strong::get_mut(&mut object).is_none());
    drop(reference);
    assert!(Strong::get_mut(&mut object).is_some());
    let set = WeakSet::new();
    set.insert(&object);
    assert!(Strong::get_mut(&mut object).is_none());
    drop(set);
    **Strong::get_mut(&mut object).unwrap() = 2;
    let keys = WeakKeyMap::new();
    keys.insert(&object, ());
    assert!(keys.remove(&object).is_some());
    assert!(Strong::get_mut(&mut object).is_some());
}

/// S2, S4: swapped values take their watchers along: those of each see that one die.
#[test]
fn swapped_values_keep_their_watchers() {
    let (mut one, mut two) = (item(1), item(2));
    let log = Log::default();
    let note = |object: &Strong<Item>, event: &'static str| {
        let log = log.clone();
        Ref::with_callback(object, move |_| log.note(event))
    };
    let _old = [note(&one, "one"), note(&two, "two")];
    mem::swap(Strong::make_mut(&mut one), Strong::make_mut(&mut two));
    assert_eq!((**one, **two), (2, 1));
    let _new = note(&one, "new");
    assert_eq!(log.take(), ["two"]);
    drop(two);
    assert_eq!(log.take(), ["one"]);
    drop(one);
    assert_eq!(log.take(), ["new"]);
}

/// S2: swapping where nobody watches any more leaves slots that know other addresses: no harm.
#[test]
fn slots_swapped_in_place_work() {
    let (mut one, mut two) = (item(1), item(2));
    drop((Ref::new(&one), Ref::new(&two)));
    mem::swap(
        Strong::get_mut(&mut one).unwrap(),
        Strong::get_mut(&mut two).unwrap(),
    );
    let log = Log::default();
    let note = log.clone();
    let of_one = Ref::with_callback(&one, move |_| note.note("one"));
    let of_two = Ref::new(&two);
    assert!(of_two.ptr_eq(&Ref::new(&two)) && count(&one) == 1);
    drop(two);
    assert!(of_one.is_alive() && !of_two.is_alive());
    drop(one);
    assert_eq!(log.take(), ["one"]);
}

/// S14 in Rust's meaning: what a destructor moves out of the dying object survives as a new object; its
/// references stay dead, and learn of it when it is watched again.
#[test]
fn a_slot_may_be_saved_by_a_destructor() {
    #[derive(WeakReferenceable, Default)]
    struct Phoenix {
        slot: WeakSlot,
        ashes: Arc<Mutex<Option<WeakSlot>>>,
    }
    impl Drop for Phoenix {
        fn drop(&mut self) {
            *self.ashes.lock().unwrap() = Some(mem::take(&mut self.slot));
        }
    }
    let log = Log::default();
    let phoenix = Strong::new(Phoenix::default());
    let ashes = Arc::clone(&phoenix.ashes);
    let note = log.clone();
    let reference = Ref::with_callback(&phoenix, move |_| note.note("callback"));
    let set: PtrWeakSet<Phoenix> = PtrWeakSet::default();
    set.insert(&phoenix);
    drop(phoenix);
    assert!(!reference.is_alive() && set.iter().next().is_none() && log.take().is_empty());
    let slot = ashes.lock().unwrap().take().unwrap();
    let reborn = Strong::new(Phoenix { slot, ashes });
    let new = Ref::new(&reborn);
    assert_eq!(log.take(), ["callback"]);
    assert!(new.is_alive() && !reference.is_alive() && set.is_empty());
}

/// S1: an object that is forgotten lives for ever.
#[test]
fn a_forgotten_arc_keeps_its_object() {
    let object = item(1);
    let watched = Watched::new(&object);
    mem::forget(object);
    assert!(watched.plain.is_alive() && watched.set.len() == 1);
    assert!(watched.log.take().is_empty());
}

/// S4: moved in bulk, watched again in bulk: each old watcher learns of it once.
#[test]
fn many_moves_lose_and_double_nothing() {
    let log = Log::default();
    let set = WeakSet::new();
    let identities: PtrWeakKeyMap<Item, u32> = PtrWeakKeyMap::default();
    let mut objects = (0..200).map(item).collect::<Vec<_>>();
    let mut references = Vec::new();
    for round in 0..5 {
        for object in &objects {
            let (log, value) = (log.clone(), ***object);
            references.push(Ref::with_callback(object, move |_| {
                log.note(format!("{round} {value}"))
            }));
            set.insert(object);
            identities.insert(object, **object.as_ref());
        }
        assert_eq!(
            (set.len(), identities.len(), refs(&objects[7]).len()),
            (200, 200, 1)
        );
        let moved = objects
            .into_iter()
            .map(|object| Strong::into_inner(object).unwrap());
        // Backwards, so that addresses are mixed.
        objects = moved
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .map(Strong::new)
            .collect();
        objects.reverse();
    }
    assert!(set.iter().next().is_none());
    drop(objects);
    let mut told = log.take();
    assert_eq!(told.len(), 1000);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 1000);
    assert_eq!((set.len(), identities.len()), (0, 0));
}
