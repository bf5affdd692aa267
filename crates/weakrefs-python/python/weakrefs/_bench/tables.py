"""Figures in tables: Markdown that is aligned, to be read in a terminal as well. Nothing here needs the extension."""

from dataclasses import dataclass
from itertools import groupby

from .cases import CASES


@dataclass(frozen=True)
class Way:
    """A way to do the same: what its column is called, and that which compares weakrefs with it."""

    name: str
    heading: str
    compared: str = ""
    inverse: bool = False  # how many times faster weakrefs is, instead of how many times its cost


PYTHON = (
    Way("ours", "weakrefs"),
    Way("standard", "`weakref`", "faster than `weakref`", inverse=True),
    Way("strong", "strong", "of strong"),
)
NOTES = """\
Medians of the time in nanoseconds, for each entry or call, the loop around it included.

- *weakrefs*, *`weakref`* and *strong* do the same: with this package, with the interpreter's own module, and with a `dict`, a
  `set`, a bound method or a plain call, which keep everything alive.
- *faster than `weakref`*: how many times. More is better, and below 1 weakrefs is slower.
- *of strong*: the cost of weakrefs as a multiple of strong's. Less is better, and 1 is as fast.
- *±*: how far the values of weakrefs stray from their median.
- *+* after an operation: *strong* also makes a bare `weakref.ref(o, callback)` for each entry that comes or goes.
- *two threads*, where there is no GIL: both do all of it at once, with the same objects. The time is that from the first one's
  beginning to the last one's end, so what does not disturb another thread takes as long as in one.
- A `Point` has `__hash__` and `__eq__` in Python. *Same* keys are found by identity, *equal* ones are other objects.

All ways take turns in the same process, round by round, while the collector stands still; a ratio is the median of what the
rounds say.
"""
WITH_REFERENCES = {case.label for case in CASES if case.bare_references}


def times(rows, ways=PYTHON):
    """A table for each size and group."""
    by_size = sorted(rows, key=lambda row: row.entries)
    return "\n".join(
        f"## {group}{f', {entries:,} entries' if entries > 1 else ''}\n\n{_group(list(of_group), ways)}\n"
        for (entries, group), of_group in groupby(by_size, lambda row: (row.entries, row.group))
    )


def _group(rows, ways):
    shown = [way for way in ways if any(way.name in row.figures for row in rows)]
    compared = [way for way in shown if way.compared]
    header = ["operation", *(way.heading for way in shown), "±", *(way.compared for way in compared)]
    return table(
        header,
        [
            [
                marked(row),
                *(number(row.median(way.name)) for way in shown),
                _spread(row.figures.get("ours")),
                *(comparison(row, way) for way in compared),
            ]
            for row in rows
        ],
    )


def marked(row):
    """The name, and whether the strong way makes references."""
    return row.name + " +" * (row.label in WITH_REFERENCES)


def _spread(figure):
    """How far the values of weakrefs stray from their median."""
    return f"{figure.deviation / figure.median:.0%}" if figure else ""


def comparison(row, way):
    return ratio(row.ratio(way.name, "ours") if way.inverse else row.ratio("ours", way.name))


def number(value):
    if value is None:
        return ""
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def ratio(value):
    return "" if value is None else f"{value:.2f}"


def table(header, lines):
    """A table with its numbers to the right."""
    lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]
    right = [all(line[column][:1].isdigit() or not line[column] for line in lines) for column in range(len(header))]
    rule = ["-" * (width - 1) + ":" if end else "-" * width for width, end in zip(widths, right)]

    def aligned(line):
        cells = (cell.rjust(width) if end else cell.ljust(width) for cell, width, end in zip(line, widths, right))
        return f"| {' | '.join(cells)} |"

    return "\n".join([aligned(header), f"| {' | '.join(rule)} |", *map(aligned, lines)])
