//! Reference leaks, hunted on a debug build: the test runner repeats each suite, and the package's
//! hot paths, and counts references, memory blocks and file descriptors before and after (`-R 3:3`).
//!
//! Some suites leak by themselves. A suite that leaks therefore runs once more with the standard
//! `weakref`. If it leaks there too, the leak is the interpreter's.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::{
    checks::{self, SUITES},
    process::{LIMIT, Stream, each_line},
    python::Python,
    report::{Outcome, Report},
};

const OWN_TESTS: &str = "crates/weakrefs-python/tests/upstream";
const HOT_PATHS: &str = "hot_path_leaks";

/// One run of the test runner: the modules that failed it, with the reason that it gave.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    passed: u64,
    failed: BTreeMap<String, String>,
}

/// Hunts leaks in CPython's suites and in the package's hot paths.
pub(crate) fn hunt(python: &Python<'_>, report: &mut Report) -> Result<()> {
    ensure!(python.debug, "{} does not count references", python.label);
    report.check(&python.label, "leaks in the suites", || {
        let ours = repeat(
            python,
            &["-m", "weakrefs", "--children", "-m", "test"],
            &SUITES,
        )?;
        let suspects = ours.leaking();
        let standard = if suspects.is_empty() {
            Run::default()
        } else {
            repeat(python, &["-m", "test"], &suspects)?
        };
        Ok(ours.beside(&standard))
    })?;
    report.check(&python.label, "leaks in hot paths", || {
        Ok(repeat(
            python,
            &["-m", "test", "--testdir", OWN_TESTS],
            &[HOT_PATHS],
        )?
        .beside(&Run::default()))
    })
}

fn repeat(python: &Python<'_>, test_runner: &[&str], modules: &[&str]) -> Result<Run> {
    let mut command = python.run(test_runner);
    command.args(["-R", "3:3", "-j0"]).args(
        checks::skipped_tests()?
            .iter()
            .flat_map(|name| ["--ignore", name]),
    );
    let mut run = Run::default();
    let mut complete = false;
    each_line(command.args(modules), LIMIT, |stream, line| {
        match stream {
            Stream::Out => println!("{line}"),
            Stream::Err => eprintln!("{line}"),
        }
        complete |= line.starts_with("Total tests:");
        run.read(line, modules);
    })?;
    ensure!(complete, "the test runner did not finish");
    Ok(run)
}

impl Run {
    /// Reads a verdict, such as `0:00:49 load avg: 1.35 [1/6] test_weakref failed (reference
    /// leak)`.
    fn read(&mut self, line: &str, modules: &[&str]) {
        let mut words = line
            .split_once("] ")
            .map_or("", |(_, rest)| rest)
            .split_whitespace();
        let Some(module) = words.next().filter(|module| modules.contains(module)) else {
            return;
        };
        match words.next() {
            Some("passed") => self.passed += 1,
            Some(_) => {
                self.failed
                    .insert(module.to_owned(), words.collect::<Vec<_>>().join(" "));
            }
            None => {}
        }
    }

    fn leaking(&self) -> Vec<&str> {
        let leaks = self
            .failed
            .iter()
            .filter(|(_, reason)| reason.contains("reference leak"));
        leaks.map(|(module, _)| module.as_str()).collect()
    }

    /// The outcome. What leaks with the standard `weakref` too is shown, but does not count as a
    /// failure.
    fn beside(&self, standard: &Self) -> Outcome {
        let (not_ours, ours): (Vec<_>, Vec<_>) = self
            .leaking()
            .into_iter()
            .partition(|module| standard.leaking().contains(module));
        let mut notes = Vec::new();
        if !ours.is_empty() {
            notes.push(format!("leaking: {}", ours.join(", ")));
        }
        if !not_ours.is_empty() {
            notes.push(format!(
                "leaking with the standard weakref too: {}",
                not_ours.join(", ")
            ));
        }
        Outcome {
            passed: self.passed,
            failed: (self.failed.len() - not_ours.len()) as u64,
            skipped: not_ours.len() as u64,
            note: notes.join("; "),
            ..Outcome::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULES: [&str; 3] = ["test_gc", "test_copy", "test_weakref"];

    fn run(lines: &[&str]) -> Run {
        let mut run = Run::default();
        lines.iter().for_each(|line| run.read(line, &MODULES));
        run
    }

    #[test]
    fn verdicts_are_read() {
        let run = run(&[
            "0:00:00 load avg: 1.11 [1/3] test_weakref",
            "test_weakref leaked [1, 0, 0] memory blocks, sum=1 (this is fine)",
            "0:00:49 load avg: 1.35 [1/3] test_weakref passed in 49.2 sec",
            "0:00:50 load avg: 1.35 [2/3/1] test_gc failed (reference leak) in 30 sec",
            "0:00:51 load avg: 1.35 [3/3/2] test_copy failed (1 failure)",
        ]);
        assert_eq!(run.passed, 1);
        assert_eq!(run.failed.len(), 2);
        assert_eq!(run.leaking(), ["test_gc"]);
    }

    #[test]
    fn only_leaks_can_be_put_down_to_the_interpreter() {
        let leak = ["x [1/3] test_gc failed (reference leak)"];
        let failure = ["x [1/3] test_gc failed (2 failures)"];
        assert_eq!(run(&leak).beside(&Run::default()).failed, 1);
        assert_eq!(run(&leak).beside(&run(&leak)).failed, 0);
        assert_eq!(run(&leak).beside(&run(&leak)).skipped, 1);
        assert_eq!(run(&leak).beside(&run(&failure)).failed, 1);
        assert_eq!(run(&failure).beside(&run(&leak)).failed, 1);
    }
}
