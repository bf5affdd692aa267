"""Running the cases: in rounds, each a process of its own in which the three ways take turns.

pyperf's `Runner` measures within a process and finds out how many passes it takes to be exact. The processes are ours:
it would run all those of one benchmark before the next, and the machine may have become another by then. Here the ways
follow each other within a fraction of a second, with the same hash seed, and each round begins with another way.
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
BYTES_PER_ENTRY = 500  # at most, of everything that a process has for a case
LONG, VERY_LONG = 100_000, 1_000_000  # entries: up to these, many rounds and some are affordable


@dataclass(frozen=True)
class Effort:
    """How many rounds, how many values of each way in one, and how long ours takes for a value at least."""

    rounds: int
    values: int
    seconds: float

    def fewer(self, times):
        """So many times fewer rounds, but one at least."""
        return -(-self.rounds // times)


EFFORTS = {"fast": Effort(3, 1, 0.003), "default": Effort(7, 3, 0.01), "rigorous": Effort(20, 5, 0.02)}


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

    def effort(self, effort):
        """A single pass over very many takes long, and averages over much by itself."""
        if self.entries <= LONG:
            return effort
        return Effort(effort.fewer(3 if self.entries <= VERY_LONG else 10), 1, effort.seconds)

    def processes(self, effort):
        return self.calibrated + self.effort(effort).rounds

    def measure(self, effort, advance):
        """One row. `advance` is called after each process."""
        effort = self.effort(effort)
        loops = 1
        if self.calibrated:
            # One number of passes for all three: that which ours needs.
            options = ["--calibrate-loops", "-w0", "-n1", f"--min-time={effort.seconds}"]
            (run,) = self._round(0, ["ours"], options)
            loops = run.get_metadata()["calibrate_loops"]
            advance()
        row = Row(self.part, self.case.group, self.case.name, self.entries)
        for number in range(effort.rounds):
            first = number % len(self.ways)
            ways = self.ways[first:] + self.ways[:first]
            runs = self._round(number, ways, [f"--loops={loops}", "-w1", f"-n{effort.values}"])
            for way, run in zip(ways, runs):
                row.runs.setdefault(way, []).append(run.values)
            advance()
        return [row]

    def _round(self, seed, ways, options):
        """What one process has found out, way by way."""
        with tempfile.TemporaryDirectory() as directory:
            output = os.path.join(directory, "run.json")
            arguments = [self.case.label, str(self.entries), *ways, "--worker", "--quiet", "--output", output, *options]
            _process("worker", arguments, seed)
            suite = pyperf.BenchmarkSuite.load(output)
        return [suite.get_benchmark(way).get_runs()[0] for way in ways]


@dataclass(frozen=True)
class Weighing:
    """The memory of one container."""

    container: str

    @property
    def label(self):
        return f"memory, {self.container}"

    def processes(self, effort):
        return effort.fewer(3) * len(WAYS)

    def measure(self, effort, advance):
        """A row for each quantity. Memory varies little."""
        rows = [Row("memory", self.container, name, MEMORY_ENTRIES, "byte") for name in memory.QUANTITIES]
        for seed in range(effort.fewer(3)):
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
