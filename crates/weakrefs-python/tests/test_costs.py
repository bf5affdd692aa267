"""What an operation costs does not depend on how much a container holds, nor on who walks it (S42).

Instructions are counted, which repeat, by valgrind: `costs.py` has the operations.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from costs import OPERATIONS, READERS, SIZES

PROGRAM = pathlib.Path(__file__).with_name("costs.py")
CASES = [
    (kind.__name__, name, readers)
    for kind, operations in OPERATIONS.items()
    for named in operations.values()
    for name in named
    for readers in READERS
]
# Numbers above 256 are objects that a loop makes; what is unhurried at first is hurried later.
TOLERANCE = 1.25

pytestmark = [
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind"),
    pytest.mark.skipif(hasattr(sys, "gettotalrefcount"), reason="a debug build checks more than it does"),
    # The code is the same on all, and counting takes a minute: on the others, `WEAKREFS_COSTS=1` has it counted.
    pytest.mark.skipif(sys.version_info[:2] != (3, 11) and "WEAKREFS_COSTS" not in os.environ, reason="3.11 is enough"),
]


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    """Instructions for each time, or for each entry, by case and size."""
    totals = tmp_path_factory.mktemp("costs") / "totals"
    callgrind = ["valgrind", "--quiet", "--tool=callgrind", "--dump-before=getppid", "--dump-line=no"]
    callgrind += ["--combine-dumps=yes", f"--callgrind-out-file={totals}"]
    done = subprocess.run(
        [*callgrind, sys.executable, PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    with totals.open() as written:
        counts = [float(line.partition(":")[2]) for line in written if line.startswith("totals:")]
    lines = done.stdout.splitlines()
    # What comes before and after the operations is counted, too.
    assert len(counts) == 2 * len(lines) + 1
    found = {}
    for line, total in zip(lines, counts[1::2]):
        kind, name, readers, size, divisor = line.split("\t")
        found.setdefault((kind, name, int(readers)), {})[int(size)] = total / int(divisor)
    return found


@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda kind: kind.__name__)
def test_no_public_method_is_forgotten(kind):
    """S42: all are called by some operation."""
    called = {
        name for named in OPERATIONS[kind].values() for each in named.values() for name in names_in(each.__code__)
    }
    public = {name for name in dir(kind) if not name.startswith("_")}
    assert public <= called


def names_in(code):
    inner = [each for each in code.co_consts if hasattr(each, "co_names")]
    return {*code.co_names, *(name for each in inner for name in names_in(each))}


@pytest.mark.parametrize(("kind", "name", "readers"), CASES)
def test_an_operation_on_many_entries_costs_what_it_costs_on_few(costs, kind, name, readers):
    """S42: each time, or for each entry if it is about all, with many suspended iterators of different moments."""
    few, many = (costs[kind, name, readers][size] for size in SIZES)
    assert many < few * TOLERANCE, f"{few:.0f} instructions with {SIZES[0]} entries, {many:.0f} with {SIZES[1]}"
