"""Subclasses of references and of `finalize` that override every method, annotated as for the standard classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

import weakrefs as weakref

if TYPE_CHECKING:
    from typing_extensions import Self

F = TypeVar("F", bound=Callable[..., Any])
K = TypeVar("K")
P = ParamSpec("P")
T = TypeVar("T")

if TYPE_CHECKING:  # not subscriptable at run time, as in the standard module

    class OverriddenFinalizer(weakref.finalize[P, T], Generic[P, T]):
        def __init__(self, obj: T, func: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
            super().__init__(obj, func, *args, **kwargs)

        def __call__(self, _: Any = None) -> Any | None:
            return super().__call__(_)

        def detach(self) -> tuple[T, Callable[P, Any], tuple[Any, ...], dict[str, Any]] | None:
            return super().detach()

        def peek(self) -> tuple[T, Callable[P, Any], tuple[Any, ...], dict[str, Any]] | None:
            return super().peek()

        @property
        def alive(self) -> bool:
            return super().alive

        @property
        def atexit(self) -> bool:
            return super().atexit

        @atexit.setter
        def atexit(self, value: bool) -> None: ...


class OverriddenMethod(weakref.WeakMethod[F]):
    def __new__(cls, meth: F, callback: Callable[[Self], Any] | None = None) -> Self:
        return super().__new__(cls, meth, callback)

    def __call__(self) -> F | None:
        return super().__call__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return super().__ne__(other)

    def __hash__(self) -> int:
        return super().__hash__()


class MethodByName(weakref.WeakMethod[Callable[..., Any]]):
    """Its `__new__` takes what the class it is derived from does not."""

    def __new__(cls, owner: object, name: str) -> Self:
        return super().__new__(cls, getattr(owner, name))


class OverriddenKeyed(weakref.KeyedRef[K, T]):
    def __new__(cls, ob: T, callback: Callable[[Self], Any], key: K) -> Self:
        return super().__new__(cls, ob, callback, key)

    def __init__(self, ob: T, callback: Callable[[Self], Any], key: K) -> None:
        super().__init__(ob, callback, key)


class Bell:
    def ring(self) -> str:
        return "ding"


def test_overridden_methods_do_what_they_did() -> None:
    """S26: a reference of a subclass is what one of its class is."""
    bell, dead = Bell(), list[object]()
    ring = OverriddenMethod(bell.ring)
    keyed = OverriddenKeyed(bell, dead.append, "key")
    method = ring()
    assert method is not None and method() == "ding"
    assert ring == OverriddenMethod(bell.ring) and hash(ring) == hash(OverriddenMethod(bell.ring))
    by_name = MethodByName(bell, "ring")()
    assert by_name is not None and by_name() == "ding"
    del method, by_name, bell
    assert ring() is None and dead == [keyed] and keyed.key == "key"
