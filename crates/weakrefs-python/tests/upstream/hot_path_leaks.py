"""Our hot paths as a module for CPython's test runner, whose `-R` counts what repetition leaves."""

import sys
import unittest
from pathlib import Path

TESTS = str(Path(__file__).resolve().parent.parent)

# The test runner minds a changed sys.path.
sys.path.append(TESTS)
try:
    from hot_paths import HOT_PATHS
finally:
    sys.path.remove(TESTS)


class HotPaths(unittest.TestCase):
    pass


for hot_path in HOT_PATHS:
    setattr(HotPaths, f"test_{hot_path.__name__}", staticmethod(hot_path))
