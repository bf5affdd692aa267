"""`==` of the two mappings: as of `dict`s of their items (S24), whatever way is taken."""

import gc
from collections.abc import MutableMapping

import pytest
from support import Equal, Thing, equal, things
from weakrefs import WeakKeyDictionary, WeakValueDictionary

KEYS = things(4, Equal)
NOT_A_NUMBER = float("nan")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2, 3], [1, 2]),
        ([1, 2], [1, 2, 3]),
        ([1000, "text", (1,)], [1000.0, "".join(["te", "xt"]), tuple([1])]),
        ([1, 2, 3], [1, 2, 4]),
        ([NOT_A_NUMBER], [NOT_A_NUMBER]),
        ([NOT_A_NUMBER], [float("nan")]),
        ([], []),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_weak_keys(left, right, order):
    """S24"""
    left, right = dict(zip(KEYS, left)), dict(list(zip(KEYS, right))[::order])
    assert equal(WeakKeyDictionary(left), WeakKeyDictionary(right)) is (left == right)
    assert equal(WeakKeyDictionary(left), right) is (left == right)


@pytest.mark.parametrize("make", [str, int, float, lambda number: (number, "x"), Equal])
def test_weak_values(make):
    """S24: keys that are equal but not the same, values that are, and others."""
    same, other = things(3, Equal), things(3, Equal)
    for values in (same, other, same[:2], other[::-1], [*same[:2], Thing()]):
        left = {make(1000 + at): value for at, value in enumerate(same)}
        right = {make(1000 + at): value for at, value in enumerate(values)}
        assert equal(WeakValueDictionary(left), WeakValueDictionary(right)) is (left == right)
        right[make(1000)] = right.pop(make(1001))
        assert equal(WeakValueDictionary(left), WeakValueDictionary(right)) is (left == right)


@pytest.mark.parametrize("kind", [WeakKeyDictionary, WeakValueDictionary])
def test_equal_keys_and_other_mappings(kind):
    """S24: an equal key is compared; nothing but a mapping is equal; a mapping is equal to itself."""
    values, twins = things(3), things(3, Equal)
    left, right = kind(zip(KEYS, values)), kind(zip(KEYS, values))
    assert equal(left, right) and equal(left, left) and not equal(left, [])
    for keys in (twins, [KEYS[0], *twins[1:]], [*twins[:2], KEYS[2]]):
        assert equal(kind(zip(keys, values)), right)
    assert not equal(kind(zip([*twins[:2], KEYS[3]], values)), right)
    assert not equal(kind(zip(twins, values[::-1])), right)
    assert not equal(WeakKeyDictionary(), {1: 1}) and equal(WeakKeyDictionary(), WeakValueDictionary())
    with pytest.raises(TypeError, match="unhashable"):
        hash(left)


def test_entries_that_die_are_in_neither():
    """S20: the dead do not count, whichever side they were of."""
    kept, values = things(3), things(3)
    left, right = WeakKeyDictionary(dict.fromkeys(kept, 1)), WeakKeyDictionary(dict.fromkeys(kept[:2], 1))
    assert not equal(left, right)
    kept.pop()
    assert equal(left, right)
    left, right = WeakValueDictionary(zip("abc", values)), WeakValueDictionary(zip("ab", values))
    assert not equal(left, right)
    values.pop()
    assert equal(left, right)


class Meddling:
    """A value whose comparison changes the mappings."""

    def __init__(self, meddle):
        self.meddle = meddle

    def __eq__(self, other):
        self.meddle()
        return True


def test_a_comparison_that_changes_the_mappings():
    """S18: the answer is that for the entries as they were."""
    keys = things(5)

    def meddle():
        left.clear()
        right.clear()
        keys.clear()
        gc.collect()

    left = WeakKeyDictionary((key, Meddling(meddle)) for key in keys)
    right = WeakKeyDictionary((key, Meddling(meddle)) for key in keys)
    assert left == right
    assert len(left) == len(right) == len(keys) == 0


def test_values_are_compared_until_a_key_is_missing():
    """S24: an error of a comparison comes out, and one that comes too late is never made."""

    class Failing:
        def __eq__(self, other):
            raise ZeroDivisionError

    first, second, third, fourth = things(4)
    right = WeakKeyDictionary({first: 1, second: 1, third: 1})
    with pytest.raises(ZeroDivisionError):
        WeakKeyDictionary({first: Failing(), fourth: 1, third: 1}) == right
    assert WeakKeyDictionary({fourth: 1, first: Failing(), third: 1}) != right
    assert WeakKeyDictionary({first: Failing()}) != right


def test_equality_that_comes_with_another_base():
    """S26: of a class beside ours, as with the standard mappings, which define none."""

    class Never(MutableMapping):
        def __eq__(self, other):
            return "never"

        __hash__ = None

    class Sub(WeakKeyDictionary, Never):
        pass

    assert (Sub() == Sub()) == "never"
