//! Weak references that say when an object dies: callbacks, finalizers and self-evicting containers
//! over [`std::sync::Arc`], and over [`std::rc::Rc`].
//!
//! [`std::sync::Weak`] can be asked whether an object is dead. This crate tells: when the last `Arc` is
//! dropped, the object's entries leave every weak container and callbacks run, before the drop returns.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{Ref, WeakReferenceable, WeakSlot, WeakValueMap};
//!
//! #[derive(WeakReferenceable)]
//! struct Image {
//!     slot: WeakSlot, // one word, empty until it is used
//!     pixels: Vec<u8>,
//! }
//!
//! let images: WeakValueMap<String, Image> = WeakValueMap::new();
//! let logo = images.get_or_insert_with("logo".into(), || {
//!     Arc::new(Image { slot: WeakSlot::new(), pixels: vec![0; 64] })
//! });
//! let _reference = Ref::with_callback(&logo, |_| println!("the logo is gone"));
//! assert_eq!(images.get("logo").unwrap().pixels.len(), 64);
//!
//! drop(logo); // prints; it was the last `Arc`
//! assert_eq!(images.len(), 0);
//! ```
//!
//! The meaning is that of Python's `weakref` module; [`docs::python`] lists what is where.
//!
//! # What there is
//! - [`Ref`], a weak reference with an identity, a hash and, if you like, a callback; [`count`] and
//!   [`refs`] of an object; [`Proxy`], a `Ref` that is used like its referent.
//! - [`WeakSet`], [`WeakKeyMap`], [`WeakValueMap`]: containers that lose an entry when its object dies.
//! - [`finalize()`]: a function that runs when an object dies, or else when the process exits.
//! - [`WeakMethod`]: a method as a callback that does not keep its object alive.
//! - [`set_unraisable_hook`]: who is told of panics that have nobody to propagate to.
//! - [`rc`]: all of it for objects in an [`Rc`](std::rc::Rc), without locks and atomic operations.
//! - [`lazy`]: the containers for objects of any type, which lose the dead some time later.
//!
//! # Opting in
//! An object can be weakly referenced if it has a [`WeakSlot`] (S12). The slot is the struct's first field,
//! and `#[derive(WeakReferenceable)]` finds it. Derives of other traits do not see it: slots are equal, hash
//! to nothing, and a clone has an empty one. Anything else is a compile error that says what to do.
//!
//! - Types of others, closures and the like are wrapped: [`Tracked<T>`](Tracked) dereferences to a `T`. Objects that others
//!   have put into `Arc`s already go into the containers of [`lazy`].
//! - With [`WeakReferenceable`] as a supertrait, `Arc<dyn Trait>` works wherever `Arc<T>` does.
//! - Types are `Send + Sync + 'static`, as any thread may drop the last `Arc`.
//!
//! A slot that was never used costs one word, and one load when the object dies.
//!
//! # Containers
//! | | weak are | told apart by | the container owns |
//! | --- | --- | --- | --- |
//! | [`WeakSet<T>`](WeakSet) | the elements | `Hash` and `Eq` | nothing |
//! | [`PtrWeakSet<T>`](PtrWeakSet) | the elements | identity | nothing |
//! | [`WeakKeyMap<K, V>`](WeakKeyMap) | the keys | `Hash` and `Eq` | the values |
//! | [`PtrWeakKeyMap<K, V>`](PtrWeakKeyMap) | the keys | identity | the values |
//! | [`WeakValueMap<K, V>`](WeakValueMap) | the values | `Hash` and `Eq` of the keys | the keys |
//!
//! They are handles: a clone is the same container, and all methods take `&self`. What they give are
//! `Arc`s, never [borrows](docs::limitations#nothing-is-lent) of the inside. They are asked by whatever is
//! [equivalent](Equivalent) to a key, such as `&str` for a `String`. They keep the order of insertion, `len` is exact (S20), and
//! iteration walks the snapshot of one moment, whatever is inserted, removed or dies meanwhile (S21). A
//! single operation is O(1), an eviction included. After mass death the memory is given back (S34). A
//! [listener](RemovalCause) can be told what leaves a container, and why.
//!
//! # Finalizers
//! [`finalize()`] registers a function for an object. It runs once: when the object dies, when it is
//! [called](Finalizer::call), or when the process exits, whichever comes first (S29, S31). Unlike a
//! destructor it thus also runs for objects in statics, in leaked `Arc`s, and at `std::process::exit`.
//! [`run_exit_finalizers`] and [`exit_guard`] run what is left earlier.
//!
//! # Threads
//! Everything is `Send` and `Sync`. Callbacks, finalizers and evictions happen in the thread that drops
//! the last `Arc`, synchronously (S3). No lock is held while code of yours runs, be it a callback, a
//! destructor, a `Hash`, an `Eq` or a factory; all of them may use the same container (S18, S33). A panic in
//! a callback goes to a hook, never to the code that dropped the object (S5).
//!
//! The order at death is (S2): the type's own `Drop`; every reference reads dead; the entries leave their
//! containers; callbacks and finalizers run, newest first; the other fields are dropped. When the drop of the last `Arc`
//! returns, all of it has happened, however long a chain of deaths it has set off
//! ([details](docs::limitations#deep-chains)).
//!
//! # Features
//! With `serde`, what is alive can be serialized: containers as sequences and maps, a [`Ref`] as an `Option`, a
//! [`Tracked`] as its value. Only a `Tracked` can be deserialized, for the others own nothing: deserialize a `Vec<Arc<_>>` or
//! a `HashMap<_, Arc<_>>`, keep it, and fill the container from it. A slot is skipped: `#[serde(skip)]`.
//!
//! # The manual
//! - [`docs::patterns`]: caches, registries, interners, observers, clean-up, each with an example.
//! - [`docs::limitations`]: cycles, values that leave their `Arc`, callbacks under your own locks, exit, ...
//! - [`docs::internals`]: how it works, what it locks, how much memory it takes.
//! - [`docs::python`]: from Python's names to these.
//!
//! Numbers such as S12 are sections of the [contract](docs#the-contract).

mod arc;
mod callable;
mod chains;
mod containers;
pub mod docs;
mod drop_first;
mod error;
mod exit;
mod finalize;
pub mod generic;
mod hashing;
mod key_map;
pub mod lazy;
mod method;
mod no_room;
mod once_arc;
mod owner;
mod proxy;
pub mod rc;
mod reference;
#[cfg(feature = "serde")]
mod serde;
mod set;
mod set_algebra;
mod slot;
mod sync;
mod tracked;
mod unraisable;
mod unwind;
mod value_map;
mod watchers;

pub use arc::{
    BoundMethod, Finalizer, Proxy, PtrWeakKeyMap, PtrWeakSet, Ref, Tracked, WeakKeyMap, WeakMethod,
    WeakSet, WeakSlot, WeakValueMap, weak_key_map, weak_set, weak_value_map,
};
pub use callable::{Arguments, Callable, Method};
pub use containers::{Keying, LookupKey, RemovalCause};
/// A key that is equivalent to another one: it hashes and compares as that does. What `Borrow` makes of a key is so by itself.
pub use equivalent::Equivalent;
pub use error::{OccupiedError, ReferenceError};
pub use exit::{ExitGuard, exit_guard, run_exit_finalizers};
pub use finalize::finalize;
pub use hashing::{DefaultHasher, RandomState};
#[cfg(shuttle)]
pub use reference::watcher_count;
pub use reference::{count, refs};
pub use slot::WeakReferenceable;
pub use unraisable::{Unraisable, reset_unraisable_hook, set_unraisable_hook};
/// Opting in has a price of one word. The slot goes first, so that at death the type's own `Drop` runs,
/// then callbacks, then the drops of the other fields (S2, S12):
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Ref, WeakReferenceable, WeakSlot as Life};
///
/// #[derive(WeakReferenceable)]
/// struct Window<T> {
///     #[weak_slot] // by this mark, as the type has another name here
///     life: Life,
///     contents: T,
/// }
///
/// #[derive(WeakReferenceable)]
/// enum Shape {
///     Circle(#[weak_slot] Life, f64),
///     Square(#[weak_slot] Life, f64),
/// }
///
/// let window = Arc::new(Window { life: Life::new(), contents: "text" });
/// let shape = Arc::new(Shape::Circle(Life::new(), 1.0));
/// let (to_window, to_shape) = (Ref::new(&window), Ref::new(&shape));
/// assert_eq!(to_window.upgrade().unwrap().contents, "text");
/// drop((window, shape));
/// assert!(!to_window.is_alive() && !to_shape.is_alive());
/// ```
///
/// A crate that has weakrefs under another name, or re-exports it, says where it is, as to serde:
///
/// ```
/// mod facade {
///     pub use weakrefs;
/// }
///
/// use facade::weakrefs::{WeakReferenceable, WeakSlot};
///
/// #[derive(WeakReferenceable)]
/// #[weak_slot(crate = "facade::weakrefs")]
/// struct Image {
///     slot: WeakSlot,
/// }
/// # fn main() {}
/// ```
///
/// Without a slot, with two, or with one that is not first, the error says what to do. A value put into a variable
/// that holds another variant drops that one with its slot, which tells its watchers. Unions cannot opt in; for a
/// type of others there is [`Tracked`].
pub use weakrefs_derive::WeakReferenceable;
