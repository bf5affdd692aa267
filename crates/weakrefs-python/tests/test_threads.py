"""Threads: nothing raises, nothing is lost, nobody waits for a lock (S27, S33, S3, S29)."""

import copy
import gc
import sys
import threading
import types

import pytest
import weakrefs as weakref
from support import FREE_THREADED, Equal, Hostile, Thing, entries, things
from weakrefs import WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize

KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)
PATIENCE = 60  # seconds until a thread that should be through counts as stuck
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def _eager_switching():
    previous = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(previous)


def race(*functions):
    """Run all at once, each in its thread; raise what any of them raised, and fail if one is
    stuck.
    """
    barrier, errors = threading.Barrier(len(functions)), []

    def run(function):
        try:
            barrier.wait(PATIENCE)
            function()
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=run, args=(function,), daemon=True) for function in functions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(PATIENCE)
        assert not worker.is_alive()
    for error in errors:
        raise error


def store(container, thing):
    if isinstance(container, WeakKeyDictionary):
        container[thing] = thing.name
    elif isinstance(container, WeakValueDictionary):
        container[thing.name] = thing
    else:
        container.add(thing)


def take(container):
    """Remove one entry and give the name of its referent."""
    if isinstance(container, WeakSet):
        return container.pop().name
    key, value = container.popitem()
    return value.name if isinstance(container, WeakValueDictionary) else key.name


LOOKS = {
    "walk": entries,
    "copy": lambda container: container.copy(),
    "copy module": copy.copy,
    "deepcopy": copy.deepcopy,
    "references": lambda container: (getattr(container, "keyrefs", None) or getattr(container, "valuerefs", list))(),
    "union": lambda container: container | type(container)(),
    "equality": lambda container: container == container.copy(),
    "data": lambda container: len(container.data),
    "self update": lambda container: container.update(container),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@kinds
def test_looking_while_another_thread_changes_everything(kind, look):
    """S27: entries come, go and die meanwhile, also in collections."""
    container, kept, done = kind(), things(50), threading.Event()
    for thing in kept:
        store(container, thing)

    def change():
        try:
            for step in range(400):
                thing = Thing(100 + step % 7)
                store(container, thing)
                if step % 3 == 0:
                    thing.itself = thing
                if step % 100 == 0:
                    gc.collect()
        finally:
            done.set()

    def watch():
        while not done.is_set():
            look(container)

    race(change, watch)
    gc.collect()
    assert len(container) == 50 == len(entries(container))


@kinds
def test_every_entry_is_taken_once(kind):
    """S33: by `popitem` and `pop`, from many threads."""
    container, kept, taken = kind(), things(600), []
    for thing in kept:
        store(container, thing)

    def take_all():
        while True:
            try:
                taken.append(take(container))
            except KeyError:
                return

    race(*[take_all] * 4)
    assert sorted(taken) == list(range(600)) and len(container) == 0


@kinds
def test_storing_from_many_threads(kind):
    """S33: everything arrives, and equal keys are one entry."""
    container, kept = kind(), things(200, Equal)

    def store_all():
        for thing in kept:
            store(container, thing)

    race(*[store_all] * 4)
    assert len(container) == 200 and {id(thing) for thing in kept} == {
        id(each) for each in (container.values() if kind is WeakValueDictionary else container)
    }


def test_a_fresh_entry_is_not_evicted_by_an_old_death():
    """S16: whichever thread the old value dies in; a value just stored is there as long as
    someone holds it.
    """
    values, box, done = WeakValueDictionary(), [], threading.Event()

    def replace():
        try:
            for _ in range(2000):
                value = Thing()
                box.append(value)
                values["k"] = value
                assert values["k"] is value and "k" in values and len(values) == 1
                assert values.setdefault("k", Thing()) is value
        finally:
            done.set()

    def drop():
        while not done.is_set() or box:
            if box:
                box.pop()

    race(replace, drop)
    assert len(values) == 0


def test_setdefault_gives_something_live():
    """S27: though values die in another thread all the time."""
    values = WeakValueDictionary()

    def ask():
        for _ in range(500):
            value = values.setdefault("k", Thing())
            assert isinstance(value, Thing)

    race(ask, ask, ask)
    assert len(values) == 0


@kinds
def test_deaths_in_many_threads(kind):
    """S17: each evicts its own entry."""
    container, piles = kind(), [things(300) for _ in range(4)]
    for number, pile in enumerate(piles):
        for thing in pile:
            thing.name = (number, thing.name)
            store(container, thing)
    survivor = piles[0][0]
    del thing, pile
    race(*[pile.clear for pile in piles])
    assert len(container) == 1 and store(container, survivor) is None and len(container) == 1


def test_two_threads_share_one_iterator():
    """S33: each entry goes to one of them."""
    kept, seen = things(1000), []
    iterator = iter(WeakSet(kept))
    race(*[lambda: seen.extend(iterator)] * 3)
    assert sorted(thing.name for thing in seen) == list(range(1000))


# User code runs under no lock


class Meeting:
    """Called in one thread, waits until another one has used the container."""

    def __init__(self):
        self.entered, self.used = threading.Event(), threading.Event()

    def __call__(self, *_):
        self.entered.set()
        assert self.used.wait(PATIENCE)


@pytest.mark.parametrize("hook", ["on_eq", "on_hash"])
@kinds
def test_a_comparison_may_wait_for_another_thread(kind, hook):
    """S33: that uses the same container, in every way."""
    container, stored, key, meeting = kind(), Hostile(1), Hostile(1), Meeting()
    store_key(container, stored)

    def look_up():
        def once():
            setattr(key, hook, None)
            meeting()

        setattr(key, hook, once)
        assert key in container

    def use():
        assert meeting.entered.wait(PATIENCE)
        other = Hostile(2)
        store_key(container, other)
        assert other in container and len(entries(container)) == 2
        container.discard(other) if kind is WeakSet else container.pop(other)
        meeting.used.set()

    race(look_up, use)
    assert len(container) == 1


VALUE = Thing()


def store_key(container, key):
    container.add(key) if isinstance(container, WeakSet) else container.__setitem__(key, VALUE)


@kinds
def test_a_deallocation_may_wait_for_another_thread(kind):
    """S33: whether the container dropped the object, a callback saw it die or a finalizer ran."""
    meeting = Meeting()

    class Waiting(Thing):
        __del__ = meeting

    container, kept = kind(), [Thing(1)]
    if kind is WeakKeyDictionary:
        container[kept[0]] = Waiting()
    elif kind is WeakValueDictionary:
        container[Waiting()] = kept[0]
    else:
        container.add(kept[0])
        finalize(kept[0], meeting)

    def use():
        assert meeting.entered.wait(PATIENCE)
        store(container, other := Thing(2))
        assert len(entries(container)) == 1 and len(container.copy()) == 1 and other is not None
        with_finalizer = Thing()
        assert finalize(with_finalizer, int)() == 0
        meeting.used.set()

    race(kept.clear, use)
    assert len(container) == 0


# Callbacks and finalizers


def test_callbacks_and_finalizers_run_in_the_dropping_thread():
    """S3: whatever thread made them. (S45: without a GIL in the one that made the object.)"""
    seen, box = [], [Thing()]
    reference = weakref.ref(box[0], lambda _: seen.append(threading.get_ident()))
    finalize(box[0], lambda: seen.append(threading.get_ident()))
    idents = []
    race(lambda: (box.clear(), idents.append(threading.get_ident())))
    if FREE_THREADED:
        idents = [threading.get_ident()]
    assert seen == idents * 2 and reference() is None


def test_a_finalizer_that_everybody_calls_runs_once():
    """S29: whoever is first, the others get None; its object's death comes too late or first."""
    calls, kept = [], things(150)
    finalizers = [
        finalize(thing, lambda number=number: calls.append(number) or True) for number, thing in enumerate(kept)
    ]
    results = []

    def call_all():
        results.extend([finalizer() for finalizer in finalizers])

    race(call_all, call_all, call_all, kept.clear)
    assert sorted(calls) == list(range(150)) and results.count(True) <= 150
    assert set(results) <= {True, None} and not any(finalizer.alive for finalizer in finalizers)


def test_a_finalizer_is_either_detached_or_run():
    """S29: never both, never neither."""
    calls, kept, detached = [], things(300), []
    finalizers = [finalize(thing, calls.append, number) for number, thing in enumerate(kept)]

    def detach_all():
        detached.extend(finalizer.detach() is not None for finalizer in finalizers)

    def call_all():
        for finalizer in reversed(finalizers):
            finalizer()

    race(detach_all, call_all)
    assert sum(detached) + len(calls) == 300 == sum(detached) + len(set(calls))


def test_finalizers_made_in_many_threads():
    """S32: all run."""
    calls = []

    def make():
        for number in range(200):
            finalize(Thing(), calls.append, number)

    race(*[make] * 4)
    assert sorted(calls) == sorted([*range(200)] * 4)


def test_a_method_that_dies_twice_at_once():
    """S28: one callback, though object and function go in different threads."""
    for _ in range(50):
        calls, objects = [], [Thing()]
        functions = [types.FunctionType((lambda self: 1).__code__, {})]
        method = WeakMethod(types.MethodType(functions[0], objects[0]), calls.append)
        race(objects.clear, functions.clear)
        assert calls == [method]
