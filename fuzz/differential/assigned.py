"""What programs assign to the `data` of a container.

weakrefs takes mere contents. It refuses an object with a behaviour of its own, and leaves the contents as they
were (S41). The standard classes keep such an object, and would behave accordingly.
"""

from collections import Counter, OrderedDict, UserDict, defaultdict
from weakref import KeyedRef, ref


class PlainDict(dict):
    """Overrides nothing."""


class PlainSet(set):
    """Overrides nothing."""


class Bounded(OrderedDict):
    """A cache of two entries."""

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        while len(self) > 2:
            self.popitem(last=False)


class Refilling(dict):
    """Never lacks a key."""

    def __missing__(self, key):
        return self.setdefault(key)


class Closed(set):
    """Takes nothing more."""

    def add(self, element):
        pass


class Counting(defaultdict):
    """Counts from zero."""

    def __init__(self, data):
        super().__init__(int, data)


# By the letter of the container. The standard mappings break an `OrderedDict`: they evict from it as from a `dict`.
PLAIN = {"s": (set, PlainSet), "k": (dict, PlainDict), "v": (dict, PlainDict)}
BEHAVING = {"s": (Closed,), **dict.fromkeys("kv", (Bounded, Refilling, Counting, Counter, UserDict))}
KINDS = {kind.__name__: kind for kinds in (PLAIN, BEHAVING) for group in kinds.values() for kind in group}


def entries_of(container, entries):
    """The data of a container like this one with these entries, all of which evict from it."""
    evict = container._remove
    if hasattr(container, "intersection_update"):
        return {ref(thing, evict) for thing in entries}
    if hasattr(container, "valuerefs"):
        # A reference knows the key under which it is stored: of equal ones, the first.
        return {key: KeyedRef(value, evict, key) for key, value in dict(entries).items()}
    return {ref(key, evict): value for key, value in entries}
