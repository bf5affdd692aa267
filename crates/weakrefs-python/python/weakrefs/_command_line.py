"""Reads the command that starts a program, as the kernel and the interpreter do: is it Python, and does it get weakrefs?

It judges by names and by the first line of a script. The values come from the starting program, in any type that this may
use. They are read once, as text.
"""

import os
import sys

from . import _switch

STARTUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_startup")
_OURSELVES = {"weakrefs", "weakrefs.exe", "weakrefs.__main__"}  # as a module or a script: it starts over with weakrefs


def unserved(executable, arguments, cwd, environment):
    """The command, as a tuple, if it starts an interpreter without weakrefs; else None."""
    environment = os.environ if environment is None else _as_text(environment)
    command = _words(arguments)
    if executable is not None:
        command[0] = os.fsdecode(executable)
    command = _through_shebang(command, cwd, environment)
    if command is None or _gets_ours(command, environment):
        return None
    return tuple(command)


def carries(environment, executable):
    """Whether an interpreter that heeds this environment gets weakrefs."""
    if STARTUP in environment.get("PYTHONPATH", "").split(os.pathsep):
        return True
    return environment.get(_switch.VARIABLE) == "1" and executable == sys.executable and _switch.is_enabled()


def shown(command):
    """A command as a shell takes it, on one line."""
    import shlex

    return " ".join(shlex.quote(word).replace("\n", "\\n") for word in command)


def _as_text(environment):
    return {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}


def _words(arguments):
    """Windows passes one string, in which words may be quoted."""
    if isinstance(arguments, (str, bytes)):
        import shlex

        return [word.strip('"') for word in shlex.split(os.fsdecode(arguments), posix=False)]
    return list(map(os.fsdecode, arguments))


def _through_shebang(command, cwd, environment):
    """The command, from the Python interpreter on that its script names; None if no Python runs it."""
    if _is_python(command[0]):
        return command
    path = _found(command[0], cwd, environment)
    if path is None:
        return None
    with open(path, "rb") as script:
        line = os.fsdecode(script.readline(256))
    words = line[2:].split() if line.startswith("#!") else []
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if word != "-S" and "=" not in word]
    return [*words, *command] if words and _is_python(words[0]) else None


def _is_python(path):
    name = os.path.basename(path).lower().removesuffix(".exe")
    kinds = [kind for kind in ("python", "pypy") if name.startswith(kind)]
    return path == sys.executable or any(not name.removeprefix(kind).strip("0123456789.dtw") for kind in kinds)


def _found(name, cwd, environment):
    """The file of that name, as the kernel finds it, or None."""
    if os.path.dirname(name):
        paths = [os.path.join(os.fsdecode(cwd or ""), name)]
    else:
        paths = [os.path.join(directory, name) for directory in environment.get("PATH", os.defpath).split(os.pathsep)]
    return next((path for path in paths if os.path.isfile(path)), None)


def _gets_ours(command, environment):
    options, program = _options_and_program(command[1:])
    if os.path.basename(program) in _OURSELVES:
        return True
    return not set("IES") & set(options) and carries(environment, command[0])


def _options_and_program(arguments):
    """The letters of the interpreter's options, and the module or script that it runs, if any."""
    letters = ""
    waiting = arguments[::-1]
    while waiting and waiting[-1].startswith("-") and waiting[-1] != "-":
        argument = waiting.pop()
        if argument == "--check-hash-based-pycs":
            del waiting[-1:]
        if argument.startswith("--"):
            continue
        for place, letter in enumerate(argument[1:], 2):
            value = argument[place:]
            if letter in "cmWX":
                value = value or "".join(waiting[-1:])
                if letter in "cm":
                    return letters, value if letter == "m" else ""
                if not argument[place:]:
                    del waiting[-1:]
                break
            letters += letter
    return letters, "".join(waiting[-1:])
