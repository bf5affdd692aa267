"""What a type checker refuses of the set. Never run: each ignore that is no longer needed is an error."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Hashable

import weakrefs as weakref


class Plugin:
    pass


class Codec(Plugin):
    pass


def items_of_another_type(codecs: weakref.WeakSet[Codec], plugin: Plugin) -> None:
    codecs.add(plugin)  # type: ignore[arg-type]
    codecs.remove(plugin)  # type: ignore[arg-type]
    codecs.discard(plugin)  # type: ignore[arg-type]
    codecs.update([plugin])  # type: ignore[list-item]
    codecs.symmetric_difference_update([plugin])  # type: ignore[list-item]
    codecs |= [plugin]  # type: ignore[list-item]
    codecs ^= [plugin]  # type: ignore[list-item]
    narrow: weakref.WeakSet[Codec] = codecs | [plugin]  # type: ignore[list-item]
    wide: weakref.WeakSet[Plugin] = codecs  # type: ignore[assignment]
    del narrow, wide


def operands_are_iterable(codecs: weakref.WeakSet[Codec], codec: Codec) -> None:
    codecs | codec  # type: ignore[operator]
    codecs - codec  # type: ignore[operator]
    assert codecs <= codec  # type: ignore[operator]
    codecs.issubset(codec)  # type: ignore[arg-type]
    codecs.union([codec], [codec])  # type: ignore[call-overload]
    weakref.WeakSet(codec)  # type: ignore[call-overload]
    weakref.WeakSet(items=[codec])  # type: ignore[call-overload]


def data_is_a_picture(codecs: weakref.WeakSet[Codec], codec: Codec) -> None:
    codecs.data = codecs  # type: ignore[assignment]
    codecs.data.add(weakref.ref(codec))  # type: ignore[attr-defined]


def sets_are_unhashable(codecs: weakref.WeakSet[Codec]) -> None:
    key: Hashable = codecs  # type: ignore[assignment]
    del key
