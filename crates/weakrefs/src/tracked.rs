//! [`Tracked`]: a slot around a value of a type that has none.

use crate::slot::{WeakReferenceable, WeakSlot};
use std::borrow::Borrow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
///
/// It lends what the value does: a set of `Tracked<String>`, or of `Tracked<Box<str>>`, which is smaller, is asked by a
/// `&str`. (A `Tracked<str>` is a type, too, but safe code cannot make one: the compiler unsizes arrays to slices, and
/// nothing to `str`.)
///
/// ```
/// use std::sync::Arc;
/// use weakrefs::{Tracked, WeakSet};
///
/// let names: WeakSet<Tracked<Box<str>>> = WeakSet::new();
/// let name = names.get_or_insert_with("logo", || Arc::new("logo".into()));
/// assert!(names.contains("logo") && name.starts_with("lo"));
///
/// let bytes: Arc<Tracked<[u8]>> = Arc::new(Tracked::new([1, 2]));
/// assert!(WeakSet::from([&bytes]).contains(&[1, 2][..]));
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

/// What a container of `Tracked<T>` may be asked by: a `T`, and below, what the usual owners of strings and slices lend.
impl<T: ?Sized> Borrow<T> for Tracked<T> {
    fn borrow(&self) -> &T {
        &self.value
    }
}

macro_rules! lends {
    ($($owner:ty => $lent:ty $(, $parameter:ident)?;)*) => {$(
        impl$(<$parameter>)? Borrow<$lent> for Tracked<$owner> {
            fn borrow(&self) -> &$lent {
                &self.value
            }
        }
    )*};
}

lends! {
    String => str; Box<str> => str; Arc<str> => str; &str => str;
    Vec<T> => [T], T; Box<[T]> => [T], T; Arc<[T]> => [T], T; &[T] => [T], T;
    PathBuf => Path; Box<Path> => Path; Arc<Path> => Path; &Path => Path;
    OsString => OsStr; Box<OsStr> => OsStr; Arc<OsStr> => OsStr; &OsStr => OsStr;
    CString => CStr; Box<CStr> => CStr; Arc<CStr> => CStr; &CStr => CStr;
}

macro_rules! from_str {
    ($($owner:ty)*) => {$(
        impl From<&str> for Tracked<$owner> {
            fn from(text: &str) -> Self {
                Self::new(text.into())
            }
        }
    )*};
}

from_str! { String Box<str> Arc<str> }

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
