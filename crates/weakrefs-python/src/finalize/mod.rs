//! `finalize`: a function that runs when an object dies, or at exit (S29-S32).
//!
//! | module | what it holds |
//! | --- | --- |
//! | `finalizer` | the class |
//! | `registry` | those that are alive |
//! | `holder` | those that refer to their object |
//! | `exit` | what happens to them at exit |
//! | `inspection` | the functions behind `finalize._registry` |

pub(crate) mod exit;
pub(crate) mod finalizer;
mod holder;
pub(crate) mod inspection;
mod registry;
