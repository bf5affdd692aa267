//! The regression guard: how many instructions hot operations take, counted by callgrind, as ratios to
//! what strong containers take for the same in the same run, beside the ratios on record.
//!
//! Time depends on the machine and its neighbours; instructions repeat. The programs under
//! `bench/instructions/` do the operations, one way in each process. Where an operation begins and
//! ends, they call `getppid`: there callgrind writes down a total and begins anew.

mod comparison;
mod references;

use std::{fs, path::PathBuf, process::Command, thread};

use anyhow::{Context as _, Result, ensure};

use self::references::{Cost, Costs, References};
use crate::{
    interpreters::Interpreter,
    process::{self, answer},
    python::Python,
    report::{Outcome, Report},
};

const PYTHON_OPERATIONS: &str = "bench/instructions/operations.py";
const RUST_OPERATIONS: &str = "weakrefs-instructions";

/// The two ways in which the programs do everything.
const WAYS: [&str; 2] = ["ours", "strong"];

/// Where callgrind writes. Relative: in a Debian root the workspace is in another place.
const TOTALS: &str = "target/instructions";

/// What to do with the counts.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    /// Hold them against the references.
    Compare,
    /// Make them the references.
    Record,
}

/// The operations of the Rust crate.
pub(crate) fn rust(interpreter: &Interpreter, action: Action, report: &mut Report) -> Result<()> {
    report.check("rust", "instructions", || {
        if answer(Command::new("valgrind").arg("--version")).is_none() {
            return Ok(Outcome::skipped("valgrind not installed"));
        }
        let run = ["run", "--quiet", "--release", "--package", RUST_OPERATIONS];
        let counts = count("rust", |way, callgrind| {
            let runner = [&["valgrind".to_owned()], callgrind].concat();
            let mut cargo = interpreter.cargo();
            // Only what is run gets a runner: neither the compiler nor build scripts are counted.
            cargo
                .arg("--config")
                .arg(format!("target.'cfg(all())'.runner = {runner:?}"))
                .args(run)
                .args(["--", way]);
            cargo
        })?;
        settle(counts, action)
    })
}

/// The operations of the Python package.
pub(crate) fn python(python: &Python<'_>, action: Action, report: &mut Report) -> Result<()> {
    report.check(&python.label, "instructions", || {
        if python.debug {
            return Ok(Outcome::skipped("a debug build checks more than it does"));
        }
        if answer(python.neighbour("valgrind").arg("--version")).is_none() {
            return Ok(Outcome::skipped("valgrind not installed"));
        }
        let counts = count(&python.label, |way, callgrind| {
            let mut valgrind = python.neighbour("valgrind");
            valgrind
                .args(callgrind)
                .arg(&python.program)
                .args([PYTHON_OPERATIONS, way])
                .env("PYTHONHASHSEED", "0");
            valgrind
        })?;
        settle(counts, action)
    })
}

/// Runs both ways at once. `command` is given the way and callgrind's arguments.
fn count(label: &str, command: impl Fn(&str, &[String]) -> Command) -> Result<[Counts; 2]> {
    fs::create_dir_all(TOTALS)?;
    let runs = WAYS.map(|way| {
        let totals = PathBuf::from(TOTALS).join(format!("{label}-{way}.out"));
        let callgrind = [
            "--quiet".to_owned(),
            "--tool=callgrind".to_owned(),
            "--dump-before=getppid".to_owned(),
            "--combine-dumps=yes".to_owned(),
            format!("--callgrind-out-file={}", totals.display()),
        ];
        (command(way, &callgrind), totals)
    });
    let [ours, strong] = thread::scope(|scope| {
        let threads = runs.map(|(mut command, totals)| {
            scope.spawn(move || {
                let said = process::output(&mut command)?;
                let totals = fs::read_to_string(&totals)
                    .with_context(|| format!("cannot read {}", totals.display()))?;
                Counts::read(&said, &totals)
            })
        });
        threads.map(|thread| thread.join().expect("counting does not panic"))
    });
    Ok([ours?, strong?])
}

/// What one way takes.
#[derive(Debug, PartialEq)]
struct Counts {
    /// What was counted: only counts of the same subject can be compared.
    subject: String,
    /// Each operation's name, and its instructions each time.
    operations: Vec<(String, f64)>,
}

impl Counts {
    /// Brings together what the program said and what callgrind wrote.
    fn read(said: &str, written: &str) -> Result<Self> {
        let (subject, names) = said.split_once('\n').context("the program said nothing")?;
        let totals = written
            .lines()
            .filter_map(|line| line.strip_prefix("totals: "))
            .map(|total| Ok(total.trim().parse()?))
            .collect::<Result<Vec<f64>>>()?;
        let operations = names.lines().count();
        ensure!(
            totals.len() == 2 * operations + 1,
            "callgrind wrote {} totals for {operations} operations",
            totals.len(),
        );
        let counted = totals.iter().skip(1).step_by(2);
        let operations = names.lines().zip(counted).map(|(line, total)| {
            let (times, name) = line.split_once('\t').context("no operation")?;
            Ok((name.to_owned(), total / times.parse::<f64>()?))
        });
        Ok(Self {
            subject: subject.to_owned(),
            operations: operations.collect::<Result<_>>()?,
        })
    }
}

fn settle([ours, strong]: [Counts; 2], action: Action) -> Result<Outcome> {
    let mut costs = Costs::new();
    for ((name, ours), (same, strong)) in ours.operations.into_iter().zip(strong.operations) {
        ensure!(name == same, "{name} is held against {same}");
        costs.insert(name, Cost::new(ours, strong));
    }
    let mut references = References::read()?;
    let outcome = comparison::compare(&ours.subject, &costs, &references.of(&ours.subject));
    match action {
        Action::Compare => Ok(outcome),
        Action::Record => {
            let outcome = Outcome {
                passed: costs.len() as u64,
                note: format!("recorded for {}", ours.subject),
                ..Outcome::default()
            };
            references.record(ours.subject, costs);
            references.write()?;
            Ok(outcome)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "part: 1\ndesc: Trigger: --dump-before=getppid\nsummary: 900\n\
                           fn=(1) f\n0 900\ntotals: 900\npart: 2\ntotals: 3000\n\
                           part: 3\ntotals: 70\npart: 4\ntotals: 500\npart: 5\ntotals: 80\n";

    #[test]
    fn every_second_total_is_of_an_operation() {
        let counts = Counts::read("CPython 3.11\n1000\tset in\n10\td[k], same\n", WRITTEN).unwrap();
        assert_eq!(counts.subject, "CPython 3.11");
        assert_eq!(
            counts.operations,
            [("set in".to_owned(), 3.0), ("d[k], same".to_owned(), 50.0)]
        );
    }

    #[test]
    fn marks_that_callgrind_has_missed_are_noticed() {
        let error = Counts::read("CPython 3.11\n1000\tset in\n", WRITTEN).unwrap_err();
        assert!(error.to_string().contains("5 totals for 1 operations"));
        assert!(Counts::read("", WRITTEN).is_err());
    }
}
