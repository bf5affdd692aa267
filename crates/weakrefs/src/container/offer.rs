//! [`Offer`]: what is about to become an entry.

use super::entry::{Entry, Payload};
use std::sync::Arc;

/// What is to be inserted: a payload and, once its referent is being watched, the whole entry.
///
/// Unless an entry takes it over, the watch ends with it, also if the user's code panics meanwhile: drop
/// it outside of locks.
pub(crate) struct Offer<T: ?Sized, P: Payload>(State<T, P>);

enum State<T: ?Sized, P> {
    Unwatched(P),
    Watched(Entry<T, P>),
    Taken,
}

impl<T: ?Sized, P: Payload> Offer<T, P> {
    pub(crate) fn unwatched(payload: P) -> Self {
        Self(State::Unwatched(payload))
    }

    /// What was to be inserted and was not.
    pub(crate) fn watched(entry: Entry<T, P>) -> Self {
        Self(State::Watched(entry))
    }

    /// Completes an offer that is not watched yet.
    pub(crate) fn watch(&mut self, complete: impl FnOnce(P) -> Entry<T, P>) {
        self.0 = match std::mem::replace(&mut self.0, State::Taken) {
            State::Unwatched(payload) => State::Watched(complete(payload)),
            other => other,
        };
    }

    /// The entry, if it is complete, to be inserted.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Entry<T, P>> {
        if let State::Watched(_) = self.0 {
            if let State::Watched(entry) = std::mem::replace(&mut self.0, State::Taken) {
                return Some(entry);
            }
        }
        None
    }

    /// Exchanges the payload with that of a present entry.
    pub(crate) fn exchange_payload(&mut self, present: &mut Entry<T, P>) {
        match &mut self.0 {
            State::Unwatched(payload) => std::mem::swap(payload, &mut present.payload),
            State::Watched(entry) => std::mem::swap(&mut entry.payload, &mut present.payload),
            State::Taken => {}
        }
    }

    /// Exchanges the watched referent with that of a present entry.
    pub(crate) fn exchange_referent(&mut self, present: &mut Entry<T, P>) {
        if let State::Watched(entry) = &mut self.0 {
            std::mem::swap(&mut entry.watch, &mut present.watch);
            std::mem::swap(&mut entry.referent, &mut present.referent);
        }
    }

    /// The payload that it has now.
    pub(crate) fn into_payload(mut self) -> Option<P> {
        match std::mem::replace(&mut self.0, State::Taken) {
            State::Unwatched(payload) => Some(payload),
            State::Watched(entry) => {
                entry.watch.cancel();
                Some(entry.payload)
            }
            State::Taken => None,
        }
    }

    /// The referent that it has now, if that is alive.
    pub(crate) fn into_referent(self) -> Option<Arc<T>> {
        match &self.0 {
            State::Watched(entry) => entry.referent.upgrade(),
            _ => None,
        }
    }
}

impl<T: ?Sized, P: Payload> Drop for Offer<T, P> {
    fn drop(&mut self) {
        if let State::Watched(entry) = &self.0 {
            entry.watch.cancel();
        }
    }
}
