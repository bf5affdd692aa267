//! What may be used after a panic: everything with a lock of its own.
//!
//! `UnwindSafe` and `RefUnwindSafe` warn of what a panic may leave half changed. Here nothing is: no code of the user's runs
//! under a lock (S18), so what a lock covers is whole whenever something can panic. `std::sync::Mutex` says the same of
//! itself, for its poison; the locks of [`crate::sync`] say nothing, so what contains them does, here. A
//! [`WeakSlot`](crate::WeakSlot) thus takes nothing from the type that it is a field of.

use crate::containers::{Container, Payload};
use crate::reference::ReferenceObject;
use crate::slot::WeakReferenceable;
use crate::watchers::Watchers;
use std::panic::RefUnwindSafe;

impl RefUnwindSafe for Watchers {}

impl<T: ?Sized + WeakReferenceable> RefUnwindSafe for ReferenceObject<T> {}

impl<T: ?Sized + WeakReferenceable, P: Payload> RefUnwindSafe for Container<T, P> {}
