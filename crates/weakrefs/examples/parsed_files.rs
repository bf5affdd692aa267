//! A cache of parsed files that holds nothing: a file leaves it when nobody uses its contents any more.
//!
//! ```console
//! $ cargo run --release --example parsed_files -- [directory]
//! ```
//!
//! Three reports about the text files under a directory (by default the current one) are made at the
//! same time, each in a thread of its own. All need every file parsed, and each keeps the five that
//! interest it. They share one [`WeakValueMap`], so a file is read and parsed once while anybody has
//! it. Few reports would meet over the same file by chance, so the files used last are held strongly,
//! by a short list in front of the cache.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::{env, fs, io, mem, process, thread};
use weakrefs::{WeakReferenceable, WeakSlot, WeakValueMap};

/// The number of unused files to hold.
const RECENT: usize = 100;
/// The number of files that each report holds.
const TOP: usize = 5;

/// The bytes that parsed files own at the moment, and the most that they ever did.
static BYTES: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[derive(WeakReferenceable)]
struct ParsedFile {
    slot: WeakSlot,
    path: PathBuf,
    /// That a file cannot be read is a result, too: it is shared as long as somebody has it.
    contents: io::Result<Contents>,
}

struct Contents {
    words: HashMap<String, usize>,
    longest_line: usize,
}

impl ParsedFile {
    fn read(path: PathBuf) -> Self {
        let file = Self {
            slot: WeakSlot::new(),
            contents: fs::read_to_string(&path).map(|text| Contents::parse(&text)),
            path,
        };
        let bytes = BYTES.fetch_add(file.bytes(), Relaxed) + file.bytes();
        PEAK.fetch_max(bytes, Relaxed);
        file
    }

    fn bytes(&self) -> usize {
        let Ok(Contents { words, .. }) = &self.contents else {
            return 0;
        };
        let texts: usize = words.keys().map(String::capacity).sum();
        texts + words.capacity() * size_of::<(String, usize)>()
    }
}

impl Drop for ParsedFile {
    fn drop(&mut self) {
        BYTES.fetch_sub(self.bytes(), Relaxed);
    }
}

impl Contents {
    fn parse(text: &str) -> Self {
        let mut words = HashMap::new();
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            if !word.is_empty() {
                *words.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
        Self {
            words,
            longest_line: text.lines().map(str::len).max().unwrap_or(0),
        }
    }
}

/// The cache: weak, with the files used last held in front of it.
#[derive(Default)]
struct Files {
    files: WeakValueMap<PathBuf, ParsedFile>,
    recent: Mutex<VecDeque<Arc<ParsedFile>>>,
    parsed: AtomicUsize,
}

impl Files {
    /// Threads that want the same file at the same time get the same; one of them parses it.
    fn get(&self, path: &Path) -> Arc<ParsedFile> {
        let file = self.files.get_or_insert_with(path.to_owned(), || {
            self.parsed.fetch_add(1, Relaxed);
            Arc::new(ParsedFile::read(path.to_owned()))
        });
        let forgotten = {
            let mut recent = self.recent.lock().expect("no panic");
            recent.push_back(Arc::clone(&file));
            (recent.len() > RECENT).then(|| recent.pop_front())
        };
        drop(forgotten); // perhaps the last: after the lock, for whatever its death may do
        file
    }

    fn show(&self, when: &str) {
        let kib = |bytes: &AtomicUsize| bytes.load(Relaxed).div_ceil(1024);
        let (files, now, peak) = (self.files.len(), kib(&BYTES), kib(&PEAK));
        println!("{when:32} {files:5} files {now:8} KiB (at most {peak} KiB)");
    }
}

/// A title, and by what the files are ranked.
type Report = (&'static str, fn(&Contents) -> usize);

const REPORTS: [Report; 3] = [
    ("most words", |file| file.words.values().sum()),
    ("longest line", |file| file.longest_line),
    ("most repeated word", |file| {
        *file.words.values().max().unwrap_or(&0)
    }),
];

/// The files with the highest score.
fn rank(
    files: &Files,
    paths: &[PathBuf],
    score: fn(&Contents) -> usize,
) -> Vec<(usize, Arc<ParsedFile>)> {
    let mut top = Vec::with_capacity(TOP + 1);
    for path in paths {
        let file = files.get(path);
        let Ok(contents) = &file.contents else {
            continue;
        };
        top.push((score(contents), file));
        top.sort_by(|one, other| (other.0, &one.1.path).cmp(&(one.0, &other.1.path)));
        top.truncate(TOP);
    }
    top
}

/// Adds the files under a directory to `paths`, without links, hidden ones and build output.
fn walk(directory: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if name.as_encoded_bytes().starts_with(b".") || name == "target" {
            continue;
        }
        let kind = fs::symlink_metadata(&entry)?.file_type();
        if kind.is_file() {
            paths.push(entry);
        } else if kind.is_dir()
            && let Err(error) = walk(&entry, paths)
        {
            eprintln!("{}: {error}", entry.display());
        }
    }
    Ok(())
}

fn main() {
    let root = env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let root = Path::new(&root);
    let mut paths = Vec::new();
    if let Err(error) = walk(root, &mut paths) {
        eprintln!("{}: {error}", root.display());
        process::exit(1);
    }
    paths.sort();

    let files = Files::default();
    let tops: Vec<_> = thread::scope(|scope| {
        let (files, paths) = (&files, &paths);
        let threads = REPORTS.map(|(_, score)| scope.spawn(move || rank(files, paths, score)));
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a report"))
            .collect()
    });

    for ((title, _), top) in REPORTS.iter().zip(&tops) {
        println!("{title}:");
        for (score, file) in top {
            println!("{score:9}  {}", file.path.display());
        }
    }
    let (requests, parsed) = (REPORTS.len() * paths.len(), files.parsed.load(Relaxed));
    println!("\n{} files under {}", paths.len(), root.display());
    let hits = requests - parsed;
    println!("{requests} requests, {hits} hits, {parsed} times parsed");
    files.show("with the reports, and recent:");
    let recent = mem::take(&mut *files.recent.lock().expect("no panic"));
    drop(recent);
    files.show("with the reports:");
    for ((title, _), top) in REPORTS.iter().zip(tops) {
        drop(top);
        files.show(&format!("without \"{title}\":"));
    }
    assert!(files.files.is_empty() && BYTES.load(Relaxed) == 0);
}
