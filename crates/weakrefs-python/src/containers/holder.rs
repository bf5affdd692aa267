//! Containers that hold what belongs to an entry's referent only as long as that is reachable (S43): what the
//! [engine](crate::ephemerons) of ephemerons asks of them.
//!
//! What an open iterator may still show is held as ever.

#![allow(unsafe_code, reason = "steps of the engine")]

use super::entry::Entry;
use super::evictor::Evictor;
use crate::ephemerons::engine::{self, Report, Task};
use crate::ephemerons::rule::Rule;
use crate::interpreter::class::{self, Payload, Stop, Visit};
use crate::interpreter::entry::passed;
use crate::interpreter::remains::Link;
use crate::references::weak_ref::WeakRef;
use pyo3::{Python, ffi};
use weakrefs_table::Table;

/// Has `visit` see what `container`, which has this evictor, refers to now.
pub(super) fn report<E: Entry>(
    container: *mut ffi::PyObject,
    evictor: &Evictor<E>,
    visit: Visit,
) -> std::result::Result<(), Stop> {
    let report = if E::RULE.holds_for(container) {
        evictor.seen.set(engine::now());
        engine::report(container, visit, &evictor.marked)
    } else {
        Report::All
    };
    let seen = evictor.table.inspect(|table| match report {
        Report::All => table.owned().try_for_each(|entry| entry.visit(visit)),
        Report::Found => report_found(evictor, table, visit),
        Report::Nothing => Ok(()),
    });
    seen.unwrap_or(Ok(()))
}

/// Has `visit` see what is held by now, and lists the container if there is more.
fn report_found<E: Entry>(
    evictor: &Evictor<E>,
    table: &Table<E>,
    visit: Visit,
) -> std::result::Result<(), Stop> {
    let mut more = false;
    for entry in table.iter() {
        let reference = entry.reference();
        // SAFETY: the collector calls, with valid objects, or None.
        if unsafe { engine::is_found(entry.held()) || engine::is_found(reference.referent()) } {
            entry.visit(visit)?;
        } else {
            more = true;
            if !E::REFERENCE_HOLDS {
                // It is held in any case.
                visit.one(reference.object().as_ptr())?;
            }
        }
    }
    table.kept().try_for_each(|entry| entry.visit(visit))?;
    if more {
        // SAFETY: the link is for dying evictors, and a container keeps its own; see `do_task`.
        unsafe { engine::list(evictor.link.get(), do_task::<E>) }
    }
    Ok(())
}

/// What the engine asks a listed container to do.
///
/// # Safety
/// The link is that of the evictor of a container for such entries.
unsafe fn do_task<E: Entry>(link: *mut Link) {
    // SAFETY: the caller's promise.
    let evictor = unsafe { &(*Evictor::<E>::of_link(link)).payload };
    let (task, visit) = engine::task();
    _ = evictor.table.inspect(|table| match task {
        Task::Settle => {
            table.iter().for_each(|entry| settle(entry, visit));
            Ok(())
        }
        Task::Close if E::REFERENCE_HOLDS => table
            .iter()
            .try_for_each(|entry| visit.one(entry.reference().object().as_ptr())),
        Task::Close => Ok(()),
        Task::GiveUp => table.owned().try_for_each(|entry| entry.visit(visit)),
    });
}

/// Visits what an entry refers to by now.
#[inline]
fn settle<E: Entry>(entry: &E, visit: Visit) {
    // SAFETY: the engine asks, with the referent of a valid reference: a valid object, or None.
    let found = |object| unsafe { engine::is_found(object) };
    if (E::REFERENCE_HOLDS || !found(entry.held())) && found(entry.reference().referent()) {
        _ = visit_held(entry, visit);
        engine::follow();
    }
}

/// Visits what an entry holds for its referent, and the reference, if that holds it, too: others are visited by then.
#[inline]
fn visit_held<E: Entry>(entry: &E, visit: Visit) -> std::result::Result<(), Stop> {
    visit.one(entry.held())?;
    if E::REFERENCE_HOLDS {
        visit.one(entry.reference().object().as_ptr())?;
    }
    Ok(())
}

/// The engine has found the referent of `reference`, which calls an evictor: of an entry perhaps, in a container that it may
/// have found, too.
///
/// # Safety
/// `evictor` is one for such entries, and `reference` a weak reference.
unsafe fn found<E: Entry>(
    evictor: *mut ffi::PyObject,
    reference: *mut ffi::PyObject,
    visit: Visit,
) {
    // SAFETY: the caller's promise; the collector runs, with the thread attached. A container is in its evictor as long as
    // it lives.
    unsafe {
        let py = Python::assume_attached();
        let evictor: &Evictor<E> = class::payload(passed(py, evictor));
        if !evictor.has_rule() || !engine::is_found(evictor.container.get()) {
            return;
        }
        let Some(hash) = E::hash_of(py, WeakRef::view_unchecked(&passed(py, reference))) else {
            return;
        };
        evictor.table.inspect(|table| {
            let same = |entry: &E| entry.reference().object().as_ptr() == reference;
            let entry = table.find(hash as u64, same).and_then(|at| table.get(at));
            entry.map(|entry| visit_held(entry, visit))
        });
    }
}

/// Gets the engine to know the evictors of such containers.
pub(crate) fn register<E: Entry>(py: Python<'_>) {
    if E::RULE == Rule::Never {
        return;
    }
    let class = E::classes().evictor.as_ptr().cast();
    // SAFETY: the class of evictors for such entries.
    unsafe { engine::register(py, class, found::<E>) }
}

/// There is a container which will have entries now.
pub(super) fn begin<E: Entry>(container: *mut ffi::PyObject, py: Python<'_>) {
    if E::RULE.holds_for(container) {
        engine::bring_polls_back(py);
    }
}

/// A new entry is made. Now and then, this looks whether `gc.freeze` has taken the container, or the engine's objects, away
/// from the collector: it brings back what entries come to.
#[inline]
pub(super) fn keep_up<E: Entry>(evictor: &Evictor<E>, py: Python<'_>) {
    if !engine::IS_POSSIBLE {
        return;
    }
    let news = evictor.news.get() + 1;
    evictor.news.set(news);
    if news >= engine::SOME && E::RULE != Rule::Never {
        evictor.news.set(0);
        bring_back(evictor, py);
    }
}

#[cold]
fn bring_back<E: Entry>(evictor: &Evictor<E>, py: Python<'_>) {
    if !evictor.has_rule() {
        return;
    }
    engine::has_news(py);
    if engine::has_left_out(evictor.seen.get()) {
        evictor.seen.set(engine::now());
        // SAFETY: a container that is being written to, and was in no list of the last collection.
        unsafe { engine::bring_back(evictor.container.get()) }
    }
}
