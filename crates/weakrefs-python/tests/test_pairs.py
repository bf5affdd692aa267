"""S25, S42: what a mapping is filled from. Of an iterable of pairs a `dict` comes first, whether it is made or not: the standard
classes, on the same input, say what must be seen.
"""

import sys
import weakref

import pytest
import weakrefs
from support import Colliding, Equal, Hostile, Thing, Unhashable, output_of

KINDS = ("WeakKeyDictionary", "WeakValueDictionary")


class Word(str):
    """A string that compares in its own way."""

    def __eq__(self, other):
        return str(self)[0] == str(other)[0]

    def __hash__(self):
        return hash(str(self)[0])


def failing(error):
    def fail():
        raise error

    return fail


def hostile(**hooks):
    thing = Hostile("hostile")
    for name, error in hooks.items():
        setattr(thing, name, failing(error))
    return thing


def ending(pairs, error):
    yield from pairs
    raise error


# Of three things, in each role a mapping may have for them.
KEYED = {
    "all different": lambda a, b, c: [(a, 1), (b, 2), (c, 3)],
    "the same key again": lambda a, b, c: [(a, 1), (b, 2), (a, 3), (c, 4), (a, 5)],
    "equal keys": lambda a, b, c: [(a, 1), (Equal(0), 2), (b, 3), (Equal(0), 4)],
    "colliding keys": lambda a, b, c: [(Colliding(0), 1), (a, 2), (Colliding(0), 3), (Colliding(1), 4)],
    "lists": lambda a, b, c: [[a, 1], (b, 2), [c, 3]],
    "no pair at the end": lambda a, b, c: [(a, 1), (b, 2), (c, 3, 4)],
    "no sequence at the end": lambda a, b, c: [(a, 1), (b, 2), 3],
    "unhashable": lambda a, b, c: [(a, 1), (Unhashable(), 2), (c,)],
    "unhashable, built-in": lambda a, b, c: [(a, 1), ([], 2), (c,)],
    "not to be referenced": lambda a, b, c: [(a, 1), (2, 2), (c, 3)],
    "not to be referenced, and no pair": lambda a, b, c: [(a, 1), (2, 2), (c,)],
    "a hash fails": lambda a, b, c: [(a, 1), (hostile(on_hash=ZeroDivisionError), 2), (c,)],
    "a comparison fails": lambda a, b, c: [(a, 1), (Hostile(0), 2), (hostile(on_eq=ZeroDivisionError), 3), (c,)],
    "the iterator fails": lambda a, b, c: ending([(a, 1), (b, 2)], ZeroDivisionError),
    "nothing": lambda a, b, c: [],
}
VALUED = {
    "all different": lambda a, b, c: [("a", a), (2, b), ((3,), c)],
    "the same key again": lambda a, b, c: [("a", a), ("b", b), ("a", c), (1, a), (1, b)],
    "one value": lambda a, b, c: [("a", a), ("b", a), (1, a)],
    "equal keys": lambda a, b, c: [(1, a), (1.0, b), (True, c)],
    "tuples": lambda a, b, c: [((1, "a"), a), ((-1, b"a"), b), ((-2, b"a"), c), ((1.0, "a"), b)],
    "tuples that compare in their own way": lambda a, b, c: [(("x", 1), a), ((Word("xy"), 1), b), (("xyz", 1), c)],
    "an unhashable tuple": lambda a, b, c: [((1,), a), (([],), b), (c,)],
    "bytes and floats": lambda a, b, c: [(b"a", a), (0.5, b), (bytes([97]), c), (1.5 - 1, a)],
    "keys that compare in their own way": lambda a, b, c: [("x", a), (Word("xy"), b), ("xyz", c), (Word("xz"), c)],
    "a value that goes under": lambda a, b, c: [("a", 1), ("b", b), ("a", c)],
    "a value that cannot be": lambda a, b, c: [("a", a), ("b", 2), ("c", c)],
    "such a value, and no pair": lambda a, b, c: [("a", a), ("b", 2), ("c",)],
    "strings": lambda a, b, c: ["ab"],
    "no pair at the end": lambda a, b, c: [("a", a), ("b", b), ("c", c, 4)],
    "unhashable": lambda a, b, c: [("a", a), ([], b), (c,)],
    "a hash fails": lambda a, b, c: [("a", a), (hostile(on_hash=ZeroDivisionError), b), (c,)],
    "the iterator fails": lambda a, b, c: ending([("a", a), ("b", b)], ZeroDivisionError),
    "nothing": lambda a, b, c: [],
}
CASES = [(kind, case) for kind, cases in zip(KINDS, (KEYED, VALUED)) for case in cases]


def shown(thing):
    return getattr(thing, "name", thing)


def outcome(module, kind, case, way):
    """What a mapping of the kind has after it was filled, in a way, and the error."""
    things = [Thing(name) for name in ("a", "b", "c")]
    pairs = {"WeakKeyDictionary": KEYED, "WeakValueDictionary": VALUED}[kind][case](*things)
    kept = [pairs, things]
    if not isinstance(pairs, list) or way == "iterator":
        pairs = iter(pairs)
    elif way == "tuple":
        pairs = tuple(pairs)
    mapping, error = getattr(module, kind)(), None
    before = Thing("before")
    key, value = (before, 0) if kind == "WeakKeyDictionary" else ("before", before)
    mapping[key] = value
    try:
        mapping.update(pairs)
    except Exception as raised:
        error = type(raised)
    assert kept
    return error, [(shown(key), shown(value)) for key, value in mapping.items()]


@pytest.mark.parametrize("way", ["list", "tuple", "iterator"])
@pytest.mark.parametrize(("kind", "case"), CASES)
def test_as_the_standard_classes(kind, case, way):
    """S25: the same entries in the same order, the same errors, and after them as much of it."""
    assert outcome(weakrefs, kind, case, way) == outcome(weakref, kind, case, way)


def test_a_list_that_its_items_change():
    """S25, S18: what code of theirs appends meanwhile is read, too."""

    class Appending(Thing):
        def __hash__(self):
            if len(pairs) < 5:
                pairs.append((later, len(pairs)))
            return 1

    for module in (weakref, weakrefs):
        later, key = Thing("later"), Appending("key")
        pairs = [(key, 0)]
        mapping = module.WeakKeyDictionary(pairs)
        assert [(shown(key), value) for key, value in mapping.items()] == [("key", 0), ("later", 1)]


def test_pairs_without_end_can_be_interrupted():
    """S42: also where no key has code of its own."""
    code = """
        import itertools, signal, weakrefs
        signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        class Thing: pass
        thing, mapping = Thing(), weakrefs.WeakKeyDictionary()
        try:
            mapping.update(zip(itertools.repeat(thing), itertools.repeat(1)))
        except ZeroDivisionError:
            print(len(mapping))
    """
    if not hasattr(__import__("signal"), "setitimer"):
        pytest.skip("needs timers")
    assert output_of(code) == ["0"]


@pytest.mark.parametrize("name", KINDS)
def test_pairs_that_say_the_same_keep_no_memory(name):
    """S36: room was made for all of them."""
    kind, thing = getattr(weakrefs, name), Thing()
    pair = (thing, thing) if name == "WeakKeyDictionary" else ("k", thing)
    few, many = kind([pair] * 20), kind([pair] * 20_000)
    assert sys.getsizeof(many) <= sys.getsizeof(few)
    assert list(few.items()) == list(many.items()) == [pair]
