"""The switch for whole programs, as code that offers it to its own users calls it."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

import weakrefs
from typing_support import assert_type

R = TypeVar("R")


@contextmanager
def fast_weakrefs(wanted: bool) -> Generator[None, None, None]:
    """Somebody's own block around ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        if wanted:
            with assert_type(weakrefs.installed(), AbstractContextManager[None, None]):
                yield
        else:
            yield


def called_with_ours(function: Callable[[], R]) -> R:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with weakrefs.installed():  # swallows no exception: the function returns
            return function()


def standard_set_class() -> type:
    return weakref.WeakSet


def test_block() -> None:
    before = standard_set_class()
    assert assert_type(called_with_ours(standard_set_class), type) is weakrefs.WeakSet
    with fast_weakrefs(wanted=True):
        assert standard_set_class() is weakrefs.WeakSet
    with fast_weakrefs(wanted=False):
        assert standard_set_class() is before


def test_install_and_uninstall() -> None:
    before = standard_set_class()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        weakrefs.install()
    try:
        assert standard_set_class() is weakrefs.WeakSet
    finally:
        weakrefs.uninstall()
    assert standard_set_class() is before


def test_version() -> None:
    assert assert_type(weakrefs.__version__, str).count(".") >= 2
