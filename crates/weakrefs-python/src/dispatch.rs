//! What the native classes ask about the Python classes derived from them: which methods a subclass
//! has overridden, and which class is the public one.

use crate::direct::Direct;
use crate::guarded::Lazy;
use crate::names::name;
use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

/// Whether the class of `object` has a `name` of its own in place of the public class's.
pub(crate) fn overrides<T: Direct>(
    object: &Bound<'_, T>,
    name: &Bound<'_, PyString>,
) -> PyResult<bool> {
    let class = object.as_any().get_type();
    let public = T::public(object.py())?;
    Ok(!class.is(&public) && !class.getattr(name)?.is(&public.getattr(name)?))
}

/// The public class that the package derives from the native class `T`.
pub(crate) fn public_class<'py, T: PyClass>(
    py: Python<'py>,
    cache: &Lazy<PyType>,
) -> PyResult<Bound<'py, PyType>> {
    cache.get_or_make(py, || {
        Ok(py
            .import("weakrefs")?
            .getattr(<T as PyClass>::NAME)?
            .cast_into::<PyType>()?)
    })
}

/// `<name at 0x...>`, the representation of the mappings.
pub(crate) fn address_repr(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let class = object.getattr(name!(object.py(), "__class__"))?;
    let name = class.getattr(name!(object.py(), "__name__"))?;
    Ok(format!(
        "<{} at {:#x}>",
        name.str()?,
        object.as_ptr() as usize
    ))
}
