"""`install`, `uninstall` and `installed`: our classes under the standard names of `weakref` and `_weakrefset`.

Only names are exchanged, for the whole process; no object changes. What `_standard` does first keeps the objects of
the standard classes working beside ours.

The standard names are ours as long as anybody wants it: from `install()` to `uninstall()`, and within every open
`installed()` block. The wishes are counted under one lock, and the names follow when the first comes or the last goes;
a wish counts once the names have followed, so that after an error all is as before. Nothing of the user's runs under
the lock; it is re-entrant lest a signal handler that installs should wait for itself.

Importing this module must cost next to nothing, so it imports what it needs when it is needed.
"""

import _thread
import sys

_lock = _thread.RLock()
_requested = False  # by install(), and not yet taken back by uninstall()
_blocks = 0  # open installed() blocks
# (namespace, what was there, what we put there), one for each module while ours are in
_replaced: list[tuple[dict[str, object], ...]] = []


class InstallWarning(RuntimeWarning):
    """Some modules took a standard class by name before `install` or `installed`, and keep it.

    >>> import warnings, weakrefs
    >>> warnings.simplefilter("ignore", weakrefs.InstallWarning)
    """

    __module__ = __package__


def install(*, warn=True):
    """Put our classes into the modules `weakref` and `_weakrefset`, for the whole process.

    These are `WeakSet`, `WeakKeyDictionary`, `WeakValueDictionary`, `WeakMethod`, `KeyedRef` and `finalize`. Modules
    that took a standard class by name before (`from weakref import WeakSet`) keep it; one `InstallWarning` names them,
    but for those of the standard library, unless `warn` is false. Should the warning be turned into an error, nothing
    has changed. `status` tells all. Objects of the standard classes stay what they are and keep working. Doing it twice
    is the same as doing it once.

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
        _follow(True)
        _requested = True


def uninstall():
    """Put back what `install` found under the standard names.

    A name that somebody else has assigned since keeps what they assigned. Where an `installed()` block is still open,
    ours stay until it ends. Without an `install` before, nothing happens.

    >>> import weakref, weakrefs
    >>> weakrefs.uninstall()
    >>> weakref.WeakSet is weakrefs.WeakSet
    False
    """
    global _requested
    with _lock:
        _follow(_blocks > 0)
        _requested = False


def installed(*, warn=True):
    """A context manager: in its block ours have the standard names, as by `install`; afterwards all is as before.

    >>> import weakref, weakrefs
    >>> with weakrefs.installed(warn=False):
    ...     weakref.WeakSet is weakrefs.WeakSet
    True
    """
    return _Block(warn)


class _Block:
    __slots__ = ("_warn",)

    def __init__(self, warn):
        self._warn = warn

    def __enter__(self):
        global _blocks
        if self._warn:
            _warn_of_holders()
        with _lock:
            _follow(True)
            _blocks += 1

    def __exit__(self, *exc_info):
        global _blocks
        with _lock:
            _follow(_requested or _blocks > 1)
            _blocks -= 1


def is_installed():
    """Whether ours have the standard names now: after `install`, or in an `installed` block, wherever it is open.

    >>> import weakrefs
    >>> with weakrefs.installed(warn=False):
    ...     weakrefs.is_installed()
    True
    >>> weakrefs.is_installed()
    False
    """
    with _lock:
        return bool(_replaced)


def standard_classes():
    """The classes whose names ours have, or would have."""
    from . import _standard

    with _lock:
        found = [before for _, before, _ in _replaced] or [_found(*public) for public in _standard.PUBLIC]
    return list({id(cls): cls for before in found for cls in before.values()}.values())


def warning_of_holders():
    """The text that names the modules which will not notice; None where there are none, or ours are in already.

    The standard library's own modules are left out: they keep to themselves what they do with the standard classes, and
    nobody could have come before them.
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


def _follow(wanted):
    """Brings the names in line with what is wanted. The lock is held."""
    if wanted and not _replaced:
        _replace()
    elif _replaced and not wanted:
        _restore()


def _found(namespace, names):
    """What is under the names; one that somebody has taken out stays out."""
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
        # They are pickled by the public names, and a plain interpreter can load it. The standard `WeakSet` says
        # `_weakrefset`, so its representation tells it from ours. That of the others can't: a class shows what it is
        # pickled by, and only a metaclass could change that, which would refuse subclasses that have another.
        for cls in ours.values():
            cls.__module__ = "weakref"


def _restore():
    for namespace, before, ours in _replaced:
        namespace.update({name: before[name] for name in before if namespace.get(name) is ours[name]})
        for cls in ours.values():
            cls.__module__ = __package__
    _replaced.clear()
