"""Something that may end the process, in a fork of it."""

import os
import signal
import sys
import tempfile
import time

AVAILABLE = hasattr(os, "fork")


def forked(patience, body, *args):
    """How a process ends that runs the body: its exit status, None if it hangs, and its complaints."""
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            os.dup2(errors.fileno(), 2)
            body(*args)
            sys.exit()
        status = _wait(child, time.monotonic() + patience)
        errors.seek(0)
        return status, errors.read().decode(errors="replace")


def _wait(child, end):
    pause = 0.001
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
