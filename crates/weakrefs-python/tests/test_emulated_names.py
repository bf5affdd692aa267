"""The private names of the standard classes that programs reach for: those that weakrefs has are true, or refused."""

import gc
import inspect
import sys
import weakref

import pytest
import weakrefs
from support import Thing, output_of, things
from weakrefs import WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize


def nothing(*args, **kwargs):
    raise AssertionError("called")


@pytest.fixture
def three():
    """An object, its three finalizers, and what they have called."""
    thing, called = Thing("t"), []
    before = len(finalize._registry)
    finalizers = [finalize(thing, called.append, number) for number in range(3)]
    yield thing, finalizers, called
    for finalizer in finalizers:
        finalizer.detach()
    assert len(finalize._registry) == before


# The registry of finalizers


def test_the_registry_lists_those_alive(three):
    """S26: `finalize._registry` has the finalizers that are alive, the oldest first."""
    _, finalizers, _ = three
    registry = finalize._registry
    others = len(registry) - 3
    assert list(registry)[others:] == list(registry.keys())[others:] == finalizers
    assert [finalizer for finalizer, _ in registry.items()][others:] == finalizers
    finalizers[1].detach()
    assert list(registry)[others:] == [finalizers[0], finalizers[2]]
    assert len(registry) == len(list(registry)) == others + 2
    assert finalizers[0] in registry and finalizers[1] not in registry and "finalizer" not in registry


def test_an_info_has_what_the_finalizer_has():
    """S26: the fields of the standard `_Info`."""
    thing = Thing("t")
    plain, named = finalize(thing, nothing), finalize(thing, nothing, 1, 2, key=3)
    info, other = finalize._registry[named], finalize._registry.get(plain)
    assert (info.func, info.args, info.kwargs, info.atexit) == (nothing, (1, 2), {"key": 3}, True)
    assert info.weakref() is thing and info.weakref.__callback__ is named
    assert other.kwargs is None and other.index < info.index
    assert isinstance(info, finalize._Info)
    plain.detach()
    named.detach()


def test_infos_read_as_the_standard_ones():
    """S26: each field but the number of the finalizer."""
    thing = Thing("t")
    fields = []
    for cls in weakref.finalize, finalize:
        finalizer = cls(thing, nothing, 1, key=2)
        info = cls._registry[finalizer]
        fields.append([info.func, info.args, info.kwargs, info.atexit, info.weakref() is thing])
        assert finalizer.detach()
    assert fields[0] == fields[1]


def test_the_atexit_of_an_info_is_the_finalizers(three):
    """S26: it can be assigned; nothing else can."""
    _, (first, second, third), _ = three
    finalize._registry[second].atexit = False
    assert not second.atexit and not finalize._registry[second].atexit
    assert [each for each in finalize._select_for_exit() if each in (first, second, third)] == [first, third]
    for name in ("func", "args", "kwargs", "weakref", "index"):
        with pytest.raises(AttributeError):
            setattr(finalize._registry[second], name, None)


def test_the_registry_takes_finalizers_out(three):
    """S26: without a call, as the standard one; nothing can be put in."""
    thing, (first, second, third), called = three
    registry = finalize._registry
    info = registry.pop(first)
    assert info.args == (0,) and not first.alive and first() is None
    assert registry.pop(first, "gone") == "gone"
    for missing in first, "finalizer":
        with pytest.raises(KeyError):
            registry.pop(missing)
        with pytest.raises(KeyError):
            del registry[missing]
        with pytest.raises(KeyError):
            registry[missing]
    del registry[second]
    with pytest.raises(TypeError, match="when it is made"):
        registry[first] = info
    assert [each.alive for each in (first, second, third)] == [False, False, True]
    del three, thing
    gc.collect()
    assert called == []


def test_clear_ends_all_finalizers():
    """S26: none of them is called, at the death of the object or at exit."""
    code = """
        import weakrefs
        class Thing: pass
        thing = Thing()
        finalizers = [weakrefs.finalize(thing, print, "called", number) for number in range(3)]
        weakrefs.finalize._registry.clear()
        print([each.alive for each in finalizers], len(weakrefs.finalize._registry), dict(weakrefs.finalize._registry))
        later = weakrefs.finalize(thing, print, "later")
    """
    assert output_of(code) == ["[False, False, False] 0 {}", "later"]


def test_clear_gives_up_what_the_finalizers_had():
    """S34: the functions and their arguments go, and the weak reference to the object."""
    code = """
        import weakref, weakrefs
        class Thing: pass
        thing, argument = Thing(), Thing()
        witness = weakref.ref(argument)
        weakrefs.finalize(thing, print, argument)
        del argument
        print(witness() is None, weakref.getweakrefcount(thing))
        weakrefs.finalize._registry.clear()
        print(witness() is None, weakref.getweakrefcount(thing))
    """
    assert output_of(code) == ["False 1", "True 0"]


def test_the_registry_is_not_confused_by_a_subclass():
    """S37: which may call itself dead, or equal to everything."""

    class Odd(finalize):
        alive = atexit = None

        def __eq__(self, other):
            raise RuntimeError

        __hash__ = object.__hash__

    thing = Thing()
    odd = Odd(thing, nothing)
    assert odd in finalize._registry and finalize._registry[odd].atexit is True
    finalize._registry[odd].atexit = False
    assert finalize._registry[odd].atexit is False
    assert finalize._registry.pop(odd).func is nothing
    assert odd not in finalize._registry


def test_the_private_functions_check_what_they_get():
    """S37: anything that is not a finalizer is none that is alive."""
    module = weakrefs._weakrefs
    for odd in None, 1, finalize, object.__new__(finalize), WeakSet():
        assert module._finalizer_contents(odd) is None
        assert module._end_finalizer(odd) is False


# The exit


def test_the_exit_function_runs_the_finalizers():
    """S26: `finalize._exitfunc()` does what is done at exit: afterwards every finalizer is inert."""
    code = """
        import weakrefs
        class Thing: pass
        things = [Thing() for _ in range(4)]
        first, second, third = (weakrefs.finalize(things[number], print, number) for number in range(3))
        second.atexit = False
        print(weakrefs.finalize._shutdown)
        weakrefs.finalize._exitfunc()
        print([each.alive for each in (first, second, third)], weakrefs.finalize._shutdown)
        weakrefs.finalize(things[3], print, "late")
        things.clear()
    """
    assert output_of(code) == ["False", "2", "0", "[False, True, False] True"]


def test_the_exit_function_can_be_taken_back():
    """S26: it is what `atexit` knows."""
    code = """
        import atexit, weakrefs
        class Thing: pass
        thing = Thing()
        finalizer = weakrefs.finalize(thing, print, "called")
        atexit.unregister(weakrefs.finalize._exitfunc)
        atexit._run_exitfuncs()
        print(finalizer.detach()[0] is thing)
    """
    assert output_of(code) == ["True"]


@pytest.mark.parametrize("package", ["weakref", "weakrefs"])
def test_a_program_registers_the_exit_function(package):
    """S26: early, so that it runs after what is registered later, and says that it has."""
    code = f"""
        import atexit, {package} as weakref
        class Thing: pass
        thing = Thing()
        print(weakref.finalize._registered_with_atexit)
        atexit.register(weakref.finalize._exitfunc)
        weakref.finalize._registered_with_atexit = True
        atexit.register(print, "other")
        weakref.finalize(thing, print, "finalizer")
    """
    assert output_of(code) == ["False", "other", "finalizer"]


@pytest.mark.parametrize("package", ["weakref", "weakrefs"])
def test_a_program_exchanges_the_exit_function(package):
    """S26: what is registered is what `finalize` has when the first finalizer is made."""
    code = f"""
        import {package} as weakref
        class Thing: pass
        thing = Thing()
        original = weakref.finalize._exitfunc
        def noted(cls):
            print("exit")
            original()
        weakref.finalize._exitfunc = classmethod(noted)
        weakref.finalize(thing, print, "finalizer")
        print(weakref.finalize._registered_with_atexit)
    """
    assert output_of(code) == ["True", "exit", "finalizer"]


def test_an_interrupted_exit_is_one():
    """S26: `_shutdown` says so, whatever the finalizers raise."""
    code = """
        import weakrefs
        class Thing: pass
        thing = Thing()
        def interrupt():
            raise KeyboardInterrupt
        weakrefs.finalize(thing, interrupt)
        try:
            weakrefs.finalize._exitfunc()
        except KeyboardInterrupt:
            print(weakrefs.finalize._shutdown)
    """
    assert output_of(code) == ["True"]


# Weak methods


class Speaker(Thing):
    def speak(self, *args):
        return self.name, args


class Odd:
    """A method type of the user's own."""

    def __init__(self, function, owner):
        self.__func__, self.__self__ = function, owner


def test_the_parts_of_a_weak_method():
    """S26: `_func_ref`, `_meth_type` and `_alive` are true, and cannot be assigned."""
    speaker = Speaker("s")
    method = WeakMethod(speaker.speak)
    assert method._func_ref() is Speaker.speak and isinstance(method._func_ref, weakref.ref)
    assert method._meth_type is type(speaker.speak) and method._alive is True
    odd = WeakMethod(Odd(Speaker.speak, speaker))
    assert odd._meth_type is Odd and type(odd()) is Odd
    for name in ("_func_ref", "_meth_type", "_alive"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(method, name, None)
        with pytest.raises((AttributeError, TypeError)):
            delattr(method, name)
    del speaker, odd
    assert method._alive is False and method._func_ref() is Speaker.speak


@pytest.mark.parametrize("base", [weakref.WeakMethod, WeakMethod])
def test_a_subclass_that_uses_the_parts(base):
    """S26: as some do, to call the method itself."""

    class Calling(base):
        def __call__(self, *args):
            function, bound = self._func_ref(), self.owner()
            return None if function is None or bound is None else self._meth_type(function, bound)(*args)

    speaker = Speaker("s")
    calling = Calling(speaker.speak)
    calling.owner = weakref.ref(speaker)
    assert calling(1) == ("s", (1,))
    del speaker
    assert calling(1) is None and not calling._alive


def test_the_reference_to_the_function_dies_with_it():
    """S28: and so does the method."""
    speaker = Speaker("s")

    def speak(self):
        pass

    method = WeakMethod(speak.__get__(speaker))
    reference = method._func_ref
    del speak
    assert reference() is None and method() is None and method._alive is False


# Iteration guards and pending removals


CONTAINERS = {
    WeakSet: lambda objects: WeakSet(objects),
    WeakKeyDictionary: lambda objects: WeakKeyDictionary((each, each.name) for each in objects),
    WeakValueDictionary: lambda objects: WeakValueDictionary((each.name, each) for each in objects),
}


GUARDS = [weakrefs._IterationGuard]
if sys.version_info < (3, 14):
    GUARDS.append(weakref._IterationGuard)


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("cls", CONTAINERS)
def test_an_iteration_guard_goes_around_ours(cls, guard):
    """S26: the standard one, too. Nothing waits for its end: iteration needs none."""
    objects = things(3)
    container = CONTAINERS[cls](objects)
    with guard(container) as entered:
        assert type(entered) is guard and entered.weakcontainer() is container
        assert not container._iterating and not container._pending_removals
        del objects[0]
        assert len(container) == len(container.data) == 2
    assert len(container) == 2


def test_a_guard_does_not_keep_the_container():
    """S26: it has a weak reference."""
    container = WeakSet()
    guard = weakrefs._IterationGuard(container)
    del container
    with guard:
        assert guard.weakcontainer() is None


@pytest.mark.parametrize("cls", CONTAINERS)
def test_nothing_is_pending(cls):
    """S26: the names of 3.10 to 3.13 are empty, false, or do nothing; nothing can be lost in them."""
    container = CONTAINERS[cls](things(2))
    assert not container._pending_removals and not container._iterating and not container._dirty_len
    assert container._commit_removals() is None and container._scrub_removals() is None
    with pytest.raises(AttributeError):
        container._pending_removals.append(1)
    container._iterating.add(1)
    assert not container._iterating and not CONTAINERS[cls]([])._iterating


@pytest.mark.parametrize("cls", CONTAINERS)
def test_a_subclass_with_names_of_its_own(cls):
    """S26: what it assigns is its own."""
    container = type("Own", (cls,), {})()
    container._iterating, container._pending_removals = {1}, [2]
    assert (container._iterating, container._pending_removals) == ({1}, [2])
    assert not cls()._iterating


# Signatures


def signature(callable):
    return str(inspect.signature(callable))


def test_the_signature_of_a_finalizer():
    """S25: is the standard one's, and that of the class its own."""
    thing = Thing()
    ours, theirs = finalize(thing, nothing), weakref.finalize(thing, nothing)
    assert signature(ours) == signature(theirs) == "(_=None)"
    assert signature(finalize) == "(obj, func, /, *args, **kwargs)"
    assert ours.detach() and theirs.detach()


def test_the_signature_of_a_weak_method():
    """S25: is the standard one's, and that of the class its own."""
    speaker = Speaker("s")
    assert signature(WeakMethod(speaker.speak)) == signature(weakref.WeakMethod(speaker.speak)) == "()"
    assert signature(WeakMethod) == "(meth, callback=None)"


@pytest.mark.parametrize("base", [finalize, WeakMethod])
def test_the_signature_of_a_subclass_that_is_called_otherwise(base):
    """S25: is that of its own `__call__`."""

    class Sub(base):
        def __call__(self, one, two=2):
            pass

    speaker = Speaker("s")
    sub = Sub(speaker, nothing) if base is finalize else Sub(speaker.speak)
    assert signature(sub) == "(one, two=2)"
    if base is finalize:
        sub.detach()
