use crate::containers::{Container, Eviction, Walk};
use crate::owner::Watchable;
use crate::owner::sealed::{Kind, Owner};
use crate::reference::ReferenceObject;
use crate::watchers::Watchers;
use std::panic::{RefUnwindSafe, UnwindSafe};

impl<K: Kind> RefUnwindSafe for Watchers<K> {}

impl<O: Watchable> RefUnwindSafe for ReferenceObject<O> {}

impl<O: Owner, P: Clone, E: Eviction<O, P>> RefUnwindSafe for Container<O, P, E> {}

// Its steps run nothing of the user's either, before they are done.
impl<O: Owner, P: Clone, E: Eviction<O, P>> UnwindSafe for Walk<O, P, E> {}

impl<O: Owner, P: Clone, E: Eviction<O, P>> RefUnwindSafe for Walk<O, P, E> {}
