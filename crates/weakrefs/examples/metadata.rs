//! Notes on objects of somebody else's type, each there as long as its object.
//!
//! ```console
//! $ cargo run --example metadata -- [file]
//! $ some-program | cargo run --example metadata
//! ```
//!
//! The lines of a text go through a few stages in buffers, which are of a type of the standard library: no field can be
//! added to them. Who is to know where a buffer came from, and what was done with it, looks it up in [`Notes`]. A stage that
//! keeps buffers keeps their notes; the notes of all others go with them, and no stage has to say that it is done.
//!
//! In the end the program says who is still holding buffers, and from which lines: so leaks are found.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{env, fs, process};
use weakrefs::lazy::PtrWeakKeyMap;

/// What the stages give each other. Equal ones are different buffers.
type Buffer = Mutex<String>;

fn text(buffer: &Buffer) -> MutexGuard<'_, String> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is known of a buffer.
struct Note {
    line: usize,
    changes: AtomicU32,
    keeper: OnceLock<&'static str>,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keeper = self.keeper.get().unwrap_or(&"nobody");
        let changes = self.changes.load(Relaxed);
        write!(
            f,
            "line {}, changed {changes} times, kept by {keeper}",
            self.line
        )
    }
}

/// The notes, by buffer. Clones are handles of the same ones.
#[derive(Clone, Default)]
struct Notes {
    by_buffer: PtrWeakKeyMap<Buffer, Note>,
}

impl Notes {
    /// A new buffer, with a note.
    fn read(&self, line: usize, text: String) -> Arc<Buffer> {
        let buffer = Arc::new(Mutex::new(text));
        let note = Note {
            line,
            changes: AtomicU32::new(0),
            keeper: OnceLock::new(),
        };
        self.by_buffer.insert(&buffer, note);
        buffer
    }

    /// Whoever has the buffer has its note, as an `Arc` of its own.
    fn of(&self, buffer: &Arc<Buffer>) -> Option<Arc<Note>> {
        self.by_buffer.get(buffer)
    }

    fn changed(&self, buffer: &Arc<Buffer>) {
        if let Some(note) = self.of(buffer) {
            note.changes.fetch_add(1, Relaxed);
        }
    }

    /// How many buffers there are. The length alone would count some that are gone.
    fn count(&self) -> usize {
        self.by_buffer.remove_expired();
        self.by_buffer.len()
    }
}

/// A stage takes a buffer, and passes it on or not.
trait Stage {
    fn take(&mut self, buffer: Arc<Buffer>, notes: &Notes) -> Option<Arc<Buffer>>;
}

/// Removes blanks around a line, and empty lines.
struct Trim;

impl Stage for Trim {
    fn take(&mut self, buffer: Arc<Buffer>, notes: &Notes) -> Option<Arc<Buffer>> {
        let mut line = text(&buffer);
        let trimmed = line.trim().to_owned();
        if trimmed.is_empty() {
            return None;
        }
        let is_changed = trimmed != *line;
        *line = trimmed;
        drop(line);
        if is_changed {
            notes.changed(&buffer);
        }
        Some(buffer)
    }
}

/// Keeps the lines that begin like a heading.
#[derive(Default)]
struct Contents(Vec<Arc<Buffer>>);

impl Stage for Contents {
    fn take(&mut self, buffer: Arc<Buffer>, notes: &Notes) -> Option<Arc<Buffer>> {
        if text(&buffer).starts_with('#') {
            if let Some(note) = notes.of(&buffer) {
                _ = note.keeper.set("contents");
            }
            self.0.push(Arc::clone(&buffer));
        }
        Some(buffer)
    }
}

/// Keeps the longest line.
#[derive(Default)]
struct Longest(Option<Arc<Buffer>>);

impl Stage for Longest {
    fn take(&mut self, buffer: Arc<Buffer>, notes: &Notes) -> Option<Arc<Buffer>> {
        let length = text(&buffer).len();
        let longest = self.0.as_ref().map_or(0, |longest| text(longest).len());
        if length > longest {
            if let Some(note) = notes.of(&buffer) {
                _ = note.keeper.set("longest");
            }
            // The one before goes, and its note with it.
            self.0 = Some(buffer);
            None
        } else {
            Some(buffer)
        }
    }
}

/// The text to be read: of a file, else of the standard input, else (at a terminal) of this program.
fn input() -> io::Result<String> {
    match env::args().nth(1) {
        Some(name) => fs::read_to_string(name),
        None if io::stdin().is_terminal() => Ok(include_str!("metadata.rs").to_owned()),
        None => io::read_to_string(io::stdin()),
    }
}

fn main() {
    let input = input().unwrap_or_else(|error| {
        eprintln!("reading: {error}");
        process::exit(1);
    });

    let notes = Notes::default();
    let mut stages: [Box<dyn Stage>; 3] = [
        Box::new(Trim),
        Box::<Contents>::default(),
        Box::<Longest>::default(),
    ];
    for (number, line) in (1..).zip(input.lines()) {
        let mut buffer = Some(notes.read(number, line.to_owned()));
        for stage in &mut stages {
            buffer = buffer.and_then(|buffer| stage.take(buffer, &notes));
        }
    }

    println!(
        "{} lines read, {} still there",
        input.lines().count(),
        notes.count()
    );
    // In the order in which they were made.
    for (buffer, note) in &notes.by_buffer {
        println!("{note}: {}", text(&buffer));
    }
    drop(stages);
    println!("without the stages: {}", notes.count());
}
