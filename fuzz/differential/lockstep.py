"""Runs one program in two worlds, line by line, and compares what can be seen after each.

A program is a list of lines of Python source, each one operation. After a line the comparison covers:

- its result, or the type (and where documented the arguments) of its exception;
- the log: deaths, callbacks, finalizers and calls of overridden methods, in order (those of weak
  sets' methods, which come in the order of the set, without);
- every container that the line names: its entries, in order; all of them now and then, and
  whenever a hook ran or something died;
- that the first side's `len` is the number of live entries that its iteration yields.

**Twins or shared things.** A hostile program (`shared=False`) runs on twins: each world has things
of its own, numbered alike. Hooks in `__eq__`, `__hash__` and `__del__` then change only the world
whose operation called them, when it calls them. With shared things, a hook or a death in the middle
of one side's operation would strike the other side between operations. A hook is armed for one line
and one pair of things, and runs once in each world, however often that compares.

A benign program (`shared=True`) has no hooks, and both implementations hold weak references to the
very same things: one death is an event for both. But a thing dies only after both sides have dropped
it. If a line about many entries removes the last strong value or key, the second side still holds
the thing while the first goes on. So a death in such a line makes it an accident (see below).

**What 3.14 leaves undefined.** Which equal-hash candidates a `dict` compares, and when, is an
accident of its internals; weakrefs finds by identity first. So after a line that a hook or callback
interrupted, the two sides must agree exactly only if the same hooks ran in both, in the same
order. The line is an accident if

- different hooks ran;
- a comparison inserted: a `dict` search may overlook an entry that comes into a place it has passed;
- the line is *fragile*: about many entries (bulk, `clear`, an iterable that acts, a collection),
  or an `add`: a `set` takes an entry for present that its comparison removed, and some versions of
  CPython crash. There only the first side is interrupted;
- the interpreter, before 3.14, was putting off removals;
- a death starts a collection, and the program has weak-valued mappings. The dying thing may be the
  key of a standard `KeyedRef` that is dying, too, and the interpreter crashes if its collector meets
  that reference through its referent. So the standard side skips such a collection.

`Lockstep._accident` has the requirements after an accident: no crash, the first side's invariants
hold, entries that nothing mentioned are still there, nothing is kept alive, and both agree when
filled anew.

`dict.pop` on an empty dict does not hash, so it takes unhashable keys. A value that was only alive
as its own key is dead before 3.14 reads the popped reference. weakrefs need not do so.
"""

import re
import sys
from collections import namedtuple
from functools import lru_cache

from describe import SKIPPED, contents, describe
from objects import Boom, Population, Unhashable
from strikes import LEAKS, NO_MEMORY, raised_by_strike, strike, without_words, wrong_state
from world import World

BULK = "  # bulk"
FULL_CHECK_EVERY = 25
HOLDER = re.compile(r"\b[skv]\d\b")
THING = re.compile(r"\bo\d\b")
INSERTING = re.compile(r"\] = |\.add\(|update|setdefault")
MANY = re.compile(r"# bulk| for |\.clear\(\)")
FRAGILE = re.compile(r"\.add\(|\.clear\(\)|\beach\(|\bcollect\(|\bassign\(|\bb\d\(|\bm\d\(\)\(")
UNORDERED = re.compile(r"\.clear\(\)|\bk\d.*# bulk")
# What a struck line may have changed besides containers.
ELSEWHERE = re.compile(r"\b[bfgmrw]\d|fin\(|finalize|drop|link\(|subscribe|publish")
UNNAMED = re.compile(
    r"clear|pop|[|&^-]=|update|intersection|difference|\b[skv]\d = "
    r"|drop\('[skv]|make|temporary|this| for |assign|publish|\bb\d|\bm\d\(\)\(|walk"
)

Difference = namedtuple("Difference", "index line what ours theirs")
Line = namedtuple("Line", "code containers fragile setup strike")


class Disagreement(Exception):
    """Ends a run: (what, ours, theirs)."""


@lru_cache(maxsize=20000)
def prepare(text):
    try:
        code = compile(text, "<program>", "eval")
    except SyntaxError:
        code = compile(text, "<program>", "exec")
    containers = tuple(sorted(set(HOLDER.findall(text))))
    fragile = BULK in text or FRAGILE.search(text) is not None
    setup = text.startswith(("on_", "make(", "c0 = "))
    return Line(code, containers, fragile, setup, strike(text))


class Lockstep:
    """Two worlds in step, for one program."""

    def __init__(self, ours, theirs, shared):
        population = Population()
        self.ours = World(ours, population)
        self.theirs = World(theirs, population if shared else Population(), leader=self.ours)
        self.worlds = (self.ours, self.theirs)
        self.running = self.ours
        self.operations = 0
        self.accidents = 0
        self.things_as_keys = False
        self.chained = False

    def run(self, program):
        """The first difference, or None."""
        hook, sys.unraisablehook = sys.unraisablehook, self._unraisable
        line = None
        index = 0
        self.chained = any("chain(" in text for text in program)
        for world in self.worlds:
            world.valued = any(name[0] == "v" for text in program for name in prepare(text).containers)
        try:
            for index, line in enumerate(program):
                self._step(index, line)
            line = "end of program"
            self._finish()
        except Disagreement as found:
            return Difference(index, line, *found.args)
        finally:
            sys.unraisablehook = hook
            for world in self.worlds:
                world.stop()
        return None

    def _unraisable(self, unraisable):
        error = unraisable.exc_value
        world = error.world if isinstance(error, Boom) else self.running
        world.log.append((-1, "unraisable", type(error).__name__))

    def _step(self, index, text):
        line = prepare(text)
        if line.strike:
            self._endure(text, line)
            return
        ours, theirs = self.worlds
        before = (
            {name: ours.observe(contents, value) for name, value in ours.containers().items()} if ours.hooks else {}
        )
        made = dict(ours.made)
        results = [self._run(world, line) for world in self.worlds]
        acted = ours.acted or theirs.acted
        if line.fragile or acted:
            self._tidy()
        if line.setup:
            self._compare("result", *results)
            return
        self.operations += results[0] != SKIPPED
        if (acted and self._is_accident(line)) or self._is_shared_death(text):
            self._accident(text, before, made)
            return
        if isinstance(results[0], tuple) and results[0][0] == "raises":
            # How far a set operation that fails came through methods that nothing came of.
            ours.calls.clear()
            theirs.calls.clear()
        if not (".pop(" in text and self._is_excused(results[0])):
            self._compare("result", *results)
        if text.startswith("collect"):
            # A collection takes the garbage of both worlds: of calls and errors in it the world that asked is told.
            for world in self.worlds:
                world.log[:] = [entry for entry in world.log if entry[1] not in ("called", "unraisable")]
        if acted or ours.log or theirs.log or ours.calls or theirs.calls or index % FULL_CHECK_EVERY == 0:
            # Owners are made anew in an order of either's own, in which the collector finds them.
            among_owners = text.startswith("collect") and any(name[0] == "w" for name in theirs.names)
            # A walk in the middle of a death may come upon its entry, and takes it out before its own turn comes.
            amid_death = any(HOLDER.search(text) for text in ours.acted)
            self._compare_all(among_owners or amid_death or UNORDERED.search(text) is not None)
        else:
            for name in line.containers:
                self._compare_container(name, *[world.names.get(name) for world in self.worlds])
        self._rest()

    def _endure(self, text, line):
        """A struck line. If it raised and nothing has changed, the other side is not asked; else what
        it came to is compared with what the other side's was before and after.
        """
        ours, theirs = self.worlds
        made, alive, before = dict(ours.made), set(ours.population.probes), self._pictures(ours)
        hungry = NO_MEMORY in text
        # A failed allocation in `set.intersection_update` crashes the interpreter.
        spared = hungry and line.fragile and not ours.implementation.sound
        # So does a death of which several callbacks tell, before 3.13: nothing dies without memory.
        held = [probe() for probe in ours.population.probes.values()] if hungry else []
        result = self._run(ours, line, None if spared else line.strike)
        held.clear()
        ours.population.reap()
        ours.deaths = 0
        self._tidy()
        self.operations += 1
        now = self._pictures(ours)
        raised = raised_by_strike(result)
        ours.population.leaking |= raised and LEAKS and hungry
        if (
            raised
            and now == before
            and alive == set(ours.population.probes)
            and not ours.population.leaking
            and not ELSEWHERE.search(text)
        ):
            theirs.population.count = max(ours.population.count, theirs.population.count)
            self._rest()
            return
        expected = self._run(theirs, line)
        self._tidy()
        if not raised and not (".pop(" in text and self._is_excused(result)):
            self._compare("result", *map(without_words, (result, expected)))
        # Callbacks need memory, too, and can be interrupted.
        silent = not (ours.log or theirs.log or ours.acted or theirs.acted)
        if not raised and silent:
            self._compare_all()
            self._rest()
            return
        whole = silent and not line.fragile and not MANY.search(text)
        afterwards = self._pictures(theirs)
        for name in before.keys() & now.keys() & afterwards.keys():
            states = [pictures[name][1] for pictures in (before, now, afterwards)]
            wrong = wrong_state(text, name, whole, *states)
            self._compare(f"{name}: {wrong}", wrong and states[1], wrong and states[2])
        self._accident(text, {name: entries for name, (_, entries) in before.items()}, made)

    def _pictures(self, world):
        """Which container each name means, and what is in it."""
        return {
            name: (id(container), world.observe(contents, container)) for name, container in world.containers().items()
        }

    def _run(self, world, line, strike=None):
        self.running = world
        return world.run(line.code, line.fragile, strike)

    def _compare(self, what, ours, theirs):
        if ours != theirs:
            raise Disagreement(what, ours, theirs)

    def _compare_all(self, unordered=False):
        ours, theirs = self.worlds
        if self.things_as_keys or self.chained or unordered:
            # A value's death may end its key's life: at once, or, in 3.14, when the `KeyedRef`
            # is gone, which holds the key, too. In which order `clear` drops is undefined, how long what
            # goes through a mapping holds its values, and where an interpreter breaks a deep chain.
            self._compare("log", *[sorted(world.log, key=repr) for world in self.worlds])
        else:
            self._compare("log", ours.log, theirs.log)
        self._compare("calls", *[sorted(world.calls, key=repr) for world in self.worlds])
        self._compare("alive", *[sorted(world.population.probes) for world in self.worlds])
        left, right = ours.containers(), theirs.containers()
        self._compare("containers", sorted(left), sorted(right))
        for name, container in left.items():
            self._compare_container(name, container, right[name])

    def _compare_container(self, name, ours, theirs):
        if ours is None and theirs is None:
            return
        entries = self.ours.observe(contents, ours)
        if hasattr(ours, "valuerefs") and any(type(key) is tuple for key, _ in entries):
            self.things_as_keys = True
        self._compare(
            name,
            (type(ours).__name__, entries),
            (type(theirs).__name__, self.theirs.observe(contents, theirs)),
        )
        self._compare(f"len({name})", len(ours), len(entries))

    def _rest(self):
        """Forgets what has been compared, and disarms the hooks that did not run, but of deaths."""
        for world in self.worlds:
            if world.log or world.calls or world.acted or world.hooks or world.chosen or world.created:
                world.log.clear()
                world.calls.clear()
                world.fired.clear()
                world.chosen.clear()
                world.created.clear()
                world.acted.clear()
                world.put_off = False
                world.hooks = {trigger: text for trigger, text in world.hooks.items() if trigger[0] == "del"}

    def _tidy(self):
        for world in self.worlds:
            for container in world.containers().values():
                world.observe(world.implementation.tidy, container)

    def _is_accident(self, line):
        ours, theirs = self.worlds
        if line.fragile or ours.fired != theirs.fired or theirs.put_off:
            return True
        return any(trigger[0] == "eq" and INSERTING.search(hook) for trigger, hook in ours.fired)

    def _is_shared_death(self, text):
        ours, theirs = self.worlds
        if ours.population is not theirs.population or not MANY.search(text):
            return False
        return any(entry[1] == "dead" for entry in theirs.log)

    def _is_excused(self, result):
        """Where `dict.pop` ends the value's life with that of its key."""
        return isinstance(result, tuple) and result[0] == "thing" and result[1] not in self.ours.population.probes

    def _accident(self, text, before, made):
        """What must hold even now: the invariants, and that both sides can go on in agreement."""
        self.accidents += 1
        ours, theirs = self.worlds
        touched = "\n".join([text, *ours.acted, *theirs.acted])
        for world in self.worlds:
            world.hooks = {}
        for name, container in ours.containers().items() if ours.implementation.sound else ():
            self._check_keys(name, container)
            if name in before and not UNNAMED.search(touched):
                self._check_untouched(name, before[name], container, touched, made)
        leaking = ours.population.leaking
        self._release()
        self._start_anew(leaking)
        self._compare_all()
        self._rest()

    def _check_keys(self, name, container):
        """`len` counts what is iterated; each key is found, and no two are equal."""
        keys = list(container)
        self._compare(f"len({name})", len(container), len(keys))
        found = {}
        for key in keys:
            self._compare(f"{describe(key)} in {name}", repr(key in container), "True")
            others = found.setdefault(hash(key), [])
            twice = any(key is other or key == other for other in others)
            self._compare(f"{describe(key)} twice in {name}", repr(twice), "False")
            others.append(key)

    def _check_untouched(self, name, before, container, touched, made_before):
        """Entries of things that neither line nor hook names, nor an equal one, are still there.

        A hook may have given a name to something else: what it meant before counts, too.
        """
        made = self.ours.made
        slots = THING.findall(touched)
        spoken = [meant[slot][1:] for meant in (made_before, made) for slot in slots if slot in meant]
        kept = contents(container)
        for slot in filter(self.ours.names.get, made):
            thing = self.ours.names[slot]
            if slot not in touched and made[slot][1:] not in spoken:
                for entry in before:
                    if thing.tag in (entry, entry[0]) and self._alive(entry):
                        there = entry in kept or self._by_now(entry) in kept
                        self._compare(f"{entry} in {name}", repr(there), "True")

    def _alive(self, entry):
        """Whether all things that an entry describes are alive."""
        tags = [entry] if entry[0] == "thing" else entry
        return all(
            tag[1] in self.ours.population.probes for tag in tags if isinstance(tag, tuple) and tag[0] == "thing"
        )

    def _by_now(self, entry):
        """How an entry reads once things have died to which one of its own values is a reference."""
        if entry[0] == "ref" and isinstance(entry[1], tuple) and not self._alive(entry[1]):
            return ("ref", "None")
        return tuple(self._by_now(part) if isinstance(part, tuple) else part for part in entry)

    def _release(self):
        """Everything must die that nothing but the containers could keep."""
        for world in self.worlds:
            world.release()
        for world in self.worlds:
            world.collect()
            world.population.forget_leaks()
        for what, world in (
            ("kept alive by ours", self.ours),
            ("kept alive by theirs", self.theirs),
        ):
            self._compare(what, sorted(world.population.probes), [])

    def _start_anew(self, leaking):
        """The containers that both have are filled with new things; if the interpreter may keep some for good, new ones."""
        ours, theirs = self.worlds
        types = [{(name, type(value).__name__) for name, value in world.containers().items()} for world in self.worlds]
        both = {name for name, _ in types[0] & types[1]}
        ours.population.count = theirs.population.count = max(ours.population.count, theirs.population.count)
        for world in self.worlds:
            world.log.clear()
            world.stopped = False
            world.made = dict(sorted(ours.made.items()))
            for name, (kind, *args) in world.made.items():
                world.make(name, kind, *args)
            for name, container in world.containers().items():
                if name not in both:
                    world.drop(name)
                    continue
                if leaking:
                    world.names[name] = container = type(container)()
                for slot in world.made:
                    self._insert(container, world.names[slot])
            world.log.clear()
            world.calls.clear()

    def _insert(self, container, thing):
        try:
            if not hasattr(container, "items"):
                container.add(thing)
            elif hasattr(container, "keyrefs"):
                container[thing] = 0
            else:
                container[thing.number % 5] = thing
        except TypeError:
            assert isinstance(thing, Unhashable)

    def _finish(self):
        self._compare_all()
        self._rest()
        self._release()
