"""User code in the middle of an operation that re-enters it or breaks it off (S18)."""

import contextlib
import functools
import gc
import itertools
import signal
import weakref

import pytest
import weakrefs
from support import Equal, Hostile, entries, output_of, things
from weakrefs import WeakKeyDictionary, WeakSet, WeakValueDictionary

VALUES = things(20)  # for the weak-valued mapping: what its keys lead to


@pytest.fixture(autouse=True)
def _interrupts_are_heard():
    """They are ignored where the test run is a background job of a shell."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


class Subject:
    """A container with three colliding keys, and what they need to live."""

    def __init__(self, kind):
        self.kind, self.container, self.kept = kind, kind(), []
        for name in range(3):
            self.store(Hostile(name))

    def store(self, key):
        if self.kind is WeakSet:
            self.container.add(key)
        else:
            self.container[key] = self.value(key)
        self.kept.append(key)

    def value(self, key):
        return VALUES[key.name] if self.kind is WeakValueDictionary else key.name

    def remove_all(self):
        for key in list(self.container):
            self.container.pop() if self.kind is WeakSet else self.container.pop(key)

    def check(self):
        """Nothing lost, nothing doubled, everything found, and nothing left behind after all has
        died.
        """
        container = self.container
        keys = list(container)
        assert len(container) == len(keys) == len({(type(key), key.name) for key in keys})
        assert all(key in container for key in keys)
        if self.kind is not WeakSet:
            assert all(container[key] is value for key, value in container.items())
        new = Hostile(19)
        self.store(new)
        assert new in container and len(container) == len(keys) + 1
        if self.kind is WeakValueDictionary:
            container.clear()  # its values are everybody's
        self.kept.clear()
        keys.clear()
        del new
        assert len(container) == 0 and entries(container) == []


def mapping_operations(key, value):
    """Operations of a mapping that look `key` up."""
    return {
        "getitem": lambda d: d[key],
        "get": lambda d: d.get(key),
        "in": lambda d: key in d,
        "setitem": lambda d: d.__setitem__(key, value),
        "delitem": lambda d: d.__delitem__(key),
        "pop": lambda d: d.pop(key),
        "pop default": lambda d: d.pop(key, None),
        "setdefault": lambda d: d.setdefault(key, value),
        "update": lambda d: d.update({key: value}),
        "update pairs": lambda d: d.update([(key, value)]),
        "ior": lambda d: d.__ior__({key: value}),
        "or": lambda d: d | {key: value},
        "ror": lambda d: {key: value} | d,
        "eq": lambda d: d == {key: value},
    }


def set_operations(key, _):
    """Operations of a set that look `key` up: of an iterable, and of another weak set."""
    return {
        **{
            f"weak {name}": lambda s, name=name: getattr(s, name)(WeakSet([key]))
            for name in (
                *("update", "difference_update", "intersection_update", "symmetric_difference_update"),
                *("union", "difference", "intersection", "symmetric_difference"),
                *("issubset", "issuperset", "isdisjoint", "__lt__", "__gt__"),
            )
        },
        "in": lambda s: key in s,
        "add": lambda s: s.add(key),
        "remove": lambda s: s.remove(key),
        "discard": lambda s: s.discard(key),
        "update": lambda s: s.update([key]),
        "difference_update": lambda s: s.difference_update([key]),
        "intersection_update": lambda s: s.intersection_update([key]),
        "symmetric_difference_update": lambda s: s.symmetric_difference_update([key]),
        "union": lambda s: s | [key],
        "difference": lambda s: s - [key],
        "intersection": lambda s: s & [key],
        "xor": lambda s: s ^ [key],
        "issubset": lambda s: s <= [key],
        "issuperset": lambda s: s >= [key],
        "lt": lambda s: s < [key],
        "gt": lambda s: s > [key],
        "isdisjoint": lambda s: s.isdisjoint([key]),
        "eq": lambda s: s == WeakSet([key]),
    }


OPERATIONS = {
    WeakKeyDictionary: mapping_operations,
    WeakValueDictionary: mapping_operations,
    WeakSet: set_operations,
}
CASES = [(kind, name) for kind in OPERATIONS for name in OPERATIONS[kind](None, None)]
ACTIONS = [
    lambda subject, operation: subject.container.clear(),
    lambda subject, operation: subject.remove_all(),
    lambda subject, operation: subject.kept.clear(),
    lambda subject, operation: (subject.kept.clear(), gc.collect()),
    lambda subject, operation: [subject.store(Hostile(name)) for name in range(3, 18)],
    lambda subject, operation: (
        subject.remove_all(),
        [subject.store(Hostile(name)) for name in (2, 1, 0)],
    ),
    lambda subject, operation: entries(subject.container),
    lambda subject, operation: found_or_not(operation, subject.container),
]


def found_or_not(operation, container):
    with contextlib.suppress(KeyError):
        operation(container)


def arm(keys, hook, action):
    """Run `action` at the first call of the hook, and only then."""
    calls = []

    def once():
        for key in keys:
            setattr(key, hook, None)
        calls.append(hook)
        action()

    for key in keys:
        setattr(key, hook, once)
    return calls


# Sets of different sizes need not be compared any further.
QUIET = {(WeakSet, "lt"), (WeakSet, "eq")}
cases = pytest.mark.parametrize(("kind", "name"), CASES, ids=[f"{kind.__name__}-{name}" for kind, name in CASES])
HOOKS = ("on_eq", "on_hash")


def exercise(subject, name, hook, action, key_name):
    """Run one operation with a key that is there (1) or not (9), and `action` in its middle; say
    if it ran.
    """
    key = Hostile(key_name)
    operation = OPERATIONS[subject.kind](key, VALUES[key_name])[name]
    armed = [key, *subject.kept] if hook == "on_eq" else [key]
    calls = arm(armed, hook, lambda: action(subject, operation))
    try:
        found_or_not(operation, subject.container)
    finally:
        for each in armed:
            setattr(each, hook, None)
    subject.kept.append(key)
    return bool(calls)


@cases
def test_an_operation_that_is_re_entered(kind, name):
    """S18: whatever is done to the container inside `__eq__` and `__hash__`, it stays a
    container.
    """
    for action, hook, key_name in itertools.product(ACTIONS, HOOKS, (1, 9)):
        subject = Subject(kind)
        assert exercise(subject, name, hook, action, key_name) or (kind, name) in QUIET
        subject.check()


class Stop(BaseException):
    """What no code in between has reason to catch."""


def stop(*_):
    raise Stop


def interrupt(*_):
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("action", "error"), [(stop, Stop), (interrupt, KeyboardInterrupt)], ids=["raise", "signal"])
@cases
def test_an_operation_that_is_broken_off(kind, name, action, error):
    """S18: the exception comes out as it is, and the container is what it was before."""
    for hook, key_name in itertools.product(HOOKS, (1, 9)):
        subject = Subject(kind)
        before = [repr(entry) for entry in entries(subject.container)]
        with contextlib.suppress(error):
            called = exercise(subject, name, hook, action, key_name)
            assert not called and (kind, name) in QUIET
        assert [repr(entry) for entry in entries(subject.container)] == before
        subject.check()


@pytest.mark.parametrize("kind", [WeakKeyDictionary, WeakValueDictionary])
def test_an_update_from_a_mapping_that_changes(kind):
    """S18: a comparison clears the mapping that is being read."""
    subject, source = Subject(kind), Subject(kind)
    arm(subject.kept, "on_eq", source.container.clear)
    subject.container.update(source.container)
    assert len(subject.container) == 3 and len(source.container) == 0
    subject.check()


class Acting:
    """A key whose next hash runs `action(self)`."""

    action = None

    def __hash__(self):
        action, self.action = self.action, None
        if action:
            action(self)
        return id(self)


def growing(source, key):
    source[Acting()] = key


def shrinking(source, key):
    del source[key]


def exchanging(source, key):
    source[another := Acting()] = source.pop(key)
    another.action = functools.partial(exchanging, source)


@pytest.mark.parametrize(
    ("change", "words"), [(growing, "changed size"), (shrinking, "changed size"), (exchanging, "keys changed")]
)
@pytest.mark.parametrize("module", [weakrefs, weakref])
def test_an_update_from_a_dict_that_changes(module, change, words):
    """S18: a hash changes the `dict` that is being read, which ends the reading as it ends a loop over it."""
    source, thing = {}, things(1)[0]
    container = module.WeakValueDictionary()
    for key in (Acting(), Acting()):
        source[key] = thing
        key.action = functools.partial(change, source)
    with pytest.raises(RuntimeError, match=f"dictionary {words} during iteration"):
        container.update(source)
    assert all(value is thing for value in container.values())


class Ticking(Equal):
    """Counts every call of its equality and hash, and is interrupted in one of them."""

    ticks = interrupted_at = 0

    @classmethod
    def tick(cls):
        cls.ticks += 1
        if cls.ticks == cls.interrupted_at:
            signal.raise_signal(signal.SIGINT)

    def __eq__(self, other):
        self.tick()
        return self.name == other.name

    def __hash__(self):
        self.tick()
        return self.name % 3


def long_sequence(kept, members, keys, values):
    members.update(kept)
    keys.update(itertools.pairwise(kept))
    values.update((kept[n + 1], kept[n]) for n in range(len(kept) - 1))
    members.symmetric_difference_update(things(6, Ticking))
    members.update(kept[3:])
    members.intersection_update(kept[:-1])
    members |= keys
    members -= values
    assert members <= set(kept) and keys != values
    keys |= {kept[-1]: kept[0]}
    copied = values | values.copy()
    del keys[kept[2]], copied[kept[3]]
    kept.pop()
    keys.pop(kept[-1], None)
    values.setdefault(Ticking(9), kept[0])


def test_an_interrupt_at_any_moment():
    """S18: Ctrl-C in each call of user code in turn breaks off one operation; the containers
    stay exact.
    """
    interrupts = 0
    while True:
        Ticking.ticks, Ticking.interrupted_at = 0, interrupts + 1
        kept = things(8, Ticking)
        containers = members, keys, values = WeakSet(), WeakKeyDictionary(), WeakValueDictionary()
        try:
            long_sequence(kept, *containers)
            break
        except KeyboardInterrupt:
            interrupts += 1
        for container in containers:
            assert len(container) == len(entries(container)) and all(key in container for key in list(container))
        kept.clear()
        keys.clear()  # its values are keys: the last of them live by it
        values.clear()
        assert len(members) == 0
    assert interrupts == Ticking.ticks > 50


def test_an_endless_comparison_is_a_recursion_error():
    """S18: a key whose equality looks itself up again and again ends in an exception, not in a
    crash.
    """
    code = """
        import weakrefs

        class Endless:
            def __hash__(self):
                return 1
            def __eq__(self, other):
                return other in container

        a, b = Endless(), Endless()
        mappings = weakrefs.WeakKeyDictionary({a: 1}), weakrefs.WeakValueDictionary({a: a})
        for container in (weakrefs.WeakSet([a]), *mappings):
            try:
                b in container
            except RecursionError:
                print(len(container))
    """
    assert output_of(code) == ["1", "1", "1"]


@pytest.mark.parametrize("kind", [WeakKeyDictionary, WeakSet])
def test_a_key_that_dies_in_the_comparison_with_it(kind):
    """S18, S20: its entry is not the one that was sought, though it was equal."""
    kept, sought = [Hostile("equal")], Hostile("equal")
    sought.on_eq = kept.clear
    container = kind(kept if kind is WeakSet else {kept[0]: "old"})
    if kind is WeakSet:
        container.add(sought)
    else:
        container[sought] = "new"
    sought.on_eq = None
    assert not kept
    assert entries(container) == ([sought] if kind is WeakSet else [(sought, "new")])


def test_a_lookup_of_a_key_that_dies_in_the_comparison():
    """S18, S20: finds nothing."""
    kept, sought = [Hostile("equal")], Hostile("equal")
    sought.on_eq = kept.clear
    container = WeakKeyDictionary({kept[0]: "old"})
    found = container.get(sought, "missing")
    assert (found, kept) == ("missing", [])


@contextlib.contextmanager
def during_collections(act):
    """Calls `act` whenever a collection begins: as often as possible."""

    def called(phase, info):
        if phase == "start":
            act()

    thresholds = gc.get_threshold()
    gc.callbacks.append(called)
    gc.set_threshold(1, 0, 0)
    gc.enable()
    try:
        yield
    finally:
        gc.disable()
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(called)


MANY = 4000  # so that signals, other threads and the collector have their turns


@pytest.mark.parametrize("way", ["|=", "update", "|"])
def test_an_element_that_comes_while_a_set_is_added(way):
    """S18: it is in the set once, whoever added it."""
    kept = things(MANY)
    members, other, added = WeakSet(kept[:1]), WeakSet(kept), []

    def add():
        for container in [members] if way != "|" else gc.get_objects():
            if type(container) is WeakSet and container is not other and 1 < len(container) < MANY:
                container.add(kept[-1])
                added.append(container)

    with during_collections(add):
        if way == "|":
            members = members | other
        elif way == "update":
            members.update(other)
        else:
            members |= other
    assert members in added
    assert len(members) == len(set(members)) == MANY
    kept.clear()
    assert len(members) == 0


@pytest.mark.parametrize("kind", [WeakSet, WeakKeyDictionary, WeakValueDictionary])
def test_an_entry_that_comes_while_a_container_is_copied(kind):
    """S18: it is in the copy once, whoever stored it."""
    kept = things(MANY)
    original, stored = kind(kept if kind is WeakSet else {thing: thing for thing in kept}), []

    def store():
        for container in gc.get_objects():
            if type(container) is kind and container is not original and len(container) < MANY:
                container.add(kept[-1]) if kind is WeakSet else container.update({kept[-1]: kept[-1]})
                stored.append(container)

    with during_collections(store):
        copy = original.copy()
    assert copy in stored
    assert len(copy) == len(set(copy)) == MANY
