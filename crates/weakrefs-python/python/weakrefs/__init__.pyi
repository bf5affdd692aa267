# The public API: the interpreter's own references and proxies, the containers, and the switch for whole programs.

from collections.abc import Iterable, Mapping, MutableMapping, MutableSet
from contextlib import AbstractContextManager
from types import GenericAlias
from typing import Any, ClassVar, TypeVar, overload
from weakref import (
    CallableProxyType,
    ProxyType,
    ProxyTypes,
    ReferenceType,
    getweakrefcount,
    getweakrefs,
    proxy,
    ref,
)

from _typeshed import SupportsKeysAndGetItem
from typing_extensions import Self

from weakrefs import _weakrefs
from weakrefs._weakrefs import KeyedRef, WeakMethod, finalize
from weakrefs._weakrefs import __version__ as __version__

__all__ = [
    "CallableProxyType",
    "InstallWarning",
    "KeyedRef",
    "ProxyType",
    "ProxyTypes",
    "ReferenceType",
    "Status",
    "WeakKeyDictionary",
    "WeakMethod",
    "WeakSet",
    "WeakValueDictionary",
    "finalize",
    "getweakrefcount",
    "getweakrefs",
    "install",
    "installed",
    "is_installed",
    "proxy",
    "ref",
    "status",
    "uninstall",
]

_K = TypeVar("_K")
_K2 = TypeVar("_K2")
_V = TypeVar("_V")
_V2 = TypeVar("_V2")
_T = TypeVar("_T")

# `keys`, `values` and `items` of the mappings give iterators where MutableMapping gives views, and `|=` keeps the type of its
# left side, so that it accepts less than `|`: hence the ignores.

class WeakValueDictionary(_weakrefs.WeakValueDictionary[_K, _V], MutableMapping[_K, _V]):  # type: ignore[misc]
    # Not on the base, because the parameters are inferred from `self`; keywords become keys, which are strings then.
    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(self, other: SupportsKeysAndGetItem[_K, _V], /) -> None: ...
    @overload
    def __init__(self, other: Iterable[tuple[_K, _V]], /) -> None: ...
    @overload
    def __init__(
        self: WeakValueDictionary[str, _V2], other: SupportsKeysAndGetItem[str, _V2], /, **kw: _V2
    ) -> None: ...
    @overload
    def __init__(self: WeakValueDictionary[str, _V2], other: Iterable[tuple[str, _V2]] = (), /, **kw: _V2) -> None: ...
    def __or__(self, other: Mapping[_K2, _V2], /) -> WeakValueDictionary[_K | _K2, _V | _V2]: ...
    @overload
    def __ror__(self, other: Mapping[_K, _V], /) -> Self: ...
    @overload
    def __ror__(self, other: Mapping[_K2, _V2], /) -> WeakValueDictionary[_K | _K2, _V | _V2]: ...
    @overload  # type: ignore[misc]
    def __ior__(self, other: SupportsKeysAndGetItem[_K, _V], /) -> Self: ...
    @overload
    def __ior__(self, other: Iterable[tuple[_K, _V]], /) -> Self: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

class WeakKeyDictionary(_weakrefs.WeakKeyDictionary[_K, _V], MutableMapping[_K, _V]):  # type: ignore[misc]
    def __or__(self, other: Mapping[_K2, _V2], /) -> WeakKeyDictionary[_K | _K2, _V | _V2]: ...
    @overload
    def __ror__(self, other: Mapping[_K, _V], /) -> Self: ...
    @overload
    def __ror__(self, other: Mapping[_K2, _V2], /) -> WeakKeyDictionary[_K | _K2, _V | _V2]: ...
    @overload  # type: ignore[misc]
    def __ior__(self, other: SupportsKeysAndGetItem[_K, _V], /) -> Self: ...
    @overload
    def __ior__(self, other: Iterable[tuple[_K, _V]], /) -> Self: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

class WeakSet(_weakrefs.WeakSet[_T], MutableSet[_T]):
    @property
    def data(self) -> frozenset[ref[_T]]: ...
    @data.setter
    def data(self, references: Iterable[ref[_T]]) -> None: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Self: ...
    def __reduce__(self) -> tuple[type[Self], tuple[list[_T]], object]: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...

class InstallWarning(RuntimeWarning): ...

class Status:
    installed: bool
    modules: list[str]
    subclasses: list[str]
    instances: dict[str, int]
    def __init__(
        self, installed: bool, modules: list[str], subclasses: list[str], instances: dict[str, int]
    ) -> None: ...

def install(*, warn: bool = True) -> None: ...
def uninstall() -> None: ...
def installed(*, warn: bool = True) -> AbstractContextManager[None, None]: ...
def is_installed() -> bool: ...
def status() -> Status: ...
