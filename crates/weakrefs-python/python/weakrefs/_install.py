"""`install`, `uninstall` and `installed`: our classes under the standard names of `weakref` and `_weakrefset`.

Only names are exchanged, for the whole process; no object changes. What `_standard` does first keeps the objects of
the standard classes working beside ours.

The standard names are ours as long as anybody wants it: from `install()` to `uninstall()`, and within every open
`installed()` block. The wishes are counted under one lock, and the names follow when the first comes or the last goes.
Nothing of the user's runs under the lock; it is re-entrant lest a signal handler that installs should wait for itself.

Importing this module must cost next to nothing, so it imports what it needs when it is needed.
"""

import _thread
import sys

_lock = _thread.RLock()
_requested = False  # by install(), and not yet taken back by uninstall()
_blocks = 0  # open installed() blocks
_replaced = []  # (namespace, what was there, what we put there), one for each module while ours are in


def install():
    """Put our classes into the modules `weakref` and `_weakrefset`, for the whole process.

    These are `WeakSet`, `WeakKeyDictionary`, `WeakValueDictionary`, `WeakMethod`, `KeyedRef` and `finalize`. Modules
    that took a standard class by name before (`from weakref import WeakSet`) keep it; one `RuntimeWarning` names them.
    Should the warning be turned into an error, nothing has changed. Objects of the standard classes stay what they are
    and keep working. Doing it twice is the same as doing it once.

    >>> import weakref, weakrefs
    >>> weakrefs.install()
    >>> weakref.WeakSet is weakrefs.WeakSet
    True
    >>> weakrefs.uninstall()
    """
    global _requested
    _warn_of_holders()
    with _lock:
        _requested = True
        _follow()


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
        _requested = False
        _follow()


def installed():
    """A context manager: in its block ours have the standard names, as by `install`; afterwards all is as before.

    >>> import weakref, weakrefs
    >>> with weakrefs.installed():
    ...     weakref.WeakSet is weakrefs.WeakSet
    True
    """
    return _Block()


class _Block:
    __slots__ = ()

    def __enter__(self):
        global _blocks
        _warn_of_holders()
        with _lock:
            _blocks += 1
            _follow()

    def __exit__(self, *exc_info):
        global _blocks
        with _lock:
            _blocks -= 1
            _follow()


def install_at_startup(quiet):
    """`install` before the program begins, with nobody to blame for what the interpreter itself has loaded.

    Standard modules keep their own use of the standard classes to themselves, so only other modules, loaded by a `.pth`
    file, are named.
    """
    global _requested
    holders = [] if quiet else _holders()
    holders = [name for name in holders if name.partition(".")[0] not in sys.stdlib_module_names]
    with _lock:
        _requested = True
        _follow()
    if holders:
        import warnings

        warnings.warn_explicit(_message(holders), RuntimeWarning, "python -m weakrefs", 0)


def _follow():
    """Brings the names in line with what is wanted. The lock is held."""
    wanted = _requested or _blocks > 0
    if wanted and not _replaced:
        _replace()
    elif _replaced and not wanted:
        _restore()


def _replace():
    from . import _standard

    _standard.prepare()
    package = sys.modules[__package__]
    for namespace, names in _standard.PUBLIC:
        before = {name: namespace[name] for name in names}
        ours = {name: getattr(package, name) for name in names}
        _replaced.append((namespace, before, ours))
        namespace.update(ours)
        # Under the standard names they are pickled by these: a plain interpreter can load it.
        for name in names:
            ours[name].__module__ = before[name].__module__


def _restore():
    for namespace, before, ours in _replaced:
        namespace.update({name: before[name] for name in before if namespace.get(name) is ours[name]})
        for cls in ours.values():
            cls.__module__ = __package__
    _replaced.clear()


def _warn_of_holders():
    """Names to the caller's caller the modules that will not notice; silent where ours are in already."""
    holders = [] if _replaced else _holders()
    if holders:
        import warnings

        warnings.warn(_message(holders), RuntimeWarning, stacklevel=3)


def _message(holders):
    return "weakrefs: these names were bound before and keep the standard classes: " + ", ".join(holders)


def _holders():
    """`module.attribute` for every global of a module that is one of the classes about to be replaced.

    `sys.modules` holds whatever programs put there: lazy modules that load when touched, objects that raise on any
    access. So only real modules count, by their type, and their dictionary is read past any `__getattribute__`; nothing
    in it is compared but by identity.
    """
    from . import _standard

    module_type = type(sys)
    dictionary_of = module_type.__dict__["__dict__"].__get__
    standard = {id(namespace[name]) for namespace, names in _standard.PUBLIC for name in names}
    seen = {id(namespace) for namespace, _ in _standard.PUBLIC}
    holders = []
    for module_name, module in sys.modules.copy().items():
        namespace = dictionary_of(module) if issubclass(type(module), module_type) else None
        if namespace is None or id(namespace) in seen or type(module_name) is not str:
            continue
        seen.add(id(namespace))
        for name, value in namespace.copy().items():
            if id(value) in standard and type(name) is str:
                holders.append(f"{module_name}.{name}")
    return sorted(holders)
