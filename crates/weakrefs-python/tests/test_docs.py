"""What the documentation shows is what happens: the examples of docstrings and README run."""

import doctest
import inspect
import pathlib
import subprocess
import sys

import pytest
import weakrefs

PROJECT = next((parent for parent in pathlib.Path(__file__).parents if (parent / "docs/ADOPTION.md").is_file()), None)
# The interpreter's own objects bring their own docstrings.
OURS = [name for name in weakrefs.__all__ if getattr(getattr(weakrefs, name), "__module__", "").startswith("weakrefs")]


def run(examples, name):
    test = doctest.DocTestParser().get_doctest(examples, {}, name, name, 0)
    output = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=output.append)
    assert results.failed == 0, "".join(output)
    return results.attempted


def public_methods(cls):
    own = [each for each in cls.__mro__ if each.__module__.startswith("weakrefs")]
    return {name: value for each in reversed(own) for name, value in vars(each).items() if not name.startswith("_")}


def test_there_is_something_to_document():
    """S25: every class and function of our own."""
    assert {
        "WeakKeyDictionary",
        "WeakSet",
        "WeakValueDictionary",
        "WeakMethod",
        "finalize",
        "install",
    } <= set(OURS)


@pytest.mark.parametrize("name", ["__doc__", *OURS])
def test_every_public_name_has_an_example_that_runs(name):
    """S25: in its docstring."""
    text = weakrefs.__doc__ if name == "__doc__" else inspect.getdoc(getattr(weakrefs, name))
    assert text and run(text, name) > 0


@pytest.mark.parametrize("name", [name for name in OURS if inspect.isclass(getattr(weakrefs, name))])
def test_every_public_method_is_described(name):
    """S25: and where it shows an example, that runs."""
    for method, value in public_methods(getattr(weakrefs, name)).items():
        text = inspect.getdoc(value)
        assert text, f"{name}.{method} has no docstring"
        run(text, f"{name}.{method}")


@pytest.mark.skipif(PROJECT is None, reason="an installed copy has no pages beside it")
@pytest.mark.parametrize("page", ["README.md", "crates/weakrefs-python/README.md", "docs/ADOPTION.md"])
def test_the_examples_of_the_pages_run(tmp_path, page):
    """S25: those that show a prompt, in a process of their own."""
    examples = tmp_path / "page.md"
    examples.write_text((PROJECT / page).read_text("utf-8").replace("```", ""), "utf-8")
    code = "import doctest, sys; print(doctest.testfile(sys.argv[1], module_relative=False))"
    done = subprocess.run([sys.executable, "-c", code, examples], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("TestResults(failed=0, attempted=") and "attempted=0" not in done.stdout, done.stdout


@pytest.mark.skipif(PROJECT is None, reason="an installed copy has no pages beside it")
@pytest.mark.parametrize("there", [True, False])
def test_the_import_for_libraries_falls_back(there):
    """S46: as the page shows it, with and without the package."""
    page = (PROJECT / "docs" / "ADOPTION.md").read_text("utf-8")
    (pattern,) = (block for block in page.split("```python\n") if block.startswith("try:"))
    blocked = "" if there else "import sys; sys.modules['weakrefs'] = None\n"
    code = blocked + pattern.partition("```")[0] + "print(weakref.WeakSet.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("weakrefs\n" if there else "_weakrefset\n", "")
