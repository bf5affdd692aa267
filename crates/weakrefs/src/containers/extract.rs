//! [`Extract`]: takes out, one by one, the entries that a condition of the user's chooses.

use super::container::{Container, drop_entries};
use super::entry::Entry;
use super::eviction::Eviction;
use super::walk::Walk;
use crate::owner::Shared;
use crate::owner::sealed::Owner;

/// A reader of a snapshot that takes entries out.
pub(crate) struct Extract<O: Owner, P: Clone, E: Eviction<O, P>> {
    container: Shared<O, Container<O, P, E>>,
    walk: Walk<O, P, E>,
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Extract<O, P, E> {
    pub(crate) fn new(container: &Shared<O, Container<O, P, E>>) -> Self {
        Self {
            container: container.clone(),
            walk: Walk::new(container),
        }
    }

    /// At most how many entries are still to be judged.
    pub(crate) fn remaining(&self) -> usize {
        self.walk.remaining()
    }

    /// Takes out the next entry for which `leaves` holds, outside of all locks, for what `read` makes of it: gives that.
    ///
    /// An entry that is not any more what was judged, by `is_judged`, stays. Both `read` and `is_judged` run inside the
    /// table; what `read` makes owns a count of all that the entry does.
    pub(crate) fn next<R>(
        &mut self,
        read: impl Fn(&Entry<O, P, E>) -> Option<R>,
        mut leaves: impl FnMut(&R) -> bool,
        is_judged: impl Fn(&Entry<O, P, E>, &R) -> bool,
    ) -> Option<R> {
        while let Some((hash, watch, judged)) = self
            .walk
            .next(|hash, entry| Some((hash, entry.watch.clone(), read(entry)?)))
        {
            if !leaves(&judged) {
                continue;
            }
            let is_there = |entry: &Entry<O, P, E>| is_judged(entry, &judged);
            if let Some(entry) = self.container.take_watched(hash, &watch, is_there) {
                drop_entries([entry]);
                return Some(judged);
            }
        }
        None
    }
}
