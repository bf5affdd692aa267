"""One implementation's world: runs lines, and keeps the log of everything that happened in it."""

import copy
import re
import weakref
from collections import deque

from chains import Links
from describe import describe, describe_error
from objects import Boom, Equal, Interruption, Phoenix, Plain, Unhashable
from tracing import LISTENING
from vocabulary import END, Vocabulary, unordered

HOLDERS = ("s0", "s1", "k0", "k1", "v0", "v1")
OTHER = re.compile(r"[bcofgimrw]\d")


def unheard(*_):
    pass


class World(Vocabulary):
    """Runs lines of source over one implementation's classes and says what came of each.

    `leader` is the world that runs each line first: in orders that 3.14 leaves open (what a weak
    set pops or yields next) this one follows it. If both have the same population, it also takes
    the leader's things instead of making twins.
    """

    def __init__(self, implementation, population, leader=None):
        self.implementation = implementation
        self.population = population
        self.leader = leader
        self.log = []
        self.calls = []
        self.hooks = {}
        self.fired = []
        self.put_off = False
        self.deaths = 0
        self.valued = False
        self.acted = []
        self.acting = True
        self.stopped = False
        self.finalizers = []
        self.bus = []
        self.traces = []
        self.made = {}
        self.chosen = deque()
        self.created = deque()
        self.shared = leader is not None and leader.population is population
        population.worlds.append(self)
        self.links = Links(implementation.classes, lambda: population.create(Plain), self.ran)
        implementation.note = self.telling
        self.names = {name: getattr(self, name) for name in vars(Vocabulary) if name[0] != "_"}
        self.names.update(
            implementation.classes,
            Equal=Equal,
            Phoenix=Phoenix,
            Plain=Plain,
            Unhashable=Unhashable,
            copy=copy.copy,
            deepcopy=copy.deepcopy,
            ref=weakref.ref,
            proxy=weakref.proxy,
            END=END,
        )

    def run(self, code, fragile=False, strike=None):
        """What came of a line. A fragile one does not interrupt what could break from it."""
        self.implementation.note = self.telling
        self.acting = self.implementation.sound or not fragile
        LISTENING.append(self._hear)
        try:
            return self.observe(describe, self._struck(code, strike) if strike else eval(code, self.names))
        except (Exception, Interruption) as error:
            return describe_error(error)
        finally:
            LISTENING.pop()
            self.acting = True
            # The death of one may make another, while the deque is being cleared.
            while self.created and len(self.population.worlds) == 1:
                self.created.clear()

    def _struck(self, code, strike):
        try:
            strike.begin()
            return eval(code, self.names)
        finally:
            strike.end()

    def ran(self, number, *owned):
        self.log.append((number, "ran"))

    def observe(self, observation, value):
        """To look at something is no operation: no hook runs, and nobody hears of it."""
        hooks, self.hooks = self.hooks, {}
        LISTENING.append(unheard)
        try:
            return observation(value)
        finally:
            LISTENING.pop()
            self.hooks = hooks

    def fire(self, trigger, this=None):
        """Runs the hook of this trigger, if it is armed."""
        text = self.hooks.pop(trigger, None) if self.acting else None
        if text is not None:
            self.fired.append((trigger, text))
            self.put_off = self.put_off or self.implementation.busy(self.containers().values())
            self.enact(text, this, death=this is not None)

    def enact(self, text, this=None, death=False):
        """Runs a text from within an operation, or the death of something."""
        if self.acting and not self.stopped:
            self.acted.append(text)
            self.deaths += death
            try:
                self.execute(text, this)
            finally:
                self.deaths -= death

    def execute(self, text, this=None):
        """Errors are the text's own affair, except a Boom."""
        names = self.names if this is None else {**self.names, "this": this}
        try:
            exec(text, names)
        except Boom:
            self.log.append((-1, "boom"))
            raise
        except Exception as error:
            self.log.append((-1, "hook", describe_error(error)))

    def _hear(self, cls, container, method, args):
        """Of a method that is replaced for this world: the other's class may be a base of its own."""
        if (cls, method) in self.traces:
            self.telling(container, method, args)

    def telling(self, container, method, args):
        if unordered(container):
            # By which iterable one method hands things to another is nobody's promise.
            seen = ["iterable" if method in ("update", "__init__") else self.observe(describe, arg) for arg in args]
            self.calls.append((-1, "called", method, seen))
        else:
            self.log.append((-1, "called", method, self.observe(describe, args)))

    def containers(self):
        return {name: self.names[name] for name in HOLDERS if name in self.names}

    def stop(self):
        """From now on nothing acts on anything."""
        self.stopped = True
        self.hooks = {}
        self.untrace()
        for finalizer in self.finalizers:
            finalizer.detach()
        self.finalizers.clear()

    def release(self):
        """Lets go of everything but the containers, which are emptied."""
        self.stop()
        self.bus.clear()
        for container in self.containers().values():
            container.clear()
        for name in [name for name in self.names if OTHER.fullmatch(name)]:
            self.drop(name)
