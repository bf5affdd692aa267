//! The hot operations of the Rust crate, for `cargo xtask instructions` to count the instructions of: `ours`
//! with `weakrefs`, `strong` with the least of `std` that does the same, shared between threads as ours.
//!
//! How callgrind counts, and what standard output says, is as in `operations.py`: a call of `getppid` ends
//! one count and begins the next.

use std::{
    collections::{HashMap, HashSet},
    env,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
    hint::black_box,
    os::unix::process::parent_id,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard},
};

use weakrefs::{Ref, WeakKeyMap, WeakReferenceable, WeakSet, WeakSlot, WeakValueMap, finalize};

const TIMES: usize = 1000;

/// The default one without its random seed: the same counts in every run.
type Fixed = BuildHasherDefault<DefaultHasher>;

/// An object with an identity, and a number to hash and compare.
#[derive(WeakReferenceable)]
struct Object {
    slot: WeakSlot,
    number: usize,
}

impl Object {
    fn new(number: usize) -> Arc<Self> {
        Arc::new(Self {
            slot: WeakSlot::new(),
            number,
        })
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Object {}

impl Hash for Object {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// What `std` has for something to happen at a death.
struct CallsWhenDropped<F: FnMut()>(F);

impl<F: FnMut()> Drop for CallsWhenDropped<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Which way this process does everything.
#[derive(Clone, Copy)]
enum Way {
    Ours,
    Strong,
}

impl Way {
    /// Counts an operation that its function does `TIMES` times, the way that this process does it.
    fn count(self, name: &str, mut ours: impl FnMut(), mut strong: impl FnMut()) {
        let run: &mut dyn FnMut() = match self {
            Self::Ours => &mut ours,
            Self::Strong => &mut strong,
        };
        // Once for what is made only once to be there.
        run();
        mark();
        run();
        mark();
        println!("{TIMES}\t{name}");
    }

    /// Counts an operation that its function does once.
    fn count_each<A, B>(
        self,
        name: &str,
        mut ours: impl FnMut(usize) -> A,
        mut strong: impl FnMut(usize) -> B,
    ) {
        self.count(
            name,
            || (0..TIMES).for_each(|at| drop(black_box(ours(black_box(at))))),
            || (0..TIMES).for_each(|at| drop(black_box(strong(black_box(at))))),
        );
    }
}

fn main() -> ExitCode {
    let way = match env::args().nth(1).as_deref() {
        Some("ours") => Way::Ours,
        Some("strong") => Way::Strong,
        _ => {
            eprintln!("usage: weakrefs-instructions ours|strong");
            return ExitCode::FAILURE;
        }
    };
    println!("Rust, {}", env::consts::ARCH);
    references(way);
    sets(way);
    key_maps(way);
    value_maps(way);
    ExitCode::SUCCESS
}

fn references(way: Way) {
    let object = Object::new(1);
    let (reference, weak) = (Ref::new(&object), Arc::downgrade(&object));
    way.count_each("upgrade", |_| reference.upgrade(), |_| weak.upgrade());
    way.count_each(
        "reference create and drop",
        |_| Ref::with_callback(&object, |_| ()),
        |_| Arc::downgrade(&object),
    );
    way.count_each(
        "death with a callback",
        |at| {
            let object = Object::new(at);
            let reference = Ref::with_callback(&object, move |_| touch(at));
            drop(object);
            reference
        },
        |at| {
            let object = Arc::new(CallsWhenDropped(move || touch(at)));
            let weak = Arc::downgrade(&object);
            drop(object);
            weak
        },
    );
    way.count_each(
        "finalize create and fire",
        |at| finalize(&Object::new(at), move || touch(at)),
        |at| Arc::new(CallsWhenDropped(move || touch(at))),
    );
}

fn sets(way: Way) {
    let objects: Vec<_> = (0..TIMES).map(Object::new).collect();
    let equals: Vec<_> = (0..TIMES).map(Object::new).collect();
    let ours = WeakSet::with_hasher(Fixed::default());
    objects.iter().for_each(|object| {
        ours.insert(object);
    });
    let strong: Mutex<HashSet<_, Fixed>> = Mutex::new(objects.iter().cloned().collect());
    for (name, asked) in [
        ("set contains, identical", &objects),
        ("set contains, equal", &equals),
    ] {
        way.count_each(
            name,
            |at| ours.contains(&asked[at]),
            |at| lock(&strong).contains(&asked[at]),
        );
    }
    way.count_each(
        "set insert and evict",
        |at| ours.insert(&Object::new(TIMES + at)),
        |at| {
            let object = Object::new(TIMES + at);
            lock(&strong).insert(Arc::clone(&object));
            lock(&strong).remove(&object)
        },
    );
    way.count(
        "set iterate",
        || ours.iter().for_each(|object| drop(black_box(object))),
        || {
            lock(&strong)
                .iter()
                .for_each(|object| drop(black_box(Arc::clone(object))));
        },
    );
}

fn key_maps(way: Way) {
    let objects: Vec<_> = (0..TIMES).map(Object::new).collect();
    let ours = WeakKeyMap::with_hasher(Fixed::default());
    let strong = Mutex::new(HashMap::<_, _, Fixed>::default());
    for (at, object) in objects.iter().enumerate() {
        ours.insert(object, at);
        lock(&strong).insert(Arc::clone(object), Arc::new(at));
    }
    way.count_each(
        "key map get",
        |at| ours.get(&objects[at]),
        |at| lock(&strong).get(&objects[at]).cloned(),
    );
    way.count_each(
        "key map insert and evict",
        |at| ours.insert(&Object::new(TIMES + at), at),
        |at| {
            let object = Object::new(TIMES + at);
            lock(&strong).insert(Arc::clone(&object), Arc::new(at));
            lock(&strong).remove(&object)
        },
    );
}

fn value_maps(way: Way) {
    let objects: Vec<_> = (0..TIMES).map(Object::new).collect();
    let key = |at: usize| format!("key number {at}");
    let ours = WeakValueMap::with_hasher(Fixed::default());
    let strong = Mutex::new(HashMap::<_, _, Fixed>::default());
    for (at, object) in objects.iter().enumerate() {
        ours.insert(key(at), object);
        lock(&strong).insert(key(at), Arc::clone(object));
    }
    let hits: Vec<_> = (0..TIMES).map(key).collect();
    let misses: Vec<_> = (TIMES..2 * TIMES).map(key).collect();
    for (name, asked) in [
        ("value map get &str, hit", &hits),
        ("value map get &str, miss", &misses),
    ] {
        way.count_each(
            name,
            |at| ours.get(asked[at].as_str()),
            |at| lock(&strong).get(asked[at].as_str()).cloned(),
        );
    }
    way.count_each(
        "value map insert and evict",
        |at| ours.insert(misses[at].clone(), &Object::new(at)),
        |at| {
            lock(&strong).insert(misses[at].clone(), Object::new(at));
            lock(&strong).remove(&misses[at])
        },
    );
    way.count(
        "value map iterate",
        || {
            ours.values().for_each(|object| drop(black_box(object)));
        },
        || {
            lock(&strong)
                .values()
                .for_each(|object| drop(black_box(Arc::clone(object))));
        },
    );
}

/// Ends a count of callgrind's, and begins the next.
fn mark() {
    let _ = parent_id();
}

/// What callbacks do: next to nothing, but that they must.
fn touch(number: usize) {
    black_box(number);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics")
}
