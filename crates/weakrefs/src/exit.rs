//! The registry of the finalizers that are alive, and their running at exit (S31).
//!
//! # Protocol
//! - The registry holds every finalizer from its creation until it ends, so that one fires even if
//!   nobody keeps it (S32). It is never torn down: threads may go on when the process exits.
//! - A finalizer *ends* (by death, a call, `detach`, or exit) when its task is taken, under the
//!   finalizer's own lock, and leaves the registry after that. The lock of the registry is never held
//!   together with another, and nothing of the user's runs under it.
//! - One thread at a time is the *runner* of the exit. It takes the newest finalizer out, runs it, and
//!   looks again, until none is left. Those that it creates itself by that go the same way.
//! - What *other* threads create meanwhile must not keep the process from exiting, so it is set aside,
//!   as are finalizers that are not to run at exit. When all others have run, those set aside that are
//!   by then to run have their turn, once.
//! - A second thread that wants to run the exit waits for the runner. The runner itself (a finalizer
//!   that calls [`run_exit_finalizers`]) runs what is left, and then goes on with the outer run.
//! - With the last one the registry is *shut down*: no finalizer runs from then on. Who ends a finalizer
//!   otherwise asks for that *before* taking the task: a task that was taken is run, even if the
//!   runner, who did not find it any more, is done first.
//! - Finalizers of objects that stay in one thread are in a registry of that ([`local`]), and run first.
//! - A *forked* process has one thread and its own copy of all of it, and runs what it inherited when it
//!   exits. [Locks](lock) that it cannot have it does without, and it does not wait for a runner of the
//!   other process.

#[cfg(all(test, unix, not(miri)))]
pub(crate) mod forks;
#[cfg_attr(any(target_os = "unknown", miri), path = "exit/no_hook.rs")]
mod hook;
pub(crate) mod local;
mod lock;
mod registry;

pub(crate) use self::lock::{Locking, Mutex, MutexGuard};

use self::lock::Condvar;
use self::registry::Registry;
use crate::no_room::no_room;
use crate::sync::statics;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

/// A finalizer, as the registry sees it.
pub(crate) trait AtExit {
    /// Whether to run it at exit. Takes no lock.
    fn atexit(&self) -> bool;

    /// Runs the finalizer, unless it has ended, and catches what it panics with.
    fn run(&self, locking: Locking);
}

/// Why the finalizers are run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Somebody asked for it.
    Call,
    /// The process exits.
    Exit,
}

/// The finalizers of all threads, and how far their running is.
struct Finalizers {
    registry: Registry<Arc<dyn AtExit + Send + Sync>>,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    Open,
    Running(Runner),
    ShutDown,
}

/// A thread of a process.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Runner {
    process: u32,
    thread: usize,
}

statics! {
    static REGISTRY: Mutex<Finalizers> = Mutex::new(Finalizers {
        registry: Registry::new(),
        phase: Phase::Open,
    });

    /// Whether the registry has been shut down: for those who do not lock it. Changed under its lock.
    static IS_SHUT_DOWN: AtomicBool = AtomicBool::new(false);

    /// Told when the registry has been shut down.
    static SHUT_DOWN: Condvar = Condvar::new();
}

/// Keeps a finalizer that has just been created.
pub(crate) fn register(finalizer: Arc<dyn AtExit + Send + Sync>) {
    // A model's registry is gone when the process exits.
    if cfg!(not(shuttle)) {
        hook::install();
    }
    let mut finalizers = REGISTRY.lock();
    let runs_now = match finalizers.phase {
        Phase::Running(runner) => runner == Runner::current(),
        Phase::Open | Phase::ShutDown => true,
    };
    let registered = finalizers.registry.add(finalizer, runs_now);
    drop(finalizers);
    if let Err(refused) = registered {
        drop(refused);
        no_room();
    }
}

/// Lets go of a finalizer that has ended.
pub(crate) fn unregister(at: *const ()) {
    let mut finalizers = REGISTRY.lock();
    let entry = finalizers.registry.remove(at);
    drop(finalizers);
    drop(entry);
}

/// Whether no finalizer is to run any more.
pub(crate) fn is_shut_down() -> bool {
    IS_SHUT_DOWN.load(Ordering::Acquire)
}

/// The number of this process. WebAssembly has none, so that to ask would be a panic: no process forks there.
fn process_id() -> u32 {
    if cfg!(target_family = "wasm") {
        0
    } else {
        std::process::id()
    }
}

impl Runner {
    #[cfg(shuttle)]
    fn current() -> Self {
        Self {
            process: process_id(),
            thread: crate::sync::current_thread().into(),
        }
    }

    #[cfg(not(shuttle))]
    fn current() -> Self {
        thread_local! {
            /// Its address tells threads apart. It has no destructor, and so is there to the end.
            static MARK: u8 = const { 0 };
        }

        let thread = MARK.try_with(|mark| std::ptr::from_ref(mark).addr());
        Self {
            process: process_id(),
            thread: thread.unwrap_or(0),
        }
    }
}

/// Runs every finalizer that is alive and has not been excluded by `set_atexit(false)`, newest first,
/// until none is left; after that, every finalizer is inert (S31).
///
/// Those that finalizers create meanwhile run, too, and so do, once, those that other threads have
/// created meanwhile when all others have run. A panic goes to the
/// [unraisable hook](crate::set_unraisable_hook), and the rest still run. Then no finalizer runs any
/// more, whatever happens to its object: a call gives `None`, also of those created later.
///
/// There is mostly no need to call it: the process does when it exits, by `atexit`, whether `main`
/// returns or some thread calls [`std::process::exit`]. It does *not* when the process is aborted or
/// killed, or the panic strategy is `abort`. At that time thread-locals with destructors are gone from
/// the exiting thread, so that an early run, by this function or an [`exit_guard`], suits finalizers
/// better that need them. Handlers that others have registered with `atexit` since the first finalizer
/// was created run before, older ones after.
///
/// Of objects that stay in their thread, those in an [`Rc`](crate::rc), the finalizers of the calling thread run, before the
/// others, and are inert after that, too.
///
/// Called in several threads at once, one runs the finalizers and the others wait for it. Called by a
/// finalizer that runs at exit, it runs what is left and returns. A finalizer must not wait for a
/// thread that runs the finalizers or exits, as that waits for the finalizer. Nor should it call
/// `std::process::exit`: the call is fine in a run by this function or a guard, which the exit then
/// completes, but when the process exits already it aborts.
///
/// A forked process inherits the finalizers, and runs its copies when it exits (but not by `_exit`).
/// If another thread was just at work in the registry or a finalizer when the process was forked, the
/// fork never gets hold of that: after a second it exits without what it cannot have, rather than hang.
///
/// Cost: O(1) for each finalizer.
///
/// ```standalone_crate
/// use std::sync::Arc;
/// use weakrefs::{Tracked, finalize, run_exit_finalizers};
///
/// let object = Arc::new(Tracked::new("connection"));
/// let finalizer = finalize(&object, || println!("closed"));
/// run_exit_finalizers(); // closed
/// assert!(!finalizer.alive());
/// drop(object); // not again
/// ```
pub fn run_exit_finalizers() {
    run(Reason::Call);
}

fn run(reason: Reason) {
    let locking = Locking::current();
    // Before those of this thread run: a run that one of them asks for is a part of this one.
    let begun = begin(locking);
    local::run();
    let Some(is_outermost) = begun else {
        return;
    };
    let mut recalled = false;
    while let Some(mut finalizers) = REGISTRY.lock_as(locking) {
        if let Some(finalizer) = finalizers.registry.next(&mut recalled) {
            drop(finalizers);
            if locking == Locking::Forked {
                // What its lock covers may be beyond use, and is not to be dropped.
                mem::forget(Arc::clone(&finalizer));
            }
            finalizer.run(locking);
        } else {
            if is_outermost || reason == Reason::Exit {
                finalizers.phase = Phase::ShutDown;
                IS_SHUT_DOWN.store(true, Ordering::Release);
                SHUT_DOWN.notify_all();
            }
            return;
        }
    }
}

/// Makes this thread the runner, and gives whether it was not before; or `None` once another one has
/// shut the registry down.
fn begin(locking: Locking) -> Option<bool> {
    let this = Runner::current();
    let mut finalizers = REGISTRY.lock_as(locking)?;
    loop {
        match finalizers.phase {
            Phase::ShutDown => return None,
            Phase::Running(runner) if runner == this => return Some(false),
            Phase::Running(runner) if runner.process == this.process => {
                let waited = SHUT_DOWN.wait(finalizers);
                finalizers = waited.unwrap_or_else(PoisonError::into_inner);
            }
            Phase::Open | Phase::Running(_) => {
                finalizers.phase = Phase::Running(this);
                return Some(true);
            }
        }
    }
}

/// Runs the finalizers when it is dropped: for `main` (S31).
///
/// Made by [`exit_guard`].
#[derive(Debug)]
#[must_use = "dropped at once, it runs the finalizers at once"]
pub struct ExitGuard(());

/// Gives a guard that [runs the finalizers](run_exit_finalizers) when `main` ends, also by a panic.
///
/// Make it first, and it is dropped last: after the other locals of `main`, and, unlike the handler
/// that the process runs later, before the thread-locals of the main thread. From then on finalizers
/// are inert. The guard is not needed for finalizers to run at all, and does nothing at
/// [`std::process::exit`], which has the handler.
///
/// ```standalone_crate
/// use std::sync::Arc;
/// use weakrefs::{Tracked, exit_guard, finalize};
///
/// fn main() {
///     let _guard = exit_guard();
///     let object = Arc::new(Tracked::new("temporary directory"));
///     finalize(&object, || println!("removed"));
///     std::mem::forget(object);
/// } // removed
/// ```
pub fn exit_guard() -> ExitGuard {
    ExitGuard(())
}

impl Drop for ExitGuard {
    fn drop(&mut self) {
        run_exit_finalizers();
    }
}
