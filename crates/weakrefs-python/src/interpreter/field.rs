//! Fields of the interpreter's structs, such as the slots of a class, that another thread may be changing.
//!
//! With a global lock a read is a read. Without one, the interpreter writes these fields atomically, or has stopped all
//! threads; and so they are read here.

#![allow(unsafe_code, reason = "the interpreter's structs")]

use pyo3::ffi;
#[cfg(Py_GIL_DISABLED)]
use std::mem::transmute_copy;
#[cfg(Py_GIL_DISABLED)]
use std::sync::atomic::{
    AtomicIsize, AtomicPtr, AtomicU32,
    Ordering::{Acquire, Relaxed},
};

/// What a field holds that is a word: a pointer, or a function, if there is one.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn word<T: Copy>(field: *const T) -> T {
    const { assert!(size_of::<T>() == size_of::<*mut ()>(), "a word") };
    #[cfg(not(Py_GIL_DISABLED))]
    // SAFETY: the caller's promise, and the GIL keeps writers out.
    return unsafe { *field };
    #[cfg(Py_GIL_DISABLED)]
    // SAFETY: the caller's promise; what was there is a `T`, of the size of a pointer.
    return unsafe {
        let field = AtomicPtr::<()>::from_ptr(field.cast_mut().cast());
        transmute_copy::<*mut (), T>(&field.load(Relaxed))
    };
}

/// The address of the function in a slot of a class, or zero.
///
/// # Safety
/// `slot` is valid.
#[inline(always)]
pub(crate) unsafe fn address<T: Copy>(slot: *const Option<T>) -> usize {
    // SAFETY: the caller's promise; such a slot is zero where it is empty.
    unsafe { word(slot.cast::<usize>()) }
}

/// What a field holds that is a hash, or -1.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn hash(field: *const ffi::Py_hash_t) -> isize {
    #[cfg(not(Py_GIL_DISABLED))]
    // SAFETY: as above.
    return unsafe { *field };
    #[cfg(Py_GIL_DISABLED)]
    // SAFETY: as above.
    return unsafe { AtomicIsize::from_ptr(field.cast_mut()).load(Relaxed) };
}

/// Notes a hash. Whoever else does so notes the same one.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn set_hash(field: *mut ffi::Py_hash_t, hash: isize) {
    #[cfg(not(Py_GIL_DISABLED))]
    // SAFETY: as above.
    unsafe {
        *field = hash;
    }
    #[cfg(Py_GIL_DISABLED)]
    // SAFETY: as above.
    unsafe {
        AtomicIsize::from_ptr(field).store(hash, Relaxed);
    }
}

/// The version of a class: each change gives it another number, which no class has had before; zero is none.
///
/// # Safety
/// `class` is valid.
#[inline(always)]
pub(crate) unsafe fn version(class: *mut ffi::PyTypeObject) -> u32 {
    #[cfg(not(Py_GIL_DISABLED))]
    // SAFETY: as above.
    return unsafe { (*class).tp_version_tag };
    #[cfg(Py_GIL_DISABLED)]
    // SAFETY: as above.
    return unsafe { AtomicU32::from_ptr(&raw mut (*class).tp_version_tag).load(Acquire) };
}
