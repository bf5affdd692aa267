"""Memory: what is over is given back, however long it goes on (S34)."""

import gc
import os
import sys

import pytest
import weakrefs as weakref
from hot_paths import HOT_PATHS
from support import Thing, output_of, things
from weakrefs import WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary

KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)
MANY = 20_000
SMALL = 4096  # what a container may cost above an empty one, once it is as good as empty
kinds = pytest.mark.parametrize("kind", KINDS)


def store(container, thing):
    if isinstance(container, WeakKeyDictionary):
        container[thing] = None
    elif isinstance(container, WeakValueDictionary):
        container[thing.name] = thing
    else:
        container.add(thing)


def filled(kind, referents):
    container = kind()
    for thing in referents:
        store(container, thing)
    return container


def remove_all(container):
    for key in list(container):
        container.remove(key) if isinstance(container, WeakSet) else container.__delitem__(key)


def take_all(container):
    while container:
        container.pop() if isinstance(container, WeakSet) else container.popitem()


@kinds
def test_size_tells_what_a_container_holds(kind):
    """S34: an entry costs something, and no more than a few words."""
    kept = things(MANY)
    empty, full = sys.getsizeof(kind()), sys.getsizeof(filled(kind, kept))
    assert empty < SMALL and 16 * MANY < full < 128 * MANY


@pytest.mark.parametrize(
    "empty",
    [lambda container, kept: kept.clear(), lambda container, kept: container.clear()]
    + [lambda container, kept: remove_all(container), lambda container, kept: take_all(container)],
    ids=["death", "clear", "remove", "pop"],
)
@kinds
def test_an_emptied_container_is_a_small_one(kind, empty):
    """S34: whichever way its entries went."""
    kept = things(MANY)
    container = filled(kind, kept)
    empty(container, kept)
    assert len(container) == 0 and sys.getsizeof(container) < SMALL


@pytest.mark.parametrize("many", [lambda thing: [thing] * MANY, lambda thing: [thing] * MANY + [None]])
def test_a_set_of_a_long_list_of_few_elements_is_a_small_one(many):
    """S34: whether all could be added or not."""
    kept = Thing()
    members = WeakSet()
    if None in many(kept):
        with pytest.raises(TypeError):
            members.update(many(kept))
    else:
        members.update(many(kept))
    assert sys.getsizeof(members) < SMALL and list(members) == [kept]


@kinds
def test_a_few_survivors_cost_little(kind):
    """S34: wherever in the order they are."""
    kept = things(MANY)
    container = filled(kind, kept)
    del kept[1 : MANY // 2], kept[2:-1]
    assert len(container) == len(list(container)) == 3 and sys.getsizeof(container) < SMALL


@kinds
def test_a_window_that_moves_on_stays_small(kind):
    """S34: new entries come as old ones die, first in first out, last in first out and one by
    one.
    """
    container, window = kind(), []
    for step in range(MANY):
        window.append(Thing(step))
        store(container, window[-1])
        if len(window) > 20:
            del window[0 if step % 3 else -1]
    assert len(container) == len(window) and sys.getsizeof(container) < 2 * SMALL


@kinds
def test_one_entry_over_and_over(kind):
    """S34: stored, replaced and removed."""
    container, thing = kind(), Thing("k")
    for _ in range(MANY):
        store(container, thing)
        store(container, thing)
        container.discard(thing) if kind is WeakSet else container.popitem()
    assert sys.getsizeof(container) < SMALL and weakref.getweakrefcount(thing) == 0


@kinds
def test_abandoned_walks_hold_nothing_back(kind):
    """S34: an iterator's snapshot goes with it, and delays no giving back."""
    kept = things(MANY)
    container = filled(kind, kept)
    for _ in range(10):
        next(iter(container))
    unfinished = iter(container)
    next(unfinished)
    kept.clear()
    del unfinished
    store(container, last := Thing("last"))
    assert len(container) == 1 and last is not None and sys.getsizeof(container) < SMALL


@kinds
def test_what_the_collector_forgets_does_not_pile_up(kind):
    """S34: from 3.14 on, nobody learns of the death of what its own destructor stores during a
    collection.
    """

    class Storing(Thing):
        def __init__(self, name):
            super().__init__(name)
            self.itself = self

        def __del__(self):
            store(container, self)

    container, live = kind(), Thing("live")
    store(container, live)
    for number in range(2000):
        Storing(number)
        if number % 10 == 0:
            gc.collect()
    assert sys.getsizeof(container) < SMALL and list(container) == ["live" if kind is WeakValueDictionary else live]


@kinds
def test_lookups_leave_no_references(kind):
    """S34: neither on what is there nor on what is not."""
    kept, absent = things(10), Thing("absent")
    container = filled(kind, kept)
    for _ in range(100):
        assert absent not in container
        assert all((thing.name if kind is WeakValueDictionary else thing) in container for thing in kept)
    assert weakref.getweakrefcount(absent) == 0 and [weakref.getweakrefcount(thing) for thing in kept] == [1] * 10


def test_updated_entries_leave_no_references():
    """S34: a value stored again under its key has one reference, and a replaced one none."""
    a, b = things(2)
    values = WeakValueDictionary(k=a)
    for _ in range(100):
        values["k"] = a
        values.update(k=a)
        values.setdefault("k", b)
    assert (weakref.getweakrefcount(a), weakref.getweakrefcount(b)) == (1, 0)
    values["k"] = b
    assert (weakref.getweakrefcount(a), weakref.getweakrefcount(b)) == (0, 1)


def test_methods_leave_no_references():
    """S34: each has one on its object and one on its function."""

    class Speaker:
        def speak(self):
            pass

    speaker = Speaker()
    for _ in range(100):
        WeakMethod(speaker.speak, print)()
    assert weakref.getweakrefcount(speaker) == weakref.getweakrefcount(Speaker.speak) == 0


@pytest.mark.parametrize("path", HOT_PATHS, ids=lambda path: path.__name__)
def test_a_hot_path_leaves_nothing_behind(path):
    """S34: one object lost in each call would show in every round; the interpreter's own caches
    fill up in a few.
    """
    count = getattr(sys, "gettotalrefcount", sys.getallocatedblocks)
    calls, rounds, growth = 40, 8, sys.maxsize
    while growth >= calls and rounds:
        before, rounds = count(), rounds - 1
        for _ in range(calls):
            path()
        gc.collect()
        growth = count() - before
    assert growth < calls


CHURN = """
    import gc, resource, sys
    from weakrefs import *

    class Thing:
        def method(self):
            pass

    keep = Thing()

    def finalizers():
        for number in range(2000):
            thing = Thing()
            finalize(thing, int, number)       # runs
            finalize(thing, int, number).detach()
            finalize(keep, int, number)()
            finalize(keep, int, number).detach()

    def containers():
        for kind in (WeakKeyDictionary, WeakValueDictionary, WeakSet):
            for number in range(200):
                kept = [Thing() for _ in range(10)]
                container = kind(kept if kind is WeakSet else list(zip(kept, kept)))
                container.copy(), container | container, list(container), container.data
                next(iter(container))
                container.itself = container
            gc.collect()

    def methods():
        for number in range(3000):
            method = WeakMethod(Thing().method if number % 2 else keep.method, id)
            method(), method == method, hash(KeyedRef(keep, None, number))

    def errors():
        values, keys, members = WeakValueDictionary(), WeakKeyDictionary(), WeakSet()
        for number in range(2000):
            for use in (values.pop, keys.pop, members.remove, members.add, WeakMethod):
                try:
                    use(keep) if number % 2 else use(number)
                except (KeyError, TypeError):
                    pass

    def peak():
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size // 1024 if sys.platform == "darwin" else size

    churn = globals()[sys.argv[1]]
    for _ in range(3):
        churn()
    before = peak()
    for _ in range(20):
        churn()
    print(peak() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
@pytest.mark.parametrize("name", ["finalizers", "containers", "methods", "errors"])
def test_a_long_run_takes_no_more_memory_than_a_short_one(name):
    """S34: in kilobytes, of the whole process; one object lost at each turn would be above the
    limit.
    """
    (growth,) = output_of(CHURN.replace("sys.argv[1]", repr(name)))
    assert int(growth) < 512


# Suspended iterators


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs to know what is in use")
@pytest.mark.parametrize("change", ["element died", "element added", "element removed"])
@pytest.mark.parametrize("kind", [WeakSet, WeakKeyDictionary, WeakValueDictionary])
def test_suspended_iterators_over_a_changing_container(kind, change):
    """S42, S34: what each of many holds does not grow with the container: thousands of them, over one that changes in
    between, take a few MiB.
    """
    code = f"""
        import gc, resource
        from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary

        class Thing: pass

        def store(thing):
            if isinstance(container, WeakSet):
                container.add(thing)
            elif isinstance(container, WeakKeyDictionary):
                container[thing] = 1
            else:
                container[id(thing)] = thing

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * resource.getpagesize()

        things, container, suspended = [Thing() for _ in range(6000)], {kind.__name__}(), []
        for thing in things:
            store(thing)
        before = resident()
        for number in range(5000):
            walk = iter(container)
            next(walk)
            suspended.append(walk)
            if {change!r} == "element died":
                thing = things.pop()
                thing = None
            elif {change!r} == "element added":
                things.append(Thing())
                store(things[-1])
            elif isinstance(container, WeakSet):
                container.remove(things[number])
            elif isinstance(container, WeakKeyDictionary):
                del container[things[number]]
            else:
                del container[id(things[number])]
        print((resident() - before) >> 20, len(container))
        suspended.clear()
        print(len(container) == len(list(container)))
    """
    grown, count = map(int, output_of(code)[0].split())
    assert grown < 16 and count == {"element died": 1000, "element added": 11_000, "element removed": 1000}[change]
