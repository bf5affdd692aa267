"""What programs written for the standard containers of 3.10 to 3.13 reach for around an iteration.

There a removal waits while anybody iterates: an iterator enters itself in `_iterating`, by an `_IterationGuard`, removals
wait in `_pending_removals`, and `_commit_removals` does them. Here iterators walk snapshots, so nothing ever waits, and
these names say so: they are empty, false, or do nothing.
"""

from _weakref import ref


class _NoIterators(frozenset):
    """The iterators that removals wait for: none, whoever enters itself. It is shared by all containers."""

    __slots__ = ()

    def add(self, iterator):
        pass

    def discard(self, iterator):
        pass

    remove = discard


class Bookkeeping:
    """A base of the containers, for the names alone."""

    __slots__ = ()

    _iterating = _NoIterators()
    # Without `append`: what was put here would be lost.
    _pending_removals = ()
    _dirty_len = False

    def _commit_removals(self, *args):
        """Do nothing: no removal waits."""

    _scrub_removals = _commit_removals


class _IterationGuard:
    """A context manager around an iteration over a weak container, which it does not keep alive."""

    def __init__(self, weakcontainer):
        self.weakcontainer = ref(weakcontainer)

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        pass
