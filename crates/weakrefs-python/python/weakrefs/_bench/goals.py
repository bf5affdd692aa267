"""What is to be reached, and whether a run reached it.

A goal takes in every row of its cases, and is reached if all of them reach it.
"""

import statistics
from dataclasses import dataclass

from .cases import CASES

VALUES = ("WeakValueDictionary",)
KEYS = ("WeakKeyDictionary", "WeakSet")
GOAL_OF = {case.label: case.goal for case in CASES}


@dataclass(frozen=True)
class Goal:
    """A bound for a ratio: to the strong container at most, to the interpreter's own at least."""

    text: str
    kinds: tuple  # of cases
    groups: tuple = ()  # all, if none is named
    at_most: float | None = None
    faster: float | None = None

    def ratios(self, results):
        """Of each row that counts: what is bounded, and the row."""
        rows = [row for row in results.of("time") if GOAL_OF.get(row.label) in self.kinds]
        rows = [row for row in rows if not self.groups or row.group in self.groups]
        pair = ("ours", "strong") if self.faster is None else ("standard", "ours")
        return [(row.ratio(*pair), row) for row in rows]

    def reached(self, ratio):
        return ratio <= self.at_most if self.faster is None else ratio >= self.faster


class MemoryGoal(Goal):
    """Less than the interpreter's own."""

    def ratios(self, results):
        rows = [row for row in results.of("memory") if row.name in self.kinds]
        return [(row.ratio("ours", "standard"), row) for row in rows]


class ReturnGoal(Goal):
    """What is left of what there was."""

    def ratios(self, results):
        full = {row.group: row.figure("ours") for row in results.of("memory") if row.name == "full"}
        return [(row.figure("ours") / full[row.group], row) for row in results.of("memory") if row.name in self.kinds]


class GrowthGoal(Goal):
    """How much more the cost has grown than the strong container's, from the fewest entries to the most."""

    def ratios(self, results):
        rows = {}
        for row in sorted(results.of("growth"), key=lambda row: row.entries):
            rows.setdefault(row.label, []).append(row)
        return [
            (last.ratio("ours", "strong") / first.ratio("ours", "strong"), last)
            for first, *_, last in (of_one for of_one in rows.values() if len(of_one) > 1)
        ]


GOALS = [
    Goal("`d[k]`, `get`, `in`, replacement: of the strong container", ("lookup",), at_most=1.25),
    Goal("the same: faster than `weakref`, `WeakValueDictionary`", ("lookup",), VALUES, faster=2),
    Goal("the same: faster than `weakref`, the others", ("lookup",), KEYS, faster=5),
    Goal("insertion, death: of the strong container and a bare reference", ("insert", "death"), at_most=1.3),
    Goal("the same: faster than `weakref`, `WeakValueDictionary`", ("insert", "death"), VALUES, faster=4),
    Goal("the same: faster than `weakref`, the others", ("insert", "death"), KEYS, faster=2),
    Goal("iteration: of the strong container", ("iteration",), at_most=2),
    Goal("iteration, bulk building, copy: faster than `weakref`", ("iteration", "build"), faster=2.5),
    Goal("`finalize`: create and fire; `WeakMethod`: create, call: faster", ("finalize", "method"), faster=4),
    MemoryGoal("memory for each entry: of `weakref`", ("full",), at_most=1),
    ReturnGoal("memory left after mass death: of what there was", ("left when all have died",), at_most=0.1),
    GrowthGoal("growth of the cost: of the strong container's growth", (), at_most=1.5),
]


@dataclass(frozen=True)
class Verdict:
    goal: Goal
    median: float
    worst: float
    where: object  # the row of the worst
    reached: int
    of: int


def verdicts(results):
    """On each goal for which anything was measured."""
    found = []
    for goal in GOALS:
        ratios = goal.ratios(results)
        if ratios:
            choose = max if goal.faster is None else min
            worst, where = choose(ratios, key=lambda pair: pair[0])
            reached = sum(goal.reached(ratio) for ratio, _ in ratios)
            median = statistics.median(ratio for ratio, _ in ratios)
            found.append(Verdict(goal, median, worst, where, reached, len(ratios)))
    return found
