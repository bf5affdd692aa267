"""Running the cases: each measurement is a process of its own, and the three ways take turns.

pyperf's `Runner` measures in the processes and finds out how many passes it takes to be exact. The order of the
processes is ours: it would run all those of one benchmark before the next, and the machine may have become another by
then. Here, in every round each way has one process, right after each other and with the same hash seed.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import psutil
import pyperf

from . import memory
from .cases import CASES
from .results import Row
from .stage import WAYS

GROWING = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MEMORY_ENTRIES = 1_000_000
BYTES_PER_ENTRY = 800  # at most, of everything that a process has for a case
LONG = 100_000  # entries, a single pass over which takes long enough


@dataclass(frozen=True)
class Effort:
    """How many processes for each way, how many values in each, and how long one takes at least."""

    rounds: int
    values: int
    seconds: float


EFFORTS = {"fast": Effort(1, 3, 0.002), "default": Effort(3, 5, 0.01), "rigorous": Effort(10, 5, 0.05)}


class Failed(Exception):
    """A process that measures did not come to its end."""


@dataclass(frozen=True)
class Timing:
    """One case at one size."""

    part: str
    case: object
    entries: int
    ways: tuple = WAYS

    @property
    def label(self):
        return f"{self.part}, {self.case.label}"

    @property
    def calibrated(self):
        return self.entries < LONG or self.case.per == "call"

    def processes(self, effort):
        return self.calibrated + effort.rounds * len(self.ways)

    def measure(self, effort, advance):
        """One row. `advance` is called after each process."""
        loops = 1
        if self.calibrated:
            # One number of passes for all three: that which ours needs.
            metadata, _ = self._run("ours", 0, "--calibrate-loops", "-w0", "-n1", f"--min-time={effort.seconds}")
            loops = metadata["calibrate_loops"]
            advance()
        # A single pass over so many takes long, and differs little from the next.
        values = effort.values if self.entries <= LONG else 1
        row = Row(self.part, self.case.group, self.case.name, self.entries)
        for seed in range(1, effort.rounds + 1):
            for way in self.ways:
                _, run = self._run(way, seed, f"--loops={loops}", "-w1", f"-n{values}")
                row.runs.setdefault(way, []).append(run)
                advance()
        return [row]

    def _run(self, way, seed, *options):
        """What one process has found out."""
        with tempfile.TemporaryDirectory() as directory:
            output = os.path.join(directory, "run.json")
            arguments = [self.case.label, way, str(self.entries), "--worker", "--quiet", "--output", output, *options]
            _process("worker", arguments, seed)
            (run,) = pyperf.Benchmark.load(output).get_runs()
        return run.get_metadata(), run.values


@dataclass(frozen=True)
class Weighing:
    """The memory of one container."""

    container: str

    @property
    def label(self):
        return f"memory, {self.container}"

    def processes(self, effort):
        return effort.rounds * len(WAYS)

    def measure(self, effort, advance):
        """A row for each quantity."""
        rows = [Row("memory", self.container, name, MEMORY_ENTRIES, "byte") for name in memory.QUANTITIES]
        for seed in range(1, effort.rounds + 1):
            for way in WAYS:
                quantities = json.loads(_process("memory", [self.container, way, str(MEMORY_ENTRIES)], seed))
                for row, quantity in zip(rows, quantities):
                    row.runs.setdefault(way, []).append([quantity])
                advance()
        return rows


def plan(sizes, weigh, grow, wanted):
    """What there is to do, in order; `wanted` chooses by label."""
    tasks = [
        Timing("time", case, case.entries or size)
        for size in sizes
        for case in CASES
        if case.entries is None or size == sizes[0]
    ]
    if grow:
        sizes = [size for size in GROWING if size * BYTES_PER_ENTRY < psutil.virtual_memory().available]
        tasks += [Timing("growth", case, size, ("ours", "strong")) for case in CASES if case.growth for size in sizes]
    if weigh:
        tasks += [Weighing(container) for container in memory.CONTAINERS]
    return [task for task in tasks if wanted(task.label)]


def _process(module, arguments, seed):
    command = [sys.executable, "-m", f"{__package__}.{module}", *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"`{' '.join(command)}` failed:\n{done.stderr or done.stdout}")
    return done.stdout
