"""`ephemerons()`: whether containers and finalizers may refer to the objects that they watch, and where."""

from . import _install, _weakrefs


class EphemeronStatus:
    """What `ephemerons()` has found; true if the engine is active. It does not change afterwards; `str()` of it is for people.

    >>> import weakrefs
    >>> status = weakrefs.ephemerons()
    >>> bool(status) == status.active == (status.reason is None)
    True
    """

    __slots__ = {
        "active": "Whether the engine takes part in the collections of this interpreter.",
        "everywhere": "Whether each `WeakKeyDictionary` has the rule, as `install(ephemerons=True)` asks for.",
        "reason": "Why the engine is not active, as a sentence; None if it is.",
    }
    __module__ = __package__

    def __init__(self, reason, everywhere):
        self.active = reason is None
        self.everywhere = everywhere
        self.reason = reason

    def __bool__(self):
        return self.active

    def __repr__(self):
        parts = (f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"EphemeronStatus({', '.join(parts)})"

    def __str__(self):
        if not self.active:
            return f"not active: {self.reason}"
        return "active for each WeakKeyDictionary" if self.everywhere else "active"


def ephemerons():
    """Return whether the engine behind `EphemeronDictionary` is active, and if not, why.

    Where it is not, an `EphemeronDictionary` is a `WeakKeyDictionary` and keeps entries whose value refers to their key, an
    `EphemeronValueDictionary` is a `WeakValueDictionary`, and a finalizer must not refer to its object. The engine checks in
    each collection whether the collector does what it expects, so the answer may change.

    >>> import weakrefs
    >>> print(weakrefs.ephemerons()) # doctest: +ELLIPSIS
    ...active...
    """
    return EphemeronStatus(_weakrefs.ephemerons(), _install.is_installed_with_ephemerons())
