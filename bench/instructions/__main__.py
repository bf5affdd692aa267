"""The command line of `cargo xtask instructions`. The last line that it prints is the outcome, in JSON."""

import argparse
import json
import shutil
import sys

from . import count, records


def main():
    parser = argparse.ArgumentParser("python -m bench.instructions", description=__doc__)
    parser.add_argument("--update", action="store_true", help="put what is counted on record")
    parser.add_argument("language", choices=["python", "rust"])
    options = parser.parse_args()
    print(json.dumps(_outcome(getattr(count, options.language), options.update)))


def _outcome(command, update):
    if shutil.which("valgrind") is None:
        return _skipped("valgrind not installed")
    if command is count.python and hasattr(sys, "gettotalrefcount"):
        return _skipped("a debug build checks more than it does")
    subject, counts = count.counted(command)
    recorded = records.read()
    outcome = records.compare(subject, counts, recorded.get(subject, {}))
    if update:
        recorded[subject] = {name: [round(each, 1) for each in pair] for name, pair in counts.items()}
        records.write(recorded)
        return {"passed": len(counts), "failed": 0, "skipped": 0, "note": f"recorded for {subject}"}
    return outcome


def _skipped(why):
    return {"passed": 0, "failed": 0, "skipped": 1, "note": why}


main()
