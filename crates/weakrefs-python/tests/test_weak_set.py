"""`WeakSet`: membership, death, copies, pickles (S17, S19-S26).

Its algebra: `test_weak_set_algebra.py`.
"""

import copy
import pickle
import types
from collections.abc import MutableSet, Set

import pytest
import weakrefs as weakref
from support import Colliding, Equal, Thing, Unhashable, equal, things
from weakrefs import WeakSet

KEPT = things(3, Equal)


class Stateful(WeakSet):
    """Picklable, with state in its dictionary."""


class Slotted(WeakSet):
    """Picklable, with state in a slot as well."""

    __slots__ = ("mark",)


# Building


@pytest.mark.parametrize("source", [list, tuple, set, WeakSet, iter, dict.fromkeys], ids=lambda kind: kind.__name__)
def test_it_is_built_from_any_iterable(source):
    """S25: positionally or by the name `data`."""
    members = things(3)
    assert set(WeakSet(source(members))) == set(WeakSet(data=source(members))) == set(members)


def test_it_may_be_built_from_nothing():
    """S25: no argument, None, or no elements."""
    for nothing in ((), (None,), ([],)):
        assert list(WeakSet(*nothing)) == []


def test_bad_arguments():
    """S25: two positionals, an unknown keyword, what is not iterable."""
    for arguments, keywords in ((([], []), {}), ((5,), {}), ((), {"other": []})):
        with pytest.raises(TypeError):
            WeakSet(*arguments, **keywords)


# Adding, finding, removing


def test_add_find_discard():
    """S17: the plain life of an element."""
    a, b = things(2)
    members = WeakSet()
    assert members.add(a) is None and members.add(b) is None and members.add(a) is None
    assert a in members and b in members and len(members) == 2
    assert members.discard(a) is None and members.discard(a) is None
    assert members.remove(b) is None
    assert list(members) == [] and not members


class Incomparable(Thing):
    __hash__ = Thing.__hash__

    def __eq__(self, other):
        raise AssertionError("compared")


class IncomparableClass(type):
    __hash__ = type.__hash__

    def __eq__(cls, other):
        raise AssertionError("compared")


class Managed(metaclass=IncomparableClass):
    """A class is referred to from elsewhere than its instances are."""


class Bare:
    __slots__ = ("__weakref__",)


@pytest.mark.parametrize(
    "element", [Incomparable(), Managed, Bare(), int, frozenset({1})], ids=lambda it: type(it).__name__
)
@pytest.mark.parametrize("container", [WeakSet, weakref.WeakKeyDictionary])
def test_an_element_is_found_by_identity_whatever_else_refers_to_it(element, container):
    """S18: first, in the middle and last of its weak references; in several containers; and not when it has left."""
    before = weakref.ref(element), weakref.proxy(element), weakref.ref(element, print)
    first, second = (container({element: None}) for _ in range(2))
    after = weakref.ref(element, print)
    assert element in first and element in second
    del before, after
    assert element in first and element in second
    first.clear()
    assert element not in first
    assert element in second


def test_a_missing_element():
    """S22: `remove` raises a KeyError with a reference to it; `discard` does nothing."""
    thing, members = Thing(), WeakSet()
    with pytest.raises(KeyError) as caught:
        members.remove(thing)
    assert caught.value.args == (weakref.ref(thing),)
    members.discard(thing)
    assert thing not in members
    del caught
    assert weakref.getweakrefcount(thing) == 0


def test_what_cannot_be_weakly_referenced_is_in_no_set():
    """S22: `in` says no; everything else is a TypeError, and nothing changes."""
    thing = Thing()
    members = WeakSet([thing])
    assert 5 not in members and None not in members and [] not in members
    for use in (members.add, members.remove, members.discard, lambda item: members.update([item])):
        with pytest.raises(TypeError, match="cannot create weak reference to 'int' object"):
            use(5)
    assert list(members) == [thing]


def test_an_unhashable_element():
    """S22: TypeError from everything that would look it up, `in` too."""
    thing, unhashable = Thing(), Unhashable()
    members = WeakSet([thing])
    for use in (
        members.add,
        members.remove,
        members.discard,
        members.__contains__,
        lambda item: members.update([item]),
        lambda item: WeakSet([item]),
        lambda item: members.difference([item]),
        lambda item: members.intersection([item]),
        lambda item: members.issubset([item]),
    ):
        with pytest.raises(TypeError, match="unhashable"):
            use(unhashable)
    assert list(members) == [thing] and weakref.getweakrefcount(unhashable) == 0


def test_an_update_that_fails_keeps_what_came_before():
    """S22: as an ordinary loop would."""
    a, b = things(2)
    members = WeakSet()
    with pytest.raises(TypeError):
        members.update([a, 5, b])
    assert list(members) == [a]


def test_an_equal_element_keeps_the_old_one():
    """S19: and the second object's death is no concern of the set."""
    old, new = Equal(1), Equal(1)
    members = WeakSet([old])
    members.add(new)
    members.update([new])
    assert [each is old for each in members] == [True] and weakref.getweakrefcount(new) == 0
    del new
    assert len(members) == 1
    del old
    assert len(members) == 0


def test_pop():
    """S20: takes some live element; from an empty set, a KeyError."""
    a, b = things(2)
    members = WeakSet([a, b])
    assert {members.pop(), members.pop()} == {a, b}
    with pytest.raises(KeyError, match="pop from empty WeakSet"):
        members.pop()


def test_pop_takes_the_newest():
    """S21: the order of a set is that of insertion, as of a mapping."""
    kept = things(50)
    members = WeakSet(kept)
    assert list(members) == kept
    assert [members.pop() for _ in kept] == kept[::-1]


def test_clear():
    """S17: and no reference stays."""
    a, b = things(2)
    members = WeakSet([a, b])
    assert members.clear() is None
    assert list(members) == [] and weakref.getweakrefcount(a) == weakref.getweakrefcount(b) == 0
    members.add(a)
    assert list(members) == [a]


# Death


def test_a_death_removes_one_element():
    """S17: by the reference that died, never by equality."""
    first, second, third = Colliding(1), Colliding(1), Colliding(2)
    members = WeakSet([first, third])
    del second
    assert len(members) == 2
    del first
    assert list(members) == [third]


def test_an_eviction_by_reference_never_by_address():
    """S17: addresses are reused at once."""
    members = WeakSet()
    for _ in range(200):
        thing = Thing()
        assert thing not in members
        members.add(thing)
        del thing
        assert len(members) == 0


@pytest.mark.parametrize(
    "look",
    [
        lambda s: next(iter(s), None),
        lambda s: Equal("k") in s or None,
        lambda s: next(iter(s.copy()), None),
        lambda s: next(iter(s | WeakSet()), None),
        lambda s: next(iter(s & s), None),
        lambda s: None if s.isdisjoint([Equal("k")]) else s,
        lambda s: s.__reduce__()[1][0] or None,
        # Comparisons, too; in 3.14 a dead element that is still there counts in them.
        lambda s: None if s <= [] and not s > [] else s,
        lambda s: None if s == WeakSet() else s,
    ],
    ids=["iter", "in", "copy", "union", "intersection", "isdisjoint", "reduce", "subset", "eq"],
)
def test_a_dead_element_is_invisible_before_its_eviction(look):
    """S20: callbacks younger than the element's entry run before its eviction, and look into the
    set.
    """
    thing = Equal("k")
    members = WeakSet([thing])
    seen = []
    younger = weakref.ref(thing, lambda _: seen.append(look(members)))
    del thing
    assert seen == [None] and younger() is None and len(members) == 0


def test_a_dead_element_is_passed_over():
    """S20: a live one, though older, is popped."""
    live, dying = things(2)
    members = WeakSet([live, dying])
    popped = []
    younger = weakref.ref(dying, lambda _: popped.append(members.pop()))
    del dying
    assert popped == [live] and younger() is None and len(members) == 0


def test_a_dead_element_is_not_popped():
    """S20: even if it is the only one."""
    thing = Thing()
    members = WeakSet([thing])
    errors = []

    def callback(_):
        try:
            members.pop()
        except KeyError as error:
            errors.append(error.args)

    younger = weakref.ref(thing, callback)
    del thing
    assert errors == [("pop from empty WeakSet",)] and younger() is None


# As a set


def test_it_is_registered_as_a_mutable_set():
    """S24: registered, not derived; unhashable."""
    assert issubclass(WeakSet, MutableSet) and isinstance(WeakSet(), Set)
    assert MutableSet not in WeakSet.__mro__
    with pytest.raises(TypeError, match="unhashable"):
        hash(WeakSet())


def test_equality():
    """S24: with weak sets, by content; with any other type not at all."""

    class Sub(WeakSet):
        pass

    a, b = things(2)
    members = WeakSet([a, b])
    assert members == WeakSet([b, a]) and members == Sub([a, b]) and Sub([a, b]) == members
    assert not equal(members, WeakSet([a])) and equal(WeakSet(), WeakSet())
    for other in ({a, b}, frozenset([a, b]), [a, b], 1, None):
        assert not equal(members, other) and members.__eq__(other) is NotImplemented
    assert WeakSet([Equal(1)]) != WeakSet([a])


def test_it_is_generic():
    """S24: by a plain alias."""
    alias = WeakSet[Thing]
    thing = Thing()
    assert type(alias) is types.GenericAlias and alias.__origin__ is WeakSet and thing in alias([thing])


def test_repr_shows_the_references():
    """S26: as `data` does, in a set's clothes."""
    thing = Thing()
    members = WeakSet([thing])
    assert repr(members) == repr(members.data) == repr({weakref.getweakrefs(thing)[0]})
    assert repr(WeakSet()) == "set()"


def test_data_reads_as_a_set_of_references():
    """S26: found by any reference to the element."""
    a, b = things(2)
    members = WeakSet([a, b])
    assert len(members.data) == 2 and weakref.ref(a) in members.data
    assert {reference() for reference in members.data} == {a, b}
    assert isinstance(members.data, (set, frozenset))


def test_data_is_a_read_only_picture():
    """S26: of the moment it was asked for."""
    a, b = things(2)
    members = WeakSet([a])
    picture = members.data
    members.add(b)
    assert len(picture) == 1 and len(members.data) == 2 and not hasattr(picture, "add")


def test_data_can_be_exchanged():
    """S26, S2: for references, its own or others; dead ones stay out."""
    a, b, c = things(3)
    members = WeakSet([a, b])
    own, foreign = members.data, weakref.ref(c)
    hash(foreign)
    members.data = [foreign, *own, foreign]
    assert next(iter(members)) is c and set(members) == {a, b, c} and len(members) == 3
    del c
    assert set(members) == {a, b} and len(members) == 2
    members.data = {foreign}
    assert len(members) == 0
    members.data = own
    assert list(members) == [a, b]
    for wrong in [a], [next(iter(own)), a], 1:
        with pytest.raises(TypeError):
            members.data = wrong
        assert list(members) == [a, b]


# Copies and pickles


def test_copy_gives_the_subclass():
    """S23: with the elements and without the state; the copy is independent."""
    a, b = things(2)
    members = Stateful([a])
    members.mark = ["x"]
    duplicate = members.copy()
    assert type(duplicate) is Stateful and duplicate == members and not hasattr(duplicate, "mark")
    duplicate.add(b)
    assert list(members) == [a] and set(duplicate) == {a, b}


@pytest.mark.parametrize("kind", [WeakSet, Stateful, Slotted])
def test_the_copy_module_keeps_elements_and_state(kind):
    """S26: shallowly, both are shared."""
    a, b = things(2)
    members = kind([a, b])
    members.mark, members.note = ["mark"], ["note"]
    duplicate = copy.copy(members)
    assert type(duplicate) is kind and set(duplicate) == {a, b}
    assert duplicate.mark is members.mark and duplicate.note is members.note


@pytest.mark.parametrize("kind", [WeakSet, Stateful, Slotted])
def test_a_deep_copy_shares_elements_and_copies_state(kind):
    """S23: the weak side is never deep-copied: elements that nobody else holds would be dead at
    once.
    """
    a, b = things(2)
    members = kind([a, b])
    members.mark, members.note = ["mark"], ["note"]
    duplicate = copy.deepcopy(members)
    assert type(duplicate) is kind and set(duplicate) == {a, b} and duplicate is not members
    assert (duplicate.mark, duplicate.note) == (["mark"], ["note"])
    assert duplicate.mark is not members.mark and duplicate.note is not members.note


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, WeakSet.copy])
def test_a_copy_lives_a_life_of_its_own(duplicate):
    """S26: it evicts by itself, and no change goes from one to the other."""
    a, b, c = things(3)
    members = Stateful([a, b])
    copied = duplicate(members)
    copied.add(c)
    members.discard(a)
    assert set(members) == {b} and set(copied) == {a, b, c}
    del a
    assert set(copied) == {b, c} and len(copied) == 2
    del b
    assert len(copied) == 1 and len(members) == 0


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [WeakSet, Stateful, Slotted])
def test_pickling(kind, protocol):
    """S26: class, live elements, state; restored elements live as long as someone holds them."""
    members = kind(KEPT[:2])
    members.mark, members.kept = "mark", KEPT[:2]
    restored = pickle.loads(pickle.dumps(members, protocol))
    assert type(restored) is kind and restored.mark == "mark" and restored == members
    assert {id(each) for each in restored} == {id(each) for each in restored.kept}
    assert list(pickle.loads(pickle.dumps(kind(KEPT), protocol))) == []


def test_reduce():
    """S26: the live elements as a list, and nothing dead."""
    kept = things(3)
    members = WeakSet(kept)
    del kept[0]
    kind, arguments, *_ = members.__reduce__()
    assert kind is WeakSet and len(arguments) == 1 and set(arguments[0]) == set(kept) and type(arguments[0]) is list
