"""Cycles, collections, resurrection: what the collector sees and what it may do (S13-S15)."""

import gc
import random
import sys

import pytest
import weakrefs as weakref
from support import FREE_THREADED, Thing, entries, output_of, things
from weakrefs import KeyedRef, WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize

KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)
OUTSIDE = [Thing("outside"), Thing("outside too")]
OTHERS = things(40)


class Holder(Thing):
    """Has attributes, a method and, if it is asked to, a resurrection."""

    resurrected = []

    def method(self, *_):
        pass


class Resurrecting(Holder):
    def __del__(self):
        self.resurrected.append(self)


@pytest.fixture
def resurrected():
    yield Holder.resurrected
    Holder.resurrected.clear()


def store(container, thing):
    if isinstance(container, WeakKeyDictionary):
        container[thing] = 1
    elif isinstance(container, WeakValueDictionary):
        container["k"] = thing
    else:
        container.add(thing)


# Callbacks and garbage


def test_a_callback_is_not_called_if_its_reference_is_garbage_too():
    """S13: neither for references nor for keyed ones or methods; nor is anything evicted into
    the void.
    """
    calls = []
    thing, other = Holder(), Holder()
    thing.other, other.other = other, thing
    thing.references = [
        weakref.ref(other, calls.append),
        KeyedRef(other, calls.append, "k"),
        WeakMethod(other.method, calls.append),
        WeakSet([other]),
        WeakKeyDictionary({other: thing}),
        WeakValueDictionary({other: other}),
    ]
    watch = weakref.ref(thing)
    del thing, other
    gc.collect()
    assert watch() is None and calls == []


def test_a_callback_is_called_if_its_reference_is_outside():
    """S13: and entries leave containers that are outside."""
    calls, thing = [], Holder()
    thing.itself = thing
    references = (
        weakref.ref(thing, calls.append),
        KeyedRef(thing, calls.append, 1),
        WeakMethod(thing.method, calls.append),
    )
    keys, values, members = (
        WeakKeyDictionary({thing: 1}),
        WeakValueDictionary(k=thing),
        WeakSet([thing]),
    )
    del thing
    assert calls == [] and len(keys) == len(values) == len(members) == 1
    gc.collect()
    assert set(map(id, calls)) == set(map(id, references))
    assert len(keys) == len(values) == len(members) == 0


# Resurrection


def test_resurrected_in_a_last_drop(resurrected):
    """S14: `__del__` runs before references are cleared, so that nothing has happened to any of
    them.
    """
    calls, thing = [], Resurrecting()
    reference, method = weakref.ref(thing, calls.append), WeakMethod(thing.method, calls.append)
    keys, values, members = (
        WeakKeyDictionary({thing: 1}),
        WeakValueDictionary(k=thing),
        WeakSet([thing]),
    )
    finalizer = finalize(thing, calls.append, "finalized")
    del thing
    (thing,) = resurrected
    assert calls == [] and finalizer.alive and reference() is thing and method()() is None
    assert thing in keys and thing in values.values() and thing in members
    del thing
    resurrected.clear()
    assert set(map(str, calls)) == {str(reference), str(method), "finalized"} and not finalizer.alive
    assert len(keys) == len(values) == len(members) == 0


def test_resurrected_in_a_collection(resurrected):
    """S14: there, references with callbacks are cleared and called first: entries and finalizers
    are spent. (S45: without a GIL the oldest is called first.)
    """
    calls, thing = [], Resurrecting()
    thing.itself = thing
    with_callback, plain = weakref.ref(thing, calls.append), weakref.ref(thing)
    keys, values, members = (
        WeakKeyDictionary({thing: 1}),
        WeakValueDictionary(k=thing),
        WeakSet([thing]),
    )
    finalizer = finalize(thing, calls.append, "finalized")
    del thing
    gc.collect()
    (thing,) = resurrected
    order = [with_callback, "finalized"] if FREE_THREADED else ["finalized", with_callback]
    assert calls == order and not finalizer.alive and with_callback() is None
    assert len(keys) == len(values) == len(members) == 0
    # Since 3.15 those without a callback are cleared after `__del__`, if at all.
    assert (plain() is thing) is (sys.version_info >= (3, 15))
    store(keys, thing), store(values, thing), store(members, thing)
    assert list(keys) == list(members) == list(values.values()) == [thing]
    thing.itself = None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cyclic", [False, True], ids=["last drop", "collection"])
def test_entries_share_the_fate_of_the_interpreters_references(kind, cyclic, resurrected):
    """S14: inside `__del__` and after it, an entry is there exactly if a reference with a
    callback answers.
    """
    seen = []

    class Looking(Resurrecting):
        def __del__(self):
            seen.append((probe() is not None, len(entries(container)) == 1))
            super().__del__()

    thing, container = Looking(), kind()
    thing.itself = thing if cyclic else None
    store(container, thing)
    probe = weakref.ref(thing, lambda _: None)
    del thing
    gc.collect()
    seen.append((probe() is not None, len(entries(container)) == 1))
    assert seen == [(not cyclic, not cyclic)] * 2
    resurrected[0].itself = None


@pytest.mark.parametrize("kind", KINDS)
def test_stored_by_its_own_del(kind):
    """S14: an object may enter a container while it is dying, and its death takes it out again."""

    class Storing(Thing):
        def __del__(self):
            store(container, self)
            seen.append(len(container))

    container, seen = kind(), []
    thing = Storing()
    del thing
    assert seen == [1] and len(container) == 0


class StoringInCollection(Thing):
    """Enters a container while it is being collected, too late for that to keep it alive.

    3.14 clears such late references without calling anybody.
    """

    def __init__(self, container, store=store):
        super().__init__()
        self.container, self.store, self.itself = container, store, self

    def __del__(self):
        self.store(self.container, self)


@pytest.mark.parametrize("kind", KINDS)
def test_stored_by_its_own_del_in_a_collection(kind):
    """S20: the entry is dead, invisible, and no obstacle."""
    container, live = kind(), Thing()
    StoringInCollection(container)
    gc.collect()
    assert live not in container and entries(container.copy()) == []
    assert container.get("k") is None if kind is WeakValueDictionary else True
    store(container, live)
    pop = container.pop if kind is WeakSet else container.popitem
    taken = pop()
    assert live in (taken if kind is not WeakSet else [taken])
    with pytest.raises(KeyError):
        pop()
    assert len(container) == 0 == len(entries(container))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("walk", [list, lambda container: next(iter(container))], ids=["to the end", "broken off"])
def test_forgotten_by_the_collector(kind, walk):
    """S20: an entry that nobody evicts leaves with the iterator that meets it; one that has begun
    goes on as ever.
    """
    container, things = kind(), [Thing(), Thing()]
    StoringInCollection(container)
    gc.collect()
    for number, thing in enumerate(things):
        if kind is WeakValueDictionary:
            container[number] = thing
        else:
            store(container, thing)
    begun = referents(container)
    assert next(begun) is things[0]
    walk(container)
    assert len(container) == 2 and list(begun) == things[1:] and list(referents(container)) == things


@pytest.mark.parametrize("stored", [[], OTHERS], ids=["iteration", "growth"])
def test_forgotten_values_are_let_go(stored):
    """S18: when everything is in order again, as their destructors may do what they like."""

    class Value:
        def __del__(self):
            seen.append(len(keys) == len(list(keys)))
            keys.pop(OTHERS[0], None)
            keys[late] = "late"

    keys, seen, late = WeakKeyDictionary(), [], Thing()
    StoringInCollection(keys, lambda keys, thing: keys.__setitem__(thing, Value()))
    gc.collect()
    for thing in stored:
        keys[thing] = None
    if not stored:
        list(keys)
    assert seen == [True] and set(keys) - {OTHERS[0]} == {late, *stored[1:]} and len(keys) == len(list(keys))


# What the collector sees

CYCLES = []
OUTSIDE_HOLDER = Holder("outside")


def closes_a_cycle(function):
    """`function(thing)` makes `thing` reach itself through an object of weakrefs, and nothing else."""
    CYCLES.append(function)
    return function


@closes_a_cycle
def value_to_container(thing):
    thing.container = WeakKeyDictionary({OUTSIDE[0]: thing})


@closes_a_cycle
def value_to_its_own_key(thing):
    thing.container = WeakKeyDictionary({thing: thing})


@closes_a_cycle
def key_to_container(thing):
    thing.container = WeakValueDictionary({thing: OUTSIDE[0]})


@closes_a_cycle
def key_and_value_at_once(thing):
    thing.container = WeakValueDictionary({(thing,): thing})


@closes_a_cycle
def attribute_of_a_set(thing):
    thing.container = WeakSet([thing])
    thing.container.thing = thing


@closes_a_cycle
def attribute_of_a_mapping(thing):
    thing.container = WeakValueDictionary(k=thing)
    thing.container.thing = thing


@closes_a_cycle
def slot_of_a_subclass(thing):
    class Sub(WeakSet):
        __slots__ = ("thing",)

    thing.container = Sub([thing])
    thing.container.thing = thing


@closes_a_cycle
def class_of_a_subclass(thing):
    class Sub(WeakKeyDictionary):
        kept = thing

    thing.container = Sub({thing: 1})


@closes_a_cycle
def key_of_a_keyed_reference(thing):
    thing.reference = KeyedRef(OUTSIDE[0], None, thing)


@closes_a_cycle
def callback_of_a_keyed_reference(thing):
    thing.reference = KeyedRef(OUTSIDE[0], thing.method, "k")


@closes_a_cycle
def keys_of_value_references(thing):
    thing.references = WeakValueDictionary({(thing,): OUTSIDE[0]}).valuerefs()


@closes_a_cycle
def callback_of_a_method(thing):
    thing.reference = WeakMethod(OUTSIDE_HOLDER.method, thing.method)


@closes_a_cycle
def arguments_of_a_spent_finalizer(thing):
    finalizer = finalize(OUTSIDE[0], thing.method, thing)
    thing.finalizer = finalizer
    finalizer.detach()


@closes_a_cycle
def begun_items(thing):
    thing.iterator = WeakKeyDictionary({OUTSIDE[0]: thing, OUTSIDE[1]: thing}).items()
    next(thing.iterator)


@closes_a_cycle
def begun_values(thing):
    thing.iterator = WeakKeyDictionary({OUTSIDE[0]: thing, OUTSIDE[1]: thing}).values()
    next(thing.iterator)


@closes_a_cycle
def begun_keys(thing):
    container = WeakValueDictionary({(1, thing): OUTSIDE[0], (2, thing): OUTSIDE[1]})
    thing.iterator = iter(container)
    next(thing.iterator)


@closes_a_cycle
def begun_value_references(thing):
    thing.iterator = WeakValueDictionary({(1, thing): OUTSIDE[0], (2, thing): OUTSIDE[1]}).itervaluerefs()
    next(thing.iterator)


@closes_a_cycle
def unbegun_items(thing):
    thing.iterator = WeakKeyDictionary({OUTSIDE[0]: thing}).items()


@closes_a_cycle
def unbegun_elements(thing):
    members = WeakSet(OUTSIDE)
    members.thing = thing
    thing.iterator = iter(members)


@closes_a_cycle
def picture_of_values(thing):
    thing.picture = WeakKeyDictionary({OUTSIDE[0]: thing}).data


@closes_a_cycle
def picture_of_keys(thing):
    thing.picture = WeakValueDictionary({thing: OUTSIDE[0]}).data


@pytest.mark.parametrize("close_the_cycle", CYCLES, ids=lambda function: function.__name__)
def test_a_cycle_is_collected(close_the_cycle):
    """S15: through every reference that an object of weakrefs owns."""
    thing = Holder()
    watch = weakref.ref(thing)
    close_the_cycle(thing)
    del thing
    gc.collect()
    assert watch() is None
    assert [weakref.getweakrefcount(each) for each in (*OUTSIDE, OUTSIDE_HOLDER)] == [0, 0, 0]


@pytest.mark.parametrize("close_the_cycle", CYCLES, ids=lambda function: function.__name__)
def test_a_cycle_is_not_collected_too_early(close_the_cycle):
    """S15: what is reachable stays as it is."""
    thing = Holder()
    close_the_cycle(thing)
    gc.collect()
    gc.collect()
    for name, attribute in vars(thing).items():
        if isinstance(attribute, KINDS) or name == "picture":
            assert len(attribute) == 1
        elif name == "iterator":
            assert len(list(attribute)) >= 1


def test_strong_sides_are_visible_and_weak_ones_are_not():
    """S15: to `gc.get_referents`."""
    thing, key = Thing(), Thing()
    assert any(each is key for each in reachable(WeakValueDictionary({key: thing})))
    assert any(each is key for each in reachable(WeakKeyDictionary({thing: key})))
    assert any(each is key for each in reachable(KeyedRef(thing, None, key)))
    for container in (
        WeakValueDictionary({1: thing}),
        WeakKeyDictionary({thing: 1}),
        WeakSet([thing]),
    ):
        assert gc.is_tracked(container) and not any(each is thing for each in reachable(container))


def reachable(root):
    """Everything that the collector finds below `root`, not looking into classes, functions and
    modules.
    """
    seen, waiting = {}, [root]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen and not isinstance(each, (type, type(reachable), type(gc))):
            seen[id(each)] = each
            waiting += gc.get_referents(each)
    return seen.values()


def test_a_value_that_holds_its_key_lives_as_long_as_the_container():
    """S15: that is a leak by design of weak-keyed mappings; it ends with the mapping."""
    thing = Holder()
    watch = weakref.ref(thing)
    keys = WeakKeyDictionary({thing: [thing]})
    del thing
    gc.collect()
    assert watch() is not None and len(keys) == 1
    del keys
    gc.collect()
    assert watch() is None


# Collections in the middle


@pytest.mark.parametrize("kind", KINDS)
def test_a_collection_inside_a_callback(kind):
    """S13: collects other entries of the same container."""
    container, other = kind(), Holder()
    other.itself = other
    thing = Thing()
    store(container, other)
    if kind is WeakValueDictionary:
        container["thing"] = thing
    else:
        store(container, thing)
    reference = weakref.ref(thing, lambda _: gc.collect())
    del other, thing
    assert len(container) == 0 and reference() is None


def test_collections_that_use_what_is_being_made():
    """S33: finalizers of garbage run in the middle of a first insertion; no lock is held there."""
    code = """
        import gc
        from weakrefs import *

        class Thing:
            def method(self):
                pass

        class Garbage(Thing):
            def __init__(self):
                self.itself = self
            def __del__(self):
                for container in made:
                    if isinstance(container, WeakSet):
                        container.add(kept)
                    else:
                        container[kept] = kept
                finalize(kept, int).detach()
                WeakMethod(kept.method), WeakSet([kept]), WeakValueDictionary({kept: kept})

        kept, made = Thing(), []
        for threshold in range(1, 12):
            gc.set_threshold(threshold)
            for kind in (WeakSet, WeakKeyDictionary, WeakValueDictionary) * 30:
                thing = Thing()
                made[:] = [kind()]
                Garbage()
                made[0].add(thing) if kind is WeakSet else made[0].__setitem__(thing, thing)
                assert thing in made[0] and len(made[0]) <= 2
                Garbage()
                assert finalize(thing, int)() == 0
        print("end")
    """
    assert output_of(code) == ["end"]


@pytest.mark.parametrize(
    "reference",
    [
        "KeyedRef(thing, print, Last())",
        "WeakValueDictionary([(Last(), thing)])",
        "WeakMethod(thing.method, Last())",
    ],
)
def test_a_collection_while_a_reference_is_going(reference):
    """S18: a reference leaves its referent before it lets go of what it owns, or the collector would find
    half of it. (The interpreter crashes with its own `KeyedRef`.)
    """
    code = f"""
        import gc
        from weakrefs import *

        class Thing:
            def __init__(self):
                self.itself = self
            def method(self):
                pass

        class Last:
            def __call__(self, reference):
                print("called")
            def __del__(self):
                things.clear()
                print(gc.collect() > 0)

        gc.disable()
        thing = Thing()
        things = [thing]
        reference = {reference}
        gc.collect()
        del thing
        del reference
        gc.collect()
        print("end")
    """
    assert output_of(code) == ["True", "end"]


@pytest.mark.parametrize("kind", KINDS)
def test_collections_at_every_allocation(kind):
    """S15: entries die in the middle of any operation, when cyclic garbage is collected; what
    lives is all there.
    """
    choice = random.Random(15)
    container, kept = kind(), []
    gc.enable()
    previous = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for step in range(300):
            thing = Holder(step)
            thing.itself = thing
            if kind is WeakKeyDictionary:
                container[thing] = step
            elif kind is WeakValueDictionary:
                container[step] = thing
            else:
                container.add(thing)
            if choice.random() < 0.3:
                kept.append(thing)
            if choice.random() < 0.1 and kept:
                kept.pop(choice.randrange(len(kept)))
            if step % 20 == 0:
                assert {id(each) for each in kept} <= {id(each) for each in referents(container.copy())}
    finally:
        gc.set_threshold(*previous)
        gc.disable()
    del thing
    gc.collect()
    assert len(container) == len(kept) and {id(each) for each in referents(container)} == {id(each) for each in kept}


def referents(container):
    return container.values() if isinstance(container, WeakValueDictionary) else iter(container)
