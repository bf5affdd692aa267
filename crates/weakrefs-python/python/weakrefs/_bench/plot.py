"""The charts: how many times the strong container ours and the interpreter's own cost, and how that grows.

They are drawn with matplotlib, without a display.
"""

import os

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

OURS, STANDARD, STRONG = "#0b7a75", "#e07a5f", "#8d99ae"
TEXT, MUTED, LINK, FAINT = "#22223b", "#6c757d", "#ced4da", "#e9ecef"
LEGEND = [("weakrefs", OURS), ("the interpreter's weakref", STANDARD), ("dict, set, plain calls", STRONG)]
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


def draw(results, file):
    """The chart, and beside it that of the growth if it was measured."""
    with matplotlib.rc_context(STYLE):
        if results.of("time"):
            _save(times(results), file)
        if results.of("growth"):
            _save(growth(results), "-growth".join(os.path.splitext(file)))


def _save(figure, file):
    FigureCanvasAgg(figure)
    metadata = {"Date": None} if file.endswith(".svg") else None
    figure.savefig(file, dpi=160, facecolor="white", metadata=metadata)


def _charted(results):
    """The rows to show: by group, by name, by size."""
    chosen = any(row.name in CHARTED.get(row.group, ()) for row in results.of("time"))
    groups = {}
    for size, rows in results.times().items():
        for row in rows:
            if not chosen or row.name in CHARTED.get(row.group, ()):
                groups.setdefault(row.group, {}).setdefault(row.name, {})[size] = row
    return groups


def times(results):
    """For each operation two dots, in units of the strong container: the further left, the better."""
    groups = _charted(results)
    sizes = list(results.times())
    figure, grid = _grid([len(names) for names in groups.values()], len(sizes))
    rows = [row for names in groups.values() for by_size in names.values() for row in by_size.values()]
    ratios = [row.ratio(way, "strong") for row in rows for way in ("ours", "standard")]
    limits = min(*ratios, 0.8) / 1.15, max(*ratios, 1.25) * 1.15
    for (group, names), line in zip(groups.items(), grid):
        for axes, size in zip(line, sizes):
            _prepare(axes, limits)
            for place, by_size in enumerate(names.values()):
                if size in by_size:
                    _dots(axes, place, by_size[size])
        line[0].set_yticks(range(len(names)), list(names))
        line[0].set_ylim(len(names) - 0.5, -0.5)
        _above(line[0], group, 0, "axes fraction", -5, ha="right", weight="bold", size=12)
    for axes, size in zip(grid[0], sizes):
        _above(axes, "strong = 1", 1, "data", 0, ha="center", color=MUTED, size=9)
        _above(axes, "faster", 1, "axes fraction", 6, color=OURS, size=9)
        if len(sizes) > 1:
            axes.set_title(f"{size:,} entries", size=11, pad=20)
    for axes in grid[-1]:
        axes.set_xlabel("cost, in multiples of the strong container (logarithmic)")
    subtitle = results.title if len(sizes) > 1 else f"{sizes[0]:,} entries; {results.title}"
    _head(figure, "What weak containers cost", subtitle, LEGEND)
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


def _dots(axes, place, row):
    """Ours and the interpreter's own, and how many times faster ours is."""
    ours, standard = row.ratio("ours", "strong"), row.ratio("standard", "strong")
    axes.plot([ours, standard], [place, place], color=LINK, linewidth=2.2, zorder=2)
    axes.plot(standard, place, "o", color=STANDARD, markersize=6.5, zorder=3)
    axes.plot(ours, place, "o", color=OURS, markersize=7.5, zorder=4)
    beside = {"xycoords": ("axes fraction", "data"), "xytext": (6, 0), "textcoords": "offset points", "va": "center"}
    axes.annotate(f"{row.ratio('standard', 'ours'):.1f}{TIMES}", (1, place), color=OURS, size=9, **beside)


def growth(results):
    """Of each case its cost over the number of entries, beside the strong container's."""
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
        for way, color in ("strong", STRONG), ("ours", OURS):
            figures = [row.figure(way) for row in rows]
            axes.plot([row.entries for row in rows], figures, "o-", color=color, linewidth=2, markersize=5)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_title(label, size=10, loc="left")
        axes.grid(color=FAINT, linewidth=0.8)
        _bare(axes)
    for axes in grid.flat[len(cases) :]:
        axes.remove()
    _head(figure, "Nanoseconds for each entry, by number of entries", results.title, LEGEND[::2])
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
