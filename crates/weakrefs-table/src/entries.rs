//! [`Slot`], a place in insertion order, and [`Entries`], what has left a table: dropped by its owner,
//! outside of the table.

use crate::attic::{Attic, Record};
use alloc::vec::{self, Vec};

/// One place in insertion order: the entry with its hash, or a tombstone where it was.
#[derive(Debug)]
pub(crate) struct Slot<E> {
    /// Of a retired entry, what [`Retired`](crate::retired::Retired) makes of it.
    pub(crate) hash: u64,
    pub(crate) entry: Option<E>,
}

/// Entries that have left a [`Table`](crate::Table), in insertion order; then those that were kept as they had been
/// before they were changed.
///
/// An iterator over them by value, from either end. Drop it where the destructors of entries may run: outside of any
/// lock or borrow of the table.
///
/// ```
/// use weakrefs_table::Table;
///
/// let mut table = Table::new();
/// table.insert(1, "a")?;
/// table.insert(2, "b")?;
/// assert!(table.clear().eq(["a", "b"]));
/// # Ok::<(), weakrefs_table::NoRoom>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping the entries runs their destructors: do so outside of locks and borrows"]
pub struct Entries<E> {
    slots: vec::IntoIter<Slot<E>>,
    attic: vec::IntoIter<Record<E>>,
}

impl<E> Entries<E> {
    pub(crate) fn none() -> Self {
        Self {
            slots: Vec::new().into_iter(),
            attic: Vec::new().into_iter(),
        }
    }

    pub(crate) fn of(slots: Vec<Slot<E>>) -> Self {
        Self {
            slots: slots.into_iter(),
            ..Self::none()
        }
    }

    pub(crate) fn of_both(slots: Vec<Slot<E>>, attic: Attic<E>) -> Self {
        Self {
            slots: slots.into_iter(),
            attic: attic.into_records().into_iter(),
        }
    }
}

impl<E> DoubleEndedIterator for Entries<E> {
    fn next_back(&mut self) -> Option<E> {
        let replaced = self.attic.next_back().map(|record| record.entry);
        replaced.or_else(|| self.slots.by_ref().rev().find_map(|slot| slot.entry))
    }
}

impl<E> Iterator for Entries<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        let entry = self.slots.find_map(|slot| slot.entry);
        entry.or_else(|| self.attic.next().map(|record| record.entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let replaced = self.attic.len();
        (replaced, self.slots.len().checked_add(replaced))
    }
}
