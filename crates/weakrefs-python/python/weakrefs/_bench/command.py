"""The command line of `python -m weakrefs bench`."""

import argparse
import os
import re
import sys
from importlib.util import find_spec

DESCRIPTION = """\
Every public operation three ways in one run: ours, the interpreter's own weakref, and the strong container or plain
call that does the same. Prints tables of medians and ratios, and at the end which goals are reached.
"""


def main(arguments):
    options = _parser().parse_args(arguments)
    missing = [name for name in ("pyperf", "psutil", *["matplotlib"] * bool(options.plot)) if not find_spec(name)]
    if missing:
        sys.stderr.write(f"python -m weakrefs bench needs {' and '.join(missing)}: pip install 'weakrefs[bench]'\n")
        return 2
    from . import report
    from .results import Results

    results, complete = (Results.load(options.load), True) if options.load else _measured(options)
    if not results.rows:
        return 1
    if options.json and not options.load:
        results.dump(options.json)
    text = report.markdown(results)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(text)
    if options.plot:
        from . import plot

        plot.draw(results, options.plot)
    print(text)
    return 0 if complete else 1


def _parser():
    parser = argparse.ArgumentParser("python -m weakrefs bench", description=DESCRIPTION)
    parser.add_argument("--sizes", type=_sizes, default=[1000], help="numbers of entries, as in 10,1000 [1000]")
    parser.add_argument(
        "-k",
        "--filter",
        type=_pattern,
        default="",
        metavar="PATTERN",
        help="only what this regular expression is found in: 'WeakSet', 'd.k., miss', '^memory'",
    )
    parser.add_argument("--memory", action="store_true", help="weigh containers of a million, too")
    parser.add_argument("--growth", action="store_true", help="time some cases from 10^3 to 10^7 entries, too")
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--fast", dest="effort", action="store_const", const="fast", help="rough figures")
    effort.add_argument("--rigorous", dest="effort", action="store_const", const="rigorous", help="exact ones")
    parser.set_defaults(effort="default")
    parser.add_argument("--json", type=_output, metavar="FILE", help="write the figures in pyperf's format")
    parser.add_argument("--load", metavar="FILE", help="show such a file instead of measuring")
    parser.add_argument("--markdown", type=_output, metavar="FILE", help="write the tables")
    parser.add_argument(
        "--plot",
        type=_picture,
        metavar="FILE",
        help="draw a chart, .svg or .png; that of --growth has -growth in its name",
    )
    return parser


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


def _output(text):
    """Told now, and not when everything has been measured."""
    directory = os.path.dirname(text) or "."
    if not os.path.isdir(directory):
        raise argparse.ArgumentTypeError(f"there is no directory {directory!r}")
    return text


def _picture(text):
    if not text.endswith((".svg", ".png")):
        raise argparse.ArgumentTypeError(f"{text!r} ends neither with .svg nor with .png")
    return _output(text)


def _measured(options):
    """The results, and whether they are complete: what was measured before an error or an interruption is not lost."""
    from .measure import EFFORTS, Failed, plan
    from .progress import Progress
    from .results import Results, environment

    effort = EFFORTS[options.effort]
    tasks = plan(options.sizes, options.memory, options.growth, options.filter.search)
    if not tasks:
        sys.stderr.write("python -m weakrefs bench: nothing matches the filter\n")
        return Results({}), False
    results, complete = Results(environment()), True
    progress = Progress(sum(task.processes(effort) for task in tasks))
    try:
        for task in tasks:
            progress.show(task.label)
            try:
                results.rows += task.measure(effort, progress.advance)
            except Failed as error:
                progress.end()
                sys.stderr.write(f"python -m weakrefs bench: {error}\n")
                complete = False
    except KeyboardInterrupt:
        progress.end()
        sys.stderr.write("python -m weakrefs bench: interrupted\n")
        complete = False
    progress.end()
    return results, complete
