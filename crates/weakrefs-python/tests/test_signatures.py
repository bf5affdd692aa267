"""S25: names, kinds and defaults of parameters are those of the standard module, and calls accept what they say; S24: generics.

The expectations were read off 3.14 with `inspect`. What is parametrized over `either` also holds them against the standard module of the
running interpreter.
"""

import inspect
import types
import weakref
from typing import Generic, TypeVar

import pytest
import weakrefs
from support import Thing

CLASSES = {
    "WeakSet": lambda data=None: ...,
    "WeakValueDictionary": lambda other=(), /, **kw: ...,
    "WeakKeyDictionary": lambda dict=None: ...,
    "WeakMethod": lambda meth, callback=None: ...,
    "KeyedRef": lambda ob, callback, key: ...,
    "finalize": lambda obj, func, /, *args, **kwargs: ...,
}

MAPPING_METHODS = {
    "__copy__": lambda: ...,
    "__deepcopy__": lambda memo: ...,
    "clear": lambda: ...,
    "copy": lambda: ...,
    "get": lambda key, default=None: ...,
    "items": lambda: ...,
    "keys": lambda: ...,
    "pop": lambda key, *args: ...,
    "popitem": lambda: ...,
    "setdefault": lambda key, default=None: ...,
    "values": lambda: ...,
}

METHODS = {
    "WeakSet": {
        "__reduce__": lambda: ...,
        "add": lambda item: ...,
        "clear": lambda: ...,
        "copy": lambda: ...,
        "difference": lambda other: ...,
        "difference_update": lambda other: ...,
        "discard": lambda item: ...,
        "intersection": lambda other: ...,
        "intersection_update": lambda other: ...,
        "isdisjoint": lambda other: ...,
        "issubset": lambda other: ...,
        "issuperset": lambda other: ...,
        "pop": lambda: ...,
        "remove": lambda item: ...,
        "symmetric_difference": lambda other: ...,
        "symmetric_difference_update": lambda other: ...,
        "union": lambda other: ...,
        "update": lambda other: ...,
    },
    "WeakValueDictionary": MAPPING_METHODS
    | {
        "itervaluerefs": lambda: ...,
        "update": lambda other=None, /, **kwargs: ...,
        "valuerefs": lambda: ...,
    },
    "WeakKeyDictionary": MAPPING_METHODS
    | {
        "keyrefs": lambda: ...,
        "update": lambda dict=None, /, **kwargs: ...,
    },
    "WeakMethod": {"__call__": lambda: ...},
    "KeyedRef": {},
    "finalize": {"__call__": lambda _=None: ..., "detach": lambda: ..., "peek": lambda: ...},
}

ATTRIBUTES = {
    "WeakSet": {"data"},
    "WeakValueDictionary": {"data"},
    "WeakKeyDictionary": {"data"},
    "WeakMethod": set(),
    "KeyedRef": {"key"},
    "finalize": {"alive", "atexit"},
}

TYPE_ARGUMENTS = {
    "WeakSet": (int,),
    "WeakValueDictionary": (str, int),
    "WeakKeyDictionary": (int, str),
    "WeakMethod": (int,),
    "KeyedRef": (str, int),
}

Item = TypeVar("Item")

either = pytest.mark.parametrize("module", [weakrefs, weakref], ids=["ours", "standard"])
each_class = pytest.mark.parametrize("name", CLASSES)
each_method = pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name in METHODS for method in METHODS[name]]
)
# Whatever a native `__call__` takes, the interpreter describes it as `(*args, **kwargs)`.
each_described_method = pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name in METHODS for method in METHODS[name] if method != "__call__"]
)
each_generic = pytest.mark.parametrize("name", TYPE_ARGUMENTS)


def build(module, name, referent):
    """An instance of a class, made for one referent."""
    arguments = {
        "WeakSet": ([referent],),
        "WeakValueDictionary": ({referent: referent},),
        "WeakKeyDictionary": ({referent: referent},),
        "WeakMethod": (referent.__repr__,),
        "KeyedRef": (referent, None, 1),
        "finalize": (referent, int),
    }
    return getattr(module, name)(*arguments[name])


def parameters(function, kind):
    return [parameter.name for parameter in inspect.signature(function).parameters.values() if parameter.kind is kind]


# What `inspect` shows


@either
@each_class
def test_signature_of_a_class(module, name):
    """S25"""
    assert inspect.signature(getattr(module, name)) == inspect.signature(CLASSES[name])


@either
@each_described_method
def test_signature_of_a_method(module, name, method):
    """S25"""
    bound = getattr(build(module, name, Thing()), method)
    assert inspect.signature(bound) == inspect.signature(METHODS[name][method])


@either
@each_described_method
def test_signature_of_a_method_of_the_class(module, name, method):
    """S25: the same, after `self`."""
    signature = inspect.signature(getattr(getattr(module, name), method))
    first, *others = signature.parameters.values()
    assert first.name == "self"
    assert signature.replace(parameters=others) == inspect.signature(METHODS[name][method])


@each_class
def test_public_names(name):
    """S25, S26: all of them, and no other."""
    public = {attribute for attribute in dir(getattr(weakrefs, name)) if not attribute.startswith("_")}
    assert public == {method for method in METHODS[name] if not method.startswith("_")} | ATTRIBUTES[name]


# What a call accepts


@either
@each_method
def test_a_parameter_may_be_named(module, name, method):
    """S25. The argument of a finalizer that a dying object calls is named `_`: nobody's keyword."""
    referent = Thing()
    values = {"item": referent, "key": referent, "default": referent, "other": [], "memo": {}}
    names = parameters(METHODS[name][method], inspect.Parameter.POSITIONAL_OR_KEYWORD)
    getattr(build(module, name, referent), method)(**{name: values[name] for name in names if name != "_"})


@either
@each_method
def test_an_unknown_keyword_is_refused(module, name, method):
    """S25: also the parameters that may not be named; `update` of a value dictionary makes keys of all."""
    bound = getattr(build(module, name, Thing()), method)
    if (name, method) == ("WeakValueDictionary", "update"):
        referent = Thing()
        bound(bogus=referent, other=referent, self=referent)
        assert bound.__self__["bogus"] is bound.__self__["other"] is bound.__self__["self"] is referent
    else:
        for keyword in ("bogus", "self"):
            with pytest.raises(TypeError):
                bound(**{keyword: None})


@either
@each_method
def test_one_argument_too_many_is_refused(module, name, method):
    """S25: weakrefs refuses it everywhere; the standard `pop` of a value dictionary does not look at what follows its default."""
    referent = Thing()
    bound = getattr(build(module, name, referent), method)
    arguments = [referent] * (1 + len(inspect.signature(METHODS[name][method]).parameters))
    if module is weakref and (name, method) == ("WeakValueDictionary", "pop"):
        assert bound(*arguments) is referent
    else:
        with pytest.raises(TypeError):
            bound(*arguments)


@either
def test_parameters_of_constructors_may_be_named(module):
    """S25"""
    referent = Thing()
    assert list(module.WeakSet(data=[referent])) == [referent]
    assert list(module.WeakKeyDictionary(dict={referent: 1}).items()) == [(referent, 1)]
    assert module.KeyedRef(ob=referent, callback=None, key=1).key == 1


@either
def test_keywords_that_are_passed_on(module):
    """S25: names of positional-only parameters stay free for the keywords of a value dictionary and of a finalizer's function."""
    referent = Thing()
    words = dict.fromkeys(("other", "self", "obj", "func"), referent)
    assert dict(module.WeakValueDictionary((), **words)) == words
    assert dict(module.WeakValueDictionary(**words)) == words
    assert module.finalize(referent, dict, **words)() == words


@either
@pytest.mark.parametrize(
    ("name", "arguments", "keywords"),
    [
        ("WeakSet", ([], []), {}),
        ("WeakSet", (), {"items": []}),
        ("WeakValueDictionary", ((), ()), {}),
        ("WeakKeyDictionary", ({}, {}), {}),
        ("WeakKeyDictionary", (), {"other": {}}),
        ("WeakMethod", (), {}),
        ("WeakMethod", (Thing().__repr__, None, None), {}),
        ("KeyedRef", (Thing, None), {}),
        ("KeyedRef", (Thing, None, 1, 2), {}),
        ("KeyedRef", (Thing, None, 1), {"bogus": 1}),
        ("finalize", (), {}),
        ("finalize", (Thing,), {}),
        ("finalize", (), {"obj": Thing, "func": print}),
    ],
)
def test_what_a_constructor_refuses(module, name, arguments, keywords):
    """S25"""
    with pytest.raises(TypeError):
        getattr(module, name)(*arguments, **keywords)


# Generics


@either
@each_generic
def test_type_arguments_give_an_alias(module, name):
    """S24"""
    cls, arguments = getattr(module, name), TYPE_ARGUMENTS[name]
    alias = cls[arguments]
    assert type(alias) is types.GenericAlias
    assert (alias.__origin__, alias.__args__) == (cls, arguments)
    assert alias == cls[arguments]


@either
@each_generic
def test_an_alias_builds_what_its_class_builds(module, name):
    """S24"""
    referent = Thing()
    alias = getattr(module, name)[TYPE_ARGUMENTS[name]]
    aliases = types.SimpleNamespace(**{name: alias})
    assert type(build(aliases, name, referent)) is getattr(module, name)


@either
def test_a_finalizer_is_not_generic_at_run_time(module):
    """S24"""
    with pytest.raises(TypeError, match="not subscriptable"):
        module.finalize[int]


@either
@each_generic
def test_a_subclass_of_an_alias(module, name):
    """S24: a subclass of the class, with the arguments on record; `__init_subclass__` gets its keywords."""
    cls, arguments = getattr(module, name), TYPE_ARGUMENTS[name]
    seen = []

    class Base(cls[arguments]):
        def __init_subclass__(subclass, /, mark, **rest):
            super().__init_subclass__(**rest)
            seen.append((subclass.__name__, mark))

    class Derived(Base, mark=1):
        pass

    assert Base.__bases__ == (cls,)
    assert Base.__orig_bases__ == (cls[arguments],)
    assert seen == [("Derived", 1)]
    referent = Thing()
    assert isinstance(build(types.SimpleNamespace(**{name: Derived}), name, referent), cls)
    with pytest.raises(TypeError):
        type("Refused", (cls,), {}, mark=1)


@either
@pytest.mark.parametrize("name", ["WeakSet", "WeakMethod"])
def test_a_generic_subclass_takes_arguments_of_its_own(module, name):
    """S24"""
    cls = getattr(module, name)

    class Open(cls[Item], Generic[Item]):
        pass

    assert Open.__parameters__ == (Item,)
    referent = Thing()
    built = build(types.SimpleNamespace(**{name: Open[int]}), name, referent)
    assert type(built) is Open
    assert built.__orig_class__ == Open[int]
