"""The charts: how much faster weakrefs is, what it costs beside others, and how costs grow with the number of entries."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from _bench.tables import marked
from _bench.tables import number as written

from . import languages
from .svg import Picture, width

TIMES = "\N{MULTIPLICATION SIGN}"
MOST = 30  # what is more is drawn at the end of the scale, with its number
# In pixels: the head, a row, what is above a group, left of the scale, the scale, right of it, below it.
HEAD, ROW, GROUP, LABELS, SCALE, MARGIN, FOOT = 130, 22, 30, 250, 480, 150, 46
PANEL_WIDTH, PANEL_HEIGHT, PANELS = 300, 192, 3  # of growth; and how many are side by side
LINES = 7  # at most, across a panel
SMALL = 12  # letters of scales and notes


@dataclass(frozen=True)
class View:
    """A chart with a line for each operation and a dot for each way."""

    title: str
    axis: str  # what the scale means
    better: int  # to the right, or with -1 to the left
    unit: str  # the way that is 1
    places: Callable  # of a row: of each way but the unit, where it is on the scale
    column: str  # the heading of a number
    number: Callable  # of a row


def draw(results, file):
    """The costs, and beside them the growth if it was measured."""
    language = languages.of(results)

    def number(row):
        return row.ratio(language.rival, "ours") if language.rival else row.ratio("ours", language.unit(row))

    view = View(language.title, language.axis, -1, language.units[0], language.costs, language.column, number)
    _dots(results, language, view, languages.charted(results), file)
    growth = languages.growth(results)
    if growth:
        _growth(results, language, growth).save("-growth".join(os.path.splitext(file)))


def draw_overview(results, file):
    """How many times faster than the interpreter's own weakrefs is, and what is not weak at all, of all operations."""
    language = languages.PYTHON

    def faster(row):
        return {way: row.ratio("standard", way) for way in ("ours", "strong") if row.ratio("standard", way)}

    title, axis = "How many times faster than the standard weakref", f"{TIMES} faster than weakref"
    view = View(title, axis, 1, "standard", faster, "weakrefs", lambda row: row.ratio("standard", "ours"))
    _dots(results, language, view, results.of("time"), file)


def _dots(results, language, view, rows, file):
    if not rows:
        return
    values = [value for row in rows for value in view.places(row).values()]
    least, most = min(*values, 0.8) / 1.1, min(max(*values, 1.25) * 1.1, MOST)

    def across(value):
        return LABELS + SCALE * math.log(min(value, most) / least) / math.log(most / least)

    groups = [(group, list(of_group)) for group, of_group in groupby(rows, lambda row: row.group)]
    noted = any(marked(row) != row.name for row in rows)
    bottom = HEAD + ROW * len(rows) + GROUP * len(groups)
    picture = Picture(LABELS + SCALE + MARGIN, bottom + FOOT + ROW * noted, view.title)
    _head(picture, results, language, view.title, rows, language.legend[view.unit][0])
    _scale(picture, language, view, across, (least, most), bottom)
    picture.text(LABELS + SCALE + 12, HEAD - 8, view.column, "green", SMALL)
    y = HEAD
    for group, of_group in groups:
        y += GROUP
        picture.text(12, y - 8, group, weight="bold")
        for row in of_group:
            picture.text(LABELS - 12, y + ROW / 2 + 4, marked(row), anchor="end")
            _row(picture, language, view, across, most, y + ROW / 2, row)
            y += ROW
    if noted:
        words = "+ here dict and set also make a bare weakref.ref(o, callback) for each entry"
        picture.text(12, bottom + FOOT + 12, words, "muted", SMALL)
    picture.save(file)


def _scale(picture, language, view, across, ends, bottom):
    """Numbers above and below, and which way is better."""
    for tick in (digit * 10.0**power for power in range(-2, 3) for digit in (1, 2, 5)):
        if ends[0] < tick < ends[1]:
            color, width = (language.legend[view.unit][0], 2) if tick == 1 else ("faint", 1)
            picture.line([(across(tick), HEAD), (across(tick), bottom)], color, width)
            for y in (HEAD - 8, bottom + 16):
                picture.text(across(tick), y, f"{tick:g}{TIMES}", "muted", SMALL, "middle")
    for y in (HEAD - 28, bottom + 36):
        left, right = (view.axis, "better") if view.better > 0 else ("better", view.axis)
        picture.text(LABELS + 12 * (view.better < 0), y, left, "muted", SMALL)
        picture.text(LABELS + SCALE - 12 * (view.better > 0), y, right, "muted", SMALL, "end")
        picture.arrow(LABELS + SCALE * (view.better > 0), y - 4, "muted", view.better)


def _row(picture, language, view, across, most, y, row):
    places = view.places(row)
    picture.line([(across(min(*places.values(), 1)), y), (across(max(*places.values(), 1)), y)], "faint", 3)
    beyond = LABELS + SCALE
    for way, value in places.items():
        color = language.legend[way][0]
        if value > most:
            picture.arrow(beyond, y, color, 1)
            picture.text(beyond - 11, y + 4, f"{value:,.0f}{TIMES}", color, SMALL, "end")
            beyond -= 60
        else:
            # Below the others, and larger: of two that are equal both are seen.
            picture.dot(across(value), y, color, 6 if way == "ours" else 4)
    number = view.number(row)
    if number:
        words = f"{number:.2f}" if number < 1 else written(number)
        picture.text(LABELS + SCALE + 12, y + 4, words + TIMES, "green", 13)


def _growth(results, language, growth):
    """Of each operation the cost of each way over the number of entries."""
    down = -(-len(growth) // PANELS)
    title = "How costs grow with the number of entries"
    picture = Picture(PANEL_WIDTH * PANELS + 20, HEAD - 10 + PANEL_HEIGHT * down, title)
    drawn = [row for rows in growth.values() for row in rows]
    _head(picture, results, language, title, drawn)
    words = "Nanoseconds for each entry, by number of entries, both on logarithmic scales: lower is better"
    picture.text(12, 96, words, "muted", SMALL)
    for place, (label, rows) in enumerate(growth.items()):
        left, top = 12 + place % PANELS * PANEL_WIDTH, HEAD + place // PANELS * PANEL_HEIGHT
        picture.text(left, top, label)
        _panel(picture, left + 56, top + 18, PANEL_WIDTH - 84, PANEL_HEIGHT - 72, language, rows)
    return picture


def _panel(picture, left, top, width, height, language, rows):
    sizes = [row.entries for row in rows]
    costs = [figure.median for row in rows for figure in row.figures.values()]
    lines = _lines(min(costs), max(costs))

    def across(entries):
        return left + width * math.log(entries / sizes[0]) / math.log(sizes[-1] / sizes[0])

    def up(cost):
        return top + height * (1 - math.log(cost / lines[0]) / math.log(lines[-1] / lines[0]))

    for cost in lines:
        picture.line([(left, up(cost)), (left + width, up(cost))], "faint")
        words = f"{cost:,g}" + " ns" * (cost == lines[-1])
        picture.text(left - 7, up(cost) + 4, words, "muted", SMALL - 1, "end")
    for entries in sizes:
        picture.line([(across(entries), top + height), (across(entries), top + height + 4)], "grey")
        ends = {sizes[0]: "start", sizes[-1]: "end"}
        if entries in ends or len(sizes) == 3:
            anchor = ends.get(entries, "middle")
            picture.text(across(entries), top + height + 18, f"{entries:,}", "muted", SMALL - 1, anchor)
    for way, (color, _) in reversed(language.legend.items()):
        points = [(across(row.entries), up(row.median(way))) for row in rows if way in row.figures]
        if points:
            picture.line(points, color, 2)
            for x, y in points:
                picture.dot(x, y, color, 2.5)


def _lines(least, most):
    """Round numbers, from one that is not above the least to one that is above the most."""
    first, last = (math.floor(math.log10(cost)) for cost in (least, most))
    for digits in (1, 2, 5), (1, 3), (1,):
        numbers = [digit * 10.0**power for power in range(first, last + 1) for digit in digits] + [10.0 ** (last + 1)]
        start = max(at for at, number in enumerate(numbers) if number <= least)
        end = min(at for at, number in enumerate(numbers) if number > most)
        if end - start < LINES:
            break
    return numbers[start : end + 1]


def _head(picture, results, language, title, rows, unit=None):
    """The title, and what the colours mean: a dot, or the line of that which is 1."""
    sizes = {row.entries for row in rows if row.entries > 1}
    entries = [f"{size:,} entries" for size in sizes if len(sizes) == 1]
    picture.text(12, 26, title, size=18, weight="bold")
    picture.text(12, 46, ", ".join([results.title, *entries]), "muted", SMALL)
    shown = {way for row in rows for way in row.figures}
    x = 18
    for color, name in dict.fromkeys(meaning for way, meaning in language.legend.items() if way in shown):
        if color == unit:
            picture.line([(x, 60), (x, 73)], color, 2)
        else:
            picture.dot(x, 66, color, 5)
        picture.text(x + 11, 71, name)
        x += 36 + width(name, 13)
