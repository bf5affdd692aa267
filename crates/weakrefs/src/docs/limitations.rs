//! What weak references cannot do, and what to beware of.
//!
//! # Values that own their key
//! A [`WeakKeyMap`] owns its values. A value that owns its own key, directly or through others, keeps it
//! alive, and the entry stays until it is removed or the map is gone:
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
//! links.insert(&key, Ref::new(&key)); // rather so
//! drop(key);
//! assert_eq!(links.len(), 0);
//! ```
//!
//! The same holds for the keys of a [`WeakValueMap`], and for what callbacks and finalizers have
//! captured: a finalizer that owns its object runs at exit, and not before.
//!
//! # Cycles
//! Objects that own each other by `Arc` never die; there is no collector that would find them. Weak
//! references are how to avoid such cycles, not how to resolve them.
//!
//! # Values that leave their `Arc`
//! An object's death is noticed by the drop of its slot. A value can leave its `Arc` alive, though, and
//! takes the slot along. For its weak references the object is dead from that moment, as it is for
//! [`std::sync::Weak`]: they refer to what was in that `Arc`. Those who watch it are told later, but are
//! told (S1, S4).
//!
//! | operation | references | entries | callbacks and finalizers |
//! | --- | --- | --- | --- |
//! | `drop` of the last `Arc` | dead | evicted | run at once |
//! | `Arc::into_inner`, `try_unwrap`, `unwrap_or_clone` of the only `Arc` | dead | no longer found, but in `len` until the slot is dropped | run when the value is dropped |
//! | ... and the value goes into a new `Arc` | the old ones stay dead | as above | run when the new object gets its first watcher, or is asked for some ([`count`](crate::count)), or is dropped |
//! | the same of one of several `Arc`s | alive | stay | wait; nothing was moved, and a clone has an empty slot |
//! | `Arc::make_mut` of the only `Arc` while the object is watched | dead: the value is moved to a new `Arc` | as above | as above |
//! | `Arc::make_mut` of the only `Arc`, not watched | there are none | | nothing is moved |
//! | `Arc::make_mut` of one of several `Arc`s | stay with the others | stay with the others | wait; the clone has an empty slot |
//! | `Arc::get_mut` | alive | stay | wait; it gives `None` while the object is watched |
//! | `mem::swap` of two `Arc`s | alive | stay | wait; an object does not move by that |
//! | `mem::swap` of two values that have left their `Arc`s, or of their slots | dead since they left | as above | run when whatever has the slot is dropped |
//! | the slot of such a value is assigned a new one | dead since then | evicted | run at once |
//! | `mem::forget` or `Arc::into_raw` of an `Arc` | alive | stay | wait; finalizers run at exit |
//! | `mem::forget` of a value that has left its `Arc` | dead since then | no longer found; in `len` until the container has grown | callbacks never run, finalizers at exit |
//! | `ManuallyDrop` of a value that has left its `Arc` | dead since then | no longer found; in `len` until it is dropped | run when it is dropped |
//! | [`Tracked::into_inner`](crate::Tracked::into_inner) | dead since it left | evicted | run before it returns |
//!
//! Correctness does not depend on the slot: what is dead is never given out, however it came to be dead.
//! What depends on it is *when* those who watch are told, and that `len` is exact.
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
//! let other = Ref::new(&object); // its first watcher: the old ones are told
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
//! Fields are dropped in their order. If the slot is the first one, references are dead and callbacks
//! have run while the other fields are still whole; the derive macro insists on that. An implementation
//! by hand may return another field. Then the fields before it are dropped first, while entries still
//! are in `len`; they are not found any more, and no reference can be upgraded. What an implementation
//! must not do is to return the slot of something that is not a part of the object: those who watch the
//! one and the other would be told of the wrong deaths.
//!
//! The type's own `Drop` comes before all fields, as always in Rust: in it, the references to the object
//! are dead already, and its callbacks have not run.
//!
//! # Callbacks run where the last `Arc` is dropped
//! Callbacks, finalizers and the destructors of evicted values run in the thread that drops the last
//! `Arc`, at that point (S3). `weakrefs` holds no lock then (S33), but your code may. If it drops the last
//! `Arc` of something under a lock that a callback takes, it waits for itself for ever. Take things out
//! under a lock, and drop them after it:
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
//! Any `Arc` that is upgraded in passing may turn out to be the last one: those that a lookup returns,
//! that an iterator gives, that [`Proxy::with`](crate::Proxy::with) uses. Whoever drops it runs the
//! callbacks. A callback that blocks, blocks that thread; let it
//! [send a message](super::patterns#news-of-a-death) instead.
//!
//! Factories, as in [`get_or_insert_with`](crate::WeakValueMap::get_or_insert_with), may block, but only
//! those who want the same key (or one of equal hash) of the same container wait for them. Factories that
//! want each other's keys do not deadlock: where the wait would be circular, both run, and the first
//! result counts. `weakrefs` cannot see the waits in your own locks, though.
//!
//! # Moments
//! With other threads about, [`is_alive`](crate::Ref::is_alive), `len` and `contains` tell of a moment
//! that has passed when you read the answer. To use an object, get an `Arc` of it. Between the last `Arc`'s
//! going and the eviction of an entry there are some instructions, in which another thread may still count
//! it in `len`, but not find it (S20). When the drop returns it is out.
//!
//! # Panics
//! A panic in a callback or finalizer, or in the destructor of something that is dropped because
//! something else died, goes to the [unraisable hook](crate::set_unraisable_hook), and all others still
//! run (S5), also when the object is dropped by a thread that unwinds already. Panics of `Hash`, `Eq`,
//! factories and predicates are the caller's, and leave the container whole.
//!
//! With `panic = "abort"`, no panic can be caught: one in a callback aborts the process, as any other
//! does, and no finalizer runs.
//!
//! # Deep chains
//! Dropping a list of a million `Arc`s, each the owner of the next, overflows the stack, in Rust as such.
//! A chain that goes through the crate needs more stack for each level. Measured in a release build (in a
//! debug build it is four to eight times as much):
//!
//! | the next object is owned by | bytes of stack a level |
//! | --- | ---: |
//! | a field of the object | 80 |
//! | the object's value in a [`WeakKeyMap`] | 450 |
//! | what the object's callback has captured | 610 |
//!
//! The stack of a thread is 2 MiB, if nothing else is said: some 3,000 levels of the last kind are fine,
//! a million is not. Take such a chain apart from the outside, by a loop.
//!
//! # Keys that change
//! An object whose `Hash` or `Eq` changes while it is in a container is not found any more, or is found in
//! place of another one, and inserting it again makes a second entry. It is not undefined behaviour, and
//! nothing leaks: eviction does not hash or compare, so all its entries leave when the object dies (S17).
//! The hash of a [`Ref`](crate::Ref) never changes (S7).
//!
//! Clippy's `mutable_key_type` warns of keys with a slot, or with a `Ref`, in hash maps, as it sees that
//! they change inside. Neither takes part in `Hash` or `Eq`; name the types in `clippy.toml`, under
//! `ignore-interior-mutability`.
//!
//! # Equal hashes
//! Keys are hashed to 64 bits. Entries of equal hash are compared one after the other, so a lookup among
//! *n* of them takes O(*n*). With the default hasher, which is seeded at random, that happens to nobody;
//! with another one, it can be brought about by whoever chooses the keys.
//!
//! # Exit
//! Rust drops no statics, and `std::process::exit` drops nothing at all. Objects that are alive at exit do
//! not die, then: their references' callbacks do not run, but their finalizers do (S31).
//!
//! | the process ends by | finalizers | callbacks |
//! | --- | --- | --- |
//! | return from `main` | run | of what `main` has dropped |
//! | a panic in `main` | run | of what was dropped by unwinding |
//! | `std::process::exit`, in any thread | run, in that thread | do not run |
//! | `std::process::abort`, `panic = "abort"`, a signal, `_exit` | do not run | do not run |
//!
//! Other threads go on while finalizers run, until the process is gone. When they have run, all finalizers
//! are inert, also new ones; references, callbacks and containers work to the end. At exit thread-locals
//! with destructors are gone: a finalizer should reach for one only by `try_with`, or run earlier, by an
//! [`exit_guard`](crate::exit_guard).
//!
//! # Fork
//! A forked process has a copy of every object and finalizer. If it exits by `exit`, it runs its copies:
//! what they clean up outside of the process (files, say) is then cleaned up twice, and for the parent too
//! early. Let the child call `exec` or `_exit`, or `detach` first what is not its own. If another thread
//! was at work in this crate when a process is forked, what it had locked stays locked in the child, as
//! with everything that has locks; the child's exit waits for a second for that, and then goes without.
//!
//! # Types
//! - A watched type is `Send + Sync + 'static`, since any thread may drop the last `Arc`. There is no form
//!   for `Rc`, and none for values outside of an `Arc`.
//! - The arguments and the result of a [`WeakMethod`](crate::WeakMethod) are types, not families of types:
//!   a method that takes `&str` has one for a given lifetime only. Pass an `Arc<str>`, or an index.
//! - An object has one slot, and an `Arc` of a field of an object cannot be had, so there is no weak
//!   reference to a part of an object.
//!
//! # Memory that stays
//! An object that was ever watched has a list of watchers until it dies, even if that is empty again. While
//! it is watched, its `Arc`'s memory stays with whoever watches it, but death takes that from all of them:
//! a dead [`Ref`](crate::Ref) is small, whatever it referred to (S34). [Internals](super::internals#memory) has the
//! numbers.
//!
//! [`WeakKeyMap`]: crate::WeakKeyMap
//! [`WeakValueMap`]: crate::WeakValueMap
