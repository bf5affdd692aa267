//! [`WeakMethod`]: a weak reference to a method of one object.
//!
//! A [`Ref`] to the object and the function, behind a trait that forgets its type: methods of equal
//! signature are of one type and go into one list. The allocation of the function, which clones
//! share, is the identity of a dead `WeakMethod`; the `Ref` cannot be, as it may be shared (S6).

use crate::callable::{Arguments, Method};
use crate::drop_first::drop_first;
use crate::reference::Ref;
use crate::slot::WeakReferenceable;
use std::any::TypeId;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A method whose type is forgotten.
trait Function<T: ?Sized, Args: Arguments, R>: Send + Sync {
    fn call<'a>(&self, object: &T, args: Args::Of<'a>) -> R
    where
        Args: 'a;

    /// The type that makes it the same function as any other of this type: one without state.
    fn kind(&self) -> Option<TypeId>;
}

impl<T: ?Sized, Args, M> Function<T, Args, M::Output> for M
where
    M: Method<T, Args> + Send + Sync + 'static,
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

type AnyFunction<T, Args, R> = Arc<dyn Function<T, Args, R>>;

/// A weak reference to a method of an object (S28): for a list of callbacks that keeps none of its
/// subscribers alive.
///
/// `Args` is the tuple of the method's arguments after `&self`, `R` its result; different methods of
/// equal signature have the same type. One argument may be borrowed for the call: then `Args` is `fn(&A)` (see
/// [`Arguments`]). It is dead as soon as its object is (functions live for ever in
/// Rust). The method may be any function of `&T`, closures included.
///
/// Two are equal if both are alive, their objects are equal, and the function is the same; once one is
/// dead, only it and its clones are equal. The hash is the object's. Functions and closures without
/// state are the same if they are of one type; a closure that captures something and a function
/// pointer are the same only as their clones. For objects without equality, and to find the methods of
/// one object, there is [`is_same`](Self::is_same).
///
/// Cost: creation is one allocation beside those of the [`Ref`], a call is an upgrade and an indirect
/// call. It has part in the object's plain reference, which [`count`](crate::count) sees once.
/// Thread-safety: `Send` and `Sync`; what it calls runs in the calling thread.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{WeakMethod, WeakReferenceable, WeakSlot};
///
/// #[derive(WeakReferenceable)]
/// struct Button {
///     slot: WeakSlot,
///     name: &'static str,
/// }
///
/// impl Button {
///     fn clicked(&self, times: u32) -> String {
///         format!("{} {times}", self.name)
///     }
///
///     fn hovered(&self, _: u32) -> String {
///         "-".into()
///     }
/// }
///
/// let button = Arc::new(Button { slot: WeakSlot::new(), name: "OK" });
/// let listeners: Vec<WeakMethod<Button, (u32,), String>> = vec![
///     WeakMethod::new(&button, Button::clicked),
///     WeakMethod::new(&button, Button::hovered),
/// ];
/// assert_eq!(listeners[0].call((2,)).as_deref(), Some("OK 2"));
///
/// drop(button);
/// assert!(listeners.iter().all(|listener| !listener.is_alive()));
/// assert_eq!(listeners[0].call((2,)), None);
/// ```
pub struct WeakMethod<T: ?Sized + WeakReferenceable, Args: Arguments, R = ()> {
    object: Ref<T>,
    function: AnyFunction<T, Args, R>,
}

impl<T: ?Sized + WeakReferenceable, Args: Arguments, R> WeakMethod<T, Args, R> {
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
        let function: AnyFunction<T, Args, R> = Arc::new(method);
        let shared = Arc::clone(&function);
        let object = Ref::with_callback(object, move |dead| {
            callback(&Self {
                object: dead.clone(),
                function: shared,
            });
        });
        Self { object, function }
    }

    /// The method of the object, which it keeps alive, or `None` once that is dead.
    #[must_use]
    pub fn upgrade(&self) -> Option<BoundMethod<T, Args, R>> {
        Some(BoundMethod {
            object: self.object.upgrade()?,
            function: Arc::clone(&self.function),
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
    pub fn reference(&self) -> &Ref<T> {
        &self.object
    }

    /// Whether both are the same method of the very same object, or clones of one another. Unlike `==`
    /// it does not ask the objects whether they are equal.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_clone(other) || self.equals(other, Arc::ptr_eq)
    }

    fn is_clone(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
    }

    fn equals(&self, other: &Self, same: impl FnOnce(&Arc<T>, &Arc<T>) -> bool) -> bool {
        let kind = self.function.kind();
        kind.is_some()
            && kind == other.function.kind()
            && matches!(
                (self.object.upgrade(), other.object.upgrade()),
                (Some(one), Some(other)) if same(&one, &other)
            )
    }
}

impl<T: ?Sized + WeakReferenceable, Args: Arguments, R> Clone for WeakMethod<T, Args, R> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
            function: Arc::clone(&self.function),
        }
    }
}

impl<T: ?Sized + WeakReferenceable, Args: Arguments, R> fmt::Debug for WeakMethod<T, Args, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_alive() { "alive" } else { "dead" };
        write!(f, "WeakMethod<{}>({state})", std::any::type_name::<T>())
    }
}

impl<T, Args, R> PartialEq for WeakMethod<T, Args, R>
where
    T: ?Sized + WeakReferenceable + PartialEq,
    Args: Arguments,
{
    fn eq(&self, other: &Self) -> bool {
        self.is_clone(other)
            || self.equals(other, |one, other| {
                Arc::ptr_eq(one, other) || **one == **other
            })
    }
}

impl<T: ?Sized + WeakReferenceable + Eq, Args: Arguments, R> Eq for WeakMethod<T, Args, R> {}

impl<T: ?Sized + WeakReferenceable + Hash, Args: Arguments, R> Hash for WeakMethod<T, Args, R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.object.hash(state);
    }
}

/// A method of an object, which it keeps alive: what [`WeakMethod::upgrade`] gives (S28).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakMethod};
///
/// let object = Arc::new(Tracked::new(5));
/// let weak = WeakMethod::new(&object, |object: &Tracked<i32>, more: i32| **object + more);
/// let bound = weak.upgrade().unwrap();
/// drop(object);
/// assert_eq!(bound.call((2,)), 7);
/// drop(bound);
/// assert!(!weak.is_alive());
/// ```
pub struct BoundMethod<T: ?Sized, Args: Arguments, R = ()> {
    object: Arc<T>,
    function: AnyFunction<T, Args, R>,
}

impl<T: ?Sized, Args: Arguments, R> BoundMethod<T, Args, R> {
    /// Calls the method with a tuple of arguments.
    #[inline]
    pub fn call(&self, args: Args::Of<'_>) -> R {
        self.function.call(&self.object, args)
    }

    /// The object whose method it is.
    #[inline]
    #[must_use]
    pub fn object(&self) -> &Arc<T> {
        &self.object
    }
}

impl<T: ?Sized, Args: Arguments, R> Clone for BoundMethod<T, Args, R> {
    fn clone(&self) -> Self {
        Self {
            object: Arc::clone(&self.object),
            function: Arc::clone(&self.function),
        }
    }
}

impl<T: ?Sized, Args: Arguments, R> fmt::Debug for BoundMethod<T, Args, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoundMethod<{}>", std::any::type_name::<T>())
    }
}
