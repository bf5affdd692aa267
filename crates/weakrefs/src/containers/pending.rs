//! [`Pending`]: what is about to become an entry.

use super::entry::Entry;
use super::eviction::Eviction;
use super::eviction::sealed::Identity;
use super::table::{Bucket, Table};
use crate::owner::sealed::{Owner, Weak};
use weakrefs_table::NoRoom;

/// An entry whose referent is being watched for it, and that is in no table yet.
///
/// Unless a table takes it over, the watch ends with it, also if the user's code panics meanwhile: drop it outside of
/// locks.
pub(super) struct Pending<O: Owner, P: Clone, E: Eviction<O, P>>(Option<Entry<O, P, E>>);

impl<O: Owner, P: Clone, E: Eviction<O, P>> Pending<O, P, E> {
    pub(super) fn new(entry: Entry<O, P, E>) -> Self {
        Self(Some(entry))
    }

    /// Enters the table, in which nothing equal is.
    #[inline]
    pub(super) fn enter(
        &mut self,
        table: &mut Table<Entry<O, P, E>>,
        hash: u64,
        number: u64,
    ) -> Result<(), NoRoom> {
        let Some(entry) = self.0.take() else {
            return Ok(());
        };
        let refused = table.insert(Bucket {
            hash,
            number,
            entry,
        });
        refused.map_err(|refused| {
            self.0 = Some(refused.entry);
            NoRoom
        })
    }

    /// Exchanges the watched referent with that of a present entry.
    pub(super) fn exchange_referent(&mut self, present: &mut Entry<O, P, E>) {
        if let Some(entry) = &mut self.0 {
            std::mem::swap(&mut entry.watch, &mut present.watch);
            std::mem::swap(&mut entry.referent, &mut present.referent);
        }
    }

    pub(super) fn payload(&self) -> Option<&P> {
        Some(&self.0.as_ref()?.payload)
    }

    /// The referent that it has now, if that is alive.
    pub(super) fn into_referent(self) -> Option<O> {
        self.0.as_ref()?.referent.upgrade()
    }
}

impl<O: Owner, P: Clone, E: Eviction<O, P>> Drop for Pending<O, P, E> {
    fn drop(&mut self) {
        if let Some(entry) = &self.0 {
            entry.watch.cancel();
        }
    }
}
