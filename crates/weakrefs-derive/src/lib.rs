//! `#[derive(WeakReferenceable)]` for the crate [`weakrefs`](https://docs.rs/weakrefs).
//!
//! Use it through `weakrefs`, which re-exports and documents it beside the trait: the generated code
//! names `::weakrefs::WeakReferenceable` and `::weakrefs::WeakSlot`, or what is at the place that
//! `#[weak_slot(crate = "path")]` on the type gives.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{Ref, WeakReferenceable, WeakSlot};
//!
//! #[derive(WeakReferenceable)]
//! struct Image {
//!     slot: WeakSlot,
//!     name: String,
//! }
//!
//! let image = Arc::new(Image { slot: WeakSlot::new(), name: "logo".into() });
//! let reference = Ref::new(&image);
//! assert_eq!(reference.upgrade().unwrap().name, "logo");
//! drop(image);
//! assert!(reference.upgrade().is_none());
//! ```
//!
//! The entry point below only converts; `slot.rs` finds the slot and says what is wrong where there is
//! none, `expand.rs` writes the impl.
#![forbid(unsafe_code)]

mod errors;
mod expand;
mod slot;

use expand::Owners;
use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements the trait `WeakReferenceable` by returning the type's `WeakSlot` field.
///
/// The slot is the first field of the struct, or of every variant of the enum. It is known by the name
/// of its type, `WeakSlot`, or by the attribute `#[weak_slot]` where the type has another name.
/// `#[weak_slot(crate = "path")]` on the struct or enum says where the crate `weakrefs` is if it is not `::weakrefs`.
#[proc_macro_derive(WeakReferenceable, attributes(weak_slot))]
pub fn derive_weak_referenceable(input: TokenStream) -> TokenStream {
    expand::expand(parse_macro_input!(input as DeriveInput), Owners::Atomic).into()
}

/// Implements the trait `rc::WeakReferenceable` by returning the type's `rc::WeakSlot` field; `weakrefs::rc` has it under the
/// name of the trait. The rules are those of [`WeakReferenceable`](macro@WeakReferenceable).
#[proc_macro_derive(LocalWeakReferenceable, attributes(weak_slot))]
pub fn derive_local_weak_referenceable(input: TokenStream) -> TokenStream {
    expand::expand(parse_macro_input!(input as DeriveInput), Owners::Local).into()
}

/// Its example runs with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
