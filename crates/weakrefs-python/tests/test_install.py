"""`install`, `uninstall` and `installed`: what they exchange and report, and that the objects of the standard classes
never notice (S2, S16, S19, S23, S28, S29, S31, S33)."""

import _weakrefset
import copy
import dis
import gc
import importlib.util
import pickle
import sys
import threading
import types
import warnings
import weakref

import pytest
import weakrefs
from support import Equal, Thing, output_of

NAMES = ("WeakSet", "WeakKeyDictionary", "WeakValueDictionary", "WeakMethod", "KeyedRef", "finalize")
STANDARD = {name: getattr(weakref, name) for name in NAMES}
OURS = {name: getattr(weakrefs, name) for name in NAMES}


def public():
    """The exchanged names as the two modules give them now."""
    assert _weakrefset.WeakSet is weakref.WeakSet
    return {name: getattr(weakref, name) for name in NAMES}


@pytest.fixture(autouse=True)
def _standard_before_and_after():
    assert public() == STANDARD
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
        weakrefs.uninstall()
    assert public() == STANDARD


# What is exchanged


def test_install_gives_our_classes_to_the_standard_names():
    weakrefs.install()
    assert public() == OURS
    for name in set(weakref.__all__) - set(NAMES):
        assert getattr(weakref, name) == getattr(weakrefs, name)


def test_uninstall_puts_back_everything_that_was_there():
    weakrefs.install()  # the private names of the standard classes stay from the first time on
    weakrefs.uninstall()
    before = {module.__name__: dict(vars(module)) for module in (weakref, _weakrefset)}
    weakrefs.install()
    weakrefs.uninstall()
    assert {module.__name__: dict(vars(module)) for module in (weakref, _weakrefset)} == before


def test_both_are_idempotent():
    weakrefs.uninstall()
    assert public() == STANDARD
    weakrefs.install()
    weakrefs.install()
    assert public() == OURS
    weakrefs.uninstall()
    assert public() == STANDARD


def test_a_block_ends_as_it_began():
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
    with pytest.raises(KeyError, match="passes"), weakrefs.installed():
        raise KeyError("passes")
    assert public() == STANDARD


def test_uninstall_in_a_block_takes_effect_at_its_end():
    weakrefs.install()
    with weakrefs.installed():
        weakrefs.uninstall()
        assert public() == OURS
    assert public() == STANDARD


def test_what_others_assign_meanwhile_stays():
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
    class Spy(weakref.finalize):
        pass

    with monkeypatch.context() as patch:
        patch.setattr(weakref, "finalize", Spy)
        weakrefs.install()
        assert public() == OURS
        weakrefs.uninstall()
        assert weakref.finalize is Spy


def test_a_class_of_others_under_a_standard_name_does_not_confuse_the_first_install():
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
    """S33: within its block every thread sees ours, whatever the others do; in the end the standard names are back."""
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


def output_at_bare_start(code):
    """What `code` prints in an interpreter that has loaded nothing but itself."""
    return output_of(f"import sys; sys.path = {sys.path}; {code}", "-S", "-W", "error")


def test_importing_the_package_loads_little_more_than_the_standard_module_does():
    """S37: what it will ever need is loaded then; `copy` for `__deepcopy__`, `atexit` for finalizers."""
    (loaded,) = output_at_bare_start(
        "import weakref; before = set(sys.modules); import weakrefs; print(*set(sys.modules) - before)"
    )
    assert {name.partition(".")[0] for name in loaded.split()} <= {"weakrefs", "copy", "copyreg", "types", "atexit"}


# What is reported


def reported(action):
    """The names in the one warning that `action` gives, which has to point at this file; none without a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    assert [(warning.category, warning.filename) for warning in caught] in ([], [(RuntimeWarning, __file__)])
    return [name for warning in caught for name in str(warning.message).partition("classes: ")[2].split(", ")]


@pytest.mark.parametrize(
    "action", [weakrefs.install, lambda: weakrefs.installed().__enter__()], ids=["install", "installed"]
)
def test_modules_that_hold_a_standard_class_are_named_once(monkeypatch, action):
    holder = types.ModuleType("holder")
    holder.Cache, holder.Again, holder.other = STANDARD["WeakValueDictionary"], STANDARD["WeakMethod"], weakref.ref
    monkeypatch.setitem(sys.modules, "holder", holder)
    monkeypatch.setitem(sys.modules, "holder.alias", holder)
    assert [name for name in reported(action) if name.startswith("holder")] == ["holder.Again", "holder.Cache"]
    assert reported(weakrefs.install) == []
    if action is not weakrefs.install:
        weakrefs.installed().__exit__()


def test_the_exchanged_names_themselves_are_not_reported():
    names = reported(weakrefs.install)
    assert "threading.WeakSet" in names  # the standard library's own use is told as well
    assert not [name for name in names if name.startswith(("weakref.", "_weakrefset.", "weakrefs."))]


def test_no_warning_where_nothing_is_held():
    assert output_at_bare_start(
        "import weakrefs, weakref; weakrefs.install(); print(weakref.WeakSet is weakrefs.WeakSet)"
    ) == ["True"]


def test_a_warning_made_an_error_changes_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match=r"threading\.WeakSet"):
            weakrefs.install()
        assert public() == STANDARD
        with pytest.raises(RuntimeWarning, match=r"threading\.WeakSet"), weakrefs.installed():
            pytest.fail("entered")
        assert public() == STANDARD


class Touchy:
    """Tells whoever looks at it, in whatever way."""

    touched = []

    def __getattribute__(self, name):
        Touchy.touched.append(name)
        raise RuntimeError(name)

    def __eq__(self, other):
        Touchy.touched.append("==")
        raise RuntimeError("==")

    def __hash__(self):
        Touchy.touched.append("hash")
        raise RuntimeError("hash")


class TouchyModule(types.ModuleType):
    def __getattribute__(self, name):
        Touchy.touched.append(name)
        raise RuntimeError(name)


def test_hostile_entries_of_sys_modules_are_neither_touched_nor_in_the_way(monkeypatch):
    strange = TouchyModule("strange")
    namespace = types.ModuleType.__dict__["__dict__"].__get__(strange)
    namespace.update({"held": STANDARD["WeakSet"], "value": Touchy(), "__getattr__": Touchy(), 5: STANDARD["WeakSet"]})
    for name, entry in {
        "strange": strange,
        "touchy": Touchy(),
        "blocked": None,
        "a class": TouchyModule,
        "unborn": types.ModuleType.__new__(types.ModuleType),
    }.items():
        monkeypatch.setitem(sys.modules, name, entry)
    nameless = types.ModuleType("nameless")
    nameless.held = STANDARD["WeakSet"]
    monkeypatch.setitem(sys.modules, 7, nameless)
    Touchy.touched.clear()
    assert [name for name in reported(weakrefs.install) if name.endswith("held")] == ["strange.held"]
    assert Touchy.touched == []
    assert public() == OURS


def test_a_lazy_module_stays_unloaded(monkeypatch, tmp_path):
    source = tmp_path / "lazily.py"
    source.write_text("raise RuntimeError('loaded')\n")
    spec = importlib.util.spec_from_file_location("lazily", source)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    lazy = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lazily", lazy)
    spec.loader.exec_module(lazy)
    kind = type(lazy)
    weakrefs.install()
    assert type(lazy) is kind
    with pytest.raises(RuntimeError, match="loaded"):
        assert lazy.attribute


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
    """S2, S16, S19, S23, S28, S29: before, while, and after ours have their names."""
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
    """What `_standard` relies on: in every function the names are globals and nothing else; after it none is left."""

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
    """S26: a weak set pickled by a program that runs with ours is loaded by a plain interpreter."""
    members = [int, str]
    with weakrefs.installed():
        assert {cls.__module__ for cls in OURS.values()} == {"weakref", "_weakrefset"}
        pickled = pickle.dumps(weakref.WeakSet(members))
    assert b"_weakrefset" in pickled and b"weakrefs." not in pickled
    loaded = pickle.loads(pickled)
    assert type(loaded) is STANDARD["WeakSet"] and set(loaded) == set(members)
    assert {cls.__module__ for cls in OURS.values()} == {"weakrefs"}
