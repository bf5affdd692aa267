"""From the statements of a case to a function that can be timed.

The statements become the body of a function, and what they use of the `Stage` its parameters, so that every name is a
local variable, as it would be in a program that cares. The loop around an operation is timed with it, alike in all
three ways. The clock is that of the thread: it stands still while other programs have the processor. Where several threads do the same
at once, it is the time from the first one's beginning to the last one's end.
"""

import ast
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from .stage import Stage

# Where that of the thread is coarse, one that never stands still has to do.
CLOCK = time.thread_time if time.get_clock_info("thread_time").resolution <= 1e-6 else time.perf_counter
READINGS = 100  # of the clock, to find out what one costs

# With something to prepare, each pass is a call of its own: what it leaves behind goes after the clock was read.
ANEW = """
def one_pass(clock, {parameters}):
{prepare}
    began = clock()
{timed}
    return clock() - began

def elapsed(loops, *arguments):
    return sum(one_pass(*arguments) for _ in range(loops))
"""
AGAIN = """
def elapsed(loops, clock, {parameters}):
    began = clock()
    for _ in range(loops):
{timed}
    return clock() - began
"""


def reading():
    """What it costs to ask the clock, in seconds."""
    return min(-(CLOCK() - CLOCK()) for _ in range(READINGS))


def names_used(code):
    """The names that code takes from outside, in order."""
    names = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return [name for name in dict.fromkeys(node.id for node in names) if name not in stored]


def timed_function(case, way, entries):
    """A function of the number of passes, which says how many seconds they took."""
    stage = Stage(case.group, way, case.kind, entries)
    prepare, timed = case.code(way)
    parameters = [name for name in names_used(f"{prepare}\n{timed}") if name in dir(stage)]
    source = (ANEW if prepare else AGAIN).format(
        parameters=", ".join(parameters),
        prepare=textwrap.indent(prepare, " " * 4),
        timed=textwrap.indent(timed, " " * (4 if prepare else 8)),
    )
    namespace = {}
    exec(compile(source, f"<{case.label}>", "exec"), namespace)
    arguments = [CLOCK, *(getattr(stage, name) for name in parameters)]

    def elapsed(loops, stage=stage):  # which keeps alive what the container only refers to
        if not prepare:
            return namespace["elapsed"](loops, *arguments)
        before = reading()
        seconds = namespace["elapsed"](loops, *arguments)
        # The lower one: a few entries take no longer than that, and the machine may have become faster.
        return seconds - loops * min(before, reading())

    return elapsed if case.threads == 1 else at_once(elapsed, case.threads)


def at_once(function, threads):
    """The same, for so many threads that each make all passes, with the same objects."""

    def elapsed(loops):
        together = threading.Barrier(threads)

        def work(_):
            together.wait()
            began = time.perf_counter()
            function(loops)
            return began, time.perf_counter()

        with ThreadPoolExecutor(threads) as pool:
            begins, ends = zip(*pool.map(work, range(threads)))
        return max(ends) - min(begins)

    return elapsed


def calibrated(function, seconds):
    """A number of passes that takes so long at least."""
    loops = 1
    while function(loops) < seconds:
        loops *= 2
    return loops
