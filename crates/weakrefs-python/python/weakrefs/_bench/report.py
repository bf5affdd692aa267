"""The figures in words and tables: Markdown that is aligned, to be read in a terminal as well."""

from itertools import groupby

from .cases import CASES
from .goals import verdicts

NOTES = """\
Medians, in nanoseconds for each entry or call, the loop around it included. All three ways take turns in the same
process, round by round, while the collector stands still; a ratio is the median of what the rounds say. *strong* is
`dict`, `set`, a bound method or a plain call; + adds a bare `weakref.ref(o, callback)` for each entry that comes or
goes. `weakref` is the interpreter's own. A `Point` has `__hash__` and `__eq__` in Python; *same* keys are found by
identity, *equal* ones are other objects.
"""
WITH_REFERENCES = {case.label for case in CASES if case.bare_references}


def markdown(results):
    """Everything that was measured, and at the end the goals."""
    parts = [_times(results), _growth(results), _memory(results), _goals(results)]
    return "\n".join([f"# {results.title}", "", NOTES, *filter(None, parts)])


def _times(results):
    return "\n".join(
        f"## {group}, {size:,} entries\n\n{_time_table(of_group)}\n"
        for size, rows in results.times().items()
        for group, of_group in groupby(rows, key=lambda row: row.group)
    )


def _time_table(rows):
    header = ["operation", "ours", "`weakref`", "strong", "+", "of strong", "faster than `weakref`"]
    return table(
        header,
        [
            [
                row.name,
                *(number(row.figure(way)) for way in ("ours", "standard", "strong")),
                "+" if row.label in WITH_REFERENCES else "",
                ratio(row.ratio("ours", "strong")),
                ratio(row.ratio("standard", "ours")),
            ]
            for row in rows
        ],
    )


def _growth(results):
    sizes = sorted({row.entries for row in results.of("growth")})
    if not sizes:
        return ""
    lines = []
    for label, rows in groupby(results.of("growth"), key=lambda row: row.label):
        rows = {row.entries: row for row in rows}
        figures = {size: [number(row.figure(way)) for way in ("ours", "strong")] for size, row in rows.items()}
        grown = rows[max(rows)].ratio("ours", "strong") / rows[min(rows)].ratio("ours", "strong")
        lines.append([label, *(" / ".join(figures.get(size, ())) for size in sizes), ratio(grown)])
    header = ["ours / strong", *(f"{size:,}" for size in sizes), "of the strong one's growth"]
    return f"## Growth\n\n{table(header, lines)}\n"


def _memory(results):
    rows = results.of("memory")
    if not rows:
        return ""
    lines = [
        [
            row.label,
            *(f"{row.figure(way):.1f}" for way in ("ours", "standard", "strong")),
            ratio(row.ratio("ours", "strong")),
            ratio(row.ratio("ours", "standard")),
        ]
        for row in rows
    ]
    header = ["bytes for each entry", "ours", "`weakref`", "strong", "of strong", "of `weakref`"]
    return f"## Memory, {rows[0].entries:,} entries\n\n{table(header, lines)}\n"


def _goals(results):
    lines = []
    for verdict in verdicts(results):
        bound = f"≤ {verdict.goal.at_most:g}" if verdict.goal.faster is None else f"≥ {verdict.goal.faster:g}"
        where = f"{verdict.where.label}, {verdict.where.entries:,}"
        reached = "yes" if verdict.reached == verdict.of else f"{verdict.reached} of {verdict.of}"
        lines.append([verdict.goal.text, bound, ratio(verdict.median), ratio(verdict.worst), where, reached])
    return f"## Goals\n\n{table(['goal', 'asked', 'median', 'worst', 'where', 'reached'], lines)}\n" if lines else ""


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
    right = [all(line[column][:1].isdigit() for line in lines) for column in range(len(header))]
    rule = ["-" * (width - 1) + ":" if end else "-" * width for width, end in zip(widths, right)]

    def aligned(line):
        cells = (cell.rjust(width) if end else cell.ljust(width) for cell, width, end in zip(line, widths, right))
        return f"| {' | '.join(cells)} |"

    return "\n".join([aligned(header), f"| {' | '.join(rule)} |", *map(aligned, lines)])
