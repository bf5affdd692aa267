//! The demonstration: one unchanged program, once with the standard `weakref` and once with weakrefs.
//!
//! The program reports its progress on standard error, in lines `progress <done> <total> <label>`,
//! and its result as one JSON object, the last line on its standard output.

use std::{collections::BTreeMap, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::{
    environment,
    interpreters::Interpreter,
    process::{LIMIT, Stream, each_line},
    report::table,
};

const PROGRAM: &str = "demo/syntax_index.py";

const NEXT: &str = "Next, your own program: `pip install .`, then `python -m weakrefs program.py`.\n\
                    Or operation by operation: `cargo xtask bench --fast`.";

/// What the program found, and what that took.
#[derive(Deserialize)]
struct Run {
    /// A digest of everything derived: the same whatever `weakref` is underneath.
    answer: String,
    phases: Vec<(String, f64)>,
    seconds: f64,
    /// Where the system tells.
    peak_kib: Option<u64>,
    /// Memory held after everything has died.
    after_kib: Option<u64>,
    counts: BTreeMap<String, u64>,
}

/// Sets everything up, runs the program both ways, compares and prints.
pub(crate) fn run(interpreter: &Interpreter) -> Result<()> {
    let environment = environment::prepare(interpreter, &[])?;
    let python = environment.python();
    let standard = watch("standard weakref", &mut python.run(&[PROGRAM]))?;
    let ours = watch("weakrefs", python.module("weakrefs").arg(PROGRAM))?;
    print(&interpreter.label, &standard, &ours);
    ensure!(
        standard.answer == ours.answer && standard.counts == ours.counts,
        "the answers differ: {} {:?} with the standard weakref, {} {:?} with weakrefs",
        standard.answer,
        standard.counts,
        ours.answer,
        ours.counts
    );
    println!(
        "\n{}\n\n{NEXT}\n\n1 passed, 0 failed",
        in_words(&standard, &ours)
    );
    Ok(())
}

/// Runs the program behind a progress bar.
fn watch(name: &'static str, command: &mut Command) -> Result<Run> {
    let style = ProgressStyle::with_template(
        "{prefix:>16} {bar:40} {percent:>3}% {elapsed:>4} {wide_msg}",
    )?;
    let bar = ProgressBar::new(1).with_style(style).with_prefix(name);
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut result = String::new();
    let status = each_line(command, LIMIT, |stream, line| {
        match (stream, progress(line)) {
            (Stream::Err, Some((done, total, label))) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(label.to_owned());
            }
            (Stream::Err, None) => bar.suspend(|| eprintln!("{line}")),
            (Stream::Out, _) => line.clone_into(&mut result),
        }
    });
    bar.finish_with_message("");
    let status = status?;
    ensure!(status.success(), "the program failed with {name}: {status}");
    serde_json::from_str(&result)
        .with_context(|| format!("the program left no result with {name}: {result:?}"))
}

/// Reads a line of progress.
fn progress(line: &str) -> Option<(u64, u64, &str)> {
    let mut words = line.strip_prefix("progress ")?.splitn(3, ' ');
    let (done, total) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((done, total, words.next().unwrap_or_default()))
}

fn print(label: &str, standard: &Run, ours: &Run) {
    let mut figures = table(["", "standard weakref", "weakrefs", "ratio"], 1..4);
    for ((phase, before), (_, after)) in standard.phases.iter().zip(&ours.phases) {
        figures.add_row(seconds(phase, *before, *after));
    }
    figures.add_row(seconds("all", standard.seconds, ours.seconds));
    let memory = [
        ("memory at most", standard.peak_kib, ours.peak_kib),
        ("memory afterwards", standard.after_kib, ours.after_kib),
    ];
    for (what, before, after) in memory {
        if let (Some(before), Some(after)) = (before, after) {
            figures.add_row(mebibytes(what, before, after));
        }
    }
    println!("\n{PROGRAM} with CPython {label}\n\n{figures}\n");
    for (what, count) in &ours.counts {
        println!("{what}: {count}");
    }
}

/// All of it in a sentence.
fn in_words(standard: &Run, ours: &Run) -> String {
    let share = |ours: f64, standard: f64| format!("{:.0} %", 100.0 * ours / standard);
    let mut words = format!(
        "With weakrefs in place of weakref, the same program gave the same answer in {} of the time",
        share(ours.seconds, standard.seconds)
    );
    let memory = [
        (standard.peak_kib, ours.peak_kib, "at most"),
        (
            standard.after_kib,
            ours.after_kib,
            "after everything had died",
        ),
    ];
    for (before, after, when) in memory {
        if let (Some(before), Some(after)) = (before, after) {
            let share = share(after as f64, before as f64);
            words.push_str(&format!(", with {share} of the memory {when}"));
        }
    }
    words + "."
}

fn seconds(what: &str, before: f64, after: f64) -> [String; 4] {
    [
        what.to_owned(),
        format!("{before:.2} s"),
        format!("{after:.2} s"),
        format!("{:.2}", before / after),
    ]
}

fn mebibytes(what: &str, before: u64, after: u64) -> [String; 4] {
    let (before, after) = (before as f64 / 1024.0, after as f64 / 1024.0);
    [
        what.to_owned(),
        format!("{before:.0} MiB"),
        format!("{after:.0} MiB"),
        format!("{:.2}", before / after),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_in_a_sentence() {
        let run = |seconds, peak_kib| Run {
            answer: String::new(),
            phases: Vec::new(),
            seconds,
            peak_kib,
            after_kib: None,
            counts: BTreeMap::new(),
        };
        let took = |standard, ours| {
            let words = in_words(&standard, &ours);
            words.split_once("answer in ").unwrap().1.to_owned()
        };
        assert_eq!(
            took(run(20.0, Some(100)), run(10.0, Some(90))),
            "50 % of the time, with 90 % of the memory at most."
        );
        assert_eq!(
            took(run(10.0, None), run(11.0, Some(90))),
            "110 % of the time."
        );
    }

    #[test]
    fn progress_lines() {
        assert_eq!(
            progress("progress 3 10 parsing ast.py"),
            Some((3, 10, "parsing ast.py"))
        );
        assert_eq!(progress("progress 3 10"), Some((3, 10, "")));
        assert_eq!(progress("progress three 10 x"), None);
        assert_eq!(progress("Traceback (most recent call last):"), None);
    }
}
