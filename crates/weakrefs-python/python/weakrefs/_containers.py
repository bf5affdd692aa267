"""The public weak containers: native classes with the Python base classes that the contract names.

A class statement over a native base gives instances a `__dict__` and weak references to them, as the
standard classes have, and inherits the native slots: `d[key]` runs no Python code. A function that is only a docstring
describes a native method, which `put_methods` puts in its place.

The interpreter clears the names of modules when it shuts down, so a method finds what it needs in its class.
"""

from _collections import OrderedDict
from _collections_abc import Mapping, MutableMapping, MutableSet
from _weakref import ref
from copy import _reconstruct, deepcopy
from copyreg import _slotnames
from types import GenericAlias, MappingProxyType

from . import _weakrefs
from ._bookkeeping import Bookkeeping
from ._data import evictor, without_behaviour


class _References(frozenset):
    """References that read as a set does."""

    __slots__ = ("_in_order",)

    def __new__(cls, references):
        self = super().__new__(cls, references)
        self._in_order = references
        return self

    def __repr__(self):
        return self.text(self._in_order)

    @staticmethod
    def text(references):
        """The representation of a set of references, without making one: that could call `__eq__`."""
        return f"{{{', '.join(map(repr, references))}}}" if references else "set()"


@_weakrefs.put_methods
class WeakSet(_weakrefs.WeakSet, Bookkeeping):
    """WeakSet(data=None): a set that does not keep its elements alive.

    An element leaves the set the moment it dies. Elements must support weak references and be
    hashable, else `add` and `discard` raise TypeError; `in` is false for what has no weak references.

    The elements keep the order of insertion, and `pop` takes the newest. Iteration walks the set as
    it is at the first step: changes and deaths meanwhile raise nothing. Every method that takes
    another set takes any iterable. `add`, `discard`, `in` are O(1); safe under threads.

    >>> import weakrefs
    >>> class Window: pass
    >>> first, second = Window(), Window()
    >>> windows = weakrefs.WeakSet([first, second])
    >>> first in windows, len(windows)
    (True, 2)
    >>> del first
    >>> list(windows) == [second]
    True
    """

    __class_getitem__ = classmethod(GenericAlias)

    def add(self, item):
        """Add item, unless the set has an equal element.

        Raises TypeError if item cannot be weakly referenced or hashed. O(1).
        """

    def discard(self, item):
        """Remove item if the set has it.

        Raises TypeError if item cannot be weakly referenced or hashed. O(1).
        """

    def remove(self, item):
        """Remove item.

        Raises KeyError (with a weak reference to item) if the set does not have it, and TypeError if it
        cannot be weakly referenced or hashed. O(1).
        """

    def pop(self):
        """Remove the newest element that is alive, and return it.

        Raises KeyError if there is none. O(1).
        """

    def clear(self):
        """Remove every element. O(n)."""

    def update(self, other):
        """Add the elements of an iterable, in the order they come in.

        Raises TypeError for an element that cannot be weakly referenced or hashed; what was added
        before stays.
        """

    def copy(self):
        """Return a shallow copy of the same class. O(n)."""

    def issubset(self, other):
        """Return whether every element is in other, an iterable."""

    def issuperset(self, other):
        """Return whether every element of other, an iterable, is in the set."""

    def isdisjoint(self, other):
        """Return whether no element of other, an iterable, is in the set."""

    def union(self, other):
        """Return a new set, of the same class, with the elements of the set and of other, an iterable."""

    def intersection(self, other):
        """Return a new set, of the same class, with those elements of other, an iterable, that are in the set."""

    def difference(self, other):
        """Return a copy without the elements of other, an iterable."""

    def symmetric_difference(self, other):
        """Return a new set, of the same class, with the elements that are in either the set or other,
        an iterable, but not in both.
        """

    def intersection_update(self, other):
        """Keep only the elements that are in other, an iterable."""

    def difference_update(self, other):
        """Remove the elements of other, an iterable."""

    def symmetric_difference_update(self, other):
        """Remove the elements that are in other, an iterable, and add those of other that were not."""

    def __sizeof__(self):
        """The size in memory, in bytes, without the elements."""

    __references = _References
    __without_behaviour = staticmethod(without_behaviour)
    __deepcopy = staticmethod(deepcopy)
    __reconstruct = staticmethod(_reconstruct)
    __slot_names = staticmethod(_slotnames)

    @property
    def data(self):
        """A read-only picture of the weak references to the elements.

        Assigning an iterable of such references replaces all elements. Raises TypeError for an object whose class has a
        behaviour of its own, which could not be kept.
        """
        return self.__references(self._references())

    @data.setter
    def data(self, references):
        references = getattr(references, "_in_order", references)
        self._replace_references(self.__without_behaviour(references, "add", (set, list)))

    _remove = evictor

    def __repr__(self):
        return self.__references.text(self._references())

    def __reduce__(self):
        return self.__class__, (list(self),), self.__state()

    __own_reduce = __reduce__

    def __deepcopy__(self, memo):
        cls = type(self)
        if cls.__reduce__ is not cls.__own_reduce or cls.__reduce_ex__ is not object.__reduce_ex__:
            # A subclass defines its own reduction.
            reduced = self.__reduce_ex__(4)
            return self if isinstance(reduced, str) else self.__reconstruct(self, memo, *reduced)
        # The elements are the same, as in the mappings: copies of them would die at once.
        copy = memo[id(self)] = self.__class__(list(self))
        copy.__restore(self.__deepcopy(self.__state(), memo))
        return copy

    def __state(self):
        """The attributes, as `object.__getstate__` gives them from 3.11 on; that one imports a module, this does not."""
        if getattr(type(self), "__getstate__", None) is not getattr(object, "__getstate__", None):
            return self.__getstate__()
        slots = {name: getattr(self, name) for name in self.__slot_names(type(self)) if hasattr(self, name)}
        attributes = self.__dict__ or None
        return (attributes, slots) if slots else attributes

    def __restore(self, state):
        """Restores what `__state` gave, as `copy` and `pickle` do."""
        if state is None:
            return
        if hasattr(self, "__setstate__"):
            self.__setstate__(state)
            return
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        self.__dict__.update(attributes or {})
        for name, value in (slots or {}).items():
            setattr(self, name, value)


MutableSet.register(WeakSet)


def _remade(cls, make, *arguments):
    """Rebuilds a mapping for a pickler that takes weak references: `cls` is one."""
    return make(cls(), *arguments)


class _WeakMapping(Bookkeeping, MutableMapping):
    """The operators of the mappings, in terms of methods that a subclass may override; the native methods of both."""

    __slots__ = ()
    # A `dict` is a mapping by registration, which is forgotten when the interpreter shuts down.
    __mappings = (dict, Mapping)
    __picture = MappingProxyType
    __plain = (dict, OrderedDict, list)
    __without_behaviour = staticmethod(without_behaviour)

    @property
    def data(self):
        """A read-only picture of the entries, with weak references for what is held weakly.

        Assigning a mapping with such references, or an iterable of pairs, replaces all entries. Raises TypeError for an
        object whose class has a behaviour of its own, which could not be kept.
        """
        return self.__picture(self._references())

    @data.setter
    def data(self, data):
        self._replace_references(self.__without_behaviour(data, "__setitem__", self.__plain))

    _remove = evictor

    __reference = ref
    __remade = staticmethod(_remade)

    def __getnewargs__(self):
        # With arguments for `__new__`, `object.__reduce_ex__` does not refuse a class whose layout it does not know.
        return ()

    def __reduce_ex__(self, protocol):
        cls = type(self)
        own_state = getattr(cls, "__getstate__", None) is not getattr(object, "__getstate__", None)
        if own_state or cls.__reduce__ is not object.__reduce__:
            return super().__reduce_ex__(protocol)
        # `pickle` refuses weak references, and so the standard mappings, which own some. A pickler that takes references
        # (`dill`) takes the standard mappings, and this reduction.
        make, (_, *arguments), state, *_ = super().__reduce_ex__(max(protocol, 2))
        return self.__remade, (self.__reference(cls), make, *arguments), state, None, iter([*self.items()])

    def __eq__(self, other):
        # Where nothing is overridden, neither mapping need be iterated.
        equal = self._equals(other)
        if equal is None:
            equal = super().__eq__(other)
        if equal is NotImplemented and isinstance(other, dict):
            return dict(self.items()) == other
        return equal

    def __or__(self, other):
        if not isinstance(other, self.__mappings):
            return NotImplemented
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other):
        if not isinstance(other, self.__mappings):
            return NotImplemented
        merged = self.__class__()
        merged.update(other)
        merged.update(self)
        return merged

    def __ior__(self, other):
        self.update(other)
        return self

    def get(self, key, default=None):
        """Return the value for key if it is present and alive, else default.

        Raises TypeError if key cannot be one. O(1).
        """

    def setdefault(self, key, default=None):
        """Return the value for key; if it is missing or dead, store default there and return it.

        One step: of several threads that call it for the same key, all get the same value.
        Raises TypeError if key cannot be one, or default is to be stored and cannot be a value. O(1).
        """

    def pop(self, key, *args):
        """Remove the entry of key and return its value.

        If it is missing or dead, return the second argument, or raise KeyError without one. Raises
        TypeError if key cannot be one. O(1).
        """

    def popitem(self):
        """Remove the newest entry and return it as a tuple of key and value.

        Raises KeyError if nothing is left. O(1).
        """

    def clear(self):
        """Remove every entry, newest first, until nothing is left. O(n)."""

    def keys(self):
        """Return an iterator over the keys of the entries that are alive, in the order of their insertion.

        It walks the mapping as it is when the first key is asked for: changes and deaths meanwhile
        raise nothing. It keeps no object alive.
        """

    def values(self):
        """Return an iterator over the values of the entries that are alive. See keys()."""

    def items(self):
        """Return an iterator over the entries that are alive, each as a tuple of key and value. See keys()."""

    def copy(self):
        """Return a shallow copy, of the base class even for a subclass. O(n)."""

    def __copy__(self):
        """Return a shallow copy, of the base class even for a subclass. O(n)."""

    def __deepcopy__(self, memo):
        """Return a copy of the same class: what is held strongly is copied, what is held weakly is shared."""

    def __sizeof__(self):
        """The size in memory, in bytes, without the keys and values."""


@_weakrefs.put_methods
class WeakKeyDictionary(_weakrefs.WeakKeyDictionary, _WeakMapping):
    """WeakKeyDictionary(dict=None): a mapping that does not keep its keys alive.

    An entry leaves the mapping the moment its key dies. Keys must support weak references and be
    hashable, else TypeError; they are found by identity or equality, as in a dict. A value that
    refers to its key keeps the entry for good: see EphemeronDictionary.

    The entries keep the order of insertion. Iteration walks the mapping as it is at the first step:
    changes and deaths meanwhile raise nothing. Lookup, insertion and removal are O(1); safe under
    threads.

    >>> import weakrefs
    >>> class Widget: pass
    >>> widget = Widget()
    >>> colours = weakrefs.WeakKeyDictionary()
    >>> colours[widget] = 'red'
    >>> colours[widget]
    'red'
    >>> del widget
    >>> len(colours)
    0
    """

    def update(self, dict=None, /, **kwargs):
        """Store the pairs of a mapping, or of an iterable of pairs, in the order they come in.

        Raises TypeError for a key that cannot be weakly referenced or hashed; what was stored before
        stays. Keyword arguments are refused: strings cannot be weakly referenced.
        """

    def keyrefs(self):
        """Return a list of the weak references to the keys.

        The list keeps no key alive, so a reference may be dead when it is used.
        """


@_weakrefs.put_methods
class WeakValueDictionary(_weakrefs.WeakValueDictionary, _WeakMapping):
    """WeakValueDictionary(other=(), /, **kw): a mapping that does not keep its values alive.

    An entry leaves the mapping the moment its value dies. Keys must be hashable and values must
    support weak references, else TypeError. A value that refers to its key is fine; a key that
    refers to its value keeps the entry for good: see EphemeronValueDictionary.

    The entries keep the order of insertion. Iteration walks the mapping as it is at the first step:
    changes and deaths meanwhile raise nothing. Lookup, insertion and removal are O(1); safe under
    threads.

    >>> import weakrefs
    >>> class Document: pass
    >>> document = Document()
    >>> documents = weakrefs.WeakValueDictionary(readme=document)
    >>> documents.get('readme') is document
    True
    >>> del document
    >>> documents.get('readme', 'closed')
    'closed'
    """

    def update(self, other=None, /, **kwargs):
        """Store the pairs of a mapping, or of an iterable of pairs, then those of the keyword arguments.

        Raises TypeError for a key that cannot be hashed or a value that cannot be weakly referenced;
        what was stored before stays.
        """

    def itervaluerefs(self):
        """Return an iterator over the weak references to the values. See valuerefs()."""

    def valuerefs(self):
        """Return a list of the weak references to the values, each a KeyedRef.

        The list keeps no value alive, so a reference may be dead when it is used.
        """


class EphemeronDictionary(WeakKeyDictionary, _weakrefs.Ephemerons):
    """EphemeronDictionary(dict=None): a WeakKeyDictionary whose values may refer to their keys.

    It refers to the value of an entry only while the dictionary and the key are reachable. So an entry
    whose value refers to its key, in however many steps and through however many entries, keeps neither.
    Such pairs are ephemerons (Barry Hayes, "Ephemerons: a new finalization mechanism", OOPSLA 1997).

    An entry leaves the moment its key dies, as in a WeakKeyDictionary. If only its value, or values of
    other entries, still refer to the key, it leaves at the next full collection. An entry whose key is
    reachable is never removed. ephemerons() says whether this works here; where it does not, this is a
    WeakKeyDictionary.

    Arguments, methods and results are those of WeakKeyDictionary; copy() and | give an EphemeronDictionary.
    Lookup, insertion and removal cost what they cost there, and are as safe under threads. A full
    collection takes time linear in the entries, and no memory.

    >>> import gc, weakrefs
    >>> class Person: pass
    >>> ann = Person()
    >>> friends = weakrefs.EphemeronDictionary()
    >>> friends[ann] = [ann] # the value refers to the key
    >>> del ann
    >>> len(friends)
    1
    >>> collected = gc.collect()
    >>> len(friends)
    0
    """


class EphemeronValueDictionary(WeakValueDictionary, _weakrefs.Ephemerons):
    """EphemeronValueDictionary(other=(), /, **kw): a WeakValueDictionary whose keys may refer to their values.

    It refers to the key of an entry only while the dictionary and the value are reachable. It is the
    mirror image of EphemeronDictionary, and all that is said there holds with key and value exchanged.

    Arguments, methods and results are those of WeakValueDictionary; copy() and | give an
    EphemeronValueDictionary. The cost is that of a WeakValueDictionary, and that of EphemeronDictionary in
    a full collection.

    >>> import gc, weakrefs
    >>> class Wrapper: pass
    >>> def greet(): pass
    >>> wrappers = weakrefs.EphemeronValueDictionary()
    >>> wrappers[greet] = greet.wrapper = Wrapper() # the key refers to the value
    >>> del greet
    >>> len(wrappers)
    1
    >>> collected = gc.collect()
    >>> len(wrappers)
    0
    """
