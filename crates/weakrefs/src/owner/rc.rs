//! [`Local`]: the kind of [`Rc`], whose objects stay in their thread. No lock, no atomic operation.

use super::kind::owner;
use super::sealed::{self, Counter, ExitLock, Kind, Lock, Once, OnceOwner, Turns};
use crate::callable::Arguments;
use crate::containers::RemovalCause;
use crate::exit::{self, Locking};
use crate::finalize::FinalizerObject;
use crate::method::Function;
use crate::rc::WeakReferenceable;
use crate::reference::ReferenceObject;
use crate::slot::WeakSlot;
use crate::watchers::{Evict, Mortal, Mortality};
use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::rc::{Rc, Weak};

/// The kind of owners that stay in one thread: [`Rc`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Local;

owner! {
    Local: Rc, Weak of WeakReferenceable, exit::local::register;
    objects: [];
}

impl Kind for Local {
    type Strong<T: ?Sized> = Rc<T>;
    type Mutex<T> = RefCell<T>;
    type ExitMutex<T> = RefCell<T>;
    type Counter = Cell<u64>;
    type Once<T> = OnceCell<T>;
    type OnceOwner<T> = OnceCell<Rc<T>>;
    type Turns = NoTurns;
    type Mortal = dyn AnyMortal;
    type Evict = dyn Evict<Self>;
    type Remains = Rc<dyn Any>;
    type Method<T: ?Sized, Args: Arguments, R> = dyn Function<T, Args, R>;
    type Callback<R: 'static> = Box<dyn FnOnce(&R)>;
    type Listening<P> = dyn Fn(&P, RemovalCause);
    type Function<R: 'static> = Box<dyn FnOnce() -> R>;

    fn notify(mortal: Rc<dyn AnyMortal>) {
        mortal.notify();
    }

    fn unregister(at: *const ()) {
        exit::local::unregister(at);
    }

    fn is_shut_down() -> bool {
        exit::local::is_shut_down()
    }
}

/// Never locked twice, as none of the user's code runs under it: to lock it never panics.
impl<T> Lock<T> for RefCell<T> {
    type Guard<'a>
        = RefMut<'a, T>
    where
        Self: 'a;

    #[inline]
    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn lock(&self) -> RefMut<'_, T> {
        self.borrow_mut()
    }

    #[inline]
    fn try_lock(&self) -> Option<RefMut<'_, T>> {
        self.try_borrow_mut().ok()
    }

    #[inline]
    fn get_mut(&mut self) -> &mut T {
        self.get_mut()
    }
}

impl<T> ExitLock<T> for RefCell<T> {
    type Guard<'a>
        = RefMut<'a, T>
    where
        Self: 'a;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn lock(&self) -> RefMut<'_, T> {
        self.borrow_mut()
    }

    fn lock_as(&self, _: Locking) -> Option<RefMut<'_, T>> {
        Some(self.borrow_mut())
    }
}

impl Counter for Cell<u64> {
    #[inline]
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    #[inline]
    fn get(&self) -> u64 {
        self.get()
    }

    #[inline]
    fn set(&self, value: u64) {
        self.set(value);
    }

    #[inline]
    fn next(&self) -> u64 {
        self.replace(self.get() + 1)
    }
}

impl<T> Once<T> for OnceCell<T> {
    fn new() -> Self {
        Self::new()
    }

    #[inline]
    fn get(&self) -> Option<&T> {
        self.get()
    }

    fn set(&self, value: T) {
        _ = self.set(value);
    }
}

impl<T> OnceOwner for OnceCell<Rc<T>> {
    const EMPTY: Self = Self::new();
    type Strong = Rc<T>;
    type Borrowed<'a>
        = &'a Rc<T>
    where
        Self: 'a;

    fn of(owner: Rc<T>) -> Self {
        Self::from(owner)
    }

    #[inline]
    fn get(&self) -> Option<&Rc<T>> {
        self.get()
    }

    #[inline(always)]
    fn get_or_init(&self, make: impl FnOnce() -> Rc<T>) -> &Rc<T> {
        self.get_or_init(make)
    }
}

/// One thread runs factories within each other, and waits for nobody.
pub struct NoTurns;

impl Turns for NoTurns {
    type Turn<'a> = ();

    fn new() -> Self {
        Self
    }

    fn turn(&self, _: u64) -> Option<()> {
        Some(())
    }
}
