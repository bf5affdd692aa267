"""`status()`: what it counts, that it reads well, and that it touches nothing of what it looks at."""

import collections.abc
import gc
import sys
import threading
import types
import weakref

import pytest
import weakrefs
from adoption import STANDARD, Touchy, TouchyModule, output_at_bare_start
from support import Thing

pytestmark = pytest.mark.usefixtures("standard_before_and_after")


@pytest.fixture(params=[False, True], ids=["before", "installed"])
def installed(request):
    """What holds standard classes must be the same, whether weakrefs is installed or not."""
    if request.param:
        weakrefs.install()
    return request.param


def test_modules_that_hold_standard_classes_are_named(monkeypatch, installed):
    """S46: the standard library's own, too; not the exchanged names, nor holders of weakrefs."""
    holder = types.ModuleType("holder")
    holder.Cache, holder.ours, holder.other = STANDARD["WeakValueDictionary"], weakrefs.WeakSet, weakref.ref
    monkeypatch.setitem(sys.modules, "holder", holder)
    modules = weakrefs.status().modules
    assert threading.WeakSet is STANDARD["WeakSet"] and "threading.WeakSet" in modules
    assert [name for name in modules if name.startswith("holder")] == ["holder.Cache"]
    assert not [name for name in modules if name.startswith(("weakref.", "_weakrefset.", "weakrefs."))]


def test_subclasses_are_named_over_any_number_of_steps(installed):
    """S46"""

    class Old(STANDARD["WeakKeyDictionary"]):
        pass

    class Older(Old):
        pass

    class New(weakrefs.WeakKeyDictionary):
        pass

    here = f"{__name__}.{Old.__qualname__}".removesuffix("Old")
    named = [name for name in weakrefs.status().subclasses if name.startswith(here)]
    assert named == [here + "Old", here + "Older"] and New.__name__ == "New"


def test_live_instances_are_counted_by_class(installed):
    """S46"""

    class Old(STANDARD["WeakSet"]):
        pass

    class Finalizer(STANDARD["finalize"]):
        pass

    observer = Thing()

    def counts():
        found = weakrefs.status().instances
        names = [f"{cls.__module__}.{cls.__qualname__}" for cls in (*STANDARD.values(), Old, Finalizer)]
        return [found.get(name, 0) for name in names]

    before = counts()
    made = [make() for make in list(STANDARD.values())[:3]] + [Old(), Old(), weakrefs.WeakSet()]
    made += [STANDARD["WeakMethod"](observer.__repr__), STANDARD["KeyedRef"](observer, None, "key")]
    made += [STANDARD["finalize"](observer, print), Finalizer(observer, print), weakrefs.finalize(observer, print)]
    made[-2].detach()  # no longer alive, but still an object
    assert [after - count for after, count in zip(counts(), before)] == [1, 1, 1, 1, 1, 1, 2, 1]
    del observer
    made.clear()
    gc.collect()
    assert counts() == before


def test_it_reads_well():
    """S46: `str` for people, `repr` for programmers; both also show that there is nothing."""
    code = "import weakrefs, weakref; weakrefs.install(); print(weakrefs.status()); print(repr(weakrefs.status()))"
    assert output_at_bare_start(code) == [
        "weakrefs is installed",
        "names of standard classes in modules: none",
        "subclasses of standard classes: none",
        "live instances of standard classes: none",
        f"ephemerons: {weakrefs.ephemerons()}",
        f"Status(ephemerons={weakrefs.ephemerons()!r}, installed=True, instances={{}}, modules=[], subclasses=[])",
    ]
    code = """
import sys, types, weakref, weakrefs
sys.modules["holder"] = types.ModuleType("holder")
sys.modules["holder"].Old = type("Old", (weakref.WeakSet,), {"__module__": "holder"})
sys.modules["holder"].Set = weakref.WeakSet
kept = [weakref.WeakSet(), weakref.WeakSet(), sys.modules["holder"].Old()]
print(weakrefs.status())
"""
    assert output_at_bare_start("\n" + code) == [
        "weakrefs is not installed",
        "names of standard classes in modules: holder.Set",
        "subclasses of standard classes: holder.Old",
        "live instances of standard classes: 2 _weakrefset.WeakSet, 1 holder.Old",
        f"ephemerons: {weakrefs.ephemerons()}",
    ]


def test_hostile_objects_are_not_touched(monkeypatch, installed):
    """S46: modules, classes and instances whose every attribute, comparison and name is a trap."""

    def trap(*arguments):
        Touchy.touched.append("trap")
        raise RuntimeError("trap")

    class Text(str):
        __str__ = __repr__ = __format__ = __eq__ = __lt__ = __hash__ = trap

    class Meta(type):
        pass

    class Hostile(STANDARD["WeakSet"], metaclass=Meta):
        pass

    kept = [Hostile(), Hostile()]
    Hostile.__qualname__, Hostile.__module__ = Text("Renamed"), Touchy()
    Hostile.__getattribute__ = Meta.__getattribute__ = Touchy.__getattribute__
    for name in "__eq__", "__hash__", "__repr__", "__subclasses__", "__instancecheck__", "__subclasscheck__":
        setattr(Meta, name, trap)
        type.__setattr__(Hostile, name, trap)
    strange = TouchyModule("strange")
    types.ModuleType.__dict__["__dict__"].__get__(strange)["held"] = STANDARD["WeakSet"]
    monkeypatch.setitem(sys.modules, "strange", strange)
    Touchy.touched.clear()
    found = weakrefs.status()
    assert Touchy.touched == []
    assert "strange.held" in found.modules and "?.Renamed" in found.subclasses
    assert found.instances["?.Renamed"] == len(kept)


def test_something_else_than_a_class_under_a_standard_name(monkeypatch):
    """S46: a function, as some patch in; what it stands for is not looked for."""
    with monkeypatch.context() as patch:
        patch.setattr(weakref, "WeakSet", lambda data=None: None)
        patch.setattr(sys.modules["_weakrefset"], "WeakSet", weakref.WeakSet)
        for _ in range(2):
            found = weakrefs.status()
            assert isinstance(found.instances, collections.abc.Mapping) and "threading.WeakSet" not in found.modules
            weakrefs.install()
        weakrefs.uninstall()
