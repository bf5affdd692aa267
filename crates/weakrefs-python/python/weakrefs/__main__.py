"""`python -m weakrefs`: runs a program with weakrefs under the standard names, or `bench`, the benchmark.

The interpreter starts over with the options it was given and runs the program itself. So `__main__`, `sys.argv`, `sys.path`,
tracebacks, signals and the exit status are Python's by construction. The difference is `_startup` at the head of PYTHONPATH:
its `sitecustomize` installs weakrefs and, unless children are to inherit it, leaves no trace in the environment. The price
is that `.pth` files and the user's `sitecustomize` run once more, before that.

The console script `weakrefs` is the same command: it calls `main` of the imported module.
"""

import os
import sys
from contextlib import suppress

from . import __version__, _switch
from ._command_line import STARTUP
from ._start import EPHEMERONS, REPORT

USAGE = """\
usage: python -m weakrefs [--children] [--ephemerons] [--report] [-m MODULE | -c CODE | SCRIPT | -] [ARGS...]
       python -m weakrefs bench [OPTIONS...]
       python -m weakrefs enable | disable
"""
HELP = (
    USAGE
    + """
Runs a Python program as `python` would, with the classes of weakrefs in place of those of weakref.
Without MODULE, CODE and SCRIPT it starts the interactive console, or reads a program from standard input.
Options of the interpreter go before -m weakrefs; what follows MODULE, CODE or SCRIPT belongs to the program.
The command weakrefs is the same as python -m weakrefs.

bench, as the first word, measures speed and memory instead (bench --help). enable writes a file into the site directory
of this Python; from then on WEAKREFS_INSTALL=1 in the environment installs weakrefs in each of its interpreters. disable
removes that file. To run a script of such a name, write ./bench.

  --children  install weakrefs in the Python interpreters that the program starts, too, by way of PYTHONPATH
              (not in those started with -I, -E or -S, or without weakrefs for their version);
              without it they have the standard classes: the workers of flask --debug, uvicorn --reload, manage.py
              runserver, pytest -n, Jupyter, and of multiprocessing unless they are forked
  --ephemerons
              a value in a WeakKeyDictionary may refer to its key, and a finalizer to its object, and neither keeps it
              alive; with --children also there. WEAKREFS_EPHEMERONS=1 does the same beside WEAKREFS_INSTALL=1
  --report    at the end, write to stderr what still holds standard classes, and which Python interpreters the program
              has started without weakrefs; with --children each of them reports, too
  --version   print the version and exit
  -h, --help  print this and exit
"""
)


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["bench"]:
        from ._bench.command import main as bench

        return bench(arguments[1:])
    if arguments[:1] in (["enable"], ["disable"]):
        if arguments[1:]:
            return _refuse(f"{arguments[0]} takes no arguments")
        return _switch.enable() if arguments[0] == "enable" else _switch.disable()
    children = ephemerons = report = False
    while arguments and arguments[0].startswith("-") and arguments[0] != "-" and arguments[0][:2] not in ("-m", "-c"):
        option = arguments.pop(0)
        if option == "--children":
            children = True
        elif option == "--ephemerons":
            ephemerons = True
        elif option == "--report":
            report = True
        elif option in ("-h", "--help"):
            sys.stdout.write(HELP)
            return 0
        elif option == "--version":
            print("weakrefs", __version__)
            return 0
        else:
            return _refuse(f"unknown option {option}")
    if sys.flags.no_site or sys.flags.ignore_environment:
        return _refuse("does not work with the interpreter options -I, -E and -S")
    _prepare_environment(children, {EPHEMERONS: ephemerons, REPORT: report})
    return _start_over([sys.executable, *_interpreter_options(), *arguments])


def _refuse(why):
    sys.stderr.write(f"{USAGE}python -m weakrefs: {why}\n")
    return 2


def _interpreter_options():
    """The words between `python` and the name of this package on the command line, without the `-m`."""
    options = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv) + 1]
    if __name__ != "__main__":
        return options[:-1]  # the last word is the path of the console script
    if options[-1].startswith("weakrefs"):
        options[-2:] = ["".join(options[-2:])]
    flags = options.pop().rpartition("mweakrefs")[0]  # "-m" may close a group, as in "-Om"
    return [*options, flags] if flags.strip("-") else options


def _prepare_environment(children, asked):
    inherited = os.environ.get("PYTHONPATH")
    entries = inherited.split(os.pathsep) if inherited else []
    os.environ["PYTHONPATH"] = os.pathsep.join([STARTUP, *(entry for entry in entries if entry != STARTUP)])
    if children:
        os.environ["WEAKREFS_CHILDREN"] = "1"
    for variable, wanted in asked.items():
        if wanted:
            os.environ[variable] = "1" if children else "once"


def _start_over(command):
    for stream in sys.stdout, sys.stderr:
        # The user's `sitecustomize` may have written something. If a stream is broken, the program will find out itself.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    # On Windows exec would let go of the console at once: wait instead, and leave an interrupt to the program.
    import signal
    import subprocess

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main())
