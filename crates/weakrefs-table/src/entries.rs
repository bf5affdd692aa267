//! Slots, the storage of a table in insertion order, and [`Entries`], what remains of them once
//! they have left it.

use alloc::vec::{self, Vec};

/// One place in insertion order: the entry with its hash, or a tombstone where it was.
#[derive(Clone, Debug)]
pub(crate) struct Slot<E> {
    pub(crate) hash: u64,
    pub(crate) entry: Option<E>,
}

/// Entries that have left a [`Table`](crate::Table), in insertion order.
///
/// An iterator over them by value, from either end. Drop it where the destructors of entries may run: outside of any
/// lock or borrow of the table.
///
/// ```
/// use weakrefs_table::Table;
///
/// let mut table = Table::new();
/// table.insert(1, "a");
/// table.insert(2, "b");
/// assert!(table.clear().eq(["a", "b"]));
/// ```
#[derive(Debug)]
#[must_use = "dropping the entries runs their destructors: do so outside of locks and borrows"]
pub struct Entries<E> {
    slots: vec::IntoIter<Slot<E>>,
}

impl<E> Entries<E> {
    pub(crate) fn new(slots: Vec<Slot<E>>) -> Self {
        Self {
            slots: slots.into_iter(),
        }
    }
}

impl<E> DoubleEndedIterator for Entries<E> {
    fn next_back(&mut self) -> Option<E> {
        self.slots.by_ref().rev().find_map(|slot| slot.entry)
    }
}

impl<E> Iterator for Entries<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        self.slots.find_map(|slot| slot.entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.slots.size_hint().1)
    }
}
