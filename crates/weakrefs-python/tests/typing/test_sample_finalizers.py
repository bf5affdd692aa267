"""`finalize` for resources: its arguments are those of the function, its result the function's."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import weakrefs as weakref
from typing_support import assert_type

if TYPE_CHECKING:
    from typing_extensions import Self

P = ParamSpec("P")
R = TypeVar("R")


class Workspace:
    """A temporary directory that goes with its object, by `close`, or at the end of a `with` block."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp()
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    @property
    def closed(self) -> bool:
        return not self._finalizer.alive

    def close(self) -> None:
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


class Handle:
    pass


def release(number: int, *, log: list[str]) -> bytes:
    log.append(f"released {number}")
    return b"ok"


def on_death(obj: object, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Callable[[], R | None]:
    """Generic code over `finalize` hands argument types through."""
    return weakref.finalize(obj, func, *args, **kwargs)


def test_workspace() -> None:
    with Workspace() as workspace:
        path = workspace.path
        assert os.path.isdir(path)
    assert workspace.closed
    assert not os.path.exists(path)

    forgotten = Workspace()
    path = forgotten.path
    del forgotten
    assert not os.path.exists(path)


def test_calling_gives_the_result_once() -> None:
    handle, log = Handle(), list[str]()
    finalizer = weakref.finalize(handle, release, 1, log=log)
    assert assert_type(finalizer(), bytes | None) == b"ok"
    assert finalizer() is None
    assert log == ["released 1"]


def test_what_a_finalizer_shows() -> None:
    handle, log = Handle(), list[str]()
    finalizer = weakref.finalize(handle, release, 1, log=log)
    assert assert_type(finalizer.alive, bool)
    assert assert_type(finalizer.atexit, bool)
    finalizer.atexit = False
    seen = finalizer.peek()
    assert seen is not None
    assert assert_type(seen[0], Handle) is handle
    assert seen[1](2, log=log) == b"ok"
    assert assert_type(seen[2], tuple[Any, ...]) == (1,)
    assert assert_type(seen[3], dict[str, Any]) == {"log": log}
    assert finalizer.detach() == seen
    assert finalizer.peek() is None
    assert finalizer.detach() is None
    del seen, handle
    assert log == ["released 2"]


def test_what_is_taken_from_a_finalizer() -> None:
    handle, log = Handle(), list[str]()
    finalizer = weakref.finalize(handle, log.append, "x")
    seen = assert_type(finalizer.peek(), tuple[Handle, Callable[[str], None], tuple[Any, ...], dict[str, Any]] | None)
    taken = assert_type(
        finalizer.detach(), tuple[Handle, Callable[[str], None], tuple[Any, ...], dict[str, Any]] | None
    )
    assert seen == taken
    del handle, seen, taken
    assert log == []


def test_generic_code() -> None:
    handle, log = Handle(), list[str]()
    finish = on_death(handle, release, 1, log=log)
    assert assert_type(finish(), bytes | None) == b"ok"


def test_collections_of_finalizers() -> None:
    """Annotations name two parameters, as for the standard module, or also the result."""
    handles = [Handle(), Handle()]
    log: list[str] = []
    pending: list[weakref.finalize[[str], Handle]] = [weakref.finalize(handle, log.append, "x") for handle in handles]
    exact: weakref.finalize[[str], object, None] = pending[0]
    assert exact.alive
    anything: dict[int, weakref.finalize[..., Any]] = {1: weakref.finalize(handles[0], print)}
    anything[1].detach()
    del handles, exact
    assert log == ["x", "x"] and not any(finalizer.alive for finalizer in pending)
