//! Tells the crate which interpreter it is built for (`Py_3_12`, `Py_GIL_DISABLED`, ...), and refuses those that it
//! cannot work with.

use pyo3_build_config::{PythonImplementation, get};

fn main() {
    let implementation = get().target_abi().implementation();
    if implementation != PythonImplementation::CPython {
        // An error of the build script: the compiler would bury it under what it cannot find there.
        println!(
            "cargo::error=weakrefs works with CPython only, not with {implementation}, whose objects do not die by \
             counts of references. Depend on it with the marker `platform_python_implementation == \"CPython\"`, and \
             fall back to the standard weakref elsewhere, as docs/ADOPTION.md shows under \"For libraries\"."
        );
        return;
    }
    pyo3_build_config::use_pyo3_cfgs();
    pyo3_build_config::add_extension_module_link_args();
}
