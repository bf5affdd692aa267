"""`python -m weakrefs enable` and `disable`: the switch of a deployment, in a virtual environment of its own."""

import os
import subprocess
import venv

import pytest
import weakrefs
from programs import OURS, STANDARD, WITNESS

ON = {"WEAKREFS_INSTALL": "1"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment without packages: its interpreter, and its site directory."""
    builder = venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt")
    root = tmp_path_factory.mktemp("environment")
    builder.create(root)
    interpreter = builder.ensure_directories(root).env_exe
    code = "import site; print(site.getsitepackages()[0])"
    return interpreter, subprocess.check_output([interpreter, "-I", "-c", code], text=True).strip()


@pytest.fixture
def switch(run, environment, tmp_path):
    """Runs the interpreter of that environment; the package is where the tests have it from."""
    interpreter, site = environment
    package = tmp_path / "library"
    package.mkdir()
    (package / "weakrefs").symlink_to(os.path.dirname(weakrefs.__file__), target_is_directory=True)

    def switch(*arguments, env=()):
        paths = {"PYTHONPATH": str(package), "PYTHONNOUSERSITE": "1"}
        return run(*arguments, env={**paths, **dict(env)}, command=interpreter)

    switch.site = site
    switch.file = os.path.join(site, "weakrefs_install.pth")
    yield switch
    for name in os.listdir(site):
        os.remove(os.path.join(site, name))


def test_the_variable_switches_where_it_was_enabled(switch):
    """S46: neither alone does anything, and `disable` takes it back."""
    assert switch("-c", WITNESS, env=ON).witness == [STANDARD]
    enabled = switch("-m", "weakrefs", "enable")
    assert (enabled.status, enabled.errors) == (0, "") and switch.file in enabled.output and "disable" in enabled.output
    assert os.listdir(switch.site) == ["weakrefs_install.pth"]
    for value, seen in ("1", OURS), ("", STANDARD), ("0", STANDARD), (None, STANDARD):
        ended = switch("-c", WITNESS, env={"WEAKREFS_INSTALL": value})
        assert (ended.seen, ended.witness) == ((0, "", ""), [seen])
    disabled = switch("-m", "weakrefs", "disable")
    assert (disabled.status, disabled.output) == (0, f"weakrefs: removed {switch.file}\n")
    assert os.listdir(switch.site) == []
    assert switch("-c", WITNESS, env=ON).witness == [STANDARD]


def test_both_can_be_repeated(switch):
    """S46"""
    first = switch("-m", "weakrefs", "enable")
    assert switch("-m", "weakrefs", "enable", env=ON).seen == first.seen
    assert switch("-m", "weakrefs", "disable").status == 0
    assert switch("-m", "weakrefs", "disable").seen == (0, "weakrefs: nothing to remove\n", "")


def test_children_have_it_too(switch, script):
    """S46: of any command, and without a trace in it; not those that ignore the environment or the site."""
    switch("-m", "weakrefs", "enable")
    child = f"{WITNESS}\nimport sys; print(sys.argv, sys.flags.dev_mode)"
    name = script(f"""
        import subprocess, sys, multiprocessing
        for options in [], ["-X", "dev"], ["-I"], ["-E"], ["-S"]:
            subprocess.run([sys.executable, *options, "-c", {child!r}])
    """)
    ended = switch(name, env=ON)
    assert (ended.status, ended.errors) == (0, "")
    assert ended.witness[:2] == [OURS, OURS]
    assert ended.witness[2:] == [OURS, STANDARD, STANDARD, STANDARD]


@pytest.mark.parametrize(
    "method", ["spawn", pytest.param("forkserver", marks=pytest.mark.skipif(os.name == "nt", reason=""))]
)
def test_multiprocessing_has_it_too(switch, script, method):
    """S46"""
    switch("-m", "weakrefs", "enable")
    name = script(f"""
        import multiprocessing
        if __name__ == "__main__":
            process = multiprocessing.get_context({method!r}).Process(target=print)
            process.start(), process.join()
    """)
    ended = switch(name, env=ON)
    assert ended.status == 0 and set(ended.witness) == {OURS} and len(ended.witness) > 1


@pytest.mark.parametrize(
    "content", [None, "raise RuntimeError('broken')", "1 +", "import missing", "raise ImportError", "raise SystemError"]
)
def test_a_package_that_is_gone_or_broken_keeps_no_interpreter_from_starting(switch, tmp_path, content):
    """S46: and says nothing of it."""
    switch("-m", "weakrefs", "enable")
    (tmp_path / "elsewhere").mkdir()
    if content is not None:
        (tmp_path / "elsewhere" / "weakrefs.py").write_text(content + "\n")
    ended = switch("-c", WITNESS + "print('well')", env={**ON, "PYTHONPATH": str(tmp_path / "elsewhere")})
    assert (ended.seen, ended.witness) == ((0, "well\n", ""), [STANDARD])


def test_nothing_is_left_where_it_cannot_be_written(switch, tmp_path):
    """S46: a file in the way of the directory, and one in the way of the other."""
    code = (
        "import site, sys; from weakrefs.__main__ import main\n"
        f"site.getsitepackages = lambda: [{str(tmp_path / 'missing')!r}]\n"
        "sys.exit(main(['enable']))"
    )
    ended = switch("-c", code)
    assert (ended.status, ended.output) == (1, "") and ended.errors.startswith("weakrefs: ")
    os.makedirs(switch.file)
    try:
        ended = switch("-m", "weakrefs", "enable")
        assert (ended.status, ended.output) == (1, "") and ended.errors.startswith("weakrefs: ")
        assert os.listdir(switch.site) == ["weakrefs_install.pth"]
    finally:
        os.rmdir(switch.file)


def test_arguments_are_refused(switch):
    """S46: so that nobody thinks that an option took effect."""
    for command in "enable", "disable":
        ended = switch("-m", "weakrefs", command, "--now")
        assert (ended.status, ended.output) == (2, "") and f"{command} takes no arguments" in ended.errors
    assert os.listdir(switch.site) == []


def test_the_command_works_beside_it(switch, script):
    """S46: and so does its report, by a variable as well; children that the switch serves are not told."""
    switch("-m", "weakrefs", "enable")
    name = script("import subprocess, sys; subprocess.run([sys.executable, '-c', '1'])")
    for arguments, env in (["-m", "weakrefs", "--report", name], ON), ([name], {**ON, "WEAKREFS_REPORT": "1"}):
        ended = switch(*arguments, env=env)
        assert (ended.status, ended.output, ended.witness) == (0, "", [OURS])
        assert "not served: none seen" in ended.errors and "not served:\n" not in ended.errors
    switch("-m", "weakrefs", "disable")
    ended = switch("-m", "weakrefs", "--report", name, env=ON)
    assert "not served:\n" in ended.errors


def test_the_package_in_the_site_directory_is_enabled_beside_itself(environment, tmp_path):
    """S46: also where it is on the path by a file `weakrefs.pth`, which the file must come after. Interpreters
    that ignore the environment could import it, and do not.
    """
    interpreter, site = environment
    with open(os.path.join(site, "weakrefs.pth"), "w") as file:
        file.write(os.path.dirname(os.path.dirname(weakrefs.__file__)) + "\n")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        subprocess.run([interpreter, "-m", "weakrefs", "enable"], env=env, check=True, capture_output=True)
        code = "import weakref; print(weakref.WeakSet.__base__.__module__)"
        done = subprocess.run([interpreter, "-c", code], env={**env, **ON}, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == (OURS + "\n", "")
        for option in "-I", "-E":
            done = subprocess.run([interpreter, option, "-c", code], env={**env, **ON}, capture_output=True, text=True)
            assert (done.stdout, done.stderr) == (STANDARD + "\n", "")
        subprocess.run([interpreter, "-m", "weakrefs", "disable"], env=env, check=True, capture_output=True)
        assert os.listdir(site) == ["weakrefs.pth"]
    finally:
        for name in os.listdir(site):
            os.remove(os.path.join(site, name))
