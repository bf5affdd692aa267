"""What a container weighs, and what it keeps when everything in it has died.

`python -m bench.python.memory CONTAINER WAY ENTRIES` is the process that measures one: it prints a JSON list of the
quantities, in bytes of resident memory for each entry. Entries, and references with them, count; referents do not.
"""

import gc
import json
import resource
import sys
from dataclasses import dataclass

import psutil
from _bench.cases import WAYS
from _bench.measure import process
from _bench.results import Row
from weakrefs._bench.stage import Stage

CONTAINERS = ("WeakKeyDictionary", "WeakValueDictionary", "WeakSet")
QUANTITIES = ("full", "at most, while it fills", "left when all have died")


@dataclass(frozen=True)
class Weighing:
    """The memory of one container."""

    container: str
    entries = 1_000_000

    @property
    def label(self):
        return f"memory, {self.container}"

    def measure(self, effort):
        """A row for each quantity. Memory varies little."""
        rounds = [{way: [] for way in WAYS} for _ in QUANTITIES]
        for seed in range(effort.fewer(3).rounds):
            for way in WAYS:
                quantities = process(__name__, [self.container, way, str(self.entries)], seed)
                for of_quantity, quantity in zip(rounds, quantities):
                    of_quantity[way].append([quantity])
        rows = zip(QUANTITIES, rounds)
        return [Row.measured("memory", self.container, name, self.entries, of_quantity) for name, of_quantity in rows]


def resident():
    return psutil.Process().memory_info().rss


def peak():
    """The most that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def quantities(container, way, entries):
    stage = Stage(container, way, "object" if container != "WeakValueDictionary" else "int", entries)
    gc.collect()
    empty = resident()
    referents = stage.fresh()
    keys = stage.keys if container == "WeakValueDictionary" else None
    before = resident()
    filled = stage.filled(referents)
    full = resident() - before
    most = max(peak() - before, full)
    if way == "strong":
        filled.clear()
    referents.clear()
    del stage, keys
    gc.collect()
    left = resident() - empty
    return [size / entries for size in (full, most, left)]


if __name__ == "__main__":
    container, way, entries = sys.argv[1:]
    print(json.dumps(quantities(container, way, int(entries))))
