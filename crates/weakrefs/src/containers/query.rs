//! [`Query`]: what a lookup looks for, and how an entry is recognised.

use super::builtin_keys::compares_without_user_code;
use super::entry::Entry;
use super::lookup_key::LookupKey;
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

/// Looks for a referent by what it can be looked up by.
pub(crate) struct ByReferent<'a, Q: ?Sized, S, By> {
    hash: u64,
    key: &'a Q,
    way: PhantomData<(S, By)>,
}

impl<'a, Q: ?Sized, S, By> ByReferent<'a, Q, S, By> {
    #[inline]
    pub(crate) fn new<T: ?Sized>(key: &'a Q, keying: &S) -> Self
    where
        Q: LookupKey<T, S, By>,
    {
        Self {
            hash: key.hash_by(keying),
            key,
            way: PhantomData,
        }
    }
}

impl<T, P, Q, S, By> Query<T, P> for ByReferent<'_, Q, S, By>
where
    T: ?Sized,
    Q: ?Sized + LookupKey<T, S, By>,
{
    type Key = T;

    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn is_same(&self, entry: &Entry<T, P>) -> bool {
        // The entry keeps the memory at its address, so nothing else can be there, dead or alive.
        self.key.is_same(entry.referent.as_ptr()) && entry.is_alive()
    }

    #[inline]
    fn key_of(&self, entry: &Entry<T, P>) -> Option<Arc<T>> {
        if Q::COMPARES {
            entry.referent.upgrade()
        } else {
            None
        }
    }

    fn weak_key_of(&self, entry: &Entry<T, P>) -> Option<Weak<T>> {
        (Q::COMPARES && entry.is_alive()).then(|| Weak::clone(&entry.referent))
    }

    #[inline]
    fn is_equal(&self, key: &T) -> bool {
        self.key.is_equal(key)
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
