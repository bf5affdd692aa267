//! [`Pending`]: what is about to become an entry.

use super::entry::{Entry, Payload};
use super::table::{Bucket, Table};
use std::sync::Arc;
use weakrefs_table::NoRoom;

/// An entry whose referent is being watched for it, and that is in no table yet.
///
/// Unless a table takes it over, the watch ends with it, also if the user's code panics meanwhile: drop it outside of
/// locks.
pub(super) struct Pending<T: ?Sized, P: Payload>(Option<Entry<T, P>>);

impl<T: ?Sized, P: Payload> Pending<T, P> {
    pub(super) fn new(entry: Entry<T, P>) -> Self {
        Self(Some(entry))
    }

    /// Enters the table, in which nothing equal is.
    #[inline]
    pub(super) fn enter(
        &mut self,
        table: &mut Table<Entry<T, P>>,
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
    pub(super) fn exchange_referent(&mut self, present: &mut Entry<T, P>) {
        if let Some(entry) = &mut self.0 {
            std::mem::swap(&mut entry.watch, &mut present.watch);
            std::mem::swap(&mut entry.referent, &mut present.referent);
        }
    }

    /// The referent that it has now, if that is alive.
    pub(super) fn into_referent(self) -> Option<Arc<T>> {
        self.0.as_ref()?.referent.upgrade()
    }
}

impl<T: ?Sized, P: Payload> Drop for Pending<T, P> {
    fn drop(&mut self) {
        if let Some(entry) = &self.0 {
            entry.watch.cancel();
        }
    }
}
