"""Iteration walks a snapshot, whatever happens to container and referents meanwhile (S21)."""

import pytest
import weakrefs as weakref
from support import Equal, Thing, things

# Each walk of a container, with what it gives for one referent, stored under its own name.
KEYS, VALUES, SET = weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet
WALKS = {
    "WeakKeyDictionary.__iter__": (KEYS, iter, lambda o: o),
    "WeakKeyDictionary.keys": (KEYS, KEYS.keys, lambda o: o),
    "WeakKeyDictionary.values": (KEYS, KEYS.values, lambda o: o.name),
    "WeakKeyDictionary.items": (KEYS, KEYS.items, lambda o: (o, o.name)),
    "WeakValueDictionary.__iter__": (VALUES, iter, lambda o: o.name),
    "WeakValueDictionary.keys": (VALUES, VALUES.keys, lambda o: o.name),
    "WeakValueDictionary.values": (VALUES, VALUES.values, lambda o: o),
    "WeakValueDictionary.items": (VALUES, VALUES.items, lambda o: (o.name, o)),
    "WeakSet.__iter__": (SET, iter, lambda o: o),
}
walks = pytest.mark.parametrize(("kind", "walk", "shown"), WALKS.values(), ids=WALKS)


def store(container, thing):
    if isinstance(container, KEYS):
        container[thing] = thing.name
    elif isinstance(container, VALUES):
        container[thing.name] = thing
    else:
        container.add(thing)


def remove(container, thing):
    if isinstance(container, KEYS):
        del container[thing]
    elif isinstance(container, VALUES):
        del container[thing.name]
    else:
        container.remove(thing)


def filled(kind, referents):
    container = kind()
    for thing in referents:
        store(container, thing)
    return container


def same(seen, expected):
    """In any order: only the mappings promise one."""
    return sorted(map(repr, seen)) == sorted(map(repr, expected))


@walks
def test_a_walk_shows_every_live_entry_once(kind, walk, shown):
    """S21: and an exhausted iterator stays exhausted."""
    kept = things(10)
    container = filled(kind, kept)
    iterator = walk(container)
    assert iter(iterator) is iterator
    assert same(iterator, map(shown, kept))
    store(container, Thing("late"))
    assert list(iterator) == [] and next(iterator, None) is None


@walks
def test_an_empty_container(kind, walk, shown):
    """S21: gives nothing."""
    assert list(walk(kind())) == []


@walks
def test_entries_removed_during_a_walk(kind, walk, shown):
    """S21: are shown all the same, for their referents live."""
    kept = things(10)
    container = filled(kind, kept)
    seen = []
    for position, entry in enumerate(walk(container)):
        if position == 0:
            for thing in kept:
                remove(container, thing)
        seen.append(entry)
    assert same(seen, map(shown, kept)) and len(container) == 0


@walks
def test_a_container_cleared_during_a_walk(kind, walk, shown):
    """S21: the walk goes on."""
    kept = things(10)
    container = filled(kind, kept)
    iterator = walk(container)
    first = next(iterator)
    container.clear()
    assert same([first, *iterator], map(shown, kept)) and len(container) == 0


@walks
def test_entries_added_during_a_walk(kind, walk, shown):
    """S21: are not shown, however much the container grows."""
    kept, late = things(10), [Thing(f"late {number}") for number in range(1000)]
    container = filled(kind, kept)
    seen = []
    for entry in walk(container):
        seen.append(entry)
        for thing in late:
            store(container, thing)
    assert same(seen, map(shown, kept)) and len(container) == 1010


@walks
def test_referents_that_die_during_a_walk(kind, walk, shown):
    """S21: are skipped, and their entries are gone at once."""
    kept = things(10)
    container = filled(kind, kept)
    iterator = walk(container)
    first = next(iterator)
    position = list(map(shown, kept)).index(first)
    survivors = [kept[position], kept[position - 1]]
    del kept
    assert len(container) == 2
    assert same([first, *iterator], map(shown, survivors))


@walks
def test_each_element_dies_while_it_is_shown(kind, walk, shown):
    """S21: nothing is repeated and nothing raised."""
    kept = things(10)
    container = filled(kind, kept)
    count = 0
    for _ in walk(container):
        count += 1
        kept.pop()
    assert 5 <= count <= 10 and len(kept) == 10 - count


@walks
def test_entries_replaced_during_a_walk(kind, walk, shown):
    """S21: the walk shows what was there when it began."""
    kept, new = things(10, Equal), things(10, Equal)
    container = filled(kind, kept)
    iterator = walk(container)
    first = next(iterator)
    for thing in kept:
        remove(container, thing)
    for thing in new:
        store(container, thing)
    seen = [first, *iterator]
    assert same(seen, map(shown, kept))
    if shown(kept[0]) is kept[0]:
        assert {id(each) for each in seen} == {id(each) for each in kept}


@walks
def test_the_snapshot_is_taken_by_the_first_step(kind, walk, shown):
    """S21: what happens between the call and the first step is seen."""
    kept = things(4)
    container = filled(kind, kept)
    iterator = walk(container)
    remove(container, kept.pop())
    kept.append(Thing("new"))
    store(container, kept[-1])
    assert same(iterator, map(shown, kept))


@walks
def test_walks_are_independent(kind, walk, shown):
    """S21: nested and interleaved, also over a changing container."""
    kept = things(5)
    container = filled(kind, kept)
    assert sum(1 for _ in walk(container) for _ in walk(container)) == 25
    one, two = walk(container), walk(container)
    assert next(one) == next(two)
    store(container, late := Thing("late"))
    three = walk(container)
    assert (len(list(one)), len(list(three)), len(list(two))) == (4, 6, 4) and late is not None


@walks
def test_a_walk_outlives_its_container(kind, walk, shown):
    """S21: begun or not."""
    kept = things(5)
    for steps in (0, 1):
        container = filled(kind, kept)
        iterator = walk(container)
        seen = [next(iterator) for _ in range(steps)]
        del container
        assert same([*seen, *iterator], map(shown, kept))


@walks
def test_a_walk_keeps_at_most_one_referent(kind, walk, shown):
    """S21: the one that it showed last."""
    kept = things(5)
    watches = [weakref.ref(thing) for thing in kept]
    container = filled(kind, kept)
    iterator = walk(container)
    next(iterator)
    next(iterator)
    del kept
    assert sum(watch() is not None for watch in watches) <= 1
    assert list(iterator) == []
    assert all(watch() is None for watch in watches) and len(container) == 0


@walks
def test_a_walk_keeps_no_referent(kind, walk, shown):
    """S21: not even the one that it showed last, unlike 3.14's generators."""
    kept = things(3)
    container = filled(kind, kept)
    iterator = walk(container)
    next(iterator)
    del kept
    assert len(container) == 0
    assert list(iterator) == []


@walks
def test_an_unfinished_walk_delays_no_eviction(kind, walk, shown):
    """S21: `len` is exact, and a new walk sees nothing dead."""
    kept = things(100)
    container = filled(kind, kept)
    unfinished = [walk(container) for _ in range(3)]
    for position, iterator in enumerate(unfinished):
        for _ in range(position + 1):
            next(iterator)
    del kept[3:]
    assert len(container) <= len(kept) + len(unfinished) and len(list(walk(container))) == len(container)


@pytest.mark.parametrize("kind", [KEYS, VALUES])
def test_mappings_are_walked_in_the_order_of_insertion(kind):
    """S21: replacing an entry keeps its place, storing it anew does not; deaths leave the order
    of the rest.
    """
    kept = things(200)
    container = filled(kind, kept)
    assert [name for name in map(name_of, container)] == list(range(200))
    store(container, kept[5])
    assert name_of(next(iter(container))) == 0 and name_of(list(container)[5]) == 5
    remove(container, kept[5])
    store(container, kept[5])
    assert name_of(list(container)[-1]) == 5
    del kept[10:190]
    assert list(map(name_of, container)) == [0, 1, 2, 3, 4, 6, 7, 8, 9, *range(190, 200), 5]
    assert list(map(name_of, container)) == list(map(name_of, container.copy()))


def name_of(key):
    return getattr(key, "name", key)


def test_value_references_are_walked_dead_or_alive():
    """S21: `itervaluerefs` walks a snapshot too, and promises no life."""
    kept = things(3)
    container = filled(VALUES, kept)
    iterator = container.itervaluerefs()
    first = next(iterator)
    assert first.key == 0 and first() is kept[0]
    del kept[1]
    container.clear()
    assert [(each.key, each() is None) for each in iterator if each() is not None] == [(2, False)]


@pytest.mark.parametrize("kind", [KEYS, VALUES, SET])
def test_there_is_no_reversed_walk(kind):
    """S24: as no weak container of 3.14 has one."""
    with pytest.raises(TypeError):
        reversed(kind())


@walks
def test_a_walk_over_many_sizes(kind, walk, shown):
    """S21: growing, shrinking and compacting between two walks loses and repeats nothing."""
    kept = []
    container = kind()
    for size in (1, 7, 8, 9, 100, 1000, 10, 500, 0, 3):
        while len(kept) > size:
            kept.pop(len(kept) // 2)
        while len(kept) < size:
            kept.append(Thing(object()))
            store(container, kept[-1])
        iterator = walk(container)
        begun = [next(iterator)] if size else []
        assert len(container) == size and len([*begun, *iterator]) == size


def test_value_references_that_die_under_an_open_iterator():
    """S21: are given, dead, as those of a list would be."""
    kept = things(3)
    references = weakref.WeakValueDictionary(enumerate(kept)).itervaluerefs()
    assert next(references)() is kept[0]
    del kept[1]
    assert [reference() for reference in references] == [None, kept[1]]
