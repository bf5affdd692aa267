//! [`Query`]: what a lookup looks for, and how an entry is recognised.

use super::builtin_keys::compares_without_user_code;
use super::entry::Entry;
use super::keying::Keying;
use equivalent::Equivalent;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::sync::{Arc, Weak};

/// Recognises the entry that is looked for, in two steps (S18).
pub(crate) trait Query<T: ?Sized, P> {
    /// What is compared in the second step.
    type Key: ?Sized;

    fn hash(&self) -> u64;

    /// First step, inside the table: whether it is beyond doubt this entry, and alive. Runs nothing
    /// of the user's.
    fn is_same(&self, entry: &Entry<T, P>) -> bool;

    /// What is to be compared with an entry of equal hash outside, if that could be it.
    fn key_of(&self, entry: &Entry<T, P>) -> Option<Arc<Self::Key>>;

    /// The same for what is to be compared later, and may die until then.
    fn weak_key_of(&self, entry: &Entry<T, P>) -> Option<Weak<Self::Key>>;

    /// Second step, outside of every lock. Runs the user's code.
    fn is_equal(&self, key: &Self::Key) -> bool;
}

/// Looks for a referent that is the same as, or equal to, a given one.
pub(crate) struct ByReferent<'a, T: ?Sized, S> {
    hash: u64,
    referent: &'a T,
    keying: PhantomData<S>,
}

impl<'a, T: ?Sized, S: Keying<T>> ByReferent<'a, T, S> {
    #[inline]
    pub(crate) fn new(referent: &'a T, keying: &S) -> Self {
        Self {
            hash: keying.hash_of(referent),
            referent,
            keying: PhantomData,
        }
    }
}

impl<T: ?Sized, P, S: Keying<T>> Query<T, P> for ByReferent<'_, T, S> {
    type Key = T;

    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn is_same(&self, entry: &Entry<T, P>) -> bool {
        // The entry keeps the memory at its address, so nothing else can be there, dead or alive.
        S::is_same(self.referent, entry.referent.as_ptr()) && entry.is_alive()
    }

    #[inline]
    fn key_of(&self, entry: &Entry<T, P>) -> Option<Arc<T>> {
        if S::COMPARES {
            entry.referent.upgrade()
        } else {
            None
        }
    }

    fn weak_key_of(&self, entry: &Entry<T, P>) -> Option<Weak<T>> {
        (S::COMPARES && entry.is_alive()).then(|| Weak::clone(&entry.referent))
    }

    #[inline]
    fn is_equal(&self, key: &T) -> bool {
        S::are_equal(self.referent, key)
    }
}

/// Looks for a referent by something equivalent to it.
pub(crate) struct ByEquivalent<'a, Q: ?Sized> {
    hash: u64,
    key: &'a Q,
}

impl<'a, Q: ?Sized + Hash> ByEquivalent<'a, Q> {
    #[inline]
    pub(crate) fn new(key: &'a Q, hasher: &impl BuildHasher) -> Self {
        Self {
            hash: hasher.hash_one(key),
            key,
        }
    }
}

impl<T: ?Sized, P, Q: ?Sized + Equivalent<T>> Query<T, P> for ByEquivalent<'_, Q> {
    type Key = T;

    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn is_same(&self, _: &Entry<T, P>) -> bool {
        false
    }

    #[inline]
    fn key_of(&self, entry: &Entry<T, P>) -> Option<Arc<T>> {
        entry.referent.upgrade()
    }

    fn weak_key_of(&self, entry: &Entry<T, P>) -> Option<Weak<T>> {
        entry.is_alive().then(|| Weak::clone(&entry.referent))
    }

    #[inline]
    fn is_equal(&self, key: &T) -> bool {
        self.key.equivalent(key)
    }
}

/// Looks for the entry of a key that the container owns, by something equivalent to it.
pub(crate) struct ByKey<'a, K, Q: ?Sized> {
    hash: u64,
    key: &'a Q,
    keys: PhantomData<K>,
}

impl<'a, K, Q: ?Sized + Hash> ByKey<'a, K, Q> {
    #[inline]
    pub(crate) fn new(key: &'a Q, hasher: &impl BuildHasher) -> Self {
        Self {
            hash: hasher.hash_one(key),
            key,
            keys: PhantomData,
        }
    }
}

impl<T: ?Sized, K, Q: ?Sized + Equivalent<K>> Query<T, Arc<K>> for ByKey<'_, K, Q> {
    type Key = K;

    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn is_same(&self, entry: &Entry<T, Arc<K>>) -> bool {
        compares_without_user_code::<Q, K>()
            && self.key.equivalent(&entry.payload)
            && entry.is_alive()
    }

    #[inline]
    fn key_of(&self, entry: &Entry<T, Arc<K>>) -> Option<Arc<K>> {
        let undecided = !compares_without_user_code::<Q, K>() && entry.is_alive();
        undecided.then(|| Arc::clone(&entry.payload))
    }

    fn weak_key_of(&self, entry: &Entry<T, Arc<K>>) -> Option<Weak<K>> {
        let undecided = !compares_without_user_code::<Q, K>() && entry.is_alive();
        undecided.then(|| Arc::downgrade(&entry.payload))
    }

    #[inline]
    fn is_equal(&self, key: &K) -> bool {
        self.key.equivalent(key)
    }
}
