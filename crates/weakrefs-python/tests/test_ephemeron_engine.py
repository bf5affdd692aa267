"""S43: the engine of the ephemerons: where it is active, that it says when it is not, and that no live entry is lost then."""

import gc
import os
import pathlib
import random
import shutil
import sys
import threading
import time
import weakref

import pytest
import weakrefs
from ephemeron_pairs import KINDS, WITH_ENGINE, Box, holds, put, sides, strong_of, watch, weak_sides
from support import FREE_THREADED, Thing, output_of, things
from test_interpreters import WAYS, need
from weakrefs import finalize

INCREMENTAL = (3, 14) <= sys.version_info < (3, 14, 5)

# Whether it is active


@pytest.mark.skipif(sys.version_info.releaselevel != "final", reason="a collector that may still change")
def test_it_is_active_where_the_collector_is_known():
    """S43: on released versions from 3.10 to 3.15, but for those that collect in increments or have no global lock."""
    known = sys.version_info < (3, 16) and sys.implementation.name == "cpython"
    assert weakrefs.ephemerons().active is (known and not FREE_THREADED and not INCREMENTAL)


def test_it_says_whether_it_is_active():
    """S43: true if it is; to people and to programmers."""
    status = weakrefs.ephemerons()
    assert bool(status) is status.active is (status.reason is None) and status.everywhere is False
    assert type(status) is weakrefs.EphemeronStatus
    active, idle = weakrefs.EphemeronStatus(None, False), weakrefs.EphemeronStatus("it is Monday", True)
    everywhere = weakrefs.EphemeronStatus(None, True)
    assert (bool(active), bool(idle)) == (True, False)
    assert [str(each) for each in (active, everywhere, idle)] == [
        "active",
        "active for each WeakKeyDictionary",
        "not active: it is Monday",
    ]
    assert repr(active) == "EphemeronStatus(active=True, everywhere=False, reason=None)"
    assert repr(idle) == "EphemeronStatus(active=False, everywhere=True, reason='it is Monday')"


def test_it_says_why_it_is_not_active():
    """S43: as a sentence, without the end."""
    reason = weakrefs.ephemerons().reason
    assert reason is None or len(reason.split()) > 4


def test_it_says_whether_the_switch_is_on():
    """S43, S46: as long as anybody asks for it."""
    with weakrefs.installed(warn=False):
        assert not weakrefs.ephemerons().everywhere
        with weakrefs.installed(warn=False, ephemerons=True):
            assert weakrefs.ephemerons().everywhere
        assert not weakrefs.ephemerons().everywhere


# A collector that is not what it is taken for


WORKLOAD = """
import gc, random
from weakrefs import EphemeronDictionary, EphemeronValueDictionary, _weakrefs, ephemerons, finalize

class Thing:
    ended = set()

    def __init__(self, number, other):
        self.number, self.other = number, other

    def end(self):
        self.ended.add(self.number)

class Box:
    def __init__(self, thing):
        self.thing = thing

def suspended(thing):
    # Refers to it by nothing but its stack.
    things, thing = [thing], None
    yield (things.pop(), (yield))[0]

def tell(first):
    # Whether dead entries are gone and their finalizers have run, all or none, and what the engine says.
    rng, numbers = random.Random(43), range(first, first + 500)
    keys, values, live, generators = EphemeronDictionary(), EphemeronValueDictionary(), [], []
    for number in numbers:
        thing = Thing(number, rng.choice(live) if live else None)
        keys[thing] = values[Box(thing)] = thing
        finalize(thing, thing.end)
        if number % 5 == 0:
            live.append(thing)
        elif number % 5 == 1:
            generators.append(suspended(thing))
            next(generators[-1])
        if number % 50 == 0:
            rng.shuffle(live)
            gc.collect(rng.choice([0, 1, 2]))
    thing = None
    for _ in range(3):
        gc.collect()
    live += [generator.send(None) for generator in generators]
    found = {thing.number for thing in live}
    assert found == {number for number in numbers if number % 5 < 2}
    assert all(keys.get(thing) is thing for thing in live), "a live entry was lost"
    assert {id(thing) for thing in live} <= {id(thing) for thing in values.values()}, "a live entry was lost"
    assert not found & Thing.ended, "a finalizer of a living object has run"
    ended = set(numbers) & Thing.ended
    gone = {len(keys) == len(live), len(values) == len(live), ended == set(numbers) - found}
    none = {len(keys) == 500, len(values) == 500, not ended}
    print("gone" if gone == {True} else "kept" if none == {True} else "some", ephemerons().active)
"""


@WITH_ENGINE
@pytest.mark.parametrize("layout", range(6))
def test_a_layout_that_is_not_the_right_one(layout):
    """S43: no live entry is lost, dead ones stay, no finalizer runs, and the engine says so, until all is right again."""
    *told, reason = output_of(f"""{WORKLOAD}
tell(0)
_weakrefs.assume_header({layout})
tell(500)
reason = ephemerons().reason
_weakrefs.assume_header(0)
tell(1000)
print(reason)
""")
    assert told == ["gone True", "kept False" if layout else "gone True", "gone True"]
    assert (reason == "None") is (layout == 0)


@WITH_ENGINE
def test_only_known_layouts_are_taken():
    """S37"""
    for layout in -1, 6, 10**30, "0":
        with pytest.raises((ValueError, OverflowError, TypeError)):
            weakrefs._weakrefs.assume_header(layout)


TWO = """
import gc, sys, weakref
sys.path.append({directory!r})
import {first}
import {second}
import weakrefs, weakrefs_too

class Thing:
    def end(self):
        ended.append(self)

ended, lost, copies = [], 0, (weakrefs, weakrefs_too)
for number in range(20):
    for one, other in copies, copies[::-1]:
        mapping, outer = one.EphemeronDictionary(), other.EphemeronDictionary()
        thing, key = Thing(), Thing()
        mapping[thing] = [thing]
        outer[key] = lambda thing=thing: thing
        finalizers = one.finalize(thing, thing.end), other.finalize(thing, thing.end)
        alive = weakref.ref(thing)
        thing = None
        gc.collect()
        lost += alive() is None or mapping.get(alive()) != [alive()] or not all(each.alive for each in finalizers)
        for each in finalizers:
            each.detach()
        garbage = [Thing() for _ in range(10 * number)]
print(lost, ended)
for each in {first}, {second}:
    mapping, thing = each.EphemeronDictionary(), Thing()
    mapping[thing] = thing
    thing = None
    gc.collect()
    print(len(mapping), each.ephemerons().active, each.ephemerons().reason)
"""


@WITH_ENGINE
@pytest.mark.parametrize("first, second", [("weakrefs", "weakrefs_too"), ("weakrefs_too", "weakrefs")])
def test_a_second_copy_in_the_process(tmp_path, first, second):
    """S43: it loses nothing, keeps what the standard container keeps, and says so; the first one works."""
    shutil.copytree(pathlib.Path(weakrefs.__file__).parent, tmp_path / "weakrefs_too")
    lost, of_first, of_second = output_of(TWO.format(directory=str(tmp_path), first=first, second=second))
    assert (lost, of_first) == ("0 []", "0 True None")
    assert of_second.startswith("1 False ") and "another copy" in of_second


# What programs do with the collector


@WITH_ENGINE
def test_a_freeze_in_the_middle():
    """S43: entries that come later have the rule again after some hundred insertions; what is frozen stays."""
    assert output_of("""
        import gc, weakrefs

        class Thing:
            pass

        mapping, old = weakrefs.EphemeronDictionary(), Thing()
        mapping[old] = [old]
        gc.collect()
        gc.freeze()
        live = []
        for number in range(4000):
            thing = Thing()
            mapping[thing] = [thing]
            if number % 100 == 0:
                live.append(thing)
            if number % 500 == 0:
                gc.collect()
        del thing
        gc.collect()
        print(len(mapping), list(mapping) == [old, *live])
    """) == ["41 True"]


@WITH_ENGINE
def test_a_freeze_before_the_first_collection():
    """S43: as servers do before they fork."""
    assert output_of("""
        import gc
        gc.disable()
        import weakrefs
        gc.freeze()

        class Thing:
            pass

        mapping = weakrefs.EphemeronDictionary()
        for _ in range(1000):
            thing = Thing()
            mapping[thing] = [thing]
        del thing
        gc.collect()
        print(len(mapping), weakrefs.ephemerons().active)
    """) == ["0 True"]


@WITH_ENGINE
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process():
    """S43: the rule holds in both, each by itself."""
    told = output_of("""
        import gc, os, weakrefs

        class Thing:
            def end(self):
                print(where, "ended", flush=True)

        mapping, live, dead = weakrefs.EphemeronDictionary(), Thing(), Thing()
        for each in live, dead:
            mapping[each] = each
        weakrefs.finalize(dead, dead.end)
        del each
        gc.collect()
        where = "parent"
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        else:
            where = "child"
        del dead
        gc.collect()
        print(where, len(mapping), mapping[live] is live, weakrefs.ephemerons().active, flush=True)
    """)
    assert told == ["child ended", "child 1 True True", "parent ended", "parent 1 True True"]


@WITH_ENGINE
@pytest.mark.parametrize("way", WAYS)
def test_other_interpreters(way):
    """S43, S38: their collections decide nothing here, and disturb nothing."""
    need(way)
    program = f"""
import gc, weakrefs
gc.disable()

SCRIPT = '''
import gc
for _ in range(3):
    garbage = []
    garbage.append(garbage)
    garbage = None
    gc.collect()
'''
{WAYS[way]}

class Thing:
    pass

mapping, live = weakrefs.EphemeronDictionary(), Thing()
for _ in range(3):
    dead = Thing()
    mapping[dead], mapping[live] = dead, live
    dead = None
    run()
    print(len(mapping), end=" ")
    gc.collect()
    print(len(mapping), mapping[live] is live, weakrefs.ephemerons().active)
"""
    assert output_of(program, "-W", "ignore") == ["2 1 True True"] * 3


@WITH_ENGINE
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_somebody_who_holds_all_objects(kind):
    """S43: such as a memory profiler. Then everything is reachable, and what belongs to the engine can be looked at."""
    mapping = kind()
    live, dead = Thing(), Thing()
    for each in live, dead:
        put(mapping, each, Box(each))
    alive = watch(dead)
    del each, dead
    everything = gc.get_objects()
    for each in everything:
        if type(each).__module__ == "weakrefs._weakrefs":
            assert repr(each) and isinstance(gc.get_referents(each), list) and sys.getsizeof(each)
    del each
    gc.collect()
    assert alive() == 1 and len(mapping) == 2
    del everything
    for _ in range(2):
        gc.collect()
    assert alive() == 0 and holds(mapping, live) and weakrefs.ephemerons()


@WITH_ENGINE
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_what_belongs_to_the_engine_is_held_by_somebody(kind):
    """S43: one object at a time, or all: no live entry is lost, and in the end the dead ones are gone."""

    def internal():
        return [each for each in gc.get_objects() if type(each).__module__ == "weakrefs._weakrefs"]

    mapping, live = kind(), things(20)
    for each in live:
        put(mapping, each, Box(each))
    for held in [slice(number, number + 1) for number in range(len(internal()))] + [slice(None)]:
        objects = internal()[held]
        put(mapping, dead := Thing(), Box(dead))
        del dead
        gc.collect()
        assert weak_sides(mapping)[: len(live)] == live and objects
    assert all(strong_of(mapping, each).contents == (each,) for each in live)
    del objects, each
    gc.collect()
    assert holds(mapping, *live) and weakrefs.ephemerons()


@WITH_ENGINE
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_questions_in_the_middle_of_a_collection(kind):
    """S43: from callbacks of the collector and of references, about what it is at."""
    mapping, live, asked = kind(), Thing(), []

    def ask(*_):
        strong = strong_of(mapping, live)
        asked.append(any(each is mapping for each in gc.get_referrers(strong)))
        asked.append(any(each is strong for each in gc.get_referents(mapping)))
        gc.get_referents(*gc.get_objects())
        gc.collect()
        put(mapping, live, strong)

    put(mapping, live, Box(live))
    gc.callbacks.append(ask)
    try:
        for _ in range(3):
            put(mapping, dead := Thing(), Box(dead))
            reference = weakref.ref(dead, ask)
            finalize(dead, ask, dead)
            del dead
            gc.collect()
            assert reference() is None and weak_sides(mapping) == [live]
    finally:
        gc.callbacks.remove(ask)
    assert len(asked) >= 3 * 4 * 2 and all(asked) and strong_of(mapping, live).contents == (live,)


@WITH_ENGINE
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", KINDS)
def test_threads_that_change_everything_meanwhile(kind):
    """S43, S33: objects that a variable, a list or a suspended generator refers to keep their entries."""
    mapping, wrong, stop = kind(), [], threading.Event()

    def suspended(thing):
        yield (thing, (yield))[0]

    def work(seed):
        rng, mine, generators = random.Random(seed), [], []
        try:
            for _ in range(2000):
                thing = Thing()
                thing.strong = weakref.ref(strong := Box(thing, rng.choice(mine) if mine else None))
                put(mapping, thing, strong)
                del strong
                if rng.random() < 0.4:
                    mine.append(thing)
                elif rng.random() < 0.3:
                    generators.append(suspended(thing))
                    next(generators[-1])
                del thing
                if len(mine) > 30:
                    assert all(each.strong() is not None and each.strong().contents[0] is each for each in mine)
                    rng.shuffle(mine)
                    del mine[15:]
                if len(generators) > 15:
                    assert all(each.send(None).strong() is not None for each in generators)
                    generators.clear()
                if rng.random() < 0.01:
                    assert all(strong.contents[0] is weak for weak, strong in sides(mapping))
        except BaseException as error:
            wrong.append(error)

    def collect():
        while not stop.is_set():
            gc.collect()
            time.sleep(0.001)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        collector = threading.Thread(target=collect)
        for thread in (*workers, collector):
            thread.start()
        for thread in workers:
            thread.join()
        stop.set()
        collector.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    assert holds(mapping)


@WITH_ENGINE
def test_collections_while_the_package_is_imported():
    """S35, S37, S43: they meet an engine that is not complete yet."""
    code = """
        import gc
        gc.set_threshold(1, 1, 1)
        import weakrefs
        gc.collect()
        print(weakrefs.ephemerons().active)
    """
    assert output_of(code) == ["True"]
