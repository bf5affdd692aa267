//! The same over [`Rc`]: for objects that stay in one thread, without locks and atomic operations.
//!
//! Everything has the name and the meaning that it has at the [crate's root](crate), with `Rc` for `Arc`. Types need not
//! be `Send` or `Sync`, nor need callbacks, finalizers and values. Nothing here can leave its thread.
//!
//! ```
//! use std::rc::Rc;
//! use weakrefs::rc::{Ref, WeakReferenceable, WeakSet, WeakSlot};
//!
//! #[derive(WeakReferenceable)]
//! struct Widget {
//!     slot: WeakSlot,
//!     name: &'static str,
//! }
//!
//! let focusable = weakrefs::rc::PtrWeakSet::new();
//! let button = Rc::new(Widget { slot: WeakSlot::new(), name: "OK" });
//! focusable.insert(&button);
//! let selected = Ref::with_callback(&button, |_| println!("nothing is selected"));
//! assert_eq!(selected.upgrade().unwrap().name, "OK");
//!
//! drop(button); // prints
//! assert!(focusable.is_empty());
//! ```
//!
//! # Finalizers
//! [`finalize`] registers a function for an object of this thread. If the object is alive when the thread ends, the function
//! runs then, newest first; in the thread that exits the process, before those of all threads. As
//! [`run_exit_finalizers`](crate::run_exit_finalizers) also does for the thread that calls it. Functions of threads that are still
//! running at exit do not run: no other thread may touch their objects.

pub mod lazy;

use crate::containers::{ByIdentity, ByValue, Eager};
use crate::generic;
use crate::hashing::RandomState;
use crate::owner::Local;
use std::rc::Rc;

pub use crate::reference::{count, refs};
/// As [`weakrefs::WeakReferenceable`](derive@crate::WeakReferenceable), for objects that an `Rc` owns.
pub use weakrefs_derive::LocalWeakReferenceable as WeakReferenceable;

/// As [`crate::Ref`], to an object in an [`Rc`].
pub type Ref<T> = generic::Ref<Rc<T>>;

/// As [`crate::WeakSet`], of objects in [`Rc`]s.
pub type WeakSet<T, S = RandomState> = generic::WeakSet<Rc<T>, ByValue<S>, Eager>;

/// As [`crate::PtrWeakSet`], of objects in [`Rc`]s.
pub type PtrWeakSet<T> = generic::WeakSet<Rc<T>, ByIdentity, Eager>;

/// As [`crate::WeakKeyMap`], for keys in [`Rc`]s. It owns its values by `Rc`, too.
pub type WeakKeyMap<K, V, S = RandomState> = generic::WeakKeyMap<Rc<K>, V, ByValue<S>, Eager>;

/// As [`crate::PtrWeakKeyMap`], for keys in [`Rc`]s.
pub type PtrWeakKeyMap<K, V> = generic::WeakKeyMap<Rc<K>, V, ByIdentity, Eager>;

/// As [`crate::WeakValueMap`], of objects in [`Rc`]s. It owns its keys by `Rc`, too.
pub type WeakValueMap<K, V, S = RandomState> = generic::WeakValueMap<K, Rc<V>, S, Eager>;

/// As [`crate::Proxy`], of an object in an [`Rc`].
pub type Proxy<T> = generic::Proxy<Rc<T>>;

/// As [`crate::WeakMethod`], of an object in an [`Rc`].
pub type WeakMethod<T, Args, R = ()> = generic::WeakMethod<Rc<T>, Args, R>;

/// As [`crate::BoundMethod`], of an object in an [`Rc`].
pub type BoundMethod<T, Args, R = ()> = generic::BoundMethod<Rc<T>, Args, R>;

/// As [`crate::Finalizer`], of an object in an [`Rc`].
pub type Finalizer<T, R = ()> = generic::Finalizer<Rc<T>, R>;

/// As [`crate::Tracked`], to be owned by an [`Rc`].
pub type Tracked<T> = generic::Tracked<T, Local>;

/// As [`crate::WeakSlot`], in objects that an [`Rc`] owns.
pub type WeakSlot = generic::WeakSlot<Local>;

/// A type whose objects can be weakly referenced while an [`Rc`] owns them (S12).
///
/// As [`crate::WeakReferenceable`], without `Send` and `Sync`.
#[diagnostic::on_unimplemented(
    message = "cannot create weak reference to `{Self}` object in an `Rc`",
    label = "`{Self}` has not opted in to weak references",
    note = "add a field `slot: weakrefs::rc::WeakSlot` and `#[derive(weakrefs::rc::WeakReferenceable)]` to the type, or wrap it: `weakrefs::rc::Tracked<{Self}>`",
    note = "for a trait object, make `weakrefs::rc::WeakReferenceable` a supertrait of the trait"
)]
pub trait WeakReferenceable: 'static {
    /// The slot of this object.
    fn weak_slot(&self) -> &WeakSlot;
}

/// Has `function` called when `referent` dies, or when the thread ends (S29 to S32): as [`crate::finalize()`].
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use weakrefs::rc::{Tracked, finalize};
///
/// let closed = Rc::new(Cell::new(false));
/// let window = Rc::new(Tracked::new("window"));
/// let flag = Rc::clone(&closed);
/// finalize(&window, move || flag.set(true));
/// drop(window);
/// assert!(closed.get());
/// ```
pub fn finalize<T: ?Sized + WeakReferenceable, R: 'static>(
    referent: &Rc<T>,
    function: impl FnOnce() -> R + 'static,
) -> Finalizer<T, R> {
    Finalizer::new(referent, Box::new(function))
}
