"""Editors show what `help` shows: the stubs of the installed package have the docstrings of the runtime."""

import pathlib

import pytest
import weakrefs
from stub_docstrings import described

STUBS = sorted(pathlib.Path(weakrefs.__file__).parent.glob("*.pyi"))


def test_the_package_has_stubs():
    """S25: also the installed one, for the type checkers of its users."""
    assert {"__init__.pyi", "_weakrefs.pyi"} <= {stub.name for stub in STUBS}


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.name)
def test_stubs_have_the_docstrings_of_the_runtime(stub):
    """S25: `python stub_docstrings.py` writes those that a change asks for."""
    assert stub.read_text("utf-8") == described(stub)
