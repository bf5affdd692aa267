//! [`Eviction`]: how the entries of objects that have died leave a container.
//!
//! [`Eager`] needs a slot in the objects: the container is on each one's list of watchers, and told. [`Lazy`] takes any
//! object: nobody tells, so lookups pass over the dead, and an insertion that finds the table full sweeps them out, which
//! makes it O(1) on average.

use super::shard::Shard;
use crate::chains::step;
use crate::owner::sealed::{Kind, Owner, Watchable};
use crate::owner::{Atomic, Local, Shared};
use crate::rc;
use crate::reference::home_of;
use crate::slot::WeakReferenceable;
use crate::unraisable::caught;
use crate::watchers::{Evict, Watch, Watcher, Watchers};
use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

/// An entry leaves the moment its object dies. The object has a slot.
#[derive(Clone, Copy, Debug)]
pub struct Eager;

/// An entry is invisible from the moment its object dies, and leaves some time later. The object can be anything.
#[derive(Clone, Copy, Debug)]
pub struct Lazy;

/// How the entries of objects that have died leave a container: [`Eager`] or [`Lazy`].
///
/// `O` is what owns the objects, and `P` what the container owns beside each of them: nothing, a value or a key. The trait
/// cannot be implemented outside of this crate.
pub trait Eviction<O: Owner, P: Clone>: sealed::Eviction<O, P> {}

impl<O: Owner, P: Clone, E: sealed::Eviction<O, P>> Eviction<O, P> for E {}

#[allow(
    unreachable_pub,
    reason = "sealed traits speak of each other, which Rust 1.85 does not see"
)]
pub(crate) mod sealed {
    use super::Shard;
    use crate::owner::Shared;
    use crate::owner::sealed::{Kind, Owner};

    /// What is the same whatever the objects are. (So whether a container is `Send` does not depend on whether its objects
    /// have a slot, which in turn depends on whether they are `Send`.)
    pub trait Policy {
        /// What identifies an entry: nothing else in its container has this, ever.
        type Watch<K: Kind>: Identity;

        /// Whether containers are told of deaths.
        const IS_TOLD: bool;
    }

    pub trait Eviction<O: Owner, P: Clone>: Policy + Sized {
        /// Has an object watched for an entry with this hash. `number` gives one that the container has not used.
        fn watch(
            shard: &Shared<O, Shard<O, P, Self>>,
            hash: u64,
            referent: &O,
            number: impl FnOnce() -> u64,
        ) -> Self::Watch<O::Kind>;

        /// Whether no container can have this object, or it does not matter, as it costs nothing to watch it again.
        fn is_unwatched(referent: &O) -> bool;

        /// Drops what an entry owned, which may run the user's code: outside of every lock.
        fn discard(payload: P);
    }

    /// What identifies an entry.
    pub trait Identity: Clone {
        /// Whether both are of the same entry.
        fn same(&self, other: &Self) -> bool;

        /// Nobody need tell any more.
        fn cancel(&self);
    }
}

impl sealed::Policy for Eager {
    type Watch<K: Kind> = Watch<K>;
    const IS_TOLD: bool = true;
}

impl sealed::Policy for Lazy {
    type Watch<K: Kind> = u64;
    const IS_TOLD: bool = false;
}

impl<K: Kind> sealed::Identity for Watch<K> {
    #[inline]
    fn same(&self, other: &Self) -> bool {
        self.same(other)
    }

    #[inline]
    fn cancel(&self) {
        self.cancel();
    }
}

/// A number of its own.
impl sealed::Identity for u64 {
    #[inline]
    fn same(&self, other: &Self) -> bool {
        self == other
    }

    #[inline]
    fn cancel(&self) {}
}

/// Puts a shard on an object's list of watchers.
#[inline(always)]
fn watch<O: Watchable>(
    shard: Shared<O, <O::Kind as Kind>::Evict>,
    hash: u64,
    referent: &O,
) -> Watch<O::Kind> {
    let watchers = referent.slot().watchers_or_init();
    Watchers::watch(
        &*watchers,
        home_of(referent),
        Watcher::Container { shard, hash },
    )
}

/// Drops what an entry owned of the user's.
fn discard(remains: impl Sized + 'static) {
    step(|| {
        caught("dropping an entry of a container", || drop(remains));
    });
}

/// Both ways for one kind of owners, and what it owns of the user's.
macro_rules! evictions {
    ($(
        $kind:ident: $strong:ident of $referent:path, $evict:ty, $remains:ty;
        payload: $payload:ty $(, $value:ident: [$($bound:tt)*])?;
        |$owned:ident| $into_remains:expr;
    )*) => {$(
        impl<T: ?Sized + $referent $(, $value: $($bound)*)?> sealed::Eviction<$strong<T>, $payload> for Eager {
            #[inline]
            fn watch(
                shard: &$strong<Shard<$strong<T>, $payload, Self>>,
                hash: u64,
                referent: &$strong<T>,
                _: impl FnOnce() -> u64,
            ) -> Watch<$kind> {
                let shard: $strong<$evict> = shard.clone();
                watch(shard, hash, referent)
            }

            #[inline]
            fn is_unwatched(referent: &$strong<T>) -> bool {
                referent.slot().watchers().is_none()
            }

            #[inline]
            fn discard($owned: $payload) {
                let remains: Option<$remains> = $into_remains;
                remains.map(discard);
            }
        }

        impl<T: ?Sized + $referent $(, $value: $($bound)*)?> Evict<$kind>
            for Shard<$strong<T>, $payload, Eager>
        {
            fn evict(&self, hash: u64, watchers: &Watchers<$kind>, number: u64) -> Option<$remains> {
                let entry = self.take_evicted(hash, |watch| watch.is(watchers, number))?;
                if self.has_listener() {
                    return Some($strong::new(self.told(entry.payload)));
                }
                let $owned = entry.payload;
                $into_remains
            }
        }

        impl<T: ?Sized $(, $value: $($bound)*)?> sealed::Eviction<$strong<T>, $payload> for Lazy {
            #[inline]
            fn watch(
                _: &$strong<Shard<$strong<T>, $payload, Self>>,
                _: u64,
                _: &$strong<T>,
                number: impl FnOnce() -> u64,
            ) -> u64 {
                number()
            }

            #[inline]
            fn is_unwatched(_: &$strong<T>) -> bool {
                true
            }

            #[inline]
            fn discard($owned: $payload) {
                let remains: Option<$remains> = $into_remains;
                remains.map(discard);
            }
        }
    )*};
}

evictions! {
    Atomic: Arc of WeakReferenceable, dyn Evict<Atomic> + Send + Sync, Arc<dyn Any + Send + Sync>;
    payload: ();
    |_nothing| None;

    Atomic: Arc of WeakReferenceable, dyn Evict<Atomic> + Send + Sync, Arc<dyn Any + Send + Sync>;
    payload: Arc<V>, V: [Send + Sync + 'static];
    |owned| Some(owned);

    Local: Rc of rc::WeakReferenceable, dyn Evict<Local>, Rc<dyn Any>;
    payload: ();
    |_nothing| None;

    Local: Rc of rc::WeakReferenceable, dyn Evict<Local>, Rc<dyn Any>;
    payload: Rc<V>, V: ['static];
    |owned| Some(owned);
}
