//! `Serialize` of what is alive, and `Deserialize` where an owner is made.
//!
//! What is written is a snapshot: it is collected first, so that its length is exact and the objects live until they are
//! written. The serializer and the `Serialize` of the elements are code of the user's, and run outside of all locks.
//!
//! Containers and references own nothing of what they refer to. A container that was deserialized would be empty before
//! anybody saw it, so they are not `Deserialize`. (serde's own `Weak` is, and always gives a dead one.)

use crate::key_map::WeakKeyMap;
use crate::reference::Ref;
use crate::set::WeakSet;
use crate::slot::WeakReferenceable;
use crate::tracked::Tracked;
use crate::value_map::WeakValueMap;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// The value.
impl<T: ?Sized + Serialize> Serialize for Tracked<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Tracked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

/// The object, or nothing once it is dead.
impl<T: ?Sized + WeakReferenceable + Serialize> Serialize for Ref<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.upgrade().as_deref().serialize(serializer)
    }
}

/// The elements in the order of insertion.
impl<T: ?Sized + WeakReferenceable + Serialize, H> Serialize for WeakSet<T, H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let elements: Vec<_> = self.iter().collect();
        serializer.collect_seq(elements.iter().map(|element| &**element))
    }
}

/// The entries in the order of insertion.
impl<K, V, H> Serialize for WeakKeyMap<K, V, H>
where
    K: ?Sized + WeakReferenceable + Serialize,
    V: Serialize + Send + Sync + 'static,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_map(self.iter().collect(), serializer)
    }
}

/// The entries in the order of insertion.
impl<K, V, H> Serialize for WeakValueMap<K, V, H>
where
    K: Serialize + Send + Sync + 'static,
    V: ?Sized + WeakReferenceable + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_map(self.iter().collect(), serializer)
    }
}

fn serialize_map<K, V, S>(entries: Vec<(Arc<K>, Arc<V>)>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: ?Sized + Serialize,
    V: ?Sized + Serialize,
    S: Serializer,
{
    serializer.collect_map(entries.iter().map(|(key, value)| (&**key, &**value)))
}
