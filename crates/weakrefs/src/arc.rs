//! The names at the crate's root: over [`Arc`], whose objects threads share.

use crate::containers::{ByIdentity, ByValue, Eager};
use crate::generic;
use crate::hashing::RandomState;
use crate::owner::Atomic;
use std::sync::Arc;

/// A weak reference to an object in an [`Arc`], which can say when the object dies.
///
/// It does not keep the object alive (S1), nor, once the object is dead, its memory. Clones are the
/// same reference: they share callback, hash and [identity](Self::ptr_eq).
///
/// Two references are equal if their referents are, as long as both are alive; once one is dead, only
/// a reference and its clones are equal (S8). The hash is the referent's, computed when it is first
/// asked for and kept (S7). There is no order.
///
/// Cost: [`upgrade`](Self::upgrade) takes an uncontended lock more than `std::sync::Weak::upgrade`;
/// creation is two small allocations, sharing an existing one none.
/// Thread-safety: `Send` and `Sync`; a callback runs in the thread that drops the last `Arc`.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Ref, Tracked};
///
/// let object = Arc::new(Tracked::new("value"));
/// let reference = Ref::new(&object);
/// assert_eq!(**reference.upgrade().unwrap(), "value");
/// assert!(reference.ptr_eq(&Ref::new(&object))); // shared
///
/// drop(object);
/// assert!(reference.upgrade().is_none());
/// ```
pub type Ref<T> = generic::Ref<Arc<T>>;

/// A set of weakly referenced objects, in the order of insertion: an object leaves it the moment it
/// dies (S2, S17).
///
/// Elements are told apart by `Hash` and `Eq`, or by identity in a [`PtrWeakSet`]. All methods take
/// `&self`, and what they return are [`Arc`]s. A clone is another handle to the same set; a set with
/// the same elements is made by [`copy`](Self::copy). An element is looked up by an `Arc` of it or by
/// anything equivalent, such as `&str` for a `Tracked<String>`; [`LookupKey`](crate::LookupKey) has the rule.
///
/// Cost: O(1) for single elements; two small allocations for an object that is weakly referenced for
/// the first time. `len` is exact (S20).
/// Thread-safety: `Send` and `Sync`; `Hash`, `Eq` and destructors of the elements run outside of the
/// set's locks, and may use the set (S18, S33).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakSet};
///
/// let windows = WeakSet::new();
/// let main = Arc::new(Tracked::new("main"));
/// let dialog = Arc::new(Tracked::new("dialog"));
/// windows.insert(&main);
/// windows.insert(&dialog);
/// assert!(windows.contains(&main));
///
/// drop(dialog);
/// assert_eq!(windows.len(), 1);
/// assert!(windows.iter().all(|window| **window == "main"));
/// ```
pub type WeakSet<T, S = RandomState> = generic::WeakSet<Arc<T>, ByValue<S>, Eager>;

/// A [`WeakSet`] that tells its elements apart by identity, for types without `Hash` and `Eq`.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{PtrWeakSet, Tracked};
///
/// let observers = PtrWeakSet::new();
/// let observer = Arc::new(Tracked::new((|| ()) as fn()));
/// observers.insert(&observer);
/// assert!(observers.contains(&observer));
/// ```
pub type PtrWeakSet<T> = generic::WeakSet<Arc<T>, ByIdentity, Eager>;

/// A map from weakly referenced objects to values, in the order of insertion: an entry leaves it, and
/// its value is dropped, the moment the key dies (S2, S17).
///
/// Keys are told apart by `Hash` and `Eq`, or by identity in a [`PtrWeakKeyMap`]. All methods take
/// `&self`; values are given as [`Arc`]s. A clone is another handle to the same map. A key is looked up by
/// an `Arc` of it or by anything equivalent; [`LookupKey`](crate::LookupKey) has the rule. A value that
/// owns its own key keeps it alive for ever (see [limitations](crate::docs::limitations)).
///
/// Cost: O(1) for single entries; two small allocations for a key that is weakly referenced for the
/// first time and one for the value. `len` is exact (S20).
/// Thread-safety: `Send` and `Sync`; `Hash`, `Eq` and destructors run outside of the map's locks, and
/// may use the map (S18, S33).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakKeyMap};
///
/// let sizes = WeakKeyMap::new();
/// let file = Arc::new(Tracked::new("a.txt"));
/// sizes.insert(&file, 11);
/// assert_eq!(sizes.get(&file).as_deref(), Some(&11));
///
/// drop(file);
/// assert!(sizes.is_empty());
/// ```
pub type WeakKeyMap<K, V, S = RandomState> = generic::WeakKeyMap<Arc<K>, V, ByValue<S>, Eager>;

/// A [`WeakKeyMap`] that tells its keys apart by identity, for types without `Hash` and `Eq`.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{PtrWeakKeyMap, Tracked};
///
/// let notes = PtrWeakKeyMap::new();
/// let number = Arc::new(Tracked::new(f64::NAN));
/// notes.insert(&number, "not a number");
/// assert!(notes.contains_key(&number));
/// ```
pub type PtrWeakKeyMap<K, V> = generic::WeakKeyMap<Arc<K>, V, ByIdentity, Eager>;

/// A map from keys to weakly referenced objects, in the order of insertion: an entry leaves it, and
/// its key is dropped, the moment the object dies (S2, S16). The map for caches and registries.
///
/// All methods take `&self`; objects and keys are given as [`Arc`]s. A key is looked up by anything
/// equivalent to it, such as `&str` for `String`. A clone is another handle to the same map.
///
/// Cost: O(1) for single entries; two small allocations for an object that is weakly referenced for the
/// first time and one for the key. Keys of the usual standard types (strings, numbers, paths) are
/// compared inside the map, others outside of its locks. `len` is exact (S20).
/// Thread-safety: `Send` and `Sync`; `Hash`, `Eq` and destructors run outside of the map's locks, and
/// may use the map (S18, S33).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakValueMap};
///
/// let cache: WeakValueMap<String, Tracked<Vec<u8>>> = WeakValueMap::new();
/// let image = cache.get_or_insert_with("logo.png".into(), || Arc::new(Tracked::new(vec![1, 2])));
/// assert!(Arc::ptr_eq(&cache.get("logo.png").unwrap(), &image));
///
/// drop(image);
/// assert!(cache.get("logo.png").is_none());
/// assert_eq!(cache.len(), 0);
/// ```
pub type WeakValueMap<K, V, S = RandomState> = generic::WeakValueMap<K, Arc<V>, S, Eager>;

/// Stands for an object without keeping it alive; every use after its death says so (S11).
///
/// It is displayed and compares as its referent; `Debug` says what it is, as `repr` does in Python. Rust has no forwarding of every method: [`with`](Self::with)
/// runs code on the object, [`call`](Self::call) calls it.
///
/// A dead proxy is displayed as the message of [`ReferenceError`](crate::ReferenceError), and equals nothing, not even itself.
/// Being neither `Eq` nor `Hash`, a proxy is no key; use its [`reference`](Self::reference).
///
/// Cost: that of a [`Ref`]; the plain proxy of an object shares the object's plain reference (S6), so
/// that [`count`](crate::count) sees one.
/// Thread-safety: `Send` and `Sync`; while a use lasts, the object lives.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Proxy, ReferenceError, Tracked};
///
/// # fn main() -> Result<(), ReferenceError> {
/// let object = Arc::new(Tracked::new("value"));
/// let proxy = Proxy::new(&object);
/// assert_eq!(proxy.with(|text| text.len())?, 5);
/// assert_eq!(proxy.to_string(), "value");
///
/// drop(object);
/// assert!(proxy.with(|text| text.len()).is_err());
/// # Ok(())
/// # }
/// ```
pub type Proxy<T> = generic::Proxy<Arc<T>>;

/// A weak reference to a method of an object (S28): for a list of callbacks that keeps none of its
/// subscribers alive.
///
/// `Args` is the tuple of the method's arguments after `&self`, `R` its result; different methods of
/// equal signature have the same type. One argument may be borrowed for the call: then `Args` is `fn(&A)` (see
/// [`Arguments`](crate::Arguments)). It is dead as soon as its object is (functions live for ever in
/// Rust). The method may be any function of `&T`, closures included.
///
/// Two are equal if both are alive, their objects are equal, and the function is the same; once one is
/// dead, only it and its clones are equal. The hash is the object's. Functions and closures without
/// state are the same if they are of one type; a closure that captures something and a function
/// pointer are the same only as their clones. For objects without equality, and to find the methods of
/// one object, there is [`is_same`](Self::is_same).
///
/// Cost: creation is one allocation beside those of the [`Ref`], a call is an upgrade and an indirect
/// call. It has part in the object's plain reference, which [`count`](crate::count) sees once.
/// Thread-safety: `Send` and `Sync`; what it calls runs in the calling thread.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{WeakMethod, WeakReferenceable, WeakSlot};
///
/// #[derive(WeakReferenceable)]
/// struct Button {
///     slot: WeakSlot,
///     name: &'static str,
/// }
///
/// impl Button {
///     fn clicked(&self, times: u32) -> String {
///         format!("{} {times}", self.name)
///     }
///
///     fn hovered(&self, _: u32) -> String {
///         "-".into()
///     }
/// }
///
/// let button = Arc::new(Button { slot: WeakSlot::new(), name: "OK" });
/// let listeners: Vec<WeakMethod<Button, (u32,), String>> = vec![
///     WeakMethod::new(&button, Button::clicked),
///     WeakMethod::new(&button, Button::hovered),
/// ];
/// assert_eq!(listeners[0].call((2,)).as_deref(), Some("OK 2"));
///
/// drop(button);
/// assert!(listeners.iter().all(|listener| !listener.is_alive()));
/// assert_eq!(listeners[0].call((2,)), None);
/// ```
pub type WeakMethod<T, Args, R = ()> = generic::WeakMethod<Arc<T>, Args, R>;

/// A method of an object, which it keeps alive: what [`WeakMethod::upgrade`] gives (S28).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakMethod};
///
/// let object = Arc::new(Tracked::new(5));
/// let weak = WeakMethod::new(&object, |object: &Tracked<i32>, more: i32| **object + more);
/// let bound = weak.upgrade().unwrap();
/// drop(object);
/// assert_eq!(bound.call((2,)), 7);
/// drop(bound);
/// assert!(!weak.is_alive());
/// ```
pub type BoundMethod<T, Args, R = ()> = generic::BoundMethod<Arc<T>, Args, R>;

/// A handle of a finalizer: what [`finalize`](crate::finalize()) gives.
///
/// The finalizer is alive until its object dies, it is [called](Self::call), it is
/// [detached](Self::detach), or it runs at exit. Its function runs exactly once over all of these,
/// whatever threads race (S29); detached, never. Clones are the same finalizer. The handle need not
/// be kept (S32), and keeps neither the object nor its memory.
///
/// Cost: every method is O(1).
/// Thread-safety: `Send` and `Sync`; no lock is held while the function runs.
pub type Finalizer<T, R = ()> = generic::Finalizer<Arc<T>, R>;

/// Makes the values of any type weakly referenceable (S12).
///
/// For types that cannot have a [`WeakSlot`] of their own: those of other crates, closures, trait
/// objects. It dereferences to the value, and compares, hashes and prints as it.
///
/// At death, the references are dead and the callbacks have run before the value is dropped.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakSet};
///
/// let names = WeakSet::new();
/// let name = Arc::new(Tracked::new(String::from("logo")));
/// names.insert(&name);
/// assert_eq!(names.len(), 1);
/// drop(name);
/// assert_eq!(names.len(), 0);
///
/// let object: Arc<Tracked<dyn Fn() -> i32 + Send + Sync>> = Arc::new(Tracked::new(|| 7));
/// assert_eq!((**object)(), 7);
/// ```
///
/// It lends what the value does: a set of `Tracked<String>`, or of `Tracked<Box<str>>`, which is smaller, is asked by a
/// `&str`. (A `Tracked<str>` is a type, too, but safe code cannot make one: the compiler unsizes arrays to slices, and
/// nothing to `str`.)
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakSet};
///
/// let names: WeakSet<Tracked<Box<str>>> = WeakSet::new();
/// let name = names.get_or_insert_with("logo", || Arc::new("logo".into()));
/// assert!(names.contains("logo") && name.starts_with("lo"));
///
/// let bytes: Arc<Tracked<[u8]>> = Arc::new(Tracked::new([1, 2]));
/// assert!(WeakSet::from([&bytes]).contains(&[1, 2][..]));
/// ```
pub type Tracked<T> = generic::Tracked<T, Atomic>;

/// The field that makes the objects of a type weakly referenceable (S12).
///
/// Put it first in the struct: fields are dropped in order, so the references to a dying object are
/// dead and the callbacks have run while its other fields are still whole. The order at death is: the
/// type's own [`Drop`], then this field (references read dead, entries leave the containers,
/// callbacks run; S2), then the other fields.
///
/// A clone of an object is another object: the clone of a slot is an empty slot. All slots are equal,
/// print the same and hash to nothing, so that the derives of [`Debug`], [`PartialEq`], [`Ord`],
/// [`Hash`] and [`Default`] speak of the other fields alone.
///
/// Cost: one word; an object that was never weakly referenced pays one load when it is dropped.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Ref, WeakReferenceable, WeakSlot};
///
/// #[derive(WeakReferenceable, Clone, Debug, Default, PartialEq, Eq, Hash)]
/// struct Image {
///     slot: WeakSlot,
///     name: String,
/// }
///
/// let image = Arc::new(Image { name: "logo".into(), ..Image::default() });
/// let reference = Ref::new(&image);
/// assert_eq!(reference.upgrade().unwrap().name, "logo");
/// drop(image);
/// assert!(reference.upgrade().is_none());
/// ```
pub type WeakSlot = generic::WeakSlot<Atomic>;

/// [`WeakSet`] and its iterators.
pub mod weak_set {
    pub use super::{PtrWeakSet, WeakSet};
    use crate::containers::Eager;
    use crate::set;
    use std::sync::Arc;

    /// The elements of a [`WeakSet`], as they were when [`iter`](crate::generic::WeakSet::iter) was called.
    pub type Iter<T> = set::Iter<Arc<T>, Eager>;
    /// What a set that is consumed gives.
    pub type IntoIter<T> = set::IntoIter<Arc<T>, Eager>;
    /// What [`drain`](crate::generic::WeakSet::drain) took out. It keeps no element alive.
    pub type Drain<T> = set::Drain<Arc<T>, Eager>;
    /// The elements that [`extract_if`](crate::generic::WeakSet::extract_if) takes out.
    pub type ExtractIf<T, F> = set::ExtractIf<Arc<T>, Eager, F>;
}

/// [`WeakKeyMap`] and its iterators.
pub mod weak_key_map {
    pub use super::{PtrWeakKeyMap, WeakKeyMap};
    use crate::containers::Eager;
    use crate::key_map;
    use std::sync::Arc;

    /// The entries of a [`WeakKeyMap`], as they were when [`iter`](crate::generic::WeakKeyMap::iter) was called.
    pub type Iter<K, V> = key_map::Iter<Arc<K>, V, Eager>;
    /// What a map that is consumed gives.
    pub type IntoIter<K, V> = key_map::IntoIter<Arc<K>, V, Eager>;
    /// The keys of a [`WeakKeyMap`], as they were when [`keys`](crate::generic::WeakKeyMap::keys) was called.
    pub type Keys<K, V> = key_map::Keys<Arc<K>, V, Eager>;
    /// The values of a [`WeakKeyMap`], as they were when [`values`](crate::generic::WeakKeyMap::values) was called.
    pub type Values<K, V> = key_map::Values<Arc<K>, V, Eager>;
    /// What [`drain`](crate::generic::WeakKeyMap::drain) took out. It keeps no key alive.
    pub type Drain<K, V> = key_map::Drain<Arc<K>, V, Eager>;
    /// The entries that [`extract_if`](crate::generic::WeakKeyMap::extract_if) takes out.
    pub type ExtractIf<K, V, F> = key_map::ExtractIf<Arc<K>, V, Eager, F>;
}

/// [`WeakValueMap`] and its iterators.
pub mod weak_value_map {
    pub use super::WeakValueMap;
    use crate::containers::Eager;
    use crate::value_map;
    use std::sync::Arc;

    /// The entries of a [`WeakValueMap`], as they were when [`iter`](crate::generic::WeakValueMap::iter) was called.
    pub type Iter<K, V> = value_map::Iter<K, Arc<V>, Eager>;
    /// What a map that is consumed gives.
    pub type IntoIter<K, V> = value_map::IntoIter<K, Arc<V>, Eager>;
    /// The keys of a [`WeakValueMap`], as they were when [`keys`](crate::generic::WeakValueMap::keys) was called.
    pub type Keys<K, V> = value_map::Keys<K, Arc<V>, Eager>;
    /// The objects of a [`WeakValueMap`], as they were when [`values`](crate::generic::WeakValueMap::values) was called.
    pub type Values<K, V> = value_map::Values<K, Arc<V>, Eager>;
    /// What [`drain`](crate::generic::WeakValueMap::drain) took out. It keeps no object alive.
    pub type Drain<K, V> = value_map::Drain<K, Arc<V>, Eager>;
    /// The entries that [`extract_if`](crate::generic::WeakValueMap::extract_if) takes out.
    pub type ExtractIf<K, V, F> = value_map::ExtractIf<K, Arc<V>, Eager, F>;
}
