//! Deaths that set off deaths, however long the chain (S35).
//!
//! An object that dies gives up what it owns; that may die, too, and own the next. Each step is a few native calls
//! deep, so a long chain would use the stack up. The interpreter's own containers stop after some steps and put the rest
//! off; so do the objects of this package, from here.
//!
//! # Protocol
//! - Each step is taken by [`one_deeper`], which counts the steps under way in this thread.
//! - Where there are [`too many`](too_many) of them, what is still to do is [put off](put_off): the object whose remains
//!   wait is linked into a list of the thread by a [`Link`] of its own, so that nothing is allocated (S36).
//! - The outermost step does what was put off before it returns: when the last `del` is done, so is the whole chain (S2).
//! - What waits is no longer reachable, or, where an object is kept alive to hold it, is reached by that object's
//!   traversal: the collector needs no special care.
//!
//! The list is a thread's own: a step that lets another thread run has its rest done by no other.

#![allow(unsafe_code, reason = "a list through the memory of dying objects")]

use pyo3::ffi;
use std::cell::Cell;
use std::ptr;

/// So many steps may be under way: what they take of a stack of 256 KiB leaves room for code of the user's in between.
const MANY: u32 = 24;

/// A place in the list, in the memory of the object that waits. Zeroed memory is a valid one.
#[repr(C)]
pub(crate) struct Link {
    next: *mut Link,
    finish: Option<unsafe fn(*mut Link)>,
}

impl Link {
    pub(crate) const fn new(next: *mut Link, finish: unsafe fn(*mut Link)) -> Self {
        Self {
            next,
            finish: Some(finish),
        }
    }

    /// # Safety
    /// `link` is valid.
    pub(crate) unsafe fn next(link: *mut Link) -> *mut Link {
        // SAFETY: the caller's promise.
        unsafe { (*link).next }
    }

    /// Calls what the link was made for.
    ///
    /// # Safety
    /// It may be called now.
    pub(crate) unsafe fn finish(link: *mut Link) {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(finish) = (*link).finish {
                finish(link);
            }
        }
    }
}

impl Default for Link {
    fn default() -> Self {
        Self {
            next: ptr::null_mut(),
            finish: None,
        }
    }
}

struct Steps {
    under_way: Cell<u32>,
    waiting: Cell<*mut Link>,
}

thread_local! {
    static STEPS: Steps = const {
        Steps { under_way: Cell::new(0), waiting: Cell::new(ptr::null_mut()) }
    };
}

/// Whether what is still to do should wait.
#[inline]
pub(crate) fn too_many() -> bool {
    // A thread whose variables are gone already, at its very end, does without a list.
    STEPS
        .try_with(|steps| steps.under_way.get() >= MANY)
        .unwrap_or(false)
}

/// Does `step`, one deeper; then, if it was the outermost, what was put off meanwhile.
#[inline]
pub(crate) fn one_deeper(step: impl FnOnce()) {
    let outermost = STEPS.try_with(|steps| steps.under_way.replace(steps.under_way.get() + 1));
    step();
    if let Ok(0) = outermost {
        finish_all();
    }
    _ = STEPS.try_with(|steps| steps.under_way.set(steps.under_way.get() - 1));
}

/// Does what was put off, until nothing is left.
#[inline]
fn finish_all() {
    let next = || {
        STEPS
            .try_with(|steps| steps.waiting.get())
            .unwrap_or(ptr::null_mut())
    };
    loop {
        let link = next();
        if link.is_null() {
            return;
        }
        // SAFETY: the list holds links of objects that wait, each with what is to be done. It has left the list before
        // that is done, which may free it.
        unsafe {
            _ = STEPS.try_with(|steps| steps.waiting.set(Link::next(link)));
            Link::finish(link);
        }
    }
}

/// Puts `finish` off, which will be called with `link`.
///
/// # Safety
/// There are [too many](too_many) steps under way, so that there is an outermost one. The link is in no list, and is left
/// alone until `finish` is called, which may be done at any time in this thread.
#[cold]
pub(crate) unsafe fn put_off(link: *mut Link, finish: unsafe fn(*mut Link)) {
    _ = STEPS.try_with(|steps| {
        // SAFETY: the caller's promise.
        unsafe { link.write(Link::new(steps.waiting.get(), finish)) }
        steps.waiting.set(link);
    });
}

/// Whether giving `object`, if there is one, up may set off the death of another one: not if others refer to it, nor if it
/// is a string or a number. (Without a global lock, the others may give it up at the same moment.)
///
/// # Safety
/// The object is valid, or null, and the thread attached.
#[inline]
pub(crate) unsafe fn may_set_off(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        !object.is_null()
            && (cfg!(Py_GIL_DISABLED) || ffi::Py_REFCNT(object) <= 1)
            && !is_inert(object)
    }
}

/// Whether nothing runs when `object` dies, whoever gives it up: it is a string, a number, or None.
///
/// # Safety
/// The object is valid, and the thread attached.
#[inline]
pub(crate) unsafe fn is_inert(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        ffi::PyUnicode_CheckExact(object) != 0
            || ffi::PyLong_CheckExact(object) != 0
            || object == ffi::Py_None()
    }
}
