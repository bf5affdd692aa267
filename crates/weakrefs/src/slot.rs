//! [`WeakSlot`], the field by which a type opts in, and [`WeakReferenceable`], the trait that finds it.
//!
//! The slot is one word. It stays empty until the first weak reference to its object is made; from
//! then on it owns the object's list of [watchers](crate::watchers). Since the slot is a field of the
//! object, it is dropped when the object dies, and that is how death is noticed: no other part of
//! `Arc` is involved. Values can also leave their `Arc` alive and take the slot along; see
//! [`crate::docs::limitations`] for what happens then.

use crate::once_arc::{Borrowed, OnceArc};
use crate::watchers::Watchers;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The field that makes the objects of a type weakly referenceable (S12).
///
/// Put it first in the struct: fields are dropped in order, so the references to a dying object are
/// dead and the callbacks have run while its other fields are still whole. The order at death is: the
/// type's own [`Drop`], then this field (references read dead, entries leave the containers,
/// callbacks run; S2), then the other fields.
///
/// A clone of an object is another object: the clone of a slot is an empty slot. All slots are equal,
/// print the same and hash to nothing, so that the derives of [`Debug`], [`PartialEq`], [`Ord`],
/// [`Hash`] and [`Default`] speak of the other fields alone.
///
/// Cost: one word; an object that was never weakly referenced pays one load when it is dropped.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Ref, WeakReferenceable, WeakSlot};
///
/// #[derive(WeakReferenceable, Clone, Debug, Default, PartialEq, Eq, Hash)]
/// struct Image {
///     slot: WeakSlot,
///     name: String,
/// }
///
/// let image = Arc::new(Image { name: "logo".into(), ..Image::default() });
/// let reference = Ref::new(&image);
/// assert_eq!(reference.upgrade().unwrap().name, "logo");
/// drop(image);
/// assert!(reference.upgrade().is_none());
/// ```
#[derive(Default)]
pub struct WeakSlot {
    watchers: OnceArc<Watchers>,
}

impl WeakSlot {
    /// An empty slot.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            watchers: OnceArc::new(),
        }
    }

    /// The object's watchers, if there ever was one.
    #[inline]
    pub(crate) fn watchers(&self) -> Option<Borrowed<'_, Watchers>> {
        self.watchers.get()
    }

    /// The object's watchers, as a list that now exists.
    #[inline]
    pub(crate) fn watchers_or_init(&self) -> Borrowed<'_, Watchers> {
        self.watchers.get_or_init(Watchers::new)
    }
}

impl Drop for WeakSlot {
    #[inline]
    fn drop(&mut self) {
        if let Some(watchers) = self.watchers.get() {
            watchers.announce_death();
        }
    }
}

/// The clone of an object has no weak references yet.
impl Clone for WeakSlot {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl fmt::Debug for WeakSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakSlot")
    }
}

impl PartialEq for WeakSlot {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for WeakSlot {}

impl PartialOrd for WeakSlot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WeakSlot {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for WeakSlot {
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
    fn weak_slot(&self) -> &WeakSlot;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_one_word() {
        assert_eq!(size_of::<WeakSlot>(), size_of::<usize>());
    }
}
