"""The native part of the package weakrefs."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, overload
from weakref import ref

from _typeshed import SupportsKeysAndGetItem
from typing_extensions import Self, disjoint_base

import weakrefs

_K = TypeVar("_K")
_V = TypeVar("_V")
_T = TypeVar("_T")
_S = TypeVar("_S")
_F = TypeVar("_F", bound=Callable[..., Any])
_P = ParamSpec("_P")
_T_co = TypeVar("_T_co", covariant=True)
# The default keeps `finalize[P, T]` valid: annotations written for the standard module name two parameters.
_R_co = TypeVar("_R_co", covariant=True, default=Any)

__version__: str

def put_methods(cls: type[_T], /) -> type[_T]:
    """Puts native methods on cls, a public class, in the place of the functions that describe them; returns cls.

    Raises TypeError if cls is neither finalize nor derived from one of the native containers at once, or describes not
    all.
    """

@disjoint_base
class WeakValueDictionary(Generic[_K, _V]):
    """The native base of weakrefs.WeakValueDictionary."""
    def __init__(self, other: SupportsKeysAndGetItem[_K, _V] | Iterable[tuple[_K, _V]] = (), /, **kw: _V) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_K]: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __getitem__(self, key: _K, /) -> _V: ...
    def __setitem__(self, key: _K, value: _V, /) -> None: ...
    def __delitem__(self, key: _K, /) -> None: ...

@disjoint_base
class WeakKeyDictionary(Generic[_K, _V]):
    """The native base of weakrefs.WeakKeyDictionary."""
    @overload
    def __init__(self, dict: None = None) -> None: ...
    @overload
    def __init__(self, dict: SupportsKeysAndGetItem[_K, _V]) -> None: ...
    @overload
    def __init__(self, dict: Iterable[tuple[_K, _V]]) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_K]: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __getitem__(self, key: _K, /) -> _V: ...
    def __setitem__(self, key: _K, value: _V, /) -> None: ...
    def __delitem__(self, key: _K, /) -> None: ...

# `|=` and `^=` keep the type of their left side, so they accept less than `|` and `^`: hence their ignores.

@disjoint_base
class WeakSet(Generic[_T]):
    """The native base of weakrefs.WeakSet."""
    @overload
    def __init__(self, data: None = None) -> None: ...
    @overload
    def __init__(self, data: Iterable[_T]) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_T]: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __sub__(self, other: Iterable[Any], /) -> Self: ...
    def __isub__(self, other: Iterable[Any], /) -> Self: ...
    def __and__(self, other: Iterable[Any], /) -> Self: ...
    def __iand__(self, other: Iterable[Any], /) -> Self: ...
    @overload
    def __xor__(self, other: Iterable[_T], /) -> weakrefs.WeakSet[_T]: ...
    @overload
    def __xor__(self, other: Iterable[_S], /) -> weakrefs.WeakSet[_T | _S]: ...
    def __ixor__(self, other: Iterable[_T], /) -> Self: ...  # type: ignore[misc]
    @overload
    def __or__(self, other: Iterable[_T], /) -> weakrefs.WeakSet[_T]: ...
    @overload
    def __or__(self, other: Iterable[_S], /) -> weakrefs.WeakSet[_T | _S]: ...
    def __ior__(self, other: Iterable[_T], /) -> Self: ...  # type: ignore[misc]
    def __le__(self, other: Iterable[Any], /) -> bool: ...
    def __lt__(self, other: Iterable[Any], /) -> bool: ...
    def __ge__(self, other: Iterable[Any], /) -> bool: ...
    def __gt__(self, other: Iterable[Any], /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

class Ephemerons:
    """A base of the containers that are ephemerons."""

def ephemerons() -> str | None:
    """Return None if the engine of ephemerons is active, else why it is not. O(1)."""

def rule_for_all(flag: bool, /) -> None:
    """Whether all WeakKeyDictionaries are ephemerons from now on, and all finalizers may refer to their objects."""

def assume_header(layout: int, /) -> None:
    """For tests: believe in another layout of the collector's headers, a wrong one, or 0, the right one."""

@disjoint_base
class WeakMethod(ref[_F]):
    """A weak reference to a bound method, which dies with its object or its function.

    A plain weak reference to a bound method is dead at once, because each access to the
    attribute makes a new bound method. This one lives as long as the method could still
    be got again; calling it gives the method, of the same type, or None.

    `meth` is a bound method, else TypeError. `callback` is called once, with this
    object, when it dies; its errors go to sys.unraisablehook. Equal to another one if
    both are alive and their objects and functions are equal.

    >>> import weakrefs
    >>> class Button:
    ...     def click(self): return 'clicked'
    >>> button = Button()
    >>> click = weakrefs.WeakMethod(button.click)
    >>> click()()
    'clicked'
    >>> del button
    >>> click() is None
    True
    """
    def __new__(cls, meth: _F, callback: Callable[[Self], Any] | None = None) -> Self: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@disjoint_base
class KeyedRef(ref[_V], Generic[_K, _V]):
    """A weak reference that carries a key.

    A WeakValueDictionary holds one for each of its values; `keyrefs` and its kin return
    them. `callback` is called with the reference when `ob` dies (None: nothing is);
    `key` is any object, readable and writable as the attribute `key`.

    Raises TypeError if `ob` cannot be weakly referenced. Never shared.

    >>> import weakrefs
    >>> class Record: pass
    >>> record = Record()
    >>> reference = weakrefs.KeyedRef(record, None, 'first')
    >>> reference() is record, reference.key
    (True, 'first')
    """

    key: _K
    def __new__(cls, ob: _V, callback: Callable[[Self], Any] | None, key: _K) -> Self: ...
    def __init__(self, ob: _V, callback: Callable[[Self], Any] | None, key: _K) -> None: ...

@disjoint_base
class finalize(Generic[_P, _T_co, _R_co]):
    """finalize(obj, func, /, *args, **kwargs): call func(*args, **kwargs) when obj dies.

    It is called once: when obj dies, at the call of the finalizer, or at exit (unless `atexit` was
    set to False), whichever comes first. The finalizer need not be kept.

    func may be a method of obj, and obj may be among the arguments: then it is called at the first
    full collection that finds obj unreachable, on the intact object, before its __del__, as far as
    ephemerons() is active. In longer ways, func, args and kwargs must not own obj, or it will
    never die.

    An error in func goes to sys.unraisablehook when obj dies, to sys.excepthook at exit, and to the
    caller of a call. Raises TypeError if obj cannot be weakly referenced. Creation and every method
    are O(1); safe under threads.

    >>> import weakrefs
    >>> class Resource: pass
    >>> resource = Resource()
    >>> finalizer = weakrefs.finalize(resource, print, 'closed')
    >>> finalizer.alive
    True
    >>> del resource
    closed
    >>> finalizer.alive
    False
    """
    def __init__(self, obj: _T_co, func: Callable[_P, _R_co], /, *args: _P.args, **kwargs: _P.kwargs) -> None: ...
    def __call__(self, _: object = None) -> _R_co | None: ...
    def detach(self) -> tuple[_T_co, Callable[_P, _R_co], tuple[Any, ...], dict[str, Any]] | None:
        """If alive, mark as dead and return (obj, func, args, kwargs); otherwise return None."""
    def peek(self) -> tuple[_T_co, Callable[_P, _R_co], tuple[Any, ...], dict[str, Any]] | None:
        """If alive, return (obj, func, args, kwargs); otherwise return None."""
    @property
    def alive(self) -> bool:
        """Whether the finalizer is alive."""
    @property
    def atexit(self) -> bool:
        """Whether the finalizer is alive and is to be called at exit. Writable while it is alive."""
    @atexit.setter
    def atexit(self, value: bool) -> None: ...
