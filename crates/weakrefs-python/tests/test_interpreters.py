"""S38: one interpreter has the package; in every other, importing it raises `ImportError`, however that was made.

Nothing is shared by accident then: the first goes on, with its classes, and its finalizers run in it.
"""

import functools
import pathlib
import subprocess
import sys
import sysconfig
import textwrap

import pytest
from support import output_of, run_python

# What another interpreter says: it must be refused the module, each time it asks, and whatever it asks for.
SCRIPT = """
import os
def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
for name in "weakrefs", "weakrefs", "weakrefs._weakrefs":
    try:
        __import__(name)
    except ImportError as error:
        say("refused", "interpreter" in str(error))
    except BaseException as error:
        say(type(error), error)
    else:
        say("imported")
"""
REFUSED = ["refused True"] * 3

MAIN = f"""
import sys, weakrefs
from weakrefs import WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize

SCRIPT = {SCRIPT!r}

class Thing:
    def method(self):
        pass

kept, mortal = Thing(), Thing()
finalize(mortal, print, "death", flush=True)
finalize(kept, print, "exit", flush=True)
before = WeakKeyDictionary({{kept: 1}}), WeakSet([kept]), WeakMethod(kept.method)

def go_on():
    '''The first interpreter works, with its own classes.'''
    global mortal
    mortal = None
    copies = before[0].copy(), before[0] | {{}}, before[1].copy(), before[1] | [kept]
    kinds = WeakKeyDictionary, WeakKeyDictionary, WeakSet, WeakSet
    print([type(copy) for copy in copies] == list(kinds), before[2]() == kept.method, flush=True)
"""
WENT_ON = ["death", "True True", "exit"]

WAYS = {
    "_testcapi": "import _testcapi\ndef run(): _testcapi.run_in_subinterp(SCRIPT)",
    "_xxsubinterpreters": """
import _xxsubinterpreters as interpreters
def run():
    other = interpreters.create()
    interpreters.run_string(other, SCRIPT)
    interpreters.destroy(other)
""",
    "_xxsubinterpreters, not isolated": """
import _xxsubinterpreters as interpreters
def run():
    other = interpreters.create(isolated=False)
    interpreters.run_string(other, SCRIPT)
    interpreters.destroy(other)
""",
}
for kind in "legacy", "isolated":
    own = kind == "isolated"
    WAYS[f"_interpreters, {kind}"] = f"""
import _interpreters as interpreters
def run():
    other = interpreters.create({kind!r})
    interpreters.run_string(other, SCRIPT)
    interpreters.destroy(other)
"""
    WAYS[f"Py_NewInterpreterFromConfig, {kind}"] = f"""
import types
options = dict(use_main_obmalloc={not own}, allow_fork={not own}, allow_exec={not own}, allow_threads=True,
               allow_daemon_threads={not own}, check_multi_interp_extensions={own})
def run():
    try:
        from _testinternalcapi import run_in_subinterp_with_config
    except ImportError:
        from _testcapi import run_in_subinterp_with_config
        return run_in_subinterp_with_config(SCRIPT, **options, gil={1 + own})
    config = types.SimpleNamespace(**options, gil={"own" if own else "shared"!r})
    return run_in_subinterp_with_config(SCRIPT, config)
"""


@functools.cache
def exists(way):
    """Whether there are interpreters of this kind."""
    probe = run_python(f"SCRIPT = 'import sys'\n{WAYS[way]}\nrun()", "-W", "ignore")
    return probe.returncode == 0


def need(way):
    if not exists(way):
        pytest.skip("no interpreters of this kind here")


def in_first(way, body):
    """The output of a program with `run()`, which runs SCRIPT in another interpreter, made in this way."""
    need(way)
    return output_of(f"{MAIN}{WAYS[way]}\n{textwrap.dedent(body)}", "-W", "ignore")


@pytest.mark.parametrize("way", WAYS)
def test_another_interpreter_is_refused(way):
    """S38: and the first one goes on."""
    assert in_first(way, "run()\ngo_on()") == REFUSED + WENT_ON


@pytest.mark.parametrize("way", WAYS)
def test_many_interpreters_are_refused(way):
    """S38: one after the other, also where an earlier one had the same address."""
    assert in_first(way, "for _ in range(5): run()\ngo_on()") == REFUSED * 5 + WENT_ON


@pytest.mark.parametrize("way", WAYS)
def test_an_interpreter_in_a_thread_is_refused(way):
    """S38: whichever thread makes it."""
    body = """
        import threading
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        go_on()
    """
    assert in_first(way, body) == REFUSED + WENT_ON


@pytest.mark.parametrize("way", WAYS)
def test_the_first_interpreter_imports_after_another(way):
    """S38: an interpreter that has asked first does not take it from the main one, or has it for itself: the other is
    refused, and nothing is shared.
    """
    need(way)
    program = f"""
SCRIPT = {SCRIPT!r}
{WAYS[way]}
run()
import weakrefs
class Thing: pass
kept = Thing()
weakrefs.finalize(kept, print, "exit")
print(type(weakrefs.WeakKeyDictionary({{kept: 1}}).copy()) is weakrefs.WeakKeyDictionary, flush=True)
run()
"""
    assert output_of(program, "-W", "ignore") == REFUSED + ["True"] + REFUSED + ["exit"]


# An interpreter after the end of the first, as a program has it that embeds Python


def embedding():
    """A compiler and a shared library to embed Python with."""
    compiler = next((path for path in ("/usr/bin/cc", "/usr/bin/gcc") if pathlib.Path(path).exists()), None)
    library = pathlib.Path(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("LDLIBRARY") or "")
    header = pathlib.Path(sysconfig.get_path("include"), "Python.h")
    if compiler is None or ".so" not in library.name or not library.exists() or not header.exists():
        pytest.skip("needs a compiler, and Python as a shared library")
    return compiler, library


PROGRAM = r"""
#include <Python.h>

static int run(const char *home, const char *script)
{
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyConfig_SetBytesString(&config, &config.program_name, home);
    PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        return 2;
    }
    int result = PyRun_SimpleString(script);
    return Py_FinalizeEx() < 0 ? 3 : result;
}

int main(int count, char **words)
{
    for (int at = 2; at < count; at++) {
        int result = run(words[1], words[at]);
        if (result) {
            return 10 + result;
        }
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """Runs scripts in one process, each in an interpreter of its own, one after the end of the other."""
    compiler, library = embedding()
    directory = tmp_path_factory.mktemp("embedding")
    source, program = directory / "program.c", directory / "program"
    source.write_text(PROGRAM)
    subprocess.run(
        [
            compiler,
            source,
            "-o",
            program,
            f"-I{sysconfig.get_path('include')}",
            library,
            f"-Wl,-rpath,{library.parent}",
        ],
        check=True,
    )

    def run(*scripts):
        done = subprocess.run(
            [program, sys.executable, *map(textwrap.dedent, scripts)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return run


USE = """
import weakrefs
class Thing: pass
kept, mortal = Thing(), Thing()
weakrefs.finalize(kept, print, "exit", flush=True)
weakrefs.finalize(mortal, print, "death", flush=True)
del mortal
print(type(weakrefs.WeakKeyDictionary({kept: 1}).copy()) is weakrefs.WeakKeyDictionary, flush=True)
"""


def test_the_end_of_an_embedded_interpreter(embedded):
    """S38, S31: finalizers run at the end of the interpreter."""
    assert embedded(USE) == ["death", "True", "exit"]


def test_an_interpreter_after_the_end_of_the_first(embedded):
    """S38: is refused, though it is the main one now; nothing of the dead one is used."""
    assert embedded(USE, SCRIPT, SCRIPT) == ["death", "True", "exit"] + REFUSED * 2


def test_an_interpreter_after_one_that_did_not_import(embedded):
    """S38: has the package, if it is the first that asks."""
    assert embedded("print('nothing', flush=True)", USE) == ["nothing", "death", "True", "exit"]
