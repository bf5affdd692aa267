"""`WeakValueDictionary`: what it stores, answers and refuses (S16, S19, S20, S22-S26)."""

import copy
import inspect
import pickle
import sys
import weakref as standard
from collections.abc import Mapping, MutableMapping

import pytest
import weakrefs as weakref
from support import Equal, Thing, Unhashable, entries, equal, found, things
from weakrefs import WeakValueDictionary


class Items:
    """Something that has `items`, and nothing else of a mapping."""

    def __init__(self, pairs):
        self.pairs = pairs

    def items(self):
        return iter(self.pairs)


class Keys:
    """Something that has `keys` and `__getitem__`, as `dict` takes it."""

    def __init__(self, mapping):
        self.mapping = mapping

    def keys(self):
        return self.mapping.keys()

    def __getitem__(self, key):
        return self.mapping[key]


# Building


@pytest.mark.parametrize(
    "source",
    [dict, lambda d: list(d.items()), WeakValueDictionary, Keys],
    ids=["dict", "pairs", "WeakValueDictionary", "keys"],
)
def test_it_is_built_from_what_dict_takes(source):
    """S25: a mapping, pairs, another weak mapping, or an object with `keys`; keywords come on
    top.
    """
    a, b, c = things(3)
    built = WeakValueDictionary(source({"a": a, "b": b}), b=c)
    assert entries(built) == [("a", a), ("b", c)]


def test_having_items_is_enough():
    """S25: `items` is looked for first, and may give any pairs."""
    a, b = things(2)
    assert entries(WeakValueDictionary(Items([(1, a), (2, b)]))) == [(1, a), (2, b)]


def test_it_may_be_built_from_nothing():
    """S25: no argument, None, or no pairs."""
    for nothing in ((), (None,), ([],), ({},)):
        assert entries(WeakValueDictionary(*nothing)) == []


def test_its_keywords_become_keys_whatever_their_names():
    """S25: the positional parameter has no name to collide with."""
    a, b, c = things(3)
    built = WeakValueDictionary(self=a, other=b, dict=c)
    assert entries(built) == [("self", a), ("other", b), ("dict", c)]
    built.clear()
    built.update(other=a, self=b)
    assert entries(built) == [("other", a), ("self", b)]


def test_one_positional_argument_at_most():
    """S25: more is an error, and so is what is no mapping and no pairs."""
    for build in (WeakValueDictionary, WeakValueDictionary().update):
        with pytest.raises(TypeError):
            build({}, {})
        with pytest.raises(TypeError):
            build(5)
        with pytest.raises((TypeError, ValueError)):
            build([(1, 2, 3)])


# Storing and finding


def test_store_find_delete():
    """S16: the plain life of an entry."""
    a, b = things(2)
    values = WeakValueDictionary()
    values["a"], values["b"] = a, b
    assert values["a"] is a and values.get("b") is b and "a" in values and len(values) == 2
    del values["a"]
    assert "a" not in values and len(values) == 1 and list(values) == ["b"]


def test_a_missing_key():
    """S22: a KeyError with the key, whatever that is, or the default."""
    values = WeakValueDictionary()
    for use in (values.__getitem__, values.__delitem__, values.pop):
        for key in ("no key", ("no", "key"), (), None, KeyError("key"), KeyError):
            with pytest.raises(KeyError) as caught:
                use(key)
            assert caught.value.args == (key,) and caught.value is not key
        with pytest.raises(KeyError) as caught:
            try:
                {}["other"]
            except KeyError as error:
                other = error
                use("no key")
        assert caught.value.__context__ is other
    assert values.get("k") is None and values.get("k", 5) == 5 and values.get("k", default=6) == 6
    assert values.pop("k", 7) == 7 and values.pop("k", None) is None
    assert "k" not in values


def test_an_unhashable_key():
    """S22: TypeError from everything that would look it up."""
    values, thing = WeakValueDictionary(), Thing()
    values["k"] = thing
    for use in (
        values.__getitem__,
        values.__delitem__,
        values.__contains__,
        values.get,
        values.pop,
        lambda key: values.pop(key, None),
        lambda key: values.setdefault(key, thing),
        lambda key: values.__setitem__(key, thing),
        lambda key: values.update([(key, thing)]),
    ):
        with pytest.raises(TypeError, match="unhashable"):
            use([])
    assert entries(values) == [("k", thing)]


@pytest.mark.parametrize("store", ["setitem", "setdefault", "default", "update", "pairs"])
def test_a_value_that_cannot_be_weakly_referenced(store):
    """S22: TypeError, and the entries are what they were."""
    values, thing = WeakValueDictionary(), Thing()
    values["k"] = thing
    stores = {
        "setitem": lambda: values.__setitem__("k", 5),
        "setdefault": lambda: values.setdefault("new", 5),
        "default": lambda: values.setdefault("new"),
        "update": lambda: values.update({"k": 5}),
        "pairs": lambda: values.update(k=5),
    }
    with pytest.raises(TypeError, match=r"cannot create weak reference to '(int|NoneType)' object"):
        stores[store]()
    assert entries(values) == [("k", thing)]


def test_an_update_that_fails_keeps_what_came_before():
    """S22: as an ordinary loop would."""
    values, (a, b) = WeakValueDictionary(), things(2)
    with pytest.raises(TypeError):
        values.update({"a": a, "bad": 5, "b": b})
    assert entries(values) == [("a", a)]


def test_pairs_are_read_whole_before_anything_is_stored():
    """S22: a source that fails half-way has changed nothing."""

    def pairs():
        yield "a", thing
        raise ZeroDivisionError

    thing = Thing()
    values = WeakValueDictionary()
    with pytest.raises(ZeroDivisionError):
        values.update(pairs())
    assert entries(values) == []


def test_a_value_needs_no_hash_and_no_equality():
    """S16: values are told apart by identity alone."""
    thing = Unhashable()
    values = WeakValueDictionary(k=thing)
    assert values["k"] is thing and values.setdefault("k", Thing()) is thing


def test_an_empty_mapping_asks_no_key_to_pop_for_its_hash():
    """S22: as the `dict` in the standard class."""
    values = WeakValueDictionary()
    assert values.pop([], 1) == 1
    with pytest.raises(KeyError):
        values.pop(Unhashable())


def test_a_live_entry_is_what_setdefault_gives():
    """S19: and the default is neither stored nor looked at."""
    a, b = things(2)
    values = WeakValueDictionary(k=a)
    assert values.setdefault("k", b) is a and values.setdefault("k") is a and values.setdefault("k", default=5) is a
    assert values.setdefault("new", b) is b and values["new"] is b


def test_an_equal_key_keeps_the_old_one():
    """S19: whichever way the new value comes."""
    a, b = things(2)
    for store in (
        lambda values: values.__setitem__(1.0, b),
        lambda values: values.update({1.0: b}),
        lambda values: values.setdefault(1.0, b),
        lambda values: values.__ior__({True: b}),
    ):
        values = WeakValueDictionary({1: a})
        store(values)
        assert [type(key) for key in values] == [int] and len(values) == 1


def test_pop_gives_the_value_and_removes_it():
    """S20: one default at most, by position."""
    a = Thing()
    values = WeakValueDictionary(k=a)
    assert values.pop("k", 1) is a and len(values) == 0
    with pytest.raises(TypeError):
        values.pop("k", default=1)


def test_popitem_takes_the_newest():
    """S20: until nothing is left."""
    a, b = things(2)
    values = WeakValueDictionary(a=a, b=b)
    assert values.popitem() == ("b", b) and values.popitem() == ("a", a)
    with pytest.raises(KeyError, match="dictionary is empty"):
        values.popitem()


def test_clear():
    """S24: from the mixin; referents are left as they were."""
    a, b = things(2)
    values = WeakValueDictionary(a=a, b=b)
    values.clear()
    assert entries(values) == [] and weakref.getweakrefcount(a) == weakref.getweakrefcount(b) == 0


# Replacement. The reference of an entry may be used again for the next value, if nobody can tell.


def test_a_reference_that_somebody_has_stays_that_of_the_value_that_is_replaced():
    """S16, S26: the entry gets another one, as it does in the standard class."""
    a, b = things(2)
    values = WeakValueDictionary(k=a)
    (kept,) = values.valuerefs()
    values["k"] = b
    (new,) = values.valuerefs()
    assert new is not kept and (kept(), new()) == (a, b)
    assert weakref.getweakrefs(a) == [kept] and weakref.getweakrefs(b) == [new]


def test_a_reference_that_nobody_has_is_like_a_new_one_after_a_replacement():
    """S16, S26: in its key, its hash, its callback, and its place among the references to the values."""

    def replaced(kind):
        a, b = things(2, Equal)
        log = []
        older = weakref.ref(b, lambda _: log.append("older"))
        values = kind({Equal(1): a})
        (reference,) = values.valuerefs()
        hash(reference)
        reference.key = None
        del reference
        others = [weakref.ref(each, lambda _: log.append("other")) for each in (a, b)]
        others += [weakref.ref(b), weakref.proxy(b)]
        key = Equal(1)
        values[key] = b
        (reference,) = values.valuerefs()
        assert reference.key is key and hash(reference) == hash(b) and reference() is b
        assert next(iter(values)) is not key
        places = [[each is reference for each in weakref.getweakrefs(value)] for value in (a, b)]
        reference = None
        younger = weakref.ref(b, lambda _: log.append(len(values)))
        del b
        log.append(len(values))
        del others, older, younger
        return places, log

    places, log = replaced(WeakValueDictionary)
    assert places == replaced(standard.WeakValueDictionary)[0]
    assert log == [1, "other", "older", 0]


@pytest.mark.parametrize("kind", [type, Thing])
def test_values_of_any_kind_are_replaced(kind):
    """S16: also classes, the lists of whose references are elsewhere."""
    make = (lambda: kind("C", (), {})) if kind is type else kind
    values = WeakValueDictionary(k=int)
    for value in (make(), make(), str, make()):
        before = weakref.getweakrefcount(value)
        values["k"] = value
        assert values["k"] is value and weakref.getweakrefcount(value) == before + 1
    assert not [each for each in weakref.getweakrefs(int) if type(each) is weakref.KeyedRef]


def test_a_key_that_only_its_reference_had_dies_with_a_replacement():
    """S16: what its destructor sees is replaced already."""
    a, b, c = things(3)
    values = WeakValueDictionary()
    seen = []

    class Seeing(Equal):
        def __del__(self):
            seen.append(values[Equal(1)])
            values[Equal(1)] = c

    values[Equal(1)] = a
    values[Seeing(1)] = a
    values[Equal(1)] = b
    assert seen == [b] and entries(values) == [(Equal(1), c)]
    assert weakref.getweakrefcount(a) == weakref.getweakrefcount(b) == 0


def test_a_value_is_replaced_while_it_dies():
    """S16: by its destructor, when its references are not yet cleared."""
    values = WeakValueDictionary()
    new = [Thing()]

    class Dying(Thing):
        def __del__(self):
            values["k"] = new[0]

    values["k"] = Dying()
    assert entries(values) == [("k", new[0])] and weakref.getweakrefcount(new[0]) == 1
    new.clear()
    assert len(values) == 0


# Death


def test_the_death_of_a_value_removes_its_entry_alone():
    """S16: also when several keys held it."""
    a, b = things(2)
    values = WeakValueDictionary({1: a, 2: b, 3: a})
    del a
    assert entries(values) == [(2, b)]


def test_the_death_of_a_replaced_value_removes_nothing():
    """S16: an entry goes only with the reference that it holds."""
    a, b = things(2)
    values = WeakValueDictionary(k=a)
    values["k"] = b
    del a
    assert entries(values) == [("k", b)]
    values["k"] = b
    assert entries(values) == [("k", b)]
    del b
    assert len(values) == 0


def test_the_death_of_a_removed_value_removes_nothing():
    """S16: though its key is in use again."""
    a, b, c = things(3)
    values = WeakValueDictionary(k=a)
    reference = values.valuerefs()[0]
    del values["k"]
    values["k"] = b
    del a
    assert reference() is None and entries(values) == [("k", b)]
    values.pop("k")
    values["k"] = c
    del b
    assert entries(values) == [("k", c)]


def test_a_key_dies_with_its_entry():
    """S2: keys are held strongly, and no longer than their values live."""
    key, value = Equal(1), Thing()
    watch = weakref.ref(key)
    values = WeakValueDictionary({key: value})
    del key
    assert watch() is not None and watch() in values
    del value
    assert watch() is None


@pytest.mark.parametrize(
    "look",
    [
        lambda d: found(d.__getitem__, "k"),
        lambda d: d.get("k"),
        lambda d: "k" in d or None,
        lambda d: d.pop("k", None),
        lambda d: next(iter(d), None),
        lambda d: next(d.keys(), None),
        lambda d: next(d.values(), None),
        lambda d: next(d.items(), None),
        lambda d: found(d.popitem),
        lambda d: found(d.pop, "k"),
        lambda d: next(d.copy().items(), None),
        lambda d: next(copy.deepcopy(d).items(), None),
        lambda d: None if d == {} else d,
    ],
    ids=[
        "getitem",
        "get",
        "in",
        "pop",
        "iter",
        "keys",
        "values",
        "items",
        "popitem",
        "pop-missing",
        "copy",
        "deepcopy",
        "eq",
    ],
)
def test_a_dead_entry_is_invisible_before_its_eviction(look):
    """S20: callbacks younger than the entry run before its eviction, and look into the
    container.
    """
    thing = Thing()
    values = WeakValueDictionary(k=thing)
    seen = []
    younger = weakref.ref(thing, lambda _: seen.append(look(values)))
    del thing
    assert seen == [None] and younger() is None and len(values) == 0


@pytest.mark.parametrize("store", [WeakValueDictionary.__setitem__, WeakValueDictionary.setdefault])
def test_a_dead_entry_is_replaced_before_its_eviction(store):
    """S16: and its eviction then leaves the new entry alone."""
    thing, new = things(2)
    values = WeakValueDictionary(k=thing)
    younger = weakref.ref(thing, lambda _: store(values, "k", new))
    del thing
    assert entries(values) == [("k", new)] and younger() is None


def test_a_dead_entry_is_passed_over():
    """S20: a live one, though older, is what `popitem` takes."""
    live, dying = things(2)
    mapping, popped = WeakValueDictionary({1: live, 2: dying}), []
    younger = weakref.ref(dying, lambda _: popped.append(mapping.popitem()))
    del dying
    assert popped == [(1, live)] and younger() is None and len(mapping) == 0


def test_a_value_whose_death_was_put_off_is_dead():
    """S20, S35: deep in a chain a value has no references left, but its own weak references still lead to it."""

    class Callback:
        def __init__(self, *owned):
            self.owned = owned

        def __call__(self, _):
            pass

    class Looking:
        def __init__(self, number):
            self.number = number

        def __del__(self):
            seen.append((self.number in values, values.get(self.number), len(list(values.values()))))

    thing, values, seen = Thing(), WeakValueDictionary(), []
    method = weakref.WeakMethod(thing.__repr__)
    for number in range(40):
        values[number] = method
        # The older method goes first, then who looks for it.
        method = weakref.WeakMethod(thing.__repr__, Callback(Looking(number), method))
    del method
    assert {(present, value) for present, value, _ in seen} == {(False, None)}
    assert len(seen) == 40 and len(values) == 0


# Copies and unions


def test_copies():
    """S23: `copy` and `copy.copy` give the base class, `deepcopy` the subclass; values are
    shared in all of them.
    """

    class Sub(WeakValueDictionary):
        pass

    value = Thing()
    values = Sub({1: value})
    for duplicate, kind in (
        (values.copy(), WeakValueDictionary),
        (copy.copy(values), WeakValueDictionary),
        (copy.deepcopy(values), Sub),
    ):
        assert type(duplicate) is kind and entries(duplicate) == [(1, value)]
        duplicate.clear()
        assert len(values) == 1


def test_a_deep_copy_copies_keys_with_the_memo():
    """S23: the weak side never."""
    key, value = Equal("k"), Thing()
    values = WeakValueDictionary({key: value})
    copied_keys, duplicate = copy.deepcopy(([key], values))
    assert list(duplicate) == copied_keys and next(iter(duplicate)) is copied_keys[0] is not key
    assert next(duplicate.values()) is value


def test_union():
    """S23: `|` copies through the base class, `__ror__` builds the subclass, the right side
    wins.
    """

    class Sub(WeakValueDictionary):
        pass

    a, b, c = things(3)
    left, right = Sub({1: a, 2: b}), WeakValueDictionary({2: c, 3: c})
    assert entries(left | right) == [(1, a), (2, c), (3, c)] and type(left | right) is WeakValueDictionary
    assert entries(left | {2: c}) == [(1, a), (2, c)] and type(left | {2: c}) is WeakValueDictionary
    assert entries({2: c, 3: c} | left) == [(2, b), (3, c), (1, a)] and type({2: c} | left) is Sub
    assert entries(left) == [(1, a), (2, b)]


def test_union_in_place():
    """S23: with whatever `update` takes; plain union takes mappings only."""
    a, b, c = things(3)
    values = same = WeakValueDictionary({1: a})
    values |= {2: b}
    values |= [(3, c)]
    assert values is same and entries(values) == [(1, a), (2, b), (3, c)]
    for other in ([(3, c)], 5, None):
        with pytest.raises(TypeError):
            values | other
        with pytest.raises(TypeError):
            other | values
        assert values.__or__(other) is values.__ror__(other) is NotImplemented


def test_update_from_itself():
    """S18: changes nothing."""
    a, b = things(2)
    values = WeakValueDictionary({1: a, 2: b})
    values.update(values)
    values |= values
    assert entries(values) == entries(values | values) == [(1, a), (2, b)]


# As a mapping


def test_it_is_a_mutable_mapping():
    """S24: a real subclass, so that the mixins apply; equal to mappings by content, and
    unhashable.
    """
    a, b = things(2)
    values = WeakValueDictionary({1: a, 2: b})
    assert issubclass(WeakValueDictionary, MutableMapping) and isinstance(values, Mapping)
    assert MutableMapping in WeakValueDictionary.__mro__
    assert values == {2: b, 1: a} == values and values == WeakValueDictionary({1: a, 2: b})
    assert not equal(values, {1: a}) and not equal(values, [1]) and not equal(values, {1: b, 2: a})
    with pytest.raises(TypeError, match="unhashable"):
        hash(values)
    assert bool(values) and not WeakValueDictionary()


def test_repr_names_the_class_and_no_entry():
    """S26: entries may be dying, or hold the mapping itself."""

    class Sub(WeakValueDictionary):
        pass

    for kind in (WeakValueDictionary, Sub):
        values = kind()
        assert repr(values) == f"<{kind.__name__} at {id(values):#x}>"


def test_it_is_generic():
    """S24: as every mapping is."""
    alias = WeakValueDictionary[str, Thing]
    thing = Thing()
    assert alias.__origin__ is WeakValueDictionary and alias(k=thing)["k"] is thing


def test_it_does_not_pickle():
    """S26: weak values would be dead on arrival."""
    with pytest.raises(TypeError):
        pickle.dumps(WeakValueDictionary())


# The references underneath


def test_value_references():
    """S26: `valuerefs` and `itervaluerefs` give the stored references, with their keys."""
    a, b = things(2)
    values = WeakValueDictionary({1: a, 2: b})
    references = values.valuerefs()
    assert type(references) is list and [type(each) for each in references] == [weakref.KeyedRef] * 2
    assert [(each.key, each()) for each in references] == [(1, a), (2, b)]
    assert all(x is y for x, y in zip(values.itervaluerefs(), references, strict=True))
    del a
    assert [each.key for each in values.valuerefs()] == [2] and references[0]() is None


def test_data_reads_as_a_mapping_of_references():
    """S26: key to `KeyedRef`."""
    a, b = things(2)
    values = WeakValueDictionary({1: a, 2: b})
    assert list(values.data) == [1, 2] and len(values.data) == 2 and 1 in values.data
    assert values.data[2] is values.valuerefs()[1]
    assert {key: reference() for key, reference in values.data.items()} == {1: a, 2: b}


def test_data_is_a_read_only_picture():
    """S26: of the moment it was asked for."""
    a, b = things(2)
    values = WeakValueDictionary({1: a})
    picture = values.data
    values[2] = b
    assert list(picture) == [1] and list(values.data) == [1, 2]
    with pytest.raises(TypeError):
        picture[3] = weakref.ref(b)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        *(
            (text * 3, "".join([text] * 3))
            for text in ("", "a", "\x7f", "\xe9", "\u20ac", "\U0001f600", "a\u20ac", "\0")
        ),
        *((number, int(str(number))) for number in (0, 1000, -1000, 2**31, -(2**63), 2**200)),
        (1, True),
        (True, 1),
        (1, 1.0),
        (2.5, float("2.5")),
        (b"abc", bytes(bytearray(b"abc"))),
        (b"", bytes(bytearray())),
        (0.0, -0.0),
        ((1000, "ab"), tuple([1000, "ab"])),
        ((2.5, b"ab", None), tuple([float("2.5"), bytes(bytearray(b"ab")), None])),
        ((1, 0.0), (True, -0.0)),
        ((1000, (2.5, ("ab",))), tuple([1000, tuple([2.5, tuple(["ab"])])])),
        ((Equal(1), 1000), tuple([Equal(1), 1000])),
    ],
    ids=repr,
)
def test_keys_are_found_by_value(stored, asked):
    """S18, S19: whatever built-in type they are of, and however they are compared."""
    value, other = things(2)
    values = WeakValueDictionary({stored: value, "another": other})
    assert values[asked] is value and asked in values
    values[asked] = other
    assert entries(values) == [(stored, other), ("another", other)] and type(next(iter(values))) is type(stored)
    assert values.pop(asked) is other and asked not in values and stored not in values


@pytest.mark.parametrize("made", [lambda: int("1000"), lambda: float("2.5"), lambda: (int("1000"), float("2.5"))])
def test_an_equal_key_at_the_limit_of_recursion(made):
    """S18: it is found there as anywhere, or the interpreter says that it is too deep."""
    value = Thing()
    values = WeakValueDictionary({made(): value})

    def descend():
        key = made()
        assert values[key] is value
        descend()

    for limit in range(150, 170):
        previous = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + len(inspect.stack(0)))
        try:
            with pytest.raises(RecursionError):
                descend()
        finally:
            sys.setrecursionlimit(previous)
    assert values[made()] is value and len(values) == 1


@pytest.mark.parametrize("one, other", [(-1, -2), (-1.0, -2.0), ((-1, "a"), (-2, "a")), ((-1, (1,)), (-2, (1,)))])
def test_unequal_keys_with_equal_hashes(one, other):
    """S18: they are not taken for each other."""
    assert hash(one) == hash(other)
    value, another = things(2)
    values = WeakValueDictionary({one: value})
    assert other not in values
    values[other] = another
    assert values[one] is value and values[other] is another and len(values) == 2


def test_tuples_of_what_compares_in_its_own_way():
    """S18: it is asked, as ever."""

    class Caseless(str):
        def __hash__(self):
            return hash(self.lower())

        def __eq__(self, other):
            return self.lower() == other.lower()

    value = Thing()
    values = WeakValueDictionary({("ab", 1): value})
    assert values[Caseless("AB"), 1] is value and (Caseless("ac"), 1) not in values
    nan = float("nan")
    values[nan, 1] = value
    assert values[nan, 1] is value and (float("nan"), 1) not in values


def test_texts_of_a_subclass_with_equal_hashes():
    """S18: they are not taken for each other."""

    class Text(str):
        __hash__ = lambda self: hash("abcd")

    value, other = things(2)
    values = WeakValueDictionary({"abcd": value})
    for text in ("abc", "abcde", "abc\u20ac", "abce"):
        assert Text(text) not in values
        values[Text(text)] = other
    assert values[Text("abcd")] is value and len(values) == 5


def test_data_can_be_exchanged():
    """S26, S2: for a mapping to references, its own or others; dead ones stay out."""
    a, b, c = things(3)
    values = WeakValueDictionary({1: a, 2: b})
    own, foreign = dict(values.data), weakref.ref(c)
    values.data = {3: foreign, 2: own[2], "again": own[2]}
    assert list(values.items()) == [(3, c), (2, b), ("again", b)]
    assert [reference.key for reference in values.valuerefs()] == [3, 2, "again"]
    del b, c
    assert len(values) == 0
    values.data = {3: foreign, **own}
    assert list(values.items()) == [(1, a)]
    for wrong in ({1: a}, {2: own[1], 3: a}, [1], None):
        with pytest.raises(TypeError):
            values.data = wrong
        assert list(values.items()) == [(1, a)]
    values.data = [(1, own[1]), (1.0, own[1]), (2, own[1])]
    assert list(values.items()) == [(1, a), (2, a)]
    del a
    assert len(values) == 0
