//! [`Proxy`]: a weak reference that is used like its referent.
//!
//! A view of a [`Ref`], with no state of its own. Each use upgrades, works on the object, and lets go:
//! the object may thus die at the end of any use, in the thread that made it.

use crate::callable::Callable;
use crate::drop_first::drop_first;
use crate::error::ReferenceError;
use crate::owner::Watchable;
use crate::rc;
use crate::reference::Ref;
use crate::slot::WeakReferenceable;
use std::any::type_name;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// Stands for an object without keeping it alive: [`crate::Proxy`], or [`crate::rc::Proxy`].
pub struct Proxy<O: Watchable> {
    reference: Ref<O>,
}

impl<O: Watchable> Proxy<O> {
    /// The proxy of `referent` without a callback.
    #[must_use]
    pub fn new(referent: &O) -> Self {
        Ref::new(referent).into()
    }

    /// The referent.
    ///
    /// # Errors
    /// If it is dead.
    #[inline]
    pub fn get(&self) -> Result<O, ReferenceError> {
        self.reference.upgrade().ok_or(ReferenceError::new())
    }

    /// Runs `work` on the referent, which lives at least as long, and gives the result.
    ///
    /// # Errors
    /// If the referent is dead.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce(&O::Target) -> R) -> Result<R, ReferenceError> {
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
    pub fn call<Args>(
        &self,
        args: Args,
    ) -> Result<<O::Target as Callable<Args>>::Output, ReferenceError>
    where
        O::Target: Callable<Args>,
    {
        self.with(|referent| referent.invoke(args))
    }

    /// The weak reference behind the proxy.
    #[inline]
    #[must_use]
    pub fn reference(&self) -> &Ref<O> {
        &self.reference
    }
}

impl<T: ?Sized + WeakReferenceable> Proxy<Arc<T>> {
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
        Ref::<Arc<T>>::with_callback(referent, move |dead| callback(&dead.clone().into())).into()
    }
}

impl<T: ?Sized + rc::WeakReferenceable> Proxy<Rc<T>> {
    /// A proxy of `referent` which calls `callback` with the dead proxy when the referent dies.
    ///
    /// The rules are those of [`Ref::with_callback`] (S2 to S5).
    #[must_use = "the callback goes with the proxy"]
    pub fn with_callback(referent: &Rc<T>, callback: impl FnOnce(&Self) + 'static) -> Self {
        Ref::<Rc<T>>::with_callback(referent, move |dead| callback(&dead.clone().into())).into()
    }
}

impl<O: Watchable> From<Ref<O>> for Proxy<O> {
    fn from(reference: Ref<O>) -> Self {
        Self { reference }
    }
}

impl<O: Watchable> Clone for Proxy<O> {
    fn clone(&self) -> Self {
        self.reference.clone().into()
    }
}

/// Not as the referent, which may know the proxy and would print itself for ever.
impl<O: Watchable> fmt::Debug for Proxy<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.reference.is_alive() {
            "alive"
        } else {
            "dead"
        };
        write!(f, "Proxy<{}>({state})", type_name::<O::Target>())
    }
}

impl<O: Watchable<Target: fmt::Display>> fmt::Display for Proxy<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Ok(referent) => referent.fmt(f),
            Err(dead) => dead.fmt(f),
        }
    }
}

impl<O: Watchable<Target: PartialEq>> PartialEq for Proxy<O> {
    fn eq(&self, other: &Self) -> bool {
        matches!((self.get(), other.get()), (Ok(one), Ok(other)) if *one == *other)
    }
}

impl<O: Watchable<Target: PartialOrd>> PartialOrd for Proxy<O> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (*self.get().ok()?).partial_cmp(&*other.get().ok()?)
    }
}

/// The proxy's referent beside a value.
macro_rules! beside_values {
    ($($owner:ident of $referent:path;)*) => {$(
        impl<T: ?Sized + $referent + PartialEq> PartialEq<T> for Proxy<$owner<T>> {
            fn eq(&self, other: &T) -> bool {
                self.get().is_ok_and(|referent| *referent == *other)
            }
        }

        impl<T: ?Sized + $referent + PartialOrd> PartialOrd<T> for Proxy<$owner<T>> {
            fn partial_cmp(&self, other: &T) -> Option<Ordering> {
                (*self.get().ok()?).partial_cmp(other)
            }
        }
    )*};
}

beside_values! {
    Arc of WeakReferenceable;
    Rc of rc::WeakReferenceable;
}
