"""What is compared in either language: the ways, what costs 1, and what people ask first."""

from collections.abc import Callable
from dataclasses import dataclass

from _bench.tables import PYTHON as PYTHON_WAYS
from _bench.tables import Way

GREEN, RED, BLUE, GREY = "#0b7a75", "#e07a5f", "#5f6caf", "#8d99ae"


@dataclass(frozen=True)
class Language:
    title: str
    ways: tuple
    legend: dict  # of each way its colour and its name in charts
    units: tuple  # the ways that cost 1: of each row the first that was measured
    rival: str | None  # the way that weakrefs is said to be faster than; else the unit
    charted: tuple  # the labels of the operations to draw
    grows: Callable  # whether a row belongs to the growth
    notes: str

    def unit(self, row):
        return next((way for way in self.units if way in row.figures), None)

    def costs(self, row):
        """Of each way, in units."""
        costs = {way: row.ratio(way, self.unit(row)) for way in self.legend if way in row.figures}
        return {way: cost for way, cost in costs.items() if cost and way not in self.units}

    def growth(self, results):
        """The rows of each operation that was measured at several sizes, the fewest entries first."""
        rows = {}
        for row in sorted(filter(self.grows, results.rows), key=lambda row: row.entries):
            rows.setdefault(row.label, []).append(row)
        return {label: sizes for label, sizes in rows.items() if len(sizes) > 1}


def _labels(**groups):
    return tuple(f"{group}: {name}" for group, names in groups.items() for name in names)


PYTHON = Language(
    "What weak containers cost, beside dict and set",
    PYTHON_WAYS,
    {
        "ours": (GREEN, "weakrefs"),
        "standard": (RED, "the interpreter's weakref"),
        "strong": (GREY, "dict, set, plain calls"),
    },
    ("strong",),
    "standard",
    _labels(
        WeakKeyDictionary=("d[k]", "k in d, miss", "d[k] = v, new", "one dies", "for k in d"),
        WeakValueDictionary=("d[k], equal str", "d[k] = v, new", "one dies"),
        WeakSet=("x in s", "add, new", "one dies", "for x in s", "union"),
        finalize=("create and fire",),
        WeakMethod=("create", "call"),
    ),
    lambda row: row.part == "growth",
    """\
Medians, in nanoseconds for each entry or call, the loop around it included. All ways take turns in the same process,
round by round, while the collector stands still; a ratio is the median of what the rounds say. ± is the median
deviation of the values of weakrefs. *strong* is `dict`, `set`, a bound method or a plain call; + adds a bare
`weakref.ref(o, callback)` for each entry that comes or goes. `weakref` is the interpreter's own. A `Point` has
`__hash__` and `__eq__` in Python; *same* keys are found by identity, *equal* ones are other objects.
""",
)

RUST = Language(
    "What weak references and containers cost in Rust",
    (
        Way("ours", "weakrefs"),
        Way("std", "`std`", "of `std`"),
        Way("weak-table", "weak-table", "of weak-table"),
        Way("Mutex<weak-table>", "in a `Mutex`", "of the `Mutex`"),
        Way("DashMap<K, Weak>", "`DashMap<K, Weak<V>>`", "of `DashMap`"),
    ),
    {
        "ours": (GREEN, "weakrefs"),
        "weak-table": (RED, "weak-table, one thread"),
        "DashMap<K, Weak>": (BLUE, "DashMap<K, Weak<V>>"),
        "std": (GREY, "std::sync::Weak, Mutex<weak-table>"),
        "Mutex<weak-table>": (GREY, "std::sync::Weak, Mutex<weak-table>"),
    },
    ("std", "Mutex<weak-table>"),
    None,
    _labels(
        Ref=("upgrade", "create and drop", "death, callback"),
        WeakValueMap=("get(&str), hit", "get(&str), miss", "insert, death and expiry", "iterate"),
        WeakKeyMap=("get, identical", "get, equal", "get, miss", "insert, death and expiry", "iterate"),
        WeakSet=("contains, identical", "contains, equal", "contains, miss", "insert, death and expiry", "iterate"),
        **{"two threads": ("get(&str), the same keys", "get(&str), keys of their own", "insert, death and expiry")},
    ),
    lambda row: row.entries > 1,
    """\
Medians, in nanoseconds for each operation, or for each entry where all are passed over. Keys and elements are asked
for in random order; every hasher is that of `std`. What comes and what goes is timed a hundred entries at a time, and
weak-table and `DashMap` are told which entry has died. Two threads do the same at the same time, each as often.
*Of* another way are the costs of weakrefs in units of it, so that less than 1 is faster; ± is the median deviation of
its values. `std` has neither callbacks nor shared references, and stands beside those with what it has.
""",
)


def of(results):
    return {"Python": PYTHON, "Rust": RUST}[results.language]
