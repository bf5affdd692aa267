"""The console script `weakrefs`: the same as `python -m weakrefs`, by a script like the one that pip writes."""

import os
import pathlib
import sys

import pytest
import weakrefs
from programs import OURS, WITNESS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there pip writes an executable")

ENTRY_POINT = 'weakrefs = "weakrefs.__main__:main"'
SCRIPT = """\
#!{interpreter}
import sys
from weakrefs.__main__ import main
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(main())
"""
SURROUNDINGS = """
import sys
print(sys.argv, sys.orig_argv, sys.path, sys.flags, sys.warnoptions, __spec__ and __spec__.name)
print(sorted((name, value) for name, value in os.environ.items() if name != "WITNESS"))
"""


@pytest.fixture
def command(tmp_path):
    """The script, in a directory beside the program's."""
    path = tmp_path / "bin" / "weakrefs"
    path.parent.mkdir()
    path.write_text(SCRIPT.format(interpreter=sys.executable))
    path.chmod(0o755)
    return str(path)


def test_the_project_declares_it():
    """S46"""
    project = next(
        (each / "pyproject.toml" for each in pathlib.Path(__file__).parents if (each / "pyproject.toml").is_file()),
        None,
    )
    if project is None:
        pytest.skip("an installed copy has no project file beside it")
    assert f"[project.scripts]\n{ENTRY_POINT}\n" in project.read_text("utf-8")


@pytest.mark.parametrize("options", [[], ["-O", "-X", "dev"], ["-W", "ignore", "-Bu"]], ids=" ".join)
@pytest.mark.parametrize("way", ["script", "module", "code", "stdin"])
def test_it_runs_programs_as_the_module_does(run, script, command, way, options):
    """S46: with the interpreter's options, too, where the interpreter is given the script."""
    name = script(SURROUNDINGS)
    arguments = {
        "script": [name, "-x"],
        "module": ["-m", "program", ""],
        "code": ["-c", WITNESS + SURROUNDINGS],
        "stdin": ["-"],
    }
    how = {"stdin": WITNESS + SURROUNDINGS} if way == "stdin" else {}
    module = run(*options, "-m", "weakrefs", *arguments[way], **how)
    ways = [run(*options, command, *arguments[way], **how)]
    if not options:
        ways.append(run(*arguments[way], command=command, **how))
    for ended in ways:
        assert (ended.seen, ended.witness) == (module.seen, [OURS])
    assert module.status == 0


@pytest.mark.parametrize("name", ["weakrefs", "./weakrefs", "renamed"])
def test_its_own_name_does_not_matter(run, script, command, tmp_path, name):
    """S46: beside the program, where it may stand as `python weakrefs` would be given it."""
    (tmp_path / os.path.basename(name)).write_text(pathlib.Path(command).read_text())
    program = script(SURROUNDINGS)
    assert run("-B", name, program).seen == run("-B", "-m", "weakrefs", program).seen


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["--bogus"], ["enable", "now"], ["bench", "--help"], ["bench", "--bogus"]],
    ids=" ".join,
)
def test_its_own_words_are_those_of_the_module(run, command, arguments):
    """S46"""
    ended = run(*arguments, command=command)
    assert ended.seen == run("-m", "weakrefs", *arguments).seen
    assert ended.output + ended.errors
    assert weakrefs.__version__ in ended.output or arguments != ["--version"]
