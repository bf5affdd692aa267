//! Containers of any objects: also of types that have no slot and can get none.
//!
//! They look and behave as those at the [crate's root](crate), but for one thing: nobody tells them that an object has died.
//! Lookups and iterators pass over the dead, so what they give is exact. The entries themselves, and the values and
//! keys that they own, leave some time later: when the container would have to grow, when an equal key is stored, or when you
//! say [`remove_expired`](crate::generic::WeakSet::remove_expired). So `len` is an upper bound, and an insertion is O(1) on
//! average.
//!
//! Callbacks and finalizers need a slot: there are none for such objects. Where a type is yours, or can be wrapped in a
//! [`Tracked`](crate::Tracked), the containers at the root are the better ones.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use weakrefs::lazy::PtrWeakKeyMap;
//!
//! // Somebody else's type, which somebody else puts into `Arc`s.
//! let connection = Arc::new(Mutex::new(Vec::<u8>::new()));
//!
//! let names = PtrWeakKeyMap::new();
//! names.insert(&connection, "first");
//! assert_eq!(names.get(&connection).as_deref(), Some(&"first"));
//!
//! drop(connection);
//! assert!(names.iter().next().is_none());
//! assert_eq!(names.len(), 1); // at most
//! assert_eq!(names.remove_expired(), 1);
//! assert_eq!(names.len(), 0);
//! ```

use crate::containers::{ByIdentity, ByValue, Lazy};
use crate::generic;
use crate::hashing::RandomState;
use std::sync::Arc;

/// As [`crate::WeakSet`], of any objects: an object is invisible from the moment it dies, and leaves some time later.
pub type WeakSet<T, S = RandomState> = generic::WeakSet<Arc<T>, ByValue<S>, Lazy>;

/// As [`crate::PtrWeakSet`], of any objects.
pub type PtrWeakSet<T> = generic::WeakSet<Arc<T>, ByIdentity, Lazy>;

/// As [`crate::WeakKeyMap`], for any keys: a value is out of reach from the moment its key dies, and is dropped some time
/// later.
pub type WeakKeyMap<K, V, S = RandomState> = generic::WeakKeyMap<Arc<K>, V, ByValue<S>, Lazy>;

/// As [`crate::PtrWeakKeyMap`], for any keys.
pub type PtrWeakKeyMap<K, V> = generic::WeakKeyMap<Arc<K>, V, ByIdentity, Lazy>;

/// As [`crate::WeakValueMap`], of any objects.
pub type WeakValueMap<K, V, S = RandomState> = generic::WeakValueMap<K, Arc<V>, S, Lazy>;
