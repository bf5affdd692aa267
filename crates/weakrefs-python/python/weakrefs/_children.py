"""Finds the Python interpreters that a program starts without weakrefs, by the audit events of the interpreter.

The events show what `subprocess`, `os.posix_spawn`, `os.spawn…` and `os.exec…` start. `multiprocessing` raises no event, but
loads certain modules to start an interpreter. What a shell, another program (`make`, `tox`) or native code starts is invisible.

An audit hook stays for good and is called for everything that the program does. So there is one only if a report was asked
for. It raises no error, which would be the program's; it ignores what it does not understand.
"""

import os
import sys

from . import _command_line

_MOST = 50  # commands to keep: a program may start others without end
_EVENTS = {  # how each passes executable, arguments, working directory and environment
    "subprocess.Popen": lambda executable, arguments, cwd, environment: (executable, arguments, cwd, environment),
    "os.posix_spawn": lambda path, arguments, environment: (path, arguments, None, environment),
    "os.spawn": lambda mode, path, arguments, environment: (path, arguments, None, environment),
    "os.exec": lambda path, arguments, environment: (path, arguments, None, environment),
}
_START_METHODS = {
    "multiprocessing.popen_spawn_posix": "multiprocessing (spawn)",
    "multiprocessing.popen_spawn_win32": "multiprocessing (spawn)",
    "multiprocessing.popen_forkserver": "multiprocessing (forkserver)",
}


class Unserved:
    """The commands of interpreters without weakrefs, each once."""

    def __init__(self):
        self._commands = {}
        self._more = False

    def add(self, command):
        if len(self._commands) < _MOST:
            self._commands[command] = None
        elif command not in self._commands:
            self._more = True

    def shown(self):
        """As lines for people."""
        lines = [_command_line.shown(command) for command in self._commands.copy()]
        if not _command_line.carries(os.environ, sys.executable):
            lines += [method for module, method in _START_METHODS.items() if module in sys.modules]
        return [*lines, "and others"] if self._more else lines


def watch(unserved, on_exec):
    """Adds what this process starts to `unserved`. A command that replaces it, or a fork of it, goes to `on_exec`."""

    def hook(event, details):
        try:
            if event in _EVENTS:
                command = _command_line.unserved(*_EVENTS[event](*details))
                if command is None:
                    return
                unserved.add(command)
                # There is an event for each directory of PATH.
                if event == "os.exec" and os.path.isfile(details[0]):
                    on_exec(command)
        except Exception:
            pass

    sys.addaudithook(hook)
