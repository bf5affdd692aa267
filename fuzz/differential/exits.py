"""Finalizers at interpreter exit: both sides run the same random set of them; a difference is the
exit status.

Importing this registers an exit function. Exit functions run newest first, so this one, which
compares, has to be registered before the first finalizer is created.
"""

import atexit
import os
import sys

from objects import Boom

DIFFERENT = 70
ACTIONS = ("note", "note", "raise", "create", "detach", "call", "drop")


class Referent:
    pass


class ExitingSide:
    """One implementation's finalizers that wait for the exit, and what they did."""

    def __init__(self, finalize):
        self.finalize = finalize
        self.log = []
        self.referents = []
        self.finalizers = []

    def add(self, action, other, waits):
        number = len(self.referents)
        self.referents.append(Referent())
        finalizer = self.finalize(self.referents[-1], self.act, number, action, other)
        finalizer.atexit = waits
        self.finalizers.append(finalizer)

    # Changes of `atexit` during the exit are left out: 3.14 heeds them only if a finalizer was
    # created meanwhile.
    def act(self, number, action, other):
        target = self.finalizers[other % len(self.finalizers)]
        self.log.append((number, action, target.alive))
        if action == "raise":
            raise Boom(self)
        if action == "create":
            self.add("note", other, True)
        elif action == "detach":
            target.detach()
        elif action == "call":
            target()
        elif action == "drop":
            self.referents[other % len(self.referents)] = None

    def outcome(self):
        return self.log, [finalizer() for finalizer in self.finalizers]


def check_at_exit(rng, implementations):
    sides.extend(ExitingSide(implementation.classes["finalize"]) for implementation in implementations)
    for _ in range(rng.randrange(40)):
        action, other, waits = rng.choice(ACTIONS), rng.randrange(1000), rng.random() < 0.8
        for side in sides:
            side.add(action, other, waits)
    sys.excepthook = lambda kind, error, traceback: error.world.log.append("reported")


def _compare():
    if sides and sides[0].outcome() != sides[1].outcome():
        fail("finalizers at exit:", *[side.outcome() for side in sides])


def fail(*words):
    print(*words, sep="\n", file=sys.stderr, flush=True)
    os._exit(DIFFERENT)


sides = []
atexit.register(_compare)
