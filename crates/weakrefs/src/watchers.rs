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
//!   dropped, then callbacks and finalizers run, newest first (S2). Everything of the user's is run by
//!   [`caught`](crate::unraisable::caught).
//! - *Moves.* A value can leave its `Arc` alive (`Arc::into_inner`, `make_mut`, ...) and take the slot
//!   along. The list remembers the address at which its watchers saw the object, and is told, as at
//!   death, before the object is watched at another one. The address cannot be in use again: each
//!   watcher holds a `std::sync::Weak` of the old `Arc`, which keeps its memory.

use crate::no_room::no_room;
use crate::sync::{Mutex, MutexGuard, yield_point};
use crate::unraisable::caught;
use smallvec::SmallVec;
use std::any::Any;
use std::sync::{Arc, Weak};
use weakrefs_table::Table;

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

/// A watcher and its number, which rises along the list and is never used again.
#[derive(Clone)]
struct Numbered {
    number: u64,
    watcher: Watcher,
}

/// So many watchers are looked through for one that leaves.
const FEW: usize = 8;

/// The list, in the order of numbers. It mostly is of one, which needs no memory of its own, or of a
/// few; else a table by number, so that any of many leaves in O(1) and the memory follows.
enum List {
    Few(SmallVec<[Numbered; 1]>),
    Many(Box<Table<Numbered>>),
}

/// The list of watchers of one object.
pub(crate) struct Watchers {
    state: Mutex<State>,
}

struct State {
    /// Where the watchers saw the object.
    home: usize,
    next_number: u64,
    list: List,
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

    fn announce(&self, list: List) {
        match list.into_only() {
            Ok(numbered) => self.announce_to_one(numbered),
            Err(list) => self.announce_to_all(list),
        }
    }

    /// Nearly every list is of one, for which nothing has to be kept in order.
    fn announce_to_one(&self, Numbered { number, watcher }: Numbered) {
        yield_point();
        match watcher {
            Watcher::Mortal(mortal) => {
                if let Some(waiting) = mortal.upgrade().and_then(Mortal::die) {
                    waiting.notify();
                }
            }
            Watcher::Container { shard, hash } => {
                if let Some(remains) = shard.evict(hash, self, number) {
                    drop_evicted(remains);
                }
            }
        }
    }

    fn announce_to_all(&self, list: List) {
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
        for remains in remains {
            drop_evicted(remains);
        }
        for mortal in waiting.into_iter().rev() {
            mortal.notify();
        }
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
    fn push(&mut self, watcher: Watcher) -> Result<(), Numbered> {
        let number = self.next_number;
        self.next_number += 1;
        self.list.push(Numbered { number, watcher })
    }

    fn push_with<R>(
        &mut self,
        watchers: &Arc<Watchers>,
        make: impl FnOnce(Watch) -> (Watcher, R),
    ) -> Result<R, (R, Numbered)> {
        let (watcher, made) = make(Watch {
            watchers: Arc::clone(watchers),
            number: self.next_number,
        });
        match self.push(watcher) {
            Ok(()) => Ok(made),
            Err(unlisted) => Err((made, unlisted)),
        }
    }

    fn take(&mut self) -> List {
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

impl List {
    fn new() -> Self {
        Self::Few(SmallVec::new())
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Few(few) => few.is_empty(),
            Self::Many(table) => table.is_empty(),
        }
    }

    /// The only one, or else the list.
    fn into_only(self) -> Result<Numbered, Self> {
        match self {
            Self::Few(mut few) if few.len() == 1 => few.pop().ok_or(Self::Few(few)),
            list => Err(list),
        }
    }

    fn push(&mut self, numbered: Numbered) -> Result<(), Numbered> {
        match self {
            Self::Few(few) if few.len() < FEW => few.push(numbered),
            Self::Few(few) => {
                let mut table = Box::new(Table::new());
                for each in few.iter() {
                    if table.insert(each.number, each.clone()).is_err() {
                        return Err(numbered);
                    }
                }
                let inserted = table.insert(numbered.number, numbered);
                inserted.map_err(|refused| refused.entry)?;
                *self = Self::Many(table);
            }
            Self::Many(table) => {
                let inserted = table.insert(numbered.number, numbered);
                inserted.map_err(|refused| refused.entry)?;
            }
        }
        Ok(())
    }

    fn get(&self, number: u64) -> Option<&Watcher> {
        let numbered = match self {
            Self::Few(few) => few.iter().find(|numbered| numbered.number == number)?,
            Self::Many(table) => {
                let at = table.find(number, |numbered| numbered.number == number)?;
                table.get(at)?
            }
        };
        Some(&numbered.watcher)
    }

    fn remove(&mut self, number: u64) -> Option<Numbered> {
        match self {
            Self::Few(few) => {
                let at = few.iter().position(|numbered| numbered.number == number)?;
                let removed = few.remove(at);
                if few.len() <= 1 {
                    few.shrink_to_fit();
                }
                Some(removed)
            }
            Self::Many(table) => {
                let removed = table.remove(number, |numbered| numbered.number == number);
                if table.is_empty() {
                    *self = Self::new();
                }
                removed
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Numbered> {
        let (few, many) = match self {
            Self::Few(few) => (Some(few.iter()), None),
            Self::Many(table) => (None, Some(table.iter())),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
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

    fn numbers(list: &List) -> Vec<u64> {
        list.iter().map(|numbered| numbered.number).collect()
    }

    /// S2, S4: against a vector, while the list becomes a table and empty again, leaving in all orders.
    #[test]
    fn a_list_keeps_the_order_whoever_leaves() {
        for size in 0..4 * FEW as u64 {
            for stride in [1, 3, 5, 7] {
                let mut list = List::new();
                let mut expected = Vec::new();
                for number in 0..size {
                    let watcher = nobody();
                    assert!(list.push(Numbered { number, watcher }).is_ok());
                    expected.push(number);
                    if number % stride == 2 {
                        let gone = expected.remove(expected.len() / 2);
                        assert!(list.remove(gone).is_some_and(|left| left.number == gone));
                        assert!(list.get(gone).is_none() && list.remove(gone).is_none());
                    }
                    assert_eq!(numbers(&list), expected);
                    assert!(expected.iter().all(|&number| list.get(number).is_some()));
                }
                while !expected.is_empty() {
                    let at = stride as usize % expected.len();
                    let gone = expected.remove(at);
                    assert!(list.remove(gone).is_some());
                    assert_eq!(numbers(&list), expected);
                }
                assert!(list.is_empty());
            }
        }
    }

    /// S34: a list that was long is as small as a new one when it is empty.
    #[test]
    fn an_emptied_list_keeps_no_table() {
        let mut list = List::new();
        for number in 0..100 {
            let watcher = nobody();
            assert!(list.push(Numbered { number, watcher }).is_ok());
        }
        assert!(matches!(list, List::Many(_)));
        for number in 0..100 {
            assert!(list.remove(number).is_some());
        }
        assert!(matches!(&list, List::Few(few) if !few.spilled()));
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
