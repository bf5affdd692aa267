//! [`Method`] and [`Callable`]: what can be called with a tuple of arguments.
//!
//! The traits of the standard library for functions cannot name "any number of arguments" on a stable
//! compiler. These two do, by one implementation for each number up to eight. Both are sealed: they
//! follow from being a function, and nothing else can have them.

use crate::owner::sealed::Kind;
use crate::tracked::Tracked;

/// A function whose first argument is a `&T`: a method of `T`, with the arguments `Args` (S28).
///
/// `Args` is a tuple of at most eight: `()`, `(A,)`, `(A, B)`, ... It takes part in the trait so that
/// the compiler finds it from the function: [`WeakMethod::new`](crate::WeakMethod::new) needs no
/// annotation, but for the method of one borrowed argument, whose [`Arguments`] may also be `fn(&A)`.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Method, Tracked, WeakMethod};
///
/// fn shout(method: impl Method<Tracked<String>, (usize,), Output = String> + Send + Sync + 'static) -> String {
///     let object = Arc::new(Tracked::new("ho".to_owned()));
///     WeakMethod::new(&object, method).call((3,)).unwrap()
/// }
///
/// assert_eq!(shout(|object: &Tracked<String>, times: usize| object.repeat(times)), "hohoho");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a method of `{T}`",
    label = "expected a function of `&{T}` and at most eight more arguments",
    note = "its result cannot borrow from the object; a closure must annotate its first argument: `|object: &{T}, ...|`",
    note = "a method with one argument that is borrowed for each call has the arguments `fn(&A)`, others have a tuple of types"
)]
pub trait Method<T: ?Sized, Args: Arguments>: sealed::Method<T, Args> {
    /// What it returns.
    type Output;

    #[doc(hidden)]
    fn invoke<'a>(&self, object: &T, args: Args::Of<'a>) -> Self::Output
    where
        Args: 'a;
}

/// The arguments of a [`Method`]: a tuple of at most eight, or `fn(&A)` for one that is borrowed for the call.
///
/// A tuple is of types, and `(&A,)` is of one lifetime: that of everything the method is ever called with. `fn(&A)` is the
/// form for an event or a text that lives as long as the call. Where a method fits both, the compiler asks for an
/// annotation. More than one argument that is borrowed goes into a struct, or is given as an `Arc`.
///
/// Code for any arguments has the bound `Args: Arguments`, and calls with an `Args::Of<'_>`. The trait cannot be implemented
/// outside of this crate.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakMethod};
///
/// let object = Arc::new(Tracked::new(String::from("ho")));
/// let count: WeakMethod<Tracked<String>, fn(&str), usize> =
///     WeakMethod::new(&object, |object: &Tracked<String>, text: &str| text.matches(&**object).count());
/// let text = String::from("hohoho");
/// assert_eq!(count.call((&text,)), Some(3));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no arguments of a method",
    label = "expected a tuple of at most eight types, or `fn(&A)` for one argument that is borrowed for each call"
)]
pub trait Arguments: sealed::Arguments {
    /// The tuple with which the method is called.
    type Of<'a>
    where
        Self: 'a;
}

impl<A: ?Sized> sealed::Arguments for fn(&A) {}

impl<A: ?Sized> Arguments for fn(&A) {
    type Of<'a>
        = (&'a A,)
    where
        Self: 'a;
}

impl<T: ?Sized, F: Fn(&T, &A) -> R, R, A: ?Sized> sealed::Method<T, fn(&A)> for F {}

impl<T: ?Sized, F: Fn(&T, &A) -> R, R, A: ?Sized> Method<T, fn(&A)> for F {
    type Output = R;

    #[inline]
    fn invoke<'a>(&self, object: &T, (argument,): (&'a A,)) -> R
    where
        fn(&A): 'a,
    {
        self(object, argument)
    }
}

/// An object that can be called with the arguments `Args`: a function in a [`Tracked`] (S11).
///
/// `Args` is a tuple of at most eight. See [`Proxy::call`](crate::Proxy::call).
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Callable, Proxy, Tracked, WeakReferenceable};
///
/// fn twice<T: Callable<(i32,), Output = i32> + WeakReferenceable>(function: &Proxy<T>) -> i32 {
///     function.call((function.call((1,)).unwrap(),)).unwrap()
/// }
///
/// let function = Arc::new(Tracked::new(|x| x + 10));
/// assert_eq!(twice(&Proxy::new(&function)), 21);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be called with the arguments `{Args}`",
    label = "expected a `Tracked` function of these arguments, given as a tuple of at most eight"
)]
pub trait Callable<Args>: sealed::Callable<Args> {
    /// What it returns.
    type Output;

    #[doc(hidden)]
    fn invoke(&self, args: Args) -> Self::Output;
}

mod sealed {
    pub trait Method<T: ?Sized, Args> {}

    pub trait Arguments {}

    pub trait Callable<Args> {}
}

macro_rules! arities {
    () => { arities!(@ ); };
    ($first:ident $($rest:ident)*) => { arities!(@ $first $($rest)*); arities!($($rest)*); };
    (@ $($arg:ident)*) => {
        impl<$($arg),*> sealed::Arguments for ($($arg,)*) {}

        impl<$($arg),*> Arguments for ($($arg,)*) {
            type Of<'a>
                = Self
            where
                Self: 'a;
        }

        impl<T: ?Sized, F: Fn(&T, $($arg),*) -> R, R, $($arg),*>
            sealed::Method<T, ($($arg,)*)> for F {}

        impl<T: ?Sized, F: Fn(&T, $($arg),*) -> R, R, $($arg),*> Method<T, ($($arg,)*)> for F {
            type Output = R;

            #[inline]
            #[allow(non_snake_case, reason = "each argument is named as its type")]
            fn invoke<'a>(&self, object: &T, ($($arg,)*): ($($arg,)*)) -> R
            where
                ($($arg,)*): 'a,
            {
                self(object, $($arg),*)
            }
        }

        impl<F: ?Sized + Fn($($arg),*) -> R, K: Kind, R, $($arg),*>
            sealed::Callable<($($arg,)*)> for Tracked<F, K> {}

        impl<F: ?Sized + Fn($($arg),*) -> R, K: Kind, R, $($arg),*> Callable<($($arg,)*)> for Tracked<F, K> {
            type Output = R;

            #[inline]
            #[allow(non_snake_case, reason = "each argument is named as its type")]
            fn invoke(&self, ($($arg,)*): ($($arg,)*)) -> R {
                (**self)($($arg),*)
            }
        }
    };
}

arities!(A B C D E G H I);
