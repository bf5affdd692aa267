//! `weakrefs._weakrefs`: the native part of the Python package `weakrefs`.
//!
//! The interpreter owns the lifetime of Python objects, and its `ref` and `proxy` are used as they
//! are. Above them, in Rust: the weak containers over [`weakrefs_table`], `finalize`, `WeakMethod`
//! and `KeyedRef`.
//!
//! | folder | what it holds |
//! | --- | --- |
//! | `interpreter` | what all need of the interpreter: errors, references, classes, arguments, calls |
//! | `references` | weak references: the interpreter's own, `KeyedRef`, `WeakMethod` |
//! | `containers` | the table of a container, lookups, eviction, iteration, and the three classes |
//! | `ephemerons` | what refers to some objects only as long as others are reachable |
//! | `finalize` | finalizers, and what happens to them at exit |
//! | `module` | the module itself: everything is made there |

// A build script cannot ask this: it is told of the target's default, whatever the profile says.
#[cfg(not(any(debug_assertions, panic = "abort", test, doc)))]
compile_error!(
    "an optimized extension must abort on panic: build it with `--profile extension` \
     (`maturin build` and `pip install` do so unless told `--release`)"
);

mod containers;
mod ephemerons;
mod finalize;
mod interpreter;
mod module;
mod references;
