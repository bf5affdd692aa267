"""One child process: runs episodes, or one given program, and prints what came of them as JSON.

The parent gives its request as JSON in the only argument. Before each episode its number goes to
the progress file, so that the parent knows the episode whatever the process dies of.
"""

import faulthandler
import gc
import json
import random
import sys
import time
from pathlib import Path

import chains
import daemons
import exits
import forks
from broken import BROKEN
from implementation import ours, standard
from lockstep import Lockstep, prepare
from program import Writer

LENGTH = 200
# The share of the time that is for chains and exits in forks, about.
ENDINGS = 0.1


def implementation(side):
    return ours() if side == "ours" else standard() if side == "standard" else BROKEN[side]()


def run_program(lines, shared, sides):
    """Collection is up to the program, and sees nothing from before it."""
    for line in lines:
        prepare(line)
    gc.collect()
    gc.freeze()
    lockstep = Lockstep(*sides, shared)
    return lockstep, lockstep.run(lines)


def run_episodes(seed, first, seconds, operations, sides, started=lambda number: None):
    """Episodes from the first on, until time or operations are used up or a difference is found."""
    end = time.monotonic() + seconds
    done = accidents = 0
    number = first
    found = None
    while found is None and time.monotonic() < end and (operations is None or done < operations):
        started(number)
        writer = Writer(f"{seed}:{number}", LENGTH)
        lockstep, difference = run_program(writer.write(), writer.shared, sides)
        if difference:
            found = {"episode": number, "difference": difference}
        done += lockstep.operations
        accidents += lockstep.accidents
        number += 1
    return {"episodes": number - first, "operations": done, "accidents": accidents, "found": found}


def check_endings(rng, implementation, seconds):
    """What is wrong with the ends of long chains, and of processes with daemon threads, or None."""
    if not (forks.AVAILABLE and implementation.sound):
        return None
    count = 1 + int(seconds * ENDINGS * 3)
    return chains.endure(rng, implementation, count) or daemons.end_often(rng, implementation, 2 * count)


def main():
    request = json.loads(sys.argv[1])
    faulthandler.enable()
    gc.disable()
    sides = implementation(request["side"]), standard()
    if "program" in request:
        _, difference = run_program(request["program"], request["shared"], sides)
        result = {"found": difference and {"difference": difference}}
    else:
        with Path(request["progress"]).open("w") as progress:

            def started(number):
                progress.seek(0)
                progress.write(f"{number:20}")
                progress.flush()

            result = run_episodes(
                request["seed"],
                request["first"],
                request["seconds"] * (1 - ENDINGS),
                request["operations"],
                sides,
                started,
            )
        rng = random.Random(f"{request['seed']}:{request['first']}:endings")
        if not result["found"] and (wrong := check_endings(rng, sides[0], request["seconds"])):
            exits.fail(wrong)
        exits.check_at_exit(random.Random(f"{request['seed']}:{request['first']}"), sides)
    print(json.dumps(result, default=repr), flush=True)


if __name__ == "__main__":
    main()
