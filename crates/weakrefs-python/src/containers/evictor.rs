//! [`Evictor`]: the callback that evicts, one for all references of a container; the table lives in it.
//!
//! It is called without a tuple of arguments and without a look at the depth of recursion, so an eviction is never refused
//! (S2), and it allocates nothing (S36).

#![allow(unsafe_code, reason = "a native class")]

use super::entry::Entry;
use crate::ephemerons::engine::{self, Marked};
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{
    self, LAST_MEMBER, Object, Payload, Stop, Table as Static, Visit, offset_in_object,
    offset_member, slot,
};
use crate::interpreter::error::{Result, type_error};
use crate::interpreter::guarded::Shared;
use crate::interpreter::object::none;
use crate::interpreter::remains::Link;
use crate::interpreter::slots::{self, Instance};
use crate::references::weak_ref::WeakRef;
use pyo3::{Bound, PyAny, Python, ffi};
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use weakrefs_table::Table;

/// What the callback holds.
#[repr(C)]
pub(crate) struct Evictor<E: Entry> {
    entry: ffi::vectorcallfunc,
    pub(super) link: UnsafeCell<Link>,
    /// The container, as long as that lives.
    pub(crate) container: Cell<*mut ffi::PyObject>,
    /// The number of the last collection in which the container was, or which had been before it was made.
    pub(crate) seen: Cell<usize>,
    /// How many entries were made since the container last saw to it that it is in collections.
    pub(crate) news: Cell<usize>,
    pub(crate) marked: Marked,
    pub(crate) table: Shared<Table<E>>,
}

// SAFETY: a hidden class; a table that has been emptied owns nothing.
unsafe impl<E: Entry> Payload for Evictor<E> {
    type Head = ffi::PyObject;

    /// The collector gets to the entries through the container.
    fn visit(&self, _visit: Visit) -> std::result::Result<(), Stop> {
        Ok(())
    }

    fn release(&self, py: Python<'_>) {
        // SAFETY: the object is dead.
        drop(unsafe { self.table.close(py) });
    }

    const LINK: usize = offset_in_object!(Self, link);
}

impl<E: Entry> Evictor<E> {
    const MEMBERS: Static<ffi::PyMemberDef, 2> = Static([
        offset_member(c"__vectorcalloffset__", offset_in_object!(Self, entry)),
        LAST_MEMBER,
    ]);

    /// Makes the class.
    pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
        E::classes().evictor.make(py, || {
            let flags = class::HIDDEN & !ffi::Py_TPFLAGS_HAVE_GC | ffi::Py_TPFLAGS_HAVE_VECTORCALL;
            Object::<Self>::create_class(
                py,
                c"weakrefs._weakrefs.Evictor",
                flags,
                [
                    slot(
                        ffi::Py_tp_doc,
                        c"Evicts the entry of a reference that it is called with, if the referent is dead."
                            .as_ptr()
                            .cast_mut()
                            .cast(),
                    ),
                    slot(ffi::Py_tp_members, const { &Self::MEMBERS }.pointer()),
                    slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
                ],
            )
        })?;
        Ok(())
    }

    /// Whether it belongs to a container that holds what belongs to a referent only as long as that is reachable (S43).
    pub(super) fn has_rule(&self) -> bool {
        if !engine::IS_POSSIBLE {
            return false;
        }
        let container = self.container.get();
        !container.is_null() && E::RULE.holds_for(container)
    }

    /// A new one for `container`, with an empty table.
    pub(crate) fn make<'py>(
        py: Python<'py>,
        container: *mut ffi::PyObject,
    ) -> Result<Bound<'py, PyAny>> {
        let evictor = Self {
            entry: slots::vectorcall(evict::<E>),
            link: UnsafeCell::new(Link::default()),
            container: Cell::new(container),
            seen: Cell::new(engine::now()),
            news: Cell::new(0),
            marked: Marked::default(),
            table: Shared::shared(Table::new()),
        };
        // SAFETY: the class was made for this payload.
        unsafe { class::allocate_hidden(&E::classes().evictor, py, evictor) }
    }
}

static EVICT: Signature =
    Signature::new("Evictor", "__call__", &["reference"], 1).positional_only();

/// Evicts the entry of a reference, if its referent is dead.
fn evict<'py, E: Entry>(
    this: Instance<'_, 'py, Evictor<E>>,
    arguments: Arguments<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = this.py();
    let [reference] = arguments.all(&EVICT)?;
    let dead = WeakRef::view(&reference)?;
    if !dead.is_alive(py) {
        // Those of a `WeakValueDictionary` alone may have none.
        let hash = E::hash_of(py, dead)
            .ok_or_else(|| type_error(py, format_args!("expected a KeyedRef")))?;
        let evicted = this.table.with(py, |table| {
            let dead = |entry: &E| entry.reference().object().as_ptr() == reference.as_ptr();
            // What may refer to the dead must not be kept for a reader (S43).
            if E::SHOWN_DEAD && table.is_read() && !this.has_rule() {
                table.remove(hash as u64, dead)
            } else {
                table.evict(hash as u64, dead)
            }
        });
        if let Some(evicted) = evicted {
            evicted.give_up(py);
        }
    }
    Ok(none(py))
}
