"""References, proxies and `KeyedRef`, and their order with the containers' evictions (S1-S12)."""

import operator
import threading

import pytest
import weakrefs as weakref
from support import FREE_THREADED, Equal, Hostile, Thing, Unhashable, equal, unraisable


class Slotted:
    __slots__ = ("value",)


class SlottedReferent:
    __slots__ = ("__weakref__",)


# The module's own names


def test_the_reference_types_are_the_interpreters():
    """S1: `isinstance` agrees with every other library, because the types are the interpreter's."""
    import _weakref

    for name in (
        "ReferenceType",
        "ProxyType",
        "CallableProxyType",
        "ref",
        "proxy",
        "getweakrefs",
        "getweakrefcount",
    ):
        assert getattr(weakref, name) is getattr(_weakref, name)
    assert weakref.ref is weakref.ReferenceType
    assert weakref.ProxyTypes == (weakref.ProxyType, weakref.CallableProxyType)


def test_all_has_the_names_of_the_standard_module():
    """S1: every name of 3.14's `__all__` is there, and listed."""
    import weakref as standard

    assert set(standard.__all__) <= set(weakref.__all__)
    for name in weakref.__all__:
        assert hasattr(weakref, name)


# Life and death


def test_a_reference_does_not_keep_its_referent_alive():
    """S1: dereferencing gives the referent, and None from its death on."""
    thing = Thing()
    reference = weakref.ref(thing)
    assert reference() is thing
    del thing
    assert reference() is None


def test_all_references_are_dead_before_the_first_callback():
    """S2: a callback sees no reference to the dead object that still answers, newest callback
    first.
    """
    thing = Thing()
    order = []
    references = []

    def callback(name):
        return lambda reference: order.append((name, [each() for each in references]))

    references.append(weakref.ref(thing))
    for name in "abc":
        references.append(weakref.ref(thing, callback(name)))
    del thing
    assert order == [(name, [None] * 4) for name in "cba"]


def test_entries_have_left_every_container_when_the_last_drop_returns():
    """S2: no later collection, no access to the container is needed."""
    thing = Thing()
    keys, values = weakref.WeakKeyDictionary({thing: 1}), weakref.WeakValueDictionary(k=thing)
    members = weakref.WeakSet([thing])
    assert (len(keys), len(values), len(members)) == (1, 1, 1)
    del thing
    assert (len(keys), len(values), len(members)) == (0, 0, 0)


def test_an_eviction_is_a_callback_in_the_order_of_the_others():
    """S2: what was registered before the entry runs after its eviction, what came later runs
    before it.
    """
    thing = Thing()
    members = weakref.WeakSet()
    seen = {}
    older = weakref.ref(thing, lambda _: seen.update(older=len(members)))
    members.add(thing)
    newer = weakref.ref(thing, lambda _: seen.update(newer=list(members)))
    del thing
    assert seen == {"newer": [], "older": 0}
    assert older() is newer() is None


def test_a_callback_runs_in_the_dropping_thread():
    """S3: synchronously, with the dead reference as its argument. (S45: without a GIL in the thread that made the object.)"""
    calls = []
    box = [Thing()]
    reference = weakref.ref(box[0], lambda arg: calls.append((threading.get_ident(), arg, arg())))
    thread = threading.Thread(target=box.clear)
    thread.start()
    thread.join()
    ident = threading.get_ident() if FREE_THREADED else thread.ident
    assert calls == [(ident, reference, None)]


def test_a_callback_runs_once_and_never_without_its_reference():
    """S4: the reference object has to outlive the referent."""
    calls = []
    thing = Thing()
    kept = weakref.ref(thing, calls.append)
    dropped = weakref.ref(thing, lambda _: calls.append("dropped"))
    del dropped, thing
    assert calls == [kept]


def test_an_error_in_a_callback_is_reported_and_the_rest_run():
    """S5: it goes to `sys.unraisablehook`, whoever dropped the object sees nothing, and
    evictions happen.
    """
    thing = Thing()
    calls = []
    members = weakref.WeakSet([thing])
    values = weakref.WeakValueDictionary(k=thing)

    def fail(_):
        raise ZeroDivisionError("in a callback")

    references = [
        weakref.ref(thing, calls.append),
        weakref.ref(thing, fail),
        weakref.ref(thing, calls.append),
    ]
    with unraisable() as reports:
        del thing
    assert [type(report) for report in reports] == [ZeroDivisionError]
    assert calls == [references[2], references[0]]
    assert (len(members), len(values)) == (0, 0)


# Identity, hash, comparison


def test_plain_references_are_shared():
    """S6: the same object gives the same reference; with a callback, or of a subclass, never."""

    class Sub(weakref.ref):
        pass

    thing = Thing()
    assert weakref.ref(thing) is weakref.ref(thing, None)
    assert weakref.proxy(thing) is weakref.proxy(thing, None)
    assert weakref.ref(thing, print) is not weakref.ref(thing, print)
    assert Sub(thing) is not Sub(thing)
    assert weakref.KeyedRef(thing, None, 1) is not weakref.KeyedRef(thing, None, 1)


def test_containers_do_not_disturb_the_shared_reference():
    """S6: looking a key up makes no reference that stays, and the plain one stays what it was."""
    thing = Thing()
    plain = weakref.ref(thing)
    keys, members = weakref.WeakKeyDictionary({thing: 1}), weakref.WeakSet([thing])
    assert keys[thing] == 1 and thing in members
    assert weakref.ref(thing) is plain
    assert weakref.getweakrefcount(thing) == 3


def test_the_hash_is_the_referents_and_outlives_it():
    """S7: computed once while the referent lives; asked for the first time after its death, an
    error.
    """
    asked, unasked = Equal(42), Equal(42)
    known, unknown = weakref.ref(asked), weakref.ref(unasked)
    assert hash(known) == hash(42)
    del asked, unasked
    assert hash(known) == hash(42)
    with pytest.raises(TypeError):
        hash(unknown)


def test_the_hash_of_a_reference_to_the_unhashable():
    """S7: fails as the referent's does."""
    thing = Unhashable()
    with pytest.raises(TypeError, match="unhashable"):
        hash(weakref.ref(thing))


@pytest.mark.parametrize("make", [weakref.ref, lambda o: weakref.ref(o, print), lambda o: weakref.KeyedRef(o, None, 1)])
def test_references_compare_as_their_referents(make):
    """S8: while both live; dead, by identity; and there is no ordering."""
    left, right, other = Equal(1), Equal(1), Equal(2)
    a, b, c = make(left), make(right), make(other)
    assert equal(a, b)
    assert not equal(a, c)
    for order in (operator.lt, operator.le, operator.gt, operator.ge):
        with pytest.raises(TypeError):
            order(a, b)
    del left
    assert a != b and b != a and a == a
    del right
    assert not equal(a, b)
    assert a != 1


def test_the_callback_is_readable_and_not_writable():
    """S9: none once the referent is dead."""

    def callback(_):
        pass

    thing = Thing()
    with_callback, without = weakref.ref(thing, callback), weakref.ref(thing)
    assert with_callback.__callback__ is callback
    assert without.__callback__ is None
    with pytest.raises(AttributeError):
        with_callback.__callback__ = print
    del thing
    assert with_callback.__callback__ is None


def test_counting_sees_every_live_reference():
    """S10: plain ones, proxies, keyed ones and those of the containers, and none that is gone."""
    thing = Thing()
    assert weakref.getweakrefcount(thing) == 0 and weakref.getweakrefs(thing) == []
    plain, proxy = weakref.ref(thing), weakref.proxy(thing)
    keyed = weakref.KeyedRef(thing, None, "k")
    members, keys = weakref.WeakSet([thing]), weakref.WeakKeyDictionary({thing: 1})
    values = weakref.WeakValueDictionary(k=thing)
    assert weakref.getweakrefcount(thing) == 6
    assert {id(plain), id(proxy), id(keyed)} < {id(each) for each in weakref.getweakrefs(thing)}
    members.discard(thing)
    keys.clear()
    del values["k"], keyed, plain, proxy
    assert weakref.getweakrefcount(thing) == 0
    assert weakref.getweakrefcount(1) == 0 and weakref.getweakrefs("x") == []


# Proxies


def test_a_proxy_forwards_until_its_referent_dies():
    """S11: then every use is a ReferenceError, never a stale answer."""

    class List(list):
        pass

    items = List([1, 2])
    proxy = weakref.proxy(items)
    proxy.append(3)
    proxy.mark = "x"
    assert (len(proxy), proxy[0], proxy + [4], 3 in proxy, bool(proxy)) == (
        3,
        1,
        [1, 2, 3, 4],
        True,
        True,
    )
    assert items.mark == "x" and proxy.__class__ is List and type(proxy) is weakref.ProxyType
    del items
    uses = (
        len,
        bool,
        str,
        list,
        lambda p: p.mark,
        lambda p: p[0],
        lambda p: p + [1],
        lambda p: setattr(p, "mark", 1),
    )
    for use in uses:
        with pytest.raises(ReferenceError):
            use(proxy)


def test_a_callable_referent_gives_a_callable_proxy():
    """S11: called with everything it was given, until it is dead."""

    def function(*args, **kwargs):
        return args, kwargs

    proxy = weakref.proxy(function)
    assert type(proxy) is weakref.CallableProxyType
    assert proxy(1, a=2) == ((1,), {"a": 2})
    del function
    with pytest.raises(ReferenceError):
        proxy()


def test_a_proxy_is_no_key():
    """S11: it has no hash, so no container takes it for its referent by accident."""
    thing = Thing()
    proxy = weakref.proxy(thing)
    values = weakref.WeakValueDictionary()
    with pytest.raises(TypeError):
        values[proxy] = thing
    assert len(values) == 0


# Opting in


@pytest.mark.parametrize("referent", [1, "x", None, (), [], {}, Slotted()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "use",
    [
        weakref.ref,
        weakref.proxy,
        lambda o: weakref.KeyedRef(o, None, 1),
        lambda o: weakref.finalize(o, print),
        lambda o: weakref.WeakSet().add(o),
        lambda o: weakref.WeakSet([o]),
        lambda o: weakref.WeakValueDictionary(k=o),
        lambda o: weakref.WeakValueDictionary().__setitem__("k", o),
        lambda o: weakref.WeakKeyDictionary().__setitem__(o, 1),
    ],
    ids=[
        "ref",
        "proxy",
        "KeyedRef",
        "finalize",
        "add",
        "WeakSet(...)",
        "WeakValueDictionary(...)",
        "value",
        "key",
    ],
)
def test_a_type_has_to_opt_in(use, referent):
    """S12: and the error names the type, wherever a reference would be made."""
    with pytest.raises(TypeError, match=f"^cannot create weak reference to '{type(referent).__name__}' object$"):
        use(referent)


def test_a_slot_is_enough_to_opt_in():
    """S12: no instance dictionary is needed."""
    thing = SlottedReferent()
    assert weakref.ref(thing)() is thing
    assert thing in weakref.WeakSet([thing])


# KeyedRef


def test_a_keyed_reference_carries_its_key():
    """S26: as `WeakValueDictionary` stores it; the key may be read and replaced."""
    thing = Thing()
    calls = []
    reference = weakref.KeyedRef(thing, calls.append, "k")
    assert isinstance(reference, weakref.ref) and reference() is thing
    assert reference.key == "k" and reference.__callback__ == calls.append
    reference.key = "other"
    assert reference.key == "other"
    assert not hasattr(reference, "__dict__")
    del thing
    assert calls == [reference] and reference.key == "other"


def test_a_keyed_reference_needs_its_three_arguments():
    """S26: the names are those of the standard class."""
    thing = Thing()
    for arguments in ((), (thing,), (thing, None), (thing, None, 1, 2)):
        with pytest.raises(TypeError):
            weakref.KeyedRef(*arguments)
    reference = weakref.KeyedRef(ob=thing, callback=None, key=3)
    assert (reference(), reference.key) == (thing, 3)


def test_keyed_references_can_be_subclassed():
    """S26: with state of their own and with a signature of their own."""

    class Stamped(weakref.KeyedRef):
        __slots__ = ("stamp",)

        def __new__(cls, ob, key, stamp):
            self = super().__new__(cls, ob, None, key)
            self.stamp = stamp
            return self

        def __init__(self, ob, key, stamp):
            super().__init__(ob, None, key)

    thing = Thing()
    reference = Stamped(thing, "k", 9)
    assert (reference(), reference.key, reference.stamp) == (thing, "k", 9)


def test_a_referent_may_die_while_its_hash_is_asked_for():
    """S7: a hash that drops the last strong reference is an ordinary event."""
    box = [Hostile()]
    reference = weakref.ref(box[0])
    box[0].on_hash = box.clear
    assert hash(reference) == 7
    assert reference() is None and hash(reference) == 7
