//! The figures of a run; on disk as a file of [pyperf](https://pyperf.readthedocs.io)'s, like those of
//! the Python face: its commands compare two, and the same code draws the charts.

use std::{env::consts, fs, path::Path, process::Command, thread::available_parallelism};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::process::answer;

/// Nanoseconds, as they are shown, in pyperf's unit.
const NANOSECOND: f64 = 1e-9;

/// One way of one case at one size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) group: String,
    pub(super) name: String,
    /// One, where nothing has entries.
    pub(super) entries: u64,
    pub(super) way: String,
    /// In nanoseconds.
    pub(super) values: Vec<f64>,
}

impl Row {
    pub(super) fn median(&self) -> f64 {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        }
    }
}

/// What the figures depend on, without what would tell where they were taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Circumstances {
    weakrefs: String,
    rust: String,
    machine: String,
    date: String,
}

impl Circumstances {
    fn now() -> Self {
        let said = |program: &str, argument: &str| {
            let said = answer(Command::new(program).arg(argument)).unwrap_or_default();
            said.trim().to_owned()
        };
        let rustc = said("rustc", "--version");
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(": ")?.1.to_owned())
        });
        Self {
            weakrefs: env!("CARGO_PKG_VERSION").to_owned(),
            rust: rustc.split(' ').nth(1).unwrap_or_default().to_owned(),
            machine: format!(
                "{} ({} cores), {}",
                processor.unwrap_or_else(|| consts::ARCH.to_owned()),
                available_parallelism().map_or(1, usize::from),
                consts::OS,
            ),
            date: said("date", "+%F"),
        }
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Figures {
    circumstances: Circumstances,
    pub(super) rows: Vec<Row>,
}

/// A file of pyperf's.
#[derive(Serialize, Deserialize)]
struct Suite {
    version: String,
    metadata: Circumstances,
    benchmarks: Vec<Benchmark>,
}

#[derive(Serialize, Deserialize)]
struct Benchmark {
    metadata: Facts,
    runs: Vec<Run>,
}

#[derive(Serialize, Deserialize)]
struct Facts {
    name: String,
    unit: String,
    part: String,
    group: String,
    operation: String,
    entries: u64,
    way: String,
}

#[derive(Serialize, Deserialize)]
struct Run {
    values: Vec<f64>,
}

impl Figures {
    /// Figures that were taken here and now.
    pub(super) fn new(rows: Vec<Row>) -> Self {
        let circumstances = Circumstances::now();
        Self {
            circumstances,
            rows,
        }
    }

    pub(super) fn title(&self) -> String {
        let Circumstances {
            weakrefs,
            rust,
            machine,
            date,
        } = &self.circumstances;
        format!("weakrefs {weakrefs}, Rust {rust}, {machine}, {date}")
    }

    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file);
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("cannot understand {}", file.display()))
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, self.text()?).with_context(|| format!("cannot write {}", file.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let suite: Suite = serde_json::from_str(text)?;
        let rows = suite.benchmarks.into_iter().map(|benchmark| {
            let facts = benchmark.metadata;
            let values = benchmark.runs.into_iter().flat_map(|run| run.values);
            Row {
                group: facts.group,
                name: facts.operation,
                entries: facts.entries,
                way: facts.way,
                values: values.map(|value| value / NANOSECOND).collect(),
            }
        });
        Ok(Self {
            circumstances: suite.metadata,
            rows: rows.collect(),
        })
    }

    fn text(&self) -> Result<String> {
        let benchmarks = self.rows.iter().map(|row| {
            let Row {
                group,
                name,
                entries,
                way,
                values,
            } = row.clone();
            let facts = Facts {
                name: format!("{entries}, {group}: {name}, {way}"),
                unit: "second".to_owned(),
                part: "time".to_owned(),
                group,
                operation: name,
                entries,
                way,
            };
            let values = values.into_iter().map(|value| value * NANOSECOND).collect();
            Benchmark {
                metadata: facts,
                runs: vec![Run { values }],
            }
        });
        let suite = Suite {
            version: "1.0".to_owned(),
            metadata: self.circumstances.clone(),
            benchmarks: benchmarks.collect(),
        };
        Ok(serde_json::to_string(&suite)?)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Figures as if measured: group, name, entries, way, nanoseconds.
    pub(crate) fn made_up(rows: &[(&str, &str, u64, &str, f64)]) -> Figures {
        let rows = rows.iter().map(|&(group, name, entries, way, value)| Row {
            group: group.to_owned(),
            name: name.to_owned(),
            entries,
            way: way.to_owned(),
            values: vec![value],
        });
        Figures {
            circumstances: Circumstances {
                weakrefs: "1.2.3".to_owned(),
                rust: "1.99.0".to_owned(),
                machine: "a machine".to_owned(),
                date: "2026-01-01".to_owned(),
            },
            rows: rows.collect(),
        }
    }

    #[test]
    fn medians() {
        let mut row = made_up(&[("WeakSet", "iterate", 1000, "std", 0.0)])
            .rows
            .remove(0);
        for (values, median) in [
            (vec![3.0, 900.0, 2.0], 3.0),
            (vec![1.0, 4.0, 2.0, 9.0], 3.0),
        ] {
            row.values = values;
            assert_eq!(row.median(), median);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let written = made_up(&[
            ("WeakSet", "iterate", 1000, "weakrefs", 2.0),
            ("Ref", "upgrade", 1, "std", 4.0),
        ]);
        assert_eq!(Figures::parse(&written.text().unwrap()).unwrap(), written);
        assert!(Figures::parse("{}").is_err());
    }

    #[test]
    fn the_title_says_with_what() {
        assert_eq!(
            made_up(&[]).title(),
            "weakrefs 1.2.3, Rust 1.99.0, a machine, 2026-01-01"
        );
    }

    #[test]
    fn circumstances_are_found_out() {
        let now = Circumstances::now();
        assert!(now.rust.starts_with("1."));
        assert_eq!(now.date.len(), "2026-01-01".len());
    }
}
