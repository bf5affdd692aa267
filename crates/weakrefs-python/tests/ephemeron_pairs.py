"""What the tests of ephemerons share: entries of either class by their weak and their strong side, and what these hold."""

import gc
import weakref

import pytest
import weakrefs
from weakrefs import EphemeronDictionary, EphemeronValueDictionary, WeakValueDictionary

KINDS = (EphemeronDictionary, EphemeronValueDictionary)
WITH_ENGINE = pytest.mark.skipif(not weakrefs.ephemerons(), reason=f"ephemerons are {weakrefs.ephemerons()}")


class Box:
    """Holds what it is given. It compares by identity, so either side of an entry can be one."""

    def __init__(self, *contents):
        self.contents = contents


def put(mapping, weak, strong):
    """Stores an entry by its sides: what the mapping refers to weakly, and what it owns."""
    if isinstance(mapping, WeakValueDictionary):
        weak, strong = strong, weak
    mapping[weak] = strong


def sides(mapping):
    """The weak and the strong side of each entry, in order."""
    return [pair[::-1] if isinstance(mapping, WeakValueDictionary) else pair for pair in mapping.items()]


def weak_sides(mapping):
    return [weak for weak, _ in sides(mapping)]


def strong_of(mapping, weak):
    """The strong side of the entry with this weak side."""
    (strong,) = (strong for each, strong in sides(mapping) if each is weak)
    return strong


def holds(mapping, *weak):
    """Whether these, and no others, are the weak sides after a full collection."""
    gc.collect()
    return list(map(id, weak_sides(mapping))) == list(map(id, weak)) and len(mapping) == len(weak)


def watch(*objects):
    """References to objects, and a function that tells how many of them are alive."""
    references = [weakref.ref(each) for each in objects]
    return lambda: sum(reference() is not None for reference in references)
