//! Values that leave their `Arc` or `Rc` alive and take the slot along: for whom the object died, when, and that
//! nothing depends on a slot's drop (S2, S4, S20, S34).

#![allow(clippy::duplicate_mod, reason = "the same cases for both owners")]

mod arc;
mod rc;
#[path = "../support/mod.rs"]
mod support;
