//! Python exceptions, raised without an allocation.
//!
//! An exception stays where the interpreter keeps it, in the thread; [`Raised`] only says that it is there. So an
//! error costs nothing to pass on, and where memory is short there is nothing that could fail: a message is written into
//! a buffer on the stack, and if the interpreter has no memory for the string, its `MemoryError` is what is raised (S36).

#![allow(unsafe_code, reason = "the interpreter's error indicator")]

use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::CStr;
use std::fmt::{self, Write as _};
#[cfg(not(Py_3_12))]
use std::ptr;
use std::str;

/// A Python exception is set in this thread. It is passed on until an entry point returns, or [cleared](Self::clear).
#[derive(Debug)]
#[must_use = "the exception is set: pass it on, or clear it"]
pub(crate) struct Raised(());

pub(crate) type Result<T> = std::result::Result<T, Raised>;

impl Raised {
    /// The interpreter has just said that it set an exception.
    #[inline]
    pub(crate) fn by_interpreter() -> Self {
        Self(())
    }

    /// Whether it is a `kind`, one of the interpreter's own exception classes.
    pub(crate) fn is(&self, _py: Python<'_>, kind: *mut ffi::PyObject) -> bool {
        // SAFETY: an exception is set, and `kind` is a class that is never freed.
        unsafe { ffi::PyErr_ExceptionMatches(kind) != 0 }
    }

    /// Forgets the exception.
    pub(crate) fn clear(self, _py: Python<'_>) {
        // SAFETY: the thread is attached. What the exception owns may run anything; nothing is held here.
        unsafe { ffi::PyErr_Clear() }
    }

    /// Takes the exception, as an object.
    pub(crate) fn take(self, py: Python<'_>) -> Option<Bound<'_, PyAny>> {
        #[cfg(Py_3_12)]
        // SAFETY: gives a new reference, or null.
        unsafe {
            Bound::from_owned_ptr_or_opt(py, ffi::PyErr_GetRaisedException())
        }
        #[cfg(not(Py_3_12))]
        // SAFETY: the three are null, or new references; normalised, the second is the exception.
        unsafe {
            let (mut kind, mut value, mut traceback) =
                (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut traceback);
            ffi::PyErr_NormalizeException(&raw mut kind, &raw mut value, &raw mut traceback);
            if !value.is_null() && !traceback.is_null() {
                ffi::PyException_SetTraceback(value, traceback);
            }
            ffi::Py_XDECREF(kind);
            ffi::Py_XDECREF(traceback);
            Bound::from_owned_ptr_or_opt(py, value)
        }
    }

    /// Notes `cause`, an exception, as the cause of this one.
    pub(crate) fn caused_by<'py>(self, py: Python<'py>, cause: Bound<'py, PyAny>) -> Self {
        let Some(error) = self.take(py) else {
            return Self(());
        };
        // SAFETY: two exceptions; the first one owns the second from now on.
        unsafe { ffi::PyException_SetCause(error.as_ptr(), cause.into_ptr()) };
        Self::set(&error)
    }

    /// Sets an exception object again.
    pub(crate) fn set(error: &Bound<'_, PyAny>) -> Self {
        // SAFETY: an exception and its class.
        unsafe { ffi::PyErr_SetObject(ffi::Py_TYPE(error.as_ptr()).cast(), error.as_ptr()) }
        Self(())
    }
}

/// What the interpreter gives: a new reference, or null with an exception set.
///
/// # Safety
/// It is so.
#[inline]
pub(crate) unsafe fn given<'py>(
    py: Python<'py>,
    object: *mut ffi::PyObject,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: the caller's promise.
    unsafe { Bound::from_owned_ptr_or_opt(py, object) }.ok_or_else(Raised::by_interpreter)
}

/// What the interpreter says of success: anything but -1, with which an exception is set.
#[inline]
pub(crate) fn done<T: PartialEq + From<i8>>(answer: T) -> Result<T> {
    if answer == T::from(-1) {
        Err(Raised::by_interpreter())
    } else {
        Ok(answer)
    }
}

/// Raises an exception of `kind` with `message`.
#[cold]
#[inline(never)]
fn raise(py: Python<'_>, kind: *mut ffi::PyObject, message: fmt::Arguments<'_>) -> Raised {
    let mut text = Text::new();
    // It has room for every message but those with a very long name, which are cut.
    _ = text.write_fmt(message);
    // SAFETY: as many bytes of UTF-8 as the text has; the result is a new reference, or null with an error set.
    let text = unsafe {
        let text = text.as_str();
        let text = ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as _);
        Bound::from_owned_ptr_or_opt(py, text)
    };
    text.map_or(Raised(()), |text| raise_value(kind, &text))
}

/// Raises an exception of `kind` with one argument.
pub(super) fn raise_value(kind: *mut ffi::PyObject, value: &Bound<'_, PyAny>) -> Raised {
    // SAFETY: a class of exceptions, and a valid object.
    unsafe { ffi::PyErr_SetObject(kind, value.as_ptr()) };
    Raised(())
}

/// Defines a function that raises one of the interpreter's exceptions.
macro_rules! raises {
    ($($function:ident: $kind:ident)*) => {$(
        #[cold]
        pub(crate) fn $function(py: Python<'_>, message: fmt::Arguments<'_>) -> Raised {
            // SAFETY: a load of a static that is set as long as the interpreter runs.
            raise(py, unsafe { ffi::$kind }, message)
        }
    )*};
}

raises! {
    attribute_error: PyExc_AttributeError
    type_error: PyExc_TypeError
    value_error: PyExc_ValueError
    runtime_error: PyExc_RuntimeError
    import_error: PyExc_ImportError
}

/// `MemoryError`.
#[cold]
pub(crate) fn no_memory(_py: Python<'_>) -> Raised {
    // SAFETY: the thread is attached.
    unsafe { ffi::PyErr_NoMemory() };
    Raised(())
}

/// `KeyError(message)`.
#[cold]
pub(crate) fn empty(py: Python<'_>, message: &'static str) -> Raised {
    // SAFETY: a load of a static that is set as long as the interpreter runs.
    raise(
        py,
        unsafe { ffi::PyExc_KeyError },
        format_args!("{message}"),
    )
}

/// What a `Raised` may be asked [whether it is](Raised::is).
pub(crate) mod kinds {
    use pyo3::ffi;

    macro_rules! kinds {
        ($($function:ident: $kind:ident)*) => {$(
            pub(crate) fn $function() -> *mut ffi::PyObject {
                // SAFETY: a load of a static that is set as long as the interpreter runs.
                unsafe { ffi::$kind }
            }
        )*};
    }

    kinds! {
        attribute_error: PyExc_AttributeError
        exception: PyExc_Exception
        key_error: PyExc_KeyError
        type_error: PyExc_TypeError
    }
}

/// The name of a type as an error message gives it: without the module.
pub(crate) struct TypeName<'a>(&'a CStr);

impl<'a> TypeName<'a> {
    /// Of the type of `object`, which outlives the message.
    pub(crate) fn of(object: &'a Borrowed<'_, '_, PyAny>) -> Self {
        // SAFETY: a valid object has a type, and every type a name, which is not freed as long as the type lives.
        Self(unsafe { CStr::from_ptr((*ffi::Py_TYPE(object.as_ptr())).tp_name) })
    }
}

impl fmt::Display for TypeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.to_str().unwrap_or("?");
        f.write_str(name.rsplit('.').next().unwrap_or(name))
    }
}

/// Text on the stack. What has no room is left out.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Text {
    fn new() -> Self {
        Self {
            bytes: [0; 512],
            len: 0,
        }
    }

    fn as_str(&self) -> &str {
        let written = self.bytes.get(..self.len).unwrap_or_default();
        str::from_utf8(written).unwrap_or_default()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.len() - self.len;
        let fits = (0..=room.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at));
        let part = text.get(..fits.unwrap_or(0)).unwrap_or_default();
        let end = self.len + part.len();
        if let Some(free) = self.bytes.get_mut(self.len..end) {
            free.copy_from_slice(part.as_bytes());
            self.len = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message is cut between two characters.
    #[test]
    fn text_that_is_too_long() {
        let mut text = Text::new();
        _ = text.write_str(&"é".repeat(255));
        _ = write!(text, "a{}", "é".repeat(9));
        assert_eq!(text.as_str(), format!("{}a", "é".repeat(255)));
        assert_eq!(text.as_str().len(), 511);
    }
}
