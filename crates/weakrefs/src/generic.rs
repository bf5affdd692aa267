//! What stands behind the names: the same types over any [`Owner`], with either [`Eviction`].
//!
//! | names | own their objects by | entries of the dead leave |
//! | --- | --- | --- |
//! | [the crate's own](crate) | [`Arc`](std::sync::Arc) | [at once](Eager) |
//! | [`rc`](crate::rc) | [`Rc`](std::rc::Rc) | [at once](Eager) |
//! | [`lazy`](crate::lazy) | `Arc` | [some time later](Lazy) |
//! | [`rc::lazy`](crate::rc::lazy) | `Rc` | [some time later](Lazy) |
//!
//! Code that is to work for several of them can be written over these.
//!
//! ```
//! use std::rc::Rc;
//! use std::sync::Arc;
//! use weakrefs::generic::{Owner, Ref, Watchable};
//!
//! /// Those that are still alive.
//! fn alive<O: Watchable>(references: &[Ref<O>]) -> Vec<O> {
//!     references.iter().filter_map(Ref::upgrade).collect()
//! }
//!
//! let (shared, local) = (Arc::new(weakrefs::Tracked::new(1)), Rc::new(weakrefs::rc::Tracked::new(1)));
//! assert_eq!(alive(&[Ref::new(&shared)]), [shared]);
//! assert_eq!(alive(&[Ref::new(&local)]), [local]);
//! ```

pub use crate::containers::{ByIdentity, ByValue, Eager, Eviction, Lazy};
pub use crate::finalize::Finalizer;
pub use crate::key_map::WeakKeyMap;
pub use crate::method::{BoundMethod, WeakMethod};
pub use crate::owner::{Atomic, Local, Owner, Shared, Watchable};
pub use crate::proxy::Proxy;
pub use crate::reference::Ref;
pub use crate::set::WeakSet;
pub use crate::slot::WeakSlot;
pub use crate::tracked::Tracked;
pub use crate::value_map::WeakValueMap;

/// The iterators of a [`WeakSet`].
pub mod weak_set {
    pub use crate::set::{Drain, ExtractIf, IntoIter, Iter};
}

/// The iterators of a [`WeakKeyMap`].
pub mod weak_key_map {
    pub use crate::key_map::{Drain, ExtractIf, IntoIter, Iter, Keys, Values};
}

/// The iterators of a [`WeakValueMap`].
pub mod weak_value_map {
    pub use crate::value_map::{Drain, ExtractIf, IntoIter, Iter, Keys, Values};
}
