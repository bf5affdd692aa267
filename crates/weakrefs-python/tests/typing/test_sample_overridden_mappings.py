"""Subclasses of the mappings that override every method, annotated as for the standard classes: no checker minds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

import weakrefs as weakref

if TYPE_CHECKING:
    from _typeshed import SupportsKeysAndGetItem
    from typing_extensions import Self

K = TypeVar("K")
K2 = TypeVar("K2")
V = TypeVar("V")
V2 = TypeVar("V2")
T = TypeVar("T")


class Node:
    pass


class OverriddenValues(weakref.WeakValueDictionary[K, V]):
    def __init__(self, other: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        super().__init__(other)

    def __len__(self) -> int:
        return super().__len__()

    def __getitem__(self, key: K) -> V:
        return super().__getitem__(key)

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key)

    def __iter__(self) -> Iterator[K]:
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return super().__reduce__()

    def copy(self) -> weakref.WeakValueDictionary[K, V]:
        return super().copy()

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Self:
        return super().__deepcopy__(memo)

    def clear(self) -> None:
        super().clear()

    def keys(self) -> Iterator[K]:  # type: ignore[override]
        return super().keys()

    def values(self) -> Iterator[V]:  # type: ignore[override]
        return super().values()

    def items(self) -> Iterator[tuple[K, V]]:  # type: ignore[override]
        return super().items()

    def itervaluerefs(self) -> Iterator[weakref.KeyedRef[K, V]]:
        return super().itervaluerefs()

    def valuerefs(self) -> list[weakref.KeyedRef[K, V]]:
        return super().valuerefs()

    @overload
    def get(self, key: K, default: None = None) -> V | None: ...
    @overload
    def get(self, key: K, default: V) -> V: ...
    @overload
    def get(self, key: K, default: T) -> V | T: ...
    def get(self, key: K, default: Any = None) -> Any:
        return super().get(key, default)

    @overload
    def pop(self, key: K) -> V: ...
    @overload
    def pop(self, key: K, default: V) -> V: ...
    @overload
    def pop(self, key: K, default: T) -> V | T: ...
    def pop(self, key: K, *default: Any, **named: Any) -> Any:
        return super().pop(key, *default, **named)

    def popitem(self) -> tuple[K, V]:
        return super().popitem()

    def setdefault(self, key: K, default: V) -> V:
        return super().setdefault(key, default)

    @overload
    def update(self, other: SupportsKeysAndGetItem[K, V], /, **kwargs: V) -> None: ...
    @overload
    def update(self, other: Iterable[tuple[K, V]], /, **kwargs: V) -> None: ...
    @overload
    def update(self, other: None = None, /, **kwargs: V) -> None: ...
    def update(self, other: Any = None, /, **kwargs: V) -> None:
        super().update(other, **kwargs)

    def __or__(self, other: Mapping[K2, V2]) -> weakref.WeakValueDictionary[K | K2, V | V2]:
        return super().__or__(other)

    def __ror__(self, other: Mapping[K2, V2]) -> weakref.WeakValueDictionary[K | K2, V | V2]:
        return super().__ror__(other)

    @overload  # type: ignore[misc,override]
    def __ior__(self, other: SupportsKeysAndGetItem[K, V]) -> Self: ...
    @overload
    def __ior__(self, other: Iterable[tuple[K, V]]) -> Self: ...
    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]
        return super().__ior__(other)


class OverriddenKeys(weakref.WeakKeyDictionary[K, V]):
    def __init__(self, dict: Mapping[K, V] | Iterable[tuple[K, V]] | None = None) -> None:
        super().__init__(dict)

    def __len__(self) -> int:
        return super().__len__()

    def __getitem__(self, key: K) -> V:
        return super().__getitem__(key)

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key)

    def __iter__(self) -> Iterator[K]:
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return super().__reduce__()

    def copy(self) -> weakref.WeakKeyDictionary[K, V]:
        return super().copy()

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Self:
        return super().__deepcopy__(memo)

    def clear(self) -> None:
        super().clear()

    def keys(self) -> Iterator[K]:  # type: ignore[override]
        return super().keys()

    def values(self) -> Iterator[V]:  # type: ignore[override]
        return super().values()

    def items(self) -> Iterator[tuple[K, V]]:  # type: ignore[override]
        return super().items()

    def keyrefs(self) -> list[weakref.ref[K]]:
        return super().keyrefs()

    @overload
    def get(self, key: K, default: None = None) -> V | None: ...
    @overload
    def get(self, key: K, default: V) -> V: ...
    @overload
    def get(self, key: K, default: T) -> V | T: ...
    def get(self, key: K, default: Any = None) -> Any:
        return super().get(key, default)

    @overload
    def pop(self, key: K) -> V: ...
    @overload
    def pop(self, key: K, default: V) -> V: ...
    @overload
    def pop(self, key: K, default: T) -> V | T: ...
    def pop(self, key: K, *default: Any, **named: Any) -> Any:
        return super().pop(key, *default, **named)

    def popitem(self) -> tuple[K, V]:
        return super().popitem()

    @overload
    def setdefault(self: weakref.WeakKeyDictionary[K, V | None], key: K, default: None = None) -> V: ...
    @overload
    def setdefault(self, key: K, default: V) -> V: ...
    def setdefault(self, key: K, default: Any = None) -> Any:
        return super().setdefault(key, default)

    @overload
    def update(self, dict: SupportsKeysAndGetItem[K, V], /, **kwargs: V) -> None: ...
    @overload
    def update(self, dict: Iterable[tuple[K, V]], /, **kwargs: V) -> None: ...
    @overload
    def update(self, dict: None = None, /, **kwargs: V) -> None: ...
    def update(self, dict: Any = None, /, **kwargs: V) -> None:
        super().update(dict, **kwargs)

    def __or__(self, other: Mapping[K2, V2]) -> weakref.WeakKeyDictionary[K | K2, V | V2]:
        return super().__or__(other)

    def __ror__(self, other: Mapping[K2, V2]) -> weakref.WeakKeyDictionary[K | K2, V | V2]:
        return super().__ror__(other)

    @overload  # type: ignore[misc,override]
    def __ior__(self, other: SupportsKeysAndGetItem[K, V]) -> Self: ...
    @overload
    def __ior__(self, other: Iterable[tuple[K, V]]) -> Self: ...
    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]
        return super().__ior__(other)


def test_overridden_methods_do_what_they_did() -> None:
    """S26: and so do the operators, whoever overrides them."""
    one, two = Node(), Node()
    values = OverriddenValues({"a": one})
    assert list((values | {"b": two}).items()) == [("a", one), ("b", two)]
    values |= {"b": two}
    values.update(c=one)
    assert list(({"d": one} | values).keys()) == ["d", "a", "b", "c"]
    assert (values.get("z"), values.pop("a"), values.pop("z", None)) == (None, one, None)
    keys = OverriddenKeys({one: 1})
    assert list((keys | {two: 2}).items()) == [(one, 1), (two, 2)]
    keys |= {two: 2}
    assert list(({two: 0} | keys).values()) == [2, 1]
    assert (keys.get(one), keys.setdefault(one, 3), keys.pop(two), keys.pop(two, None)) == (1, 1, 2, None)
    assert {values: 1, keys: 2}[keys] == 2
