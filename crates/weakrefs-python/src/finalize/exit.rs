//! Finalizers at exit (S31): those that are alive and marked for it run, newest first, until none is left; after that,
//! every finalizer is inert.

#![allow(unsafe_code, reason = "an entry point from the interpreter")]

use super::finalizer::{self, Finalizer};
use super::registry;
use crate::interpreter::class::{self, Table as Static};
use crate::interpreter::constant::Constant;
use crate::interpreter::error::{Raised, Result, given, kinds, no_memory};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, attribute, boolean, call, none, optional_attribute, set_attribute,
};
use crate::interpreter::slots;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The module `atexit`, and the function that it registers others with, should it be gone from there.
static ATEXIT: Constant = Constant::new();
static REGISTER: Constant = Constant::new();

/// The module `sys`.
static SYS: Constant = Constant::new();

/// What is registered.
static RUN: Constant = Constant::new();

static REGISTERED: AtomicBool = AtomicBool::new(false);

static SHUT_DOWN: AtomicBool = AtomicBool::new(false);

static DEFINITION: Static<ffi::PyMethodDef, 1> = Static([slots::function(
    c"run_exit_finalizers",
    run,
    c"run_exit_finalizers()\n--\n\nRuns the finalizers that are alive and marked for the exit.",
)]);

/// Gets to know the modules `atexit` and `sys`.
pub(crate) fn learn<'py>(atexit: Bound<'py, PyAny>, sys: Bound<'py, PyAny>) -> Result<()> {
    let py = atexit.py();
    SYS.make(py, || Ok(sys))?;
    REGISTER.make(py, || attribute(&atexit, name::register(py)))?;
    ATEXIT.make(py, || Ok(atexit))?;
    RUN.make(py, || {
        // SAFETY: the definition is complete and static; the result is a new reference, or null with an error set.
        unsafe {
            let definition = DEFINITION.pointer().cast();
            given(
                py,
                ffi::PyCFunction_NewEx(definition, ptr::null_mut(), ptr::null_mut()),
            )
        }
    })?;
    Ok(())
}

/// Whether the exit has passed: no finalizer runs any more.
pub(super) fn is_shut_down() -> bool {
    SHUT_DOWN.load(Relaxed)
}

/// Gives `class`, which is `finalize`, the names by which programs reach for the exit.
pub(super) fn put_names(class: &Bound<'_, PyAny>) -> Result<()> {
    let py = class.py();
    let no = boolean(py, false);
    let put = |name, value| {
        set_attribute(class, name, value).map_err(|raised| {
            // Without memory, 3.14 and 3.15 may say that a new class lacks the name.
            if !raised.is(py, kinds::attribute_error()) {
                return raised;
            }
            raised.clear(py);
            no_memory(py)
        })
    };
    put(name::exitfunc(py), RUN.get(py))?;
    put(name::registered_with_atexit(py), no.as_borrowed())?;
    put(name::shutdown(py), no.as_borrowed())
}

/// Registers `finalize._exitfunc` with `atexit`, unless that was done, here or by the program, which says so in
/// `_registered_with_atexit`: with the first finalizer, for the order among the functions at exit is that of their
/// registrations. Where it fails, the next finalizer tries again. (Two threads may both do it: the second run finds
/// nothing.)
#[inline]
pub(super) fn register(py: Python<'_>) -> Result<()> {
    if REGISTERED.load(Relaxed) {
        return Ok(());
    }
    register_now(py)
}

#[cold]
fn register_now(py: Python<'_>) -> Result<()> {
    let class = finalizer::CLASS.get(py);
    let done = optional_attribute(&class, name::registered_with_atexit(py))?;
    let done = done.map_or(Ok(false), |done| object::is_true(&done))?;
    if !done {
        let register = optional_attribute(&ATEXIT.get(py), name::register(py))?;
        let register = register.unwrap_or_else(|| REGISTER.get(py).to_owned());
        let function = optional_attribute(&class, name::exitfunc(py))?;
        let function = function.unwrap_or_else(|| RUN.get(py).to_owned());
        call(&register, [function.as_borrowed()])?;
    }
    REGISTERED.store(true, Relaxed);
    let yes = boolean(py, true);
    set_attribute(&class, name::registered_with_atexit(py), yes.as_borrowed())
}

fn run(py: Python<'_>) -> Result<Bound<'_, PyAny>> {
    // SAFETY: the thread is attached; the collector is switched back to what it was.
    unsafe {
        // It is to start no finalizer in between.
        let collecting = ffi::PyGC_IsEnabled() != 0;
        if collecting {
            ffi::PyGC_Disable();
        }
        let result = run_all(py);
        SHUT_DOWN.store(true, Relaxed);
        let result = say_shut_down(py, result);
        if collecting {
            ffi::PyGC_Enable();
        }
        result.map(|()| none(py))
    }
}

/// Sets `finalize._shutdown`, also where the finalizers' run ended with an error, which is passed on.
fn say_shut_down(py: Python<'_>, result: Result<()>) -> Result<()> {
    let error = result.map_err(|raised| raised.take(py)).err().flatten();
    let yes = boolean(py, true);
    let said = set_attribute(
        &finalizer::CLASS.get(py),
        name::shutdown(py),
        yes.as_borrowed(),
    );
    match (error, said) {
        (None, said) => said,
        (Some(error), Ok(())) => Err(Raised::set(&error)),
        (Some(error), Err(raised)) => {
            raised.clear(py);
            Err(Raised::set(&error))
        }
    }
}

/// Goes from the newest to the oldest. It begins anew when there are new ones, and when the one that would be next has
/// gone meanwhile. Nothing is listed, so nothing is allocated.
fn run_all(py: Python<'_>) -> Result<()> {
    let mut next = None;
    loop {
        if registry::has_grown() {
            next = registry::newest(py);
        }
        let Some(finalizer) = next else { return Ok(()) };
        let this = finalizer.as_borrowed();
        // SAFETY: from the registry come finalizers.
        let own: &Finalizer = unsafe { class::payload(this) };
        let Some(older) = registry::older(this) else {
            next = registry::newest(py);
            continue;
        };
        next = older;
        if own.runs_at_exit() {
            run_one(this, own)?;
        }
    }
}

fn run_one(finalizer: Argument<'_, '_>, own: &Finalizer) -> Result<()> {
    let py = finalizer.py();
    let result = call(&finalizer, []);
    // A subclass may have called itself something else than finished.
    drop(own.end(finalizer));
    match result {
        Ok(_) => Ok(()),
        Err(raised) if raised.is(py, kinds::exception()) => {
            report(py, raised);
            Ok(())
        }
        // An interrupt, say, ends the exit's finalizers.
        Err(raised) => Err(raised),
    }
}

/// Has `sys.excepthook` report an error. One of the hook's own goes to `sys.unraisablehook`.
fn report(py: Python<'_>, raised: Raised) {
    let Some(error) = raised.take(py) else { return };
    // SAFETY: valid objects; the traceback is a new reference, or null.
    unsafe {
        let class = Borrowed::from_ptr(py, ffi::Py_TYPE(error.as_ptr()).cast());
        let traceback = ffi::PyException_GetTraceback(error.as_ptr());
        let traceback = Bound::from_owned_ptr_or_opt(py, traceback).unwrap_or_else(|| none(py));
        let hook = optional_attribute(&SYS.get(py), name::excepthook(py));
        let hook = hook.map_err(|raised| raised.clear(py)).ok().flatten();
        let reported = match &hook {
            Some(hook) => call(hook, [class, error.as_borrowed(), traceback.as_borrowed()]),
            None => Err(Raised::set(&error)),
        };
        if reported.is_err() {
            ffi::PyErr_WriteUnraisable(hook.map_or(ptr::null_mut(), |hook| hook.as_ptr()));
        }
    }
}
