"""S35, S2: the end of long chains, in which each object of weakrefs is the last owner of the next.

A death that is a frame of the C stack would end the process. Each chain goes by its first link, on the main thread and
on a thread with a small stack; when the last `del` returns, all of it has happened. WEAKREFS_CHAIN and
WEAKREFS_THREAD_CHAIN are the lengths.
"""

import os
import sys

import pytest
from support import output_of

CHAIN = int(os.environ.get("WEAKREFS_CHAIN", "30_000"))
THREAD_CHAIN = int(os.environ.get("WEAKREFS_THREAD_CHAIN", "20_000"))

HEAD = """
import gc, sys, threading, weakrefs
from types import MethodType
from weakrefs import KeyedRef, WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize, ref

gc.disable()

class Thing:
    '''Has room for what it owns; `ended` counts how many have gone.'''
    ended = 0

    def __init__(self, owned=None):
        self.owned = owned

    def __del__(self):
        Thing.ended += 1

    def method(self, *_):
        pass

    def __call__(self, *_):
        pass

class Slim:
    __slots__ = "__weakref__", "owned"

class Keys(WeakKeyDictionary):
    def clear(self):
        super().clear()

    def __del__(self):
        Thing.ended += 1

class Values(WeakValueDictionary):
    __slots__ = ("owned",)

class Set(WeakSet):
    def __del__(self):
        Thing.ended += 1

class Method(WeakMethod):
    def __del__(self):
        Thing.ended += 1

class Reference(KeyedRef):
    pass

class Finalizer(finalize):
    def __call__(self, _=None):
        return super().__call__()

def owner(owned):
    def function(*_):
        return owned
    return function

kept, fired = Thing(), []
members, keys, values = WeakSet(), WeakKeyDictionary(), WeakValueDictionary()
"""
TAIL = """
reports = []
sys.unraisablehook = lambda report: reports.append(repr(report.exc_value))

def main():
    chain, check = build()
    chain.clear()
    print(bool(check()), reports[:1], weakrefs.getweakrefcount(kept))

if THREAD:
    threading.stack_size(256 * 1024)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
else:
    main()
print("done")
"""

# Each builds a chain, of which it returns a list with the only reference to its first link, and what is to be true when
# that has gone.
CHAINS = {
    "KeyedRef, by key": """
        link = Thing()
        for _ in range(N):
            link = KeyedRef(kept, None, link)
        return [link], lambda: Thing.ended == 1
    """,
    "KeyedRef, by callback": """
        link = Thing()
        for _ in range(N):
            link = KeyedRef(kept, link, 0)
        return [link], lambda: Thing.ended == 1
    """,
    "attributes of KeyedRefs": """
        link = Thing()
        for _ in range(N):
            reference = Reference(kept, None, 0)
            reference.owned = link
            link = reference
        return [link], lambda: Thing.ended == 1
    """,
    "WeakMethod, by callback": """
        link = Thing()
        for _ in range(N):
            link = WeakMethod(kept.method, link)
        return [link], lambda: Thing.ended == 1
    """,
    "WeakMethod, by callback of a subclass": """
        link = Thing()
        for _ in range(N):
            link = Method(kept.method, link)
        return [link], lambda: Thing.ended == N + 1
    """,
    "WeakMethod, by callback after the death of an object": """
        methods, link = [], Thing()
        for _ in range(N):
            thing = Thing()
            methods.append(WeakMethod(thing.method, owner(link)))
            link = thing
        thing = None
        return [link], lambda: Thing.ended == N + 1 and not any(method() for method in methods) and not methods.clear()
    """,
    "WeakMethod, by callback after the death of a function": """
        methods, link = [], Thing()
        for _ in range(N):
            function = lambda *_: None
            methods.append(WeakMethod(MethodType(function, kept), owner(link)))
            link = function
        function = None
        return [link], lambda: Thing.ended == 1 and not any(method() for method in methods) and not methods.clear()
    """,
    "WeakKeyDictionary, nested values": """
        link = Thing()
        for _ in range(N):
            link = WeakKeyDictionary({kept: link})
        return [link], lambda: Thing.ended == 1
    """,
    "WeakValueDictionary, nested keys": """
        class Key:
            def __init__(self, owned):
                self.owned = owned
        link = Thing()
        for _ in range(N):
            link = WeakValueDictionary({Key(link): kept})
        return [link], lambda: Thing.ended == 1
    """,
    "attributes of WeakSets": """
        link = Thing()
        for _ in range(N):
            members = WeakSet([kept])
            members.owned = link
            link = members
        members = None
        return [link], lambda: Thing.ended == 1
    """,
    "one WeakKeyDictionary": """
        link = first = Thing()
        for _ in range(N):
            keys[link] = link = Thing()
        link = None
        chain = [first]
        return chain, lambda: len(keys) == 0 and Thing.ended == N + 1
    """,
    "two WeakKeyDictionaries": """
        both, link = (keys, WeakKeyDictionary()), Thing()
        chain = [link]
        for number in range(N):
            both[number % 2][link] = link = Thing()
        return chain, lambda: len(both[0]) == len(both[1]) == 0 and Thing.ended == N + 1
    """,
    "one WeakValueDictionary": """
        link = Thing()
        for _ in range(N):
            thing = Thing()
            values[Thing(link)] = thing
            link = thing
        thing = None
        return [link], lambda: len(values) == 0 and Thing.ended == 2 * N + 1
    """,
    "one WeakSet": """
        link = None
        for _ in range(N):
            link = Thing(link)
            members.add(link)
        return [link], lambda: len(members) == 0 and Thing.ended == N
    """,
    "finalize, by argument": """
        link = Thing()
        for number in range(N):
            thing = Thing()
            finalize(thing, lambda number, _: fired.append(number), number, link)
            link = thing
        thing = None
        return [link], lambda: fired == list(range(N))[::-1] and Thing.ended == N + 1
    """,
    "finalize, by named argument": """
        link = Thing()
        for number in range(N):
            thing = Thing()
            Finalizer(thing, lambda owned: fired.append(1), owned=link)
            link = thing
        thing = None
        return [link], lambda: len(fired) == N and Thing.ended == N + 1
    """,
    "finalize, by function": """
        link = Thing()
        for number in range(N):
            thing = Thing()
            finalize(thing, owner(link))
            link = thing
        thing = None
        return [link], lambda: Thing.ended == N + 1
    """,
    "finalize, by a native function": """
        link = Thing()
        for number in range(N):
            thing = Thing()
            finalize(thing, fired.append, 1)
            finalize(thing, [link].clear)
            link = thing
        thing = None
        return [link], lambda: len(fired) == N and Thing.ended == N + 1
    """,
    "finalize, detached": """
        # The last one is detached; what its arguments own goes on as ever.
        link = Thing()
        for _ in range(N):
            thing = Thing()
            finalizer = finalize(thing, lambda _: fired.append(1), link)
            link = thing

        class Detaching:
            def clear(self):
                finalizer.detach()
        link = None
        return Detaching(), lambda: len(fired) == N - 1 and Thing.ended == N and thing
    """,
    "iterators": """
        link = Thing()
        for _ in range(N):
            mapping = WeakKeyDictionary({kept: link})
            link = mapping.values()
        mapping = None
        return [link], lambda: Thing.ended == 1
    """,
    "iterators that have begun": """
        link = Thing()
        for _ in range(N):
            mapping = WeakKeyDictionary({kept: 0, Thing: link})
            link = mapping.items()
            next(link)
        mapping = None
        return [link], lambda: Thing.ended == 1
    """,
    "iterators that give the next": """
        link = Thing()
        for _ in range(N):
            mapping = WeakKeyDictionary({kept: 0, Thing: link})
            link = mapping.values()
            next(link)
            mapping.clear()
        mapping = None
        return [link], lambda: Thing.ended == 1
    """,
    "subclasses": """
        link = Thing()
        for number in range(N):
            if number % 3 == 0:
                link = Keys({kept: link})
            elif number % 3 == 1:
                derived = Set([kept])
                derived.owned = link
                link = derived
            else:
                derived = Values({1: kept})
                derived.owned = link
                link = derived
        derived = None
        return [link], lambda: Thing.ended == N - N // 3 + 1
    """,
    "mixture": """
        link = Thing()
        for number in range(N):
            kind = number % 9
            if kind == 0:
                link = KeyedRef(kept, None, link)
            elif kind == 1:
                link = {"owned": WeakMethod(kept.method, owner(link))}
            elif kind == 2:
                link = Keys({kept: (link,)})
            elif kind == 3:
                link = WeakValueDictionary({ref(kept, owner(link)): kept})
            elif kind == 4:
                link = Thing([link])
            elif kind == 5:
                link = WeakKeyDictionary({kept: {1: link}}).values()
            elif kind == 6:
                thing = Thing()
                finalize(thing, lambda _: fired.append(1), link)
                link = thing
            elif kind == 7:
                link = Method(kept.method, link)
            else:
                link = (KeyedRef(kept, link, 0),)
        thing = None
        return [link], lambda: len(fired) == len(range(6, N, 9))
    """,
    "collection": """
        # The whole chain is garbage of one cycle.
        last = link = []
        for number in range(N):
            if number % 4 == 0:
                link = KeyedRef(kept, None, link)
            elif number % 4 == 1:
                link = WeakKeyDictionary({kept: link})
            elif number % 4 == 2:
                link = WeakMethod(kept.method, owner(link))
            else:
                link = WeakKeyDictionary({kept: link}).items()
        last.append(link)
        last.append(Thing())

        class Collecting(list):
            def clear(self):
                super().clear()
                gc.collect()
        last = Collecting([last])
        return last, lambda: Thing.ended == 1
    """,
}

# Those whose links weakrefs does not own, or that die in the middle of a function that weakrefs calls.
OWN = {"attributes of KeyedRefs", "attributes of WeakSets", "one WeakSet", "finalize, by a native function"}


@pytest.mark.parametrize("where", ["main", "thread"])
@pytest.mark.parametrize("chain", CHAINS)
def test_the_end_of_a_chain(chain, where):
    """S35, S2: every link goes, and all has happened when the last `del` returns."""
    if where == "thread" and chain in OWN and sys.version_info[:2] == (3, 13):
        pytest.skip("a chain of lists ends 3.13 on such a thread")
    length = THREAD_CHAIN if where == "thread" else CHAIN
    program = f"{HEAD}\nN, THREAD = {length}, {where == 'thread'}\ndef build():\n{CHAINS[chain]}\n{TAIL}"
    assert output_of(program) == ["True [] 0", "done"]
