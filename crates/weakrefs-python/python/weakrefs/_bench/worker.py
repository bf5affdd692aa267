"""`python -m weakrefs._bench.worker`: a process that measures one case one way, by pyperf's rules.

Command line: the label of the case, the way, the number of entries, and pyperf's own options for a worker.

The collector stands still meanwhile, for all three ways alike: when it would run depends on all that a program has
alive, and not on the operation. What it costs to visit a container is a case of its own, for which the interpreter's
other objects are frozen out.
"""

import gc

import pyperf

from .cases import CASES
from .timing import timed_function


def main():
    runner = pyperf.Runner()
    runner.argparser.add_argument("case", choices=[case.label for case in CASES])
    runner.argparser.add_argument("way")
    runner.argparser.add_argument("entries", type=int)
    options = runner.parse_args()
    case = next(case for case in CASES if case.label == options.case)
    gc.collect()
    gc.freeze()
    gc.disable()
    function = timed_function(case, options.way, options.entries)
    inner_loops = options.entries if case.per == "entry" else 1
    runner.bench_time_func(case.label, function, inner_loops=inner_loops)


if __name__ == "__main__":
    main()
