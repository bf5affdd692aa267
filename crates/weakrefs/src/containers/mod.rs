//! What the weak containers have in common: a sharded, insertion-ordered container that loses an entry the
//! moment its referent dies.
//!
//! | concern | module |
//! | --- | --- |
//! | what is stored | `entry` |
//! | what is about to be | `pending` |
//! | how an entry is recognised: by identity, by equality outside of the lock | `query`, `keying`, `builtin_keys` |
//! | the shards, eviction, what is done to all entries | `container` |
//! | lookup, insertion, removal | `lookup` |
//! | reading a snapshot in the order of insertion | `walk` |
//! | what has been taken out at once | `drained` |
//! | one factory at a time for each key | `factories` |

mod builtin_keys;
mod container;
mod drained;
mod entry;
mod factories;
mod keying;
mod lookup;
mod pending;
mod query;
mod walk;

/// So often `update` computes a value anew because the entry has been changed meanwhile; then the last result counts.
/// Threads that change one entry at the same time need a few.
pub(crate) const ATTEMPTS: usize = 1000;

pub(crate) use container::{Container, drop_entries};
pub(crate) use drained::Drained;
pub(crate) use entry::Entry;
pub use keying::{ByIdentity, Keying};
pub(crate) use query::{ByEquivalent, ByKey, ByReferent};
pub(crate) use walk::Walk;
