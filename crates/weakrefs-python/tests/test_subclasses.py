"""Subclasses: state, constructors, which overridden methods the others go through (S23, S26)."""

import contextlib
import copy
import gc
from collections.abc import MutableMapping
from typing import Generic, TypeVar

import pytest
import weakrefs as weakref
from support import Thing, entries, things
from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary

KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)
MAPPINGS = KINDS[:2]
KEY, VALUE = things(2)
kinds = pytest.mark.parametrize("kind", KINDS)


def contents(kind):
    return [KEY] if kind is WeakSet else [(KEY, VALUE)]


# State


@kinds
def test_attributes(kind):
    """S26: instances have them, of the class itself and of subclasses, and can be weakly
    referenced.
    """

    class Sub(kind):
        pass

    for cls in (kind, Sub):
        container = cls()
        container.mark = 1
        assert container.mark == 1 and vars(container)["mark"] == 1
        assert weakref.ref(container)() is container


@kinds
def test_slots(kind):
    """S26: a subclass may have them, and properties, on top."""

    class Sub(kind):
        __slots__ = ("mark",)

        @property
        def double(self):
            return 2 * self.mark

    container = Sub(contents(kind))
    container.mark = 2
    assert container.double == 4 and len(container) == 1 and Sub.mark.__get__(container) == 2


@kinds
def test_a_constructor_of_its_own(kind):
    """S26: with whatever arguments; the base class gets its own from `super().__init__`."""

    class Sub(kind):
        def __init__(self, first, /, second, *rest, named, **others):
            self.arguments = first, second, rest, named, others
            super().__init__(contents(kind))

    container = Sub(1, 2, 3, named=4, more=5)
    assert container.arguments == (1, 2, (3,), 4, {"more": 5}) and entries(container) == contents(kind)


@kinds
def test_a_new_of_its_own(kind):
    """S26: for state that has to be there before any initialization."""

    class Sub(kind):
        def __new__(cls, *arguments, mark=0):
            self = super().__new__(cls)
            self.mark = mark
            return self

        def __init__(self, *arguments, mark=0):
            super().__init__(*arguments)

    container = Sub(contents(kind), mark=3)
    assert container.mark == 3 and entries(container) == contents(kind)


@kinds
def test_a_second_initialization(kind):
    """S26: begins with an empty container."""
    kept = Thing()
    container = kind([kept] if kind is WeakSet else [(kept, VALUE)])
    container.__init__(contents(kind))
    assert entries(container) == contents(kind) and (kind is WeakValueDictionary or weakref.getweakrefcount(kept) == 0)
    container.__init__()
    assert entries(container) == [] and len(container) == 0


@kinds
def test_state_before_the_base_is_initialized(kind):
    """S26: attributes may be set before `super().__init__` is called."""

    class Sub(kind):
        def __init__(self):
            self.mark = 1
            super().__init__()
            self.update(contents(kind))

    assert entries(Sub()) == contents(kind)


@kinds
def test_generic_subclasses(kind):
    """S24: with type variables."""
    variables = [TypeVar("A"), TypeVar("B")][: 1 if kind is WeakSet else 2]
    arguments = [Thing, Thing][: len(variables)]

    class Sub(kind, Generic[tuple(variables)]):
        pass

    class Special(kind[tuple(arguments)]):
        pass

    assert entries(Sub[tuple(arguments)](contents(kind))) == contents(kind) == entries(Special(contents(kind)))


@kinds
def test_mixins_and_hooks(kind):
    """S26: multiple inheritance, `__init_subclass__`, and a class that dies with its instances."""
    seen = []

    class Mixin:
        def __init_subclass__(cls, mark, **keywords):
            super().__init_subclass__(**keywords)
            seen.append(mark)

        def size(self):
            return len(self)

    class Sub(Mixin, kind, mark=1):
        pass

    container = Sub(contents(kind))
    assert seen == [1] and container.size() == 1 and isinstance(container, kind)
    watch = weakref.ref(Sub)
    del Sub, container
    gc.collect()
    assert watch() is None


@pytest.mark.parametrize("kind", MAPPINGS)
def test_mappings_of_other_making(kind):
    """S24: the mixins of `MutableMapping` work through whatever is overridden."""

    class Counting(kind):
        def popitem(self):
            counted.append(1)
            return super().popitem()

        def __missing__(self, key):
            raise AssertionError("not `dict`: nobody asks")

    counted = []
    container = Counting(contents(kind))
    container.clear()
    assert len(counted) == 2 and len(container) == 0 and isinstance(container, MutableMapping)
    with pytest.raises(KeyError):
        container[KEY]


def test_references_evict_from_subclasses():
    """S2: the eviction does not ask overridden methods."""

    class Sub(WeakValueDictionary):
        def __delitem__(self, key):
            raise AssertionError

        pop = popitem = __getitem__ = __delitem__

    thing = Thing()
    values = Sub(k=thing)
    del thing
    assert len(values) == 0


# Dispatch: an overridden method is called wherever 3.14 calls it, and nowhere else.

# Either not in 3.14's classes, or asked by the interpreter rather than by other methods.
IGNORED = {"__len__", "__repr__", "__hash__", "__ne__", "__getstate__", "__deepcopy__"}


def recording(kind, log, names):
    """A subclass that writes down each of its calls as `object.method`."""

    def recorded(name):
        inner = getattr(kind, name)

        def method(self, *arguments, **keywords):
            log.append(f"{names.get(id(self), 'new')}.{name}")
            return inner(self, *arguments, **keywords)

        return method

    own = [name for cls in kind.__mro__[:-1] for name, value in vars(cls).items() if callable(value)]
    chosen = {name for name in own if name.strip("_") not in ("new", "subclasshook", "class_getitem", "init_subclass")}
    return type(
        "Recording",
        (kind,),
        {name: recorded(name) for name in chosen - IGNORED if not name.startswith("_") or name.endswith("__")},
    )


def calls_of(kind, operation):
    """What `operation(container, other)` calls on a container with one entry, another one, and
    new ones.
    """
    log, names = [], {}
    cls = recording(kind, log, names)
    container, other = cls(contents(kind)), cls(contents(kind))
    names.update({id(container): "self", id(other): "other"})
    log.clear()
    operation(container, other)
    return " ".join(log)


def method(name):
    return lambda container, other: getattr(container, name)(other)


COPY = "self.copy new.__init__ new.update self.__iter__ new.add"
TOGGLED = f"{COPY} new.symmetric_difference_update new.__ixor__ other.__iter__"
MEET = "other.__iter__ new.__init__ new.update self.__contains__ new.add"
SET_CALLS = {
    "update": "self.update other.__iter__ self.add",
    "__ior__": "self.__ior__ self.update other.__iter__ self.add",
    "union": "self.union new.__init__ new.update self.__iter__ new.add other.__iter__ new.add",
    "__or__": "self.__or__ new.__init__ new.update self.__iter__ new.add other.__iter__ new.add",
    "intersection": f"self.intersection {MEET}",
    "__and__": f"self.__and__ {MEET}",
    "difference": f"self.difference {COPY} new.difference_update new.__isub__ other.__iter__",
    "__sub__": f"self.__sub__ {COPY} new.difference_update new.__isub__ other.__iter__",
    "symmetric_difference": f"self.symmetric_difference {TOGGLED}",
    "__xor__": f"self.__xor__ {TOGGLED}",
    "intersection_update": "self.intersection_update self.__iand__ other.__iter__",
    "__iand__": "self.__iand__ other.__iter__",
    "difference_update": "self.difference_update self.__isub__ other.__iter__",
    "__isub__": "self.__isub__ other.__iter__",
    "symmetric_difference_update": "self.symmetric_difference_update self.__ixor__ other.__iter__",
    "__ixor__": "self.__ixor__ other.__iter__",
    "isdisjoint": f"self.isdisjoint self.intersection {MEET}",
    "issubset": "self.issubset other.__iter__",
    "issuperset": "self.issuperset other.__iter__",
    "__le__": "self.__le__ other.__iter__",
    "__lt__": "self.__lt__ other.__iter__",
    "__ge__": "self.__ge__ other.__iter__",
    "__gt__": "self.__gt__ other.__iter__",
    "__eq__": "self.__eq__ other.__iter__",
}
SET_CASES = [(method(name), calls) for name, calls in SET_CALLS.items()] + [
    (lambda s, other: s != other, "self.__eq__ other.__iter__"),
    (lambda s, _: s.copy(), COPY),
    (lambda s, _: copy.copy(s), "self.__reduce__ self.__iter__ new.__init__ new.update new.add"),
    (lambda s, _: s.__init__([KEY]), "self.__init__ self.update self.add"),
    (lambda s, _: s.__init__(), "self.__init__"),
    (lambda s, _: s.add(KEY), "self.add"),
    (lambda s, _: s.discard(KEY), "self.discard"),
    (lambda s, _: s.remove(KEY), "self.remove"),
    (lambda s, _: s.pop(), "self.pop"),
    (lambda s, _: s.clear(), "self.clear"),
    (lambda s, _: KEY in s, "self.__contains__"),
    (lambda s, _: next(iter(s)), "self.__iter__"),
]
MAPPING_CASES = [
    (lambda d, other: d.update(other), "self.update other.items"),
    (lambda d, _: d.update([(KEY, VALUE)]), "self.update"),
    (lambda d, other: d.__ior__(other), "self.__ior__ self.update other.items"),
    (lambda d, other: d | other, "self.__or__ self.copy other.items"),
    (lambda d, _: d | {KEY: VALUE}, "self.__or__ self.copy"),
    (lambda d, other: d == other, "self.__eq__ self.items other.items"),
    (lambda d, other: d != other, "self.__eq__ self.items other.items"),
    (lambda d, _: d.copy(), "self.copy"),
    (lambda d, _: copy.copy(d), "self.__copy__"),
    (lambda d, _: d.__init__([(KEY, VALUE)]), "self.__init__ self.update"),
    (lambda d, _: d.__setitem__(KEY, VALUE), "self.__setitem__"),
    (lambda d, _: d[KEY], "self.__getitem__"),
    (lambda d, _: d.__delitem__(KEY), "self.__delitem__"),
    (lambda d, _: d.get(KEY), "self.get"),
    (lambda d, _: KEY in d, "self.__contains__"),
    (lambda d, _: d.pop(KEY), "self.pop"),
    (lambda d, _: d.pop(KEY, None), "self.pop"),
    (lambda d, _: d.setdefault(KEY, VALUE), "self.setdefault"),
    (lambda d, _: d.popitem(), "self.popitem"),
    (lambda d, _: d.clear(), "self.clear self.popitem self.popitem"),
    (lambda d, _: next(iter(d)), "self.__iter__"),
    (lambda d, _: next(d.keys()), "self.keys"),
    (lambda d, _: next(d.values()), "self.values"),
    (lambda d, _: next(d.items()), "self.items"),
]
# Where the two mappings differ: the weak-valued one's constructor always updates.
KEY_CASES = [
    (lambda d, _: d.__init__(), "self.__init__"),
    (
        lambda d, other: d.__ror__(other),
        "self.__ror__ new.__init__ new.update other.items new.update self.items",
    ),
    (lambda d, _: copy.deepcopy(d), "new.__init__ new.__setitem__"),
    (lambda d, _: d.keyrefs(), "self.keyrefs"),
]
VALUE_CASES = [
    (lambda d, _: d.__init__(), "self.__init__ self.update"),
    (lambda d, _: d.update(k=VALUE), "self.update"),
    (
        lambda d, other: d.__ror__(other),
        "self.__ror__ new.__init__ new.update new.update other.items new.update self.items",
    ),
    (lambda d, _: copy.deepcopy(d), "new.__init__ new.update new.__setitem__"),
    (lambda d, _: d.valuerefs(), "self.valuerefs"),
    (lambda d, _: next(d.itervaluerefs()), "self.itervaluerefs"),
]
CASES = [(WeakSet, *case) for case in SET_CASES]
CASES += [(kind, *case) for kind in MAPPINGS for case in MAPPING_CASES]
CASES += [(WeakKeyDictionary, *case) for case in KEY_CASES] + [(WeakValueDictionary, *case) for case in VALUE_CASES]


@pytest.mark.parametrize(
    ("kind", "operation", "calls"),
    CASES,
    ids=[f"{kind.__name__}-{calls}" for kind, _, calls in CASES],
)
def test_dispatch(kind, operation, calls):
    """S26: to overridden methods, as in 3.14; a set may read its operands before it builds the
    result or meanwhile.
    """
    seen, expected = calls_of(kind, operation).split(), calls.split()
    assert seen == expected or (kind is WeakSet and sorted(seen) == sorted(expected))


@pytest.mark.parametrize("kind", MAPPINGS)
def test_copies_go_through_overridden_methods_of_the_right_class(kind):
    """S23: `copy` builds the base class and so skips what is overridden; `__deepcopy__` and
    `__ror__` do not.
    """

    class Refusing(kind):
        def __setitem__(self, key, value):
            raise ZeroDivisionError

    container = Refusing(contents(kind))
    assert entries(container.copy()) == entries(container | {}) == contents(kind)
    assert type({} | container) is Refusing and entries({} | container) == contents(kind)
    with pytest.raises(ZeroDivisionError):
        copy.deepcopy(container)


@kinds
def test_an_overridden_method_may_fail(kind):
    """S26: its exception comes out of whatever called it."""

    class Failing(kind):
        def update(self, other):
            if other:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Failing(contents(kind))
    container = Failing()
    with pytest.raises(ZeroDivisionError):
        container |= contents(kind)
    assert len(container) == 0


def test_a_set_that_looks_its_elements_up_differently():
    """S26: what `__iter__`, `__contains__` and `add` say goes for the algebra."""

    class Everything(WeakSet):
        def __contains__(self, item):
            return True

        def __iter__(self):
            return iter([KEY, VALUE])

        def add(self, item):
            added.append(item)

    added = []
    assert type(Everything() & [KEY]) is Everything and added == [KEY]
    added.clear()
    Everything().copy()
    assert added == [KEY, VALUE]
    assert WeakSet([KEY]) | Everything() == WeakSet([KEY, VALUE])


@kinds
def test_one_that_was_never_initialized(kind):
    """S26: may be unusable, as in 3.14, but takes nothing down with it."""

    class Sub(kind):
        def __init__(self, *arguments):
            pass

    container = Sub()
    for use in (
        len,
        list,
        repr,
        lambda c: c.copy(),
        lambda c: KEY in c,
        lambda c: c.update(contents(kind)),
    ):
        with contextlib.suppress(AttributeError):
            use(container)
    kind.__init__(container, contents(kind))
    assert entries(container) == contents(kind)
