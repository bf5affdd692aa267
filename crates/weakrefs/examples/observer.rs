//! Signals that keep none of their observers alive, and need nobody to disconnect.
//!
//! ```console
//! $ cargo run --example observer -- [file [word ...]]
//! ```
//!
//! Reads a text (by default this program) line by line and emits each line as a signal. The observers
//! know nothing of each other: one counts, and there is one for each word, which looks for its first
//! three lines. A search that has them is dropped by its owner, and by that is off the signal's list.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, fs, process};
use weakrefs::{Method, WeakMethod, WeakReferenceable, WeakSlot};

/// A list of methods, called with a borrowed `Event` in the order in which they were connected.
struct Signal<Event> {
    connections: Arc<Connections<Event>>,
    next: AtomicU64,
}

type Connections<Event> = Mutex<BTreeMap<u64, Connection<Event>>>;

/// A [`WeakMethod`] of whatever object. It gives nothing once that is dead.
type Connection<Event> = Arc<dyn Fn(&Event) -> Option<()> + Send + Sync>;

impl<Event: 'static> Signal<Event> {
    fn new() -> Self {
        Self {
            connections: Arc::default(),
            next: AtomicU64::new(0),
        }
    }

    /// Has `method` of `object` called as long as the object lives.
    fn connect<T, M>(&self, object: &Arc<T>, method: M)
    where
        T: ?Sized + WeakReferenceable,
        M: Method<T, fn(&Event), Output = ()> + Send + Sync + 'static,
    {
        let key = self.next.fetch_add(1, Relaxed);
        let connections = Arc::downgrade(&self.connections);
        let method = WeakMethod::with_callback(object, method, move |_| {
            // The object has died, and its connection goes with it. If the signal was first, that is
            // fine, too.
            if let Some(connections) = connections.upgrade() {
                let gone = lock(&connections).remove(&key);
                drop(gone);
            }
        });
        lock(&self.connections).insert(key, Arc::new(move |event| method.call((event,))));
    }

    /// Calls every method. No lock is held: it may connect others, emit, or be the end of its object.
    fn emit(&self, event: &Event) {
        let connections: Vec<_> = lock(&self.connections).values().cloned().collect();
        for call in connections {
            call(event);
        }
    }

    fn len(&self) -> usize {
        lock(&self.connections).len()
    }
}

/// A method that panics does so outside of the lock, so that what it covers is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the signal tells of: a line's number and text.
#[derive(Clone)]
struct Line {
    number: usize,
    text: String,
}

#[derive(WeakReferenceable, Default)]
struct Statistics {
    slot: WeakSlot,
    lines: AtomicUsize,
    words: AtomicUsize,
}

impl Statistics {
    fn count(&self, line: &Line) {
        self.lines.fetch_add(1, Relaxed);
        self.words
            .fetch_add(line.text.split_whitespace().count(), Relaxed);
    }
}

#[derive(WeakReferenceable)]
struct Search {
    slot: WeakSlot,
    word: String,
    found: Mutex<Vec<Line>>,
}

impl Search {
    const ENOUGH: usize = 3;

    fn new(word: &str) -> Arc<Self> {
        Arc::new(Self {
            slot: WeakSlot::new(),
            word: word.to_owned(),
            found: Mutex::default(),
        })
    }

    fn look_at(&self, line: &Line) {
        if line.text.contains(&self.word) {
            lock(&self.found).push(line.clone());
        }
    }

    fn has_enough(&self) -> bool {
        lock(&self.found).len() >= Self::ENOUGH
    }
}

/// Says what was found, whenever and wherever the search ends.
impl Drop for Search {
    fn drop(&mut self) {
        println!("\"{}\":", self.word);
        for Line { number, text } in &*lock(&self.found) {
            println!("{number:7}  {}", text.trim());
        }
    }
}

fn main() {
    let mut args = env::args().skip(1);
    let text = match args.next() {
        None => include_str!("observer.rs").to_owned(),
        Some(name) => fs::read_to_string(&name).unwrap_or_else(|error| {
            eprintln!("{name}: {error}");
            process::exit(1);
        }),
    };
    let mut words: Vec<_> = args.collect();
    if words.is_empty() {
        words = ["the", "Arc", "observer", "signal"]
            .map(String::from)
            .into();
    }

    let lines = Signal::<Line>::new();
    let statistics = Arc::new(Statistics::default());
    lines.connect(&statistics, Statistics::count);
    let mut searches: Vec<_> = words.iter().map(|word| Search::new(word)).collect();
    for search in &searches {
        lines.connect(search, Search::look_at);
    }
    println!("{} observers", lines.len());

    for (index, text) in text.lines().enumerate() {
        let number = index + 1;
        let text = text.to_owned();
        lines.emit(&Line { number, text });
        let before = searches.len();
        searches.retain(|search| !search.has_enough());
        if searches.len() < before {
            println!("{} observers after line {number}", lines.len());
        }
    }
    println!("at the end:");
    drop(searches);
    println!("{} observer", lines.len());
    let [lines_read, words] =
        [&statistics.lines, &statistics.words].map(|count| count.load(Relaxed));
    println!("{lines_read} lines, {words} words");
    drop(statistics);
    assert_eq!(lines.len(), 0);
}
