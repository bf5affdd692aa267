//! Finalizers that refer to their object (S44): what the [engine](crate::ephemerons) of ephemerons asks of them.
//!
//! The registry keeps a finalizer, which keeps its function and arguments. Those it holds for the sake of its object, and
//! only as long as that is reachable, where nothing else can be meant: if the function is a method of the object, or the object
//! is an argument. Where the [rule holds for all](rule::holds_for_all), it does so whatever they are.

#![allow(unsafe_code, reason = "steps of the engine")]

use super::finalizer::{self, Finalizer};
use crate::ephemerons::engine::{self, Report, Task};
use crate::ephemerons::rule;
use crate::interpreter::class::{self, Object, Payload, Stop, Visit};
use crate::interpreter::entry::passed;
use crate::interpreter::remains::Link;
use crate::references::weak_ref::WeakRef;
use pyo3::{Python, ffi};

fn has_rule(finalizer: &Finalizer) -> bool {
    // One that waits needs its link.
    finalizer.is_alive()
        && !finalizer.waits.get()
        && (finalizer.refers_to_object.get() || rule::holds_for_all())
}

/// Has `visit` see the task of `finalizer`, if that is held now.
pub(super) fn report(finalizer: &Finalizer, visit: Visit) -> std::result::Result<(), Stop> {
    let report = if has_rule(finalizer) {
        engine::report(Object::of_payload(finalizer), visit, &finalizer.marked)
    } else {
        Report::All
    };
    match report {
        Report::All => finalizer.visit_task(visit),
        // SAFETY: the collector calls, with the thread attached.
        Report::Found if unsafe { is_due(finalizer) } => finalizer.visit_task(visit),
        Report::Found => {
            // SAFETY: the link is for finalizers that wait, which this does not.
            unsafe { engine::list(finalizer.link.get(), do_task) }
            Ok(())
        }
        Report::Nothing => Ok(()),
    }
}

/// Whether the object of a finalizer, if it has one, is found.
///
/// # Safety
/// The collector runs, with the thread attached.
unsafe fn is_due(finalizer: &Finalizer) -> bool {
    // SAFETY: the caller's promise. A finalizer that is alive has a reference, whose referent is a valid object, or None.
    unsafe {
        let py = Python::assume_attached();
        finalizer.object.with(py, |reference| {
            reference.is_none_or(|reference| {
                engine::is_found(WeakRef::view_unchecked(&reference).referent())
            })
        })
    }
}

/// What the engine asks a listed finalizer to do.
///
/// # Safety
/// The link is that of a finalizer.
unsafe fn do_task(link: *mut Link) {
    // SAFETY: the caller's promise; the collector runs, with the thread attached.
    unsafe {
        let finalizer = &(*Finalizer::of_link(link)).payload;
        let (task, visit) = engine::task();
        let is_due = match task {
            Task::Settle => is_due(finalizer),
            Task::Close => false,
            Task::GiveUp => true,
        };
        if is_due {
            _ = finalizer.visit_task(visit);
            engine::follow();
        }
    }
}

/// The engine has found the referent of `reference`, which calls a finalizer: its object, perhaps.
///
/// # Safety
/// `finalizer` is one.
unsafe fn found(finalizer: *mut ffi::PyObject, reference: *mut ffi::PyObject, visit: Visit) {
    // SAFETY: the caller's promise; the collector runs, with the thread attached.
    unsafe {
        let own: &Finalizer = class::payload(passed(Python::assume_attached(), finalizer));
        if own.object.as_ptr() == reference && has_rule(own) && engine::is_found(finalizer) {
            _ = own.visit_task(visit);
        }
    }
}

/// Gets the engine to know finalizers.
pub(super) fn register(py: Python<'_>) {
    let class = finalizer::CLASS.as_ptr().cast();
    // SAFETY: the class of finalizers.
    unsafe { engine::register(py, class, found) }
}
