"""`data` and `_remove`: a program can exchange those of a standard container, but not those of a native one.

A native container keeps its contents in a table of its own, so an assignment to `data` takes over contents. An object
whose class does more than hold them (a bounded `dict`, a `defaultdict`) would lose that without a word, so it is refused.

The interpreter clears the names of modules when it shuts down, so a function finds what it needs in its defaults.
"""

# What every class has, and what a class may define without being another kind of container.
_HARMLESS = frozenset({*dir(object), "__class_getitem__", "__dict__"})


def without_behaviour(data, changed_by, plain, harmless=_HARMLESS):
    """Returns `data`. Raises TypeError if its class overrides what a class of `plain` does, or derives from none of them.

    An object without the method `changed_by` has nothing but contents: a proxy, a tuple, an iterator.
    """
    cls = type(data)
    if cls in plain or not hasattr(cls, changed_by):
        return data
    behaviour = {"__missing__"}.union(*map(dir, plain)) - harmless
    for base in cls.__mro__:
        if base in plain:
            break
        for name in vars(base):
            if name in behaviour:
                raise TypeError(f"data takes contents and cannot keep what {base.__qualname__}.{name} does")
    return data


def _own_callback(container):
    """The callback of all weak references of the container: removes the entry of one whose object is dead."""
    return container._evictor()


def _keep_callback(container, callback):
    raise AttributeError("'_remove' cannot be replaced: a native container removes what is dead by itself")


evictor = property(_own_callback, _keep_callback)
