//! [`Tracked`]: a slot around a value of a type that has none.

use crate::owner::sealed::Kind;
use crate::owner::{Atomic, Local};
use crate::rc;
use crate::slot::{WeakReferenceable, WeakSlot};
use std::borrow::Borrow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes the values of any type weakly referenceable: [`crate::Tracked`], or [`crate::rc::Tracked`].
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tracked<T: ?Sized, K: Kind> {
    slot: WeakSlot<K>,
    value: T,
}

impl<T, K: Kind> Tracked<T, K> {
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

impl<T: ?Sized + Send + Sync + 'static> WeakReferenceable for Tracked<T, Atomic> {
    fn weak_slot(&self) -> &WeakSlot<Atomic> {
        &self.slot
    }
}

impl<T: ?Sized + 'static> rc::WeakReferenceable for Tracked<T, Local> {
    fn weak_slot(&self) -> &WeakSlot<Local> {
        &self.slot
    }
}

impl<T, K: Kind> From<T> for Tracked<T, K> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized, K: Kind> Deref for Tracked<T, K> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized, K: Kind> DerefMut for Tracked<T, K> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: ?Sized, K: Kind> AsRef<T> for Tracked<T, K> {
    fn as_ref(&self) -> &T {
        &self.value
    }
}

/// What a container of `Tracked<T>` may be asked by: a `T`, and below, what the usual owners of strings and slices lend.
impl<T: ?Sized, K: Kind> Borrow<T> for Tracked<T, K> {
    fn borrow(&self) -> &T {
        &self.value
    }
}

macro_rules! lends {
    ($($owner:ty => $lent:ty $(, $parameter:ident)?;)*) => {$(
        impl<$($parameter,)? K: Kind> Borrow<$lent> for Tracked<$owner, K> {
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
        impl<K: Kind> From<&str> for Tracked<$owner, K> {
            fn from(text: &str) -> Self {
                Self::new(text.into())
            }
        }
    )*};
}

from_str! { String Box<str> Arc<str> }

impl<T: ?Sized + fmt::Debug, K: Kind> fmt::Debug for Tracked<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display, K: Kind> fmt::Display for Tracked<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
