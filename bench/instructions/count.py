"""Counts of instructions by callgrind. Time depends on the machine and its neighbours; instructions repeat.

The programs here do the operations, one way in each process. Where an operation begins and ends, they call `getppid`:
there callgrind writes down a total and begins anew.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WAYS = ("ours", "strong")
TOTALS = Path("target/instructions")  # relative: in a Debian root the workspace is in another place


def python(callgrind, way):
    return [*callgrind, sys.executable, str(Path(__file__).with_name("operations.py")), way]


def rust(callgrind, way):
    """Only what is run gets a runner: neither the compiler nor build scripts are counted."""
    runner = f"target.'cfg(all())'.runner = {json.dumps(callgrind)}"
    run = ["run", "--quiet", "--release", "--package", "weakrefs-instructions", "--", way]
    return [os.environ.get("CARGO", "cargo"), "--config", runner, *run]


def counted(command):
    """The subject, without which counts cannot be compared, and of each operation the instructions of either way."""
    TOTALS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as threads:
        (subject, ours), (_, strong) = threads.map(lambda way: _one_way(command, way), WAYS)
    return subject, {name: (ours[name], strong[name]) for name in ours}


def _one_way(command, way):
    totals = TOTALS / f"{command.__name__}-{sys.version_info.minor}-{way}.out"
    callgrind = ["valgrind", "--quiet", "--tool=callgrind", "--dump-before=getppid", "--combine-dumps=yes"]
    arguments = command([*callgrind, f"--callgrind-out-file={totals}"], way)
    done = subprocess.run(
        arguments, env={**os.environ, "PYTHONHASHSEED": "0"}, check=True, stdout=subprocess.PIPE, text=True
    )
    return read(done.stdout, totals.read_text("utf-8"))


def read(said, written):
    """Brings together what the program said and what callgrind wrote: every second total is an operation's."""
    subject, *operations = said.splitlines()
    totals = [int(line.partition(":")[2]) for line in written.splitlines() if line.startswith("totals:")]
    if len(totals) != 2 * len(operations) + 1:
        raise ValueError(f"callgrind wrote {len(totals)} totals for {len(operations)} operations")
    named = (line.split("\t") for line in operations)
    return subject, {name: total / int(times) for (times, name), total in zip(named, totals[1::2])}
