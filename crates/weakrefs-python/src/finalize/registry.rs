//! The finalizers that are alive: a chain from the newest to the oldest, which keeps them alive.
//!
//! The chain goes through the finalizers themselves, so entering and leaving it allocates nothing (S36). It owns one
//! reference to each; the neighbours know each other by address. It is changed and read in one step, without running
//! anything, under a [lock](Lock): what is in it, or next to something in it, is alive there, and counted up before the
//! lock goes.

#![allow(unsafe_code, reason = "a chain of addresses")]

use super::finalizer::Finalizer;
use crate::interpreter::class;
use crate::interpreter::entry::passed;
use crate::interpreter::error::{Result, no_memory};
use crate::interpreter::lock::{Hold, Lock};
use crate::interpreter::object::Argument;
use crate::interpreter::owned::Strong;
use pyo3::{Bound, PyAny, Python, ffi};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::Relaxed};

/// Where a finalizer is in the chain, while it is alive. Zeroed memory is one that is not in it. Read and changed under the
/// lock.
#[repr(C)]
pub(super) struct Place {
    newer: Cell<*mut ffi::PyObject>,
    older: Cell<*mut ffi::PyObject>,
    /// How many finalizers had begun before it.
    index: Cell<usize>,
}

/// Held while the chain is read or changed.
static LOCK: Lock = Lock::new();

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
    LOCK.hold(py, || unsafe {
        Bound::from_borrowed_ptr_or_opt(py, NEWEST.load(Relaxed))
    })
}

/// The next older one of a finalizer, if there is one; nothing at all if that is not in the chain any more.
pub(super) fn older<'py>(finalizer: Argument<'_, 'py>) -> Option<Option<Bound<'py, PyAny>>> {
    let py = finalizer.py();
    // SAFETY: a finalizer; its neighbour is null, or one that the chain owns.
    LOCK.hold(py, || unsafe {
        let place = place(finalizer);
        let is_in = !place.newer.get().is_null() || NEWEST.load(Relaxed) == finalizer.as_ptr();
        is_in.then(|| Bound::from_borrowed_ptr_or_opt(py, place.older.get()))
    })
}

/// All, the newest first.
pub(super) fn all(py: Python<'_>) -> Result<Vec<Strong>> {
    let mut found = Vec::new();
    loop {
        let room = found.try_reserve(count());
        if room.is_err() {
            return Err(no_memory(py));
        }
        let complete = LOCK.hold(py, || {
            if found.capacity() < count() {
                // There are new ones by now.
                return false;
            }
            let mut next = NEWEST.load(Relaxed);
            while !next.is_null() {
                // SAFETY: what is in the chain are finalizers, which it owns.
                unsafe {
                    let finalizer = passed(py, next);
                    found.push(Strong::from(finalizer.to_owned()));
                    next = place(finalizer).older.get();
                }
            }
            true
        });
        if complete {
            return Ok(found);
        }
    }
}

/// The number of a finalizer: that of an older one is less.
pub(super) fn index(py: Python<'_>, finalizer: &Finalizer) -> usize {
    LOCK.hold(py, || finalizer.place.index.get())
}

/// Adds `step` to `number`, which is changed under the lock: no other thread is in between.
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
    // SAFETY: the caller's promise; what is in the chain are finalizers.
    LOCK.hold(py, || unsafe {
        let older = NEWEST.load(Relaxed);
        NEWEST.store(new, Relaxed);
        place(finalizer).older.set(older);
        place(finalizer).index.set(step(&BEGUN, 1));
        if !older.is_null() {
            place(passed(py, older)).newer.set(new);
        }
        step(&COUNT, 1);
        GROWN.store(true, Relaxed);
    });
}

/// Takes a finalizer, which is in the chain, out of it; gives the reference that the chain had.
///
/// # Safety
/// It is one, and is in it.
pub(super) unsafe fn remove<'py>(finalizer: Argument<'_, 'py>) -> Bound<'py, PyAny> {
    let py = finalizer.py();
    // SAFETY: the caller's promise; what is in the chain are finalizers.
    LOCK.hold(py, || unsafe {
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
    })
}
