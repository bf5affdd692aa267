//! The iterator over a weak container (S21).
//!
//! It walks a snapshot that it takes when the first element is asked for. It owns the container and
//! the ticket of the snapshot, nothing else: no referent is kept alive by an iterator. The snapshot
//! goes back as soon as the last element has been given, or with the iterator; then entries go, too, that
//! the iterator has found to be forgotten by the collector.

#![allow(unsafe_code, reason = "an entry point from the interpreter")]

use crate::container::{Container, Entry};
use crate::entry_point::{enter, passed};
use crate::guarded::Guarded;
use crate::strong::Strong;
use crate::weak_key_dictionary::WeakKeyDictionary;
use crate::weak_set::WeakSet;
use crate::weak_value_dictionary::WeakValueDictionary;
use pyo3::PyTraverseError;
use pyo3::ffi;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use std::ops::Deref;
use std::ptr;
use weakrefs_table::Snapshot;

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

/// An entry that iteration can take a part of.
pub(crate) trait Iterable: Entry {
    /// The part, unless the entry is dead. Counts references up and does nothing else.
    fn take<'py>(&self, py: Python<'py>, part: Part) -> Option<Taken<'py>>;
}

/// The container that is walked.
pub(crate) enum Walked {
    Set(Strong<WeakSet>),
    Keys(Strong<WeakKeyDictionary>),
    Values(Strong<WeakValueDictionary>),
}

/// Does the same with the container of each kind.
macro_rules! with_container {
    ($walked:expr, $container:ident => $body:expr) => {
        match $walked {
            Walked::Set(object) => {
                let $container = &object.get().container;
                $body
            }
            Walked::Keys(object) => {
                let $container = &object.get().container;
                $body
            }
            Walked::Values(object) => {
                let $container = &object.get().container;
                $body
            }
        }
    };
}

struct Walk {
    walked: Walked,
    /// None before the first step.
    snapshot: Option<Snapshot>,
    /// Whether there was an entry that is dead for good.
    forgotten: bool,
}

impl Walk {
    fn step<'py>(&mut self, py: Python<'py>, part: Part) -> Option<Taken<'py>> {
        fn next<'py, E: Iterable>(
            py: Python<'py>,
            container: &Container<E>,
            snapshot: &mut Option<Snapshot>,
            forgotten: &mut bool,
            part: Part,
        ) -> Option<Taken<'py>> {
            let snapshot = snapshot.get_or_insert_with(|| container.snapshot(py));
            container.next(py, snapshot, forgotten, |entry| entry.take(py, part))
        }
        let (snapshot, forgotten) = (&mut self.snapshot, &mut self.forgotten);
        with_container!(&self.walked, container => next(py, container, snapshot, forgotten, part))
    }

    fn remaining(&self, py: Python<'_>) -> usize {
        with_container!(&self.walked, container => match &self.snapshot {
            Some(snapshot) => container.remaining(py, snapshot),
            None => container.len(py),
        })
    }

    /// Gives the snapshot back, then lets go of the container.
    fn end(self, py: Python<'_>) {
        if let Some(snapshot) = self.snapshot {
            with_container!(&self.walked, container => {
                container.release(py, snapshot);
                if self.forgotten {
                    container.sweep(py);
                }
            });
        }
    }
}

/// An iterator over a weak container, as it was when the first element was asked for.
#[pyclass(frozen, module = "weakrefs._weakrefs")]
pub(crate) struct WeakIterator {
    part: Part,
    /// None once the end has been reached.
    walk: Guarded<Option<Walk>>,
}

impl WeakIterator {
    pub(crate) fn new(walked: Walked, part: Part) -> Self {
        Self {
            part,
            walk: Guarded::new(Some(Walk {
                walked,
                snapshot: None,
                forgotten: false,
            })),
        }
    }

    /// Has the interpreter advance iterators without PyO3 in between.
    pub(crate) fn enter_directly(py: Python<'_>) {
        let class = py.get_type::<Self>().as_type_ptr();
        // SAFETY: the slot of a type that has just been made, and has no subclasses.
        unsafe { (*class).tp_iternext = Some(next) }
    }

    #[inline]
    fn advance<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let taken = self
            .walk
            .with(py, |walk| walk.as_mut()?.step(py, self.part));
        match taken {
            Some(Taken::One(object)) => Ok(Some(object)),
            Some(Taken::Pair(key, value)) => Ok(Some((key, value).into_pyobject(py)?.into_any())),
            None => {
                self.end(py);
                Ok(None)
            }
        }
    }

    fn end(&self, py: Python<'_>) {
        if let Some(walk) = self.walk.with(py, Option::take) {
            walk.end(py);
        }
    }
}

/// The next element, or null without an exception at the end.
unsafe extern "C" fn next(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe {
        enter(|py| {
            let this = passed(py, this);
            let next = this.cast_unchecked::<WeakIterator>().get().advance(py)?;
            Ok(next.map_or(ptr::null_mut(), Bound::into_ptr))
        })
    }
}

#[pymethods]
impl WeakIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.advance(py)
    }

    /// At most how many elements are still to come.
    fn __length_hint__(&self, py: Python<'_>) -> usize {
        self.walk.with(py, |walk| {
            walk.as_ref().map_or(0, |walk| walk.remaining(py))
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let visited = self
            .walk
            .inspect(|walk| match walk.as_ref().map(|walk| &walk.walked) {
                Some(Walked::Set(object)) => visit.call(object.deref()),
                Some(Walked::Keys(object)) => visit.call(object.deref()),
                Some(Walked::Values(object)) => visit.call(object.deref()),
                None => Ok(()),
            });
        visited.unwrap_or(Ok(()))
    }

    fn __clear__(&self, py: Python<'_>) {
        self.end(py);
    }
}

impl Drop for WeakIterator {
    fn drop(&mut self) {
        Python::attach(|py| self.end(py));
    }
}
