"""Fixtures of the behaviour suite: the collector runs when a test says so, and only then."""

import gc

import pytest

pytest.register_assert_rewrite("support")  # so that its assertions say what they have found


@pytest.fixture(autouse=True)
def _explicit_collection():
    """No death by a collection that the test did not ask for.

    What there is already, of the test runner and of what earlier tests imported, is put out of the collector's sight:
    each `gc.collect()` costs a tenth.
    """
    gc.disable()
    gc.freeze()
    yield
    gc.collect()
    gc.enable()
