"""S41: what is assigned to `data` or `_remove` is taken, or refused with an error; nothing is ignored.

What `data` shows, and the exchange of contents, is in the files of the three containers.
"""

import collections
import gc
import types
from weakref import ref

import pytest
import weakrefs
from support import Thing, entries, things
from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary

KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)
kinds = pytest.mark.parametrize("kind", KINDS)
mappings = pytest.mark.parametrize("kind", KINDS[:2])


def contents(kind, thing):
    """What stands for `thing` in the `data` of a container of the kind."""
    return {WeakKeyDictionary: {ref(thing): 1}, WeakValueDictionary: {1: ref(thing)}, WeakSet: {ref(thing)}}[kind]


def derived(base, **members):
    return type("Derived", (base,), members)


@mappings
@pytest.mark.parametrize(
    "plain",
    [
        dict,
        collections.OrderedDict,
        types.MappingProxyType,
        lambda data: list(data.items()),
        lambda data: tuple(data.items()),
        lambda data: iter(data.items()),
        derived(dict),
        derived(dict, __init__=lambda self, data: dict.__init__(self, data), __repr__=lambda self: "", mark=1),
        derived(derived(collections.OrderedDict), helper=len),
    ],
)
def test_contents_of_a_mapping_are_taken(kind, plain):
    """S41: from whatever has nothing but contents."""
    mapping, thing = kind(), Thing()
    mapping.data = plain(contents(kind, thing))
    assert len(entries(mapping)) == 1
    del thing
    assert len(mapping) == 0


@mappings
@pytest.mark.parametrize(
    ("cls", "method"),
    [
        (derived(dict, __setitem__=lambda self, key, value: None), "Derived.__setitem__"),
        (derived(dict, __missing__=lambda self, key: None), "Derived.__missing__"),
        (derived(derived(dict, get=lambda self, key: None)), "Derived.get"),
        (derived(collections.OrderedDict, popitem=lambda self: None), "Derived.popitem"),
        (derived(collections.OrderedDict, move_to_end=lambda self: None), "Derived.move_to_end"),
        (lambda data: collections.defaultdict(int, data), "defaultdict."),
        (collections.Counter, "Counter."),
        (collections.UserDict, "UserDict."),
        (collections.ChainMap, "ChainMap."),
    ],
)
def test_a_mapping_with_a_behaviour_is_refused(kind, cls, method):
    """S41: by name; nothing has changed."""
    kept, other = things(2)
    mapping = kind({kept: kept})
    with pytest.raises(TypeError, match=f"cannot keep what {method}"):
        mapping.data = cls(contents(kind, other))
    assert list(mapping.items()) == [(kept, kept)]


@pytest.mark.parametrize(
    "plain", [set, frozenset, list, tuple, iter, derived(set), derived(set, __init__=set.__init__)]
)
def test_contents_of_a_set_are_taken(plain):
    """S41"""
    members, thing = WeakSet(), Thing()
    members.data = plain(contents(WeakSet, thing))
    assert list(members) == [thing]


@pytest.mark.parametrize("method", ["add", "discard", "__contains__", "__iter__", "__ior__"])
def test_a_set_with_a_behaviour_is_refused(method):
    """S41"""
    kept, other = things(2)
    members = WeakSet([kept])
    data = derived(set, **{method: getattr(frozenset, method, lambda self, item: None)})([ref(other)])
    with pytest.raises(TypeError, match=rf"cannot keep what Derived\.{method} does"):
        members.data = data
    assert list(members) == [kept]


@kinds
def test_the_callback_can_be_used(kind):
    """S41: by references of one's own, as it is by those of the container."""
    container, thing = kind(), Thing()
    assert container._remove is container._remove
    container.data = (
        {ref(thing, container._remove)}
        if kind is WeakSet
        else {ref(thing, container._remove): 1}
        if kind is WeakKeyDictionary
        else {1: weakrefs.KeyedRef(thing, container._remove, 1)}
    )
    assert len(container) == 1 and weakrefs.getweakrefs(thing)[0].__callback__ is container._remove
    container._remove(weakrefs.getweakrefs(thing)[0])
    assert len(container) == 1
    del thing
    assert len(container) == 0


@kinds
def test_the_callback_cannot_be_replaced(kind):
    """S41: it is refused, in a subclass, too, that would wrap it."""

    class Wrapping(kind):
        def __init__(self):
            super().__init__()
            before = self._remove
            self._remove = lambda reference: before(reference)

    with pytest.raises(AttributeError, match="'_remove' cannot be replaced"):
        Wrapping()
    container = kind()
    with pytest.raises(AttributeError):
        del container._remove


@kinds
def test_the_callback_does_not_keep_its_container(kind):
    """S15, S41"""
    container = kind()
    callback, watch = container._remove, ref(container)
    del container
    gc.collect()
    assert watch() is None
    with pytest.raises(TypeError):
        callback(3)
    callback(weakrefs.KeyedRef(Thing(), None, 1))
