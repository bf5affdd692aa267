"""Running the cases: in rounds, each a process of its own in which the ways take turns.

The ways follow each other within a fraction of a second, with the same hash seed, and each round begins with another
way: what disturbs the machine for a second or more disturbs all of them.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from .cases import CASES
from .results import Row

GIL = getattr(sys, "_is_gil_enabled", lambda: True)()  # whether one thread runs at a time
LONG, VERY_LONG = 100_000, 1_000_000  # entries: up to these, many rounds and some are affordable


@dataclass(frozen=True)
class Effort:
    """How many rounds, how many values of each way in one, and how long weakrefs takes for a value at least."""

    rounds: int
    values: int
    seconds: float

    def fewer(self, times):
        """So many times fewer rounds, but one at least."""
        return Effort(-(-self.rounds // times), 1, self.seconds)


EFFORTS = {"fast": Effort(3, 1, 0.003), "default": Effort(7, 3, 0.01), "rigorous": Effort(20, 5, 0.02)}


class Failed(Exception):
    """A process that measures did not come to its end."""


@dataclass(frozen=True)
class Timing:
    """One case at one size."""

    part: str
    case: object
    entries: int
    ways: tuple

    @property
    def label(self):
        return f"{self.part}, {self.case.label}"

    def measure(self, effort):
        """A row. A single pass over very many takes long, and averages over much by itself."""
        if self.entries > LONG:
            effort = effort.fewer(3 if self.entries <= VERY_LONG else 10)
        loops = 1
        if self.entries < LONG or self.case.per == "call":
            # One number of passes for all: that which the first way needs.
            loops, _ = self._process(0, self.ways[:1], seconds=effort.seconds)
        rounds = {way: [] for way in self.ways}
        for number in range(effort.rounds):
            first = number % len(self.ways)
            _, values = self._process(number, self.ways[first:] + self.ways[:first], loops, effort.values)
            for way in self.ways:
                rounds[way].append([value * 1e9 for value in values[way]])
        return [Row.measured(self.part, self.case.group, self.case.name, self.entries, rounds)]

    def _process(self, seed, ways, loops=0, values=0, seconds=0.0):
        """What one process has found out."""
        task = {"label": self.case.label, "entries": self.entries, "ways": ways}
        task |= {"loops": loops, "values": values, "seconds": seconds}
        return process("weakrefs._bench.worker", [json.dumps(task)], seed)


def plan(sizes, ways, wanted):
    """What there is to do, in order; `wanted` chooses by label. Threads that take turns say nothing about those that do not."""
    tasks = [
        Timing("time", case, case.entries or size, ways)
        for size in sizes
        for case in CASES
        if (case.entries is None or size == sizes[0]) and (case.threads == 1 or not GIL)
    ]
    return [task for task in tasks if wanted(task.label)]


def process(module, arguments, seed):
    """The JSON that a module says as a program of its own."""
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"`{' '.join(command)}` failed:\n{done.stderr or done.stdout}")
    return json.loads(done.stdout)


def run(tasks, effort, program):
    """The rows of all tasks, and whether there are all: what was measured before an error or an interruption is not lost."""
    rows, complete = [], bool(tasks)
    if not tasks:
        _say(f"{program}: nothing matches the filter")
    try:
        for done, task in enumerate(tasks):
            _show(f"{done / len(tasks):4.0%} {task.label}, {task.entries:,}")
            try:
                rows += task.measure(effort)
            except Failed as error:
                _say(f"{program}: {error}")
                complete = False
    except KeyboardInterrupt:
        _say(f"{program}: interrupted")
        complete = False
    _show("")
    return rows, complete


def _show(what):
    """How far it has come, where somebody may be watching."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{what[:100]}\x1b[K")
        sys.stderr.flush()


def _say(what):
    _show("")
    sys.stderr.write(f"{what}\n")
