"""`status`: whether weakrefs has the standard names, and what still holds standard classes."""

from . import _install
from ._ephemerons import ephemerons


class Status:
    """What `status()` has found. It does not change afterwards; `str()` of it is for people.

    >>> import weakref, weakrefs
    >>> class OldCache(weakref.WeakValueDictionary): pass
    >>> status = weakrefs.status()
    >>> [name for name in status.subclasses if name.endswith("OldCache")] == [f"{__name__}.OldCache"]
    True
    """

    __slots__ = {
        "ephemerons": "Whether entries may refer to their own key, as `ephemerons()` says.",
        "installed": "Whether weakrefs had the standard names, as `is_installed()` says.",
        "instances": "The number of living objects of standard classes and their subclasses, by the name of the class.",
        "modules": "The names that are bound to standard classes, as `module.attribute`, also in the standard library.",
        "subclasses": "The classes that are derived from standard ones, as `module.name`.",
    }
    __module__ = __package__

    def __init__(self, installed, modules, subclasses, instances, ephemerons):
        self.installed = installed
        self.modules = modules
        self.subclasses = subclasses
        self.instances = instances
        self.ephemerons = ephemerons

    def __repr__(self):
        parts = (f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"Status({', '.join(parts)})"

    def __str__(self):
        counts = [f"{count} {name}" for name, count in self.instances.items()]
        return "\n".join(
            (
                f"weakrefs is {'' if self.installed else 'not '}installed",
                f"names of standard classes in modules: {', '.join(self.modules) or 'none'}",
                f"subclasses of standard classes: {', '.join(self.subclasses) or 'none'}",
                f"live instances of standard classes: {', '.join(counts) or 'none'}",
                f"ephemerons: {self.ephemerons}",
            )
        )


def status():
    """Return what still holds standard classes: names in modules, subclasses, and live instances.

    It asks the garbage collector for all its objects, which takes a while in a large program. It does not count what the
    collector does not list, such as objects that `gc.freeze` has put aside.

    >>> import weakrefs
    >>> print(weakrefs.status()) # doctest: +ELLIPSIS
    weakrefs is not installed
    names of standard classes in modules: ...
    subclasses of standard classes: ...
    live instances of standard classes: ...
    ephemerons: ...
    """
    from . import _holders

    standard = _install.standard_classes()
    return Status(
        _install.is_installed(),
        _holders.modules(standard),
        _holders.subclasses(standard),
        _holders.instances(standard),
        ephemerons(),
    )
