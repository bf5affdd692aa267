"""How far a run has come, on standard error: a bar on a terminal, else a line now and then."""

import sys
import time

WIDTH = 30
LINES = 10  # without a terminal


class Progress:
    def __init__(self, total, stream=None):
        self._stream = stream or sys.stderr
        self._total, self._done, self._lines = total, 0, 0
        self._began = time.monotonic()
        self._label = ""

    def show(self, label):
        """What is measured now."""
        self._label = label
        self._draw()

    def advance(self):
        """One more process has ended."""
        self._done += 1
        self._draw()

    def end(self):
        if self._stream.isatty():
            self._stream.write("\r\x1b[K")

    def _draw(self):
        share = self._done / self._total
        if self._stream.isatty():
            bar = ("█" * int(share * WIDTH)).ljust(WIDTH, "░")
            line = f"{bar} {share:4.0%} {self._left(share):>9}  {self._label}"
            self._stream.write(f"\r{line[:100]}\x1b[K")
        elif share * LINES >= self._lines + 1:
            self._lines = int(share * LINES)
            self._stream.write(f"{share:4.0%} {self._left(share)}\n")
        self._stream.flush()

    def _left(self, share):
        """The time that is left, should it go on like that."""
        if not self._done:
            return ""
        minutes, seconds = divmod(round((time.monotonic() - self._began) * (1 / share - 1)), 60)
        return f"{minutes}:{seconds:02} left"
