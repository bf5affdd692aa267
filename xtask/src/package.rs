//! `cargo xtask package`: everything that a release uploads, made and checked, in `target/package/`.
//!
//! | file | what it makes and checks |
//! | --- | --- |
//! | `crates` | the Rust crates, as cargo would publish them |
//! | `wheels` | a wheel for each version of Python and each C library of Linux |
//! | `source` | the source distribution, and a wheel built from it without the network |
//! | `installed` | what is installed into an empty environment works |
//! | `pages` | what the indexes show: addresses lead somewhere, the changelog knows the version |
//!
//! Nothing is uploaded. The directory is made anew by each run, so that it holds one release and no rest of another;
//! what is only needed on the way is in `target/packaging/`.

mod crates;
mod installed;
mod pages;
mod source;
mod wheels;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{
    cargo::workspace_package,
    environment::{self, Environment},
    interpreters::{Interpreter, Version},
    lint::passes,
    report::{Report, table},
};

pub(crate) use self::crates::publishable;

/// What is uploaded. Cargo puts its own here, too.
const ARTEFACTS: &str = "target/package";

/// What is needed on the way.
const WORK: &str = "target/packaging";

/// The least that pyroma, which rates metadata, may give: all. What it may not ask for is an address for mail: the project has
/// none, and its page for issues is among the addresses.
const RATING: [&str; 4] = ["--min", "10", "--skip-tests", "AuthorEmail"];

/// Makes and checks everything, with wheels for these versions of Python. The tools run on `main`; wheels are tried on each of
/// `interpreters`.
pub(crate) fn run(
    main: &Interpreter,
    interpreters: &[Interpreter],
    versions: BTreeSet<Version>,
) -> Result<()> {
    for directory in [ARTEFACTS, WORK] {
        environment::remove_directory(Path::new(directory))?;
        fs::create_dir_all(directory)?;
    }
    let root = Path::new(".");
    let version = workspace_package(root)?.version;
    let mut report = Report::default();
    report.check("pages", "addresses and changelog", || pages::check(root))?;
    publishable(&mut report)?;
    crates::archive(&version, &mut report)?;
    if let Some(tools) =
        report.provide("package", "tools", || environment::tools(main, "package"))?
    {
        source::make(&tools, main, &version, &mut report)?;
        wheels::make(&tools, interpreters, &versions, &version, &mut report)?;
        metadata(&tools, &mut report)?;
    }
    print()?;
    report.finish()
}

/// What the index of Python would say: about every wheel and the source distribution.
fn metadata(tools: &Environment, report: &mut Report) -> Result<()> {
    let wheels = artefacts("whl")?;
    let sources = artefacts("gz")?;
    if wheels.is_empty() || sources.is_empty() {
        return Ok(()); // the report says that they could not be made
    }
    let python = tools.python();
    let mut twine = python.module("twine");
    twine
        .args(["check", "--strict"])
        .args(&wheels)
        .args(&sources);
    passes(report, "package", "twine check --strict", &mut twine)?;
    let mut contents = python.module("check_wheel_contents");
    contents.args(&wheels);
    passes(report, "package", "check-wheel-contents", &mut contents)?;
    let mut pyroma = python.module("pyroma");
    pyroma
        .args(RATING)
        .arg("--file")
        .args(&sources)
        .env("PATH", tools.search_path()?);
    passes(report, "package", "pyroma, but for mail", &mut pyroma)
}

/// The artefacts whose names end so, in order.
fn artefacts(extension: &str) -> Result<Vec<PathBuf>> {
    files(Path::new(ARTEFACTS), extension)
}

/// The files of a directory whose names end so, in order.
fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

/// Lists what there is to upload.
fn print() -> Result<()> {
    let mut list = table(["artefact", "KiB"], 1..2);
    for extension in ["crate", "gz", "whl"] {
        for path in artefacts(extension)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let kib = fs::metadata(&path)?.len().div_ceil(1024);
            list.add_row([name.into_owned(), kib.to_string()]);
        }
    }
    println!("\n{ARTEFACTS}\n\n{list}");
    Ok(())
}
