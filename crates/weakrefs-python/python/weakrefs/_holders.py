"""Finds what still holds standard classes: names in modules, subclasses, live instances.

`sys.modules`, the lists of subclasses and the collector's list hold whatever programs made: lazy modules that load when
touched, objects that raise on any access, classes with metaclasses. So nothing here calls them: it recognises objects by
their type, reads dictionaries and names past any `__getattribute__`, and compares by identity only.
"""

import gc
import sys

from . import _standard

_module_type = type(sys)
_namespace_of = vars(_module_type)["__dict__"].__get__
_module_of = vars(type)["__module__"].__get__
_qualname_of = vars(type)["__qualname__"].__get__


def modules(standard):
    """`module.attribute` for every global of a module that is one of the classes; the exchanged names do not count."""
    wanted = {id(cls) for cls in standard}
    seen = {id(namespace) for namespace, _ in _standard.PUBLIC}
    holders = []
    for module_name, module in sys.modules.copy().items():
        namespace = _namespace_of(module) if issubclass(type(module), _module_type) else None
        if namespace is None or id(namespace) in seen or type(module_name) is not str:
            continue
        seen.add(id(namespace))
        for name, value in namespace.copy().items():
            if id(value) in wanted and type(name) is str:
                holders.append(f"{module_name}.{name}")
    return sorted(holders)


def subclasses(standard):
    """`module.qualname` of every class that is derived from one of the classes, over any number of steps."""
    return sorted(map(_name, _derived(standard)))


def instances(standard):
    """How many objects of the classes and their subclasses live, by `module.qualname`.

    It counts those that the collector lists, which knows the objects of all classes made by a class statement.
    """
    kinds = {id(cls): cls for cls in [*_classes(standard), *_derived(standard)]}
    counts = {}
    for each in gc.get_objects():
        cls = kinds.get(id(type(each)))
        if cls is not None:
            name = _name(cls)
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _classes(standard):
    """The classes among these: a program may have put something else under a standard name."""
    return [cls for cls in standard if issubclass(type(cls), type)]


def _derived(standard):
    found = {}
    waiting = _classes(standard)
    while waiting:
        for cls in type.__subclasses__(waiting.pop()):
            if id(cls) not in found:
                found[id(cls)] = cls
                waiting.append(cls)
    return list(found.values())


def _name(cls):
    return f"{_text(_module_of, cls)}.{_text(_qualname_of, cls)}"


def _text(part_of, cls):
    """A part of the name of a class; the attribute may be any object, or missing."""
    try:
        part = part_of(cls)
    except AttributeError:
        return "?"
    return str.__str__(part) if issubclass(type(part), str) else "?"
