"""S43: `EphemeronDictionary` and `EphemeronValueDictionary`, whose strong side may refer to the weak one.

Each case is there for both, as an entry with a weak and a strong side. In all of them an entry survives every collection
while its weak side is reachable, and is gone after the first full one since then.
"""

import copy
import gc
import itertools
import pickle
import random
import weakref

import pytest
import weakrefs
from ephemeron_pairs import KINDS, WITH_ENGINE, Box, holds, put, sides, strong_of, watch, weak_sides
from support import Thing, things
from weakrefs import EphemeronDictionary, EphemeronValueDictionary

pytestmark = [WITH_ENGINE, pytest.mark.usefixtures("engine")]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def mapping(kind):
    return kind()


def dies(mapping, alive, left=()):
    """Whether what `alive` watches is gone after a full collection, and all entries but those of `left`."""
    return holds(mapping, *left) and alive() == 0


# Entries and chains of entries


def test_a_strong_side_that_refers_to_the_weak_one(mapping):
    """S43: neither keeps the other; nothing happens before a collection."""
    weak = Thing()
    put(mapping, weak, Box(weak))
    alive = watch(weak, strong_of(mapping, weak))
    assert holds(mapping, weak) and strong_of(mapping, weak).contents == (weak,)
    del weak
    assert len(mapping) == 1 and alive() == 2
    assert dies(mapping, alive)


def test_both_sides_are_one_object(mapping):
    """S43"""
    thing = Thing()
    put(mapping, thing, thing)
    alive = watch(thing)
    assert holds(mapping, thing)
    del thing
    assert dies(mapping, alive)


def test_other_entries_are_as_prompt_as_in_the_base_class(mapping):
    """S43: they need no collection: S2."""
    weak, other = Thing(), Thing()
    put(mapping, weak, Box())
    put(mapping, other, Box(other))
    mapping.pop(next(iter(mapping.keys())))
    put(mapping, weak, Box())
    del weak
    assert weak_sides(mapping) == [other]
    mapping.clear()
    alive = watch(other)
    del other
    assert alive() == 0


def test_a_strong_side_that_somebody_else_holds(mapping):
    """S43: then the weak side is reachable through it."""
    weak = Thing()
    strong = Box(weak)
    put(mapping, weak, strong)
    alive = watch(weak, strong)
    del weak
    gc.collect()
    assert alive() == 2 and len(mapping) == 1
    del strong
    assert dies(mapping, alive)


@pytest.mark.parametrize("other", KINDS)
def test_two_mappings_crosswise(mapping, other):
    """S43: also of different classes."""
    second = other()
    one, two = Thing("one"), Thing("two")
    put(mapping, one, Box(two))
    put(second, two, Box(one))
    alive = watch(one, two)
    del two
    gc.collect()
    assert len(mapping) == len(second) == 1 and alive() == 2
    del one
    assert dies(mapping, alive) and len(second) == 0


@pytest.mark.parametrize("step", [1, -1])
def test_a_ring_of_entries(mapping, step):
    """S43: any one keeps all, whatever the order of insertion."""
    ring = things(5000)
    for number in range(len(ring))[::step]:
        put(mapping, ring[number], Box(ring[number - 1]))
    alive, first = watch(*ring), ring[0]
    ring.clear()
    gc.collect()
    assert len(mapping) == alive() == 5000
    del first
    assert dies(mapping, alive)


def test_a_chain_held_from_the_middle(mapping):
    """S43: what comes after it stays."""
    chain = things(1000)
    random.Random(43).shuffle(chain)
    for here, there in itertools.pairwise(chain):
        put(mapping, here, Box(there))
    middle, rest = chain[500], watch(*chain[500:])
    chain.clear()
    del here, there
    gc.collect()
    assert rest() == 500 and len(mapping) == 499
    del middle
    assert dies(mapping, rest)


def test_an_entry_at_the_end_of_a_deep_structure(mapping):
    """S43: however many steps it takes to reach its weak side."""
    root = end = Thing()
    for _ in range(20_000):
        end.next = end = Thing()
    put(mapping, end, Box(end))
    alive = watch(end)
    del end
    gc.collect()
    assert alive() == 1 and len(mapping) == 1
    rest = root.next
    root.next = None
    while rest is not None:
        rest = vars(rest).get("next")
    assert dies(mapping, alive)


def test_a_mapping_at_the_end_of_a_deep_structure(kind):
    """S43: the only one, and found last: each object of the structure is older than the one that refers to it."""
    mapping, live, dead = kind(), Thing(), Thing()
    for weak in live, dead:
        put(mapping, weak, Box(weak))
    alive = watch(dead)
    structure = mapping
    for _ in range(100):
        structure = [structure]
    del mapping, weak, dead
    gc.collect()
    assert alive() == 0
    for _ in range(100):
        (structure,) = structure
    assert holds(structure, live)


@pytest.mark.parametrize("inner", KINDS)
def test_a_mapping_in_an_entry_of_another(mapping, inner):
    """S43: it is reachable only through that entry, and has the rule all the same."""
    outside, within = Thing(), Thing()
    nested = inner()
    put(nested, within, Box(within))
    put(mapping, outside, Box(nested, outside))
    outside.within = within
    alive = watch(outside, within, nested)
    dead = Thing()
    put(nested, dead, Box(dead))
    gone = watch(dead)
    del within, dead, nested
    gc.collect()
    assert gone() == 0 and alive() == 3
    assert len(strong_of(mapping, outside).contents[0]) == 1
    del outside
    assert dies(mapping, alive)


def test_a_mapping_that_is_garbage_itself(kind):
    """S43, S15: with what refers to it."""
    mapping, weak = kind(), Thing()
    put(mapping, weak, Box(weak, mapping))
    weak.mapping = mapping
    alive = watch(weak, mapping)
    del weak, mapping
    gc.collect()
    assert alive() == 0


def test_a_mapping_that_refers_to_its_weak_side_in_other_ways(kind):
    """S43: an attribute is no entry."""

    class Attributed(kind):
        pass

    mapping = Attributed()
    mapping.kept = Thing()
    put(mapping, mapping.kept, Box(mapping.kept))
    alive = watch(mapping.kept)
    gc.collect()
    assert alive() == 1 and len(mapping) == 1
    del mapping.kept
    assert dies(mapping, alive)


def test_live_entries_survive_all_collections(mapping):
    """S43: of any generation, in any order, beside dead ones."""
    rng = random.Random(7)
    live = things(2000)
    for number, weak in enumerate(live):
        put(mapping, weak, Box(weak, live[number - 1]))
    expected = list(live)
    for _ in range(10):
        put(mapping, dead := Thing(), Box(dead))
        del dead
        rng.shuffle(live)
        gc.collect(rng.choice([0, 1]))
        assert holds(mapping, *expected)
    assert all(strong.contents[0] is weak for weak, strong in sides(mapping))


def test_survivors_keep_their_order(mapping):
    """S43, S21"""
    weak = things(30)
    for each in weak:
        put(mapping, each, Box(each))
    del weak[::3], each
    assert holds(mapping, *weak)
    strong_sides = [strong for _, strong in sides(mapping)]
    assert [strong.contents[0] for strong in strong_sides] == weak


# Destructors, resurrection, callbacks


def test_destructors_run_on_intact_objects(mapping):
    """S43"""
    calls = []

    class Mortal(Box):
        def __del__(self):
            calls.append((self.name, [each.name for each in self.contents]))

    weak, strong = Mortal(), Mortal()
    weak.name, strong.name, weak.contents, strong.contents = "weak", "strong", (strong,), (weak,)
    put(mapping, weak, strong)
    alive = watch(weak, strong)
    del weak, strong
    assert dies(mapping, alive) and sorted(calls) == [("strong", ["weak"]), ("weak", ["strong"])]


@pytest.mark.parametrize("side", ["weak", "strong"])
def test_either_side_resurrected(mapping, side):
    """S43, S14: it is whole, and so is what it refers to; the entry has left, as the reference was cleared before."""
    kept = []

    class Resurrecting(Box):
        def __del__(self):
            kept.append(self)

    weak, strong = Thing("weak"), Box("strong")
    if side == "weak":
        weak = Resurrecting("weak")
    else:
        strong = Resurrecting("strong")
    weak.other, strong.other = strong, weak
    put(mapping, weak, strong)
    del weak, strong
    assert holds(mapping)
    (resurrected,) = kept
    assert resurrected.contents == (side,) and resurrected.other.other is resurrected
    alive = watch(resurrected, resurrected.other)
    kept.clear()
    del resurrected
    gc.collect()
    assert alive() == 0 and kept == []


def test_callbacks_of_others(mapping):
    """S43, S13: they find a dead reference, and no entry that could be seen."""
    seen = []
    weak = Thing()
    put(mapping, weak, Box(weak))
    reference = weakref.ref(weak, lambda dead: seen.append((dead(), sides(mapping))))
    del weak
    assert holds(mapping) and seen == [(None, [])] and reference() is None


def test_a_callback_that_stores_the_next_entry(mapping):
    """S43: in the middle of the collection; the entry is there afterwards, and has the rule."""
    kept = []

    def successor(_):
        kept.append(Thing())
        put(mapping, kept[0], Box(kept[0]))

    weak = Thing()
    put(mapping, weak, Box(weak))
    reference = weakref.ref(weak, successor)
    del weak
    gc.collect()
    assert reference() is None and holds(mapping, kept[0])
    alive = watch(*kept)
    kept.clear()
    assert dies(mapping, alive)


# What weak sides can be, and who can refer to them


def function():
    def itself():
        return itself

    return itself, itself


def class_():
    cls = type("Class", (), {})
    return cls, Box(cls, cls())


def slotted():
    class Slotted:
        __slots__ = ("__weakref__", "a")

    weak = Slotted()
    return weak, (weak, Box(weak))


def bound_method():
    weak = Thing()
    return weak, weak.__repr__


def generator():
    def suspended(thing):
        yield thing

    weak = Thing()
    strong = suspended(weak)
    next(strong)
    return weak, strong


@pytest.mark.parametrize("make", [function, class_, slotted, bound_method, generator])
def test_all_kinds_of_pairs(mapping, make):
    """S43: a strong side refers to the weak one by a closure, an instance, a tuple, a method, or a frame."""
    weak, strong = make()
    put(mapping, weak, strong)
    alive = watch(weak)
    del strong
    assert holds(mapping, weak)
    del weak
    assert dies(mapping, alive)


def test_results_of_a_method_that_refer_to_self(mapping):
    """S43: the cache of a method, which lives as long as the class."""

    class Series:
        cache = mapping

        def total(self):
            if self not in weak_sides(self.cache):
                put(self.cache, self, Box(self, self.total))
            return strong_of(self.cache, self)

    series = Series()
    assert series.total() is series.total()
    alive = watch(series)
    assert holds(mapping, series)
    del series
    assert dies(mapping, alive)


def test_frames_of_suspended_generators_refer_to_it(mapping):
    """S43: by a variable, or by nothing but the stack of an expression that is under way."""

    def by_a_variable():
        weak = Thing()
        put(mapping, weak, Box(weak))
        yield weakref.ref(weak)
        yield weak

    def by_the_stack():
        weak = Thing()
        put(mapping, weak, Box(weak))
        yield (weak, (yield weakref.ref(weak)))[0]

    def by_the_stack_alone():
        put(mapping, weak := Thing(), Box(weak))
        references = [weakref.ref(weak)]
        taken, weak = [weak], None
        yield (taken.pop(), (yield references[0]))[0]

    suspended = [by_a_variable(), by_the_stack(), by_the_stack_alone()]
    references = [next(each) for each in suspended]
    gc.collect()
    assert len(mapping) == 3
    for each, reference in zip(suspended, references):
        assert each.send(None) is reference()
    suspended.clear()
    del each
    gc.collect()
    assert len(mapping) == 0 and [reference() for reference in references] == [None] * 3


def test_an_iterator_over_a_list_refers_to_it(mapping):
    """S43"""
    weak = Thing()
    iterator = iter([1, weak])
    put(mapping, weak, Box(weak))
    alive = watch(weak)
    del weak
    gc.collect()
    assert alive() == 1 and len(mapping) == 1
    del iterator
    assert dies(mapping, alive)


def test_an_argument_of_a_call_under_way(mapping):
    """S43: nothing but the interpreter's stack, or a native call, refers to the weak side."""
    weak = Thing()
    put(mapping, weak, Box(weak))
    arguments = [weak]
    del weak

    def entries_left(_):
        gc.collect()
        return len(mapping)

    assert list(map(entries_left, iter([arguments.pop()]))) == [1]
    assert holds(mapping)


def test_an_object_that_the_collector_does_not_track(mapping):
    """S43: an entry with such a weak side stays while its strong side refers to it, and is as prompt as ever if not."""
    code = compile("1", "untracked", "eval")
    assert not gc.is_tracked(code)
    put(mapping, code, Box(code))
    alive = watch(code)
    del code
    gc.collect()
    assert alive() == 1 and len(mapping) == 1
    mapping.clear()
    assert alive() == 0
    code = compile("2", "untracked", "eval")
    put(mapping, code, Box())
    del code
    assert len(mapping) == 0


# Collections, and who looks at the collector


def test_the_collector_shows_strong_sides(mapping):
    """S43: to whoever asks, as those of any container."""
    weak = Thing()
    strong = Box(weak)
    put(mapping, weak, strong)
    for _ in range(2):
        assert any(each is strong for each in gc.get_referents(mapping))
        assert not any(each is weak for each in gc.get_referents(mapping))
        assert any(each is mapping for each in gc.get_referrers(strong))
        gc.collect()
    alive = watch(weak)
    del weak, strong
    assert dies(mapping, alive)


def test_collections_of_young_objects(mapping):
    """S43: they never remove an entry whose weak side is reachable; the next full one removes what is left."""
    weak, dead = Thing(), Thing()
    for each in weak, dead:
        put(mapping, each, Box(each))
    alive = watch(dead)
    del dead, each
    for generation in 0, 1, 0, 1:
        gc.collect(generation)
        assert any(each is weak for each in weak_sides(mapping))
    assert dies(mapping, alive, left=[weak])


def test_automatic_collections(mapping):
    """S43: without anybody's `gc.collect()`."""
    weak = Thing()
    put(mapping, weak, Box(weak))
    del weak
    gc.collect(1)
    thresholds = gc.get_threshold()
    gc.set_threshold(100, 2, 2)
    gc.enable()
    kept = []
    try:
        for number in range(1_000_000):
            kept.append([number])
            if not mapping:
                break
            if len(kept) > 10_000:
                kept.clear()
    finally:
        gc.disable()
        gc.set_threshold(*thresholds)
    assert len(mapping) == 0


def test_a_disabled_collector(mapping):
    """S43: then only an explicit collection removes an entry."""
    weak = Thing()
    put(mapping, weak, Box(weak))
    alive = watch(weak)
    del weak
    assert not gc.isenabled()
    kept = [[number] for number in range(100_000)]
    assert len(mapping) == alive() == 1 and kept
    assert dies(mapping, alive)


def test_frozen_objects(mapping):
    """S43: to the collector they are all reachable, until they are thawed."""
    weak = Thing()
    put(mapping, weak, Box(weak))
    alive = watch(weak)
    gc.freeze()
    del weak
    gc.collect()
    assert len(mapping) == alive() == 1
    later = Thing()
    put(mapping, later, Box(later))
    gc.collect()
    assert weak_sides(mapping)[1:] == [later] and strong_of(mapping, later).contents == (later,)
    gc.unfreeze()
    try:
        assert dies(mapping, alive, left=[later])
    finally:
        gc.freeze()


def test_a_collection_that_saves_its_garbage(mapping):
    """S43: the entry leaves, though `DEBUG_SAVEALL` keeps what is in a cycle."""
    weak = Thing()
    weak.itself = weak
    put(mapping, weak, Box(weak))
    watched = weakref.ref(weak)
    del weak
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        assert len(mapping) == 0 and watched() is None
        assert any(type(each) is Thing for each in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


@pytest.mark.parametrize("walk", ["keys", "values", "items"])
def test_open_iterators(mapping, walk):
    """S43, S21: they keep no entry, and show none that has left."""
    weak = things(5)
    for each in weak:
        put(mapping, each, Box(each))
    del each
    iterator = getattr(mapping, walk)()
    next(iterator)
    alive = watch(weak.pop(2))
    assert dies(mapping, alive, left=weak)
    assert len(list(iterator)) == 3


def test_what_was_replaced_while_somebody_iterates(kind):
    """S43, S42: an old value may refer to its key as well; at the latest with the iterator it goes."""
    mapping = kind()
    weak, other = Thing(), Thing()
    put(mapping, weak, strong := Box(weak))
    iterator = mapping.items()
    next(iterator)
    if kind is EphemeronDictionary:
        mapping[weak] = Box(weak)
    else:
        mapping[strong] = other
    alive = watch(weak)
    gc.collect()
    assert len(mapping) == 1
    del weak, strong, iterator, other
    assert dies(mapping, alive)


@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_what_an_open_iterator_still_shows(kind, change):
    """S43, S21: it is held as ever, with all that it refers to, though its entry has been replaced or removed."""
    mapping, (first, weak, other) = kind(), things(3)
    put(mapping, first, Box())
    put(mapping, weak, strong := Box(Thing()))
    alive = watch(strong, *strong.contents)
    iterator = mapping.items()
    next(iterator)
    key = weak if kind is EphemeronDictionary else strong
    if change == "replaced":
        mapping[key] = other
    else:
        del mapping[key]
    del strong, key
    gc.collect()
    assert alive() == 2
    ((shown, strong),) = (pair if kind is EphemeronDictionary else pair[::-1] for pair in iterator)
    assert shown is weak and watch(*strong.contents)() == 1


# The classes


def test_they_are_those_of_their_base(kind):
    """S43: an instance is one, with all methods and results."""
    base = kind.__mro__[1]
    assert base in (weakrefs.WeakKeyDictionary, weakrefs.WeakValueDictionary) and issubclass(kind, base)
    assert kind.__module__ == "weakrefs" and set(dir(kind)) - set(dir(base)) <= {"__annotations_cache__"}
    weak = things(3)
    ephemerons, plain = kind(), base()
    for mapping in ephemerons, plain:
        for each in weak:
            put(mapping, each, each)
    assert ephemerons == plain and list(ephemerons.items()) == list(plain.items())
    assert ephemerons.popitem() == plain.popitem() and weak[0] in ephemerons


def test_copies(kind):
    """S43, S23: as in the base class, and they have the rule."""

    class Derived(kind):
        pass

    weak = Thing()
    for mapping, own in (kind(), kind), (Derived(), Derived):
        put(mapping, weak, weak)
        copies = {
            "copy": (mapping.copy(), kind),
            "copy.copy": (copy.copy(mapping), kind),
            "left": (mapping | {}, kind),
            "right": ({} | mapping, own),
        }
        for way, (copied, cls) in copies.items():
            assert type(copied) is cls and copied == mapping, way
        deep = copy.deepcopy(mapping)
        assert type(deep) is own and len(deep) == 1
    everything = [mapping, deep, *(copied for copied, _ in copies.values())]
    alive = watch(weak)
    del weak, mapping, deep, copied, copies
    gc.collect()
    assert alive() == 0 and not any(everything)


def test_pickles_are_refused(kind):
    """S43, S23: as by the base class."""
    weak = Thing()
    mapping = kind()
    put(mapping, weak, "strong")
    for pickled in mapping, kind.__mro__[1](mapping):
        with pytest.raises(TypeError):
            pickle.dumps(pickled)


@pytest.mark.parametrize("slots", [{}, {"__slots__": ()}, {"__slots__": ("name",)}])
def test_subclasses(kind, slots):
    """S43: with or without a dictionary."""
    mapping = type("Derived", (kind,), slots)()
    weak = Thing()
    put(mapping, weak, Box(weak))
    alive = watch(weak)
    assert holds(mapping, weak)
    del weak
    assert dies(mapping, alive)


def test_references_of_others_own_the_key():
    """S43: whoever holds a `KeyedRef` refers to its key, and through that to the value."""
    mapping = EphemeronValueDictionary()
    weak = Thing()
    put(mapping, weak, Box(weak))
    (reference,) = mapping.valuerefs()
    alive = watch(weak, reference.key)
    del weak
    gc.collect()
    assert alive() == 2 and len(mapping) == 1 and reference.key.contents == (reference(),)
    del reference
    assert dies(mapping, alive)


@pytest.mark.parametrize("base", [weakrefs.WeakKeyDictionary, weakrefs.WeakValueDictionary])
def test_the_base_classes_do_not_have_the_rule(base):
    """S43: by themselves, also beside those that have it."""
    plain, with_rule = base(), EphemeronDictionary()
    weak = Thing()
    put(plain, weak, Box(weak))
    put(with_rule, weak, Box(weak))
    alive = watch(weak)
    del weak
    gc.collect()
    assert len(plain) == len(with_rule) == alive() == 1
    plain.clear()
    assert dies(with_rule, alive)
