"""S39: the methods of the containers are functions to whoever looks, and bound methods are `types.MethodType`."""

import copy
import functools
import gc
import inspect
import pickle
import types
import weakref
from unittest import mock

import pytest
import weakrefs
from support import Thing
from test_signatures import METHODS, build, parameters

# Special methods are slots of native classes: a call through an operator runs no Python code.
EACH = [
    (name, method)
    for name in ("WeakSet", "WeakKeyDictionary", "WeakValueDictionary", "finalize")
    for method in METHODS[name]
    if method not in ("__call__", "__reduce__")
]
each_method = pytest.mark.parametrize(("name", "method"), EACH)
containers = pytest.mark.parametrize("name", ["WeakSet", "WeakKeyDictionary", "WeakValueDictionary"])
references = pytest.mark.parametrize("module", [weakrefs, weakref], ids=["ours", "standard"])


def derived(name):
    return type("Sub", (getattr(weakrefs, name),), {})


@each_method
def test_a_method_is_bound_as_functions_are(name, method):
    """S39: of the class and of a subclass; equal for equal parts."""
    thing = Thing()
    for cls in (getattr(weakrefs, name), derived(name)):
        container = build(types.SimpleNamespace(**{name: cls}), name, thing)
        bound, again = getattr(container, method), getattr(container, method)
        assert type(bound) is types.MethodType and inspect.ismethod(bound)
        assert bound.__self__ is container and bound.__func__ is getattr(weakrefs.__dict__[name], method)
        assert bound == again and hash(bound) == hash(again) and bound.__name__ == method
        assert bound.__qualname__ == f"{name}.{method}" and bound.__doc__


@each_method
def test_a_method_of_the_class_is_a_function(name, method):
    """S39: to `isinstance` and `inspect`, with all that functions have; it comes from where the class does."""
    cls = getattr(weakrefs, name)
    function = getattr(cls, method)
    assert isinstance(function, types.FunctionType) and inspect.isfunction(function) and inspect.isroutine(function)
    assert not inspect.iscoroutinefunction(function) and not inspect.isgeneratorfunction(function)
    assert function.__module__ == cls.__module__ and function.__qualname__ == f"{cls.__name__}.{method}"
    assert function.__code__.co_varnames[0] == "self" and inspect.getdoc(function)
    assert inspect.getfullargspec(function).args[0] == "self" and function.__get__(None, cls) is function
    assert repr(function).startswith(f"<function {name}.{method} at 0x")


@each_method
@references
def test_a_weak_method(name, method, module):
    """S28, S39: lives as long as the object, whichever module's it is: a bus that keeps its callbacks weakly keeps it.
    To a finalizer there are no weak references, neither to the standard one.
    """
    if name == "finalize":
        with pytest.raises(TypeError, match=r"cannot create weak reference to '.*finalize' object"):
            module.WeakMethod(getattr(build(weakrefs, name, Thing()), method))
        return
    container = build(weakrefs, name, thing := Thing())
    kept = module.WeakMethod(getattr(container, method))
    assert kept() == getattr(container, method)
    del container, thing
    gc.collect()
    assert kept() is None


@each_method
def test_copies_and_pickles(name, method):
    """S39: by name, as functions are."""
    function = getattr(getattr(weakrefs, name), method)
    assert copy.copy(function) is copy.deepcopy(function) is function
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        if protocol >= 4 or "." not in function.__qualname__:
            assert pickle.loads(pickle.dumps(function, protocol)) is function


@containers
def test_attributes_of_a_method(name):
    """S39: go to the function, but for what says how it runs, which would not change the method."""
    function = getattr(weakrefs, name).pop
    function.mark = 1
    assert function.mark == 1 and functools.wraps(function)(print_nothing := lambda: None) is print_nothing
    del function.mark
    assert not hasattr(function, "mark") and not hasattr(function, "\ud800")
    for attribute in ("__code__", "__defaults__", "__kwdefaults__", "__class__", "__module__"):
        before = getattr(function, attribute)
        with pytest.raises(AttributeError, match=f"'{attribute}' of a native method is read-only"):
            setattr(function, attribute, before)
        assert getattr(function, attribute) == before
    with pytest.raises(AttributeError):
        function.no_such_attribute


@containers
def test_a_method_of_a_wrong_object_is_refused(name):
    """S38, S39"""
    function = getattr(weakrefs, name).pop
    with pytest.raises(TypeError, match=rf"{name}\.pop\(\) missing 1 required positional argument: 'self'"):
        function()
    for wrong in (3, None, Thing(), weakrefs.KeyedRef(Thing, None, 1), function):
        with pytest.raises(TypeError, match=rf"{name}\.pop\(\) requires a '{name}' object but received a"):
            function(wrong)
        with pytest.raises(TypeError):
            types.MethodType(function, wrong)()
    with pytest.raises(TypeError):
        type(function)()


@references
def test_an_autospec_of_a_method_passes_self(module):
    """S39"""
    members, thing = module.WeakSet(), Thing()
    with mock.patch.object(module.WeakSet, "add", autospec=True) as add:
        members.add(thing)
        with pytest.raises(TypeError, match="missing a required argument: 'item'"):
            members.add()
    assert add.mock_calls == [mock.call(members, thing)] and len(members) == 0
    members.add(thing)
    assert len(members) == 1


@references
def test_an_autospec_of_a_class_knows_the_parameters(module):
    """S39"""
    for cls, call in ((module.WeakSet, "add"), (module.WeakKeyDictionary, "get"), (module.WeakValueDictionary, "pop")):
        double = mock.create_autospec(cls, instance=True)
        with pytest.raises(TypeError, match="missing a required argument"):
            getattr(double, call)()
        getattr(double, call)(Thing())


def test_a_method_whose_class_is_gone():
    """S15, S39: a method and its class are a cycle that the collector frees."""
    from weakrefs import _weakrefs

    def describe():
        described = {name: getattr(weakrefs.WeakSet, name) for name in vars(weakrefs.WeakSet)}
        functions = {
            name: types.FunctionType(function.__code__, {})
            for name, function in described.items()
            if inspect.isfunction(function)
        }
        return _weakrefs.put_methods(type("WeakSet", (_weakrefs.WeakSet,), functions))

    cls = describe()
    members, thing = cls(), Thing()
    members.add(thing)
    assert list(members) == [thing] and cls.add is not weakrefs.WeakSet.add
    watch = weakref.ref(cls)
    del cls, members
    gc.collect()
    assert watch() is None


def test_a_class_that_describes_no_methods_is_refused():
    """S38: nothing is put on it."""
    from weakrefs import _weakrefs

    for described in ({}, {"add": 3}, {"add": len}):
        cls = type("WeakSet", (_weakrefs.WeakSet,), described)
        with pytest.raises((TypeError, AttributeError)):
            _weakrefs.put_methods(cls)
        assert vars(cls).get("add") is described.get("add")


@each_method
def test_parameters_are_those_of_the_native_code(name, method):
    """S25, S39: what the function says is what a call takes."""
    bound = getattr(build(weakrefs, name, Thing()), method)
    signature = inspect.signature(bound)
    assert signature == inspect.signature(METHODS[name][method])
    needed = [parameter for parameter in signature.parameters.values() if parameter.default is parameter.empty]
    needed = [parameter.name for parameter in needed if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    assert parameters(bound, inspect.Parameter.POSITIONAL_OR_KEYWORD)[: len(needed)] == needed
    if needed:
        words = f"{name}.{method}\\(\\) missing {len(needed)} required positional argument"
        with pytest.raises(TypeError, match=words):
            bound()


@pytest.mark.parametrize(
    ("name", "method"),
    [("WeakSet", "add"), ("WeakSet", "discard"), ("WeakKeyDictionary", "get"), ("WeakKeyDictionary", "setdefault")]
    + [("WeakValueDictionary", "get")],
)
def test_a_method_that_comes_back_to_itself(name, method):
    """S35: without a function in Python in between; also by way of a tuple's hash."""

    class Key:
        pass

    key = Key()
    keys = [key] if name != "WeakValueDictionary" else [key, (1, key)]
    for each in keys:
        Key.__hash__ = staticmethod(functools.partial(getattr(getattr(weakrefs, name)(), method), each))
        with pytest.raises(RecursionError):
            hash(key)
