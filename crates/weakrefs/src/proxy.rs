//! [`Proxy`]: a weak reference that is used like its referent.
//!
//! A view of a [`Ref`], with no state of its own. Each use upgrades, works on the object, and lets go:
//! the object may thus die at the end of any use, in the thread that made it.

use crate::callable::Callable;
use crate::drop_first::drop_first;
use crate::error::ReferenceError;
use crate::reference::Ref;
use crate::slot::WeakReferenceable;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// Stands for an object without keeping it alive; every use after its death says so (S11).
///
/// It is displayed and compares as its referent; `Debug` says what it is, as `repr` does in Python. Rust has no forwarding of every method: [`with`](Self::with)
/// runs code on the object, [`call`](Self::call) calls it.
///
/// A dead proxy is displayed as the message of [`ReferenceError`], and equals nothing, not even itself.
/// Being neither `Eq` nor `Hash`, a proxy is no key; use its [`reference`](Self::reference).
///
/// Cost: that of a [`Ref`]; the plain proxy of an object shares the object's plain reference (S6), so
/// that [`count`](crate::count) sees one.
/// Thread-safety: `Send` and `Sync`; while a use lasts, the object lives.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Proxy, ReferenceError, Tracked};
///
/// # fn main() -> Result<(), ReferenceError> {
/// let object = Arc::new(Tracked::new("value"));
/// let proxy = Proxy::new(&object);
/// assert_eq!(proxy.with(|text| text.len())?, 5);
/// assert_eq!(proxy.to_string(), "value");
///
/// drop(object);
/// assert!(proxy.with(|text| text.len()).is_err());
/// # Ok(())
/// # }
/// ```
pub struct Proxy<T: ?Sized + WeakReferenceable> {
    reference: Ref<T>,
}

impl<T: ?Sized + WeakReferenceable> Proxy<T> {
    /// The proxy of `referent` without a callback.
    #[must_use]
    pub fn new(referent: &Arc<T>) -> Self {
        Ref::new(referent).into()
    }

    /// A proxy of `referent` which calls `callback` with the dead proxy when the referent dies.
    ///
    /// The rules are those of [`Ref::with_callback`] (S2 to S5).
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    /// use weakrefs::{Proxy, Tracked};
    ///
    /// let (sender, receiver) = mpsc::channel();
    /// let object = Arc::new(Tracked::new(1));
    /// let _proxy = Proxy::with_callback(&object, move |dead| {
    ///     sender.send(dead.to_string()).unwrap();
    /// });
    /// drop(object);
    /// assert_eq!(receiver.try_recv().unwrap(), "weakly-referenced object no longer exists");
    /// ```
    #[must_use = "the callback goes with the proxy"]
    pub fn with_callback(referent: &Arc<T>, callback: impl FnOnce(&Self) + Send + 'static) -> Self {
        Ref::with_callback(referent, move |dead| callback(&dead.clone().into())).into()
    }

    /// The referent.
    ///
    /// # Errors
    /// If it is dead.
    #[inline]
    pub fn get(&self) -> Result<Arc<T>, ReferenceError> {
        self.reference.upgrade().ok_or(ReferenceError::new())
    }

    /// Runs `work` on the referent, which lives at least as long, and gives the result.
    ///
    /// # Errors
    /// If the referent is dead.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce(&T) -> R) -> Result<R, ReferenceError> {
        let referent = self.get()?;
        let result = work(&referent);
        Ok(drop_first(referent, result))
    }

    /// Calls the referent, a [`Tracked`](crate::Tracked) function, with a tuple of arguments.
    ///
    /// # Errors
    /// If the referent is dead.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weakrefs::{Proxy, Tracked};
    ///
    /// let add = Arc::new(Tracked::new(|a: i32, b: i32| a + b));
    /// let proxy = Proxy::new(&add);
    /// assert_eq!(proxy.call((1, 2)), Ok(3));
    /// drop(add);
    /// assert!(proxy.call((1, 2)).is_err());
    /// ```
    pub fn call<Args>(&self, args: Args) -> Result<T::Output, ReferenceError>
    where
        T: Callable<Args>,
    {
        self.with(|referent| referent.invoke(args))
    }

    /// The weak reference behind the proxy.
    #[inline]
    #[must_use]
    pub fn reference(&self) -> &Ref<T> {
        &self.reference
    }
}

impl<T: ?Sized + WeakReferenceable> From<Ref<T>> for Proxy<T> {
    fn from(reference: Ref<T>) -> Self {
        Self { reference }
    }
}

impl<T: ?Sized + WeakReferenceable> Clone for Proxy<T> {
    fn clone(&self) -> Self {
        self.reference.clone().into()
    }
}

/// Not as the referent, which may know the proxy and would print itself for ever.
impl<T: ?Sized + WeakReferenceable> fmt::Debug for Proxy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.reference.is_alive() {
            "alive"
        } else {
            "dead"
        };
        write!(f, "Proxy<{}>({state})", std::any::type_name::<T>())
    }
}

impl<T: ?Sized + WeakReferenceable + fmt::Display> fmt::Display for Proxy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Ok(referent) => referent.fmt(f),
            Err(dead) => dead.fmt(f),
        }
    }
}

impl<T: ?Sized + WeakReferenceable + PartialEq> PartialEq for Proxy<T> {
    fn eq(&self, other: &Self) -> bool {
        matches!((self.get(), other.get()), (Ok(one), Ok(other)) if *one == *other)
    }
}

/// The proxy's referent beside a value.
impl<T: ?Sized + WeakReferenceable + PartialEq> PartialEq<T> for Proxy<T> {
    fn eq(&self, other: &T) -> bool {
        self.get().is_ok_and(|referent| *referent == *other)
    }
}

impl<T: ?Sized + WeakReferenceable + PartialOrd> PartialOrd for Proxy<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (*self.get().ok()?).partial_cmp(&*other.get().ok()?)
    }
}

/// The proxy's referent beside a value.
impl<T: ?Sized + WeakReferenceable + PartialOrd> PartialOrd<T> for Proxy<T> {
    fn partial_cmp(&self, other: &T) -> Option<Ordering> {
        (*self.get().ok()?).partial_cmp(other)
    }
}
