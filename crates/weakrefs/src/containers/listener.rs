//! [`RemovalCause`]: who listens to what leaves a container, and why it has left.
//!
//! # Protocol
//! - A container has at most one listener, which can be exchanged. It lies behind a lock of its own, which all shards share,
//!   and which is made with the first listener: without one, a removal costs a load more.
//! - It is called after the entry has left, outside of all locks, before what the entry owned is dropped; what it panics with
//!   is caught. So it may use the container.
//! - When a container goes, its listener goes first: what is left then is not told.

use super::container::Container;
use super::eviction::Eviction;
use crate::key_map::WeakKeyMap;
use crate::owner::sealed::{Kind, Lock, OnceOwner, Owner};
use crate::set::WeakSet;
use crate::unraisable::caught;
use crate::value_map::WeakValueMap;
use std::rc::Rc;
use std::sync::Arc;

/// Why an entry has left its container.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use weakrefs::{RemovalCause, Tracked, WeakValueMap};
///
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let files = WeakValueMap::new();
/// let listening = Arc::clone(&log);
/// files.set_removal_listener(move |name: &Arc<&str>, cause| {
///     listening.lock().unwrap().push((**name, cause));
/// });
///
/// let [one, other, third] = [1, 2, 3].map(|n| Arc::new(Tracked::new(n)));
/// files.insert("a.txt", &one);
/// files.insert("a.txt", &other);
/// files.insert("b.txt", &third);
/// files.remove("a.txt");
/// drop(third);
/// let expected = [
///     ("a.txt", RemovalCause::Replaced),
///     ("a.txt", RemovalCause::Removed),
///     ("b.txt", RemovalCause::Died),
/// ];
/// assert_eq!(*log.lock().unwrap(), expected);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemovalCause {
    /// The object has died.
    Died,
    /// Something else has been stored for an equal key.
    Replaced,
    /// It was taken out: by a removal, a drain, a condition.
    Removed,
}

/// The listener of a container, if it has one.
pub(super) type Listener<K, P> = Option<<K as Kind>::Strong<<K as Kind>::Listening<P>>>;

/// Where a container has it.
pub(super) type ListenerCell<K, P> = <K as Kind>::Mutex<Listener<K, P>>;

/// Where the shards of a container find that.
pub(super) type ListenerSlot<K, P> = <K as Kind>::OnceOwner<ListenerCell<K, P>>;

/// The listener in a slot, counted up.
pub(super) fn listener<K: Kind, P>(slot: &ListenerSlot<K, P>) -> Listener<K, P> {
    slot.get()?.lock().clone()
}

/// Tells a listener what has left.
#[cold]
pub(super) fn tell<K: Kind, P>(
    listener: K::Strong<K::Listening<P>>,
    payload: &P,
    cause: RemovalCause,
) {
    caught("calling the removal listener of a container", || {
        listener(payload, cause);
    });
    // Apart: it may be the last one, and what it owns panic as well.
    drop_listener::<K, P>(Some(listener));
}

/// Drops a listener, where nobody is to be told of a panic but the hook.
fn drop_listener<K: Kind, P>(listener: Listener<K, P>) {
    caught("dropping the removal listener of a container", || {
        drop(listener);
    });
}

/// What an evicted entry owned, and who is to be told before it is dropped: when this is.
pub(super) struct Told<K: Kind, P> {
    payload: P,
    listener: Listener<K, P>,
}

impl<K: Kind, P> Told<K, P> {
    pub(super) fn new(payload: P, listener: Listener<K, P>) -> Self {
        Self { payload, listener }
    }
}

impl<K: Kind, P> Drop for Told<K, P> {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.take() {
            tell::<K, P>(listener, &self.payload, RemovalCause::Died);
        }
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Container<O, P, E> {
    /// Puts a listener in the place of the present one, which is dropped outside of the lock.
    fn set_listener(&self, listener: Listener<O::Kind, P>) {
        let cell = self.listeners();
        // A statement of its own: the lock ends with it.
        let old = std::mem::replace(&mut *cell.lock(), listener);
        drop(old);
    }

    /// Takes the listener away, where a drop does.
    pub(super) fn drop_listener(&self) {
        if self.has_listener() {
            // A statement of its own: the lock ends with it.
            let old = self.listeners().lock().take();
            drop_listener::<O::Kind, P>(old);
        }
    }
}

/// The methods, for owners whose listeners are `Send + Sync`, and for those whose are not.
macro_rules! listeners {
    ($($owner:ident: [$($shared:tt)*];)*) => {$(
        impl<T: ?Sized, S, E: Eviction<$owner<T>, ()>> WeakSet<$owner<T>, S, E> {
            /// Sets who is told when an element leaves the set, and [why](RemovalCause), in place of who was before.
            ///
            /// The listener is called for each element, after that has left, outside of all locks, so that it may use the
            /// set; at a death, in turn with the other evictions. (It gets no element: mostly that is dead.) What it panics
            /// with goes to the [unraisable hook](crate::set_unraisable_hook). What is left when the set itself goes
            /// is not told. A listener that owns a handle of the set keeps it for ever: give it a [`Weak`](std::sync::Weak)
            /// of what owns one.
            pub fn set_removal_listener(&self, listener: impl Fn(RemovalCause) $($shared)* + 'static) {
                let listener = $owner::new(move |(): &(), cause| listener(cause));
                self.container.get().set_listener(Some(listener));
            }
        }

        impl<T: ?Sized, V, S, E: Eviction<$owner<T>, $owner<V>>> WeakKeyMap<$owner<T>, V, S, E> {
            /// Sets who is told when a value leaves the map, and [why](RemovalCause), in place of who was before.
            ///
            /// The listener is called for each value, after that has left and before the map drops it, outside of all locks,
            /// so that it may use the map; at the death of a key, in turn with the other evictions. What it panics with
            /// goes to the [unraisable hook](crate::set_unraisable_hook). What is left when the map itself goes is not told. A
            /// listener that owns a handle of the map keeps it for ever: give it a [`Weak`](std::sync::Weak) of what owns one.
            pub fn set_removal_listener(
                &self,
                listener: impl Fn(&$owner<V>, RemovalCause) $($shared)* + 'static,
            ) {
                self.container.get().set_listener(Some($owner::new(listener)));
            }
        }

        impl<K, T: ?Sized, S, E: Eviction<$owner<T>, $owner<K>>> WeakValueMap<K, $owner<T>, S, E> {
            /// Sets who is told when an entry leaves the map, by its key, and [why](RemovalCause), in place of who was before.
            ///
            /// The listener is called for each entry, after that has left and before the map drops the key, outside of all
            /// locks, so that it may use the map; at the death of an object, in turn with the other evictions. What it panics
            /// with goes to the [unraisable hook](crate::set_unraisable_hook). What is left when the map itself goes is not
            /// told. A listener that owns a handle of the map keeps it for ever: give it a [`Weak`](std::sync::Weak) of what
            /// owns one.
            pub fn set_removal_listener(
                &self,
                listener: impl Fn(&$owner<K>, RemovalCause) $($shared)* + 'static,
            ) {
                self.container.get().set_listener(Some($owner::new(listener)));
            }
        }
    )*};
}

listeners! {
    Arc: [+ Send + Sync];
    Rc: [];
}
