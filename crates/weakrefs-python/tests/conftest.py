"""Fixtures of the behaviour suite: the collector runs when a test says so, and only then."""

import gc

import pytest


@pytest.fixture(scope="session", autouse=True)
def _frozen_heap():
    """Put what the test runner allocated out of the collector's sight: each `gc.collect()` costs
    a tenth.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _explicit_collection():
    """No death by a collection that the test did not ask for."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


def pytest_collection_modifyitems(items):
    """The benchmark's tests come last: what they import stays, and each later collection would have to walk it."""
    items.sort(key=lambda item: item.path.name == "test_bench.py")
