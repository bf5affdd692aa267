//! Every operation with memory refused to it: the first request of the operation, the second, ..., alone or with all after
//! it. Nothing panics, nothing is lost or half done, and what must not fail does not.

#![allow(unsafe_code, reason = "an allocator that refuses")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use weakrefs_table::{NoRoom, Snapshot, Table};

struct Refusing;

thread_local! {
    /// The number of requests of this thread to grant; `None` grants all.
    static GRANTED: Cell<Option<u32>> = const { Cell::new(None) };
    /// Whether those after the refused one are granted again.
    static ONCE: Cell<bool> = const { Cell::new(false) };
    static REFUSED: Cell<u32> = const { Cell::new(0) };
    /// Whether a block may be made smaller in any case.
    static MAY_SHRINK: Cell<bool> = const { Cell::new(false) };
}

fn is_granted() -> bool {
    let Some(granted) = GRANTED.get() else {
        return true;
    };
    if granted > 0 {
        GRANTED.set(Some(granted - 1));
        return true;
    }
    if ONCE.get() {
        GRANTED.set(None);
    }
    REFUSED.set(REFUSED.get() + 1);
    false
}

// SAFETY: what is granted, the system's allocator does; null says that a request is refused.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_granted() {
            // SAFETY: the caller's promise is passed on.
            unsafe { System.alloc(layout) }
        } else {
            std::ptr::null_mut()
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on: every block is of the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if (MAY_SHRINK.get() && size < layout.size()) || is_granted() {
            // SAFETY: as for `dealloc`.
            unsafe { System.realloc(pointer, layout, size) }
        } else {
            std::ptr::null_mut()
        }
    }
}

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// When memory is refused to an operation.
#[derive(Clone, Copy)]
struct Refusal {
    granted: u32,
    once: bool,
}

impl Refusal {
    /// Does `work` so, and gives how often memory was refused.
    fn during<R>(self, work: impl FnOnce() -> R) -> (R, u32) {
        REFUSED.set(0);
        ONCE.set(self.once);
        GRANTED.set(Some(self.granted));
        let result = work();
        GRANTED.set(None);
        (result, REFUSED.get())
    }
}

type Entry = (u64, u64);

struct Open {
    snapshot: Snapshot,
    keys: bool,
    expected: Vec<Entry>,
}

/// The table, what should be in it, and how often each operation was refused.
struct World {
    table: Table<Entry>,
    model: Vec<Entry>,
    open: Vec<Open>,
    evicted: Vec<u64>,
    random: u64,
    serial: u64,
    refused: [u32; 4],
}

const INSERT: usize = 0;
const RESERVE: usize = 1;
const CHANGE: usize = 2;
const OPEN: usize = 3;

impl World {
    fn random(&mut self, below: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(1);
        (self.random >> 33) as usize % below
    }

    /// An operation that may fail did; it must have been refused memory, and gives whether it was done.
    fn done<R, N: Into<NoRoom>>(
        &mut self,
        of: usize,
        (result, refused): (Result<R, N>, u32),
    ) -> bool {
        assert!(result.is_ok() || refused > 0, "no error without a cause");
        self.refused[of] += u32::from(result.is_err());
        result.is_ok()
    }

    fn step(&mut self, refusal: Refusal) {
        let hash = |id: u64| id % 37;
        let is = |id: u64| move |entry: &Entry| entry.0 == id;
        self.serial += 1;
        let new = (self.serial, 0);
        let choice = self.random(100);
        let at = self.random(self.model.len().max(1));
        let picked = self.model.get(at).copied();
        let Self { table, .. } = self;
        match (choice, picked) {
            (0..45, _) => {
                let inserted = refusal.during(|| table.insert(hash(new.0), new));
                if let (Err(refused), _) = &inserted {
                    assert_eq!(refused.entry, new, "given back");
                }
                if self.done(INSERT, inserted) {
                    self.model.push(new);
                }
            }
            (45..47, _) => {
                let reserved = refusal.during(|| table.reserve(40));
                self.done(RESERVE, reserved);
            }
            (47..60, Some(entry)) => {
                let found = table.find(hash(entry.0), is(entry.0)).expect("present");
                let changed = refusal.during(|| table.get_mut(found).map(|entry| entry.1 += 1));
                if self.done(CHANGE, changed) {
                    self.model[at].1 += 1;
                }
            }
            (60..67, _) => {
                let keys = choice < 63;
                let opened = refusal.during(|| match keys {
                    true => table.snapshot_of_keys(),
                    false => table.snapshot(),
                });
                match opened {
                    (Ok(snapshot), _) => self.open.push(Open {
                        snapshot,
                        keys,
                        expected: self.model.clone(),
                    }),
                    refused => assert!(!self.done(OPEN, refused)),
                }
            }
            (67..77, Some(entry)) => {
                let (left, _) = refusal.during(|| table.remove(hash(entry.0), is(entry.0)));
                assert_eq!(left, Some(self.model.remove(at)));
            }
            (77..87, Some(entry)) => {
                let (left, _) = refusal.during(|| table.evict(hash(entry.0), is(entry.0)));
                assert_eq!(left, Some(self.model.remove(at)));
                self.evicted.push(entry.0);
            }
            (87..91, _) => {
                let (left, _) = refusal.during(|| table.pop());
                assert_eq!(left, self.model.pop());
            }
            (91, _) => {
                let leave = |entry: &Entry| entry.0 % 5 != 0;
                let (left, refused) = refusal.during(|| table.extract(leave));
                let left: Vec<_> = left.collect();
                assert!(left.iter().all(leave));
                self.model.retain(|entry| !left.contains(entry));
                assert!(refused > 0 || !self.model.iter().any(leave));
            }
            (92, _) if self.serial % 3 == 0 => {
                drop(refusal.during(|| table.clear()));
                self.model.clear();
            }
            (93.., _) if !self.open.is_empty() => {
                let at = choice % self.open.len();
                let closed = self.open.swap_remove(at);
                let (mut released, _) = refusal.during(|| table.release(closed.snapshot));
                while refusal.during(|| table.reclaim()).0.is_some() {}
                released.by_ref().for_each(drop);
            }
            _ => {}
        }
    }

    /// The contents are intact.
    fn check(&self) {
        assert!(self.table.iter().eq(&self.model));
        assert_eq!(self.table.len(), self.model.len());
        for entry in &self.model {
            let found = self.table.find(entry.0 % 37, |other| other == entry);
            assert!(found.is_some_and(|at| self.table.get(at) == Some(entry)));
        }
    }

    /// And so is what readers see.
    fn close(&mut self) {
        for mut open in std::mem::take(&mut self.open) {
            let is_alive = |entry: &Entry| !self.evicted.contains(&entry.0);
            let expected = open.expected.into_iter().filter(is_alive);
            let next = || self.table.next(&mut open.snapshot).copied();
            let seen: Vec<_> = std::iter::from_fn(next).filter(is_alive).collect();
            if open.keys {
                let seen = seen.into_iter().map(|entry| entry.0);
                assert!(seen.eq(expected.map(|entry| entry.0)));
            } else {
                assert!(seen.into_iter().eq(expected));
            }
            drop(self.table.release(open.snapshot));
            while self.table.reclaim().is_some() {}
        }
        self.check();
        assert_eq!(self.table.owned().count(), self.model.len());
    }
}

/// S36: whichever request of whichever operation is refused.
#[test]
fn refused_memory_leaves_everything_as_it_was() {
    let mut refused = [0; 4];
    for (granted, once) in (0..4).flat_map(|n| [(n, false), (n, true)]) {
        for seed in 0..60 {
            let mut world = World {
                table: Table::new(),
                model: Vec::new(),
                open: Vec::new(),
                evicted: Vec::new(),
                random: seed,
                serial: 0,
                refused: [0; 4],
            };
            for step in 0..400 {
                // Some memory has to be there for anything to happen.
                let refusal = Refusal {
                    granted: if step % 3 == 0 { granted } else { u32::MAX },
                    once,
                };
                world.step(refusal);
                if step % 20 == 0 {
                    world.check();
                }
            }
            world.close();
            for (all, of_world) in refused.iter_mut().zip(world.refused) {
                *all += of_world;
            }
        }
    }
    assert!(refused.iter().all(|count| *count > 20), "{refused:?}");
}

fn filled() -> Table<Entry> {
    let mut table = Table::new();
    for id in 0..1000 {
        table.insert(id, (id, 0)).expect("memory");
    }
    table
}

/// S36: what removes, clears, reads or gives back does not ask for memory that it needs, with readers or without.
#[test]
fn what_must_not_fail_needs_no_memory() {
    let refusal = Refusal {
        granted: 0,
        once: false,
    };
    for readers in 0..3 {
        let mut table = filled();
        let mut snapshots = Vec::new();
        for _ in 0..readers {
            snapshots.push(table.snapshot().expect("memory"));
            table.remove(7, |entry| entry.0 == 7);
        }
        refusal.during(|| {
            for id in 10..800 {
                assert!(table.remove(id, |entry| entry.0 == id).is_some());
            }
            for id in 800..900 {
                assert!(table.evict(id, |entry| entry.0 == id).is_some());
            }
            assert_eq!(table.pop(), Some((999, 0)));
            assert_eq!(table.len(), if readers > 0 { 108 } else { 109 });
            let mut seen = 0;
            if let Some(snapshot) = snapshots.first_mut() {
                while table.next(snapshot).is_some() {
                    seen += 1;
                }
                assert_eq!(seen, 900);
            }
            drop(table.clear());
            for snapshot in snapshots.drain(..) {
                drop(table.release(snapshot));
                while table.reclaim().is_some() {}
            }
            assert_eq!(table.owned().count(), 0);
        });
    }
}

/// S34, S36: from either end, and in between.
#[test]
fn giving_memory_back_needs_none() {
    let refusal = Refusal {
        granted: 0,
        once: false,
    };
    let orders: [fn(u64) -> u64; 3] = [|i| i, |i| 999 - i, |i| i * 7919 % 1000];
    for order in orders {
        let mut table = filled();
        MAY_SHRINK.set(true);
        let ((), refused) = refusal.during(|| {
            for id in (0..990).map(order) {
                assert!(table.evict(id, |entry| entry.0 == id).is_some());
            }
        });
        MAY_SHRINK.set(false);
        assert_eq!(refused, 0, "times that memory was asked for");
        assert!(
            table.allocated_bytes() <= 2048,
            "{}",
            table.allocated_bytes()
        );
        assert_eq!(table.iter().count(), 10);
    }
}
