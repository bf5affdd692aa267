//! The handler that the process runs when it exits: the one call into C of this crate.
#![allow(
    unsafe_code,
    reason = "`atexit` is C's, and Rust has nothing in its place"
)]

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// The process in which the handler was registered; 0 before.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Registers the handler, the first time.
///
/// It fails only for want of memory; an [exit guard](crate::exit_guard) works even then.
#[inline]
pub(super) fn install() {
    static INSTALLED: Once = Once::new();

    INSTALLED.call_once(|| {
        PROCESS.store(super::process_id(), Ordering::Relaxed);
        // SAFETY: `at_exit` has the type that `atexit` asks for, lives as long as the process (a
        // library that is unloaded has its handlers run first, by its own `atexit`), and does not
        // unwind.
        let _ = unsafe { libc::atexit(at_exit) };
    });
}

/// Whether this process was forked off the one in which the handler was registered.
pub(super) fn is_fork() -> bool {
    ![0, super::process_id()].contains(&PROCESS.load(Ordering::Relaxed))
}

/// Thread-locals may be gone, and other threads go on. Unwinding ends at the latest here, by an
/// abort: `run` catches each finalizer's.
extern "C" fn at_exit() {
    super::run(super::Reason::Exit);
}
