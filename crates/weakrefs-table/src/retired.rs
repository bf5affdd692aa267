//! [`Retired`]: the entries that have been removed and stay in their slots for open readers.
//!
//! Retiring must not fail, so it allocates nothing: the list of the retired, oldest first, goes through their slots, in
//! the word that held the hash. It also holds the epoch (the number of the newest reader when the entry was removed),
//! which says who still sees it, and a mark. A hash may look like a marked word; whether it is one, the index decides,
//! which holds the positions of all that are present and of no other.

use crate::entries::Slot;
use crate::index::{Index, LIMIT};

/// The last epoch that a word can hold; few in tests, to come to it.
pub(crate) const LAST_EPOCH: u32 = if cfg!(test) { 50 } else { EPOCH_BITS };

const EPOCH_BITS: u32 = (1 << 24) - 1;

/// In the highest byte. Hashes of small numbers and of addresses have others.
const MARK: u8 = 0xA7;

/// No position.
const NOBODY: u32 = LIMIT;

#[derive(Debug)]
pub(crate) struct Retired {
    first: u32,
    last: u32,
    len: u32,
}

/// The word in place of a hash.
fn word(epoch: u32, next: u32) -> u64 {
    u64::from(MARK) << 56 | u64::from(epoch) << 32 | u64::from(next)
}

fn epoch_of(word: u64) -> u32 {
    (word >> 32) as u32 & EPOCH_BITS
}

impl Retired {
    pub(crate) const fn new() -> Self {
        Self {
            first: NOBODY,
            last: NOBODY,
            len: 0,
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// In which epoch the entry of a slot was retired, if it was.
    #[inline]
    pub(crate) fn epoch(&self, index: &Index, at: u32, hash: u64) -> Option<u32> {
        if self.len == 0 || (hash >> 56) as u8 != MARK {
            return None;
        }
        let found = index.find(hash, |other| other == at);
        found.is_none().then(|| epoch_of(hash))
    }

    /// Adds the entry at a position, which has left the index.
    pub(crate) fn push<E>(&mut self, slots: &mut [Slot<E>], at: u32, epoch: u32) {
        let last = slots.get_mut(self.last as usize);
        if let Some(last) = last.filter(|_| self.len > 0) {
            last.hash = word(epoch_of(last.hash), at);
        } else {
            self.first = at;
        }
        if let Some(slot) = slots.get_mut(at as usize) {
            slot.hash = word(epoch, NOBODY);
        }
        self.last = at;
        self.len += 1;
    }

    /// The position of the oldest one, and its epoch.
    pub(crate) fn first<E>(&self, slots: &[Slot<E>]) -> Option<(u32, u32)> {
        if self.len == 0 {
            return None;
        }
        let slot = slots.get(self.first as usize)?;
        Some((self.first, epoch_of(slot.hash)))
    }

    /// Takes the oldest one out of its slot.
    pub(crate) fn pop<E>(&mut self, slots: &mut [Slot<E>]) -> Option<E> {
        if self.len == 0 {
            return None;
        }
        let slot = slots.get_mut(self.first as usize)?;
        self.first = slot.hash as u32;
        self.len -= 1;
        slot.entry.take()
    }
}
