//! [`WeakMethod`]: a weak reference to a method of one object.
//!
//! A [`Ref`] to the object and the function, behind a trait that forgets its type: methods of equal
//! signature are of one type and go into one list. The allocation of the function, which clones
//! share, is the identity of a dead `WeakMethod`; the `Ref` cannot be, as it may be shared (S6).

use crate::callable::{Arguments, Method};
use crate::drop_first::drop_first;
use crate::owner::Watchable;
use crate::owner::sealed::{Kind, Owner};
use crate::rc;
use crate::reference::Ref;
use crate::slot::WeakReferenceable;
use std::any::{TypeId, type_name};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// A method whose type is forgotten.
pub trait Function<T: ?Sized, Args: Arguments, R> {
    fn call<'a>(&self, object: &T, args: Args::Of<'a>) -> R
    where
        Args: 'a;

    /// The type that makes it the same function as any other of this type: one without state.
    fn kind(&self) -> Option<TypeId>;
}

impl<T: ?Sized, Args, M> Function<T, Args, M::Output> for M
where
    M: Method<T, Args> + 'static,
    Args: Arguments,
{
    fn call<'a>(&self, object: &T, args: Args::Of<'a>) -> M::Output
    where
        Args: 'a,
    {
        self.invoke(object, args)
    }

    fn kind(&self) -> Option<TypeId> {
        (size_of::<M>() == 0).then(TypeId::of::<M>)
    }
}

/// The function, owned as the object is.
type AnyFunction<O, Args, R> = <<O as Owner>::Kind as Kind>::Strong<
    <<O as Owner>::Kind as Kind>::Method<<O as Deref>::Target, Args, R>,
>;

/// A weak reference to a method of an object: [`crate::WeakMethod`], or [`crate::rc::WeakMethod`].
pub struct WeakMethod<O: Watchable, Args: Arguments, R = ()> {
    object: Ref<O>,
    function: AnyFunction<O, Args, R>,
}

impl<T: ?Sized + WeakReferenceable, Args: Arguments, R> WeakMethod<Arc<T>, Args, R> {
    /// A weak reference to `method` of `object`.
    ///
    /// For a trait object, write `<dyn Trait>::method`.
    #[must_use]
    pub fn new<M>(object: &Arc<T>, method: M) -> Self
    where
        M: Method<T, Args, Output = R> + Send + Sync + 'static,
    {
        Self {
            object: Ref::new(object),
            function: Arc::new(method),
        }
    }

    /// A weak reference to `method` of `object`, which calls `callback` with the dead `WeakMethod` when
    /// the object dies.
    ///
    /// It is called once; the rules are those of [`Ref::with_callback`] (S2 to S5).
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use weakrefs::{Tracked, WeakMethod};
    ///
    /// type Listener = WeakMethod<Tracked<String>, (), usize>;
    /// let listeners = Arc::new(Mutex::new(Vec::<Listener>::new()));
    ///
    /// let object = Arc::new(Tracked::new("abc".to_owned()));
    /// let list = Arc::clone(&listeners);
    /// let length = WeakMethod::with_callback(
    ///     &object,
    ///     |object: &Tracked<String>| object.len(),
    ///     move |dead| {
    ///         let mut list = list.lock().unwrap();
    ///         list.retain(|listener| !listener.is_same(dead));
    ///     },
    /// );
    /// listeners.lock().unwrap().push(length);
    ///
    /// drop(object);
    /// assert!(listeners.lock().unwrap().is_empty());
    /// ```
    #[must_use = "the callback goes with the reference"]
    pub fn with_callback<M>(
        object: &Arc<T>,
        method: M,
        callback: impl FnOnce(&Self) + Send + 'static,
    ) -> Self
    where
        M: Method<T, Args, Output = R> + Send + Sync + 'static,
        Args: 'static,
        R: 'static,
    {
        let function: AnyFunction<Arc<T>, Args, R> = Arc::new(method);
        let shared = Arc::clone(&function);
        let object = Ref::<Arc<T>>::with_callback(object, move |dead| {
            callback(&Self {
                object: dead.clone(),
                function: shared,
            });
        });
        Self { object, function }
    }
}

impl<T: ?Sized + rc::WeakReferenceable, Args: Arguments, R> WeakMethod<Rc<T>, Args, R> {
    /// A weak reference to `method` of `object`.
    ///
    /// ```
    /// use std::rc::Rc;
    /// use weakrefs::rc::{Tracked, WeakMethod};
    ///
    /// let object = Rc::new(Tracked::new(5));
    /// let add = WeakMethod::new(&object, |object: &Tracked<i32>, more: i32| **object + more);
    /// assert_eq!(add.call((2,)), Some(7));
    /// drop(object);
    /// assert_eq!(add.call((2,)), None);
    /// ```
    #[must_use]
    pub fn new<M>(object: &Rc<T>, method: M) -> Self
    where
        M: Method<T, Args, Output = R> + 'static,
    {
        Self {
            object: Ref::new(object),
            function: Rc::new(method),
        }
    }

    /// A weak reference to `method` of `object`, which calls `callback` with the dead `WeakMethod` when the object dies: once,
    /// by the rules of [`Ref::with_callback`] (S2 to S5).
    #[must_use = "the callback goes with the reference"]
    pub fn with_callback<M>(
        object: &Rc<T>,
        method: M,
        callback: impl FnOnce(&Self) + 'static,
    ) -> Self
    where
        M: Method<T, Args, Output = R> + 'static,
        Args: 'static,
        R: 'static,
    {
        let function: AnyFunction<Rc<T>, Args, R> = Rc::new(method);
        let shared = Rc::clone(&function);
        let object = Ref::<Rc<T>>::with_callback(object, move |dead| {
            callback(&Self {
                object: dead.clone(),
                function: shared,
            });
        });
        Self { object, function }
    }
}

impl<O: Watchable, Args: Arguments, R> WeakMethod<O, Args, R> {
    /// The method of the object, which it keeps alive, or `None` once that is dead.
    #[must_use]
    pub fn upgrade(&self) -> Option<BoundMethod<O, Args, R>> {
        Some(BoundMethod {
            object: self.object.upgrade()?,
            function: self.function.clone(),
        })
    }

    /// Calls the method with a tuple of arguments and gives the result, or `None` once the object is
    /// dead.
    #[inline]
    pub fn call(&self, args: Args::Of<'_>) -> Option<R> {
        let object = self.object.upgrade()?;
        let result = self.function.call(&object, args);
        Some(drop_first(object, result))
    }

    /// Whether the object is alive. It may die at any moment: to use it, [`upgrade`](Self::upgrade).
    #[inline]
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.object.is_alive()
    }

    /// The weak reference to the object.
    #[inline]
    #[must_use]
    pub fn reference(&self) -> &Ref<O> {
        &self.object
    }

    /// Whether both are the same method of the very same object, or clones of one another. Unlike `==`
    /// it does not ask the objects whether they are equal.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_clone(other) || self.equals(other, O::ptr_eq)
    }

    fn is_clone(&self, other: &Self) -> bool {
        self.function.ptr_eq(&other.function)
    }

    fn equals(&self, other: &Self, same: impl FnOnce(&O, &O) -> bool) -> bool {
        let kind = self.function.kind();
        kind.is_some()
            && kind == other.function.kind()
            && matches!(
                (self.object.upgrade(), other.object.upgrade()),
                (Some(one), Some(other)) if same(&one, &other)
            )
    }
}

impl<O: Watchable, Args: Arguments, R> Clone for WeakMethod<O, Args, R> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
            function: self.function.clone(),
        }
    }
}

impl<O: Watchable, Args: Arguments, R> fmt::Debug for WeakMethod<O, Args, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_alive() { "alive" } else { "dead" };
        write!(f, "WeakMethod<{}>({state})", type_name::<O::Target>())
    }
}

impl<O, Args, R> PartialEq for WeakMethod<O, Args, R>
where
    O: Watchable<Target: PartialEq>,
    Args: Arguments,
{
    fn eq(&self, other: &Self) -> bool {
        self.is_clone(other)
            || self.equals(other, |one, other| one.ptr_eq(other) || **one == **other)
    }
}

impl<O: Watchable<Target: Eq>, Args: Arguments, R> Eq for WeakMethod<O, Args, R> {}

impl<O: Watchable<Target: Hash>, Args: Arguments, R> Hash for WeakMethod<O, Args, R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.object.hash(state);
    }
}

/// A method of an object, which it keeps alive: [`crate::BoundMethod`], or [`crate::rc::BoundMethod`].
pub struct BoundMethod<O: Owner, Args: Arguments, R = ()> {
    object: O,
    function: AnyFunction<O, Args, R>,
}

impl<O: Owner, Args: Arguments, R> BoundMethod<O, Args, R> {
    /// Calls the method with a tuple of arguments.
    #[inline]
    pub fn call(&self, args: Args::Of<'_>) -> R {
        self.function.call(&self.object, args)
    }

    /// The object whose method it is.
    #[inline]
    #[must_use]
    pub fn object(&self) -> &O {
        &self.object
    }
}

impl<O: Owner, Args: Arguments, R> Clone for BoundMethod<O, Args, R> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
            function: self.function.clone(),
        }
    }
}

impl<O: Owner, Args: Arguments, R> fmt::Debug for BoundMethod<O, Args, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoundMethod<{}>", type_name::<O::Target>())
    }
}
