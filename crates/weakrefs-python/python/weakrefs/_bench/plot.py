"""The charts: how many times the strong container ours and the interpreter's own cost, and how that grows.

They are drawn with matplotlib, without a display. Another `Comparison` makes charts of other things measured: those of
the Rust crate are drawn by `bench/rust/charts.py`, with this.
"""

import os
from dataclasses import dataclass

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

OURS, STANDARD, STRONG = "#0b7a75", "#e07a5f", "#8d99ae"
TEXT, MUTED, LINK, FAINT = "#22223b", "#6c757d", "#ced4da", "#e9ecef"
TIMES = "\N{MULTIPLICATION SIGN}"
STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": FAINT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "svg.fonttype": "none",  # text stays text: small, and can be searched
    "svg.hashsalt": "weakrefs",  # the same figures make the same file
}
# In inches: a row, what is between groups, above and below all, left of the columns, one of these, and right of it.
ROW, GAP, TOP, BOTTOM, LABELS, COLUMN, MARGIN = 0.215, 0.42, 1.55, 0.65, 2.6, 6.0, 0.6

# What people ask first; the tables have everything.
CHARTED = {
    "WeakKeyDictionary": (
        "d[k]",
        "d[k], equal Point",
        "get",
        "k in d",
        "k in d, miss",
        "d[k] = v, replaced",
        "d[k] = v, new",
        "setdefault, present",
        "pop",
        "one dies",
        "a million die at once",
        "for k in d",
        "items()",
        "first key",
        "from a dict",
        "copy",
    ),
    "WeakValueDictionary": (
        "d[k], same str",
        "d[k], equal str",
        "d[k], equal int",
        "d[k], equal tuple",
        "get, same str",
        "k in d, same str",
        "k in d, miss",
        "d[k] = v, replaced",
        "d[k] = v, new",
        "setdefault, present",
        "pop",
        "one dies",
        "a million die at once",
        "values()",
        "items()",
        "from a dict",
        "copy",
    ),
    "WeakSet": (
        "x in s",
        "x in s, equal Point",
        "x in s, miss",
        "add, present",
        "add, new",
        "discard",
        "one dies",
        "a million die at once",
        "for x in s",
        "from a list",
        "copy",
        "union",
        "intersection",
        "isdisjoint",
    ),
    "finalize": ("create", "create and fire", "create and fire, a million alive", "detach"),
    "WeakMethod": ("create", "call", "m == other"),
}


@dataclass(frozen=True)
class Comparison:
    """What a chart compares."""

    title: str
    ways: dict  # what each is called, and its colour; ours first
    units: tuple  # the ways that count as 1: of each row the first that was measured
    unit: tuple  # what these are called above the columns, and below
    rival: str | None = None  # the way that ours is said to be faster than; else the unit
    charted: dict | None = None  # the operations to show, by group; else all

    def unit_of(self, row):
        return next((way for way in self.units if way in row.runs), None)

    def costs(self, row):
        """Ours and the others', in units."""
        unit = self.unit_of(row)
        return {way: row.ratio(way, unit) for way in self.ways if way in row.runs and way not in self.units}

    def legend(self, rows):
        """What the ways that there are in these rows are called, each name once."""
        return list(dict.fromkeys(self.ways[way] for way in self.ways if any(way in row.runs for row in rows)))


PYTHON = Comparison(
    "What weak containers cost",
    {
        "ours": ("weakrefs", OURS),
        "standard": ("the interpreter's weakref", STANDARD),
        "strong": ("dict, set, plain calls", STRONG),
    },
    ("strong",),
    ("strong", "the strong container"),
    "standard",
    CHARTED,
)


def draw(results, file, comparison=PYTHON):
    """The chart, and beside it that of the growth if it was measured."""
    with matplotlib.rc_context(STYLE):
        if results.of("time"):
            _save(times(results, comparison), file)
        if results.of("growth"):
            _save(growth(results, comparison), "-growth".join(os.path.splitext(file)))


def _save(figure, file):
    FigureCanvasAgg(figure)
    metadata = {"Date": None} if file.endswith(".svg") else None
    figure.savefig(file, dpi=160, facecolor="white", metadata=metadata)


def _charted(results, charted):
    """The rows to show: by group, by name, by size."""
    chosen = charted and any(row.name in charted.get(row.group, ()) for row in results.of("time"))
    groups = {}
    for size, rows in results.times().items():
        for row in rows:
            if not chosen or row.name in charted.get(row.group, ()):
                groups.setdefault(row.group, {}).setdefault(row.name, {})[size] = row
    return groups


def times(results, comparison):
    """For each operation a dot for each way, in units: the further left, the better."""
    groups = _charted(results, comparison.charted)
    sizes = list(results.times())
    figure, grid = _grid([len(names) for names in groups.values()], len(sizes))
    rows = [row for names in groups.values() for by_size in names.values() for row in by_size.values()]
    costs = [cost for row in rows for cost in comparison.costs(row).values() if cost]
    limits = min(*costs, 0.8) / 1.15, max(*costs, 1.25) * 1.15
    above, below = comparison.unit
    for (group, names), line in zip(groups.items(), grid):
        for axes, size in zip(line, sizes):
            _prepare(axes, limits)
            for place, by_size in enumerate(names.values()):
                if size in by_size:
                    _dots(axes, place, by_size[size], comparison)
        line[0].set_yticks(range(len(names)), list(names))
        line[0].set_ylim(len(names) - 0.5, -0.5)
        _above(line[0], group, 0, "axes fraction", -5, ha="right", weight="bold", size=12)
    for axes, size in zip(grid[0], sizes):
        _above(axes, f"{above} = 1", 1, "data", 0, ha="center", color=MUTED, size=9)
        _above(axes, "faster", 1, "axes fraction", 6, color=OURS, size=9)
        if len(sizes) > 1:
            axes.set_title(f"{size:,} entries", size=11, pad=20)
    for axes in grid[-1]:
        axes.set_xlabel(f"cost, in multiples of {below} (logarithmic)")
    subtitle = results.title if len(sizes) > 1 else f"{sizes[0]:,} entries; {results.title}"
    _head(figure, comparison.title, subtitle, comparison.legend(rows))
    return figure


def _grid(lengths, columns):
    """Axes for groups of so many rows each, one below the other, in columns."""
    lines = sum(lengths)
    width = LABELS + columns * COLUMN
    height = TOP + lines * ROW + (len(lengths) - 1) * GAP + BOTTOM
    figure = Figure((width, height))
    places = {
        "height_ratios": lengths,
        "left": LABELS / width,
        "right": 1 - MARGIN / width,
        "top": 1 - TOP / height,
        "bottom": BOTTOM / height,
        "hspace": GAP * len(lengths) / (lines * ROW),
        "wspace": MARGIN / (COLUMN - MARGIN),
    }
    grid = figure.subplots(len(lengths), columns, sharex=True, sharey="row", squeeze=False, gridspec_kw=places)
    return figure, grid


def _above(axes, text, x, unit, shift, **style):
    """A word over the axes."""
    place = {"xycoords": (unit, "axes fraction"), "xytext": (shift, 7), "textcoords": "offset points"}
    axes.annotate(text, (x, 1), **place, **style)


def _prepare(axes, limits):
    axes.set_xscale("log")
    axes.set_xlim(limits)
    axes.axvspan(limits[0], 1, color=OURS, alpha=0.06, linewidth=0)
    axes.axvline(1, color=STRONG, linewidth=1.4, zorder=1)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}{TIMES}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    _bare(axes)


def _bare(axes):
    axes.tick_params(length=0, which="both")
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def _dots(axes, place, row, comparison):
    """Ours and the others, and how many times faster ours is."""
    costs = {way: cost for way, cost in comparison.costs(row).items() if cost}
    if not costs:
        return
    axes.plot([min(costs.values()), max(costs.values())], [place, place], color=LINK, linewidth=2.2, zorder=2)
    ours, *_ = comparison.ways
    for way, cost in costs.items():
        size, above = (7.5, 4) if way == ours else (6.5, 3)
        axes.plot(cost, place, "o", color=comparison.ways[way][1], markersize=size, zorder=above)
    faster = row.ratio(comparison.rival or comparison.unit_of(row), ours)
    if faster:
        beside = {"xycoords": ("axes fraction", "data"), "xytext": (6, 0), "textcoords": "offset points"}
        axes.annotate(f"{faster:.1f}{TIMES}", (1, place), color=OURS, size=9, va="center", **beside)


def growth(results, comparison):
    """Of each case its cost over the number of entries, beside the others'."""
    cases = {}
    for row in results.of("growth"):
        cases.setdefault(row.label, []).append(row)
    across = min(3, len(cases))
    down = -(-len(cases) // across)
    width, height = 3.6 * across, TOP + 2.3 * down + BOTTOM
    figure = Figure((width, height))
    place = {"left": 0.6 / width, "right": 1 - 0.2 / width, "top": 1 - TOP / height, "bottom": BOTTOM / height}
    grid = figure.subplots(down, across, squeeze=False, gridspec_kw={**place, "hspace": 0.45, "wspace": 0.25})
    for axes, (label, rows) in zip(grid.flat, cases.items()):
        for way, (_, color) in reversed(comparison.ways.items()):
            measured = [row for row in rows if way in row.runs]
            sizes, figures = [row.entries for row in measured], [row.figure(way) for row in measured]
            axes.plot(sizes, figures, "o-", color=color, linewidth=2, markersize=5)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_title(label, size=10, loc="left")
        axes.grid(color=FAINT, linewidth=0.8)
        _bare(axes)
    for axes in grid.flat[len(cases) :]:
        axes.remove()
    shown = comparison.legend(results.of("growth"))
    _head(figure, "Nanoseconds for each entry, by number of entries", results.title, shown)
    return figure


def _head(figure, title, subtitle, ways):
    """The title, and what the colours mean."""
    width, height = figure.get_size_inches()
    place = {"ha": "left", "va": "top"}
    figure.text(0.25 / width, 1 - 0.2 / height, title, size=16, weight="bold", **place)
    figure.text(0.25 / width, 1 - 0.52 / height, subtitle, size=9.5, color=MUTED, **place)
    figure.legend(
        handles=[Line2D([], [], marker="o", linestyle="", color=color, label=label) for label, color in ways],
        loc="upper left",
        bbox_to_anchor=(0.2 / width, 1 - 0.72 / height),
        ncols=len(ways),
        frameon=False,
        borderpad=0,
        handletextpad=0,
        columnspacing=1.2,
    )
