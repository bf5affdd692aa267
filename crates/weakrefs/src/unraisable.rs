//! Panics with nobody to propagate to: those of callbacks, of finalizers and of destructors that run
//! because something else died (S5).
//!
//! Each is caught where it happens and given to the hook, so that the others still run and the code
//! that dropped the object never notices.

use crate::exit::{Locking, Mutex};
use crate::sync::statics;
use std::any::Any;
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A panic that could not be raised where it happened.
pub struct Unraisable {
    payload: Box<dyn Any + Send>,
    context: &'static str,
}

impl Unraisable {
    /// What the code panicked with, as [`catch_unwind`] gives it.
    #[must_use]
    pub fn payload(&self) -> &(dyn Any + Send) {
        &*self.payload
    }

    /// The message, if the code panicked with one.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        let payload = self.payload();
        payload
            .downcast_ref::<&'static str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
    }

    /// What was being done, such as "calling the callback of a weak reference".
    #[must_use]
    pub fn context(&self) -> &'static str {
        self.context
    }
}

impl fmt::Debug for Unraisable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unraisable")
            .field("message", &self.message())
            .field("context", &self.context)
            .finish()
    }
}

impl fmt::Display for Unraisable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message().unwrap_or("Box<dyn Any>");
        write!(f, "panic ignored while {}: {message}", self.context)
    }
}

type Hook = Arc<dyn Fn(&Unraisable) + Send + Sync>;

statics! {
    static HOOK: Mutex<Option<Hook>> = Mutex::new(None);
}

/// Sets who is told of panics in callbacks, finalizers and destructors of evicted values (S5).
///
/// Without a hook they are printed to the standard error output. The hook is called in the thread in
/// which the panic happened, with no lock held; if it panics itself, that is printed. Rust's own
/// [panic hook](std::panic::set_hook) has run before.
///
/// Thread-safety: may be called at any time, also by the hook. Compare `sys.unraisablehook` in Python.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use weakrefs::{Ref, Tracked};
///
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let log = Arc::clone(&seen);
/// weakrefs::set_unraisable_hook(move |unraisable| {
///     log.lock().unwrap().push(unraisable.message().unwrap().to_owned());
/// });
///
/// let object = Arc::new(Tracked::new(1));
/// let _reference = Ref::with_callback(&object, |_| panic!("oh"));
/// drop(object); // the panic does not reach us
/// assert_eq!(*seen.lock().unwrap(), ["oh"]);
/// # weakrefs::reset_unraisable_hook();
/// ```
pub fn set_unraisable_hook(hook: impl Fn(&Unraisable) + Send + Sync + 'static) {
    replace_hook(Some(Arc::new(hook)));
}

/// Removes the hook: panics are printed to the standard error output again.
pub fn reset_unraisable_hook() {
    replace_hook(None);
}

fn replace_hook(hook: Option<Hook>) {
    let old = std::mem::replace(&mut *HOOK.lock(), hook);
    drop(old);
}

/// Runs code of the user's whose panic must not get out.
pub(crate) fn caught<R>(context: &'static str, run: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => Some(result),
        Err(payload) => {
            report(Unraisable { payload, context });
            None
        }
    }
}

#[cold]
fn report(unraisable: Unraisable) {
    let hook = HOOK
        .lock_as(Locking::current())
        .and_then(|hook| hook.clone());
    let told = match &hook {
        Some(hook) => catch_unwind(AssertUnwindSafe(|| hook(&unraisable))),
        None => {
            print(&unraisable);
            Ok(())
        }
    };
    if let Err(payload) = told {
        print(&unraisable);
        let second = Unraisable {
            payload,
            context: "calling the unraisable hook",
        };
        print(&second);
        drop_payload(second);
    }
    drop_payload(unraisable);
    // The last to know a hook that has been replaced meanwhile.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(hook))) {
        std::mem::forget(payload);
    }
}

/// Drops a payload. One whose own destructor panics is left alone from then on.
fn drop_payload(unraisable: Unraisable) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(unraisable))) {
        std::mem::forget(payload);
    }
}

/// Prints to the standard error output, unless that is closed.
fn print(unraisable: &Unraisable) {
    let _ = writeln!(std::io::stderr(), "weakrefs: {unraisable}");
}

#[cfg(all(test, unix, not(miri)))]
mod tests {
    use super::{HOOK, caught};
    use crate::exit::forks::{Process, holding};
    use crate::{Tracked, finalize};
    use std::sync::Arc;

    /// S5, S33: a fork that cannot have the hook prints, and goes on.
    #[test]
    fn a_fork_without_the_hook_goes_on() {
        // With the first finalizer the process is known from its forks.
        finalize(&Arc::new(Tracked::new(1)), || ());
        let panics = || {
            caught("testing", || panic!("expected"));
            Process::end(3);
        };
        let child = holding(|| HOOK.lock(), || Process::fork(panics));
        assert_eq!(child.exit_code(), 3);
    }
}
