"""Delta debugging: leaves ever smaller runs of lines out of a program that fails."""

import re


def shrink(lines, fails):
    """A program of which no single line can be left out. `fails` tells whether one still fails."""
    size = max(1, len(lines) // 2)
    while True:
        shorter = _without_runs(lines, size, fails)
        if size == 1 and len(shorter) == len(lines):
            return _simplified(lines, fails)
        lines = shorter
        size = max(1, size // 2)


def _without_runs(lines, size, fails):
    start = len(lines)
    while start > 0:
        start = max(0, start - size)
        candidate = lines[:start] + lines[start + size :]
        if len(candidate) < len(lines) and fails(candidate):
            lines = candidate
            start = min(start, len(lines))
    return lines


def _simplified(lines, fails):
    """Plain classes and things in place of special ones, where that does not matter."""
    for pattern, plain in ((r"\b(Sub|Slots|Loud)Weak", "Weak"), (r"\bPhoenix\b", "Equal")):
        candidate = [re.sub(pattern, plain, line) for line in lines]
        if candidate != lines and fails(candidate):
            lines = candidate
    return lines
