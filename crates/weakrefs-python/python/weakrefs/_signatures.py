"""Makes `inspect.signature` say of a finalizer and of a weak method what it says of the standard ones.

The interpreter describes every native `__call__` as `(*args, **kwargs)`, or, before 3.13, not at all.
"""

import sys

from ._weakrefs import WeakMethod, finalize


class _OfCalls:
    """The attribute `__signature__` of the objects of a native class; the class has its own signature."""

    __slots__ = ("_call", "_example")
    __modules = sys.modules

    def __init__(self, cls, example):
        self._call = cls.__call__
        self._example = example

    def __get__(self, obj, cls):
        # Whoever asks has imported `inspect`. A subclass with a `__call__` of its own is not described here.
        inspect = self.__modules.get("inspect")
        if obj is None or inspect is None or cls.__call__ is not self._call:
            raise AttributeError("__signature__")
        return inspect.signature(self._example)


def _call_finalizer(_=None):
    """As `finalize` is called: by a user, or with a weak reference."""


def _call_method():
    """As `WeakMethod` is called."""


finalize.__signature__ = _OfCalls(finalize, _call_finalizer)
WeakMethod.__signature__ = _OfCalls(WeakMethod, _call_method)
