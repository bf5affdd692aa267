"""Every public operation of the containers at two sizes, for `test_costs.py` to count the instructions of.

callgrind counts, with `--dump-before=getppid`: a call of `os.getppid` ends one count and begins the next, so that every
second count is of what is asked. Standard output names the counts in their order: class, operation, how many suspended
iterators there are, size, and by how many times (or entries) to divide.
"""

import copy
import gc
import os
import sys

from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary

SIZES = (64, 512)
READERS = (0, 1, 3)
ONCE, WHOLE = "for one entry", "for all entries"


class Referent(str):
    """Found by identity, with a hash that is no address: so counts repeat."""

    __slots__ = ("__weakref__",)


def referents(size):
    """None is equal to any other."""
    return [Referent(f"{number} of {size}") for number in range(size)]


def others(size):
    return referents(2 * size)[size:]


KEPT = {size: (referents(size), others(size), [f"key {number}" for number in range(size)]) for size in SIZES}


def take_first(container, take):
    for first in container:
        take(first)
        break


def release(referents, number):
    referents[number] = None


# What each is given: the container, its keys, its referents, others, a number that is another one each time.
OF_SET = {
    ONCE: {
        "in": lambda c, k, here, new, i: here[i] in c,
        "not in": lambda c, k, here, new, i: new[i] in c,
        "add": lambda c, k, here, new, i: c.add(new[i]),
        "add again": lambda c, k, here, new, i: c.add(here[i]),
        "discard": lambda c, k, here, new, i: c.discard(here[i]),
        "discard what is not there": lambda c, k, here, new, i: c.discard(new[i]),
        "remove": lambda c, k, here, new, i: c.remove(here[i]),
        "remove and add": lambda c, k, here, new, i: (c.remove(here[i]), c.add(here[i])),
        "pop": lambda c, k, here, new, i: c.pop(),
        "death": lambda c, k, here, new, i: release(here, i),
        "len": lambda c, k, here, new, i: len(c),
        "bool": lambda c, k, here, new, i: bool(c),
        "first": lambda c, k, here, new, i: next(iter(c)),
        "discard the first": lambda c, k, here, new, i: take_first(c, c.discard),
        "add the first": lambda c, k, here, new, i: take_first(c, c.add),
        "update": lambda c, k, here, new, i: c.update((new[i],)),
        "|=": lambda c, k, here, new, i: c.__ior__((new[i],)),
        "-=": lambda c, k, here, new, i: c.__isub__((here[i],)),
        "difference_update": lambda c, k, here, new, i: c.difference_update((here[i],)),
        "^=": lambda c, k, here, new, i: c.__ixor__((here[i],)),
        "symmetric_difference_update": lambda c, k, here, new, i: c.symmetric_difference_update((new[i],)),
        "intersection": lambda c, k, here, new, i: c.intersection((here[i],)),
        "isdisjoint": lambda c, k, here, new, i: c.isdisjoint((new[i],)),
        "issuperset": lambda c, k, here, new, i: c.issuperset((here[i],)),
        "_remove": lambda c, k, here, new, i: c._remove,
        "sizeof": lambda c, k, here, new, i: sys.getsizeof(c),
    },
    WHOLE: {
        "list": lambda c, k, here, new, i: list(c),
        "copy": lambda c, k, here, new, i: c.copy(),
        "copy.copy": lambda c, k, here, new, i: copy.copy(c),
        "union": lambda c, k, here, new, i: c.union(new),
        "difference": lambda c, k, here, new, i: c.difference(new),
        "symmetric_difference": lambda c, k, here, new, i: c.symmetric_difference(new),
        "|": lambda c, k, here, new, i: c | c,
        "&": lambda c, k, here, new, i: c & c,
        "-": lambda c, k, here, new, i: c - c,
        "^": lambda c, k, here, new, i: c ^ c,
        "==": lambda c, k, here, new, i: c == WeakSet(here),
        "<=": lambda c, k, here, new, i: c <= c,
        "issubset": lambda c, k, here, new, i: c.issubset(here),
        "&=": lambda c, k, here, new, i: c.__iand__(here),
        "intersection_update": lambda c, k, here, new, i: c.intersection_update(here),
        "update with all": lambda c, k, here, new, i: c.update(here),
        "clear": lambda c, k, here, new, i: (c.clear(), c.update(here)),
        "data": lambda c, k, here, new, i: set(c.data),
        "repr": lambda c, k, here, new, i: repr(c),
        "make": lambda c, k, here, new, i: WeakSet(here),
    },
}
OF_MAPPING = {
    ONCE: {
        "d[k]": lambda c, k, here, new, i: c[k[i]],
        "get": lambda c, k, here, new, i: c.get(k[i]),
        "get what is not there": lambda c, k, here, new, i: c.get(new[i]),
        "in": lambda c, k, here, new, i: k[i] in c,
        "d[new] = v": lambda c, k, here, new, i: c.__setitem__(new[i], new[i]),
        "d[k] = v": lambda c, k, here, new, i: c.__setitem__(k[i], new[i]),
        "setdefault": lambda c, k, here, new, i: c.setdefault(k[i], new[i]),
        "setdefault of what is not there": lambda c, k, here, new, i: c.setdefault(new[i], new[i]),
        "del d[k]": lambda c, k, here, new, i: c.__delitem__(k[i]),
        "del d[k], d[k] = v": lambda c, k, here, new, i: (c.__delitem__(k[i]), c.__setitem__(k[i], here[i])),
        "pop": lambda c, k, here, new, i: c.pop(k[i]),
        "popitem": lambda c, k, here, new, i: c.popitem(),
        "death": lambda c, k, here, new, i: release(here, i),
        "len": lambda c, k, here, new, i: len(c),
        "bool": lambda c, k, here, new, i: bool(c),
        "first": lambda c, k, here, new, i: next(iter(c)),
        "first key": lambda c, k, here, new, i: next(c.keys()),
        "first value": lambda c, k, here, new, i: next(c.values()),
        "first item": lambda c, k, here, new, i: next(c.items()),
        "pop the first": lambda c, k, here, new, i: take_first(c, c.pop),
        "replace the first": lambda c, k, here, new, i: take_first(c, lambda key: c.__setitem__(key, new[i])),
        "update": lambda c, k, here, new, i: c.update({new[i]: new[i]}),
        "|=": lambda c, k, here, new, i: c.__ior__({k[i]: new[i]}),
        "_remove": lambda c, k, here, new, i: c._remove,
        "repr": lambda c, k, here, new, i: repr(c),
        "sizeof": lambda c, k, here, new, i: sys.getsizeof(c),
    },
    WHOLE: {
        "list": lambda c, k, here, new, i: list(c),
        "keys": lambda c, k, here, new, i: list(c.keys()),
        "values": lambda c, k, here, new, i: list(c.values()),
        "items": lambda c, k, here, new, i: list(c.items()),
        "copy": lambda c, k, here, new, i: c.copy(),
        "copy.copy": lambda c, k, here, new, i: copy.copy(c),
        "deepcopy": lambda c, k, here, new, i: c.__deepcopy__({}),
        "|": lambda c, k, here, new, i: c | c,
        "dict |": lambda c, k, here, new, i: {} | c,
        "==": lambda c, k, here, new, i: c == dict(c.items()),
        "update with all": lambda c, k, here, new, i: c.update(list(zip(k, here))),
        "clear": lambda c, k, here, new, i: (c.clear(), c.update(list(zip(k, here)))),
        "data": lambda c, k, here, new, i: dict(c.data),
        "make": lambda c, k, here, new, i: type(c)(c),
    },
}
OF_KEYS = {ONCE: OF_MAPPING[ONCE], WHOLE: {**OF_MAPPING[WHOLE], "keyrefs": lambda c, k, here, new, i: c.keyrefs()}}
OF_VALUES = {
    ONCE: {**OF_MAPPING[ONCE], "first reference": lambda c, k, here, new, i: next(c.itervaluerefs())},
    WHOLE: {
        **OF_MAPPING[WHOLE],
        "valuerefs": lambda c, k, here, new, i: c.valuerefs(),
        "itervaluerefs": lambda c, k, here, new, i: list(c.itervaluerefs()),
    },
}
OPERATIONS = {WeakSet: OF_SET, WeakKeyDictionary: OF_KEYS, WeakValueDictionary: OF_VALUES}


def count(kind, extent, operation, readers, size, mark=os.getppid):
    """Half of the entries are operated on; before each time, the oldest of the suspended iterators gives way to a new one."""
    here, new, keys = KEPT[size]
    if operation is OF_SET[ONCE]["death"] or operation is OF_MAPPING[ONCE]["death"]:
        here = referents(size)
    if kind is not WeakValueDictionary:
        keys = here
    container = kind(here if kind is WeakSet else dict(zip(keys, here)))
    if kind is WeakKeyDictionary:
        # Values that own no key, so that a key can die.
        container.update(dict.fromkeys(here, 0))
    suspended = [None] * readers
    times = size // 2 if extent == ONCE else 2
    mark()
    for number in range(times):
        if readers:
            walk = iter(container)
            next(walk)
            suspended[number % readers] = walk
        operation(container, keys, here, new, number)
    mark()
    return times if extent == ONCE else times * size


def main():
    gc.disable()
    for kind, operations in OPERATIONS.items():
        for extent, named in operations.items():
            for name, operation in named.items():
                for readers in READERS:
                    # For the interpreter to get used to the code.
                    count(kind, extent, operation, readers, min(SIZES), int)
                    for size in SIZES:
                        divisor = count(kind, extent, operation, readers, size)
                        print(kind.__name__, name, readers, size, divisor, sep="\t")


if __name__ == "__main__":
    main()
