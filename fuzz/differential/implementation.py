"""The two sides of a comparison: their classes, and what must be known of where they come from."""

import weakref
from types import SimpleNamespace

from assigned import PLAIN

NAMES = (
    "WeakSet",
    "WeakKeyDictionary",
    "WeakValueDictionary",
    "WeakMethod",
    "KeyedRef",
    "finalize",
)
CONTAINERS = NAMES[:3]
LOUD = {
    "WeakSet": ("add", "discard", "__contains__", "update", "__iand__"),
    "WeakKeyDictionary": ("__setitem__", "__getitem__", "__delitem__", "update"),
    "WeakValueDictionary": ("__setitem__", "__getitem__", "__contains__", "update"),
}


class Implementation:
    """Any module's weak classes, each container also as a subclass, one with slots, and one that
    tells of each call.

    `note` is where the telling subclasses tell: a world puts its own log there.
    """

    # Whether its invariants, and the process, survive what 3.14 leaves undefined.
    sound = True

    def __init__(self, module):
        self.classes = {name: getattr(module, name) for name in NAMES}
        self.note = None
        for name in CONTAINERS:
            base = self.classes[name]
            self.classes["Sub" + name] = type("Sub" + name, (base,), {})
            self.classes["Slots" + name] = type("Slots" + name, (base,), {"__slots__": ("extra",)})
            told = {method: self._telling(base, method) for method in LOUD[name]}
            self.classes["Loud" + name] = type("Loud" + name, (base,), told)
        self.classes["Subfinalize"] = type("Subfinalize", (self.classes["finalize"],), {})

    def _telling(self, base, name):
        method = getattr(base, name)

        def telling(container, *args):
            self.note(container, name, args)
            return method(container, *args)

        return telling

    def iterate(self, container, method):
        """An iterator that the program may hold open."""
        return iter(getattr(container, method)())

    def tidy(self, container):
        """Called after whatever may leave dead entries behind on the standard side."""

    def remove(self, weakset, thing):
        """Removes what the other side popped."""
        self.classes["WeakSet"].remove(weakset, thing)

    def busy(self, containers):
        """Whether removals are being put off because one of the containers is being iterated."""
        return False

    def assign(self, container, data):
        container.data = data

    def replace_remove(self, container, function):
        container._remove = function


class Standard(Implementation):
    """The interpreter's own classes, or classes made from them.

    Some things are evened out. An open iterator of 3.14 is a generator that keeps the last
    referent alive, and before 3.14 it is no snapshot and puts off removals: `snapshot` is what
    3.14 does, without the referent kept. `WeakSet &= other` stores references without callbacks,
    and `^=` those of things that died meanwhile, so that the dead stay and are counted; so do dead
    values if the lookup of their key by equality fails, and what a destructor stores during a
    collection, if the collector (from 3.14 on) clears the reference without calling it, which ours
    is rid of when it is iterated: `tidy` mends that. Before 3.14 changes during the container's own
    iteration (`copy`, `update` ...) fail: `busy` tells. Data with a behaviour and another `_remove` are
    kept, which ours refuses (S41): `assign` and `replace_remove` refuse them, too. And `set.symmetric_difference_update` crashes
    the interpreter if a comparison changes either set: it is not `sound`.
    """

    sound = False

    def iterate(self, container, method):
        getattr(container, method)
        return snapshot(container, method)

    def tidy(self, container):
        data = container.data
        if isinstance(container, weakref.WeakSet):
            if any(reference() is None or reference.__callback__ is None for reference in data):
                things = list(container)
                data.clear()
                for thing in things:
                    self.classes["WeakSet"].add(container, thing)
        else:
            weak_keys = isinstance(container, weakref.WeakKeyDictionary)
            for key in [key for key, value in data.items() if (key if weak_keys else value)() is None]:
                del data[key]

    def busy(self, containers):
        return any(getattr(container, "_iterating", None) for container in containers)

    def assign(self, container, data):
        if type(data) not in {kind for kinds in PLAIN.values() for kind in kinds}:
            raise TypeError("a behaviour of its own (S41)")
        container.data = data

    def replace_remove(self, container, function):
        raise AttributeError("'_remove' cannot be replaced (S41)")


def snapshot(container, method):
    """Reads each referent twice rather than keep it while the program goes on."""
    data = container.data.copy()
    if method == "itervaluerefs":
        yield from data.values()
    elif isinstance(container, weakref.WeakSet):
        for reference in data:
            if reference() is not None:
                yield reference()
    else:
        strong_keys = isinstance(container, weakref.WeakValueDictionary)
        for key, value in data.items():
            if (value if strong_keys else key)() is not None:
                if method in ("keys", "__iter__"):
                    yield key if strong_keys else key()
                elif method == "values":
                    yield value() if strong_keys else value
                else:
                    yield (key, value()) if strong_keys else (key(), value)


def standard(**changed):
    """The interpreter's own, with some classes replaced (that is how the self-test breaks it)."""
    return Standard(SimpleNamespace(**{**{name: getattr(weakref, name) for name in NAMES}, **changed}))


def ours():
    import weakrefs

    return Implementation(weakrefs)
