//! [`Drained`]: entries that have left a container, as an iterator over those whose referent is alive.

use super::container::drop_entries;
use super::entry::{Entry, Payload};
use std::sync::Arc;

/// Gives the living with their payloads, in the order of insertion; what is left goes with it.
pub(crate) struct Drained<T: ?Sized, P: Payload> {
    entries: std::vec::IntoIter<Entry<T, P>>,
}

impl<T: ?Sized, P: Payload> Drained<T, P> {
    pub(crate) fn new(entries: Vec<Entry<T, P>>) -> Self {
        Self {
            entries: entries.into_iter(),
        }
    }

    /// At most how many are left.
    pub(crate) fn remaining(&self) -> usize {
        self.entries.len()
    }

    /// The next one, from the front or from the back.
    pub(crate) fn step<const BACK: bool>(&mut self) -> Option<(Arc<T>, P)> {
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

impl<T: ?Sized, P: Payload> Drop for Drained<T, P> {
    fn drop(&mut self) {
        drop_entries(self.entries.by_ref());
    }
}
