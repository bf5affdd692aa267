"""What `copy`, `pickle` and their kin make of finalizers, mappings and references (S40). Sets have a file of their own."""

import copy
import gc
import pickle
import weakref

import pytest
import weakrefs
from support import Equal, Thing, output_of

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def pickled(protocol):
    return lambda obj: pickle.loads(pickle.dumps(obj, protocol))


def by(name):
    """Through a package that may be missing."""

    def through(obj):
        package = pytest.importorskip(name)
        return package.loads(package.dumps(obj))

    return through


WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle{protocol}": pickled(protocol) for protocol in PROTOCOLS},
    "dill": by("dill"),
    "cloudpickle": by("cloudpickle"),
}


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


def exported(cls):
    """Puts a class where `pickle` finds it."""
    cls.__qualname__ = cls.__name__
    globals()[cls.__name__] = cls
    return cls


@exported
class Attributed(weakrefs.finalize):
    pass


@exported
class Slotted(weakrefs.finalize):
    __slots__ = ("label",)


@exported
class Stateful(weakrefs.finalize):
    def __getstate__(self):
        return {"label": self.label + "!"}

    def __setstate__(self, state):
        self.label = state["label"] + "?"


@exported
class Reduced(weakrefs.finalize):
    def __reduce__(self):
        return list, ("ab",)


# Finalizers


def test_the_copy_of_a_finalizer_is_dead(way):
    """S40: it does nothing, and the original is what it was."""
    thing, called = Thing(), []
    finalizer = weakrefs.finalize(thing, called.append, 1)
    twin = way(finalizer)
    assert type(twin) is weakrefs.finalize
    assert twin is not finalizer
    assert (twin.alive, twin.atexit, twin(), twin.peek(), twin.detach()) == (False, False, None, None, None)
    assert finalizer.alive
    del thing
    assert called == [1]


def test_the_copy_of_a_dead_finalizer(way):
    """S40: is as dead as it."""
    finalizer = weakrefs.finalize(Thing(), len, "")
    assert not finalizer.alive
    assert not way(finalizer).alive


def test_a_copied_finalizer_begins_anew():
    """S40: a copy is an object of the class as any other."""
    twin = copy.copy(weakrefs.finalize(Thing(), len, ""))
    thing, called = Thing(), []
    twin.__init__(thing, called.append, 2)
    assert twin.alive and twin.peek() == (thing, called.append, (2,), {})
    del thing
    assert called == [2] and not twin.alive


@pytest.mark.parametrize("cls", [Attributed, Slotted])
def test_attributes_of_a_finalizer(cls, way, request):
    """S40: are copied, in a dictionary or in slots."""
    if cls is Slotted and request.node.callspec.params["way"] in ("pickle0", "pickle1"):
        pytest.skip("these protocols know nothing of slots")
    thing = Thing()
    finalizer = cls(thing, len, "")
    finalizer.label = "first"
    twin = way(finalizer)
    assert type(twin) is cls and twin.label == "first" and not twin.alive


@pytest.mark.parametrize("protocol", [0, 1])
def test_slots_want_a_newer_protocol(protocol):
    """S40: what the standard class refuses is refused, in its words."""
    thing, messages = Thing(), []
    for base in weakref.finalize, weakrefs.finalize:
        finalizer = exported(type("SlottedAnew", (base,), {"__slots__": ("label",), "__module__": __name__}))
        with pytest.raises(TypeError) as caught:
            pickle.dumps(finalizer(thing, len, ""), protocol)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_the_state_of_a_finalizer(way):
    """S40: a subclass says itself what it takes along."""
    thing = Thing()
    finalizer = Stateful(thing, len, "")
    finalizer.label = "a"
    twin = way(finalizer)
    assert twin.label == "a!?" and not twin.alive


def test_a_finalizer_that_reduces_itself(way):
    """S40: its own word counts."""
    thing = Thing()
    assert way(Reduced(thing, len, "")) == ["a", "b"]


def test_an_owner_of_a_finalizer_is_copied(way):
    """S40: as `tempfile.TemporaryDirectory` is one."""
    owner = Thing()
    owner.finalizer = weakrefs.finalize(owner, len, "")
    twin = way(owner)
    assert type(twin) is Thing and twin.finalizer.alive == (twin.finalizer is owner.finalizer)


def test_a_temporary_directory_under_install(tmp_path):
    """S40: the copy removes nothing, the original does."""
    code = f"""
        import copy, os, pickle, tempfile, weakref
        import weakrefs
        with weakrefs.installed():
            directory = tempfile.TemporaryDirectory(dir={str(tmp_path)!r})
            assert type(directory._finalizer) is weakrefs.finalize
            twins = [copy.copy(directory._finalizer), copy.deepcopy(directory), pickle.loads(pickle.dumps(directory))]
            del twins
            print(os.path.isdir(directory.name))
            directory.cleanup()
            print(os.path.isdir(directory.name))
    """
    assert output_of(code) == ["True", "False"]


def test_a_pickle_made_under_install_loads_without():
    """S40: by the standard name, in an interpreter without weakrefs."""
    code = """
        import pickle, weakref, weakrefs
        class Thing: pass
        thing = Thing()
        with weakrefs.installed():
            members = weakref.WeakSet([Thing])
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                for each in weakref.finalize(thing, len, ""), members:
                    print(pickle.dumps(each, protocol).hex())
    """
    pickles = output_of(code)
    assert len(pickles) == 2 * len(PROTOCOLS)
    load = f"""
        import pickle, sys, weakref
        sys.modules["weakrefs"] = None
        class Thing: pass
        for dumped in {pickles}:
            each = pickle.loads(bytes.fromhex(dumped))
            print(type(each) is weakref.finalize and not each.alive or list(each) == [Thing])
    """
    assert output_of(load) == ["True"] * len(pickles)


# Mappings


@exported
class Registry(weakrefs.WeakValueDictionary):
    """Made with arguments that `pickle` does not know of, and restored without."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def __getstate__(self):
        return self.name, dict(self)

    def __setstate__(self, state):
        self.__init__(state[0])
        self.kept = state[1]
        self.update(state[1])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_mapping_with_a_state_of_its_own(protocol):
    """S40: is made without `__init__`, and gets its state."""
    a = Equal("a")
    registry = Registry("names")
    registry["a"] = a
    twin = pickled(protocol)(registry)
    assert type(twin) is Registry and twin.name == "names"
    assert dict(twin) == {"a": a} and twin["a"] is twin.kept["a"] is not a


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", ["WeakKeyDictionary", "WeakValueDictionary"])
def test_mappings_do_not_pickle(name, full, protocol):
    """S40: as the standard ones, which own weak references: they would be empty on arrival."""
    thing = Thing()
    content = {} if not full else {thing: 1} if name == "WeakKeyDictionary" else {1: thing}
    for module in weakref, weakrefs:
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(getattr(module, name)(content), protocol)


@exported
class Named(weakrefs.WeakKeyDictionary):
    def __init__(self, name, *args):
        super().__init__(*args)
        self.name = name


@pytest.mark.parametrize("cls", [weakrefs.WeakKeyDictionary, weakrefs.WeakValueDictionary])
def test_dill_takes_mappings(cls):
    """S40: it takes weak references; entries whose objects come along arrive."""
    dill = pytest.importorskip("dill")
    thing = Thing("a")
    mapping = cls({thing: 1} if cls is weakrefs.WeakKeyDictionary else {1: thing})
    mapping.label = "first"
    twin, (other,) = dill.loads(dill.dumps((mapping, [thing])))
    assert type(twin) is cls and twin.label == "first"
    assert list(twin.items()) == ([(other, 1)] if cls is weakrefs.WeakKeyDictionary else [(1, other)])


def test_dill_does_not_call_init():
    """S40: a subclass may want arguments that nobody knows."""
    dill = pytest.importorskip("dill")
    thing = Thing("a")
    twin, (other,) = dill.loads(dill.dumps((Named("n", {thing: 1}), [thing])))
    assert twin.name == "n" and twin[other] == 1


# References


@pytest.mark.parametrize("make", [
    lambda module, thing: module.KeyedRef(thing, None, 1),
    lambda module, thing: module.WeakMethod(thing.__repr__),
])  # fmt: skip
def test_references_are_refused(make, way):
    """S40: as the standard ones are."""
    thing = Thing()
    kinds = []
    for module in weakref, weakrefs:
        with pytest.raises(Exception) as caught:
            way(make(module, thing))
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]


# Sets


def test_deepcopy_of_a_set_that_reduces_itself():
    """S40: its own word counts, and what it refers to is copied with it."""

    class Reducing(weakrefs.WeakSet):
        def __reduce__(self):
            return list, ((1, self.label),)

    members = Reducing()
    members.label = ["a"]
    twin = copy.deepcopy(members)
    assert twin == [1, ["a"]] and twin[1] is not members.label


def test_deepcopy_of_a_set_that_reduces_itself_by_protocol():
    """S40: `__reduce_ex__` goes before `__reduce__`, and may say that the set is itself."""

    class Reducing(weakrefs.WeakSet):
        def __reduce_ex__(self, protocol):
            return "members"

    members = Reducing()
    assert copy.deepcopy(members) is members


def test_nothing_is_kept_by_a_copy():
    """S40: a dead finalizer owns nothing."""
    thing = Thing()
    twin = copy.deepcopy(weakrefs.finalize(thing, thing.__init__))
    assert gc.get_referents(twin) == [weakrefs.finalize]
