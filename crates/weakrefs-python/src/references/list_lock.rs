//! The lock of the list that a weak reference is in, on a free-threaded interpreter.
//!
//! The interpreter keeps its locks to itself, but each reference says which one is its: a `PyMutex`, for whose public functions
//! that is enough. Those let the interpreter stop the thread while it waits. Here that must not be: a reference whose count is
//! zero is in the list until it has left, and a collection in between would find it there and bring it back. The interpreter
//! itself does not let go either when a reference dies. So this takes the lock as the public, inlined function does at first, and
//! goes on trying. Who holds it does so for a few instructions, and is not stopped either.

#![allow(unsafe_code, reason = "the interpreter's lock")]

use crate::interpreter::lock::Pause;
use pyo3::ffi;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// The bit of a `PyMutex` that says that it is held.
const LOCKED: u8 = 1;

/// Does `work` while nobody changes the list that `reference` is in, or has been in. It runs nothing that waits.
///
/// # Safety
/// `reference` is a weak reference.
#[inline]
pub(crate) unsafe fn hold<R>(reference: *mut ffi::PyWeakReference, work: impl FnOnce() -> R) -> R {
    // SAFETY: the caller's promise: the lock is the interpreter's, and lives as long as it. One byte, which others change
    // atomically.
    unsafe {
        let mutex = (*reference).weakrefs_lock;
        if mutex.is_null() {
            // It has never been in a list.
            return work();
        }
        let bits = AtomicU8::from_ptr(mutex.cast());
        let mut pause = Pause::new();
        loop {
            let now = bits.load(Relaxed);
            if now & LOCKED == 0
                && bits
                    .compare_exchange_weak(now, now | LOCKED, Acquire, Relaxed)
                    .is_ok()
            {
                break;
            }
            pause.take();
        }
        let result = work();
        // Others may have begun to wait.
        if bits.compare_exchange(LOCKED, 0, Release, Relaxed).is_err() {
            ffi::PyMutex_Unlock(mutex);
        }
        result
    }
}
