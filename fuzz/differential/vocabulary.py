"""The words of programs, besides the classes: what acts on things and looks at results."""

import inspect
import re
import types
import weakref
from functools import partial

from assigned import KINDS, entries_of
from describe import describe, describe_error
from objects import Boom, Plain
from owners import Owner, pickled
from tracing import put_back, replace

END = "end"
STEPS = 5


def unordered(container):
    return hasattr(container, "intersection_update")


class Vocabulary:
    """Every public method is a word. The rest of a world is in `world.World`."""

    # Things

    def make(self, name, kind, *args):
        self._give(name, self._create(kind, args))
        self.made[name] = (kind, *args)

    def temporary(self, kind, *args):
        """A thing without a name, which dies at the end of the line if nothing keeps it."""
        return self._create(kind, args)

    def _create(self, kind, args):
        if self.shared:
            return self.leader.created.popleft()
        thing = self.population.create(kind, *args)
        self.created.append(thing)
        return thing

    def crowd(self, count):
        """Many things at once, for operations that take long."""
        return [self.population.create(Plain) for _ in range(count)]

    def chain(self, recipe, length):
        """A thing that is the only owner of a chain (see `chains.py`). What it takes to make the links goes as deep as the
        chain is long, and is not told of."""
        return self.observe(partial(self.links.chain, recipe), length)

    def drop(self, name):
        self.population.release(self.names.get(name))
        self.names.pop(name, None)

    def keep(self, name, thing):
        """Names a Phoenix that has risen."""
        self._give(name, thing)
        self.made[name] = (type(thing), thing.group)

    def _give(self, name, thing):
        # Who had it may rise and take it again, and would otherwise lose it without being released.
        while name in self.names:
            self.drop(name)
        self.names[name] = thing

    def link(self, thing, target):
        thing.link = target

    def collect(self):
        """Collects; within one collection only what is called for the same thing has an order."""
        if self is not self.population.worlds[-1]:
            return
        if self.deaths and self.valued and not self.implementation.sound:
            self.put_off = True
            return
        before = [world.log for world in self.population.worlds]
        for world in self.population.worlds:
            world.log = []
        self.population.collect()
        for world, log in zip(self.population.worlds, before):
            log.extend(sorted(world.log, key=lambda entry: (entry[0], entry[0] < 0 and repr(entry))))
            world.log = log

    # Hooks

    def on_hash(self, thing, text):
        """Not if there is a shared plain reference, which keeps the hash."""
        if not any(type(each) is weakref.ref and each.__callback__ is None for each in weakref.getweakrefs(thing)):
            self.hooks["hash", thing.number] = text

    def on_eq(self, first, second, text):
        self.hooks[("eq", *sorted((first.number, second.number)))] = text

    def on_del(self, thing, text):
        self.hooks["del", thing.number] = text

    def boom(self, *args):
        if not self.stopped:
            raise Boom(self)

    def note(self, owner, /, *args, **kwargs):
        """Its result keeps nothing: weakrefs drops the result before the arguments, 3.14 after.
        It asks for no items of a `dict`: from 3.13 on, to make their iterator crashes if memory is short."""
        self.log.append((owner, "noted", describe(args), [(name, describe(kwargs[name])) for name in kwargs]))
        return describe(args)

    def noted(self, thing, tag):
        owner = -1 if thing is None else thing.number
        return lambda reference: self.log.append((owner, "callback", tag, describe(reference)))

    def census(self, thing, tag):
        """A callback that sees the containers between other callbacks of the same death."""
        owner = thing.number

        def callback(reference):
            seen = {name: describe(container) for name, container in self.containers().items()}
            self.log.append((owner, "census", tag, describe(reference), seen))

        return callback

    def act(self, text):
        return lambda *args: self.enact(text, death=True)

    def each(self, things, text):
        """Yields things, and runs the text before the second. They live until the line ends."""
        self.created.extend(things)
        for index, thing in enumerate(things):
            if index == 1:
                self.execute(text)
            yield thing

    # What needs both worlds to agree on an order

    def pop(self, weakset):
        if not unordered(weakset):
            return weakset.pop()
        if self.leader is None:
            self.chosen.append(None)
            thing = weakset.pop()
            self.chosen[-1] = describe(thing)
            return thing
        chosen = self.leader.chosen.popleft() if self.leader.chosen else None
        taken = self.observe(lambda chosen: self._take(weakset, chosen), chosen)
        return weakset.pop() if taken is None else taken

    def _take(self, weakset, chosen):
        for thing in weakset:
            if describe(thing) == chosen:
                self.implementation.remove(weakset, thing)
                return thing
        return None

    def iterate(self, container, method):
        if unordered(container) and self.leader is not None:
            return Following(self, container)
        walk = self.observe(lambda walked: self.implementation.iterate(walked, method), container)
        return Leading(self, walk) if unordered(container) else walk

    def walk(self, container, method, text):
        """Takes some steps with one iterator, and runs the text after each."""
        walk = self.iterate(container, method)
        seen = []
        while len(seen) < STEPS and (not seen or seen[-1] != END):
            seen.append(describe(self.step(walk)))
            self.execute(text)
        return seen

    def step(self, iterator):
        return next(iterator, END)

    # Observations

    def bag(self, values):
        return sorted(map(describe, values), key=repr)

    def listed(self, container):
        return self.bag(container) if unordered(container) else list(container)

    def references(self, weakset):
        return self.bag(reference() for reference in weakset.data)

    def data(self, dictionary):
        return list(dictionary.data.items())

    def copied(self, container, duplicate):
        """By the `copy` module; but a weak set of 3.14 would then share its `data`."""
        return container.copy() if unordered(container) else duplicate(container)

    def valued(self, dictionary):
        """For what means something else where the keys are weak."""
        if not hasattr(dictionary, "valuerefs"):
            raise TypeError
        return dictionary

    def hashed(self, value):
        """Not of a dead plain reference: whether anything had it hashed is nobody's promise."""
        if type(value) is weakref.ref and value() is None:
            return "dead"
        number = hash(value)
        return number if number < 3 else "hash"

    def text(self, value):
        return re.sub("0x[0-9a-fA-F]+", "0x", repr(value))

    # Finalizers and methods

    def fin(self, thing, *args, **kwargs):
        finalizer = self.names["finalize"](thing, *args, **kwargs)
        self.finalizers.append(finalizer)
        return finalizer

    def function(self):
        def made(thing):
            return thing.tag

        return made

    def bound(self, function, thing):
        return types.MethodType(function, thing)

    # Owners, subscribers and tracers

    def owner(self, held, tag, kind="finalize"):
        made = Owner(held, tag)
        made.finalizer = self.names[kind](made, self.note, -1, tag)
        if kind != "finalize":
            made.finalizer.tag = tag
        self.finalizers.append(made.finalizer)
        return made

    def pickled(self, value, protocol):
        return pickled(value, protocol)

    def ismethod(self, value):
        return inspect.ismethod(value)

    def subscribe(self, method):
        self.bus.append(self.names["WeakMethod"](method))

    def publish(self, thing):
        """Sends to every method in the bus whose object lives."""
        answers = []
        for kept in self.bus:
            method = kept()
            if method is not None:
                try:
                    answers.append(describe(method(thing)))
                except Exception as error:
                    answers.append(describe_error(error))
        self.bus = [kept for kept in self.bus if kept() is not None]
        return answers

    def trace(self, name, *methods):
        cls = self.implementation.classes[name]
        for method in methods:
            if (cls, method) not in self.traces:
                replace(cls, method)
                self.traces.append((cls, method))

    def untrace(self):
        while self.traces:
            put_back(*self.traces.pop())

    # The private parts of containers

    def assign(self, container, kind, entries):
        """Has the container take such data."""
        self.implementation.assign(container, KINDS[kind](entries_of(container, entries)))

    def replace_remove(self, container, function):
        self.implementation.replace_remove(container, function)

    def watched(self, container, thing, key):
        """One's own reference, which tells the container of the death."""
        if hasattr(container, "valuerefs"):
            return self.names["KeyedRef"](thing, container._remove, key)
        reference = weakref.ref(thing, container._remove)
        hash(reference)
        return reference


class Leading:
    """A weak set's open iterator in the world that goes first."""

    def __init__(self, world, iterator):
        self.world = world
        self.iterator = iterator

    def __next__(self):
        self.world.chosen.append(None)
        thing = next(self.iterator)
        self.world.chosen[-1] = describe(thing)
        return thing


class Following:
    """In the other: what the first yielded, if a snapshot has it; what it missed, at the end."""

    def __init__(self, world, weakset):
        self.world = world
        self.weakset = weakset
        self.left = None

    def __next__(self):
        if self.left is None:
            self.left = list(self.weakset.data)
            self.weakset = None
        chosen = self.world.leader.chosen.popleft()
        for index, reference in enumerate(self.left):
            thing = reference()
            if thing is not None and (chosen is None or describe(thing) == chosen):
                del self.left[index]
                return thing
        raise StopIteration
