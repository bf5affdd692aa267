"""A first look at speed and memory: each row three ways in one run.

The interpreter's own `weakref`, `weakrefs`, and what the same costs with strong containers (for an
insertion or a death: a strong insertion and one bare `weakref.ref` with a callback). The three are
measured in turn, round by round, so that a noisy machine disturbs all alike; reported are medians
in ns per operation, and the ratios that matter.

    python bench/python/first_look.py [--entries 100000] [--rounds 9] [--growth] [--memory]

`--growth` adds the cost per operation at 10^3 to 10^7 entries, `--memory` bytes per entry and what
remains after mass death (each measured in a process of its own). Standard library only.
"""

import argparse
import gc
import platform
import random
import statistics
import subprocess
import sys
import time
import weakref

import weakrefs


class Referent:
    """The smallest object that can be weakly referenced."""

    __slots__ = ("__weakref__",)


class Listener:
    def method(self):
        pass


def ignore(reference):
    pass


class Way:
    """One of the three: its containers, finalizer and method."""

    def __init__(self, name, module):
        self.name = name
        self.key_map = module.WeakKeyDictionary if module else dict
        self.value_map = module.WeakValueDictionary if module else dict
        self.set = module.WeakSet if module else set
        self.module = module


WAYS = [Way("ours", weakrefs), Way("3.x", weakref), Way("strong", None)]


# Each benchmark takes a way and the objects, does what is not measured, and returns the function to
# be timed; the time is divided by the number of objects.


def filled_key_map(way, objects):
    mapping = way.key_map()
    for each in objects:
        mapping[each] = 1
    return mapping


def filled_value_map(way, keys, objects):
    mapping = way.value_map()
    for key, each in zip(keys, objects):
        mapping[key] = each
    return mapping


def shuffled(objects):
    objects = list(objects)
    random.Random(7).shuffle(objects)
    return objects


def names(objects):
    return [f"key {i}" for i in range(len(objects))]


def key_getitem(way, objects):
    mapping, order = filled_key_map(way, objects), shuffled(objects)

    def run():
        for each in order:
            mapping[each]

    return run


def key_get(way, objects):
    get, order = filled_key_map(way, objects).get, shuffled(objects)

    def run():
        for each in order:
            get(each)

    return run


def key_contains(way, objects):
    mapping, order = filled_key_map(way, objects), shuffled(objects)

    def run():
        for each in order:
            each in mapping

    return run


def key_replace(way, objects):
    mapping, order = filled_key_map(way, objects), shuffled(objects)

    def run():
        for each in order:
            mapping[each] = 2

    return run


def set_contains(way, objects):
    elements, order = way.set(objects), shuffled(objects)

    def run():
        for each in order:
            each in elements

    return run


def value_getitem(way, objects):
    keys = names(objects)
    mapping, order = filled_value_map(way, keys, objects), shuffled(keys)

    def run():
        for key in order:
            mapping[key]

    return run


def value_getitem_equal(way, objects):
    mapping, order = filled_value_map(way, names(objects), objects), shuffled(names(objects))

    def run():
        for key in order:
            mapping[key]

    return run


def value_get(way, objects):
    keys = names(objects)
    get, order = filled_value_map(way, keys, objects).get, shuffled(keys)

    def run():
        for key in order:
            get(key)

    return run


def value_contains(way, objects):
    keys = names(objects)
    mapping, order = filled_value_map(way, keys, objects), shuffled(keys)

    def run():
        for key in order:
            key in mapping

    return run


def value_replace(way, objects):
    keys = names(objects)
    mapping = filled_value_map(way, keys, objects)

    def run():
        for key, each in zip(keys, objects):
            mapping[key] = each

    return run


def bare_references(way, objects):
    """What a strong container lacks for the comparison of insertions."""
    return [] if way.module else [weakref.ref(each, ignore) for each in objects]


def key_insert(way, objects):
    def run():
        bare_references(way, objects)
        mapping = way.key_map()
        for each in objects:
            mapping[each] = 1

    return run


def value_insert(way, objects):
    keys = names(objects)

    def run():
        bare_references(way, objects)
        mapping = way.value_map()
        for key, each in zip(keys, objects):
            mapping[key] = each

    return run


def set_insert(way, objects):
    def run():
        bare_references(way, objects)
        elements = way.set()
        for each in objects:
            elements.add(each)

    return run


def dying(way, objects, fill):
    victims = [Referent() for _ in objects]
    # The strong way: the references alone; its containers would keep the objects alive.
    kept = fill(victims) if way.module else [weakref.ref(each, ignore) for each in victims]

    def run():
        victims.clear()
        return kept

    return run


def key_death(way, objects):
    return dying(way, objects, lambda victims: filled_key_map(way, victims))


def value_death(way, objects):
    return dying(way, objects, lambda victims: filled_value_map(way, names(victims), victims))


def set_death(way, objects):
    return dying(way, objects, way.set)


def key_iterate(way, objects):
    mapping = filled_key_map(way, objects)

    def run():
        for _ in mapping:
            pass

    return run


def key_items(way, objects):
    mapping = filled_key_map(way, objects)

    def run():
        for _, _ in mapping.items():
            pass

    return run


def value_values(way, objects):
    mapping = filled_value_map(way, names(objects), objects)

    def run():
        for _ in mapping.values():
            pass

    return run


def set_iterate(way, objects):
    elements = way.set(objects)

    def run():
        for _ in elements:
            pass

    return run


def key_build(way, objects):
    source = dict.fromkeys(objects)
    return lambda: way.key_map(source)


def value_build(way, objects):
    source = dict(zip(names(objects), objects))
    return lambda: way.value_map(source)


def set_build(way, objects):
    return lambda: way.set(objects)


def key_copy(way, objects):
    return filled_key_map(way, objects).copy


def value_copy(way, objects):
    return filled_value_map(way, names(objects), objects).copy


def set_copy(way, objects):
    return way.set(objects).copy


def finalize_create_and_fire(way, objects):
    finalize = way.module.finalize

    def run():
        for _ in objects:
            finalize(Referent(), ignore, 1)

    return run


def method_create(way, objects):
    weak_method, method = way.module.WeakMethod, Listener().method

    def run():
        for _ in objects:
            weak_method(method)

    return run


def method_call(way, objects):
    listener = Listener()
    reference = way.module.WeakMethod(listener.method)

    def run():
        for _ in objects:
            reference()
        return listener

    return run


# (what, benchmark, at most so many times strong, at least so many times faster than the standard)
ROWS = [
    ("key map d[k]", key_getitem, 1.25, 5),
    ("key map get", key_get, 1.25, 5),
    ("key map in", key_contains, 1.25, 5),
    ("key map replace", key_replace, 1.25, 5),
    ("set in", set_contains, 1.25, 5),
    ("value map d[k], same str", value_getitem, 1.25, 2),
    ("value map d[k], equal str", value_getitem_equal, 1.25, 2),
    ("value map get", value_get, 1.25, 2),
    ("value map in", value_contains, 1.25, 2),
    ("value map replace", value_replace, 1.25, 2),
    ("key map insert", key_insert, 1.3, 2),
    ("value map insert", value_insert, 1.3, 4),
    ("set insert", set_insert, 1.3, 2),
    ("key map death", key_death, 1.3, 2),
    ("value map death", value_death, 1.3, 4),
    ("set death", set_death, 1.3, 2),
    ("key map iterate", key_iterate, 2, 2.5),
    ("key map items", key_items, 2, 2.5),
    ("value map values", value_values, 2, 2.5),
    ("set iterate", set_iterate, 2, 2.5),
    ("key map build", key_build, None, 2.5),
    ("value map build", value_build, None, 2.5),
    ("set build", set_build, None, 2.5),
    ("key map copy", key_copy, None, 2.5),
    ("value map copy", value_copy, None, 2.5),
    ("set copy", set_copy, None, 2.5),
    ("finalize create + fire", finalize_create_and_fire, None, 4),
    ("WeakMethod create", method_create, None, 4),
    ("WeakMethod call", method_call, None, 4),
]
WITHOUT_STRONG = {finalize_create_and_fire, method_create, method_call}


def measure(benchmark, objects, rounds, ways=WAYS):
    """The median ns per operation of each way."""
    ways = [way for way in ways if way.module or benchmark not in WITHOUT_STRONG]
    times = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            run = benchmark(way, objects)
            gc.collect()
            gc.disable()
            start = time.perf_counter_ns()
            run()
            elapsed = time.perf_counter_ns() - start
            gc.enable()
            times[way.name].append(elapsed / len(objects))
    return {name: statistics.median(values) for name, values in times.items()}


def verdict(ratio, goal, reached):
    if ratio is None:
        return " " * 16
    return f"{ratio:6.2f}" + (f" ({goal:g}) {'ok' if reached else 'MISSED'}" if goal else "").ljust(15)


def rows(entries, rounds):
    objects = [Referent() for _ in range(entries)]
    print(
        f"{'ns per operation':28}{'ours':>8}{'standard':>10}{'strong':>8}   ours/strong (goal)    standard/ours (goal)"
    )
    for what, benchmark, at_most, at_least in ROWS:
        cost = measure(benchmark, objects, rounds)
        ours, standard, strong = cost["ours"], cost["3.x"], cost.get("strong")
        against_strong = ours / strong if strong else None
        against_standard = standard / ours
        print(
            f"{what:28}{ours:8.1f}{standard:10.1f}{strong or float('nan'):8.1f}   "
            + verdict(against_strong, at_most, at_most and against_strong and against_strong <= at_most)
            + "  "
            + verdict(against_standard, at_least, against_standard >= at_least),
            flush=True,
        )


def growth(rounds):
    print("\nns per operation (ours/strong) at 10^3 to 10^7 entries, and how much more it grows than the strong one")
    for what, benchmark in [
        ("key map d[k]", key_getitem),
        ("set in", set_contains),
        ("value map d[k], equal str", value_getitem_equal),
        ("key map insert", key_insert),
        ("key map iterate", key_iterate),
    ]:
        costs = []
        for exponent in range(3, 8):
            objects = [Referent() for _ in range(10**exponent)]
            costs.append(measure(benchmark, objects, rounds if exponent < 6 else 1, [WAYS[0], WAYS[2]]))
        grown = {name: costs[-1][name] / costs[0][name] for name in ("ours", "strong")}
        line = "  ".join(f"{cost['ours']:.0f}/{cost['strong']:.0f}" for cost in costs)
        print(f"{what:28}{line}   {grown['ours'] / grown['strong']:.2f} (1.5)", flush=True)


MEMORY = """
import gc, sys, weakref, weakrefs
class Referent:
    __slots__ = ("__weakref__",)
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
name, kind, entries = sys.argv[1], sys.argv[2], int(sys.argv[3])
module = {"ours": weakrefs, "3.x": weakref, "strong": None}[name]
objects = [Referent() for _ in range(entries)]
gc.collect()
before = resident()
if kind == "set":
    container = (module.WeakSet if module else set)()
    for each in objects: container.add(each)
elif kind == "key map":
    container = (module.WeakKeyDictionary if module else dict)()
    for each in objects: container[each] = None
else:
    container = (module.WeakValueDictionary if module else dict)()
    for i, each in enumerate(objects): container[i] = each
full = resident()
size = sys.getsizeof(container)
del each
objects.clear()
if module is None: container.clear()
gc.collect()
print(full - before, sys.getsizeof(container) if name != "3.x" else sys.getsizeof(container.data))
"""


def memory(entries):
    print("\nbytes per entry (container and references), and the container's own bytes after all have died")
    for kind in ("set", "key map", "value map"):
        cells = []
        for way in WAYS:
            command = [sys.executable, "-c", MEMORY, way.name, kind, str(entries)]
            used, left = map(int, subprocess.check_output(command).split())
            cells.append(f"{way.name} {used / entries:6.1f} B, {left} left")
        print(f"{kind:12}" + "   ".join(cells), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    print(f"weakrefs {weakrefs.__version__}, CPython {platform.python_version()}, {options.entries} entries")
    rows(options.entries, options.rounds)
    if options.growth:
        growth(3)
    if options.memory:
        memory(1_000_000)


if __name__ == "__main__":
    main()
