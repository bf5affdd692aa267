"""The standard classes, each with one bug: what the self-test must find."""

import atexit
import os
import threading
import weakref
from functools import partial
from types import SimpleNamespace
from weakref import (
    KeyedRef,
    WeakKeyDictionary,
    WeakMethod,
    WeakSet,
    WeakValueDictionary,
    finalize,
    ref,
)

from implementation import Standard, snapshot, standard

BROKEN = {}


def broken(cls):
    """Registers the class, and gives it the name of the one that it stands for."""
    name = cls.__name__
    cls.__name__ = cls.__qualname__ = cls.__base__.__name__
    BROKEN[name] = lambda: standard(**{cls.__name__: cls})
    return cls


@broken
class EvictsByKey(WeakValueDictionary):
    """The death of a replaced value removes its successor (S16)."""

    def __init__(self, other=(), /, **kw):
        super().__init__()
        itself = ref(self)

        def remove(reference):
            if itself() is not None:
                itself().data.pop(reference.key, None)

        self._remove = remove
        self.update(other, **kw)


@broken
class EvictsByHash(WeakKeyDictionary):
    """The death of a key removes what has the same hash (S17)."""

    def __init__(self, dict=None):
        super().__init__()
        itself = ref(self)

        def remove(reference):
            if itself() is not None:
                data = itself().data
                for other in [other for other in data if hash(other) == hash(reference)][:1]:
                    data.pop(other, None)

        self._remove = remove
        if dict is not None:
            self.update(dict)


@broken
class CountsOneMore(WeakSet):
    """`len` is wrong from five entries on."""

    def __len__(self):
        return super().__len__() + (super().__len__() > 5)


@broken
class KeepsNewKey(WeakKeyDictionary):
    """Storing under an equal key takes the new one (S19)."""

    def __setitem__(self, key, value):
        self.pop(key, None)
        super().__setitem__(key, value)


@broken
class StaleLookup(WeakKeyDictionary):
    """Looks up in what was there before user code ran (S18)."""

    def __getitem__(self, key):
        before = list(self.data.items())
        wanted = ref(key)
        wanted in self.data
        for reference, value in before:
            if reference == wanted:
                return value
        raise KeyError(wanted)


@broken
class ForgetsEviction(WeakSet):
    """The dead stay, and are counted."""

    def add(self, item):
        self.data.add(ref(item))


@broken
class LosesOne(WeakSet):
    """Intersection in place loses an entry."""

    def __iand__(self, other):
        super().__iand__(other)
        if len(self.data) > 1:
            self.data.pop()
        return self


@broken
class CopiesToBase(WeakSet):
    """A copy is of the base class (S23)."""

    def copy(self):
        return WeakSet(self)


@broken
class IgnoresExisting(WeakKeyDictionary):
    """`setdefault` stores always."""

    def setdefault(self, key, default=None):
        self[key] = default
        return default


@broken
class PopsSilently(WeakValueDictionary):
    """`pop` of a missing key gives None."""

    def pop(self, key, *args):
        return super().pop(key, *(args or (None,)))


@broken
class HoldsValues(WeakValueDictionary):
    """Keeps alive what `setdefault` stored (S1)."""

    def setdefault(self, key, default=None):
        self.__dict__.setdefault("strong", []).append(default)
        return super().setdefault(key, default)


@broken
class UpdatesByItem(WeakValueDictionary):
    """`update` goes through an overridden `__setitem__`, which 3.14 does not."""

    def update(self, other=None, /, **kwargs):
        if isinstance(other, WeakValueDictionary):
            for key, value in other.items():
                self[key] = value
        else:
            super().update(other, **kwargs)


@broken
class LosesOrder(WeakValueDictionary):
    """Replacing moves the entry to the end."""

    def __setitem__(self, key, value):
        reference = KeyedRef(value, self._remove, key)
        self.data.pop(key, None)
        self.data[key] = reference


@broken
class RunsTwice(finalize):
    """Calling it does not make it dead (S29)."""

    __slots__ = ()

    def __call__(self, _=None):
        known = self.peek()
        result = super().__call__()
        if known:
            known[1](*known[2], **known[3])
        return result


@broken
class StaysAlive(finalize):
    """`detach` detaches nothing (S30)."""

    __slots__ = ()

    def detach(self):
        return self.peek()


@broken
class EqualWhenDead(WeakMethod):
    """Dead methods are equal (S28)."""

    __slots__ = ()
    __hash__ = WeakMethod.__hash__

    def __eq__(self, other):
        if isinstance(other, WeakMethod) and self() is None and other() is None:
            return True
        return super().__eq__(other)


@broken
class ForgetsOnFailure(WeakKeyDictionary):
    """A failed allocation loses what was there (S36)."""

    def __setitem__(self, key, value):
        try:
            super().__setitem__(key, value)
        except MemoryError:
            self.data.clear()
            raise


@broken
class HidesInterrupt(WeakSet):
    """An interrupted `update` passes for a whole one (S42)."""

    def update(self, other):
        try:
            super().update(other)
        except KeyboardInterrupt:
            pass


@broken
class LosesOnInterrupt(WeakKeyDictionary):
    """An interrupted `update` loses what was there (S42)."""

    def update(self, dict=None, /, **kwargs):
        try:
            super().update(dict, **kwargs)
        except KeyboardInterrupt:
            self.data.clear()
            raise


@broken
class RefusesDepth(WeakKeyDictionary):
    """An eviction within twenty others is refused (S2, S35)."""

    depth = 0

    def __init__(self, dict=None):
        super().__init__()
        itself = ref(self)

        def remove(reference):
            if RefusesDepth.depth < 20 and itself() is not None:
                RefusesDepth.depth += 1
                itself().data.pop(reference, None)
                RefusesDepth.depth -= 1

        self._remove = remove
        if dict is not None:
            self.update(dict)


@broken
class HoldsLock(WeakSet):
    """Holds a lock while user code runs (S33), which the exit needs (S35)."""

    lock = threading.RLock()

    def add(self, item):
        with self.lock:
            super().add(item)

    def __init__(self, data=None):
        super().__init__(data)
        atexit.unregister(self.lock.acquire)
        atexit.register(self.lock.acquire)


@broken
class Aborts(WeakSet):
    """Takes the process down."""

    def clear(self):
        if len(self) > 3:
            os.abort()
        super().clear()


@broken
class CopiesAlive(finalize):
    """A copy is alive (S40)."""

    __slots__ = ()

    def __deepcopy__(self, memo):
        return self


@broken
class KeepsToItself(WeakSet):
    """Heeds what a subclass overrides, but no method that is replaced on the class (S39)."""

    def update(self, other):
        if type(self).__base__ is not WeakSet:
            super().update(other)
        else:
            for item in other:
                self.data.add(ref(item, self._remove))


@broken
class HasNoMethods(WeakSet):
    """A bound method is an object of another class each time (S39)."""

    remove = property(lambda self: partial(WeakSet.remove, self))


@broken
class IgnoresData(WeakKeyDictionary):
    """What is assigned to `data` is dropped (S41)."""

    def __setattr__(self, name, value):
        if name != "data" or name not in vars(self):
            super().__setattr__(name, value)


class EmptiesBeforeRefusal(Standard):
    """Refused data takes the contents along (S41)."""

    def assign(self, container, data):
        container.clear()
        super().assign(container, data)


BROKEN["EmptiesBeforeRefusal"] = lambda: EmptiesBeforeRefusal(weakref)


class OneMoment(Standard):
    """All iterators over a mapping show the moment of the first (S21)."""

    def iterate(self, container, method):
        if not isinstance(container, weakref.WeakKeyDictionary):
            return super().iterate(container, method)
        return self._walk(container, method)

    def _walk(self, container, method):
        data = container.__dict__.setdefault("moment", container.data.copy())
        yield from snapshot(SimpleNamespace(data=data), method)


BROKEN["OneMoment"] = lambda: OneMoment(weakref)


class LiveIteration(Standard):
    """Open iterators see later changes (S21)."""

    def iterate(self, container, method):
        if not isinstance(container, weakref.WeakKeyDictionary):
            return super().iterate(container, method)
        return self._walk(container, method)

    def _walk(self, container, method):
        index = 0
        while index < len(container):
            yield list(getattr(container, method)())[index]
            index += 1


BROKEN["LiveIteration"] = lambda: LiveIteration(weakref)
