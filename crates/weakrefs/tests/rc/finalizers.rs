//! [`finalize`] of objects in `Rc`s: at their death, by a call, and at the end of their thread (S29 to S32). What happens at
//! the exit of the process is in `exit/`.

use crate::support::{reports, reports_of};
use crate::{Log, OnDrop, item};
use std::cell::{Cell, RefCell};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, ThreadId};
use weakrefs::rc::{Finalizer, Ref, Tracked, WeakReferenceable, finalize};

/// S2, S32: it fires at the death though nobody keeps it, in turn with callbacks, newest first, and keeps nothing.
#[test]
fn fires_at_the_death() {
    let log = Log::default();
    let object = item(1);
    let noting = |event: &'static str| {
        let log = log.clone();
        move || log.note(event)
    };
    finalize(&object, noting("first"));
    let _reference = Ref::with_callback(&object, log.noting("second"));
    finalize(&object, noting("third"));
    assert_eq!((Rc::strong_count(&object), Rc::weak_count(&object)), (1, 3));
    drop(object);
    assert_eq!(log.take(), ["third", "second", "first"]);
}

/// S29, S30: a call gives the result, which is of one thread, and ends it; `detach` gives back function and object.
#[test]
fn is_called_or_detached_once() {
    let object = item(1);
    let finalizer = finalize(&object, || Rc::new(5));
    let clone = finalizer.clone();
    assert!(clone.ptr_eq(&finalizer) && clone.alive() && clone.atexit());
    assert!(Rc::ptr_eq(&finalizer.peek().unwrap(), &object));
    assert_eq!(clone.call(), Some(Rc::new(5)));
    assert!(!finalizer.alive() && !finalizer.atexit() && finalizer.call().is_none());
    assert!(finalizer.peek().is_none() && finalizer.detach().is_none());

    let runs = Rc::new(Cell::new(0));
    let counter = Rc::clone(&runs);
    let finalizer = finalize(&object, move || counter.set(counter.get() + 1));
    finalizer.set_atexit(false);
    assert!(finalizer.alive() && !finalizer.atexit());
    let (detached, function) = finalizer.detach().unwrap();
    assert!(Rc::ptr_eq(&detached, &object) && !finalizer.alive());
    drop((detached, object));
    assert_eq!(runs.get(), 0);
    function();
    assert_eq!(runs.get(), 1);
    assert!(format!("{finalizer:?}").ends_with("(dead)"));
}

/// S5, S29: a panic in a call is the caller's; at the death it is reported, also that of a result or of what is owned.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no unwinding")]
fn panics_are_reported() {
    reports();
    let log = Log::default();
    let object = item(1);
    let noted = log.clone();
    finalize(&object, move || noted.note("oldest"));
    finalize(&object, || panic!("function"));
    finalize(&object, || OnDrop::new(|| panic!("result")));
    let owned = OnDrop::new(|| panic!("owned"));
    finalize(&object, move || {
        let _owned = &owned;
    });
    let called: Finalizer<_, ()> = finalize(&object, || panic!("mine"));
    let panic = catch_unwind(AssertUnwindSafe(|| called.call()));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"mine"));
    assert!(!called.alive());
    drop(object);
    assert_eq!(reports(), ["owned", "result", "function"]);
    assert_eq!(log.take(), ["oldest"]);
}

/// S29, S33: a function may use its own finalizer, create others, and be the death of other objects.
#[test]
fn functions_may_do_anything() {
    let log = Log::default();
    let (object, other) = (item(1), item(2));
    let noted = log.clone();
    finalize(&other, move || noted.note("other"));
    let own = Rc::new(RefCell::new(None::<Finalizer<Tracked<u32>>>));
    let (cell, noted) = (Rc::clone(&own), log.clone());
    let finalizer = finalize(&object, move || {
        let own = cell.take().unwrap();
        assert!(!own.alive() && own.call().is_none() && own.peek().is_none());
        let fresh: Rc<dyn WeakReferenceable> = item(3);
        let inner = noted.clone();
        finalize(&fresh, move || inner.note("fresh"));
        drop(fresh);
        drop(other);
        noted.note("end");
    });
    own.replace(Some(finalizer));
    drop(object);
    assert_eq!(log.take(), ["fresh", "other", "end"]);
}

/// S29, S33: between the beginning of its object's death and its turn, a finalizer can be called, not detached.
#[test]
fn between_the_death_and_its_turn() {
    let object = item(1);
    let finalizer = finalize(&object, || 7);
    let (called, seen) = (finalizer.clone(), Rc::new(Cell::new(None)));
    let result = Rc::clone(&seen);
    let _newer = Ref::with_callback(&object, move |_| {
        assert!(called.alive() && called.atexit() && called.peek().is_none());
        assert!(called.detach().is_none());
        result.set(called.call());
    });
    drop(object);
    assert_eq!((seen.get(), finalizer.alive()), (Some(7), false));
}

/// What was told by a thread that has ended, in order, and which it was.
fn told_by(thread: impl FnOnce(&Teller) + Send + 'static) -> (Vec<String>, ThreadId) {
    let (tell, told): (Sender<String>, Receiver<String>) = channel();
    let running = thread::spawn(move || thread(&Teller(tell)));
    let id = running.thread().id();
    running.join().unwrap();
    (told.try_iter().collect(), id)
}

#[derive(Clone)]
struct Teller(Sender<String>);

impl Teller {
    fn tell(&self, event: impl Into<String>) {
        self.0.send(event.into()).unwrap();
    }

    /// A finalizer that tells an event, of an object that never dies.
    fn at_the_end(&self, event: impl Into<String>) -> Finalizer<Tracked<()>> {
        let (teller, event) = (self.clone(), event.into());
        at_the_end(move || teller.tell(event))
    }
}

/// A finalizer of an object that never dies.
#[inline(never)]
fn at_the_end<R: 'static>(function: impl FnOnce() -> R + 'static) -> Finalizer<Tracked<()>, R> {
    let object = Rc::new(Tracked::new(()));
    let finalizer = finalize(&object, function);
    mem::forget(object);
    finalizer
}

/// S31, S32: what is alive when the thread ends runs, newest first, whether anybody keeps it or not, but for what is
/// excluded, ended or detached.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn run_at_the_end_of_their_thread() {
    thread_local! {
        static KEPT: RefCell<Vec<Finalizer<Tracked<()>>>> = const { RefCell::new(Vec::new()) };
    }

    let (told, _) = told_by(|teller| {
        teller.at_the_end("1");
        let (excluded, inner) = (teller.clone(), teller.clone());
        let owned = OnDrop::new(move || inner.tell("what the excluded owned"));
        let excluded = at_the_end(move || {
            excluded.tell("excluded");
            drop(owned);
        });
        excluded.set_atexit(false);
        drop(excluded);
        let back = teller.at_the_end("2");
        back.set_atexit(false);
        back.set_atexit(true);
        assert!(teller.at_the_end("called").call().is_some());
        drop(teller.at_the_end("detached").detach());
        KEPT.with_borrow_mut(|kept| kept.push(teller.at_the_end("3")));
        let object = item(1);
        let inner = teller.clone();
        finalize(&object, move || inner.tell("died"));
        drop(object);
        teller.tell("end");
    });
    let expected = [
        "called",
        "died",
        "end",
        "3",
        "2",
        "1",
        "what the excluded owned",
    ];
    assert_eq!(told, expected);
}

/// S31: also where the thread panics.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn run_at_the_end_of_a_thread_that_panics() {
    let (tell, told) = channel();
    let thread = thread::spawn(|| {
        let teller = Teller(tell);
        teller.at_the_end("run");
        std::panic::resume_unwind(Box::new("expected"));
    });
    assert!(thread.join().is_err());
    assert!(told.try_iter().eq(["run"]));
}

/// S31: those that finalizers create run, too, each as the newest; what a finalizer allows again has its turn; and one that
/// asks for it dies in between.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn finalizers_create_finalizers_at_the_end() {
    fn create(teller: &Teller, name: String) {
        let teller = teller.clone();
        at_the_end(move || {
            teller.tell(&*name);
            if name.len() < 4 {
                create(&teller, format!("{name}.2"));
                create(&teller, format!("{name}.3"));
            }
        });
    }

    let (told, _) = told_by(|teller| {
        let late = teller.at_the_end("late");
        late.set_atexit(false);
        teller.at_the_end("1");
        create(teller, "2".into());
        let (dying, inner) = (item(1), teller.clone());
        finalize(&dying, move || inner.tell("died"));
        let inner = teller.clone();
        at_the_end(move || {
            late.set_atexit(true);
            drop(dying);
            inner.tell("3");
        });
    });
    let expected = [
        "died", "3", "2", "2.3", "2.3.3", "2.3.2", "2.2", "2.2.3", "2.2.2", "1", "late",
    ];
    assert_eq!(told, expected);
}

/// S5, S31: panics at the end of a thread are reported in it, and the rest still run.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn panics_at_the_end_of_a_thread_are_reported() {
    reports();
    let (told, thread) = told_by(|teller| {
        teller.at_the_end("oldest");
        at_the_end(|| panic!("function"));
        at_the_end(|| OnDrop::new(|| panic!("result")));
        teller.at_the_end("newest");
    });
    assert_eq!(told, ["newest", "oldest"]);
    assert_eq!(reports_of(thread), ["result", "function"]);
}

/// S5: so do those of what finalizers own that do not run: each is dropped, whatever the others do.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn what_the_excluded_own_may_panic() {
    reports();
    let (told, thread) = told_by(|teller| {
        for name in ["older", "newer"] {
            let teller = teller.clone();
            let owned = OnDrop::new(move || {
                teller.tell(name);
                panic!("{name}");
            });
            at_the_end(move || drop(owned)).set_atexit(false);
        }
    });
    assert_eq!(told, ["newer", "older"]);
    assert_eq!(reports_of(thread), ["newer", "older"]);
}

/// Runs something when it is dropped as a thread-local.
struct AtEnd(RefCell<Option<Box<dyn FnOnce()>>>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run();
        }
    }
}

thread_local! {
    /// Made before the first finalizer, and after: whatever the order, one of them goes after the run.
    static BEFORE: AtEnd = const { AtEnd(RefCell::new(None)) };
    static AFTER: AtEnd = const { AtEnd(RefCell::new(None)) };
    static HAS_RUN: Cell<bool> = const { Cell::new(false) };
}

/// S29, S31: what comes after the run of a thread is inert: it can be asked, called and detached, but nothing runs. Callbacks
/// and evictions go on.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn inert_after_the_end() {
    fn assert_inert(teller: &Teller, excluded: &Finalizer<Tracked<()>>) {
        assert!(excluded.alive());
        assert!(excluded.call().is_none() && !excluded.alive());
        let object = item(1);
        let owned = teller.clone();
        let dropped = OnDrop::new(move || owned.tell("what it owned"));
        let inner = teller.clone();
        let fresh = finalize(&object, move || {
            inner.tell("never");
            drop(dropped);
        });
        assert!(fresh.alive() && fresh.atexit() && fresh.peek().is_some());
        let inner = teller.clone();
        let (_, function) = finalize(&object, move || inner.tell("detached"))
            .detach()
            .unwrap();
        function();
        let inner = teller.clone();
        let _reference = Ref::with_callback(&object, move |_| inner.tell("callback"));
        drop(object);
        assert!(!fresh.alive() && fresh.call().is_none());
        // Nor is it kept.
        let inner = teller.clone();
        let dropped = OnDrop::new(move || inner.tell("what nobody keeps"));
        drop(at_the_end(move || drop(dropped)));
        teller.tell("inert");
    }

    let (told, _) = told_by(|teller| {
        let excluded = Rc::new(RefCell::new(None));
        let at_end = |local: &AtEnd| {
            let (teller, excluded) = (teller.clone(), Rc::clone(&excluded));
            local.0.replace(Some(Box::new(move || {
                if HAS_RUN.get() {
                    if let Some(excluded) = excluded.take() {
                        assert_inert(&teller, &excluded);
                    }
                }
            })));
        };
        BEFORE.with(at_end);
        let finalizer = teller.at_the_end("excluded");
        finalizer.set_atexit(false);
        excluded.replace(Some(finalizer));
        let inner = teller.clone();
        at_the_end(move || {
            HAS_RUN.set(true);
            inner.tell("run");
        });
        AFTER.with(at_end);
    });
    let expected = [
        "run",
        "detached",
        "callback",
        "what it owned",
        "what nobody keeps",
        "inert",
    ];
    assert_eq!(told, expected);
}

/// S31: the end of one thread is not that of another.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "no threads")]
fn each_thread_has_its_own() {
    let log = Log::default();
    let object = item(1);
    let noted = log.clone();
    let finalizer = finalize(&object, move || noted.note("mine"));
    let (told, _) = told_by(|teller| drop(teller.at_the_end("its")));
    assert_eq!((told, finalizer.alive()), (vec!["its".into()], true));
    drop(object);
    assert_eq!(log.take(), ["mine"]);
}
