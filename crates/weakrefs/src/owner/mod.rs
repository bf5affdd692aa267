//! [`Owner`]: what objects are owned by, `Arc` among threads or `Rc` in one.
//!
//! Everything of the crate that refers to objects is written once, over these traits, and the compiler makes it twice. A
//! [`Kind`] of owners brings along what has to go with it: locks or none, atomic counters or plain ones, trait objects with
//! `Send + Sync` or without. (Whether a type is `Send` cannot be left open in a bound, so the few lines that make a trait
//! object of something stand in `arc` and `rc`, by one macro.)

mod arc;
mod kind;
mod rc;

pub use self::arc::Atomic;
pub use self::rc::Local;

/// An owner of an object: [`Arc<T>`](std::sync::Arc) or [`Rc<T>`](std::rc::Rc). The trait cannot be implemented outside of this
/// crate.
pub trait Owner: sealed::Owner {}

impl<O: sealed::Owner> Owner for O {}

/// What owns a `T` as `O` owns its object: an [`Arc<T>`](std::sync::Arc) or an [`Rc<T>`](std::rc::Rc).
pub type Shared<O, T> = <<O as sealed::Owner>::Kind as sealed::Kind>::Strong<T>;

/// An owner of an object that has a slot: an `Arc` of a type that is [`WeakReferenceable`](crate::WeakReferenceable), or an
/// `Rc` of one that is [`rc::WeakReferenceable`](crate::rc::WeakReferenceable).
pub trait Watchable: Owner + sealed::Watchable {}

impl<O: Owner + sealed::Watchable> Watchable for O {}

#[allow(
    unreachable_pub,
    reason = "sealed traits speak of each other, which Rust 1.85 does not see"
)]
pub(crate) mod sealed {
    use super::Shared;
    use crate::callable::Arguments;
    use crate::containers::RemovalCause;
    use crate::exit::Locking;
    use crate::finalize::FinalizerObject;
    use crate::method::Function;
    use crate::reference::ReferenceObject;
    use crate::slot::WeakSlot;
    use crate::watchers::{Evict, Mortality};
    use std::fmt;
    use std::ops::{Deref, DerefMut};

    /// A weak pointer to something, of a kind.
    pub(crate) type WeakOf<K, T> = <<K as Kind>::Strong<T> as Owner>::Weak;

    /// `Arc` or `Rc`.
    pub trait Owner: Clone + Deref {
        type Kind: Kind;
        type Weak: Weak<Strong = Self>;

        fn new(value: Self::Target) -> Self
        where
            Self::Target: Sized;

        fn downgrade(&self) -> Self::Weak;

        fn as_ptr(&self) -> *const Self::Target;

        fn ptr_eq(&self, other: &Self) -> bool;
    }

    /// `std::sync::Weak` or `std::rc::Weak`.
    pub trait Weak: Clone + fmt::Debug {
        type Strong: Owner;

        fn upgrade(&self) -> Option<Self::Strong>;

        fn as_ptr(&self) -> *const <Self::Strong as Deref>::Target;

        fn is_alive(&self) -> bool;
    }

    /// A kind of owners, and what goes with it.
    pub trait Kind: Sized + 'static {
        type Strong<T: ?Sized>: Owner<Target = T, Kind = Self>;

        /// A lock for what runs none of the user's code.
        type Mutex<T>: Lock<T>;
        /// A lock that the exit of a fork can do without.
        type ExitMutex<T>: ExitLock<T>;
        type Counter: Counter;
        type Once<T>: Once<T>;
        type OnceOwner<T>: OnceOwner<Strong = Self::Strong<T>>;
        /// The factories that are running for one container.
        type Turns: Turns;

        /// A reference object or a finalizer, as a trait object.
        type Mortal: ?Sized + Mortality + 'static;
        /// A shard of a container, as a trait object.
        type Evict: ?Sized + Evict<Self> + 'static;
        /// Anything, as a trait object, to be dropped.
        type Remains: 'static;
        /// A method whose type is forgotten, as a trait object.
        type Method<T: ?Sized, Args: Arguments, R>: ?Sized + Function<T, Args, R>;
        /// What a reference `R` runs when its object dies.
        type Callback<R: 'static>: FnOnce(&R) + 'static;
        /// What a container tells of what it owned, as a trait object.
        type Listening<P>: ?Sized + Fn(&P, RemovalCause);
        /// What a finalizer runs.
        type Function<R: 'static>: FnOnce() -> R + 'static;

        /// Runs the callback of a reference, or a finalizer.
        fn notify(mortal: Self::Strong<Self::Mortal>);

        /// Takes a finalizer out of the registry.
        fn unregister(at: *const ());

        /// Whether finalizers run no more.
        fn is_shut_down() -> bool;
    }

    /// An owner of an object with a slot.
    pub trait Watchable: Owner + 'static {
        fn slot(&self) -> &WeakSlot<Self::Kind>;

        /// A reference object, as its referent's list of watchers has it.
        fn reference_watcher(
            object: &Shared<Self, ReferenceObject<Self>>,
        ) -> WeakOf<Self::Kind, <Self::Kind as Kind>::Mortal>;

        /// Views a watcher as a reference object of this type, if it is one.
        fn reference_object(
            mortal: <Self::Kind as Kind>::Strong<<Self::Kind as Kind>::Mortal>,
        ) -> Option<Shared<Self, ReferenceObject<Self>>>;

        /// A finalizer, as its referent's list of watchers has it.
        fn finalizer_watcher<R: 'static>(
            object: &Shared<Self, FinalizerObject<Self, R>>,
        ) -> WeakOf<Self::Kind, <Self::Kind as Kind>::Mortal>;

        /// Enters a finalizer into the registry.
        fn register<R: 'static>(object: Shared<Self, FinalizerObject<Self, R>>);
    }

    pub trait Lock<T> {
        type Guard<'a>: DerefMut<Target = T>
        where
            Self: 'a;

        fn new(value: T) -> Self;

        fn lock(&self) -> Self::Guard<'_>;

        fn try_lock(&self) -> Option<Self::Guard<'_>>;

        fn get_mut(&mut self) -> &mut T;
    }

    pub trait ExitLock<T> {
        type Guard<'a>: DerefMut<Target = T>
        where
            Self: 'a;

        fn new(value: T) -> Self;

        fn lock(&self) -> Self::Guard<'_>;

        /// Locks it; in the exit of a fork, that may be impossible.
        fn lock_as(&self, locking: Locking) -> Option<Self::Guard<'_>>;
    }

    /// A number that is changed through shared references. Nothing else is ordered by it.
    pub trait Counter {
        fn new(value: u64) -> Self;

        fn get(&self) -> u64;

        fn set(&self, value: u64);

        /// Adds one, and gives what it was.
        fn next(&self) -> u64;
    }

    /// What is set at most once.
    pub trait Once<T> {
        fn new() -> Self;

        fn get(&self) -> Option<&T>;

        /// Sets it, unless it is set.
        fn set(&self, value: T);
    }

    /// An owner that is set at most once.
    pub trait OnceOwner {
        const EMPTY: Self;
        type Strong: Owner;
        type Borrowed<'a>: Deref<Target = Self::Strong>
        where
            Self: 'a;

        fn of(owner: Self::Strong) -> Self;

        fn get(&self) -> Option<Self::Borrowed<'_>>;

        /// The owner, after setting it to what `make` gives if nobody else is faster.
        fn get_or_init(&self, make: impl FnOnce() -> Self::Strong) -> Self::Borrowed<'_>;
    }

    /// At most one factory runs for a key at a time.
    pub trait Turns {
        type Turn<'a>
        where
            Self: 'a;

        fn new() -> Self;

        /// The turn to run a factory for a key with this hash, or `None` after waiting for another thread that had it: look
        /// again, then.
        fn turn(&self, hash: u64) -> Option<Self::Turn<'_>>;
    }
}
