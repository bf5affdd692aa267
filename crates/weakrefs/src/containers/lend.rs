//! [`Lent`]: entries that iterators read without a lock, and without counting references.
//!
//! To count references to an entry up and down again takes as long as all else that a step of an iterator does, and so
//! does a lock. So an iterator copies some entries at once, bit by bit, under one lock, and reads the copies without.
//!
//! # Protocol
//! - A table notes the numbers of the entries that a reader has copied: it *lends* them, until the reader gives them back,
//!   under the lock. What has been given back is not read any more.
//! - What leaves the table meanwhile stays alive: it is kept for the snapshot that the reader reads in any case, or, as
//!   evictions keep nothing, it is held until no reader has a copy. The same for what there is no memory to keep.
//! - What is held of the dead is the weak reference only, so that what they owned goes with them. Therefore a reader first
//!   upgrades that reference, and looks at the rest while it has a strong one. Who evicts looks whether the referent is
//!   dead, which it then stays: what had upgraded until then has ended (and released what it had read).
//! - Where there is no memory to list what is held, it is leaked.
//!
//! A copy is never dropped, and a reader that is forgotten has never given back what it has been lent.

#![allow(unsafe_code, reason = "copies of weak references that are not counted")]

use super::entry::Entry;
use super::eviction::sealed::Policy;
use super::table::Bucket;
use crate::owner::sealed::{Owner, Weak};
use crate::sync::yield_point;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{Ordering, fence};

/// An entry that can be lent.
///
/// # Safety
/// A copy of [`weak`](Self::weak), bit by bit, is as good as that until it and all its clones have been dropped; and one of
/// the [`payload`](Self::payload) as good as that. [`upgrade`](Self::upgrade) gives nothing once
/// [`is_dead`](Self::is_dead) has said true, and what has happened before a [`Strong`](Self::Strong) was dropped, has
/// happened before that.
pub(crate) unsafe trait Lend {
    type Weak: Clone;

    /// Keeps the referent alive.
    type Strong;

    type Payload;

    fn weak(&self) -> &Self::Weak;

    fn payload(&self) -> &Self::Payload;

    fn upgrade(weak: &Self::Weak) -> Option<Self::Strong>;

    fn is_dead(weak: &Self::Weak) -> bool;

    /// Where the referent is in memory.
    fn address(weak: &Self::Weak) -> *const ();
}

// SAFETY: both are counted references, which are not tied to where they are. A count of no strong ones is for ever. The
// last one is dropped with a release after all others: whoever reads the count, and then acquires, comes after them.
unsafe impl<O: Owner, P, E: Policy> Lend for Entry<O, P, E> {
    type Weak = O::Weak;
    type Strong = O;
    type Payload = P;

    #[inline]
    fn weak(&self) -> &O::Weak {
        &self.referent
    }

    #[inline]
    fn payload(&self) -> &P {
        &self.payload
    }

    #[inline]
    fn upgrade(weak: &O::Weak) -> Option<O> {
        weak.upgrade()
    }

    #[inline]
    fn is_dead(weak: &O::Weak) -> bool {
        if weak.is_alive() {
            return false;
        }
        fence(Ordering::Acquire);
        true
    }

    #[inline]
    fn address(weak: &O::Weak) -> *const () {
        weak.as_ptr().cast()
    }
}

/// A copy of what is read of an entry, which is not counted.
pub(super) struct Lent<E: Lend> {
    number: u64,
    weak: ManuallyDrop<E::Weak>,
    payload: ManuallyDrop<E::Payload>,
}

impl<E: Lend> Lent<E> {
    /// # Safety
    /// Up to the last [`read`](Self::read), the table lends the entry.
    #[inline]
    pub(super) unsafe fn new(bucket: &Bucket<E>) -> Self {
        // SAFETY: the copies are not dropped, and not used for longer than the caller promises that they can be.
        let (weak, payload) = unsafe {
            (
                ptr::read(bucket.entry.weak()),
                ptr::read(bucket.entry.payload()),
            )
        };
        Self {
            number: bucket.number,
            weak: ManuallyDrop::new(weak),
            payload: ManuallyDrop::new(payload),
        }
    }

    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Fetches what a later [`read`](Self::read) looks at first.
    #[inline]
    pub(super) fn fetch(&self) {
        fetch(E::address(&self.weak));
    }

    /// The referent, if that is alive, with what `read` makes of the number and the payload.
    #[inline]
    pub(super) fn read<R>(
        &self,
        read: impl FnOnce(u64, &E::Payload) -> R,
    ) -> Option<(E::Strong, R)> {
        let referent = E::upgrade(&self.weak)?;
        yield_point();
        let result = read(self.number, &self.payload);
        Some((referent, result))
    }
}

/// Has the processor fetch a line of memory, and does not wait for it. A hint, for any address.
#[inline]
pub(super) fn fetch<T>(at: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: nothing is read.
        #[allow(unused_unsafe, reason = "it is safe in later versions of Rust")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(at.cast());
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}
