//! [`List`]: the watchers of one object by their numbers.
//!
//! It neither drops nor tells a watcher: what leaves the list, and what there is no room for, is the caller's, to be
//! dropped outside of the lock.

use smallvec::SmallVec;
use weakrefs_table::Table;

/// A watcher and its number, which rises along the list and is never used again.
#[derive(Clone)]
pub(super) struct Numbered<W> {
    pub(super) number: u64,
    pub(super) watcher: W,
}

/// So many watchers are looked through for one that leaves.
const FEW: usize = 8;

/// The list, in the order of numbers. It mostly is of one, which needs no memory of its own, or of a
/// few; else a table by number, so that any of many leaves in O(1) and the memory follows.
pub(super) enum List<W> {
    Few(SmallVec<[Numbered<W>; 1]>),
    Many(Box<Table<Numbered<W>>>),
}

impl<W: Clone> List<W> {
    pub(super) fn new() -> Self {
        Self::Few(SmallVec::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(few) => few.is_empty(),
            Self::Many(table) => table.is_empty(),
        }
    }

    /// The only one, or else the list.
    pub(super) fn into_only(self) -> Result<Numbered<W>, Self> {
        match self {
            Self::Few(mut few) if few.len() == 1 => few.pop().ok_or(Self::Few(few)),
            list => Err(list),
        }
    }

    pub(super) fn push(&mut self, numbered: Numbered<W>) -> Result<(), Numbered<W>> {
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

    pub(super) fn get(&self, number: u64) -> Option<&W> {
        let numbered = match self {
            Self::Few(few) => few.iter().find(|numbered| numbered.number == number)?,
            Self::Many(table) => {
                let at = table.find(number, |numbered| numbered.number == number)?;
                table.get(at)?
            }
        };
        Some(&numbered.watcher)
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Numbered<W>> {
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

    pub(super) fn iter(&self) -> impl Iterator<Item = &Numbered<W>> {
        let (few, many) = match self {
            Self::Few(few) => (Some(few.iter()), None),
            Self::Many(table) => (None, Some(table.iter())),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn numbers<W: Clone>(list: &List<W>) -> Vec<u64> {
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
                    let watcher = ();
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
            let watcher = ();
            assert!(list.push(Numbered { number, watcher }).is_ok());
        }
        assert!(matches!(list, List::Many(_)));
        for number in 0..100 {
            assert!(list.remove(number).is_some());
        }
        assert!(matches!(&list, List::Few(few) if !few.spilled()));
    }
}
