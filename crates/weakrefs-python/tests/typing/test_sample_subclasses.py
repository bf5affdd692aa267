"""Subclasses: parameters fixed or open, state and constructors of their own, overridden methods."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import weakrefs as weakref
from typing_support import assert_type

if TYPE_CHECKING:
    from typing_extensions import Self

    AnyFinalizer = weakref.finalize[..., Any]
else:
    # Not subscriptable at run time, as in the standard module.
    AnyFinalizer = weakref.finalize

T = TypeVar("T")
K = TypeVar("K")


class Node:
    def __init__(self, name: str = "") -> None:
        self.name = name


class NodesByName(weakref.WeakValueDictionary[str, Node]):
    def __init__(self, *nodes: Node) -> None:
        super().__init__((node.name, node) for node in nodes)

    def __setitem__(self, key: str, value: Node) -> None:
        super().__setitem__(key.lower(), value)


class Counts(weakref.WeakKeyDictionary[K, int]):
    def bump(self, key: K) -> int:
        self[key] = count = self.get(key, 0) + 1
        return count


class Pool(weakref.WeakSet[T]):
    label = "pool"

    def labelled(self, label: str) -> Self:
        self.label = label
        return self

    def update(self, other: Iterable[T]) -> None:
        super().update(item for item in other if item is not self)


class Slotted(weakref.WeakSet[Node]):
    __slots__ = ("label",)
    label: str


class Entry(weakref.KeyedRef[str, T]):
    def __init__(self, ob: T, callback: Callable[[Self], Any] | None, key: str) -> None:
        super().__init__(ob, callback, key)
        self.uses = 0

    def use(self) -> T | None:
        self.uses += 1
        return self()


class LoggedFinalizer(AnyFinalizer):
    __slots__ = ()
    log: ClassVar[list[str]] = []

    def __call__(self, _: object = None) -> Any:
        self.log.append("ran")
        return super().__call__(_)


def test_mapping_with_fixed_parameters() -> None:
    a, b = Node("a"), Node("b")
    nodes = NodesByName(a, b)
    assert assert_type(nodes["a"], Node) is a
    nodes["C"] = b
    assert list(nodes) == ["a", "b", "c"]
    assert type(assert_type(nodes.copy(), weakref.WeakValueDictionary[str, Node])) is weakref.WeakValueDictionary
    assert type(assert_type(nodes | {"d": a}, weakref.WeakValueDictionary[str, Node])) is weakref.WeakValueDictionary
    assert type(assert_type({"d": a} | nodes, NodesByName)) is NodesByName
    assert type(assert_type(copy.deepcopy(nodes), NodesByName)) is NodesByName
    nodes |= {"e": a}
    assert assert_type(nodes, NodesByName)["e"] is a


def test_mapping_with_an_open_parameter() -> None:
    node = Node()
    counts = Counts[Node]()
    assert assert_type(counts.bump(node), int) == 1
    assert counts.bump(node) == 2
    assert_type(Counts({node: 1}), Counts[Node])
    assert type(assert_type(counts.copy(), weakref.WeakKeyDictionary[Node, int])) is weakref.WeakKeyDictionary
    assert type(assert_type({node: 5} | counts, Counts[Node])) is Counts


def test_set_with_state() -> None:
    a, b = Node("a"), Node("b")
    pool = assert_type(Pool([a]).labelled("left"), Pool[Node])
    for result in (pool.copy(), pool | [b], pool - [b], pool & [a], pool ^ [b], pool.union([b])):
        assert type(assert_type(result, Pool[Node])) is Pool
    pool |= [b]
    assert assert_type(pool, Pool[Node]).label == "left"
    assert list(pool) == [a, b]


def test_set_with_slots() -> None:
    node = Node()
    slotted = Slotted([node])
    slotted.label = "named"
    assert assert_type(slotted | [node], Slotted) == slotted
    assert slotted.label == "named"


def test_reference_with_state() -> None:
    used: list[int] = []

    def note(entry: Entry[Node]) -> None:
        used.append(assert_type(entry.uses, int))

    node = Node()
    entry = assert_type(Entry(node, note, "key"), Entry[Node])
    assert assert_type(entry.use(), Node | None) is node
    assert assert_type(entry.key, str) == "key"
    del node
    assert used == [1]


def test_finalizer_with_an_overridden_call() -> None:
    node, died = Node(), list[str]()
    finalizer = LoggedFinalizer(node, died.append, "node")
    assert finalizer.alive
    del node
    assert (LoggedFinalizer.log, died) == (["ran"], ["node"])
