"""`InstallWarning`: which modules it names, and that it looks at nothing that could mind."""

import importlib.util
import sys
import threading
import types
import warnings
import weakref

import pytest
import weakrefs
from adoption import OURS, STANDARD, Touchy, TouchyModule, output_at_bare_start, public
from support import output_of

pytestmark = pytest.mark.usefixtures("standard_before_and_after")


def reported(action):
    """The names in the one warning that `action` gives, which has to point at this file; none without a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    assert [(warning.category, warning.filename) for warning in caught] in ([], [(weakrefs.InstallWarning, __file__)])
    return [name for warning in caught for name in str(warning.message).partition("classes: ")[2].split(", ")]


def enter(**options):
    weakrefs.installed(**options).__enter__()


@pytest.fixture(params=[weakrefs.install, enter], ids=["install", "installed"])
def action(request):
    yield request.param
    if request.param is enter:
        weakrefs.installed().__exit__()


@pytest.fixture
def holder(monkeypatch):
    """A module that has taken two standard classes by name."""
    holder = types.ModuleType("holder")
    holder.Cache, holder.Again, holder.other = STANDARD["WeakValueDictionary"], STANDARD["WeakMethod"], weakref.ref
    monkeypatch.setitem(sys.modules, "holder", holder)
    return holder


def test_modules_that_hold_a_standard_class_are_named_once(monkeypatch, holder, action):
    """S46"""
    monkeypatch.setitem(sys.modules, "holder.alias", holder)
    assert [name for name in reported(action) if name.startswith("holder")] == ["holder.Again", "holder.Cache"]
    assert reported(weakrefs.install) == []


def test_the_standard_library_and_the_exchanged_names_are_not_reported(action):
    """S46: with `threading`, which keeps `WeakSet`, and under the name of a package of it, too."""
    assert threading.WeakSet is STANDARD["WeakSet"]
    names = reported(action)
    assert not [name for name in names if name.partition(".")[0] in {*sys.stdlib_module_names, "weakrefs"}]


def test_no_warning_if_told_so(holder, action):
    """S46"""
    assert reported(lambda: action(warn=False)) == []
    assert public() == OURS


def test_the_warning_is_a_class_of_its_own():
    """S46: so that it alone can be filtered, and by a filter for its base as well."""
    assert issubclass(weakrefs.InstallWarning, RuntimeWarning)
    assert repr(weakrefs.InstallWarning) == "<class 'weakrefs.InstallWarning'>"


@pytest.mark.parametrize("action", ["install()", "installed().__enter__()"])
def test_what_only_the_standard_library_holds_ends_no_program_whose_warnings_are_errors(action):
    """S46"""
    imports = "import asyncio, logging, tempfile, threading, weakref, weakrefs"
    code = f"{imports}; weakrefs.{action}; print(weakref.WeakSet is weakrefs.WeakSet, threading.WeakSet is weakref.WeakSet)"
    assert output_of(code, "-W", "error") == ["True False"]


def test_no_warning_where_nothing_is_held():
    """S46"""
    assert output_at_bare_start(
        "import weakrefs, weakref; weakrefs.install(); print(weakref.WeakSet is weakrefs.WeakSet)"
    ) == ["True"]


def test_a_warning_made_an_error_changes_nothing(holder):
    """S46"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(weakrefs.InstallWarning, match=r"holder\.Cache"):
            weakrefs.install()
        assert public() == STANDARD
        with pytest.raises(weakrefs.InstallWarning, match=r"holder\.Cache"), weakrefs.installed():
            pytest.fail("entered")
        assert public() == STANDARD


def test_hostile_entries_of_sys_modules_are_neither_touched_nor_in_the_way(monkeypatch):
    """S46"""
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
    """S46"""
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
