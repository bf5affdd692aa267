"""S42, S35: what takes long can be interrupted and lets others run; what runs user code ends.

Each endless call has a process of its own, which a signal interrupts; a hang ends it.
"""

import sys
import textwrap

import pytest
from support import output_of

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")

ENDLESS = """
import faulthandler, itertools, os, signal, sys, threading, time
from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary

class Thing: pass

class Names:
    '''A mapping whose keys do not end, all native code.'''
    def __init__(self, key, value):
        self.pairs = itertools.repeat(key), value
    def keys(self):
        return self.pairs[0]
    def __getitem__(self, key):
        return self.pairs[1]

faulthandler.dump_traceback_later(4, exit=True)
signal.signal(signal.SIGINT, signal.default_int_handler)
kept, other = Thing(), Thing()
members, keys, values = WeakSet([kept]), WeakKeyDictionary(), WeakValueDictionary()
"""

# None of these can end: what they walk never has all that they look for.
CALLS = {
    "WeakSet": "WeakSet(itertools.repeat(kept))",
    "WeakSet.update": "members.update(itertools.repeat(kept))",
    "WeakSet.|": "members | itertools.repeat(kept)",
    "WeakSet.issuperset": "members.issuperset(itertools.repeat(kept))",
    "WeakSet.isdisjoint": "members.isdisjoint(itertools.repeat(other))",
    "WeakSet.issubset": "members.issubset(itertools.repeat(other))",
    "WeakSet.difference": "members.difference(itertools.repeat(other))",
    "WeakSet.difference_update": "members.difference_update(itertools.repeat(other))",
    "WeakSet.intersection": "members.intersection(itertools.repeat(other))",
    "WeakSet.intersection_update": "members.intersection_update(itertools.repeat(other))",
    "WeakSet.symmetric_difference": "members.symmetric_difference(itertools.repeat(other))",
    "WeakSet.symmetric_difference_update": "members.symmetric_difference_update(itertools.repeat(other))",
    "WeakKeyDictionary": "WeakKeyDictionary(itertools.repeat((kept, 1)))",
    "WeakKeyDictionary.update": "keys.update(itertools.repeat((kept, 1)))",
    "WeakKeyDictionary.update, by keys": "keys.update(Names(kept, 1))",
    "WeakValueDictionary": "WeakValueDictionary(itertools.repeat((1, kept)))",
    "WeakValueDictionary.update": "values.update(itertools.repeat((1, kept)))",
    "WeakValueDictionary.update, by keys": "values.update(Names(1, kept))",
}


@needs_signals
@pytest.mark.parametrize("call", CALLS)
def test_an_endless_call_is_interrupted(call):
    """S42: within a second, and what it has done stays."""
    code = f"""
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        begun = time.monotonic()
        try:
            {CALLS[call]}
        except KeyboardInterrupt:
            print(time.monotonic() - begun < 1, len(members), kept in members, len(keys) + len(values) < 2)
    """
    assert output_of(ENDLESS + textwrap.dedent(code)) == ["True 1 True True"]


@pytest.mark.parametrize("call", CALLS)
def test_others_run_during_an_endless_call(call):
    """S42: a thread makes progress, while another is in the middle of a call that has no end."""
    code = f"""
        def endless():
            {CALLS[call]}

        threading.Thread(target=endless, daemon=True).start()
        time.sleep(0.02)
        for _ in range(3):
            begun = time.monotonic()
            time.sleep(0.001)
            print(time.monotonic() - begun < 1)
        sys.stdout.flush()
        os._exit(0)
    """
    assert output_of(ENDLESS + textwrap.dedent(code)) == ["True"] * 3


CHANGING = """
import faulthandler
from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary, ref
faulthandler.dump_traceback_later(4, exit=True)

class Key:
    '''Whoever is asked whether it equals another one does something to the container first.'''
    comparisons = 0

    def __init__(self, change=None):
        self.change = change

    def __hash__(self):
        return 7

    def __eq__(self, other):
        Key.comparisons += 1
        for side in (self, other):
            if side.change is not None:
                side.change(self if other is side else other)
        return False

kept = Key()
members, keys, values = WeakSet([kept]), WeakKeyDictionary({kept: 1}), WeakValueDictionary({kept: kept})
fillers = [Key() for _ in range(3)]
"""

CHANGES = {
    "WeakSet, again": ("members", "lambda other: (members.discard(other), members.add(other))"),
    "WeakSet, itself": ("members", "lambda other: (members.clear(), members.add(kept))"),
    "WeakSet, data": ("members", "lambda other: setattr(members, 'data', {ref(kept)})"),
    "WeakSet, new": ("members", "lambda other: (fillers.append(Key()), members.clear(), members.update(fillers[-1:]))"),
    "WeakKeyDictionary, again": ("keys", "lambda other: (keys.pop(other), keys.__setitem__(other, 1))"),
    "WeakKeyDictionary, itself": ("keys", "lambda other: (keys.clear(), keys.__setitem__(kept, 1))"),
    "WeakKeyDictionary, data": ("keys", "lambda other: setattr(keys, 'data', {ref(kept): 1})"),
    "WeakValueDictionary, again": ("values", "lambda other: (values.pop(other), values.__setitem__(other, kept))"),
    "WeakValueDictionary, itself": ("values", "lambda other: (values.clear(), values.__setitem__(kept, kept))"),
    "WeakValueDictionary, data": ("values", "lambda other: setattr(values, 'data', {kept: ref(kept)})"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_lookup_ends_whatever_its_comparisons_do(change):
    """S35, S18: an element that is removed and added, or all of them assigned, while it is compared."""
    container, function = CHANGES[change]
    code = f"""
        key = Key({function})
        container = {container}
        print(key in container, len(container) == 1)
        if container is members:
            container.discard(key), container.add(key)
        else:
            container.get(key), container.pop(key, None), container.setdefault(key, kept)
        print(len(container), Key.comparisons < 1000)
    """
    first, second = output_of(CHANGING + textwrap.dedent(code))
    assert first == "False True" and second in ("1 True", "2 True")


def test_an_eviction_that_the_recursion_limit_refuses():
    """S2, S34: leaves no entry beyond the next iteration, however deep the death was."""
    code = """
        import faulthandler, sys
        from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary
        sys.unraisablehook = lambda report: None

        class Thing: pass

        containers = WeakSet(), WeakKeyDictionary(), WeakValueDictionary()

        def deep():
            thing = Thing()
            containers[0].add(thing)
            containers[1][thing] = 1
            containers[2][len(containers[2])] = thing
            try:
                deep()
            except RecursionError:
                pass
            thing = None

        sys.setrecursionlimit(300)
        deep()
        for container in containers:
            list(container)
            print(len(container), len(container.data))
    """
    assert output_of(code) == ["0 0"] * 3


def test_a_death_at_every_depth_up_to_the_recursion_limit():
    """S2, S34: in the last frame that there is room for, too."""
    code = """
        import sys
        from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary
        sys.unraisablehook = lambda report: None

        class Thing: pass

        members, keys, values = WeakSet(), WeakKeyDictionary(), WeakValueDictionary()

        def kill(depth, things):
            if depth:
                return kill(depth - 1, things)
            del things[:]

        sys.setrecursionlimit(200)
        for depth in range(210):
            things = [Thing()]
            members.add(things[0])
            keys[things[0]] = 1
            values[depth] = things[0]
            try:
                kill(depth, things)
            except RecursionError:
                things.clear()
            # At once: nothing has come by that would sweep.
            assert len(members) == len(keys) == len(values) == 0, depth
        print("done")
    """
    assert output_of(code) == ["done"]
