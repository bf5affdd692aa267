"""`python -m weakrefs._bench.worker`: a process that measures one case, the ways one after another, by pyperf's rules.

Command line: the label of the case, the number of entries, the ways, and pyperf's own options for a worker.

The collector stands still meanwhile, for all ways alike: when it would run depends on all that a program has alive, and
not on the operation. What it costs to visit a container is a case of its own, for which the interpreter's other objects
are frozen out.
"""

import gc

import pyperf

from .cases import CASES
from .timing import timed_function


def main():
    runner = pyperf.Runner()
    runner.argparser.add_argument("case")
    runner.argparser.add_argument("entries", type=int)
    runner.argparser.add_argument("ways", nargs="+")
    options = runner.parse_args()
    case = next(case for case in CASES if case.label == options.case)
    gc.collect()
    gc.freeze()
    gc.disable()
    for way in options.ways:
        function = timed_function(case, way, options.entries)
        runner.bench_time_func(way, function, inner_loops=options.entries if case.per == "entry" else 1)
        del function  # and with it the containers, before there are others


if __name__ == "__main__":
    main()
