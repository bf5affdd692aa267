//! Containers of any objects that an [`Rc`] owns, as [`crate::lazy`] has them for `Arc`.
//!
//! ```
//! use std::cell::Cell;
//! use std::rc::Rc;
//! use weakrefs::rc::lazy::PtrWeakSet;
//!
//! let set = PtrWeakSet::new();
//! let cell = Rc::new(Cell::new(1));
//! set.insert(&cell);
//! assert!(set.contains(&cell));
//! ```

use crate::containers::{ByIdentity, ByValue, Lazy};
use crate::generic;
use crate::hashing::RandomState;
use std::rc::Rc;

/// As [`crate::lazy::WeakSet`], of objects in [`Rc`]s.
pub type WeakSet<T, S = RandomState> = generic::WeakSet<Rc<T>, ByValue<S>, Lazy>;

/// As [`crate::lazy::PtrWeakSet`], of objects in [`Rc`]s.
pub type PtrWeakSet<T> = generic::WeakSet<Rc<T>, ByIdentity, Lazy>;

/// As [`crate::lazy::WeakKeyMap`], for keys in [`Rc`]s.
pub type WeakKeyMap<K, V, S = RandomState> = generic::WeakKeyMap<Rc<K>, V, ByValue<S>, Lazy>;

/// As [`crate::lazy::PtrWeakKeyMap`], for keys in [`Rc`]s.
pub type PtrWeakKeyMap<K, V> = generic::WeakKeyMap<Rc<K>, V, ByIdentity, Lazy>;

/// As [`crate::lazy::WeakValueMap`], of objects in [`Rc`]s.
pub type WeakValueMap<K, V, S = RandomState> = generic::WeakValueMap<K, Rc<V>, S, Lazy>;
