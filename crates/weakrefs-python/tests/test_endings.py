"""How containers and entries end (S2, S14-S18).

Inside one another, in long chains, in their own evictions, as garbage, and resurrected.
"""

import contextlib
import gc
import itertools
import sys

import pytest
import weakrefs as weakref
from support import Thing, entries, things, unraisable
from weakrefs import KeyedRef, WeakKeyDictionary, WeakSet, WeakValueDictionary, finalize

KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)
LONG = 20_000  # far more than the C stack holds, if each death were a frame
kinds = pytest.mark.parametrize("kind", KINDS)


def store(container, thing):
    if isinstance(container, WeakKeyDictionary):
        container[thing] = 1
    elif isinstance(container, WeakValueDictionary):
        container[len(container)] = thing
    else:
        container.add(thing)


# Containers dying before, with and after their referents


@kinds
def test_a_container_dies_with_its_last_reference(kind):
    """S15: its callbacks do not keep it; no collection is needed, and its referents are free of
    it.
    """
    thing, container = Thing(), kind()
    store(container, thing)
    watch = weakref.ref(container)
    del container
    assert watch() is None and weakref.getweakrefcount(thing) == 0


@pytest.mark.parametrize("go", ["before", "with", "after"])
@kinds
def test_a_container_and_its_referents_as_garbage(kind, go):
    """S15: whatever goes first, and in whatever order the collector takes them, nobody calls
    into what is gone; nor if a referent is resurrected.
    """

    class Saving(Thing):
        def __del__(self):
            saved.append(self)

    saved, referents, box = [], [Saving("saving"), *things(20)], Thing()
    box.itself, box.container = box, kind()
    for thing in referents:
        store(box.container, thing)
        thing.box = box if go == "with" else None
    if go == "with":
        box.referents = referents[:]
    watch = weakref.ref(box)
    with unraisable() as reports:
        if go != "after":
            referents.clear()
        del box, thing
        gc.collect()
        referents.clear()
        assert [thing.name for thing in saved] == ["saving"]
        saved.clear()
        gc.collect()
    assert watch() is None and reports == []


def test_keys_that_die_while_the_collector_clears_their_container():
    """S15: values with a `__del__` that drops keys evict from a container that is being torn
    down.
    """
    kept, log = things(20), []

    class Dropping(Thing):
        def __del__(self):
            log.append(len(kept))
            kept.clear()

    box = Thing()
    box.container = WeakKeyDictionary({key: [Dropping()] for key in kept})
    box.itself = box
    watch = weakref.ref(box)
    with unraisable() as reports:
        del box
        gc.collect()
    assert watch() is None and reports == [] and log[0] == 20 and len(log) == 20


# Containers as referents


@pytest.mark.parametrize("cyclic", [False, True], ids=["last drop", "collection"])
@kinds
def test_a_container_that_holds_itself(kind, cyclic):
    """S15: weakly, it is its own referent, evicted from itself while it is going."""

    class Hashable(kind):
        __hash__ = object.__hash__

    container, outer = Hashable(), WeakSet()
    store(container, container)
    outer.add(container)
    assert len(container) == 1
    container.itself = container if cyclic else None
    watch = weakref.ref(container)
    with unraisable() as reports:
        del container
        gc.collect()
    assert watch() is None and reports == [] and len(outer) == 0


def test_containers_that_hold_each_other():
    """S2: the death of one leaves the others exact."""
    sets = [type("Hashable", (WeakSet,), {"__hash__": object.__hash__})() for _ in range(10)]
    list(map(WeakSet.update, sets, [sets] * 10))
    for count in range(9, 0, -1):
        sets.pop(count // 2)
        assert [len(each) for each in sets] == [count] * count


@pytest.mark.parametrize(
    "end",
    [
        lambda keys, kept: kept.clear(),
        lambda keys, kept: keys.pop().pop(kept[0]) and None,
        lambda keys, kept: keys.pop().__delitem__(kept[0]),
        lambda keys, kept: keys.pop().clear(),
        lambda keys, kept: keys.pop().__setitem__(kept[0], None),
        lambda keys, kept: keys.pop().popitem() and None,
        lambda keys, kept: next(keys.pop().values()) and kept.clear(),
    ],
    ids=["death", "pop", "delitem", "clear", "setitem", "popitem", "walk"],
)
def test_a_container_whose_last_reference_is_in_its_own_entry(end):
    """S18: it goes in the middle of the operation that drops the entry."""
    kept = [Thing()]
    boxed = [WeakKeyDictionary()]
    boxed[0][kept[0]] = [boxed[0]]
    watch = weakref.ref(boxed[0])
    if end.__code__.co_names == ("clear",):
        boxed.clear()
    end(boxed, kept)
    assert watch() is None


# Chains


def test_a_chain_of_values_that_hold_keys():
    """S2: the death of the first takes all along, however many, with no error and no deep stack."""
    keys = WeakKeyDictionary()
    first = last = Thing()
    for _ in range(LONG):
        keys[last] = last = Thing()
    assert len(keys) == LONG
    with unraisable() as reports:
        del first, last
    assert len(keys) == 0 and reports == []


def test_a_chain_of_keys_that_hold_values():
    """S2: in a weak-valued mapping, too."""
    values, chain = WeakValueDictionary(), things(LONG)
    for value, following in itertools.pairwise(chain):
        values[Thing(following)] = value
    value = following = None
    with unraisable() as reports:
        del chain[1:]
        assert len(values) == LONG - 1
        chain.clear()
    assert len(values) == 0 and reports == [] and value is following


def test_a_chain_of_finalizers_that_hold_objects():
    """S29: each runs, and its arguments hold the next one's object."""
    calls, thing = [], None
    for _ in range(LONG):
        following, thing = thing, Thing()
        finalize(thing, lambda _: calls.append(1), following)
    with unraisable() as reports:
        del following, thing
    assert len(calls) == LONG and reports == []


def test_a_deep_nest_of_containers():
    """S15: each is the value of an entry in the next one."""
    kept = things(LONG)
    nest = None
    for thing in kept:
        nest = WeakKeyDictionary({thing: nest})
    watch = weakref.ref(nest)
    del nest
    assert watch() is None and weakref.getweakrefcount(kept[0]) == 0


# Resurrected containers


@pytest.mark.parametrize("cyclic", [False, True], ids=["last drop", "collection"])
@kinds
def test_a_container_that_is_resurrected(kind, cyclic):
    """S14: goes on working; before 3.15, a collection has cleared the references in it, as all
    that are garbage.
    """
    saved, kept, new = [], things(5), Thing()
    cleared = cyclic and sys.version_info < (3, 15)

    class Resurrecting(kind):
        def __del__(self):
            saved.append(self)

    container = Resurrecting()
    for thing in kept:
        store(container, thing)
    container.itself = container if cyclic else None
    del container, thing
    gc.collect()
    (container,) = saved
    container.itself = None
    assert len(entries(container)) == (0 if cleared else 5) <= len(container)
    del kept[2:]
    assert len(entries(container)) == (0 if cleared else 2) <= len(container)
    store(container, new)
    assert len(entries(container)) == (1 if cleared else 3) <= len(container)
    del new
    assert len(entries(container)) == (0 if cleared else 2)
    container.clear()
    assert len(container) == 0


# The references underneath, in other hands


@kinds
def test_a_stored_reference_outlives_its_container(kind):
    """S4: whoever holds it sees it die; its callback has nothing left to do."""
    thing, container = Thing(), kind()
    store(container, thing)
    (reference,) = weakref.getweakrefs(thing)
    callback = reference.__callback__
    del container
    with unraisable() as reports:
        callback(reference)
        del thing
        callback(reference)
    assert reference() is None and reports == []


@kinds
def test_a_callback_that_somebody_else_calls(kind):
    """S17: with anything but a dead reference of the container, even a live one, it changes
    nothing.
    """
    thing, other, container = Thing(), Thing(), kind()
    store(container, thing)
    (reference,) = weakref.getweakrefs(thing)
    callback = reference.__callback__
    dead = weakref.ref(Thing())
    for arguments in (
        (),
        (5,),
        (None,),
        (dead,),
        (reference,),
        (weakref.ref(other),),
        (KeyedRef(other, None, 0),),
        (1, 2),
    ):
        with contextlib.suppress(TypeError, AttributeError):
            callback(*arguments)
        assert len(container) == len(entries(container)) == 1
    del thing
    assert len(container) == 0


def test_a_stored_reference_whose_key_was_changed():
    """S16: still evicts the entry that it is in, and no other."""
    thing, other = Thing(), Thing()
    values = WeakValueDictionary({"a": thing, "b": thing, "c": other})
    first, second, _ = values.valuerefs()
    first.key = "c"
    del second.key
    assert values["a"] is values["b"] is thing
    with unraisable() as reports:
        del thing
    assert entries(values) == [("c", other)] and reports == []


@pytest.mark.parametrize("kind", [WeakKeyDictionary, WeakValueDictionary])
def test_clear_takes_one_entry_after_the_other(kind):
    """S18, S21: newest first; whoever looks meanwhile sees those that are still to go, and what it inserts goes, too."""
    seen, kept = [], things(4)

    class Watcher:
        def __init__(self, number):
            self.number = number

        def __del__(self):
            seen.append((self.number, len(container)))
            if self.number == 1:
                store(3, Watcher(9))

    def store(number, watcher):
        if kind is WeakKeyDictionary:
            container[kept[number]] = watcher
        else:
            container[watcher] = kept[number]

    container = kind()
    for number in range(3):
        store(number, Watcher(number))
    container.clear()
    assert seen == [(2, 2), (1, 1), (9, 1), (0, 0)] and len(container) == 0


class Looking:
    """Notes how many entries a container has when it dies."""

    def __init__(self, container, seen):
        self.look = lambda: seen.append(len(container))

    def __del__(self):
        self.look()


def test_clear_takes_one_entry_after_the_other_if_only_one_of_them_runs_something():
    """S18: also what several entries share, or what only a reference has."""
    kept, seen = things(4), []
    keys = WeakKeyDictionary(dict.fromkeys(kept))
    keys[kept[1]] = keys[kept[2]] = Looking(keys, seen)
    keys.clear()
    assert seen == [1] and len(keys) == 0
    values = WeakValueDictionary(enumerate(kept))
    values.valuerefs()[2].key = Looking(values, seen)
    values.clear()
    assert seen == [1, 2] and len(values) == 0
