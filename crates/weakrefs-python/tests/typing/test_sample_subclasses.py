"""Subclasses: parameters fixed or open, state and constructors of their own, overridden methods."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import weakrefs as weakref
from typing_support import assert_type, is_exactly

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
    assert is_exactly(assert_type(nodes.copy(), weakref.WeakValueDictionary[str, Node]), weakref.WeakValueDictionary)
    assert is_exactly(
        assert_type(nodes | {"d": a}, weakref.WeakValueDictionary[str, Node]), weakref.WeakValueDictionary
    )
    assert is_exactly(assert_type({"d": a} | nodes, weakref.WeakValueDictionary[str, Node]), NodesByName)
    assert is_exactly(assert_type(copy.deepcopy(nodes), NodesByName), NodesByName)
    nodes |= {"e": a}
    assert assert_type(nodes, NodesByName)["e"] is a


def test_mapping_with_an_open_parameter() -> None:
    node = Node()
    counts = Counts[Node]()
    assert assert_type(counts.bump(node), int) == 1
    assert counts.bump(node) == 2
    assert_type(Counts({node: 1}), Counts[Node])
    assert is_exactly(assert_type(counts.copy(), weakref.WeakKeyDictionary[Node, int]), weakref.WeakKeyDictionary)
    assert is_exactly(assert_type({node: 5} | counts, weakref.WeakKeyDictionary[Node, int]), Counts)


def test_set_with_state() -> None:
    a, b = Node("a"), Node("b")
    pool = assert_type(Pool([a]).labelled("left"), Pool[Node])
    for same in (pool.copy(), pool - [b], pool & [a]):
        assert is_exactly(assert_type(same, Pool[Node]), Pool)
    # A subclass may override these as for the standard class, so no more than that is promised.
    for wider in (pool | [b], pool ^ [b], pool.union([b]), pool.symmetric_difference([b])):
        assert is_exactly(assert_type(wider, weakref.WeakSet[Node]), Pool)
    pool |= [b]
    assert assert_type(pool, Pool[Node]).label == "left"
    assert list(pool) == [a, b]


def test_set_with_slots() -> None:
    node = Node()
    slotted = Slotted([node])
    slotted.label = "named"
    assert assert_type(slotted | [node], weakref.WeakSet[Node]) == slotted
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
