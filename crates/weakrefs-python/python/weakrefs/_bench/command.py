"""The command line of `python -m weakrefs bench`."""

import argparse
import os
import platform
import re

from . import tables
from .cases import WAYS
from .measure import EFFORTS, plan, run
from .results import Results, environment

PROGRAM = "python -m weakrefs bench"
DESCRIPTION = """\
Every public operation three ways in one run: weakrefs, the interpreter's own weakref, and the strong container or plain
call that does the same. Prints tables of medians and ratios.
"""


def main(arguments):
    parser = argparse.ArgumentParser(PROGRAM, description=DESCRIPTION)
    add_options(parser)
    options = parser.parse_args(arguments)
    import weakrefs  # whose extension those can do without who only want the options

    tasks = plan(options.sizes, WAYS, options.filter.search)
    rows, complete = run(tasks, EFFORTS[options.effort], PROGRAM)
    software = f"weakrefs {weakrefs.__version__}", f"CPython {platform.python_version()}"
    results = Results("Python", environment(*software), rows)
    if options.json:
        results.dump(options.json)
    if rows:
        print(f"# {results.title}\n\n{tables.times(rows)}\n## How to read this\n\n{tables.NOTES}")
    return 0 if complete else 1


def add_options(parser):
    """Those of every program that measures."""
    parser.add_argument("--sizes", type=_sizes, default=[1000], help="numbers of entries, as in 10,1000 [1000]")
    parser.add_argument(
        "-k",
        "--filter",
        type=_pattern,
        default="",
        metavar="PATTERN",
        help="only what this regular expression is found in: 'WeakSet', 'd.k., miss'",
    )
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--fast", dest="effort", action="store_const", const="fast", help="rough figures")
    effort.add_argument("--rigorous", dest="effort", action="store_const", const="rigorous", help="exact ones")
    parser.set_defaults(effort="default")
    parser.add_argument("--json", type=output, metavar="FILE", help="write the figures")


def _sizes(text):
    sizes = [int(size) for size in text.split(",")]
    if min(sizes) < 2:
        raise ValueError("too few")
    return sizes


def _pattern(text):
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


def output(text):
    """Told now, and not when everything has been measured."""
    directory = os.path.dirname(text) or "."
    if not os.path.isdir(directory):
        raise argparse.ArgumentTypeError(f"there is no directory {directory!r}")
    return text
