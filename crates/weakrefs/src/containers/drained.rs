//! [`Drained`]: entries that have left a container, as an iterator over those whose referent is alive.

use super::container::drop_entries;
use super::entry::Entry;
use super::eviction::Eviction;
use crate::owner::sealed::{Owner, Weak};

/// Gives the living with their payloads, in the order of insertion; what is left goes with it.
pub(crate) struct Drained<O: Owner, P: Clone, E: Eviction<O, P>> {
    entries: std::vec::IntoIter<Entry<O, P, E>>,
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Drained<O, P, E> {
    pub(crate) fn new(entries: Vec<Entry<O, P, E>>) -> Self {
        Self {
            entries: entries.into_iter(),
        }
    }

    /// At most how many are left.
    pub(crate) fn remaining(&self) -> usize {
        self.entries.len()
    }

    /// The next one, from the front or from the back.
    pub(crate) fn step<const BACK: bool>(&mut self) -> Option<(O, P)> {
        loop {
            let entry = if BACK {
                self.entries.next_back()
            } else {
                self.entries.next()
            }?;
            if let Some(referent) = entry.referent.upgrade() {
                return Some((referent, entry.payload));
            }
            drop_entries([entry]);
        }
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Drop for Drained<O, P, E> {
    fn drop(&mut self) {
        drop_entries(self.entries.by_ref());
    }
}
