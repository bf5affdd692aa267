"""The algebra of `WeakSet`, measured against `set` on the same elements (S20, S22-S24)."""

import operator

import pytest
import weakrefs as weakref
from support import Equal, Thing, Unhashable, entries, things
from weakrefs import WeakSet

ITEMS = things(6, Equal)
LEFT = ITEMS[:4]
RIGHTS = [
    ITEMS[2:],  # overlapping
    LEFT[::-1],  # equal
    ITEMS[1:3],  # a subset
    ITEMS,  # a superset
    ITEMS[4:],  # disjoint
    [],
    [ITEMS[1], ITEMS[1], ITEMS[5], ITEMS[5]],  # repeating
]
KINDS = {
    "WeakSet": WeakSet,
    "set": set,
    "frozenset": frozenset,
    "list": list,
    "dict": dict.fromkeys,
    "generator": lambda items: (item for item in items),
}
METHODS = ["union", "intersection", "difference", "symmetric_difference"]
UPDATES = ["update", "intersection_update", "difference_update", "symmetric_difference_update"]
OPERATORS = {"or": operator.or_, "and": operator.and_, "sub": operator.sub, "xor": operator.xor}
IN_PLACE = {"or": operator.ior, "and": operator.iand, "sub": operator.isub, "xor": operator.ixor}
COMPARISONS = {"le": operator.le, "lt": operator.lt, "ge": operator.ge, "gt": operator.gt}


class Sub(WeakSet):
    pass


kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@kind
@pytest.mark.parametrize("name", METHODS)
def test_named_operations(name, kind):
    """S24: a new set of the same class, of any iterable; the operands stay as they are."""
    for right in RIGHTS:
        members = Sub(LEFT)
        result = getattr(members, name)(kind(right))
        assert type(result) is Sub and result is not members
        assert set(result) == getattr(set(LEFT), name)(right)
        assert set(members) == set(LEFT)


@kind
@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name, kind):
    """S24: as the named operations, with any iterable."""
    for right in RIGHTS:
        members = Sub(LEFT)
        result = OPERATORS[name](members, kind(right))
        assert type(result) is Sub and set(result) == OPERATORS[name](set(LEFT), set(right))
        assert set(members) == set(LEFT)


@kind
@pytest.mark.parametrize("name", UPDATES)
def test_named_updates(name, kind):
    """S24: in place, and they return nothing."""
    for right in RIGHTS:
        members, expected = WeakSet(LEFT), set(LEFT)
        assert getattr(members, name)(kind(right)) is None
        getattr(expected, name)(right)
        assert set(members) == expected and len(members) == len(expected)


@kind
@pytest.mark.parametrize("name", IN_PLACE)
def test_operators_in_place(name, kind):
    """S24: with any iterable, and the set stays the same object."""
    for right in RIGHTS:
        members = same = WeakSet(LEFT)
        members = IN_PLACE[name](members, kind(right))
        assert members is same and set(members) == OPERATORS[name](set(LEFT), set(right))


@kind
@pytest.mark.parametrize("name", ["issubset", "issuperset", "isdisjoint"])
def test_named_comparisons(name, kind):
    """S24: with any iterable."""
    for right in RIGHTS:
        assert getattr(WeakSet(LEFT), name)(kind(right)) is getattr(set(LEFT), name)(right)


@kind
@pytest.mark.parametrize("name", COMPARISONS)
def test_comparison_operators(name, kind):
    """S24: with any iterable."""
    for right in RIGHTS:
        assert COMPARISONS[name](WeakSet(LEFT), kind(right)) is COMPARISONS[name](set(LEFT), set(right))


@pytest.mark.parametrize("name", OPERATORS)
def test_a_weak_set_on_the_right_of_something_else(name):
    """S24: there are no reflected operators."""
    for other in ([], {}, 5):
        with pytest.raises(TypeError):
            OPERATORS[name](other, WeakSet(LEFT))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("or", LEFT), ("and", LEFT), ("sub", []), ("xor", [])],
    ids=lambda value: str(value)[:3],
)
def test_a_set_with_itself(name, expected):
    """S18: in place and not, by operator; nothing is lost half-way."""
    members = WeakSet(LEFT)
    assert set(OPERATORS[name](members, members)) == set(expected) and set(members) == set(LEFT)
    members = IN_PLACE[name](members, members)
    assert set(members) == set(expected)


@pytest.mark.parametrize(("name", "expected"), list(zip(UPDATES, (LEFT, LEFT, [], []), strict=True)))
def test_a_set_updated_from_itself(name, expected):
    """S18: by name, from the set and from an iterator over it."""
    for source in (lambda members: members, iter):
        members = WeakSet(LEFT)
        getattr(members, name)(source(members))
        assert set(members) == set(expected)


def test_a_set_compared_with_itself():
    """S24: an improper subset and superset."""
    members = WeakSet(LEFT)
    assert members <= members and members >= members and not members < members and not members > members
    assert members == members and not members.isdisjoint(members)


@pytest.mark.parametrize("name", METHODS + UPDATES + ["issubset", "issuperset", "isdisjoint"])
def test_what_is_not_iterable(name):
    """S22: TypeError, and the set is what it was."""
    members = WeakSet(LEFT)
    for arguments in ((5,), (None,), (), ([], [])):
        with pytest.raises(TypeError):
            getattr(members, name)(*arguments)
    assert set(members) == set(LEFT)


def test_elements_that_cannot_be_weakly_referenced():
    """S22: an error wherever a reference to them would be made; in an intersection they are just
    not there.
    """
    members = WeakSet(LEFT)
    mixed = [ITEMS[0], 5, ITEMS[1]]
    for name in set(METHODS + UPDATES + ["issubset", "issuperset"]) - {
        "intersection",
        "update",
        "difference_update",
    }:
        with pytest.raises(TypeError, match="cannot create weak reference to 'int' object"):
            getattr(members, name)(mixed)
        assert set(members) == set(LEFT)
    for compare in COMPARISONS.values():
        with pytest.raises(TypeError, match="cannot create weak reference to 'int' object"):
            compare(members, mixed)
    assert set(members.intersection(mixed)) == set(members & mixed) == set(ITEMS[:2])
    assert members.isdisjoint([5]) and not members.isdisjoint(mixed)


def test_a_failing_difference_update_keeps_what_it_has_removed():
    """S22: it works element by element, as the standard set does."""
    members = WeakSet(LEFT)
    with pytest.raises(TypeError):
        members.difference_update([ITEMS[0], 5, ITEMS[1]])
    assert set(members) == set(ITEMS[1:4])


@pytest.mark.parametrize("name", ["intersection_update", "symmetric_difference_update"])
def test_other_updates_change_everything_or_nothing(name):
    """S22: their source is read whole first."""

    def source():
        yield from ITEMS[:2]
        raise ZeroDivisionError

    members = WeakSet(LEFT)
    with pytest.raises(ZeroDivisionError):
        getattr(members, name)(source())
    assert set(members) == set(LEFT)
    with pytest.raises(TypeError, match="unhashable"):
        getattr(members, name)([Unhashable()])
    assert set(members) == set(LEFT)


def test_equal_elements_of_the_other_side():
    """S19: what was there stays, what is new is the other's; an intersection is all the other's."""
    mine, theirs = things(3, Equal), things(4, Equal)[1:]
    union = WeakSet(mine) | WeakSet(theirs)
    assert {id(each) for each in union} == {id(each) for each in [*mine, theirs[2]]}
    members = WeakSet(mine)
    members &= WeakSet(theirs)
    assert {id(each) for each in members} == {id(each) for each in theirs[:2]}
    members = WeakSet(mine)
    members ^= WeakSet(theirs)
    assert {id(each) for each in members} == {id(mine[0]), id(theirs[2])}


@pytest.mark.parametrize("name", METHODS)
def test_results_evict_too(name):
    """S20: each result is a weak set of its own."""
    kept = things(4)
    members = WeakSet(kept[:3])
    result = getattr(members, name)(kept[1:])
    kept.clear()
    assert len(members) == len(result) == 0


@pytest.mark.parametrize("name", UPDATES)
def test_updated_sets_evict_too(name):
    """S20: whatever an update stored or kept; 3.14's own `&=` stores references that are never
    removed.
    """
    kept = things(4, Equal)
    members = WeakSet(kept[:3])
    getattr(members, name)(kept[1:])
    assert len(members) == len(getattr(set(kept[:3]), METHODS[UPDATES.index(name)])(kept[1:]))
    kept.clear()
    assert len(members) == 0


def test_an_operand_that_dies_on_the_way():
    """S20: elements that only the other operand's iterator kept alive are gone from the result."""
    members = WeakSet()
    members.update(Thing() for _ in range(5))
    assert len(members) == 0
    assert list(members.union(Thing() for _ in range(5))) == []


def test_the_other_operand_is_asked_with_its_own_rules():
    """S24: a comparison counts elements that are equal once."""
    members = WeakSet(ITEMS[:2])
    twice = [ITEMS[0], ITEMS[0], ITEMS[1]]
    assert members <= twice and not members < twice and members >= twice and not members > twice
    assert weakref.getweakrefcount(ITEMS[0]) == 1


# Two weak sets, about which identity decides


class Silent(Thing):
    """Counts how often its hash and its equality are asked for."""

    asked = 0

    def __hash__(self):
        Silent.asked += 1
        return self.name

    def __eq__(self, other):
        Silent.asked += 1
        return self is other


def test_two_weak_sets_ask_the_elements_nothing():
    """S7: references remember the hash, and elements that are the same need no comparison."""
    items = things(6, Silent)
    left, right, more = WeakSet(items[:4]), WeakSet(items[:4]), WeakSet(items)
    others = WeakSet(items[4:])
    Silent.asked = 0
    assert left == right and left <= right and left >= right and left < more and more > left
    assert not left < right and not left > right and left != more and left.isdisjoint(others)
    assert not left.isdisjoint(more) and more.issuperset(left) and not left.issuperset(more)
    left |= others
    assert left == more
    left &= right
    assert left == right
    left -= right
    assert len(left) == 0
    left ^= right
    assert Silent.asked == 0
    assert entries(left) == items[:4]


@pytest.mark.parametrize("name", IN_PLACE)
def test_elements_of_which_some_are_the_same(name):
    """S18, S24: identity does not decide where an element is equal to another one, first or last."""
    mine, theirs = things(6, Equal), things(6, Equal)
    for right in ([mine[1], theirs[2], mine[4]], [theirs[1], mine[2], mine[4]], [mine[1], mine[2], theirs[4]]):
        members = WeakSet(mine[:4])
        members = IN_PLACE[name](members, WeakSet(right))
        assert set(members) == OPERATORS[name](set(mine[:4]), set(right))
        assert len(members) == len(set(members))
        for compare in COMPARISONS.values():
            assert compare(WeakSet(right), WeakSet(mine)) is compare(set(right), set(mine))
            assert compare(WeakSet(mine), WeakSet(right)) is compare(set(mine), set(right))


def test_an_intersection_in_place_has_the_order_of_the_other():
    """S24"""
    items = things(20, Equal)
    members = WeakSet(items)
    members &= WeakSet(items[::-3])
    assert entries(members) == items[::-3]
    del items[::2]
    assert entries(members) == [item for item in items[::-1] if item in members]


def test_a_set_that_says_how_it_is_iterated():
    """S26: by its subclass; elsewhere nothing is iterated that need not be."""

    class Reversed(WeakSet):
        def __iter__(self):
            return reversed(ITEMS[:2])

    members = WeakSet(ITEMS[:2])
    assert members == Reversed() and members >= Reversed() and not members.isdisjoint(Reversed())
    members &= Reversed()
    assert entries(members) == ITEMS[1::-1]
    members -= Reversed()
    assert entries(members) == []
