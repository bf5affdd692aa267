"""S36: a real shortage of memory, in which our own allocations fail, too: by a limit of the address space."""

import os
import textwrap

import pytest
from support import FREE_THREADED, output_of

pytest.importorskip("resource", reason="needs limits")
pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs to know what is in use")

SHORT = """
import gc, os, resource, sys
from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary, finalize, ref
gc.disable()

class Thing:
    __slots__ = "__weakref__", "held"

def limit(headroom):
    '''Leave so many MiB of address space.'''
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (headroom << 20), resource.RLIM_INFINITY))

def unlimit():
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

def consistent(container, things):
    '''Whether exactly the first of the things are in it.'''
    shown = list(container.values() if isinstance(container, WeakValueDictionary) else container)
    return len(container) == len(shown) and shown == things[: len(shown)]

things = [Thing() for _ in range(200_000)]
"""

# Without a GIL, the interpreter has memory in reserve: for the references, not for tables.
COPIES = 1000 if FREE_THREADED else 20
HEADROOMS = [2, 5 if FREE_THREADED else 9]

KINDS = {
    "WeakSet": ("WeakSet()", "container.add(thing)", "container.update(things)", "WeakSet(things)"),
    "WeakKeyDictionary": (
        "WeakKeyDictionary()",
        "container[thing] = None",
        "container.update((thing, None) for thing in things)",
        "WeakKeyDictionary((thing, None) for thing in things)",
    ),
    "WeakValueDictionary": (
        "WeakValueDictionary()",
        "container[id(thing)] = thing",
        "container.update(zip(map(id, things), things))",
        "WeakValueDictionary(zip(map(id, things), things))",
    ),
}


@pytest.mark.parametrize("headroom", HEADROOMS)
@pytest.mark.parametrize("kind", KINDS)
def test_growth_in_a_shortage(kind, headroom):
    """S36: filling a container one by one, and at once, ends with `MemoryError`; what is in it stays, and it goes on."""
    make, add, update, construct = KINDS[kind]
    code = f"""
        def one_by_one():
            for thing in things:
                {add}

        def at_once():
            {update}

        for fill in one_by_one, at_once:
            container = {make}
            limit({headroom})
            try:
                fill()
                print("filled")
            except MemoryError:
                pass
            unlimit()
            print(consistent(container, things), len(container) < len(things))
            fill()
            print(len(container) == len(things))
            del container
        limit({headroom})
        kept = []
        try:
            for _ in range(20):
                kept.append({construct})
        except MemoryError:
            print("refused")
    """
    assert output_of(SHORT + textwrap.dedent(code)) == ["True True", "True"] * 2 + ["refused"]


@pytest.mark.parametrize("operation", ["container.copy()", "container | container", "container.data", "[*container]"])
@pytest.mark.parametrize("kind", KINDS)
def test_copies_in_a_shortage(kind, operation):
    """S36: a copy, or a picture, for which there is no memory is a `MemoryError`, and the container as it was."""
    make, _, update, _ = KINDS[kind]
    code = f"""
        container = {make}
        {update}
        limit(1)
        kept = []
        try:
            for _ in range({COPIES}):
                kept.append({operation})
        except MemoryError:
            print("refused")
        unlimit()
        print(consistent(container, things), len(container) == len(things))
    """
    assert output_of(SHORT + textwrap.dedent(code)) == ["refused", "True True"]


@pytest.mark.parametrize("walks", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_deaths_under_open_iterators_in_a_shortage(kind, walks):
    """S36: the entry goes, and the iterators go on."""
    make, _, update, _ = KINDS[kind]
    code = f"""
        container = {make}
        {update}
        begun = [iter(container) for _ in range({walks})]
        for walk in begun:
            next(walk)
        thing = None
        limit(0)
        for _ in range(1000):
            things.pop()
        unlimit()
        print(consistent(container, things), len(container) == len(things))
        print([sum(1 for _ in walk) for walk in begun] == [len(things) - 1] * {walks})
    """
    assert output_of(SHORT + textwrap.dedent(code)) == ["True True", "True"]
