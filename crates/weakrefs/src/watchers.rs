//! [`Watchers`]: who is to be told of the death of one object, and the telling.
//!
//! An object's slot owns one list, made when the object is first weakly referenced. Watchers are
//! reference objects and finalizers (as [`Mortal`]), held weakly, and shards of containers (as
//! [`Evict`]). Whoever goes first takes itself off the list.
//!
//! # Protocol
//! - *Registering* needs an `Arc` of the object, so the object cannot die meanwhile.
//! - *Leaving* ([`Watch::cancel`]) may race with death: the list is taken by whoever locks it first.
//! - *Death* ([`Watchers::announce_death`]) takes the whole list under the lock, and tells it without:
//!   first every reference reads dead, then the entries leave the containers, then what they owned is
//!   dropped, then callbacks and finalizers run, newest first (S2). The last two run the user's code, each time by
//!   [`caught`](crate::unraisable::caught); both together are a [step](crate::chains), which may be put off.
//! - *Moves.* A value can leave its `Arc` alive (`Arc::into_inner`, `make_mut`, ...) and take the slot
//!   along. The list remembers the address at which its watchers saw the object, and is told, as at
//!   death, before the object is watched at another one. The address cannot be in use again: each
//!   watcher holds a `std::sync::Weak` of the old `Arc`, which keeps its memory.

mod list;

use self::list::{List, Numbered};
use crate::chains::step;
use crate::no_room::no_room;
use crate::owner::sealed::{Kind, Lock, Owner, Weak, WeakOf};
use crate::sync::yield_point;
use crate::unraisable::caught;
use smallvec::SmallVec;

/// A reference object or finalizer, as its referent's list of watchers sees it.
pub trait Mortality {
    /// The referent has died: read dead from now on. Runs nothing of the user's. Gives whether the watcher then wants to be
    /// [notified](Mortal::notify).
    fn die(&self) -> bool;

    /// Whether this is a reference object (S10).
    fn is_reference(&self) -> bool;
}

/// The same as what it is.
pub trait Mortal<K: Kind>: Mortality + Sized {
    /// Runs the callback.
    fn notify(this: K::Strong<Self>);
}

/// A shard of a container, as the list of watchers of something in it sees it. Dropping one runs nothing
/// of the user's: a container that goes empties it before.
pub trait Evict<K: Kind> {
    /// Takes out the entry of the watcher that has this number on this list, and gives what it owned
    /// of the user's.
    fn evict(&self, hash: u64, watchers: &Watchers<K>, number: u64) -> Option<K::Remains>;
}

/// One on the list.
pub(crate) enum Watcher<K: Kind> {
    Mortal(WeakOf<K, K::Mortal>),
    Container {
        shard: K::Strong<K::Evict>,
        hash: u64,
    },
}

impl<K: Kind> Clone for Watcher<K> {
    fn clone(&self) -> Self {
        match self {
            Self::Mortal(mortal) => Self::Mortal(mortal.clone()),
            Self::Container { shard, hash } => Self::Container {
                shard: shard.clone(),
                hash: *hash,
            },
        }
    }
}

/// The list of watchers of one object.
pub struct Watchers<K: Kind> {
    state: K::Mutex<State<K>>,
}

struct State<K: Kind> {
    /// Where the watchers saw the object.
    home: usize,
    next_number: u64,
    list: List<Watcher<K>>,
    /// The numbers of the reference objects that are shared (S6): one for each type under which the
    /// object is known (itself, its traits).
    shared: SmallVec<[u64; 1]>,
}

/// A place on a list.
pub struct Watch<K: Kind> {
    watchers: K::Strong<Watchers<K>>,
    number: u64,
}

impl<K: Kind> Clone for Watch<K> {
    fn clone(&self) -> Self {
        Self {
            watchers: self.watchers.clone(),
            number: self.number,
        }
    }
}

impl<K: Kind> Watchers<K> {
    pub(crate) fn new() -> K::Strong<Self> {
        K::Strong::new(Self {
            state: K::Mutex::new(State {
                home: 0,
                next_number: 0,
                list: List::new(),
                shared: SmallVec::new(),
            }),
        })
    }

    /// Puts the watcher that `make` creates on the list of the object at `home`.
    ///
    /// `make` runs under the lock, and must run nothing of the user's.
    pub(crate) fn register<R>(
        this: &K::Strong<Self>,
        home: usize,
        make: impl FnOnce(Watch<K>) -> (Watcher<K>, R),
    ) -> R {
        let mut state = this.lock_at(home);
        let made = state.push_with(this, make);
        drop(state);
        listed(made)
    }

    /// Puts a watcher on the list of the object at `home`.
    #[inline(always)]
    pub(crate) fn watch(this: &K::Strong<Self>, home: usize, watcher: Watcher<K>) -> Watch<K> {
        let mut state = this.lock_at(home);
        let number = state.next_number;
        if let Err(unlisted) = state.push(watcher) {
            drop(state);
            refuse(unlisted);
        }
        Watch {
            watchers: this.clone(),
            number,
        }
    }

    /// The shared reference object for which `same` gives something, or else the one `make` creates.
    pub(crate) fn shared<R>(
        this: &K::Strong<Self>,
        home: usize,
        same: impl Fn(K::Strong<K::Mortal>) -> Option<R>,
        make: impl FnOnce(Watch<K>) -> (Watcher<K>, R),
    ) -> R {
        // What is upgraded here may be the last of its kind, and is dropped after the lock.
        let mut others = SmallVec::<[K::Strong<K::Mortal>; 1]>::new();
        let mut state = this.lock_at(home);
        for &number in &state.shared {
            let Some(Watcher::Mortal(mortal)) = state.list.get(number) else {
                continue;
            };
            if let Some(mortal) = mortal.upgrade() {
                if let Some(found) = same(mortal.clone()) {
                    drop(state);
                    return found;
                }
                others.push(mortal);
            }
        }
        let number = state.next_number;
        let made = state.push_with(this, make);
        if made.is_ok() {
            state.shared.push(number);
        }
        drop(state);
        listed(made)
    }

    /// The reference objects and finalizers on the list, oldest first.
    pub(crate) fn mortals(&self, home: usize) -> Vec<K::Strong<K::Mortal>> {
        let state = self.lock_at(home);
        let mortals = state.list.iter().filter_map(|numbered| {
            if let Watcher::Mortal(mortal) = &numbered.watcher {
                mortal.upgrade()
            } else {
                None
            }
        });
        mortals.collect()
    }

    /// How many are on the list.
    #[cfg(shuttle)]
    pub(crate) fn len(&self) -> usize {
        self.state.lock().list.iter().count()
    }

    /// Locks the list of the object at `home`, after telling those who watched it elsewhere.
    fn lock_at(&self, home: usize) -> Guard<'_, K> {
        loop {
            let mut state = self.state.lock();
            if state.home == home {
                return state;
            }
            state.home = home;
            if state.list.is_empty() {
                return state;
            }
            let list = state.take();
            drop(state);
            self.announce(list);
        }
    }

    /// Tells everybody that the object is dead.
    pub(crate) fn announce_death(&self) {
        let list = self.state.lock().take();
        self.announce(list);
    }

    /// Tells everybody on a list that has been taken.
    fn announce(&self, list: List<Watcher<K>>) {
        match list.into_only() {
            Ok(numbered) => self.announce_to_one(numbered),
            Err(list) => self.announce_to_all(list),
        }
    }

    /// Nearly every list is of one, for which nothing has to be kept in order: a death costs a tenth less so.
    fn announce_to_one(&self, Numbered { number, watcher }: Numbered<Watcher<K>>) {
        yield_point();
        match watcher {
            Watcher::Mortal(mortal) => {
                if let Some(waiting) = mortal.upgrade().filter(|mortal| mortal.die()) {
                    step(|| K::notify(waiting));
                }
            }
            Watcher::Container { shard, hash } => {
                if let Some(remains) = shard.evict(hash, self, number) {
                    step(|| drop_evicted::<K>(remains));
                }
            }
        }
    }

    fn announce_to_all(&self, list: List<Watcher<K>>) {
        let mut waiting = SmallVec::<[K::Strong<K::Mortal>; 1]>::new();
        for numbered in list.iter() {
            yield_point();
            if let Watcher::Mortal(mortal) = &numbered.watcher {
                waiting.extend(mortal.upgrade().filter(|mortal| mortal.die()));
            }
        }
        let mut remains = SmallVec::<[K::Remains; 1]>::new();
        for numbered in list.iter() {
            yield_point();
            if let Watcher::Container { shard, hash } = &numbered.watcher {
                remains.extend(shard.evict(*hash, self, numbered.number));
            }
        }
        drop(list);
        if remains.is_empty() && waiting.is_empty() {
            return;
        }
        step(|| {
            for remains in remains {
                drop_evicted::<K>(remains);
            }
            for mortal in waiting.into_iter().rev() {
                K::notify(mortal);
            }
        });
    }
}

/// What was made of a watcher, outside of the lock, unless there was no room for it on the list.
fn listed<R, U>(made: Result<R, U>) -> R {
    made.unwrap_or_else(|unlisted| refuse(unlisted))
}

#[cold]
fn refuse<U>(unlisted: U) -> ! {
    drop(unlisted);
    no_room()
}

/// Drops what an entry owned, which runs the user's code.
fn drop_evicted<K: Kind>(remains: K::Remains) {
    caught("dropping an evicted entry", || drop(remains));
}

/// A list, locked.
type Guard<'a, K> = <<K as Kind>::Mutex<State<K>> as Lock<State<K>>>::Guard<'a>;

impl<K: Kind> State<K> {
    /// Gives back what there is no room for: to be dropped outside of the lock.
    fn push(&mut self, watcher: Watcher<K>) -> Result<(), Numbered<Watcher<K>>> {
        let number = self.next_number;
        self.next_number += 1;
        self.list.push(Numbered { number, watcher })
    }

    fn push_with<R>(
        &mut self,
        watchers: &K::Strong<Watchers<K>>,
        make: impl FnOnce(Watch<K>) -> (Watcher<K>, R),
    ) -> Result<R, (R, Numbered<Watcher<K>>)> {
        let (watcher, made) = make(Watch {
            watchers: watchers.clone(),
            number: self.next_number,
        });
        match self.push(watcher) {
            Ok(()) => Ok(made),
            Err(unlisted) => Err((made, unlisted)),
        }
    }

    fn take(&mut self) -> List<Watcher<K>> {
        self.shared.clear();
        std::mem::replace(&mut self.list, List::new())
    }
}

impl<K: Kind> Watch<K> {
    /// Leaves the list, unless it has been taken already.
    pub(crate) fn cancel(&self) {
        let mut state = self.watchers.state.lock();
        let left = state.list.remove(self.number);
        state.shared.retain(|number| *number != self.number);
        drop(state);
        drop(left);
    }

    /// Whether this is the watcher with this number on this list.
    #[inline]
    pub(crate) fn is(&self, watchers: &Watchers<K>, number: u64) -> bool {
        self.number == number && std::ptr::eq(&*self.watchers, watchers)
    }

    /// Whether both are the same place.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.is(&other.watchers, other.number)
    }
}

#[cfg(test)]
mod tests {
    use super::list::tests::numbers;
    use super::*;
    use crate::owner::Local;
    use std::rc::{self, Rc};

    /// A watcher that is already gone.
    struct Nobody;

    impl Mortality for Nobody {
        fn die(&self) -> bool {
            false
        }

        fn is_reference(&self) -> bool {
            true
        }
    }

    impl Mortal<Local> for Nobody {
        fn notify(_: Rc<Self>) {}
    }

    fn nobody() -> Watcher<Local> {
        let nobody: rc::Weak<<Local as Kind>::Mortal> = rc::Weak::<Nobody>::new();
        Watcher::Mortal(nobody)
    }

    /// S4: the list of a moved object is told once, and numbers go on rising: an old place is not taken
    /// for a new one.
    #[test]
    fn a_new_home_begins_an_empty_list() {
        let watchers = Watchers::<Local>::new();
        let old = Watchers::watch(&watchers, 1, nobody());
        let again = Watchers::watch(&watchers, 1, nobody());
        assert_eq!(numbers(&watchers.state.borrow().list), [0, 1]);
        let new = Watchers::watch(&watchers, 2, nobody());
        assert_eq!(numbers(&watchers.state.borrow().list), [2]);
        old.cancel();
        assert!(!old.same(&again) && !old.same(&new) && new.same(&new.clone()));
        assert_eq!(numbers(&watchers.state.borrow().list), [2]);
        new.cancel();
        assert!(watchers.state.borrow().list.is_empty());
        assert!(watchers.mortals(3).is_empty());
        assert_eq!(watchers.state.borrow().home, 3);
    }
}
