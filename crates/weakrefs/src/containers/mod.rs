//! What the weak containers have in common: an insertion-ordered container that loses an entry the
//! moment its referent dies.
//!
//! | concern | module |
//! | --- | --- |
//! | what is stored | `entry` |
//! | how the entries of the dead leave | `eviction` |
//! | what is about to be | `pending` |
//! | how an entry is recognised: by identity, by equality outside of the lock | `query`, `keying`, `lookup_key`, `builtin_keys` |
//! | where entries are, in which order, and what iterators see | `table` |
//! | what its user holds | `handle` |
//! | a table and its lock, eviction | `shard` |
//! | one shard or several, what is done to all entries | `container` |
//! | lookup, insertion, removal | `lookup` |
//! | who is told of what has left | `listener` |
//! | what iterators read without a lock | `lend` |
//! | reading a snapshot in the order of insertion | `walk` |
//! | what has been taken out at once, or is one by one | `drained`, `extract` |
//! | the public iterators | `iterators` |
//! | one factory at a time for each key | `factories` |

mod builtin_keys;
mod container;
mod drained;
mod entry;
mod eviction;
mod extract;
mod factories;
mod handle;
mod iterators;
mod keying;
mod lend;
mod listener;
mod lookup;
mod lookup_key;
mod pending;
mod query;
mod shard;
mod table;
mod walk;

/// So often `update` computes a value anew because the entry has been changed meanwhile; then the last result counts.
/// Threads that change one entry at the same time need a few.
pub(crate) const ATTEMPTS: usize = 1000;

pub(crate) use container::{Container, drop_entries};
pub(crate) use drained::Drained;
pub(crate) use entry::Entry;
pub use eviction::{Eager, Eviction, Lazy};
pub(crate) use extract::Extract;
pub(crate) use factories::Factories;
pub(crate) use handle::Handle;
pub(crate) use iterators::iterators;
pub use keying::{ByIdentity, ByValue, Keying};
pub use listener::RemovalCause;
pub use lookup_key::LookupKey;
pub(crate) use query::{ByKey, ByReferent, Query};
pub(crate) use walk::Walk;
