"""A whole run in tables: times, growth, memory, and how far Python's goals are reached."""

from _bench.tables import marked, ratio, table, times
from _bench.tables import number as written

from . import goals, languages


def markdown(results):
    language = languages.of(results)
    parts = [times(results.of("time"), language.ways), _growth(results, language), _memory(results), _goals(results)]
    return "\n".join([f"# {results.title}", "", language.notes, *filter(None, parts)])


def overview(results):
    """What the README shows."""
    lines = [
        [
            f"{row.group}: {marked(row)}",
            f"{row.ratio('standard', 'ours'):.1f}",
            *(written(row.median(way)) for way in ("ours", "standard", "strong")),
        ]
        for row in results.of("time")
    ]
    return table(["", "\N{MULTIPLICATION SIGN} faster", "weakrefs", "`weakref`", "strong"], lines)


def _growth(results, language):
    growth = languages.growth(results)
    if not growth:
        return ""
    first = next(iter(growth.values()))[0]
    ways = [way for way in ("ours", language.rival, language.unit(first)) if way in first.figures]
    headings = [next(way.heading for way in language.ways if way.name == name) for name in ways]
    sizes = sorted({row.entries for rows in growth.values() for row in rows})
    lines = []
    for label, rows in growth.items():
        pairs = {row.entries: [written(row.median(way)) for way in ways] for row in rows}
        first, last = (row.ratio("ours", language.unit(row)) for row in (rows[0], rows[-1]))
        cells = [" / ".join(pairs.get(size, ())) for size in sizes]
        lines.append([label, *cells, ratio(last / first if first and last else None)])
    header = [" / ".join(headings), *(f"{size:,}" for size in sizes), "of the last one's growth"]
    return f"## Growth\n\n{table(header, lines)}\n"


def _memory(results):
    rows = results.of("memory")
    lines = [
        [
            row.label,
            *(f"{row.median(way):.1f}" for way in ("ours", "standard", "strong")),
            *(ratio(row.ratio("ours", way)) for way in ("strong", "standard")),
        ]
        for row in rows
    ]
    header = ["bytes for each entry", "weakrefs", "`weakref`", "strong", "of strong", "of `weakref`"]
    return f"## Memory, {rows[0].entries:,} entries\n\n{table(header, lines)}\n" if rows else ""


def _goals(results):
    lines = []
    for goal, verdict in goals.verdicts(results):
        bound = f"≤ {goal.bound:g}" if goal.at_most else f"≥ {goal.bound:g}"
        worst, where = verdict.worst
        reached = "yes" if verdict.reached == verdict.of else f"{verdict.reached} of {verdict.of}"
        lines.append(
            [goal.text, bound, ratio(verdict.median), ratio(worst), f"{where.label}, {where.entries:,}", reached]
        )
    return f"## Goals\n\n{table(['goal', 'asked', 'median', 'worst', 'where', 'reached'], lines)}\n" if lines else ""
