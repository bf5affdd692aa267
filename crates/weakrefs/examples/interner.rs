//! Interned symbols of text, each there as long as some text uses it.
//!
//! ```console
//! $ cargo run --example interner -- [file ...]
//! $ some-program | cargo run --example interner
//! ```
//!
//! Each file is read as a list of words, and equal words are one [`Symbol`], whichever file they are in.
//! Then the files are forgotten one after the other, and with each the symbols that only it used. What
//! an interner that owns its symbols keeps for ever, this one has lost by then: nobody tells it to.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::io::{self, IsTerminal, Read};
use std::sync::Arc;
use std::{env, fs, process};
use weakrefs::{WeakReferenceable, WeakSet, WeakSlot};

/// A word that exists once. It is found by its text.
#[derive(WeakReferenceable, PartialEq, Eq, Hash, Debug)]
struct Symbol {
    slot: WeakSlot, // hashes to nothing: a symbol has the hash of its text
    text: Box<str>,
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        &self.text
    }
}

/// The symbols that are in use. Clones are handles of the same table.
#[derive(Clone, Default)]
struct Interner {
    symbols: WeakSet<Symbol>,
}

impl Interner {
    /// The symbol of a text. Makes one, and copies the text, only if there is none.
    fn intern(&self, text: &str) -> Arc<Symbol> {
        self.symbols.get_or_insert_with(text, || {
            Arc::new(Symbol {
                slot: WeakSlot::new(),
                text: text.into(),
            })
        })
    }

    fn len(&self) -> usize {
        self.symbols.len()
    }
}

/// A text as its words.
struct Document {
    name: String,
    words: Vec<Arc<Symbol>>,
}

impl Document {
    fn new(name: &str, text: &str, interner: &Interner) -> Self {
        let words = text
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty());
        Self {
            name: name.to_owned(),
            words: words.map(|word| interner.intern(word)).collect(),
        }
    }

    /// The most frequent words. Symbols are compared as pointers, never by their text.
    fn most_frequent(&self, number: usize) -> Vec<(Arc<Symbol>, usize)> {
        let mut counts = HashMap::new();
        for word in &self.words {
            let count = counts.entry(Arc::as_ptr(word)).or_insert((word, 0));
            count.1 += 1;
        }
        let mut counts: Vec<_> = counts.into_values().collect();
        counts.sort_by_key(|(word, count)| (usize::MAX - count, &word.text));
        counts.truncate(number);
        let owned = |(word, count): (&Arc<Symbol>, usize)| (Arc::clone(word), count);
        counts.into_iter().map(owned).collect()
    }
}

/// The names and texts to be read: of the files in the arguments, else of the standard input, else (at
/// a terminal) of this program.
fn texts() -> Vec<(String, io::Result<String>)> {
    let files: Vec<_> = env::args().skip(1).collect();
    if !files.is_empty() {
        let read = |name: String| {
            let text = fs::read_to_string(&name);
            (name, text)
        };
        return files.into_iter().map(read).collect();
    }
    let mut text = String::new();
    if io::stdin().is_terminal() {
        let source = include_str!("interner.rs").to_owned();
        return vec![("this program".to_owned(), Ok(source))];
    }
    let read = io::stdin().read_to_string(&mut text);
    vec![("standard input".to_owned(), read.map(|_| text))]
}

fn main() {
    let interner = Interner::default();
    let mut documents = Vec::new();
    for (name, text) in texts() {
        match text {
            Ok(text) => {
                let before = interner.len();
                let document = Document::new(&name, &text, &interner);
                let (words, new) = (document.words.len(), interner.len() - before);
                println!("{name}: {words} words, {new} new symbols");
                documents.push(document);
            }
            Err(error) => eprintln!("{name}: {error}"),
        }
    }
    if documents.is_empty() {
        process::exit(1);
    }
    println!("{} symbols", interner.len());

    let mut frequent = Vec::new();
    for document in documents {
        frequent.extend(document.most_frequent(3));
        let before = interner.len();
        let name = document.name.clone();
        drop(document);
        println!("without {name}: {} symbols less", before - interner.len());
    }
    println!("\nthe most frequent words of each, all that is left:");
    for symbol in &interner.symbols {
        let counts = frequent
            .iter()
            .filter(|(word, _)| Arc::ptr_eq(word, &symbol));
        let counts: Vec<_> = counts.map(|(_, count)| count.to_string()).collect();
        println!("{:>12}  {}", symbol.text, counts.join(" + "));
    }
    drop(frequent);
    assert_eq!(interner.len(), 0);
}
