"""The command line of `cargo xtask bench`: measures, or loads, and shows."""

import argparse
import sys

from _bench.command import add_options, output
from _bench.results import Results

from .report import charts, record, tables


def main(arguments=None):
    options = _parser().parse_args(arguments)
    if options.redraw:
        record.redraw()
        return 0
    results, complete = (Results.load(options.load), True) if options.load else _measured(options)
    if not results.rows:
        return 1
    if options.json:
        results.dump(options.json)
    if options.plot:
        charts.draw(results, options.plot)
    text = tables.markdown(results)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(text)
    print(text)
    return 0 if complete else 1


def _measured(options):
    """Each language asks for what the other can do without."""
    if options.rust:
        from .rust.measure import measured
    else:
        from .python.measure import measured
    return measured(options)


def _parser():
    parser = argparse.ArgumentParser("cargo xtask bench", description=__doc__)
    parser.add_argument("--rust", action="store_true", help="the Rust crate beside std, weak-table and dashmap")
    add_options(parser)
    parser.add_argument("--memory", action="store_true", help="weigh Python's containers of a million, too")
    parser.add_argument("--growth", action="store_true", help="time some of Python's cases from 10^3 to 10^7, too")
    parser.add_argument("--load", metavar="FILE", help="show such a file of figures instead of measuring")
    parser.add_argument("--redraw", action="store_true", help="make tables and charts on record anew; measure nothing")
    parser.add_argument("--markdown", type=output, metavar="FILE", help="write the tables, with the goals")
    parser.add_argument("--plot", type=_picture, metavar="FILE", help="draw a chart, .svg; the growth is -growth.svg")
    return parser


def _picture(text):
    if not text.endswith(".svg"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end with .svg")
    return output(text)


if __name__ == "__main__":
    sys.exit(main())
