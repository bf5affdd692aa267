"""What a result, an exception or a container looks like, in terms that both sides share.

Order is part of every description, except of a weak set, which has none. A description holds no
referent.
"""

import re
import types
import weakref

from objects import Equal, Phoenix, Plain, Unhashable
from owners import Owner

SKIPPED = "skipped"
EMPTY = "dictionary is empty"
# A native class says where it is from.
REFUSAL = re.compile(r"(cannot create weak reference to ')(?:weakrefs\.)?(.*)")


def describe(value):
    describer = DESCRIBERS.get(type(value))
    return describer(value) if describer else _describe_other(value)


def _itself(value):
    return value


def _tag(thing):
    return thing.tag


def _sequence(values):
    return (type(values).__name__, *map(describe, values))


def _unordered(values):
    return (type(values).__name__, *sorted(map(describe, values), key=repr))


def _mapping(mapping):
    return (
        type(mapping).__name__,
        *[(describe(key), describe(value)) for key, value in mapping.items()],
    )


DESCRIBERS = {
    int: _itself,
    str: _itself,
    bool: repr,
    type(None): repr,
    type(NotImplemented): repr,
    type: lambda value: ("type", value.__name__),
    tuple: _sequence,
    list: _sequence,
    set: _unordered,
    dict: _mapping,
    types.FunctionType: lambda value: ("function", value.__name__),
    types.MethodType: lambda value: ("method", describe(value.__self__), value.__func__.__name__),
    weakref.ProxyType: lambda value: "proxy",
    weakref.ref: lambda value: ("ref", describe(value())),
    Plain: _tag,
    Equal: _tag,
    Phoenix: _tag,
    Unhashable: _tag,
    Owner: lambda value: ("owner", value.tag, describe(value.held), value.finalizer.alive),
}


def _describe_other(value):
    name = type(value).__name__
    if name == "KeyedRef":
        return (name, describe(value.key), describe(value()))
    if name == "WeakMethod":
        return (name, describe(value()))
    if name.endswith("WeakSet"):
        return (name, *sorted(map(describe, value), key=repr))
    if name.endswith("Dictionary"):
        return _mapping(value)
    if hasattr(value, "__next__"):
        return "iterator"
    return (name,)


def describe_error(error):
    """The type always; arguments only where wording does not vary with the interpreter."""
    kind = type(error)
    if kind is NameError or kind is UnboundLocalError:
        return SKIPPED
    if kind is KeyError:
        return ("raises", "KeyError", *map(_describe_key, error.args))
    refusal = REFUSAL.search(str(error)) if kind is TypeError else None
    if refusal:
        return ("raises", "TypeError", refusal[1] + refusal[2])
    return ("raises", kind.__name__)


def _describe_key(value):
    """Whether a referent is still alive depends on the frames that the exception remembers; and how an empty
    dictionary says that it is one, on its class.
    """
    if isinstance(value, weakref.ref):
        return "ref"
    return EMPTY if isinstance(value, str) and value.endswith(EMPTY) else describe(value)


def contents(container):
    """The entries of a container, from its own iteration."""
    if hasattr(container, "items"):
        return [(describe(key), describe(value)) for key, value in container.items()]
    return sorted(map(describe, container), key=repr)
