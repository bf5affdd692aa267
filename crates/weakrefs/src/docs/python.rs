//! How the names of Python's `weakref` module map to this crate, and what differs.
//!
//! The meaning is that of CPython 3.14. The differences follow from Rust: the compiler finds errors of type,
//! an absent object is `None` rather than an exception, threads run in parallel, and an object lives as
//! long as its `Arc`s.
//!
//! # References
//! | Python | Rust | notes |
//! | --- | --- | --- |
//! | `__weakref__` slot | [`WeakSlot`] field, [`WeakReferenceable`] | one word; most Python classes have it, a Rust type opts in |
//! | `TypeError: cannot create weak reference` | a compile error | it says how to opt in (S12); [`Tracked`] wraps types that are not yours |
//! | `ref(o)` | [`Ref::new(&arc)`](crate::Ref::new) | shared, as in Python (S6) |
//! | `ref(o, callback)` | [`Ref::with_callback`](crate::Ref::with_callback) | the callback is called once, so it may be `FnOnce`; it must be `Send` |
//! | none | [`Ref::from_weak`](crate::Ref::from_weak), [`Ref::empty`](crate::Ref::empty), [`coerce`](crate::Ref::coerce) | for an object that is being made, for none, for a trait object |
//! | `r()` | [`r.upgrade()`](crate::Ref::upgrade) | |
//! | `r() is not None` | [`r.is_alive()`](crate::Ref::is_alive) | |
//! | `r.__callback__` | [`r.has_callback()`](crate::Ref::has_callback) | tells whether there is one; it cannot be handed out without sharing it |
//! | `r1 == r2`, `hash(r)` | `Eq`, `Hash` | in Python it is a `TypeError` to hash a reference first after death. `Hash` cannot fail, so it uses the identity then (S7) |
//! | `r1 is r2` | [`r1.ptr_eq(&r2)`](crate::Ref::ptr_eq) | clones of a `Ref` are the same reference |
//! | `getweakrefcount(o)` | [`count(&arc)`](crate::count) | entries of containers are not reference objects in Rust, and not counted |
//! | `getweakrefs(o)` | [`refs(&arc)`](crate::refs) | those of the type `T`; see there |
//! | `proxy(o)` | [`Proxy`] | is displayed and compares as its referent; call methods [`with`](crate::Proxy::with) it, because Rust forwards none |
//! | `ReferenceError` | [`ReferenceError`], in a `Result` | the same words |
//! | `callable_proxy(...)` | [`Proxy::call`](crate::Proxy::call) | arguments are a tuple |
//! | `WeakMethod(o.m)` | [`WeakMethod::new(&o, T::m)`](crate::WeakMethod::new) | Rust has no bound methods, so it takes object and function apart. Functions never die |
//! | `wm()` | [`wm.upgrade()`](crate::WeakMethod::upgrade) | gives a [`BoundMethod`]; `wm.call(args)` calls at once |
//! | `sys.unraisablehook` | [`set_unraisable_hook`](crate::set_unraisable_hook) | for panics; the default prints to the standard error output |
//!
//! # Finalizers
//! | Python | Rust | notes |
//! | --- | --- | --- |
//! | `finalize(o, f, *args, **kwargs)` | [`finalize(&arc, move \|\| f(...))`](crate::finalize) | a closure captures its arguments |
//! | `f()` | [`f.call()`](crate::Finalizer::call) | |
//! | `f.alive` | [`f.alive()`](crate::Finalizer::alive) | |
//! | `f.atexit`, `f.atexit = False` | [`f.atexit()`](crate::Finalizer::atexit), [`f.set_atexit(false)`](crate::Finalizer::set_atexit) | |
//! | `f.peek()` | [`f.peek()`](crate::Finalizer::peek) | the object alone: a function that runs once cannot be shown |
//! | `f.detach()` | [`f.detach()`](crate::Finalizer::detach) | the object and the function |
//! | `atexit` | the process's `atexit`; [`run_exit_finalizers`](crate::run_exit_finalizers), [`exit_guard`](crate::exit_guard) | Rust's `main` has no exit of its own |
//!
//! # Containers
//! | Python | Rust | notes |
//! | --- | --- | --- |
//! | `WeakSet` | [`WeakSet`], [`PtrWeakSet`](crate::PtrWeakSet) | by value, or by identity; in Python the class decides |
//! | `WeakKeyDictionary` | [`WeakKeyMap`], [`PtrWeakKeyMap`](crate::PtrWeakKeyMap) | |
//! | `WeakValueDictionary` | [`WeakValueMap`] | |
//! | `d[k]`, `d.get(k)` | `d.get(&k)`; `k` is anything [equivalent](crate::LookupKey) | gives an `Option` of an `Arc`, since nothing can borrow what may be evicted |
//! | `d[k] = v`, `s.add(x)` | `d.insert(k, v)`, `s.insert(&x)` | an equal key stays (S19) |
//! | `del d[k]`, `d.pop(k)`, `s.discard(x)` | `remove` | `take` of a set gives the element |
//! | `k in d`, `x in s` | `d.contains_key(&k)`, `s.contains(&x)` | |
//! | `d.setdefault(k, v)` | `d.get_or_insert_with(k, \|\| v)` | one step: racing threads get the same object |
//! | `d.popitem()`, `s.pop()` | `pop_last` | the newest; Python's sets give any. `pop_first` is the oldest |
//! | `d.update(other)`, `s.update(other)` | `extend` | in this crate `update` of a map computes one value from the present one |
//! | `d.keyrefs()`, `d.valuerefs()`, `KeyedRef`, `d.data` | none | entries are not reference objects; an iterator keeps nothing alive that it has not given yet |
//! | `d.copy()` | `copy` | `clone` makes another handle of the same container |
//! | <code>a \| b</code>, `a & b`, `a - b`, `a ^ b` | the same, of references to sets | also with `HashSet` and `BTreeSet`; in place by methods, as all take `&self`: `extend`, `retain_all`, `remove_all`, `toggle_all` |
//! | `a <= b`, `a.issubset(b)` | `a.is_subset(&b)` | sets have no `PartialOrd` |
//! | `len(d)`, `for k in d` | `d.len()`, `for (key, value) in &d` | a snapshot in the order of insertion (S21), for sets too |
//! | pickling, generics, subclasses (S23 to S26) | none, or the language's own | |
//!
//! # What differs in meaning
//! - *Evictions come before callbacks* (S2). In Python an eviction is itself a callback. Another callback
//!   sees the object in a container if it is newer. Here it never does.
//! - *No resurrection.* No `__del__` can make an object reachable again (S14), because the count of an `Arc`
//!   never leaves zero. No collector finds cycles (S13, S15); see
//!   [limitations](super::limitations#cycles).
//! - *Values leave their `Arc`.* Python's objects do not move. A
//!   [table](super::limitations#values-that-leave-their-arc) shows what happens to references when a Rust
//!   value does.
//! - *Identity comes before equality* in the lookup of a key, as in `dict`. Python's weak containers call
//!   `__eq__` even of the same object.
//! - *Threads.* There is no interpreter's lock. Threads run in parallel, and so may callbacks of different
//!   objects. Each operation of a container is atomic, and your code runs outside every lock (S33).
//! - *Wrong types* that Python finds at run time (S22) do not compile: you cannot ask a set of strings for a
//!   number.
//! - *After exit* finalizers are inert in both. In Rust, unlike Python, the program may go on, in other
//!   threads or after [`run_exit_finalizers`](crate::run_exit_finalizers).
//!
//! [`BoundMethod`]: crate::BoundMethod
//! [`Proxy`]: crate::Proxy
//! [`ReferenceError`]: crate::ReferenceError
//! [`Tracked`]: crate::Tracked
//! [`WeakKeyMap`]: crate::WeakKeyMap
//! [`WeakReferenceable`]: crate::WeakReferenceable
//! [`WeakSet`]: crate::WeakSet
//! [`WeakSlot`]: crate::WeakSlot
//! [`WeakValueMap`]: crate::WeakValueMap
