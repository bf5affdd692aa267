//! [`owner!`]: what has to be said of `Arc` and of `Rc` apart, as it makes trait objects, which are `Send + Sync` or not.

/// Implements the traits of [`sealed`](super::sealed) for an owner, its weak pointer and objects with a slot.
macro_rules! owner {
    (
        $kind:ident: $strong:ident, $weak:ident of $referent:path, $at_exit:path;
        objects: [$($shared:tt)*];
    ) => {
        impl<T: ?Sized> sealed::Owner for $strong<T> {
            type Kind = $kind;
            type Weak = $weak<T>;

            #[inline]
            fn new(value: T) -> Self
            where
                T: Sized,
            {
                Self::new(value)
            }

            #[inline]
            fn downgrade(&self) -> $weak<T> {
                Self::downgrade(self)
            }

            #[inline]
            fn as_ptr(&self) -> *const T {
                Self::as_ptr(self)
            }

            #[inline]
            fn ptr_eq(&self, other: &Self) -> bool {
                Self::ptr_eq(self, other)
            }

        }

        impl<T: ?Sized> sealed::Weak for $weak<T> {
            type Strong = $strong<T>;

            #[inline]
            fn upgrade(&self) -> Option<$strong<T>> {
                self.upgrade()
            }

            #[inline]
            fn as_ptr(&self) -> *const T {
                self.as_ptr()
            }

            #[inline]
            fn is_alive(&self) -> bool {
                self.strong_count() > 0
            }
        }

        /// A reference object or a finalizer, as a trait object.
        pub trait AnyMortal: Mortality + Any $($shared)* {
            fn notify(self: $strong<Self>);

            fn into_any(self: $strong<Self>) -> $strong<dyn Any $($shared)*>;
        }

        impl<M: Mortal<$kind> + Any $($shared)*> AnyMortal for M {
            fn notify(self: $strong<Self>) {
                <M as Mortal<$kind>>::notify(self);
            }

            fn into_any(self: $strong<Self>) -> $strong<dyn Any $($shared)*> {
                self
            }
        }

        impl<T: ?Sized + $referent> sealed::Watchable for $strong<T> {
            #[inline]
            fn slot(&self) -> &WeakSlot<$kind> {
                self.weak_slot()
            }

            #[inline]
            fn reference_watcher(object: &$strong<ReferenceObject<Self>>) -> $weak<dyn AnyMortal> {
                let watcher: $weak<ReferenceObject<Self>> = $strong::downgrade(object);
                watcher
            }

            fn reference_object(mortal: $strong<dyn AnyMortal>) -> Option<$strong<ReferenceObject<Self>>> {
                mortal.into_any().downcast().ok()
            }

            fn finalizer_watcher<R: 'static>(
                object: &$strong<FinalizerObject<Self, R>>,
            ) -> $weak<dyn AnyMortal> {
                let watcher: $weak<FinalizerObject<Self, R>> = $strong::downgrade(object);
                watcher
            }

            fn register<R: 'static>(object: $strong<FinalizerObject<Self, R>>) {
                $at_exit(object);
            }
        }
    };
}

pub(super) use owner;
