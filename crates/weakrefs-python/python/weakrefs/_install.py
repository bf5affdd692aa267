"""`install`, `uninstall` and `installed`: the classes of weakrefs under the standard names of `weakref` and `_weakrefset`.

Only names are exchanged, for the whole process; no object changes. `_standard` first makes sure that objects of the
standard classes keep working.

The names stay exchanged as long as anybody wants it: from `install()` to `uninstall()`, and within every open `installed()`
block. The first of these requests exchanges the names, the last restores them. The same holds of the rule of ephemerons and
the requests that ask for it. One lock guards the requests. A request counts after the names have followed, so an error leaves
all as before. No user code runs under the lock. The lock is re-entrant, so that a signal handler that installs does not wait
for itself.

Importing this module must cost next to nothing, so functions import what they need.
"""

import _thread
import sys

from . import _weakrefs

_lock = _thread.RLock()
# A request is whether it asks for ephemerons, too.
_requested: list[bool] = []  # that of install(), until uninstall() takes it back
_blocks: list[bool] = []  # those of the open installed() blocks
# (namespace, what was there, what replaced it), one for each module while the names are exchanged
_replaced: list[tuple[dict[str, object], ...]] = []


class InstallWarning(RuntimeWarning):
    """Some modules took a standard class by name before `install` or `installed`, and keep it.

    >>> import warnings, weakrefs
    >>> warnings.simplefilter("ignore", weakrefs.InstallWarning)
    """

    __module__ = __package__


def install(*, warn=True, ephemerons=False):
    """Put the classes of weakrefs into the modules `weakref` and `_weakrefset`, for the whole process.

    These are `WeakSet`, `WeakKeyDictionary`, `WeakValueDictionary`, `WeakMethod`, `KeyedRef` and `finalize`. A module that
    took a standard class by name before (`from weakref import WeakSet`) keeps it. Unless `warn` is false, one
    `InstallWarning` names such modules, without those of the standard library; `status` lists all. If a filter turns
    the warning into an error, nothing has changed. Objects of the standard classes keep working. A second call does
    nothing, unless it is the first with `ephemerons`.

    With `ephemerons`, each `WeakKeyDictionary` of the process lets go of entries whose value refers to their key, as an
    `EphemeronDictionary` does, and a finalizer may refer to its object in whatever way. `ephemerons()` says whether that
    works here.

    >>> import weakref, weakrefs
    >>> weakrefs.install(warn=False)
    >>> weakref.WeakSet is weakrefs.WeakSet
    True
    >>> weakrefs.uninstall()
    """
    global _requested
    if warn:
        _warn_of_holders()
    with _lock:
        requested = [bool(ephemerons) or any(_requested)]
        _follow(requested + _blocks)
        _requested = requested


def uninstall():
    """Put back what `install` found under the standard names.

    A name that somebody else has assigned since keeps what they assigned. While an `installed()` block is open, the names
    stay exchanged until it ends, and so does the rule of ephemerons if the block asks for it. Without an `install` before,
    nothing happens.

    >>> import weakref, weakrefs
    >>> weakrefs.uninstall()
    >>> weakref.WeakSet is weakrefs.WeakSet
    False
    """
    global _requested
    with _lock:
        _follow(_blocks)
        _requested = []


def installed(*, warn=True, ephemerons=False):
    """Return a context manager that installs weakrefs in its block, and restores the names at the end.

    The arguments are those of `install`.

    >>> import weakref, weakrefs
    >>> with weakrefs.installed(warn=False):
    ...     weakref.WeakSet is weakrefs.WeakSet
    True
    """
    return _Block(warn, bool(ephemerons))


class _Block:
    __slots__ = ("_ephemerons", "_warn")

    def __init__(self, warn, ephemerons):
        self._warn = warn
        self._ephemerons = ephemerons

    def __enter__(self):
        global _blocks
        if self._warn:
            _warn_of_holders()
        with _lock:
            blocks = [*_blocks, self._ephemerons]
            _follow(_requested + blocks)
            _blocks = blocks

    def __exit__(self, *exc_info):
        global _blocks
        with _lock:
            blocks = _blocks.copy()
            blocks.remove(self._ephemerons)
            _follow(_requested + blocks)
            _blocks = blocks


def is_installed():
    """Return whether weakrefs has the standard names now: after `install`, or while any `installed` block is open.

    >>> import weakrefs
    >>> with weakrefs.installed(warn=False):
    ...     weakrefs.is_installed()
    True
    >>> weakrefs.is_installed()
    False
    """
    with _lock:
        return bool(_replaced)


def is_installed_with_ephemerons():
    """Return whether anybody asks for ephemerons now."""
    with _lock:
        return any(_requested + _blocks)


def standard_classes():
    """The standard classes whose names are exchanged, or would be."""
    from . import _standard

    with _lock:
        found = [before for _, before, _ in _replaced] or [_found(*public) for public in _standard.PUBLIC]
    return list({id(cls): cls for before in found for cls in before.values()}.values())


def warning_of_holders():
    """The text of the warning about modules that keep standard classes; None if there are none, or weakrefs is installed.

    Modules of the standard library are left out: they keep their use of the standard classes to themselves, and nobody
    could have installed weakrefs before they were imported.
    """
    from . import _holders

    if is_installed():
        return None
    names = _holders.modules(standard_classes())
    names = [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]
    if not names:
        return None
    return "weakrefs: these names were bound before and keep the standard classes: " + ", ".join(names)


def _warn_of_holders():
    """Warns at the caller's caller."""
    message = warning_of_holders()
    if message:
        import warnings

        warnings.warn(message, InstallWarning, stacklevel=3)


def _follow(requests):
    """Brings the names, and then the rule of ephemerons, in line with the requests. The lock is held."""
    if requests and not _replaced:
        _replace()
    elif _replaced and not requests:
        _restore()
    _weakrefs.rule_for_all(any(requests))


def _found(namespace, names):
    """What is under the names, without those that somebody has deleted."""
    return {name: namespace[name] for name in names if name in namespace}


def _replace():
    from . import _standard

    _standard.prepare()
    package = sys.modules[__package__]
    replaced = []
    for namespace, names in _standard.PUBLIC:
        before = _found(namespace, names)
        replaced.append((namespace, before, {name: getattr(package, name) for name in before}))
    # Nothing fails from here on.
    for namespace, before, ours in replaced:
        _replaced.append((namespace, before, ours))
        namespace.update(ours)
        # Pickles then have the public names, and a plain interpreter can load them. `repr` shows the same names: it tells
        # `WeakSet` from the standard one, which says `_weakrefset`, but not the other classes. A metaclass could, but
        # would refuse subclasses with another metaclass.
        for cls in ours.values():
            cls.__module__ = "weakref"


def _restore():
    for namespace, before, ours in _replaced:
        namespace.update({name: before[name] for name in before if namespace.get(name) is ours[name]})
        for cls in ours.values():
            cls.__module__ = __package__
    _replaced.clear()
