//! What the weak containers have in common: a sharded, insertion-ordered store that loses an entry the
//! moment its referent dies.
//!
//! | concern | module |
//! | --- | --- |
//! | what is stored | `entry` |
//! | what is about to be | `offer` |
//! | how an entry is recognised: by identity, by equality outside of the lock | `probe`, `keying`, `plain` |
//! | the shards, lookup, insertion, removal, eviction | `store` |
//! | reading a snapshot in the order of insertion | `walk` |
//! | what has left it | `taken` |
//! | one factory at a time for each key | `in_flight` |

mod entry;
mod in_flight;
mod keying;
mod offer;
mod plain;
mod probe;
mod store;
mod taken;
mod walk;

pub(crate) use entry::Entry;
pub use keying::{ByIdentity, Keying};
pub(crate) use offer::Offer;
pub(crate) use probe::{ByEquivalent, ByKey, ByReferent};
pub(crate) use store::{Store, discard};
pub(crate) use taken::Taken;
pub(crate) use walk::Walk;
