"""The report of `python -m weakrefs --report`: at the end of the process, on stderr.

It is registered before the program begins, so it is among the last functions that `atexit` calls. A process that ends by a
signal or `os._exit` gives no report. One that becomes an interpreter without weakrefs, by `exec`, gives it then. A forked
process gives none of its own.
"""

import atexit
import os
import sys
from contextlib import suppress

from . import _children, _command_line
from ._status import status

_begun = False


def begin():
    """Arranges the report of this process. A second call does nothing."""
    global _begun
    if _begun:
        return
    _begun = True
    children = _children.Unserved()
    process = os.getpid()

    def tell():
        if os.getpid() == process:
            _write(_text(process, children))

    def tell_of_exec(command):
        _write(f"weakrefs: process {os.getpid()} becomes one that is not served: {_command_line.shown(command)}\n")
        tell()

    _children.watch(children, tell_of_exec)
    atexit.register(tell)


def _text(process, children):
    unserved = children.shown()
    lines = [*str(status()).splitlines(), "child interpreters not served: " + ("" if unserved else "none seen")]
    lines += [f"    {line}" for line in unserved]
    heading = f"weakrefs: report of process {process}: {_command_line.shown(sys.orig_argv)}"
    return "\n    ".join([heading, *(line.rstrip() for line in lines)]) + "\n"


def _write(text):
    """Writes to stderr, which may be missing, closed or the program's own: the report is not worth an error."""
    with suppress(Exception):
        sys.stderr.write(text.encode("ascii", "backslashreplace").decode("ascii"))
        sys.stderr.flush()
