//! A child and all that it has started, as one: how it is set apart, and how it is ended.
//!
//! On Unix they are a process group, which is asked to end and then made to. On Windows the child leads a group of
//! its own so that the console's Ctrl-C is ours alone, and `taskkill` ends the tree below it.

pub(super) use system::{end, set_apart};

#[cfg(unix)]
mod system {
    use std::{
        os::unix::process::CommandExt as _,
        process::{Child, Command},
        thread,
        time::{Duration, Instant},
    };

    use nix::{
        sys::signal::{Signal, killpg},
        unistd::Pid,
    };

    use crate::process::POLL;

    /// How long a group may take to end once asked to.
    pub(in crate::process) const GRACE: Duration = Duration::from_secs(2);

    /// Has the command lead a group of its own.
    pub(in crate::process) fn set_apart(command: &mut Command) {
        command.process_group(0);
    }

    /// Asks the child's group to end, then makes it. The group may be gone already, hence the ignored errors.
    pub(in crate::process) fn end(child: &mut Child) {
        let group = Pid::from_raw(child.id().cast_signed());
        let _ = killpg(group, Signal::SIGTERM);
        let patience = Instant::now() + GRACE;
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < patience {
            thread::sleep(POLL);
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = child.wait();
    }
}

#[cfg(windows)]
mod system {
    use std::{
        os::windows::process::CommandExt as _,
        process::{Child, Command, Stdio},
    };

    /// `CREATE_NEW_PROCESS_GROUP` of the Windows API.
    const NEW_GROUP: u32 = 0x200;

    /// Has the command lead a group of its own.
    pub(in crate::process) fn set_apart(command: &mut Command) {
        command.creation_flags(NEW_GROUP);
    }

    /// Ends the child and what it has started. They may be gone already, hence the ignored errors.
    pub(in crate::process) fn end(child: &mut Child) {
        let _ = Command::new("taskkill")
            .args(["/T", "/F", "/PID", &child.id().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let _ = child.kill();
        let _ = child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    use super::system::GRACE;
    use crate::process::each_line;

    #[test]
    fn time_runs_out_for_the_whole_group() {
        let start = Instant::now();
        let error = each_line(
            Command::new("sh").args(["-c", "sleep 60 & sleep 60"]),
            Duration::from_millis(100),
            |_, _| (),
        )
        .unwrap_err();
        assert_eq!(error.to_string(), "out of time");
        assert!(start.elapsed() < GRACE);
    }
}
