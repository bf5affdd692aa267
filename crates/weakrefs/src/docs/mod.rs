//! The manual. These modules contain nothing but text.
//!
//! | chapter | what it is for |
//! | --- | --- |
//! | [`patterns`] | caches, registries, interners, observers and the like: which type to use, and how |
//! | [`limitations`] | what weak references cannot do, and what to watch out for |
//! | [`internals`] | how it works, what it locks, what it costs |
//! | [`python`] | how the names of Python's `weakref` map to this crate, and what differs |
//!
//! # Words
//! - An *object* is a value in an [`Arc`](std::sync::Arc), or, for [`rc`](crate::rc), in an `Rc`. It is *alive* as long as it
//!   has an `Arc`, and *dies* when the last one is dropped. A weak reference refers to its *referent*.
//! - A *container* is a [`WeakSet`](crate::WeakSet), [`WeakKeyMap`](crate::WeakKeyMap) or
//!   [`WeakValueMap`](crate::WeakValueMap). An entry is *evicted* when its object dies.
//! - A *watcher* learns of an object's death: a [`Ref`](crate::Ref), an entry of a container, a
//!   [finalizer](crate::finalize).
//! - *User code* is what you bring: `Hash`, `Eq`, `Drop`, callbacks, factories, predicates.
//!
//! # The contract
//! Numbers such as S12 are sections of the project's contract, which the crate shares with a Python
//! package of the same name. They are stable, and tests cite them:
//!
//! | sections | subject |
//! | --- | --- |
//! | S1 to S12 | references, callbacks, proxies, opting in |
//! | S13 to S15 | cycles and resurrection, which only Python has |
//! | S16 to S27 | containers |
//! | S28 | methods |
//! | S29 to S32 | finalizers |
//! | S33, S34 | threads; memory |

pub mod internals;
pub mod limitations;
pub mod patterns;
pub mod python;

/// Its example runs with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
