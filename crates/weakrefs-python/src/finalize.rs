//! `finalize`: a function that runs when an object dies, or at exit (S29-S32).
//!
//! A finalizer that is alive has its [`Task`] in itself and itself in the [`REGISTRY`], which keeps
//! it alive however few know of it. Taking the task out is what every way of ending it does (a call,
//! the death of the object, `detach`), in one step under the guard: whatever threads race, one of
//! them gets it. A finalizer without a task is dead, owns nothing and closes no cycle.

use crate::calls::{self, Arguments, CallNative, Construct, Entry, Slots};
use crate::guarded::Guarded;
use crate::names::name;
use crate::strong::Strong;
use crate::weak_ref::WeakRef;
use pyo3::PyTraverseError;
use pyo3::exceptions::PyException;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple, PyType};
use std::collections::VecDeque;
use std::ops::Deref;
use std::{iter, mem};

/// What a finalizer that is alive has to do.
#[derive(Clone)]
struct Task {
    object: WeakRef,
    function: Strong,
    args: Strong<PyTuple>,
    kwargs: Option<Strong<PyDict>>,
    /// Whether to do it at exit.
    atexit: bool,
}

impl Task {
    /// `(obj, func, args, kwargs)`, if the object is still alive.
    fn describe(self, py: Python<'_>) -> PyResult<Option<Bound<'_, PyTuple>>> {
        let Some(object) = self.object.upgrade(py) else {
            return Ok(None);
        };
        let kwargs = self.kwargs.map(|kwargs| kwargs.into_bound(py));
        let kwargs = kwargs.unwrap_or_else(|| PyDict::new(py));
        (
            object,
            self.function.into_bound(py),
            self.args.into_bound(py),
            kwargs,
        )
            .into_pyobject(py)
            .map(Some)
    }
}

/// The finalizers that are alive: a chain from the newest to the oldest.
///
/// Adding and removing one takes 120 instructions less than in a table.
struct Registry {
    newest: Option<Strong<Finalize>>,
    /// Whether finalizers were added since they were last listed for the exit.
    grown: bool,
    /// Whether the exit function is registered with `atexit`.
    runs_at_exit: bool,
    /// Whether the exit function has ended: no finalizer runs any more.
    shut_down: bool,
}

/// The neighbours of a finalizer in the registry, which is changed with that only. The collector is not told of them:
/// what is in the registry is to stay.
#[derive(Default)]
struct Neighbours {
    newer: Option<Strong<Finalize>>,
    older: Option<Strong<Finalize>>,
}

static REGISTRY: Guarded<Registry> = Guarded::new(Registry {
    newest: None,
    grown: false,
    runs_at_exit: false,
    shut_down: false,
});

/// finalize(obj, func, /, *args, **kwargs): call func(*args, **kwargs) when obj dies.
///
/// The finalizer is alive until obj dies, it is called, or it is detached; func runs at most once.
/// It need not be kept: a registry holds it while it is alive. Finalizers that are still alive at
/// exit run then, newest first, unless their attribute atexit is false.
///
/// func, args and kwargs must not own obj, or it will never die. An error in func goes to
/// sys.unraisablehook when obj dies, to sys.excepthook at exit, and to the caller of a call.
/// Raises TypeError if obj cannot be weakly referenced. Creation and every method are O(1); safe
/// under threads (S29-S32).
///
/// >>> import weakrefs
/// >>> class Resource: pass
/// >>> resource = Resource()
/// >>> finalizer = weakrefs.finalize(resource, print, 'closed')
/// >>> finalizer.alive
/// True
/// >>> del resource
/// closed
/// >>> finalizer.alive
/// False
#[pyclass(frozen, subclass, name = "finalize", module = "weakrefs")]
pub(crate) struct Finalize {
    /// None: dead.
    task: Guarded<Option<Task>>,
    neighbours: Guarded<Neighbours>,
    entry: Entry,
}

impl Finalize {
    /// One that is dead.
    const fn dead() -> Self {
        Self {
            task: Guarded::new(None),
            neighbours: Guarded::new(Neighbours {
                newer: None,
                older: None,
            }),
            entry: Entry::of::<Self>(),
        }
    }

    /// Has the interpreter make and call finalizers without PyO3 in between.
    pub(crate) fn enter_directly(py: Python<'_>) -> PyResult<()> {
        calls::call_native_directly(&Bound::new(py, Self::dead())?, |sample| &sample.entry);
        calls::construct_directly::<Self>(&py.get_type::<Self>());
        Ok(())
    }

    /// Makes `slf` alive.
    fn begin(
        slf: &Bound<'_, Self>,
        object: &Bound<'_, PyAny>,
        function: &Bound<'_, PyAny>,
        args: Bound<'_, PyTuple>,
        kwargs: Option<Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let py = slf.py();
        register_exit_function(py)?;
        let task = Task {
            object: WeakRef::new(object, slf.as_any())?,
            function: function.clone().into(),
            args: args.into(),
            kwargs: kwargs.map(Strong::from),
            atexit: true,
        };
        let this = slf.get();
        let forgotten = this.task.with(py, |slot| {
            // Initialised anew, it forgets what it had to do, and becomes the newest.
            let forgotten = slot.replace(task);
            REGISTRY.with(py, |registry| {
                let removed = forgotten.is_some().then(|| registry.remove(py, this));
                registry.add(slf);
                (forgotten, removed)
            })
        });
        drop(forgotten);
        Ok(())
    }

    /// Does the task, if there is one, and gives what its function returned.
    fn run<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(task) = self.end(py) else {
            return Ok(None);
        };
        if REGISTRY.with(py, |registry| registry.shut_down) {
            return Ok(None);
        }
        let kwargs = task.kwargs.as_ref().map(|kwargs| kwargs.bind(py));
        task.function
            .bind(py)
            .call(task.args.bind(py), kwargs)
            .map(Some)
    }

    /// Takes the task, if there is one: the finalizer is dead then. O(1).
    fn end(&self, py: Python<'_>) -> Option<Task> {
        let (task, removed) = self.task.with(py, |task| {
            let removed = |registry: &mut Registry| registry.remove(py, self);
            Some((task.take()?, REGISTRY.with(py, removed)))
        })?;
        drop(removed);
        Some(task)
    }

    fn read<R>(&self, py: Python<'_>, read: impl FnOnce(&Task) -> R) -> Option<R> {
        self.task.with(py, |task| task.as_ref().map(read))
    }
}

impl Registry {
    fn add(&mut self, finalizer: &Bound<'_, Finalize>) {
        let py = finalizer.py();
        let older = self.newest.replace(finalizer.clone().into());
        if let Some(older) = &older {
            let newer = Some(finalizer.clone().into());
            older.get().neighbours.with(py, |older| older.newer = newer);
        }
        finalizer.get().neighbours.with(py, |new| new.older = older);
        self.grown = true;
    }

    /// Takes a finalizer out. What is given is for the caller to drop.
    fn remove(&mut self, py: Python<'_>, finalizer: &Finalize) -> Removed {
        let Neighbours { newer, older } = finalizer.neighbours.with(py, mem::take);
        let of_newer = match &newer {
            Some(newer) => newer
                .get()
                .neighbours
                .with(py, |newer| mem::replace(&mut newer.older, older.clone())),
            None => mem::replace(&mut self.newest, older.clone()),
        };
        let of_older = older.as_ref().and_then(|older| {
            let neighbours = &older.get().neighbours;
            neighbours.with(py, |older| mem::replace(&mut older.newer, newer))
        });
        [of_newer, of_older, older]
    }
}

/// References to a finalizer that was in the registry, and one to its neighbour.
type Removed = [Option<Strong<Finalize>>; 3];

impl Construct for Finalize {
    fn made_with() -> &'static Guarded<Option<Slots>> {
        static SLOTS: Guarded<Option<Slots>> = Guarded::new(None);
        &SLOTS
    }

    fn construct<'py>(
        class: &Bound<'py, PyType>,
        arguments: Arguments<'_, 'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (Some(object), Some(function)) = (arguments.get(0), arguments.get(1)) else {
            return Ok(None);
        };
        let finalizer = Bound::new(class.py(), Self::dead())?;
        let (args, kwargs) = (arguments.rest(2)?, arguments.named()?);
        Self::begin(&finalizer, &object, &function, args, kwargs)?;
        Ok(Some(finalizer.into_any()))
    }
}

impl CallNative for Finalize {
    fn call<'py>(&self, arguments: Arguments<'_, 'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some([_reference]) = arguments.unnamed() else {
            return Ok(None);
        };
        let result = self.run(arguments.py())?;
        Ok(Some(result.unwrap_or_else(|| {
            arguments.py().None().into_bound(arguments.py())
        })))
    }
}

#[pymethods]
impl Finalize {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(obj, func, /, *args, **kwargs)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::dead()
    }

    #[pyo3(signature = (obj, func, /, *args, **kwargs))]
    fn __init__(
        slf: &Bound<'_, Self>,
        obj: &Bound<'_, PyAny>,
        func: &Bound<'_, PyAny>,
        args: Bound<'_, PyTuple>,
        kwargs: Option<Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        Self::begin(slf, obj, func, args, kwargs)
    }

    /// If alive, mark as dead and return func(*args, **kwargs); otherwise return None.
    #[pyo3(signature = (_reference=None))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        _reference: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.run(py)
    }

    /// If alive, mark as dead and return (obj, func, args, kwargs); otherwise return None.
    fn detach<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        // An object that is being destroyed keeps its finalizer: it is about to be called.
        let object = self.read(py, |task| task.object.upgrade(py)).flatten();
        match object {
            Some(_alive) => self.end(py).map_or(Ok(None), |task| task.describe(py)),
            None => Ok(None),
        }
    }

    /// If alive, return (obj, func, args, kwargs); otherwise return None.
    fn peek<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let task = self.read(py, Task::clone);
        task.map_or(Ok(None), |task| task.describe(py))
    }

    /// Whether the finalizer is alive.
    #[getter]
    fn alive(&self, py: Python<'_>) -> bool {
        self.read(py, |_| ()).is_some()
    }

    /// Whether the finalizer is alive and is to be called at exit. Writable while it is alive.
    #[getter]
    fn atexit(&self, py: Python<'_>) -> bool {
        self.read(py, |task| task.atexit).unwrap_or(false)
    }

    #[setter]
    fn set_atexit(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let atexit = value.is_truthy()?;
        self.task.with(value.py(), |task| {
            if let Some(task) = task {
                task.atexit = atexit;
            }
        });
        Ok(())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let name = slf.get_type().name()?;
        let address = slf.as_ptr() as usize;
        let object = slf.get().read(py, |task| task.object.upgrade(py)).flatten();
        Ok(match object {
            Some(object) => {
                let class = object.get_type().name()?;
                let at = object.as_ptr() as usize;
                format!("<{name} object at {address:#x}; for '{class}' at {at:#x}>")
            }
            None => format!("<{name} object at {address:#x}; dead>"),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let visited = self.task.inspect(|task| {
            let Some(task) = task else { return Ok(()) };
            visit.call(task.object.object().deref())?;
            visit.call(task.function.deref())?;
            visit.call(task.args.deref())?;
            visit.call(task.kwargs.as_deref())
        });
        visited.unwrap_or(Ok(()))
    }

    fn __clear__(&self, py: Python<'_>) {
        let task = self.end(py);
        drop(task);
    }
}

/// Registers [`run_exit_finalizers`] with `atexit`, the first time.
fn register_exit_function(py: Python<'_>) -> PyResult<()> {
    if REGISTRY.with(py, |registry| registry.runs_at_exit) {
        return Ok(());
    }
    let run = PyCFunction::new_closure(py, Some(c"run_exit_finalizers"), None, |args, _| {
        run_exit_finalizers(args.py())
    })?;
    let atexit = py.import(name!(py, "atexit"))?;
    // Another thread may have been here meanwhile.
    let registered = REGISTRY.with(py, |registry| {
        mem::replace(&mut registry.runs_at_exit, true)
    });
    if !registered {
        atexit.call_method1(name!(py, "register"), (run,))?;
    }
    Ok(())
}

/// Runs the finalizers that are alive and marked for the exit, newest first, until none is left;
/// after that, every finalizer is inert (S31).
fn run_exit_finalizers(py: Python<'_>) -> PyResult<()> {
    let result = with_collector_off(py, || {
        let mut pending = VecDeque::new();
        loop {
            let listed = REGISTRY.with(py, |registry| registry.list_if_grown(py));
            if let Some(listed) = listed {
                pending = listed;
            }
            let Some(finalizer) = pending.pop_front() else {
                return Ok(());
            };
            run_at_exit(finalizer.bind(py))?;
        }
    });
    REGISTRY.with(py, |registry| registry.shut_down = true);
    result
}

impl Registry {
    /// All that are alive, newest first, if there are new ones since the last time.
    fn list_if_grown(&mut self, py: Python<'_>) -> Option<VecDeque<Strong<Finalize>>> {
        mem::take(&mut self.grown).then(|| {
            let older = |of: &Strong<Finalize>| {
                let neighbours = &of.get().neighbours;
                neighbours.with(py, |neighbours| neighbours.older.clone())
            };
            iter::successors(self.newest.clone(), older).collect()
        })
    }
}

fn run_at_exit(finalizer: &Bound<'_, Finalize>) -> PyResult<()> {
    let py = finalizer.py();
    if !finalizer.get().atexit(py) {
        return Ok(());
    }
    let result = finalizer.call0();
    // A subclass may have called itself something else than finished.
    let unfinished = finalizer.get().end(py);
    drop(unfinished);
    match result {
        Err(error) if error.is_instance_of::<PyException>(py) => {
            let report = py
                .import(name!(py, "sys"))?
                .getattr(name!(py, "excepthook"))?;
            report
                .call1((error.get_type(py), error.value(py), error.traceback(py)))
                .map(drop)
        }
        result => result.map(drop),
    }
}

/// Runs `work` while the garbage collector is off, so that it starts no finalizer in between.
fn with_collector_off(py: Python<'_>, work: impl FnOnce() -> PyResult<()>) -> PyResult<()> {
    let gc = py.import(name!(py, "gc"))?;
    if !gc.call_method0(name!(py, "isenabled"))?.is_truthy()? {
        return work();
    }
    gc.call_method0(name!(py, "disable"))?;
    let result = work();
    gc.call_method0(name!(py, "enable"))?;
    result
}
