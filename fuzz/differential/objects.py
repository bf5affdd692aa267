"""Referents: things with colliding hashes whose special methods run the program's own hooks.

Every thing carries a number. Things of the same number in two worlds are twins, and the number is
all that a description of a result shows of them.
"""

import gc
from weakref import ref


class Boom(Exception):
    """Raised on purpose; knows the world whose program asked for it."""

    def __init__(self, world):
        super().__init__()
        self.world = world


class Interruption(KeyboardInterrupt):
    """What an interrupt of a line raises; a real one is the user's."""


class Plain:
    """Equal to itself only, with the interpreter's own hash."""

    __slots__ = ("__weakref__", "link", "number", "tag", "world")

    def __init__(self, number, world):
        self.number = number
        self.tag = ("thing", number)
        self.world = world
        self.link = None

    def method(self):
        return self.tag

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


class Equal(Plain):
    """Equal to all of its group; groups share three hash values."""

    __slots__ = ("group",)

    def __init__(self, number, world, group):
        super().__init__(number, world)
        self.group = group

    def __hash__(self):
        if self.world.hooks:
            self.world.fire(("hash", self.number))
        return self.group % 3

    def __eq__(self, other):
        if not isinstance(other, Equal):
            return NotImplemented
        if self.world.hooks:
            self.world.fire(("eq", *sorted((self.number, other.number))))
        return self.group == other.group


class Phoenix(Equal):
    """Runs a hook when it dies, which may bring it back."""

    __slots__ = ()

    def __del__(self):
        if self.world.hooks:
            self.world.fire(("del", self.number), self)


class Unhashable(Plain):
    """Can be referenced weakly, cannot be hashed."""

    __slots__ = ()
    __hash__ = None

    def __eq__(self, other):
        return self is other


class Probe(ref):
    """Notes a thing's death. Created first, so told last; of a subclass, so never shared."""

    __slots__ = ("number", "population")

    def __new__(cls, thing, population):
        self = super().__new__(cls, thing, cls.died)
        self.number = thing.number
        self.population = population
        return self

    def __init__(self, thing, population):
        super().__init__(thing, type(self).died)

    def died(self):
        if self.population.probes.pop(self.number, None) is None:
            return
        for world in self.population.worlds:
            world.log.append((self.number, "dead"))


class Population:
    """The things of one world, or of two that share them.

    A collection is process-wide, but must only strike the world that asks for it: so whatever
    could become cyclic garbage waits in `limbo` and is let go just for the collection that its own
    world asked for.
    """

    def __init__(self):
        self.worlds = []
        self.count = 0
        self.probes = {}
        self.limbo = []
        self.leaking = False

    def create(self, kind, *args):
        thing = kind(self.count, self.worlds[0], *args)
        self.probes[self.count] = Probe(thing, self)
        self.count += 1
        return thing

    def release(self, thing):
        if getattr(thing, "link", None) is not None:
            self.limbo.append(thing)

    def reap(self):
        """Forgets those of whose death nothing could tell, because telling takes memory."""
        for number in [number for number, probe in self.probes.items() if probe() is None]:
            del self.probes[number]

    def forget_leaks(self):
        """What is alive though released, if that may be the interpreter's doing."""
        if self.leaking:
            self.probes.clear()
            self.leaking = False

    def collect(self):
        numbers = [thing.number for thing in self.limbo]
        self.limbo.clear()
        gc.collect()
        for number in numbers:
            probe = self.probes.get(number)
            survivor = probe and probe()
            if survivor is not None:
                self.limbo.append(survivor)
