//! `Serialize` of what is alive, and `Deserialize` where an owner is made.
//!
//! What is written is a snapshot: it is collected first, so that its length is exact and the objects live until they are
//! written. The serializer and the `Serialize` of the elements are code of the user's, and run outside of all locks.
//!
//! Containers and references own nothing of what they refer to. A container that was deserialized would be empty before
//! anybody saw it, so they are not `Deserialize`. (serde's own `Weak` is, and always gives a dead one.)

use crate::containers::Eviction;
use crate::key_map::WeakKeyMap;
use crate::owner::sealed::Kind;
use crate::owner::{Owner, Shared, Watchable};
use crate::reference::Ref;
use crate::set::WeakSet;
use crate::tracked::Tracked;
use crate::value_map::WeakValueMap;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;

/// The value.
impl<T: ?Sized + Serialize, K: Kind> Serialize for Tracked<T, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, K: Kind> Deserialize<'de> for Tracked<T, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

/// The object, or nothing once it is dead.
impl<O: Watchable<Target: Serialize>> Serialize for Ref<O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.upgrade().as_deref().serialize(serializer)
    }
}

/// The elements in the order of insertion.
impl<O: Owner<Target: Serialize>, H, E: Eviction<O, ()>> Serialize for WeakSet<O, H, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let elements: Vec<_> = self.iter().collect();
        serializer.collect_seq(elements.iter().map(|element| &**element))
    }
}

/// The entries in the order of insertion.
impl<O, V, H, E> Serialize for WeakKeyMap<O, V, H, E>
where
    O: Owner<Target: Serialize>,
    V: Serialize,
    E: Eviction<O, Shared<O, V>>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_map(self.iter().collect(), serializer)
    }
}

/// The entries in the order of insertion.
impl<K, O, H, E> Serialize for WeakValueMap<K, O, H, E>
where
    K: Serialize,
    O: Owner<Target: Serialize>,
    E: Eviction<O, Shared<O, K>>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_map(self.iter().collect(), serializer)
    }
}

fn serialize_map<K, V, S>(entries: Vec<(K, V)>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: Deref<Target: Serialize>,
    V: Deref<Target: Serialize>,
    S: Serializer,
{
    serializer.collect_map(entries.iter().map(|(key, value)| (&**key, &**value)))
}
