"""Weak references that clean up after themselves: a drop-in for the standard module `weakref`.

The names, arguments, results and errors are those of `weakref` in CPython 3.14, on every interpreter
from 3.10 on. `ref`, `proxy` and their kin are the interpreter's own objects; the containers,
`WeakMethod`, `KeyedRef` and `finalize` are native code, and a weak container costs little more than
`dict` or `set`. Beyond the standard library: iteration and copies are snapshots on every version,
`setdefault` is one step under threads, and a `WeakSet` keeps the order of insertion.

>>> import weakrefs as weakref
>>> class Image:
...     def __init__(self, name): self.name = name
>>> cache = weakref.WeakValueDictionary()
>>> image = cache['logo'] = Image('logo.png')
>>> cache['logo'] is image, len(cache)
(True, 1)
>>> del image
>>> len(cache)
0

To let a whole program use it without an edit: `python -m weakrefs program.py`, or `install()`.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSet
from contextlib import AbstractContextManager
from types import GenericAlias, MappingProxyType
from typing import Any, TypeVar, overload
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
    "EphemeronDictionary",
    "EphemeronStatus",
    "EphemeronValueDictionary",
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
    "ephemerons",
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
_S = TypeVar("_S")

# `keys`, `values` and `items` of the mappings give iterators where MutableMapping gives views, and `|=` keeps the type of its
# left side, so that it accepts less than `|`: hence the ignores.

class WeakValueDictionary(_weakrefs.WeakValueDictionary[_K, _V], MutableMapping[_K, _V]):
    """WeakValueDictionary(other=(), /, **kw): a mapping that does not keep its values alive.

    An entry leaves the mapping the moment its value dies. Keys must be hashable and values must
    support weak references, else TypeError. A value that refers to its key is fine; a key that
    refers to its value keeps the entry for good: see EphemeronValueDictionary.

    The entries keep the order of insertion. Iteration walks the mapping as it is at the first step:
    changes and deaths meanwhile raise nothing. Lookup, insertion and removal are O(1); safe under
    threads.

    >>> import weakrefs
    >>> class Document: pass
    >>> document = Document()
    >>> documents = weakrefs.WeakValueDictionary(readme=document)
    >>> documents.get('readme') is document
    True
    >>> del document
    >>> documents.get('readme', 'closed')
    'closed'
    """
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
    @property
    def data(self) -> MappingProxyType[_K, KeyedRef[_K, _V]]:
        """A read-only picture of the entries, with weak references for what is held weakly.

        Assigning a mapping with such references, or an iterable of pairs, replaces all entries. Raises TypeError for an
        object whose class has a behaviour of its own, which could not be kept.
        """
    @data.setter
    def data(self, data: Mapping[_K, ref[_V]] | Iterable[tuple[_K, ref[_V]]], /) -> None: ...
    def clear(self) -> None:
        """Remove every entry, newest first, until nothing is left. O(n)."""
    def copy(self) -> WeakValueDictionary[_K, _V]:
        """Return a shallow copy, of the base class even for a subclass. O(n)."""
    def __copy__(self) -> WeakValueDictionary[_K, _V]: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Self: ...
    def keys(self) -> Iterator[_K]:  # type: ignore[override]
        """Return an iterator over the keys of the entries that are alive, in the order of their insertion.

        It walks the mapping as it is when the first key is asked for: changes and deaths meanwhile
        raise nothing. It keeps no object alive.
        """
    def values(self) -> Iterator[_V]:  # type: ignore[override]
        """Return an iterator over the values of the entries that are alive. See keys()."""
    def items(self) -> Iterator[tuple[_K, _V]]:  # type: ignore[override]
        """Return an iterator over the entries that are alive, each as a tuple of key and value. See keys()."""
    def itervaluerefs(self) -> Iterator[KeyedRef[_K, _V]]:
        """Return an iterator over the weak references to the values. See valuerefs()."""
    def valuerefs(self) -> list[KeyedRef[_K, _V]]:
        """Return a list of the weak references to the values, each a KeyedRef.

        The list keeps no value alive, so a reference may be dead when it is used.
        """
    @overload
    def get(self, key: _K, default: None = None) -> _V | None:
        """Return the value for key if it is present and alive, else default.

        Raises TypeError if key cannot be one. O(1).
        """
    @overload
    def get(self, key: _K, default: _V) -> _V: ...
    @overload
    def get(self, key: _K, default: _T) -> _V | _T: ...
    @overload
    def pop(self, key: _K) -> _V:
        """Remove the entry of key and return its value.

        If it is missing or dead, return the second argument, or raise KeyError without one. Raises
        TypeError if key cannot be one. O(1).
        """
    @overload
    def pop(self, key: _K, default: _V, /) -> _V: ...
    @overload
    def pop(self, key: _K, default: _T, /) -> _V | _T: ...
    def popitem(self) -> tuple[_K, _V]:
        """Remove the newest entry and return it as a tuple of key and value.

        Raises KeyError if nothing is left. O(1).
        """
    # The default of the runtime, None, cannot be weakly referenced: a missing key would raise TypeError.
    def setdefault(self, key: _K, default: _V) -> _V:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the value for key; if it is missing or dead, store default there and return it.

        One step: of several threads that call it for the same key, all get the same value.
        Raises TypeError if key cannot be one, or default is to be stored and cannot be a value. O(1).
        """
    @overload
    def update(self, other: SupportsKeysAndGetItem[_K, _V], /, **kwargs: _V) -> None:
        """Store the pairs of a mapping, or of an iterable of pairs, then those of the keyword arguments.

        Raises TypeError for a key that cannot be hashed or a value that cannot be weakly referenced;
        what was stored before stays.
        """
    @overload
    def update(self, other: Iterable[tuple[_K, _V]], /, **kwargs: _V) -> None: ...
    @overload
    def update(self, other: None = None, /, **kwargs: _V) -> None: ...
    def __or__(self, other: Mapping[_K2, _V2], /) -> WeakValueDictionary[_K | _K2, _V | _V2]: ...
    def __ror__(self, other: Mapping[_K2, _V2], /) -> WeakValueDictionary[_K | _K2, _V | _V2]: ...
    @overload  # type: ignore[misc]
    def __ior__(self, other: SupportsKeysAndGetItem[_K, _V], /) -> Self: ...
    @overload
    def __ior__(self, other: Iterable[tuple[_K, _V]], /) -> Self: ...

class WeakKeyDictionary(_weakrefs.WeakKeyDictionary[_K, _V], MutableMapping[_K, _V]):
    """WeakKeyDictionary(dict=None): a mapping that does not keep its keys alive.

    An entry leaves the mapping the moment its key dies. Keys must support weak references and be
    hashable, else TypeError; they are found by identity or equality, as in a dict. A value that
    refers to its key keeps the entry for good: see EphemeronDictionary.

    The entries keep the order of insertion. Iteration walks the mapping as it is at the first step:
    changes and deaths meanwhile raise nothing. Lookup, insertion and removal are O(1); safe under
    threads.

    >>> import weakrefs
    >>> class Widget: pass
    >>> widget = Widget()
    >>> colours = weakrefs.WeakKeyDictionary()
    >>> colours[widget] = 'red'
    >>> colours[widget]
    'red'
    >>> del widget
    >>> len(colours)
    0
    """
    @property
    def data(self) -> MappingProxyType[ref[_K], _V]:
        """A read-only picture of the entries, with weak references for what is held weakly.

        Assigning a mapping with such references, or an iterable of pairs, replaces all entries. Raises TypeError for an
        object whose class has a behaviour of its own, which could not be kept.
        """
    @data.setter
    def data(self, data: Mapping[ref[_K], _V] | Iterable[tuple[ref[_K], _V]], /) -> None: ...
    def clear(self) -> None:
        """Remove every entry, newest first, until nothing is left. O(n)."""
    def copy(self) -> WeakKeyDictionary[_K, _V]:
        """Return a shallow copy, of the base class even for a subclass. O(n)."""
    def __copy__(self) -> WeakKeyDictionary[_K, _V]: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Self: ...
    def keys(self) -> Iterator[_K]:  # type: ignore[override]
        """Return an iterator over the keys of the entries that are alive, in the order of their insertion.

        It walks the mapping as it is when the first key is asked for: changes and deaths meanwhile
        raise nothing. It keeps no object alive.
        """
    def values(self) -> Iterator[_V]:  # type: ignore[override]
        """Return an iterator over the values of the entries that are alive. See keys()."""
    def items(self) -> Iterator[tuple[_K, _V]]:  # type: ignore[override]
        """Return an iterator over the entries that are alive, each as a tuple of key and value. See keys()."""
    def keyrefs(self) -> list[ref[_K]]:
        """Return a list of the weak references to the keys.

        The list keeps no key alive, so a reference may be dead when it is used.
        """
    @overload
    def get(self, key: _K, default: None = None) -> _V | None:
        """Return the value for key if it is present and alive, else default.

        Raises TypeError if key cannot be one. O(1).
        """
    @overload
    def get(self, key: _K, default: _V) -> _V: ...
    @overload
    def get(self, key: _K, default: _T) -> _V | _T: ...
    @overload
    def pop(self, key: _K) -> _V:
        """Remove the entry of key and return its value.

        If it is missing or dead, return the second argument, or raise KeyError without one. Raises
        TypeError if key cannot be one. O(1).
        """
    @overload
    def pop(self, key: _K, default: _V, /) -> _V: ...
    @overload
    def pop(self, key: _K, default: _T, /) -> _V | _T: ...
    def popitem(self) -> tuple[_K, _V]:
        """Remove the newest entry and return it as a tuple of key and value.

        Raises KeyError if nothing is left. O(1).
        """
    @overload
    def setdefault(self: WeakKeyDictionary[_K, _T | None], key: _K, default: None = None) -> _T | None:
        """Return the value for key; if it is missing or dead, store default there and return it.

        One step: of several threads that call it for the same key, all get the same value.
        Raises TypeError if key cannot be one, or default is to be stored and cannot be a value. O(1).
        """
    @overload
    def setdefault(self, key: _K, default: _V) -> _V: ...
    @overload
    def update(self, dict: SupportsKeysAndGetItem[_K, _V], /, **kwargs: _V) -> None:
        """Store the pairs of a mapping, or of an iterable of pairs, in the order they come in.

        Raises TypeError for a key that cannot be weakly referenced or hashed; what was stored before
        stays. Keyword arguments are refused: strings cannot be weakly referenced.
        """
    @overload
    def update(self, dict: Iterable[tuple[_K, _V]], /, **kwargs: _V) -> None: ...
    @overload
    def update(self, dict: None = None, /, **kwargs: _V) -> None: ...
    def __or__(self, other: Mapping[_K2, _V2], /) -> WeakKeyDictionary[_K | _K2, _V | _V2]: ...
    def __ror__(self, other: Mapping[_K2, _V2], /) -> WeakKeyDictionary[_K | _K2, _V | _V2]: ...
    @overload  # type: ignore[misc]
    def __ior__(self, other: SupportsKeysAndGetItem[_K, _V], /) -> Self: ...
    @overload
    def __ior__(self, other: Iterable[tuple[_K, _V]], /) -> Self: ...

class WeakSet(_weakrefs.WeakSet[_T], MutableSet[_T]):
    """WeakSet(data=None): a set that does not keep its elements alive.

    An element leaves the set the moment it dies. Elements must support weak references and be
    hashable, else `add` and `discard` raise TypeError; `in` is false for what has no weak references.

    The elements keep the order of insertion, and `pop` takes the newest. Iteration walks the set as
    it is at the first step: changes and deaths meanwhile raise nothing. Every method that takes
    another set takes any iterable. `add`, `discard`, `in` are O(1); safe under threads.

    >>> import weakrefs
    >>> class Window: pass
    >>> first, second = Window(), Window()
    >>> windows = weakrefs.WeakSet([first, second])
    >>> first in windows, len(windows)
    (True, 2)
    >>> del first
    >>> list(windows) == [second]
    True
    """
    @property
    def data(self) -> frozenset[ref[_T]]:
        """A read-only picture of the weak references to the elements.

        Assigning an iterable of such references replaces all elements. Raises TypeError for an object whose class has a
        behaviour of its own, which could not be kept.
        """
    @data.setter
    def data(self, references: Iterable[ref[_T]]) -> None: ...
    def add(self, item: _T) -> None:
        """Add item, unless the set has an equal element.

        Raises TypeError if item cannot be weakly referenced or hashed. O(1).
        """
    def clear(self) -> None:
        """Remove every element. O(n)."""
    def copy(self) -> Self:
        """Return a shallow copy of the same class. O(n)."""
    def pop(self) -> _T:
        """Remove the newest element that is alive, and return it.

        Raises KeyError if there is none. O(1).
        """
    def remove(self, item: _T) -> None:
        """Remove item.

        Raises KeyError (with a weak reference to item) if the set does not have it, and TypeError if it
        cannot be weakly referenced or hashed. O(1).
        """
    def discard(self, item: _T) -> None:
        """Remove item if the set has it.

        Raises TypeError if item cannot be weakly referenced or hashed. O(1).
        """
    def update(self, other: Iterable[_T]) -> None:
        """Add the elements of an iterable, in the order they come in.

        Raises TypeError for an element that cannot be weakly referenced or hashed; what was added
        before stays.
        """
    def difference(self, other: Iterable[Any]) -> Self:
        """Return a copy without the elements of other, an iterable."""
    def difference_update(self, other: Iterable[Any]) -> None:
        """Remove the elements of other, an iterable."""
    def intersection(self, other: Iterable[Any]) -> Self:
        """Return a new set, of the same class, with those elements of other, an iterable, that are in the set."""
    def intersection_update(self, other: Iterable[Any]) -> None:
        """Keep only the elements that are in other, an iterable."""
    @overload
    def symmetric_difference(self, other: Iterable[_T]) -> WeakSet[_T]:
        """Return a new set, of the same class, with the elements that are in either the set or other,
        an iterable, but not in both.
        """
    @overload
    def symmetric_difference(self, other: Iterable[_S]) -> WeakSet[_T | _S]: ...
    def symmetric_difference_update(self, other: Iterable[_T]) -> None:
        """Remove the elements that are in other, an iterable, and add those of other that were not."""
    @overload
    def union(self, other: Iterable[_T]) -> WeakSet[_T]:
        """Return a new set, of the same class, with the elements of the set and of other, an iterable."""
    @overload
    def union(self, other: Iterable[_S]) -> WeakSet[_T | _S]: ...
    def isdisjoint(self, other: Iterable[Any]) -> bool:
        """Return whether no element of other, an iterable, is in the set."""
    def issubset(self, other: Iterable[Any]) -> bool:
        """Return whether every element is in other, an iterable."""
    def issuperset(self, other: Iterable[Any]) -> bool:
        """Return whether every element of other, an iterable, is in the set."""
    # The standard class has none, so a subclass may annotate it at will.
    def __deepcopy__(self, memo: dict[int, Any]) -> Any: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...

class EphemeronDictionary(WeakKeyDictionary[_K, _V], _weakrefs.Ephemerons):
    """EphemeronDictionary(dict=None): a WeakKeyDictionary whose values may refer to their keys.

    It refers to the value of an entry only while the dictionary and the key are reachable. So an entry
    whose value refers to its key, in however many steps and through however many entries, keeps neither.
    Such pairs are ephemerons (Barry Hayes, "Ephemerons: a new finalization mechanism", OOPSLA 1997).

    An entry leaves the moment its key dies, as in a WeakKeyDictionary. If only its value, or values of
    other entries, still refer to the key, it leaves at the next full collection. An entry whose key is
    reachable is never removed. ephemerons() says whether this works here; where it does not, this is a
    WeakKeyDictionary.

    Arguments, methods and results are those of WeakKeyDictionary; copy() and | give an EphemeronDictionary.
    Lookup, insertion and removal cost what they cost there, and are as safe under threads. A full
    collection takes time linear in the entries, and no memory.

    >>> import gc, weakrefs
    >>> class Person: pass
    >>> ann = Person()
    >>> friends = weakrefs.EphemeronDictionary()
    >>> friends[ann] = [ann] # the value refers to the key
    >>> del ann
    >>> len(friends)
    1
    >>> collected = gc.collect()
    >>> len(friends)
    0
    """
    def copy(self) -> EphemeronDictionary[_K, _V]:
        """Return a shallow copy, of the base class even for a subclass. O(n)."""
    def __copy__(self) -> EphemeronDictionary[_K, _V]: ...
    def __or__(self, other: Mapping[_K2, _V2], /) -> EphemeronDictionary[_K | _K2, _V | _V2]: ...
    def __ror__(self, other: Mapping[_K2, _V2], /) -> EphemeronDictionary[_K | _K2, _V | _V2]: ...

class EphemeronValueDictionary(WeakValueDictionary[_K, _V], _weakrefs.Ephemerons):
    """EphemeronValueDictionary(other=(), /, **kw): a WeakValueDictionary whose keys may refer to their values.

    It refers to the key of an entry only while the dictionary and the value are reachable. It is the
    mirror image of EphemeronDictionary, and all that is said there holds with key and value exchanged.

    Arguments, methods and results are those of WeakValueDictionary; copy() and | give an
    EphemeronValueDictionary. The cost is that of a WeakValueDictionary, and that of EphemeronDictionary in
    a full collection.

    >>> import gc, weakrefs
    >>> class Wrapper: pass
    >>> def greet(): pass
    >>> wrappers = weakrefs.EphemeronValueDictionary()
    >>> wrappers[greet] = greet.wrapper = Wrapper() # the key refers to the value
    >>> del greet
    >>> len(wrappers)
    1
    >>> collected = gc.collect()
    >>> len(wrappers)
    0
    """
    # The base binds `self` to its own class where keywords make the keys strings.
    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(self, other: SupportsKeysAndGetItem[_K, _V], /) -> None: ...
    @overload
    def __init__(self, other: Iterable[tuple[_K, _V]], /) -> None: ...
    @overload
    def __init__(
        self: EphemeronValueDictionary[str, _V2], other: SupportsKeysAndGetItem[str, _V2], /, **kw: _V2
    ) -> None: ...
    @overload
    def __init__(
        self: EphemeronValueDictionary[str, _V2], other: Iterable[tuple[str, _V2]] = (), /, **kw: _V2
    ) -> None: ...
    def copy(self) -> EphemeronValueDictionary[_K, _V]:
        """Return a shallow copy, of the base class even for a subclass. O(n)."""
    def __copy__(self) -> EphemeronValueDictionary[_K, _V]: ...
    def __or__(self, other: Mapping[_K2, _V2], /) -> EphemeronValueDictionary[_K | _K2, _V | _V2]: ...
    def __ror__(self, other: Mapping[_K2, _V2], /) -> EphemeronValueDictionary[_K | _K2, _V | _V2]: ...

class EphemeronStatus:
    """What `ephemerons()` has found; true if the engine is active. It does not change afterwards; `str()` of it is for people.

    >>> import weakrefs
    >>> status = weakrefs.ephemerons()
    >>> bool(status) == status.active == (status.reason is None)
    True
    """

    active: bool
    everywhere: bool
    reason: str | None
    def __init__(self, reason: str | None, everywhere: bool) -> None: ...
    def __bool__(self) -> bool: ...

class InstallWarning(RuntimeWarning):
    """Some modules took a standard class by name before `install` or `installed`, and keep it.

    >>> import warnings, weakrefs
    >>> warnings.simplefilter("ignore", weakrefs.InstallWarning)
    """

class Status:
    """What `status()` has found. It does not change afterwards; `str()` of it is for people.

    >>> import weakref, weakrefs
    >>> class OldCache(weakref.WeakValueDictionary): pass
    >>> status = weakrefs.status()
    >>> [name for name in status.subclasses if name.endswith("OldCache")] == [f"{__name__}.OldCache"]
    True
    """

    installed: bool
    modules: list[str]
    subclasses: list[str]
    instances: dict[str, int]
    ephemerons: EphemeronStatus
    def __init__(
        self,
        installed: bool,
        modules: list[str],
        subclasses: list[str],
        instances: dict[str, int],
        ephemerons: EphemeronStatus,
    ) -> None: ...

def ephemerons() -> EphemeronStatus:
    """Return whether the engine behind `EphemeronDictionary` is active, and if not, why.

    Where it is not, an `EphemeronDictionary` is a `WeakKeyDictionary` and keeps entries whose value refers to their key, an
    `EphemeronValueDictionary` is a `WeakValueDictionary`, and a finalizer must not refer to its object. The engine checks in
    each collection whether the collector does what it expects, so the answer may change.

    >>> import weakrefs
    >>> str(weakrefs.ephemerons()) # doctest: +ELLIPSIS
    '...active...'
    """

def install(*, warn: bool = True, ephemerons: bool = False) -> None:
    """Put the classes of weakrefs into the modules `weakref` and `_weakrefset`, for the whole process.

    These are `WeakSet`, `WeakKeyDictionary`, `WeakValueDictionary`, `WeakMethod`, `KeyedRef` and `finalize`. A module that
    took a standard class by name before (`from weakref import WeakSet`) keeps it. Unless `warn` is false, one
    `InstallWarning` names such modules, without those of the standard library; `status` lists all. If a filter turns
    the warning into an error, nothing has changed. Objects of the standard classes keep working. A second call does
    nothing, unless it is the first with `ephemerons`.

    With `ephemerons`, each `WeakKeyDictionary` of the process lets go of entries whose value refers to their key, as an
    `EphemeronDictionary` does, and a finalizer may refer to its object in whatever way. `ephemerons()` says whether that
    works here.

    >>> import weakref, weakrefs
    >>> weakrefs.install(warn=False)
    >>> weakref.WeakSet is weakrefs.WeakSet
    True
    >>> weakrefs.uninstall()
    """

def uninstall() -> None:
    """Put back what `install` found under the standard names.

    A name that somebody else has assigned since keeps what they assigned. While an `installed()` block is open, the names
    stay exchanged until it ends, and so does the rule of ephemerons if the block asks for it. Without an `install` before,
    nothing happens.

    >>> import weakref, weakrefs
    >>> weakrefs.uninstall()
    >>> weakref.WeakSet is weakrefs.WeakSet
    False
    """

def installed(*, warn: bool = True, ephemerons: bool = False) -> AbstractContextManager[None, None]:
    """Return a context manager that installs weakrefs in its block, and restores the names at the end.

    The arguments are those of `install`.

    >>> import weakref, weakrefs
    >>> with weakrefs.installed(warn=False):
    ...     weakref.WeakSet is weakrefs.WeakSet
    True
    """

def is_installed() -> bool:
    """Return whether weakrefs has the standard names now: after `install`, or while any `installed` block is open.

    >>> import weakrefs
    >>> with weakrefs.installed(warn=False):
    ...     weakrefs.is_installed()
    True
    >>> weakrefs.is_installed()
    False
    """

def status() -> Status:
    """Return what still holds standard classes: names in modules, subclasses, and live instances.

    It asks the garbage collector for all its objects, which takes a while in a large program. It does not count what the
    collector does not list, such as objects that `gc.freeze` has put aside.

    >>> import weakrefs
    >>> print(weakrefs.status()) # doctest: +ELLIPSIS
    weakrefs is not installed
    names of standard classes in modules: ...
    subclasses of standard classes: ...
    live instances of standard classes: ...
    ephemerons: ...
    """
