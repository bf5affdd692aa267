//! The finalizers that are alive: a chain from the newest to the oldest, which keeps them alive.
//!
//! The chain goes through the finalizers themselves, so entering and leaving it allocates nothing (S36). It owns one
//! reference to each; the neighbours know each other by address. It is changed in one step, without running anything, by
//! threads that hold the interpreter's lock.

#![allow(unsafe_code, reason = "a chain of addresses")]

use super::finalizer::Finalizer;
use crate::interpreter::class;
use crate::interpreter::entry::passed;
use crate::interpreter::object::Argument;
use pyo3::{Bound, PyAny, Python, ffi};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::Relaxed};

/// Where a finalizer is in the chain, while it is alive. Zeroed memory is one that is not in it.
#[repr(C)]
pub(super) struct Place {
    newer: Cell<*mut ffi::PyObject>,
    older: Cell<*mut ffi::PyObject>,
    /// How many finalizers had begun before it.
    index: Cell<usize>,
}

static NEWEST: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// How many are in the chain, and how many have ever been.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Whether finalizers were added since the last time that somebody asked.
static GROWN: AtomicBool = AtomicBool::new(false);

/// Whether finalizers were added since the last time.
pub(super) fn has_grown() -> bool {
    GROWN.swap(false, Relaxed)
}

/// How many there are.
pub(super) fn count() -> usize {
    COUNT.load(Relaxed)
}

/// The newest one.
pub(super) fn newest(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    // SAFETY: null, or a finalizer that the chain owns.
    unsafe { Bound::from_borrowed_ptr_or_opt(py, NEWEST.load(Relaxed)) }
}

/// The next older one of a finalizer, which is alive.
pub(super) fn older<'py>(finalizer: Argument<'_, 'py>) -> Option<Bound<'py, PyAny>> {
    // SAFETY: a finalizer; its neighbour is null, or one that the chain owns.
    unsafe {
        let place = place(finalizer);
        Bound::from_borrowed_ptr_or_opt(finalizer.py(), place.older.get())
    }
}

/// The number of a finalizer: that of an older one is less.
pub(super) fn index(finalizer: &Finalizer) -> usize {
    finalizer.place.index.get()
}

/// Adds `step` to `number`, which is read and written under the interpreter's lock: no other thread is in between.
fn step(number: &AtomicUsize, step: usize) -> usize {
    let before = number.load(Relaxed);
    number.store(before.wrapping_add(step), Relaxed);
    before
}

/// # Safety
/// `finalizer` is one.
unsafe fn place<'a>(finalizer: Argument<'a, '_>) -> &'a Place {
    // SAFETY: the caller's promise.
    unsafe { &class::payload::<Finalizer>(finalizer).place }
}

/// Adds a finalizer as the newest. It is not in the chain yet.
///
/// # Safety
/// It is one.
pub(super) unsafe fn add(finalizer: Argument<'_, '_>) {
    let py = finalizer.py();
    let new = finalizer.to_owned().into_ptr();
    let older = NEWEST.swap(new, Relaxed);
    // SAFETY: the caller's promise; what is in the chain are finalizers.
    unsafe {
        place(finalizer).older.set(older);
        place(finalizer).index.set(step(&BEGUN, 1));
        if !older.is_null() {
            place(passed(py, older)).newer.set(new);
        }
    }
    step(&COUNT, 1);
    GROWN.store(true, Relaxed);
}

/// Takes a finalizer, which is in the chain, out of it; gives the reference that the chain had.
///
/// # Safety
/// It is one, and is in it.
pub(super) unsafe fn remove<'py>(finalizer: Argument<'_, 'py>) -> Bound<'py, PyAny> {
    let py = finalizer.py();
    // SAFETY: the caller's promise; what is in the chain are finalizers.
    unsafe {
        let own = place(finalizer);
        let newer = own.newer.replace(ptr::null_mut());
        let older = own.older.replace(ptr::null_mut());
        if newer.is_null() {
            NEWEST.store(older, Relaxed);
        } else {
            place(passed(py, newer)).older.set(older);
        }
        if !older.is_null() {
            place(passed(py, older)).newer.set(newer);
        }
        step(&COUNT, 1_usize.wrapping_neg());
        Bound::from_owned_ptr(py, finalizer.as_ptr())
    }
}
