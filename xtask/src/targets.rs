//! Builds that the other checks do not see: Windows, macOS, 32 bits, processors without atomic operations on 64 bits,
//! WebAssembly, no system at all (the table), an interpreter without a GIL, and these commands themselves on Windows.
//!
//! The code is compiled, not run, so it needs neither these systems nor their linkers; PyO3 needs only the version of an
//! interpreter. Only what is for WASI runs, where there is a Node.js: the tests that need neither threads nor unwinding. Only linking shows whether Windows has every declared function: PyO3 says which library has its own
//! declarations, but nobody says it for the package's. So there is an attempt to link, with the linker that comes with
//! Rust. Without Windows it fails, and lists what it misses.
//!
//! A target that rustup cannot add is skipped, and the table says so.

use std::{env, fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::{
    cargo::{cargo, host, packages},
    checks::cargo_test,
    lint::passes,
    process::{self, LIMIT, answer},
    report::{Outcome, Report},
};

const WINDOWS: &str = "x86_64-pc-windows-msvc";
const WINDOWS_GNU: &str = "x86_64-pc-windows-gnu";
const MACOS: &str = "aarch64-apple-darwin";
const BITS_32: &str = "i686-unknown-linux-gnu";
/// Atomic operations on 32 bits at most.
const NO_ATOMIC_64: &str = "powerpc-unknown-linux-gnu";
const WASM: &str = "wasm32-unknown-unknown";
const WASI: &str = "wasm32-wasip1";
/// No standard library.
const BARE: &str = "thumbv7em-none-eabi";

/// The table, the Rust crates, and the extension by itself.
const TABLE: [&str; 1] = ["weakrefs-table"];
const CRATES: [&str; 2] = ["weakrefs-table", "weakrefs"];
const EXTENSION: [&str; 1] = ["weakrefs-python"];

/// What is compiled for which target.
const TARGETS: [(&str, &[Build]); 8] = [
    (WINDOWS, &[RUST, PYTHON, ("xtask", &COMMANDS)]),
    (WINDOWS_GNU, &[RUST]),
    (MACOS, &[RUST, PYTHON]),
    (BITS_32, &[RUST, PYTHON]),
    (NO_ATOMIC_64, &[RUST]),
    (WASM, &[RUST]),
    (WASI, &[RUST]),
    (BARE, &[("the table", &TABLE)]),
];
/// What the table of results says, and the packages.
type Build = (&'static str, &'static [&'static str]);
const RUST: Build = ("the Rust crates", &CRATES);
const PYTHON: Build = ("the extension", &EXTENSION);

/// Runs programs for WASI.
const NODE: &str = "node";
const WASI_RUNNER: &str = "xtask/src/wasi.mjs";
/// Tests that need neither threads nor unwinding.
const WASI_TESTS: [&str; 10] = [
    "alone",
    "debug",
    "derive",
    "lazy",
    "method",
    "moves",
    "proxy",
    "rc",
    "references",
    "set_algebra",
];
const COMMANDS: [&str; 1] = ["xtask"];

/// What the extension is compiled for; a `t` says that there is no GIL.
const VERSION: &str = "3.14";
const FREE_THREADED: &str = "3.14t";

/// Other flags than usual would recompile everything back and forth, so these have a directory of their own.
const BUILDS: &str = "target/targets";

/// The libraries that Rust links with on Windows; here each is an archive with nothing in it.
const WINDOWS_LIBRARIES: [&str; 7] = [
    "dbghelp",
    "kernel32",
    "legacy_stdio_definitions",
    "msvcrt",
    "ntdll",
    "userenv",
    "ws2_32",
];
const EMPTY_ARCHIVE: &str = "!<arch>\n";

/// A download that takes longer will not come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Everything.
pub(crate) fn check(report: &mut Report) -> Result<()> {
    for (target, builds) in TARGETS {
        if !is_available(target) {
            report.check(target, "cargo check", || {
                Ok(Outcome::skipped("not available"))
            })?;
            continue;
        }
        for (what, names) in builds {
            let mut command = compile(cargo(), "check", target, VERSION);
            passes(report, target, what, command.args(packages(names)))?;
        }
        match target {
            WINDOWS => windows_link(report)?,
            WASI => wasi_tests(report)?,
            _ => {}
        }
    }
    let mut command = compile(cargo(), "check", &this_machine()?, FREE_THREADED);
    command.args(packages(&EXTENSION));
    passes(report, FREE_THREADED, "the extension", &mut command)
}

/// The target of this machine.
pub(crate) fn this_machine() -> Result<String> {
    let version = answer(cargo().args(["version", "--verbose"])).context("no cargo")?;
    Ok(host(&version).context("no host")?.to_owned())
}

/// Compiles for a target, and a version of Python as if on another machine.
pub(crate) fn compile(mut cargo: Command, command: &str, target: &str, version: &str) -> Command {
    cargo
        .args([command, "--target", target, "--target-dir", BUILDS])
        .env("PYO3_CROSS", "1")
        .env("PYO3_CROSS_PYTHON_VERSION", version)
        .env("RUSTFLAGS", "--deny warnings");
    cargo
}

/// Whether the target's standard library is installed, now at the latest.
pub(crate) fn is_available(target: &str) -> bool {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", target]);
    process::share(&mut rustup, PATIENCE).is_ok_and(|status| status.success())
}

/// Runs tests of the Rust crates.
fn wasi_tests(report: &mut Report) -> Result<()> {
    report.check(WASI, "tests", || {
        let mut node = Command::new(NODE);
        node.args(["--eval", "require('node:wasi')"]);
        if answer(&mut node).is_none() {
            return Ok(Outcome::skipped("no Node.js"));
        }
        let runner = fs::canonicalize(WASI_RUNNER)?;
        let runner = [NODE.into(), "--no-warnings".into(), runner.into_os_string()];
        let mut command = compile(cargo(), "test", WASI, VERSION);
        command
            .arg("--config")
            .arg(format!("target.{WASI}.runner={runner:?}"))
            .args(packages(&["weakrefs"]))
            .args(WASI_TESTS.iter().flat_map(|name| ["--test", name]));
        cargo_test(&mut command)
    })
}

/// Has the linker look for every function that the extension uses.
fn windows_link(report: &mut Report) -> Result<()> {
    report.check(WINDOWS, "links to Python", || {
        let Some(linker) = rust_lld()? else {
            return Ok(Outcome::skipped("Rust came without its linker"));
        };
        let libraries = PathBuf::from(BUILDS).join("no-windows");
        fs::create_dir_all(&libraries)?;
        for name in WINDOWS_LIBRARIES {
            fs::write(libraries.join(name).with_extension("lib"), EMPTY_ARCHIVE)?;
        }
        let libraries = fs::canonicalize(libraries)?;
        let mut command = compile(cargo(), "rustc", WINDOWS, VERSION);
        command
            .args(packages(&EXTENSION))
            .arg("--config")
            .arg(format!("target.{WINDOWS}.linker={:?}", linker.display()))
            .args(["--", "-C"])
            .arg(format!("link-arg=/LIBPATH:{}", libraries.display()))
            .args(["-C", "link-arg=/errorlimit:0"]);
        let mut said = String::new();
        process::each_line(&mut command, LIMIT, |_, line| {
            said.push_str(line);
            said.push('\n');
        })?;
        let mut missing: Vec<_> = said.lines().filter_map(undefined).collect();
        ensure!(
            !missing.is_empty(),
            "the linker did not come to the functions:\n{said}"
        );
        missing.retain(|symbol| is_of_python(symbol));
        Ok(Outcome {
            passed: missing.is_empty().into(),
            failed: missing.len() as u64,
            note: missing.join(" "),
            ..Outcome::default()
        })
    })
}

/// The linker that comes with the toolchain.
fn rust_lld() -> Result<Option<PathBuf>> {
    let mut rustc = Command::new("rustc");
    let directory = process::output(rustc.args(["--print", "target-libdir"]))?;
    let linker = PathBuf::from(directory.trim())
        .with_file_name("bin")
        .join("rust-lld")
        .with_extension(env::consts::EXE_EXTENSION);
    Ok(linker.exists().then_some(linker))
}

/// The symbol that the linker misses in a line of its output.
fn undefined(line: &str) -> Option<&str> {
    line.split_once("error: undefined symbol: ")
        .map(|(_, symbol)| symbol.trim())
}

/// As opposed to those of C and Windows, which are always missing here.
fn is_of_python(symbol: &str) -> bool {
    symbol.trim_start_matches('_').starts_with("Py")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_linker_misses_of_python() {
        let said = "  = note: rust-lld: error: undefined symbol: memcpy\n\
                    >>> referenced by PyMethod_New\n\
                    rust-lld: error: undefined symbol: PyMethod_Self\n\
                    rust-lld: error: undefined symbol: _PyType_Lookup\r\n";
        let mut missing: Vec<_> = said.lines().filter_map(undefined).collect();
        assert_eq!(missing, ["memcpy", "PyMethod_Self", "_PyType_Lookup"]);
        missing.retain(|symbol| is_of_python(symbol));
        assert_eq!(missing, ["PyMethod_Self", "_PyType_Lookup"]);
    }
}
