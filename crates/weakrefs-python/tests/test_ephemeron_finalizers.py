"""S44: finalizers that refer to their object. They run once, at a full collection, and see it whole."""

import functools
import gc
import pickle
import types
import warnings

import pytest
import weakrefs
from ephemeron_pairs import WITH_ENGINE, Box, watch
from support import Thing, output_of, unraisable
from weakrefs import EphemeronDictionary, finalize

pytestmark = [WITH_ENGINE, pytest.mark.usefixtures("engine")]


class Resource(Thing):
    """Tells `log` when it is closed, and whether it is whole then."""

    def __init__(self, name, log):
        super().__init__(name)
        self.log = log
        self.buffer = [name]

    def close(self, *args, **kwargs):
        self.log.append((self.buffer[0], *args, *kwargs.values()))

    def forget(self):
        self.log.append(("forgotten", self.buffer[0]))


def close(resource, *args):
    resource.close(*args)


def close_keyword(*, resource):
    resource.close()


@pytest.fixture
def log():
    return []


def by_method(resource):
    return finalize(resource, resource.close)


def by_argument(resource):
    return finalize(resource, close, resource)


def by_keyword(resource):
    return finalize(resource, close_keyword, resource=resource)


def by_function_of_the_class(resource):
    return finalize(resource, type(resource).close, resource)


def by_method_and_argument(resource):
    return finalize(resource, resource.close, resource.name, twice=2)


WAYS = (by_method, by_argument, by_keyword, by_function_of_the_class)
ways = pytest.mark.parametrize("register", WAYS)


# It runs


@ways
def test_it_runs_at_a_full_collection(log, register):
    """S44, S32: not before its object is unreachable, and not at once then; once, whether it is kept or not."""
    resource = Resource("a", log)
    kept = register(resource)
    register(resource)
    alive = watch(resource)
    gc.collect()
    assert log == [] and kept.alive and kept.peek()[0] is resource
    del resource
    assert log == [] and alive() == 1
    gc.collect()
    assert log == [("a",), ("a",)] and not kept.alive and alive() == 0
    gc.collect()
    assert len(log) == 2


@ways
def test_an_object_in_a_cycle(log, register):
    """S44: as any other, intact: nothing of it is cleared before."""
    resource = Resource("a", log)
    resource.itself, resource.finalizer = resource, register(resource)
    alive = watch(resource)
    del resource
    gc.collect()
    assert log == [("a",)] and alive() == 0


@ways
def test_two_objects_in_one_cycle(log, register):
    """S44: each finalizer sees both whole."""
    one, other = Resource("one", log), Resource("other", log)
    one.other, other.other = other, one
    for each in one, other:
        register(each)
    alive = watch(one, other)
    del one, other, each
    gc.collect()
    assert sorted(log) == [("one",), ("other",)] and alive() == 0


def test_arguments_are_passed_on(log):
    """S44, S29"""
    resource = Resource("a", log)
    by_method_and_argument(resource)
    del resource
    gc.collect()
    assert log == [("a", "a", 2)]


def test_many(log):
    """S44"""
    for number in range(10_000):
        resource = Resource(number, log)
        resource.itself = resource
        WAYS[number % len(WAYS)](resource)
    kept = resource
    del resource
    gc.collect()
    assert sorted(log) == [(number,) for number in range(9_999)] and kept.buffer == [9_999]
    del kept
    gc.collect()
    assert log[-1] == (9_999,)


def test_several_of_one_object_run_newest_first(log):
    """S44, S2: whether they refer to it or not."""
    resource = Resource("a", log)
    finalize(resource, log.append, 1)
    finalize(resource, resource.close, 2)
    finalize(resource, log.append, 3)
    finalize(resource, close, resource, 4)
    del resource
    assert log == []
    gc.collect()
    assert log == [("a", 4), 3, ("a", 2), 1]


def test_it_runs_before_the_destructor(log):
    """S44"""

    class Mortal(Resource):
        def __del__(self):
            self.log.append(("del", *self.buffer))

    resource = Mortal("a", log)
    by_method(resource)
    del resource
    gc.collect()
    assert log == [("a",), ("del", "a")]


def test_an_error_in_one(log):
    """S44, S29: is reported, and the others run."""

    def fail(resource):
        raise ValueError(resource.name)

    resource = Resource("a", log)
    by_method(resource)
    finalize(resource, fail, resource)
    by_argument(resource)
    alive = watch(resource)
    del resource
    with unraisable() as errors:
        gc.collect()
    assert [str(error) for error in errors] == ["a"] and log == [("a",), ("a",)]
    del errors[:]
    gc.collect()
    assert alive() == 0


def test_what_it_owns_besides_lives_as_long(log):
    """S44: other arguments are reachable while the object is, and whole when it runs."""
    resource, other = Resource("a", log), Resource("other", log)
    other.resource = resource
    finalize(resource, lambda first, second: second.close(first.name), resource, other)
    alive = watch(resource, other)
    del other
    gc.collect()
    assert log == [] and alive() == 2
    del resource
    gc.collect()
    assert log == [("other", "a")] and alive() == 0


def test_a_chain_of_objects_and_entries(log):
    """S44, S43: an object that only an entry of an unreachable one leads to is unreachable with it."""
    entries = EphemeronDictionary()
    first, last = Resource("first", log), Resource("last", log)
    entries[first] = Box(last)
    entries[last] = Box(first)
    by_method(first), by_argument(last)
    alive = watch(first, last)
    del last
    gc.collect()
    assert log == [] and len(entries) == 2
    del first
    gc.collect()
    assert sorted(log) == [("first",), ("last",)] and alive() == len(entries) == 0


# Resurrection


def test_it_may_keep_its_object(log):
    """S44, S14: that is whole then, has no finalizer left, and can get another."""
    kept = []
    resource = Resource("a", log)
    resource.itself = resource
    finalizer = finalize(resource, kept.append, resource)
    alive = watch(resource)
    del resource
    gc.collect()
    (resource,) = kept
    assert resource.itself is resource and resource.buffer == ["a"] and not finalizer.alive
    kept.clear()
    by_method(resource)
    gc.collect()
    assert log == []
    del resource
    gc.collect()
    assert log == [("a",)] and alive() == 0


def test_the_destructor_of_an_object_that_it_keeps():
    """S44, S14: runs nevertheless, as that of all garbage of a collection, and once."""
    log, kept = [], []

    class Mortal(Resource):
        def __del__(self):
            self.log.append("del")

    resource = Mortal("a", log)
    finalize(resource, lambda resource: (log.append("finalizer"), kept.append(resource)), resource)
    del resource
    gc.collect()
    assert log == ["finalizer", "del"] and kept[0].buffer == ["a"]
    kept.clear()
    gc.collect()
    assert log == ["finalizer", "del"]


def test_it_may_register_itself_again(log):
    """S44: for the next collection, and not for this one."""

    def again(resource):
        log.append(resource.name)
        if len(log) < 3:
            finalize(resource, again, resource)

    resource = Resource("a", [])
    finalize(resource, again, resource)
    alive = watch(resource)
    del resource
    for times in 1, 2, 3, 3:
        gc.collect()
        assert len(log) == times
    assert alive() == 0


# Everything else is as it was


@pytest.mark.parametrize("everywhere", [False, True])
def test_others_are_as_prompt_as_ever(log, everywhere):
    """S44, S29: those that do not refer to their object need no collection."""
    with weakrefs.installed(warn=False, ephemerons=everywhere):
        resource, other = Resource("a", log), Resource("b", log)
        finalize(resource, log.append, 1)
        finalize(resource, other.close)
        finalize(resource, functools.partial(log.append, 2))
        del resource
    assert log == [2, ("b",), 1]


@ways
def test_calling_it_ends_it(log, register):
    """S44, S30: then nothing refers to the object any more."""
    resource = Resource("a", log)
    finalizer = register(resource)
    alive = watch(resource)
    finalizer()
    assert log == [("a",)] and not finalizer.alive and finalizer() is None
    del resource
    assert alive() == 0 and len(log) == 1


@ways
def test_detaching_it_ends_it(log, register):
    """S44, S30"""
    resource = Resource("a", log)
    finalizer = register(resource)
    assert finalizer.peek() == finalizer.peek() and finalizer.alive
    of, function, args, kwargs = finalizer.detach()
    assert of is resource and not finalizer.alive and finalizer.detach() is None
    alive = watch(resource)
    function(*args, **kwargs)
    del of, function, args, kwargs, resource
    assert alive() == 0 and log == [("a",)]


def test_the_registry_shows_it(log):
    """S44, S26"""
    resource = Resource("a", log)
    finalizer = by_argument(resource)
    info = finalize._registry[finalizer]
    assert info.weakref() is resource and info.args == (resource,)
    del info
    gc.collect()
    assert finalizer in finalize._registry and log == []
    del resource
    gc.collect()
    assert finalizer not in finalize._registry and log == [("a",)]


def test_a_dead_copy(log):
    """S44, S40"""
    resource = Resource("a", log)
    finalizer = by_method(resource)
    copied = pickle.loads(pickle.dumps(finalizer))
    assert not copied.alive and finalizer.alive
    finalizer.detach()


def test_at_exit():
    """S44, S31: those of living objects, newest first, but those without `atexit`."""
    assert output_of("""
        import gc, weakrefs

        class Resource:
            def __init__(self, name):
                self.name = name

            def close(self):
                print("close", self.name)

        kept = [Resource(number) for number in range(4)]
        finalizers = [weakrefs.finalize(each, each.close) for each in kept]
        weakrefs.finalize(kept[0], print, kept[0].name, kept[0].close.__name__)
        finalizers[1].atexit = False
        del kept[3]
        gc.collect()
        print("end", finalizers[1].atexit)
    """) == ["close 3", "end False", "0 close", "close 2", "close 0"]


# Ways to refer to the object


def test_a_native_method(tmp_path):
    """S44: such as the `close` of a file, which does not have to be closed by its destructor."""
    file = open(tmp_path / "file", "w")
    finalizer = finalize(file, file.close)
    alive = watch(file)
    gc.collect()
    assert not file.closed
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        del file
        gc.collect()
    assert told == [] and alive() == 0 and not finalizer.alive


def test_a_method_of_a_class(log):
    """S44"""

    class Registered:
        @classmethod
        def leave(cls):
            log.append(cls.__name__)

    finalize(Registered, Registered.leave)
    alive = watch(Registered)
    gc.collect()
    assert log == []
    del Registered
    gc.collect()
    assert log == ["Registered"] and alive() == 0


def test_a_subclass(log):
    """S44: with attributes of its own."""

    class Named(finalize):
        pass

    resource = Resource("a", log)
    finalizer = Named(resource, resource.close, 5)
    finalizer.name = "mine"
    del resource
    gc.collect()
    assert log == [("a", 5)] and not finalizer.alive and finalizer.name == "mine"


def by_closure(resource):
    return finalize(resource, lambda: resource.close())


def by_partial(resource):
    return finalize(resource, functools.partial(close, resource))


def by_list(resource):
    return finalize(resource, lambda resources: resources[0].close(), [resource])


def by_attribute(resource):
    holder = Box(resource)
    return finalize(resource, lambda holder: holder.contents[0].close(), holder)


def by_method_of_another(resource):
    holder = Box(resource)
    return finalize(resource, types.MethodType(lambda holder: holder.contents[0].close(), holder))


@pytest.mark.parametrize("register", [by_closure, by_partial, by_list, by_attribute, by_method_of_another])
def test_longer_ways_need_the_switch(log, register):
    """S44: without it such a finalizer keeps its object. The switch serves those that are there as well as later ones."""
    earlier = Resource("earlier", log)
    finalizer = register(earlier)
    alive = watch(earlier)
    del earlier
    gc.collect()
    assert log == [] and alive() == 1 and finalizer.alive
    with weakrefs.installed(warn=False, ephemerons=True):
        later = Resource("later", log)
        register(later)
        gc.collect()
        assert log == [("earlier",)] and alive() == 0
        del later
        gc.collect()
        assert log == [("earlier",), ("later",)]


def test_one_that_waits_begins_anew():
    """S35, S44: in a long chain of deaths it keeps what it has done until its turn comes. Meanwhile it may get another task,
    and a collection may come, which leaves the chain as it is. In a process of its own: a broken chain may have no end.
    """
    assert output_of("""
        import gc, weakref
        from weakrefs import finalize

        class Resource:
            def __init__(self, number):
                self.number = number

            def close(self):
                log.append(self.number)

        class Meddler:
            # Dies when the first finalizers wait.
            def __del__(self):
                if begun:
                    return
                for number, finalizer in enumerate(finalizers):
                    if not finalizer.alive:
                        resource = Resource(number)
                        finalizer.__init__(resource, resource.close)
                        begun.append(number)
                resource = None
                gc.collect()

        def known():
            return sum(type(each) is finalize for each in gc.get_objects())

        gc.disable()
        log, begun, finalizers, before = [], [], [], known()
        objects = [Resource(number) for number in range(100)]
        alive = [weakref.ref(each) for each in objects]
        for each, following in zip(objects, objects[1:]):
            finalizers.append(finalize(each, lambda *_: None, Meddler(), following))
        first = objects[0]
        objects = each = following = None
        del first
        gc.collect()
        print(any(reference() for reference in alive), len(begun) > 20, sorted(log) == begun)
        finalizers.clear()
        print(known() - before)
    """) == ["False True True", "0"]
