"""The pages of the repository as pages of the site (a hook of MkDocs).

The Markdown files are written for readers of the repository: their links are paths in it, some to what is not under `docs/`.
This hook adds the files outside `docs/` that have a page of their own, and the Rust crates' documentation, which
`cargo xtask docs` has built before. It turns each link to another file of the project into one to its page, or else to the
repository. A link to nothing stays as it is, and MkDocs reports it.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

PROJECT = Path(__file__).parents[2]
# Outside docs/, and where the site has them.
PAGES = {"CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "bench/README.md": "bench.md"}
OUTSIDE = {uri: path for path, uri in PAGES.items()}
RUSTDOC = PROJECT / "target" / "rustdoc" / "doc"
CRATE = re.compile(r"crates/([\w-]+)/src/lib\.rs")
MANUAL = re.compile(r"crates/weakrefs/src/docs/(?:mod|(\w+))\.rs")
LINK = re.compile(r"(?<=\]\()(?![\w+.-]+:|#)([^)\s#]+)")


def on_files(files, config):
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(PROJECT / path)))
    for file in RUSTDOC.rglob("*"):
        if file.is_file() and file.name != ".lock":
            uri = "rust/" + file.relative_to(RUSTDOC).as_posix()
            files.append(File.generated(config, uri, abs_src_path=str(file)))
    return files


def on_page_markdown(markdown, page, config, files):
    uri = page.file.src_uri
    here = posixpath.dirname(OUTSIDE.get(uri, "docs/" + uri))

    def lead(link):
        path = posixpath.normpath(posixpath.join(here, link[0]))
        if not (PROJECT / path).exists():
            return link[0]
        target = site_uri(path)
        if files.get_file_from_path(target) is None:
            return f"{config.extra['repository']}/{'tree' if (PROJECT / path).is_dir() else 'blob'}/main/{path}"
        return posixpath.relpath(target, posixpath.dirname(uri) or ".")

    return LINK.sub(lead, markdown)


def site_uri(path):
    """Where the site has a file of the project, if it has it at all."""
    if crate := CRATE.fullmatch(path):
        return posixpath.join("rust", crate[1].replace("-", "_"), "index.html")
    if chapter := MANUAL.fullmatch(path):
        return posixpath.join("rust/weakrefs/docs", chapter[1] or "", "index.html")
    return PAGES.get(path) or path.removeprefix("docs/")
