//! [`Extract`]: takes out, one by one, the entries that a condition of the user's chooses.

use super::container::{Container, drop_entries};
use super::entry::Entry;
use super::eviction::Eviction;
use super::walk::Walk;
use crate::owner::Shared;
use crate::owner::sealed::{Owner, Weak};
use std::ptr;

/// A reader of a snapshot that takes entries out.
pub(crate) struct Extract<O: Owner, P: Clone, E: Eviction<O, P>> {
    walk: Walk<O, P, E>,
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Extract<O, P, E> {
    pub(crate) fn new(container: &Shared<O, Container<O, P, E>>) -> Self {
        Self {
            walk: Walk::new(container),
        }
    }

    /// At most how many entries are still to be judged.
    pub(crate) fn remaining(&self) -> usize {
        self.walk.remaining()
    }

    /// Takes out the next entry for which `leaves` holds, outside of all locks, for what `read` makes of it: gives that.
    ///
    /// An entry that is not any more what was judged, by `is_judged`, or another referent, stays. `is_judged` runs inside
    /// the table.
    pub(crate) fn next<R>(
        &mut self,
        read: impl Fn(O, P) -> R,
        mut leaves: impl FnMut(&R) -> bool,
        is_judged: impl Fn(&Entry<O, P, E>, &R) -> bool,
    ) -> Option<R> {
        let number_and_payload = |number, payload: &P| (number, payload.clone());
        while let Some((referent, (number, payload))) = self.walk.next(number_and_payload) {
            let at = referent.as_ptr();
            // Owns a count of both, so no others can be where they are.
            let judged = read(referent, payload);
            if !leaves(&judged) {
                continue;
            }
            let entry = self.walk.take(number, |entry| {
                ptr::addr_eq(entry.referent.as_ptr(), at) && is_judged(entry, &judged)
            });
            if let Some(entry) = entry {
                drop_entries([entry]);
                return Some(judged);
            }
        }
        None
    }
}
