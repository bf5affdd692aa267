//! Weak references that say when an object dies: callbacks, finalizers and self-evicting containers
//! over [`std::sync::Arc`].
//!
//! [`std::sync::Weak`] can be asked whether an object is dead. This crate tells: the moment the last
//! `Arc` is dropped, callbacks run and the object's entries leave every weak container, synchronously,
//! in the thread that dropped it. The meaning is that of Python's `weakref` module.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{WeakReferenceable, WeakSlot, WeakValueMap};
//!
//! #[derive(WeakReferenceable)]
//! struct Image {
//!     slot: WeakSlot, // first: one word, empty until it is used
//!     pixels: Vec<u8>,
//! }
//!
//! let cache: WeakValueMap<String, Image> = WeakValueMap::new();
//! let image = Arc::new(Image { slot: WeakSlot::new(), pixels: vec![0; 64] });
//! cache.insert("logo".into(), &image);
//! //!
//! assert_eq!(cache.get("logo").unwrap().pixels.len(), 64);
//! drop(image); // the last strong reference
//! assert_eq!(cache.len(), 0); // and the entry has left with it
//! ```

mod container;
mod key_map;
mod reference;
mod set;
mod set_algebra;
mod slot;
mod sync;
mod tracked;
mod unraisable;
mod value_map;
mod watchers;

pub use container::{ByIdentity, Keying};
pub use key_map::{PtrWeakKeyMap, WeakKeyMap};
pub use reference::{Ref, count, refs};
pub use set::{PtrWeakSet, WeakSet};
pub use slot::{WeakReferenceable, WeakSlot};
pub use tracked::Tracked;
pub use unraisable::{Unraisable, reset_unraisable_hook, set_unraisable_hook};
pub use value_map::WeakValueMap;
pub use weakrefs_derive::WeakReferenceable;
