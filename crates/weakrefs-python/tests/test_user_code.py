"""User code around an operation (S8, S17, S18).

What is asked of keys, and what deallocations and callbacks find.
"""

import pytest
import weakrefs as weakref
from support import Equal, Hostile, Thing, entries, things, unraisable
from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary

KINDS = (WeakKeyDictionary, WeakValueDictionary, WeakSet)
VALUES = things(20)  # for the weak-valued mapping: what its keys lead to


# What is called, and how often


@pytest.mark.parametrize("kind", KINDS)
def test_a_lookup_by_identity_compares_nothing(kind):
    """S18: a lookup of the object itself asks for one hash, and no more."""
    keys, calls = things(3, Hostile), []
    container = kind(keys) if kind is WeakSet else kind(zip(keys, VALUES))
    for key in keys:
        key.on_eq, key.on_hash = (lambda: calls.append("eq")), (lambda: calls.append("hash"))
    assert keys[2] in container
    assert calls in (["hash"], [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_miss_asks_each_candidate_once(kind):
    """S18: also one that is followed by an insertion, which takes nothing twice."""
    stored, asked = things(20, Hostile), []
    container = kind(stored) if kind is WeakSet else kind(zip(stored, VALUES))
    for key in stored:
        key.on_eq = lambda: asked.append(1)
    absent = Hostile("absent")
    assert absent not in container and len(asked) == 20
    container.add(absent) if kind is WeakSet else container.__setitem__(absent, VALUES[0])
    assert len(asked) == 40 and len(container) == 21


@pytest.mark.parametrize("kind", KINDS)
def test_the_stored_side_is_asked_first(kind):
    """S8: as `dict` and `set` do."""

    class Asked(Equal):
        def __eq__(self, other):
            asked.append(self)
            return super().__eq__(other)

        __hash__ = Equal.__hash__

    asked = []
    stored, looked_up = Asked(1), Asked(1)
    container = kind([stored]) if kind is WeakSet else kind([(stored, VALUES[0])])
    assert looked_up in container and [each is stored for each in asked] == [True]


@pytest.mark.parametrize("kind", KINDS)
def test_answers_that_are_no_booleans(kind):
    """S18: count by their truth; asking for it may fail, too."""

    class Answer:
        def __init__(self, truth):
            self.truth = truth

        def __bool__(self):
            return 1 / 0 if self.truth is None else self.truth

    class Odd(Equal):
        def __eq__(self, other):
            return answer

        __hash__ = Equal.__hash__

    stored, looked_up = Odd(1), Odd(1)
    container = kind([stored]) if kind is WeakSet else kind([(stored, VALUES[0])])
    for answer, expected in (
        (Answer(True), True),
        (Answer(False), False),
        ([], False),
        (NotImplemented, False),
    ):
        if answer is not NotImplemented:
            assert (looked_up in container) is expected
    answer = NotImplemented
    assert looked_up not in container
    answer = Answer(None)
    with pytest.raises(ZeroDivisionError):
        looked_up in container
    assert len(container) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_changes_its_hash(kind):
    """S17: is lost to lookups, as in `dict`, but not to its eviction."""
    key, value = Equal(1), Thing()
    container = kind([key]) if kind is WeakSet else kind([(key, value)])
    key.name = 2
    assert key not in container and Equal(1) not in container and len(container) == 1
    del key, value
    assert len(container) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_eviction_runs_no_code_of_the_keys(kind):
    """S17: it goes by identity; a key that would fail or look around is not asked."""
    key, value, calls = Hostile(1), Thing(), []
    container = kind([key]) if kind is WeakSet else kind([(key, value)])
    key.on_eq = key.on_hash = lambda: calls.append(1 / 0)
    with unraisable() as reports:
        del key, value
    assert reports == [] and calls == [] and len(container) == 0


# Deallocation


@pytest.mark.parametrize("kind", KINDS)
def test_an_absent_key_goes_with_the_error_about_it(kind):
    """S18, S22: nothing of the error stays behind, not even until the next call."""
    container = kind()
    absent = [container.remove] if kind is WeakSet else [container.__getitem__, container.__delitem__, container.pop]
    for operation in absent:
        key = Thing("absent")
        alive = weakref.ref(key)
        with pytest.raises(KeyError) as raised:
            operation(key)
        del key, raised
        assert alive() is None, operation


class Watching(Thing):
    """Looks at a container, and stores something in it, when it dies."""

    def __init__(self, look):
        super().__init__()
        self.look = look

    def __del__(self):
        self.look()


REPLACEMENT = Thing("replacement")


DROPS = {
    "setitem": (lambda d, kept: d.__setitem__(kept[1], "new"), [1, "new", 3]),
    "update": (lambda d, kept: d.update({kept[1]: "new"}), [1, "new", 3]),
    "delitem": (lambda d, kept: d.__delitem__(kept[1]), [1, 3]),
    "pop": (lambda d, kept: d.pop(kept[1]) and None, [1, 3]),
    "death": (lambda d, kept: kept.pop(1) and None, [1, 3]),
}


@pytest.mark.parametrize(("drop", "left"), DROPS.values(), ids=DROPS)
def test_a_value_that_dies_sees_the_mapping_after_the_change(drop, left):
    """S18: and may change it again."""
    seen = []

    def look():
        seen.extend(keys.values())
        keys[REPLACEMENT] = "stored by __del__"

    kept = things(3)
    keys = WeakKeyDictionary(zip(kept, (1, Watching(look), 3), strict=True))
    drop(keys, kept)
    assert seen == left and list(keys.values()) == [*left, "stored by __del__"]


@pytest.mark.parametrize("drop", ["delitem", "pop", "death"])
def test_a_strong_key_that_dies_sees_the_mapping_after_the_change(drop):
    """S18: keys of a weak-valued mapping go with their entries."""
    seen = []

    def look():
        seen.append(list(values))
        values["stored by __del__"] = REPLACEMENT

    class Key(Watching, Equal):
        def __init__(self):
            Watching.__init__(self, look)
            self.name = "k"

    value = Thing()
    values = WeakValueDictionary({Key(): value})
    if drop == "delitem":
        del values[Equal("k")]
    elif drop == "pop":
        assert values.pop(Equal("k")) is value
    else:
        del value
    assert seen == [[]] and entries(values) == [("stored by __del__", REPLACEMENT)]


@pytest.mark.parametrize("kind", KINDS)
def test_clear_lets_go_of_what_stores_itself_anew(kind):
    """S18: it ends, and what was stored meanwhile is there or gone, but never half."""
    stored = []

    def look():
        if not stored:
            stored.append(Hostile(5))
            container.add(stored[0]) if kind is WeakSet else container.__setitem__(stored[0], VALUES[5])

    kept = [Watching(look) for _ in range(5)]
    if kind is WeakSet:
        container = WeakSet(kept)
    elif kind is WeakKeyDictionary:
        container = WeakKeyDictionary({key: Watching(look) for key in kept})
    else:
        container = WeakValueDictionary({(Watching(look),): value for value in kept})
    container.clear()
    assert len(container) == len(entries(container)) <= 1
    container.clear()
    kept.clear()
    if stored and stored[0] in container:
        assert len(container) == 1
        container.clear()
    assert len(container) == 0


@pytest.mark.parametrize("registered", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_callback_that_changes_the_container(kind, registered):
    """S18: before and after the eviction of what died."""
    container, kept, new = kind(), things(5, Equal), [Equal("new")]

    def callback(_):
        container.clear()
        fill(container, new)

    references = [weakref.ref(each, callback) for each in kept] if registered == "before" else []
    fill(container, kept)
    references += [weakref.ref(each, callback) for each in kept] if registered == "after" else []
    kept.clear()
    assert len(container) == 1 and all(each() is None for each in references)
    new.clear()
    assert len(container) == 0


def fill(container, referents):
    for each in referents:
        if isinstance(container, WeakSet):
            container.add(each)
        elif isinstance(container, WeakKeyDictionary):
            container[each] = 1
        else:
            container[each.name] = each


# Updates from itself


@pytest.mark.parametrize("update", ["update", "__ior__"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_update_from_itself_while_referents_die(kind, update):
    """S18: reads a snapshot; only what lives arrives."""
    container, kept = kind(), things(10, Equal)
    fill(container, kept)

    def dying():
        for entry in container if kind is WeakSet else container.items():
            yield entry
            if kept:
                kept.pop()

    getattr(container, update)(dying())
    assert len(kept) == len(container) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_from_itself_that_grows_it(kind):
    """S18: ends."""
    kept = things(10, Equal)
    container = kind()
    fill(container, kept)

    def growing():
        for number, entry in enumerate(container if kind is WeakSet else container.items()):
            kept.append(Equal(100 + number))
            fill(container, kept[-1:])
            yield entry

    container.update(growing())
    assert len(container) == len(kept) == 20
