"""S43, S44: random graphs of objects, entries of both classes and finalizers, against an oracle that knows every edge.

WEAKREFS_GRAPHS says how many graphs each test makes, from other seeds with WEAKREFS_SEED; a failure names its seed.
"""

import gc
import os
import random
import types

import pytest
from ephemeron_pairs import KINDS, WITH_ENGINE, Box, put, sides, watch
from weakrefs import finalize

pytestmark = [WITH_ENGINE, pytest.mark.usefixtures("engine")]

GRAPHS = int(os.environ.get("WEAKREFS_GRAPHS", "200"))
SEED = int(os.environ.get("WEAKREFS_SEED", "0"))


class Slotted:
    __slots__ = ("__weakref__", "out")


class Attributed:
    pass


class Row(list):
    pass


def node(rng):
    """An object of some kind, and the list of what it refers to."""
    out = []
    kind = rng.choice(["slots", "attributes", "attributes", "list", "function", "generator"])
    if kind == "list":
        made = Row()
        return made, made
    if kind == "function":

        def made():
            return out

    elif kind == "generator":
        made = suspended(out)
        next(made)
    else:
        made = Slotted() if kind == "slots" else Attributed()
        made.out = out
    return made, out


def suspended(out):
    yield out


# Subclasses have a dictionary of their own, and some have none.
MAPPINGS = [*KINDS, *(type("Derived", (kind,), {}) for kind in KINDS)]


class Graph:
    """Nodes and mappings, known by number, with all that refers to what.

    A target is `("node", n)` or `("mapping", m)`. An entry is, by mapping and a name of its own, the number of its weak side and
    the targets of its strong side. A finalizer is, by a number of its own, the number of its object, whether it refers to that,
    what else it refers to, and the numbers that its function has to find.
    """

    def __init__(self, seed, finalizers):
        self.rng = rng = random.Random(seed)
        count = rng.choice([3, 10, 30, 100, 300])
        self.nodes, self.outs = map(list, zip(*(node(rng) for _ in range(count))))
        self.mappings = [rng.choice(MAPPINGS)() for _ in range(rng.choice([1, 2, 5]))]
        self.number = {id(each): number for number, each in enumerate(self.nodes)}
        self.alive = [watch(each) for each in self.nodes], [watch(each) for each in self.mappings]
        self.edges = [set() for _ in self.nodes]
        self.entries = [{} for _ in self.mappings]
        self.finalizers, self.fired = {}, []
        for _ in range(rng.randrange(2 * count)):
            self.refer(rng.randrange(count), ("node", rng.randrange(count)))
        for number in range(len(self.mappings)):
            if rng.random() < 0.5:
                self.refer(rng.randrange(count), ("mapping", number))
        for _ in range(rng.randrange(3 * count)):
            self.store()
        if rng.random() < 0.3:
            self.remove()
        for number in range(rng.randrange(count) if finalizers else 0):
            self.finalize(number)
        # What the test itself refers to.
        self.held = {("node", number) for number in rng.sample(range(count), rng.randrange(min(count, 6)))}
        self.held |= {("mapping", number) for number in range(len(self.mappings)) if rng.random() < 0.7}

    def object(self, target):
        kind, number = target
        return (self.nodes if kind == "node" else self.mappings)[number]

    def refer(self, source, target):
        self.outs[source].append(self.object(target))
        self.edges[source].add(target)

    def some_nodes(self):
        return [("node", self.rng.randrange(len(self.nodes))) for _ in range(self.rng.randrange(3))]

    def store(self):
        """Stores an entry whose strong side is a node, or leads to some targets, or to none."""
        rng = self.rng
        where, weak = rng.randrange(len(self.mappings)), rng.randrange(len(self.nodes))
        targets = self.some_nodes()
        if targets and rng.random() < 0.5 and not isinstance(self.object(targets[0]), Row):
            targets = targets[:1]
            strong = self.object(targets[0])
        else:
            if rng.random() < 0.2:
                targets.append(("mapping", rng.randrange(len(self.mappings))))
            strong = Box([[self.object(target)] for target in targets])
        if isinstance(self.nodes[weak], Row):
            return  # a list has no hash
        mapping, entries = self.mappings[where], self.entries[where]
        put(mapping, self.nodes[weak], strong)
        entries[self.name(mapping, self.nodes[weak], strong)] = weak, set(targets)

    def name(self, mapping, weak, strong):
        """What tells an entry from others of its mapping: the key."""
        key = weak if isinstance(mapping, KINDS[0]) else strong
        return self.number.setdefault(id(key), len(self.number))

    def remove(self):
        for mapping, entries in zip(self.mappings, self.entries):
            for key in list(mapping):
                if self.rng.random() < 0.3:
                    del mapping[key]
                    del entries[self.number[id(key)]]

    def finalize(self, name):
        """Finalizers that refer to their object, and others, which own what they refer to."""
        of, targets = self.rng.randrange(len(self.nodes)), self.some_nodes()
        thing, others = self.nodes[of], [self.object(target) for target in targets]
        way = self.rng.choice(["method", "argument", "keyword", "none"])
        fire = self.fire(name)
        if way == "method":
            finalize(thing, types.MethodType(fire, thing), *others)
        elif way == "argument":
            finalize(thing, fire, thing, *others)
        elif way == "keyword":
            finalize(thing, lambda *others, thing: fire(thing, *others), *others, thing=thing)
        else:
            finalize(thing, fire, None, *others)
        own = way != "none" or ("node", of) in targets
        self.finalizers[name] = (
            of,
            own,
            set(targets),
            (None if way == "none" else of, [number for _, number in targets]),
        )

    def fire(self, name):
        def fire(thing, *others):
            found = None if thing is None else self.number[id(thing)]
            self.fired.append((name, (found, [self.number[id(other)] for other in others])))

        return fire

    def reachable(self):
        """What is reachable now, and the finalizers that run before the rest is gone, with what they find."""
        fired = []
        while True:
            live = self.reach(self.held.union(*(owned for _, own, owned, _ in self.finalizers.values() if not own)))
            ended = [name for name, (of, *_) in self.finalizers.items() if ("node", of) not in live]
            if not ended:
                return live, sorted(fired)
            fired += [(name, self.finalizers.pop(name)[-1]) for name in ended]

    def reach(self, roots):
        live, waiting = set(), list(roots)
        while waiting:
            while waiting:
                target = waiting.pop()
                if target not in live:
                    live.add(target)
                    kind, number = target
                    waiting += self.edges[number] if kind == "node" else ()
            for kind, number in list(live):
                if kind == "mapping":
                    for weak, targets in self.entries[number].values():
                        if ("node", weak) in live:
                            waiting += targets - live
            for of, own, targets, _ in self.finalizers.values():
                if own and ("node", of) in live:
                    waiting += targets - live
        return live

    def forget(self):
        """Keeps only what is held. The graph is then what refers to itself."""
        self.nodes = {number: self.nodes[number] for kind, number in self.held if kind == "node"}
        self.mappings = {number: self.mappings[number] for kind, number in self.held if kind == "mapping"}
        self.outs = None

    def let_go(self):
        """Lets go of some of what is held."""
        self.held = {target for target in self.held if self.rng.random() < 0.5}
        self.forget()

    def shown(self):
        """What is alive, and what the mappings show that can still be reached."""
        nodes, mappings = self.alive
        alive = {("node", number) for number, there in enumerate(nodes) if there()}
        alive |= {("mapping", number) for number, there in enumerate(mappings) if there()}
        entries = {
            number: [(self.name(mapping, *pair), self.number[id(pair[0])]) for pair in sides(mapping)]
            for number, mapping in self.mappings.items()
        }
        return alive, entries

    def expected(self):
        live, fired = self.reachable()
        for number, entries in enumerate(self.entries):
            there = ("mapping", number) in live
            self.entries[number] = {
                name: entry for name, entry in entries.items() if there and ("node", entry[0]) in live
            }
        held = {number for kind, number in self.held if kind == "mapping"}
        entries = {number: [(name, weak) for name, (weak, _) in self.entries[number].items()] for number in held}
        return live, entries, fired


def collect(rng):
    """A full collection, now and then after others, and among other garbage."""
    if rng.random() < 0.5:
        gc.collect(rng.choice([0, 1]))
    garbage = [[number] for number in range(rng.randrange(50))]
    for each in garbage:
        each.append(each)
    garbage = each = None
    gc.collect()


@pytest.mark.parametrize("number", range(4))
def test_entries_follow_the_oracle(number):
    """S43: everything that can be reached is alive with its entries in order, and after one full collection nothing else."""
    for seed in range(SEED + number, SEED + GRAPHS, 4):
        graph = Graph(seed, finalizers=False)
        graph.forget()
        while True:
            live, entries, _ = graph.expected()
            collect(graph.rng)
            alive, shown = graph.shown()
            assert alive == live, seed
            assert shown == entries, seed
            if not graph.held:
                break
            graph.let_go()


@pytest.mark.parametrize("number", range(4))
def test_finalizers_follow_the_oracle(number):
    """S44: those of unreachable objects run once, on the intact object; no other runs, and what is reachable stays."""
    for seed in range(SEED + number, SEED + GRAPHS, 4):
        graph = Graph(seed, finalizers=True)
        graph.forget()
        while True:
            live, entries, fired = graph.expected()
            collect(graph.rng)
            while gc.collect():
                pass  # an object that a finalizer owned may need a collection of its own
            alive, shown = graph.shown()
            assert alive == live, seed
            assert shown == entries, seed
            assert sorted(graph.fired) == fired, seed
            graph.fired.clear()
            if not graph.held:
                break
            graph.let_go()
