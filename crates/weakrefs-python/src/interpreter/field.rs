//! Fields of the interpreter's structs, such as the slots of a class, that another thread may be changing.
//!
//! With a global lock nobody else is there, and an atomic access is an access. Without one, the interpreter writes these
//! fields atomically, or has stopped all threads; and so they are read here.

#![allow(unsafe_code, reason = "the interpreter's structs")]

use pyo3::ffi;
use std::mem::transmute_copy;
use std::sync::atomic::{
    AtomicIsize, AtomicPtr, AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

/// What a field holds that is a word: a pointer, or a function, if there is one.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn word<T: Copy>(field: *const T) -> T {
    const { assert!(size_of::<T>() == size_of::<*mut ()>(), "a word") };
    // SAFETY: the caller's promise; what was there is a `T`, of the size of a pointer.
    unsafe {
        let field = AtomicPtr::<()>::from_ptr(field.cast_mut().cast());
        transmute_copy::<*mut (), T>(&field.load(Relaxed))
    }
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

/// The object that a field leads to, or null.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn object(field: *const *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    unsafe { AtomicPtr::from_ptr(field.cast_mut()).load(Acquire) }
}

/// Has a field lead to an object, or to nothing.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn set_object(field: *mut *mut ffi::PyObject, object: *mut ffi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe { AtomicPtr::from_ptr(field).store(object, Release) }
}

/// What a field holds that is a hash, or -1.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn hash(field: *const ffi::Py_hash_t) -> isize {
    // SAFETY: the caller's promise.
    unsafe { AtomicIsize::from_ptr(field.cast_mut()).load(Relaxed) }
}

/// Notes a hash. Whoever else does so notes the same one.
///
/// # Safety
/// `field` is valid.
#[inline(always)]
pub(crate) unsafe fn set_hash(field: *mut ffi::Py_hash_t, hash: isize) {
    // SAFETY: the caller's promise.
    unsafe { AtomicIsize::from_ptr(field).store(hash, Relaxed) }
}

/// The version of a class: each change gives it another number, which no class has had before; zero is none.
///
/// # Safety
/// `class` is valid.
#[inline(always)]
pub(crate) unsafe fn version(class: *mut ffi::PyTypeObject) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { AtomicU32::from_ptr(&raw mut (*class).tp_version_tag).load(Acquire) }
}
