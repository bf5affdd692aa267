"""Which Python interpreters a program starts that do not get ours, as far as the audit events of the interpreter tell.

They tell what is started by `subprocess`, `os.posix_spawn`, `os.spawn…` and `os.exec…`. `multiprocessing` tells nothing
where it starts an interpreter, but the modules that it does so with are loaded then. What a shell or another program
(`make`, `tox`) starts, and what native code starts, can't be seen.

An audit hook stays for good and is called for everything that the program does, so there is one only where a report is
asked for. An error in it would be the program's, so it raises none: what it can't make sense of does not count.
"""

import os
import sys

from . import _command_line

_MOST = 50  # commands that are kept: a program may start others without end
_EVENTS = {  # how each tells executable, arguments, working directory and environment
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
    """The commands of interpreters without ours, each once."""

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
    """Adds to `unserved` what this process starts. What takes its place, or that of a fork of it, goes to `on_exec`."""

    def hook(event, details):
        try:
            if event in _EVENTS:
                command = _command_line.unserved(*_EVENTS[event](*details))
                if command is None:
                    return
                unserved.add(command)
                # The directories of PATH are tried one after the other.
                if event == "os.exec" and os.path.isfile(details[0]):
                    on_exec(command)
        except Exception:
            pass

    sys.addaudithook(hook)
