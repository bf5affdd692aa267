"""`python fuzz/differential --seconds N [--seed S] [--operations N] [--out DIR]`: weakrefs against
the standard `weakref`.

Stops at the first difference, crash or hang, shrinks its program, prints and saves it as a script,
and exits with 1. `--selftest` shows instead that the model is right and that the check can fail.
"""

import argparse
import platform
import random
import sys
from pathlib import Path

from children import Batches, run_child
from program import Writer
from script import standalone
from selftest import selftest
from shrink import shrink
from worker import LENGTH

BATCH_SECONDS = 60
SHRINK_PATIENCE = 20


def main():
    arguments = parse_arguments()
    if arguments.selftest:
        sys.exit(selftest())
    seed = str(random.SystemRandom().randrange(10**9)) if arguments.seed is None else arguments.seed
    batches = Batches("ours", seed, arguments.seconds, arguments.operations)
    failure = batches.run(BATCH_SECONDS)
    if failure:
        report(*failure, seed, arguments.out)
    print(
        f"{batches.operations} operations in {batches.episodes} episodes "
        f"({batches.accidents} lines undefined in 3.14), {batches.elapsed():.0f} s, "
        f"{platform.python_implementation()} {platform.python_version()}, seed {seed}: "
        + ("FAILED" if failure else "no difference")
    )
    sys.exit(failure is not None)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="fuzz/differential", description=__doc__.partition(":")[2].strip())
    parser.add_argument("--seconds", type=float, default=60, help="how long to go on (default: 60)")
    parser.add_argument("--seed", help="reproduces a run; default: a new one, which is printed")
    parser.add_argument("--operations", type=int, help="stop after so many operations")
    parser.add_argument("--out", type=Path, default=Path(), help="where to save a failing script (default: here)")
    parser.add_argument("--selftest", action="store_true", help="check the fuzzer itself")
    return parser.parse_args()


def report(outcome, episode, seed, directory):
    writer = Writer(f"{seed}:{episode}", LENGTH)
    lines = writer.write()
    print(f"{outcome.kind} in episode {episode} of seed {seed}", file=sys.stderr)
    if outcome.kind == "exit difference":
        print(outcome.errors, file=sys.stderr)
        return
    request = {"side": "ours", "shared": writer.shared}

    def run(program):
        return run_child({**request, "program": program}, SHRINK_PATIENCE)

    if run(lines).kind == outcome.kind:
        lines = shrink(lines, lambda program: run(program).kind == outcome.kind)
        outcome = run(lines)
    else:
        print("not reproduced by this episode alone", file=sys.stderr)
    print(*lines, sep="\n")
    if outcome.kind == "difference":
        index, line, what, ours, theirs = outcome.result["found"]["difference"]
        print(f"after line {index + 1} ({line}), {what}:\n  ours   {ours}\n  theirs {theirs}")
    print(outcome.errors, file=sys.stderr)
    script = directory / f"difference-{seed}-{episode}.py"
    headline = f"{outcome.kind}: episode {episode} of seed {seed} on {platform.python_version()}."
    script.write_text(standalone(lines, writer.shared, headline), encoding="utf-8")
    print(f"saved as {script}")


if __name__ == "__main__":
    main()
