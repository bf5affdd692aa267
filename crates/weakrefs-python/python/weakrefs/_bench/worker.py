"""`python -m weakrefs._bench.worker`: a process that measures one case, the ways one after another.

It is told by JSON what to do, and prints JSON: the number of passes for a value, and the values of each way in seconds.

The collector stands still meanwhile, for all ways alike: when it would run depends on all that a program has alive, and
not on the operation. What it costs to visit a container is a case of its own, for which the interpreter's other objects
are frozen out.
"""

import gc
import json
import sys

from .cases import CASES
from .timing import calibrated, timed_function


def main(label, entries, ways, loops, values, seconds):
    """Without a number of passes, as many as take the first way so many seconds."""
    case = next(case for case in CASES if case.label == label)
    gc.collect()
    gc.freeze()
    gc.disable()
    measured = {}
    for way in ways:
        function = timed_function(case, way, entries)
        loops = loops or calibrated(function, seconds)
        if values:
            function(loops)  # the interpreter specialises code, and caches fill
        each = loops * (entries if case.per == "entry" else 1)
        measured[way] = [function(loops) / each for _ in range(values)]
        del function  # and with it the containers, before there are others
    print(json.dumps([loops, measured]))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
