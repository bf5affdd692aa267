"""What a container weighs, and what it keeps when everything in it has died.

`python -m weakrefs._bench.memory CONTAINER WAY ENTRIES` is the process that measures one: it prints a JSON list of the
quantities, in bytes of resident memory for each entry. Entries, and references with them, count; referents do not.
"""

import gc
import json
import sys

import psutil

from .stage import Stage

CONTAINERS = ("WeakKeyDictionary", "WeakValueDictionary", "WeakSet")
QUANTITIES = ("full", "at most, while it fills", "left when all have died")


def resident():
    return psutil.Process().memory_info().rss


def peak():
    """The most that this process has had."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

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
