"""S31, S35, S37: our objects while the interpreter shuts down, and without a name to be found by.

Once it is initialised, the package imports nothing and finds nothing by name. So every operation works when nothing
can be imported any more, when `sys.modules` has lost the package, and under whatever name it was imported.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import textwrap

import pytest
import weakrefs
from support import output_of

OPERATIONS = pathlib.Path(__file__).with_name("operations.py").read_text()

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


BEGIN = """
import os, sys
# The namespace of no module, so that nobody clears it at the end.
defined = {{"__name__": "operations"}}
exec({text!r}, defined)
OPERATIONS, attempt, say = (defined[name] for name in ("OPERATIONS", "attempt", "say"))
WeakKeyDictionary, Thing = defined["WeakKeyDictionary"], defined["Thing"]
"""


def results_of(body, package="weakrefs", **environment):
    """What `body` says of each operation, which is in its namespace with all that `operations.py` defines."""
    text = OPERATIONS.replace("import weakrefs", f"import {package} as weakrefs")
    program = BEGIN.format(text=text) + textwrap.dedent(body)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    results = dict(line.split(" => ", 1) for line in done.stdout.splitlines())
    assert len(results) > 100
    return results


def wrong(results):
    return {operation: result for operation, result in results.items() if result != "True"}


# Each operation in a process of its own, which ends with it.
AT_THE_END = """
class Late:
    def __init__(self, operation):
        self.operation = operation

    def __del__(self, attempt=attempt):
        attempt(self.operation)

for operation in OPERATIONS:
    child = os.fork()
    if not child:
        {keep}
        break
    _, status = os.waitpid(child, 0)
    if status:
        say(operation, f"status {{status}}")
"""


@needs_fork
@pytest.mark.parametrize(
    "keep",
    [
        "late = Late(operation)",
        "late = Late(operation); late.itself = late",
        "late = WeakKeyDictionary({Thing: Late(operation)})",
    ],
    ids=["variable", "cycle", "entry"],
)
def test_every_operation_in_a_destructor_at_the_end(keep):
    """S37: works, when nothing can be imported any more."""
    assert wrong(results_of(AT_THE_END.format(keep=keep))) == {}


@needs_fork
def test_every_operation_in_the_last_destructors():
    """S35: what `sys` holds goes when the standard modules have lost their functions: an operation works, or misses
    what it needs of those, but nothing worse.
    """
    results = wrong(results_of(AT_THE_END.format(keep="sys.late = Late(operation)")))
    assert [result for result in results.values() if result.split(":")[0] not in ("TypeError", "AttributeError")] == []


def test_nothing_is_imported():
    """S37: every operation works without `__import__`, and without any module of the package in `sys.modules`."""
    body = """
        import builtins
        names = "weakrefs", "types", "copy", "atexit", "gc", "collections", "_collections_abc"
        for name in [name for name in sys.modules if name.split(".")[0] in names]:
            del sys.modules[name]

        def refuse(name, *args):
            raise ImportError(f"{name} is imported")

        builtins.__import__ = refuse
        for operation in OPERATIONS:
            attempt(operation)
    """
    assert wrong(results_of(body)) == {}


def test_nothing_is_found_by_name():
    """S37: every operation works though the modules of the package have lost their names."""
    body = """
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] == "weakrefs":
                module.__dict__.clear()
        for operation in OPERATIONS:
            attempt(operation)
    """
    assert wrong(results_of(body)) == {}


# Under another name


@pytest.fixture(scope="module")
def vendored(tmp_path_factory):
    """A directory in which the package has another name."""
    directory = tmp_path_factory.mktemp("vendor")
    shutil.copytree(pathlib.Path(weakrefs.__file__).parent, directory / "vendored_weakrefs")
    return str(directory)


def test_every_operation_of_a_vendored_package(vendored):
    """S37: works where there is no package `weakrefs`."""
    body = """
        sys.modules["weakrefs"] = None
        for operation in OPERATIONS:
            attempt(operation)
    """
    assert wrong(results_of(body, "vendored_weakrefs", PYTHONPATH=vendored)) == {}


def test_a_vendored_package_knows_its_name(vendored, monkeypatch):
    """S37: the public classes are found, and pickled, where they are."""
    monkeypatch.setenv("PYTHONPATH", vendored)
    code = """
        import copy, pickle, sys
        sys.modules["weakrefs"] = None
        import vendored_weakrefs as weakrefs
        from vendored_weakrefs import KeyedRef, WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize

        for kind in KeyedRef, WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize:
            print(kind.__module__, pickle.loads(pickle.dumps(kind)) is kind)
        class Thing: pass
        members = WeakSet([Thing])
        print([type(each) is WeakSet and set(each) == {Thing}
               for each in (pickle.loads(pickle.dumps(members)), copy.copy(members), members | members)])
        packages = {name.split(".")[0] for name in sys.modules}
        print({name for name in packages if "weakrefs" in name} - {"weakrefs", "vendored_weakrefs", "_weakrefset"})
    """
    assert output_of(code)[:6] == ["vendored_weakrefs True"] * 6
    assert output_of(code)[6:] == ["[True, True, True]", "set()"]


def test_a_vendored_package_beside_the_original(vendored, monkeypatch):
    """S37: the objects of each have the classes of their own."""
    monkeypatch.setenv("PYTHONPATH", vendored)
    code = """
        import vendored_weakrefs, weakrefs
        class Thing:
            def method(self): pass
        kept = Thing()
        for package in weakrefs, vendored_weakrefs, weakrefs:
            mapping, members = package.WeakKeyDictionary({kept: 1}), package.WeakSet([kept])
            print(type(mapping.copy()) is type(mapping | {}) is package.WeakKeyDictionary,
                  type(members.copy()) is type(members | ()) is package.WeakSet,
                  type(package.WeakValueDictionary(a=kept).copy()) is package.WeakValueDictionary,
                  package.WeakMethod(kept.method)() == kept.method)
            package.finalize(kept, print, package.__name__)
        print(mapping == vendored_weakrefs.WeakKeyDictionary(mapping))
    """
    finalizers = ["weakrefs", "vendored_weakrefs", "weakrefs"]
    assert sorted(output_of(code)) == sorted(["True True True True"] * 3 + ["True"] + finalizers)


# Imported again

AGAIN = """
    import sys, weakrefs
    class Thing: pass
    kept = Thing()
    {before}
    old = weakrefs
    for name in [name for name in sys.modules if name.split(".")[0] == "weakrefs"]:
        del sys.modules[name]
    import weakrefs as new
    for package in old, new, old:
        for kind, source in [("WeakKeyDictionary", {{kept: 1}}), ("WeakValueDictionary", {{1: kept}}), ("WeakSet", [kept])]:
            kind = getattr(package, kind)
            container = kind(source)
            derived = type("Derived", (kind,), {{}})(source)
            copy, both, swapped = container.copy(), container | source, derived.copy()
            print(type(copy) is kind, type(both) is kind, list(copy) == list(both) == list(container) == list(swapped),
                  kind is getattr(package, kind.__name__), isinstance(swapped, kind))
        package.finalize(kept, print, "ran")
"""


@pytest.mark.parametrize("before", ["", "weakrefs.WeakKeyDictionary().copy(), weakrefs.WeakSet() | [kept]"])
def test_after_the_package_was_imported_again(before):
    """S37: `copy()` and `|` give the class of their object, whichever import that is of, and whoever asked first."""
    assert output_of(AGAIN.format(before=before)) == ["True True True True True"] * 9 + ["ran"] * 3


# The function that runs at exit

REFUSING = """
import atexit
register = atexit.register

def refuse(*args, **kwargs):
    raise RuntimeError("cannot register")

class Thing:
    pass

kept = Thing()
register(print, "exit ends")  # registered first, it comes last
"""


def test_a_first_registration_that_fails():
    """S31: whatever that first finalizer came to, those that are made run at exit."""
    code = """
        import weakrefs
        atexit.register = refuse
        try:
            weakrefs.finalize(kept, int)
        except RuntimeError:
            pass
        atexit.register = register
        weakrefs.finalize(kept, print, "ran")
    """
    assert output_of(REFUSING + textwrap.dedent(code)) == ["ran", "exit ends"]


def test_an_import_while_nothing_can_be_registered():
    """S31: fails, or gives finalizers that run at exit; the next one works."""
    code = """
        atexit.register = refuse
        try:
            import weakrefs
            weakrefs.finalize(kept, int)
        except RuntimeError:
            pass
        atexit.register = register
        import weakrefs
        weakrefs.finalize(kept, print, "ran")
    """
    assert output_of(REFUSING + textwrap.dedent(code)) == ["ran", "exit ends"]


def test_finalizers_that_were_made_while_registration_failed():
    """S31: one that was made runs at exit, one that was refused is none."""
    code = """
        import weakrefs
        atexit.register = refuse
        made = 0
        for _ in range(3):
            try:
                weakrefs.finalize(kept, print, "ran")
            except RuntimeError:
                pass
            else:
                made += 1
        atexit.register = register
        weakrefs.finalize(kept, print, "made", made)
    """
    first, *rest = output_of(REFUSING + textwrap.dedent(code))
    assert rest == ["ran"] * int(first.removeprefix("made ")) + ["exit ends"]
