//! [`iterators`]: the public iterators of the containers, which differ in what they read and what they give.

/// Declares iterators over something that can be read from both ends and knows how much at most `remaining` is. What reads
/// the next item says whether from the back by `BACK`.
macro_rules! iterators {
    ($(
        $(#[$attribute:meta])*
        pub struct $name:ident[$($parameters:tt)*][$($arguments:tt)*] over $source:ty;
        |$it:ident| -> $item:ty { $next:expr }
    )*) => {$(
        $(#[$attribute])*
        #[must_use = "iterators are lazy"]
        pub struct $name<$($parameters)*>(pub(crate) $source);

        impl<$($parameters)*> $name<$($arguments)*> {
            #[inline]
            fn step<const BACK: bool>(&mut self) -> Option<$item> {
                let $it = &mut self.0;
                $next
            }
        }

        impl<$($parameters)*> Iterator for $name<$($arguments)*> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.step::<false>()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (0, Some(self.0.remaining()))
            }
        }

        impl<$($parameters)*> DoubleEndedIterator for $name<$($arguments)*> {
            #[inline]
            fn next_back(&mut self) -> Option<$item> {
                self.step::<true>()
            }
        }

        impl<$($parameters)*> Clone for $name<$($arguments)*>
        where
            $source: Clone,
        {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<$($parameters)*> std::iter::FusedIterator for $name<$($arguments)*> {}

        /// Says how many are left at most. To show them would be to read on.
        impl<$($parameters)*> std::fmt::Debug for $name<$($arguments)*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("remaining", &self.0.remaining())
                    .finish()
            }
        }
    )*};
}

pub(crate) use iterators;
