//! Set algebra of [`WeakSet`]: with weak sets, standard sets, and anything that gives `Arc`s.
//!
//! Results are weak sets that hash as the left operand does.

use crate::containers::{ByValue, Eviction, Keying};
use crate::hashing::RandomState;
use crate::owner::Owner;
use crate::set::WeakSet;
use std::borrow::Borrow;
use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;
use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Sub, SubAssign};

impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>> WeakSet<O, S, E> {
    /// The elements of either, in a new set (S24).
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use std::sync::Arc;
    /// use weakrefs::{Tracked, WeakSet};
    ///
    /// let objects: Vec<_> = (0..4).map(|n| Arc::new(Tracked::new(n))).collect();
    /// let low: WeakSet<_> = objects[..3].iter().collect();
    /// let high: HashSet<_> = objects[2..].iter().cloned().collect();
    /// assert_eq!(low.union(&high).len(), 4);
    /// assert_eq!(low.intersection(&high).len(), 1);
    /// assert_eq!(low.difference(&high).len(), 2);
    /// assert_eq!((&low ^ &high).len(), 3);
    /// ```
    #[must_use]
    pub fn union<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> Self {
        let union = self.copy();
        union.extend(other);
        union
    }

    /// The elements that equal one of `other`, in a new set (S24).
    #[must_use]
    pub fn intersection<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> Self {
        let intersection = Self::keyed(self.keying.clone());
        for element in other {
            if let Some(element) = self.get::<O, _>(element.borrow()) {
                intersection.insert(&element);
            }
        }
        intersection
    }

    /// The elements that are not in `other`, in a new set (S24).
    #[must_use]
    pub fn difference<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> Self {
        let difference = self.copy();
        difference.remove_all(other);
        difference
    }

    /// The elements of only one of both, in a new set (S24).
    #[must_use]
    pub fn symmetric_difference<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> Self {
        let difference = self.copy();
        difference.toggle_all(other);
        difference
    }

    /// Adds every element of `other` (S24).
    pub fn extend<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) {
        for element in other {
            self.insert(element.borrow());
        }
    }

    /// Removes every element of `other` (S24).
    pub fn remove_all<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) {
        for element in other {
            self.remove::<O, _>(element.borrow());
        }
    }

    /// Removes every element that is not in `other` (S24). Unlike 3.14's, the set goes on evicting (S20).
    pub fn retain_all<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) {
        let other = self.hold(other);
        self.retain(|element| other.set.contains(element));
    }

    /// Whether no element is in `other` (S24).
    #[must_use]
    pub fn is_disjoint<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> bool {
        !other
            .into_iter()
            .any(|element| self.contains::<O, _>(element.borrow()))
    }

    /// Whether every element is in `other` (S24).
    #[must_use]
    pub fn is_subset<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> bool {
        let other = self.hold(other);
        self.iter().all(|element| other.set.contains(&element))
    }

    /// Whether every element of `other` is here (S24).
    #[must_use]
    pub fn is_superset<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> bool {
        other
            .into_iter()
            .all(|element| self.contains::<O, _>(element.borrow()))
    }

    /// Removes the elements of `other` that are here, and adds those that are not (S24).
    pub fn toggle_all<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) {
        for element in &self.hold(other).set {
            if !self.remove(&element) {
                self.insert(&element);
            }
        }
    }

    fn hold<I: IntoIterator<Item: Borrow<O>>>(&self, other: I) -> Held<O, S, E> {
        let elements = other.into_iter().map(|element| element.borrow().clone());
        let elements: Vec<_> = elements.collect();
        let set = Self::keyed(self.keying.clone());
        set.extend(&elements);
        Held {
            set,
            _elements: elements,
        }
    }
}

/// An operand that must be searched: as a set, and kept alive, since equal elements of ours may be
/// other objects.
struct Held<O: Owner, S, E: Eviction<O, ()>> {
    set: WeakSet<O, S, E>,
    _elements: Vec<O>,
}

impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>, A: Borrow<O>> Extend<A>
    for WeakSet<O, S, E>
{
    fn extend<I: IntoIterator<Item = A>>(&mut self, elements: I) {
        Self::extend(self, elements);
    }
}

impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>, A: Borrow<O>> Extend<A>
    for &WeakSet<O, S, E>
{
    fn extend<I: IntoIterator<Item = A>>(&mut self, elements: I) {
        WeakSet::extend(self, elements);
    }
}

impl<O, E, A, const N: usize> From<[A; N]> for WeakSet<O, ByValue<RandomState>, E>
where
    O: Owner<Target: Hash + Eq>,
    E: Eviction<O, ()>,
    A: Borrow<O>,
{
    fn from(elements: [A; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<O: Owner, S: Keying<O::Target> + Default, E: Eviction<O, ()>, A: Borrow<O>> FromIterator<A>
    for WeakSet<O, S, E>
{
    fn from_iter<I: IntoIterator<Item = A>>(elements: I) -> Self {
        let set = Self::default();
        set.extend(elements);
        set
    }
}

/// Weak sets are equal if each has the elements of the other (S24).
impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>> PartialEq for WeakSet<O, S, E> {
    fn eq(&self, other: &Self) -> bool {
        // Not by `len`, which may count the dead of whom nobody told.
        self.ptr_eq(other)
            || self.iter().count() == other.iter().count()
                && self.iter().all(|element| other.contains(&element))
    }
}

impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>> Eq for WeakSet<O, S, E> {}

macro_rules! operators {
    ($other:ty $(, $($parameter:tt)+)?) => {
        operators!(@one $other, BitOr bitor union, BitOrAssign bitor_assign extend $(, $($parameter)+)?);
        operators!(@one $other, BitAnd bitand intersection, BitAndAssign bitand_assign retain_all $(, $($parameter)+)?);
        operators!(@one $other, Sub sub difference, SubAssign sub_assign remove_all $(, $($parameter)+)?);
        operators!(@one $other, BitXor bitxor symmetric_difference, BitXorAssign bitxor_assign toggle_all $(, $($parameter)+)?);
    };
    (@one $other:ty, $operator:ident $method:ident $named:ident, $assign:ident $assign_method:ident $in_place:ident $(, $($parameter:tt)+)?) => {
        impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>, $($($parameter)+)?> $operator<&$other> for &WeakSet<O, S, E> {
            type Output = WeakSet<O, S, E>;

            fn $method(self, other: &$other) -> WeakSet<O, S, E> {
                self.$named(other)
            }
        }

        impl<O: Owner, S: Keying<O::Target>, E: Eviction<O, ()>, $($($parameter)+)?> $assign<&$other> for WeakSet<O, S, E> {
            fn $assign_method(&mut self, other: &$other) {
                Self::$in_place(self, other);
            }
        }
    };
}

operators!(WeakSet<O, S, E>);
operators!(HashSet<O, H>, H);
operators!(BTreeSet<O>);
