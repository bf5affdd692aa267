//! What may be used after a panic: everything with a lock of its own.
//!
//! `UnwindSafe` and `RefUnwindSafe` warn of what a panic may leave half changed. Here nothing is: no code of the user's runs
//! under a lock (S18), so what a lock covers is whole whenever something can panic. `std::sync::Mutex` says the same of
//! itself, for its poison; the locks of [`crate::sync`] say nothing, so what contains them does, here. A
//! [`WeakSlot`](crate::WeakSlot) thus takes nothing from the type that it is a field of.

use crate::containers::{Container, Eviction};
use crate::owner::Watchable;
use crate::owner::sealed::{Kind, Owner};
use crate::reference::ReferenceObject;
use crate::watchers::Watchers;
use std::panic::RefUnwindSafe;

impl<K: Kind> RefUnwindSafe for Watchers<K> {}

impl<O: Watchable> RefUnwindSafe for ReferenceObject<O> {}

impl<O: Owner, P: Clone, E: Eviction<O, P>> RefUnwindSafe for Container<O, P, E> {}
