//! [`LookupKey`]: what an element of a container can be looked up by.
//!
//! There are three ways, and which one is meant follows from the type of the key: an `Arc` of the element, whatever tells
//! the elements apart; anything equivalent to it, where they are told apart by `Hash` and `Eq`; the object itself, where
//! they are told apart by identity. No blanket implementation of a trait can say "or", as nobody keeps an `Arc` from being
//! equivalent to what it owns. So each way is an implementation for another [`By`](by), which the compiler infers.

use super::keying::sealed::Sealed;
use super::keying::{ByIdentity, ByValue, Keying};
use crate::owner::sealed::Owner;
use equivalent::Equivalent;
use std::hash::{BuildHasher, Hash, Hasher};

/// What an element of a [`WeakSet`](crate::WeakSet), or a key of a [`WeakKeyMap`](crate::WeakKeyMap), can be looked up by.
///
/// | key | where elements are told apart by |
/// | --- | --- |
/// | an `Arc` of the element's type, or a reference to one: that object, or an equal one | `Hash` and `Eq`, or identity |
/// | `Q: Hash +` [`Equivalent<T>`](Equivalent), as `T` itself and what it [borrows](std::borrow::Borrow) as are | `Hash` and `Eq` |
/// | the object itself | identity |
///
/// The compiler infers `By`. The trait cannot be implemented outside of this crate: implement `Borrow` for the element, or
/// `Equivalent` for the key. A key must hash as the elements that it is equivalent to.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Equivalent, PtrWeakSet, Tracked, WeakReferenceable, WeakSet, WeakSlot};
///
/// let name = Arc::new(Tracked::new("logo".to_owned()));
/// let names = WeakSet::from([&name]);
/// assert!(names.contains(&name) && names.contains("logo") && names.contains(&*name));
///
/// #[derive(WeakReferenceable, PartialEq, Eq, Hash)]
/// struct Font { slot: WeakSlot, family: String, size: u32 }
///
/// /// Looks for a `Font` without a `String`.
/// #[derive(Hash)]
/// struct Wanted<'a> { family: &'a str, size: u32 }
///
/// impl Equivalent<Font> for Wanted<'_> {
///     fn equivalent(&self, font: &Font) -> bool {
///         self.family == font.family && self.size == font.size
///     }
/// }
///
/// let fonts = WeakSet::new();
/// let serif = fonts.get_or_insert(Arc::new(Font { slot: WeakSlot::new(), family: "Serif".into(), size: 9 }));
/// assert!(fonts.get(&Wanted { family: "Serif", size: 9 }).is_some());
///
/// let objects: PtrWeakSet<Font> = [&serif].into_iter().collect();
/// assert!(objects.contains(&serif) && objects.contains(&*serif));
/// ```
#[diagnostic::on_unimplemented(
    message = "elements of type `{T}` cannot be looked up by a `{Self}`",
    label = "expected an `Arc<{T}>`, or what is equivalent to a `{T}`",
    note = "a container that tells elements apart by identity is asked with the object itself, or with its `Arc`",
    note = "else the key must implement `Hash`, and the element `Borrow` of it, or the key `Equivalent` to the element"
)]
pub trait LookupKey<T: ?Sized, S, By>: sealed::LookupKey<T, S, By> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized, S, By, Q: ?Sized + sealed::LookupKey<T, S, By>> LookupKey<T, S, By> for Q {}

/// The ways.
pub(crate) mod by {
    /// By the object itself, where identity tells.
    pub struct Itself;

    /// By an owner of the element.
    pub struct Shared;

    /// By a reference to one, as closures of iterators get it.
    pub struct Lent;

    /// By what is equivalent to the element.
    pub struct Equal;
}

pub(crate) mod sealed {
    pub trait LookupKey<T: ?Sized, S, By> {
        /// The hash. Runs the user's code.
        fn hash_by(&self, keying: &S) -> u64;

        /// Whether this is the element: pointers are compared, nothing of the user's runs.
        fn is_same(&self, element: *const T) -> bool;

        /// Whether it may be equal to an element that it is not.
        const COMPARES: bool;

        /// Whether it equals the element. Runs the user's code.
        fn is_equal(&self, element: &T) -> bool;
    }
}

impl<O: Owner, S: Keying<O::Target>> sealed::LookupKey<O::Target, S, by::Shared> for O {
    #[inline]
    fn hash_by(&self, keying: &S) -> u64 {
        keying.hash_of(self)
    }

    #[inline]
    fn is_same(&self, element: *const O::Target) -> bool {
        S::is_same(self.as_ptr(), element)
    }

    const COMPARES: bool = S::COMPARES;

    #[inline]
    fn is_equal(&self, element: &O::Target) -> bool {
        S::are_equal(self, element)
    }
}

impl<O: Owner, S: Keying<O::Target>> sealed::LookupKey<O::Target, S, by::Lent> for &O {
    #[inline]
    fn hash_by(&self, keying: &S) -> u64 {
        keying.hash_of(self)
    }

    #[inline]
    fn is_same(&self, element: *const O::Target) -> bool {
        S::is_same(O::as_ptr(self), element)
    }

    const COMPARES: bool = S::COMPARES;

    #[inline]
    fn is_equal(&self, element: &O::Target) -> bool {
        S::are_equal(self, element)
    }
}

impl<T: ?Sized> sealed::LookupKey<T, ByIdentity, by::Itself> for T {
    #[inline]
    fn hash_by(&self, keying: &ByIdentity) -> u64 {
        keying.hash_of(self)
    }

    #[inline]
    fn is_same(&self, element: *const T) -> bool {
        <ByIdentity as Sealed<T>>::is_same(self, element)
    }

    const COMPARES: bool = false;

    #[inline]
    fn is_equal(&self, element: &T) -> bool {
        self.is_same(element)
    }
}

#[diagnostic::do_not_recommend]
impl<T, S, Q> sealed::LookupKey<T, ByValue<S>, by::Equal> for Q
where
    T: ?Sized,
    S: BuildHasher,
    Q: ?Sized + Hash + Equivalent<T>,
{
    #[inline]
    fn hash_by(&self, keying: &ByValue<S>) -> u64 {
        keying.0.hash_one(self)
    }

    /// Where the key is of the element's type, it may be the element. Elsewhere it may have its address, but be a part of it.
    #[inline]
    fn is_same(&self, element: *const T) -> bool {
        std::ptr::addr_eq(self, element)
            && typeid::of::<Q>() == typeid::of::<T>()
            && Words::of(self).equal(&Words::of(element))
    }

    const COMPARES: bool = true;

    #[inline]
    fn is_equal(&self, element: &T) -> bool {
        self.equivalent(element)
    }
}

/// What a pointer consists of: two of the same type, whose names differ in the source, are compared by it. It is what their
/// `Hash` writes.
#[derive(Default)]
struct Words {
    words: [usize; 2],
    len: usize,
}

impl Words {
    #[inline]
    fn of<T: ?Sized>(pointer: *const T) -> Self {
        let mut words = Self::default();
        pointer.hash(&mut words);
        words
    }

    #[inline]
    fn equal(&self, other: &Self) -> bool {
        self.len <= 2 && self.len == other.len && self.words == other.words
    }
}

impl Hasher for Words {
    #[inline]
    fn write_usize(&mut self, word: usize) {
        if let Some(place) = self.words.get_mut(self.len) {
            *place = word;
        }
        self.len += 1;
    }

    /// Not a word: equal to nothing, so that `Eq` is asked.
    fn write(&mut self, _: &[u8]) {
        self.len = usize::MAX / 2;
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    fn same<T: ?Sized>(one: &T, other: &T) -> bool {
        Words::of(one).equal(&Words::of(other))
    }

    /// S17: pointers of every kind are compared as a whole.
    #[test]
    fn a_pointer_is_its_words() {
        let numbers = [1, 2, 3];
        assert!(same(&numbers, &numbers) && same(&numbers[1], &numbers[1]));
        assert!(!same(&numbers[0], &numbers[1]));
        assert!(same(&numbers[..2], &numbers[..2]));
        assert!(!same(&numbers[..2], &numbers[..3]));

        #[derive(Debug)]
        struct Outer(#[allow(dead_code, reason = "has the address of the whole")] u8);
        let outer = Outer(1);
        let (whole, part): (&dyn Debug, &dyn Debug) = (&outer, &outer.0);
        assert!(same(whole, whole));
        assert!(std::ptr::addr_eq(whole, part) && !same(whole, part));
    }
}
