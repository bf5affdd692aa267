//! [`Wide`]: a lock for what is mostly read, which takes space only once it is worth it.
//!
//! Most containers are used by one thread at a time: they have one bit, the gate, as any lock. Where readers meet others
//! there [often enough](super::ENOUGH), the lock becomes wide, and stays so: it gets a row of lanes, each in a cache line of its own,
//! and a reader takes the lane of its thread. So threads that read write to no memory that others use.
//!
//! # Protocol
//! - Who writes takes the gate, and then all lanes there are.
//! - Who reads takes a lane, or the gate if there are no lanes yet.
//! - Lanes are made by who holds the gate, and are not taken away while anybody can come.
//!
//! Who holds the gate knows whether there are lanes, so a writer leaves none out. A reader that came through the gate keeps it
//! until it is done: those who come after the widening read beside it, and writers wait for it.
//!
//! Waiting goes from the gate to the lanes, and from there to nothing: nobody waits in a circle.

#![allow(unsafe_code, reason = "lanes that are made later")]

use super::ENOUGH;
use super::atomic::Ordering::{Acquire, Relaxed, Release};
use super::atomic::{AtomicPtr, AtomicU8};
use super::raw::{Held, Raw};
use super::threads;
use std::ptr;

/// As many threads read side by side.
const LANES: usize = 8;

/// The lock of one thread's readers, in a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Lane(Raw);

type Lanes = [Lane; LANES];

#[derive(Default)]
pub(crate) struct Wide {
    gate: Raw,
    /// How often readers have met others at the gate. It is changed by who holds that.
    meetings: AtomicU8,
    /// Null, or owned.
    lanes: AtomicPtr<Lanes>,
}

/// What a writer holds.
#[must_use]
pub(crate) struct Writing<'a> {
    _lanes: Option<[Held<'a>; LANES]>,
    _gate: Held<'a>,
}

impl Wide {
    pub(crate) const fn new() -> Self {
        Self {
            gate: Raw::new(),
            meetings: AtomicU8::new(0),
            lanes: AtomicPtr::new(ptr::null_mut()),
        }
    }

    #[inline]
    fn lanes(&self) -> Option<&Lanes> {
        // SAFETY: null, or lanes that stay as long as this, and were there before their address was.
        unsafe { self.lanes.load(Acquire).as_ref() }
    }

    /// Keeps writers out.
    #[inline]
    pub(crate) fn read(&self) -> Held<'_> {
        let lanes = self.lanes();
        match lanes.and_then(|lanes| lanes.get(threads::number() % LANES)) {
            Some(lane) => lane.0.take(),
            None => match self.gate.try_take() {
                Some(held) => held,
                None => self.meet(),
            },
        }
    }

    #[cold]
    fn meet(&self) -> Held<'_> {
        let held = self.gate.take();
        let meetings = self.meetings.load(Relaxed) + 1;
        if meetings < ENOUGH {
            self.meetings.store(meetings, Relaxed);
        } else if self.lanes().is_none() {
            self.widen();
        }
        held
    }

    /// The caller holds the gate. If there is no memory, the next one who meets somebody tries again.
    #[cold]
    fn widen(&self) {
        let mut lanes = Vec::new();
        if lanes.try_reserve_exact(LANES).is_ok() {
            lanes.resize_with(LANES, Lane::default);
            let lanes = Box::into_raw(lanes.into_boxed_slice());
            self.lanes.store(lanes.cast(), Release);
        }
    }

    /// Keeps everybody else out.
    #[inline]
    pub(crate) fn write(&self) -> Writing<'_> {
        let gate = self.gate.take();
        let lanes = self.lanes();
        Writing {
            _lanes: lanes.map(|lanes| lanes.each_ref().map(|lane| lane.0.take())),
            _gate: gate,
        }
    }

    /// Keeps writers out, if none is there; does not wait.
    pub(crate) fn try_read_alone(&self) -> Option<Held<'_>> {
        self.gate.try_take()
    }

    /// Gives the memory back.
    ///
    /// # Safety
    /// Nobody holds the lock, and nobody will.
    pub(crate) unsafe fn narrow(&self) {
        let lanes = self.lanes.swap(ptr::null_mut(), Acquire);
        if !lanes.is_null() {
            // SAFETY: it was made from a box of so many, which nobody uses any more.
            drop(unsafe { Box::<Lanes>::from_raw(lanes) });
        }
    }

    /// The memory of the lanes, in bytes.
    pub(crate) fn allocated_bytes(&self) -> usize {
        self.lanes().map_or(0, size_of_val)
    }
}

impl Drop for Wide {
    fn drop(&mut self) {
        // SAFETY: nobody else has it.
        unsafe { self.narrow() }
    }
}
