"""What strikes a line of a program from outside: a failed allocation, or an interrupt.

A comment at the end of a line says what strikes it. `# no memory 3 5` lets the allocations after the
third fail, up to the fifth (`0`: all from there on); that raises a `MemoryError`, or in the
interpreter's own code sometimes a `SystemError`. `# interrupt 120` raises an `Interruption` after 120
microseconds. Only the first side is struck. The line must then take effect or not (in part, if it is
about many entries), and raise nothing else.
"""

import re
import signal
import sys
from collections import namedtuple
from functools import partial

from objects import Interruption

try:
    from _testcapi import remove_mem_hooks, set_nomemory
except ImportError:
    set_nomemory = None

MEMORY = set_nomemory is not None
TIMER = hasattr(signal, "setitimer")
STRUCK = re.compile(r"# (?:.*, )?(?:no memory (\d+) (\d+)|interrupt (\d+))$")
IN_ORDER = "in order"
NO_MEMORY = "no memory"
# Whether a call from Python that fails for lack of memory keeps its arguments, with the standard classes too.
LEAKS = sys.version_info[:2] == (3, 11)

# Both are called next to the line itself, and take no memory.
Strike = namedtuple("Strike", "begin end")


def strike(text):
    """What strikes this line, or None."""
    found = STRUCK.search(text)
    if found is None:
        return None
    first, last, delay = found.groups()
    if delay is None:
        return Strike(partial(set_nomemory, int(first), int(last)), remove_mem_hooks)
    signal.signal(signal.SIGALRM, _interrupt)
    begin = partial(signal.setitimer, signal.ITIMER_REAL, int(delay) / 1e6)
    return Strike(begin, partial(signal.setitimer, signal.ITIMER_REAL, 0))


def _interrupt(*_):
    raise Interruption


def raised_by_strike(result):
    return result in [("raises", name) for name in ("MemoryError", "Interruption", "SystemError")]


def without_words(result):
    """What an error says takes memory, too."""
    return result[:2] if isinstance(result, tuple) and result[0] == "raises" else result


def wrong_state(text, name, whole, before, now, after):
    """Why these contents of a container are none that the line can have come to, or None.

    `whole` allows nothing between those before and after. If the line goes through its entries in
    order, what it has added or removed is a beginning of all that it would have.
    """
    if now in (before, after):
        return None
    if whole:
        return "half done"
    first, present, last = [
        dict.fromkeys(contents) if name[0] == "s" else dict(contents) for contents in (before, now, after)
    ]
    if not first.keys() & last.keys() <= present.keys() <= first.keys() | last.keys():
        return "entries lost or made up"
    if IN_ORDER in text:
        if any(value not in (first.get(key, value), last.get(key, value)) for key, value in present.items()):
            return "values made up"
        if not _begins(present.keys() - first.keys(), last.keys() - first.keys()):
            return "added, but not in order"
        if not _begins(first.keys() - present.keys(), first.keys() - last.keys()):
            return "removed, but not in order"
    return None


def _begins(done, all_of_it):
    return done == set(sorted(all_of_it, key=_number)[: len(done)])


def _number(key):
    return key[1] if isinstance(key, tuple) else key
