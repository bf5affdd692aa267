//! The engine: where a collection is, which holders it has listed, and how they are settled. The [room](super) says how all
//! of it works, and why it is safe.
//!
//! Its state is the process's, and changes only while the collector runs, or in a thread that holds the interpreter's lock.
//! Where there is no such lock, the collector is another one, and the engine [is not possible](IS_POSSIBLE).

#![allow(
    unsafe_code,
    reason = "calls of the collector's functions, and links through the memory of holders"
)]

use super::header::{Header, is_unknown};
use crate::interpreter::class::Visit;
use crate::interpreter::remains::Link;
use pyo3::{Python, ffi};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;

/// Whether the engine can be active in this build of the interpreter. One without a global lock keeps no headers.
pub(crate) const IS_POSSIBLE: bool = cfg!(not(Py_GIL_DISABLED));

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The collector subtracts, or has: in a collection of which no poll is marked, this is where it ends.
    Subtracting,
    /// It marks, and holders are listed.
    Marking,
    /// All holders are settled, or have reported everything.
    Settled,
}

/// What holders are asked to do.
#[derive(Clone, Copy)]
pub(crate) enum Task {
    /// Visit what belongs to objects that have been found reachable, and what is held in any case.
    Settle,
    /// Visit the references whose callbacks are to be called, now that all is settled.
    Close,
    /// Visit everything: the engine does not trust the collector.
    GiveUp,
}

/// The callbacks of references that lead to holders: what is to be done when the engine has found the referent of
/// `reference`.
///
/// # Safety
/// It is called by the engine with an object of the class, and a reference that calls it.
type Found = unsafe fn(callback: *mut ffi::PyObject, reference: *mut ffi::PyObject, visit: Visit);

struct Engine {
    active: Cell<bool>,
    phase: Cell<Phase>,
    /// The number of the collection under way. What is done anew with what is aside has a number of its own.
    number: Cell<usize>,
    /// The [polls](super::poll), once they are made.
    polls: [Cell<*mut ffi::PyObject>; POLLS],
    /// How many of them take part, and the one that was seen last.
    seen: Cell<usize>,
    last: Cell<*mut ffi::PyObject>,
    /// How the collector marks.
    marks: Cell<Option<Visit>>,
    /// Whether anything is not as it should be: all holders report everything.
    gives_up: Cell<bool>,
    /// Whether a poll has been marked.
    polled: Cell<bool>,
    holders: Cell<*mut Link>,
    task: Cell<Task>,
    /// Where in the collector's list the engine is.
    at: Cell<Header>,
    callbacks: [Cell<Option<(*mut ffi::PyTypeObject, Found)>>; 3],
    /// The number of the last collection of everything, and the list that it was of: the last one of those that stand, one
    /// after the other, in the interpreter's state.
    full: Cell<usize>,
    oldest: Cell<Header>,
    /// How often holders [have had news](has_news) since a poll was traversed.
    news: Cell<usize>,
    /// Whether the last collection with all polls was not as it should be.
    doubts: Cell<bool>,
}

// SAFETY: it is reached by the collector, and by threads that hold the interpreter's lock.
unsafe impl Sync for Engine {}

static ENGINE: Engine = Engine {
    active: Cell::new(false),
    phase: Cell::new(Phase::Settled),
    number: Cell::new(0),
    polls: [const { Cell::new(ptr::null_mut()) }; POLLS],
    seen: Cell::new(0),
    last: Cell::new(ptr::null_mut()),
    marks: Cell::new(None),
    gives_up: Cell::new(true),
    polled: Cell::new(false),
    holders: Cell::new(ptr::null_mut()),
    task: Cell::new(Task::GiveUp),
    at: Cell::new(Header::NONE),
    callbacks: [const { Cell::new(None) }; 3],
    full: Cell::new(0),
    oldest: Cell::new(Header::NONE),
    news: Cell::new(0),
    doubts: Cell::new(false),
};

/// So many polls: the engine takes over where these do not suffice.
pub(super) const POLLS: usize = 8;

/// After news so many times, and no poll, the engine takes action.
const PATIENCE: usize = 4;

/// What an object is visited for.
enum Visited {
    Subtraction,
    Marking,
    /// Something else, such as `gc.get_referents`.
    Other,
}

impl Engine {
    fn polls(&self) -> impl Iterator<Item = *mut ffi::PyObject> {
        self.polls.iter().map(Cell::get)
    }

    /// Why `object`, which takes part, is traversed with `visit`.
    fn notice(&self, object: *mut ffi::PyObject, visit: Visit) -> Visited {
        if visit.argument() == object.cast() {
            if self.phase.get() != Phase::Subtracting {
                self.begin();
            }
            return Visited::Subtraction;
        }
        if self.phase.get() == Phase::Subtracting {
            self.begin_marking(visit);
        }
        if self.marks.get().is_some_and(|marks| marks == visit) {
            Visited::Marking
        } else {
            Visited::Other
        }
    }

    fn begin(&self) {
        self.number.set(self.number.get() + 1);
        self.phase.set(Phase::Subtracting);
        self.seen.set(0);
        self.last.set(ptr::null_mut());
        self.marks.set(None);
        self.gives_up.set(!self.active.get());
        self.polled.set(false);
        self.holders.set(ptr::null_mut());
    }

    fn begin_marking(&self, visit: Visit) {
        self.phase.set(Phase::Marking);
        self.marks.set(Some(visit));
        if self.seen.get() == POLLS {
            let list = Header::of_list(visit.argument());
            if list >= self.oldest.get() {
                self.oldest.set(list);
                self.full.set(self.number.get());
            }
        } else {
            self.gives_up.set(true);
        }
    }

    /// A poll is traversed.
    fn poll(&self, poll: *mut ffi::PyObject, visit: Visit) {
        if !self.active.get() {
            // A collection has come while they are made.
            return;
        }
        let header = Header::of(poll);
        if !header.is_collecting() {
            let marks = self.phase.get() == Phase::Marking && self.marks.get() == Some(visit);
            // Nobody but the collector asks so, and of what takes part.
            if marks {
                self.give_up();
            }
            if marks || visit.argument() == poll.cast() {
                self.doubts.set(true);
            }
            return;
        }
        match self.notice(poll, visit) {
            Visited::Subtraction => {
                if self.seen.get() == POLLS {
                    self.begin();
                }
                self.expect(!header.is_aside() && header.count() > 0);
                let last = self.last.replace(poll);
                if !last.is_null() {
                    let before = Header::of(last).count();
                    _ = visit.one(last);
                    self.expect(Header::of(last).count().wrapping_add(1) == before);
                }
                self.seen.set(self.seen.get() + 1);
                self.news.set(0);
            }
            Visited::Marking if self.phase.get() == Phase::Marking => self.pass(poll, visit),
            Visited::Marking | Visited::Other => {}
        }
    }

    /// Gives up unless all is as it should be.
    fn expect(&self, holds: bool) {
        if !holds {
            self.gives_up.set(true);
        }
    }

    /// The collector has come to a poll: has it gone through its list?
    fn pass(&self, poll: *mut ffi::PyObject, marks: Visit) {
        let (here, list) = (Header::of(poll), Header::of_list(marks.argument()));
        if !self.polled.replace(true) {
            self.expect(poll == self.last.get() && !here.is_aside() && here.count() == 1);
            let others = self.polls().filter(|other| *other != poll).map(Header::of);
            self.expect(
                others
                    .into_iter()
                    .all(|other| other.is_collecting() && other.is_aside()),
            );
        }
        if !self.gives_up.get() && here.next() != list {
            let another = self.polls().find(|other| {
                let other = Header::of(*other);
                other.is_collecting() && other.is_aside()
            });
            if let Some(another) = another {
                _ = marks.one(another);
                let another = Header::of(another);
                self.expect(!another.is_aside() && another.count() == 1 && another.next() == list);
                if !self.gives_up.get() {
                    return;
                }
            }
        }
        if !self.gives_up.get() {
            self.at.set(here);
            self.settle();
        }
        if self.gives_up.get() {
            self.give_up();
        } else {
            self.phase.set(Phase::Settled);
        }
        if self.seen.get() == POLLS {
            self.doubts.set(self.gives_up.get());
        }
        self.polls().for_each(|poll| _ = marks.one(poll));
    }

    /// Has the listed holders report everything, as all do from now on.
    fn give_up(&self) {
        self.gives_up.set(true);
        self.ask(ptr::null_mut(), Task::GiveUp);
        self.phase.set(Phase::Settled);
    }

    /// Settles the holders that are listed, and those that are found meanwhile.
    fn settle(&self) {
        let mut settled = ptr::null_mut();
        self.follow();
        while self.holders.get() != settled && !self.gives_up.get() {
            let newest = self.holders.get();
            self.ask(settled, Task::Settle);
            settled = newest;
            self.follow();
        }
        if !self.gives_up.get() {
            self.ask(ptr::null_mut(), Task::Close);
        }
    }

    /// Asks the listed holders to do a task, the newest first, as far as the one listed before `settled`.
    fn ask(&self, settled: *mut Link, task: Task) {
        self.task.set(task);
        let mut next = self.holders.get();
        while next != settled && !next.is_null() {
            // SAFETY: a holder that was listed in this collection, in which none can die meanwhile.
            unsafe {
                let link = next;
                next = Link::next(link);
                Link::finish(link);
            }
        }
    }

    /// Traverses what has come to the end of the collector's list.
    fn follow(&self) {
        let Some(marks) = self.marks.get() else {
            return;
        };
        let list = Header::of_list(marks.argument());
        loop {
            let next = self.at.get().next();
            if next == list || self.gives_up.get() {
                return;
            }
            if next.is_unknown() || !next.is_collecting() {
                return self.gives_up.set(true);
            }
            self.at.set(next);
            let object = next.object();
            // SAFETY: an object of the collector's list, which is valid and has such a function.
            unsafe {
                self.find_held_for(object);
                if let Some(traverse) = (*ffi::Py_TYPE(object)).tp_traverse {
                    _ = traverse(object, mark, ptr::null_mut());
                }
            }
        }
    }

    /// Visits what holders hold for `object`, which has been found reachable.
    ///
    /// # Safety
    /// It is a valid object of the collector's.
    unsafe fn find_held_for(&self, object: *mut ffi::PyObject) {
        // SAFETY: the type of a valid object says where the list of its references begins (that of a class that is built in
        // does not, but such a class is not the collector's); references and their callbacks are valid.
        unsafe {
            let offset = (*ffi::Py_TYPE(object)).tp_weaklistoffset;
            if offset == 0 {
                return;
            }
            let mut reference = *object
                .byte_offset(offset)
                .cast::<*mut ffi::PyWeakReference>();
            while !reference.is_null() {
                let callback = (*reference).wr_callback;
                if !callback.is_null() {
                    self.found(callback, reference.cast());
                }
                reference = (*reference).wr_next;
            }
        }
    }

    /// # Safety
    /// `reference` is a weak reference that calls `callback`.
    unsafe fn found(&self, callback: *mut ffi::PyObject, reference: *mut ffi::PyObject) {
        for (known, found) in self.callbacks.iter().filter_map(Cell::get) {
            // SAFETY: classes of valid objects, and what was registered for the class.
            unsafe {
                let class = ffi::Py_TYPE(callback);
                if class == known || ffi::PyType_IsSubtype(class, known) != 0 {
                    return found(callback, reference, OWN);
                }
            }
        }
    }
}

/// How the engine itself visits.
const OWN: Visit = Visit::new(mark, ptr::null_mut());

/// Has the collector find `object`.
unsafe extern "C" fn mark(object: *mut ffi::PyObject, _argument: *mut c_void) -> c_int {
    // SAFETY: called with a valid object, by what is traversed while the collector marks.
    unsafe {
        if is_unknown(object) {
            if let Some(marks) = ENGINE.marks.get() {
                _ = marks.one(object);
            }
            ENGINE.expect(!is_unknown(object));
        }
    }
    0
}

/// What a holder keeps for the engine, beside a [`Link`]. Zeroed memory is a valid one.
#[derive(Default)]
pub(crate) struct Marked(Cell<usize>);

/// What a holder is to report.
pub(crate) enum Report {
    /// Everything, as all objects do.
    All,
    /// What belongs to objects that [are found](is_found). If there is more, it is to be [listed](list).
    Found,
    /// Nothing: the engine has seen to it.
    Nothing,
}

/// What `holder`, which is traversed with `visit`, is to report.
pub(crate) fn report(holder: *mut ffi::PyObject, visit: Visit, marked: &Marked) -> Report {
    if !IS_POSSIBLE {
        return Report::All;
    }
    if visit != OWN {
        if !Header::of(holder).is_collecting() {
            return Report::All;
        }
        let Visited::Marking = ENGINE.notice(holder, visit) else {
            return Report::All;
        };
    }
    let number = ENGINE.number.get();
    match ENGINE.phase.get() {
        _ if ENGINE.gives_up.get() => Report::All,
        Phase::Marking => {
            marked.0.set(number);
            Report::Found
        }
        _ if marked.0.get() == number => Report::Nothing,
        // The engine has missed it.
        _ => Report::All,
    }
}

/// Lists a holder that does not report all yet. The engine calls `finish` with the link, and [`task`] says what for.
///
/// # Safety
/// It is marking. The link is in the memory of the holder, in no list, and left alone while the collector runs; `finish` may
/// be called with it.
pub(crate) unsafe fn list(link: *mut Link, finish: unsafe fn(*mut Link)) {
    let next = ENGINE.holders.replace(link);
    // SAFETY: the caller's promise.
    unsafe { link.write(Link::new(next, finish)) };
}

/// What a listed holder is to do, and how to visit what it refers to.
pub(crate) fn task() -> (Task, Visit) {
    let task = ENGINE.task.get();
    match (task, ENGINE.marks.get()) {
        (Task::GiveUp, Some(marks)) => (task, marks),
        _ => (task, OWN),
    }
}

/// Whether the engine has found all that is reachable, `object` is not, and `visit` is how the collector goes on.
///
/// # Safety
/// `object` is valid.
#[inline]
pub(crate) unsafe fn has_not_found(object: *mut ffi::PyObject, visit: Visit) -> bool {
    ENGINE.phase.get() == Phase::Settled
        && !ENGINE.gives_up.get()
        && ENGINE.marks.get() == Some(visit)
        // SAFETY: the caller's promise.
        && unsafe { is_unknown(object) }
}

/// Whether `object` is reachable, as far as the collector has found out.
///
/// # Safety
/// It is valid, and the engine asks for a [`task`].
#[inline]
pub(crate) unsafe fn is_found(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { !is_unknown(object) }
}

/// Goes after what was visited last. In between, it is still in the processor's cache.
pub(crate) fn follow() {
    ENGINE.follow();
}

/// A [poll](super::poll) is traversed.
pub(super) fn poll_is_traversed(poll: *mut ffi::PyObject, visit: Visit) {
    ENGINE.poll(poll, visit);
}

/// Starts the engine, with the polls.
pub(super) fn start<'py>(_py: Python<'py>, polls: impl Iterator<Item = *mut ffi::PyObject>) {
    for (place, poll) in ENGINE.polls.iter().zip(polls) {
        place.set(poll);
    }
    ENGINE.active.set(true);
}

/// Whether the last collection of everything was as the engine knows it.
pub(super) fn is_trusted(_py: Python<'_>) -> bool {
    !ENGINE.doubts.get()
}

/// Has `found` called with the callbacks of `class`, for references to objects that the engine has found.
///
/// # Safety
/// `found` may be called so.
pub(crate) unsafe fn register(_py: Python<'_>, class: *mut ffi::PyTypeObject, found: Found) {
    let known = ENGINE.callbacks.iter().find(|place| {
        place
            .get()
            .is_none_or(|(registered, _)| registered == class)
    });
    debug_assert!(known.is_some(), "a place for each kind of holder");
    if let Some(place) = known {
        place.set(Some((class, found)));
    }
}

/// The number of the collection under way, or of the last one: what is made now will be in all later ones.
pub(crate) fn now() -> usize {
    ENGINE.number.get()
}

/// Whether what was last in collection `seen` has been left out of one of everything since, by `gc.freeze`.
#[inline]
pub(crate) fn has_left_out(seen: usize) -> bool {
    seen < ENGINE.full.get()
}

/// So many things may be new to a holder before it [says so](has_news).
pub(crate) const SOME: usize = 64;

/// [Some](SOME) things are new, so there is something to do for the engine. If that was said often since it last saw a poll,
/// it brings them back: `gc.freeze` may have taken them away.
pub(crate) fn has_news(py: Python<'_>) {
    let news = ENGINE.news.get() + 1;
    ENGINE.news.set(news);
    if news >= PATIENCE {
        bring_polls_back(py);
    }
}

/// Brings the polls back among the collector's objects. It comes to nothing where they are there.
pub(crate) fn bring_polls_back(_py: Python<'_>) {
    if !ENGINE.active.get() {
        return;
    }
    // A debug build traverses what it tracks, with itself as argument.
    let doubts = ENGINE.doubts.get();
    // SAFETY: objects of the collector's. While it goes through its lists, nobody calls; later, they are in none of garbage.
    ENGINE.polls().for_each(|poll| unsafe { bring_back(poll) });
    ENGINE.doubts.set(doubts);
    ENGINE.news.set(0);
}

/// Has `object` take part in collections again.
///
/// # Safety
/// A valid object of the collector's, which the collector does not take for garbage.
pub(crate) unsafe fn bring_back(object: *mut ffi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        if ffi::PyObject_GC_IsTracked(object) != 0 {
            ffi::PyObject_GC_UnTrack(object.cast());
            ffi::PyObject_GC_Track(object.cast());
        }
    }
}
