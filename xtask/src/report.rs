//! What the checks found: one row for each, a table at the end, and the one line of totals that a
//! log reader looks for.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use comfy_table::{CellAlignment, Table, presets};
use serde::Deserialize;

use crate::process;

/// What one check found.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// How far a check went that is one test by itself.
    #[serde(default)]
    pub(crate) extent: String,
    /// What a number cannot say: shown in the table.
    pub(crate) note: String,
}

impl Outcome {
    /// A check that is one test by itself.
    pub(crate) fn passed() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    /// A check that this machine cannot make.
    pub(crate) fn skipped(reason: &str) -> Self {
        Self {
            skipped: 1,
            note: reason.to_owned(),
            ..Self::default()
        }
    }

    /// What the table says beside the numbers.
    fn remarks(&self) -> String {
        let parts = [self.extent.as_str(), self.note.as_str()];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }

    /// Whether there was nothing that could pass or fail.
    pub(crate) fn is_empty(&self) -> bool {
        self.passed + self.failed == 0
    }
}

pub(crate) struct Row {
    pub(crate) subject: String,
    pub(crate) check: String,
    pub(crate) outcome: Outcome,
    time: Duration,
}

/// The rows so far.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
}

impl Report {
    /// Runs a check and records its outcome. One that cannot even run is one failure, and the
    /// others still run; only an interrupt ends them all.
    pub(crate) fn check(
        &mut self,
        subject: &str,
        check: &str,
        run: impl FnOnce() -> Result<Outcome>,
    ) -> Result<()> {
        println!("\n=== {subject}: {check}");
        let start = Instant::now();
        let outcome = run().unwrap_or_else(|error| {
            println!("{error:#}");
            Outcome {
                failed: 1,
                note: first_line(&format!("{error:#}")),
                ..Outcome::default()
            }
        });
        process::check_interrupt()?;
        self.rows.push(Row {
            subject: subject.to_owned(),
            check: check.to_owned(),
            outcome,
            time: start.elapsed(),
        });
        Ok(())
    }

    /// Makes something that checks need: passed if there is one, failed if there is an error.
    pub(crate) fn provide<T>(
        &mut self,
        subject: &str,
        what: &str,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<Option<T>> {
        let mut made = None;
        self.check(subject, what, || {
            made = Some(make()?);
            Ok(Outcome::passed())
        })?;
        Ok(made)
    }

    /// Prints the table and the totals; an error if anything failed, or if nothing was tested at
    /// all.
    pub(crate) fn finish(&self) -> Result<()> {
        let mut table = table(
            [
                "with", "check", "passed", "failed", "skipped", "seconds", "note",
            ],
            2..6,
        );
        let (mut passed, mut failed) = (0, 0);
        for Row {
            subject,
            check,
            outcome,
            time,
        } in &self.rows
        {
            passed += outcome.passed;
            failed += outcome.failed;
            table.add_row([
                subject.clone(),
                check.clone(),
                outcome.passed.to_string(),
                outcome.failed.to_string(),
                outcome.skipped.to_string(),
                format!("{:.1}", time.as_secs_f64()),
                outcome.remarks(),
            ]);
        }
        println!("\n{table}\n\n{passed} passed, {failed} failed");
        ensure!(failed == 0, "not everything passed");
        ensure!(passed > 0, "nothing was tested");
        Ok(())
    }
}

/// A plain table with numbers to the right in the given columns.
pub(crate) fn table(header: impl Into<comfy_table::Row>, numbers: std::ops::Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for index in numbers {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The number that stands before a word in a test runner's summary: 3 for `failed` in `120 passed,
/// 3 failed in 2s`.
pub(crate) fn number_before(summary: &str, word: &str) -> u64 {
    let words: Vec<&str> = summary
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .filter(|pair| pair[1] == word)
        .find_map(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(80)
        .collect()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn numbers_before_words() {
        let summary = "==== 3 failed, 120 passed, 2 skipped, 1 error in 12.34s ====";
        assert_eq!(number_before(summary, "failed"), 3);
        assert_eq!(number_before(summary, "passed"), 120);
        assert_eq!(number_before(summary, "error"), 1);
        assert_eq!(number_before(summary, "xfailed"), 0);
    }

    #[test]
    fn a_failing_check_does_not_end_the_others_but_the_whole() {
        let mut report = Report::default();
        report.check("3.11", "first", || bail!("broken")).unwrap();
        report
            .check("3.11", "second", || Ok(Outcome::passed()))
            .unwrap();
        assert_eq!(report.rows.len(), 2);
        assert_eq!(report.rows[0].outcome.failed, 1);
        assert!(report.finish().is_err());
    }

    #[test]
    fn what_is_skipped_is_neither_passed_nor_failed() {
        let outcome = Outcome::skipped("not installed");
        assert_eq!((outcome.passed, outcome.failed), (0, 0));
        assert_eq!(outcome.note, "not installed");
    }

    #[test]
    fn testing_nothing_is_no_success() {
        assert!(Report::default().finish().is_err());
    }
}
