"""Random programs: which lines, and in them which arguments.

The writer keeps track of the names that a line can expect to be bound, so few lines lack a name. It
never runs anything, so a program depends on the seed (and the interpreter's version) alone, and a
program without some of its lines is still a program. Names: things `o0`-`o7`, weak sets
`s0` `s1`, weak-keyed mappings `k0` `k1`, weak-valued ones `v0` `v1`, open iterators `i0`-`i5`,
references `r0`-`r2`, finalizers `f0`-`f2`, weak methods `m0` `m1`, functions `g0` `g1`, owners of
finalizers `w0` `w1`, bound methods `b0` `b1`.
"""

import random
import re
import sys

import chains
import strikes
from assigned import BEHAVING, PLAIN
from multitudes import CHAINS, CROWDED_KEYED, CROWDED_SET, CROWDED_VALUED, LOOSE_CHAINS
from operations import (
    DEATHS,
    FINALIZERS,
    HOOKS,
    KEYED,
    LOOPED_MAPPING,
    LOOPED_SET,
    METHODS,
    ONE_OF_MAPPING,
    ONE_OF_SET,
    OPEN,
    REFERENCES,
    SET,
    TEXTS,
    THINGS,
    VALUED,
)
from surroundings import ASSIGNED, BUSES, OWNERS, TRACES, WALKS
from tracing import TRACED

# Changing a container while one of its own iterators runs is defined on both sides from 3.14 on.
SNAPSHOTS = sys.version_info >= (3, 14)
HOLDERS = {"s": "WeakSet", "k": "WeakKeyDictionary", "v": "WeakValueDictionary"}
MENUS = {"s": SET, "k": KEYED, "v": VALUED}
SINGLES = {"s": ONE_OF_SET, "k": ONE_OF_MAPPING, "v": ONE_OF_MAPPING}
CROWDED = {"s": CROWDED_SET, "k": CROWDED_KEYED, "v": CROWDED_VALUED}
LOOPS = {"s": LOOPED_SET, "k": LOOPED_MAPPING, "v": LOOPED_MAPPING}
ITERATIONS = {
    "s": ["__iter__"],
    "k": ["keys", "values", "items"],
    # Without "keys": weakrefs shows a key if the value that it has by then lives, 3.14 if the one that it had does (S21).
    "v": ["values", "items", "itervaluerefs"],
}
# Methods that take one thing, or nothing. Special methods of weakrefs are slots; the interpreter makes their bound form.
ONE_THING = {
    "s": ["add", "discard", "remove", "update", "issubset", "clear"],
    "k": ["get", "pop", "setdefault", "update", "keyrefs", "popitem"],
    "v": ["get", "pop", "setdefault", "update", "valuerefs", "popitem"],
}
# How long an open iterator keeps its container is nobody's promise.
HOLDER_DEATH = re.compile(r"(fin|ref|WeakMethod|subscribe)\([skvb]\d")
# Nor is how long it keeps what it has passed: strong values, and the keys of `KeyedRef`s.
KEEPING = re.compile(r"\bv\d\[[ot]|\b[kv]\d\.setdefault\([ot]")
# What makes no sense where both sides share their things.
TWINS_ONLY = re.compile(r"act\(|walk\(|trace\('(?:finalize|WeakMethod)|census\(|each\(|link\(.*, [skv]\d|fin\(.*, 5\)")
# What sees the order of deaths, which is open within a chain, or runs a text, of which a strike leaves a half.
IN_DEATHS = re.compile(r"act\(|census\(")
# By what a program may be struck, and how many are.
STRIKES = [(None, 80), ("memory", 12 * strikes.MEMORY), ("interrupt", 8 * strikes.TIMER)]
# Not struck: what both sides must choose alike, or hold open; a finalizer that keeps its object for good, which one side
# may have made and the other not; and a text in the middle, of which a strike leaves a half.
SPARED = re.compile(r"^pop\(|\bi\d|collect|\btext\(|fin\([skv]|fin\(.*(?:key=|nested)|walk|publish|each\(")
# Nor by failed allocations what breaks the interpreter itself: 3.13 crashes where a function is made,
# those before where a death is told to several, and `repr` takes what failed once for recursive.
FRAIL = re.compile(r"noted|pickled|bag|listed|function|\bfor\b|references|chain|0:1")


class Writer:
    """Writes one program. Indexing it gives an argument for a template's placeholder."""

    # What the line being written is about: its container, also when a hook's text is being written;
    # the thing that it names first; two things that collide; the thing and the container named last.
    target = aim = focus = pair = named = held = None

    def __init__(self, seed, length):
        self.rng = rng = random.Random(seed)
        self.length = length
        self.shared = rng.random() < 0.3
        self.open = rng.random() < 0.3
        self.spread = rng.choice((3, 8, 30))
        self.hostility = 0 if self.shared else rng.choice((0, 0.2, 0.5))
        kinds, weights = zip(*STRIKES)
        self.strike = None if self.shared else rng.choices(kinds, weights)[0]
        self.chained = not self.shared and rng.random() < 0.25
        self.traced = not self.strike and rng.random() < 0.25
        if self.strike or self.chained:
            self.hostility = 0
        self.bound = {}
        self.unhashable = set()
        self.holders = sorted(rng.sample(sorted(MENUS), rng.choice((1, 1, 2, 3))))
        self.holders = [kind + number for kind in self.holders for number in "01"]
        # No menu stands for those of the containers.
        self.menus = [None, FINALIZERS, METHODS, REFERENCES, THINGS, OWNERS, BUSES, ASSIGNED]
        self.weights = [70, 5, 7, 5, 12, 5, 5, 2]
        for menu, weight in (
            (OPEN, 25 * self.open),
            (WALKS, 4 * self.open),
            (LOOSE_CHAINS if self.open else CHAINS, 6 * self.chained),
            (TRACES, 5 * self.traced),
        ):
            self.menus.append(menu)
            self.weights.append(weight)
        self.lines = []

    def write(self):
        for slot in range(8):
            self._make(f"o{slot}")
        for name in self.holders:
            self._create(name)
        while len(self.lines) < self.length:
            self._line()
        return self.lines

    def _line(self):
        rng = self.rng
        if rng.random() < 0.03:
            self._create(rng.choice(self.holders))
        missing = [slot for slot in range(8) if f"o{slot}" not in self.bound]
        if missing and rng.random() < 0.15 * len(missing):
            self._make(f"o{rng.choice(missing)}")
        if self.strike and rng.random() < 0.03:
            self._gather()
            return
        if rng.random() < self.hostility:
            self._ambush()
            return
        menu = rng.choices(self.menus, self.weights)[0]
        if menu is None:
            self._operate(rng.choice(self.holders))
        else:
            self._write(menu)

    def _gather(self):
        """Gathers a crowd, and does something with all of it."""
        self.lines.append(f"c0 = crowd({self.rng.randrange(100, 2000)})")
        self._operate(self.rng.choice(self.holders), CROWDED)

    def _ambush(self):
        """Arms a hook, and then does something that is likely to run it."""
        self.pair = self._colliding()
        if not self.pair:
            return
        target = self.rng.choice(self.holders)
        if self.rng.random() < 0.7 and not (self.open and target[0] == "v"):
            insert = {"s": "{}.add({})", "k": "{}[{}] = 0", "v": "{}[{}] = o0"}[target[0]]
            self.lines.append(insert.format(target, self.pair[1]))
        self.aim = target
        self._write(HOOKS)
        self.focus = self.pair[0]
        self._operate(target, SINGLES if self.rng.random() < 0.5 else None)
        self.aim = self.focus = self.pair = None

    def _colliding(self):
        """Two things of equal hash, if there are any."""
        hashed = [name for name, group in self.bound.items() if group is not None]
        if len(hashed) < 2:
            return None
        first = self.rng.choice(hashed)
        same = [name for name in hashed if (self.bound[name] - self.bound[first]) % 3 == 0 and name != first]
        return first, self.rng.choice(same or hashed)

    def _operate(self, target, menus=None):
        self.target = target
        if menus is None:
            menus = LOOPS if SNAPSHOTS and self.rng.random() < 0.03 else MENUS
        self._write(menus[target[0]])
        self.target = None

    def _write(self, menu):
        line = menu.choose(self.rng).format_map(self)
        if self.shared and TWINS_ONLY.search(line):
            return
        if (self.chained or self.strike) and IN_DEATHS.search(line):
            return
        if self.open and KEEPING.search(line):
            return
        if (self.shared or self.open) and HOLDER_DEATH.search(line):
            return
        self.lines.append(self._struck(line))
        if line.startswith("drop('o"):
            self.bound.pop(line[6:8], None)

    def _struck(self, line):
        rng = self.rng
        if not self.strike or rng.random() > (0.8 if "c0" in line else 0.25) or SPARED.search(line):
            return line
        if self.strike == "interrupt":
            words = f"interrupt {int(10 ** rng.uniform(1.5 if 'c0' in line else 0.5, 3.3))}"
        elif FRAIL.search(line):
            return line
        else:
            first = int(10 ** rng.uniform(0, 3 if "c0" in line else 1.7)) - 1
            words = f"no memory {first} {rng.choice((0, first + 1, first + rng.randrange(1, 9)))}"
        return f"{line}, {words}" if "# bulk" in line else f"{line}  # {words}"

    def _make(self, name):
        rng = self.rng
        chance = rng.random()
        group = None
        self.unhashable.discard(name)
        if chance < 0.1:
            line = f"make('{name}', Plain)"
        elif chance < 0.12:
            line = f"make('{name}', Unhashable)"
            self.unhashable.add(name)
        else:
            group = rng.randrange(self.spread)
            kind = "Phoenix" if chance > 0.85 and not self.shared else "Equal"
            line = f"make('{name}', {kind}, {group})"
        self.bound[name] = group
        self.lines.append(line)

    def _create(self, name):
        variant = self.rng.choice(("", "", "Sub", "Slots", "Loud"))
        self.lines.append(f"{name} = {variant}{HOLDERS[name[0]]}()")

    # Arguments

    def __getitem__(self, placeholder):
        return getattr(self, "_" + placeholder)()

    def _c(self):
        if self.aim and self.rng.random() < 0.6:
            self.held = self.aim
        else:
            self.held = self.target or self.rng.choice(self.holders)
        return self.held

    def _n(self):
        """The name that a result gets: one of the target's kind."""
        return self.target[0] + self.rng.choice("01")

    def _first(self):
        return self.pair[0]

    def _second(self):
        return self.pair[1]

    def _o(self):
        self.named = self._thing()
        return self.named

    def _same(self):
        return self.named

    def _thing(self):
        if self.focus and self.target:
            name, self.focus = self.focus, None
            return name
        if self.pair and not self.focus and self.rng.random() < 0.4:
            return self.rng.choice(self.pair)
        names = list(self.bound)
        if names and (self.shared or self.rng.random() < 0.97):
            return self.rng.choice(names)
        return "o0" if self.shared else self._temporary()

    def _s(self):
        """The name of a thing, bound or not."""
        return f"o{self.rng.randrange(8)}"

    def _temporary(self):
        return f"temporary(Equal, {self.rng.randrange(self.spread)})"

    def _x(self):
        return self.rng.choice(("5", "None", "'text'", "[]", "proxy(o1)", "ref(o2)", "len", "object()", "(1, [])"))

    def _t(self):
        return str(self.rng.randrange(5))

    def _group(self):
        return str(self.rng.randrange(self.spread))

    def _k(self):
        if self.target and self.target[0] == "k":
            return self._o()
        return self._t() if self.open or self.rng.random() < 0.7 else self._o()

    def _v(self):
        if self.target and self.target[0] == "v":
            return self._o()
        return self._t() if self.open or self.rng.random() < 0.7 else self._o()

    def _pair(self):
        return f"{self._k()}: {self._v()}"

    def _u(self):
        """What a mapping can be updated from, more or less."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.5:
            return self._n()
        if chance < 0.8:
            return "{" + ", ".join(self._pair() for _ in range(rng.randrange(4))) + "}"
        if chance < 0.95:
            return "[" + ", ".join(f"({self._k()}, {self._v()})" for _ in range(rng.randrange(4))) + "]"
        return self._x()

    def _i(self):
        """What a set can be combined with, more or less."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.5:
            return self._n()
        things = ", ".join(self._o() for _ in range(rng.randrange(1, 5)))
        if chance < 0.9:
            return rng.choice(("[{}]", "{{{}}}", "iter([{}])", "(thing for thing in [{}])")).format(things)
        return rng.choice((f"[{things}, {self._x()}]", self._x(), "[]", "set()"))

    def _y(self):
        """What fails nowhere: some operations, of some versions, stop before they come to it."""
        names = [name for name in self.bound if name not in self.unhashable]
        if self.rng.random() < 0.5 or not names:
            return self._n()
        return f"iter([{', '.join(self.rng.choices(names, k=3))}])"

    def _f(self):
        return self.rng.choice(("f0", "f1", "f2"))

    def _m(self):
        return self.rng.choice(("m0", "m1"))

    def _g(self):
        return self.rng.choice(("g0", "g1"))

    def _r(self):
        return self.rng.choice(("r0", "r1", "r2"))

    def _j(self):
        return self.rng.choice(("i0", "i1", "i2", "i3", "i4", "i5"))

    def _opened(self):
        name = self.rng.choice(self.holders)
        return f"iterate({name}, {self.rng.choice(ITERATIONS[name[0]])!r})"

    def _w(self):
        return self.rng.choice(("w0", "w1"))

    def _b(self):
        return self.rng.choice(("b0", "b1"))

    def _protocol(self):
        """From 2 on: before, the message about what cannot be pickled has other words."""
        return str(self.rng.randrange(2, 6))

    def _method(self):
        """One of the container named last that takes one thing."""
        return self.rng.choice(ONE_THING[self.held[0]])

    def _trace(self):
        name = self.rng.choice([HOLDERS[self.rng.choice(self.holders)[0]]] * 4 + ["WeakMethod", "finalize"])
        methods = self.rng.sample(TRACED[name], min(len(TRACED[name]), self.rng.randrange(1, 7)))
        return f"trace({', '.join(map(repr, (name, *methods)))})"

    def _plain(self):
        """Data with mere contents. (An interruption of an `OrderedDict` may break it.)"""
        kinds = PLAIN[self.held[0]]
        return repr(self.rng.choice(kinds[:2] if self.hostility else kinds).__name__)

    def _behaving(self):
        return repr(self.rng.choice(BEHAVING[self.held[0]]).__name__)

    def _contents(self):
        """What becomes the data of the container named last."""
        count = self.rng.randrange(5)
        if self.held[0] == "s":
            return "[" + ", ".join(self._o() for _ in range(count)) + "]"
        outer, self.target = self.target, self.held
        pairs = [f"({self._k()}, {self._v()})" for _ in range(count)]
        self.target = outer
        return "[" + ", ".join(pairs) + "]"

    def _method_of_c(self):
        return repr(self.rng.choice(ITERATIONS[self.held[0]]))

    def _changes(self):
        """A text that most likely changes the container named last."""
        aim, self.aim = self.aim, self.held
        text = self._text()
        self.aim = aim
        return text

    def _text(self):
        return repr(self._inner(TEXTS))

    def _death(self):
        return repr(self._inner(DEATHS))

    def _inner(self, menu):
        target, self.target = self.target, None
        text = menu.choose(self.rng).format_map(self)
        self.target = target
        return text

    def _chain(self):
        recipe, length = chains.recipe(self.rng, chains.LONGEST)
        return f"chain({recipe!r}, {length})"

    def _other(self):
        """Any container."""
        return self.rng.choice(self.holders)
