"""What the documentation shows is what happens: examples of docstrings and pages run, and links lead somewhere."""

import collections
import doctest
import inspect
import os
import pathlib
import re
import subprocess
import sys

import page_examples
import pytest
import weakrefs

PEERS = {"blinker", "cachetools", "objgraph"}
PROJECT = next((parent for parent in pathlib.Path(__file__).parents if (parent / "docs/ADOPTION.md").is_file()), None)
WITH_PAGES = pytest.mark.skipif(PROJECT is None, reason="an installed copy has no pages beside it")
BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)\s#]*)#?([^)\s]*)\)")
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


def pages():
    """The Markdown files of the project, without those of builds and environments."""
    for directory, inner, files in os.walk(PROJECT):
        inner[:] = [name for name in inner if name != "target" and not name.startswith(".")]
        yield from (pathlib.Path(directory, name) for name in files if name.endswith(".md"))


def anchors(text):
    """The names of the headings, as GitHub makes them: letters, digits and hyphens, and a number where one comes again."""
    seen = collections.Counter()
    for heading in HEADING.findall(BLOCK.sub("", text)):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        yield f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1


def dead_links(page):
    for path, anchor in LINK.findall(SPAN.sub("", BLOCK.sub("", page.read_text("utf-8")))):
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            yield f"{page.relative_to(PROJECT)}: {path}#{anchor}"


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


def skip_without_engine(text):
    if "EphemeronDictionary" in text and not weakrefs.ephemerons():
        pytest.skip(f"ephemerons are {weakrefs.ephemerons()}")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("name", ["__doc__", *OURS])
def test_every_public_name_has_an_example_that_runs(name):
    """S25: in its docstring."""
    text = weakrefs.__doc__ if name == "__doc__" else inspect.getdoc(getattr(weakrefs, name))
    skip_without_engine(text)
    assert text and run(text, name) > 0


@pytest.mark.parametrize("name", [name for name in OURS if inspect.isclass(getattr(weakrefs, name))])
def test_every_public_method_is_described(name):
    """S25: and where it shows an example, that runs."""
    for method, value in public_methods(getattr(weakrefs, name)).items():
        text = inspect.getdoc(value)
        assert text, f"{name}.{method} has no docstring"
        run(text, f"{name}.{method}")


def pages_with_examples():
    """Those for users of the Python package; the pages of the crates have theirs in Rust."""
    readmes = ["README.md", "crates/weakrefs-python/README.md"]
    candidates = [*map(PROJECT.joinpath, readmes), *sorted((PROJECT / "docs").rglob("*.md"))] if PROJECT else []
    return [str(page.relative_to(PROJECT)) for page in candidates if any(page_examples.blocks(page.read_text("utf-8")))]


def run_page(page, directory):
    """In a process and a directory of its own."""
    command = [sys.executable, page_examples.__file__, page]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)


@WITH_PAGES
def test_pages_have_examples():
    """S25: those that a newcomer reads first."""
    assert {
        "README.md",
        "crates/weakrefs-python/README.md",
        "docs/index.md",
        "docs/ADOPTION.md",
        "docs/guide/recipes.md",
    } <= set(pages_with_examples())


@WITH_PAGES
@pytest.mark.parametrize("page", pages_with_examples())
def test_the_examples_of_the_pages_run(tmp_path, page):
    """S25: all of a page as one program. Other packages that a page speaks of are in the environment of `cargo xtask docs`."""
    skip_without_engine((PROJECT / page).read_text("utf-8"))
    done = run_page(PROJECT / page, tmp_path)
    if done.returncode == page_examples.NEEDS and done.stdout.strip() in PEERS:
        pytest.skip(f"needs {done.stdout.strip()}")
    assert done.returncode == 0 and int(done.stdout) > 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "wrong", ["```python\nassert False\n```", "```pycon\n>>> 1\n2\n```", "```python\nimport gone\n```"]
)
def test_an_example_that_is_wrong_is_found(tmp_path, wrong):
    """S25: one that fails, shows another result, or needs what nobody has; after one that is right."""
    page = tmp_path / "page.md"
    page.write_text(f"```python\nx = 1\n```\n\n{wrong}\n", "utf-8")
    done = run_page(page, tmp_path)
    assert done.returncode and done.stdout.strip() not in PEERS


@WITH_PAGES
@pytest.mark.parametrize("there", [True, False])
def test_the_import_for_libraries_falls_back(there):
    """S46: as the page shows it, with and without the package."""
    page = (PROJECT / "docs" / "ADOPTION.md").read_text("utf-8")
    (pattern,) = (block for block in page.split("```python\n") if block.startswith("try:"))
    blocked = "" if there else "import sys; sys.modules['weakrefs'] = None\n"
    code = blocked + pattern.partition("```")[0] + "print(weakref.WeakSet.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("weakrefs\n" if there else "_weakrefset\n", "")


@WITH_PAGES
def test_the_links_of_the_pages_lead_somewhere():
    """S25: those within the project, to a file that is there, and to a heading in it."""
    found = list(pages())
    assert {PROJECT / "README.md", PROJECT / "docs" / "DESIGN.md"} <= set(found)
    assert [dead for page in found for dead in dead_links(page)] == []


@WITH_PAGES
@pytest.mark.parametrize("link", ["gone.md", "there.md#gone", "#gone", "there.md#twice-2"])
def test_a_dead_link_is_found(tmp_path, monkeypatch, link):
    """S25: a file, a heading elsewhere, one here."""
    monkeypatch.setitem(globals(), "PROJECT", tmp_path)
    (tmp_path / "there.md").write_text("# `Here`: it is!\n## Twice\n```\n# gone\n```\n## Twice\n", "utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        f"# Page\n[a](there.md#here-it-is) [b](there.md#twice-1) [c](#page) `[d](no.md)`\n[e]({link})\n", "utf-8"
    )
    assert list(dead_links(page)) == [f"page.md: {link if '#' in link else link + '#'}"]
