"""Runs one of CPython's own test modules with the classes of weakrefs in place of the standard ones.

usage: python -m weakrefs --children run.py SUITE SKIPS

The last line of the output is a summary in JSON: an object with the numbers, or null if the
interpreter comes without the suite.
"""

import doctest
import importlib
import json
import sys
import unittest
import weakref
from pathlib import Path

import weakrefs

OURS = ("KeyedRef", "WeakKeyDictionary", "WeakMethod", "WeakSet", "WeakValueDictionary", "finalize")


class Result(unittest.TextTestResult):
    """Counts what passed: the number of tests that began also has the skipped and the failed."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.passed += 1


def main(suite, skips):
    name = f"test.{suite}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in ("test", name):
            raise
        print("null")
        return True
    verify(module)
    let_children_inherit()
    tests = load(module)
    excluded = exclude(tests, name, read_skips(skips))
    result = unittest.TextTestRunner(resultclass=Result).run(tests)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    summary = {
        "passed": result.passed,
        "failed": failed,
        "skipped": len(result.skipped),
        "excluded": excluded,
    }
    sys.stderr.flush()
    print(json.dumps(summary))
    return result.wasSuccessful()


def verify(module):
    """Checks that the suite's names mean weakrefs: else it would pass by testing the standard classes."""
    for name in OURS:
        ours = getattr(weakrefs, name)
        for holder in (weakref, sys.modules["_weakrefset"], module):
            if getattr(holder, name, ours) is not ours:
                raise SystemExit(f"{holder.__name__}.{name} is not ours")
    if getattr(module, "weakref", weakref) is not weakref:
        raise SystemExit(f"{module.__name__} has another weakref")


def let_children_inherit():
    """Gives weakrefs to interpreters that tests start, too: they read PYTHONPATH if it is said to be needed."""
    from test.support import script_helper

    script_helper.interpreter_requires_environment = lambda: True
    script_helper.assert_python_ok("-c", "import weakref, weakrefs; assert weakref.finalize is weakrefs.finalize")


def load(module):
    tests = unittest.defaultTestLoader.loadTestsFromModule(module)
    # Older suites run their examples from a `main` of their own instead of a `load_tests`.
    if hasattr(module, "__test__") and not hasattr(module, "load_tests"):
        tests.addTest(doctest.DocTestSuite(module))
    return tests


def read_skips(path):
    """The tests of the skip list, each with its reason."""
    entries = (line.partition("#") for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip())
    skips = {test.strip(): reason.strip() for test, _, reason in entries if test.strip()}
    if not all(skips.values()):
        raise SystemExit(f"{path}: an entry without a reason")
    return skips


def exclude(tests, module, skips):
    """Makes the tests of the skip list skip themselves and counts them.

    An entry for this module that names no test is an error.
    """
    excluded = set()
    for test in flatten(tests):
        if test.id() in skips:
            excluded.add(test.id())
            setattr(test, test._testMethodName, unittest.skip(skips[test.id()])(lambda: None))
    idle = {test for test in skips if test.startswith(f"{module}.")} - excluded
    if idle:
        raise SystemExit(f"no such test, but on the skip list: {', '.join(sorted(idle))}")
    return len(excluded)


def flatten(tests):
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
