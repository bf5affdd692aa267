//! [`Header`]: the two words that the collector keeps before each of its objects. They are read, and never written.
//!
//! From 3.10 to 3.15 the first is the next object of the list, with a mark in its lowest bit while the object is set aside.
//! The second is the previous one, but during a collection the noted count of references, above two bits; the higher of these
//! marks an object that takes part.

#![allow(unsafe_code, reason = "the collector's headers")]

use pyo3::ffi;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The bits that mark what takes part, and what is set aside, and the one at which the count begins. They are variables only
/// so that tests can see what comes of wrong ones.
static COLLECTING: AtomicUsize = AtomicUsize::new(0b10);
static ASIDE: AtomicUsize = AtomicUsize::new(0b1);
static COUNT: AtomicUsize = AtomicUsize::new(2);

/// Neither belongs to the address of the next object.
const MARKS: usize = 0b11;

/// The right layout, and wrong ones.
const LAYOUTS: [(usize, usize, usize); 6] = [
    (0b10, 0b1, 2),
    (0b100, 0b1, 2),
    (0b10, 0b10, 2),
    (0b1, 0b10, 2),
    (0b10, 0b1, 3),
    (0b10, 0b1, 1),
];

/// Believes in another layout from now on: the right one, 0, or a wrong one. Gives whether there is such a one.
pub(super) fn assume(layout: usize) -> bool {
    let Some(&(collecting, aside, count)) = LAYOUTS.get(layout) else {
        return false;
    };
    COLLECTING.store(collecting, Relaxed);
    ASIDE.store(aside, Relaxed);
    COUNT.store(count, Relaxed);
    true
}

/// Where the header of an object is, or the head of a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) struct Header(*mut [usize; 2]);

impl Header {
    pub(super) const NONE: Self = Self(ptr::null_mut());

    /// The head of the list that the collector marks: the argument that it passes.
    pub(super) fn of_list(argument: *mut std::ffi::c_void) -> Self {
        Self(argument.cast())
    }

    /// That of an object of the collector's.
    pub(super) fn of(object: *mut ffi::PyObject) -> Self {
        Self(object.cast::<[usize; 2]>().wrapping_sub(1))
    }

    pub(super) fn object(self) -> *mut ffi::PyObject {
        self.0.wrapping_add(1).cast()
    }

    fn words(self) -> [usize; 2] {
        // SAFETY: two words before a valid object, or the head of a list.
        unsafe { *self.0 }
    }

    pub(super) fn next(self) -> Self {
        let [next, _] = self.words();
        Self(self.0.with_addr(next & !MARKS))
    }

    pub(super) fn is_collecting(self) -> bool {
        let [_, previous] = self.words();
        previous & COLLECTING.load(Relaxed) != 0
    }

    pub(super) fn is_aside(self) -> bool {
        let [next, _] = self.words();
        next & ASIDE.load(Relaxed) != 0
    }

    pub(super) fn count(self) -> usize {
        let [_, previous] = self.words();
        previous >> COUNT.load(Relaxed)
    }

    /// Whether the object takes part in the collection under way, and has not been found reachable yet.
    #[inline]
    pub(super) fn is_unknown(self) -> bool {
        self.is_collecting() && (self.is_aside() || self.count() == 0)
    }
}

/// Whether `object` is one of the collector's, with a header.
///
/// # Safety
/// It is a valid object.
#[inline]
pub(super) unsafe fn has_header(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let class = ffi::Py_TYPE(object);
        ffi::PyType_IS_GC(class) != 0 && (*class).tp_is_gc.is_none_or(|is_gc| is_gc(object) != 0)
    }
}

/// Whether `object` takes part in the collection under way, and has not been found reachable yet. What the collector does not
/// track, does not.
///
/// # Safety
/// It is a valid object.
#[inline]
pub(super) unsafe fn is_unknown(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { has_header(object) && Header::of(object).is_unknown() }
}
