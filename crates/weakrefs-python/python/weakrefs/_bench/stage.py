"""What the code of a case finds when it runs: a container of one of the three ways, filled, and objects to use it with.

Every name that a case may use is a property or a method of `Stage`. Nothing is made before it is asked for, so that a
case of ten million entries has only what it needs.
"""

import gc
import random
import weakref
from functools import cached_property

import weakrefs

MODULES = {"ours": weakrefs, "standard": weakref}
CROWD = 1_000_000
STRONG = {"WeakKeyDictionary": dict, "EphemeronDictionary": dict, "WeakValueDictionary": dict, "WeakSet": set}
STANDARD = {"EphemeronDictionary": "WeakKeyDictionary"}  # what comes closest, where there is no such class


class Referent:
    """The smallest object that can be weakly referenced: equal to itself alone."""

    __slots__ = ("__weakref__",)


class Point:
    """One with `__hash__` and `__eq__` in Python."""

    __slots__ = ("__weakref__", "x")

    def __init__(self, x):
        self.x = x

    def __hash__(self):
        return hash(self.x)

    def __eq__(self, other):
        return self.x == other.x


class Listener:
    value = 1

    def method(self):
        pass


def ignore(*_):
    """The callback that costs least."""


# Kinds of keys and elements. All but "object" make the equal, not the same, from the same number.
KINDS = {
    "object": lambda number: Referent(),
    "Point": Point,
    "str": lambda number: f"key {number}",
    "int": lambda number: 1_000_000 + number,
    "tuple": lambda number: (number, "key"),
}


class Stage:
    """For one group of cases, one way, one kind of keys and a number of entries."""

    Referent = Referent
    collect = staticmethod(gc.collect)
    ignore = staticmethod(ignore)

    def __init__(self, group, way, kind, entries):
        self._kind, self._entries = KINDS[kind], entries
        self._keyed_by_referent = group != "WeakValueDictionary"
        # The strong way has the interpreter's references, to set beside containers and finalizers.
        module = MODULES.get(way, weakref)
        name = STANDARD.get(group, group) if way == "standard" else group
        self.Container = STRONG.get(group) if way == "strong" else getattr(module, name, None)
        self.ref, self.proxy, self.KeyedRef = module.ref, module.proxy, module.KeyedRef
        self.finalize, self.WeakMethod = module.finalize, module.WeakMethod
        self._way = way

    # The entries

    def _made(self, numbers):
        return [self._kind(number) for number in numbers]

    def _shuffled(self, objects):
        objects = list(objects)
        random.Random(7).shuffle(objects)
        return objects

    @cached_property
    def numbers(self):
        return range(self._entries)

    @cached_property
    def keys(self):
        """In the order of insertion."""
        return self._made(self.numbers)

    @cached_property
    def order(self):
        """The same in random order."""
        return self._shuffled(self.keys)

    @cached_property
    def equal(self):
        """Equal to the keys, in random order, none the same."""
        return self._shuffled(self._made(self.numbers))

    @cached_property
    def absent(self):
        return self._made(range(self._entries, 2 * self._entries))

    @cached_property
    def values(self):
        """What the entries of a `WeakValueDictionary` refer to."""
        return self.fresh()

    def fresh(self):
        """Referents that nobody else has: of this kind for keys and elements."""
        return self._made(self.numbers) if self._keyed_by_referent else [Referent() for _ in self.numbers]

    @cached_property
    def referents(self):
        """Of the entries of `d` and `s`."""
        return self.keys if self._keyed_by_referent else self.values

    # Containers

    def filled(self, referents):
        """A container with an entry for each."""
        container = self.Container()
        if not self._keyed_by_referent:
            for key, value in zip(self.keys, referents):
                container[key] = value
        elif hasattr(container, "add"):
            container.update(referents)
        else:
            for key in referents:
                container[key] = 1
        return container

    @cached_property
    def d(self):
        return self.filled(self.referents)

    @cached_property
    def s(self):
        return self.filled(self.referents)

    @cached_property
    def with_circles(self):
        """A mapping whose values refer to their keys."""
        return self.circles(self.keys)

    @cached_property
    def shuffled_circles(self):
        """The same, in another order than that in which the keys were made."""
        return self.circles(self.order)

    def circles(self, keys):
        container = self.Container()
        for key in keys:
            container[key] = [key]
        return container

    @cached_property
    def twin(self):
        """Another with the same entries."""
        return self.filled(self.referents)

    @cached_property
    def half(self):
        """A set that has half of the elements, and as many others."""
        middle = self._entries // 2
        return self.filled(self.keys[middle:] + self.absent[:middle])

    @cached_property
    def strong(self):
        """A `dict` of the same entries, to build from."""
        return dict(zip(self.keys, self.values)) if not self._keyed_by_referent else dict.fromkeys(self.keys, 1)

    def bare(self, entries):
        """A weak reference with a callback for each entry: what a strong container lacks for the comparison."""
        referents = entries if self._keyed_by_referent or not isinstance(entries, dict) else entries.values()
        return [weakref.ref(each, ignore) for each in referents]

    def shuffled(self, objects):
        """In place, lest they die in the order of insertion."""
        random.Random(7).shuffle(objects)

    # Finalizers and methods

    def finalizers(self, objects):
        return [self.finalize(each, ignore) for each in objects]

    @cached_property
    def crowd(self):
        """A million objects with finalizers, or with bare references."""
        objects = [Referent() for _ in range(CROWD)]
        return objects, (self.bare if self._way == "strong" else self.finalizers)(objects)

    def methods(self, objects):
        return [self.WeakMethod(each.method, ignore) for each in objects]

    def listeners(self):
        return [Listener() for _ in self.numbers]

    @cached_property
    def listener(self):
        return Listener()

    @cached_property
    def method(self):
        """A weak one, or a bound one."""
        method = self.listener.method
        return method if self._way == "strong" else self.WeakMethod(method)

    @cached_property
    def same_method(self):
        method = self.listener.method
        return method if self._way == "strong" else self.WeakMethod(method)

    @cached_property
    def reference(self):
        return self.ref(self.listener)

    @cached_property
    def stand_in(self):
        return self.listener if self._way == "strong" else self.proxy(self.listener)
