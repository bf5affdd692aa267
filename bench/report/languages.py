"""What is compared in either language: the ways, what costs 1, and what people ask first."""

from dataclasses import dataclass

from _bench.tables import NOTES, Way
from _bench.tables import PYTHON as PYTHON_WAYS


@dataclass(frozen=True)
class Language:
    title: str
    axis: str  # what the scale of costs means
    column: str  # the heading of the number beside it
    ways: tuple
    legend: dict  # of each way its colour and its name in charts
    units: tuple  # the ways that cost 1: of each row the first that was measured
    rival: str | None  # the way that weakrefs is said to be faster than
    charted: tuple  # the labels of the operations to draw
    grown: tuple  # and of those whose growth to draw
    notes: str

    def unit(self, row):
        return next((way for way in self.units if way in row.figures), None)

    def costs(self, row):
        """Of each way, in units."""
        costs = {way: row.ratio(way, self.unit(row)) for way in self.legend if way in row.figures}
        return {way: cost for way, cost in costs.items() if cost and way not in self.units}

    def growth(self, rows):
        """The rows of each operation that was measured at several sizes, the fewest entries first."""
        sizes = {}
        for row in sorted(rows, key=lambda row: row.entries):
            sizes.setdefault(row.label, []).append(row)
        return _asked_first(self.grown, {label: rows for label, rows in sizes.items() if len(rows) > 1})


def _labels(**groups):
    return tuple(f"{group}: {name}" for group, names in groups.items() for name in names)


def _asked_first(labels, found):
    """Of what was found by label, what people ask first; all of it, if there is none of that."""
    return {label: found[label] for label in labels if label in found} or found


PYTHON = Language(
    "What weak containers cost, beside dict and set",
    "time as a multiple of dict, set, plain calls",
    "faster than weakref",
    PYTHON_WAYS,
    {
        "ours": ("green", "weakrefs"),
        "standard": ("red", "weakref"),
        "strong": ("grey", "dict, set, plain calls"),
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
    _labels(
        WeakKeyDictionary=("d[k]", "d[k] = v, new", "for k in d"),
        WeakValueDictionary=("d[k], equal str", "d[k] = v, new", "values()"),
        WeakSet=("x in s", "add, new", "one dies"),
    ),
    NOTES,
)

RUST = Language(
    "What weak references and containers cost in Rust",
    "time as a multiple of std::sync::Weak, or weak-table in a Mutex",
    "weakrefs",
    (
        Way("ours", "weakrefs"),
        Way("std", "`std`", "of `std`"),
        Way("weak-table", "weak-table", "of weak-table"),
        Way("Mutex<weak-table>", "in a `Mutex`", "of the `Mutex`"),
        Way("DashMap<K, Weak>", "`DashMap<K, Weak<V>>`", "of `DashMap`"),
        Way("HashMap<K, Weak>", "`HashMap<K, Weak<V>>`", "of `HashMap`"),
    ),
    {
        "ours": ("green", "weakrefs"),
        "weak-table": ("red", "weak-table, one thread"),
        "DashMap<K, Weak>": ("blue", "DashMap<K, Weak<V>>"),
        "std": ("grey", "std::sync::Weak"),
        "Mutex<weak-table>": ("grey", "weak-table in a Mutex"),
    },
    ("std", "Mutex<weak-table>"),
    None,
    _labels(
        Ref=("upgrade", "create and drop", "death, callback"),
        WeakValueMap=(
            *("get(&str), hit", "get(&str), miss", "get(&u64), hit", "get(&u64), miss"),
            *("insert, death and expiry", "iterate"),
        ),
        WeakKeyMap=("get, identical", "get, equal", "get, miss", "insert, death and expiry", "iterate"),
        WeakSet=("contains, identical", "contains, equal", "contains, miss", "insert, death and expiry", "iterate"),
        **{
            "two threads": (
                *("get(&str), the same keys", "get(&str), keys of their own", "get(&u64), the same keys"),
                *("contains, identical, the same", "get, identical, the same", "insert, death and expiry"),
            ),
            "small container": ("WeakValueMap, create and drop", "WeakValueMap, iterate 10"),
        },
    ),
    (
        "WeakValueMap: get(&str), hit",
        "WeakValueMap: get(&u64), hit",
        "WeakKeyMap: get, equal",
        "WeakSet: contains, identical",
        "WeakSet: contains, miss",
        "WeakValueMap: insert, death and expiry",
        "WeakKeyMap: insert, death and expiry",
        "WeakValueMap: iterate",
        "two threads: get(&str), the same keys",
    ),
    """\
Medians, in nanoseconds for each operation, or for each entry where all are passed over; of a small container the pass
is over ten entries, and its time that of the whole. *Of* another way is the time of weakrefs as a multiple of that
way's: less than 1 is less time. ± is the median deviation of the values of weakrefs.

Each container hashes as it does by default: weakrefs with `weakrefs::RandomState`, which is foldhash, the peers with
`std`'s `RandomState`, which is SipHash. Keys and elements are asked for in random order. What comes and what goes is timed
a hundred entries at a time, and weak-table and `DashMap` are told which entry has died. Two threads do the same at the
same time, each as often, over the same entries or over entries of their own. `std` has neither callbacks nor shared
references, and stands beside those with what it has.

What begins with `rc::` is for objects in `Rc`s, in one thread, and so are its peers. The maps of `lazy::` and their peer are
not told which entry has died: an insertion rids them of the dead now and then.
""",
)


def of(results):
    return {"Python": PYTHON, "Rust": RUST}[results.language]


SIZE = 1000  # the number of entries that is drawn, where it was measured


def charted(results):
    """A row for each operation to draw."""
    language = of(results)
    rows = {row.label: row for row in sorted(results.of("time"), key=lambda row: row.entries == SIZE)}
    compared = {label: row for label, row in rows.items() if language.costs(row)}
    return list(_asked_first(language.charted, compared).values())


def growth(results):
    """Where the growth was not measured by itself, there may be several sizes all the same."""
    return of(results).growth(results.of("growth") or results.of("time"))
