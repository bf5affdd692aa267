"""Owners of finalizers, as temporary directories are, and their copies by `pickle`.

A copy of a finalizer is a dead one (S40), so a copied owner never cleans up for the original.
"""

import io
import pickle

from objects import Plain


class Owner:
    """Has a finalizer of itself, which reads nothing of it, and holds a thing besides."""

    def __init__(self, held, tag):
        self.held = held
        self.tag = tag
        self.finalizer = None


def pickled(value, protocol):
    """The value after a pickle and back. Things and classes stand for themselves, as copies have it."""
    strangers = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, each):
            if not isinstance(each, (Plain, type)):
                return None
            strangers.append(each)
            return str(len(strangers) - 1)

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, number):
            return strangers[int(number)]

    stored = io.BytesIO()
    Pickler(stored, protocol).dump(value)
    stored.seek(0)
    return Unpickler(stored).load()
