"""Classes and objects that are called directly: what was derived or exchanged is called all the same, and references that
are made without the interpreter's constructor are as if they came from it.
"""

import itertools
import sys
import weakref as standard

import pytest
import weakrefs
from support import Thing, output_of
from weakrefs import KeyedRef, WeakMethod, finalize


class Speaker(Thing):
    def speak(self):
        return self.name


class Case:
    """A class, and how to call it."""

    def __init__(self, cls, arguments):
        self.cls, self.arguments, self.speaker = cls, arguments, Speaker("s")

    def make(self, cls=None, **keywords):
        return (cls or self.cls)(*self.arguments(self.speaker), **keywords)


@pytest.fixture(params=["WeakMethod", "finalize"])
def case(request):
    if request.param == "finalize":
        return Case(finalize, lambda speaker: (speaker, list))
    return Case(WeakMethod, lambda speaker: (speaker.speak,))


@pytest.fixture
def seen():
    return []


def exchange(monkeypatch, cls, name, seen):
    """Has `cls` note each call of the method `name`, which does what it did."""
    original = cls.__dict__[name]

    def noted(*args, **keywords):
        seen.append(name)
        return original(*args, **keywords)

    monkeypatch.setattr(cls, name, noted)


def test_objects_are_of_the_class_that_was_called(case):
    """S26: a derived class does not inherit the way in of its base."""

    class Derived(case.cls):
        pass

    made = case.make(Derived)
    made.attribute = 1
    assert type(made) is Derived and made.attribute == 1
    assert type(case.make()) is case.cls


@pytest.mark.parametrize("name", ["__new__", "__init__", "__call__"])
def test_a_derived_class_with_a_method_of_its_own(case, name, seen):
    """S26: the method is called, with what it was given."""

    def own(this, *args, **keywords):
        seen.append(name)
        method = getattr(case.cls, name)
        return method(this) if method is object.__new__ else method(this, *args, **keywords)

    made = case.make(type("Derived", (case.cls,), {name: own}))
    made()
    assert seen == [name]


def test_a_metaclass_that_is_called(case, seen):
    """S26: before anything is made."""

    class Meta(type):
        def __call__(cls, *args, **keywords):
            seen.append(cls)
            return super().__call__(*args, **keywords)

    derived = Meta("Derived", (case.cls,), {})
    case.make(derived)
    assert seen == [derived]


@pytest.mark.parametrize("name", ["__init__", "__call__"])
def test_a_method_that_was_exchanged(case, name, seen, monkeypatch):
    """S26: in the class itself, as one can in a class that is written in Python."""
    exchange(monkeypatch, case.cls, name, seen)
    case.make()()
    assert seen == [name]


@pytest.mark.parametrize("name", ["WeakMethod", "finalize"])
def test_a_constructor_that_was_exchanged(name):
    """S26: as `__init__`. In a process of its own, as CPython cannot take this back."""
    code = """
        import weakrefs
        cls = weakrefs.NAME
        cls.__new__ = lambda *_: "made"
        print(cls(print.__init__, print))
    """
    assert output_of(code.replace("NAME", name)) == ["made"]


def test_a_callback_that_was_exchanged(seen, monkeypatch):
    """S29: a finalizer is called by what is its class's method when its object dies."""
    thing = Thing()
    finalize(thing, seen.append, "finalized")
    exchange(monkeypatch, finalize, "__call__", seen)
    del thing
    assert seen == ["__call__", "finalized"]


def test_a_finalizer_with_names_only_and_none_before():
    """S30: names that follow no argument are those that were given."""
    thing = Thing()
    finalizer = finalize(thing, dict, a=1, b=2)
    assert finalizer.peek() == (thing, dict, (), {"a": 1, "b": 2})
    with pytest.raises(TypeError, match=r"wrong|unexpected"):
        finalizer(wrong=1)
    with pytest.raises(TypeError, match=r"obj|func|positional"):
        finalize(obj=thing, func=dict)
    assert finalizer() == {"a": 1, "b": 2}


def test_finalizers_that_call_one_another_without_end():
    """S29: are too deep some time, which is an error, and no crash."""
    code = """
        from weakrefs import finalize
        class Thing: pass
        thing = Thing()
        finalizer = finalize(thing, print)
        for _ in range(200_000):
            finalizer.atexit = False
            finalizer = finalize(thing, finalizer)
        finalizer.atexit = False
        try:
            finalizer()
        except RecursionError:
            print("too deep")
    """
    assert output_of(code) == ["too deep"]


@pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="3.13 allows more native levels than the stack has")
def test_a_method_that_makes_a_reference_to_itself():
    """S28: as above."""

    class Endless:
        __self__ = property(WeakMethod)

    with pytest.raises(RecursionError):
        WeakMethod(Endless())


class Derived(standard.ref):
    """What the interpreter's constructor makes."""

    def __new__(cls, referent, callback, _key):
        return super().__new__(cls, referent, callback)

    def __init__(self, *_):
        pass


@pytest.mark.parametrize("steps", [*itertools.permutations(["ref", "proxy", "own", "other", "nothing"])], ids="-".join)
def test_references_are_listed_as_the_interpreter_lists_them(steps):
    """S10: shared ones first, the others behind them, newest first. It is also the order of the callbacks."""

    def listed(cls):
        thing = Thing()
        make = {
            "ref": lambda: standard.ref(thing),
            "proxy": lambda: standard.proxy(thing),
            "own": lambda: cls(thing, print, "key"),
            "other": lambda: standard.ref(thing, print),
            "nothing": lambda: cls(thing, None, "key"),
        }
        made = {step: make[step]() for step in steps}
        names = {id(reference): step for step, reference in made.items()}
        before = [names[id(reference)] for reference in standard.getweakrefs(thing)]
        del made["own"]
        return before, [names[id(reference)] for reference in standard.getweakrefs(thing)]

    assert listed(KeyedRef) == listed(Derived)


@pytest.mark.parametrize("referent", [int, Thing, weakrefs, len, print.__self__], ids=repr)
def test_referents_of_all_kinds(referent):
    """S10: classes that are built in have their references elsewhere than their objects."""
    reference = KeyedRef(referent, None, "key")
    assert reference() is referent and reference.__callback__ is None
    assert any(found is reference for found in standard.getweakrefs(referent))
    del reference
    assert not any(type(found) is KeyedRef for found in standard.getweakrefs(referent))
