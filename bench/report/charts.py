"""The charts: how many times what costs 1 weakrefs and the others cost, and how costs grow with the number of entries."""

import math
import os
from itertools import groupby

from _bench.tables import number

from . import languages
from .svg import FAINT, MUTED, TEXT, Picture

TIMES = "\N{MULTIPLICATION SIGN}"
SIZE = 1000  # the number of entries that is drawn, where it was measured
# In pixels: what is above all, a row, what is above a group, left of the scale, the scale, right of it.
TOP, ROW, GROUP, LABELS, SCALE, MARGIN = 90, 22, 30, 200, 480, 60
PANEL_WIDTH, PANEL_HEIGHT, PANELS = 280, 170, 3  # of growth; and how many are side by side


def draw(results, file):
    """The chart, and beside it that of the growth if it was measured."""
    language = languages.of(results)
    rows = _charted(results, language)
    if rows:
        _costs(results, language, rows).save(file)
    growth = language.growth(results)
    if growth:
        _growth(results, language, growth).save("-growth".join(os.path.splitext(file)))


def _charted(results, language):
    """A row for each operation that people ask first; of all that were measured, if none of these was."""
    by_label = {row.label: row for row in sorted(results.of("time"), key=lambda row: row.entries == SIZE)}
    measured = {label: row for label, row in by_label.items() if language.costs(row)}
    return [measured[label] for label in language.charted if label in measured] or list(measured.values())


def _costs(results, language, rows):
    """A line for each operation, a dot for each way: the further left, the better."""
    costs = [cost for row in rows for cost in language.costs(row).values()]
    least, most = min(*costs, 0.8) / 1.1, max(*costs, 1.25) * 1.1

    def across(cost):
        return LABELS + SCALE * math.log(cost / least) / math.log(most / least)

    groups = [(group, list(of_group)) for group, of_group in groupby(rows, lambda row: row.group)]
    bottom = TOP + ROW * len(rows) + GROUP * len(groups)
    picture = Picture(LABELS + SCALE + MARGIN, bottom + 30)
    _head(picture, results, language, language.title, rows)
    for tick in (digit * 10.0**power for power in range(-2, 4) for digit in (1, 2, 5)):
        if least < tick < most:
            color, width = (language.legend[language.units[0]][0], 2) if tick == 1 else (FAINT, 1)
            picture.line([(across(tick), TOP), (across(tick), bottom)], color, width)
            picture.text(across(tick), bottom + 18, f"{tick:g}{TIMES}", MUTED, 11, "middle")
    picture.text(LABELS + SCALE + 8, TOP + 8, "faster", MUTED, 11)
    y = TOP
    for group, of_group in groups:
        y += GROUP
        picture.text(12, y - 8, group, weight="bold")
        for row in of_group:
            picture.text(LABELS - 12, y + ROW / 2 + 4, row.name, anchor="end")
            _dots(picture, across, y + ROW / 2, row, language)
            y += ROW
    return picture


def _dots(picture, across, y, row, language):
    """The ways, and how many times faster weakrefs is."""
    costs = language.costs(row)
    picture.line([(across(min(costs.values())), y), (across(max(costs.values())), y)], FAINT, 3)
    for way, cost in reversed(costs.items()):
        picture.dot(across(cost), y, language.legend[way][0], 5 if way == "ours" else 4)
    faster = row.ratio(language.rival or language.unit(row), "ours")
    if faster:
        picture.text(LABELS + SCALE + 8, y + 4, f"{faster:.1f}{TIMES}", language.legend["ours"][0], 12)


def _growth(results, language, growth):
    """Of each operation the cost of each way over the number of entries."""
    down = -(-len(growth) // PANELS)
    picture = Picture(PANEL_WIDTH * min(PANELS, len(growth)) + 20, TOP + PANEL_HEIGHT * down)
    drawn = [row for rows in growth.values() for row in rows]
    _head(picture, results, language, "Nanoseconds for each entry, by number of entries", drawn)
    for place, (label, rows) in enumerate(growth.items()):
        left, top = 50 + place % PANELS * PANEL_WIDTH, TOP + place // PANELS * PANEL_HEIGHT + 20
        _panel(picture, left, top, PANEL_WIDTH - 60, PANEL_HEIGHT - 60, language, label, rows)
    return picture


def _panel(picture, left, top, width, height, language, label, rows):
    sizes = [row.entries for row in rows]
    most = max(figure.median for row in rows for figure in row.figures.values())

    def place(row, figure):
        share = math.log(row.entries / sizes[0]) / math.log(sizes[-1] / sizes[0])
        return left + width * share, top + height * (1 - figure.median / most)

    picture.text(left, top - 8, label, size=12)
    for share in (0, 0.5, 1):
        y = top + height * (1 - share)
        picture.line([(left, y), (left + width, y)], FAINT)
        picture.text(left - 6, y + 4, number(most * share), MUTED, 10, "end")
    picture.text(left, top + height + 16, f"{sizes[0]:,}", MUTED, 10)
    picture.text(left + width, top + height + 16, f"{sizes[-1]:,}", MUTED, 10, "end")
    for way, (color, _) in reversed(language.legend.items()):
        points = [place(row, row.figures[way]) for row in rows if way in row.figures]
        if points:
            picture.line(points, color, 2)
            for x, y in points:
                picture.dot(x, y, color, 2.5)


def _head(picture, results, language, title, rows):
    """The title, and what the colours mean."""
    picture.text(12, 26, title, size=18, weight="bold")
    picture.text(12, 46, results.title, MUTED, 12)
    shown = {way for row in rows for way in row.figures}
    x = 18
    for color, name in dict.fromkeys(meaning for way, meaning in language.legend.items() if way in shown):
        picture.dot(x, 66, color, 5)
        picture.text(x + 10, 70, name, TEXT, 12)
        x += 36 + 7.2 * len(name)
