//! All that the Rust crates must pass: their tests, the models of their concurrency, the same tests
//! under AddressSanitizer, under valgrind's memcheck and, in small, under Miri, and what publishing asks for.
//!
//! A check whose tool is missing is skipped, and the table says so.

use std::{fs, ops::Range, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::{
    cargo::{CRATES, cargo, host, packages},
    checks,
    lint::passes,
    package::publishable,
    process::{answer, succeeds},
    report::{Outcome, Report},
};

/// Other flags than usual would recompile everything back and forth, so these have directories of their own.
const MODELS_TARGET: &str = "target/prove/models";
const SANITIZER_TARGET: &str = "target/prove/address-sanitizer";
const MIRI_TARGET: &str = "target/prove/miri";

const NO_NIGHTLY: &str = "no nightly toolchain";

const TESTS: &str = "crates/weakrefs/tests";
const EXPECTED_LEAKS: &str = "xtask/expected-leaks.txt";

/// Test programs that memcheck leaves out: they run the compiler, or processes that it does not follow, or
/// nothing, or are too slow for it.
const UNCHECKED: [&str; 5] = ["compile_fail", "examples", "exit", "memory", "models"];

/// The factor by which a tool may slow the tests down (`limit` in their `support`).
const PATIENCE: &str = "WEAKREFS_TEST_PATIENCE";

/// How many similar cases the tests skip (`stride` in their `support`), and how many scripts `proptest` makes:
/// memcheck needs minutes for what takes a second, AddressSanitizer ten seconds.
const BRIEFLY: [(&str, &str); 2] = [("WEAKREFS_TEST_STRIDE", "7"), ("PROPTEST_CASES", "24")];

/// Some tests have several threads, and threads take turns.
const MEMCHECK: &str = "valgrind --quiet --error-exitcode=99 --fair-sched=yes";

/// What Miri interprets of the Rust crate besides its unit tests. That takes some thousand times as long, so these are
/// the tests of what is built on `unsafe` code, made small: of references, whose slot is a `OnceArc`, of deaths, of
/// threads that meet there, and of iterators, which read entries that they do not count. The other `unsafe` code is a call of C's `atexit`, which Miri does not have. The table has none.
const INTERPRETED: [&str; 11] = [
    "alone",
    "callbacks",
    "chains",
    "finalize",
    "iteration",
    "method",
    "order_of_death",
    "proxy",
    "references",
    "threads",
    "unwind",
];

/// Unit tests that are too large for it.
const TOO_LARGE: [&str; 3] = [
    "containers::table::",
    "a_container_is_spread",
    "a_list_keeps_the_order_whoever_leaves",
];

/// Tests of races, which it interprets in other orders of events, too: one for each seed.
const RACES: [&str; 3] = [
    ONCE_ARC,
    "upgrade_against_the_last_drop",
    "references_are_made_and_dropped_by_all",
];
const SEEDS: Range<u32> = 1..4;

const ONCE_ARC: &str = "once_arc::";

/// parking_lot makes pointers of integers when a thread has to wait. Without its locks, nothing may.
const PERMISSIVE: &str = "-Zmiri-permissive-provenance";
const STRICT: &str = "-Zmiri-strict-provenance";

/// As for memcheck, and even less. The limits of time are of Miri's own clock, which counts steps.
const MINUTELY: [(&str, &str); 2] = [("WEAKREFS_TEST_STRIDE", "4000"), (PATIENCE, "50")];

/// Everything.
pub(crate) fn rust(report: &mut Report) -> Result<()> {
    report.check("rust", "cargo test", || {
        checks::cargo_test(
            cargo()
                .args(["test", "--no-fail-fast"])
                .args(packages(&CRATES)),
        )
    })?;
    gate(report)?;
    memcheck(report)?;
    miri(report)?;
    let mut rustdoc = cargo();
    rustdoc
        .args(["doc", "--no-deps"])
        .args(packages(&CRATES))
        .env("RUSTDOCFLAGS", "--deny warnings");
    passes(report, "rust", "rustdoc", &mut rustdoc)?;
    publishable(report)
}

/// What is quick enough to be a part of every test: the models, and AddressSanitizer where there is a nightly toolchain.
pub(crate) fn gate(report: &mut Report) -> Result<()> {
    models(report)?;
    address_sanitizer(report)
}

/// The models of `crates/weakrefs/tests/models`.
fn models(report: &mut Report) -> Result<()> {
    let with_models = |arguments: &[&str]| {
        let mut command = cargo();
        command
            .args(arguments)
            .args(["--package", "weakrefs", "--test", "models"])
            .args(["--target-dir", MODELS_TARGET])
            .env("RUSTFLAGS", "--cfg shuttle");
        command
    };
    let mut clippy = with_models(&["clippy", "--lib"]);
    clippy.args(["--", "--deny", "warnings"]);
    passes(report, "rust", "clippy on the models", &mut clippy)?;
    report.check("rust", "models", || {
        checks::cargo_test(&mut with_models(&["test", "--no-fail-fast"]))
    })
}

/// The tests under AddressSanitizer, which checks every access, and at the end finds leaks.
fn address_sanitizer(report: &mut Report) -> Result<()> {
    report.check("nightly", "AddressSanitizer", || {
        let Some(version) = answer(nightly("rustc").args(["--version", "--verbose"])) else {
            return Ok(Outcome::skipped(NO_NIGHTLY));
        };
        let leaks = fs::canonicalize(EXPECTED_LEAKS)
            .with_context(|| format!("cannot find {EXPECTED_LEAKS}"))?;
        let leaks = format!("suppressions={}:print_suppressions=0", leaks.display());
        let mut command = nightly("cargo");
        command
            .args(["test", "--no-fail-fast"])
            .args(["--lib", "--tests"])
            .args(packages(&["weakrefs-table", "weakrefs"]))
            // With a target, build scripts and macros are built without the sanitizer.
            .args(["--target", host(&version).context("no host")?])
            .args(["--target-dir", SANITIZER_TARGET])
            .env("RUSTFLAGS", "-Zsanitizer=address")
            .env("LSAN_OPTIONS", leaks)
            .env(PATIENCE, "10")
            .envs(BRIEFLY);
        checks::cargo_test(&mut command)
    })
}

/// The tests, each test program under valgrind.
fn memcheck(report: &mut Report) -> Result<()> {
    report.check("valgrind", "memcheck", || {
        if answer(Command::new("valgrind").arg("--version")).is_none() {
            return Ok(Outcome::skipped("not installed"));
        }
        let version = answer(cargo().args(["version", "--verbose"])).context("no cargo")?;
        let runner = format!(
            "CARGO_TARGET_{}_RUNNER",
            host(&version)
                .context("no host")?
                .replace('-', "_")
                .to_uppercase()
        );
        let programs = test_programs(Path::new(TESTS))?;
        let programs = programs
            .iter()
            .filter(|program| !UNCHECKED.contains(&program.as_str()));
        let mut command = cargo();
        command
            .args(["test", "--no-fail-fast", "--package", "weakrefs", "--lib"])
            .args(checks::FEATURES)
            .args(programs.flat_map(|program| ["--test", program]))
            .env(runner, MEMCHECK)
            .env(PATIENCE, "50")
            .envs(BRIEFLY);
        checks::cargo_test(&mut command)
    })
}

/// The tests under Miri, which knows for each access whether the rules of Rust allow it.
fn miri(report: &mut Report) -> Result<()> {
    if let Some(missing) = missing_for_miri() {
        return report.check("nightly", "Miri", || Ok(Outcome::skipped(missing)));
    }
    report.check("nightly", "Miri", || {
        let mut command = interpret(&["weakrefs-table", "weakrefs"], PERMISSIVE);
        command
            .args(INTERPRETED.iter().flat_map(|program| ["--test", program]))
            .arg("--")
            .args(TOO_LARGE.iter().flat_map(|tests| ["--skip", tests]));
        checks::cargo_test(&mut command)
    })?;
    for seed in SEEDS {
        report.check("nightly", &format!("Miri, races, seed {seed}"), || {
            let flags = format!("{PERMISSIVE} -Zmiri-seed={seed}");
            let mut command = interpret(&["weakrefs"], &flags);
            command.args(["--test", "threads", "--"]).args(RACES);
            checks::cargo_test(&mut command)
        })?;
    }
    report.check("nightly", "Miri, strict provenance", || {
        checks::cargo_test(interpret(&["weakrefs"], STRICT).arg(ONCE_ARC))
    })
}

/// Runs the unit tests of packages under Miri.
fn interpret(names: &[&str], flags: &str) -> Command {
    let variables = MINUTELY.map(|(name, value)| format!(" -Zmiri-env-set={name}={value}"));
    let mut command = nightly("cargo");
    command
        .args(["miri", "test", "--no-fail-fast", "--lib"])
        .args(packages(names))
        .args(["--target-dir", MIRI_TARGET])
        .env("MIRIFLAGS", flags.to_owned() + &variables.concat());
    command
}

/// What is not there of a toolchain with Miri; what `cargo miri setup` has to say is shown.
fn missing_for_miri() -> Option<&'static str> {
    if answer(nightly("rustc").arg("--version")).is_none() {
        return Some(NO_NIGHTLY);
    }
    if answer(nightly("cargo").args(["miri", "--version"])).is_none() {
        return Some("the nightly toolchain has no Miri");
    }
    // It builds the standard library for Miri, once, from its source.
    let is_built = succeeds(nightly("cargo").args(["miri", "setup"])).unwrap_or(false);
    (!is_built).then_some("no standard library for Miri: is rust-src there?")
}

/// A program of the nightly toolchain.
fn nightly(program: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", program]);
    command
}

/// The names of the test programs in a directory: a file, or a directory with a `main.rs`.
fn test_programs(directory: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut programs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_file = path.extension().is_some_and(|extension| extension == "rs");
        if (is_file || path.join("main.rs").exists())
            && let Some(name) = path.file_stem()
        {
            programs.push(name.to_string_lossy().into_owned());
        }
    }
    programs.sort();
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_found() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/weakrefs/tests");
        let programs = test_programs(&tests).unwrap();
        for name in UNCHECKED.into_iter().chain(INTERPRETED) {
            assert!(programs.iter().any(|program| program == name), "{name}");
        }
        for name in ["ui", "support"] {
            assert!(!programs.iter().any(|program| program == name), "{name}");
        }
    }
}
