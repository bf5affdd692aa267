"""S35: the end of a process whose daemon threads are inside our calls.

Until 3.13 the interpreter ends such a thread by a forced unwind, in the middle of the user's code that we have called:
nothing of ours may stop it, and nothing may be touched on the way. Each case has threads that sleep inside of the call,
threads that compute there, and threads that go in and out, when the main thread ends. WEAKREFS_EXITS says how many
processes end so; every one has to end with 0, and silently.
"""

import os
import textwrap

import pytest
from support import output_of

EXITS = int(os.environ.get("WEAKREFS_EXITS", "2"))

HEAD = """
import copy, gc, sys, threading, time, types
from weakrefs import KeyedRef, WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize, ref

sys.setswitchinterval(1e-5)
arrived = threading.Semaphore(0)
local = threading.local()
collecting = threading.Lock()

def inside(*_):
    '''What our calls come to: a thread that has arrived here is inside of one.'''
    if not getattr(local, "arrived", False):
        local.arrived = True
        arrived.release()
    manner = getattr(local, "manner", None)  # none in the main thread, which is to go on
    if manner == "sleeps":
        while True:
            time.sleep(1e-4)
    elif manner == "computes":
        while True:
            pass
    else:
        for _ in range(50):
            time.sleep(0)

class Thing:
    def method(self):
        pass

class Colliding(Thing):
    def __hash__(self):
        return 7

class Asking(Colliding):
    '''Whoever compares with it is inside.'''
    def __eq__(self, other):
        inside()
        return False
    __hash__ = Colliding.__hash__

class Hashing(Thing):
    def __hash__(self):
        inside()
        return 7

class Ending:
    def __del__(self):
        inside()

class Copying:
    def __deepcopy__(self, memo):
        inside()

def elements():
    yield kept
    inside()

def pairs():
    yield kept, kept
    inside()

class Source:
    def keys(self):
        inside()
        return []
    def __getitem__(self, key):
        raise KeyError(key)

class EagerSet(WeakSet):
    def update(self, other):
        inside()

class EagerAdder(WeakSet):
    def add(self, element):
        inside()

class EagerPopper(WeakKeyDictionary):
    def popitem(self):
        inside()
        raise KeyError

class EagerKeys(WeakKeyDictionary):
    def update(self, *args, **kwargs):
        inside()

class EagerValues(WeakValueDictionary):
    def update(self, *args, **kwargs):
        inside()

class EagerItems(WeakValueDictionary):
    def items(self):
        inside()
        return ()

class EagerFinalizer(finalize):
    def __call__(self, _=None):
        inside()

class Slow:
    '''Gives the threads time to be ended, late in the end of the process.'''
    def __del__(self, sleep=time.sleep):
        sleep(0.02)

kept = Colliding()
members, keys, values = WeakSet([kept]), WeakKeyDictionary({kept: 1}), WeakValueDictionary({kept: kept})

def run(manner):
    local.manner = manner
    while True:
        work()
"""
TAIL = """
threads = [threading.Thread(target=run, args=(manner,), daemon=True)
           for manner in ("sleeps", "computes", "passes") * 2]
for thread in threads:
    thread.start()
for thread in threads:
    if not arrived.acquire(timeout=30):
        raise SystemExit("a thread has not come inside")
sys.slow = Slow()
print("end", flush=True)
"""

COMPARISONS = {
    "WeakSet.in": "Asking() in members",
    "WeakSet.add": "members.add(Asking())",
    "WeakSet.discard": "members.discard(Asking())",
    "WeakSet.update": "members.update([Asking()])",
    "WeakSet.difference": "members - [Asking()]",
    "WeakSet.issuperset": "members.issuperset([Asking()])",
    "WeakKeyDictionary.in": "Asking() in keys",
    "WeakKeyDictionary.get": "keys.get(Asking())",
    "WeakKeyDictionary.setitem": "keys[Asking()] = 1",
    "WeakKeyDictionary.setdefault": "keys.setdefault(Asking(), 1)",
    "WeakKeyDictionary.pop": "keys.pop(Asking(), 1)",
    "WeakKeyDictionary.update": "keys.update({Asking(): 1})",
    "WeakKeyDictionary.==": "keys == WeakKeyDictionary({kept: Asking()})",
    "WeakValueDictionary.in": "Asking() in values",
    "WeakValueDictionary.get": "values.get(Asking())",
    "WeakValueDictionary.setitem": "values[Asking()] = kept",
    "WeakValueDictionary.setdefault": "values.setdefault(Asking(), kept)",
    "WeakValueDictionary.pop": "values.pop(Asking(), 1)",
    "WeakValueDictionary.update": "values.update({Asking(): kept})",
    "WeakMethod.==": "asking = Asking(); WeakMethod(kept.method) == WeakMethod(asking.method)",
}
HASHES = {
    "WeakSet.in": "Hashing() in members",
    "WeakSet.add": "members.add(Hashing())",
    "WeakSet.data": "thing = Hashing(); WeakSet().data = [ref(thing)]",
    "WeakKeyDictionary.get": "keys.get(Hashing())",
    "WeakKeyDictionary.setitem": "keys[Hashing()] = 1",
    "WeakValueDictionary.get": "values.get(Hashing())",
    "WeakValueDictionary.setitem": "values[Hashing()] = kept",
}
SOURCES = {
    "WeakSet": "WeakSet(elements())",
    "WeakSet.update": "members.update(elements())",
    "WeakSet.intersection": "members.intersection(elements())",
    "WeakSet.symmetric_difference_update": "WeakSet().symmetric_difference_update(elements())",
    "WeakSet.isdisjoint": "WeakSet().isdisjoint(elements())",
    "WeakKeyDictionary": "WeakKeyDictionary(pairs())",
    "WeakKeyDictionary.update": "keys.update(Source())",
    "WeakValueDictionary": "WeakValueDictionary(Source())",
    "WeakValueDictionary.update": "values.update(pairs())",
}
DESTRUCTORS = {
    "eviction of a value": "keys[Thing()] = Ending()",
    "eviction of a key": "values[Ending()] = Thing()",
    "clear": "WeakKeyDictionary({kept: Ending()}).clear()",
    "replacement": "keys[kept] = Ending(); keys[kept] = 1",
    "del": "keys[kept] = Ending(); keys.pop(kept, None)",
    "popitem": "WeakKeyDictionary({kept: Ending()}).popitem()",
    "death of a container": "WeakKeyDictionary({kept: Ending()})",
    "end of an iterator": """
        mortal = [Thing()]
        walked = WeakKeyDictionary({mortal[0]: Ending(), kept: 1})
        walk = walked.values()
        next(walk)
        mortal.clear()
        del walk, walked
    """,
    "collection": """
        if not collecting.acquire(blocking=False):  # only one thread can collect
            return Asking() in members
        keys[kept] = box = [Ending(), WeakKeyDictionary()]
        box.append(box)
        box[1][kept] = box
        keys[kept] = box = None
        gc.collect()
        collecting.release()
    """,
}
CALLBACKS = {
    "finalize, death": "finalize(Thing(), inside)",
    "finalize, call": "finalize(kept, inside)()",
    "finalize, overridden call": "thing = Thing(); EagerFinalizer(thing, int).atexit = False; del thing",
    "finalize, arguments": "finalize(kept, int, Ending()).detach()",
    "WeakMethod, object": "thing = Thing(); method = WeakMethod(thing.method, inside); del thing",
    "WeakMethod, function": """
        def short(self):  # without a GIL, the function of a class dies in collections only
            pass
        method = WeakMethod(types.MethodType(short, kept), inside)
        del short
    """,
    "KeyedRef": "thing = Thing(); reference = KeyedRef(thing, inside, 1); del thing",
    "WeakSet.add, overridden": "EagerAdder([kept])",
    "WeakKeyDictionary.popitem, overridden": "EagerPopper().clear()",
    "WeakSet.update, overridden": "EagerSet([kept])",
    "WeakSet.|=, overridden": "eager = EagerSet(); eager |= [kept]",
    "WeakSet.|, overridden": "EagerSet() | [kept]",
    "WeakKeyDictionary.|, overridden": "{kept: 1} | EagerKeys()",
    "WeakValueDictionary.|, overridden": "{1: kept} | EagerValues()",
    "WeakValueDictionary.|=, overridden": "eager = EagerValues(); eager |= {1: kept}",
    "WeakValueDictionary.==, overridden": "EagerItems() == {}",
    "deepcopy": "copy.deepcopy(WeakKeyDictionary({kept: Copying()}))",
}


def end_inside(work, before_the_end=""):
    """End processes whose threads are inside of what `work` calls."""
    work = textwrap.indent(textwrap.dedent(work).strip(), "    ")
    program = f"{HEAD}\ndef work():\n{work}\n{before_the_end}{TAIL}"
    for _ in range(EXITS):
        assert output_of(program, "-W", "ignore") == ["end"]


@pytest.mark.parametrize("call", COMPARISONS)
def test_inside_a_comparison(call):
    """S35: `__eq__` in Python, called by a lookup, an insertion, or a comparison of two objects of weakrefs."""
    end_inside(COMPARISONS[call])


@pytest.mark.parametrize("call", HASHES)
def test_inside_a_hash(call):
    """S35: `__hash__` in Python, called by a lookup or an insertion."""
    end_inside(HASHES[call])


@pytest.mark.parametrize("call", SOURCES)
def test_inside_a_source(call):
    """S35: a generator that a bulk operation walks, or a mapping whose `keys` it calls."""
    end_inside(SOURCES[call])


@pytest.mark.parametrize("call", DESTRUCTORS)
def test_inside_a_destructor(call):
    """S35: `__del__` of what an operation or a death lets go."""
    end_inside(DESTRUCTORS[call])


@pytest.mark.parametrize("call", CALLBACKS)
def test_inside_a_callback(call):
    """S35: a finalizer's function, a reference's callback, or a method that a subclass overrides."""
    end_inside(CALLBACKS[call])


def test_while_exit_finalizers_run():
    """S35, S31: those take their time, and threads go on in the meantime, until they are ended."""
    before = "for _ in range(3):\n    finalize(kept, time.sleep, 0.01)\n"
    end_inside("Asking() in members; finalize(Thing(), inside)", before)


def test_threads_that_call_the_finalizers_of_the_exit():
    """S35, S29: threads fight with the exit for each finalizer, and are ended inside of one."""
    before = "finalizers = [finalize(kept, time.sleep, 1e-4) for _ in range(50)]\n"
    end_inside("finalizers and finalizers.pop()(); Asking() in keys", before)


def test_threads_that_die_with_their_locals():
    """S35: what a thread that is ended leaves in `threading.local` goes with its finalizers and entries, or stays."""
    work = """
        local.thing = thing = Thing()
        members.add(thing)
        keys[thing] = thing = None
        local.finalizer = finalize(local.thing, int)
        local.walk = iter(members)
        next(local.walk)
        inside()
    """
    end_inside(work)
