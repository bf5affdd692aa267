//! What the attribute `data` of the public classes stands on: the weak references of a container, and new ones in the place
//! of all; and its callback, which they call `_remove`.

use super::container::{Container, This};
use super::entry::Entry;
use crate::interpreter::class::{LAST_METHOD, Table as Static};
use crate::interpreter::error::Result;
use crate::interpreter::object::{Argument, none};
use crate::interpreter::slots;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};

/// An entry of a container whose references are shown.
pub(crate) trait Shown: Entry {
    /// The references: in a list, or a `dict` in which they stand for the objects.
    fn references<'py>(container: &Container<Self>, py: Python<'py>) -> Result<Bound<'py, PyAny>>;

    /// Puts what `references` lead to in the place of all entries, or changes nothing.
    fn replace(container: &Container<Self>, references: Borrowed<'_, '_, PyAny>) -> Result<()>;

    /// The private methods of the native class.
    const METHODS: Static<ffi::PyMethodDef, 4> = Static([
        slots::method(
            c"_references",
            references::<Self>,
            c"_references($self, /)\n--\n\n\
              The weak references, in a list, or in a dict with what they belong to.",
        ),
        slots::method_of_one(
            c"_replace_references",
            replace_references::<Self>,
            c"_replace_references($self, references, /)\n--\n\n\
              Puts what the references of an iterable or a mapping lead to in the place of all entries.",
        ),
        slots::method(
            c"_evictor",
            evictor::<Self>,
            c"_evictor($self, /)\n--\n\nThe callback of the references.",
        ),
        LAST_METHOD,
    ]);
}

fn references<'py, E: Shown>(this: This<'_, 'py, E>) -> Result<Bound<'py, PyAny>> {
    E::references(&this, this.py())
}

fn replace_references<'py, E: Shown>(
    this: This<'_, 'py, E>,
    references: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    E::replace(&this, references)?;
    Ok(none(this.py()))
}

fn evictor<'py, E: Shown>(this: This<'_, 'py, E>) -> Result<Bound<'py, PyAny>> {
    let (evictor, _) = this.evictor(this.py())?;
    Ok(evictor.to_owned())
}
