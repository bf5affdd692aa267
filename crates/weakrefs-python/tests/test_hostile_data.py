"""S37, S26: what is put into containers from below, and arguments that change while they are read."""

import gc

import pytest
import weakrefs
from support import Equal, Thing, entries, output_of, things, unraisable
from weakrefs import KeyedRef, WeakKeyDictionary, WeakSet, WeakValueDictionary, ref


class Reference(ref):
    """With a hash of its own."""

    def __hash__(self):
        return -2

    __eq__ = ref.__eq__


def test_the_same_reference_twice_as_data():
    """S37: one entry, which goes with its referent; by whatever name the references come in."""
    kept, dying = things(2)
    for assign in (
        lambda members, references: setattr(members, "data", references),
        lambda members, references: getattr(members, "_replace_references", lambda _: None)(references),
    ):
        members = WeakSet()
        assign(members, [ref(dying), ref(dying), ref(kept), ref(kept), ref(dying)])
        assert len(members) == len(list(members)) <= 2
        reference = ref(dying, id)
        assign(members, [reference, reference])
        assert len(members) == len(list(members)) <= 2
    assign = None
    for mapping, data in (
        (WeakKeyDictionary(), [(ref(dying), 1), (ref(dying), 2)]),
        (WeakValueDictionary(), [(1, ref(dying)), (1, ref(dying)), (2, ref(dying))]),
    ):
        mapping.data = data
        assert len(mapping) == len(entries(mapping)) <= 2
        members.data = [ref(dying), ref(dying)]
        watch, dying, data = ref(dying), None, None
        assert watch() is None and len(mapping) == len(members) == 0
        dying = Thing()


def test_references_to_one_key_that_a_dict_tells_apart_as_data():
    """S37: one entry: of references, or of keys, with an equality of their own."""

    class Apart(ref):
        __hash__ = ref.__hash__

        def __eq__(self, other):
            return self is other

    class Anew:
        __hash__ = object.__hash__

        def __eq__(self, other):
            return False

    for key, make in ((Thing(), Apart), (Anew(), ref), (Equal(1), Apart)):
        members = WeakKeyDictionary()
        members.data = {make(key): 1, ref(key, id): 1, make(key): 1}
        assert [value for _, value in members.items()] == [1] and weakrefs.getweakrefcount(key) == 1
        members.data = {ref(key): 5}
        assert [value for _, value in members.items()] == [5]


def test_its_own_references_as_data():
    """S26: in another order, as when a program shuffles them; they stay those of the entries."""
    kept, dying = things(5), [Thing()]
    members = WeakKeyDictionary(dict.fromkeys(kept, 1))
    references = members.keyrefs()[::-1]
    data = dict.fromkeys([ref(dying[0]), *references])
    dying.clear()
    members.data = data
    assert entries(members) == [(key, None) for key in reversed(kept)]
    assert all(x is y for x, y in zip(members.keyrefs(), references, strict=True))
    references = data = None
    kept.pop()
    assert len(members) == 4 and all(key in members for key in kept)


@pytest.mark.parametrize("kind", [WeakSet, WeakKeyDictionary, WeakValueDictionary])
def test_references_with_a_hash_of_their_own_as_data(kind):
    """S37: are found, and evicted, as all others."""
    kept, dying = things(2)
    container = kind()
    data = [Reference(kept), Reference(dying)]
    if kind is WeakKeyDictionary:
        data = {reference: 1 for reference in data}
    elif kind is WeakValueDictionary:
        data = dict(enumerate(data))
    container.data = data
    data = None
    assert len(container) == len(entries(container)) == 2
    if kind is not WeakValueDictionary:
        assert kept in container and dying in container
        for element in (kept, dying):
            if kind is WeakSet:
                container.add(element)
            else:
                container[element] = 2
        assert len(container) == 2
    dying = element = None
    assert len(container) == len(entries(container)) == 1


@pytest.mark.parametrize("hash_of", [-1, -2, 0, "text", None, 1 << 70])
@pytest.mark.parametrize("kind", [WeakSet, WeakKeyDictionary, WeakValueDictionary])
def test_an_evictor_in_other_hands(kind, hash_of):
    """S37: called with what is not of its container, dead or alive, it changes nothing, and files nothing."""
    kept, container = Thing(), kind()
    if kind is WeakSet:
        container.add(kept)
    elif kind is WeakKeyDictionary:
        container[kept] = 1
    else:
        container[1] = kept
    (stored,) = weakrefs.getweakrefs(kept)
    evict = stored.__callback__

    class Foreign(ref):
        def __hash__(self):
            return hash_of

    class ForeignKeyed(KeyedRef):
        __hash__ = Foreign.__hash__

    with unraisable() as reports:
        for make in (
            lambda dying: Foreign(dying, evict),
            lambda dying: ref(dying, evict),
            lambda dying: KeyedRef(dying, evict, 1),
            lambda dying: ForeignKeyed(dying, evict, "key"),
            lambda dying: KeyedRef(dying, evict, []),
        ):
            dying = Thing()
            foreign = make(dying)
            dying = None
            assert foreign() is None
            assert len(container) == len(entries(container)) == 1
    assert all(isinstance(report, Exception) for report in reports)
    kept = None
    assert len(container) == 0 and stored() is None


def test_references_with_an_evictor_that_was_stolen_as_data():
    """S37: a reference that calls another container's evictor still leaves the container that it is in."""
    first, kept, dying = WeakSet(), *things(2)
    first.add(kept)
    (stored,) = weakrefs.getweakrefs(kept)
    second = WeakSet()
    second.data = [Reference(dying, stored.__callback__)]
    assert list(second) == [dying]
    dying = None
    gc.collect()
    assert list(second) == [] and len(second) == 0 and list(first) == [kept]


# Arguments that change while they are read

CHANGING = """
import gc
from weakrefs import WeakKeyDictionary, WeakValueDictionary

class Thing: pass
kept, found = Thing(), []

class Name(str):
    '''The name of an argument, which looks for the dict that it is in, and changes that.'''
    armed = False
    __eq__ = str.__eq__

    def __hash__(self):
        if Name.armed:
            for holder in gc.get_referrers(self):
                if type(holder) is dict and self is next(iter(holder), None) and holder is not names:
                    found.append(len(holder))
                    Name.armed = False
                    change(holder)
                    break
        return str.__hash__(self)

names = {Name("first"): kept, **{f"name{number}": kept for number in range(20)}}

def grow(arguments):
    arguments.update({f"more{number}": kept for number in range(100)})

def shrink(arguments):
    arguments.clear()

def swap(arguments):
    arguments.popitem()
    arguments["another"] = kept
"""


@pytest.mark.parametrize("change", ["grow", "shrink", "swap"])
@pytest.mark.parametrize(
    "call", ["WeakValueDictionary(**names)", "values.update(**names)", "values.update({}, **names)"]
)
def test_named_arguments_that_change_while_they_are_read(call, change):
    """S37: a `RuntimeError`, or all that was there; nothing is read that is gone."""
    code = f"""
values, change = WeakValueDictionary(), {change}
Name.armed = True
try:
    {call}
except RuntimeError as error:
    print("RuntimeError")
else:
    print("read")
Name.armed = False
gc.collect()
print(len(values) in (0, 1, 21, 121), len(found))
"""
    lines = output_of(CHANGING + code)
    assert lines[0] in ("RuntimeError", "read") and lines[1] == "True 1"
