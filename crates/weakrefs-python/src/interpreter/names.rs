//! The names of the attributes that the package looks up: interned at import, [`name::update`](name) and so on.

#![allow(unsafe_code, reason = "interning")]

use super::constant::Constant;
use super::error::{Result, given};

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
    clear = c"clear"
    contains = c"__contains__"
    copy = c"copy"
    __copy__ = c"__copy__"
    __deepcopy__ = c"__deepcopy__"
    detach = c"detach"
    difference = c"difference"
    difference_update = c"difference_update"
    discard = c"discard"
    eq = c"__eq__"
    excepthook = c"excepthook"
    exitfunc = c"_exitfunc"
    func = c"__func__"
    get = c"get"
    iand = c"__iand__"
    intersection = c"intersection"
    intersection_update = c"intersection_update"
    isdisjoint = c"isdisjoint"
    issubset = c"issubset"
    issuperset = c"issuperset"
    isub = c"__isub__"
    items = c"items"
    itervaluerefs = c"itervaluerefs"
    ixor = c"__ixor__"
    keyrefs = c"keyrefs"
    keys = c"keys"
    module = c"__module__"
    name = c"__name__"
    own = c"__self__"
    peek = c"peek"
    pop = c"pop"
    popitem = c"popitem"
    qualname = c"__qualname__"
    register = c"register"
    registered_with_atexit = c"_registered_with_atexit"
    remove = c"remove"
    setdefault = c"setdefault"
    shutdown = c"_shutdown"
    __sizeof__ = c"__sizeof__"
    symmetric_difference = c"symmetric_difference"
    symmetric_difference_update = c"symmetric_difference_update"
    union = c"union"
    update = c"update"
    valuerefs = c"valuerefs"
    values = c"values"
}
