"""The charts: how much faster weakrefs is, what it costs beside others, and how costs grow with the number of entries."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from _bench.tables import marked
from _bench.tables import number as written

from . import languages
from .svg import Picture

TIMES = "\N{MULTIPLICATION SIGN}"
MOST = 30  # what is more is drawn at the end of the scale, with its number
# In pixels: the head, a row, what is above a group, left of the scale, the scale, right of it, below it.
HEAD, ROW, GROUP, LABELS, SCALE, MARGIN, FOOT = 126, 22, 30, 200, 480, 130, 44
PANEL_WIDTH, PANEL_HEIGHT, PANELS = 290, 176, 3  # of growth; and how many are side by side


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
    _head(picture, results, language, view.title, rows)
    _scale(picture, language, view, across, (least, most), bottom)
    picture.text(LABELS + SCALE + 12, HEAD - 26, view.column, "green", 11)
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
        picture.text(12, bottom + FOOT + 6, words, "muted", 11)
    picture.save(file)


def _scale(picture, language, view, across, ends, bottom):
    """Numbers above and below, and which way is better."""
    for tick in (digit * 10.0**power for power in range(-2, 3) for digit in (1, 2, 5)):
        if ends[0] < tick < ends[1]:
            color, width = (language.legend[view.unit][0], 2) if tick == 1 else ("faint", 1)
            picture.line([(across(tick), HEAD), (across(tick), bottom)], color, width)
            for y in (HEAD - 8, bottom + 16):
                picture.text(across(tick), y, f"{tick:g}{TIMES}", "muted", 11, "middle")
    for y in (HEAD - 26, bottom + 34):
        left, right = (view.axis, "better") if view.better > 0 else ("better", view.axis)
        picture.text(LABELS + 12 * (view.better < 0), y, left, "muted", 11)
        picture.text(LABELS + SCALE - 12 * (view.better > 0), y, right, "muted", 11, "end")
        picture.arrow(LABELS + SCALE * (view.better > 0), y - 4, "muted", view.better)


def _row(picture, language, view, across, most, y, row):
    places = view.places(row)
    picture.line([(across(min(*places.values(), 1)), y), (across(max(*places.values(), 1)), y)], "faint", 3)
    beyond = LABELS + SCALE
    for way, value in reversed(places.items()):
        color = language.legend[way][0]
        if value > most:
            picture.arrow(beyond, y, color, 1)
            picture.text(beyond - 11, y + 4, f"{value:,.0f}{TIMES}", color, 11, "end")
            beyond -= 60
        else:
            picture.dot(across(value), y, color, 5 if way == "ours" else 4)
    number = view.number(row)
    if number:
        picture.text(LABELS + SCALE + 12, y + 4, f"{written(number)}{TIMES}", "green", 12)


def _growth(results, language, growth):
    """Of each operation the cost of each way over the number of entries."""
    down = -(-len(growth) // PANELS)
    title = "How costs grow with the number of entries"
    picture = Picture(PANEL_WIDTH * min(PANELS, len(growth)) + 20, HEAD - 20 + PANEL_HEIGHT * down, title)
    drawn = [row for rows in growth.values() for row in rows]
    _head(picture, results, language, title, drawn)
    picture.text(12, 94, "Nanoseconds for each entry, by number of entries: lower is better", "muted", 11)
    for place, (label, rows) in enumerate(growth.items()):
        left, top = 56 + place % PANELS * PANEL_WIDTH, HEAD + 6 + place // PANELS * PANEL_HEIGHT
        _panel(picture, left, top, PANEL_WIDTH - 64, PANEL_HEIGHT - 66, language, label, rows)
    return picture


def _panel(picture, left, top, width, height, language, label, rows):
    sizes = [row.entries for row in rows]
    most = max(figure.median for row in rows for figure in row.figures.values())
    step = _step(most)
    steps = math.ceil(most / step)

    def across(entries):
        return left + width * math.log(entries / sizes[0]) / math.log(sizes[-1] / sizes[0])

    def up(cost):
        return top + height * (1 - cost / (step * steps))

    picture.text(left, top - 9, label, size=12)
    for number in range(steps + 1):
        y = up(step * number)
        picture.line([(left, y), (left + width, y)], "faint")
        picture.text(left - 7, y + 4, f"{step * number:,g}" + " ns" * (number == steps), "muted", 10, "end")
    for entries in sizes:
        picture.line([(across(entries), top + height), (across(entries), top + height + 4)], "grey")
        ends = {sizes[0]: "start", sizes[-1]: "end"}
        if entries in ends or len(sizes) == 3:
            anchor = ends.get(entries, "middle")
            picture.text(across(entries), top + height + 17, f"{entries:,}", "muted", 10, anchor)
    for way, (color, _) in reversed(language.legend.items()):
        points = [(across(row.entries), up(row.median(way))) for row in rows if way in row.figures]
        if points:
            picture.line(points, color, 2)
            for x, y in points:
                picture.dot(x, y, color, 2.5)


def _step(most):
    """A round number that goes two to five times into another."""
    power = 10.0 ** math.floor(math.log10(most / 2))
    return max(digit * power for digit in (1, 2, 5) if digit * power <= most / 2)


def _head(picture, results, language, title, rows):
    """The title, and what the colours mean."""
    sizes = {row.entries for row in rows if row.entries > 1}
    entries = [f"{size:,} entries" for size in sizes if len(sizes) == 1]
    picture.text(12, 26, title, size=18, weight="bold")
    picture.text(12, 46, ", ".join([results.title, *entries]), "muted", 12)
    shown = {way for row in rows for way in row.figures}
    x = 18
    for color, name in dict.fromkeys(meaning for way, meaning in language.legend.items() if way in shown):
        picture.dot(x, 66, color, 5)
        picture.text(x + 10, 70, name, size=12)
        x += 36 + 7.4 * len(name)
