//! State behind a shared reference: [`Guarded`] for what changes as a whole, [`Flag`] and [`Number`] for what changes by
//! itself. (Single references are in [slots](super::owned::Slot).)
//!
//! On an interpreter with a global lock that lock serialises the threads, and a borrow flag turns re-entry (a bug of
//! this package) into an abort instead of corruption; on a free-threaded one a [lock](super::lock) serialises
//! them, or lets readers go side by side where the state is [`Shared`].
//!
//! The rule for all callers: the closure given to [`Guarded::with`], and who holds a [`Reader`], runs no code that could run
//! Python. It does not drop, hash, compare, call or allocate Python objects; it moves pointers and
//! counts references up. What it takes out is dropped afterwards.

#![allow(unsafe_code, reason = "sharing state between threads")]

use super::lock::{Hold, Lock, Wide};
use pyo3::Python;
#[cfg(not(Py_GIL_DISABLED))]
use std::cell::{RefCell, RefMut};
use std::mem;
use std::sync::atomic::{
    AtomicBool, AtomicIsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
#[cfg(Py_GIL_DISABLED)]
use {super::lock::Reading, std::cell::UnsafeCell, std::ops::Deref};

#[cfg(not(Py_GIL_DISABLED))]
type State<T> = RefCell<T>;
#[cfg(Py_GIL_DISABLED)]
type State<T> = UnsafeCell<T>;

/// State that is changed only while the thread is attached to the interpreter.
pub(crate) struct Guarded<T, L = Lock> {
    lock: L,
    state: State<T>,
}

/// The same for what many threads may read at once.
pub(crate) type Shared<T> = Guarded<T, Wide>;

// SAFETY: the state is reached through `with` and `read`, whose callers prove with a `Python` token that their
// thread holds the GIL, and through `inspect`, which the garbage collector calls while it holds the
// GIL. Nothing in between releases it, because it runs no Python code. So the accesses of two
// threads never overlap; `T: Send` lets them take turns. Without a GIL, all hold the lock; readers may
// do so at once, and `T: Sync` lets them.
unsafe impl<T: Send> Sync for Guarded<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Guarded<T> {
    pub(crate) const fn new(state: T) -> Self {
        Self {
            lock: Lock::new(),
            state: State::new(state),
        }
    }
}

impl<T, L: Hold> Guarded<T, L> {
    /// Runs `work` on the state. `work` must not run Python code (see the module's rule).
    #[inline(always)]
    pub(crate) fn with<R>(&self, _py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(not(Py_GIL_DISABLED))]
        return work(&mut self.state.borrow_mut());
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: the lock is held, and nothing else reaches the state. By the module's rule `work` does not come back here.
        return self
            .lock
            .hold(_py, || work(unsafe { &mut *self.state.get() }));
    }

    /// Looks at the state during a garbage collection, which has no token.
    ///
    /// `None` if the state is in use: its objects then count as referenced from outside, and stay.
    pub(crate) fn inspect<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        #[cfg(not(Py_GIL_DISABLED))]
        return self.state.try_borrow().ok().map(|state| look(&state));
        #[cfg(Py_GIL_DISABLED)]
        // SAFETY: the lock keeps out who would change it.
        return self.lock.try_look(|| look(unsafe { &*self.state.get() }));
    }
}

/// What a thread reads: beside others, where they can run at once.
#[cfg(not(Py_GIL_DISABLED))]
pub(crate) type Reader<'a, T> = RefMut<'a, T>;
#[cfg(Py_GIL_DISABLED)]
pub(crate) struct Reader<'a, T> {
    state: &'a T,
    /// Nobody changes the state meanwhile.
    _reading: Reading<'a>,
}

#[cfg(Py_GIL_DISABLED)]
impl<T> Deref for Reader<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        self.state
    }
}

impl<T> Shared<T> {
    pub(crate) const fn shared(state: T) -> Self {
        Self {
            lock: Wide::new(),
            state: State::new(state),
        }
    }

    /// The state, to be read. Until the result is dropped, no Python code may run (see the module's rule).
    #[inline(always)]
    pub(crate) fn read<'a>(&'a self, _py: Python<'a>) -> Reader<'a, T> {
        #[cfg(not(Py_GIL_DISABLED))]
        return self.state.borrow_mut();
        #[cfg(Py_GIL_DISABLED)]
        return Reader {
            _reading: self.lock.read(_py),
            // SAFETY: the lock is held, and nothing changes the state.
            state: unsafe { &*self.state.get() },
        };
    }

    /// Takes the state out, for the caller to drop, and leaves nothing behind that owns memory.
    ///
    /// # Safety
    /// Nobody else uses it, or will.
    pub(crate) unsafe fn close(&self, py: Python<'_>) -> T
    where
        T: Default,
    {
        let state = self.with(py, mem::take);
        // SAFETY: the caller's promise.
        unsafe { self.lock.narrow() }
        state
    }

    /// The memory of the lock, in bytes.
    pub(crate) fn allocated_bytes(&self) -> usize {
        self.lock.allocated_bytes()
    }
}
/// Yes or no. Zeroed memory is no.
#[derive(Default)]
#[repr(transparent)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    #[inline]
    pub(crate) fn get(&self) -> bool {
        self.0.load(Acquire)
    }

    #[inline]
    pub(crate) fn set(&self, value: bool) {
        self.0.store(value, Release);
    }

    /// Sets it, and gives what it was: of several threads, one gets that.
    #[inline]
    pub(crate) fn replace(&self, value: bool) -> bool {
        if cfg!(Py_GIL_DISABLED) {
            return self.0.swap(value, AcqRel);
        }
        // No other thread is in between.
        let before = self.get();
        self.set(value);
        before
    }
}

/// A number. Zeroed memory is zero.
#[derive(Default)]
#[repr(transparent)]
pub(crate) struct Number(AtomicIsize);

impl Number {
    #[inline]
    pub(crate) fn get(&self) -> isize {
        self.0.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set(&self, value: isize) {
        self.0.store(value, Relaxed);
    }
}
