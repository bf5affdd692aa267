//! The iterator over a weak container (S21).
//!
//! It walks a snapshot that it takes when the first element is asked for. It owns the container and
//! the ticket of the snapshot, nothing else: no referent is kept alive by an iterator. The snapshot
//! goes back as soon as the last element has been given, or with the iterator; then entries go, too, that
//! the iterator has found dead and that nobody has evicted.

#![allow(unsafe_code, reason = "a native class")]

use super::container::{Container, This};
use super::entry::{Entry, Part, Taken};
use crate::interpreter::class::{
    self, HIDDEN, LAST_METHOD, Object, Payload, Stop, Table as Static, Visit, offset_in_object,
    slot,
};
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::guarded::Guarded;
use crate::interpreter::object::{self, integer};
use crate::interpreter::owned::Slot;
use crate::interpreter::remains::Link;
use crate::interpreter::slots::{self, Instance};
use pyo3::{Bound, PyAny, Python, ffi};
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::marker::PhantomData;
use weakrefs_table::{NoRoom, Snapshot};

/// What an iterator holds.
#[repr(C)]
pub(crate) struct WeakIterator<E: Entry> {
    /// Empty once the end has been reached. It is emptied inside `walk`, so it stays as it is there.
    container: Slot,
    part: Part,
    walk: Guarded<Walk>,
    link: UnsafeCell<Link>,
    entries: PhantomData<fn() -> E>,
}

/// How far an iterator is.
struct Walk {
    /// None before the first step, and after the last one.
    snapshot: Option<Snapshot>,
    /// Whether it has come upon an entry that is dead.
    dead: bool,
}

// SAFETY: a hidden class; nothing has a destructor.
unsafe impl<E: Entry> Payload for WeakIterator<E> {
    type Head = ffi::PyObject;

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.container.as_ptr())
    }

    fn release(&self, py: Python<'_>) {
        self.end(py);
    }

    const LINK: usize = offset_in_object!(Self, link);
}

/// Returns the next entry of a snapshot of `table` that is alive, and notes whether any is not. (As a function or a closure,
/// it costs a twentieth more instructions a step.)
macro_rules! give_next {
    ($this:ident, $py:ident, $table:ident, $snapshot:ident, $dead:expr) => {
        while let Some(entry) = $table.next($snapshot) {
            if let Some(taken) = entry.take($py, $this.part) {
                return Ok(Some(taken));
            }
            $dead = true;
        }
        return Ok(None);
    };
}

impl<E: Entry> WeakIterator<E> {
    const METHODS: Static<ffi::PyMethodDef, 2> = Static([
        slots::method(
            c"__length_hint__",
            length_hint::<E>,
            c"__length_hint__($self, /)\n--\n\nAt most how many elements are still to come.",
        ),
        LAST_METHOD,
    ]);

    /// Makes the class.
    pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
        E::classes().iterator.make(py, || {
            Object::<Self>::create_class(
                py,
                c"weakrefs._weakrefs.WeakIterator",
                HIDDEN,
                [
                    slot(
                        ffi::Py_tp_doc,
                        c"An iterator over a weak container, as it was when the first element was asked for."
                            .as_ptr()
                            .cast_mut()
                            .cast(),
                    ),
                    slot(ffi::Py_tp_iter, ffi::PyObject_SelfIter as *mut c_void),
                    slots::unary(ffi::Py_tp_iternext, next::<E>),
                    slot(ffi::Py_tp_methods, const { &Self::METHODS }.pointer()),
                ],
            )
        })?;
        Ok(())
    }

    /// A new one.
    pub(crate) fn make<'py>(container: This<'_, 'py, E>, part: Part) -> Result<Bound<'py, PyAny>> {
        let py = container.py();
        let iterator = Self {
            container: Slot::empty(),
            part,
            walk: Guarded::new(Walk {
                snapshot: None,
                dead: false,
            }),
            link: UnsafeCell::new(Link::default()),
            entries: PhantomData,
        };
        // SAFETY: the class was made for this payload.
        let object = unsafe { class::allocate_hidden(&E::classes().iterator, py, iterator)? };
        // SAFETY: it has just been made.
        let this: &Self = unsafe { class::payload(object.as_borrowed()) };
        drop(
            this.container
                .replace(py, Some(container.as_object().to_owned())),
        );
        Ok(object)
    }

    /// The next element.
    #[inline]
    fn advance<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        match self.step(py) {
            Ok(Some(Taken::One(object))) => Ok(Some(object)),
            Ok(Some(Taken::Pair(key, value))) => {
                object::tuple(py, [key.as_borrowed(), value.as_borrowed()]).map(Some)
            }
            Ok(None) => {
                self.end(py);
                Ok(None)
            }
            Err(NoRoom { .. }) => Err(no_memory(py)),
        }
    }

    #[inline]
    fn step<'py>(&self, py: Python<'py>) -> std::result::Result<Option<Taken<'py>>, NoRoom> {
        self.walk.with(py, |walk| {
            let Some(table) = self.container(py).and_then(|container| container.table(py)) else {
                return Ok(None);
            };
            // Only the first step changes the table. Where threads run at once, the others are beside those that read.
            #[cfg(Py_GIL_DISABLED)]
            if let Some(snapshot) = &mut walk.snapshot {
                let table = table.read(py);
                give_next!(self, py, table, snapshot, walk.dead);
            }
            table.with(py, |table| {
                let snapshot = match &mut walk.snapshot {
                    Some(snapshot) => snapshot,
                    none if self.part == Part::Key => none.insert(table.snapshot_of_keys()?),
                    none => none.insert(table.snapshot()?),
                };
                give_next!(self, py, table, snapshot, walk.dead);
            })
        })
    }

    /// The container, for as long as the caller is inside `walk`.
    #[inline]
    fn container<'a>(&'a self, _py: Python<'a>) -> Option<&'a Container<E>> {
        let container = self.container.as_ptr();
        // SAFETY: an iterator's container is of its kind, and leaves only inside `walk`.
        unsafe { Some(&container.cast::<Object<Container<E>>>().as_ref()?.payload) }
    }

    /// Gives the snapshot back, then lets go of the container.
    fn end(&self, py: Python<'_>) {
        let (object, snapshot, dead) = self.walk.with(py, |walk| {
            (self.container.take(py), walk.snapshot.take(), walk.dead)
        });
        let (Some(object), Some(snapshot)) = (object, snapshot) else {
            return;
        };
        let this = object.as_borrowed();
        // SAFETY: an iterator's container is of its kind.
        let container: &Container<E> = unsafe { class::payload(this) };
        if let Some(table) = container.table(py) {
            let kept = table.with(py, |table| table.release(snapshot));
            drop(kept);
            // What was removed while the last reader was at it, one by one, for the list is in the table.
            while let Some(kept) = table.with(py, |table| table.reclaim()) {
                drop(kept);
            }
            if dead {
                container.sweep(py);
            }
        }
    }

    /// At most how many elements are still to come.
    fn remaining(&self, py: Python<'_>) -> usize {
        self.walk.with(py, |walk| {
            let Some(table) = self.container(py).and_then(|container| container.table(py)) else {
                return 0;
            };
            let table = table.read(py);
            match &walk.snapshot {
                Some(snapshot) => table.remaining(snapshot),
                None => table.len(),
            }
        })
    }
}

fn next<'py, E: Entry>(
    this: Instance<'_, 'py, WeakIterator<E>>,
) -> Result<Option<Bound<'py, PyAny>>> {
    this.advance(this.py())
}

fn length_hint<'py, E: Entry>(
    this: Instance<'_, 'py, WeakIterator<E>>,
) -> Result<Bound<'py, PyAny>> {
    integer(this.py(), this.remaining(this.py()))
}
