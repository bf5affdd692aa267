"""Measures the Python package: times as `python -m weakrefs bench` does, growth, and memory."""

import platform

import psutil
import weakrefs
from _bench.cases import CASES, WAYS
from _bench.measure import EFFORTS, Timing, plan, run
from _bench.results import Results, environment

from ..report import languages
from .memory import CONTAINERS, Weighing

GROWING = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
BYTES_PER_ENTRY = 500  # at most, of everything that a process has for a case


def measured(options):
    """The results, and whether they are complete."""
    rows, complete = run(tasks(options), EFFORTS[options.effort], "cargo xtask bench")
    software = f"weakrefs {weakrefs.__version__}", f"CPython {platform.python_version()}"
    return Results("Python", environment(*software), rows), complete


def tasks(options):
    """What there is to do; the filter chooses by label, which begins with the part."""
    wanted = options.filter.search
    found = []
    if options.growth:
        sizes = [size for size in GROWING if size * BYTES_PER_ENTRY < psutil.virtual_memory().available]
        cases = [case for case in CASES if case.label in languages.PYTHON.grown]
        found += [Timing("growth", case, size, WAYS) for case in cases for size in sizes]
    if options.memory:
        found += [Weighing(container) for container in CONTAINERS]
    return plan(options.sizes, WAYS, wanted) + [task for task in found if wanted(task.label)]
