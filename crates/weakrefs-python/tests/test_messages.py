"""How errors are worded (S25): as by 3.14's classes, on every version."""

import itertools
import re
import weakref

import pytest
import weakrefs
from support import Thing, Unhashable


class Speaker(Thing):
    """Whatever it is taken for, it keeps quiet: some finalizers of it are called at exit."""

    def speak(self):
        pass

    def __call__(*args, **kwargs):
        pass


def nothing():
    pass


THING, SPEAKER = Speaker("t"), Speaker("s")
MAKE = {
    "WeakSet": lambda module: module.WeakSet([THING]),
    "WeakKeyDictionary": lambda module: module.WeakKeyDictionary({THING: 1}),
    "WeakValueDictionary": lambda module: module.WeakValueDictionary({1: THING}),
    "WeakMethod": lambda module: module.WeakMethod(SPEAKER.speak),
    "KeyedRef": lambda module: module.KeyedRef(THING, None, 1),
    "finalize": lambda module: module.finalize(SPEAKER, nothing),
}
METHODS = {
    "WeakSet": "add remove discard pop clear copy update union difference difference_update intersection intersection_update isdisjoint "
    "issubset issuperset symmetric_difference symmetric_difference_update",
    "WeakKeyDictionary": "get setdefault keys values items keyrefs popitem copy __copy__ __deepcopy__",
    "WeakValueDictionary": "get setdefault keys values items valuerefs itervaluerefs copy __copy__ __deepcopy__",
    "WeakMethod": "__call__",
    "finalize": "__call__ detach peek",
}
NAMES = ["self", "other", "item", "key", "default", "memo", "_", "dict", "data", "bogus"]
SHAPES = [
    (count, names)
    for count in range(6)
    for names in [(), *((name,) for name in NAMES), ("bogus", "other"), ("self", "bogus")]
]


def message(call):
    try:
        call()
    except TypeError as error:
        return re.sub(r"\. Did you mean .*", "", str(error))
    except AttributeError:
        # What was given is of no use, but as many as were wanted.
        return None
    return None


def wrong_calls(call):
    """What is said of calls with every shape of arguments that is refused for its number or names."""
    for count, names in SHAPES:
        said = message(lambda: call(*[THING] * count, **dict.fromkeys(names, THING)))
        if said is not None and re.search(r"argument|keyword", said):
            yield (count, names), said


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, names in METHODS.items() for name in names.split()])
def test_arguments_of_methods(cls, name):
    """S25: are counted and named as the standard method does."""
    expected, said = (
        dict(wrong_calls(lambda *args, **kwargs: getattr(MAKE[cls](module), name)(*args, **kwargs)))
        for module in (weakref, weakrefs)
    )
    assert said == expected
    assert len(expected) > 10


@pytest.mark.parametrize("cls", ["WeakSet", "WeakKeyDictionary", "WeakValueDictionary", "KeyedRef", "finalize"])
def test_arguments_of_constructors(cls):
    """S25: are counted and named as by the standard class."""
    expected, said = (dict(wrong_calls(getattr(module, cls))) for module in (weakref, weakrefs))
    assert said == expected
    assert len(expected) > 3


@pytest.mark.parametrize("arguments", [*itertools.product([1, "key"], repeat=2), (), (1, 2, 3, 4)])
def test_a_keyed_reference_initialised_anew(arguments):
    """S25: `__init__` reads its arguments, though it has nothing to do."""
    expected, said = (message(lambda: MAKE["KeyedRef"](module).__init__(*arguments)) for module in (weakref, weakrefs))
    assert said == expected is not None


def test_a_weak_method_takes_one_or_two():
    """S25: with or without names, where the standard class takes none."""
    assert weakrefs.WeakMethod(meth=SPEAKER.speak, callback=None)() == SPEAKER.speak
    for arguments, said in [
        ((), "WeakMethod.__new__() missing 1 required positional argument: 'meth'"),
        ((SPEAKER.speak, None, 1), "WeakMethod.__new__() takes from 2 to 3 positional arguments but 4 were given"),
        ((1,), "argument should be a bound method, not <class 'int'>"),
    ]:
        assert message(lambda: weakrefs.WeakMethod(*arguments)) == said
        assert message(lambda: weakref.WeakMethod(*arguments)) == said
    assert message(lambda: weakrefs.WeakMethod(cls=1)) == "WeakMethod.__new__() got multiple values for argument 'cls'"
    with pytest.raises(TypeError, match=r"WeakMethod.__init__\(\) missing 1 required"):
        MAKE["WeakMethod"](weakrefs).__init__()


USES = {
    "WeakKeyDictionary": [
        lambda mapping, key: mapping[key],
        lambda mapping, key: mapping.get(key),
        lambda mapping, key: mapping.pop(key),
        lambda mapping, key: mapping.setdefault(key),
        lambda mapping, key: key in mapping,
        lambda mapping, key: mapping.__setitem__(key, 1),
        lambda mapping, key: mapping.__delitem__(key),
    ],
    "WeakSet": [
        lambda members, item: item in members,
        lambda members, item: members.add(item),
        lambda members, item: members.discard(item),
        lambda members, item: members.remove(item),
        lambda members, item: members.update([item]),
        lambda members, item: members.intersection([item]),
        lambda members, item: members.difference_update([item]),
    ],
}


@pytest.mark.parametrize(("cls", "use"), [(cls, use) for cls, uses in USES.items() for use in uses])
def test_what_cannot_be_hashed(cls, use):
    """S25: is what 3.14's `dict` and `set` say of the reference."""
    wanted = "a dict key" if cls == "WeakKeyDictionary" else "a set element"
    with pytest.raises(TypeError) as caught:
        use(MAKE[cls](weakrefs), Unhashable())
    said = f"cannot use 'weakref.ReferenceType' as {wanted} (unhashable type: 'Unhashable')"
    assert str(caught.value) == said and str(caught.value.__cause__) == "unhashable type: 'Unhashable'"


def test_a_key_that_cannot_be_hashed():
    """S25: of a key that is held, its own class."""
    with pytest.raises(TypeError) as caught:
        weakrefs.WeakValueDictionary()[[]]
    assert str(caught.value) == "cannot use 'list' as a dict key (unhashable type: 'list')"


class Refusing(Thing):
    def __hash__(self):
        raise self.name


@pytest.mark.parametrize("error", [ValueError("mine"), type("Own", (TypeError,), {})("mine")])
@pytest.mark.parametrize(("cls", "use"), [(cls, use) for cls, uses in USES.items() for use in uses])
def test_an_error_of_the_objects_own(cls, use, error):
    """S25: is passed on as it is."""
    with pytest.raises(type(error)) as caught:
        use(MAKE[cls](weakrefs), Refusing(error))
    assert caught.value is error


class Sub(weakrefs.finalize):
    pass


@pytest.mark.parametrize("cls", [weakrefs.finalize, Sub])
def test_attributes_of_a_finalizer(cls):
    """S25: that cannot be written or deleted are worded as 3.14's properties."""
    finalizer = cls(SPEAKER, nothing)
    for change, said in [
        (lambda: setattr(finalizer, "alive", True), "property 'alive' of '{}' object has no setter"),
        (lambda: delattr(finalizer, "alive"), "property 'alive' of '{}' object has no deleter"),
        (lambda: delattr(finalizer, "atexit"), "property 'atexit' of '{}' object has no deleter"),
    ]:
        with pytest.raises(AttributeError) as caught:
            change()
        assert str(caught.value) == said.format(cls.__qualname__)
    assert finalizer.detach()
