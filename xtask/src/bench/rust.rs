//! The benchmark of the Rust crate: criterion measures, in `bench/rust`, and what it writes becomes
//! tables, a file of figures and charts.

mod criterion;
mod figures;
mod tables;

use std::{
    ffi::OsString,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, builder::RangedU64ValueParser};

use self::figures::Figures;
use super::LIMIT;
use crate::{
    environment::{self, Environment},
    interpreters::Interpreter,
    process,
};

const MANIFEST: &str = "bench/rust/Cargo.toml";
const CHARTS: &str = "bench/rust/charts.py";
const BENCHES: [&str; 3] = ["references", "containers", "threads"];

/// Where criterion writes: a place of its own, so that nothing of an earlier run is read.
const MEASURED: &str = "target/bench-rust";

/// Measure the Rust crate beside std, weak-table and dashmap, with one thread and with two
#[derive(Parser)]
#[command(bin_name = "cargo xtask bench --rust --", max_term_width = 100)]
struct Options {
    /// Numbers of entries, as in 1000,100000,10000000; the largest takes 6 GB
    #[arg(long, value_delimiter = ',', default_value = "1000", value_parser = RangedU64ValueParser::<u64>::new().range(2..))]
    sizes: Vec<u64>,
    /// Only what this regular expression is found in: 'WeakSet', 'get.*miss', '^two threads'
    #[arg(short = 'k', long, value_name = "PATTERN")]
    filter: Option<String>,
    /// Rough figures
    #[arg(long, conflicts_with = "rigorous")]
    fast: bool,
    /// Exact ones
    #[arg(long)]
    rigorous: bool,
    /// Write the figures in pyperf's format
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Show such a file instead of measuring
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// Write the tables
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Draw a chart, .svg or .png; that of the growth, for more than one size, has -growth in its
    /// name
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

impl Options {
    /// Criterion's. Its own defaults are the exact ones.
    fn effort(&self) -> &'static [&'static str] {
        const FAST: &[&str] = &[
            "--sample-size=10",
            "--warm-up-time=0.05",
            "--measurement-time=0.2",
            "--nresamples=1000",
        ];
        const DEFAULT: &[&str] = &[
            "--sample-size=30",
            "--warm-up-time=0.4",
            "--measurement-time=1.5",
            "--nresamples=1000",
        ];
        match (self.fast, self.rigorous) {
            (true, _) => FAST,
            (_, true) => &[],
            _ => DEFAULT,
        }
    }

    /// Told now, and not when everything has been measured.
    fn check(&self) -> Result<()> {
        for file in [&self.json, &self.markdown, &self.plot]
            .into_iter()
            .flatten()
        {
            let directory = file.parent().unwrap_or(Path::new(""));
            ensure!(
                directory.as_os_str().is_empty() || directory.is_dir(),
                "there is no directory {}",
                directory.display()
            );
        }
        let suffix = self.plot.as_ref().map(|file| file.extension());
        ensure!(
            suffix.is_none_or(|suffix| suffix.is_some_and(|it| it == "svg" || it == "png")),
            "a chart's name ends with .svg or with .png"
        );
        Ok(())
    }
}

/// Measures, or loads, and shows. Python is there for the charts only.
pub(crate) fn run(interpreter: &Interpreter, options: &[OsString]) -> Result<()> {
    let program = OsString::from("bench");
    let options = Options::parse_from([program].iter().chain(options));
    options.check()?;
    let painter = match options.plot {
        Some(_) => Some(environment::prepare(interpreter, &["bench"])?),
        None => None,
    };
    let figures = match &options.load {
        Some(file) => Figures::read(file)?,
        None => measure(interpreter, &options)?,
    };
    if let Some(file) = options.json.as_ref().filter(|_| options.load.is_none()) {
        figures.write(file)?;
    }
    let text = tables::markdown(&figures);
    if let Some(file) = &options.markdown {
        fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let (Some(painter), Some(file)) = (&painter, &options.plot) {
        draw(&figures, painter, file)?;
    }
    println!("{text}");
    Ok(())
}

fn measure(interpreter: &Interpreter, options: &Options) -> Result<Figures> {
    let place = std::env::current_dir()?.join(MEASURED);
    match fs::remove_dir_all(&place) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let sizes: Vec<String> = options.sizes.iter().map(u64::to_string).collect();
    let mut cargo = interpreter.cargo();
    cargo
        .args(["bench", "--quiet", "--manifest-path", MANIFEST])
        .args(BENCHES.map(|bench| format!("--bench={bench}")))
        .arg("--")
        .args(options.effort())
        .args(&options.filter)
        .env("CRITERION_HOME", &place)
        .env("WEAKREFS_BENCH_SIZES", sizes.join(","));
    let status = process::share(&mut cargo, LIMIT)?;
    ensure!(status.success(), "the benchmark failed: {status}");
    let rows = criterion::read(&place)?;
    ensure!(!rows.is_empty(), "nothing matches the filter");
    Ok(Figures::new(rows))
}

/// The Python face's charts are drawn by a module of the package, and so are these.
fn draw(figures: &Figures, painter: &Environment, file: &Path) -> Result<()> {
    let written = Path::new("target/bench-rust.json");
    figures.write(written)?;
    let python = painter.python();
    process::run(python.run(&[CHARTS]).arg(written).arg(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["bench"].into_iter().chain(words.split_whitespace()))
    }

    #[test]
    fn sizes_and_effort() {
        let options = parsed("").unwrap();
        assert_eq!(options.sizes, [1000]);
        assert!(options.effort().contains(&"--sample-size=30"));
        let options = parsed("--fast --sizes 1000,10000000 -k WeakSet").unwrap();
        assert_eq!(options.sizes, [1000, 10_000_000]);
        assert!(options.effort().contains(&"--sample-size=10"));
        assert_eq!(options.filter.as_deref(), Some("WeakSet"));
        assert!(parsed("--rigorous").unwrap().effort().is_empty());
        for refused in ["--sizes 1", "--sizes many", "--fast --rigorous", "--bogus"] {
            assert!(parsed(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn files_that_cannot_be_written_are_refused_before_measuring() {
        for (words, accepted) in [
            ("--plot chart.svg --json now.json", true),
            ("--plot chart.jpg", false),
            ("--plot chart", false),
            ("--markdown missing/now.md", false),
        ] {
            assert_eq!(parsed(words).unwrap().check().is_ok(), accepted, "{words}");
        }
    }
}
