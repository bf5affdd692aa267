"""`WeakKeyDictionary`: what it stores, answers and refuses (S17, S19, S20, S22-S26)."""

import copy
import pickle
import weakref as standard
from collections.abc import Mapping, MutableMapping

import pytest
import weakrefs as weakref
from support import Colliding, Equal, Thing, Unhashable, entries, equal, found, things
from weakrefs import WeakKeyDictionary


class Items:
    """Something that has `items`, and nothing else of a mapping."""

    def __init__(self, pairs):
        self.pairs = pairs

    def items(self):
        return iter(self.pairs)


# Building


@pytest.mark.parametrize(
    "source",
    [dict, lambda d: list(d.items()), WeakKeyDictionary, lambda d: Items(d.items())],
    ids=["dict", "pairs", "WeakKeyDictionary", "items"],
)
def test_it_is_built_from_what_dict_takes(source):
    """S25: positionally or by the name `dict`."""
    a, b = things(2)
    plain = {a: 1, b: 2}
    assert (
        entries(WeakKeyDictionary(source(plain))) == entries(WeakKeyDictionary(dict=source(plain))) == [(a, 1), (b, 2)]
    )
    keys = WeakKeyDictionary()
    keys.update(source(plain))
    assert entries(keys) == [(a, 1), (b, 2)]


def test_it_may_be_built_from_nothing():
    """S25: no argument, None, or no pairs."""
    for nothing in ((), (None,), ([],), ({},)):
        assert entries(WeakKeyDictionary(*nothing)) == []


def test_bad_arguments():
    """S25: two positionals, an unknown keyword, what is no mapping and no pairs."""
    for arguments, keywords in (
        (({}, {}), {}),
        ((5,), {}),
        ((), {"other": {}}),
        (({},), {"dict": {}}),
    ):
        with pytest.raises(TypeError):
            WeakKeyDictionary(*arguments, **keywords)


def test_update_takes_no_keywords():
    """S25: strings cannot be weakly referenced; refused before anything changes, as from 3.15 on."""
    a = Thing()
    keys = WeakKeyDictionary()
    for arguments in ((), ({a: 1},), (None,)):
        for name in ("k", "dict", "self"):
            with pytest.raises(TypeError, match="cannot create weak reference to 'str' object"):
                keys.update(*arguments, **{name: 1})
            assert entries(keys) == []


# Storing and finding


def test_store_find_delete():
    """S17: the plain life of an entry."""
    a, b = things(2)
    keys = WeakKeyDictionary()
    keys[a], keys[b] = 1, 2
    assert keys[a] == 1 and keys.get(b) == 2 and a in keys and len(keys) == 2
    del keys[a]
    assert a not in keys and len(keys) == 1 and list(keys) == [b]


def test_a_missing_key():
    """S22: a KeyError with a reference to the key, or the default."""
    thing, keys = Thing(), WeakKeyDictionary()
    for use in (keys.__getitem__, keys.__delitem__, keys.pop):
        with pytest.raises(KeyError) as caught:
            use(thing)
        assert caught.value.args == (weakref.ref(thing),)
    assert keys.get(thing) is None and keys.get(thing, 5) == 5 and keys.get(thing, default=6) == 6
    assert keys.pop(thing, 7) == 7 and keys.pop(thing, None) is None
    assert thing not in keys
    del caught
    assert weakref.getweakrefcount(thing) == 0


def test_what_cannot_be_weakly_referenced_is_in_no_mapping():
    """S22: `in` says no; everything else is a TypeError, and nothing changes."""
    thing = Thing()
    keys = WeakKeyDictionary({thing: 1})
    assert 5 not in keys and "x" not in keys and None not in keys and [] not in keys
    for use in (
        keys.__getitem__,
        keys.__delitem__,
        keys.get,
        lambda key: keys.get(key, 1),
        keys.pop,
        lambda key: keys.pop(key, 1),
        keys.setdefault,
        lambda key: keys.setdefault(key, 1),
        lambda key: keys.__setitem__(key, 1),
        lambda key: keys.update([(key, 1)]),
        lambda key: keys.update(Items([(key, 1)])),
    ):
        with pytest.raises(TypeError, match="cannot create weak reference to 'int' object"):
            use(5)
    assert entries(keys) == [(thing, 1)]


def test_an_unhashable_key():
    """S22: TypeError from everything that would look it up, `in` too."""
    thing, unhashable = Thing(), Unhashable()
    keys = WeakKeyDictionary({thing: 1})
    for use in (
        keys.__getitem__,
        keys.__delitem__,
        keys.__contains__,
        keys.get,
        lambda key: keys.pop(key, 1),
        keys.setdefault,
        lambda key: keys.__setitem__(key, 1),
        lambda key: keys.update(Items([(key, 1)])),
    ):
        with pytest.raises(TypeError, match="unhashable"):
            use(unhashable)
    assert entries(keys) == [(thing, 1)] and weakref.getweakrefcount(unhashable) == 0


def test_an_empty_mapping_asks_no_key_to_pop_for_its_hash():
    """S22: as the `dict` in the standard class; but whether it can be weakly referenced."""
    for cls in WeakKeyDictionary, standard.WeakKeyDictionary:
        assert cls().pop(Unhashable(), 1) == 1
        for wrong in [], 3:
            with pytest.raises(TypeError, match="cannot create weak reference"):
                cls().pop(wrong, 1)


def test_an_update_that_fails_keeps_what_came_before():
    """S22: as an ordinary loop would."""
    keys, (a, b) = WeakKeyDictionary(), things(2)
    with pytest.raises(TypeError):
        keys.update({a: 1, 5: 2, b: 3})
    assert entries(keys) == [(a, 1)]


def test_an_equal_key_keeps_the_old_one():
    """S19: whichever way the new value comes; the second key's death is no concern of the entry."""
    for store in (
        lambda keys, key: keys.__setitem__(key, 2),
        lambda keys, key: keys.update({key: 2}),
        lambda keys, key: keys.setdefault(key, 2),
        lambda keys, key: keys.__ior__({key: 2}),
    ):
        old, new = Equal("k"), Equal("k")
        keys = WeakKeyDictionary({old: 1})
        store(keys, new)
        assert next(iter(keys)) is old and len(keys) == 1 and weakref.getweakrefcount(new) == 0
        del new
        assert len(keys) == 1
        del old
        assert len(keys) == 0


def test_setdefault():
    """S19: None is a value like any other, and any value may be stored."""
    a, b, keys = Thing(), Thing(), WeakKeyDictionary()
    assert keys.setdefault(a) is None and keys.setdefault(a, 1) is None and keys[a] is None
    assert keys.setdefault(b, default=2) == 2 and keys.setdefault(b, 3) == 2


def test_pop_gives_the_value_and_removes_the_entry():
    """S20: one default at most, by position."""
    a = Thing()
    keys = WeakKeyDictionary({a: 1})
    assert keys.pop(a, 5) == 1 and len(keys) == 0
    with pytest.raises(TypeError):
        keys.pop(a, 1, 2)
    with pytest.raises(TypeError):
        keys.pop(a, default=1)


def test_popitem_takes_the_newest():
    """S20: until nothing is left."""
    a, b = things(2)
    keys = WeakKeyDictionary({a: 1, b: 2})
    assert keys.popitem() == (b, 2) and keys.popitem() == (a, 1)
    with pytest.raises(KeyError, match="dictionary is empty"):
        keys.popitem()


def test_clear():
    """S24: from the mixin; values are let go."""
    a, value = Thing(), Thing()
    keys = WeakKeyDictionary({a: value})
    watch = weakref.ref(value)
    del value
    keys.clear()
    assert entries(keys) == [] and weakref.getweakrefcount(a) == 0 and watch() is None


# Death


def test_the_death_of_a_key_removes_its_entry_alone():
    """S17: and drops the value."""
    a, b, value = Thing(), Thing(), Thing()
    keys = WeakKeyDictionary({a: value, b: 2})
    watch = weakref.ref(value)
    del value
    assert watch() is not None
    del a
    assert entries(keys) == [(b, 2)] and watch() is None


def test_an_entry_is_evicted_by_reference_never_by_equality():
    """S17: the death of an equal object, stored or not, takes no other entry along."""
    first, second = Equal(1), Equal(1)
    keys = WeakKeyDictionary({first: "first"})
    del keys[first]
    keys[second] = "second"
    del first
    assert entries(keys) == [(second, "second")]
    assert Equal(1) in keys and keys[Equal(1)] == "second"
    assert len(keys) == 1


def test_an_entry_is_evicted_by_reference_never_by_address():
    """S17: addresses are reused at once."""
    keys = WeakKeyDictionary()
    for number in range(200):
        key = Thing()
        assert key not in keys
        keys[key] = number
        del key
        assert len(keys) == 0


def test_colliding_keys_are_told_apart():
    """S17: by equality alone, and one death takes one entry."""
    all_keys = things(20, Colliding)
    keys = WeakKeyDictionary({key: key.name for key in all_keys})
    assert all(keys[Colliding(name)] == name for name in range(20)) and Colliding(20) not in keys
    del all_keys[::2]
    assert list(keys.values()) == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]


@pytest.mark.parametrize(
    "look",
    [
        lambda d: next(iter(d), None),
        lambda d: next(d.keys(), None),
        lambda d: next(d.values(), None),
        lambda d: next(d.items(), None),
        lambda d: found(d.popitem),
        lambda d: found(d.__getitem__, Equal("k")),
        lambda d: d.get(Equal("k")),
        lambda d: d.pop(Equal("k"), None),
        lambda d: Equal("k") in d or None,
        lambda d: next(d.copy().items(), None),
        lambda d: next(copy.deepcopy(d).items(), None),
        lambda d: None if d == {} else d,
    ],
    ids=[
        "iter",
        "keys",
        "values",
        "items",
        "popitem",
        "getitem",
        "get",
        "pop",
        "in",
        "copy",
        "deepcopy",
        "eq",
    ],
)
def test_a_dead_entry_is_invisible_before_its_eviction(look):
    """S20: callbacks younger than the entry run before its eviction, and look into the
    container.
    """
    key = Equal("k")
    keys = WeakKeyDictionary({key: 1})
    seen = []
    younger = weakref.ref(key, lambda _: seen.append(look(keys)))
    del key
    assert seen == [None] and younger() is None and len(keys) == 0


@pytest.mark.parametrize("store", [WeakKeyDictionary.__setitem__, WeakKeyDictionary.setdefault])
def test_a_dead_entry_makes_room_before_its_eviction(store):
    """S17: its own eviction leaves the entry of an equal new key alone."""
    key, new = Equal("k"), Equal("k")
    keys = WeakKeyDictionary({key: 1})
    younger = weakref.ref(key, lambda _: store(keys, new, 2))
    del key
    assert entries(keys) == [(new, 2)] and younger() is None


def test_a_dead_entry_is_passed_over():
    """S20: a live one, though older, is what `popitem` takes."""
    live, dying = things(2)
    mapping, popped = WeakKeyDictionary({live: 1, dying: 2}), []
    younger = weakref.ref(dying, lambda _: popped.append(mapping.popitem()))
    del dying
    assert popped == [(live, 1)] and younger() is None and len(mapping) == 0


# Copies and unions


def test_copies():
    """S23: `copy` and `copy.copy` give the base class, `deepcopy` the subclass with values
    copied; keys are shared.
    """

    class Sub(WeakKeyDictionary):
        pass

    key, value = Thing(), ["value"]
    keys = Sub({key: value})
    for duplicate, kind in ((keys.copy(), WeakKeyDictionary), (copy.copy(keys), WeakKeyDictionary)):
        assert type(duplicate) is kind and entries(duplicate) == [(key, value)] and duplicate[key] is value
        duplicate.clear()
        assert len(keys) == 1
    values, deep = copy.deepcopy(([value], keys))
    assert type(deep) is Sub and entries(deep) == [(key, value)] and deep[key] is values[0] is not value


def test_union():
    """S23: `|` copies through the base class, `__ror__` builds the subclass, the right side
    wins.
    """

    class Sub(WeakKeyDictionary):
        pass

    a, b, c = things(3)
    left, right = Sub({a: 1, b: 2}), WeakKeyDictionary({b: 3, c: 4})
    assert entries(left | right) == [(a, 1), (b, 3), (c, 4)] and type(left | right) is WeakKeyDictionary
    assert entries(left | {b: 3}) == [(a, 1), (b, 3)] and type(left | {b: 3}) is WeakKeyDictionary
    assert entries({b: 3, c: 4} | left) == [(b, 2), (c, 4), (a, 1)] and type({b: 3} | left) is Sub
    assert entries(left) == [(a, 1), (b, 2)]


def test_union_in_place():
    """S23: with whatever `update` takes; plain union takes mappings only."""
    a, b, c = things(3)
    keys = same = WeakKeyDictionary({a: 1})
    keys |= {b: 2}
    keys |= [(c, 3)]
    assert keys is same and entries(keys) == [(a, 1), (b, 2), (c, 3)]
    for other in ([(c, 3)], 5, None):
        with pytest.raises(TypeError):
            keys | other
        with pytest.raises(TypeError):
            other | keys
        assert keys.__or__(other) is keys.__ror__(other) is NotImplemented


def test_update_from_itself():
    """S18: changes nothing."""
    a, b = things(2)
    keys = WeakKeyDictionary({a: 1, b: 2})
    keys.update(keys)
    keys |= keys
    assert entries(keys) == entries(keys | keys) == [(a, 1), (b, 2)]


# As a mapping


def test_it_is_a_mutable_mapping():
    """S24: a real subclass, so that the mixins apply; equal to mappings by content, and
    unhashable.
    """
    a, b = things(2)
    keys = WeakKeyDictionary({a: 1, b: 2})
    assert issubclass(WeakKeyDictionary, MutableMapping) and isinstance(keys, Mapping)
    assert MutableMapping in WeakKeyDictionary.__mro__
    assert keys == {b: 2, a: 1} == keys and keys == WeakKeyDictionary({a: 1, b: 2})
    assert not equal(keys, {a: 1}) and not equal(keys, [1]) and not equal(keys, {a: 2, b: 1})
    with pytest.raises(TypeError, match="unhashable"):
        hash(keys)
    assert bool(keys) and not WeakKeyDictionary()


def test_repr_names_the_class_and_no_entry():
    """S26: entries may be dying, or hold the mapping itself."""

    class Sub(WeakKeyDictionary):
        pass

    for kind in (WeakKeyDictionary, Sub):
        keys = kind()
        assert repr(keys) == f"<{kind.__name__} at {id(keys):#x}>"


def test_it_is_generic():
    """S24: as every mapping is."""
    alias = WeakKeyDictionary[Thing, int]
    thing = Thing()
    assert alias.__origin__ is WeakKeyDictionary and alias({thing: 1})[thing] == 1


def test_it_does_not_pickle():
    """S26: weak keys would be dead on arrival."""
    with pytest.raises(TypeError):
        pickle.dumps(WeakKeyDictionary())


# The references underneath


def test_key_references():
    """S26: `keyrefs` gives the stored references."""
    a, b = things(2)
    keys = WeakKeyDictionary({a: 1, b: 2})
    references = keys.keyrefs()
    assert type(references) is list and [each() for each in references] == [a, b]
    assert all(isinstance(each, weakref.ref) for each in references)
    del a
    assert [each() for each in keys.keyrefs()] == [b] and references[0]() is None


def test_data_reads_as_a_mapping_from_references():
    """S26: found by any reference to the key."""
    a, b = things(2)
    keys = WeakKeyDictionary({a: 1, b: 2})
    assert len(keys.data) == 2 and keys.data[weakref.ref(b)] == 2
    assert {reference(): value for reference, value in keys.data.items()} == {a: 1, b: 2}


def test_data_is_a_read_only_picture():
    """S26: of the moment it was asked for."""
    a, b = things(2)
    keys = WeakKeyDictionary({a: 1})
    picture = keys.data
    keys[b] = 2
    assert len(picture) == 1 and len(keys.data) == 2
    with pytest.raises(TypeError):
        picture[weakref.ref(b)] = 3


def test_data_can_be_exchanged():
    """S26, S2: for a mapping of references, its own or others; dead ones stay out."""
    a, b, c, lost = things(4)
    keys = WeakKeyDictionary({lost: 0, a: 1, b: 2})
    own, dead = keys.keyrefs()[1:], weakref.ref(lost)
    hash(dead)
    keys.data = {own[1]: 20, dead: 30, weakref.ref(c): 30, own[0]: 10}
    assert list(keys.items()) == [(b, 20), (lost, 30), (c, 30), (a, 10)]
    del lost, b
    assert list(keys.items()) == [(c, 30), (a, 10)] and len(keys) == 2
    keys.data = {dead: 1}
    assert len(keys) == 0
    keys[a] = 1
    for wrong in ({a: 1}, {own[0]: 1, a: 2}, [own[0]], None):
        with pytest.raises(TypeError):
            keys.data = wrong
        assert list(keys.items()) == [(a, 1)]
    keys.data = keys.data
    assert list(keys.items()) == [(a, 1)]
    keys.data = [(own[0], 1), (own[0], 2), (weakref.ref(a), 3)]
    assert list(keys.items()) == [(a, 3)]
    del a
    assert len(keys) == 0
