"""Shows that the standard classes agree with themselves, and that each broken one is found."""

import gc
import random
import sys
import time

import chains
import daemons
import forks
from broken import BROKEN
from children import Batches
from implementation import standard
from program import Writer
from shrink import shrink
from worker import LENGTH, run_episodes, run_program

CLEAN_SECONDS = 3
BROKEN_OPERATIONS = 100_000
ENOUGH_SECONDS = 60
CRASHES = "Aborts"
HANGS = "HoldsLock"


def selftest():
    """Exit status: the number of failures."""
    gc.disable()
    failures = 0
    started = time.monotonic()
    clean = run_episodes("selftest", 0, CLEAN_SECONDS, None, (standard(), standard()))
    failures += _say(
        "standard against itself",
        clean["found"] is None,
        f"{clean['operations']} operations {clean['found'] or ''}",
    )
    for name in BROKEN:
        before = time.monotonic()
        if name == CRASHES:
            good, detail = _crash_is_found()
        elif name == HANGS:
            good, detail = _hang_is_found()
        else:
            found = run_episodes("selftest", 0, ENOUGH_SECONDS, BROKEN_OPERATIONS, (BROKEN[name](), standard()))
            good = found["found"] is not None
            detail = f"{found['operations']} operations, {time.monotonic() - before:.1f} s"
        failures += _say(f"{name} is found", good, detail)
    failures += _say("a chain too long is found", *_long_chain_is_found())
    failures += _say("KeepsNewKey shrinks", *_shrinks("KeepsNewKey", 8))
    print(f"{time.monotonic() - started:.0f} s, {failures} failures")
    return failures


def _crash_is_found():
    """By the parent, which learns the episode."""
    outcome, episode = Batches(CRASHES, "selftest", ENOUGH_SECONDS, BROKEN_OPERATIONS).run(ENOUGH_SECONDS)
    return outcome.kind.startswith("crash"), f"{outcome.kind} in episode {episode}"


def _hang_is_found():
    """At an exit with daemon threads. (The standard classes hang at none, but complain at some.)"""
    if not forks.AVAILABLE:
        return True, "no fork"
    wrong = daemons.end_often(random.Random("selftest"), BROKEN[HANGS](), 20)
    return wrong is not None and "(None" in wrong, str(wrong)


def _long_chain_is_found():
    """By its own check, which has no other side."""
    if not forks.AVAILABLE:
        return True, "no fork"
    wrong = chains.endure(random.Random("selftest"), BROKEN["RefusesDepth"](), 60)
    return wrong is not None, str(wrong)[:100]


def _shrinks(name, longest):
    """A program that shows this bug comes down to so few lines."""
    found = run_episodes("selftest", 0, ENOUGH_SECONDS, BROKEN_OPERATIONS, (BROKEN[name](), standard()))["found"]
    writer = Writer(f"selftest:{found['episode']}", LENGTH)

    def fails(program):
        return run_program(program, writer.shared, (BROKEN[name](), standard()))[1] is not None

    lines = shrink(writer.write(), fails)
    return len(lines) <= longest and fails(lines), f"{len(lines)} lines"


def _say(what, good, detail):
    print(
        f"{'ok    ' if good else 'FAILED'} {what}: {detail}",
        file=sys.stdout if good else sys.stderr,
    )
    return not good
