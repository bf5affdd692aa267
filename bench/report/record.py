"""The results on record, shown anew from their figures: tables, charts, and what the README has of them."""

import re
from pathlib import Path

from _bench.results import Results

from . import charts, tables

ROOT = Path(__file__).parents[2]
OVERVIEW = "overview"  # the figures of the README
IN_README = re.compile(r"(?<=<!-- figures -->\n).*(?=\n<!-- end -->)", re.DOTALL)


def redraw(root=ROOT):
    for file in sorted((root / "docs/benchmarks").glob("*.json")):
        results = Results.load(file)
        if file.stem == OVERVIEW:
            charts.draw_overview(results, root / "docs/overview.svg")
            _put(root / "README.md", tables.overview(results))
        else:
            file.with_suffix(".md").write_text(tables.markdown(results), "utf-8")
            charts.draw(results, str(file.with_suffix(".svg")))


def _put(page, table):
    page.write_text(IN_README.sub(lambda _: table, page.read_text("utf-8")), "utf-8")
