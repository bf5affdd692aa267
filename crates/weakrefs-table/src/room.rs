//! What is said where there is no room, and how room is given back: nothing in this crate panics or aborts for want of
//! memory.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::mem;
use smallvec::SmallVec;

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

/// Gives back what a vector owns beyond room for `capacity` items, which are not fewer than it has. It stays where it is,
/// if the allocator can do that; if it refuses, nothing changes, which the standard library's vector would abort for.
pub(crate) fn shrink<T>(vector: &mut Vec<T>, capacity: usize) {
    let mut resizable = SmallVec::<[T; 0]>::from_vec(mem::take(vector));
    _ = resizable.try_grow(capacity);
    *vector = resizable.into_vec();
}
