//! The interpreter's weak references, and the two native subclasses of `ref`.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `weak_ref` | [`WeakRef`](weak_ref::WeakRef): a reference, with what a container needs of it |
//! | `weak_list` | the list of the references to an object |
//! | `list_lock` | the lock of that list, on a free-threaded interpreter |
//! | `referents` | the referents of a table's entries, on a free-threaded interpreter |
//! | `layout` | what is known of both by the layout of their structs |
//! | `subclass` | subclasses of `ref` that carry data |
//! | `keyed_ref`, `weak_method` | the two there are |
//! | `bound_method` | the parts of a bound method |

pub(crate) mod bound_method;
pub(crate) mod keyed_ref;
pub(crate) mod layout;
#[cfg(Py_GIL_DISABLED)]
mod list_lock;
#[cfg(Py_GIL_DISABLED)]
mod referents;
pub(crate) mod subclass;
#[cfg(not(Py_GIL_DISABLED))]
pub(crate) mod weak_list;
pub(crate) mod weak_method;
pub(crate) mod weak_ref;
