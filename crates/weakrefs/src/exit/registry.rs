//! [`Registry`]: the finalizers that are alive, by age and by address. That of all threads, or that of one.

use super::AtExit;
use std::mem;
use std::ops::Deref;
use weakrefs_table::{Refused, Table};

/// The finalizers that are alive, each by an owner `F`.
pub(super) struct Registry<F> {
    /// Oldest first.
    waiting: Table<Registered<F>>,
    /// Those that are not to run now.
    set_aside: Table<Registered<F>>,
    next_number: u64,
}

#[derive(Clone)]
pub(super) struct Registered<F> {
    /// Rises with the age of the registry.
    number: u64,
    finalizer: F,
}

impl<F> Registry<F> {
    pub(super) const fn new() -> Self {
        Self {
            waiting: Table::new(),
            set_aside: Table::new(),
            next_number: 0,
        }
    }
}

impl<F: Clone + Deref<Target: AtExit>> Registry<F> {
    /// Lists a finalizer, among those that are to run now or not. Without memory for it, gives it back, to be dropped outside
    /// of locks.
    pub(super) fn add(
        &mut self,
        finalizer: F,
        runs_now: bool,
    ) -> Result<(), Refused<Registered<F>>> {
        let number = self.next_number;
        self.next_number += 1;
        let table = if runs_now {
            &mut self.waiting
        } else {
            &mut self.set_aside
        };
        let listed = table.insert(address(&*finalizer), Registered { number, finalizer });
        listed.map(|_| ())
    }

    /// Takes out the finalizer at an address.
    pub(super) fn remove(&mut self, at: *const ()) -> Option<Registered<F>> {
        let at = at.addr() as u64;
        let same = |entry: &Registered<F>| address(&*entry.finalizer) == at;
        let entry = self.waiting.remove(at, same);
        entry.or_else(|| self.set_aside.remove(at, same))
    }

    /// All that are listed.
    pub(super) fn into_finalizers(mut self) -> impl Iterator<Item = F> {
        let entries = self.waiting.clear();
        let entries = entries.chain(self.set_aside.clear());
        entries.map(|entry| entry.finalizer)
    }

    /// Takes out the newest finalizer that is to run; those set aside come last, once.
    pub(super) fn next(&mut self, recalled: &mut bool) -> Option<F> {
        loop {
            while let Some(entry) = self.waiting.pop() {
                if entry.finalizer.atexit() {
                    return Some(entry.finalizer);
                }
                list(&mut self.set_aside, entry);
            }
            if mem::replace(recalled, true) {
                return None;
            }
            self.recall();
        }
    }

    /// Lets those set aside that are by now to run wait again, in the order of their creation: without memory for that,
    /// none of them.
    fn recall(&mut self) {
        if self.waiting.reserve(self.set_aside.len()).is_err() {
            return;
        }
        let recalled = self.set_aside.extract(|entry| entry.finalizer.atexit());
        let mut recalled: Vec<Registered<F>> = recalled.into_iter().collect();
        recalled.sort_by_key(|entry| entry.number);
        for entry in recalled {
            list(&mut self.waiting, entry);
        }
    }
}

/// Lists an entry. Without memory for that, it lives on unlisted (S32): nothing of the user's may go under the lock.
fn list<F: Clone + Deref<Target: AtExit>>(table: &mut Table<Registered<F>>, entry: Registered<F>) {
    if let Err(refused) = table.insert(address(&*entry.finalizer), entry) {
        mem::forget(refused.entry);
    }
}

/// The hash and identity of a finalizer.
fn address<A: ?Sized + AtExit>(finalizer: &A) -> u64 {
    std::ptr::from_ref(finalizer).addr() as u64
}
