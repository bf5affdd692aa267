"""What Python's classes are to reach, and whether a run reached it.

A goal takes in every row of its operations, and is reached if all of them reach it.
"""

import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from . import languages

VALUES, OTHERS, ALL = (
    "WeakValueDictionary",
    "WeakKeyDictionary|WeakSet",
    "WeakValueDictionary|WeakKeyDictionary|WeakSet",
)
# By the names of operations.
LOOKUP = r"(d\[k\]|get|k in d|x in s|add, present)(?!.*\b(miss|new)\b)"
CHANGE = r"(d\[k\] = v, new|setdefault, new|add, new|(?!two threads).*\bdies?\b)"
ITERATION = r"(for . in .|keys\(\)|values\(\)|items\(\)|list\()"
COMES_AND_GOES = r"two threads: .*\bdies\b"
TOGETHER = r"two threads: (?!.*\bdies\b)"
ITERATION_OR_BUILDING = f"({ITERATION}|from a |update|copy)"
IN_ORDER = "EphemeronDictionary", r"one pass, (numbers|lists)"
SHUFFLED = "EphemeronDictionary", r"one pass, the same shuffled"
METHODS = r"(create and fire|(?<=WeakMethod: )(create|call))$"


def _of(part, pair, groups, names):
    """The ratios of a pair of ways, of each row of some operations."""
    pattern = re.compile(f"({groups}): {names}")
    return lambda results: [(row.ratio(*pair), row) for row in results.of(part) if pattern.match(row.label)]


def _cost(groups, names):
    return _of("time", ("ours", "strong"), groups, names)


def _faster(groups, names):
    return _of("time", ("standard", "ours"), groups, names)


def _left(results):
    """What is left of what there was."""
    full = {row.group: row.median("ours") for row in results.of("memory") if row.name == "full"}
    return [(row.median("ours") / full[row.group], row) for row in results.of("memory") if row.name.startswith("left")]


def _growth(results):
    """How much more the cost has grown than the strong container's, from the fewest entries to the most."""
    growth = languages.PYTHON.growth(results.of("growth")).values()
    return [(rows[-1].ratio("ours", "strong") / rows[0].ratio("ours", "strong"), rows[-1]) for rows in growth]


@dataclass(frozen=True)
class Goal:
    text: str
    bound: float
    ratios: Callable  # of results: the ratios that are bounded, each with its row
    at_most: bool = True  # or at least

    def reached(self, ratio):
        return ratio <= self.bound if self.at_most else ratio >= self.bound


GOALS = [
    Goal("`d[k]`, `get`, `in`, replacement: of the strong container", 1.25, _cost(ALL, LOOKUP)),
    Goal("the same: faster than `weakref`, `WeakValueDictionary`", 2, _faster(VALUES, LOOKUP), at_most=False),
    Goal("the same: faster than `weakref`, the others", 5, _faster(OTHERS, LOOKUP), at_most=False),
    Goal("insertion, death: of the strong container and a bare reference", 1.3, _cost(ALL, CHANGE)),
    Goal("the same: faster than `weakref`, `WeakValueDictionary`", 4, _faster(VALUES, CHANGE), at_most=False),
    Goal("the same: faster than `weakref`, the others", 2, _faster(OTHERS, CHANGE), at_most=False),
    Goal("iteration: of the strong container", 2, _cost(ALL, ITERATION)),
    Goal("two threads, lookups and iteration: of the strong container", 1.3, _cost(ALL, TOGETHER)),
    Goal("two threads, insertion and death: of `weakref`", 1, _of("time", ("ours", "standard"), ALL, COMES_AND_GOES)),
    Goal("iteration, building, copy: faster than `weakref`", 2.5, _faster(ALL, ITERATION_OR_BUILDING), at_most=False),
    Goal("`finalize`, `WeakMethod`: faster than `weakref`", 4, _faster("finalize|WeakMethod", METHODS), at_most=False),
    Goal("a pass of the collector over ephemerons: of `weakref`", 1.3, _of("time", ("ours", "standard"), *IN_ORDER)),
    Goal("the same, shuffled", 1.5, _of("time", ("ours", "standard"), *SHUFFLED)),
    Goal("memory for each entry: of `weakref`", 1, _of("memory", ("ours", "standard"), ALL, "full")),
    Goal("memory left after mass death: of what there was", 0.1, _left),
    Goal("growth of the cost: of the strong container's growth", 1.5, _growth),
]


@dataclass(frozen=True)
class Verdict:
    median: float
    worst: tuple  # the ratio, and its row
    reached: int
    of: int


def verdicts(results):
    """On each goal for which anything was measured."""
    if results.language != "Python":
        return
    for goal in GOALS:
        found = [pair for pair in goal.ratios(results) if pair[0] is not None]
        if found:
            ratios = [ratio for ratio, _ in found]
            worst = (max if goal.at_most else min)(found, key=lambda pair: pair[0])
            yield goal, Verdict(statistics.median(ratios), worst, sum(map(goal.reached, ratios)), len(ratios))
