"""S43, S44, S46: the rule of ephemerons for whole programs: `install`, `installed`, the command, its children, the variable."""

import gc
import os
import sys
import textwrap
import warnings
import weakref

import pytest
import weakrefs
from ephemeron_pairs import WITH_ENGINE, Box, watch
from programs import OURS, STANDARD, WITNESS
from support import Thing
from weakrefs import finalize

pytestmark = WITH_ENGINE

# Whether a program has the rule, in its own words.
PROGRAM = """
import gc, sys, weakref

class Thing:
    pass

mapping, thing = weakref.WeakKeyDictionary(), Thing()
mapping[thing] = thing
fired = []
weakref.finalize(thing, lambda thing=thing: fired.append(thing))
thing = None
gc.collect()
print("rule" if (len(mapping), len(fired)) == (0, 1) else "no rule", flush=True)
"""


def has_rule():
    """Whether dictionaries and finalizers have the rule; both have it, or neither, as the status says."""
    mapping, thing = weakrefs.WeakKeyDictionary(), Thing()
    mapping[thing] = Box(thing)
    finalizer = finalize(thing, lambda thing=thing: None)
    alive = watch(thing)
    del thing
    gc.collect()
    found = {alive() == 0, len(mapping) == 0, not finalizer.alive, weakrefs.ephemerons().everywhere}
    finalizer.detach()
    assert len(found) == 1
    return found.pop()


in_process = pytest.mark.usefixtures("engine", "standard_before_and_after")


# From within


@in_process
def test_without_it_nothing_changes():
    """S43, S46"""
    assert not has_rule()
    weakrefs.install()
    with weakrefs.installed():
        assert not has_rule()


@in_process
def test_install_and_uninstall():
    """S43, S46: a second `install` can ask for it, and takes nothing back."""
    weakrefs.install()
    weakrefs.install(ephemerons=True)
    assert has_rule() and weakrefs.is_installed()
    weakrefs.install()
    assert has_rule()
    weakrefs.uninstall()
    assert not has_rule() and not weakrefs.is_installed()
    weakrefs.install()
    assert not has_rule()


@in_process
def test_blocks():
    """S43, S46: it lasts while a block that asks for it is open, in whatever order they end."""
    asking, other = weakrefs.installed(ephemerons=True), weakrefs.installed()
    with asking:
        other.__enter__()
        assert has_rule()
        with asking:
            assert has_rule()
        assert has_rule()
    assert not has_rule() and weakrefs.is_installed()
    other.__exit__(None, None, None)
    assert not has_rule() and not weakrefs.is_installed()


@in_process
def test_install_in_a_block_and_the_other_way_round():
    """S43, S46"""
    with weakrefs.installed(ephemerons=True):
        weakrefs.install()
        weakrefs.uninstall()
        assert has_rule()
        weakrefs.install()
    assert not has_rule() and weakrefs.is_installed()
    weakrefs.install(ephemerons=True)
    with weakrefs.installed():
        weakrefs.uninstall()
        assert not has_rule() and weakrefs.is_installed()
    assert not weakrefs.is_installed()


@in_process
@pytest.mark.parametrize("before", [False, True])
def test_an_error_changes_nothing(monkeypatch, before):
    """S43, S46"""
    asking = {"warn": False, "ephemerons": True}
    with monkeypatch.context() as patch:
        patch.delattr(weakrefs, "finalize")
        for attempt in weakrefs.install, lambda **how: weakrefs.installed(**how).__enter__():
            with pytest.raises(AttributeError):
                attempt(**asking)
            assert not has_rule() and not weakrefs.is_installed()
    weakrefs.install(ephemerons=before)
    assert has_rule() is before


@in_process
def test_an_error_in_a_block():
    """S43, S46: ends it like any other."""
    with pytest.raises(KeyError, match="passes"), weakrefs.installed(ephemerons=True):
        raise KeyError("passes")
    assert not has_rule()


@in_process
def test_a_warning_that_is_an_error(monkeypatch):
    """S46: then nothing has changed."""
    with monkeypatch.context() as patch, warnings.catch_warnings():
        patch.setattr(sys.modules[__name__], "Held", weakref.WeakSet, raising=False)
        warnings.simplefilter("error", weakrefs.InstallWarning)
        with pytest.raises(weakrefs.InstallWarning):
            weakrefs.install(ephemerons=True)
    assert not has_rule() and not weakrefs.is_installed()


@in_process
def test_it_serves_what_is_there_already():
    """S43: dictionaries of the class and of subclasses, as long as it is on; nothing else."""

    class Derived(weakrefs.WeakKeyDictionary):
        pass

    def fill():
        thing = Thing()
        for mapping in mappings:
            mapping[thing] = Box(thing)
        return watch(thing)

    mappings = weakrefs.WeakKeyDictionary(), Derived()
    alive = fill()
    gc.collect()
    assert alive() == 1 and all(map(len, mappings))
    with weakrefs.installed(ephemerons=True):
        gc.collect()
        assert alive() == 0 and not any(map(len, mappings))
    alive = fill()
    gc.collect()
    assert alive() == 1 and all(map(len, mappings))


@in_process
def test_value_dictionaries_have_a_class_of_their_own():
    """S43: the switch is for `WeakKeyDictionary`."""
    mapping, thing = weakrefs.WeakValueDictionary(), Thing()
    mapping[Box(thing)] = thing
    alive = watch(thing)
    del thing
    with weakrefs.installed(ephemerons=True):
        gc.collect()
        assert alive() == len(mapping) == 1


@in_process
def test_status_and_report_show_it():
    """S46"""
    assert not weakrefs.status().ephemerons.everywhere
    assert str(weakrefs.status()).endswith("\nephemerons: active")
    with weakrefs.installed(ephemerons=True):
        assert weakrefs.status().ephemerons.everywhere
        assert str(weakrefs.status()).endswith("\nephemerons: active for each WeakKeyDictionary")


# The command


@pytest.mark.parametrize("options, rule", [([], "no rule"), (["--ephemerons"], "rule"), (["--children"], "no rule")])
def test_the_command(run, script, options, rule):
    """S43, S44, S46: in the program itself."""
    assert run("-m", "weakrefs", *options, script(PROGRAM)).seen == (0, f"{rule}\n", "")


@pytest.mark.parametrize(
    "options, seen, rules",
    [
        (["--ephemerons"], STANDARD, ["rule", "no rule"]),
        (["--children"], OURS, ["no rule", "no rule"]),
        (["--children", "--ephemerons"], OURS, ["rule", "rule"]),
        (["--ephemerons", "--children", "--report"], OURS, ["rule", "rule"]),
    ],
)
def test_children(run, script, options, seen, rules):
    """S43, S46: they follow with `--children`, and report it."""
    child = WITNESS + PROGRAM
    name = script(f"{PROGRAM}\nimport subprocess\nsubprocess.run([sys.executable, '-c', {child!r}])")
    ended = run("-m", "weakrefs", *options, name)
    assert (ended.status, ended.witness, ended.output.splitlines()) == (0, [OURS, seen], rules)
    reported = ended.errors.count("\n    ephemerons: active for each WeakKeyDictionary\n")
    assert reported == (2 if "--report" in options else 0)


@pytest.mark.parametrize(
    "environment, rule",
    [
        ({"WEAKREFS_INSTALL": "1"}, "no rule"),
        ({"WEAKREFS_INSTALL": "1", "WEAKREFS_EPHEMERONS": "1"}, "rule"),
        ({"WEAKREFS_INSTALL": "1", "WEAKREFS_EPHEMERONS": "0"}, "no rule"),
        ({"WEAKREFS_EPHEMERONS": "1"}, "no rule"),
    ],
)
def test_the_switch_of_a_deployment(run, environment, rule):
    """S43, S46: what the line in the site directory calls asks a variable of its own; alone, that does nothing."""
    start = "from weakrefs._start import switched_on; switched_on()\n"
    ended = run("-c", start + PROGRAM, env=environment)
    assert ended.seen == (0, f"{rule}\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_children_have_it(run, script):
    """S43, S46: whatever the options."""
    name = script(
        f"{PROGRAM}\nchild = os.fork()\nif child: os.waitpid(child, 0)\nelse:\n" + textwrap.indent(PROGRAM, "    ")
    )
    assert run("-m", "weakrefs", "--ephemerons", name).output.split("\n") == ["rule", "rule", ""]
