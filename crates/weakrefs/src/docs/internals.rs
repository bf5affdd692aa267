//! How it works, what it locks, and what it costs.
//!
//! You need none of this to use the crate, and all of it may change. Each file opens with the protocol that
//! it implements; this chapter is the map.
//!
//! # Once for `Arc` and for `Rc`
//! Everything below speaks of `Arc`, locks and threads. The code is written over a few traits (`owner/mod.rs`): what owns the
//! objects, what locks, what counts. For [`rc`](crate::rc) the owner is an `Rc`, a lock is a `RefCell`, which nobody ever
//! finds borrowed, since none of your code runs meanwhile, and counters are cells. The containers of
//! [`lazy`](crate::lazy) differ in one trait more (`containers/eviction.rs`): they are on nobody's list of watchers. An insertion
//! into them sweeps the dead out of a table that is full, and, always, those with the hash of what is inserted.
//!
//! # From the slot to the watchers
//! Only the drop of a value shows that it dies in its `Arc`. So the object has a field for that, its
//! [`WeakSlot`]. It is one word, null until the first watcher comes. From then on it owns the object's
//! *list of watchers*. Dropping a null slot is one load and one comparison.
//!
//! The list is empty, or one watcher, which takes no memory of its own, or a few, or a table by number, in
//! which any of many leaves in O(1). Numbers rise and are never used again. A list and a number are the
//! identity of a watcher; an address would be used again after death (S17). The list holds references and
//! finalizers weakly, and of a container the shard of the entry.
//!
//! *Registering* takes an `Arc` of the object, so the object cannot die meanwhile. *Leaving* may race with
//! death: whoever gets the list's lock first takes the watcher off.
//!
//! # What happens at death
//! 1. The last `Arc` is dropped. From here on every `upgrade` fails, everywhere.
//! 2. The type's own `Drop` runs.
//! 3. The slot, the first field, is dropped. It takes the whole list of watchers under the lock, and
//!    informs them without it:
//!    1. each reference and each finalizer gives up its `std::sync::Weak`: all are dead before user code
//!       runs;
//!    2. each container takes out the entry, found by hash and identity: nothing is hashed or compared;
//!    3. what the entries owned (the values of key maps, the keys of value maps) is dropped;
//!    4. callbacks and finalizers run, newest first.
//! 4. The other fields are dropped. Nobody holds a `Weak` any more, so the memory is freed.
//!
//! Evictions come before callbacks, so no callback sees the object in a container (S2). Each piece of user
//! code in 3.3 and 3.4 runs in a `catch_unwind` of its own (S5).
//!
//! # When a value moves
//! A value can leave its `Arc` alive and take its slot, with the list, to another address. So a list
//! remembers the address at which its watchers saw the object. Before anybody watches the object
//! elsewhere, the old watchers learn that it has died, which for them it has. Nothing else can have got the
//! old address: each watcher's `Weak` keeps the old memory. The consequences are in
//! [a table](super::limitations#values-that-leave-their-arc).
//!
//! # Containers
//! A container is a table behind a lock. When two threads have met at it, and it is not small, its entries are spread
//! over eight shards, each a table behind a lock of its own, and the hash of an entry selects its shard; so who is
//! alone pays for one lock, and threads rarely meet again. An entry lies in its table's bucket: its hash, a number
//! that rises with each insertion, the identity of its watcher, the `Weak` of the object, and, in maps, an `Arc` of the
//! value or key. Beside the buckets a table has a list of places by those numbers: the order. An empty container owns
//! no memory.
//!
//! - *A lookup* has two steps, because no user code may run under a lock (S18). First it compares inside the
//!   table: pointers, or the contents of keys whose type is known to compare without user code (strings,
//!   numbers, paths). If that misses and other entries have the same hash, it takes those out, counted up,
//!   and compares them outside. Before a change it asks the table whether the decision still holds. If not,
//!   it compares only what is new, for a limited number of rounds, so every lookup ends. One driver does this
//!   for both packages, [`weakrefs_table::look_up`].
//! - *An insertion* first registers with the object, then enters the table. The caller holds the object.
//! - *Eviction* does not depend on the list alone. Lookups and iteration skip the dead, and a table that is
//!   full sweeps out the dead that no list announced before it grows.
//! - *Iteration* opens a snapshot of all shards at one moment, in O(1), and merges them by number, from either end. It
//!   reads up to 32 entries under one lock. A change meanwhile costs the change (S42): what is removed or replaced is
//!   kept under its number until no reader sees it any more. The dead are kept for nobody. An entry is upgraded at its turn.
//! - *Without memory* for another entry, a watcher or a reader in a table, the operation panics outside of
//!   all locks, and nothing has changed. Death, eviction, removal and the end of an iterator need no memory
//!   of the table (S36). Other allocations (an `Arc`, a `Box`) end the process, as everywhere in Rust.
//! - *`pop_first`*, `pop_last` and snapshots lock all shards, so they see one moment of the whole. *`len`* locks
//!   nothing: it adds up what each shard has noted.
//! - *Memory* follows the number of entries: a table with less than an eighth of its buckets in use shrinks
//!   (S34).
//!
//! # Locks
//! | lock | protects | is held for |
//! | --- | --- | --- |
//! | a list of watchers | who watches one object | adding or taking out one; taking all |
//! | a reference | its `Weak` and its callback | counting up, or taking out |
//! | a shard | its table | a table operation; all, in their order, for `pop_first`, `pop_last`, snapshots, `clear`; all the first time that threads meet |
//! | a container's listener | the listener | counting up, or exchanging it |
//! | a finalizer | its task | taking it |
//! | the registry | the finalizers that are alive | a table operation |
//! | the running factories of a container, and the threads that wait for one | who waits for whom | a search in a short list |
//! | the unraisable hook | the hook | counting up |
//!
//! Two rules exclude deadlocks, whatever user code does (S33). No user code runs under any of these locks,
//! not even the drop of an `Arc` that might be the last one. And no thread takes a lock of one kind while
//! it holds one of another.
//!
//! # Chains of deaths
//! What a death drops and calls is a *step*, and a variable of the thread counts the steps that are within each other.
//! The seventeenth does not begin: it waits in a queue of the thread, and the outermost step does what waits before it
//! ends. So a chain of deaths takes no more stack than 16 levels, whatever its length
//! ([what that means](super::limitations#deep-chains)).
//!
//! # Why a reference has a lock
//! A `std::sync::Weak` keeps the memory of its `Arc` until it is dropped itself. If a [`Ref`] simply owned
//! one, every dead reference would pin its referent's memory. So death takes the `Weak` out, while other
//! threads may be upgrading it; hence a lock of one byte. It covers the few instructions of the upgrade, and
//! is rarely contended.
//!
//! # Factories
//! `get_or_insert_with` runs one factory for a hash at a time. A thread that wants the same meanwhile waits,
//! and looks again. No lock is held while a factory runs. A thread that is about to wait follows the chain
//! of who waits for whom, through all containers. If the chain ends at itself, waiting would never end, so
//! it runs its own factory. All get the result that is inserted first. A factory that panics gives its
//! turn to the next.
//!
//! # Finalizers
//! A registry holds every finalizer until it ends. Every way to end one takes the function out under the
//! finalizer's lock, so only one runs it, whatever races. The registry is never torn down. At exit one
//! thread takes the newest out, runs it, and looks again, until none is left. Finalizers of objects in an `Rc` are in a registry
//! of their thread.
//!
//! # Memory
//! Bytes on a 64-bit machine, as a counting allocator sees them. Tables double, so an entry costs less just
//! before that, and more just after.
//!
//! | what | bytes |
//! | --- | ---: |
//! | the slot, in the object | 8 |
//! | the list of watchers, with the first watcher; stays until the object dies | 112 |
//! | each further watcher on the list | 32 to 64; as a table, from the ninth on, 40 to 80 |
//! | a [`Ref`]: the handle | 8 |
//! | ... what its clones share; a callback takes as much as it captures | 80 |
//! | a [`WeakMethod`](crate::WeakMethod), beside the object's plain `Ref` | 40, and what the function captures |
//! | a [`Finalizer`](crate::Finalizer), handle and shared part, and its place in the registry | 130, and what the function captures |
//! | an unused container | 0 |
//! | a container once it is used, beside its entries | 448 |
//! | ... emptied again, after threads have met at it: its shards, and what a small table keeps | 12,000 |
//! | an entry of a [`WeakSet`](crate::WeakSet) | 65 to 115 |
//! | an entry of a map, beside the value or key | 75 to 130 |
//! | ... the value of a key map, the key of a value map | 16, and its size |
//!
//! The list is most of the cost of the first weak reference to an object. This example measures, and fails
//! if it gets worse:
//!
//! ```standalone_crate
//! use std::alloc::{GlobalAlloc, Layout, System};
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
//! use weakrefs::{Ref, Tracked, WeakKeyMap, WeakSet, WeakValueMap, finalize};
//!
//! struct Counting;
//!
//! static BYTES: AtomicIsize = AtomicIsize::new(0);
//!
//! // SAFETY: the system's allocator does all the work.
//! unsafe impl GlobalAlloc for Counting {
//!     unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
//!         BYTES.fetch_add(layout.size() as isize, Relaxed);
//!         // SAFETY: as for us.
//!         unsafe { System.alloc(layout) }
//!     }
//!
//!     unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
//!         BYTES.fetch_sub(layout.size() as isize, Relaxed);
//!         // SAFETY: as for us.
//!         unsafe { System.dealloc(pointer, layout) }
//!     }
//! }
//!
//! #[global_allocator]
//! static ALLOCATOR: Counting = Counting;
//!
//! /// What `make` leaves allocated, for each of as many objects as it is given.
//! fn bytes<R>(number: usize, make: impl FnOnce(&[Arc<Tracked<u64>>]) -> R) -> (isize, R) {
//!     let objects: Vec<_> = (0..number).map(|n| Arc::new(Tracked::new(n as u64))).collect();
//!     let before = BYTES.load(Relaxed);
//!     let made = make(&objects);
//!     ((BYTES.load(Relaxed) - before) / number as isize, made)
//! }
//!
//! # if size_of::<usize>() != 8 { return }
//! let first = bytes(1, |object| Ref::new(&object[0])).0;
//! let both = bytes(1, |object| [Ref::new(&object[0]), Ref::with_callback(&object[0], |_| ())]).0;
//! let finalizer = bytes(1000, |objects| {
//!     let finalizers: Vec<_> = objects.iter().map(|object| finalize(object, || ())).collect();
//!     finalizers
//! }).0;
//! println!("the first reference {first}, another one {}, a finalizer {finalizer}", both - first);
//! assert!(first <= 200 && both - first <= 150 && finalizer <= 250);
//!
//! let empty = bytes(1, |_| WeakSet::<Tracked<u64>>::new()).0;
//! let (set, dead) = bytes(100_000, |objects| objects.iter().collect::<WeakSet<_>>());
//! let before = BYTES.load(Relaxed);
//! drop(dead);
//! let left = before - BYTES.load(Relaxed); // after all its objects have died
//! let map = bytes(100_000, |objects| {
//!     objects.iter().map(|object| (Arc::clone(object), 1_u64)).collect::<WeakKeyMap<_, _>>()
//! }).0;
//! let values = bytes(100_000, |objects| {
//!     objects.iter().map(|object| (***object, Arc::clone(object))).collect::<WeakValueMap<_, _>>()
//! }).0;
//! println!("a container: unused {empty}, emptied {left}; an entry: {set}, {map}, {values}");
//! assert!(empty == 0 && left <= 3000 && set <= 190 && map <= 225 && values <= 225);
//! ```
//!
//! For the time that operations take, see the project's benchmarks.
//!
//! [`Ref`]: crate::Ref
//! [`WeakSlot`]: crate::WeakSlot
