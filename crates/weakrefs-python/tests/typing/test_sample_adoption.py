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
        warnings.simplefilter("ignore", weakrefs.InstallWarning)
        if wanted:
            with assert_type(weakrefs.installed(), AbstractContextManager[None, None]):
                yield
        else:
            yield


def called_with_ours(function: Callable[[], R]) -> R:
    with weakrefs.installed(warn=False):  # swallows no exception: the function returns
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
    weakrefs.install(warn=False)
    try:
        assert standard_set_class() is weakrefs.WeakSet
    finally:
        weakrefs.uninstall()
    assert standard_set_class() is before


def left_over(status: weakrefs.Status) -> list[str]:
    """What a program's health page would show."""
    held = [name for name in assert_type(status.modules, list[str]) if not name.startswith("threading.")]
    counts = assert_type(status.instances, dict[str, int])
    return [*held, *assert_type(status.subclasses, list[str]), *(f"{name}: {counts[name]}" for name in counts)]


def test_status() -> None:
    kept = weakref.WeakSet[object]()
    status = weakrefs.status()
    assert assert_type(status.installed, bool) is assert_type(weakrefs.is_installed(), bool) is False
    assert any("WeakSet: " in line for line in left_over(status)) and not kept


def test_version() -> None:
    assert assert_type(weakrefs.__version__, str).count(".") >= 2
