//! [`Query`]: what a lookup looks for, and how an entry is recognised.

use super::builtin_keys::compares_without_user_code;
use super::entry::Entry;
use super::eviction::Eviction;
use super::lookup_key::LookupKey;
use crate::owner::Shared;
use crate::owner::sealed::{Owner, Weak};
use equivalent::Equivalent;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::ops::Deref;

/// Recognises the entry that is looked for, in two steps (S18).
pub(crate) trait Query<O: Owner, P: Clone, E: Eviction<O, P>> {
    /// The owner of what is compared in the second step.
    type Key: Owner;

    fn hash(&self) -> u64;

    /// First step, inside the table: whether it is beyond doubt this entry, and alive. Runs nothing
    /// of the user's.
    fn is_same(&self, entry: &Entry<O, P, E>) -> bool;

    /// What is to be compared with an entry of equal hash outside, if that could be it.
    fn key_of(&self, entry: &Entry<O, P, E>) -> Option<Self::Key>;

    /// The same for what is to be compared later, and may die until then.
    fn weak_key_of(&self, entry: &Entry<O, P, E>) -> Option<<Self::Key as Owner>::Weak>;

    /// Second step, outside of every lock. Runs the user's code.
    fn is_equal(&self, key: &<Self::Key as Deref>::Target) -> bool;
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

impl<O, P, E, Q, S, By> Query<O, P, E> for ByReferent<'_, Q, S, By>
where
    O: Owner,
    P: Clone,
    E: Eviction<O, P>,
    Q: ?Sized + LookupKey<O::Target, S, By>,
{
    type Key = O;

    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn is_same(&self, entry: &Entry<O, P, E>) -> bool {
        // The entry keeps the memory at its address, so nothing else can be there, dead or alive.
        self.key.is_same(entry.referent.as_ptr()) && entry.is_alive()
    }

    #[inline]
    fn key_of(&self, entry: &Entry<O, P, E>) -> Option<O> {
        if Q::COMPARES {
            entry.referent.upgrade()
        } else {
            None
        }
    }

    fn weak_key_of(&self, entry: &Entry<O, P, E>) -> Option<O::Weak> {
        (Q::COMPARES && entry.is_alive()).then(|| entry.referent.clone())
    }

    #[inline]
    fn is_equal(&self, key: &O::Target) -> bool {
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

impl<O, K, E, Q> Query<O, Shared<O, K>, E> for ByKey<'_, K, Q>
where
    O: Owner,
    E: Eviction<O, Shared<O, K>>,
    Q: ?Sized + Equivalent<K>,
{
    type Key = Shared<O, K>;

    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn is_same(&self, entry: &Entry<O, Shared<O, K>, E>) -> bool {
        compares_without_user_code::<Q, K>()
            && self.key.equivalent(&entry.payload)
            && entry.is_alive()
    }

    #[inline]
    fn key_of(&self, entry: &Entry<O, Shared<O, K>, E>) -> Option<Shared<O, K>> {
        let undecided = !compares_without_user_code::<Q, K>() && entry.is_alive();
        undecided.then(|| entry.payload.clone())
    }

    fn weak_key_of(
        &self,
        entry: &Entry<O, Shared<O, K>, E>,
    ) -> Option<<Shared<O, K> as Owner>::Weak> {
        let undecided = !compares_without_user_code::<Q, K>() && entry.is_alive();
        undecided.then(|| entry.payload.downgrade())
    }

    #[inline]
    fn is_equal(&self, key: &K) -> bool {
        self.key.equivalent(key)
    }
}
