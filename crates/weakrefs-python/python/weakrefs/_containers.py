"""The public weak containers: native classes with the Python base classes that the contract names.

A class statement over a native base gives instances a `__dict__` and weak references to them, as the
standard classes have, and inherits the native slots: `d[key]` runs no Python code.

The interpreter clears the names of modules when it shuts down, so no method uses one: what it needs it finds in its class.
"""

from _collections_abc import Mapping, MutableMapping, MutableSet
from _weakref import ref
from copy import _reconstruct, deepcopy
from copyreg import _slotnames
from types import GenericAlias

from . import _weakrefs
from ._bookkeeping import Bookkeeping


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
    hashable; what cannot be weakly referenced is never in the set, and TypeError to add or discard.

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

    __references = _References
    __deepcopy = staticmethod(deepcopy)
    __reconstruct = staticmethod(_reconstruct)
    __slot_names = staticmethod(_slotnames)

    @property
    def data(self):
        """A read-only picture of the weak references to the elements.

        A set of such references that is assigned takes the place of all elements.
        """
        return self.__references(self._references())

    @data.setter
    def data(self, references):
        self._replace_references(getattr(references, "_in_order", references))

    def __repr__(self):
        return self.__references.text(self._references())

    def __reduce__(self):
        return self.__class__, (list(self),), self.__state()

    __own_reduce = __reduce__

    def __deepcopy__(self, memo):
        cls = type(self)
        if cls.__reduce__ is not cls.__own_reduce or cls.__reduce_ex__ is not object.__reduce_ex__:
            # A subclass says itself what it is made of.
            reduced = self.__reduce_ex__(4)
            return self if isinstance(reduced, str) else self.__reconstruct(self, memo, *reduced)
        # The elements are the same, as in the mappings: copies of them would die at once.
        copy = memo[id(self)] = self.__class__(list(self))
        copy.__restore(self.__deepcopy(self.__state(), memo))
        return copy

    def __state(self):
        """The attributes, as `object.__getstate__` gives them from 3.11 on; that imports what it needs."""
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
    """A mapping again, for those who pickle weak references: `cls` is one."""
    return make(cls(), *arguments)


class _WeakMapping(Bookkeeping, MutableMapping):
    """The operators of the mappings, in terms of methods that a subclass may override."""

    __slots__ = ()
    # A `dict` is a mapping by registration, which is forgotten when the interpreter shuts down.
    __mappings = (dict, Mapping)

    __reference = ref
    __remade = staticmethod(_remade)

    def __getnewargs__(self):
        # With arguments for `__new__`, the reduction of `object` does not ask for contents that it does not know.
        return ()

    def __reduce_ex__(self, protocol):
        cls = type(self)
        own_state = getattr(cls, "__getstate__", None) is not getattr(object, "__getstate__", None)
        if own_state or cls.__reduce__ is not object.__reduce__:
            return super().__reduce_ex__(protocol)
        # `pickle` refuses weak references, and so the standard mappings, which own some. What takes references (`dill`)
        # takes the mappings, and all of this.
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


@_weakrefs.put_methods
class WeakKeyDictionary(_weakrefs.WeakKeyDictionary, _WeakMapping):
    """WeakKeyDictionary(dict=None): a mapping that does not keep its keys alive.

    An entry leaves the mapping the moment its key dies. Keys must support weak references and be
    hashable, else TypeError; they are found by identity or equality, as in a dict. A value that
    refers to its key keeps the entry for good.

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


@_weakrefs.put_methods
class WeakValueDictionary(_weakrefs.WeakValueDictionary, _WeakMapping):
    """WeakValueDictionary(other=(), /, **kw): a mapping that does not keep its values alive.

    An entry leaves the mapping the moment its value dies. Keys must be hashable and values must
    support weak references, else TypeError. A value that refers to its key is fine.

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
