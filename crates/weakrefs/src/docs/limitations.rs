//! What weak references cannot do, and what to watch out for.
//!
//! # Values that own their key
//! A [`WeakKeyMap`] owns its values. A value that owns its own key, directly or through others, keeps the
//! key alive. Its entry stays until somebody removes it or drops the map:
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{PtrWeakKeyMap, Ref, Tracked};
//!
//! let owners: PtrWeakKeyMap<Tracked<u8>, Arc<Tracked<u8>>> = PtrWeakKeyMap::default();
//! let key = Arc::new(Tracked::new(1));
//! owners.insert(&key, Arc::clone(&key));
//! drop(key);
//! assert_eq!(owners.len(), 1); // for ever
//!
//! let links: PtrWeakKeyMap<Tracked<u8>, Ref<Tracked<u8>>> = PtrWeakKeyMap::default();
//! let key = Arc::new(Tracked::new(2));
//! links.insert(&key, Ref::new(&key)); // better
//! drop(key);
//! assert_eq!(links.len(), 0);
//! ```
//!
//! The same holds for the keys of a [`WeakValueMap`], and for what callbacks and finalizers capture: a
//! finalizer that owns its object runs only at exit.
//!
//! # Cycles
//! Objects that own each other by `Arc` never die; no collector finds them. Weak references avoid such
//! cycles, but do not break them.
//!
//! `Debug` prints what is held weakly as [`std::sync::Weak`] does, `(Weak)`, and so ends also where an object owns
//! something that refers to it weakly.
//!
//! # Values that leave their `Arc`
//! The drop of its slot announces an object's death. But a value can leave its `Arc` alive, and it takes
//! the slot along. For its weak references the object is dead from that moment, as for
//! [`std::sync::Weak`]: they refer to what was in that `Arc`. Its watchers learn of it later, but they do
//! (S1, S4).
//!
//! | operation | references | entries | callbacks and finalizers |
//! | --- | --- | --- | --- |
//! | `drop` of the last `Arc` | dead | evicted | run at once |
//! | `Arc::into_inner`, `try_unwrap`, `unwrap_or_clone` of the only `Arc` | dead | no longer found, but in `len` until the slot is dropped | run when the value is dropped |
//! | ... and the value goes into a new `Arc` | the old ones stay dead | as above | run when the new object gets its first watcher, is asked for its watchers ([`count`](crate::count)), or is dropped |
//! | the same of one of several `Arc`s | alive | stay | wait; nothing was moved, and a clone has an empty slot |
//! | `Arc::make_mut` of the only `Arc` while the object is watched | dead: the value is moved to a new `Arc` | as above | as above |
//! | `Arc::make_mut` of the only `Arc`, not watched | there are none | | nothing is moved |
//! | `Arc::make_mut` of one of several `Arc`s | stay with the others | stay with the others | wait; the clone has an empty slot |
//! | `Arc::get_mut` | alive | stay | wait; it gives `None` while the object is watched |
//! | `mem::swap` of two `Arc`s | alive | stay | wait; the objects do not move |
//! | `mem::swap` of two values that have left their `Arc`s, or of their slots | dead since they left | as above | run when whatever has the slot is dropped |
//! | the slot of such a value is assigned a new one | dead since then | evicted | run at once |
//! | `mem::forget` or `Arc::into_raw` of an `Arc` | alive | stay | wait; finalizers run at exit |
//! | `mem::forget` of a value that has left its `Arc` | dead since then | no longer found; in `len` until the container has grown | callbacks never run, finalizers at exit |
//! | `ManuallyDrop` of a value that has left its `Arc` | dead since then | no longer found; in `len` until it is dropped | run when it is dropped |
//! | [`Tracked::into_inner`](crate::Tracked::into_inner) | dead since it left | evicted | run before it returns |
//!
//! Correctness does not depend on the slot: a dead object is never given out, whatever killed it. Only the
//! moment when watchers learn of it does, and that `len` is exact.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use weakrefs::{Ref, Tracked, WeakSet};
//!
//! let object = Arc::new(Tracked::new(1));
//! let set: WeakSet<_> = [&object].into_iter().collect();
//! let told = Arc::new(Mutex::new(false));
//! let tell = Arc::clone(&told);
//! let reference = Ref::with_callback(&object, move |_| *tell.lock().unwrap() = true);
//!
//! let value = Arc::into_inner(object).unwrap();
//! assert!(!reference.is_alive() && !set.contains(&value) && set.iter().next().is_none());
//! assert!(set.len() == 1 && !*told.lock().unwrap());
//!
//! let object = Arc::new(value); // another object
//! let other = Ref::new(&object); // its first watcher: the old ones learn of the death
//! assert!(*told.lock().unwrap() && set.is_empty());
//! assert!(other.is_alive() && !reference.is_alive());
//! ```
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{Ref, Tracked};
//!
//! let mut object = Arc::new(Tracked::new(1));
//! let reference = Ref::new(&object);
//! assert!(Arc::get_mut(&mut object).is_none());
//! **Arc::make_mut(&mut object) += 1; // moves it, as with a `std::sync::Weak`
//! assert!(!reference.is_alive());
//!
//! let reference = Ref::new(&object);
//! let shared = Arc::clone(&object);
//! **Arc::make_mut(&mut object) += 1; // clones it
//! assert!(Arc::ptr_eq(&reference.upgrade().unwrap(), &shared));
//! # drop(reference);
//! # drop(shared);
//!
//! assert!(Arc::get_mut(&mut object).is_some()); // nobody watches the clone
//! ```
//!
//! ```
//! use std::mem;
//! use std::sync::Arc;
//! use weakrefs::{Ref, Tracked, WeakSet};
//!
//! let set = WeakSet::new();
//! let object = Arc::new(Tracked::new(0));
//! set.insert(&object);
//! let reference = Ref::with_callback(&object, |_| unreachable!());
//! mem::forget(Arc::into_inner(object));
//! assert!(!reference.is_alive());
//! assert_eq!((set.iter().count(), set.len()), (0, 1));
//!
//! // What was forgotten is swept when the set grows.
//! let objects: Vec<_> = (1..=1000).map(|n| Arc::new(Tracked::new(n))).collect();
//! set.extend(&objects);
//! assert_eq!(set.len(), 1000);
//! ```
//!
//! # Where the slot stands
//! Rust drops fields in their order. If the slot is the first one, references are dead and callbacks have
//! run while the other fields are still whole; the derive macro insists on that. An implementation by
//! hand may return another field. The fields before it are then dropped first, while entries are still in
//! `len`; but no lookup finds them, and no reference can be upgraded. An implementation must not return
//! the slot of something outside the object: watchers of both would learn of the wrong deaths.
//!
//! The type's own `Drop` runs before any field is dropped, as always in Rust. In it, references to the
//! object are already dead, and its callbacks have not run.
//!
//! # Callbacks run where the last `Arc` is dropped
//! Callbacks, finalizers and the destructors of evicted values run in the thread that drops the last
//! `Arc`, at that point (S3). `weakrefs` holds no lock then (S33), but your code may. If you drop the last
//! `Arc` of something under a lock that a callback takes, the thread waits for itself forever. Take
//! things out under the lock, and drop them after it:
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use weakrefs::{Ref, Tracked};
//!
//! let current = Arc::new(Mutex::new(Some(Arc::new(Tracked::new(1)))));
//! let shared = Arc::clone(&current);
//! let object = current.lock().unwrap().clone().unwrap();
//! let _reference = Ref::with_callback(&object, move |_| {
//!     assert!(shared.lock().unwrap().is_none()); // takes the lock
//! });
//! drop(object);
//!
//! // Not `*current.lock().unwrap() = None`, which drops the object under the lock.
//! let old = current.lock().unwrap().take();
//! drop(old);
//! ```
//!
//! Any temporary `Arc` may turn out to be the last one: one that a lookup returns, that an iterator gives,
//! that [`Proxy::with`](crate::Proxy::with) uses. Whoever drops it runs the callbacks. A callback that
//! blocks, blocks that thread; let it [send a message](super::patterns#news-of-a-death) instead.
//!
//! # Factories that wait
//! Factories, as in [`get_or_insert_with`](crate::WeakValueMap::get_or_insert_with), may block. Only
//! threads that want the same key (or one of equal hash) of the same container wait for them. Factories
//! that want each other's keys do not deadlock: where the wait would be circular, both run, and the first
//! result counts.
//!
//! `weakrefs` sees only the waits in its own containers. A factory deadlocks if it takes one of your locks whose holder
//! wants its key. So does one that joins a thread, or receives a message of one, that wants its key: Rust tells nobody who
//! waits for what. Let such a thread do the work without asking the container for that key.
//!
//! # Iterators that stay open
//! An iterator reads the container of the moment at which it was opened. For that the container keeps what has been
//! removed or replaced since, with its keys and values, until nobody sees it any more. Objects die in any case, and
//! what the container still has of them goes at once, too; but of an object that was removed before it died, the
//! memory of its `Arc` stays until the iterator is dropped. An iterator also reads up to 32 entries ahead: of those, the
//! memory of an object that dies stays until the iterator has passed it. It is not given all the same. Do not keep an iterator in a struct for
//! long; collect what it gives. And do not [forget](std::mem::forget) one: the container would wait for it for ever, and
//! never be dropped.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{Tracked, WeakKeyMap};
//!
//! let map = WeakKeyMap::new();
//! let (key, value) = (Arc::new(Tracked::new(1)), Arc::new("value"));
//! map.insert_arc(&key, Arc::clone(&value));
//! let open = map.iter();
//! map.remove(&key);
//! assert_eq!(Arc::strong_count(&value), 2);
//! drop(open);
//! assert_eq!(Arc::strong_count(&value), 1);
//! ```
//!
//! # Nothing is lent
//! An entry may be evicted at any moment, and your code never runs under a lock. So a container gives [`Arc`]s, and lends
//! nothing of its inside:
//!
//! - There is no `Index`, and no `with(key, |value| ...)` that saves counting an `Arc` up and down: its closure, or the
//!   destructor of what it had read, would run while the entry is locked.
//! - There is no `Entry` as that of `HashMap`, which borrows the map, or that of `DashMap`, which locks a part of it. What it is
//!   for is one step each, that threads cannot come between:
//!
//! | `HashMap`, `DashMap` | here |
//! | --- | --- |
//! | `entry(k).or_insert_with(f)` | `get_or_insert_with(k, f)`, `get_or_try_insert_with(k, f)`; by `&Q`, `get_or_insert_with_ref` |
//! | `entry(k).and_modify(f).or_insert(v)` | `update(k, f)` |
//! | a `VacantEntry`'s `insert` | `try_insert(k, v)` |
//! | an `OccupiedEntry`'s `remove` | `remove_entry(k)`, `remove_if(k, condition)` |
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{Tracked, WeakKeyMap};
//!
//! let visits = WeakKeyMap::new();
//! let page = Arc::new(Tracked::new("index"));
//! for _ in 0..2 {
//!     visits.update(&page, |count| Some(count.map_or(1, |count| *count + 1)));
//! }
//! assert_eq!(visits.remove_if(&page, |_, count| **count > 1).map(|(_, count)| *count), Some(2));
//! ```
//!
//! # Moments
//! With several threads, [`is_alive`](crate::Ref::is_alive), `len` and `contains` describe a moment that
//! has passed when you read the answer. To use an object, get an `Arc` of it. For some instructions after
//! the last `Arc` is gone, another thread may still count its entry in `len`, but not find it (S20). When
//! the drop returns, the entry is out.
//!
//! # Panics
//! A panic in a callback, in a finalizer, or in a destructor that an object's death sets off goes to the
//! [unraisable hook](crate::set_unraisable_hook). All others still run (S5), even if the thread that drops
//! the object is already unwinding. Panics of `Hash`, `Eq`, factories and predicates are the caller's, and
//! leave the container whole.
//!
//! With `panic = "abort"` nothing can catch a panic: one in a callback aborts the process, as any other
//! does, and no finalizer runs.
//!
//! # Deep chains
//! Dropping a list of a million `Arc`s, each a field of the one before, overflows the stack in any Rust program, and slots
//! do not change that. A chain of any length is fine if it goes through the crate: if the next object is owned by the
//! object's value in a [`WeakKeyMap`], its key in a [`WeakValueMap`], or what its callback or finalizer has captured.
//!
//! For that, the crate puts off what is nested too deeply (S35). Up to 16 levels, a drop in a callback has told everybody
//! when it returns, as everywhere (S2). In a chain deeper than that, only references read dead and entries have left. The
//! evicted values and keys are dropped, and the callbacks run, before the *outermost* drop returns, one death after the
//! other. The same holds there for the values of a map that is cleared or dropped, and for the callback of a reference
//! that is. All of it happens in the same thread.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{PtrWeakKeyMap, Tracked};
//!
//! let next: PtrWeakKeyMap<Tracked<u32>, Arc<Tracked<u32>>> = PtrWeakKeyMap::default();
//! let mut first = Arc::new(Tracked::new(0));
//! for number in 1..100_000 {
//!     let owner = Arc::new(Tracked::new(number));
//!     next.insert(&owner, first);
//!     first = owner;
//! }
//! drop(first); // and all the others
//! assert!(next.is_empty());
//! ```
//!
//! # Keys that change
//! If the `Hash` or `Eq` of an object changes while it is in a container, a lookup may miss it or find it
//! in place of another one, and an insertion may make a second entry. This is not undefined behaviour, and
//! nothing leaks: eviction does not hash or compare, so all entries leave when the object dies (S17). The
//! hash of a [`Ref`](crate::Ref) never changes (S7).
//!
//! Clippy's `mutable_key_type` warns of keys with a slot or a `Ref` in hash maps, because these change
//! inside. Neither takes part in `Hash` or `Eq`; list the types in `clippy.toml`, under
//! `ignore-interior-mutability`.
//!
//! # Equal hashes
//! Keys are hashed to 64 bits. Entries of equal hash are compared one after the other, so a lookup among
//! *n* of them takes O(*n*). The default hasher has a random seed, so this does not happen in practice.
//! With another hasher, whoever chooses the keys can cause it.
//!
//! # Exit
//! Rust drops no statics, and `std::process::exit` drops nothing at all. So an object that is alive at exit
//! does not die: callbacks of its references do not run, but its finalizers do (S31).
//!
//! | the process ends by | finalizers | callbacks |
//! | --- | --- | --- |
//! | return from `main` | run | of what `main` has dropped |
//! | a panic in `main` | run | of what was dropped by unwinding |
//! | `std::process::exit`, in any thread | run, in that thread | do not run |
//! | `std::process::abort`, `panic = "abort"`, a signal, `_exit` | do not run | do not run |
//!
//! Other threads go on while finalizers run, until the process is gone. Afterwards all finalizers are
//! inert, even new ones; references, callbacks and containers work to the end. At exit, thread-locals with
//! destructors are gone. A finalizer should access one only by `try_with`, or run earlier, by an
//! [`exit_guard`](crate::exit_guard).
//!
//! Finalizers of objects in an [`Rc`](crate::rc) run in their thread, when that ends, or when it is the one that exits the
//! process. Those of threads that are still running at exit do not run: nobody else may touch their objects.
//!
//! On `wasm32-unknown-unknown` nothing tells a program that it ends, so only [`run_exit_finalizers`] and an
//! [`exit_guard`] run them. So it is under Miri. WASI has an exit like other systems. WebAssembly does not unwind: a panic
//! in a callback ends the program there, as with `panic = "abort"`.
//!
//! [`run_exit_finalizers`]: crate::run_exit_finalizers
//! [`exit_guard`]: crate::exit_guard
//!
//! # Fork
//! A forked process has a copy of every object and finalizer. If it ends by `exit`, it runs its copies.
//! They then clean up files and the like twice, and too early for the parent. Let the child call `exec` or
//! `_exit`, or `detach` what is not its own. If another thread held a lock of this crate during the fork,
//! the lock stays locked in the child, as any lock would. The child's exit waits a second for it, and
//! then goes on without.
//!
//! # Types
//! - A watched type is `Send + Sync + 'static`, since any thread may drop the last `Arc`. One that is not goes into an
//!   `Rc`, with the names of [`rc`](crate::rc). There is no form for values outside of both.
//! - A slot is for objects in an `Arc` or for those in an `Rc`: [`WeakSlot`](crate::WeakSlot) or
//!   [`rc::WeakSlot`](crate::rc::WeakSlot).
//! - The arguments of a [`WeakMethod`](crate::WeakMethod) are types, not families of types, but for one that is borrowed:
//!   `fn(&A)`, see [`Arguments`](crate::Arguments). Pass several as a struct. The result cannot borrow.
//! - An object has one slot, and an `Arc` cannot own a field of an object. So there is no weak reference
//!   to a part of an object.
//!
//! # Memory that stays
//! An object that was ever watched keeps its list of watchers until it dies, even if the list is empty
//! again. Watchers hold on to the `Arc`'s memory, but death takes it from all of them: a dead
//! [`Ref`](crate::Ref) is small, whatever it referred to (S34). [Internals](super::internals#memory) has the
//! numbers.
//!
//! [`Arc`]: std::sync::Arc
//! [`WeakKeyMap`]: crate::WeakKeyMap
//! [`WeakValueMap`]: crate::WeakValueMap
