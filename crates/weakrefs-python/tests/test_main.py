"""`python -m weakrefs` against plain `python`: the same output, tracebacks and exit status, but with our classes."""

import os
import signal
import sys
import zipfile

import pytest
import weakrefs
from programs import OURS, STANDARD, WITNESS


@pytest.fixture
def same(run):
    """Runs a program by `python` and by `python -m weakrefs`: both must show the same, each with its own classes."""

    def same(*arguments, options=(), witnesses=1, **how):
        plain = run(*options, *arguments, **how)
        ours = run(*options, "-m", "weakrefs", *arguments, **how)
        assert ours.seen == plain.seen
        assert (plain.witness, ours.witness) == ([STANDARD] * witnesses, [OURS] * witnesses)
        return ours

    return same


SURROUNDINGS = """
import inspect, sys
print(sys.argv, sys.orig_argv, sys.path, sys.flags, sys.warnoptions, sys.modules["__main__"].__dict__ is globals())
print([(name, str(globals()[name]).partition(" at 0x")[0]) for name in globals() if name[:2] == "__"])
print(__spec__ and (__spec__.name, __spec__.origin), len(inspect.stack()), "sitecustomize" in sys.modules)
print(sorted((name, value) for name, value in os.environ.items() if name != "WITNESS"))
"""
FAILURE = """
def fail():
    raise ValueError("on purpose")
try:
    fail()
except ValueError as error:
    raise KeyError("because") from error
"""


# Each way to name a program


@pytest.mark.parametrize("code", [SURROUNDINGS, FAILURE], ids=["surroundings", "failure"])
@pytest.mark.parametrize(
    "way", ["script", "code", "joined code", "module", "package", "directory", "zip", "stdin", "no arguments"]
)
def test_every_way_to_run_a_program(same, script, tmp_path, way, code):
    arguments = ["-m", "first", "--children", "--version", "-x", ""]
    stdin = WITNESS + code
    if way == "script":
        same(script(code), *arguments)
    elif way == "code":
        same("-c", stdin, *arguments)
    elif way == "joined code":
        same("-c" + stdin, *arguments)
    elif way == "module":
        script(code)
        same("-m", "program", *arguments)
    elif way == "package":
        script("", "package/__init__.py")
        script(code, "package/__main__.py")
        same("-mpackage", *arguments, witnesses=2)
    elif way == "directory":
        script(code, "directory/__main__.py")
        same("directory", *arguments)
    elif way == "zip":
        with zipfile.ZipFile(tmp_path / "program.zip", "w") as archive:
            archive.writestr("__main__.py", stdin)
        same("program.zip", *arguments)
    elif way == "stdin":
        same("-", *arguments, stdin=stdin)
    else:
        same(stdin=stdin)


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.py"],
        ["-m", "missing"],
        ["-m", "missing.module"],
        ["-m"],
        ["-c"],
        ["."],
        ["-m", "json.decoder.missing"],
    ],
    ids=" ".join,
)
def test_a_program_that_cannot_be_found(same, arguments):
    assert same(*arguments, witnesses=0).status in (1, 2)


@pytest.mark.parametrize("name", ["broken.py", "encoding.py"])
def test_a_program_that_does_not_compile(same, tmp_path, name):
    (tmp_path / "broken.py").write_text("import os\ndef f(:\n")
    (tmp_path / "encoding.py").write_text("# coding: nonsense\n")
    assert "SyntaxError" in same(name, witnesses=0).errors


# How a program ends


@pytest.mark.parametrize(
    "end, status",
    [
        ("sys.exit()", 0),
        ("sys.exit(3)", 3),
        ("sys.exit('a message')", 1),
        ("sys.exit((1, 2))", 1),
        ("raise SystemExit", 0),
        ("os._exit(4)", 4),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", -signal.SIGINT),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", -signal.SIGTERM),
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); os.kill(os.getpid(), signal.SIGTERM)", 5),
        ("print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGPIPE))", 0),
        ("sys.excepthook = lambda *error: print('hook', error[0], error[2].tb_frame.f_code.co_name); 1 / 0", 1),
        ("warnings.warn('here', stacklevel=1); warnings.warn('above', stacklevel=5)", 0),
        ("sys.setrecursionlimit(60)\ndef deep(n):\n    print(n)\n    deep(n + 1)\ndeep(0)", 1),
        ("threading.Thread(target=lambda: 1 / 0, name='worker').start()", 0),
        ("del sys.modules['__main__']; 1 / 0", 1),
    ],
)
def test_every_way_to_end(same, script, end, status):
    imports = "import atexit, signal, sys, threading, time, warnings"
    name = script(f"{imports}\natexit.register(print, 'at exit')\nprint('begun')\n{end}\n")
    assert same(name).status == status
    assert same("-m", "program").status == status


def test_finalizers_run_at_exit(same, script):
    """S31"""
    name = script(
        "class Thing: pass\nkept = Thing()\nfor n in range(3): weakref.finalize(kept, print, n)\nraise SystemExit(6)\n"
    )
    ended = same(name)
    assert (ended.status, ended.output.split()) == (6, ["2", "1", "0"])


# What a program does with `__main__`


def test_what_main_defines_can_be_pickled(same, script):
    name = script("""
        import pickle

        class Point:
            def __init__(self, x):
                self.x = x

        print(pickle.loads(pickle.dumps(Point(5))).x, Point.__module__, Point)
    """)
    assert same(name).output.startswith("5 __main__")


MULTIPROCESSING = """
import multiprocessing

class Task:
    def __init__(self, number):
        self.number = number

def work(task):
    return Task(task.number ** 2), weakref.WeakSet.__base__.__module__

if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        (done, module), = pool.map(work, [Task(7)])
    print(done.number, module)
"""
METHODS = ["spawn", pytest.param("forkserver", marks=pytest.mark.skipif(os.name == "nt", reason="POSIX only"))]


@pytest.mark.parametrize("way", [["program.py"], ["-m", "program"]], ids=["script", "module"])
@pytest.mark.parametrize("method", METHODS)
def test_multiprocessing(run, script, method, way):
    script(MULTIPROCESSING.format(method=method))
    for options, module in ([], STANDARD), (["-m", "weakrefs"], STANDARD), (["-m", "weakrefs", "--children"], OURS):
        ended = run(*options, *way)
        assert (ended.output, ended.errors, ended.status) == (f"49 {module}\n", "", 0)


# Options of the interpreter, and its surroundings


@pytest.mark.parametrize(
    "options",
    [["-O"], ["-W", "error"], ["-X", "dev"], ["-bb", "-u", "-q"], ["-s"], ["-i"], ["-X", "utf8", "-B", "-OO"]],
    ids=" ".join,
)
def test_options_of_the_interpreter_are_kept(same, script, options):
    same(script(SURROUNDINGS), "an argument", options=options)


@pytest.mark.parametrize(
    "flags", [["-Om", "weakrefs"], ["-Bmweakrefs"], ["-OBm", "weakrefs"], ["-m", "weakrefs.__main__"]], ids=" ".join
)
def test_options_may_be_grouped_with_the_m(run, script, flags):
    name = script(SURROUNDINGS)
    letters = flags[0].partition("m")[0]
    plain = run(*[letters] * (letters != "-"), name)
    ours = run(*flags, name)
    assert ours.seen == plain.seen and ours.witness == [OURS]


def test_pythonpath_is_left_unset(same, script, tmp_path):
    (tmp_path / "weakrefs").symlink_to(os.path.dirname(weakrefs.__file__), target_is_directory=True)
    assert "PYTHONPATH" not in same(script(SURROUNDINGS), env={"PYTHONPATH": None}).output


@pytest.mark.parametrize("tail", ["", os.pathsep])
def test_pythonpath_is_left_as_it_was(same, script, tmp_path, tail):
    (tmp_path / "library").mkdir()
    inherited = os.environ.get("PYTHONPATH")
    path = str(tmp_path / "library") + (os.pathsep + inherited if inherited else "") + tail
    assert path in same(script(SURROUNDINGS), env={"PYTHONPATH": path}).output


@pytest.mark.parametrize(
    "code", ["print('customized', __name__, __file__)", "raise KeyError('broken')", "import missing", "1 +"]
)
def test_the_users_sitecustomize_runs(run, script, tmp_path, code):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "sitecustomize.py").write_text(code + "\n")
    path = os.pathsep.join(filter(None, [str(tmp_path / "library"), os.environ.get("PYTHONPATH")]))
    name = script("import sys; print('program', 'sitecustomize' in sys.modules)")
    plain = run(name, env={"PYTHONPATH": path})
    ours = run("-m", "weakrefs", name, env={"PYTHONPATH": path})
    assert "customize" in plain.output + plain.errors and ours.status == plain.status == 0
    # It has run before the program, and once more before the interpreter started over.
    assert ours.output == plain.output.partition("program")[0] + plain.output
    assert ours.errors == 2 * plain.errors


@pytest.mark.parametrize("flag", ["-I", "-E", "-S"])
def test_options_that_would_leave_ours_out_are_refused(run, flag):
    paths = f"import sys; sys.path[:0] = {sys.path}; import runpy; sys.argv[1:] = ['-c', '1']; "
    ended = run(flag, "-c", paths + "runpy.run_module('weakrefs', run_name='__main__')")
    assert (ended.status, ended.output) == (2, "")
    assert "-I, -E and -S" in ended.errors


def test_own_options(run):
    for option in "--help", "-h":
        shown = run("-m", "weakrefs", option)
        assert (shown.status, shown.errors) == (0, "")
        assert "--children" in shown.output and "[--ephemerons]" in shown.output and "  --ephemerons\n" in shown.output
    assert run("-m", "weakrefs", "--version").seen == (0, f"weakrefs {weakrefs.__version__}\n", "")
    for arguments in ["--bogus", "x.py"], ["-O", "x.py"], ["--children", "-q"]:
        refused = run("-m", "weakrefs", *arguments)
        assert (refused.status, refused.output) == (2, "")
        unknown = next(option for option in arguments if option != "--children")
        assert (
            refused.errors.startswith("usage: python -m weakrefs") and f"unknown option {unknown}\n" in refused.errors
        )


def test_own_options_leave_no_trace(run, script):
    name = script(SURROUNDINGS.replace("sys.orig_argv, ", ""))
    options = ["--ephemerons", "--report"]
    plain, ours = run(name, *options), run("-m", "weakrefs", *options, name, *options)
    assert (ours.status, ours.output, ours.witness) == (0, plain.output, [OURS])


@pytest.mark.parametrize("holder, told", [("third_party", True), ("threading", False)])
def test_what_a_program_could_not_avoid_is_not_told(run, tmp_path, holder, told):
    """Of modules loaded before the program only those that are not the standard library's are named."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "third_party.py").write_text("from weakref import WeakSet\n")
    path = os.pathsep.join(filter(None, [str(tmp_path / "library"), os.environ.get("PYTHONPATH")]))
    start = f"import {holder}; from weakrefs._start import begin; begin(warn={{}})\n"
    told_so, quiet = (run("-c", start.format(warn) + WITNESS, env={"PYTHONPATH": path}) for warn in (True, False))
    assert (told_so.status, told_so.witness) == (quiet.status, quiet.witness) == (0, [OURS])
    assert ("third_party.WeakSet" in told_so.errors) is told and (told_so.errors == "") is not told
    assert quiet.errors == ""


# Children


CHILD = f"""
import subprocess, sys
print("parent", weakref.WeakSet.__base__.__module__, flush=True)
child = {WITNESS!r} + "import sys; print(sys.path[1:], 'sitecustomize' in sys.modules)"
subprocess.run([sys.executable, *sys.argv[1:], "-c", child])
"""


@pytest.mark.parametrize("options, seen", [([], STANDARD), (["--children"], OURS)], ids=["without", "with"])
def test_children_follow_if_asked_to(run, script, options, seen):
    name = script(CHILD)
    plain = run(name)
    ended = run("-m", "weakrefs", *options, name)
    assert (ended.status, ended.errors, ended.witness) == (0, "", [OURS, seen])
    assert ended.output == plain.output.replace(STANDARD, OURS)


def test_grandchildren_follow(run, script):
    script("print(os.environ['PYTHONPATH'], flush=True)" + CHILD, "inner.py")
    name = script("import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'weakrefs', 'inner.py'])")
    ended = run("-m", "weakrefs", "--children", name)
    assert ended.witness == [OURS] * 3
    assert ended.output.count("_startup") == 1


@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_children_that_cannot_follow_run_as_they_are(run, script, option):
    ended = run("-m", "weakrefs", "--children", script(CHILD), option)
    assert (ended.status, ended.errors, ended.witness) == (0, "", [OURS, STANDARD])


@pytest.mark.parametrize("failure", ["raise ImportError('wrong version')", "1 +", "raise ValueError", "import missing"])
def test_children_where_the_package_fails_run_as_they_are(run, script, tmp_path, failure):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "weakrefs.py").write_text(failure + "\n")
    starter = f"""
        import subprocess, sys
        startup = os.environ["PYTHONPATH"].split(os.pathsep)[0]
        os.environ["PYTHONPATH"] = os.pathsep.join([startup, {str(tmp_path / "library")!r}])
        sys.exit(subprocess.run([sys.executable, "-c", {WITNESS!r} + "print('well')"]).returncode)
    """
    name = script(starter)
    ended = run("-m", "weakrefs", "--children", name)
    assert (ended.seen, ended.witness) == ((0, "well\n", ""), [OURS, STANDARD])


def test_children_elsewhere_find_the_package(run, script, tmp_path):
    """The package may have come from where only the parent looked, such as its working directory."""
    name = script("""
        import subprocess, sys
        os.environ["PYTHONPATH"] = os.environ["PYTHONPATH"].split(os.pathsep)[0]
        subprocess.run([sys.executable, "-s", "-c", "import weakref; print(weakref.WeakSet.__base__.__module__)"], cwd="/")
    """)
    assert run("-m", "weakrefs", "--children", name).output == OURS + "\n"
