"""The end of a process whose daemon threads are inside random operations with Python code in them.

Until 3.13 the interpreter ends such a thread in the middle of what it does. Each end has a child of
its own, which has to end with 0, and silently.
"""

import random
import sys
import threading
import time

from forks import forked

SECONDS = 5
MOST = 6
LINES = """
members.add(Slow())
members.add(kept)
kept in members
members.discard(kept)
members.update(slowly(crowd))
members |= set(crowd)
members -= slowly(crowd)
members & crowd
members == set(crowd)
list(slowly(members))
loud.add(kept)
loud.update(crowd)
keys[Slow()] = Owner()
keys[kept] = Owner()
keys.get(kept)
keys.pop(kept, 0)
keys.setdefault(kept, 0)
keys.update((each, 0) for each in slowly(crowd))
keys.update(dict.fromkeys(crowd, 0))
keys.copy()
list(keys.items())
values[kept] = Slow()
values[kept] = kept
values.get(kept)
values.pop(kept, 0)
values.update((each, kept) for each in slowly(crowd))
values | {kept: kept}
values.clear()
keys.clear()
finalize(Slow(), dwell)
finalize(kept, dwell).detach()
finalize(kept, dwell)()
WeakMethod(Slow().method, dwell)
WeakMethod(kept.method) == WeakMethod(Slow().method)
hash(WeakMethod(kept.method))
KeyedRef(Slow(), dwell, Owner())
KeyedRef(kept, None, Owner())
""".strip().splitlines()
CODES = [compile(line, "<daemon>", "exec") for line in LINES]
local = threading.local()


def dwell(*_):
    """What every call comes to; the main thread goes on, some never do."""
    manner = getattr(local, "manner", None)
    if manner == "sleeps":
        time.sleep(SECONDS * 10)
    elif manner == "computes":
        while True:
            pass
    elif manner:
        time.sleep(0)


def slowly(things):
    for thing in things:
        dwell()
        yield thing


class Slow:
    """All collide, and all of that takes long."""

    def __hash__(self):
        dwell()
        return 1

    def __eq__(self, other):
        dwell()
        return self is other

    def method(self):
        pass


class Owner:
    def __del__(self):
        dwell()


def loud(base):
    """A set whose `add` is Python code."""

    class Loud(base):
        def add(self, thing):
            dwell()
            super().add(thing)

    return Loud()


def end_often(rng, implementation, count):
    """How a process ended that should have ended well, or None."""
    for _ in range(count):
        seed = rng.random()
        outcome = forked(SECONDS, start, random.Random(seed), implementation)
        if outcome != (0, ""):
            return f"daemon threads at exit, {seed}: {outcome}"
    return None


def start(rng, implementation):
    sys.setswitchinterval(1e-5)
    names = {**implementation.classes, **globals(), "crowd": [Slow() for _ in range(5)], "kept": Slow()}
    names["members"], names["loud"] = names["WeakSet"](), loud(names["WeakSet"])
    names["keys"], names["values"] = names["WeakKeyDictionary"](), names["WeakValueDictionary"]()
    for _ in range(rng.randrange(1, MOST)):
        manner = rng.choice(("sleeps", "computes", "goes on", "goes on"))
        arguments = names, random.Random(rng.random()), manner, rng.randrange(20)
        threading.Thread(target=_operate, args=arguments, daemon=True).start()
    time.sleep(rng.random() * 0.01)


def _operate(names, rng, manner, goes_on):
    """Random lines; after some of them, it dwells in its own manner."""
    while True:
        local.manner = manner if goes_on <= 0 else "goes on"
        goes_on -= 1
        try:
            exec(rng.choice(CODES), names)
        except Exception:
            pass
