"""Weak mappings among other mappings: how they are built, updated, merged and copied, and who accepts them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping

import weakrefs as weakref
from typing_support import assert_type


class Node:
    def __init__(self, name: str) -> None:
        self.name = name


class Leaf(Node):
    pass


def names(nodes: Mapping[str, Node]) -> list[str]:
    return [nodes[key].name for key in nodes]


def adopt(nodes: MutableMapping[str, Node], node: Node) -> None:
    nodes[node.name] = node


def test_parameters_are_inferred_from_what_a_mapping_is_built_of() -> None:
    a, b = Node("a"), Leaf("b")
    assert_type(weakref.WeakValueDictionary({1: a}), weakref.WeakValueDictionary[int, Node])
    assert_type(weakref.WeakValueDictionary([(1.5, b)]), weakref.WeakValueDictionary[float, Leaf])
    assert_type(weakref.WeakValueDictionary(a=a), weakref.WeakValueDictionary[str, Node])
    by_name = assert_type(weakref.WeakValueDictionary({"a": b}, b=b), weakref.WeakValueDictionary[str, Leaf])
    assert_type(weakref.WeakKeyDictionary({a: 1}), weakref.WeakKeyDictionary[Node, int])
    assert_type(weakref.WeakKeyDictionary(dict=[(b, b.name)]), weakref.WeakKeyDictionary[Leaf, str])
    wider: weakref.WeakKeyDictionary[Node, object] = weakref.WeakKeyDictionary({b: 1})
    assert list(wider) == [b]
    assert names(weakref.WeakValueDictionary[str, Node]({"x": a}, y=b)) == ["a", "b"]
    assert list(by_name) == ["a", "b"]


def test_they_are_mutable_mappings() -> None:
    a = Node("a")
    nodes: weakref.WeakValueDictionary[str, Node] = weakref.WeakValueDictionary()
    adopt(nodes, a)
    assert names(nodes) == ["a"]
    depths: MutableMapping[Node, int] = weakref.WeakKeyDictionary({a: 0})
    assert depths == {a: 0}
    assert isinstance(depths, weakref.WeakKeyDictionary)


def test_update() -> None:
    a, b = Node("a"), Leaf("b")
    nodes: weakref.WeakValueDictionary[str, Node] = weakref.WeakValueDictionary()
    nodes.update()
    nodes.update(None)
    nodes.update({})
    nodes.update({"a": a})
    nodes.update({"leaf": b})
    nodes.update([("b", b)])
    nodes.update({"a": a}, c=b)
    nodes.update(weakref.WeakValueDictionary({"d": a}))
    nodes.update(e=a)
    assert list(nodes) == ["a", "leaf", "b", "c", "d", "e"]

    depths: weakref.WeakKeyDictionary[Node, float] = weakref.WeakKeyDictionary()
    depths.update()
    depths.update(None)
    depths.update({})
    depths.update({a: 1.5})
    depths.update({b: 0})
    depths.update([(b, 2)])
    depths.update(depths)
    assert list(depths.values()) == [1.5, 2]


def test_merge_operators() -> None:
    a, b = Node("a"), Leaf("b")
    nodes = weakref.WeakValueDictionary({"a": a})
    leaves = weakref.WeakValueDictionary({2: b})
    assert_type(nodes | {"b": a}, weakref.WeakValueDictionary[str, Node])
    assert_type({"b": a} | nodes, weakref.WeakValueDictionary[str, Node])
    assert_type(nodes | leaves, weakref.WeakValueDictionary[str | int, Node | Leaf])
    assert_type({2: b} | nodes, weakref.WeakValueDictionary[str | int, Node | Leaf])
    nodes |= {"b": b}
    nodes |= [("c", b)]
    assert_type(nodes, weakref.WeakValueDictionary[str, Node])
    assert list(nodes) == ["a", "b", "c"]

    depths: weakref.WeakKeyDictionary[Node, int] = weakref.WeakKeyDictionary({a: 1})
    assert_type(depths | {a: 2}, weakref.WeakKeyDictionary[Node, int])
    assert_type({a: 2} | depths, weakref.WeakKeyDictionary[Node, int])
    assert_type(depths | {b: "two"}, weakref.WeakKeyDictionary[Node | Leaf, int | str])
    assert_type({b: "two"} | depths, weakref.WeakKeyDictionary[Node | Leaf, int | str])
    depths |= {b: 2}
    depths |= [(a, 3)]
    assert_type(depths, weakref.WeakKeyDictionary[Node, int])
    assert list(depths.items()) == [(a, 3), (b, 2)]


def test_copies() -> None:
    a = Node("a")
    nodes = weakref.WeakValueDictionary({"a": a})
    assert assert_type(nodes.copy(), weakref.WeakValueDictionary[str, Node]) == nodes
    assert assert_type(copy.copy(nodes), weakref.WeakValueDictionary[str, Node]) == nodes
    assert assert_type(nodes.__copy__(), weakref.WeakValueDictionary[str, Node]) == nodes
    assert assert_type(nodes.__deepcopy__({}), weakref.WeakValueDictionary[str, Node])["a"] is a
    depths = weakref.WeakKeyDictionary({a: [1]})
    assert assert_type(depths.copy(), weakref.WeakKeyDictionary[Node, list[int]]) == depths
    assert assert_type(copy.copy(depths), weakref.WeakKeyDictionary[Node, list[int]]) == depths
    assert assert_type(depths.__copy__(), weakref.WeakKeyDictionary[Node, list[int]]) == depths
    assert assert_type(depths.__deepcopy__({}), weakref.WeakKeyDictionary[Node, list[int]])[a] is not depths[a]
