//! The page of versions: what one run has found, with a column for each interpreter.
//!
//! It is written from the report alone, and only if nothing has failed. What did not run is named first, so a part of
//! the checks never passes for the whole.

use std::{
    env::consts::{ARCH, OS},
    fs, iter,
    path::PathBuf,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    clients,
    environment::INSTALLED,
    interpreters::{Interpreter, Version},
    process,
    report::{Outcome, Report, Row, table},
};

/// Where the page goes, and what is tested.
pub(crate) struct Page {
    file: PathBuf,
    /// The commit and the date.
    run: String,
}

impl Page {
    /// Asks before the run: afterwards the sources may be others.
    pub(crate) fn new(file: PathBuf, interpreter: &Interpreter) -> Result<Self> {
        let directory = file.parent().context("the page has no name")?;
        ensure!(
            directory.as_os_str().is_empty() || directory.is_dir(),
            "there is no directory {}",
            directory.display()
        );
        let commit = process::output(Command::new("git").args([
            "describe",
            "--always",
            "--dirty=, changed",
        ]))?;
        let today = "import datetime; print(datetime.date.today())";
        let date = process::output(Command::new(&interpreter.path).args(["-I", "-c", today]))?;
        Ok(Self {
            file,
            run: format!("commit {}, {}, {OS} on {ARCH}", commit.trim(), date.trim()),
        })
    }

    /// Ends the run, and writes what it has found if nothing has failed.
    pub(crate) fn write(&self, report: &Report) -> Result<()> {
        report.finish()?;
        fs::write(&self.file, markdown(&report.rows, &self.run))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn markdown(rows: &[Row], run: &str) -> String {
    let mut labels: Vec<_> = rows
        .iter()
        .filter(|row| row.check == INSTALLED)
        .map(|row| row.subject.as_str())
        .collect();
    labels.sort_by_key(|label| (version(label), is_debug(label)));
    let (on_interpreters, elsewhere): (Vec<_>, Vec<_>) = rows
        .iter()
        .partition(|row| labels.contains(&row.subject.as_str()));
    let tables = [
        left_out(rows, &labels),
        "## On each interpreter\n\n\
         A number counts the tests that have passed, and `+` those that were skipped. A dash: the check is not made there.\n\
         A version with a `t` has no GIL, one with a `d` is a debug build."
            .to_owned(),
        by_interpreter(&labels, &on_interpreters),
        "## Elsewhere\n\nA number in brackets counts tests. For other platforms the code is compiled, not run, but for WASI.".to_owned(),
        by_subject(&elsewhere),
        "## Notes".to_owned(),
        notes(rows),
    ];
    format!(
        "# Versions\n\nWhat one run of `cargo xtask test` has tested: {run}.\n\
         The command writes this page from its report, and only if nothing has failed.\n\n{}\n",
        tables.join("\n\n").trim_end()
    )
}

/// What a whole run has and this one has not.
fn left_out(rows: &[Row], labels: &[&str]) -> String {
    let mut missing: Vec<_> = Version::supported()
        .filter(|wanted| !labels.iter().any(|label| version(label) == Some(*wanted)))
        .map(|version| format!("CPython {version}"))
        .collect();
    if !labels.iter().any(|label| is_debug(label)) {
        missing.push("a debug build, which shows leaks".to_owned());
    }
    if !rows.iter().any(|row| row.check == clients::INSTALLED) {
        missing.push("the tests of other projects (`--clients`)".to_owned());
    }
    let empty = rows.iter().filter(|row| row.outcome.is_empty());
    missing
        .extend(empty.map(|row| format!("{}: {} ({})", row.subject, row.check, row.outcome.note)));
    if missing.is_empty() {
        return "Nothing was left out.".to_owned();
    }
    format!("**Left out:** {}.", missing.join("; "))
}

/// A line for each check, in the order in which they were first made.
fn by_interpreter(labels: &[&str], rows: &[&Row]) -> String {
    let mut checks: Vec<&str> = Vec::new();
    for row in rows {
        if !checks.contains(&row.check.as_str()) {
            checks.push(&row.check);
        }
    }
    let mut table = table([&["check"], labels].concat(), 1..labels.len() + 1);
    for check in checks {
        let outcomes = labels.iter().map(|label| {
            rows.iter()
                .find(|row| row.check == check && row.subject == *label)
                .map_or_else(|| "–".to_owned(), |row| in_short(&row.outcome))
        });
        table.add_row(iter::once(check.to_owned()).chain(outcomes));
    }
    table.to_string()
}

fn in_short(outcome: &Outcome) -> String {
    if outcome.is_empty() {
        return "left out".to_owned();
    }
    if !outcome.extent.is_empty() {
        return outcome.extent.clone();
    }
    match (outcome.passed, outcome.skipped) {
        (1, 0) => "passed".to_owned(),
        (passed, 0) => passed.to_string(),
        (passed, skipped) => format!("{passed} + {skipped}"),
    }
}

/// An item for each subject: the names of its checks, and what more than one test was.
fn by_subject(rows: &[&Row]) -> String {
    let checks = |row: &Row| match in_short(&row.outcome).as_str() {
        "passed" => row.check.clone(),
        outcome => format!("{} ({outcome})", row.check),
    };
    items(rows.iter().map(|row| (row.subject.as_str(), checks(row))))
}

/// What numbers cannot say, once for all interpreters of which it is true.
fn notes(rows: &[Row]) -> String {
    let noted = rows.iter().filter(|row| !row.outcome.note.is_empty());
    let noted: Vec<_> = noted
        .map(|row| {
            (
                format!("{}: {}", row.check, row.outcome.note),
                row.subject.clone(),
            )
        })
        .collect();
    items(
        noted
            .iter()
            .map(|(note, subject)| (note.as_str(), subject.clone())),
    )
}

/// A list with an item for each name, in the order in which they first come.
fn items<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut items: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        match items.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => items.push((name, vec![value])),
        }
    }
    let lines = items
        .iter()
        .map(|(name, values)| format!("- **{name}**: {}", values.join(", ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// The version that `3.14.0rc1td` is one of.
pub(crate) fn version(label: &str) -> Option<Version> {
    Some(Version {
        free_threaded: label.trim_end_matches('d').ends_with('t'),
        minor: label.split('.').nth(1)?.parse().ok()?,
    })
}

fn is_debug(label: &str) -> bool {
    label.ends_with('d')
}

#[cfg(test)]
mod tests {
    use std::env::temp_dir;

    use anyhow::bail;

    use super::*;

    fn outcome(passed: u64, skipped: u64, extent: &str, note: &str) -> Outcome {
        Outcome {
            passed,
            skipped,
            extent: extent.to_owned(),
            note: note.to_owned(),
            ..Outcome::default()
        }
    }

    fn report(found: Vec<(&str, &str, Outcome)>) -> Report {
        let mut report = Report::default();
        for (subject, check, outcome) in found {
            report.check(subject, check, || Ok(outcome)).unwrap();
        }
        report
    }

    /// The cells of the line that begins with one.
    fn line<'a>(page: &'a str, first: &str) -> Vec<&'a str> {
        page.lines()
            .map(|line| {
                line.trim_matches('|')
                    .split('|')
                    .map(str::trim)
                    .collect::<Vec<_>>()
            })
            .find(|cells| cells[0] == first)
            .unwrap()
    }

    /// As a run goes: what needs no interpreter first, versions in any order.
    fn run() -> Report {
        report(vec![
            ("rust", "clippy", Outcome::passed()),
            ("rust", "cargo test", outcome(812, 1, "", "")),
            (
                "nightly",
                "AddressSanitizer",
                Outcome::skipped("no nightly toolchain"),
            ),
            ("rust", "models", Outcome::passed()),
            ("3.14.0d", INSTALLED, Outcome::passed()),
            ("3.14.0d", "leaks", outcome(6, 0, "", "")),
            ("3.14.0t", INSTALLED, Outcome::passed()),
            ("3.14.0", INSTALLED, Outcome::passed()),
            ("3.14.0", "suite", outcome(130, 4, "", "1 on the list")),
            ("3.14.0", "fuzz", outcome(1, 0, "4000 operations", "seed 1")),
            ("3.9.1", INSTALLED, Outcome::passed()),
            ("3.9.1", "suite", outcome(131, 0, "", "1 on the list")),
        ])
    }

    #[test]
    fn a_column_for_each_interpreter() {
        let page = markdown(&run().rows, "commit abc");
        assert!(page.contains("commit abc"));
        assert_eq!(
            line(&page, "check"),
            ["check", "3.9.1", "3.14.0", "3.14.0d", "3.14.0t"]
        );
        assert_eq!(line(&page, "suite"), ["suite", "131", "130 + 4", "–", "–"]);
        assert_eq!(
            line(&page, "fuzz"),
            ["fuzz", "–", "4000 operations", "–", "–"]
        );
        assert_eq!(line(&page, "leaks"), ["leaks", "–", "–", "6", "–"]);
        assert!(page.contains("- **suite: 1 on the list**: 3.14.0, 3.9.1\n"));
    }

    #[test]
    fn an_item_for_everything_else() {
        let page = markdown(&run().rows, "");
        assert!(page.contains("- **rust**: clippy, cargo test (812 + 1), models\n"));
        assert!(page.contains("- **nightly**: AddressSanitizer (left out)\n"));
    }

    #[test]
    fn a_part_does_not_pass_for_the_whole() {
        let missing = left_out(&run().rows, &["3.14.0", "3.14.0d"]);
        assert!(
            missing.contains("CPython 3.10; ")
                && !missing.contains("3.14;")
                && missing.contains("3.14t;"),
            "{missing}"
        );
        assert!(missing.contains("AddressSanitizer (no nightly toolchain)"));
        assert!(!missing.contains("debug"));
        let label = |version: Version| format!("3.{}.0{}", version.minor, version.suffix());
        let labels: Vec<_> = Version::supported().map(label).collect();
        let mut labels: Vec<_> = labels.iter().map(String::as_str).collect();
        let with_clients = report(vec![("3.11.0", clients::INSTALLED, Outcome::passed())]).rows;
        assert!(left_out(&with_clients, &labels).contains("a debug build"));
        labels.push("3.14.0d");
        assert!(left_out(&[], &labels).contains("other projects"));
        assert_eq!(left_out(&with_clients, &labels), "Nothing was left out.");
    }

    #[test]
    fn a_failure_leaves_no_page() {
        let file = temp_dir().join(format!("weakrefs-versions-{}.md", std::process::id()));
        let page = Page {
            file: file.clone(),
            run: String::new(),
        };
        let mut report = run();
        report.check("3.14.0", "tests", || bail!("broken")).unwrap();
        assert!(page.write(&report).is_err());
        assert!(!file.exists());
        page.write(&run()).unwrap();
        assert!(
            fs::read_to_string(&file)
                .unwrap()
                .starts_with("# Versions\n")
        );
        fs::remove_file(file).unwrap();
    }
}
