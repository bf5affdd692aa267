"""Functions without arguments, one for each hot path: each call leaves nothing behind.

A leak hunter calls every function of `HOT_PATHS` a few times to warm up, and then compares the
interpreter's counts over further calls: `sys.gettotalrefcount` on a debug build,
`sys.getallocatedblocks` on any.
"""

import contextlib
import copy
import gc
import operator
import pickle
import sys

import weakrefs
from weakrefs import (
    EphemeronDictionary,
    EphemeronValueDictionary,
    KeyedRef,
    WeakKeyDictionary,
    WeakMethod,
    WeakSet,
    WeakValueDictionary,
    finalize,
)

HOT_PATHS = []


def hot_path(function):
    HOT_PATHS.append(function)
    return function


class Thing:
    def __init__(self, name=0):
        self.name = name

    def method(self, *_):
        return self.name


class Equal(Thing):
    """Compares by name, with one hash for all."""

    def __eq__(self, other):
        return isinstance(other, Equal) and self.name == other.name

    def __hash__(self):
        return 7


class Failing(Thing):
    """Fails in every comparison."""

    def __eq__(self, other):
        raise ZeroDivisionError

    def __hash__(self):
        return 7


class Clearing(Equal):
    """Empties a container in every comparison."""

    def __eq__(self, other):
        self.container.clear()
        return True

    __hash__ = Equal.__hash__


class Resurrecting(Thing):
    def __del__(self):
        RESURRECTED.append(self)


class Slotted(WeakSet):
    __slots__ = ("mark",)


RESURRECTED = []
KEPT = [Equal(number) for number in range(20)]
KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)


def things(count=20):
    return [Thing(number) for number in range(count)]


def filled(kind, referents):
    if kind is WeakSet:
        return WeakSet(referents)
    return kind((referent, referent) for referent in referents)


def store(container, thing):
    """With nothing but the referent's holder keeping it alive."""
    if isinstance(container, WeakSet):
        container.add(thing)
    elif isinstance(container, WeakKeyDictionary):
        container[thing] = thing.name
    else:
        container[thing.name] = thing


# Entries


@hot_path
def insert_and_lookup_in_a_key_dictionary():
    keys, kept = WeakKeyDictionary(), things()
    for thing in kept:
        keys[thing] = thing.name
    for thing in kept:
        keys[thing], keys.get(thing), thing in keys, keys.setdefault(thing, 1)
    keys.get(Thing()), Thing() in keys, 5 in keys


@hot_path
def insert_and_lookup_in_a_value_dictionary():
    values, kept = WeakValueDictionary(), things()
    for thing in kept:
        values[thing.name] = thing
    for thing in kept:
        (
            values[thing.name],
            values.get(thing.name),
            thing.name in values,
            values.setdefault(thing.name, thing),
        )
    values.get("absent"), "absent" in values


@hot_path
def insert_and_lookup_in_a_set():
    members, kept = WeakSet(), things()
    for thing in kept:
        members.add(thing)
    for thing in kept:
        thing in members
    Thing() in members, 5 in members


@hot_path
def replace():
    keys, values, members = (filled(kind, KEPT) for kind in KINDS)
    for thing in KEPT:
        keys[thing] = values[thing] = Thing()
        values[thing] = KEPT[0]
        members.add(thing)
        keys[Equal(thing.name)] = 1


@hot_path
def delete():
    keys, values, members = (filled(kind, KEPT) for kind in KINDS)
    for thing in KEPT[::3]:
        del keys[thing], values[thing]
        members.remove(thing)
    for thing in KEPT:
        keys.pop(thing, None), values.pop(thing, None), members.discard(thing)


@hot_path
def take():
    keys, values, members = (filled(kind, KEPT) for kind in KINDS)
    for _ in KEPT:
        keys.popitem(), values.popitem(), members.pop()


@hot_path
def clear():
    for kind in KINDS:
        filled(kind, KEPT).clear()


@hot_path
def evict():
    kept = things()
    keys, members = WeakKeyDictionary((thing, Thing()) for thing in kept), WeakSet(kept)
    values = WeakValueDictionary((Thing(), thing) for thing in kept)
    while kept:
        kept.pop(len(kept) // 2)
    assert len(keys) == len(values) == len(members) == 0


@hot_path
def grow_and_shrink():
    for kind in KINDS:
        container, kept = kind(), []
        for size in (1000, 10, 500, 0):
            while len(kept) < size:
                kept.append(Thing(len(kept)))
                store(container, kept[-1])
            del kept[size:]


# Whole containers


@hot_path
def build():
    for source in (list, dict.fromkeys, WeakSet, iter):
        WeakSet(source(KEPT))
    pairs = [(thing, thing) for thing in KEPT]
    for kind in (WeakKeyDictionary, WeakValueDictionary):
        for source in (list, dict, kind, iter):
            kind(source(pairs))
    WeakValueDictionary(a=KEPT[0], b=KEPT[1])


@hot_path
def iterate():
    keys, values, members = (filled(kind, KEPT) for kind in KINDS)
    for container in (keys, values, members):
        list(container)
        next(iter(container))
        iter(container)
    for mapping in (keys, values):
        list(mapping.keys()), list(mapping.values()), list(mapping.items())
        next(mapping.keys()), next(mapping.values()), next(mapping.items())
    list(values.itervaluerefs()), values.valuerefs(), keys.keyrefs(), next(values.itervaluerefs())


@hot_path
def iterate_while_it_changes():
    for kind in KINDS:
        kept = things()
        container = kind()
        for thing in kept:
            store(container, thing)
        walk = iter(container)
        next(walk)
        del kept[5:], thing
        list(walk)
        walk = iter(container)
        next(walk)
        container.clear()
        del container
        list(walk)


@hot_path
def duplicate():
    for kind in KINDS:
        container = filled(kind, KEPT)
        container.copy(), copy.copy(container), copy.deepcopy(container)


@hot_path
def update():
    for kind in KINDS:
        container = kind()
        source = KEPT if kind is WeakSet else [(thing, thing) for thing in KEPT]
        container.update(source)
        container.update(container)
        container |= filled(kind, KEPT)


@hot_path
def union_of_mappings():
    for kind in (WeakKeyDictionary, WeakValueDictionary):
        left, right = filled(kind, KEPT[:10]), filled(kind, KEPT[5:])
        left | right, left | dict(right), dict(left) | right, left == right, left == dict(left)


@hot_path
def set_algebra():
    for other in (WeakSet(KEPT[5:]), set(KEPT[5:]), KEPT[5:]):
        left = WeakSet(KEPT[:15])
        left | other, left & other, left - other, left ^ other
        (
            left <= other,
            left < other,
            left >= other,
            left > other,
            left == other,
            left.isdisjoint(other),
        )
        for change in (operator.ior, operator.iand, operator.isub, operator.ixor):
            changed = left.copy()
            changed = change(changed, other)
            changed = change(changed, changed)


@hot_path
def pictures_and_representations():
    for kind in KINDS:
        container = filled(kind, KEPT)
        picture = container.data
        len(picture), list(picture), repr(picture), repr(container), sys.getsizeof(container)
        container.data = picture
        for wrong in ({1: 1}, 1):
            with contextlib.suppress(TypeError, AttributeError):
                container.data = wrong


@hot_path
def pickle_a_set():
    for kind in (WeakSet, Slotted):
        members = kind(KEPT)
        members.mark = "x"
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            pickle.loads(pickle.dumps(members, protocol))


# References


@hot_path
def keyed_references():
    thing = Thing()
    references = [KeyedRef(thing, None, Thing()), KeyedRef(thing, thing.method, "k")]
    references[0].key = references[1].key
    references[0] == references[1], references[0](), hash(references[0])
    del thing
    references[0](), references[0].key


@hot_path
def methods():
    thing = Thing()
    one, two = WeakMethod(thing.method), WeakMethod(thing.method, KEPT[0].method)
    one()(), two(), one == two, one != two, hash(one), repr(one)
    del thing
    one(), one == two

    def function(self):
        pass

    three = WeakMethod(type(KEPT[0].method)(function, KEPT[0]), KEPT[0].method)
    del function
    three()


# Finalizers


@hot_path
def finalizers_that_run():
    thing = Thing()
    finalize(thing, KEPT[0].method, Thing(), Thing())
    finalizer = finalize(thing, dict, a=Thing())
    finalizer.peek(), finalizer.alive, finalizer.atexit, repr(finalizer)
    finalizer.atexit = False
    del thing
    finalizer(), finalizer.peek(), finalizer.alive, repr(finalizer)


@hot_path
def finalizers_that_are_called_or_detached():
    for end in (finalize.__call__, finalize.detach):
        thing = Thing()
        for _ in range(5):
            end(finalize(thing, KEPT[0].method, Thing()))


@hot_path
def finalizers_in_cycles():
    thing = Thing()
    thing.finalizer = finalize(thing, KEPT[0].method, Thing())
    thing.itself = thing
    held = Thing()
    finalize(held, KEPT[0].method, held).detach()
    del thing, held
    gc.collect()


# Errors


@hot_path
def missing_entries():
    keys, values, members, absent = WeakKeyDictionary(), WeakValueDictionary(), WeakSet(), Thing()
    for use in (
        keys.__getitem__,
        keys.__delitem__,
        keys.pop,
        values.__getitem__,
        values.__delitem__,
        values.pop,
        members.remove,
    ):
        with contextlib.suppress(KeyError):
            use(absent)
    for use in (keys.popitem, values.popitem, members.pop):
        with contextlib.suppress(KeyError):
            use()


@hot_path
def wrong_types():
    keys, values, members = (filled(kind, KEPT) for kind in KINDS)
    classes = (*KINDS, KeyedRef, WeakMethod, finalize)
    of_keys = (keys.__getitem__, keys.get, keys.pop, keys.setdefault, keys.update, keys.__or__)
    of_sets = (members.add, members.remove, members.discard, members.update, members.__or__)
    for use in (
        *classes,
        *of_keys,
        *of_sets,
        values.update,
        lambda wrong: values.__setitem__("k", wrong),
        lambda wrong: values.__getitem__([wrong]),
        lambda wrong: members.update([KEPT[0], wrong]),
        lambda wrong: members - [wrong],
        lambda wrong: members <= [wrong],
        lambda wrong: keys.update({KEPT[0]: 1, wrong: 2}),
        lambda wrong: keys.update(k=wrong),
        lambda wrong: finalize(wrong, id),
        lambda wrong: KeyedRef(wrong, None, Thing()),
    ):
        with contextlib.suppress(TypeError):
            use(5)


@hot_path
def failing_comparisons():
    for kind in KINDS:
        stored = Failing()
        container = filled(kind, [stored])
        removal = container.discard if kind is WeakSet else container.pop
        addition = container.add if kind is WeakSet else container.setdefault
        for use in (container.__contains__, removal, addition):
            with contextlib.suppress(ZeroDivisionError):
                use(Failing())


@hot_path
def comparisons_that_change_the_container():
    for kind in KINDS:
        for use in (
            operator.contains,
            lambda c, key: c.copy() == c,
            lambda c, key: c.update(filled(type(c), [key])),
        ):
            stored, key = Clearing(), Clearing()
            container = filled(kind, [stored])
            stored.container = key.container = container
            use(container, key)
            stored.container = key.container = None


@hot_path
def failing_callbacks():
    previous, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        thing = Thing()
        kept = weakrefs.ref(thing, Failing().__eq__), WeakMethod(thing.method, Failing().__eq__)
        finalize(thing, operator.truediv, 1, 0)
        del thing
        assert kept[0]() is None
    finally:
        sys.unraisablehook = previous


# Cycles


@hot_path
def cycles_through_containers():
    for kind in KINDS:
        thing = Thing()
        thing.container = filled(kind, [thing, *KEPT])
        thing.container.itself = thing.container
        thing.walk, thing.begun, thing.picture = (
            iter(thing.container),
            iter(thing.container),
            thing.container.data,
        )
        next(thing.begun)
    thing = None
    gc.collect()


@hot_path
def cycles_through_strong_sides():
    keys, values = WeakKeyDictionary(), WeakValueDictionary()
    keys[KEPT[0]], values[Thing([keys, values])] = [keys, values], KEPT[0]
    begun = keys.items()
    next(begun)
    keys[KEPT[1]] = begun
    del keys, values, begun
    gc.collect()


@hot_path
def cycles_through_references():
    thing = Thing()
    thing.references = (
        KeyedRef(KEPT[0], thing.method, thing),
        WeakMethod(KEPT[0].method, thing.method),
    )
    del thing
    gc.collect()


@hot_path
def ephemerons():
    if not weakrefs.ephemerons():
        return
    keys, values = EphemeronDictionary(), EphemeronValueDictionary()
    thing, other = Thing(), Thing()
    keys[thing] = values[thing] = other
    keys[other] = thing
    finalize(thing, thing.method, other)
    finalize(other, Thing.method, other)
    begun = keys.items()
    next(begun)
    del thing, other
    gc.collect()
    assert not keys and not values


@hot_path
def resurrection():
    thing = Resurrecting()
    containers = [kind() for kind in KINDS]
    for container in containers:
        store(container, thing)
    finalize(thing, KEPT[0].method)
    del thing
    RESURRECTED.clear()
    assert [len(container) for container in containers] == [0, 0, 0]


@hot_path
def subclasses():
    for kind in KINDS:

        class Sub(kind):
            def update(self, *arguments, **keywords):
                super().update(*arguments, **keywords)

        container = filled(kind, KEPT)
        Sub(container).mark = Sub[int]
        Sub(container) | container
    del Sub, container
    gc.collect()
