"""What several threads do to the same objects, as fast as they can: one scenario in a process of its own.

usage: python races.py SCENARIO SECONDS

It prints what was wrong, a line each, and then "done". A crash or a hang is for the caller to see.
"""

import faulthandler
import gc
import os
import random
import sys
import threading
import time
import types
import weakref

import weakrefs
from weakrefs import KeyedRef, WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize

THREADS = 4
PATIENCE = 60  # seconds until a thread that should be through counts as stuck

PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []

problems = []


class Thing:
    __slots__ = ("__weakref__", "itself", "name")

    def __init__(self, name=0):
        self.name = name


class Equal(Thing):
    """Compares by `name`: a lookup runs Python code, and another thread's entry may be found."""

    __slots__ = ()

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return isinstance(other, Equal) and self.name == other.name


class Button:
    def click(self):
        return self


def new_function():
    """A function whose last reference is its end: that of a module or a class dies in collections only."""

    def click(self):
        return self

    return click


def on_processor(number):
    """Keeps the thread to one, so that two run at once."""
    if PROCESSORS:
        os.sched_setaffinity(0, {PROCESSORS[number % len(PROCESSORS)]})


def run(seconds, *steps):
    """Repeat each step in a thread of its own, until the time is over or one raises."""
    barrier, over = threading.Barrier(len(steps) + 1), threading.Event()

    def repeat(step, seed):
        chance = random.Random(seed)
        barrier.wait()
        try:
            while not over.is_set():
                step(chance)
        except BaseException as error:
            problems.append(f"{step.__name__}: {error!r}")
            over.set()

    threads = [threading.Thread(target=repeat, args=each, daemon=True) for each in zip(steps, range(len(steps)))]
    for thread in threads:
        thread.start()
    barrier.wait()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join(PATIENCE)
        expect(not thread.is_alive(), "a thread is stuck")


def expect(holds, what):
    if not holds and what not in problems:
        problems.append(what)


def eventually(holds, what):
    """Another thread may have to come by before an object of its own dies."""
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
        gc.collect()
    expect(holds(), what)


# Containers


def key_of(thing):
    """Under such a key: strings and numbers are compared by the table itself, others by Python code."""
    if isinstance(thing, Equal) and thing.name % 3 == 0:
        return Equal(thing.name)
    return (thing.name, str(thing.name))[thing.name % 2]


def store(container, thing):
    if isinstance(container, WeakValueDictionary):
        container[key_of(thing)] = thing
    elif isinstance(container, WeakSet):
        container.add(thing)
    else:
        container[thing] = thing.name


def shared_container(kind, thing_kind):
    """Entries come, die, are looked up, replaced, popped, walked and collected, in one container."""

    def scenario(seconds):
        container = kind()
        kept = [thing_kind(number) for number in range(64)]
        for thing in kept:
            store(container, thing)

        def churn(chance):
            mortal = [thing_kind(1000 + chance.randrange(500)) for _ in range(20)]
            for thing in mortal:
                store(container, thing)
            if chance.random() < 0.2:
                for thing in mortal:
                    thing.itself = thing

        def look(chance):
            for _ in range(50):
                thing = kept[chance.randrange(64)]
                if kind is WeakValueDictionary:
                    found = container.get(key_of(thing))
                    expect(found is not None and found.name == thing.name, "a value is lost or wrong")
                elif kind is WeakSet:
                    expect(thing in container, "an element is lost")
                else:
                    expect(container.get(thing) == thing.name, "a value is lost or wrong")

        def walk(_):
            seen = [None if each is None else each for each in container]
            expect(len(seen) >= 64, "an entry is not shown")
            if kind is not WeakSet:
                for key, value in container.items():
                    expect(key is not None and value is not None, "a dead entry is shown")
            len(container)
            container.copy()

        def replace(chance):
            store(container, kept[chance.randrange(64)])

        def pop(chance):
            thing = thing_kind(1000 + chance.randrange(500))
            if kind is WeakSet:
                container.discard(thing)
            else:
                container.pop(key_of(thing) if kind is WeakValueDictionary else thing, None)

        def collect(_):
            gc.collect()
            time.sleep(0.01)

        run(seconds, churn, look, walk, replace, pop, collect)
        del churn, look, walk, replace, pop
        eventually(lambda: len(container) == len(list(container)) == 64, "the dead stay")

    return scenario


def own_containers(seconds):
    """The same objects in a container of each thread: their lists of references are shared."""
    things = [Thing(number) for number in range(2)]

    def use(container):
        def step(chance):
            for _ in range(100):
                thing = things[chance.randrange(2)]
                container["key"] = thing
                container["key"] = thing
                weakref.ref(thing, id)
                container.pop("key", None)

        return step

    run(seconds, *[use(WeakValueDictionary()) for _ in range(THREADS)])
    expect(not any(map(weakref.getweakrefcount, things)), "references are left")


def references_come_and_go(seconds):
    """`KeyedRef`s to the same objects enter and leave their lists beside the interpreter's own references."""
    things = [Thing(number) for number in range(2)]

    def step(chance):
        for _ in range(100):
            thing = things[chance.randrange(2)]
            first, second = KeyedRef(thing, None, 1), KeyedRef(thing, None, 2)
            del first
            third = weakref.ref(thing, id)
            expect(second() is third() is thing, "a reference leads elsewhere")

    run(seconds, *[step] * THREADS)
    expect(not any(map(weakref.getweakrefcount, things)), "references are left")


def referents_die_with_their_references(seconds):
    """A value dies in one thread while others replace, look up and pop its entries: both leave the same list."""
    box = [Thing()]
    containers = [WeakValueDictionary() for _ in range(THREADS - 1)]

    def drop(_):
        box[0] = Thing()

    def use(container):
        def step(_):
            for number in range(50):
                container[number % 5] = box[0]
                container.get(number % 5)
                container.pop((number + 3) % 5, None)

        return step

    run(seconds, drop, *map(use, containers))
    box.clear()
    eventually(lambda: not any(map(len, containers)), "the dead stay")


def values_die_while_they_are_looked_up(seconds):
    """Threads that read are beside each other in the table, and take objects that are dying; memory is used again at once."""
    values, elements = WeakValueDictionary(), WeakSet()
    boxes = [[Thing(number)] for number in range(8)]

    def die(chance):
        number = chance.randrange(8)
        new = Thing(number)
        values[number] = new
        elements.add(new)
        boxes[number][0] = new

    def look(chance):
        for _ in range(100):
            number = chance.randrange(8)
            found = values.get(number) if number in values else None
            expect(found is None or found.name == number, "another object is found")

    def walk(_):
        for thing in elements:
            expect(type(thing) is Thing and 0 <= thing.name < 8, "another object is shown")
        for number, thing in values.items():
            expect(thing.name == number, "another object is shown")

    run(seconds, die, look, walk, die, look, walk)
    del die
    boxes.clear()
    eventually(lambda: not values and not elements, "the dead stay")


def locks_become_wide(seconds):
    """All threads read and change a container from its first moment on, and then it goes."""
    box = [WeakKeyDictionary()]

    def step(chance):
        container = box[0]
        mine = [Thing(number) for number in range(8)]
        for thing in mine:
            container[thing] = thing.name
        for _ in range(20):
            thing = mine[chance.randrange(8)]
            expect(thing in container and container[thing] == thing.name, "an entry is lost")
            expect(len(container) >= 8, "an entry is not counted")
        if chance.random() < 0.01:
            box[0] = WeakKeyDictionary()

    run(seconds, *[step] * THREADS)
    del step
    eventually(lambda: not box[0], "the dead stay")


def algebra(seconds):
    """Two sets are combined and compared in all ways while both change."""
    one, other = WeakSet(), WeakSet()
    kept = [Thing(number) for number in range(50)]
    one.update(kept[:30])
    other.update(kept[20:])

    def step(chance):
        thing = Thing()
        one.add(thing)
        other.add(thing)
        for combined in one | other, one & other:
            expect(combined.issuperset(kept[20:30]), "a common element is lost")
        one - other, one ^ other, one == other, one <= other, one.isdisjoint(other)
        if chance.random() < 0.5:
            one.update(other)
        else:
            other.update(one)
        copy = one.copy()
        copy &= other
        copy -= one

    run(seconds, *[step] * THREADS)
    expect(set(kept) <= set(one) & set(other), "an element is lost")
    for container in one, other:
        elements = list(container)
        expect(len(elements) == len(set(elements)), "an element is there twice")


def mappings_are_compared(seconds):
    """`==` and `|` of mappings whose keys are the same objects, while those come and die."""
    kept = [Thing(number) for number in range(30)]
    one, other = (WeakKeyDictionary((thing, thing.name) for thing in kept) for _ in range(2))

    def compare(_):
        one == other, other == one
        expect(all((one | other).get(thing) == thing.name for thing in kept), "an entry is lost")

    def churn(_):
        things = [Thing(), Thing()]
        one.update(dict.fromkeys(things, 0))
        other.update(dict.fromkeys(things, 0))

    run(seconds, compare, churn, churn)
    eventually(lambda: one == other, "they differ")


def data_is_replaced(seconds):
    """`data` is read and assigned, which keeps references that call the container, while entries die."""
    kept = [Thing(number) for number in range(20)]
    members, keys, values = WeakSet(kept), WeakKeyDictionary(), WeakValueDictionary()

    def replace(_):
        members.data = set(members.data)
        keys.data = dict(keys.data)
        values.data = dict(values.data)

    def churn(chance):
        thing = Thing(chance.randrange(1000))
        for container in members, keys, values:
            store(container, thing)

    run(seconds, replace, replace, churn, churn)


def dicts_are_read(seconds):
    """Containers are made from a `dict` that another thread changes: that may be refused, as of a `dict`."""
    things = [Thing(number) for number in range(50)]
    source = {thing: thing for thing in things[:25]}

    def change(chance):
        thing = things[chance.randrange(50)]
        if source.pop(thing, None) is None:
            source[thing] = [thing]
        source[things[chance.randrange(25)]] = Thing()

    def read(_):
        for kind in WeakKeyDictionary, WeakValueDictionary:
            try:
                kind().update(source)
            except (RuntimeError, TypeError):  # it has changed meanwhile; a list is no value
                pass

    run(seconds, change, read, read)


def containers_die_first(seconds):
    """Containers die in one thread while their entries die in another, which calls their evictors: each where it was made."""
    shared = [[Thing()]]

    def make(_):
        shared[0] = [Thing(number) for number in range(20)]

    def use(_):
        things = shared[0]
        containers = [kind() for kind in (WeakKeyDictionary, WeakValueDictionary, WeakSet)]
        for container in containers:
            for thing in things:
                store(container, thing)
        del thing, things  # the last references, often
        del container, containers

    run(seconds, make, use, make, use)


def setdefault_gives_one_object(seconds):
    """S33: `setdefault` is one step: all threads get the same object."""
    values, keys = WeakValueDictionary(), [f"key {number}" for number in range(8)]
    barrier, got = threading.Barrier(THREADS), [None] * THREADS
    end, goes_on = time.monotonic() + seconds, [True]

    def ask(number):
        while True:
            if number == 0:
                goes_on[0] = time.monotonic() < end and not problems
            barrier.wait(PATIENCE)
            if not goes_on[0]:
                return
            got[number] = [values.setdefault(key, Thing(number)) for key in keys]
            barrier.wait(PATIENCE)
            if number == 0:
                for objects in zip(*got):
                    expect(len(set(map(id, objects))) == 1, "threads got different objects")
            barrier.wait(PATIENCE)
            got[number] = None

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + PATIENCE)


def one_iterator(seconds):
    """Several threads advance the same iterator, which lets go of its container at the end: nobody else has that."""
    kept = [Thing(number) for number in range(3)]
    current = [iter(WeakSet(kept))]

    def step(_):
        for _ in range(50):
            walk = current[0]
            try:
                while True:
                    expect(next(walk) in kept, "something else is shown")
                    walk.__length_hint__()
            except StopIteration:
                current[0] = iter(WeakSet(kept))

    run(seconds, *[step] * THREADS)


def the_first_entry(seconds):
    """Several threads store the first entry of a container, which makes its evictor."""
    barrier, box = threading.Barrier(THREADS), [None]
    end = time.monotonic() + seconds

    def step(number):
        while True:
            if number == 0:
                box[0] = WeakSet() if time.monotonic() < end else None
            barrier.wait(PATIENCE)
            members = box[0]
            if members is None:
                return
            thing = Thing(number)
            members.add(thing)
            barrier.wait(PATIENCE)
            expect(len(members) == THREADS, "an entry went elsewhere")
            barrier.wait(PATIENCE)
            del thing
            barrier.wait(PATIENCE)
            if number == 0:
                expect(len(members) == 0, "an entry stays")

    threads = [threading.Thread(target=step, args=(number,), daemon=True) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + PATIENCE)


def chains(seconds):
    """S35: long chains of deaths, each in a thread of its own, in values of mappings and finalizers that all share."""
    keys = WeakKeyDictionary()

    def step(_):
        last = Thing()
        for _ in range(300):
            thing = Thing()
            keys[thing] = last
            finalize(thing, id, last)
            weakref.getweakrefs(thing)
            last = thing
        seen = [reference.__callback__ for reference in keys.keyrefs()]
        del seen, thing, last

    run(seconds, *[step] * THREADS)
    eventually(lambda: len(keys) == 0, "the dead stay")


# References


def a_reference_is_seen_early(seconds):
    """Others find a container's reference by its referent, before it has its hash and its key."""
    box = [Thing()]
    members, values = WeakSet(), WeakValueDictionary()

    def insert(chance):
        box[0] = thing = Thing(chance.randrange(1000))
        members.add(thing)
        values[str(thing.name)] = thing

    def look(_):
        thing = box[0]
        for reference in weakref.getweakrefs(thing):
            expect(hash(reference) == hash(thing), "another hash is told")
            expect(getattr(reference, "key", str(thing.name)) == str(thing.name), "another key is told")

    run(seconds, insert, look, look)


def keys_are_assigned(seconds):
    """`KeyedRef.key` is written and deleted by some, read by others, by copies, and where its entry is cleared."""
    values, thing = WeakValueDictionary(), Thing()
    values["key"] = thing
    box = values.valuerefs()

    def write(chance):
        for number in range(100):
            box[0].key = [number]
        if chance.random() < 0.5:
            try:
                del box[0].key
            except AttributeError:
                pass

    def read(_):
        for _ in range(100):
            expect(isinstance(getattr(box[0], "key", []), (list, str)), "the key is no key")
        values.copy()

    def clear(_):
        for _ in range(20):
            values.clear()
        values["key"] = thing
        (box[0],) = values.valuerefs()

    run(seconds, write, write, read, clear)


def object_and_function_die_together(seconds):
    """S28: a method's object dies in one thread, its function in another: one of both calls the callback."""
    count = 200
    shared = types.SimpleNamespace(function=None, made=0, go=0, done=0, over=False)

    def other():
        on_processor(1)
        turn = 0
        while True:
            turn += 1
            function = shared.function = new_function()
            shared.made = turn
            while shared.go < turn:
                if shared.over:
                    return
            del function  # the last reference, where it was made
            shared.done = turn

    thread = threading.Thread(target=other, daemon=True)
    thread.start()
    on_processor(0)
    turn, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and not problems:
        turn += 1
        while shared.made < turn:
            pass
        thing, calls = Button(), [0] * count

        def counter(number, calls=calls):
            def count_one(_):
                calls[number] += 1

            return count_one

        function, shared.function = shared.function, None
        methods = [WeakMethod(types.MethodType(function, thing), counter(number)) for number in range(count)]
        del function
        shared.go = turn
        for _ in range(turn % 40):
            pass
        del thing
        while shared.done < turn:
            pass
        eventually(lambda calls=calls: all(calls), "a callback was not called")
        expect(max(calls) == 1, "a callback was called twice")
        expect(not any(method() for method in methods), "a method survives")
    shared.over = True
    thread.join(PATIENCE)


def methods_are_used(seconds):
    """`WeakMethod`s of the same objects are made, called and compared, and those exchanged."""
    things = [Button() for _ in range(4)]

    def step(chance):
        for _ in range(50):
            thing = things[chance.randrange(4)]
            method = WeakMethod(thing.click, id)
            expect(method()() is thing, "a method is dead or another one")
            expect(method == WeakMethod(thing.click), "equal methods differ")
            things[chance.randrange(4)] = Button()

    run(seconds, *[step] * THREADS)


def one_method_is_called(seconds):
    """One `WeakMethod` is called by all, while its object dies, of itself or in a collection."""
    things = [Button()]
    shared = [WeakMethod(things[0].click)]

    def call(_):
        method = shared[0]
        for _ in range(100):
            bound = method()
            expect(bound is None or type(bound()) is Button, "another method is called")
            method._func_ref

    def exchange(chance):
        for _ in range(20):
            things[0] = thing = Button()
            method = shared[0] = WeakMethod(thing.click)
            if chance.random() < 0.5:
                thing.cycle = [thing, method]

    def collect(_):
        gc.collect()

    run(seconds, call, call, exchange, collect)


# Finalizers


def finalizers_are_raced(seconds):
    """S29: whoever ends a finalizer, by a call, `detach` or the object's death, its function runs once or never."""
    lock, made, ran, waiting = threading.Lock(), [0], [], []

    def step(chance):
        for _ in range(50):
            thing = Thing()
            finalizer = finalize(thing, ran.append, 1)
            with lock:
                made[0] += 1
            waiting.append((thing, finalizer))
            del thing, finalizer
            try:
                _, finalizer = waiting.pop(chance.randrange(max(len(waiting) - 1, 1)))
            except IndexError:
                continue
            way = chance.random()
            if way < 0.3:
                finalizer()
            elif way < 0.4 and finalizer.detach():
                ran.append(0)
            finalizer.alive, finalizer.peek(), repr(finalizer), finalizer.atexit
        if chance.random() < 0.2:
            for finalizer in finalize._registry:
                finalizer.alive

    run(seconds, *[step] * THREADS)
    waiting.clear()
    eventually(lambda: len(ran) == made[0], "a function ran twice or never")


def finalizers_begin_again(seconds):
    """A finalizer is initialised anew by all, while its objects die and others look."""
    box = [Thing()]
    finalizer = finalize(box[0], int)
    made, ended = [0] * THREADS, []

    def begin(number):
        def step(_):
            thing = Thing()
            finalizer.__init__(thing, ended.append, number)
            made[number] += 1
            finalizer.peek(), finalizer.alive, repr(finalizer)

        return step

    run(seconds, *[begin(number) for number in range(THREADS)])
    finalizer.detach()
    expect(len(ended) <= sum(made), "a function ran twice")
    before = len(finalize._registry)
    thing = Thing()
    others = [finalize(thing, int) for _ in range(5)]
    expect(len(finalize._registry) == before + 5 == len(list(finalize._registry)), "the registry is wrong")
    del others


def deaths_against_calls(seconds):
    """S29: objects die where they were made, while another thread calls or detaches their finalizers."""
    count = 300
    shared = types.SimpleNamespace(finalizers=None, made=0, go=0, done=0, over=False)
    detached = []

    def other():
        on_processor(1)
        turn = 0
        while True:
            turn += 1
            while shared.made < turn:
                if shared.over:
                    return
            finalizers, shared.go = shared.finalizers, turn
            for number, finalizer in enumerate(finalizers):
                if number % 3:
                    finalizer()
                elif finalizer.detach() is not None:
                    detached.append(number)
            shared.done = turn

    thread = threading.Thread(target=other, daemon=True)
    thread.start()
    on_processor(0)
    turn, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and not problems:
        turn += 1
        ran = [0] * count
        detached.clear()

        def note(number, ran=ran):
            ran[number] += 1

        things = [Thing() for _ in range(count)]
        finalizers = [finalize(thing, note, number) for number, thing in enumerate(things)]
        shared.finalizers, shared.made = finalizers, turn
        while shared.go < turn:
            pass
        for number in range(count):  # the way the other one goes
            things[number] = None
        while shared.done < turn:
            pass
        for number in detached:
            ran[number] += 1
        eventually(lambda ran=ran: all(ran), "a function never ran")
        expect(max(ran) == 1, "a function ran twice")
        expect(not any(finalizer.alive for finalizer in finalizers), "a finalizer survives")
    shared.over = True
    thread.join(PATIENCE)


# Processes


def expect_to_end(child):
    """A process of ours ends well, and in time."""
    end = time.monotonic() + PATIENCE
    while True:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            break
        if time.monotonic() > end:
            os.kill(child, 9)
            os.waitpid(child, 0)
            status = "hangs"
            break
        time.sleep(0.001)
    expect(status == 0, f"a process: {status}")


def forks(seconds):
    """S35: a process is forked while others are inside of containers, and goes on in the child."""
    members, kept = WeakSet(), [Thing(number) for number in range(100)]
    members.update(kept)

    def busy(_):
        for thing in kept:
            expect(thing in members, "an element is lost")
        thing = Thing()
        members.add(thing)
        finalize(thing, int)

    def fork(_):
        child = os.fork()
        if not child:
            thing = Thing()
            members.add(thing)
            right = thing in members and len(list(members)) >= 100
            finalize(thing, int)
            del thing
            button = Button()
            WeakMethod(button.click)()
            os._exit(0 if right else 3)
        expect_to_end(child)

    run(seconds, fork, busy, busy)


def the_end_under_load(seconds):
    """S35, S31: the process ends while daemon threads are inside of everything."""
    program = os.path.abspath(__file__)
    end = time.monotonic() + seconds
    while time.monotonic() < end and not problems:
        child = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, program, "ends at once", "0.1"])
        expect_to_end(child)


def ends_at_once(seconds):
    """What the scenario above starts."""
    members, keys, values = WeakSet(), WeakKeyDictionary(), WeakValueDictionary()
    kept = [Thing(number) for number in range(50)]

    def work():
        while True:
            for thing in (*kept, Thing(), Thing()):
                for container in members, keys, values:
                    store(container, thing)
                finalize(thing, int)
            list(members), dict(keys), values.copy(), members | members
            button = Button()
            WeakMethod(button.click, id)()
            members.clear()

    for _ in range(THREADS):
        threading.Thread(target=work, daemon=True).start()
    finalize(kept[0], time.sleep, 0.01)
    time.sleep(seconds * random.random())


SCENARIOS = {
    **{
        f"{kind.__name__} of {thing_kind.__name__}s": shared_container(kind, thing_kind)
        for kind in (WeakKeyDictionary, WeakValueDictionary, WeakSet)
        for thing_kind in (Thing, Equal)
    },
    **{
        scenario.__name__.replace("_", " "): scenario
        for scenario in (
            own_containers,
            references_come_and_go,
            referents_die_with_their_references,
            values_die_while_they_are_looked_up,
            locks_become_wide,
            algebra,
            mappings_are_compared,
            data_is_replaced,
            dicts_are_read,
            containers_die_first,
            setdefault_gives_one_object,
            one_iterator,
            the_first_entry,
            chains,
            a_reference_is_seen_early,
            keys_are_assigned,
            object_and_function_die_together,
            methods_are_used,
            one_method_is_called,
            finalizers_are_raced,
            finalizers_begin_again,
            deaths_against_calls,
            forks,
            the_end_under_load,
        )
    },
}


def main(name, seconds):
    faulthandler.enable()
    faulthandler.dump_traceback_later(2 * PATIENCE + 2 * seconds, exit=True)
    if name == "ends at once":
        ends_at_once(seconds)
        return
    SCENARIOS[name](seconds)
    print(*problems, "done", sep="\n")
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    assert weakrefs.finalize is finalize
    main(sys.argv[1], float(sys.argv[2]))
