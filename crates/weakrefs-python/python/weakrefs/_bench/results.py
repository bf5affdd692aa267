"""The figures of a run. Of each way: the median, how far values stray from it, and weakrefs in units of that way.

A row is one operation, or one quantity of memory, at one size, in nanoseconds or bytes. On disk a run is JSON with a
line for each row. Nothing here needs the extension.
"""

import datetime
import json
import os
import platform
import statistics
from dataclasses import astuple, dataclass

OURS = "ours"
DIGITS = 5  # that are kept


@dataclass(frozen=True)
class Figure:
    """One way of one row."""

    median: float
    deviation: float  # the median absolute deviation
    ratio: float | None  # of weakrefs to this way: the median of what the rounds say


@dataclass(frozen=True)
class Row:
    part: str  # "time", "growth" or "memory"
    group: str
    name: str
    entries: int  # one, where nothing has entries
    figures: dict  # by way

    @classmethod
    def measured(cls, part, group, name, entries, rounds):
        """Of each way the values of each round. A round's ways follow each other: what disturbs one disturbs all."""
        return cls(part, group, name, entries, {way: _figure(rounds, way) for way in rounds})

    @property
    def label(self):
        return f"{self.group}: {self.name}"

    def median(self, way):
        return self.figures[way].median if way in self.figures else None

    def ratio(self, one, other):
        """How many times the cost of another way it has; nothing unless all were measured."""
        ratios = [self.figures[way].ratio if way in self.figures else None for way in (one, other)]
        return ratios[1] / ratios[0] if all(ratios) else None


def _figure(rounds, way):
    values = [value for values in rounds[way] for value in values]
    median = statistics.median(values)
    deviation = statistics.median(abs(value - median) for value in values)
    ratio = None
    if OURS in rounds:
        pairs = zip(rounds[OURS], rounds[way])
        ratio = statistics.median(statistics.median(ours) / statistics.median(other) for ours, other in pairs)
    return Figure(*(number and float(f"{number:.{DIGITS}g}") for number in (median, deviation, ratio)))


@dataclass
class Results:
    language: str  # "Python" or "Rust"
    environment: dict  # what the figures depend on
    rows: list

    @property
    def title(self):
        return ", ".join(self.environment.values())

    def of(self, part):
        return [row for row in self.rows if row.part == part]

    def dump(self, file):
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(f'{{"language": "{self.language}", "environment": {json.dumps(self.environment)}, "rows": [\n')
            stream.write(",\n".join(json.dumps(astuple(row)) for row in self.rows))
            stream.write("\n]}\n")

    @classmethod
    def load(cls, file):
        with open(file, encoding="utf-8") as stream:
            read = json.load(stream)
        rows = [Row(*facts, {way: Figure(*of) for way, of in figures.items()}) for *facts, figures in read["rows"]]
        return cls(read["language"], read["environment"], rows)


def environment(*software):
    """Here and now, without what would tell where that is."""
    return {
        "software": ", ".join(software),
        "machine": f"{_processor()} ({os.cpu_count()} cores), {platform.system()}",
        "date": datetime.date.today().isoformat(),
    }


def _processor():
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(": ")[2].strip()
    return platform.machine()
