"""`WeakMethod`: a weak reference to a bound method (S28)."""

import functools
import gc
import types

import pytest
import weakrefs as weakref
from support import Equal, Thing, Unhashable, equal, unraisable
from weakrefs import WeakMethod


class Speaker(Equal):
    def speak(self):
        return f"{self.name} speaks"

    def listen(self):
        return f"{self.name} listens"


class Bound:
    """A method type of somebody's own: called with function and object, as the interpreter's."""

    def __init__(self, function, self_object):
        self.__func__, self.__self__ = function, self_object

    def __call__(self):
        return self.__func__(self.__self__)


def speaker_with_own_function(name="s"):
    """An object, and a bound method whose function nothing else holds."""
    speaker = Speaker(name)
    return speaker, types.MethodType(lambda self: self.name, speaker)


def test_it_gives_the_method_while_its_object_lives():
    """S28: though the bound method itself is gone at once."""
    speaker = Speaker("a")
    method = WeakMethod(speaker.speak)
    assert method()() == "a speaks" and method() == speaker.speak
    assert method().__self__ is speaker and method().__func__ is Speaker.speak
    del speaker
    assert method() is None


def test_it_is_dead_as_soon_as_the_function_is():
    """S28: though the object lives."""
    speaker, bound = speaker_with_own_function()
    method = WeakMethod(bound)
    assert method()() == "s"
    del bound
    assert method() is None and speaker.name == "s"


def test_it_keeps_nothing_alive():
    """S28: neither object nor function, and is itself freed without a collection."""
    speaker, bound = speaker_with_own_function()
    watches = weakref.ref(speaker), weakref.ref(bound.__func__)
    method = WeakMethod(bound, lambda _: None)
    own = weakref.ref(method)
    del speaker, bound
    assert [watch() for watch in watches] == [None, None]
    del method
    assert own() is None


def test_it_is_a_reference():
    """S28: to the object of the method, with a reference's attributes."""
    speaker = Speaker("a")
    method = WeakMethod(speaker.speak)
    assert isinstance(method, weakref.ref) and issubclass(WeakMethod, weakref.ReferenceType)
    assert method in weakref.getweakrefs(speaker)
    assert WeakMethod(speaker.speak) is not method
    with pytest.raises(AttributeError):
        method.other = 1


@pytest.mark.parametrize("dies_first", ["object", "function"])
def test_the_callback_runs_once(dies_first):
    """S28: whichever dies first, with the dead reference as its argument."""
    speaker, bound = speaker_with_own_function()
    function, calls = bound.__func__, []
    method = WeakMethod(bound, lambda dead: calls.append((dead, dead())))
    del bound
    if dies_first == "object":
        del speaker
        assert calls == [(method, None)]
        del function
    else:
        del function
        assert calls == [(method, None)]
        del speaker
    assert calls == [(method, None)]


def test_no_callback():
    """S28: is the default, and None means none."""
    speaker = Speaker("a")
    methods = WeakMethod(speaker.speak), WeakMethod(speaker.speak, None)
    assert all(method()() == "a speaks" for method in methods)
    with unraisable() as reports:
        del speaker
    assert reports == [] and [method() for method in methods] == [None] * 2


def test_no_callback_after_its_own_death():
    """S4: as for any reference."""
    speaker, calls = Speaker("a"), []
    method = WeakMethod(speaker.speak, calls.append)
    del method, speaker
    assert calls == []


def test_an_error_in_the_callback_is_reported():
    """S5: and the death goes on."""
    speaker, calls = Speaker("a"), []
    older = WeakMethod(speaker.speak, calls.append)
    failing = WeakMethod(speaker.speak, lambda _: 1 / 0)
    with unraisable() as reports:
        del speaker
    assert [type(report) for report in reports] == [ZeroDivisionError] and calls == [older] and failing() is None


@pytest.mark.parametrize(
    "argument",
    [
        5,
        None,
        len,
        [].append,
        Speaker.speak,
        lambda: None,
        functools.partial(Speaker.speak, Speaker("x")),
        Speaker("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_but_a_bound_method(argument):
    """S28: is refused, by the name of its type."""
    with pytest.raises(TypeError, match=rf"^argument should be a bound method, not {type(argument)}$"):
        WeakMethod(argument)


def test_an_object_that_cannot_be_weakly_referenced():
    """S12: its methods cannot be, either."""

    class Slotted:
        __slots__ = ()

        def method(self):
            pass

    with pytest.raises(TypeError, match="cannot create weak reference to 'Slotted' object"):
        WeakMethod(Slotted().method)


def test_bad_arguments():
    """S28: one method, one callback."""
    speaker = Speaker("a")
    for arguments, keywords in (
        ((), {}),
        ((speaker.speak, None, 1), {}),
        ((speaker.speak,), {"function": print}),
    ):
        with pytest.raises(TypeError):
            WeakMethod(*arguments, **keywords)


def test_a_call_takes_no_argument():
    """S28: alive or dead, and says so."""
    speaker = Speaker("a")
    method = WeakMethod(speaker.speak)
    for _ in range(2):
        for arguments, keywords in (((1,), {}), ((), {"function": print}), ((method, 2), {})):
            with pytest.raises(TypeError, match=r"WeakMethod.__call__\(\)"):
                method(*arguments, **keywords)
        assert method() == method.__call__() == (speaker and speaker.speak)
        speaker = None


def test_class_methods():
    """S28: are bound to the class."""

    class Local:
        @classmethod
        def make(cls):
            return cls

    method = WeakMethod(Local.make)
    assert method()() is Local
    del Local
    gc.collect()
    assert method() is None


def test_the_method_type_is_kept():
    """S28: called with function and object, whatever type it is."""
    speaker = Speaker("a")
    method = WeakMethod(Bound(Speaker.speak, speaker))
    assert type(method()) is Bound and method()() == "a speaks"
    assert type(WeakMethod(speaker.speak)()) is types.MethodType


def test_equality():
    """S28: alive, by object and function; dead, by identity."""
    one, other = Speaker("a"), Speaker("a")
    a, b = WeakMethod(one.speak), WeakMethod(one.speak)
    same, different, listening = (
        WeakMethod(other.speak),
        WeakMethod(Speaker("b").speak),
        WeakMethod(one.listen),
    )
    assert equal(a, b)
    assert equal(a, same)
    assert not equal(a, listening)
    assert not equal(a, different) and equal(different, different)
    del one
    assert not equal(a, b) and equal(a, a) and not equal(a, same)
    assert a != 1 and a.__eq__(1) is a.__ne__(1) is NotImplemented


def test_equality_with_a_plain_reference():
    """S8: is decided by the plain one: referents while both live, then identity."""
    speaker = Speaker("a")
    method, plain, other = WeakMethod(speaker.speak), weakref.ref(speaker), weakref.ref(Speaker)
    assert method.__eq__(plain) is method.__ne__(plain) is NotImplemented
    assert equal(method, plain) and equal(plain, method)
    assert not equal(method, other) and not equal(other, method)
    del speaker
    assert not equal(method, plain) and not equal(plain, method)


def test_hash():
    """S7: that of the object; kept, if it was asked for in time."""
    speaker = Speaker("a")
    method, listening, unasked = (
        WeakMethod(speaker.speak),
        WeakMethod(speaker.listen),
        WeakMethod(speaker.speak),
    )
    assert hash(method) == hash(listening) == hash("a") and {method: 1}[WeakMethod(speaker.speak)] == 1
    del speaker
    assert hash(method) == hash("a")
    with pytest.raises(TypeError):
        hash(unasked)


def test_an_unhashable_object():
    """S7: gives an unhashable reference that works."""

    class Quiet(Unhashable):
        def method(self):
            return 1

    quiet = Quiet()
    method = WeakMethod(quiet.method)
    assert method()() == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(method)


def test_it_is_subclassed_with_a_signature_of_its_own():
    """S26: by `__new__`, with slots or without."""

    class Named(WeakMethod):
        __slots__ = ("name",)

        def __new__(cls, method, name, callback=None):
            self = super().__new__(cls, method, callback)
            self.name = name
            return self

        def __init__(self, method, name, callback=None):
            super().__init__(method, callback)

        def __call__(self):
            return self.name, super().__call__()

    class Plain(WeakMethod):
        pass

    speaker, calls = Speaker("a"), []
    named = Named(speaker.speak, "n", calls.append)
    plain = Plain(speaker.speak)
    plain.mark = 1
    assert named() == ("n", speaker.speak) and plain()() == "a speaks" and named == plain
    del speaker
    assert calls == [named] and named() == ("n", None)


def test_the_callback_may_replace_what_it_is_called_for():
    """S18: drop the method's last reference, make new ones, look at the dead."""
    registry = {}

    def callback(dead):
        registry.pop("m")
        registry["dead"] = (dead() is None, dead == dead, dead != WeakMethod(other.speak))
        registry["n"] = WeakMethod(other.speak, callback)

    speaker, other = Speaker("a"), Speaker("b")
    registry["m"] = WeakMethod(speaker.speak, callback)
    del speaker
    assert registry["dead"] == (True, True, True) and registry["n"]()() == "b speaks"
    del registry["n"]


def test_a_function_that_dies_with_its_object():
    """S28: one callback, when a class goes with its instance in one collection."""

    class Local(Thing):
        def method(self):
            pass

    local, calls = Local(), []
    local.itself = local
    method = WeakMethod(local.method, calls.append)
    del local, Local
    gc.collect()
    assert calls == [method] and method() is None


def test_attributes_that_fail_with_something_else():
    """S28: an error that is no AttributeError comes out as it is."""

    class Failing:
        @property
        def __self__(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        WeakMethod(Failing())


def test_called_as_what_it_is_derived_from():
    """S28: it is a weak reference to the object, and gives that where it is called as one, in a subclass, too."""
    speaker = Speaker("a")
    method = WeakMethod(speaker.speak)
    assert weakref.ref.__call__(method) is super(WeakMethod, method).__call__() is speaker
    assert method.__call__() == WeakMethod.__call__(method) == method(*()) == speaker.speak

    class Both(WeakMethod):
        def __call__(self):
            return super().__call__(), weakref.ref.__call__(self)

    both = Both(speaker.speak)
    assert both() == (speaker.speak, speaker)
    del speaker
    assert both() == (None, None) and weakref.ref.__call__(method) is None
