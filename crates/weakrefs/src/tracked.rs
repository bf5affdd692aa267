//! [`Tracked`]: a slot around a value of a type that has none.

use crate::slot::{WeakReferenceable, WeakSlot};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Makes the values of any type weakly referenceable (S12).
///
/// For types that cannot have a [`WeakSlot`] of their own: those of other crates, closures, trait
/// objects. It dereferences to the value, and compares, hashes and prints as it.
///
/// At death, the references are dead and the callbacks have run before the value is dropped.
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakSet};
///
/// let names = WeakSet::new();
/// let name = Arc::new(Tracked::new(String::from("logo")));
/// names.insert(&name);
/// assert_eq!(names.len(), 1);
/// drop(name);
/// assert_eq!(names.len(), 0);
///
/// let object: Arc<Tracked<dyn Fn() -> i32 + Send + Sync>> = Arc::new(Tracked::new(|| 7));
/// assert_eq!((**object)(), 7);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tracked<T: ?Sized> {
    slot: WeakSlot,
    value: T,
}

impl<T> Tracked<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self {
            slot: WeakSlot::new(),
            value,
        }
    }

    /// Gives the value back. Whoever still watches the wrapper sees it die.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: ?Sized + Send + Sync + 'static> WeakReferenceable for Tracked<T> {
    fn weak_slot(&self) -> &WeakSlot {
        &self.slot
    }
}

impl<T> From<T> for Tracked<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized> Deref for Tracked<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized> DerefMut for Tracked<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: ?Sized> AsRef<T> for Tracked<T> {
    fn as_ref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
