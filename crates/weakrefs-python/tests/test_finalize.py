"""`finalize` in a running program (S29, S30, S32).

At exit: `test_process.py`; in threads: `test_threads.py`.
"""

import gc

import pytest
import weakrefs as weakref
from support import Thing, unraisable
from weakrefs import finalize


@pytest.fixture
def calls():
    return []


@pytest.fixture
def record(calls):
    def record(*args, **kwargs):
        calls.append((args, kwargs))
        return len(calls)

    return record


def test_it_runs_when_its_object_dies(calls, record):
    """S29: once, with all its arguments; then it is dead."""
    thing = Thing()
    finalizer = finalize(thing, record, 1, 2, a=3)
    assert finalizer.alive and calls == []
    del thing
    assert calls == [((1, 2), {"a": 3})] and not finalizer.alive
    assert finalizer() is None and len(calls) == 1


def test_it_runs_though_nobody_kept_it(calls, record):
    """S32: the registry keeps it."""
    thing = Thing()
    finalize(thing, record)
    gc.collect()
    del thing
    assert calls == [((), {})]


def test_calling_it_runs_it_and_gives_the_result(calls, record):
    """S30: once, though its object lives; its later death does nothing."""
    thing = Thing()
    finalizer = finalize(thing, record, 1)
    assert finalizer() == 1 and finalizer() is None and not finalizer.alive
    del thing
    assert calls == [((1,), {})]


def test_calling_it_takes_one_argument_for_nothing(calls, record):
    """S30: it is a callback of the interpreter's reference in 3.14; more is an error that runs
    nothing.
    """
    thing = Thing()
    finalizer = finalize(thing, record)
    for arguments, keywords in (((1, 2), {}), ((), {"wr": 1})):
        with pytest.raises(TypeError):
            finalizer(*arguments, **keywords)
    assert calls == [] and finalizer.alive
    assert finalizer(None) == 1


def test_peek_and_detach(calls, record):
    """S30: show what it holds; detached, it never runs."""
    thing = Thing()
    finalizer = finalize(thing, record, 1, a=2)
    assert finalizer.peek() == finalizer.peek() == (thing, record, (1,), {"a": 2}) and finalizer.alive
    assert finalizer.detach() == (thing, record, (1,), {"a": 2})
    assert finalizer.peek() is finalizer.detach() is finalizer() is None and not finalizer.alive
    del thing
    assert calls == []


def test_no_keywords_are_an_empty_dictionary(record):
    """S30: in what `peek` and `detach` give."""
    thing = Thing()
    finalizer = finalize(thing, record)
    assert finalizer.peek() == finalizer.detach() == (thing, record, (), {})


def test_what_it_held_is_let_go():
    """S34: function and arguments, however it ended."""
    for end in (finalize.detach, finalize.__call__, None):
        thing, argument = Thing(), Thing()
        watch = weakref.ref(argument)
        finalizer = finalize(thing, lambda _: None, argument)
        del argument
        assert watch() is not None
        if end is None:
            del thing
        else:
            end(finalizer)
        assert watch() is None and not finalizer.alive


def test_several_on_one_object_run_newest_first(calls, record):
    """S2: as references' callbacks do."""
    thing = Thing()
    for number in range(3):
        finalize(thing, record, number)
    del thing
    assert [args for args, _ in calls] == [(2,), (1,), (0,)]


def test_atexit_is_a_writable_truth(record):
    """S30: true at first, false for ever once it is dead."""
    thing = Thing()
    finalizer = finalize(thing, record)
    assert finalizer.atexit is True
    for value, expected in ((0, False), ("x", True), ([], False), (True, True)):
        finalizer.atexit = value
        assert finalizer.atexit is expected
    finalizer()
    finalizer.atexit = True
    assert finalizer.atexit is False


def test_its_attributes():
    """S30: `alive` is read-only, and there is no state of its own."""
    thing = Thing()
    finalizer = finalize(thing, print)
    for name in ("alive", "other"):
        with pytest.raises(AttributeError):
            setattr(finalizer, name, 1)
    with pytest.raises(AttributeError):
        del finalizer.atexit
    assert not hasattr(finalizer, "__dict__")
    finalizer.detach()


def test_names_are_free_for_keywords(calls, record):
    """S29: those of the constructor's own parameters too."""
    thing = Thing()
    finalizer = finalize(thing, record, self=1, obj=2, func=3, args=4, kwargs=5)
    assert finalizer.peek()[3] == {"self": 1, "obj": 2, "func": 3, "args": 4, "kwargs": 5}
    del thing
    assert calls == [((), {"self": 1, "obj": 2, "func": 3, "args": 4, "kwargs": 5})]


def test_bad_arguments():
    """S29: object and function are needed, by position."""
    thing = Thing()
    for arguments, keywords in (
        ((), {}),
        ((thing,), {}),
        ((), {"obj": thing, "func": print}),
        ((thing,), {"func": print}),
    ):
        with pytest.raises(TypeError):
            finalize(*arguments, **keywords)
    assert weakref.getweakrefcount(thing) == 0


def test_a_function_that_cannot_be_called():
    """S29: is found out when it is called."""
    thing = Thing()
    finalizer = finalize(thing, 5)
    with pytest.raises(TypeError, match="'int' object is not callable"):
        finalizer()
    assert not finalizer.alive


def test_an_error_in_the_function(calls, record):
    """S5: comes out of a call; of a death, it is reported, and the other finalizers run."""
    thing = Thing()
    finalizer = finalize(thing, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        finalizer()
    assert not finalizer.alive and finalizer() is None
    finalize(thing, record, "older")
    finalize(thing, lambda: 1 / 0)
    finalize(thing, record, "newer")
    with unraisable() as reports:
        del thing
    assert [type(report) for report in reports] == [ZeroDivisionError]
    assert [args for args, _ in calls] == [("newer",), ("older",)]


def test_repr_tells_what_it_is_for():
    """S30: with the subclass's name, and whether it is dead."""

    class Sub(finalize):
        pass

    for kind in (finalize, Sub):
        thing = Thing()
        finalizer = kind(thing, print)
        address = f"{id(finalizer):#x}"
        assert repr(finalizer) == f"<{kind.__name__} object at {address}; for 'Thing' at {id(thing):#x}>"
        finalizer.detach()
        assert repr(finalizer) == f"<{kind.__name__} object at {address}; dead>"


def test_its_equality_is_identity(record):
    """S30: two of the same kind on the same object are two."""
    thing = Thing()
    one, two = finalize(thing, record), finalize(thing, record)
    assert one != two and one == one and len({one, two, one}) == 2
    one.detach(), two.detach()


def test_it_sees_itself_dead_while_it_runs():
    """S29: whatever its function asks of it, it does not run again."""
    thing, seen = Thing(), []

    def function():
        seen.append((finalizer.alive, finalizer.peek(), finalizer.detach(), finalizer(), finalizer.atexit))

    finalizer = finalize(thing, function)
    del thing
    assert seen == [(False, None, None, None, False)]


def test_it_may_make_new_ones_and_run_others(calls, record):
    """S29: in the middle of the same death; a finalizer called by another does not run again."""
    thing, others = Thing(), [Thing()]
    called = finalize(thing, record, "called by a newer one")

    def function():
        called()
        finalize(others[0], record, "new")

    finalize(thing, function)
    del thing
    assert calls == [(("called by a newer one",), {})] and not called.alive
    others.clear()
    assert calls[1:] == [(("new",), {})]


def test_too_late_to_detach(calls, record):
    """S30: once its object is dead, a finalizer that has not run yet cannot be stopped."""
    thing = Thing()
    doomed = finalize(thing, record)
    finalize(thing, lambda: calls.append((doomed.alive, doomed.peek(), doomed.detach())))
    del thing
    assert calls == [(True, None, None), ((), {})]


def test_a_chain_of_finalizers(calls, record):
    """S29: each drops the last reference to the object of the next."""
    thing = None
    for number in range(50):
        following, thing = thing, Thing(number)
        finalize(thing, lambda number, _: record(number), number, following)
    del following, thing
    assert [args for args, _ in calls] == [(number,) for number in reversed(range(50))]


def test_an_object_held_by_its_own_finalizer(calls, record):
    """S30: cannot die before it is called or detached."""
    for end, count in ((finalize.detach, 0), (finalize.__call__, 1)):
        thing = Thing()
        watch = weakref.ref(thing)
        finalizer = finalize(thing, record, thing)
        del thing
        gc.collect()
        assert watch() is not None and finalizer.alive
        end(finalizer)
        assert len(calls) == count
        calls.clear()
        gc.collect()
        assert watch() is None and calls == []


def test_a_finalizer_held_by_its_object(calls, record):
    """S30: closes no cycle."""
    thing = Thing()
    thing.finalizer = finalize(thing, record)
    watch = weakref.ref(thing)
    del thing
    assert watch() is None and calls == [((), {})]


def test_collected_with_its_object(calls, record):
    """S29: once, in a collection, whatever the cycle holds."""
    thing = Thing()
    thing.itself, thing.finalizer = thing, finalize(thing, record, "cycle")
    del thing
    assert calls == []
    gc.collect()
    gc.collect()
    assert calls == [(("cycle",), {})]


def test_the_object_is_gone_when_it_runs(calls):
    """S2: for references and containers alike, newer or older."""
    thing = Thing()
    older = weakref.WeakSet([thing])
    finalize(thing, lambda: calls.append((watch(), list(older), list(newer))))
    watch, newer = weakref.ref(thing), weakref.WeakSet([thing])
    del thing
    assert calls == [(None, [], [])]


class Closing(finalize):
    """A subclass with a constructor and state of its own."""

    __slots__ = ("__weakref__", "closed")

    def __init__(self, thing):
        super().__init__(thing, str, "result")
        self.closed = False

    def __call__(self, _=None):
        self.closed = super().__call__(_)


def test_it_is_subclassed_with_a_signature_of_its_own():
    """S30: and an overridden call is what a death calls."""
    thing = Thing()
    finalizer = Closing(thing)
    assert finalizer.alive and finalizer.peek() == (thing, str, ("result",), {})
    del thing
    assert finalizer.closed == "result" and not finalizer.alive


def test_a_subclass_with_a_dictionary(calls, record):
    """S15: may close a cycle through it, which a collection frees once it is dead."""

    class Sub(finalize):
        pass

    thing = Thing()
    finalizer = Sub(thing, record)
    finalizer.itself = finalizer
    watch = weakref.ref(finalizer)
    del finalizer, thing
    assert calls == [((), {})]
    gc.collect()
    assert watch() is None


def test_one_that_was_never_initialized():
    """S30: is dead, as one that has run."""
    finalizer = finalize.__new__(finalize)
    assert not finalizer.alive and finalizer.peek() is finalizer.detach() is finalizer() is None
    finalizer.atexit = True
    assert finalizer.atexit is False and repr(finalizer).endswith("; dead>")


def test_one_that_is_initialized_again(calls, record):
    """S29: belongs to its new object alone."""
    first, second = Thing(), Thing()
    finalizer = finalize(first, record, 1)
    finalizer.__init__(second, record, 2)
    del first
    assert calls == [] and finalizer.peek() == (second, record, (2,), {})
    del second
    assert calls == [((2,), {})]


def test_one_that_was_initialized_again_is_let_go():
    """S34: the registry has it once."""

    class Sub(finalize):
        __slots__ = ("__weakref__",)

    first, second = Thing(), Thing()
    finalizer = Sub(first, int)
    finalizer.__init__(second, int)
    watch = weakref.ref(finalizer)
    del finalizer
    assert watch() is not None
    del second
    assert watch() is None and weakref.getweakrefcount(first) == 0


def test_resurrecting_its_argument(calls):
    """S30: what it was given may live on, and be finalized again."""
    thing, payload = Thing(), Thing("payload")
    finalize(thing, calls.append, payload)
    del payload, thing
    assert [each.name for each in calls] == ["payload"]
    watch = weakref.ref(calls[0])
    finalize(calls[0], calls.extend, [1, 2])
    calls.clear()
    assert watch() is None and calls == [1, 2]
