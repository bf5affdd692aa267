//! [`OnceArc`]: an `Arc` that is set at most once, in one word.
//!
//! The slot's word. The safe way, an `Arc` in a box in `once_cell::race::OnceBox`, takes one more
//! allocation for each object that is weakly referenced: insertion into a map and eviction from it took
//! 1,963 instructions instead of 1,876.
//!
//! Protocol: the pointer is null, or comes from `Arc::into_raw` and stays, together with the count
//! that it stands for, until the `OnceArc` is dropped. Who sets it releases, who reads it acquires.

#![allow(unsafe_code, reason = "an `Arc` as an atomic pointer")]

use crate::sync::yield_point;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

/// An `Arc` that is set at most once.
pub struct OnceArc<T> {
    pointer: AtomicPtr<T>,
    owned: PhantomData<Arc<T>>,
}

/// The `Arc` in a [`OnceArc`], borrowed.
#[allow(
    unreachable_pub,
    reason = "sealed traits speak of it, which Rust 1.85 does not see"
)]
pub struct Borrowed<'a, T> {
    arc: ManuallyDrop<Arc<T>>,
    from: PhantomData<&'a OnceArc<T>>,
}

impl<T> OnceArc<T> {
    pub(crate) const fn new() -> Self {
        Self {
            pointer: AtomicPtr::new(ptr::null_mut()),
            owned: PhantomData,
        }
    }

    /// The `Arc`, if it has been set.
    #[inline]
    pub(crate) fn get(&self) -> Option<Borrowed<'_, T>> {
        let pointer = self.pointer.load(Ordering::Acquire);
        if pointer.is_null() {
            return None;
        }
        // SAFETY: the pointer comes from `into_raw`. The count that it stands for stays ours as long
        // as `self` is borrowed, and `ManuallyDrop` does not give it up.
        let arc = ManuallyDrop::new(unsafe { Arc::from_raw(pointer) });
        Some(Borrowed {
            arc,
            from: PhantomData,
        })
    }

    /// The `Arc`, after setting it to what `make` gives if nobody else is faster.
    #[inline(always)]
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> Arc<T>) -> Borrowed<'_, T> {
        match self.get() {
            Some(owner) => owner,
            None => self.init(make),
        }
    }

    #[inline]
    fn init(&self, make: impl FnOnce() -> Arc<T>) -> Borrowed<'_, T> {
        let made = make();
        yield_point();
        self.set(made)
    }

    fn set(&self, made: Arc<T>) -> Borrowed<'_, T> {
        let made = Arc::into_raw(made).cast_mut();
        let set = self.pointer.compare_exchange(
            ptr::null_mut(),
            made,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        let pointer = match set {
            Ok(_) => made,
            Err(other) => {
                // SAFETY: the pointer has just come from `into_raw`, and went nowhere.
                drop(unsafe { Arc::from_raw(made) });
                other
            }
        };
        // SAFETY: as in `get`; the pointer that is set is never null.
        let arc = ManuallyDrop::new(unsafe { Arc::from_raw(pointer) });
        Borrowed {
            arc,
            from: PhantomData,
        }
    }
}

impl<T> From<Arc<T>> for OnceArc<T> {
    fn from(owner: Arc<T>) -> Self {
        Self {
            pointer: AtomicPtr::new(Arc::into_raw(owner).cast_mut()),
            owned: PhantomData,
        }
    }
}

impl<T> Drop for OnceArc<T> {
    fn drop(&mut self) {
        let pointer = *self.pointer.get_mut();
        if !pointer.is_null() {
            // SAFETY: the pointer comes from `into_raw`, and nobody borrows what it points to through
            // `self` any more.
            drop(unsafe { Arc::from_raw(pointer) });
        }
    }
}

impl<T> Deref for Borrowed<'_, T> {
    type Target = Arc<T>;

    #[inline]
    fn deref(&self) -> &Arc<T> {
        &self.arc
    }
}

#[cfg(test)]
mod tests {
    use super::OnceArc;
    use std::sync::{Arc, Barrier, Weak};
    use std::thread;

    #[test]
    fn the_first_one_stays_and_goes_with_it() {
        let once = OnceArc::new();
        assert!(once.get().is_none());
        let first = Arc::new(1);
        assert!(Arc::ptr_eq(
            &once.get_or_init(|| Arc::clone(&first)),
            &first
        ));
        assert!(Arc::ptr_eq(&once.get_or_init(|| unreachable!()), &first));
        assert_eq!(Arc::strong_count(&first), 2);
        drop(once);
        assert_eq!(Arc::strong_count(&first), 1);
    }

    #[test]
    fn one_of_many_wins_and_the_others_are_dropped() {
        for _ in 0..if cfg!(miri) { 8 } else { 200 } {
            let once = OnceArc::new();
            let barrier = Barrier::new(4);
            let results: Vec<(Weak<u8>, Arc<u8>)> = thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|number| {
                        let (once, barrier) = (&once, &barrier);
                        scope.spawn(move || {
                            let mut weak = Weak::new();
                            barrier.wait();
                            // Made after the barrier: nothing else orders what threads see of it.
                            let set = Arc::clone(&once.get_or_init(|| {
                                let mine = Arc::new(number);
                                weak = Arc::downgrade(&mine);
                                mine
                            }));
                            assert!(*set < 4);
                            (weak, set)
                        })
                    })
                    .collect();
                threads.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let winner = &results[0].1;
            assert!(results.iter().all(|(_, arc)| Arc::ptr_eq(arc, winner)));
            let alive = results.iter().filter(|(weak, _)| weak.strong_count() > 0);
            assert_eq!(alive.count(), 1);
        }
    }
}
