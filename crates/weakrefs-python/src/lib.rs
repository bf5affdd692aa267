//! `weakrefs._weakrefs`: the native part of the Python package `weakrefs`.
//!
//! The interpreter owns the lifetime of Python objects, and its `ref` and `proxy` are used as they
//! are. Above them, in Rust: the weak containers over [`weakrefs_table`], `finalize`, `WeakMethod`
//! and `KeyedRef`.
//!
//! | concern | module |
//! | --- | --- |
//! | changing state behind a shared reference, names, references | `guarded`, `names`, `strong` |
//! | ways in without PyO3 in between | `entry_point`, `direct`, `calls` |
//! | the interpreter's weak references | `weak_ref`, `ref_subclass`, `weak_list` |
//! | what the containers share | `container`, `eviction`, `iterator`, `mapping`, `dispatch`, `errors`, `exact` |
//! | one class each | `weak_set` (with `set_algebra`), `weak_key_dictionary`, `weak_value_dictionary`, `keyed_ref`, `weak_method`, `finalize` |

mod calls;
mod container;
mod direct;
mod dispatch;
mod entry_point;
mod errors;
mod eviction;
mod exact;
mod finalize;
mod guarded;
mod iterator;
mod keyed_ref;
mod mapping;
mod names;
mod ref_subclass;
mod set_algebra;
mod strong;
mod weak_key_dictionary;
#[cfg(not(Py_GIL_DISABLED))]
mod weak_list;
mod weak_method;
mod weak_ref;
mod weak_set;
mod weak_value_dictionary;

/// The native part of the package `weakrefs`.
#[pyo3::pymodule(gil_used = true)]
mod _weakrefs {
    use super::direct::{Direct, put_mapping_methods, put_set_methods};
    use pyo3::prelude::*;
    use pyo3::types::PyType;

    #[pymodule_export]
    use super::finalize::Finalize;
    use super::weak_key_dictionary::WeakKeyDictionary;
    use super::weak_set::WeakSet;
    use super::weak_value_dictionary::WeakValueDictionary;

    /// Give the public classes the methods that the interpreter enters directly.
    #[pyfunction]
    fn put_methods(
        weak_set: &Bound<'_, PyType>,
        weak_key_dictionary: &Bound<'_, PyType>,
        weak_value_dictionary: &Bound<'_, PyType>,
    ) -> PyResult<()> {
        put_set_methods::<WeakSet>(weak_set)?;
        put_mapping_methods::<WeakKeyDictionary>(weak_key_dictionary)?;
        put_mapping_methods::<WeakValueDictionary>(weak_value_dictionary)
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        // Made here, once and for all, not at first use in the middle of something.
        py.get_type::<super::eviction::Evictor>();
        super::iterator::WeakIterator::enter_directly(py);
        Finalize::enter_directly(py)?;
        module.add("WeakSet", WeakSet::class(py)?)?;
        module.add("WeakKeyDictionary", WeakKeyDictionary::class(py)?)?;
        module.add("WeakValueDictionary", WeakValueDictionary::class(py)?)?;
        module.add("KeyedRef", super::keyed_ref::class(py)?)?;
        module.add("WeakMethod", super::weak_method::class(py)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
