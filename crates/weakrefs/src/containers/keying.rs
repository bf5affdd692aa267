//! [`Keying`]: whether the elements of a container are told apart by value or by identity.

use std::hash::{BuildHasher, Hash};

/// How a [`WeakSet`](crate::WeakSet) or [`WeakKeyMap`](crate::WeakKeyMap) tells its elements apart.
///
/// [`ByValue`] does so by `Hash` and `Eq` of the elements, [`ByIdentity`] by their identity. The trait cannot be implemented outside of this crate.
pub trait Keying<T: ?Sized>: sealed::Sealed<T> {}

/// Tells elements apart by `Hash` and `Eq`, hashed by a [`BuildHasher`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ByValue<S>(pub(crate) S);

/// Tells elements apart by identity: for types without `Hash` and `Eq`, or whose equality is beside
/// the point (S17). See [`PtrWeakSet`](crate::PtrWeakSet) and [`PtrWeakKeyMap`](crate::PtrWeakKeyMap).
#[derive(Clone, Copy, Debug, Default)]
pub struct ByIdentity;

impl<T: ?Sized, S: sealed::Sealed<T>> Keying<T> for S {}

pub(crate) mod sealed {
    use super::{BuildHasher, ByIdentity, ByValue, Hash};

    pub trait Sealed<T: ?Sized>: Clone {
        /// The hash. Runs the user's code.
        fn hash_of(&self, element: &T) -> u64;

        /// Whether both are the same object: pointers are compared, nothing of the user's runs.
        fn is_same(one: *const T, other: *const T) -> bool;

        /// Whether elements that are not the same may be equal.
        const COMPARES: bool;

        /// Whether both are equal. Runs the user's code.
        fn are_equal(one: &T, other: &T) -> bool;
    }

    impl<T: ?Sized + Hash + Eq, S: BuildHasher + Clone> Sealed<T> for ByValue<S> {
        #[inline]
        fn hash_of(&self, element: &T) -> u64 {
            self.0.hash_one(element)
        }

        #[inline]
        #[allow(
            ambiguous_wide_pointer_comparisons,
            reason = "a struct and its first field share an address, but are not equal; a miss is settled by `Eq`"
        )]
        fn is_same(one: *const T, other: *const T) -> bool {
            std::ptr::eq(one, other)
        }

        const COMPARES: bool = true;

        #[inline]
        fn are_equal(one: &T, other: &T) -> bool {
            one == other
        }
    }

    impl<T: ?Sized> Sealed<T> for ByIdentity {
        #[inline]
        fn hash_of(&self, element: &T) -> u64 {
            // Addresses differ in few bits, of which a table asks for others: the halves of a product depend on all.
            const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
            let product = (std::ptr::from_ref(element).addr() as u128).wrapping_mul(ODD);
            (product >> 64) as u64 ^ product as u64
        }

        #[inline]
        fn is_same(one: *const T, other: *const T) -> bool {
            std::ptr::addr_eq(one, other)
        }

        const COMPARES: bool = false;

        #[inline]
        fn are_equal(one: &T, other: &T) -> bool {
            Self::is_same(one, other)
        }
    }
}
