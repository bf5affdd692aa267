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
use crate::sync::{Mutex, MutexGuard, yield_point};
use crate::unraisable::caught;
use smallvec::SmallVec;
use std::any::Any;
use std::sync::{Arc, Weak};

/// A reference object or finalizer, as its referent's list of watchers sees it.
pub(crate) trait Mortal: Any + Send + Sync {
    /// The referent has died: read dead from now on. Runs nothing of the user's. Gives the watcher
    /// back if it then wants to be [notified](Self::notify).
    fn die(self: Arc<Self>) -> Option<Arc<dyn Mortal>>;

    /// Runs the callback.
    fn notify(self: Arc<Self>);

    /// Whether this is a reference object (S10).
    fn is_reference(&self) -> bool;

    /// The object itself, to be viewed as what it is.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// A shard of a container, as the list of watchers of something in it sees it. Dropping one runs nothing
/// of the user's: a container that goes empties it before.
pub(crate) trait Evict: Send + Sync {
    /// Takes out the entry of the watcher that has this number on this list, and gives what it owned
    /// of the user's.
    fn evict(&self, hash: u64, watchers: &Watchers, number: u64) -> Option<Remains>;
}

/// What an entry owned of the user's.
pub(crate) type Remains = Arc<dyn Any + Send + Sync>;

/// One on the list.
#[derive(Clone)]
pub(crate) enum Watcher {
    Mortal(Weak<dyn Mortal>),
    Container { shard: Arc<dyn Evict>, hash: u64 },
}

/// The list of watchers of one object.
pub(crate) struct Watchers {
    state: Mutex<State>,
}

struct State {
    /// Where the watchers saw the object.
    home: usize,
    next_number: u64,
    list: List<Watcher>,
    /// The numbers of the reference objects that are shared (S6): one for each type under which the
    /// object is known (itself, its traits).
    shared: SmallVec<[u64; 1]>,
}

/// A place on a list.
#[derive(Clone)]
pub(crate) struct Watch {
    watchers: Arc<Watchers>,
    number: u64,
}

impl Watchers {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
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
        self: &Arc<Self>,
        home: usize,
        make: impl FnOnce(Watch) -> (Watcher, R),
    ) -> R {
        let mut state = self.lock_at(home);
        let made = state.push_with(self, make);
        drop(state);
        listed(made)
    }

    /// Puts a watcher on the list of the object at `home`.
    #[inline(always)]
    pub(crate) fn watch(self: &Arc<Self>, home: usize, watcher: Watcher) -> Watch {
        let mut state = self.lock_at(home);
        let number = state.next_number;
        if let Err(unlisted) = state.push(watcher) {
            drop(state);
            refuse(unlisted);
        }
        Watch {
            watchers: Arc::clone(self),
            number,
        }
    }

    /// The shared reference object for which `same` gives something, or else the one `make` creates.
    pub(crate) fn shared<R>(
        self: &Arc<Self>,
        home: usize,
        same: impl Fn(Arc<dyn Mortal>) -> Option<R>,
        make: impl FnOnce(Watch) -> (Watcher, R),
    ) -> R {
        // What is upgraded here may be the last of its kind, and is dropped after the lock.
        let mut others = SmallVec::<[Arc<dyn Mortal>; 1]>::new();
        let mut state = self.lock_at(home);
        for &number in &state.shared {
            let Some(Watcher::Mortal(mortal)) = state.list.get(number) else {
                continue;
            };
            if let Some(mortal) = mortal.upgrade() {
                if let Some(found) = same(Arc::clone(&mortal)) {
                    drop(state);
                    return found;
                }
                others.push(mortal);
            }
        }
        let number = state.next_number;
        let made = state.push_with(self, make);
        if made.is_ok() {
            state.shared.push(number);
        }
        drop(state);
        listed(made)
    }

    /// The reference objects and finalizers on the list, oldest first.
    pub(crate) fn mortals(&self, home: usize) -> Vec<Arc<dyn Mortal>> {
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
    fn lock_at(&self, home: usize) -> MutexGuard<'_, State> {
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
    fn announce(&self, list: List<Watcher>) {
        match list.into_only() {
            Ok(numbered) => self.announce_to_one(numbered),
            Err(list) => self.announce_to_all(list),
        }
    }

    /// Nearly every list is of one, for which nothing has to be kept in order: a death costs a tenth less so.
    fn announce_to_one(&self, Numbered { number, watcher }: Numbered<Watcher>) {
        yield_point();
        match watcher {
            Watcher::Mortal(mortal) => {
                if let Some(waiting) = mortal.upgrade().and_then(Mortal::die) {
                    step(|| waiting.notify());
                }
            }
            Watcher::Container { shard, hash } => {
                if let Some(remains) = shard.evict(hash, self, number) {
                    step(|| drop_evicted(remains));
                }
            }
        }
    }

    fn announce_to_all(&self, list: List<Watcher>) {
        let mut waiting = SmallVec::<[Arc<dyn Mortal>; 1]>::new();
        for numbered in list.iter() {
            yield_point();
            if let Watcher::Mortal(mortal) = &numbered.watcher {
                if let Some(mortal) = mortal.upgrade() {
                    waiting.extend(mortal.die());
                }
            }
        }
        let mut remains = SmallVec::<[Remains; 1]>::new();
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
                drop_evicted(remains);
            }
            for mortal in waiting.into_iter().rev() {
                mortal.notify();
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
fn drop_evicted(remains: Remains) {
    caught("dropping an evicted entry", || drop(remains));
}

impl State {
    /// Gives back what there is no room for: to be dropped outside of the lock.
    fn push(&mut self, watcher: Watcher) -> Result<(), Numbered<Watcher>> {
        let number = self.next_number;
        self.next_number += 1;
        self.list.push(Numbered { number, watcher })
    }

    fn push_with<R>(
        &mut self,
        watchers: &Arc<Watchers>,
        make: impl FnOnce(Watch) -> (Watcher, R),
    ) -> Result<R, (R, Numbered<Watcher>)> {
        let (watcher, made) = make(Watch {
            watchers: Arc::clone(watchers),
            number: self.next_number,
        });
        match self.push(watcher) {
            Ok(()) => Ok(made),
            Err(unlisted) => Err((made, unlisted)),
        }
    }

    fn take(&mut self) -> List<Watcher> {
        self.shared.clear();
        std::mem::replace(&mut self.list, List::new())
    }
}

impl Watch {
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
    pub(crate) fn is(&self, watchers: &Watchers, number: u64) -> bool {
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

    /// A watcher that is already gone.
    struct Nobody;

    impl Mortal for Nobody {
        fn die(self: Arc<Self>) -> Option<Arc<dyn Mortal>> {
            None
        }

        fn notify(self: Arc<Self>) {}

        fn is_reference(&self) -> bool {
            true
        }

        fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
            self
        }
    }

    fn nobody() -> Watcher {
        let nobody: Weak<dyn Mortal> = Weak::<Nobody>::new();
        Watcher::Mortal(nobody)
    }

    /// S4: the list of a moved object is told once, and numbers go on rising: an old place is not taken
    /// for a new one.
    #[test]
    fn a_new_home_begins_an_empty_list() {
        let watchers = Watchers::new();
        let old = watchers.watch(1, nobody());
        let again = watchers.watch(1, nobody());
        assert_eq!(numbers(&watchers.state.lock().list), [0, 1]);
        let new = watchers.watch(2, nobody());
        assert_eq!(numbers(&watchers.state.lock().list), [2]);
        old.cancel();
        assert!(!old.same(&again) && !old.same(&new) && new.same(&new.clone()));
        assert_eq!(numbers(&watchers.state.lock().list), [2]);
        new.cancel();
        assert!(watchers.state.lock().list.is_empty());
        assert!(watchers.mortals(3).is_empty());
        assert_eq!(watchers.state.lock().home, 3);
    }
}
