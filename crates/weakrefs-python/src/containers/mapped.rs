//! [`Mapped`]: the entry of a mapping, and where the two mappings differ.

use super::container::Container;
use super::data::Shown;
use crate::interpreter::error::Result;
use pyo3::{Bound, PyAny, Python};
use weakrefs_table::{Position, Table};

/// An entry of a mapping.
pub(crate) trait Mapped: Shown {
    /// Fails if `key` cannot be one for another reason than its hash.
    fn check_key(key: &Bound<'_, PyAny>) -> Result<()>;

    /// The hash of a key that is to be looked up or stored.
    fn key_hash(key: &Bound<'_, PyAny>) -> Result<isize>;

    /// The same, for `in`: `None` if it cannot be a key.
    fn possible_key_hash(key: &Bound<'_, PyAny>) -> Result<Option<isize>>;

    /// Whether `key` runs no code and cannot fail when it is hashed and compared, and a second value of it could not fail
    /// either: a `dict` of such pairs says what they say.
    fn is_plain(key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> bool;

    /// What a `KeyError` names for a key that is not there.
    fn named_missing<'py>(key: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>>;

    /// The key, unless it is dead. Counts a reference up and does nothing else.
    fn key<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>>;

    /// The value, unless it is dead. Counts a reference up and does nothing else.
    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>>;

    /// The same of an entry that is in its container's table, and the caller inside that.
    fn value_inside<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>>;

    /// Whether the entry at a position of `table` has its value: one that is held strongly always is there.
    fn has_value_at(table: &Table<Self>, at: Position, py: Python<'_>) -> bool;

    /// Whether this and `other`, both alive, have the same value.
    fn has_value_of(&self, other: &Self) -> bool;

    /// Whether nothing runs when the entry is given up, whatever else is.
    fn is_inert(&self) -> bool;

    /// A new entry for `key`, whose hash is `hash`, in `container`.
    fn make(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        hash: isize,
        value: &Bound<'_, PyAny>,
    ) -> Result<Self>;

    /// The key and the value, of which what is held strongly is copied by `copy`.
    fn copied<'py>(
        key: Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
        copy: impl FnOnce(Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>>,
    ) -> Result<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

    /// `container[key] = value`.
    fn store(
        container: &Container<Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> Result<()>;

    /// The value of `key`, or else `default`, which is stored.
    fn get_or_store<'py>(
        container: &Container<Self>,
        key: &Bound<'py, PyAny>,
        default: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>>;
}
