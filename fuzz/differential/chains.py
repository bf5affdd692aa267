"""Deep chains: each link is the last owner of the next, so that one death is thousands.

A chain is written as a recipe, a letter for each kind of link, which is repeated up to a length.
At both ends, and wherever the recipe says `o`, there is a thing: their deaths are in the log, from
the first link to the last. Programs ask for lengths that 3.14 survives. weakrefs alone has
to end chains of any length (`endure`), in a child of its own.
"""

import sys
import threading
from itertools import cycle, islice
from weakref import ref

from forks import forked

# Links that the standard classes end in a Python frame each: the recursion limit bounds them.
FRAMES = "kfj"
FLAT = "KCMWVSIotdl"
LONGEST = 4000
LONGEST_IN_FRAMES = 100
ENDLESS = 100_000
STACK = 256 * 1024
SECONDS = 60


class Anchor:
    """What the references of all chains refer to; it outlives them."""

    def method(self):
        pass


ANCHOR = Anchor()


class Holder:
    """A hashable owner."""

    def __init__(self, owned):
        self.owned = owned


def owner(owned):
    return lambda *_: owned


class Links:
    """Puts one link before a chain: a method for each letter that is about weak classes."""

    def __init__(self, classes, create, ran):
        self.__dict__.update(classes)
        self.create = create
        self.ran = ran
        self.shared = self.WeakKeyDictionary()

    def chain(self, recipe, length):
        link = self.o(None)
        for kind in islice(cycle(recipe), length):
            link = getattr(self, kind)(link)
        return self.o(link)

    def o(self, link):
        thing = self.create()
        thing.link = link
        return thing

    def K(self, link):
        return self.KeyedRef(ANCHOR, None, link)

    def C(self, link):
        return self.KeyedRef(ANCHOR, owner(link), 0)

    def M(self, link):
        return self.WeakMethod(ANCHOR.method, owner(link))

    def W(self, link):
        return self.WeakKeyDictionary({ANCHOR: link})

    def V(self, link):
        return self.WeakValueDictionary({Holder(link): ANCHOR})

    def S(self, link):
        members = self.WeakSet([ANCHOR])
        members.owned = link
        return members

    def I(self, link):
        return self.W(link).values()

    def j(self, link):
        """An iterator that has begun."""
        values = self.WeakKeyDictionary({ANCHOR: 0, Anchor: link}).values()
        next(values)
        return values

    def k(self, link):
        """One mapping whose values are the next keys."""
        thing = self.create()
        self.shared[thing] = link
        return thing

    def f(self, link):
        """A finalizer whose arguments own the next object."""
        thing = self.create()
        self.finalize(thing, self.ran, thing.number, link)
        return thing

    def t(self, link):
        return (link,)

    def d(self, link):
        return {"owned": link}

    def l(self, link):
        return [link]


def recipe(rng, length):
    """A few letters, for a chain of that length at most, and a length. Most chains are short."""
    letters = FLAT if rng.random() < 0.5 else FLAT + FRAMES
    chosen = "".join(rng.choices(letters, k=rng.randrange(1, 9)))
    if length == LONGEST and set(chosen) & set(FRAMES):
        length = LONGEST_IN_FRAMES
    return chosen, int(length ** rng.uniform(0.5, 1))


def endure(rng, implementation, count):
    """What went wrong with chains of a length that only weakrefs can end, or None."""
    for _ in range(count):
        # Without a weak class among the links, it is the interpreter's own chain.
        chosen, length = recipe(rng, ENDLESS)
        chosen += rng.choice("KMWkf")
        small = rng.random() < 0.3
        length = min(length, ENDLESS // 5) if small else length
        outcome = forked(SECONDS, _end, implementation, chosen, length, small)
        if outcome != (0, ""):
            return f"chain({chosen!r}, {length}){' on a small stack' if small else ''}: {outcome}"
    return None


def _end(implementation, chosen, length, small):
    if not small:
        _end_here(implementation, chosen, length)
        return
    threading.stack_size(STACK)
    thread = threading.Thread(target=_end_here, args=(implementation, chosen, length))
    thread.start()
    thread.join()


def _end_here(implementation, chosen, length):
    """Every thing dies by the time the last name goes, and every finalizer runs, in the order of the links."""
    died, ran, watches = [], [], []

    class Thing:
        __slots__ = ("__weakref__", "link", "number")

    def create():
        thing = Thing()
        thing.number = len(watches)
        number = thing.number
        watches.append(ref(thing, lambda _: died.append(number)))
        return thing

    links = Links(implementation.classes, create, lambda number, _: ran.append(number))
    first = links.chain(chosen, length)
    del first
    wanted = sum(letter == "f" for letter in islice(cycle(chosen), length))
    if sorted(died) != list(range(len(watches))) or len(ran) != wanted or ran != sorted(ran, reverse=True):
        print(f"{len(died)} of {len(watches)} died, {len(ran)} of {wanted} ran", file=sys.stderr)
