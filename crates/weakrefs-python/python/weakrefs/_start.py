"""Starts weakrefs in a new interpreter: for `python -m weakrefs`, in its children, or by the switch of a site directory.

It runs before the program, in the middle of `site`, so it imports little. Nothing here may keep an interpreter from
starting, so the caller ignores errors, or shows them if a report was asked for.
"""

import os
import sys

from ._install import InstallWarning, install, warning_of_holders

# "1": in this interpreter and those it starts; "once": in this one alone
REPORT = "WEAKREFS_REPORT"
EPHEMERONS = "WEAKREFS_EPHEMERONS"


def begin(warn):
    """Installs weakrefs, warns of what holds standard classes if `warn` is true, and arranges the report."""
    message = warning_of_holders() if warn else None
    install(warn=False, ephemerons=_asked_for(EPHEMERONS))
    if _asked_for(REPORT):
        from . import _report

        _report.begin()
    if message:
        import warnings

        # Nobody's line is to blame: the modules were loaded by `.pth` files.
        warnings.warn_explicit(message, InstallWarning, "python -m weakrefs", 0)


def _asked_for(variable):
    value = os.environ.get(variable)
    if value == "once":
        del os.environ[variable]
    return value in ("once", "1")


def switched_on():
    """Called by the line in the site directory that `_switch` writes, in every interpreter that reads it.

    An interpreter that ignores the environment (`-I`, `-E`) ignores this, too.
    """
    if os.environ.get("WEAKREFS_INSTALL") == "1" and not sys.flags.ignore_environment:
        begin(warn=False)
