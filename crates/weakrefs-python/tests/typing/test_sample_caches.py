"""Weak mappings as caches: an interner, per-object memos, a decorator; what their lookups give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import weakrefs as weakref
from typing_support import assert_type

K = TypeVar("K")
V = TypeVar("V")

NONE: str = "none"  # a checker may give a literal a narrower type than `str`


class Symbol:
    def __init__(self, name: str) -> None:
        self.name = name


class Interner:
    """One symbol per name, for as long as somebody uses it."""

    def __init__(self) -> None:
        self.table: weakref.WeakValueDictionary[str, Symbol] = weakref.WeakValueDictionary()

    def intern(self, name: str) -> Symbol:
        found = self.table.get(name)
        assert_type(found, Symbol | None)
        return self.table.setdefault(name, Symbol(name)) if found is None else found


class Memo(Generic[K, V]):
    """Computes a value once per key object, and forgets it with the key."""

    def __init__(self, compute: Callable[[K], V]) -> None:
        self.compute = compute
        self.known: weakref.WeakKeyDictionary[K, V] = weakref.WeakKeyDictionary()

    def __call__(self, key: K) -> V:
        try:
            return assert_type(self.known[key], V)
        except KeyError:
            self.known[key] = value = self.compute(key)
            return value


def memoized(compute: Callable[[K], V]) -> Memo[K, V]:
    return Memo(compute)


@memoized
def length_of_name(symbol: Symbol) -> int:
    return len(symbol.name)


def test_interner() -> None:
    interner = Interner()
    first = interner.intern("a")
    assert interner.intern("a") is first
    assert assert_type("a" in interner.table, bool)
    del first
    assert len(interner.table) == 0


def test_memo() -> None:
    symbol = Symbol("four")
    assert assert_type(length_of_name, Memo[Symbol, int])(symbol) == 4
    assert assert_type(list(length_of_name.known.items()), list[tuple[Symbol, int]]) == [(symbol, 4)]
    del symbol
    assert not length_of_name.known


def test_lookups_of_weak_values() -> None:
    kept = [Symbol("a"), Symbol("b")]
    cache: weakref.WeakValueDictionary[int, Symbol] = weakref.WeakValueDictionary(enumerate(kept))

    assert_type(cache[0], Symbol)
    assert_type(cache.get(9), Symbol | None)
    assert_type(cache.get(9, None), Symbol | None)
    assert_type(cache.get(9, kept[0]), Symbol)
    assert assert_type(cache.get(key=9, default=NONE), Symbol | str) == NONE
    assert_type(cache.setdefault(0, kept[1]), Symbol)
    assert_type(cache.pop(9, None), Symbol | None)
    assert_type(cache.pop(9, kept[0]), Symbol)
    assert assert_type(cache.pop(9, NONE), Symbol | str) == NONE
    assert assert_type(cache.pop(key=1), Symbol) is kept[1]
    assert assert_type(cache.popitem(), tuple[int, Symbol]) == (0, kept[0])
    assert not cache


def test_lookups_of_weak_keys() -> None:
    kept = [Symbol("a"), Symbol("b")]
    ages: weakref.WeakKeyDictionary[Symbol, int] = weakref.WeakKeyDictionary({kept[0]: 1})
    notes: weakref.WeakKeyDictionary[Symbol, str | None] = weakref.WeakKeyDictionary()

    assert_type(ages[kept[0]], int)
    assert_type(ages.get(kept[1]), int | None)
    assert_type(ages.get(kept[1], 0), int)
    assert assert_type(ages.get(key=kept[1], default=NONE), int | str) == NONE
    assert_type(ages.setdefault(kept[1], 2), int)
    assert assert_type(notes.setdefault(kept[0]), str | None) is None
    assert_type(notes.setdefault(kept[1], "b"), str | None)
    assert_type(ages.pop(kept[1]), int)
    assert assert_type(ages.pop(kept[1], None), int | None) is None
    assert_type(ages.pop(kept[1], 0), int)
    assert assert_type(ages.popitem(), tuple[Symbol, int]) == (kept[0], 1)
    assert not ages
    ages[kept[0]] = 3
    del ages[kept[0]]
    ages.clear()


def test_views_and_references() -> None:
    kept = {"a": Symbol("a"), "b": Symbol("b")}
    values = weakref.WeakValueDictionary(kept)
    keys = weakref.WeakKeyDictionary({symbol: name for name, symbol in kept.items()})

    assert next(assert_type(values.keys(), Iterator[str])) == "a"
    assert next(assert_type(values.values(), Iterator[Symbol])) is kept["a"]
    assert next(assert_type(values.items(), Iterator[tuple[str, Symbol]])) == ("a", kept["a"])
    assert next(assert_type(keys.keys(), Iterator[Symbol])) is kept["a"]
    assert next(assert_type(keys.values(), Iterator[str])) == "a"
    assert next(assert_type(keys.items(), Iterator[tuple[Symbol, str]])) == (kept["a"], "a")
    assert list(assert_type(iter(values), Iterator[str])) == ["a", "b"]
    assert list(assert_type(iter(keys), Iterator[Symbol])) == list(kept.values())

    held = assert_type(values.valuerefs(), list[weakref.KeyedRef[str, Symbol]])
    assert [assert_type(held_ref.key, str) for held_ref in held] == ["a", "b"]
    assert [assert_type(held_ref(), Symbol | None) for held_ref in values.itervaluerefs()] == list(kept.values())
    assert [assert_type(key_ref(), Symbol | None) for key_ref in keys.keyrefs()] == list(kept.values())

    under_values = assert_type(values.data, MappingProxyType[str, weakref.KeyedRef[str, Symbol]])
    assert under_values["a"]() is kept["a"]
    under_keys = assert_type(keys.data, MappingProxyType[weakref.ref[Symbol], str])
    assert under_keys[weakref.ref(kept["a"])] == "a"
    values.data = {"c": held[0]}
    keys.data = under_keys
    assert list(values) == ["c"] and len(keys) == len(kept)


def test_values_of_any_type_in_a_heterogeneous_memo() -> None:
    memo: weakref.WeakKeyDictionary[object, dict[str, Any]] = weakref.WeakKeyDictionary()
    symbol = Symbol("a")
    memo.setdefault(symbol, {})["length"] = 1
    memo.setdefault(test_interner, {})["length"] = 2
    assert [assert_type(facts, dict[str, Any])["length"] for facts in memo.values()] == [1, 2]
