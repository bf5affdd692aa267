"""What programs reach for on the standard `finalize`: the registry of the finalizers that are alive.

The standard `finalize._registry` is the `dict` that holds the finalizers. Native finalizers are in a chain of their own, so
this is a picture of that chain, made when a program asks for it. A program can read it, and take finalizers out as `detach`
does. It can put nothing in.

The interpreter clears the names of modules when it shuts down, so a method finds what it needs in its class.
"""

from _collections_abc import Mapping

from . import _weakrefs


class _Info(tuple):
    """The parts of a finalizer. Only `atexit` can be assigned, and it is the finalizer's own."""

    __slots__ = ()

    _finalizer = property(lambda self: self[0])
    weakref = property(lambda self: self[1], doc="The weak reference to the object, which calls the finalizer.")
    func = property(lambda self: self[2], doc="The function.")
    args = property(lambda self: self[3], doc="Its positional arguments.")
    kwargs = property(lambda self: self[4], doc="Its keyword arguments, or None.")
    index = property(lambda self: self[5], doc="The number of the finalizer: an older one has a smaller number.")
    # Past what a subclass of `finalize` may have made of the attribute.
    __get_atexit = staticmethod(_weakrefs.finalize.atexit.__get__)
    __set_atexit = staticmethod(_weakrefs.finalize.atexit.__set__)

    @property
    def atexit(self):
        """Whether the finalizer is alive and is to be called at exit."""
        return self.__get_atexit(self._finalizer)

    @atexit.setter
    def atexit(self, value):
        self.__set_atexit(self._finalizer, value)

    def __repr__(self):
        return f"<info of {self._finalizer!r}>"


class _Registry(Mapping):
    """The finalizers that are alive, oldest first, and an `_Info` for each."""

    __slots__ = ()

    __all = staticmethod(_weakrefs._finalizers)
    __count = staticmethod(_weakrefs._count_finalizers)
    __contents = staticmethod(_weakrefs._finalizer_contents)
    __end = staticmethod(_weakrefs._end_finalizer)
    __info = _Info

    def __len__(self):
        return self.__count()

    def __iter__(self):
        return iter(self.__all())

    def __contains__(self, finalizer):
        return self.__contents(finalizer) is not None

    def __getitem__(self, finalizer):
        contents = self.__contents(finalizer)
        if contents is None:
            raise KeyError(finalizer)
        return self.__info((finalizer, *contents))

    def copy(self):
        """Return a `dict` of what is there now."""
        found = [(finalizer, self.__contents(finalizer)) for finalizer in self.__all()]
        return {finalizer: self.__info((finalizer, *contents)) for finalizer, contents in found if contents}

    def keys(self):
        return self.copy().keys()

    def values(self):
        return self.copy().values()

    def items(self):
        return self.copy().items()

    def __repr__(self):
        return repr(self.copy())

    def __setitem__(self, finalizer, info):
        raise TypeError("a finalizer enters the registry when it is made, and in no other way")

    def __delitem__(self, finalizer):
        """End a finalizer without a call."""
        if not self.__end(finalizer):
            raise KeyError(finalizer)

    def pop(self, finalizer, *default):
        """End a finalizer without a call; return its info, or the default if it is not alive."""
        try:
            info = self[finalizer]
            del self[finalizer]
        except KeyError:
            if default:
                (value,) = default
                return value
            raise
        return info

    def clear(self):
        """End every finalizer without a call."""
        for finalizer in self.__all():
            self.__end(finalizer)


def _select_for_exit(cls):
    """Return the finalizers that are to be called at exit, the oldest first."""
    return [finalizer for finalizer, info in cls._registry.items() if info.atexit]


_weakrefs.finalize._Info = _Info
_weakrefs.finalize._registry = _Registry()
_weakrefs.finalize._select_for_exit = classmethod(_select_for_exit)
