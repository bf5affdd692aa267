//! What is said where there is no room: nothing in this crate panics or aborts for want of memory.

use alloc::collections::TryReserveError;
use core::error::Error;
use core::fmt;

/// There is no memory for more, or there are as many entries as positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no room for another entry")
    }
}

impl Error for NoRoom {}

impl From<TryReserveError> for NoRoom {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// An entry that was not inserted for want of room.
#[derive(Debug)]
pub struct Refused<E> {
    /// The entry, given back.
    pub entry: E,
}

impl<E> fmt::Display for Refused<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NoRoom.fmt(f)
    }
}

impl<E: fmt::Debug> Error for Refused<E> {}

impl<E> From<Refused<E>> for NoRoom {
    fn from(_: Refused<E>) -> Self {
        Self
    }
}
