"""Weak sets as registries of live instances, and their algebra."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, MutableSet
from typing import ClassVar, TypeVar

import weakrefs as weakref
from typing_support import assert_type

T = TypeVar("T")


class Plugin:
    live: ClassVar[weakref.WeakSet[Plugin]] = weakref.WeakSet()

    def __init__(self) -> None:
        Plugin.live.add(self)


class Codec(Plugin):
    pass


class Theme:
    pass


def newest(registry: MutableSet[T]) -> T:
    item = registry.pop()
    registry.add(item)
    return item


def count(items: Collection[object]) -> int:
    return len(items)


def test_a_registry_holds_what_lives() -> None:
    first, second = Plugin(), Codec()
    assert count(Plugin.live) == 2
    assert [assert_type(plugin, Plugin) for plugin in Plugin.live] == [first, second]
    assert assert_type(newest(Plugin.live), Plugin) is second
    del second
    assert assert_type(iter(Plugin.live), Iterator[Plugin]).__next__() is first
    Plugin.live.remove(first)
    Plugin.live.discard(first)
    assert assert_type(first in Plugin.live, bool) is False
    stranger: object = "no plugin"
    assert stranger not in Plugin.live


def test_construction() -> None:
    codec, theme = Codec(), Theme()
    assert_type(weakref.WeakSet([codec]), weakref.WeakSet[Codec])
    assert_type(weakref.WeakSet(data={theme}), weakref.WeakSet[Theme])
    nothing: weakref.WeakSet[Plugin] = weakref.WeakSet(None)
    wider: weakref.WeakSet[Plugin] = weakref.WeakSet([codec])
    assert (len(nothing), len(wider)) == (0, 1)


def test_algebra_keeps_the_type_where_items_allow() -> None:
    codec, plugin, theme = Codec(), Plugin(), Theme()
    plugins: weakref.WeakSet[Plugin] = weakref.WeakSet([codec, plugin])
    themes = weakref.WeakSet([theme])

    assert_type(plugins | iter([plugin]), weakref.WeakSet[Plugin])
    assert_type(plugins | [codec], weakref.WeakSet[Plugin])
    assert_type(plugins.union({plugin}), weakref.WeakSet[Plugin])
    assert_type(plugins | themes, weakref.WeakSet[Plugin | Theme])
    assert len(assert_type(plugins.union(iter([theme])), weakref.WeakSet[Plugin | Theme])) == 3
    assert_type(plugins ^ {codec}, weakref.WeakSet[Plugin])
    assert_type(plugins.symmetric_difference([plugin]), weakref.WeakSet[Plugin])
    assert_type(plugins ^ themes, weakref.WeakSet[Plugin | Theme])
    assert len(assert_type(plugins.symmetric_difference(themes), weakref.WeakSet[Plugin | Theme])) == 3
    assert list(assert_type(plugins - [codec], weakref.WeakSet[Plugin])) == [plugin]
    assert list(assert_type(plugins.difference(themes), weakref.WeakSet[Plugin])) == [codec, plugin]
    assert list(assert_type(plugins & [codec, theme], weakref.WeakSet[Plugin])) == [codec]
    assert list(assert_type(plugins.intersection(themes), weakref.WeakSet[Plugin])) == []


def test_algebra_in_place() -> None:
    codec, plugin, theme = Codec(), Plugin(), Theme()
    plugins: weakref.WeakSet[Plugin] = weakref.WeakSet()
    plugins.update([codec])
    plugins |= {plugin}
    plugins ^= iter([plugin])
    plugins.symmetric_difference_update([plugin])
    plugins -= weakref.WeakSet([theme])
    plugins.difference_update([theme])
    plugins &= [codec, plugin, theme]
    plugins.intersection_update([plugin, theme])
    assert list(assert_type(plugins, weakref.WeakSet[Plugin])) == [plugin]
    plugins.clear()
    assert not plugins


def test_comparison_takes_any_iterable() -> None:
    codec, plugin = Codec(), Plugin()
    plugins: weakref.WeakSet[Plugin] = weakref.WeakSet([codec, plugin])
    codecs = weakref.WeakSet([codec])
    assert assert_type(codecs <= plugins, bool)
    assert assert_type(codecs < [codec, plugin], bool)
    assert assert_type(plugins >= codecs, bool)
    assert assert_type(plugins > {codec}, bool)
    assert assert_type(codecs.issubset(iter([codec])), bool)
    assert assert_type(plugins.issuperset(codecs), bool)
    assert assert_type(codecs.isdisjoint([plugin]), bool)
    assert assert_type(plugins == weakref.WeakSet([codec, plugin]), bool)
    assert assert_type(plugins != {codec, plugin}, bool)


def test_copies_and_references() -> None:
    plugin = Plugin()
    plugins = weakref.WeakSet([plugin])
    assert assert_type(plugins.copy(), weakref.WeakSet[Plugin]) == plugins
    assert assert_type(copy.copy(plugins), weakref.WeakSet[Plugin]) == plugins
    assert assert_type(plugins.data, frozenset[weakref.ref[Plugin]]) == {weakref.ref(plugin)}
    assert assert_type(plugins.pop(), Plugin) is plugin
