"""Fixtures of the behaviour suite: the collector runs when a test says so, and only then; programs run in a directory of
their own, with the environment that the test says.
"""

import gc
import os
import subprocess
import sys
import textwrap
import warnings

import pytest
import weakrefs

pytest.register_assert_rewrite("adoption", "support")  # so that their assertions say what they have found
from adoption import STANDARD, public
from programs import WITNESS, Outcome


@pytest.fixture(autouse=True)
def _explicit_collection():
    """No death by a collection that the test did not ask for.

    What there is already, of the test runner and of what earlier tests imported, is put out of the collector's sight:
    each `gc.collect()` costs a tenth.
    """
    gc.disable()
    gc.freeze()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def engine(_explicit_collection):
    """The engine of the ephemerons, whose own objects were frozen with the others: it brings them back after some insertions."""
    functions = [lambda: None for _ in range(500)]
    weakrefs.EphemeronDictionary((function, None) for function in functions)


@pytest.fixture
def run(tmp_path):
    """Runs `python`, or another command, in `tmp_path` with the arguments given, and says how it went."""

    def run(*arguments, stdin="", env=(), command=sys.executable):
        witness = tmp_path / "witness"
        witness.unlink(missing_ok=True)
        # Buffered, as it is for most: what is written before the interpreter starts over must not be lost.
        without = {
            "WEAKREFS_CHILDREN",
            "WEAKREFS_EPHEMERONS",
            "WEAKREFS_INSTALL",
            "WEAKREFS_REPORT",
            "PYTHONUNBUFFERED",
        }
        environment = {name: value for name, value in os.environ.items() if name not in without}
        environment.update({"WITNESS": str(witness), "PYTHONDONTWRITEBYTECODE": "1"}, **dict(env))
        environment = {name: value for name, value in environment.items() if value is not None}
        done = subprocess.run(
            [command, *arguments],
            input=stdin,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Outcome(done, witness)

    return run


@pytest.fixture
def script(tmp_path):
    """Writes a program that begins with WITNESS."""

    def script(code, name="program.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(WITNESS + textwrap.dedent(code))
        return name

    return script


@pytest.fixture
def standard_before_and_after():
    """For tests that install: nothing is left of it, and no warning of it shows."""
    assert public() == STANDARD
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
        weakrefs.uninstall()
    assert public() == STANDARD
