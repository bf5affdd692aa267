"""What a type checker refuses of the mappings. Never run: each ignore that is no longer needed is an error."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import ItemsView, KeysView, ValuesView

import weakrefs as weakref


class Node:
    pass


class Leaf(Node):
    pass


def values_of_another_type(nodes: weakref.WeakValueDictionary[str, Leaf], node: Node, leaf: Leaf) -> None:
    nodes["a"] = node  # type: ignore[assignment]
    nodes[1] = leaf  # type: ignore[index]
    nodes.setdefault("a", node)  # type: ignore[arg-type]
    nodes.setdefault("a")  # type: ignore[call-arg]
    nodes.update({"a": node})  # type: ignore[dict-item]
    nodes.update([(1, leaf)])  # type: ignore[list-item]
    nodes.update(a=node)  # type: ignore[call-overload]
    nodes |= {"a": node}  # type: ignore[dict-item]
    found: Leaf = nodes.get("a")  # type: ignore[assignment]
    other: weakref.WeakValueDictionary[str, Node] = nodes  # type: ignore[assignment]
    del found, other


def keywords_are_keys(numbered: weakref.WeakValueDictionary[int, Node], node: Node) -> None:
    weakref.WeakValueDictionary({1: node}, a=node)  # type: ignore[dict-item]


def keys_of_another_type(ages: weakref.WeakKeyDictionary[Leaf, int], node: Node, leaf: Leaf) -> None:
    ages[node]  # type: ignore[index]
    ages[leaf] = "old"  # type: ignore[assignment]
    ages.get(node)  # type: ignore[call-overload]
    ages.pop(node)  # type: ignore[call-overload]
    ages.setdefault(leaf)  # type: ignore[call-arg]
    ages.update({node: 1})  # type: ignore[dict-item]
    ages |= {leaf: "old"}  # type: ignore[dict-item]
    ages.copy().bump(leaf)  # type: ignore[attr-defined]
    weakref.WeakKeyDictionary(a=1)  # type: ignore[call-overload]


def names_and_kinds_of_parameters(
    nodes: weakref.WeakValueDictionary[str, Node], ages: weakref.WeakKeyDictionary[Node, int], node: Node
) -> None:
    nodes.pop("a", default=None)  # type: ignore[call-overload]
    ages.pop(node, default=0)  # type: ignore[call-overload]
    nodes.get(name="a")  # type: ignore[call-overload]
    nodes.popitem(True)  # type: ignore[call-arg]
    ages.update(dict={node: 1})  # type: ignore[call-overload]


def iterators_are_no_views(nodes: weakref.WeakValueDictionary[str, Node]) -> None:
    keys: KeysView[str] = nodes.keys()  # type: ignore[assignment]
    values: ValuesView[Node] = nodes.values()  # type: ignore[assignment]
    items: ItemsView[str, Node] = nodes.items()  # type: ignore[assignment]
    len(nodes.keys())  # type: ignore[arg-type]
    del keys, values, items


def data_is_a_picture(
    nodes: weakref.WeakValueDictionary[str, Node], ages: weakref.WeakKeyDictionary[Node, int]
) -> None:
    nodes.data = nodes  # type: ignore[assignment]
    nodes.data["a"] = nodes.valuerefs()[0]  # type: ignore[index]
    del ages.data[ages.keyrefs()[0]]  # type: ignore[attr-defined]
