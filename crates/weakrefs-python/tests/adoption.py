"""The exchanged names, for the tests of `install` and what reports on it."""

import _weakrefset
import sys
import types
import weakref

import weakrefs
from support import output_of

NAMES = ("WeakSet", "WeakKeyDictionary", "WeakValueDictionary", "WeakMethod", "KeyedRef", "finalize")
STANDARD = {name: getattr(weakref, name) for name in NAMES}
OURS = {name: getattr(weakrefs, name) for name in NAMES}


def public():
    """The exchanged names as the two modules give them now."""
    assert _weakrefset.WeakSet is weakref.WeakSet
    return {name: getattr(weakref, name) for name in NAMES}


def output_at_bare_start(code):
    """What `code` prints in an interpreter that has loaded nothing but itself."""
    return output_of(f"import sys; sys.path = {sys.path}; {code}", "-S", "-W", "error")


class Touchy:
    """Tells whoever looks at it, in whatever way."""

    touched = []

    def __getattribute__(self, name):
        Touchy.touched.append(name)
        raise RuntimeError(name)

    def __eq__(self, other):
        Touchy.touched.append("==")
        raise RuntimeError("==")

    def __hash__(self):
        Touchy.touched.append("hash")
        raise RuntimeError("hash")


class TouchyModule(types.ModuleType):
    def __getattribute__(self, name):
        Touchy.touched.append(name)
        raise RuntimeError(name)
