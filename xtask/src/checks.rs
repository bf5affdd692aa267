//! The tests proper: Rust's, the Python package's, CPython's suites with weakrefs in place of the
//! standard module, and the differential fuzzer.

use std::{fs, process::Command, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde::Deserialize;

use crate::{
    interpreters::Interpreter,
    process::{LIMIT, echo},
    python::Python,
    report::{Outcome, Report, number_before},
    versions,
};

/// CPython's test modules that use what weakrefs replaces.
pub(crate) const SUITES: [&str; 6] = [
    "test_weakref",
    "test_weakset",
    "test_copy",
    "test_functools",
    "test_gc",
    "test_finalization",
];

/// The one of threads that run at once, for builds without a GIL.
const WITHOUT_GIL: &str = "test_free_threading";

const OWN_TESTS: &str = "crates/weakrefs-python/tests";
/// A process for each core; what is made once for a file, is.
const ON_ALL_CORES: [&str; 4] = ["--numprocesses", "logical", "--dist", "loadfile"];
const SUITE_RUNNER: &str = "crates/weakrefs-python/tests/upstream/run.py";
const SKIPS: &str = "crates/weakrefs-python/tests/upstream/skips.txt";

/// The whole test repeats one seed, so a change makes it fail, not chance. `cargo xtask fuzz` tries
/// new ones.
const BRIEF_SEED: &str = "1";

/// How long the whole test fuzzes each interpreter, in seconds.
const BRIEF_FUZZ: u64 = 10;

/// What the suite runner says at the end.
#[derive(Deserialize)]
struct SuiteSummary {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// Tests of the skip list, counted among the skipped.
    excluded: u64,
}

/// What is off by default and checked nevertheless.
pub(crate) const FEATURES: [&str; 2] = ["--features", "weakrefs/serde"];

/// Unit, property, integration and documentation tests of the Rust crates.
pub(crate) fn rust(interpreter: &Interpreter, report: &mut Report) -> Result<()> {
    report.check("rust", "cargo test", || {
        cargo_test(
            interpreter
                .cargo()
                .args(["test", "--workspace", "--no-fail-fast"])
                .args(FEATURES),
        )
    })
}

/// Runs tests by cargo, and adds up what the test programs say.
pub(crate) fn cargo_test(cargo: &mut Command) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let success = echo(cargo, LIMIT, |line| {
        if line.starts_with("test result:") {
            outcome.passed += number_before(line, "passed");
            outcome.failed += number_before(line, "failed");
            outcome.skipped += number_before(line, "ignored");
        }
    })?;
    judge(outcome, success)
}

/// Every check of one interpreter.
pub(crate) fn python(python: &Python<'_>, report: &mut Report) -> Result<()> {
    own_tests(python, report)?;
    suites(python, report)?;
    fuzz(python, BRIEF_FUZZ, Some(BRIEF_SEED), report)
}

fn own_tests(python: &Python<'_>, report: &mut Report) -> Result<()> {
    report.check(&python.label, "our tests", || {
        pytest(
            python
                .module("pytest")
                .args(["-q", "-p", "no:cacheprovider", OWN_TESTS])
                .args(ON_ALL_CORES),
        )
    })
}

/// Runs pytest, which says at the end what it has found.
pub(crate) fn pytest(command: &mut Command) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let success = echo(command, LIMIT, |line| {
        if line.contains(" in ")
            && (line.contains(" passed") || line.contains(" failed") || line.contains(" error"))
        {
            outcome = Outcome {
                passed: number_before(line, "passed") + number_before(line, "xfailed"),
                failed: ["failed", "xpassed", "error", "errors"]
                    .map(|word| number_before(line, word))
                    .iter()
                    .sum(),
                skipped: number_before(line, "skipped"),
                ..Outcome::default()
            };
        }
    })?;
    judge(outcome, success)
}

/// CPython's own suites, each in a process of its own.
pub(crate) fn suites(python: &Python<'_>, report: &mut Report) -> Result<()> {
    let without_gil = versions::version(&python.label).is_some_and(|found| found.free_threaded);
    let more = without_gil.then_some(&WITHOUT_GIL);
    SUITES
        .iter()
        .chain(more)
        .try_for_each(|name| report.check(&python.label, name, || suite(python, name)))
}

fn suite(python: &Python<'_>, name: &str) -> Result<Outcome> {
    let mut last = String::new();
    let mut runner = python.module("weakrefs");
    runner.args(["--children", SUITE_RUNNER, name, SKIPS]);
    let success = echo(&mut runner, LIMIT, |line| line.clone_into(&mut last))?;
    let summary: Option<SuiteSummary> =
        serde_json::from_str(&last).map_err(|_| anyhow!("the suite did not finish"))?;
    let Some(summary) = summary else {
        return Ok(Outcome {
            note: "not installed with this interpreter".to_owned(),
            ..Outcome::default()
        });
    };
    let note = if summary.excluded > 0 {
        format!("{} of them on the skip list", summary.excluded)
    } else {
        String::new()
    };
    judge(
        Outcome {
            passed: summary.passed,
            failed: summary.failed,
            skipped: summary.skipped,
            note,
            ..Outcome::default()
        },
        success,
    )
}

/// The tests of the skip list, by their full names.
pub(crate) fn skipped_tests() -> Result<Vec<String>> {
    let list = fs::read_to_string(SKIPS).with_context(|| format!("cannot read {SKIPS}"))?;
    let names = list
        .lines()
        .filter_map(|line| line.split('#').next())
        .map(str::trim);
    Ok(names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

/// The differential fuzzer, on one interpreter.
pub(crate) fn fuzz(
    python: &Python<'_>,
    seconds: u64,
    seed: Option<&str>,
    report: &mut Report,
) -> Result<()> {
    report.check(&python.label, "fuzz", || {
        let mut last = String::new();
        let mut fuzzer = python.run(&[
            "fuzz/differential",
            "--out",
            "target",
            "--seconds",
            &seconds.to_string(),
        ]);
        fuzzer.args(seed.iter().flat_map(|seed| ["--seed", seed]));
        let success = echo(&mut fuzzer, LIMIT + Duration::from_secs(seconds), |line| {
            line.clone_into(&mut last)
        })?;
        let (operations, seed) = operations_and_seed(&last).unwrap_or_default();
        judge(
            Outcome {
                passed: success.into(),
                extent: operations.to_owned(),
                note: seed.to_owned(),
                ..Outcome::default()
            },
            success,
        )
    })
}

/// The parts of the fuzzer's last line that the table has room for.
fn operations_and_seed(line: &str) -> Option<(&str, &str)> {
    let (operations, rest) = line.split_once(" in ")?;
    Some((operations, rest.get(rest.rfind("seed ")?..)?))
}

/// An outcome in view of how the program ended: it must have tested something, and its exit status
/// must bear out the numbers.
fn judge(mut outcome: Outcome, success: bool) -> Result<Outcome> {
    ensure!(
        outcome.passed + outcome.failed > 0 || !success,
        "no test ran"
    );
    if !success && outcome.failed == 0 {
        outcome.failed = 1;
        if outcome.note.is_empty() {
            outcome.note = "ended with an error".to_owned();
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_fuzz() {
        let line = "4000 operations in 20 episodes, 10 s, CPython 3.11.7, seed 7: no difference";
        assert_eq!(
            operations_and_seed(line),
            Some(("4000 operations", "seed 7: no difference"))
        );
        assert_eq!(operations_and_seed("Killed"), None);
    }

    #[test]
    fn the_exit_status_counts() {
        let passed = || Outcome {
            passed: 3,
            ..Outcome::default()
        };
        assert_eq!(judge(passed(), true).unwrap(), passed());
        assert_eq!(judge(passed(), false).unwrap().failed, 1);
        assert_eq!(
            judge(
                Outcome {
                    failed: 2,
                    ..passed()
                },
                false
            )
            .unwrap()
            .failed,
            2
        );
        assert!(judge(Outcome::default(), true).is_err());
    }
}
