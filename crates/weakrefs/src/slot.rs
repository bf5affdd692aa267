//! [`WeakSlot`], the field by which a type opts in, and [`WeakReferenceable`], the trait that finds it.
//!
//! The slot is one word. It stays empty until the first weak reference to its object is made; from
//! then on it owns the object's list of [watchers](crate::watchers). Since the slot is a field of the
//! object, it is dropped when the object dies, and that is how death is noticed: no other part of
//! `Arc` is involved. Values can also leave their `Arc` alive and take the slot along; see
//! [`crate::docs::limitations`] for what happens then.

use crate::owner::Atomic;
use crate::owner::sealed::{Kind, OnceOwner};
use crate::watchers::Watchers;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The field that makes the objects of a type weakly referenceable: [`crate::WeakSlot`], or [`crate::rc::WeakSlot`].
pub struct WeakSlot<K: Kind> {
    watchers: K::OnceOwner<Watchers<K>>,
}

/// The list of watchers in a slot.
type Borrowed<'a, K> = <<K as Kind>::OnceOwner<Watchers<K>> as OnceOwner>::Borrowed<'a>;

impl<K: Kind> WeakSlot<K> {
    /// An empty slot.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            watchers: OnceOwner::EMPTY,
        }
    }

    /// The object's watchers, if there ever was one.
    #[inline]
    pub(crate) fn watchers(&self) -> Option<Borrowed<'_, K>> {
        self.watchers.get()
    }

    /// The object's watchers, as a list that now exists.
    #[inline(always)]
    pub(crate) fn watchers_or_init(&self) -> Borrowed<'_, K> {
        self.watchers.get_or_init(Watchers::<K>::new)
    }
}

impl<K: Kind> Default for WeakSlot<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Kind> Drop for WeakSlot<K> {
    #[inline]
    fn drop(&mut self) {
        if let Some(watchers) = self.watchers.get() {
            watchers.announce_death();
        }
    }
}

/// The clone of an object has no weak references yet.
impl<K: Kind> Clone for WeakSlot<K> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<K: Kind> fmt::Debug for WeakSlot<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakSlot")
    }
}

impl<K: Kind> PartialEq for WeakSlot<K> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<K: Kind> Eq for WeakSlot<K> {}

impl<K: Kind> PartialOrd for WeakSlot<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Kind> Ord for WeakSlot<K> {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl<K: Kind> Hash for WeakSlot<K> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A type whose objects can be weakly referenced (S12).
///
/// Implement it with `#[derive(WeakReferenceable)]`, or by returning the [`WeakSlot`] field of the
/// object. The slot must be a part of the object itself, dropped with it. The trait is object-safe:
/// make it a supertrait, and `Arc<dyn YourTrait>` works wherever `Arc<T>` does.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Ref, WeakReferenceable, WeakSlot};
///
/// trait Shape: WeakReferenceable {
///     fn area(&self) -> f64;
/// }
///
/// #[derive(WeakReferenceable)]
/// struct Square {
///     slot: WeakSlot,
///     side: f64,
/// }
///
/// impl Shape for Square {
///     fn area(&self) -> f64 {
///         self.side * self.side
///     }
/// }
///
/// let shape: Arc<dyn Shape> = Arc::new(Square { slot: WeakSlot::new(), side: 2.0 });
/// let reference = Ref::new(&shape);
/// assert_eq!(reference.upgrade().unwrap().area(), 4.0);
/// ```
#[diagnostic::on_unimplemented(
    message = "cannot create weak reference to `{Self}` object",
    label = "`{Self}` has not opted in to weak references",
    note = "add a field `slot: WeakSlot` and `#[derive(WeakReferenceable)]` to the type, or wrap it: `Tracked<{Self}>`",
    note = "for a trait object, make `WeakReferenceable` a supertrait of the trait"
)]
pub trait WeakReferenceable: Send + Sync + 'static {
    /// The slot of this object.
    fn weak_slot(&self) -> &WeakSlot<Atomic>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_one_word() {
        assert_eq!(size_of::<WeakSlot<Atomic>>(), size_of::<usize>());
    }
}
