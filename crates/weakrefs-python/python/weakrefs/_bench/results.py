"""The figures of a run, by row; on disk as a file of pyperf's, which its own commands can compare and plot.

A row is one operation, or one quantity of memory, at one size: nanoseconds or bytes for each of the ways.
"""

import datetime
import os
import platform
import statistics
from dataclasses import dataclass, field
from string import Formatter

import weakrefs

from .cases import CASES

FIXED = {case.label for case in CASES if case.entries}  # those of one size, whatever sizes are asked for
FACTORS = {"second": 1e9, "byte": 1}  # from pyperf's units to those that are shown


@dataclass
class Row:
    part: str  # "time", "growth" or "memory"
    group: str
    name: str
    entries: int
    unit: str = "second"
    runs: dict = field(default_factory=dict)  # way: one list of values for each round

    @property
    def label(self):
        return f"{self.group}: {self.name}"

    def figure(self, way):
        """The median of all values; nothing where this way was not measured."""
        values = [value for run in self.runs.get(way, ()) for value in run]
        return statistics.median(values) * FACTORS[self.unit] if values else None

    def ratio(self, one, other):
        """How many times the figure of another way it is: the median of what the rounds say."""
        rounds = zip(self.runs.get(one, ()), self.runs.get(other, ()))
        ratios = [statistics.median(one) / statistics.median(other) for one, other in rounds]
        return statistics.median(ratios) if ratios else None


@dataclass
class Results:
    environment: dict
    rows: list = field(default_factory=list)

    TITLE = "weakrefs {weakrefs}, CPython {python}, {machine}, {date}"

    @property
    def title(self):
        return self.TITLE.format(**self.environment)

    def of(self, part):
        return [row for row in self.rows if row.part == part]

    def times(self):
        """The rows of times by size; those of a fixed size are with the smallest."""
        rows = self.of("time")
        sizes = {row.entries for row in rows if row.label not in FIXED} or {row.entries for row in rows}
        smallest = min(sizes, default=None)
        return {
            size: [row for row in rows if (smallest if row.label in FIXED else row.entries) == size]
            for size in sorted(sizes)
        }

    def dump(self, file):
        import pyperf

        benchmarks = []
        for row in self.rows:
            facts = {"part": row.part, "group": row.group, "operation": row.name, "entries": row.entries}
            for way, runs in row.runs.items():
                name = f"{row.part}, {row.entries}, {row.label}, {way}"
                metadata = {**self.environment, **facts, "way": way, "unit": row.unit, "name": name}
                runs = [pyperf.Run(run, metadata=metadata, collect_metadata=False) for run in runs]
                benchmarks.append(pyperf.Benchmark(runs))
        pyperf.BenchmarkSuite(benchmarks).dump(file, replace=True)

    @classmethod
    def load(cls, file):
        import pyperf

        results, rows = cls({}), {}
        for benchmark in pyperf.BenchmarkSuite.load(file):
            facts = benchmark.get_metadata()
            key = facts["part"], facts["group"], facts["operation"], facts["entries"]
            if key not in rows:
                rows[key] = Row(*key, facts["unit"])
                results.rows.append(rows[key])
                results.environment = {name: facts[name] for _, name, *_ in Formatter().parse(cls.TITLE) if name}
            rows[key].runs[facts["way"]] = [run.values for run in benchmark.get_runs()]
        return results


def environment():
    """What the figures depend on, without what would tell where they were taken."""
    return {
        "weakrefs": weakrefs.__version__,
        "python": platform.python_version(),
        "machine": f"{_processor()} ({os.cpu_count()} cores), {platform.system()}",
        "date": datetime.date.today().isoformat(),
    }


def _processor():
    import pyperf

    run = pyperf.Run([1.0], metadata={"name": "processor"})
    return run.get_metadata().get("cpu_model_name") or platform.machine()
