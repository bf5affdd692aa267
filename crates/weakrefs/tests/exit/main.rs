//! Finalizers at exit (S31), each scenario in a process of its own with a time limit.
//!
//! The test binary is its own child: with [`SCENARIO`] in its environment its `main` plays that
//! scenario, and ends as the scenario ends; without, it starts each as a child and checks what came
//! of it. So `main` has to be our own (`harness = false`); it takes a filter and `--list` as usual.

mod ends;
#[cfg(unix)]
mod forks;
mod local;
mod runs;
#[path = "../support/mod.rs"]
mod support;

use std::env;
use std::io::Read;
use std::panic::catch_unwind;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use weakrefs::{Finalizer, Tracked, finalize};

const SCENARIO: &str = "WEAKREFS_EXIT_SCENARIO";

/// No scenario takes seconds; a machine under load may.
const SECONDS: u64 = 60;

/// What a child does, and what must come of it.
struct Case {
    name: &'static str,
    scenario: fn(),
    check: fn(&Outcome),
    /// How often to play it, where threads race.
    times: usize,
}

/// What came of a child.
struct Outcome {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Outcome {
    /// The child exited with this code, after printing these lines.
    fn assert(&self, code: i32, lines: &[&str]) {
        assert_eq!(self.stdout.lines().collect::<Vec<_>>(), lines);
        assert_eq!(self.status.code(), Some(code));
    }
}

/// A finalizer, of an object that never dies.
fn at_exit<R: 'static>(function: impl FnOnce() -> R + Send + 'static) -> Finalizer<Tracked<()>, R> {
    let object = Arc::new(Tracked::new(()));
    let finalizer = finalize(&object, function);
    std::mem::forget(object);
    finalizer
}

fn main() -> ExitCode {
    let mut cases = ends::cases();
    cases.extend(local::cases());
    cases.extend(runs::cases());
    #[cfg(unix)]
    cases.extend(forks::cases());
    match env::var(SCENARIO) {
        Ok(name) => {
            let case = cases.iter().find(|case| case.name == name);
            (case.expect("a scenario").scenario)();
            ExitCode::SUCCESS
        }
        Err(_) => check(&cases),
    }
}

fn check(cases: &[Case]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let filters: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let mut failed = 0;
    for case in cases {
        if !filters.is_empty() && !filters.iter().any(|filter| case.name.contains(*filter)) {
            continue;
        }
        if arguments.iter().any(|argument| argument == "--list") {
            println!("{}: test", case.name);
            continue;
        }
        let passed = catch_unwind(|| {
            for _ in 0..case.times {
                let outcome = play(case.name);
                let shown = catch_unwind(|| (case.check)(&outcome));
                assert!(shown.is_ok(), "{}{}", outcome.stdout, outcome.stderr);
            }
        });
        failed += usize::from(passed.is_err());
        let result = if passed.is_ok() { "ok" } else { "FAILED" };
        println!("test {} ... {result}", case.name);
    }
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        println!("{failed} failed");
        ExitCode::FAILURE
    }
}

/// Plays a scenario in a child; kills it when the time is over.
fn play(name: &str) -> Outcome {
    let mut child = Command::new(env::current_exe().unwrap())
        .env(SCENARIO, name)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = reader(child.stdout.take().unwrap());
    let stderr = reader(child.stderr.take().unwrap());
    let (start, limit) = (Instant::now(), support::limit(SECONDS));
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{name} hangs");
        }
        thread::sleep(Duration::from_millis(2));
    };
    Outcome {
        status,
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}
