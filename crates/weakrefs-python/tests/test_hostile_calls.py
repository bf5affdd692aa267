"""S37: nothing that Python can reach trusts its caller.

Every function, method, slot and hidden type of ours is called with the wrong objects, in a process of its own; it may
raise what it likes, but not end the process, nor panic.
"""

import sys
import textwrap

import pytest
from support import output_of

REACH = """
import faulthandler, gc, inspect, itertools, random, sys, types, weakref
import weakrefs
from weakrefs import KeyedRef, WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize, ref
faulthandler.enable()
gc.disable()
sys.unraisablehook = sys.excepthook = lambda *report: None

class Thing:
    def method(self, *_):
        pass

class Set(WeakSet): pass
class Keys(WeakKeyDictionary): pass
class Values(WeakValueDictionary): pass

kept = Thing()

def samples():
    '''One of each class that is ours, hidden ones too, all in use.'''
    members, keys, values = WeakSet([kept]), WeakKeyDictionary({kept: 1}), WeakValueDictionary({1: kept})
    walk = iter(members)
    next(walk)
    finalizer = finalize(kept, int)
    finalizer.atexit = False
    method, keyed = WeakMethod(kept.method, int), KeyedRef(kept, int, 1)
    callbacks = [each.__callback__ for each in weakref.getweakrefs(kept) if isinstance(each, ref)]
    hidden = [getattr(each, "__self__", None) for each in callbacks]
    objects = [members, keys, values, Set([kept]), Keys(keys), Values(values), finalizer, method, keyed,
               walk, iter(keys), keys.items(), values.values(), values.itervaluerefs(), members.data, keys.data, values.data]
    objects += [each for each in [*callbacks, *hidden] if each is not None and each is not int]
    objects += [each for thing in list(objects) for each in gc.get_referents(thing) if ours(type(each))]
    return objects

def ours(kind):
    return (kind.__module__ or "").partition(".")[0] == "weakrefs"

def panicked(error):
    return not isinstance(error, Exception) and type(error).__name__ == "PanicException"

def attempt(call, *arguments):
    try:
        result = call(*arguments)
        if isinstance(result, types.GeneratorType) or hasattr(result, "__next__"):
            list(itertools.islice(result, 3))
        return result
    except Exception:
        pass
    except BaseException as error:
        if panicked(error):
            print("panic", call, [type(argument) for argument in arguments], error)

modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "weakrefs"]
classes = {type(each) for each in samples()} | {
    base for module in modules for each in vars(module).values() if isinstance(each, type) and ours(each)
    for base in each.__mro__ if ours(base)}
classes |= {base for kind in classes for base in kind.__mro__ if ours(base)}
# Not those that take over the standard names, which are Python.
functions = {each for module in modules for each in vars(module).values()
             if callable(each) and not isinstance(each, type) and module.__name__ in ("weakrefs._weakrefs",
                                                                                      "weakrefs._containers")
             and getattr(each, "__module__", None) and each.__module__.startswith("weakrefs")}
class Fresh:
    def __hash__(self):
        return 5

pool, uses = [], itertools.count()

def wrong():
    '''Objects of all sorts, new ones now and then: calls change them.'''
    if next(uses) % 500 == 0:
        pool[:] = make(Thing())
    return pool

def make(kept):
    return [None, 3, -1, "text", b"", (), [], {}, {1: 2}, object(), Fresh(), Thing, type, int, len, kept,
            ref(kept), ref(kept, int), KeyedRef(kept, int, 2), weakref.proxy(kept), iter([1]), weakref.WeakSet([kept]),
            WeakSet([kept]), WeakKeyDictionary({kept: 1}), WeakValueDictionary({1: kept}), WeakMethod(kept.method),
            finalize(kept, int), (None,), {"a": kept}, [(kept, kept)], sys.modules[__name__], NotImplemented]

def some(count):
    chosen = random.Random(count)
    for _ in range(120):
        yield chosen.choices(wrong(), k=count)
"""

# What each test does with all that is reached; it prints only what it has to complain of.
WITH = {
    "functions": """
        for function in functions:
            attempt(function)
            for first in wrong():
                attempt(function, first)
            for count in 2, 3, 4:
                for arguments in some(count):
                    attempt(function, *arguments)
            # What is done to a class shows in its objects.
            for count in 1, 2, 3, 4:
                victims = [type("Victim", (), {}) for _ in range(count)]
                attempt(function, *victims)
                for victim in victims:
                    for name in dir(victim):
                        attempt(lambda: getattr(victim(), name)())
                        attempt(lambda: getattr(victim(), name)(kept))
                    attempt(lambda: kept in victim()), attempt(lambda: victim()[kept]), attempt(lambda: len(victim()))
    """,
    "classes": """
        for kind in classes:
            attempt(kind)
            for first in wrong():
                attempt(kind, first)
                attempt(kind.__new__, first)
                attempt(kind.__new__, kind, first)
            for count in 2, 3, 4:
                for arguments in some(count):
                    attempt(kind, *arguments)
                    attempt(lambda: kind(*arguments[1:], **{"a": arguments[0], "dict": 3}))
                    attempt(kind.__new__, kind, *arguments)
                    attempt(kind.__new__, random.choice(list(classes)), *arguments)
    """,
    "methods": """
        for kind in classes:
            for name in dir(kind):
                if name in ("__class__", "__init_subclass__", "__subclasshook__", "__getattribute__"):
                    continue
                method = inspect.getattr_static(kind, name)
                method = getattr(method, "__func__", method)
                if not callable(method):
                    continue
                attempt(method)
                for first in [*wrong(), *samples()]:
                    attempt(method, first)
                for first in wrong()[::2]:
                    for second in wrong()[::3]:
                        attempt(method, first, second)
                for arguments in itertools.islice(some(3), 40):
                    attempt(method, *arguments)
    """,
    "methods, of the right object": """
        for sample in samples():
            for name in dir(type(sample)):
                if name in ("__class__", "__init_subclass__", "__subclasshook__", "__setattr__", "__delattr__"):
                    continue
                for count in 0, 1, 2, 3:
                    for arguments in itertools.islice(some(count), 25 if count else 1):
                        attempt(lambda: getattr(sample, name)(*arguments))
    """,
    "attributes": """
        for sample in samples():
            for name in dir(sample):
                attempt(getattr, sample, name)
                attempt(delattr, sample, name)
                for value in wrong():
                    if name != "__class__":
                        attempt(setattr, sample, name, value)
            attempt(repr, sample)
            attempt(len, sample)
            attempt(list, sample)
    """,
    "descriptors": """
        for kind in classes:
            for name, descriptor in list(vars(kind).items()):
                for other in [*wrong(), *samples()]:
                    attempt(lambda: descriptor.__get__(other, type(other)))
                    attempt(lambda: descriptor.__set__(other, other))
                    attempt(lambda: descriptor.__delete__(other))
                    attempt(lambda: descriptor.__get__(None, other))
    """,
    "bare objects": """
        # Objects that no `__init__` has seen, made in every way.
        makers = [object.__new__, ref.__new__, *(kind.__new__ for kind in classes)]
        for kind in classes:
            bare = [attempt(make, kind) for make in makers] + [attempt(make, kind, kept) for make in makers]
            bare += [attempt(make, kind, kept, int) for make in makers]
            for sample in bare:
                if sample is None:
                    continue
                for name in dir(type(sample)):
                    if name not in ("__class__", "__init_subclass__", "__subclasshook__"):
                        attempt(lambda: getattr(sample, name)())
                        attempt(lambda: getattr(sample, name)(kept))
                        attempt(lambda: getattr(sample, name)(kept, kept))
                attempt(iter, sample), attempt(hash, sample), attempt(lambda: sample == sample), attempt(gc.get_referents, sample)
    """,
    "derived classes": """
        for kind in classes:
            for other in [*classes, ref, dict, set, list, type, int, Exception]:
                made = attempt(type, "Derived", (kind, other), {})
                made = made or attempt(type, "Derived", (other, kind), {"__slots__": ()})
                if made is not None:
                    for count in 0, 1, 2:
                        for arguments in itertools.islice(some(count), 15 if count else 1):
                            attempt(made, *arguments)
    """,
    "pickles": """
        import copy, pickle
        for sample in samples():
            attempt(copy.copy, sample), attempt(copy.deepcopy, sample), attempt(pickle.dumps, sample)
            for protocol in range(6):
                attempt(lambda: sample.__reduce_ex__(protocol))
            for state in wrong():
                attempt(lambda: sample.__setstate__(state))
    """,
}


@pytest.mark.parametrize("what", WITH)
def test_everything_is_called_with_wrong_objects(what):
    """S37: by any name, in any position; afterwards all is as usable as before."""
    usable = """
        members = WeakSet([kept, Thing])
        assert len(WeakKeyDictionary({kept: 1}).copy()) == len(WeakValueDictionary(a=kept)) == 1
        assert list(members) == [kept, Thing] and WeakMethod(kept.method)() == kept.method
        gc.collect()
        print("done")
    """
    program = REACH + textwrap.dedent(WITH[what]) + textwrap.dedent(usable)
    assert output_of(program, "-W", "ignore") == ["done"]


# Classes that are changed


CHANGED = """
class Thing:
    def method(self):
        pass

kept = Thing()
members, keys, values = WeakSet([kept]), WeakKeyDictionary({kept: 1}), WeakValueDictionary({1: kept})
hidden = type(iter(members))

def use():
    for step in (
        lambda: list(WeakSet([kept])), lambda: next(iter(members)), lambda: list(keys.items()), lambda: values[1],
        lambda: WeakMethod(kept.method)(), lambda: KeyedRef(kept, None, 1).key, lambda: finalize(kept, int).peek(),
        lambda: finalize(kept, int)(), lambda: finalize(Thing(), int), lambda: members.add(Thing()), lambda: keys | {},
        lambda: copy.copy(values), lambda: members == members, lambda: members | [kept], lambda: hidden(),
        lambda: hidden(members, 1), lambda: members.clear(), lambda: WeakKeyDictionary.__new__(WeakKeyDictionary),
    ):
        try:
            step()
        except Exception:
            pass
"""


def test_attributes_of_classes_are_exchanged_and_removed():
    """S37: each of each class, hidden and private ones, in turn; what uses it raises, or goes on."""
    code = """
        classes = {base for kind in (WeakSet, WeakKeyDictionary, WeakValueDictionary, WeakMethod, KeyedRef, finalize, hidden)
                   for base in kind.__mro__ if (base.__module__ or "").startswith("weakrefs")}
        for kind in sorted(classes, key=str):
            for name in sorted({*vars(kind), "__new__", "__init__", "__call__", "__iter__", "__next__", "__hash__", "__eq__",
                                "__del__", "__getattribute__", "__setattr__"} - {"__dict__", "__weakref__", "__doc__", "__module__"}):
                own, old = name in vars(kind), vars(kind).get(name)
                for new in (None, 3, int, lambda *args, **kwargs: None, property(lambda self: 1 / 0), object.__new__):
                    try:
                        setattr(kind, name, new)
                    except (TypeError, AttributeError):
                        continue
                    use()
                    delattr(kind, name)
                    use()
                    if own:
                        setattr(kind, name, old)
                    use()
        print("done")
    """
    head = "import copy, sys\nfrom weakrefs import *\nsys.unraisablehook = lambda report: None\n"
    names = head + "import faulthandler; faulthandler.enable()\n"
    assert output_of(names + CHANGED + textwrap.dedent(code)) == ["done"]


@pytest.mark.parametrize("name", ["__call__", "__init__", "__new__", "peek", "detach", "alive", "atexit"])
def test_a_finalizer_without_a_method(name):
    """S37: the function runs, or a `TypeError` or `AttributeError` says what is missing."""
    if name == "__call__" and hasattr(sys, "gettotalrefcount"):
        pytest.skip("a debug build asserts that a class whose objects are called without a tuple has a `__call__`")
    code = f"""
        import sys
        from weakrefs import finalize
        sys.excepthook = sys.unraisablehook = lambda *_: None  # those left say at the end that they cannot be called
        class Thing: pass
        kept = Thing()
        made = finalize(kept, print, "never")
        made.atexit = False
        if "{name}" in vars(finalize):
            del finalize.{name}
        for step in made, made.peek if "{name}" != "peek" else made, lambda: finalize(kept, int)():
            try:
                step()
            except (TypeError, AttributeError):
                pass
        print("done")
    """
    lines = output_of(code)
    assert lines[-1] == "done" and lines[:-1] in ([], ["never"])
