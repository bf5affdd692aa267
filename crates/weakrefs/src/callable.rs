//! [`Method`] and [`Callable`]: what can be called with a tuple of arguments.
//!
//! The traits of the standard library for functions cannot name "any number of arguments" on a stable
//! compiler. These two do, by one implementation for each number up to eight. Both are sealed: they
//! follow from being a function, and nothing else can have them.

use crate::tracked::Tracked;

/// A function whose first argument is a `&T`: a method of `T`, with the arguments `Args` (S28).
///
/// `Args` is a tuple of at most eight: `()`, `(A,)`, `(A, B)`, ... It takes part in the trait so that
/// the compiler finds it from the function: [`WeakMethod::new`](crate::WeakMethod::new) needs no
/// annotation.
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
    note = "its arguments and its result cannot borrow from the object; a closure must annotate its first argument: `|object: &{T}, ...|`"
)]
pub trait Method<T: ?Sized, Args>: sealed::Method<T, Args> {
    /// What it returns.
    type Output;

    #[doc(hidden)]
    fn invoke(&self, object: &T, args: Args) -> Self::Output;
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

    pub trait Callable<Args> {}
}

macro_rules! arities {
    () => { arities!(@ ); };
    ($first:ident $($rest:ident)*) => { arities!(@ $first $($rest)*); arities!($($rest)*); };
    (@ $($arg:ident)*) => {
        impl<T: ?Sized, F: Fn(&T, $($arg),*) -> R, R, $($arg),*>
            sealed::Method<T, ($($arg,)*)> for F {}

        impl<T: ?Sized, F: Fn(&T, $($arg),*) -> R, R, $($arg),*> Method<T, ($($arg,)*)> for F {
            type Output = R;

            #[inline]
            #[allow(non_snake_case, reason = "each argument is named as its type")]
            fn invoke(&self, object: &T, ($($arg,)*): ($($arg,)*)) -> R {
                self(object, $($arg),*)
            }
        }

        impl<F: ?Sized + Fn($($arg),*) -> R, R, $($arg),*>
            sealed::Callable<($($arg,)*)> for Tracked<F> {}

        impl<F: ?Sized + Fn($($arg),*) -> R, R, $($arg),*> Callable<($($arg,)*)> for Tracked<F> {
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
