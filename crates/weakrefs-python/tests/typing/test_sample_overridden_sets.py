"""A subclass of `WeakSet` that overrides every method, annotated as for the standard class: no checker minds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import weakrefs as weakref

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")
S = TypeVar("S")


class Item:
    pass


class Overridden(weakref.WeakSet[T]):
    def __init__(self, data: Iterable[T] | None = None) -> None:
        super().__init__(data)

    def add(self, item: T) -> None:
        super().add(item)

    def discard(self, item: T) -> None:
        super().discard(item)

    def remove(self, item: T) -> None:
        super().remove(item)

    def pop(self) -> T:
        return super().pop()

    def clear(self) -> None:
        super().clear()

    def copy(self) -> Self:
        return super().copy()

    def update(self, other: Iterable[T]) -> None:
        super().update(other)

    def difference(self, other: Iterable[T]) -> Self:
        return super().difference(other)

    def difference_update(self, other: Iterable[Any]) -> None:
        super().difference_update(other)

    def intersection(self, other: Iterable[T]) -> Self:
        return super().intersection(other)

    def intersection_update(self, other: Iterable[Any]) -> None:
        super().intersection_update(other)

    def symmetric_difference(self, other: Iterable[S]) -> weakref.WeakSet[S | T]:
        return super().symmetric_difference(other)

    def symmetric_difference_update(self, other: Iterable[T]) -> None:
        super().symmetric_difference_update(other)

    def union(self, other: Iterable[S]) -> weakref.WeakSet[S | T]:
        return super().union(other)

    def isdisjoint(self, other: Iterable[T]) -> bool:
        return super().isdisjoint(other)

    def issubset(self, other: Iterable[T]) -> bool:
        return super().issubset(other)

    def issuperset(self, other: Iterable[T]) -> bool:
        return super().issuperset(other)

    def __contains__(self, item: object) -> bool:
        return super().__contains__(item)

    def __len__(self) -> int:
        return super().__len__()

    def __iter__(self) -> Iterator[T]:
        return super().__iter__()

    def __sub__(self, other: Iterable[Any]) -> Self:
        return super().__sub__(other)

    def __isub__(self, other: Iterable[Any]) -> Self:
        return super().__isub__(other)

    def __and__(self, other: Iterable[Any]) -> Self:
        return super().__and__(other)

    def __iand__(self, other: Iterable[Any]) -> Self:
        return super().__iand__(other)

    def __or__(self, other: Iterable[S]) -> weakref.WeakSet[S | T]:
        return super().__or__(other)

    def __ior__(self, other: Iterable[T]) -> Self:  # type: ignore[override,misc]
        return super().__ior__(other)

    def __xor__(self, other: Iterable[S]) -> weakref.WeakSet[S | T]:
        return super().__xor__(other)

    def __ixor__(self, other: Iterable[T]) -> Self:  # type: ignore[override,misc]
        return super().__ixor__(other)

    def __le__(self, other: Iterable[T]) -> bool:
        return super().__le__(other)

    def __lt__(self, other: Iterable[T]) -> bool:
        return super().__lt__(other)

    def __ge__(self, other: Iterable[T]) -> bool:
        return super().__ge__(other)

    def __gt__(self, other: Iterable[T]) -> bool:
        return super().__gt__(other)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return super().__reduce__()


class OverriddenItems(weakref.WeakSet[Item]):
    """The same of a subclass whose parameter is fixed, where the annotations name its type."""

    def symmetric_difference(self, other: Iterable[S]) -> weakref.WeakSet[S | Item]:
        return super().symmetric_difference(other)

    def union(self, other: Iterable[S]) -> weakref.WeakSet[S | Item]:
        return super().union(other)

    def difference(self, other: Iterable[Item]) -> Self:
        return super().difference(other)

    def __or__(self, other: Iterable[S]) -> weakref.WeakSet[S | Item]:
        return super().__or__(other)

    def __le__(self, other: Iterable[Item]) -> bool:
        return super().__le__(other)


def test_overridden_methods_do_what_they_did() -> None:
    """S26: and so do the operators, whoever overrides them."""
    one, two = Item(), Item()
    for items in (Overridden([one]), OverriddenItems([one])):
        assert list(items | [two]) == list(items.union([two])) == [one, two]
        assert list(items.symmetric_difference([two])) == [one, two]
        assert list(items.difference([two])) == [one]
        assert items <= [one, two]
    changed = Overridden([one])
    changed |= [two]
    changed -= [one]
    assert list(changed) == [two]
    assert {Overridden([one]): 1}.popitem()[1] == 1
