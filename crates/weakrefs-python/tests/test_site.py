"""The hook that makes a site of the repository's pages: where links lead on a small project of the same form.

It needs MkDocs, which only the environment of `cargo xtask docs` has.
"""

import pathlib
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("mkdocs")

HOOK = "docs/site/links.py"
PROJECT = next((parent for parent in pathlib.Path(__file__).parents if (parent / HOOK).is_file()), None)
pytestmark = pytest.mark.skipif(PROJECT is None, reason="an installed copy has no pages beside it")

CONFIGURATION = f"""\
site_name: a project
strict: true
hooks: [{HOOK}]
exclude_docs: /site/
not_in_nav: "*"
extra: {{ repository: https://example.org/project }}
"""
FILES = {
    "mkdocs.yml": CONFIGURATION,
    "Cargo.toml": "",
    "CHANGELOG.md": "[deep](docs/guide/deep.md#here)\n",
    "CONTRIBUTING.md": "# Layout\n",
    "bench/README.md": "[home](../docs/index.md)\n",
    "crates/weakrefs-derive/src/lib.rs": "",
    "crates/weakrefs/src/docs/mod.rs": "",
    "crates/weakrefs/src/docs/patterns.rs": "",
    "docs/guide/deep.md": "# Here\n[bench](../../bench/README.md) [patterns](../../crates/weakrefs/src/docs/patterns.rs)\n",
    "target/rustdoc/doc/weakrefs/docs/index.html": "",
    "target/rustdoc/doc/weakrefs/docs/patterns/index.html": "",
    "target/rustdoc/doc/weakrefs_derive/index.html": "",
}
HOME = """\
[layout](../CONTRIBUTING.md#layout) [manual](../crates/weakrefs/src/docs/mod.rs)
[derive](../crates/weakrefs-derive/src/lib.rs) [file](../Cargo.toml) [directory](../crates) [far](https://example.net/a)
"""


@pytest.fixture
def build(tmp_path):
    """Builds a site whose first page has the text given; gives how that went."""
    shutil.copytree(PROJECT / "docs" / "site", tmp_path / "docs" / "site")

    def build(home):
        for path, text in {**FILES, "docs/index.md": home}.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        command = [sys.executable, "-m", "mkdocs", "build"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return build


def test_links_lead_to_pages_or_to_the_repository(tmp_path, build):
    """S25: from within docs/ and from outside, to pages, to what rustdoc makes, and to files that have no page."""
    done = build(HOME)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    for target in (
        "CONTRIBUTING/#layout",
        "rust/weakrefs/docs/",
        "rust/weakrefs_derive/",
        "https://example.org/project/blob/main/Cargo.toml",
        "https://example.org/project/tree/main/crates",
        "https://example.net/a",
    ):
        assert f'href="{target}"' in page, target
    deep = (tmp_path / "site" / "guide" / "deep" / "index.html").read_text("utf-8")
    assert 'href="../../bench/"' in deep and 'href="../../rust/weakrefs/docs/patterns/"' in deep
    assert 'href="../guide/deep/#here"' in (tmp_path / "site" / "CHANGELOG" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("link", ["gone.md", "../gone.md", "../crates/weakrefs/src/docs/gone.rs"])
def test_a_dead_link_fails_the_build(build, link):
    """S25: to a page, to a file of the repository, to a chapter of the manual."""
    done = build(f"[dead]({link})\n")
    assert done.returncode == 1 and link in done.stderr
