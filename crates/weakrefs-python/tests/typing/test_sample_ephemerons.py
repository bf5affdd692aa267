"""Ephemerons as a library declares them: a cache whose results refer to their owner, wrappers by function, clean-up, a health check."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import weakrefs
from typing_support import assert_type

K = TypeVar("K")
V = TypeVar("V")


class Node:
    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.log = log
        self.closing: weakrefs.finalize[[], Node] = weakrefs.finalize(self, self.close)

    def close(self) -> None:
        self.log.append(self.name)


class Memo(Generic[K, V]):
    """Values that may refer to their key."""

    def __init__(self, compute: Callable[[K], V]) -> None:
        self.compute = compute
        self.known: weakrefs.EphemeronDictionary[K, V] = weakrefs.EphemeronDictionary()

    def __call__(self, key: K) -> V:
        found = assert_type(self.known.get(key), V | None)
        return self.known.setdefault(key, self.compute(key)) if found is None else found


class Wrapper:
    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


def forget(mapping: weakrefs.WeakKeyDictionary[Node, Any]) -> None:
    """Takes either class."""
    mapping.clear()


def test_memo() -> None:
    neighbours = Memo[Node, list[Node]](lambda node: [node])
    log: list[str] = []
    node = Node("a", log)
    assert assert_type(neighbours(node), list[Node]) == [node]
    forget(neighbours.known)
    node.closing.detach()
    assert not neighbours.known


def test_copies_and_merges() -> None:
    node = Node("a", [])
    depths = assert_type(weakrefs.EphemeronDictionary({node: 1}), weakrefs.EphemeronDictionary[Node, int])
    assert assert_type(depths.copy(), weakrefs.EphemeronDictionary[Node, int]) == depths
    assert assert_type(depths.__copy__(), weakrefs.EphemeronDictionary[Node, int]) == depths
    assert_type(depths | {node: "one"}, weakrefs.EphemeronDictionary[Node, int | str])
    assert_type({node: "one"} | depths, weakrefs.EphemeronDictionary[Node, int | str])
    depths |= {node: 2}
    assert assert_type(depths[node], int) == 2
    plain: weakrefs.WeakKeyDictionary[Node, int] = depths
    assert plain == depths


def test_wrappers() -> None:
    def function() -> None: ...

    wrapper = Wrapper(function)
    wrappers: weakrefs.EphemeronValueDictionary[Callable[[], None], Wrapper]
    wrappers = weakrefs.EphemeronValueDictionary({function: wrapper})
    assert wrappers[function] is wrapper
    by_name = assert_type(
        weakrefs.EphemeronValueDictionary(function=wrapper), weakrefs.EphemeronValueDictionary[str, Wrapper]
    )
    assert_type(by_name.copy(), weakrefs.EphemeronValueDictionary[str, Wrapper])
    assert_type(by_name | {1: wrapper}, weakrefs.EphemeronValueDictionary[str | int, Wrapper])
    assert_type({1: wrapper} | by_name, weakrefs.EphemeronValueDictionary[str | int, Wrapper])
    assert assert_type(by_name.valuerefs(), list[weakrefs.KeyedRef[str, Wrapper]])[0].key == "function"


class Derived(weakrefs.EphemeronDictionary[Node, str]):
    def label(self, node: Node) -> str:
        return self.setdefault(node, node.name)


def test_a_subclass() -> None:
    node = Node("a", [])
    assert assert_type(Derived().label(node), str) == "a"


def problem() -> str | None:
    """What a program's health page would show."""
    status = assert_type(weakrefs.ephemerons(), weakrefs.EphemeronStatus)
    if status:
        return None
    return assert_type(status.reason, str | None)


def test_the_status() -> None:
    status = weakrefs.ephemerons()
    assert assert_type(status.active, bool) is (problem() is None)
    assert assert_type(weakrefs.status().ephemerons.everywhere, bool) is False


def test_the_switch() -> None:
    with weakrefs.installed(warn=False, ephemerons=True):
        assert weakrefs.ephemerons().everywhere
    weakrefs.install(warn=False, ephemerons=True)
    weakrefs.uninstall()
    assert not weakrefs.ephemerons().everywhere
    gc.collect()
