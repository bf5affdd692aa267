//! An insertion-ordered hash table for entries that may vanish at any moment: the shared core of
//! the weak containers of [`weakrefs`](https://docs.rs/weakrefs).
//!
//! A weak container loses entries whenever an object dies: while somebody iterates over it, in the
//! middle of a comparison of keys, during the destruction of another entry. [`Table`] is built for
//! that. It knows neither weak references nor keys; it stores entries with a hash that the caller
//! computed, and it keeps five promises:
//!
//! 1. **No user code inside.** The table never hashes, compares or drops a key or a value. Lookup
//!    takes the hash and a closure that tells an entry *by identity*; [`look_up`] compares entries of
//!    equal hash outside, and checks afterwards that what it found still holds.
//! 2. **What leaves is returned.** Every method that removes entries gives them to the caller, who
//!    drops them when no lock or borrow of the table is held.
//! 3. **Removal by hash and identity is O(1)** and keeps the order of the others; after mass death
//!    the memory is given back.
//! 4. **A snapshot costs O(1)** ([`Table::snapshot`]), and a change while it is open costs the change:
//!    a removed entry stays in its place until the last reader that sees it is gone, an entry that is changed in place
//!    is copied first. What is dead ([`Table::evict`]) is kept for nobody.
//! 5. **The cost of an operation does not depend on the size**, apart from the machine's caches.
//! 6. **It neither panics nor aborts for want of memory** ([`NoRoom`]): what adds entries or readers fails and leaves
//!    everything as it was; what removes, clears, reads or gives back needs no memory.
//!
//! # Example
//!
//! ```
//! use weakrefs_table::Table;
//!
//! let mut table = Table::new();
//! table.insert(7, "seven")?;
//! table.insert(3, "three")?;
//!
//! let mut snapshot = table.snapshot()?;
//! assert_eq!(table.remove(7, |entry| *entry == "seven"), Some("seven"));
//!
//! // The snapshot still sees both, in the order of insertion; the table only what is left.
//! assert_eq!(table.next(&mut snapshot), Some(&"seven"));
//! assert_eq!(table.next(&mut snapshot), Some(&"three"));
//! assert_eq!(table.next(&mut snapshot), None);
//! drop(table.release(snapshot));
//! // It was kept for the snapshot, and is to be dropped outside of the table.
//! assert_eq!(table.reclaim(), Some("seven"));
//! assert!(table.iter().eq(["three"].iter()));
//! # Ok::<(), weakrefs_table::NoRoom>(())
//! ```
//!
//! The crate is `no_std` (it needs `alloc`) and contains no `unsafe`.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::panic_in_result_fn,
        clippy::todo,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

extern crate alloc;

mod attic;
mod entries;
mod generation;
mod hash;
mod index;
mod lookup;
mod retired;
mod room;
mod storage;
mod table;

pub use entries::Entries;
pub use generation::Snapshot;
pub use lookup::{EntryOf, Found, Lookup, Search, look_up};
pub use room::{NoRoom, Refused};
pub use table::{Miss, Position, Table};

/// Its example runs with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
