//! Sorts more lines than memory holds, in temporary files that are gone at the latest when the process is.
//!
//! ```console
//! $ cargo run --example temp_files -- [file [lines in memory]]
//! $ cargo run --example temp_files -- large.txt 1000 | head -1     # an error ends it early
//! ```
//!
//! Sorted runs go to files, and the runs are merged to the standard output. Each file has a finalizer
//! that removes it when its run has been merged, or else when the process exits: `process::exit` drops
//! nothing, so that a destructor of [`TempFile`] would leave the files behind.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{env, process};
use weakrefs::{PtrWeakSet, WeakReferenceable, WeakSlot, exit_guard, finalize};

/// How many lines are in memory, if nothing else is said.
const LINES: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// A file that is removed when the last `Arc` of this is dropped, or at exit.
#[derive(WeakReferenceable)]
struct TempFile {
    slot: WeakSlot,
    path: PathBuf,
}

impl TempFile {
    /// Creates an empty file, which did not exist before, in the directory for temporary files.
    fn create() -> io::Result<(Arc<Self>, File)> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);

        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("weakrefs-sort-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        let file = File::create_new(&path)?;
        // The finalizer has the path, and not the object: that would never die.
        let doomed = path.clone();
        let temp = Arc::new(Self {
            slot: WeakSlot::new(),
            path,
        });
        finalize(&temp, move || remove(&doomed));
        Ok((temp, file))
    }
}

/// There is nobody to whom a finalizer could return an error.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        eprintln!("{}: {error}", path.display());
    }
}

/// A sorted run, being read: its next line and the rest.
struct Run {
    line: String,
    rest: BufReader<File>,
    _file: Arc<TempFile>,
}

impl Run {
    /// Writes lines to a new file. They must be sorted.
    fn write(lines: &[String], files: &PtrWeakSet<TempFile>) -> io::Result<Arc<TempFile>> {
        let (temp, file) = TempFile::create()?;
        files.insert(&temp);
        let mut file = BufWriter::new(file);
        for line in lines {
            file.write_all(line.as_bytes())?;
        }
        file.flush()?;
        Ok(temp)
    }

    fn open(file: Arc<TempFile>) -> io::Result<Option<Self>> {
        let rest = BufReader::new(File::open(&file.path)?);
        let line = String::new();
        let run = Self {
            line,
            rest,
            _file: file,
        };
        run.advance()
    }

    /// Goes to the next line. At the end the run is dropped, and with it its file.
    fn advance(mut self) -> io::Result<Option<Self>> {
        self.line.clear();
        let read = self.rest.read_line(&mut self.line)?;
        Ok((read > 0).then_some(self))
    }
}

/// Writes sorted runs of at most `limit` lines.
fn split(
    input: &mut dyn BufRead,
    limit: NonZeroUsize,
    files: &PtrWeakSet<TempFile>,
) -> io::Result<Vec<Arc<TempFile>>> {
    let mut runs = Vec::new();
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let is_end = input.read_line(&mut line)? == 0;
        if !is_end {
            if !line.ends_with('\n') {
                line.push('\n');
            }
            lines.push(line);
        }
        if lines.len() == limit.get() || (is_end && !lines.is_empty()) {
            lines.sort_unstable();
            runs.push(Run::write(&lines, files)?);
            lines.clear();
        }
        if is_end {
            return Ok(runs);
        }
    }
}

/// Merges runs; of each, only one line is in memory.
struct Merge {
    runs: Vec<Option<Run>>,
    /// The next line of each run.
    heads: BinaryHeap<Reverse<(String, usize)>>,
}

impl Merge {
    fn new(files: Vec<Arc<TempFile>>) -> io::Result<Self> {
        let runs: io::Result<_> = files.into_iter().map(Run::open).collect();
        let mut merge = Self {
            runs: runs?,
            heads: BinaryHeap::new(),
        };
        for index in 0..merge.runs.len() {
            merge.show(index);
        }
        Ok(merge)
    }

    fn show(&mut self, index: usize) {
        let run = self.runs[index].as_ref();
        self.heads
            .extend(run.map(|run| Reverse((run.line.clone(), index))));
    }

    fn write(&mut self, output: impl Write) -> io::Result<()> {
        let mut output = BufWriter::new(output);
        while let Some(Reverse((line, index))) = self.heads.pop() {
            output.write_all(line.as_bytes())?;
            if let Some(run) = self.runs[index].take() {
                self.runs[index] = run.advance()?;
            }
            self.show(index);
        }
        output.flush()
    }
}

/// Says what went wrong, and ends the process at once.
fn fail(what: &str, error: impl Display) -> ! {
    eprintln!("{what}: {error}");
    process::exit(1);
}

fn main() {
    let _guard = exit_guard(); // the exit when `main` returns or panics
    let mut args = env::args().skip(1);
    let mut input: Box<dyn BufRead> = match args.next() {
        None => Box::new(include_str!("temp_files.rs").as_bytes()),
        Some(name) => match File::open(&name) {
            Ok(file) => Box::new(BufReader::new(file)),
            Err(error) => fail(&name, error),
        },
    };
    let limit = args.next().map_or(Ok(LINES), |limit| limit.parse());
    let limit = limit.unwrap_or_else(|error| fail("lines in memory", error));

    let files = PtrWeakSet::default();
    let runs = split(&mut input, limit, &files).unwrap_or_else(|error| fail("sorting", error));
    eprintln!("{} sorted runs in {} files", runs.len(), files.len());
    let mut merge = Merge::new(runs).unwrap_or_else(|error| fail("merging", error));
    if let Err(error) = merge.write(io::stdout().lock()) {
        eprintln!("{} files left to the exit", files.len());
        fail("writing", error);
    }
    eprintln!("{} files left", files.len());
}
