//! Running other programs: their output line by line, a limit of time, and interrupts.
//!
//! Every child leads a process group of its own. An interrupt, or running out of time, ends the whole
//! group, and this process lives on to clean up. Interrupts only set a flag, which the one waiting
//! loop reads.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How long a group may take to end once asked to.
const GRACE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(20);

/// The default limit: far above what any step takes, so that a hang fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(20 * 60);

/// The stream that a line came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// From here on Ctrl-C and its kin end the running child and fail the step, not this process.
pub(crate) fn catch_interrupts() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .context("cannot catch interrupts")
}

pub(crate) fn check_interrupt() -> Result<()> {
    ensure!(!INTERRUPTED.load(Ordering::Relaxed), "interrupted");
    Ok(())
}

/// Runs a program that shares this one's output; tells whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(share(command, LIMIT)?.success())
}

/// Runs a program that shares this one's output; gives its exit status.
pub(crate) fn share(command: &mut Command, limit: Duration) -> Result<ExitStatus> {
    let mut child = spawn(command)?;
    wait(&mut child, Instant::now() + limit)
}

/// Runs a program that shares this one's output; failing is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let success = succeeds(command)?;
    ensure!(success, "`{}` failed", display(command));
    Ok(())
}

/// Runs a program quietly and gives its standard output; failing is an error that shows the output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let (mut out, mut said) = (String::new(), String::new());
    let status = each_line(command, LIMIT, |stream, line| {
        let text = if stream == Stream::Out {
            &mut out
        } else {
            &mut said
        };
        text.push_str(line);
        text.push('\n');
    })?;
    ensure!(
        status.success(),
        "{}\n`{}` failed: {status}",
        said.trim(),
        display(command)
    );
    Ok(out)
}

/// The standard output of a program, run quietly; nothing if it cannot run or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(said)
}

/// Runs a program, hands on each line of its output as it comes, and gives its exit status.
pub(crate) fn each_line(
    command: &mut Command,
    limit: Duration,
    mut on_line: impl FnMut(Stream, &str),
) -> Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    let mut child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let (sender, lines) = mpsc::channel();
    forward(child.stdout.take(), Stream::Out, sender.clone());
    forward(child.stderr.take(), Stream::Err, sender);
    loop {
        match lines.recv_timeout(POLL) {
            Ok((stream, line)) => on_line(stream, &line),
            Err(RecvTimeoutError::Timeout) => give_up_if_due(&mut child, deadline)?,
            Err(RecvTimeoutError::Disconnected) => return wait(&mut child, deadline),
        }
    }
}

/// Runs a program whose output is shown and its standard output also read; gives whether it
/// succeeded.
pub(crate) fn echo(
    command: &mut Command,
    limit: Duration,
    mut on_line: impl FnMut(&str),
) -> Result<bool> {
    let status = each_line(command, limit, |stream, line| match stream {
        Stream::Out => {
            println!("{line}");
            on_line(line);
        }
        Stream::Err => eprintln!("{line}"),
    })?;
    Ok(status.success())
}

/// The command as one would type it.
fn display(command: &Command) -> String {
    let words: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}

fn spawn(command: &mut Command) -> Result<Child> {
    check_interrupt()?;
    command.stdin(Stdio::null()).process_group(0);
    command
        .spawn()
        .with_context(|| format!("cannot start `{}`", display(command)))
}

fn forward(
    stream: Option<impl Read + Send + 'static>,
    name: Stream,
    sender: Sender<(Stream, String)>,
) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { return };
            if sender
                .send((name, String::from_utf8_lossy(&line).into_owned()))
                .is_err()
            {
                return;
            }
        }
    });
}

fn wait(child: &mut Child, deadline: Instant) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            check_interrupt()?;
            return Ok(status);
        }
        give_up_if_due(child, deadline)?;
        thread::sleep(POLL);
    }
}

fn give_up_if_due(child: &mut Child, deadline: Instant) -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        end_group(child);
        bail!("interrupted");
    }
    if Instant::now() >= deadline {
        end_group(child);
        bail!("out of time");
    }
    Ok(())
}

/// Asks the child's group to end, then makes it. The group may be gone already, hence the ignored
/// errors.
fn end_group(child: &mut Child) {
    let group = Pid::from_raw(child.id().cast_signed());
    let _ = killpg(group, Signal::SIGTERM);
    let patience = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < patience {
        thread::sleep(POLL);
    }
    let _ = killpg(group, Signal::SIGKILL);
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_arrive_with_their_stream() {
        let mut seen = Vec::new();
        let status = each_line(
            &mut shell("echo a; echo b >&2; exit 3"),
            LIMIT,
            |stream, line| {
                seen.push((stream == Stream::Out, line.to_owned()));
            },
        )
        .unwrap();
        seen.sort();
        assert_eq!(status.code(), Some(3));
        assert_eq!(seen, [(false, "b".to_owned()), (true, "a".to_owned())]);
    }

    #[test]
    fn failure_shows_what_was_said() {
        let error = output(&mut shell("echo reason >&2; false")).unwrap_err();
        assert!(error.to_string().starts_with("reason\n`sh -c"));
    }

    #[test]
    fn programs_that_are_absent_or_fail_give_no_answer() {
        assert_eq!(answer(&mut Command::new("/nonexistent/valgrind")), None);
        assert_eq!(
            answer(Command::new("sh").args(["-c", "echo 1; false"])),
            None
        );
        assert_eq!(
            answer(Command::new("echo").arg("1")).as_deref(),
            Some("1\n")
        );
    }

    #[test]
    fn time_runs_out_for_the_whole_group() {
        let start = Instant::now();
        let error = each_line(
            &mut shell("sleep 60 & sleep 60"),
            Duration::from_millis(100),
            |_, _| (),
        )
        .unwrap_err();
        assert_eq!(error.to_string(), "out of time");
        assert!(start.elapsed() < GRACE);
    }
}
