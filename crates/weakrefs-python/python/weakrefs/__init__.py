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

from _weakref import (
    CallableProxyType,
    ProxyType,
    ReferenceType,
    getweakrefcount,
    getweakrefs,
    proxy,
    ref,
)

from . import _finalize as _finalize
from . import _registry as _registry
from . import _signatures as _signatures
from ._bookkeeping import _IterationGuard as _IterationGuard
from ._containers import (
    EphemeronDictionary,
    EphemeronValueDictionary,
    WeakKeyDictionary,
    WeakSet,
    WeakValueDictionary,
)
from ._ephemerons import EphemeronStatus, ephemerons
from ._install import InstallWarning, install, installed, is_installed, uninstall
from ._status import Status, status
from ._weakrefs import KeyedRef, WeakMethod, finalize
from ._weakrefs import __version__ as __version__

ProxyTypes = (ProxyType, CallableProxyType)

# The public classes say where they are imported from, also where the package has another name.
for _class in (
    WeakSet,
    WeakKeyDictionary,
    WeakValueDictionary,
    EphemeronDictionary,
    EphemeronValueDictionary,
    KeyedRef,
    WeakMethod,
    finalize,
):
    _class.__module__ = __name__
del _class

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
