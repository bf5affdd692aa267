//! What the weak containers have in common: an insertion-ordered container that loses an entry the
//! moment its referent dies.
//!
//! | concern | module |
//! | --- | --- |
//! | what is stored | `entry` |
//! | what is about to be | `pending` |
//! | how an entry is recognised: by identity, by equality outside of the lock | `query`, `keying`, `builtin_keys` |
//! | where entries are, in which order, and what iterators see | `table` |
//! | what its user holds | `handle` |
//! | the locks, eviction, what is done to all entries | `container` |
//! | lookup, insertion, removal | `lookup` |
//! | reading a snapshot in the order of insertion | `walk` |
//! | what has been taken out at once | `drained` |
//! | one factory at a time for each key | `factories` |

mod builtin_keys;
mod container;
mod drained;
mod entry;
mod factories;
mod handle;
mod keying;
mod lookup;
mod pending;
mod query;
mod table;
mod walk;

pub(crate) use container::drop_entries;
pub(crate) use drained::Drained;
pub(crate) use entry::Entry;
pub(crate) use handle::Handle;
pub use keying::{ByIdentity, Keying};
pub(crate) use query::{ByEquivalent, ByKey, ByReferent};
pub(crate) use walk::Walk;
