"""Child processes: a crash or a hang of the classes under test ends a child, never the fuzzer."""

import json
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

from exits import DIFFERENT

WORKER = Path(__file__).with_name("worker.py")
PATIENCE = 60

Outcome = namedtuple("Outcome", "kind result errors")


def run_child(request, patience):
    """How the child ended (see `_kind`), what it printed, and what it complained of."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen([sys.executable, str(WORKER), json.dumps(request)], stdout=output, stderr=errors)
        try:
            status = child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            status = None
        output.seek(0)
        errors.seek(0)
        printed = output.read()
        result = json.loads(printed) if printed and status in (0, DIFFERENT) else None
        return Outcome(_kind(status, result), result, errors.read())


def _kind(status, result):
    if status is None:
        return "hang"
    if status == DIFFERENT:
        return "exit difference"
    if status != 0:
        return f"crash (exit status {status})"
    return "difference" if result["found"] else "fine"


class Batches:
    """Runs the episodes of a seed, a batch of them in each child, and adds up what they did."""

    def __init__(self, side, seed, seconds, operations):
        self.side = side
        self.seed = seed
        self.seconds = seconds
        self.operations_wanted = operations
        self.episodes = self.operations = self.accidents = 0
        self.started = time.monotonic()

    def elapsed(self):
        return time.monotonic() - self.started

    def run(self, batch_seconds):
        """The outcome and episode of the first that fails, or None."""
        with tempfile.TemporaryDirectory() as directory:
            progress = Path(directory) / "episode"
            while (left := self.seconds - self.elapsed()) > 0 and not self._enough():
                wanted = self.operations_wanted and self.operations_wanted - self.operations
                seconds = min(left, batch_seconds)
                outcome = run_child(
                    {
                        "side": self.side,
                        "seed": self.seed,
                        "first": self.episodes,
                        "seconds": seconds,
                        "operations": wanted,
                        "progress": str(progress),
                    },
                    seconds + PATIENCE,
                )
                if outcome.result:
                    self.episodes += outcome.result["episodes"]
                    self.operations += outcome.result["operations"]
                    self.accidents += outcome.result["accidents"]
                if outcome.kind == "difference":
                    return outcome, outcome.result["found"]["episode"]
                if outcome.kind != "fine":
                    episode = progress.read_text() if progress.exists() else ""
                    return outcome, int(episode or self.episodes)
        return None

    def _enough(self):
        return self.operations_wanted is not None and self.operations >= self.operations_wanted
