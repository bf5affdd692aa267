//! [`WeakRef`]: the interpreter's own weak reference, with what a container needs of it.
//!
//! A lookup asks a stored reference two questions, "is this your referent?" and "what is your
//! hash?", and iteration asks it for its referent. The C API answers through function calls that
//! count references up and down; the fields of `PyWeakReference`, which are public in the full API
//! and the same from 3.10 to 3.15, answer in one load each.

#![allow(
    unsafe_code,
    reason = "reading the fields of the interpreter's weak references"
)]

use super::layout::LINK_OF_HEAD;
#[cfg(not(Py_GIL_DISABLED))]
use super::weak_list;
#[cfg(Py_GIL_DISABLED)]
use super::{list_lock, referents};
use crate::interpreter::error::{Result, TypeName, given, type_error};
use crate::interpreter::field;
use crate::interpreter::object::{self, Argument, none};
use crate::interpreter::owned::Strong;
use crate::interpreter::remains::{self, Link};
use pyo3::{Bound, PyAny, Python, ffi};
use std::{mem, ptr};

/// A weak reference object of the interpreter, or of a subclass.
#[derive(Clone)]
#[repr(transparent)]
pub(crate) struct WeakRef(Strong);

impl WeakRef {
    /// A new reference to `referent` which calls `callback` when it dies.
    ///
    /// Fails with the interpreter's `TypeError` if the type of `referent` has not opted in (S12).
    /// The allocation may start a garbage collection.
    pub(crate) fn new<'py>(
        referent: &Bound<'py, PyAny>,
        callback: Argument<'_, 'py>,
    ) -> Result<Self> {
        // SAFETY: both are valid objects; the result is a new reference, or null with an error set.
        let reference = unsafe {
            given(
                referent.py(),
                ffi::PyWeakref_NewRef(referent.as_ptr(), callback.as_ptr()),
            )
        }?;
        Ok(Self(reference.into()))
    }

    /// The shared reference to `referent` that has no callback (S6).
    pub(crate) fn plain<'py>(referent: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        let none = none(referent.py());
        let reference = Self::new(referent, none.as_borrowed())?;
        Ok(reference.into_object(referent.py()))
    }

    /// Views an object that is a weak reference (not a proxy) as one.
    #[inline]
    pub(crate) fn view<'a>(object: &'a Bound<'_, PyAny>) -> Result<&'a Self> {
        // SAFETY: a type check of a valid object.
        if unsafe { ffi::PyWeakref_CheckRef(object.as_ptr()) } == 0 {
            let object = object.as_borrowed();
            let name = TypeName::of(&object);
            return Err(type_error(
                object.py(),
                format_args!("expected a weak reference, not {name}"),
            ));
        }
        // SAFETY: that has been made sure of.
        Ok(unsafe { Self::view_unchecked(object) })
    }

    /// The same of an object that is exactly a `ref`.
    pub(crate) fn view_exact<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a Self> {
        // SAFETY: a type check of a valid object, which so is a weak reference.
        unsafe {
            (ffi::PyWeakref_CheckRefExact(object.as_ptr()) != 0)
                .then(|| Self::view_unchecked(object))
        }
    }

    /// As [`view`](Self::view).
    ///
    /// # Safety
    /// `object` is a weak reference.
    #[inline]
    pub(crate) unsafe fn view_unchecked<'a>(object: &'a Bound<'_, PyAny>) -> &'a Self {
        // SAFETY: `Self` is a transparent wrapper.
        unsafe { &*std::ptr::from_ref(object.as_unbound()).cast::<Self>() }
    }

    /// Takes an object for one.
    ///
    /// # Safety
    /// It is a weak reference.
    #[inline]
    pub(crate) unsafe fn from_unchecked(object: Bound<'_, PyAny>) -> Self {
        Self(object.into())
    }

    pub(crate) fn into_object(self, py: Python<'_>) -> Bound<'_, PyAny> {
        self.0.into_bound(py)
    }

    pub(crate) fn object(&self) -> &Strong {
        &self.0
    }

    #[inline]
    fn raw(&self) -> *mut ffi::PyWeakReference {
        self.0.as_ptr().cast()
    }

    /// Whether `object` is the referent.
    ///
    /// Mostly it has no other reference, and tells by itself. This one may be far away in memory.
    #[inline]
    pub(crate) fn refers_to(&self, object: &Bound<'_, PyAny>) -> bool {
        #[cfg(not(Py_GIL_DISABLED))]
        if weak_list::first(object) == self.raw() {
            return true;
        }
        self.points_to(object.as_ptr())
    }

    #[inline]
    fn points_to(&self, object: *mut ffi::PyObject) -> bool {
        self.referent() == object
    }

    /// The address of the referent, or of None.
    #[inline]
    pub(crate) fn referent(&self) -> *mut ffi::PyObject {
        // SAFETY: a load of a field of a weak reference object.
        unsafe { field::object(&raw const (*self.raw()).wr_object) }
    }

    /// Whether `other`, which is alive, has the same referent.
    ///
    /// Without a global lock, that may die meanwhile, and another object have its address. A reference leads to one object
    /// until it is dead, and that one's memory is not free before. So what this one leads to before and after, the other one
    /// leads to in between.
    #[inline]
    pub(crate) fn has_referent_of(&self, other: &Self) -> bool {
        #[cfg(not(Py_GIL_DISABLED))]
        return self.points_to(other.referent());
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: None is never freed.
        return unsafe {
            let referent = self.referent();
            referent != ffi::Py_None() && other.points_to(referent) && self.points_to(referent)
        };
    }

    /// The referent, unless it is dead. Counts a reference up and does nothing else.
    #[inline]
    pub(crate) fn upgrade<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        #[cfg(not(Py_GIL_DISABLED))]
        // SAFETY: `wr_object` is None or a valid object as long as the GIL is held; one whose count
        // has dropped to zero is being destroyed and must not be revived.
        unsafe {
            let object = (*self.raw()).wr_object;
            if object == ffi::Py_None() || ffi::Py_REFCNT(object) == 0 {
                return None;
            }
            Some(Bound::from_borrowed_ptr(py, object))
        }
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: the call gives a new reference in `object`, or null; it fails for no reference.
        unsafe {
            let mut object = std::ptr::null_mut();
            ffi::PyWeakref_GetRef(self.0.as_ptr(), &raw mut object);
            Bound::from_owned_ptr_or_opt(py, object)
        }
    }

    /// The same for the reference of an entry, inside the table of that.
    #[inline]
    pub(crate) fn upgrade_inside<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        #[cfg(not(Py_GIL_DISABLED))]
        return self.upgrade(py);
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: so the caller says.
        return unsafe { referents::take(py, self.referent()) };
    }

    /// Whether the reference is exactly a `ref`, and `callback`, which the caller holds, is what it calls.
    #[inline]
    pub(crate) fn calls(&self, callback: Argument<'_, '_>) -> bool {
        // SAFETY: as in `refers_to`.
        unsafe {
            ffi::PyWeakref_CheckRefExact(self.0.as_ptr()) != 0
                && field::object(&raw const (*self.raw()).wr_callback) == callback.as_ptr()
        }
    }

    /// Whether the referent is alive.
    #[inline]
    pub(crate) fn is_alive(&self, _py: Python<'_>) -> bool {
        // SAFETY: as in `upgrade`; nothing is revived here.
        #[cfg(not(Py_GIL_DISABLED))]
        unsafe {
            let object = self.referent();
            object != ffi::Py_None() && ffi::Py_REFCNT(object) != 0
        }
        // SAFETY: a weak reference; as long as it leads to an object, and nobody can change that, the memory is that one's.
        #[cfg(Py_GIL_DISABLED)]
        unsafe {
            self.referent() != ffi::Py_None()
                && list_lock::hold(self.raw(), || referents::is_alive(self.referent()))
        }
    }

    /// The same for the reference of an entry, inside the table of that.
    #[inline]
    pub(crate) fn is_alive_inside(&self, _py: Python<'_>) -> bool {
        #[cfg(not(Py_GIL_DISABLED))]
        return self.is_alive(_py);
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: so the caller says: the memory stays until the caller has left the table.
        return unsafe { referents::is_alive(self.referent()) };
    }

    /// Puts giving `value` up off, if the reference, which is dead, has nothing to carry: its callback has been called and
    /// given up. Until then the value takes the place of the callback, where the collector finds it; and those of its
    /// neighbours hold the link. Otherwise both come back.
    ///
    /// # Safety
    /// There are [too many](remains::too_many) steps under way.
    pub(crate) unsafe fn carry(
        self,
        py: Python<'_>,
        value: Strong,
    ) -> std::result::Result<(), (Self, Strong)> {
        let raw = self.raw();
        // SAFETY: fields of a weak reference object. Nobody reads a dead one's neighbours; its callback is read and changed
        // where others may read it, too.
        unsafe {
            let carries = object::alone_with(self.0.bind(py), || {
                let nothing = field::object(&raw const (*raw).wr_object) == ffi::Py_None()
                    && field::object(&raw const (*raw).wr_callback).is_null()
                    && (*raw).wr_next.is_null()
                    && (*raw).wr_prev.is_null();
                if nothing {
                    field::set_object(&raw mut (*raw).wr_callback, value.as_ptr());
                }
                nothing
            });
            if !carries {
                return Err((self, value));
            }
            // The reference owns the value, and the list the reference.
            mem::forget((self, value));
            remains::put_off(raw.wrapping_byte_add(LINK_OF_HEAD).cast(), give_up_carried);
        }
        Ok(())
    }

    /// Stores the hash of the referent, as `hash(reference)` would (S7).
    #[inline]
    pub(crate) fn remember_hash(&self, hash: isize) {
        // SAFETY: the field caches the hash once it is known. Another thread may have found this reference in the list of
        // its referent, and have the interpreter read or fill the field: it is one word, and the number is the same.
        unsafe { field::set_hash(&raw mut (*self.raw()).hash, hash) }
    }

    /// The hash of `referent`, which the caller has from this reference: the one stored before, or asked
    /// for now, which runs the referent's code (S7).
    pub(crate) fn referent_hash(&self, referent: &Bound<'_, PyAny>) -> Result<isize> {
        match self.remembered_hash() {
            -1 => object::hash(referent),
            hash => Ok(hash),
        }
    }

    /// The hash stored before, or -1.
    #[inline]
    pub(crate) fn remembered_hash(&self) -> isize {
        // SAFETY: a load of a field of a weak reference object.
        unsafe { field::hash(&raw const (*self.raw()).hash) }
    }
}

unsafe fn give_up_carried(link: *mut Link) {
    // SAFETY: the link of a reference that was kept, which is as it was before it carried something.
    unsafe {
        let raw = link
            .wrapping_byte_sub(LINK_OF_HEAD)
            .cast::<ffi::PyWeakReference>();
        let reference = Bound::from_owned_ptr(Python::assume_attached(), raw.cast());
        (*raw).wr_prev = ptr::null_mut();
        (*raw).wr_next = ptr::null_mut();
        let carried = object::alone_with(&reference, || {
            let carried = field::object(&raw const (*raw).wr_callback);
            field::set_object(&raw mut (*raw).wr_callback, ptr::null_mut());
            carried
        });
        ffi::Py_XDECREF(carried);
    }
}
