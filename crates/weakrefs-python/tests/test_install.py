"""`install`, `uninstall` and `installed`: what they exchange, and that the objects of the standard classes
never notice (S2, S16, S19, S23, S28, S29, S31, S33)."""

import _weakrefset
import collections.abc
import copy
import dis
import gc
import importlib.util
import pickle
import sys
import threading
import types
import weakref

import pytest
import weakrefs
from adoption import NAMES, OURS, STANDARD, output_at_bare_start, public
from support import Equal, Thing, equal, output_of

pytestmark = pytest.mark.usefixtures("standard_before_and_after")


# What is exchanged


def test_install_gives_our_classes_to_the_standard_names():
    """S46"""
    weakrefs.install()
    assert public() == OURS
    for name in set(weakref.__all__) - set(NAMES):
        assert getattr(weakref, name) == getattr(weakrefs, name)


def test_uninstall_puts_back_everything_that_was_there():
    """S46"""
    weakrefs.install()  # the private names of the standard classes stay from the first time on
    weakrefs.uninstall()
    before = {module.__name__: dict(vars(module)) for module in (weakref, _weakrefset)}
    weakrefs.install()
    weakrefs.uninstall()
    assert {module.__name__: dict(vars(module)) for module in (weakref, _weakrefset)} == before


def test_both_are_idempotent():
    """S46"""
    weakrefs.uninstall()
    assert public() == STANDARD
    weakrefs.install()
    weakrefs.install()
    assert public() == OURS
    weakrefs.uninstall()
    assert public() == STANDARD


def test_a_block_ends_as_it_began():
    """S46"""
    with weakrefs.installed():
        assert public() == OURS
        with weakrefs.installed():
            assert public() == OURS
        assert public() == OURS
    assert public() == STANDARD

    weakrefs.install()
    with weakrefs.installed():
        pass
    assert public() == OURS


def test_a_block_ends_well_on_an_exception():
    """S46"""
    with pytest.raises(KeyError, match="passes"), weakrefs.installed():
        raise KeyError("passes")
    assert public() == STANDARD


def test_uninstall_in_a_block_takes_effect_at_its_end():
    """S46"""
    weakrefs.install()
    with weakrefs.installed():
        weakrefs.uninstall()
        assert public() == OURS
    assert public() == STANDARD


def test_is_installed_says_whether_ours_are_in():
    """S46"""
    assert weakrefs.is_installed() is False
    weakrefs.install()
    assert weakrefs.is_installed() is True
    weakrefs.uninstall()
    with weakrefs.installed():
        assert weakrefs.is_installed() is True
    assert weakrefs.is_installed() is False


def test_the_representation_of_the_set_tells_ours_from_the_standard_class():
    """S46: of the others it can't, as they are pickled by what it shows; their bases do."""
    plain = {name: repr(cls) for name, cls in STANDARD.items()}
    with weakrefs.installed():
        assert repr(weakref.WeakSet) == "<class 'weakref.WeakSet'>" != plain["WeakSet"]
        for name in "WeakKeyDictionary", "WeakValueDictionary":
            assert repr(OURS[name].__base__) == f"<class 'weakrefs._weakrefs.{name}'>"
            assert repr(OURS[name]) == plain[name]
    assert {name: repr(cls) for name, cls in STANDARD.items()} == plain


def test_what_others_assign_meanwhile_stays():
    """S46"""

    class Spy(weakref.WeakValueDictionary):
        pass

    weakrefs.install()
    weakref.WeakValueDictionary = Spy
    weakrefs.install()
    assert public() == {**OURS, "WeakValueDictionary": Spy}
    weakrefs.uninstall()
    assert public() == {**STANDARD, "WeakValueDictionary": Spy}
    weakref.WeakValueDictionary = STANDARD["WeakValueDictionary"]


def test_what_others_assigned_before_comes_back(monkeypatch):
    """S46"""

    class Spy(weakref.finalize):
        pass

    with monkeypatch.context() as patch:
        patch.setattr(weakref, "finalize", Spy)
        weakrefs.install()
        assert public() == OURS
        weakrefs.uninstall()
        assert weakref.finalize is Spy


def test_an_error_changes_nothing(monkeypatch):
    """S46: here, that one of our classes is missing; then as after any other `install`."""
    with monkeypatch.context() as patch:
        patch.delattr(weakrefs, "finalize")
        for attempt in weakrefs.install, lambda warn: weakrefs.installed(warn=warn).__enter__():
            with pytest.raises(AttributeError):
                attempt(warn=False)
            assert public() == STANDARD and not weakrefs.is_installed()
            assert weakrefs.WeakSet.__module__ == "weakrefs"
    with weakrefs.installed():
        assert public() == OURS
    assert public() == STANDARD


def test_a_name_that_somebody_has_taken_out_stays_out(monkeypatch):
    """S46"""
    with monkeypatch.context() as patch:
        patch.delattr(weakref, "KeyedRef")
        weakrefs.install()
        assert not hasattr(weakref, "KeyedRef") and weakref.WeakSet is OURS["WeakSet"]
        weakrefs.uninstall()
        assert not hasattr(weakref, "KeyedRef") and weakref.WeakSet is STANDARD["WeakSet"]


def test_a_class_of_others_under_a_standard_name_does_not_confuse_the_first_install():
    """S46"""
    code = """
        import weakref

        class Spy(weakref.finalize):
            def __init__(self, *arguments):
                super().__init__(*arguments)
                assert finalize == "a global of this module"

        class Thing:
            pass

        finalize = "a global of this module"
        standard, weakref.finalize = weakref.finalize, Spy
        import weakrefs
        weakrefs.install()
        first, second = Thing(), Thing()
        standard(first, print, "standard")
        Spy(second, print, "spy")
        print("_dirty" in vars(weakrefs.finalize), weakrefs.finalize._registered_with_atexit)
    """
    assert output_of(code, "-W", "ignore") == ["False False", "spy", "standard"]


def test_threads_agree():
    """S33: within its block every thread sees weakrefs, whatever the others do; in the end the standard names are back."""
    wrong = []
    start = threading.Barrier(4)

    def work():
        start.wait()
        for _ in range(300):
            with weakrefs.installed():
                if weakref.WeakSet is not OURS["WeakSet"] or weakref.finalize is not OURS["finalize"]:
                    wrong.append(public())
            weakrefs.uninstall()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    assert public() == STANDARD


def test_importing_the_package_loads_little_more_than_the_standard_module_does():
    """S37: what it will ever need is loaded then: `copy` for `__deepcopy__`, `atexit` for finalizers, the native
    `_collections` for what may be assigned to `data`."""
    (loaded,) = output_at_bare_start(
        "import weakref; before = set(sys.modules); import weakrefs; print(*set(sys.modules) - before)"
    )
    assert {name.partition(".")[0] for name in loaded.split()} <= {
        "weakrefs",
        "_collections",
        "copy",
        "copyreg",
        "types",
        "atexit",
    }


# Both kinds beside each other


def both(name, *arguments):
    return STANDARD[name](*arguments), OURS[name](*arguments)


def test_no_instance_of_one_kind_is_one_of_the_other():
    """S46: but both are of the abstract classes, and of `ref`."""
    thing = Thing()
    made = {
        "WeakSet": ([thing],),
        "WeakKeyDictionary": ({thing: 1},),
        "WeakValueDictionary": ({"thing": thing},),
        "WeakMethod": (thing.__repr__,),
        "KeyedRef": (thing, None, "key"),
        "finalize": (thing, print),
    }
    common = {
        "WeakSet": collections.abc.MutableSet,
        "WeakKeyDictionary": collections.abc.MutableMapping,
        "WeakValueDictionary": collections.abc.MutableMapping,
        "WeakMethod": weakref.ref,
        "KeyedRef": weakref.ref,
        "finalize": object,
    }
    for name, arguments in made.items():
        standard, ours = both(name, *arguments)
        assert not isinstance(standard, OURS[name]) and not isinstance(ours, STANDARD[name])
        assert isinstance(standard, common[name]) and isinstance(ours, common[name])
        if name == "finalize":
            standard.detach(), ours.detach()


def test_containers_of_both_kinds_work_together():
    """S46: mappings are equal by their items, sets only to their own kind; the left side says what the result is."""
    thing = Thing()
    for name, content in ("WeakKeyDictionary", {thing: 1}), ("WeakValueDictionary", {"thing": thing}):
        standard, ours = both(name, content)
        assert equal(standard, ours) and equal(ours, standard)
        assert type(standard | ours) is STANDARD[name] and type(ours | standard) is OURS[name]
    standard, ours = both("WeakSet", [thing])
    assert not equal(standard, ours) and not equal(ours, standard)
    assert type(standard | ours) is STANDARD["WeakSet"] and type(ours | standard) is OURS["WeakSet"]
    assert standard <= ours and ours <= standard and set(standard & ours) == set(ours & standard) == {thing}
    methods = both("WeakMethod", thing.__repr__)
    assert not equal(*methods) and not equal(*methods[::-1])


# Objects of the standard classes


class Observer:
    def notify(self):
        return "notified"


def check_standard_objects(values, keys, members, method, observer, finalizer):
    """Uses what was made of the standard classes, in all the ways that let their code refer to each other."""
    one, two, three = Equal("one"), Thing("two"), Thing("three")
    values["one"] = one
    assert values.setdefault("two", two) is two
    values.update(three=three)
    keys[one] = 1
    members.add(one)
    assert type(values.copy()) is type(copy.copy(values)) is STANDARD["WeakValueDictionary"]
    assert type(values | {}) is type(copy.deepcopy(values)) is STANDARD["WeakValueDictionary"]
    assert type(keys.copy()) is type(keys | {}) is STANDARD["WeakKeyDictionary"]
    assert type(members.copy()) is type(members | {two}) is STANDARD["WeakSet"]
    assert {type(reference) for reference in values.valuerefs()} == {STANDARD["KeyedRef"]}
    assert dict(values) == {"one": one, "two": two, "three": three}

    again = STANDARD["WeakMethod"](observer.notify)
    assert (method == again, method != again) == (True, False) and hash(method) == hash(again)
    assert method()() == "notified"
    assert finalizer.alive and finalizer.peek()[0] is observer
    late = STANDARD["finalize"](one, members.discard, two)
    late.atexit = False

    del one
    gc.collect()
    assert not late.alive and finalizer.alive
    assert (len(keys), len(members), set(values)) == (0, 0, {"two", "three"})


def test_objects_of_the_standard_classes_keep_working():
    """S2, S16, S19, S23, S28, S29: before, while, and after weakrefs has their names."""
    observer, fired = Observer(), []
    objects = (
        STANDARD["WeakValueDictionary"](),
        STANDARD["WeakKeyDictionary"](),
        STANDARD["WeakSet"](),
        STANDARD["WeakMethod"](observer.notify),
        observer,
        STANDARD["finalize"](observer, fired.append, "fired"),
    )
    check_standard_objects(*objects)
    weakrefs.install()
    check_standard_objects(*objects)
    weakrefs.uninstall()
    check_standard_objects(*objects)
    weakrefs.install()
    method = objects[3]
    del objects, observer
    assert method() is None and fired == ["fired"]


def test_standard_finalizers_still_run_at_exit():
    """S31: those made before `install`, and those that code with the old class makes afterwards, also at exit."""
    lines = output_of("""
        import warnings, weakref
        from weakref import finalize
        warnings.simplefilter("ignore")

        class Thing:
            pass

        kept = Thing()
        finalize(kept, print, "standard, before")
        import weakrefs
        weakrefs.install()
        assert weakref.finalize is not finalize
        finalize(kept, lambda: finalize(kept, print, "standard, at exit"))
        finalize(kept, print, "standard, after")
        finalize(kept, print, "never").atexit = False
        weakref.finalize(kept, print, "ours")
    """)
    assert "ours" in lines
    lines.remove("ours")
    assert lines == ["standard, after", "standard, at exit", "standard, before"]


def test_the_standard_code_names_its_classes_in_no_other_way():
    """S46: What `_standard` relies on: in every function the names are globals and nothing else; after it none is left."""

    def names_in(code, at_top=True):
        for instruction in dis.get_instructions(code):
            if instruction.argval in NAMES:
                yield instruction.opname, at_top
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from names_in(constant, at_top=False)

    script = importlib.util.find_spec("weakref").loader.get_code("weakref")
    bodies = [
        constant for constant in script.co_consts if isinstance(constant, types.CodeType) and constant.co_name in NAMES
    ]
    methods = [constant for body in bodies for constant in body.co_consts if isinstance(constant, types.CodeType)]
    used = [found for method in methods for found in names_in(method)]
    assert len(used) > 8 and set(used) == {("LOAD_GLOBAL", True)}

    weakrefs.install()
    for cls in STANDARD.values():
        for attribute in vars(cls).values():
            for accessor in ("__func__", "fget", "fset"):
                function = getattr(attribute, accessor, attribute)
                if isinstance(function, types.FunctionType):
                    assert list(names_in(function.__code__)) == []


def test_a_pickle_made_under_the_standard_names_needs_only_the_standard_library():
    """S26: a plain interpreter loads a weak set that a program with weakrefs has pickled."""
    members = [int, str]
    with weakrefs.installed():
        assert {cls.__module__ for cls in OURS.values()} == {"weakref"}
        pickled = pickle.dumps(weakref.WeakSet(members))
        for name, cls in OURS.items():
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                assert b"weakref\n" + name.encode() in pickle.dumps(cls, protocol) or protocol > 3
                assert pickle.loads(pickle.dumps(cls, protocol)) is cls
    assert b"weakref" in pickled and b"weakrefs" not in pickled
    loaded = pickle.loads(pickled)
    assert type(loaded) is STANDARD["WeakSet"] and set(loaded) == set(members)
    assert {cls.__module__ for cls in OURS.values()} == {"weakrefs"}
