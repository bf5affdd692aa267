"""S45, S33, S35: threads that run at once, on an interpreter without a global lock.

The scenarios are in `races.py`. `WEAKREFS_RACES=60` has each take a minute. Each was seen to fail within seconds with a lock or
an atomic step taken out of the package: it crashed, hung, found what it looks for, or ThreadSanitizer had something to say.
"""

import os
import pathlib
import subprocess
import sys

import pytest
import races
from support import FREE_THREADED

SECONDS = float(os.environ.get("WEAKREFS_RACES", "1.5"))
PROGRAM = pathlib.Path(races.__file__)

pytestmark = pytest.mark.skipif(
    not FREE_THREADED or sys.version_info < (3, 14),
    reason="the GIL lets one thread run at a time",
)


def run(*arguments):
    command = [sys.executable, "-W", "ignore::DeprecationWarning", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * 3 + 240)


@pytest.mark.parametrize("scenario", races.SCENARIOS)
def test_at_once(scenario):
    """S45, S33: nothing is lost, doubled or corrupted, and nobody waits for ever."""
    if scenario == "forks" and not hasattr(os, "fork"):
        pytest.skip("needs fork")
    done = run(str(PROGRAM), scenario, str(SECONDS))
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, ["done"], "")


def test_the_lock_stays_off():
    """S45: the package needs no lock, and importing it says nothing."""
    done = run("-c", "import sys, weakrefs; print(sys._is_gil_enabled())")
    assert (done.stdout.split(), done.stderr) == (["False"], "")


def test_lanes_are_memory_of_the_container():
    """S45: a container that threads read at once has room for that, which its size tells; one that is used alone has none."""
    code = """
import sys, threading, weakrefs
class Thing: pass
things = [Thing() for _ in range(100)]
alone, shared = weakrefs.WeakSet(things), weakrefs.WeakSet(things)
before = sys.getsizeof(shared)
def read():
    for _ in range(20_000):
        if sys.getsizeof(shared) > before:
            break
        for thing in things:
            thing in shared
for _ in range(50):
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    if sys.getsizeof(shared) > before:
        break
for thing in things:
    thing in alone
print(sys.getsizeof(shared) - before, sys.getsizeof(alone) - before)
"""
    done = run("-c", code)
    assert (done.stdout.split(), done.stderr) == (["512", "0"], "")


def test_ephemerons_are_not_active():
    """S45, S43: that collector is another one, which `ephemerons` says; containers behave like the standard ones."""
    code = """
import gc, weakrefs
print(weakrefs.ephemerons())
class Thing: pass
thing = Thing()
keys = weakrefs.EphemeronDictionary({thing: [thing]})
del thing
gc.collect()
print(len(keys))
"""
    done = run("-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    assert "without a global lock" in done.stdout and done.stdout.split()[-1] == "1"
