//! The names of the attributes that the package looks up: interned at import, [`name::update`](name) and so on.

#![allow(unsafe_code, reason = "interning")]

use super::constant::Constant;
use super::error::Result;
use super::object::given;
use pyo3::{Python, ffi};

macro_rules! names {
    ($($name:ident = $text:literal)*) => {
        /// One function for each name, which gives the interned string.
        pub(crate) mod name {
            use super::Constant;
            use pyo3::{Borrowed, PyAny, Python};

            $(
                pub(super) mod $name {
                    pub(in super::super) static NAME: super::Constant = super::Constant::new();
                }

                #[inline]
                pub(crate) fn $name(py: Python<'_>) -> Borrowed<'static, '_, PyAny> {
                    $name::NAME.get(py)
                }
            )*
        }

        /// Makes them all.
        pub(crate) fn make(py: Python<'_>) -> Result<()> {
            $(
                // SAFETY: a text that ends with zero; the result is a new reference, or null with an error set.
                name::$name::NAME.make(py, || unsafe {
                    given(py, ffi::PyUnicode_InternFromString($text.as_ptr()))
                })?;
            )*
            Ok(())
        }
    };
}

names! {
    add = c"add"
    class = c"__class__"
    contains = c"__contains__"
    copy = c"copy"
    difference_update = c"difference_update"
    eq = c"__eq__"
    exitfunc = c"_exitfunc"
    func = c"__func__"
    iand = c"__iand__"
    intersection = c"intersection"
    isub = c"__isub__"
    items = c"items"
    ixor = c"__ixor__"
    keys = c"keys"
    module = c"__module__"
    name = c"__name__"
    own = c"__self__"
    popitem = c"popitem"
    qualname = c"__qualname__"
    register = c"register"
    registered_with_atexit = c"_registered_with_atexit"
    shutdown = c"_shutdown"
    symmetric_difference_update = c"symmetric_difference_update"
    update = c"update"
}
