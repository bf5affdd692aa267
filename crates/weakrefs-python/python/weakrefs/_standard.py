"""The standard weak classes: where their public names are, and what keeps them working whatever those names mean.

Their methods find each other through the globals of `weakref`, by the very names that `install` exchanges:
`WeakMethod.__eq__` asks `isinstance(other, WeakMethod)`, and the exit function of `finalize` keeps its state on the
class of that name. So the methods get private names for the same classes, such as `_standard_finalize`. While the
public names are the standard ones, that changes nothing. A thread may be inside such a method at any time, so it is done
once and stays.
"""

import _weakrefset
import weakref
from types import FunctionType

_NAMES = ("WeakSet", "WeakKeyDictionary", "WeakValueDictionary", "WeakMethod", "KeyedRef", "finalize")
_ALIASES = {name: f"_standard_{name}" for name in _NAMES}

PUBLIC = ((vars(weakref), _NAMES), (vars(_weakrefset), ("WeakSet",)))


def prepare():
    """Makes the standard classes independent of their public names. A second call does nothing."""
    namespace = vars(weakref)
    if not namespace.keys() >= set(_ALIASES.values()):
        namespace.update({alias: namespace[name] for name, alias in _ALIASES.items()})
        for alias in _ALIASES.values():
            for function in _functions(namespace[alias]):
                names = tuple(_ALIASES.get(name, name) for name in function.__code__.co_names)
                function.__code__ = function.__code__.replace(co_names=names)


def _functions(cls):
    """The functions of `weakref` in `cls` and its bases; a program may have put a class of its own under the name."""
    for base in cls.__mro__:
        for attribute in vars(base).values():
            function = getattr(attribute, "__func__", attribute)
            if isinstance(function, FunctionType) and function.__globals__ is vars(weakref):
                yield function
