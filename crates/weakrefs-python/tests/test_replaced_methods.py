"""S39: methods that are replaced on the classes themselves, as debuggers, tracers and mocks do, are called as overrides are.

The standard classes are held to the same calls.
"""

import contextlib
import weakref
from unittest import mock

import pytest
import weakrefs
from support import Thing, things

either = pytest.mark.parametrize("module", [weakrefs, weakref], ids=["ours", "standard"])
mappings = pytest.mark.parametrize("name", ["WeakKeyDictionary", "WeakValueDictionary"])


@contextlib.contextmanager
def traced(cls, *names):
    """Notes which of the methods are called, in whose place they stand."""
    calls = []

    def tracing(name, original):
        def method(self, *args, **kwargs):
            calls.append(name)
            return original(self, *args, **kwargs)

        return method

    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(mock.patch.object(cls, name, tracing(name, getattr(cls, name))))
        yield calls


@either
@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda cls, one, two: cls([one, two]), ["update", "add", "add"]),
        (lambda cls, one, two: cls([one]).update([two]), ["update", "add", "update", "add"]),
        (lambda cls, one, two: cls([one]).__ior__([two]), ["update", "add", "update", "add"]),
        (lambda cls, one, two: cls([one, two]).copy(), ["update", "add", "add", "update", "add", "add"]),
        (lambda cls, one, two: cls([one]) | {two}, ["update", "add", "update", "add", "add"]),
        (lambda cls, one, two: cls([one]) & {one}, ["update", "add", "update", "add"]),
        (lambda cls, one, two: cls([one]) - {two}, ["update", "add", "update", "add"]),
        (lambda cls, one, two: cls([one]) ^ {two}, ["update", "add", "update", "add"]),
        (lambda cls, one, two: cls([one]).isdisjoint([one]), ["update", "add", "update", "add"]),
    ],
)
def test_what_goes_through_update_and_add(module, operation, expected):
    """S26, S39"""
    with traced(module.WeakSet, "add", "update") as calls:
        operation(module.WeakSet, *(kept := things(2)))
    assert calls == expected and len(kept) == 2
    operation(module.WeakSet, *kept)
    assert calls == expected


@either
@pytest.mark.parametrize(
    ("replaced", "operation", "expected"),
    [
        ("__init__", lambda members: members.copy(), ["__init__"]),
        ("__contains__", lambda members: members & members, ["__contains__"]),
        ("copy", lambda members: members - set(), ["copy"]),
        ("copy", lambda members: members ^ set(), ["copy"]),
        ("difference_update", lambda members: members - set(), ["difference_update"]),
        ("__isub__", lambda members: members.difference_update([]), ["__isub__"]),
        ("__iand__", lambda members: members.intersection_update([]), ["__iand__"]),
        ("__ixor__", lambda members: members.symmetric_difference_update([]), ["__ixor__"]),
        ("intersection", lambda members: members.isdisjoint([]), ["intersection"]),
        ("__iter__", lambda members: members.copy(), ["__iter__"]),
        ("__iter__", lambda members: type(members)().update(members), ["__iter__"]),
        ("__iter__", lambda members: members | set(), ["__iter__"]),
    ],
)
def test_what_goes_through_other_methods_of_a_set(module, replaced, operation, expected):
    """S26, S39"""
    members = module.WeakSet(kept := things(1))
    with traced(module.WeakSet, replaced) as calls:
        operation(members)
    assert calls == expected and len(kept) == 1


@either
@mappings
@pytest.mark.parametrize(
    ("replaced", "operation", "expected"),
    [
        ("update", lambda mapping: type(mapping)(dict(mapping.items())), ["update"]),
        ("update", lambda mapping: mapping | {}, ["made empty", "update"]),
        ("update", lambda mapping: {} | mapping, ["made empty", "update", "update"]),
        ("update", lambda mapping: mapping.__ior__({}), ["update"]),
        ("copy", lambda mapping: mapping | {}, ["copy"]),
        ("popitem", lambda mapping: mapping.clear(), ["popitem", "popitem"]),
        ("items", lambda mapping: mapping == {}, ["items"]),
        ("items", lambda mapping: type(mapping)(mapping), ["items"]),
        ("__setitem__", lambda mapping: mapping.copy(), ["__setitem__"]),
        ("__init__", lambda mapping: mapping.copy(), ["__init__"]),
    ],
)
def test_what_goes_through_other_methods_of_a_mapping(module, name, replaced, operation, expected):
    """S26, S39"""
    cls, thing = getattr(module, name), Thing()
    mapping = cls({thing: thing})
    with traced(cls, replaced) as calls:
        operation(mapping)
    # An empty value dictionary is updated with nothing.
    made = ["update"] if name == "WeakValueDictionary" else []
    assert calls == [call for each in expected for call in (made if each == "made empty" else [each])]


def test_a_method_is_put_back():
    """S39: then all is as before, though the class has changed."""
    members, thing = weakrefs.WeakSet(), Thing()
    for _ in range(3):
        with traced(weakrefs.WeakSet, "add", "update", "__iter__") as calls:
            assert list(weakrefs.WeakSet([thing]).copy()) == [thing]
        seen = len(calls)
        members |= {thing}
        assert list(members.copy() | {thing}) == [thing] and len(calls) == seen


def test_a_method_replaced_by_another_native_one():
    """S39: that is called, too."""
    members = weakrefs.WeakSet(kept := things(2))
    with mock.patch.object(weakrefs.WeakSet, "add", weakrefs.WeakSet.discard):
        members.update(kept)
    assert len(members) == 0
