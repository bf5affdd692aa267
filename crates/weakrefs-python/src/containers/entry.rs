//! [`Entry`]: what the table of a container holds, and the classes that belong to its kind.

use crate::ephemerons::rule::Rule;
use crate::interpreter::class::{Stop, Visit};
use crate::interpreter::constant::Constant;
use crate::interpreter::method::Native;
use crate::interpreter::owned::Strong;
use crate::references::weak_ref::WeakRef;
use pyo3::types::PyType;
use pyo3::{Bound, PyAny, Python, ffi};
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;

/// The native classes of a kind of container.
pub(crate) struct Classes {
    /// From which the public class is derived.
    pub(crate) container: Constant<PyType>,
    pub(crate) evictor: Constant<PyType>,
    pub(crate) iterator: Constant<PyType>,
    /// The methods that the public class describes: those that a kind shares with another one, and its own.
    pub(crate) methods: OnceLock<[&'static [Native]; 2]>,
    /// The version in which the public class was last seen to have all native methods.
    pub(crate) unchanged: AtomicU32,
}

impl Classes {
    pub(crate) const fn new() -> Self {
        Self {
            container: Constant::new(),
            evictor: Constant::new(),
            iterator: Constant::new(),
            methods: OnceLock::new(),
            unchanged: AtomicU32::new(0),
        }
    }

    /// The methods that the public class describes, once the native class is made.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &'static [Native]> {
        self.methods.get().copied().into_iter().flatten()
    }
}

/// What an iterator gives of each entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
    Item,
    Reference,
}

/// A part of an entry, taken out of the table.
pub(crate) enum Taken<'py> {
    One(Bound<'py, PyAny>),
    Pair(Bound<'py, PyAny>, Bound<'py, PyAny>),
}

/// An entry of a container. Cloning it counts references up and does nothing else.
pub(crate) trait Entry: Clone + Send + Sync + 'static {
    /// The name of the public class of the container.
    const CLASS: &'static str;

    fn classes() -> &'static Classes;

    /// Whether an open iterator shows an entry that has died meanwhile: as a dead reference.
    const SHOWN_DEAD: bool = false;

    /// The weak reference that decides over the entry's life.
    fn reference(&self) -> &WeakRef;

    /// The object that stays the same as long as this is the same entry: the key, or the reference
    /// to it.
    fn identity(&self) -> &Strong;

    /// Whether `key`, which is alive, is the key of this entry beyond doubt: decided without running
    /// any code.
    fn is_for(&self, key: &Bound<'_, PyAny>) -> bool;

    /// Whether this and `other`, which is alive, have the same key beyond doubt: as [`is_for`](Self::is_for).
    fn has_key_of(&self, py: Python<'_>, other: &Self) -> bool;

    /// The hash under which the entry is in the table.
    fn hash(&self, py: Python<'_>) -> isize;

    /// The key behind an entry's [`identity`](Self::identity), unless it is dead.
    fn key_of<'py>(identity: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>>;

    /// The hash under which the entry of `reference` is in the table, if it says so.
    fn hash_of(py: Python<'_>, reference: &WeakRef) -> Option<isize>;

    /// Visits the objects that the entry owns.
    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop>;

    /// What the entry holds for the sake of the referent: it may be held only as long as that is reachable (S43). Null
    /// where there is nothing.
    fn held(&self) -> *mut ffi::PyObject;

    /// Whether the reference refers to that as well.
    const REFERENCE_HOLDS: bool = false;

    /// For which containers of the kind that rule holds.
    const RULE: Rule;

    /// A part of the entry, unless it is dead. Counts references up and does nothing else.
    fn take<'py>(&self, py: Python<'py>, part: Part) -> Option<Taken<'py>>;

    /// Gives an entry up that was evicted. That may set off further evictions, without end.
    fn give_up(self, py: Python<'_>);
}
