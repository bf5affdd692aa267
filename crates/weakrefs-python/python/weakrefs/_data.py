"""What the standard containers let a program exchange, and ours cannot: the object behind `data`, and the callback `_remove`.

Ours keep what they hold in a table of their own. So `data` takes the contents of what is assigned, where contents are all
that it has. Where its class does more (a bounded `dict`, a `defaultdict`), taking the contents would lose that without a
word: it is refused.

The interpreter clears the names of modules when it shuts down, so a function finds what it needs in its defaults.
"""

# What every class has, and what a class may have of its own and still be no other container.
_HARMLESS = frozenset({*dir(object), "__class_getitem__", "__dict__"})


def without_behaviour(data, changed_by, plain, harmless=_HARMLESS):
    """Returns `data`. TypeError if its class is derived from one of `plain`, or from none, and does otherwise.

    An object without the method `changed_by` has nothing but contents: a proxy, a tuple, an iterator.
    """
    cls = type(data)
    if not hasattr(cls, changed_by):
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
