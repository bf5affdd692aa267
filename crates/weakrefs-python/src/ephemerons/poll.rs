//! The polls: objects by which the engine knows where in its list the collector is. They are made at import, and stay.

#![allow(unsafe_code, reason = "a native class")]

use super::engine;
use crate::interpreter::class::{
    self, HIDDEN, Object, Payload, Stop, Visit, offset_in_object, slot,
};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::Result;
use crate::interpreter::remains::Link;
use pyo3::types::PyType;
use pyo3::{Python, ffi};
use std::cell::UnsafeCell;

#[derive(Default)]
struct Poll {
    link: UnsafeCell<Link>,
}

// SAFETY: an empty link; no destructor.
unsafe impl Payload for Poll {
    type Head = ffi::PyObject;

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        engine::poll_is_traversed(Object::of_payload(self), visit);
        Ok(())
    }

    fn release(&self, _py: Python<'_>) {}

    const LINK: usize = offset_in_object!(Self, link);
}

static CLASS: Constant<PyType> = Constant::new();

static POLLS: [Constant; engine::POLLS] = [const { Constant::new() }; engine::POLLS];

/// Makes them.
pub(super) fn make(py: Python<'_>) -> Result<()> {
    let doc = c"By these, weakrefs knows where the garbage collector is.";
    CLASS.make(py, || {
        Object::<Poll>::create_class(
            py,
            c"weakrefs._weakrefs.Poll",
            HIDDEN,
            [slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast())],
        )
    })?;
    for poll in &POLLS {
        // SAFETY: the class was made for this payload.
        poll.make(py, || unsafe {
            class::allocate_hidden(&CLASS, py, Poll::default())
        })?;
    }
    Ok(())
}

/// All of them, once they are [made](make).
pub(super) fn all() -> impl Iterator<Item = *mut ffi::PyObject> {
    POLLS.iter().map(Constant::as_ptr)
}
